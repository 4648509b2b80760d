"""A person's plan: its days and times, what is due now and what was missed.

Days are in the plan's time zone. Times are aware and compared in UTC: Python compares two times in one zone by their
wall clocks, which is an hour wrong on the night when the clocks go back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct, field

from station.advice.records import Reason
from station.core.events import Side

PROPOSED_ROUTINE = "proposed"
"""The routine of a plan with a new proposal each time."""
MIN_DAYS_PER_WEEK = 2
"""Days a week at least, from the founding guide."""
FULL_TEST_INTERVAL_DAYS = 14
QUICK_TEST_INTERVAL_DAYS = 7
WEEKLY_GOAL_MINUTES = 10
"""Of credited hold for each leg and week; studies saw no further gain beyond it (Ingram 2024, 189 studies)."""
MAX_MINUTES = 180
MAX_TIMES_PER_WEEK = 28
"""Four a day; more is a typing error."""
BASELINE_DAYS = 14
BASELINE_TEST_INTERVAL_DAYS = 2
MAX_TESTS_BEFORE_BASELINE = 3
"""With more tests than this a baseline is no longer offered: the start is known."""
DAY = timedelta(days=1)
LONG_BREAK = timedelta(weeks=1)
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Plan(Struct, frozen=True):
    """`days` are weekdays (0 is Monday) with times of day in `zone`, in order.

    `routine` is `proposed`, the key of a ready routine or the id of the person's own. `reminder_cue`: the board plays a
    cue at that time; `tests`: the station schedules tests; `minutes`: the time for a proposal, `None` if not chosen;
    `token`: the end of the calendar's address; `since`: the first day, `None` for always.
    """

    days: tuple[tuple[int, str], ...]
    routine: str
    zone: str
    reminder_cue: bool = False
    tests: bool = True
    minutes: int | None = None
    token: str = ""
    since: date | None = None


class PlanProgress(Struct, frozen=True):
    """What a person has done that affects what is due.

    `offered_occurrences` are the missed occurrences already offered, `last_stretched_at` is the time of the last
    credited hold, `last_finished_at` the end of the last finished routine, and `credited_this_week_s` the credited
    seconds of stretches this week. `baseline_since` is when the person began a baseline, `None` if they never did, left
    it or declined it; `is_baseline_answered` distinguishes the first case.
    """

    last_test: datetime | None = None
    last_full_test: datetime | None = None
    offered_occurrences: frozenset[datetime] = frozenset()
    last_stretched_at: datetime | None = None
    last_finished_at: datetime | None = None
    credited_this_week_s: Mapping[Side, float] = field(default_factory=dict)
    test_count: int = 0
    baseline_since: datetime | None = None
    is_baseline_answered: bool = False

    @property
    def offers_baseline(self) -> bool:
        """Whether a baseline still helps, and the person has not answered the offer: few tests, and no stretch yet."""
        is_new = self.last_stretched_at is None and self.test_count <= MAX_TESTS_BEFORE_BASELINE
        return is_new and not self.is_baseline_answered


class Due(Struct, frozen=True):
    """What is due at a moment.

    `occurrence` is the plan's open one; `is_missed` if its own day is over, so it is offered once. `next_occurrence` is
    the coming one that is not done yet, `test_kind` is `full`, `quick` or `None`, and `reasons` put all this in
    sentences. `baseline_day` is the day of the baseline, from 1, on which no routine is due; `None` without one.
    """

    occurrence: datetime | None
    is_missed: bool
    next_occurrence: datetime | None
    test_kind: str | None
    reasons: tuple[Reason, ...]
    baseline_day: int | None = None


def plan_from_dict(stored: Mapping[str, Any]) -> Plan:
    """The plan from entries as `to_dict` writes them. Raises ValueError with a sentence."""
    zone = stored.get("zone")
    _check_zone(zone)
    routine, token = stored.get("routine", PROPOSED_ROUTINE), stored.get("token", "")
    if not isinstance(routine, str) or not routine:
        raise ValueError("The plan needs a routine.")
    if not isinstance(token, str):
        raise ValueError("The token of the plan's calendar must be text.")
    minutes = stored.get("minutes")
    if minutes is not None and (type(minutes) is not int or not 1 <= minutes <= MAX_MINUTES):
        raise ValueError(f"The time for a routine is {minutes!r}, but must be from 1 to {MAX_MINUTES} minutes.")
    flags = {name: stored.get(name, default) for name, default in (("reminder_cue", False), ("tests", True))}
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise ValueError(f"The entry {name} of the plan is {flag!r}, but must be true or false.")
    return Plan(
        _parse_days(stored.get("days")),
        routine,
        str(zone),
        minutes=minutes,
        token=token,
        since=_parse_first_day(stored),
        **flags,
    )


def to_dict(plan: Plan) -> dict[str, Any]:
    """The plan as JSON-compatible values."""
    return {
        "days": [list(day) for day in plan.days],
        "routine": plan.routine,
        "zone": plan.zone,
        "reminder_cue": plan.reminder_cue,
        "tests": plan.tests,
        "minutes": plan.minutes,
        "token": plan.token,
        "since": None if plan.since is None else plan.since.isoformat(),
    }


def few_days_hint(plan: Plan) -> Reason | None:
    """A hint for a plan with fewer days than the guide's minimum; else `None`."""
    if len({weekday for weekday, _ in plan.days}) >= MIN_DAYS_PER_WEEK:
        return None
    return Reason("plan-least", "One day a week is a start. The guide advises at least two, and every day is fine.")


