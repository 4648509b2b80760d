"""The list of sessions, and one session in chronological order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple

from flask import Blueprint, abort, render_template, request
from msgspec.structs import replace

from station.app.results.damage import damage_sentence
from station.app.results.progress import breakdown_of, history_of
from station.app.running.end_reasons import STATION_STOPPED
from station.catalogue.read import exercises
from station.catalogue.records import Group
from station.core.events import BOTH_LEGS, MAX_PAIN, Legs, Side
from station.core.measurement.uncertainty import COVERAGE
from station.core.progress.records import Circumstances, Goals
from station.store.reading.people import swapped_at
from station.store.records import (
    Answer,
    Hold,
    HoldTotal,
    Person,
    RepSet,
    RepTotal,
    Session,
    SessionDetail,
    SessionSummary,
    SideSwap,
    Test,
)
from station.units import (
    SIDE_SYMBOLS,
    count_text,
    date_text,
    duration_text,
    length_text,
    length_with_uncertainty,
    result_text,
    utc_time,
)
from web.context import NO_SUCH_PERSON, Site
from web.exercise_text import capitalize_first
from web.live.sentences import FELT_PLACES
from web.pages.circumstances import UNKNOWN, questions_about, unasked
from web.pages.timeline import STATES, answer_texts, timeline

SESSIONS_PER_PAGE = 30
EVERYONE = "everyone"

SHAPES = {str(side): shape for side, shape in SIDE_SYMBOLS.items()}


class SessionCard(NamedTuple):
    """A session in the list: what was done, its results by side, and in `about` what was credited and answered."""

    session: Session
    what: str
    results: list[tuple[Side, str]]
    about: list[str]
    is_test: bool


def blueprint(site: Site) -> Blueprint:
    """`/history` and `/sessions/<id>`."""
    pages = Blueprint("history", __name__)

    @pages.get("/history")
    def history() -> str:
        person = _requested_person(site)
        found = site.store.session_summaries(
            person.id if person else None,
            limit=SESSIONS_PER_PAGE + 1,
            before=_requested_before(),
            seen=site.visitor().seen,
        )
        shown, units = found[:SESSIONS_PER_PAGE], site.settings().units
        return render_template(
            "history.html",
            person=person,
            people=site.people(),
            days=[(day, list(cards)) for day, cards in groupby((_card(one, units) for one in shown), key=_day)],
            shapes=SHAPES,
            active_session_id=site.snapshot().session_id,
            damage=damage_sentence(site.store.damaged),
            older=shown[-1].session.started_at.isoformat() if len(found) > SESSIONS_PER_PAGE else None,
        )

    @pages.get("/sessions/<session_id>")
    def session(session_id: str) -> str:
        from web.charts.trace import trace_chart

        detail = site.session(session_id)
        settings = site.settings_of(detail.session.person_id)
        units = settings.units
        own_tests = [test for test in detail.tests if not test.imported]
        known = _circumstances(site, detail, settings.goals)
        traces = site.store.traces(detail.run_ids)
        swaps = site.store.side_swaps(session_id)
        recorded = _as_recorded(detail, swaps)
        charts = [(run, made) for run in detail.run_ids if (made := trace_chart(recorded, run, traces.get(run), units))]
        answers = _answers(site, detail.session)
        names = {key: one.name for key, one in exercises().items()}
        return render_template(
            "session.html",
            detail=detail,
            session=detail.session,
            headline=headline(detail, units),
            entries=timeline(detail, answers, names, units, known),
            charts=charts,
            breakdowns=breakdown_of(site.store, detail.tests),
            coverage=COVERAGE,
            station_stopped=STATION_STOPPED,
            is_active=session_id == site.snapshot().session_id,
            units=units,
            shapes=SHAPES,
            people=site.people(),
            person=site.person(),
            felt_places=FELT_PLACES,
            most_pain=MAX_PAIN,
            ask_once=unasked(site, detail.session.person_id, own_tests),
            unknown=UNKNOWN,
            circumstance_questions={
                test.id: questions_about(test, known[test.id]) for test in own_tests if test.id in known
            },
            names=names,
            felt_answers=_felt_answers(detail, answers),
            just_answered=request.args.get("felt"),
            **_corrections(detail, swaps),
        )

    return pages


def _as_recorded(detail: SessionDetail, swaps: Sequence[SideSwap]) -> SessionDetail:
    """The session with its attempts on the sides of the trace, which exchanging sides leaves unchanged."""
    is_all = swapped_at(swaps, None) is not None
    tests = tuple(
        replace(test, attempts=tuple(replace(one, side=one.side.other) for one in test.attempts))
        if (swapped_at(swaps, test.id) is not None) is not is_all
        else test
        for test in detail.tests
    )
    return replace(detail, tests=tests)


def _corrections(detail: SessionDetail, swaps: Sequence[SideSwap]) -> dict[str, Any]:
    """What can be corrected in a session, and what was: exchanged sides."""
    of_what = (None, *(test.id for test in detail.tests))
    in_force = [(test_id, at) for test_id in of_what if (at := swapped_at(swaps, test_id)) is not None]
    return {
        "swaps": [(at, test_id is not None) for test_id, at in in_force],
        "is_swapped": any(test_id is None for test_id, _ in in_force),
        "swapped_tests": {test_id for test_id, _ in in_force},
        "has_sides": bool(detail.tests or detail.holds or detail.rep_sets),
    }


def _circumstances(site: Site, detail: SessionDetail, goals: Goals) -> dict[str, Circumstances]:
    """The circumstances of each test with a result."""
    if not detail.tests:
        return {}
    recorded = history_of(site.store, detail.session.person_id, goals, datetime.now(UTC)).recorded
    rows = (row for both in recorded.tests for row in both if row is not None and row.session_id == detail.session.id)
    return {row.test_id: row.circumstances for row in rows}


def _answers(site: Site, session: Session) -> list[Answer]:
    """The person's answers about this session: pain while it ran, and later whether a stretch was felt."""
    if session.person_id is None:
        return []
    pains = site.store.answers(session.person_id, "pain")
    until = session.ended_at or datetime.max.replace(tzinfo=UTC)
    in_session = [one for one in pains if session.started_at <= one.answered_at <= until]
    felt = site.store.answers(session.person_id, "felt")
    return [*in_session, *(one for one in felt if one.answered_at >= session.started_at)]


