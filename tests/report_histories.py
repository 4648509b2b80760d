"""Histories of one person for the tests of the report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from station.core.events import SECOND_US, Side
from station.core.facts import Contact
from station.core.progress.records import Circumstances
from station.store import Store
from station.store.records import ImportedResult, Person, Trial
from tests.station.store.histories import BLOCK, FIT, one_hold

LONG_NAME = "A person with quite a long name, as people have in the end"
EVERYWHERE = ["front", "achilles", "calf"]


def _moment(days_ago: float) -> datetime:
    """This many days before the last noon, so the part of the day does not depend on when a test runs."""
    now = datetime.now(UTC)
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    return (noon if noon <= now else noon - timedelta(days=1)) - timedelta(days=days_ago)


def add_test(
    store: Store,
    person: Person,
    days_ago: float,
    left_mm: float | None,
    right_mm: float | None,
    *,
    full: bool = False,
    contact: Contact = Contact.PAD,
    scatter_mm: float = 1.0,
    circumstances: Circumstances | None = None,
) -> str:
    """Add a session with one test; a full one has three trials, the last `scatter_mm` more than the first."""
    at = _moment(days_ago)
    run_id = store.begin_run(store.begin_session(person.id, at, simulated=False), {"do": "test"}, at)
    test_id = store.begin_test(
        run_id,
        full=full,
        contact=contact,
        calibration_id=store.current_calibration().id,
        circumstances=circumstances or Circumstances(),
    )
    for side, mm in ((Side.LEFT, left_mm), (Side.RIGHT, right_mm)):
        for number in range(3 if full and mm else 0):
            toe_mm = (mm or 0.0) + (number - 1) * scatter_mm / 2
            store.add_trial(test_id, Trial(side, number + 1, toe_mm, False, 1.2, (number + 1) * SECOND_US))
    store.finish_test(
        test_id,
        left_mm=left_mm,
        right_mm=right_mm,
        left_uncertainty_mm=None if left_mm is None else 1.2,
        right_uncertainty_mm=None if right_mm is None else 1.2,
    )
    return test_id


def add_training(store: Store, person: Person, days_ago: float, holds: int) -> None:
    """Add a session with this many holds of 60 s per leg."""
    at = _moment(days_ago)
    run_id = store.begin_run(store.begin_session(person.id, at, simulated=False), {"do": "hold"}, at)
    for number in range(2 * holds):
        one_hold(store, run_id, list(Side)[number % 2], credited_s=60, started_s=100 * number + 10)


def add_months(store: Store, name: str = "Ada") -> Person:
    """Add four months of a person who gains 2 mm a week: full tests, training to a plan, pain and felt places."""
    person, random = store.add_person(name), Random(1)
    store.add_calibration(FIT)
    for days_ago in range(120, 0, -4):
        level_mm = 70.0 + (120 - days_ago) * 2 / 7
        left_mm, right_mm = (round(level_mm + apart_mm + random.gauss(0, 4), 1) for apart_mm in (0.0, 20.0))
        test_id = add_test(store, person, days_ago, left_mm, right_mm, full=True, scatter_mm=2.0 + days_ago % 3)
        store.answer_test(test_id, pain=days_ago % 3, felt_places=["calf"])
        add_training(store, person, days_ago - 1, 2)
    plan = {"days": [[0, "18:00"], [2, "18:00"], [4, "18:00"]], "routine": "daily", "zone": "UTC", "token": "t"}
    store.save_plan(person.id, plan)
    return person


def add_everything(store: Store) -> Person:
    """Add a person with a long name and every possible line of the sheet: exercises left out for each reason, pain,
    several felt places, tests of every kind and contact, and more training times than fit in a line of the plan.
    """
    person = store.add_person(LONG_NAME)
    add_test(store, person, 130, 60.0, 70.0)
    store.add_imported_results(person.id, [ImportedResult(_moment(200), 55.0, 66.0)])
    store.add_calibration(FIT)
    random = Random(2)
    for days_ago in range(120, 1, -3):
        is_early, is_warm = days_ago > 90, days_ago % 2 == 0
        contact = Contact.INFERRED if is_early else Contact.PAD
        circumstances = Circumstances(
            shod=is_early, back_foot="flat" if is_early else "heel up", warmed_up=None if days_ago % 5 == 0 else is_warm
        )
        level_mm = 70.0 + (120 - days_ago) * 2 / 7 + random.gauss(0, 4)
        outlier_mm = 60.0 if days_ago == 30 else 0.0
        test_id = add_test(
            *(store, person, days_ago, level_mm + outlier_mm, level_mm + 20.0),
            full=days_ago % 2 == 0,
            contact=contact,
            circumstances=circumstances,
        )
        store.answer_test(test_id, pain=4, felt_places=EVERYWHERE)
        add_test(store, person, days_ago - 0.2, level_mm, level_mm + 20.0)
        add_training(store, person, days_ago - 0.4, 3)
    add_test(store, person, 46, 0.0, 0.0, circumstances=Circumstances(shod=False, back_foot="heel up"))
    store.add_check(
        calibration_id=store.current_calibration().id, off_mm=8.0, passed=False, temperature_c=None, **BLOCK
    )
    test_id = add_test(store, person, 0.1, 101.0, 122.0)
    store.answer_test(test_id, pain=5, felt_places=EVERYWHERE)
    days = [[day, "18:00"] for day in range(7)]
    store.save_plan(person.id, {"days": days, "routine": "daily", "zone": "UTC", "token": "t"})
    return person
