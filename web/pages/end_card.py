"""The card at the end of a session: what was done, what it means, what is next, and whose session it was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, render_template

from station.app.results.progress import history_of
from station.store.records import Person
from web.context import Site
from web.live.phase_styles import is_active
from web.pages.feedback import claim_context
from web.pages.history import session_sentence
from web.pages.next_action import next_action, resume_text, today_summary, unfinished_sentence, weekly_minutes
from web.pages.today import results_sentence


def blueprint(site: Site) -> Blueprint:
    """`/end-card`, a part of the live page."""
    pages = Blueprint("end_card", __name__)

    @pages.get("/end-card")
    def end_card() -> str:
        return render_template("_end_card.html", return_to="live", people=site.people(), **end_card_context(site))

    return pages


def end_card_context(site: Site) -> dict[str, Any]:
    """The content of the card if the board's session has ended with results; `done` is empty otherwise."""
    now, settings = site.snapshot(), site.settings()
    detail = None if now.session_id is None or is_active(now) else site.store.session(now.session_id)
    context: dict[str, Any] = {
        "done": "",
        "done_session_id": None,
        "means": [],
        "next": None,
        **claim_context(site, settings.units),
    }
    if detail is None or not (detail.tests or detail.holds or detail.rep_sets):
        return context
    context |= {"done": session_sentence(detail, settings.units), "done_session_id": detail.session.id}
    person = next((one for one in site.people() if one.id == detail.session.person_id), None)
    if person is not None:
        context |= _for_person(site, person, is_test=bool(detail.tests))
    return context


def _for_person(site: Site, person: Person, *, is_test: bool) -> dict[str, Any]:
    settings, summary = site.settings_of(person.id), today_summary(site, person)
    history = history_of(site.store, person.id, settings.goals, datetime.now(UTC))
    means = [results_sentence(history, settings)] if is_test else []
    minutes = ", ".join(f"{side} {text}" for side, _, _, text in weekly_minutes(summary))
    means = [*means, f"Stretched this week: {minutes}."]
    unfinished = unfinished_sentence(site, person.id, resume_text(site, person.id))
    return {"means": means, "next": next_action(summary, unfinished=unfinished)}