def occurrences(plan: Plan, begin: datetime, end: datetime) -> Iterator[datetime]:
    """The times of the plan from `begin` and before `end`, in its zone, oldest first.

    A time that the clocks skip moves to the end of the gap; of a time that they show twice, the first counts.
    """
    zone = ZoneInfo(plan.zone)
    first, after = begin.astimezone(UTC), end.astimezone(UTC)
    # Occurrences of a day that a zone skipped may fall on the next day.
    day = begin.astimezone(zone).date() - DAY
    last = None
    while day <= end.astimezone(zone).date():
        for weekday, text in plan.days if plan.since is None or day >= plan.since else ():
            at = _local_time_in_utc(day, time.fromisoformat(text), zone) if weekday == day.weekday() else None
            if at is not None and first <= at < after and at != last:
                last = at
                yield at.astimezone(zone)
        day += DAY


def due(plan: Plan, done: PlanProgress, now: datetime) -> Due:
    """What is due at `now`: only the newest occurrence, from its time until the end of the next day.

    In a baseline no occurrence is due.
    """
    zone = ZoneInfo(plan.zone)
    baseline_day = _baseline_day(done, now, zone)
    if baseline_day is not None:
        after = _local_time_in_utc(_local_date(now, zone) + (BASELINE_DAYS + 1 - baseline_day) * DAY, time(), zone)
        following = next(occurrences(plan, after, after + 9 * DAY), None)
        return _baseline_due(baseline_day, following, done, now, zone)
    before = list(occurrences(plan, now - 8 * DAY, now + timedelta.resolution))
    ahead = list(occurrences(plan, now + timedelta.resolution, now + 15 * DAY))
    still_open = (
        at
        for done_by, at in enumerate(ahead)
        if not _is_done([*before, *ahead[: done_by + 1]], done.last_finished_at, zone)
    )
    following = next(still_open, None)
    newest = before[-1] if before else None
    missed = newest is not None and _local_date(now, zone) > newest.date()
    if newest is not None and (
        now.astimezone(UTC) >= _local_time_in_utc(newest.date() + 2 * DAY, time(), zone)
        or _is_done(before, done.last_finished_at, zone)
        or (missed and newest.astimezone(UTC) in {at.astimezone(UTC) for at in done.offered_occurrences})
    ):
        newest, missed = None, False
    test, test_reasons = _test_due_today(done, now, zone) if plan.tests else (None, ())
    plan_reasons = _plan_reasons(newest, missed, before, done, now, zone)
    return Due(
        newest, missed, following, test, (*plan_reasons, *test_reasons, weekly_dose_reason(done.credited_this_week_s))
    )


