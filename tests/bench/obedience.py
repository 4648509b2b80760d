"""How many people who do exactly what the page says in a move are never measured."""

from __future__ import annotations

from tests.station.core.activities.test_repositioning import obeyed

PEOPLE = 1_000


def figures() -> dict[str, dict[str, float | str]]:
    """The figures of this module."""
    stalls = sum(obeyed(seed).over_after_us is None for seed in range(PEOPLE))
    return {"obedient_stalls": {"value": stalls, "unit": f"of {PEOPLE} moves"}}
