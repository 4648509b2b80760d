"""The catalogue and the health questions, read independently of the code under test: conditions, pain and cautions."""

from __future__ import annotations

import tomllib
from pathlib import Path

from station.advice.conditions import CONDITIONS
from station.core.steps import HoldStep, RepsStep, Routine

KEYS = [condition.key for condition in CONDITIONS]
NO_TEST = {"tendon_pain", "insertional"}
"""Exercises that stay away from the end of the range."""
BLOCKING = {"not_cleared", "no_weight", "partial_weight", "child"}
PAINS = (None, 2, 4, 5, 6, 9)
CAUTIONS: dict[str, dict[str, str]] = {
    str(read["key"]): {one["condition"]: one["restriction"] for one in read.get("cautions", ())}
    for file in Path("station/catalogue/exercises").glob("*.toml")
    for read in [tomllib.loads(file.read_text(encoding="utf-8"))]
}


def exercises_in(routine: Routine) -> set[str]:
    return {str(step.exercise) for step in routine if isinstance(step, HoldStep | RepsStep)}


def is_blocked(conditions: frozenset[str], pain: int | None) -> bool:
    """Whether the conditions or the pain block everything, from the tables rather than the code under test."""
    led_child = "child_led" in conditions
    blocking = BLOCKING - ({"child"} if led_child else set())
    return bool(conditions & blocking) or (pain is not None and pain >= 6)
