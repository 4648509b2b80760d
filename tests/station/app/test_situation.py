"""The person's stored history as the input of advice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from station.advice.plan import due, plan_from_dict, to_dict
from station.advice.records import Situation
from station.advice.triage import proposal
from station.app.starting.situation import done_of, plan_for, situation_of
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import FeltPlace
from station.core.events import Side
from station.store import Store
from tests.station.health_answers import on_both
from tests.station.store.histories import REMAINING_ITEMS, HandClock, one_hold, one_test

DAY = timedelta(days=1)
PLAN = plan_from_dict({"days": [[0, "18:00"], [3, "18:00"]], "zone": "UTC"})


class PersonHistory:
    """One person and a store, with days added as they pass."""

    def __init__(self, path: Path) -> None:
        self.clock = HandClock()
        self.store = Store.open(path, clock=self.clock)
        self.id = self.store.add_person("Ann").id

    @property
    def now(self) -> datetime:
        return self.clock.utc_now()

    def situation(self, now: datetime | None = None) -> Situation:
        """The person's situation, now unless at another time."""
        planned = plan_for(self.store, self.id)
        return situation_of(self.store, self.id, planned, now or self.now)

    def test(self, left_mm: float = 90.0, right_mm: float = 90.0, *, full: bool = False) -> str:
        """Add a session of ten minutes with one test."""
        session_id = self.store.begin_session(self.id, self.now, simulated=False)
        run_id = self.store.begin_run(session_id, {"do": "test", "side": "both"}, self.now)
        test_id = one_test(self.store, run_id, left_mm, right_mm, full=full)
        self.store.end_session(session_id, self.clock.pass_by(minutes=10), "stepped off")
        return test_id

    def stretch(self, seconds: int = 30, *, broken_off: bool = False) -> None:
        """Add a session of ten minutes with one hold a side."""
        session_id = self.store.begin_session(self.id, self.now, simulated=False)
        run_id = self.store.begin_run(session_id, {"do": "hold", "side": "both"}, self.now)
        for side in Side:
            one_hold(self.store, run_id, side, credited_s=seconds)
        if broken_off:
            self.store.save_unfinished(run_id, REMAINING_ITEMS, self.now)
        self.store.end_session(session_id, self.clock.pass_by(minutes=10), "stepped off")


@pytest.fixture
def ann(tmp_path: Path) -> Iterator[PersonHistory]:
    life = PersonHistory(tmp_path / "station.db")
    with life.store:
        yield life


def test_new_person_needs_health_questions_and_a_full_test(ann: PersonHistory) -> None:
    """Nothing is known, and nothing else is proposed."""
    found = ann.situation()
    assert (
        found.conditions,
        found.felt_places,
        found.pain_answers,
        found.not_felt_exercises,
        found.side_histories,
    ) == (*(None, frozenset(), (), frozenset(), {}),)
    assert found.ask_reason is not None
    assert proposal(exercises(), built_in_routines()["daily"].items, found).block_reason == found.ask_reason
    done = done_of(ann.store, ann.id, ann.now, UTC)
    assert done.last_test is done.last_finished_at is done.last_stretched_at is None
    assert due(PLAN, done, ann.now).test_kind == "full"


def test_newest_answers_count(ann: PersonHistory) -> None:
    """For the health questions, and for each exercise's felt question."""
    ann.store.add_answer(ann.id, "health", {"yes": ["child"], "no": []})
    ann.store.add_answer(ann.id, "health", {"yes": ["numb", "pinch"], "no": ["child"]})
    for about, felt in (("3b", True), ("3b", False), ("3a", False), ("3a", True)):
        ann.store.add_answer(ann.id, "felt", felt, about=about)
    ann.store.save_plan(ann.id, {**to_dict(PLAN), "minutes": 12})
    found = ann.situation()
    assert found.conditions == on_both("numb", "pinch")
    assert found.ask_reason is None
    assert found.not_felt_exercises == {"3b"}
    assert found.available_minutes == 12