def _felt_answers(detail: SessionDetail, answers: Sequence[Answer]) -> dict[str, bool | None]:
    """The stretches in a session of a known person, and whether they have since said that they felt them."""
    if detail.session.person_id is None:
        return {}
    done = dict.fromkeys(hold.exercise for hold in detail.holds if hold.exercise is not None)
    stretches = [key for key in done if key in exercises() and exercises()[key].group is Group.STRETCH]
    found: dict[str, bool | None] = dict.fromkeys(stretches)
    for one in reversed(answers):
        if one.question == "felt" and one.about in found:
            found[one.about] = one.answer is not False
    return found


def _requested_before() -> datetime | None:
    given = request.args.get("before")
    if not given:
        return None
    before = utc_time(given)
    if before is None:
        abort(400, "“before” must be a time with its time zone, such as 2026-11-23T21:16:00+00:00.")
    return before


def _requested_person(site: Site) -> Person | None:
    """Whose sessions to show: the requested person's, or this browser's; `None` for everyone's."""
    asked = request.args.get("person")
    if asked is None:
        return site.person()
    if asked == EVERYONE:
        return None
    found = next((one for one in site.everybody() if one.id == asked), None)
    if found is None:
        abort(404, NO_SUCH_PERSON)
    return found


def _day(card: SessionCard) -> str:
    return date_text(card.session.started_at)


