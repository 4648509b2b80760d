"""The station's third-party parts, each with its licence, from the locks and `parts.toml`."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

from license_expression import get_spdx_licensing
from packaging.utils import canonicalize_name

from tests.locks import pins
from tests.tree import ROOT

SHIPPED_LOCKS = ("requirements.lock", "requirements-build.lock")
"""The locks whose wheels are in the package."""
LIST = ROOT / "tests" / "release" / "parts.toml"
TEXTS = LIST.parent / "texts"
"""Licence texts of parts that come without one."""
COMPATIBLE = frozenset(
    (
        *("MIT", "MIT-0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "PSF-2.0"),
        *("CC0-1.0", "Unlicense", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"),
    )
)
"""Licences that a part of an MIT program may have: all are permissive. Debian's packages remain separate programs."""
_SPDX = get_spdx_licensing()


class PartError(Exception):
    """A part that is unknown or differs from the lock. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Python:
    """A Python package of the locks."""

    name: str
    version: str
    licence: str
    digests: tuple[str, ...]
    """The SHA-256 of each file that may be installed."""


@dataclass(frozen=True, slots=True)
class Inside:
    """A library compiled into the wheel of a Python package."""

    name: str
    of: str
    licence: str
    version: str | None = None
    purl: str | None = None
    is_listed: bool = False
    """Whether it is in the list; otherwise the wheel itself lists it."""


@dataclass(frozen=True, slots=True)
class Files:
    """Files of the repository with their own licence, or whose origin may be in question."""

    name: str
    licence: str
    what: str
    files: tuple[str, ...]
    """Patterns of paths."""
    text: str
    """The file with the licence's text."""
    shipped: bool
    purl: str | None = None


@cache
def listed() -> dict[str, Any]:
    """The raw list of parts."""
    return tomllib.loads(LIST.read_text(encoding="utf-8"))


def python_parts() -> tuple[Python, ...]:
    """The Python packages of a shipped station. Raises `PartError` for one without a licence in the list."""
    licences: dict[str, str] = listed()["python"]
    pinned = {canonicalize_name(pin.name): (pin, digests) for file in SHIPPED_LOCKS for pin, digests in pins(file)}
    if unknown := sorted(pinned.keys() - licences.keys()):
        raise PartError(f"No licence is known of {', '.join(unknown)}: add it to {LIST.relative_to(ROOT)}.")
    return tuple(
        Python(name, str(pin.specifier).removeprefix("=="), licences[name], digests)
        for name, (pin, digests) in sorted(pinned.items())
    )


def files() -> tuple[Files, ...]:
    """The files with their own licence."""
    return tuple(Files(**{**given, "files": tuple(given["files"])}) for given in listed()["files"])


def debian_parts() -> dict[str, str]:
    """The licence of each Debian package that the station's package names."""
    named: dict[str, str] = listed()["debian"]
    return named


def installed(part: Python) -> Distribution:
    """A Python package in this environment. Raises `PartError` if it is not the locked version."""
    found = distribution(part.name)
    if found.version != part.version:
        raise PartError(f"{part.name} {found.version} is installed, the lock has {part.version}: type make setup.")
    return found


def inside_parts() -> tuple[Inside, ...]:
    """The libraries compiled into the wheels: those that the wheels list, and those that our list adds."""
    own = {(part.of, part.name): part for python in python_parts() for part in _own_list(python)}
    for row in listed()["inside"]:
        part = Inside(**row, is_listed=True)
        known = own.get((part.of, part.name), part)
        own[part.of, part.name] = replace(part, version=known.version, purl=known.purl)
    return tuple(part for _, part in sorted(own.items()))


def _own_list(part: Python) -> Iterator[Inside]:
    """The libraries that a wheel lists in its own SBOMs (PEP 770)."""
    found = installed(part)
    for file in found.files or ():
        if "sboms" in file.parts and file.suffix == ".json":
            components = json.loads(Path(str(found.locate_file(file))).read_text(encoding="utf-8"))["components"]
            for one in components:
                licences = [given.get("expression", "") for given in one.get("licenses", ())]
                yield Inside(one["name"], part.name, " AND ".join(licences), one.get("version"), one.get("purl"))


def licence_texts(part: Python) -> str:
    """The texts of a Python package's licence, with its notices. Raises `PartError` if there is none."""
    found = installed(part)
    names = re.compile(r"licen[cs]e|copying|notice|authors", re.IGNORECASE)
    paths = [file for file in found.files or () if ".dist-info" in file.parts[0] and names.search(file.name)]
    texts = [Path(str(found.locate_file(path))) for path in sorted(paths)]
    if (own := TEXTS / f"{part.name}.txt").exists():
        texts.append(own)
    if not texts:
        raise PartError(f"{part.name} comes without the text of its licence: put it into {own.relative_to(ROOT)}.")
    return "\n\n".join(text.read_text(encoding="utf-8").strip() for text in texts)


def is_compatible(expression: str) -> bool:
    """Whether an SPDX expression allows a part in an MIT program; one alternative is enough."""
    return _is_compatible(_SPDX.parse(expression, validate=True)) if expression else False


def _is_compatible(node: Any) -> bool:
    operator = getattr(node, "operator", "").strip()
    if not operator:
        return node.render() in COMPATIBLE
    return (any if operator == "OR" else all)(_is_compatible(one) for one in node.args)
