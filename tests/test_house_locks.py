"""The locks satisfy pyproject.toml on every supported machine."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.locks import LOCKS, WITHOUT_WHEEL, pins
from tests.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ASKED_BY = {
    "requirements.lock": PROJECT["project"]["dependencies"],
    "requirements-dev.lock": PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["dev"],
    "requirements-hardware.lock": PROJECT["dependency-groups"]["hardware"],
    "requirements-build.lock": PROJECT["dependency-groups"]["build"],
}
MACHINES = [(machine, python) for machine in ("x86_64", "aarch64") for python in ("3.11", "3.13")]


def versions(file: str, machine: str, python: str) -> dict[str, list[str]]:
    """The versions of each package that a lock selects for a machine."""
    environment = {
        **{name: str(value) for name, value in default_environment().items()},
        "platform_machine": machine,
        "python_version": python,
        "python_full_version": f"{python}.2",
    }
    found: dict[str, list[str]] = {}
    for pin, _ in pins(file):
        if pin.marker is None or pin.marker.evaluate(environment):
            found.setdefault(canonicalize_name(pin.name), []).append(str(pin.specifier).removeprefix("=="))
    return found


@pytest.mark.parametrize(("machine", "python"), MACHINES)
@pytest.mark.parametrize("file", ASKED_BY)
def test_lock_has_one_allowed_version_of_each_dependency_per_machine(file: str, machine: str, python: str) -> None:
    given = versions(file, machine, python)
    assert {name: found for name, found in given.items() if len(found) != 1} == {}
    for asked in map(Requirement, ASKED_BY[file]):
        name = canonicalize_name(asked.name)
        assert name in given, f"{file} lacks {name}: make lock"
        assert asked.specifier.contains(given[name][0]), f"{file} has {name} {given[name][0]}: make lock"


@pytest.mark.parametrize(("machine", "python"), MACHINES)
def test_locks_agree_on_shared_packages(machine: str, python: str) -> None:
    run = versions("requirements.lock", machine, python)
    development = versions("requirements-dev.lock", machine, python)
    for file in ("requirements-dev.lock", "requirements-hardware.lock", "requirements-build.lock"):
        other = versions(file, machine, python)
        for held in (run, development):
            assert {name: (held[name], other[name]) for name in held.keys() & other if held[name] != other[name]} == {}
    assert run.keys() <= versions("requirements-dev.lock", machine, python).keys()


@pytest.mark.parametrize("file", ASKED_BY)
def test_lock_pins_are_exact_and_hashed(file: str) -> None:
    """A lock has exact versions with hashes and names no index."""
    pinned = pins(file)
    assert pinned
    assert [str(pin) for pin, digests in pinned if not digests or not str(pin.specifier).startswith("==")] == []
    assert not re.search(r"://|--(extra-)?index|--find-links|@ ", (ROOT / file).read_text(encoding="utf-8"))


def test_locks_list_every_lock_file() -> None:
    """Every lock file is written and checked."""
    assert {path.name for path in ROOT.glob("requirements*")} == {lock.file for lock in LOCKS} == set(ASKED_BY)


def test_makefile_builds_only_the_package_without_a_wheel() -> None:
    """The exception from "wheels only" is the same for checking and for installing."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.findall(r"--no-binary (\S+)", makefile) == [WITHOUT_WHEEL]
