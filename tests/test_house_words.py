"""One word for one thing: the glossary's refused words are no names in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.tree import ROOT, SHIPPED, sources

GLOSSARY = ROOT / "GLOSSARY.md"
ROWS = [
    [cell.strip() for cell in row.split("|")[1:-1]]
    for row in GLOSSARY.read_text(encoding="utf-8").splitlines()
    if row.startswith("| ") and not row.startswith(("| word ", "| --- "))
]
REFUSED = {word: row[0] for row in ROWS for word in re.findall(r"`(\w+)`", row[2])}


def names(source: str) -> Iterator[str]:
    """The names that a module gives: classes, functions, parameters, variables and own attributes."""
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


def test_the_glossary_refuses_words() -> None:
    """Every row has a word and its meaning, no word has two rows, and no word is both meant and refused."""
    assert all(len(row) == 3 and row[0] and row[1] for row in ROWS)
    meant = [row[0] for row in ROWS]
    assert len(meant) == len(set(meant))
    assert REFUSED.keys() & set(meant) == set()
    assert {"beep", "workout"} <= REFUSED.keys()


def test_the_code_keeps_to_the_glossary() -> None:
    """No class, function, parameter or variable is named by a word that the glossary refuses."""
    faults = [
        f"{module}: {name} says {word}; the word is {REFUSED[word]}"
        for module, file in sources(*SHIPPED)
        for name in sorted(set(names(file.read_text(encoding="utf-8"))))
        for word in refused(name)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", ["beep", "old_workouts", "WorkoutStore", "play_beep", "MAX_BEEPS"])
def test_a_refused_word_is_seen(name: str) -> None:
    """Refused words are found inside longer names too."""
    assert refused(name)


@pytest.mark.parametrize("source", ["from flask import beep", "beep['csrf'] = 1", "sensor.beep = 1", "beeper = 1"])
def test_the_words_of_others_are_left_alone(source: str) -> None:
    """What a library calls its own thing is no name of ours."""
    assert [name for name in names(source) if refused(name)] == []
