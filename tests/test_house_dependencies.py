"""The code imports only declared dependencies."""

from __future__ import annotations

import sys
import tomllib
from importlib.metadata import EntryPoint, packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tree import ROOT, SHIPPED, imports, sources, within

DOCUMENT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, GROUPS = DOCUMENT["project"], DOCUMENT["dependency-groups"]
RUN: set[str] = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
PI: set[str] = {canonicalize_name(Requirement(line).name) for line in PROJECT["optional-dependencies"]["pi"]}
"""Packages that only a Raspberry Pi has."""
HOMES = packages_distributions()
DEV: set[str] = {canonicalize_name(Requirement(line).name) for line in PROJECT["optional-dependencies"]["dev"]}
HARDWARE: set[str] = {canonicalize_name(Requirement(line).name) for line in GROUPS["hardware"]}
WORKSHOP = "hardware.workshop"
"""Draws the board; not shipped."""
ENTRIES = [
    EntryPoint(name, value, group)
    for group, entries in {"console_scripts": PROJECT["scripts"], **PROJECT["entry-points"]}.items()
    for name, value in entries.items()
]


def undeclared(packages: tuple[str, ...], declared: set[str], but: str = "nothing") -> set[str]:
    """Undeclared third-party packages that these modules import, except those in `but`.

    A package that is a single compiled file cannot be found by its contents, so its own name counts too.
    """
    return {
        f"{module} imports {top}"
        for module, file in sources(*packages)
        if not within(module, but)
        for top in {name.partition(".")[0] for name in imports(file.read_text(encoding="utf-8"))}
        if top not in sys.stdlib_module_names
        and top not in (*SHIPPED, "tests")
        and not {canonicalize_name(home) for home in (top, *HOMES.get(top, ()))} & declared
    }


def test_shipped_code_declares_what_it_imports() -> None:
    """No shipped module imports a package that is only a dependency of a dependency."""
    assert undeclared(SHIPPED, RUN | PI, but=WORKSHOP) == set()


def test_workshop_declares_what_it_imports() -> None:
    """The workshop may use the development environment and its own group."""
    assert undeclared((WORKSHOP.replace(".", "/"),), RUN | DEV | HARDWARE) == set()


def test_tests_declare_what_they_import() -> None:
    """Tests import what the station or the development extra declares."""
    assert undeclared(("tests",), RUN | DEV) == set()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry.name))
def test_entry_points_are_callable(entry: EntryPoint) -> None:
    assert callable(entry.load())
