"""The distance that a full test must exceed to be a personal best.

It is the best full test so far of this person and side, by the same contact, plus the MDC90 of the person's full tests:
the smallest difference of two tests that exceeds measurement error with 90 % confidence. Without a change, a test beats
one earlier test by chance in 5 of 100 cases. Suspect results, uncalibrated results beside calibrated ones and imported
results do not count. A test limited to a comfortable range does not compete.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from station.app.results.progress import history_of
from station.core.events import Side
from station.core.facts import Contact
from station.core.steps import Routine, TestStep
from station.store import Reader


def with_best_to_beat(
    store: Reader, routine: Routine, person_id: str | None, contact: Contact, now: datetime
) -> Routine:
    """The routine with the distance that each full test must exceed. Raises StoreError."""
    if person_id is None or not any(isinstance(step, TestStep) and step.full for step in routine):
        return routine
    left_mm, right_mm = (best_to_beat_mm(store, person_id, side, contact, now) for side in Side)
    return tuple(
        replace(step, beat_left_mm=left_mm or step.beat_left_mm, beat_right_mm=right_mm or step.beat_right_mm)
        if isinstance(step, TestStep) and step.full
        else step
        for step in routine
    )


def without_best_to_beat(routine: Routine) -> Routine:
    """The routine with tests that cannot be a personal best."""
    return tuple(
        replace(step, beat_left_mm=None, beat_right_mm=None) if isinstance(step, TestStep) else step for step in routine
    )


def best_to_beat_mm(store: Reader, person_id: str, side: Side, contact: Contact, now: datetime) -> float | None:
    """The distance in mm that a full test of this side must exceed, `None` without a full test to compare with."""
    history = history_of(store, person_id, store.settings_of(person_id).goals, now)
    error = history.error(side, contact, full=True)
    full = [one.mm for one in history.comparable(side) if one.full and one.contact is contact and not one.imported]
    return round(max(full) + error.mdc90_mm, 1) if full and error is not None else None
