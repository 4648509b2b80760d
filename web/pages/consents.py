"""Who sees whose results: the consents that this browser's person gave and received."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from station.store.access_records import Consent
from web.access.presence import named
from web.context import Site, wait_until_saved

CONFIRMED = "consent"
"""The question whose answers say, by the time of a consent, that its person has confirmed it in a browser of theirs."""
NEEDS_PERSON = "Consents belong to a person: choose who you are first."
NO_ONE = "There is nobody with this name: type it as it is on their profile."


def unconfirmed_consents(site: Site) -> list[tuple[Consent, str]]:
    """The consents of this browser's person that they have not confirmed in their own browser, with the viewer's name.

    The rhythm proves that somebody is on the board, not who; so each consent is shown once to the person it names.
    """
    own = site.visitor().person_id
    if own is None or not site.visitor().has_viewers:
        return []
    given = site.store.consents(person_id=own)
    confirmed = {one.about for one in site.store.answers(own, CONFIRMED)}
    names = {one.id: one.name for one in site.store.people()}
    return [(one, names[one.viewer_id]) for one in given if one.agreed_at.isoformat() not in confirmed]


def blueprint(site: Site) -> Blueprint:
    """`/consents` and the writes below it."""
    pages = Blueprint("consents", __name__)

    def page(error: str = "", status: int = 200, name: str = "") -> tuple[str, int]:
        own = site.visitor().person_id
        names = {one.id: one.name for one in site.store.people()}
        viewers = () if own is None else site.store.consents(person_id=own)
        seen = () if own is None else site.store.consents(viewer_id=own)
        return render_template(
            "consents.html",
            own=None if own is None else names.get(own),
            viewers=[(one, names[one.viewer_id]) for one in viewers],
            seen=[(one, names[one.person_id]) for one in seen],
            saved="saved" in request.args,
            needs_person=NEEDS_PERSON,
            error=error,
            name=name,
        ), status

    def done() -> Response:
        return redirect(url_for("consents.consents", saved=""), 303)

    @pages.get("/consents")
    def consents() -> tuple[str, int]:
        return page()

    @pages.post("/consents/allow")
    def allow() -> Response | tuple[str, int]:
        """Let another person see the results of this browser's person."""
        name = request.form.get("name", "")
        own, viewer = site.visitor().person_id, named(site.store, name)
        if own is None or viewer is None or viewer.id == own:
            return page(NO_ONE, 400, name)
        wait_until_saved(site.api.agree_consent(viewer.id, own, site.device_id))
        for one, _ in unconfirmed_consents(site):
            if one.viewer_id == viewer.id:
                confirm(own, one)
        return done()

    @pages.post("/consents/confirm")
    def keep() -> Response:
        """Confirm a consent that was given on the board in the name of this browser's person."""
        own, viewer_id = site.visitor().person_id, request.form.get("person", "")
        for one, _ in unconfirmed_consents(site):
            if own is not None and one.viewer_id == viewer_id:
                confirm(own, one)
        return redirect(url_for("today.today"), 303)

    def confirm(own: str, consent: Consent) -> None:
        wait_until_saved(site.api.answer(own, CONFIRMED, True, consent.agreed_at.isoformat()))

    @pages.post("/consents/withdraw")
    def withdraw() -> Response | tuple[str, int]:
        """End a consent; either person may."""
        own, other = site.visitor().person_id, request.form.get("person", "")
        if own is None:
            return page(NEEDS_PERSON, 400)
        viewer_id, person_id = (other, own) if request.form.get("which") == "mine" else (own, other)
        wait_until_saved(site.api.withdraw_consent(viewer_id, person_id))
        return done()

    return pages
