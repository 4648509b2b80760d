"""The plan: its days in the person's own zone, what is due, what was missed, and the sentences for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from station.advice.plan import (
    BASELINE_DAYS,
    Due,
    Plan,
    PlanProgress,
    due,
    due_without_plan,
    few_days_hint,
    occurrences,
    plan_from_dict,
    to_dict,
    weekly_dose_reason,
)
from station.advice.rules import RULE_BY_KEY
from station.core.events import Side

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
PLAN = plan_from_dict({"days": [[0, "18:00"], [3, "18:00"]], "zone": "Europe/Berlin", "routine": "daily"})
TESTED = PlanProgress(last_test=datetime(2026, 6, 1, 9, tzinfo=UTC), last_full_test=datetime(2026, 6, 1, 9, tzinfo=UTC))
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
# The first of June 2026 is a Monday.


def berlin(day: int, hour: int, minute: int = 0, month: int = 6) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def times(plan: Plan, begin: datetime, end: datetime) -> list[str]:
    """The occurrences in local time, with the offset from UTC."""
    return [at.isoformat() for at in occurrences(plan, begin, end)]


def of_sundays(clock: str, zone: str) -> Plan:
    return Plan(((6, clock),), "daily", zone)


def rules(found: Due) -> list[str]:
    return [why.rule for why in found.reasons]


def test_plan_survives_storage() -> None:
    """All entries, in the order of the week, each time once."""
    plan = plan_from_dict(
        {
            "days": [[3, "07:30"], [0, "18:00"], [3, "07:30"]],
            "routine": "0190aa",
            "zone": "America/New_York",
            "reminder_cue": True,
            "tests": False,
            "minutes": 15,
            "token": "abc",
            "since": "2026-03-01",
        }
    )
    assert plan == Plan(
        ((0, "18:00"), (3, "07:30")), "0190aa", "America/New_York", True, False, 15, "abc", date(2026, 3, 1)
    )
    assert plan_from_dict(to_dict(plan)) == plan
    assert plan_from_dict({"days": [[0, "18:00"]], "zone": "Europe/Berlin"}).routine == "proposed"
    assert plan_from_dict(to_dict(PLAN)) == PLAN


@pytest.mark.parametrize(
    ("entry", "stored", "words"),
    [
        ("zone", "Europe/Nowhere", "no time zone 'Europe/Nowhere'.*Europe/Berlin"),
        ("zone", None, "no time zone None"),
        ("zone", "../etc/passwd", "no time zone"),
        ("zone", "Europe", "no time zone"),
        ("zone", "", "The time zone is empty: enter one"),
        ("days", [], "at least one day"),
        ("days", None, "at least one day"),
        ("days", "0", "at least one day"),
        ("days", [[0, "18:00"]] * 29, "29 times a week, but may have 28 at most"),
        ("days", [0], "a day of the week and a time"),
        ("days", [[7, "18:00"]], "day of the week is 7, but must be from 0"),
        ("days", [[True, "18:00"]], "day of the week is True"),
        ("days", [[4, "24:00"]], "time on Friday is '24:00'"),
        ("days", [[4, 18]], "time on Friday is 18"),
        ("days", [[4, "6:30"]], "such as 18:30"),
        ("routine", "", "needs a routine"),
        ("routine", None, "needs a routine"),
        ("reminder_cue", "yes", "reminder_cue of the plan is 'yes', but must be true or false"),
        ("tests", 1, "tests of the plan is 1"),
        ("minutes", 0, "0, but must be from 1 to 180 minutes"),
        ("minutes", 181, "181, but"),
        ("minutes", 7.5, "7.5, but"),
        ("minutes", True, "True, but"),
        ("token", 7, "must be text"),
        ("since", "31.01.2026", "such as 2026-01-31"),
        ("since", 3, "such as 2026-01-31"),
    ],
)
def test_plan_from_dict_names_mistake(entry: str, stored: Any, words: str) -> None:
    """The sentence has the entry, its value and what is allowed."""
    with pytest.raises(ValueError, match=words) as raised:
        plan_from_dict({**to_dict(PLAN), entry: stored})
    assert str(raised.value).endswith(".")


def test_one_day_a_week_gets_hint() -> None:
    """The guide's minimum is two days; two times on one day are one day."""
    one = few_days_hint(plan_from_dict({**to_dict(PLAN), "days": [[0, "07:00"], [0, "19:00"]]}))
    assert one is not None
    assert "two" in one.sentence
    assert one.rule in RULE_BY_KEY
    assert few_days_hint(PLAN) is None


