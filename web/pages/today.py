"""Today: what to do now, each side's latest result, this week's stretching and open questions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flask import Blueprint, render_template, request

from station import units
from station.advice import pain
from station.advice.plan import WEEKLY_GOAL_MINUTES
from station.app.progress import History, ResultBreakdown, breakdown_of, history_of
from station.app.snapshot import Snapshot
from station.core.events import Side
from station.core.measurement.uncertainty import COVERAGE
from station.settings import Settings
from station.store.records import Person, Test
from station.units import SIDE_SYMBOLS, date_text
from web.context import PERSON_COOKIE, Site
from web.live.phase_styles import is_active
from web.live.view_model import FELT_PLACES, resume_label
from web.pages.feedback import claim_context
from web.pages.next_action import next_action, today_summary, weekly_minutes

ASK_WINDOW = timedelta(hours=24)
"""How long after a test Today asks where its limit was felt; later people no longer remember."""


class SideResult(NamedTuple):
    """What one side's card shows; `mm` is `None` while there is no result."""

    side: Side
    shape: str
    mm: float | None
    uncertainty_mm: float | None
    below_range: bool
    test: Test | None
    breakdown: ResultBreakdown | None


def blueprint(site: Site) -> Blueprint:
    """`/`, and the write `/people`."""
    pages = Blueprint("today", __name__)

    @pages.get("/")
    def today() -> str:
        return _page(site)

    return pages


def _page(site: Site, *, name: str = "", trouble: str = "") -> str:
    person, settings, now = site.person(), site.store.settings(), site.api.snapshot()
    people = site.store.people()
    is_person_unknown = person is None and bool(people) and PERSON_COOKIE not in request.cookies
    history = None if is_person_unknown else history_of(site.store, _id(person), settings.goal_mm, datetime.now(UTC))
    tests = _shown_tests(site, history)
    made = breakdown_of(site.store, tests.values()) if tests else {}
    last = {} if history is None else {side: seen[-1].test_id for side in Side if (seen := history.rows(side))}
    sides = [_side(side, tests.get(last.get(side, "")), made) for side in Side]
    return render_template(
        "today.html",
        person=person,
        settings=settings,
        units=settings.units,
        coverage=COVERAGE,
        sides=sides,
        is_person_unknown=is_person_unknown,
        sentence="" if history is None else results_sentence(history, settings),
        calibration_hint=_calibration_hint(now),
        is_active=is_active(now),
        resume_label=_resume_label(site, person, now),
        note=_note(now, person),
        test_to_ask_about=None
        if history is None or not history.scores
        else _test_to_ask_about(tests.get(history.scores[-1].test_id)),
        felt_places=FELT_PLACES,
        most_pain=pain.MAX_PAIN,
        goal_minutes=WEEKLY_GOAL_MINUTES,
        name=name,
        trouble=trouble,
        people=people,
        **claim_context(site, settings.units),
        **_person_context(site, person),
    )


def _person_context(site: Site, person: Person | None) -> dict[str, Any]:
    """Context shown only to a known person: what is due, this week's minutes and open questions."""
    if person is None:
        return {}
    summary = today_summary(site, person)
    reported_pain, stopped = (
        request.args.get("pain", type=int),
        pain.block_reason(summary.situation.pain_answers) is not None,
    )
    return {
        "summary": summary,
        "next": next_action(summary),
        "weekly_minutes": weekly_minutes(summary),
        "ask_pain_again": pain.is_follow_up_due(summary.situation.pain_answers, summary.now) or stopped,
        "is_stopped_by_pain": stopped,
        "last_pain": summary.situation.pain_answers[0][1] if summary.situation.pain_answers else None,
        "advice": pain.advice(reported_pain).sentence
        if reported_pain is not None and 0 <= reported_pain <= pain.MAX_PAIN
        else None,
    }


def _note(now: Snapshot, person: Person | None) -> str | None:
    """The board's note, unless it is a decision about another person."""
    is_decision = now.decision is not None and now.note == now.decision.note
    return None if is_decision and now.decided_for != _id(person) else now.note


def _resume_label(site: Site, person: Person | None, now: Snapshot) -> str | None:
    """The label that resumes today's unfinished routine; after a power cut only the store still knows it."""
    if now.rest is not None and now.rest.person_id == (person.id if person else None):
        return resume_label(now.rest)
    left = site.store.unfinished_run(_id(person)) if now.activity == "idle" else None
    if left is None or datetime.now(UTC) - left.saved_at > ASK_WINDOW:
        return None
    return f"Resume {left.title or 'the routine'}"


def _test_to_ask_about(test: Test | None) -> Test | None:
    """The latest test, if it is less than a day old and its felt place or pain is still unanswered."""
    if test is None or test.imported or datetime.now(UTC) - test.started_at > ASK_WINDOW:
        return None
    answers = test.circumstances
    return test if answers.felt_places is None or answers.pain is None else None


def _calibration_hint(now: Snapshot) -> str | None:
    """What the distance sensor needs, in a sentence, or `None`."""
    if now.calibration == "as built":
        return "The distance sensor is not calibrated yet. It takes three minutes with blocks."
    if now.calibration == "doubted":
        return "The distance sensor failed its last check: results are uncertain until it is recalibrated."
    return now.check_due


def _id(person: Person | None) -> str | None:
    return None if person is None else person.id


def _shown_tests(site: Site, history: History | None) -> dict[str, Test]:
    """The last test with a result of each side, and the last one of all, by their ids."""
    if history is None or not history.scores:
        return {}
    last = [seen[-1].test_id for side in Side if (seen := history.rows(side))]
    return site.store.tests_with({*last, history.scores[-1].test_id})


def _distance_mm(test: Test, side: Side) -> float | None:
    return test.left_mm if side is Side.LEFT else test.right_mm


def _side(side: Side, test: Test | None, breakdown: Mapping[str, list[ResultBreakdown]]) -> SideResult:
    if test is None:
        return SideResult(side, SIDE_SYMBOLS[side], None, None, False, None, None)
    uncertainty = test.left_uncertainty_mm if side is Side.LEFT else test.right_uncertainty_mm
    below = any(trial.below_range for trial in test.trials if trial.side is side)
    of_side = next((one for one in breakdown[test.id] if one.row.side is side), None)
    return SideResult(side, SIDE_SYMBOLS[side], _distance_mm(test, side), uncertainty, below, test, of_side)


def results_sentence(history: History, settings: Settings) -> str:
    """What the latest results mean: the starting point, or how far each side is from the goal."""
    latest = {side: rows[-1] for side in Side if (rows := history.rows(side))}
    if not latest:
        return "No test yet. The first one takes about six minutes, including practice."
    last = max(row.at for row in latest.values())
    if len(history.tests) == 1:
        return f"This is your starting point, from {date_text(last)}."
    goals = ", ".join(_goal_text(side, row.mm, settings) for side, row in latest.items())
    return f"Last test on {date_text(last)}. Goal {units.length_text(settings.goal_mm, settings.units)}: {goals}."


def _goal_text(side: Side, mm: float, settings: Settings) -> str:
    to_go = settings.goal_mm - mm
    return f"{side} reached" if to_go <= 0 else f"{side} {units.length_text(to_go, settings.units)} to go"
