"""Reads from the store what advice needs: a person's situation, what they have done, and their plan."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from station.advice import health_questions
from station.advice.plan import Plan, PlanProgress, plan_from_dict
from station.advice.records import LegConditions, SideHistory, Situation
from station.app.results.progress import History, history_of
from station.catalogue.read import exercises
from station.catalogue.records import FeltPlace, Group
from station.core.events import EASE_OFF_PAIN, MAX_PAIN, SECOND_US, Side
from station.core.progress.records import Direction, Phase, Progress, SideProgress
from station.store import Reader
from station.store.reading.training import LEGS, sides_chosen
from station.store.reading.transactions import DEFAULT_LIMIT
from station.store.records import Answer, ResultSummary, WeekCredit
from station.units import utc_time

RECENT = timedelta(weeks=26)
"""A felt place from a test longer ago than this is ignored."""
PERSISTENCE_SPAN = timedelta(weeks=13)
PERSISTENCE_MIN_WEEKS = 9
"""Stretches in two of three weeks, of these thirteen."""
FULL_TEST_WITHIN = timedelta(weeks=4)
"""Beyond this a full test is due anyway."""
MAX_DECLINED = 20
_WEEK = timedelta(weeks=1)
_PLACES = frozenset(FeltPlace)
_ASKED = {
    "health": 1,
    "changed": 1,
    "baseline": 1,
    "pain": DEFAULT_LIMIT,
    "felt": DEFAULT_LIMIT,
    "offered": MAX_DECLINED,
    LEGS: 1,
}
"""How many of the newest answers to each question count."""
Answers = Mapping[str, tuple[Answer, ...]]
"""The newest answers by question."""


def answers_of(store: Reader, person_id: str) -> Answers:
    """The person's answers that advice depends on. Raises StoreError."""
    return store.newest_answers(person_id, _ASKED)


def situation_of(
    store: Reader,
    person_id: str,
    planned: Plan | None,
    now: datetime,
    *,
    answers: Answers | None = None,
) -> Situation:
    """The situation that determines what this person, with this plan, should do at `now`.

    Pass `answers` if already loaded: reading takes milliseconds. Raises StoreError.
    """
    if answers is None:
        answers = answers_of(store, person_id)
    sides = sides_chosen(answers[LEGS])
    history = history_of(store, person_id, store.settings_of(person_id).goals, now, sides=sides)
    pains = pain_answers(answers["pain"], history, now)
    health = next(iter(answers["health"]), None)
    conditions = None if health is None else _answered_conditions(health)
    answered_at = None if health is None or conditions is None else health.answered_at
    changed = next(iter(answers["changed"]), None)
    eased = (at for at, pain in pains if pain >= EASE_OFF_PAIN)
    calm_since = now if answered_at is None else max((answered_at, *eased))
    times = store.training_session_times(person_id, min(calm_since, now - PERSISTENCE_SPAN))
    return Situation(
        now,
        conditions,
        health_questions.ask_reason(
            answered_at, now, pains, changed_at=None if changed is None else changed.answered_at
        ),
        _felt_places(history, now),
        pains,
        _not_felt_exercises(answers["felt"]),
        _side_histories(history.progress),
        _has_persisted(times, now),
        None if planned is None else planned.minutes,
        *_training_counts(times, calm_since, now, zone_of(store, person_id, planned)),
        sides,
    )


def done_of(
    store: Reader,
    person_id: str,
    now: datetime,
    zone: tzinfo,
    *,
    answers: Answers | None = None,
) -> PlanProgress:
    """What this person has done that affects what is due, by days in `zone`. Raises StoreError."""
    if answers is None:
        answers = answers_of(store, person_id)
    sides = sides_chosen(answers[LEGS])
    history = history_of(store, person_id, store.settings_of(person_id).goals, now, sides=sides)
    baseline = next(iter(answers["baseline"]), None)
    recent = [one for one in _since(history, now - FULL_TEST_WITHIN) if not one.imported]
    last_test = max((one.started_at for one in recent), default=None)
    if last_test is None:
        last_test = max((one.at for one in (*history.left, *history.right) if not one.imported), default=None)
    full = (one.started_at for one in recent if one.full and one.state == "finished")
    return PlanProgress(
        last_test,
        max(full, default=None),
        frozenset(_declined_occurrences(answers["offered"])),
        *_last_exercise_times(store, person_id),
        _credited_this_week_s(store, person_id, now, zone, sides),
        len(history.scores),
        baseline.answered_at if baseline is not None and baseline.answer is True else None,
        baseline is not None,
    )


def plan_for(store: Reader, person_id: str) -> Plan | None:
    """This person's plan, in the time zone of their profile if it has one.

    `None` if there is none or it is invalid. Raises StoreError.
    """
    stored = store.plan(person_id)
    try:
        planned = None if stored is None else plan_from_dict(stored)
    except ValueError:
        return None
    own = store.settings_of(person_id).zone
    return planned if planned is None or own is None else replace(planned, zone=own.key)


def zone_of(store: Reader, person_id: str, planned: Plan | None) -> tzinfo:
    """The time zone of a person's days: their profile's or their plan's, else the station's own. Raises StoreError."""
    if planned is not None:
        return ZoneInfo(planned.zone)
    return store.settings_of(person_id).zone or datetime.now(UTC).astimezone().tzinfo or UTC