def test_answer_with_unknown_condition_is_asked_again(ann: PersonHistory) -> None:
    ann.store.add_answer(ann.id, "health", {"yes": ["gout"], "no": []})
    found = ann.situation()
    assert found.conditions is None
    assert found.ask_reason is not None


def test_health_questions_return_after_half_a_year_or_a_change(ann: PersonHistory) -> None:
    ann.store.add_answer(ann.id, "health", {"yes": [], "no": []})
    assert ann.situation(ann.now + 182 * DAY).ask_reason is None
    assert ann.situation(ann.now + 183 * DAY).ask_reason is not None
    ann.clock.pass_by(days=1)
    ann.store.add_answer(ann.id, "changed", True)
    assert ann.situation().ask_reason is not None


def test_pains_of_tests_and_answers_are_one_list(ann: PersonHistory) -> None:
    """Newest first; values other than 0 to 10 are ignored."""
    ann.store.answer_test(ann.test(), pain=7, felt_places=["front"])
    at_test = ann.now - timedelta(minutes=10)
    ann.store.add_answer(ann.id, "pain", 6, about="3a")
    ann.clock.pass_by(days=1)
    for strange in ({"now": 2}, "3", True, 11, None):
        ann.store.add_answer(ann.id, "pain", strange)
    ann.store.add_answer(ann.id, "pain", 3, about="next day")
    found = ann.situation()
    assert [pain for _, pain in found.pain_answers] == [3, 6, 7]
    assert found.pain_answers[-1][0] == at_test


def test_felt_place_comes_from_last_day_with_an_answer(ann: PersonHistory) -> None:
    """After half a year it no longer counts."""
    ann.store.answer_test(ann.test(), felt_places=["front"])
    ann.clock.pass_by(days=7)
    ann.store.answer_test(ann.test(), felt_places=["calf"])
    ann.store.answer_test(ann.test(), felt_places=["achilles", "front"])
    ann.clock.pass_by(days=7)
    ann.test()
    assert ann.situation().felt_places == set(FeltPlace) - {FeltPlace.NOWHERE}
    assert ann.situation(ann.now + 190 * DAY).felt_places == frozenset()


def test_side_histories_follow_the_statistics(ann: PersonHistory) -> None:
    """Over half a year left gains, right is steady and behind."""
    for week in range(26):
        ann.clock.pass_by(days=3)
        for _ in range(2):
            ann.test(80.0 + 2 * week, 80.0 + (week % 2))
            ann.clock.pass_by(days=2)
    found = ann.situation()
    left, right = found.side_histories[Side.LEFT], found.side_histories[Side.RIGHT]
    assert (left.is_known, left.is_gaining, left.is_steady, left.deficit_mm) == (True, True, False, 0.0)
    assert left.last_gain_at is not None
    assert left.has_reached_goal
    assert left.change_mm == 50.0
    assert left.weeks > 20
    assert (right.is_steady, right.is_gaining, right.last_gain_at) == (True, False, None)
    assert right.deficit_mm > 30
    assert not right.has_reached_goal
    assert ann.situation(ann.now + 50 * DAY).side_histories == {}


def test_one_test_gives_side_history_without_change(ann: PersonHistory) -> None:
    ann.test()
    course = ann.situation().side_histories[Side.LEFT]
    assert (course.is_known, course.is_gaining, course.change_mm, course.weeks) == (False, None, None, 0.0)


def test_nine_of_thirteen_weeks_with_stretches_are_persistence(ann: PersonHistory) -> None:
    for week in range(9):
        assert not ann.situation().has_trained_regularly, week
        ann.stretch()
        ann.clock.pass_by(days=7)
    assert ann.situation().has_trained_regularly
    assert not ann.situation(ann.now + 60 * DAY).has_trained_regularly