def due_without_plan(done: PlanProgress, now: datetime, zone: tzinfo) -> Due:
    """What is due without a plan: no occurrence, but the tests."""
    baseline_day = _baseline_day(done, now, zone)
    if baseline_day is not None:
        return _baseline_due(baseline_day, None, done, now, zone)
    test, test_reasons = _test_due_today(done, now, zone)
    return Due(None, False, None, test, (*test_reasons, weekly_dose_reason(done.credited_this_week_s)))


def _baseline_day(done: PlanProgress, now: datetime, zone: tzinfo) -> int | None:
    """The day of the baseline, from 1; `None` without one, after it, or once the person has stretched in it."""
    since = done.baseline_since
    if since is None or (done.last_stretched_at is not None and done.last_stretched_at > since):
        return None
    day = max(0, (_local_date(now, zone) - _local_date(since, zone)).days) + 1
    return day if day <= BASELINE_DAYS else None


def _baseline_due(day: int, following: datetime | None, done: PlanProgress, now: datetime, zone: tzinfo) -> Due:
    """What is due on this day of a baseline: a test every second day, whatever the plan says about tests."""
    test, test_reasons = _test_due_today(done, now, zone, BASELINE_TEST_INTERVAL_DAYS)
    reasons = [Reason("baseline", f"Day {day} of {BASELINE_DAYS} of your baseline: tests, and no stretches yet.")]
    if test is None and day < BASELINE_DAYS:
        tested = done.last_test is not None and _local_date(done.last_test, zone) == _local_date(now, zone)
        reasons.append(Reason("baseline", f"The next test comes {'in two days' if tested else 'tomorrow'}."))
    return Due(None, False, following, test, (*reasons, *test_reasons), day)


def weekly_dose_reason(credited_s: Mapping[Side, float]) -> Reason:
    """This week's credited time of each leg against the goal of ten minutes; none is nothing done on both."""
    credited = credited_s or dict.fromkeys(Side, 0.0)
    done = ", ".join(f"{side} {credit_text(seconds)}" for side, seconds in credited.items())
    if min(credited.values()) < WEEKLY_GOAL_MINUTES * 60:
        return Reason("dose", f"Stretching this week: {done}. The goal is {WEEKLY_GOAL_MINUTES} min a leg.")
    return Reason(
        "dose",
        f"Stretching this week: {done}. Studies saw no further gain beyond {WEEKLY_GOAL_MINUTES} min; more is fine, "
        "but not needed.",
    )


def credit_text(credited_s: float) -> str:
    """Whole minutes, or seconds below one minute: credit is never rounded up."""
    return f"{credited_s // 1:.0f} s" if 0 < credited_s < 60 else f"{credited_s // 60:.0f} min"


def _plan_reasons(
    newest: datetime | None, missed: bool, before: list[datetime], done: PlanProgress, now: datetime, zone: ZoneInfo
) -> Iterator[Reason]:
    if (
        newest is None
        and done.last_finished_at is not None
        and _local_date(done.last_finished_at, zone) == _local_date(now, zone)
    ):
        yield Reason("plan-done", "Done for today.")
    elif newest is None:
        yield Reason("plan-rest", "Nothing is due now. Rest days do no harm.")
    elif missed:
        yield Reason(
            "plan-missed", "Your last routine is still open. If now is not a good time, do the next one instead."
        )
    else:
        yield Reason("plan-due", "Your routine is ready when you are.")
    if before and done.last_finished_at is not None and now - done.last_finished_at > LONG_BREAK:
        yield Reason("plan-break", "It has been a while, and that is fine: start from where you are.")


def test_of_today(done: PlanProgress, now: datetime, zone: tzinfo) -> str | None:
    """The kind of the test that was done today, or `None`."""
    if done.last_test is None or _local_date(done.last_test, zone) != _local_date(now, zone):
        return None
    return "full" if done.last_full_test == done.last_test else "quick"


