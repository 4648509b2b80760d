"""The guide's rules and the exercise files, read independently of the code under test."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from itertools import chain, combinations
from math import ceil
from typing import Any

from station.catalogue.records import FeltPlace, Item
from tests.tree import ROOT

NOW = datetime(2026, 6, 1, 18, tzinfo=UTC)
ORDER = ("warm-up", "release", "stretch", "mobilise", "strengthen", "functional", "nerve")
NUMBERS = (
    *("1a", "2a", "2b", "2c", "3a", "3b", "3c", "4a", "4b", "4c", "5a", "5b"),
    *("7a", "7b", "7c", "7d", "8", "10a", "10b", "10c"),
)
FELT = {
    FeltPlace.FRONT: {"4a", "4b", "4c"},
    FeltPlace.ACHILLES: {"2b", "2c", "3c", "7d"},
    FeltPlace.CALF: {"2a", "3a", "3b", "8"},
    FeltPlace.NOWHERE: set[str](),
}
BLOCKING = {"not_cleared", "no_weight", "partial_weight", "child"}
FILES: dict[str, dict[str, Any]] = {
    key: tomllib.loads((ROOT / f"station/catalogue/exercises/{key}.toml").read_text(encoding="utf-8"))
    for key in NUMBERS
}
CONDITIONS = (
    *(
        "not_cleared",
        "cleared",
        "no_weight",
        "partial_weight",
        "tendon_pain",
        "insertional",
        "neuro",
        "numb",
        "balance",
        "child",
    ),
    *("child_led", "metalwork", "pinch", "arch_falls", "toes_out"),
)


def upto_two(of: Any) -> list[frozenset[Any]]:
    """The empty set, each single one and each pair."""
    return [frozenset(some) for some in chain.from_iterable(combinations(list(of), n) for n in range(3))]


def restrictions_of(key: str, conditions: frozenset[str]) -> set[str]:
    """The restrictions in the exercise's file for these conditions."""
    found = {caution["restriction"] for caution in FILES[key].get("cautions", []) if caution["condition"] in conditions}
    return found | ({"gentler"} if "cleared" in conditions else set())


def is_blocked(conditions: frozenset[str]) -> bool:
    """Whether nothing may be proposed."""
    held = BLOCKING & conditions
    return bool(held - {"child"}) or ("child" in held and "child_led" not in conditions)


def whole(key: str) -> tuple[int | None, int, int | None]:
    """The seconds of a hold, the repetitions and the count in the file."""
    dose = FILES[key]["dose"]
    return dose.get("hold_s"), dose.get("repetitions", 1), dose.get("count")


def done(item: Item) -> tuple[int | None, int, int | None]:
    """The same for an item; the exercise's dose fills in what it omits."""
    hold_s, repetitions, count = whole(str(item.exercise))
    return item.hold_s or hold_s, item.repetitions or repetitions, item.count or count


def half(hold_s: int | None, repetitions: int, count: int | None) -> tuple[int | None, int, int | None]:
    """Half of this dose."""
    if count is not None:
        return hold_s, repetitions, ceil(count / 2)
    if repetitions > 1:
        return hold_s, ceil(repetitions / 2), None
    return ceil((hold_s or 0) / 2), 1, None
