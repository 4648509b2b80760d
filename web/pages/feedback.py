"""Feedback after a session: whose it was, where the limit was felt, how much it hurt, whether a stretch was felt."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from station.catalogue.read import exercises
from station.core.events import FELT_PLACE_ANSWERS, PAIN_ANSWERS, PAIN_OUT_OF_RANGE
from station.units import utc_time
from web.context import (
    DECLINED_COOKIE,
    NO_SUCH_PERSON,
    NOBODY,
    PERSON_COOKIE,
    Site,
    redirect_to,
    remember_person,
    return_address,
    wait_until_saved,
)
from web.pages.history import session_sentence
from web.served import set_cookie

RETURN_ENDPOINTS = {"today": "today.today", "live": "live.live", "inbox": "inbox.inbox"}
"""The pages that ask whose a session was."""
YES, NO = "yes", "no"


def claim_context(site: Site, units: str) -> dict[str, Any]:
    """The session to ask about and the one just claimed (`None` if there is none), and what was done in each."""
    unclaimed = site.unclaimed_session()
    return {
        **just_claimed(site, units),
        "unclaimed": unclaimed,
        "unclaimed_count": site.store.unclaimed_count(),
        "unclaimed_text": "" if unclaimed is None else session_sentence(unclaimed, units),
    }


def just_claimed(site: Site, units: str) -> dict[str, Any]:
    """The session just claimed, named in the page's address so that it can be undone, if this visitor may see it."""
    session_id = request.args.get("claimed")
    found = None if session_id is None else site.store.session(session_id)
    person_id = None if found is None else found.session.person_id
    if found is None or person_id is None or not site.visitor().sees(person_id):
        return {"claimed": None, "claimed_text": ""}
    return {"claimed": found, "claimed_text": session_sentence(found, units)}


def blueprint(site: Site) -> Blueprint:
    """The writes `/sessions/<id>/claim`, `/tests/<id>/answer`, `/felt`, `/dismiss-missed` and `/baseline`."""
    pages = Blueprint("feedback", __name__)

    @pages.post("/sessions/<session_id>/claim")
    def claim(session_id: str) -> Response:
        found = site.session(session_id)
        back = RETURN_ENDPOINTS.get(request.form.get("return_to", ""))
        of_session = url_for("history.session", session_id=session_id)
        person_id = request.form.get("person", "")
        if person_id == NOBODY:
            response = redirect_to(of_session if back is None else url_for(back))
            set_cookie(response, DECLINED_COOKIE, session_id)
            return response
        if "known" in request.form:
            wanted = " ".join(request.form["known"].split()).casefold()
            person_id = next((one.id for one in site.people() if one.name.casefold() == wanted), "")
        if found.session.person_id is None and "name" in request.form:
            try:
                person_id = wait_until_saved(site.api.add_person(request.form["name"], device_id=site.device_id))
            except ValueError as error:
                abort(400, str(error))
            site.forget_visitor()
        if person_id not in {one.id for one in site.people()}:
            abort(400, NO_SUCH_PERSON)
        if found.session.person_id not in (None, person_id):
            abort(400, f"This session already belongs to {found.session.person_name}.")
        has_person = request.cookies.get(PERSON_COOKIE, NOBODY) != NOBODY
        wait_until_saved(site.api.claim_session(session_id, person_id))
        response = redirect_to(of_session if back is None else url_for(back, claimed=session_id))
        return response if has_person else remember_person(response, person_id)

    @pages.post("/tests/<test_id>/answer")
    def answer_test(test_id: str) -> Response:
        test = site.test(test_id)
        felt, pain = request.form.getlist("felt") or None, request.form.get("pain") or None
        if (felt is None) is (pain is None) or not set(felt or ()) <= set(FELT_PLACE_ANSWERS):
            abort(400, f"Send either felt ({', '.join(FELT_PLACE_ANSWERS)}) or pain (a number).")
        if pain is not None and pain not in PAIN_ANSWERS:
            abort(400, PAIN_OUT_OF_RANGE)
        try:
            wait_until_saved(site.api.answer_test(test_id, felt=felt, pain=None if pain is None else int(pain)))
        except ValueError as error:
            abort(400, str(error))
        return redirect(return_address(test.session_id, f"test-{test_id}"), 303)

    @pages.post("/felt")
    def answer_felt() -> Response:
        session_id, key, felt = (request.form.get(name, "") for name in ("session", "exercise", "felt"))
        found = site.session(session_id)
        if key not in exercises() or felt not in (YES, NO):
            abort(400, "Choose an exercise of this session and answer yes or no.")
        if found.session.person_id is None:
            abort(400, "First choose whose session this is.")
        wait_until_saved(site.api.answer(found.session.person_id, "felt", felt == YES, key))
        return redirect(return_address(session_id, "felt", felt=key), 303)

    @pages.post("/dismiss-missed")
    def dismiss_missed() -> Response:
        """Record that the missed routine was offered and declined."""
        person = site.person()
        if person is None:
            abort(400, "Choose who you are first.")
        occurrence = utc_time(request.form.get("occurrence", ""))
        if occurrence is None:
            abort(400, "Open Today and press the button there: this time is not in your plan.")
        wait_until_saved(site.api.answer(person.id, "offered", False, occurrence.isoformat()))
        return redirect(url_for("today.today"), 303)

    @pages.post("/baseline")
    def answer_baseline() -> Response:
        """Begin, decline or leave a baseline."""
        person, answer = site.person(), request.form.get("answer")
        if person is None or answer not in (YES, NO):
            abort(400, "Choose who you are, and answer yes or no.")
        wait_until_saved(site.api.answer(person.id, "baseline", answer == YES))
        return redirect(url_for("today.today"), 303)

    return pages
