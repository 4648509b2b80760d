"""The circumstances of a test: what is known without asking, what a person answers once, and what stays unknown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from station.app.results.progress import ResultRow, history_of
from station.core.events import SECOND_US, Side
from station.core.facts import Contact
from station.core.progress.counting import PRACTICE_TESTS
from station.core.progress.part_of_day import part_of_day
from station.core.progress.records import Circumstances, Goals, TimeOfDay
from station.store import Store
from station.store.records import Correction, ImportedResult, SideResults
from tests.station.store.histories import FIT, HandClock, one_test

WARM_UP, STRETCH = "1a", "3a"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "station.db", clock=HandClock()) as made:
        yield made


@pytest.fixture
def ann(store: Store) -> str:
    return store.add_person("Ann").id


def local(day: int, hour: int) -> datetime:
    """An hour of a day in March, on the station's clock."""
    return datetime(2026, 3, day, hour).astimezone()


def session(store: Store, person_id: str | None, at: datetime) -> str:
    return store.begin_session(person_id, at, simulated=False)


def run(store: Store, session_id: str, at: datetime) -> str:
    return store.begin_run(session_id, {"do": "routine"}, at)


def hold(store: Store, run_id: str, exercise: str | None, *, credited_s: int = 30, started_s: int = 0) -> None:
    us = started_s * SECOND_US
    made = store.begin_hold(
        run_id, side=Side.LEFT, repetition=1, target_us=30 * SECOND_US, started_us=us, exercise=exercise, verified=False
    )
    store.save_hold_progress(made, credited_us=credited_s * SECOND_US)


def raises(store: Store, run_id: str, exercise: str, count: int) -> None:
    made = store.begin_rep_set(run_id, side=Side.LEFT, target_count=20, started_us=0, exercise=exercise)
    store.finish_rep_set(made, count=count, too_quick_count=0)


def rows_of(store: Store, person_id: str | None) -> list[ResultRow]:
    """The person's results of one side, oldest first; both sides are made together."""
    found = history_of(store, person_id, Goals(100.0, 100.0), local(31, 12))
    both = zip(found.left, found.right, strict=True)
    assert all((one.circumstances, one.calibration) == (other.circumstances, other.calibration) for one, other in both)
    return list(found.left)


def circumstances(store: Store, person_id: str | None) -> list[Circumstances]:
    """The circumstances of the person's tests, oldest first."""
    return [one.circumstances for one in rows_of(store, person_id)]


def test_part_of_day_covers_the_day() -> None:
    """Every hour has one, and the hours after midnight count as evening."""
    assert [part_of_day(hour) for hour in (3, 4, 10, 11, 16, 17, 23, 0)] == [
        *(TimeOfDay.EVENING, TimeOfDay.MORNING, TimeOfDay.MORNING, TimeOfDay.DAYTIME, TimeOfDay.DAYTIME),
        *(TimeOfDay.EVENING, TimeOfDay.EVENING, TimeOfDay.EVENING),
    ]
    assert sum(part_of_day(one) is not part_of_day(other) for one, other in pairwise([*range(24), 0])) == 3


def test_result_has_the_time_of_day_and_calibration(store: Store, ann: str) -> None:
    """Both without a question; the others were not answered, so they stay unknown."""
    for day, hour in ((3, 7), (4, 13), (5, 20)):
        one_test(store, run(store, session(store, ann, local(day, hour)), local(day, hour)), 80.0, 90.0)
    parts = (TimeOfDay.MORNING, TimeOfDay.DAYTIME, TimeOfDay.EVENING)
    number = store.current_calibration().number
    assert circumstances(store, ann) == [Circumstances(part, shod=False) for part in parts]
    assert [one.calibration for one in rows_of(store, ann)] == [number] * 3


def test_corrected_result_has_the_calibration_of_its_correction(store: Store, ann: str) -> None:
    """It is the one that gave the distance."""
    test_id = one_test(store, run(store, session(store, ann, local(3, 7)), local(3, 7)), 80.0, 90.0)
    before = store.current_calibration()
    new_id = store.add_calibration(FIT)
    assert rows_of(store, ann)[0].calibration == before.number
    store.add_corrections([Correction(test_id, SideResults(81.0, 91.0, calibration_id=new_id))])
    assert rows_of(store, ann)[0].calibration == before.number + 1


