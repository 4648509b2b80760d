"""The table of faults is complete: every id has a row, and every test that a row names exists and is collected."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.tree import ROOT, tracked

IDS = {
    f"{letter}{number}"
    for letter, count in {"R": 5, "S": 11, "F": 3, "B": 2, "G": 1, "T": 8, "P": 7, "D": 12, "W": 12}.items()
    for number in range(1, count + 1)
}
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (ROOT / "tests" / "FAULTS.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| [A-Z]\d+ \|", line)
]
NONE = "none"


@cache
def collected(file: str) -> frozenset[str]:
    """The tests that pytest collects from a file, by name."""
    source = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(one.name for one in source.body if isinstance(one, ast.FunctionDef) and one.name[:5] == "test_")


def fault_of(row: list[str]) -> str | None:
    """What is wrong with a row."""
    if len(row) != 4 or not all(row):
        return "it has four cells"
    if row[3] == NONE:
        return None if "Not " in row[2] else "without a test it says what is not done"
    for name in row[3].split(", "):
        found = re.fullmatch(r"`(tests/\S+/test_\w+\.py|tests/test_\w+\.py)::(test_\w+)`", name)
        if found is None:
            return f"{name} is no test"
        if found[1] not in tracked("tests") or found[2] not in collected(found[1]):
            return f"{name} does not exist"
    return None


def test_every_fault_has_one_row() -> None:
    ids = [row[0] for row in ROWS]
    assert sorted(ids) == sorted(IDS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_row_names_tests_that_exist(row: list[str]) -> None:
    assert fault_of(row) is None


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (["S1", "a", "b"], "four cells"),
        (["S1", "a", "b", "none"], "says what is not done"),
        (["S1", "a", "b", "it is tested"], "is no test"),
        (["S1", "a", "b", "`tests/test_faults.py::test_of_yesterday`"], "does not exist"),
        (["S1", "a", "b", "`tests/test_gone.py::test_gone`"], "does not exist"),
    ],
)
def test_bad_row_is_found(row: list[str], words: str) -> None:
    assert words in (fault_of(row) or "")
