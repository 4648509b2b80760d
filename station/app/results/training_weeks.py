"""The newest weeks of a person's training, as their report shows them beside the plan and the weekly goal."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from station.advice.plan import WEEKDAYS, WEEKLY_GOAL_MINUTES, Plan, occurrences
from station.app.results.progress import History
from station.app.starting.situation import pain_answers, stretch_credits, zone_of
from station.core.events import SECOND_US, Side
from station.store import Reader
from station.store.reading.transactions import DEFAULT_LIMIT
from station.units import count_text

WEEKS = 8
PLACES = {"front": "front", "achilles": "Achilles", "calf": "calf", "nowhere": "nowhere"}
MINUTE_US = 60 * SECOND_US


class Week(NamedTuple):
    """One week of training: its Monday (`5 Oct`), sessions done and planned (`None` without a plan), credited minutes,
    the worst pain (`None` if not asked) and the felt places."""

    monday: str
    sessions: int
    planned: int | None
    left_minutes: int
    right_minutes: int
    pain: int | None
    felt: str


def training_weeks(
    reader: Reader, person_id: str, history: History, plan: Plan | None, now: datetime
) -> tuple[Week, ...]:
    """The newest weeks since the first activity or the plan, oldest first."""
    zone = zone_of(reader, person_id, plan)
    today = now.astimezone(zone).date()
    this_monday = today - timedelta(days=today.weekday())
    starts = [_midnight(this_monday - timedelta(weeks=ago), zone) for ago in reversed(range(WEEKS))]
    times = [at for at, _ in reader.training_session_times(person_id, starts[0].astimezone(UTC))]
    credited = {one.monday: one for one in stretch_credits(reader, person_id, starts[0].astimezone(UTC), zone)}
    pains = pain_answers(reader.answers(person_id, "pain", limit=DEFAULT_LIMIT), history, now)
    recent = history.scores[bisect_left(history.scores, starts[0], key=lambda one: one.started_at) :]
    active = [*times[:1], *(one.started_at for one in history.scores[:1])]
    if plan is not None and plan.since is not None:
        active.append(_midnight(plan.since, zone))
    found = []
    for begin in starts:
        end = _midnight(begin.date() + timedelta(weeks=1), zone)
        if not active or min(active) >= end:
            continue
        credit = credited.get(begin.date())
        felt = Counter(place for one in recent if begin <= one.started_at < end for place in one.felt_places or ())
        found.append(
            Week(
                monday=f"{begin.day} {begin:%b}",
                sessions=sum(1 for at in times if begin <= at < end),
                planned=None if plan is None else sum(1 for _ in occurrences(plan, begin, min(end, now))),
                left_minutes=0 if credit is None else credit.left_us // MINUTE_US,
                right_minutes=0 if credit is None else credit.right_us // MINUTE_US,
                pain=max((pain for at, pain in pains if begin <= at < end), default=None),
                felt=", ".join(PLACES.get(place, place) for place in felt),
            )
        )
    return tuple(found)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)


def dose_text(weeks: Sequence[Week], plan: Plan | None, sides: Sequence[Side]) -> str:
    """What was done in these weeks, compared with the plan and the weekly goal."""
    if not weeks:
        return "No training yet."
    done = sum(week.sessions for week in weeks)
    if plan is None:
        sessions = f"{count_text(done, 'session')}, without a plan"
    else:
        weekdays = sorted({day for day, _ in plan.days})
        days = "every day" if len(weekdays) == len(WEEKDAYS) else ", ".join(WEEKDAYS[day][:3] for day in weekdays)
        sessions = f"{done} of {count_text(sum(week.planned or 0 for week in weeks), 'planned session')} ({days})"
    complete = weeks[:-1] or weeks
    totals = {
        Side.LEFT: sum(week.left_minutes for week in complete),
        Side.RIGHT: sum(week.right_minutes for week in complete),
    }
    minutes = ", ".join(f"{side} {totals[side] / len(complete):.0f}" for side in sides)
    mean = "in this first week" if len(weeks) == 1 else "a week on average, this week not counted"
    return (
        f"In {count_text(len(weeks), 'week')}: {sessions}. Credited (heel down) {mean}: {minutes} min; the goal is "
        f"{WEEKLY_GOAL_MINUTES} a leg."
    )
