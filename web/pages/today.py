"""The Today page: what to do now, each side's latest result, this week's stretching and open questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flask import Blueprint, g, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from station import units
from station.advice import pain
from station.advice.plan import BASELINE_DAYS, WEEKLY_GOAL_MINUTES
from station.app.access.roles import Role
from station.app.results.progress import History, ResultRow, goals_text, history_of
from station.app.snapshot import Snapshot
from station.core.events import MAX_PAIN, Side
from station.profile import PersonSettings
from station.store.records import Person, Test
from station.units import SIDE_SYMBOLS, date_text
from web.access.pin import DIGITS
from web.access.rules import DEMO_DEVICE, DEMO_SENTENCE, PAIR_ADDRESS
from web.charts.glance import ring_svg, sparkline_svg
from web.context import Site
from web.live.sentences import FELT_PLACES
from web.pages.circumstances import UNKNOWN, CircumstanceQuestion, unasked
from web.pages.consents import unconfirmed_consents
from web.pages.feedback import claim_context
from web.pages.first_start import steps_left
from web.pages.next_action import (
    next_action,
    resume_text,
    test_minutes,
    this_week,
    today_summary,
    unfinished_sentence,
    weekly_minutes,
)
from web.pages.why import why_context

ASK_WINDOW = timedelta(hours=24)
"""How long after a test Today asks where the limit was felt; later, people no longer remember."""
SPARKLINE_RESULTS = 12


class SideResult(NamedTuple):
    """What one side's card shows; `row` and `test` are `None` while there is no result."""

    side: Side
    shape: str
    row: ResultRow | None
    test: Test | None
    sparkline: Markup


def blueprint(site: Site) -> Blueprint:
    """`/`."""
    pages = Blueprint("today", __name__)

    @pages.get("/")
    def today() -> Response | str:
        visitor = site.visitor()
        if visitor.device is None and not site.store.has_owner() and "unpaired_reason" not in g:
            return redirect(url_for("first_start.first_start"), 303)
        if visitor.device is None:
            return render_template("pair_first.html", pair_address=PAIR_ADDRESS)
        if visitor.device.is_shared and visitor.person_id is None:
            return render_template("choose_by_pin.html", error="", digits=DIGITS)
        person, settings, now = site.person(), site.settings(), site.snapshot()
        people, resumes = site.people(), resume_text(site, _id(person))
        unsettled = {one.key: one.title for one in steps_left(site)} if visitor.is_at_least(Role.OWNER) else {}
        since = visitor.seen.nobody_since if visitor.role is Role.GUEST else None
        about = _person_context(site, person, resumes)
        sides = about["summary"].situation.sides if about else tuple(Side)
        history = history_of(site.store, _id(person), settings.goals, datetime.now(UTC), since=since, sides=sides)
        tests = _shown_tests(site, history)
        last_test = tests.get(history.scores[-1].test_id) if history.scores else None
        test_to_ask_about = last_test if _is_recent(last_test) else None
        ask_once: list[CircumstanceQuestion] = []
        if test_to_ask_about is not None and _is_answered(test_to_ask_about):
            ask_once = unasked(site, _id(person), [test_to_ask_about])
            test_to_ask_about = test_to_ask_about if ask_once else None
        return render_template(
            "today.html",
            person=person,
            units=settings.units,
            sides=[_side(side, history.rows(side), tests) for side in history.sides],
            first_minutes=test_minutes(history.sides, full=True),
            sentence=results_sentence(history, settings),
            calibration_hint=None if "calibration" in unsettled else _calibration_hint(now),
            setting_up=unsettled.values(),
            resume_label=resumes,
            note=_note(now, person),
            test_to_ask_about=test_to_ask_about,
            ask_once=ask_once,
            unknown=UNKNOWN,
            felt_places=FELT_PLACES,
            most_pain=MAX_PAIN,
            people=people,
            unconfirmed=unconfirmed_consents(site) if _id(person) == visitor.person_id else [],
            demo=DEMO_SENTENCE if visitor.device.name == DEMO_DEVICE else "",
            shared_until=visitor.device.person_until,
            **claim_context(site, settings.units),
            **about,
        )

    return pages