def _test_due_today(
    done: PlanProgress, now: datetime, zone: tzinfo, quick_interval_days: int = QUICK_TEST_INTERVAL_DAYS
) -> tuple[str | None, tuple[Reason, ...]]:
    today = _local_date(now, zone)
    test, why = _test_due_by_interval(done, today, zone, quick_interval_days)
    if test is not None and done.last_stretched_at is not None and _local_date(done.last_stretched_at, zone) == today:
        return None, (
            Reason(
                "test-before", "A test is due, but today's stretch adds range for some hours. It waits for another day."
            ),
        )
    if done.last_test is not None and _local_date(done.last_test, zone) == today:
        return None, ()  # only the first test of a day counts for the line
    return test, why


def _test_due_by_interval(
    done: PlanProgress, today: date, zone: tzinfo, quick_interval_days: int
) -> tuple[str | None, tuple[Reason, ...]]:
    if done.last_test is None:
        return "full", (Reason("test-first", "Your first test, a full one, shows where you begin."),)
    if done.last_full_test is None or (today - _local_date(done.last_full_test, zone)).days >= FULL_TEST_INTERVAL_DAYS:
        return "full", (Reason("test-full", "A full test is due: do it first, before you stretch."),)
    if (today - _local_date(done.last_test, zone)).days >= quick_interval_days:
        return "quick", (Reason("test-quick", "A quick test is due: do it first, before you stretch."),)
    return None, ()


def _is_done(before: list[datetime], finished_at: datetime | None, zone: ZoneInfo) -> bool:
    """Whether the newest occurrence is done: after its time, or earlier that day if it is the first of the day."""
    if finished_at is None:
        return False
    newest = before[-1]
    if finished_at.astimezone(UTC) >= newest.astimezone(UTC):
        return True
    first_of_day = len(before) == 1 or before[-2].date() < newest.date()
    return first_of_day and _local_date(finished_at, zone) == newest.date()


def _local_date(at: datetime, zone: tzinfo) -> date:
    return at.astimezone(zone).date()


def _local_time_in_utc(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """When the zone's clocks first show this time, in UTC; if they skip it, the end of the gap."""
    wanted = datetime.combine(day, clock)
    late = wanted.replace(tzinfo=zone).astimezone(UTC)
    if late.astimezone(zone).replace(tzinfo=None) == wanted:
        return late
    # The offset from before the gap puts the time after it; the offset from after the gap puts it before.
    early = wanted.replace(tzinfo=zone, fold=1).astimezone(UTC)
    offset = late.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            late = middle
        else:
            early = middle
    return late


def _check_zone(name: object) -> None:
    if name == "":
        raise ValueError("The time zone is empty: enter one such as Europe/Berlin.")
    try:
        ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"There is no time zone {name!r}: use one such as Europe/Berlin.") from None


def _parse_days(stored: object) -> tuple[tuple[int, str], ...]:
    if not isinstance(stored, list | tuple) or not stored:
        raise ValueError("The plan needs at least one day of the week; the guide advises at least two.")
    if len(stored) > MAX_TIMES_PER_WEEK:
        raise ValueError(f"The plan has {len(stored)} times a week, but may have {MAX_TIMES_PER_WEEK} at most.")
    found = set()
    for entry in stored:
        if not isinstance(entry, list | tuple) or len(entry) != 2:
            raise ValueError(f"The plan has {entry!r}, but each entry must be a day of the week and a time.")
        weekday, clock = entry
        if type(weekday) is not int or not 0 <= weekday < len(WEEKDAYS):
            raise ValueError(f"The day of the week is {weekday!r}, but must be from 0 (Monday) to 6 (Sunday).")
        if not isinstance(clock, str) or not _TIME_OF_DAY.fullmatch(clock):
            raise ValueError(f"The time on {WEEKDAYS[weekday]} is {clock!r}, but must be one such as 18:30.")
        found.add((weekday, clock))
    return tuple(sorted(found))


def _parse_first_day(stored: Mapping[str, Any]) -> date | None:
    since = stored.get("since")
    if since is None:
        return None
    try:
        return date.fromisoformat(since)
    except (TypeError, ValueError):
        raise ValueError(f"The first day of the plan is {since!r}, but must be one such as 2026-01-31.") from None