def _training_counts(
    times: Sequence[tuple[datetime, bool]], calm_since: datetime, now: datetime, zone: tzinfo
) -> tuple[int, int, bool, frozenset[int]]:
    """How far the rotation of the guide's sections has got, the number of training days since `calm_since`, whether
    today is one, and which weekdays of this week are.

    The rotation advances each week, and after each training day in it. Rotation and number exclude today, so that
    training today does not change today's routine.
    """
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    days = [(at, at.astimezone(zone).date()) for at, _ in times]
    this_week = {day for _, day in days if monday <= day <= today}
    calm = {day for at, day in days if at >= calm_since and day < today}
    rotation = monday.toordinal() // _WEEK.days + len(this_week - {today})
    return rotation, len(calm), today in this_week, frozenset(day.weekday() for day in this_week)


def _answered_conditions(answer: Answer) -> LegConditions | None:
    """The conditions according to the answers; `None`, to ask again, if the questions have changed since."""
    try:
        return health_questions.parse_answer(answer.answer)
    except ValueError:
        return None


def pain_answers(answers: Sequence[Answer], history: History, now: datetime) -> tuple[tuple[datetime, int], ...]:
    """Pain reported in these answers (newest first) and in the tests, each with its time, newest first."""
    of_tests = {one.test_id: (one.at, one.pain) for one in (*history.left, *history.right) if one.pain is not None}
    of_answers: list[tuple[datetime, int]] = []
    for one in reversed(answers):
        if type(one.answer) is int and 0 <= one.answer <= MAX_PAIN:
            # Keep the stored order of answers: the clock of a board without a battery jumps back and forth.
            before = of_answers[-1][0] if of_answers else one.answered_at
            of_answers.append((min(now, max(before, one.answered_at)), one.answer))
    newest_first = (*reversed(of_answers), *((min(now, at), pain) for at, pain in of_tests.values()))
    return tuple(sorted(newest_first, key=lambda pain: pain[0], reverse=True))


def _felt_places(history: History, now: datetime) -> frozenset[FeltPlace]:
    """The felt places reported on the last day with a test that has them."""
    reported = [one for one in _since(history, now - RECENT) if _PLACES.intersection(one.felt_places or ())]
    if not reported:
        return frozenset()
    last = reported[-1].started_at.astimezone().date()
    of_last_day = (one.felt_places or () for one in reported if one.started_at.astimezone().date() == last)
    return frozenset(FeltPlace(place) for places in of_last_day for place in places if place in _PLACES)


def _since(history: History, since: datetime) -> Sequence[ResultSummary]:
    """The tests from `since` on, oldest first."""
    return history.scores[bisect_left(history.scores, since, key=lambda one: one.started_at) :]


def _not_felt_exercises(answers: Iterable[Answer]) -> frozenset[str]:
    """The exercises whose newest answer is no."""
    newest: dict[str, bool] = {}
    for one in answers:
        newest.setdefault(str(one.about), one.answer is not False)
    return frozenset(key for key, felt in newest.items() if not felt)


def _side_histories(progress: Progress) -> dict[Side, SideHistory]:
    difference = progress.difference
    left_ahead_mm = 0.0 if difference is None or not difference.clear else difference.difference_mm.value
    sides = ((Side.LEFT, progress.left, -left_ahead_mm), (Side.RIGHT, progress.right, left_ahead_mm))
    return {
        side: _side_history(found, max(0.0, behind_mm))
        for side, found, behind_mm in sides
        if found is not None and not found.old
    }


def _side_history(progress: SideProgress, behind_mm: float) -> SideHistory:
    last = progress.counted[-1]
    first = next(test for test in progress.counted if test.method == last.method)
    gains = [change.confirmed_at for change in progress.changes if change.direction is Direction.GAIN]
    return SideHistory(
        is_known=progress.change_mm is not None,
        is_gaining=None if progress.phase is Phase.UNKNOWN else progress.phase is Phase.GAINING,
        is_steady=progress.phase is Phase.STEADY,
        weeks=(last.at - first.at) / _WEEK,
        last_gain_at=max(gains, default=None),
        change_mm=None if first is last else last.mm - first.mm,
        deficit_mm=behind_mm,
        has_reached_goal=progress.forecast.reached,
    )


def _has_persisted(times: Sequence[tuple[datetime, bool]], now: datetime) -> bool:
    days = (at.astimezone(UTC).date() for at, is_credited in times if is_credited and at >= now - PERSISTENCE_SPAN)
    return len({day - timedelta(days=day.weekday()) for day in days}) >= PERSISTENCE_MIN_WEEKS


def _declined_occurrences(answers: Iterable[Answer]) -> Iterable[datetime]:
    for one in answers:
        at = utc_time(str(one.about))
        if at is not None:
            yield at


def _last_exercise_times(store: Reader, person_id: str) -> tuple[datetime | None, datetime | None]:
    """When the last credited hold was, and when the last routine was completed."""
    unfinished = store.unfinished_run(person_id)
    return store.last_exercise_times(person_id, unfinished_run_id=None if unfinished is None else unfinished.run_id)


def stretch_credits(store: Reader, person_id: str, since: datetime, zone: tzinfo) -> tuple[WeekCredit, ...]:
    """The credited time of stretches from `since` on, by week: what counts for the weekly goal. Raises StoreError."""
    stretches = {key for key, one in exercises().items() if one.group is Group.STRETCH}
    return store.week_credits(person_id, since=since, zone=zone, exercises=stretches)


def _credited_this_week_s(
    store: Reader, person_id: str, now: datetime, zone: tzinfo, sides: Iterable[Side]
) -> dict[Side, float]:
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    weeks = stretch_credits(store, person_id, datetime.combine(monday, time(), zone), zone)
    this = next((week for week in weeks if week.monday == monday), None)
    done_us = {Side.LEFT: 0, Side.RIGHT: 0} if this is None else {Side.LEFT: this.left_us, Side.RIGHT: this.right_us}
    return {side: done_us[side] / SECOND_US for side in sides}