def _person_context(site: Site, person: Person | None, resumes: str | None) -> dict[str, Any]:
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
        "next": next_action(summary, unfinished=unfinished_sentence(site, person.id, resumes)),
        **why_context(summary),
        "week": this_week(summary),
        "goal_minutes": WEEKLY_GOAL_MINUTES,
        "baseline_days": BASELINE_DAYS,
        "quick_minutes": test_minutes(summary.situation.sides, full=False),
        "rings": [
            (side, shape, text, ring_svg(side, minutes / WEEKLY_GOAL_MINUTES))
            for side, shape, minutes, text in weekly_minutes(summary)
        ],
        "ask_pain_again": pain.is_follow_up_due(summary.situation.pain_answers, summary.now) or stopped,
        "is_stopped_by_pain": stopped,
        "last_pain": summary.situation.pain_answers[0][1] if summary.situation.pain_answers else None,
        "advice": pain.advice(reported_pain).sentence
        if reported_pain is not None and 0 <= reported_pain <= MAX_PAIN
        else None,
    }


def _note(now: Snapshot, person: Person | None) -> str | None:
    """The board's note, unless it is a decision about another person, or one that asks for the health questions."""
    if now.decision is None or not now.is_note_a_decision:
        return now.note
    return None if now.decided_for != _id(person) or now.decision.needs_health_questions else now.note


def _is_recent(test: Test | None) -> bool:
    """Whether the latest test is the board's own and less than a day old."""
    return test is not None and not test.imported and datetime.now(UTC) - test.started_at <= ASK_WINDOW


def _is_answered(test: Test) -> bool:
    """Whether the felt place and the pain are answered."""
    return test.answers.felt_places is not None and test.answers.pain is not None


def _calibration_hint(now: Snapshot) -> str | None:
    """What the distance sensor needs, in a sentence; `None` for nothing."""
    if now.calibration == "as built":
        return "The distance sensor is not calibrated yet. It takes three to four minutes with blocks."
    if now.calibration == "suspect":
        return "The distance sensor failed its last check: results are uncertain until it is recalibrated."
    return now.check_due


def _id(person: Person | None) -> str | None:
    return None if person is None else person.id


def _shown_tests(site: Site, history: History) -> dict[str, Test]:
    """The last test with a result for each side, and the last of all, by id."""
    if not history.scores:
        return {}
    last = [seen[-1].test_id for side in history.sides if (seen := history.rows(side))]
    return site.store.tests_with({*last, history.scores[-1].test_id})


def _side(side: Side, rows: Sequence[ResultRow], tests: Mapping[str, Test]) -> SideResult:
    row = rows[-1] if rows else None
    test = None if row is None else tests.get(row.test_id)
    line = sparkline_svg(side, [one.mm for one in rows[-SPARKLINE_RESULTS:]])
    return SideResult(side, SIDE_SYMBOLS[side], row, test, line)


def results_sentence(history: History, settings: PersonSettings) -> str:
    """What the latest results mean: practice, or how far each side is from the goal."""
    latest = {side: rows[-1] for side in history.sides if (rows := history.rows(side))}
    if not latest:
        return f"No test yet. The first one takes about {test_minutes(history.sides, full=True)} minutes."
    last = max(row.at for row in latest.values())
    if all(row.is_practice for row in latest.values()):
        return f"The test of {date_text(last)} is practice: most people reach farther once they know the movement."
    goals = ", ".join(_goal_text(history, row, settings) for row in latest.values())
    return f"Goal {goals_text(settings.goals, history.sides, settings.units)}: {goals}."


def _goal_text(history: History, row: ResultRow, settings: PersonSettings) -> str:
    """How far a side is from the goal. Only several tests show that it is reached; one test beyond it is called just
    that.
    """
    progress = history.side_progress(row.side)
    if row.mm <= 0:
        return f"{row.side} not at the wall yet"
    if progress is not None and progress.forecast.reached:
        return f"{row.side} reached"
    to_go = settings.goals.of(row.side) - row.mm
    if to_go <= 0:
        return f"{row.side} there in the last test"
    return f"{row.side} {units.length_text(to_go, settings.units)} to go"