def test_turn_moves_with_weeks_and_training_days(ann: PersonHistory) -> None:
    """By one after each day with an exercise and each week; not within a day, and not after just a test."""
    ann.store.save_plan(ann.id, to_dict(PLAN))
    monday = ann.now.replace(hour=8) + (7 - ann.now.weekday()) * DAY
    ann.clock.pass_by(days=(monday - ann.now) / DAY)

    def turn() -> int:
        found = ann.situation().rotation
        assert found is not None
        return found

    first = turn()
    ann.stretch()
    ann.stretch()
    assert turn() == first
    ann.clock.pass_by(days=1)
    assert turn() == first + 1
    ann.test()
    ann.clock.pass_by(days=1)
    assert turn() == first + 1
    ann.stretch()
    ann.clock.pass_by(days=1)
    assert turn() == first + 2
    ann.clock.pass_by(days=4)
    assert turn() == first + 1


def test_calm_training_days_start_over_after_pain(ann: PersonHistory) -> None:
    """They count from the health questions, or from the last pain of 4 or more, to yesterday."""

    def calm() -> int:
        return ann.situation().calm_training_days

    ann.stretch()
    ann.clock.pass_by(days=1)
    assert calm() == 0
    ann.store.add_answer(ann.id, "health", {"yes": ["cleared"], "no": []})
    for day in range(3):
        assert calm() == day
        ann.stretch()
        ann.store.add_answer(ann.id, "pain", 3)
        ann.clock.pass_by(days=1)
    assert calm() == 3
    ann.store.add_answer(ann.id, "pain", 4)
    assert calm() == 0
    ann.clock.pass_by(hours=1)
    ann.stretch()
    ann.clock.pass_by(days=1)
    assert calm() == 1


def test_done_has_last_test_and_recent_full_test(ann: PersonHistory) -> None:
    """After three months the last full test no longer counts."""
    ann.test(full=True)
    first = ann.now - timedelta(minutes=10)
    ann.clock.pass_by(days=7)
    ann.test()
    second = ann.now - timedelta(minutes=10)
    done = done_of(ann.store, ann.id, ann.now, UTC)
    assert (done.last_test, done.last_full_test) == (second, first)
    later = done_of(ann.store, ann.id, ann.now + 90 * DAY, UTC)
    assert (later.last_test, later.last_full_test) == (second, None)
    assert "test-full" in {why.rule for why in due(PLAN, later, ann.now + 90 * DAY).reasons}


def test_done_has_last_hold_routine_and_weekly_seconds(ann: PersonHistory) -> None:
    ann.stretch(240)
    ended = ann.now
    ann.clock.pass_by(hours=1)
    ann.stretch(60, broken_off=True)
    done = done_of(ann.store, ann.id, ann.now, UTC)
    assert done.last_finished_at == ended
    assert done.last_stretched_at is not None
    assert done.last_stretched_at > ended
    assert done.credited_this_week_s == {Side.LEFT: 300.0, Side.RIGHT: 300.0}
    next_week = done_of(ann.store, ann.id, ann.now + 7 * DAY, UTC)
    assert next_week.credited_this_week_s == {Side.LEFT: 0.0, Side.RIGHT: 0.0}


def test_offered_occurrences_are_remembered_in_any_zone(ann: PersonHistory) -> None:
    """Unreadable times are ignored."""
    monday = datetime(2026, 6, 1, 18, tzinfo=UTC)
    for about in ("2026-06-01T20:00:00+02:00", "soon", "2026-06-01", None):
        ann.store.add_answer(ann.id, "offered", True, about=about)
    done = done_of(ann.store, ann.id, ann.now, UTC)
    assert done.offered_occurrences == {monday}
    assert due(PLAN, done, monday + DAY).occurrence is None


def test_missing_or_unreadable_plan_is_none(ann: PersonHistory) -> None:
    assert plan_for(ann.store, ann.id) is None
    ann.store.save_plan(ann.id, to_dict(PLAN))
    assert plan_for(ann.store, ann.id) == PLAN
    ann.store.save_plan(ann.id, {"days": ["mon"]})
    assert plan_for(ann.store, ann.id) is None