def test_occurrences_follow_week() -> None:
    """From the beginning until before the end, in the person's own zone."""
    assert times(PLAN, berlin(1, 18), berlin(8, 18)) == ["2026-06-01T18:00:00+02:00", "2026-06-04T18:00:00+02:00"]
    assert times(PLAN, berlin(1, 18, 1), berlin(4, 18)) == []
    assert times(PLAN, berlin(1, 18).astimezone(ZoneInfo("Asia/Tokyo")), berlin(2, 0)) == ["2026-06-01T18:00:00+02:00"]


def test_occurrences_start_on_first_day() -> None:
    """There are none before it."""
    plan = plan_from_dict({**to_dict(PLAN), "since": "2026-06-04"})
    assert times(plan, berlin(1, 0), berlin(9, 0)) == ["2026-06-04T18:00:00+02:00", "2026-06-08T18:00:00+02:00"]


@pytest.mark.parametrize(
    ("zone", "clock", "around", "expected"),
    [
        ("Europe/Berlin", "02:30", "2026-03-29", ["22T02:30:00+01:00", "29T03:00:00+02:00", "05T02:30:00+02:00"]),
        ("Europe/Berlin", "02:30", "2026-10-25", ["18T02:30:00+02:00", "25T02:30:00+02:00", "01T02:30:00+01:00"]),
        ("Europe/Berlin", "18:00", "2026-10-25", ["18T18:00:00+02:00", "25T18:00:00+01:00", "01T18:00:00+01:00"]),
        ("America/New_York", "02:00", "2026-03-08", ["01T02:00:00-05:00", "08T03:00:00-04:00", "15T02:00:00-04:00"]),
        ("America/New_York", "01:59", "2026-11-01", ["25T01:59:00-04:00", "01T01:59:00-04:00", "08T01:59:00-05:00"]),
        ("Australia/Lord_Howe", "02:15", "2026-10-04", ["27T02:15:00+10:30", "04T02:30:00+11:00", "11T02:15:00+11:00"]),
        ("Australia/Lord_Howe", "01:45", "2026-04-05", ["29T01:45:00+11:00", "05T01:45:00+11:00", "12T01:45:00+10:30"]),
        ("Australia/Lord_Howe", "02:30", "2026-10-04", ["27T02:30:00+10:30", "04T02:30:00+11:00", "11T02:30:00+11:00"]),
    ],
)
def test_occurrences_follow_clock_changes(zone: str, clock: str, around: str, expected: list[str]) -> None:
    """A skipped time moves to the end of the gap; a repeated one counts once, the first time."""
    middle = datetime.fromisoformat(f"{around}T12:00:00+00:00")
    found = times(of_sundays(clock, zone), middle - 9 * DAY, middle + 9 * DAY)
    assert [at[8:] for at in found] == expected


def test_two_times_in_one_gap_are_one_occurrence() -> None:
    """Both move to the end of the gap."""
    plan = Plan(((6, "02:10"), (6, "02:50"), (6, "03:00"), (6, "03:10")), "daily", "Europe/Berlin")
    assert times(plan, berlin(29, 0, month=3), berlin(30, 0, month=3)) == [
        *("2026-03-29T03:00:00+02:00", "2026-03-29T03:10:00+02:00"),
    ]


def test_skipped_day_moves_to_next_day() -> None:
    """Samoa had no 30 December 2011: its occurrence moves to the start of the next day."""
    plan = Plan(((4, "18:00"),), "daily", "Pacific/Apia")
    found = times(plan, datetime(2011, 12, 28, tzinfo=UTC), datetime(2012, 1, 2, tzinfo=UTC))
    assert found == ["2011-12-31T00:00:00+14:00"]


ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
WEEK_TIMES = st.lists(st.tuples(st.integers(0, 6), st.times().map("{:%H:%M}".format)), min_size=1, max_size=5)


