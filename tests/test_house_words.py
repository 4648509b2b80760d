"""Names in the code avoid the words that the glossary refuses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tree import ROOT, SHIPPED, sources, tracked

GLOSSARY = ROOT / "GLOSSARY.md"
ROWS = [
    [cell.strip() for cell in row.split("|")[1:-1]]
    for row in GLOSSARY.read_text(encoding="utf-8").splitlines()
    if row.startswith("| ") and not row.startswith(("| word ", "| --- "))
]
REFUSED = {word: row[0] for row in ROWS for word in re.findall(r"`(\w+)`", row[2])}


def names(source: str) -> Iterator[str]:
    """The names that a module defines: classes, functions, parameters, variables and own attributes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self":
            yield node.attr


def refused(name: str) -> set[str]:
    """The refused words in a name, singular or plural, in snake or camel case."""
    words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}
    return {word for word in REFUSED if word in words or f"{word}s" in words}


def test_glossary_rows_are_complete_and_consistent() -> None:
    """Every row has a word and its meaning, no word has two rows, and no word is both meant and refused."""
    assert all(len(row) == 3 and row[0] and row[1] for row in ROWS)
    meant = [row[0] for row in ROWS]
    assert len(meant) == len(set(meant))
    assert REFUSED.keys() & set(meant) == set()
    assert {"beep", "workout", "exam", "whoever", "keeper", "care", "mind"} <= REFUSED.keys()


def test_names_avoid_refused_words() -> None:
    """In the tests too, except this module, which names the words."""
    faults = [
        f"{module}: {name} contains {word}; the word is {REFUSED[word]}"
        for module, file in sources(*SHIPPED, "tests")
        if module != __name__
        for name in sorted(set(names(file.read_text(encoding="utf-8"))))
        for word in refused(name)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", ["keeper", "old_workouts", "WorkoutStore", "play_beep", "MAX_BEEPS"])
def test_refused_words_are_found_inside_longer_names(name: str) -> None:
    assert refused(name)


@pytest.mark.parametrize(
    "source", ["from gpiozero import beep", "buzzer.beep()", "buzzer.beep = 1", "beep['on'] = 1", "beeper = 1"]
)
def test_library_names_are_not_checked(source: str) -> None:
    """Nor does a refused word inside another word count."""
    assert [name for name in names(source) if refused(name)] == []


def has_sentence_opening_with_whoever(text: str) -> bool:
    """Whether a sentence of this text starts with "Whoever"."""
    return re.search(r"\bWhoever\b", text) is not None


def test_no_sentence_opens_with_whoever() -> None:
    """Docstrings, comments, pages, catalogue and documents name the agent: you, a person, the station."""
    prose = (".py", ".md", ".html", ".toml", ".js", ".service")
    faults = [
        f"{path}:{number}"
        for path in tracked()
        if path.endswith(prose) and ROOT / path != Path(__file__)
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1)
        if has_sentence_opening_with_whoever(line)
    ]
    assert not faults, "\n".join(faults)


def test_whoever_is_found_only_at_the_start_of_a_sentence() -> None:
    assert has_sentence_opening_with_whoever("Whoever comes back goes on.")
    assert has_sentence_opening_with_whoever("It ends. Whoever comes back goes on.")
    assert not has_sentence_opening_with_whoever("The person, whoever it is, goes on.")
