"""The licences of all parts: `LICENSES.md`, and the package's `copyright` file with all texts."""

from __future__ import annotations

from collections.abc import Iterator

from tests.release import parts
from tests.tree import ROOT

PAGE = ROOT / "LICENSES.md"
_HEAD = """# Licences

The station is published under the [MIT licence](LICENSE). This page lists every part that others wrote, with its
licence as an SPDX expression; all of them may be part of an MIT program. `python -m tests.release licences` writes it
from the locks and [the list of parts](tests/release/parts.toml). The full texts are in the package, in
`/usr/share/doc/slant-board-station/copyright`.
"""


def _table(head: str, rows: Iterator[str]) -> str:
    columns = head.count("|") - 1
    return "\n".join((head, "|" + " --- |" * columns, *rows)) + "\n"


def page() -> str:
    """The text of `LICENSES.md`. Raises `PartError` for a part without a licence."""
    python = (f"| {one.name} | {one.version} | {one.licence} |" for one in parts.python_parts())
    inside = (f"| {one.name} | {one.of} | {one.licence} |" for one in parts.inside_parts() if one.is_listed)
    files = (
        f"| {one.name} | {', '.join(f'`{path}`' for path in one.files)} | {one.licence} | {one.what} |"
        for one in parts.files()
    )
    debian = (f"| {name} | {licence} |" for name, licence in parts.debian_parts().items())
    return "\n".join(
        (
            _HEAD,
            "## Python packages\n",
            "Their wheels come with the package for arm64 and amd64.\n",
            _table("| package | version | licence |", python),
            "## Libraries inside the wheels\n",
            "Cryptography's wheel lists its Rust crates itself. The SBOM has them; a test reads their licences.\n",
            _table("| library | in | licence |", inside),
            "## Files\n",
            "No font comes with the station: its pages use the browser's. The recordings are for tests and not\n"
            "in the package.\n",
            _table("| part | files | licence | what it is |", files),
            "## Debian's packages\n",
            "They stay programs of their own, installed from Debian.\n",
            _table("| package | licence |", debian),
        )
    )


def copyright_file() -> str:
    """The package's `copyright` file: the station's licence, and the text of each part in it.

    Raises `PartError` for a part without a licence or its text.
    """
    read = {file.stem: file.read_text(encoding="utf-8").strip() for file in parts.TEXTS.glob("*.txt")}
    texts: dict[str, list[str]] = {}
    own = (ROOT / "LICENSE").read_text(encoding="utf-8").strip()
    texts[own] = ["slant-board-station"]
    for file in parts.files():
        if file.shipped:
            texts.setdefault((ROOT / file.text).read_text(encoding="utf-8").strip(), []).append(file.name)
    for part in parts.python_parts():
        texts.setdefault(parts.licence_texts(part), []).append(f"{part.name} {part.version} ({part.licence})")
    for inside in parts.inside_parts():
        if inside.name in read:
            texts.setdefault(read[inside.name], []).append(f"{inside.name} ({inside.licence}), in {inside.of}")
    line = "-" * 78
    return f"\n\n{line}\n\n".join(f"{', '.join(names)}:\n\n{text}" for text, names in texts.items()) + "\n"
