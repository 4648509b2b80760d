"""Histories for tests: a clock moved by hand, and sessions as the loop would store them."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from station.core.events import BOTH_LEGS, SECOND_US, Side
from station.core.facts import Contact
from station.core.measurement.calibration import Fit
from station.core.measurement.curve import Curve
from station.core.measurement.curve_fit import Point
from station.core.measurement.uncertainty import Budget
from station.core.progress.records import Circumstances
from station.store import Store
from station.store.connect import sqlite_driver
from station.store.records import Attempt, HeelLift, Repetition, Trial
from station.store.schema import metadata

TRACE = "".join(f"{at / 100:.2f},load_left,{0.5 + at % 7 / 100:.2f}\n" for at in range(300))
FIT = Fit(
    Curve(1.01, -45.5, 0.0001, 1e-7),
    (Point(0.0, 45.2, 0.4, 300), Point(100.0, 142.0, 0.41, 310), Point(200.0, 237.5, 0.42, 290)),
    (0.1, -0.2, 0.1),
    (0.3, -0.002, 1e-6, 2e-9, 1e-4, -1e-7, 3e-10, 1e-9, -1e-12, 4e-15),
)
"""An invented calibration with every possible number."""
BUDGET = Budget(noise_mm=0.3, wander_mm=0.6, calibration_mm=0.5, drift_mm=0.9, toe_mm=1.0, contact_mm=0.25)
BLOCK: dict[str, Any] = {"kind": "block", "block_mm": 100.0, "uncertainty_mm": 0.6}
STEPPED_OFF = "stepped off"


class HandClock:
    """Both clocks, moved by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 7, tzinfo=UTC)

    def now_us(self) -> int:
        return int(self.at.timestamp() * SECOND_US)

    def utc_now(self) -> datetime:
        return self.at

    def pass_by(self, **span: float) -> datetime:
        self.at += timedelta(**span)
        return self.at


def one_test(store: Store, run_id: str, left_mm: float | None, right_mm: float | None, *, full: bool = False) -> str:
    """A finished test of one trial a side with two attempts each."""
    newest = store.current_calibration().id
    barefoot = Circumstances(shod=False)
    test_id = store.begin_test(run_id, full=full, contact=Contact.PAD, calibration_id=newest, circumstances=barefoot)
    store.answer_test(test_id, pain=1)
    for side, toe_mm in ((Side.LEFT, left_mm), (Side.RIGHT, right_mm)):
        if toe_mm is None:
            continue
        window = (SECOND_US, 2 * SECOND_US)
        store.add_attempt(test_id, Attempt(side, 1, 1, "passed", 0, 2 * SECOND_US, toe_mm, 0.31, Contact.PAD, window))
        store.add_attempt(test_id, Attempt(side, 1, 2, "heel", 4 * SECOND_US, 5 * SECOND_US, None, None, None, None))
        store.add_trial(test_id, Trial(side, 1, toe_mm, False, 0.31, 6 * SECOND_US))
    store.finish_test(
        test_id,
        left_mm=left_mm,
        right_mm=right_mm,
        left_uncertainty_mm=None if left_mm is None else 0.31,
        right_uncertainty_mm=None if right_mm is None else 0.31,
    )
    return test_id


def one_hold(store: Store, run_id: str, side: Side, credited_s: int = 30, started_s: int = 10) -> str:
    """A finished hold with one lift."""
    started_us = started_s * SECOND_US
    hold_id = store.begin_hold(run_id, side=side, repetition=1, target_us=credited_s * SECOND_US, started_us=started_us)
    lift = HeelLift(started_us + 2 * SECOND_US, started_us + 3 * SECOND_US)
    store.add_heel_lift(hold_id, HeelLift(lift.started_us, None))
    store.add_heel_lift(hold_id, lift)
    store.finish_hold(
        hold_id,
        credited_us=credited_s * SECOND_US,
        lifted_us=SECOND_US,
        lift_count=1,
        micro_lift_count=2,
        ended_us=started_us + (credited_s + 1) * SECOND_US,
    )
    return hold_id


