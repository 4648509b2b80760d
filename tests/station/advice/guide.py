"""What the guide and the exercise files say, read and written down apart from the code that is tested."""

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
HOLD_BACK = {"not_cleared", "no_weight", "child"}
FILES: dict[str, dict[str, Any]] = {
    key: tomllib.loads((ROOT / f"station/catalogue/exercises/{key}.toml").read_text(encoding="utf-8"))
    for key in NUMBERS
}
CONDITIONS = (
    *("not_cleared", "cleared", "no_weight", "tendon_pain", "insertional", "neuro", "numb", "balance", "child"),
    *("child_led", "metalwork", "pinch", "arch_falls", "toes_out"),
)


def upto_two(of: Any) -> list[frozenset[Any]]:
    """None, each one and each pair."""
    return [frozenset(some) for some in chain.from_iterable(combinations(list(of), n) for n in range(3))]


def rulings(key: str, conditions: frozenset[str]) -> set[str]:
    """What the file of an exercise says about these conditions."""
    found = {caution["restriction"] for caution in FILES[key].get("cautions", []) if caution["condition"] in conditions}
    return found | ({"gentler"} if "cleared" in conditions else set())


def is_held_back(conditions: frozenset[str]) -> bool:
    """Whether nothing may be proposed."""
    held = HOLD_BACK & conditions
    return bool(held - {"child"}) or ("child" in held and "child_led" not in conditions)


def whole(key: str) -> tuple[int | None, int, int | None]:
    """Seconds of a hold, repetitions and count, as the file has them."""
    dose = FILES[key]["dose"]
    return dose.get("hold_s"), dose.get("repetitions", 1), dose.get("count")


def done(item: Item) -> tuple[int | None, int, int | None]:
    """The same of an item, with what it leaves to its exercise."""
    hold_s, repetitions, count = whole(str(item.exercise))
    return item.hold_s or hold_s, item.repetitions or repetitions, item.count or count


def half(hold_s: int | None, repetitions: int, count: int | None) -> tuple[int | None, int, int | None]:
    """Half of such a dose."""
    if count is not None:
        return hold_s, repetitions, ceil(count / 2)
    if repetitions > 1:
        return hold_s, ceil(repetitions / 2), None
    return ceil((hold_s or 0) / 2), 1, None