def _card(one: SessionSummary, units: str) -> SessionCard:
    tests = ["Full test" if test.full else "Quick test" for test in one.tests]
    done = [*dict.fromkeys(tests), *(["stretches"] if one.holds else []), *(["repetitions"] if one.rep_sets else [])]
    results = [(side, result_text(mm, units)) for side, mm, _ in _last_results(one.tests)]
    held_us = sum(hold.credited_us for hold in one.holds)
    counted = sum(reps.count for reps in one.rep_sets)
    about = [f"{duration_text(held_us)} held"] if held_us else []
    about += [count_text(counted, "repetition")] if counted else []
    answered = ", ".join(dict.fromkeys(text for test in one.tests for text in answer_texts(test)))
    about += [answered] if answered else []
    what = capitalize_first(", ".join(done)) or "Nothing completed"
    return SessionCard(one.session, what, results, about, bool(one.tests))


def headline(detail: SessionDetail, units: str) -> list[str]:
    """The outcome of a session, in parts: the last result of each side, and what was credited."""
    parts = [f"{side} {length_with_uncertainty(mm, sure, units)}" for side, mm, sure in _last_results(detail.tests)]
    is_stretch = {key for key, one in exercises().items() if one.group is Group.STRETCH} | {None}
    for what, holds in (
        ("of stretching", [one for one in detail.holds if one.exercise in is_stretch]),
        ("held", [one for one in detail.holds if one.exercise not in is_stretch]),
    ):
        credited_us = sum(one.credited_us for one in holds)
        parts += [f"{duration_text(credited_us)} {what}"] if credited_us else []
    counted = sum(one.count for one in detail.rep_sets)
    parts += [count_text(counted, "repetition")] if counted else []
    first, *others = parts or ["Nothing completed"]
    return [capitalize_first(first), *others]


def _last_results(tests: Sequence[Test]) -> list[tuple[Side, float, float | None]]:
    """The last result of each side, with its uncertainty."""
    found: dict[Side, tuple[Side, float, float | None]] = {}
    for test in tests:
        for side, mm, sure in (
            (Side.LEFT, test.left_mm, test.left_uncertainty_mm),
            (Side.RIGHT, test.right_mm, test.right_uncertainty_mm),
        ):
            if mm is not None:
                found[side] = (side, mm, sure)
    return [found[side] for side in Side if side in found]


def session_sentence(detail: SessionDetail | SessionSummary, units: str) -> str:
    """A session in one sentence: its test results and its holds.

    A test without a result is named only where no other test of the session has one.
    """
    with_result = [test for test in detail.tests if test.left_mm is not None or test.right_mm is not None]
    parts = [_test_text(test, units) for test in with_result or detail.tests[:1]]
    parts += _hold_texts(detail.holds)
    parts += _reps_texts(detail.rep_sets)
    if not parts:
        return "Stood on the board; nothing completed."
    return capitalize_first("; ".join(parts)) + "."


def _test_text(test: Test, units: str) -> str:
    sides = [
        f"{side} {length_text(mm, units)}"
        for side, mm in ((Side.LEFT, test.left_mm), (Side.RIGHT, test.right_mm))
        if mm is not None
    ]
    kind = "full test" if test.full else "test"
    state = "" if test.state == "finished" else f" ({STATES[test.state]})"
    text = f"{kind}{state} {', '.join(sides)}" if sides else f"{kind} without a result"
    return ", ".join((text, *answer_texts(test)))


def _hold_texts(holds: Sequence[Hold | HoldTotal]) -> list[str]:
    texts = []
    for verified, done in ((True, "held"), (False, "timed")):
        for legs in (*Side, BOTH_LEGS):
            lasted_us = sum(one.credited_us for one in holds if one.side is legs and one.verified is verified)
            if lasted_us:
                texts.append(f"{duration_text(lasted_us)} {done} {_legs_text(legs)}")
    return texts


def _reps_texts(reps: Sequence[RepSet | RepTotal]) -> list[str]:
    """The repetitions of all exercises together, by leg; the session's table lists each exercise."""
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
