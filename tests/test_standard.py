"""The table of EN 303 645 has every provision with its status, and the files and tests it names exist."""

from __future__ import annotations

import ast
import re
from functools import cache

from tests.tree import ROOT

TEXT = (ROOT / "EN-303-645.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip() for cell in line.split("|")[1:-1])
    for line in TEXT.splitlines()
    if re.match(r"\| (4-1|5\.|6\.)", line)
]
STATUSES = {
    "4": "M",
    "5.1": "MC MC M MC MC",
    "5.2": "M R R",
    "5.3": "R MC MC RC RC RC MC MC RC MC RC RC M RC RC M",
    "5.4": "M MC M M",
    "5.5": "M R R R M R M M",
    "5.6": "M M R MC R R R R R",
    "5.7": "R R",
    "5.8": "R M M",
    "5.9": "R R R",
    "5.10": "RC",
    "5.11": "M R R R",
    "5.12": "R R R",
    "5.13": "M",
    "6": "M MC M RC MC",
}
"""The status of each provision, by clause: annex B of the standard, V2.1.1 (June 2020)."""


@cache
def functions(file: str) -> set[str]:
    """The names of a test module's functions."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_table_has_every_provision_with_its_status() -> None:
    """In the standard's order, each once: 33 mandatory and 35 recommended."""
    asked = [
        (f"{clause}{'.' if clause == '6' else '-'}{number}", " ".join(status))
        for clause, given in STATUSES.items()
        for number, status in enumerate(given.split(), 1)
    ]
    assert [row[:2] for row in ROWS] == asked
    assert len([status for _, status in asked if status.startswith("M")]) == 33
    assert len(asked) == 68


def test_every_row_says_why_or_where() -> None:
    """Each has an answer and a reason; one that is not applicable has a condition."""
    assert {row[3] for row in ROWS} == {"met", "not met", "not applicable"}
    assert [row[0] for row in ROWS if len(row) != 5 or not row[2] or not row[4]] == []
    assert [row[0] for row in ROWS if row[3] == "not applicable" and not row[1].endswith("C")] == []


def test_named_files_and_tests_exist() -> None:
    named = re.findall(
        r"`((?:station|web|hardware|systemd|tests)/[\w./-]+|[A-Z-]+\.md|requirements\.lock)(?:::(\w+))?`", TEXT
    )
    assert len(named) > 50
    assert [file for file, _ in named if not (ROOT / file).is_file()] == []
    assert [f"{file}::{name}" for file, name in named if name and name not in functions(file)] == []


def test_named_sections_exist() -> None:
    """Headings in other documents, in italics after their file."""
    for file, heading in re.findall(r"`([\w/-]+\.md)`, \*([^*]+)\*", TEXT):
        assert re.search(rf"^#+ {heading}$", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), (file, heading)