def test_stretch_of_the_day_counts_for_later_tests(store: Store, ann: str) -> None:
    """On the same day, by the same person, with credit; for a test in a routine, what came before it counts."""
    morning = run(store, session(store, ann, local(3, 7)), local(3, 7))
    one_test(store, morning, 80.0, 90.0)
    hold(store, morning, None, started_s=120)
    one_test(store, run(store, session(store, ann, local(3, 20)), local(3, 20)), 80.0, 90.0)
    one_test(store, run(store, session(store, ann, local(4, 7)), local(4, 7)), 80.0, 90.0)
    bea = store.add_person("Bea").id
    hold(store, run(store, session(store, bea, local(5, 7)), local(5, 7)), STRETCH)
    empty = run(store, session(store, ann, local(5, 8)), local(5, 8))
    hold(store, empty, STRETCH, credited_s=0)
    one_test(store, run(store, session(store, ann, local(5, 9)), local(5, 9)), 80.0, 90.0)
    raises(store, run(store, session(store, ann, local(6, 7)), local(6, 7)), "5a", 12)
    one_test(store, run(store, session(store, ann, local(6, 9)), local(6, 9)), 80.0, 90.0)
    assert [one.after_stretch for one in circumstances(store, ann)] == [False, True, False, False, True]


def test_warm_up_of_the_session_is_no_stretch(store: Store, ann: str) -> None:
    """It counts in its session, before the test; without one it is unknown whether the person warmed up."""
    first = session(store, ann, local(3, 7))
    hold(store, run(store, first, local(3, 7)), WARM_UP)
    one_test(store, run(store, first, local(3, 7) + timedelta(minutes=2)), 80.0, 90.0)
    one_test(store, run(store, session(store, ann, local(3, 9)), local(3, 9)), 80.0, 90.0)
    found = circumstances(store, ann)
    assert [(one.warmed_up, one.after_stretch) for one in found] == [(True, False), (None, False)]


def test_answer_about_the_warm_up_counts(store: Store, ann: str) -> None:
    """The person knows better than the station."""
    first = session(store, ann, local(3, 7))
    hold(store, run(store, first, local(3, 7)), WARM_UP)
    test_id = one_test(store, run(store, first, local(3, 7) + timedelta(minutes=2)), 80.0, 90.0)
    store.describe_test(test_id, shod=None, back_foot=None, warmed_up=False)
    assert circumstances(store, ann)[0].warmed_up is False


def test_imported_result_has_what_its_file_says(store: Store, ann: str) -> None:
    """Its time of day only if the file has one; the person's answers about their own tests do not apply."""
    store.answer_own_circumstance(ann, "shod", True)
    known = Circumstances(shod=False, back_foot="flat", board_angle_deg=0.0, warmed_up=True)
    results = [ImportedResult(local(1, 12), 80.0, 90.0), ImportedResult(local(2, 8), 80.0, 90.0, True, known)]
    store.add_imported_results(ann, results)
    (plain, timed) = circumstances(store, ann)
    assert plain == Circumstances()
    assert timed == Circumstances(TimeOfDay.MORNING, shod=False, back_foot="flat", board_angle_deg=0.0, warmed_up=True)


def begin_test(store: Store, person_id: str | None, day: int) -> tuple[str, str]:
    """A test without any answers: its session and its id."""
    session_id = session(store, person_id, local(day, 7))
    test_id = one_test(store, run(store, session_id, local(day, 7)), 80.0, 90.0)
    store.describe_test(test_id, shod=None, back_foot=None, warmed_up=None)
    return session_id, test_id


def own(store: Store, person_id: str | None) -> list[tuple[bool | None, str | None]]:
    return [(one.shod, one.back_foot) for one in circumstances(store, person_id)]


