"""The circumstances of tests that only the person knows: answered once for all later tests, or about one test."""

from __future__ import annotations

from collections.abc import Collection

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from station.core.events import BACK_FOOT_PLACES
from station.store.records import Person, Test
from station.store.training_read import USUAL_CIRCUMSTANCES
from web.context import Site, return_address, wait_until_saved

YES, NO = "yes", "no"
UNKNOWN, UNANSWERED = "unknown", "unanswered"
"""What a form sends for a circumstance that is not known or varies, and for a question still unanswered."""
CIRCUMSTANCE_NAMES = {
    "shod": {NO: "Barefoot", YES: "With shoes"},
    "back_foot": {"heel up": "Behind me, heel up", "flat": "Behind me, flat", "off": "Off the floor"},
    "warmed_up": {YES: "Yes", NO: "No"},
}
"""The circumstances that a person may answer, and the labels of their answers."""


def unasked(site: Site, person_id: str | None, tests: Collection[Test]) -> list[str]:
    """What one of these tests lacks of the usual circumstances, as far as its person was never asked."""
    missing = [name for name in USUAL_CIRCUMSTANCES if any(getattr(test.circumstances, name) is None for test in tests)]
    if person_id is None or not missing:
        return []
    answered = site.store.usual_circumstances(person_id)
    return [name for name in missing if name not in answered]


def form_value(value: object) -> str:
    """The value of a form for a circumstance."""
    return UNKNOWN if value is None else value if isinstance(value, str) else YES if value else NO


def usual_form(site: Site, person: Person | None) -> dict[str, str]:
    """The values of the form of how a person usually tests, by question; empty without a person."""
    if person is None:
        return {}
    usual = site.store.usual_circumstances(person.id)
    return {name: form_value(usual[name]) if name in usual else UNANSWERED for name in USUAL_CIRCUMSTANCES}


def blueprint(site: Site) -> Blueprint:
    """The writes `/tests/<id>/circumstances` and `/usual-circumstances`."""
    pages = Blueprint("circumstances", __name__)

    @pages.post("/tests/<test_id>/circumstances")
    def describe_test(test_id: str) -> Response:
        """Store what the form says about one test; `usual` in it makes this the answer for later tests too."""
        test = site.store.test(test_id)
        if test is None or test.imported:
            abort(404)
        given = {name: _value(name, request.form[name]) for name in CIRCUMSTANCE_NAMES if name in request.form}
        if not given:
            abort(400, f"Send {', '.join(CIRCUMSTANCE_NAMES)} or some of them.")
        known = {name: given.get(name, getattr(test.circumstances, name)) for name in CIRCUMSTANCE_NAMES}
        wait_until_saved(site.api.describe_test(test_id, **known))
        if "usual" in request.form and test.person_id is not None:
            for name in USUAL_CIRCUMSTANCES:
                if name in given:
                    wait_until_saved(site.api.answer(test.person_id, name, given[name]))
        return redirect(return_address(test.session_id, f"test-{test_id}"), 303)

    @pages.post("/usual-circumstances")
    def answer_usual() -> Response:
        """Store how this browser's person usually tests, where the form changes it."""
        person = site.person()
        if person is None:
            abort(400, "Choose who you are first.")
        before = usual_form(site, person)
        for name in USUAL_CIRCUMSTANCES:
            text = request.form.get(name, before[name])
            if text != before[name]:
                wait_until_saved(site.api.answer(person.id, name, _value(name, text)))
        return redirect(url_for("people.people", saved=""), 303)

    return pages


def _value(name: str, text: str) -> bool | str | None:
    """A circumstance from its form. Aborts with 400 if it has no such value."""
    if text == UNKNOWN:
        return None
    if text not in CIRCUMSTANCE_NAMES[name]:
        abort(400, f"The circumstance {name} is one of {', '.join((*CIRCUMSTANCE_NAMES[name], UNKNOWN))}.")
    return text if text in BACK_FOOT_PLACES else text == YES
