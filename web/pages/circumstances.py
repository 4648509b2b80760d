"""Circumstances of tests that only the person knows: answered once for all later tests, or for one test."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flask import Blueprint, abort, redirect, request, url_for
from msgspec import Struct
from werkzeug.wrappers import Response

from station.core.events import BACK_FOOT_PLACES
from station.core.progress.records import Circumstances
from station.store.reading.training import OWN_CIRCUMSTANCES
from station.store.records import Person, Test
from web.context import Site, return_address, wait_until_saved

YES, NO = "yes", "no"
UNKNOWN, UNANSWERED = "unknown", "unanswered"
"""The form values for a circumstance that is unknown or varies, and for a question still unanswered."""


class CircumstanceQuestion(Struct, frozen=True):
    """A question about a test that only the person can answer, with the labels of the question and its answers."""

    name: str
    label: str
    text: str
    answers: Mapping[str, str]


QUESTIONS = (
    CircumstanceQuestion("shod", "Shoes", "Barefoot, or with shoes?", {NO: "Barefoot", YES: "With shoes"}),
    CircumstanceQuestion(
        "back_foot",
        "Other foot",
        "Where is the other foot?",
        {"heel up": "Behind me, heel up", "flat": "Behind me, flat", "off": "Off the floor"},
    ),
    CircumstanceQuestion("warmed_up", "Warm-up before it", "Did you warm up?", {YES: "Yes", NO: "No"}),
)
QUESTION_BY_NAME = {question.name: question for question in QUESTIONS}


def questions_about(test: Test, known: Circumstances) -> list[tuple[CircumstanceQuestion, str]]:
    """The questions to correct how a test was done, each with its current form value.

    A warm-up with the station's own exercise is `known` without an answer.
    """
    stored = {question.name: getattr(test.circumstances, question.name) for question in QUESTIONS}
    is_warm_up_known = stored["warmed_up"] is None and known.warmed_up is not None
    return [
        (question, form_value(stored[question.name]))
        for question in QUESTIONS
        if not (question.name == "warmed_up" and is_warm_up_known)
    ]


def unasked(site: Site, person_id: str | None, tests: Collection[Test]) -> list[CircumstanceQuestion]:
    """The questions that are unknown for one of these tests and were never asked of its person."""
    missing = [name for name in OWN_CIRCUMSTANCES if any(getattr(test.circumstances, name) is None for test in tests)]
    if person_id is None or not missing:
        return []
    answered = site.store.own_circumstances(person_id)
    return [QUESTION_BY_NAME[name] for name in missing if name not in answered]


def form_value(value: object) -> str:
    """The value of a form for a circumstance."""
    return UNKNOWN if value is None else value if isinstance(value, str) else YES if value else NO


def own_form(site: Site, person: Person | None) -> list[tuple[CircumstanceQuestion, str]]:
    """The questions about how a person tests, each with its current form value; none without a person."""
    if person is None:
        return []
    own = site.store.own_circumstances(person.id)
    return [
        (QUESTION_BY_NAME[name], form_value(own[name]) if name in own else UNANSWERED) for name in OWN_CIRCUMSTANCES
    ]


def blueprint(site: Site) -> Blueprint:
    """The writes `/tests/<id>/circumstances` and `/people/<id>/circumstances`."""
    pages = Blueprint("circumstances", __name__)

    @pages.post("/tests/<test_id>/circumstances")
    def describe_test(test_id: str) -> Response:
        """Store what the form says about one test."""
        test = site.test(test_id)
        if test.imported:
            abort(404)
        given = {name: _value(name, request.form[name]) for name in QUESTION_BY_NAME if name in request.form}
        if not given:
            abort(400, f"Send {', '.join(QUESTION_BY_NAME)} or some of them.")
        known = {name: given.get(name, getattr(test.circumstances, name)) for name in QUESTION_BY_NAME}
        wait_until_saved(site.api.describe_test(test_id, **known))
        return redirect(return_address(test.session_id, f"test-{test_id}"), 303)

    @pages.post("/people/<person_id>/circumstances")
    def answer_own(person_id: str) -> Response:
        """Store how a person tests, if the form changes it."""
        person = next((one for one in site.people() if one.id == person_id), None)
        if person is None:
            abort(404)
        for question, before in own_form(site, person):
            text = request.form.get(question.name, before)
            if text != before:
                answer = _value(question.name, text)
                wait_until_saved(site.api.answer_own_circumstance(person_id, question.name, answer))
        session_id, test_id = request.form.get("session"), request.form.get("test", "")
        if session_id is None:
            return redirect(url_for("people.people", saved=""), 303)
        return redirect(return_address(session_id, f"test-{test_id}"), 303)

    return pages


def _value(name: str, text: str) -> bool | str | None:
    """A circumstance from its form value. Aborts with 400 for an invalid one."""
    if text == UNKNOWN:
        return None
    if text not in QUESTION_BY_NAME[name].answers:
        abort(400, f"The circumstance {name} is one of {', '.join((*QUESTION_BY_NAME[name].answers, UNKNOWN))}.")
    return text if text in BACK_FOOT_PLACES else text == YES
