"""History: the list of sessions, and one session with its charts and tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, abort, render_template, request

from station.advice.pain import MAX_PAIN
from station.app.progress import CONTACTS, breakdown_of
from station.catalogue.read import exercises
from station.catalogue.records import Group
from station.core.events import BOTH_LEGS, SECOND_US, Legs, Side
from station.core.measurement.uncertainty import COVERAGE
from station.store.records import Hold, HoldTotal, Person, RepSet, RepTotal, SessionDetail, SessionSummary, Test
from station.units import SIDE_SYMBOLS, duration_text, length_text
from web.charts.trace import trace_chart
from web.context import Site
from web.live.view_model import FELT_PLACES

SESSIONS_PER_PAGE = 30
EVERYONE = "everyone"

SHAPES = {str(side): shape for side, shape in SIDE_SYMBOLS.items()}
FELT_TEXTS = {
    "front": "felt in front of the ankle",
    "achilles": "felt in the Achilles tendon",
    "calf": "felt in the calf",
    "nowhere": "felt nowhere",
}
STATES = {"finished": "finished", "partial": "partial", "unfinished": "not finished"}
OUTCOMES = {"passed": "passed", "heel": "heel came up", "contact": "knee did not reach", "void": "does not count"}


def blueprint(site: Site) -> Blueprint:
    """`/history` and `/sessions/<id>`."""
    pages = Blueprint("history", __name__)

    @pages.get("/history")
    def history() -> str:
        person = _requested_person(site)
        found = site.store.session_summaries(
            person.id if person else None, limit=SESSIONS_PER_PAGE + 1, before=_requested_before()
        )
        shown, units = found[:SESSIONS_PER_PAGE], site.store.settings().units
        return render_template(
            "history.html",
            person=person,
            people=site.store.people(),
            sessions=[(one.session, session_sentence(one, units)) for one in shown],
            active_session_id=site.api.snapshot().session_id,
            older=shown[-1].session.started_at.isoformat() if len(found) > SESSIONS_PER_PAGE else None,
        )

    @pages.get("/sessions/<session_id>")
    def session(session_id: str) -> str:
        detail = site.store.session(session_id)
        if detail is None:
            abort(404)
        units = site.store.settings().units
        traces = site.store.traces(detail.run_ids)
        charts = [made for made in (trace_chart(detail, run, traces.get(run), units) for run in detail.run_ids) if made]
        return render_template(
            "session.html",
            detail=detail,
            session=detail.session,
            sentence=session_sentence(detail, units),
            charts=charts,
            breakdowns=breakdown_of(site.store, detail.tests),
            coverage=COVERAGE,
            is_active=session_id == site.api.snapshot().session_id,
            units=units,
            sides=list(Side),
            shapes=SHAPES,
            states=STATES,
            outcomes=OUTCOMES,
            contacts=CONTACTS,
            people=site.store.people(),
            person=site.person(),
            felt_places=FELT_PLACES,
            most_pain=MAX_PAIN,
            names={key: one.name for key, one in exercises().items()},
            felt_answers=_felt_answers(site, detail),
            just_answered=request.args.get("felt"),
            duration_range=_duration_range,
        )

    return pages


def _duration_range(one: RepSet) -> str:
    """The duration of a repetition, fastest to slowest; a dash if they were not recorded one by one."""
    took_s = sorted(each.took_us / SECOND_US for each in one.repetitions)
    if not took_s:
        return "\u2013"
    quick, slow = (f"{one_s:.1f}" for one_s in (took_s[0], took_s[-1]))
    return f"{quick} s" if quick == slow else f"{quick} to {slow} s"


def _felt_answers(site: Site, detail: SessionDetail) -> dict[str, bool | None]:
    """The stretches done in a session with a known person, and whether they have since reported feeling them."""
    session = detail.session
    if session.person_id is None:
        return {}
    done = dict.fromkeys(hold.exercise for hold in detail.holds if hold.exercise is not None)
    stretches = [key for key in done if key in exercises() and exercises()[key].group is Group.STRETCH]
    answers: dict[str, bool | None] = dict.fromkeys(stretches)
    for one in reversed(site.store.answers(session.person_id, "felt") if stretches else ()):
        if one.about in answers and one.answered_at >= session.started_at:
            answers[one.about] = one.answer is not False
    return answers


def _requested_before() -> datetime | None:
    given = request.args.get("before")
    if not given:
        return None
    try:
        before = datetime.fromisoformat(given)
    except ValueError:
        abort(400, "“before” must be a time such as 2026-11-23T21:16:00+00:00.")
    if before.tzinfo is None:
        abort(400, "“before” needs a time zone, for example +00:00.")
    return before


def _requested_person(site: Site) -> Person | None:
    """Whose sessions to show: those of the person asked for, or of this browser's; `None` for everyone's."""
    asked = request.args.get("person")
    if asked is None:
        return site.person()
    if asked == EVERYONE:
        return None
    found = next((one for one in site.store.people() if one.id == asked), None)
    if found is None:
        abort(404, "There is no such person on this station. Choose one from the list.")
    return found


def session_sentence(detail: SessionDetail | SessionSummary, units: str) -> str:
    """A session in one sentence: its test results and its holds."""
    parts = [_test_text(test, units) for test in detail.tests]
    parts += _hold_texts(detail.holds)
    parts += _reps_texts(detail.rep_sets)
    if not parts:
        return "Stood on the board; nothing completed."
    return _capitalize_first("; ".join(parts)) + "."


def _test_text(test: Test, units: str) -> str:
    sides = [
        f"{side} {length_text(mm, units)}"
        for side, mm in ((Side.LEFT, test.left_mm), (Side.RIGHT, test.right_mm))
        if mm is not None
    ]
    kind = "full test" if test.full else "test"
    if test.state != "finished":
        kind += f" ({STATES[test.state]})"
    text = f"{kind} {', '.join(sides)}" if sides else f"{kind} without a result"
    return ", ".join((text, *_answer_texts(test)))


def _answer_texts(test: Test) -> list[str]:
    """The person's answers about it: `felt in the calf`, `pain 2 of 10`."""
    felt, pain = test.circumstances.felt_places, test.circumstances.pain
    parts = [FELT_TEXTS.get(place, f"felt: {place}") for place in felt or ()]
    return parts if pain is None else [*parts, f"pain {pain} of {MAX_PAIN}"]


def _hold_texts(holds: Sequence[Hold | HoldTotal]) -> list[str]:
    texts = []
    for verified, done in ((True, "held"), (False, "timed")):
        for legs in (*Side, BOTH_LEGS):
            lasted_us = sum(one.credited_us for one in holds if one.side is legs and one.verified is verified)
            if lasted_us:
                texts.append(f"{duration_text(lasted_us)} {done} {_legs_text(legs)}")
    return texts


def _reps_texts(reps: Sequence[RepSet | RepTotal]) -> list[str]:
    """The repetitions of all exercises together, by legs; the session's table lists each exercise."""
    texts = []
    for verified, how in ((True, ""), (False, ", not verified")):
        for legs in (*Side, BOTH_LEGS):
            these = [one for one in reps if one.side is legs and one.verified is verified]
            if these:
                counted, asked = sum(one.count for one in these), sum(one.target_count for one in these)
                texts.append(f"{counted} of {asked} repetitions {_legs_text(legs)}{how}")
    return texts


def _legs_text(legs: Legs) -> str:
    return "with both legs" if legs is BOTH_LEGS else str(legs)


def _capitalize_first(text: str) -> str:
    return text[:1].upper() + text[1:]