def test_first_answer_counts_for_all_tests_and_another_for_later_ones(store: Store, ann: str) -> None:
    """It applies to all of them; a test keeps what was already known, and other people's tests do not change."""
    assert store.own_circumstances(ann) == {}
    begin_test(store, None, 2)
    days: tuple[tuple[int, dict[str, Any]], ...] = (
        *((3, {}), (4, {"shod": False, "back_foot": "heel up"})),
        *((5, {"shod": None}), (6, {"shod": True})),
    )
    for day, answers in days:
        for name, answer in answers.items():
            store.answer_own_circumstance(ann, name, answer)
        session_id = session(store, ann, local(day, 7))
        newest = store.current_calibration().id
        test_id = store.begin_test(
            run(store, session_id, local(day, 7)), full=False, contact=Contact.PAD, calibration_id=newest
        )
        store.finish_test(test_id, left_mm=80.0, right_mm=90.0)
        if day == 3:
            store.describe_test(test_id, shod=True, back_foot=None, warmed_up=None)
    assert own(store, ann) == [(True, "heel up"), (False, "heel up"), (None, "heel up"), (True, "heel up")]
    assert own(store, None) == [(None, None)]
    assert store.own_circumstances(ann) == {"shod": True, "back_foot": "heel up"}


def test_answer_changes_what_pages_show(store: Store, ann: str) -> None:
    """A cached history is read again."""
    begin_test(store, ann, 3)
    assert own(store, ann) == [(None, None)]
    store.answer_own_circumstance(ann, "shod", True)
    assert own(store, ann) == [(True, None)]


def test_claimed_session_takes_the_answers_of_its_person(store: Store, ann: str) -> None:
    """If nothing is known about the test itself."""
    store.answer_own_circumstance(ann, "shod", True)
    store.answer_own_circumstance(ann, "back_foot", "flat")
    session_id, test_id = begin_test(store, None, 3)
    other_id, _ = begin_test(store, None, 4)
    store.describe_test(test_id, shod=False, back_foot=None, warmed_up=None)
    store.claim_session(session_id, ann)
    assert (own(store, ann), own(store, None)) == ([(False, "flat")], [(None, None)])
    store.claim_session(other_id, store.add_person("Bea").id)
    assert own(store, ann) == [(False, "flat")]


def test_damaged_answers_are_no_circumstances(store: Store, ann: str) -> None:
    """An impossible answer to the question is left out."""
    store.add_answer(ann, "shod", "yes")
    store.add_answer(ann, "back_foot", "knee up")
    assert store.own_circumstances(ann) == {}


def test_unknown_circumstances_are_refused(store: Store, ann: str) -> None:
    """With a sentence, and nothing changes."""
    _, test_id = begin_test(store, ann, 3)
    with pytest.raises(ValueError, match="back_foot of a test cannot be 'ahead'"):
        store.describe_test(test_id, shod=True, back_foot="ahead", warmed_up=None)
    for name, answer in (("shod", "yes"), ("back_foot", "ahead"), ("warmed_up", True)):
        with pytest.raises(ValueError, match=f"{name} of a test cannot be"):
            store.answer_own_circumstance(ann, name, answer)
    assert own(store, ann) == [(None, None)]
    assert store.own_circumstances(ann) == {}


def practice(store: Store, person_id: str) -> list[bool]:
    return [one.is_practice for one in history_of(store, person_id, Goals(100.0, 100.0), local(31, 12)).right]


def test_first_tests_are_practice(store: Store, ann: str) -> None:
    """For each person, if they have a result; a person with a history from a tape already knows the movement."""
    for day in (3, 4, 5):
        one_test(store, run(store, session(store, ann, local(day, 7)), local(day, 7)), None, 90.0 if day > 3 else None)
    assert practice(store, ann) == [number < PRACTICE_TESTS for number in range(2)]
    assert history_of(store, ann, Goals(100.0, 100.0), local(31, 12)).right[0].cautions("cm")[0] == "practice"
    bea = store.add_person("Bea").id
    store.add_imported_results(bea, [ImportedResult(local(1, 12), 80.0, 90.0)])
    one_test(store, run(store, session(store, bea, local(3, 7)), local(3, 7)), 80.0, 90.0)
    assert practice(store, bea) == [False, False]