def weeks(store: Store, clock: HandClock, *, days: int, names: tuple[str, ...] = ("Ann", "Bea"), seed: int = 1) -> None:
    """A session a day for each person: a test, six holds, repetitions."""
    random = Random(seed)
    for name in names:
        store.add_person(name)
    for _ in range(days):
        clock.pass_by(days=1)
        for person in store.people():
            session_id = store.begin_session(person.id, clock.utc_now(), simulated=True)
            run_id = store.begin_run(session_id, {"do": "test", "side": "both"}, clock.utc_now())
            one_test(store, run_id, round(random.gauss(80, 5), 1), round(random.gauss(95, 5), 1))
            store.append_trace(run_id, TRACE)
            run_id = store.begin_run(session_id, {"do": "hold", "side": "both"}, clock.pass_by(minutes=2))
            for number in range(6):
                one_hold(store, run_id, Side.LEFT if number < 3 else Side.RIGHT, started_s=10 + 45 * number)
            reps_id = store.begin_rep_set(run_id, side=Side.LEFT, target_count=20, started_us=0)
            store.finish_rep_set(reps_id, count=20, too_quick_count=random.randrange(3))
            store.end_session(session_id, clock.pass_by(minutes=6), STEPPED_OFF)


ITEMS: list[dict[str, Any]] = [{"exercise": "soleus-stretch", "hold_s": 45}, {"rest_s": 30}, {"test": "quick"}]
REMAINING_ITEMS: dict[str, Any] = {
    "do": "routine",
    "steps": [{"do": "rest", "rest_s": 30.0}, {"do": "test", "side": "both"}],
}


def guided_routine(store: Store, clock: HandClock, person_id: str) -> str:
    """A session with an own routine, broken off after raises of both heels; an answer and a plan. Returns the run.

    Together these are everything that is stored about training.
    """
    store.save_routine(None, person_id, "Before breakfast", ITEMS)
    store.save_plan(person_id, {"days": ["mon", "wed"], "hour": 7})
    session_id = store.begin_session(person_id, clock.pass_by(days=1), simulated=False)
    header = {"do": "routine", "steps": [{"do": "reps", "side": "both"}, *REMAINING_ITEMS["steps"]]}
    run_id = store.begin_run(session_id, header, clock.utc_now(), "Before breakfast")
    of_routine: dict[str, Any] = {"step_index": 0, "exercise": "calf-raise"}
    reps_id = store.begin_rep_set(run_id, side=BOTH_LEGS, target_count=3, started_us=0, **of_routine)
    for number in range(3):
        store.add_repetition(reps_id, Repetition(number, (4 * number + 4) * SECOND_US, 3 * SECOND_US, number == 1))
    store.finish_rep_set(reps_id, count=2, too_quick_count=1, partial=True)
    hold_id = store.begin_hold(
        run_id,
        side=BOTH_LEGS,
        repetition=1,
        target_us=SECOND_US,
        started_us=0,
        step_index=1,
        exercise="toe-stretch",
        verified=False,
    )
    store.save_hold_progress(hold_id, credited_us=SECOND_US)
    store.save_unfinished(run_id, REMAINING_ITEMS, clock.pass_by(minutes=4))
    store.end_session(session_id, clock.utc_now(), STEPPED_OFF)
    store.add_answer(person_id, "pain", {"now": 2}, about=session_id)
    return run_id


def contents_of_everybody(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    with closing(sqlite_driver(store.path, True)) as connection:
        names = [table.name for table in metadata.sorted_tables]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in names}


def session_of(store: Store, clock: HandClock, person_id: str | None) -> tuple[str, str]:
    """A session with a test and a hold and, with a person, an answer about pain."""
    session_id = store.begin_session(person_id, clock.utc_now(), simulated=False)
    run_id = store.begin_run(session_id, {"do": "test", "side": "both"}, clock.utc_now())
    test_id = one_test(store, run_id, 81.0, 92.5)
    store.begin_hold(run_id, side=Side.LEFT, repetition=1, target_us=1, started_us=0, exercise="1a")
    if person_id is not None:
        store.add_answer(person_id, "pain", 7, answered_at=clock.pass_by(minutes=1))
    store.end_session(session_id, clock.pass_by(minutes=5), "stepped off")
    if person_id is not None:
        store.add_answer(person_id, "felt", False, "1a", answered_at=clock.pass_by(minutes=1))
    return session_id, test_id
