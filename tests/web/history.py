"""A history for page tests: one session with a test and a stretch, with traces, in a real store."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from station.core.events import SECOND_US, Side
from station.core.facts import Contact
from station.store import Store
from station.store.records import Attempt, HeelLift, Person, Trial

HEADER = {"do": "test", "side": "both", "offset_mm": -70.0, "gain": 1.0}
LUNGES = (
    (Side.LEFT, 8.0, 20.0, "passed", 62.4),
    (Side.LEFT, 20.0, 32.0, "passed", 84.1),
    (Side.LEFT, 32.0, 44.0, "heel", 99.0),
    (Side.RIGHT, 60.0, 72.0, "passed", 101.6),
    (Side.RIGHT, 72.0, 84.0, "contact", 116.0),
)


def lunge_rows() -> str:
    """A generated trace of a test: 20 readings and 50 loads a second."""
    rows = []
    for n in range(90 * 50):
        at_s = n / 50
        lunge = next((one for one in LUNGES if one[1] <= at_s < one[2]), None)
        for side in Side:
            working = lunge is not None and lunge[0] is side and at_s - lunge[1] > 3
            up = working and lunge is not None and lunge[3] == "heel" and at_s - lunge[1] > 7
            share = 0.18 if up else (0.8 if working else 0.6) + 0.02 * math.sin(n / 7)
            rows.append(f"{at_s:.3f},load_{side},{share:.3f}")
        if n % 3 == 0:
            toe = 70 + (lunge[4] if lunge else 40) + 2 * math.sin(n * 1.7)
            rows.append(f"{at_s:.3f},toe,{toe:.0f}")
    return "\n".join(rows) + "\n"


def hold_rows() -> str:
    """A generated trace of a hold with one heel lift."""
    rows = [f"{n / 20:.3f},load_left,{0.15 if 12 < n / 20 < 14 else 0.55 + 0.01 * math.sin(n):.3f}" for n in range(840)]
    return "\n".join(rows) + "\n"


def add_session(
    store: Store, days_ago: float = 0.0, name: str = "Ada", *, began: datetime | None = None
) -> tuple[Person, str]:
    """Add one session of five minutes: a quick test and a hold with a heel lift. Returns the person and the session's
    id."""
    person = next((one for one in store.people() if one.name == name), None) or store.add_person(name)
    began = began or datetime.now(UTC) - timedelta(days=days_ago)
    session = store.begin_session(person.id, began, simulated=True)
    add_test(store, session, began)
    run = store.begin_run(session, {"do": "hold", "side": "left"}, began + timedelta(minutes=2))
    hold = store.begin_hold(run, side=Side.LEFT, repetition=1, target_us=30 * SECOND_US, started_us=5 * SECOND_US)
    store.add_heel_lift(hold, HeelLift(12 * SECOND_US, 14 * SECOND_US))
    store.finish_hold(
        hold,
        credited_us=30 * SECOND_US,
        lifted_us=2 * SECOND_US,
        lift_count=1,
        micro_lift_count=0,
        ended_us=37 * SECOND_US,
    )
    store.append_trace(run, hold_rows())
    store.end_session(session, began + timedelta(minutes=5), "stepped off")
    return person, session


def add_test(store: Store, session: str, began: datetime, right_mm: float | None = 101.6) -> None:
    """Add a quick test with its attempts, trials and trace."""
    run = store.begin_run(session, HEADER, began)
    test = store.begin_test(run, full=False, contact=Contact.PAD, calibration_id=None)
    for number, (side, since_s, until_s, outcome, toe_mm) in enumerate(LUNGES, 1):
        window = (int((until_s - 2) * SECOND_US), int(until_s * SECOND_US)) if outcome == "passed" else None
        sure = 1.2 if outcome == "passed" else None
        since_us, until_us = int(since_s * SECOND_US), int(until_s * SECOND_US)
        store.add_attempt(
            test, Attempt(side, 1, number, outcome, since_us, until_us, toe_mm, sure, Contact.PAD, window)
        )
    store.add_trial(test, Trial(Side.LEFT, 1, 84.1, False, 1.2, 50 * SECOND_US))
    if right_mm is not None:
        store.add_trial(test, Trial(Side.RIGHT, 1, right_mm, right_mm == 0.0, 1.2, 84 * SECOND_US))
    store.finish_test(
        test,
        left_mm=84.1,
        right_mm=right_mm,
        left_uncertainty_mm=1.2,
        right_uncertainty_mm=None if right_mm is None else 1.2,
        partial=right_mm is None,
    )
    store.append_trace(run, lunge_rows())
