"""Parse numbers and goals from a visitor, who may send anything."""

from __future__ import annotations

import re

from station.settings import DEFAULT_GOAL_MM, LIMITS
from station.units import MM_PER_UNIT, UNIT_SYMBOLS, number_text

_WHOLE = re.compile(r"\d{1,6}", re.ASCII)


def whole_number(typed: str) -> int | None:
    """The number, of up to six digits with optional spaces around it; `None` for anything else."""
    typed = typed.strip()
    return int(typed) if _WHOLE.fullmatch(typed) else None


def typed_goal_mm(typed: str, units: str, what: str) -> float:
    """The goal in mm, typed in these units; `what` names it in errors (`The left goal`).

    Raises ValueError with a sentence if it is not a number or not a possible toe distance.
    """
    try:
        goal = round(float(typed.replace(",", ".")) * float(MM_PER_UNIT[units]), 1)
    except (ValueError, OverflowError):
        wrong = f"is {typed[:20]!r}, which is not a number" if typed.strip() else "is empty"
        raise ValueError(f"{what} {wrong}: enter a number such as {number_text(DEFAULT_GOAL_MM, units)}.") from None
    low, high = LIMITS["goal_mm"]
    if not low <= goal <= high:
        within = f"from {number_text(low, units)} to {number_text(high, units)} {UNIT_SYMBOLS[units]}"
        raise ValueError(f"{what} must be {within}, not {typed[:20]}.")
    return goal
