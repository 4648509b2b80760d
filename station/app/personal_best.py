"""What a full test has to exceed to be a personal best.

The best full test so far of this person and side by the same contact, plus the person's own error: one SEM, so that the
scatter of the test alone rarely sounds as a best (flow of the test, RESULT). Results in doubt of the calibration, as
built and imported ones do not count: their millimetres are not those of the sensor now.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from station.app.progress import history_of
from station.core.events import Side
from station.core.facts import Contact
from station.core.steps import Routine, TestStep
from station.store import Reader


def with_best_to_beat(
    store: Reader, routine: Routine, person_id: str | None, contact: Contact, now: datetime
) -> Routine:
    """The routine with what each full test has to exceed. Raises StoreError."""
    if person_id is None or not any(isinstance(step, TestStep) and step.full for step in routine):
        return routine
    left_mm, right_mm = (best_to_beat_mm(store, person_id, side, contact, now) for side in Side)
    return tuple(
        replace(step, beat_left_mm=left_mm or step.beat_left_mm, beat_right_mm=right_mm or step.beat_right_mm)
        if isinstance(step, TestStep) and step.full
        else step
        for step in routine
    )


def best_to_beat_mm(store: Reader, person_id: str, side: Side, contact: Contact, now: datetime) -> float | None:
    """The distance in mm that a full test of this side has to exceed, `None` without a full test to compare with."""
    history = history_of(store, person_id, store.settings().goal_mm, now)
    progress = history.side_progress(side)
    full = [one.mm for one in history.comparable(side) if one.full and one.contact is contact and not one.imported]
    if not full or progress is None:
        return None
    return round(max(full) + progress.error.sem_mm, 1)