@given(
    ZONES,
    WEEK_TIMES,
    st.integers(0, 730 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.integers(0, 40 * 24 * 60),
)
def test_occurrences_are_ordered_and_unique(
    zone: str, days: Sequence[tuple[int, str]], begin: datetime, minutes: int
) -> None:
    """In any span: in order, within it, on the plan's days; two adjoining spans give the same as the whole."""
    plan = plan_from_dict({**to_dict(PLAN), "zone": zone, "days": [list(day) for day in days]})
    end = begin + timedelta(minutes=minutes)
    found = [at.astimezone(UTC) for at in occurrences(plan, begin, end)]
    assert found == sorted(set(found))
    assert all(begin <= at < end for at in found)
    middle = begin + (end - begin) / 3
    parts = [*occurrences(plan, begin, middle), *occurrences(plan, middle, end)]
    assert [at.astimezone(UTC) for at in parts] == found
    for at in occurrences(plan, begin, end):
        asked = [clock for weekday, clock in plan.days if weekday == at.weekday()]
        # An hour is the longest gap of these zones.
        assert f"{at:%H:%M}" in asked or any(clock < f"{at:%H:%M}" for clock in asked)
    if end - begin >= timedelta(weeks=1):
        assert found


def test_occurrence_is_open_until_end_of_next_day() -> None:
    """From its time on; missed once its own day is over; then nothing is due until the next one."""
    state = {
        at: (found.occurrence, found.is_missed)
        for at in (berlin(1, 17, 59), berlin(1, 18), berlin(1, 23, 59), berlin(2, 0), berlin(2, 23, 59), berlin(3, 0))
        for found in (due(PLAN, TESTED, at),)
    }
    assert list(state.values()) == [
        (None, False),
        (berlin(1, 18), False),
        (berlin(1, 18), False),
        (berlin(1, 18), True),
        (berlin(1, 18), True),
        (None, False),
    ]


def test_newer_occurrence_replaces_older() -> None:
    """There is never more than one, however many were missed."""
    daily = plan_from_dict({**to_dict(PLAN), "days": [[day, "18:00"] for day in range(7)]})
    found = due(daily, TESTED, berlin(20, 19))
    assert found.occurrence == berlin(20, 18)
    assert not found.is_missed
    assert due(daily, TESTED, berlin(20, 17)).occurrence == berlin(19, 18)
    assert due(daily, TESTED, berlin(20, 17)).next_occurrence == berlin(20, 18)


def test_missed_occurrence_is_offered_once() -> None:
    """After an offer on its own day it is still due; after a later offer it is not."""
    offered = PlanProgress(offered_occurrences=frozenset({berlin(1, 18).astimezone(UTC)}))
    assert due(PLAN, offered, berlin(1, 20)).occurrence == berlin(1, 18)
    found = due(PLAN, offered, berlin(2, 9))
    assert (found.occurrence, found.is_missed) == (None, False)
    assert due(PLAN, PlanProgress(), berlin(2, 9)).is_missed


def test_finished_occurrence_is_not_due() -> None:
    """Finished after its time, or earlier that day; a routine of the day before does not count."""
    assert due(PLAN, PlanProgress(last_finished_at=berlin(1, 18, 20)), berlin(1, 19)).occurrence is None
    assert due(PLAN, PlanProgress(last_finished_at=berlin(1, 18, 20)), berlin(2, 9)).occurrence is None
    early = due(PLAN, PlanProgress(last_finished_at=berlin(1, 7)), berlin(1, 19))
    assert early.occurrence is None
    assert "plan-done" in rules(early)
    assert due(PLAN, PlanProgress(last_finished_at=berlin(1, 7)), berlin(1, 8)).next_occurrence == berlin(4, 18)
    late = datetime(2026, 5, 31, 23, 59, tzinfo=BERLIN)
    assert due(PLAN, PlanProgress(last_finished_at=late), berlin(1, 19)).occurrence == berlin(1, 18)


def test_two_times_a_day_are_two_occurrences() -> None:
    """The morning's routine does not finish the evening's."""
    twice = plan_from_dict({**to_dict(PLAN), "days": [[0, "07:00"], [0, "19:00"]]})
    morning = PlanProgress(last_finished_at=berlin(1, 7, 20))
    assert due(twice, morning, berlin(1, 8)).occurrence is None
    assert due(twice, morning, berlin(1, 19)).occurrence == berlin(1, 19)


@pytest.mark.parametrize(
    ("month", "day", "hours"), [(3, 29, 24 - 18 + 23), (10, 25, 24 - 18 + 25), (6, 7, 24 - 18 + 24)]
)
def test_next_day_ends_by_local_clock(month: int, day: int, hours: int) -> None:
    """Even if that day has 23 or 25 hours."""
    at = datetime(2026, month, day, 18, tzinfo=BERLIN) - DAY
    plan = Plan(((at.weekday(), "18:00"),), "daily", "Europe/Berlin")
    begin = at.astimezone(UTC)
    last = begin + timedelta(hours=hours) - timedelta.resolution
    assert due(plan, PlanProgress(), last).occurrence == at
    assert due(plan, PlanProgress(), last + timedelta.resolution).occurrence is None


def test_tests_are_due_by_days() -> None:
    """The first test, and one every two weeks, is full; one a week is quick. Days count, not hours."""
    assert due(PLAN, PlanProgress(), berlin(1, 9)).test_kind == "full"
    found = [due(PLAN, TESTED, berlin(1, 6) + days * DAY).test_kind for days in range(16)]
    assert found == [None] * 7 + ["quick"] * 7 + ["full"] * 2
    quick = PlanProgress(last_test=berlin(8, 9), last_full_test=berlin(1, 9))
    assert [due(PLAN, quick, berlin(day, 9)).test_kind for day in (8, 14, 15)] == [None, None, "full"]
    only_quick = PlanProgress(last_test=berlin(8, 9))
    assert due(PLAN, only_quick, berlin(9, 9)).test_kind == "full"


def test_test_waits_after_stretch() -> None:
    """It waits for another day, with a reason; yesterday's stretch does not matter."""
    after = due(PLAN, PlanProgress(last_stretched_at=berlin(1, 7)), berlin(1, 20))
    assert after.test_kind is None
    assert "test-before" in rules(after)
    assert due(PLAN, PlanProgress(last_stretched_at=berlin(1, 7)), berlin(2, 0)).test_kind == "full"


def test_plan_without_tests_schedules_none() -> None:
    """The person decides when to test."""
    plan = plan_from_dict({**to_dict(PLAN), "tests": False})
    assert due(plan, PlanProgress(), berlin(1, 9)).test_kind is None
    assert not [rule for rule in rules(due(plan, PlanProgress(), berlin(1, 9))) if rule.startswith("test")]


def test_weekly_dose_reason_counts_whole_minutes() -> None:
    """Credited minutes, or seconds below one, never rounded up; from ten on both sides, what the studies say."""
    nothing = weekly_dose_reason({}).sentence
    assert nothing == "Stretching this week: left 0 min, right 0 min. The goal is 10 min a leg."
    assert "left 9 min, right 10 min. The goal" in weekly_dose_reason({Side.LEFT: 599.9, Side.RIGHT: 600.0}).sentence
    assert "left 1 min, right 31 s." in weekly_dose_reason({Side.LEFT: 85.0, Side.RIGHT: 31.9}).sentence
    enough = weekly_dose_reason({Side.LEFT: 600.0, Side.RIGHT: 1200.0}).sentence
    assert "left 10 min, right 20 min." in enough
    assert "not needed" in enough


def test_reasons_are_kind() -> None:
    """A rest day, a missed day, a missed week and a finished day each have a kind, short sentence."""
    long_ago = PlanProgress(TESTED.last_test, TESTED.last_full_test, last_finished_at=berlin(1, 18, 30))
    due_cases = {
        "plan-rest": due(PLAN, TESTED, berlin(3, 9)),
        "plan-missed": due(PLAN, TESTED, berlin(2, 9)),
        "plan-due": due(PLAN, TESTED, berlin(1, 19)),
        "plan-done": due(PLAN, long_ago, berlin(1, 19)),
        "plan-break": due(PLAN, long_ago, berlin(15, 19)),
    }
    for rule, found in due_cases.items():
        assert rule in rules(found)
    assert "plan-break" not in rules(due(PLAN, long_ago, berlin(8, 18)))
    for why in {why for found in due_cases.values() for why in found.reasons}:
        assert why.rule in RULE_BY_KEY
        assert len(why.sentence) <= 130
        assert not [
            word for word in ("fail", "lazy", "must", "should", "behind", "streak", "!") if word in why.sentence
        ]


def in_baseline(day: int, tests: Sequence[int] = (), **more: Any) -> Due:
    """What is due at noon of a day of a baseline that began on 1 June, after tests on these days."""
    last = NOW + (tests[-1] - 1) * DAY if tests else None
    full = NOW if tests else None
    done = PlanProgress(last, full, baseline_since=NOW, is_baseline_answered=True, test_count=len(tests), **more)
    return due(PLAN, done, NOW + (day - 1) * DAY)


def test_baseline_has_a_test_every_second_day_and_no_routine() -> None:
    """The first is full, the others are quick; the plan's routine waits until the two weeks are over."""
    tests: list[int] = []
    kinds = []
    for day in range(1, BASELINE_DAYS + 1):
        found = in_baseline(day, tests)
        assert (found.occurrence, found.baseline_day, rules(found)[0]) == (None, day, "baseline")
        if found.test_kind is not None:
            tests.append(day)
            kinds.append(found.test_kind)
    assert tests == list(range(1, BASELINE_DAYS, 2))
    assert kinds == ["full", *["quick"] * 6]
    over = in_baseline(BASELINE_DAYS + 1, tests)
    assert (over.baseline_day, over.test_kind) == (None, "full")


def test_baseline_gives_the_day_of_the_next_test() -> None:
    """In two days after a test, tomorrow on the day between; none after the last day."""
    assert in_baseline(3, [1, 3]).reasons[1].sentence == "The next test comes in two days."
    assert in_baseline(4, [1, 3]).reasons[1].sentence == "The next test comes tomorrow."
    assert "next test" not in " ".join(why.sentence for why in in_baseline(14, [1, 13]).reasons)


def test_plan_resumes_after_the_baseline() -> None:
    """Its next time is the first one after the two weeks."""
    after = datetime(2026, 6, 15, tzinfo=ZoneInfo(PLAN.zone))
    expected = next(occurrences(PLAN, after, after + 9 * DAY))
    for day in (1, 7, 14):
        assert in_baseline(day, [1]).next_occurrence == expected


def test_stretch_ends_the_baseline() -> None:
    """One before it does not."""
    assert in_baseline(4, [1], last_stretched_at=NOW + DAY).baseline_day is None
    assert in_baseline(4, [1], last_stretched_at=NOW - DAY).baseline_day == 4


def test_baseline_without_plan_has_the_same_tests() -> None:
    done = PlanProgress(baseline_since=NOW, is_baseline_answered=True)
    found = due_without_plan(done, NOW, UTC)
    assert (found.test_kind, found.baseline_day, found.next_occurrence) == ("full", 1, None)
    assert due_without_plan(replace(done, baseline_since=None), NOW, UTC).baseline_day is None


def test_clock_set_back_begins_the_baseline_today() -> None:
    """A board without a battery may have been ahead when the person answered."""
    done = PlanProgress(baseline_since=NOW + 400 * DAY, is_baseline_answered=True)
    assert due_without_plan(done, NOW, UTC).baseline_day == 1


@pytest.mark.parametrize(
    ("done", "offered"),
    [
        (PlanProgress(), True),
        (PlanProgress(test_count=3), True),
        (PlanProgress(test_count=4), False),
        (PlanProgress(last_stretched_at=NOW), False),
        (PlanProgress(is_baseline_answered=True), False),
    ],
)
def test_baseline_is_offered_once_and_early(done: PlanProgress, offered: bool) -> None:
    """While there are few tests and no stretch yet, until the person answers."""
    assert done.offers_baseline is offered


def test_no_second_test_on_the_day_of_one() -> None:
    """Only the first test of a day counts for the line, so a full one that is due waits for another day."""
    quick = PlanProgress(last_test=berlin(1, 9))
    assert due(PLAN, quick, berlin(1, 12)).test_kind is None
    assert due(PLAN, quick, berlin(2, 12)).test_kind == "full"
    assert due_without_plan(quick, berlin(1, 12), BERLIN).test_kind is None
