"""The live page, a mirror of the board, and the commands that its buttons give."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from station.core.records import Side, Word
from station.routines import routine_called
from web.pages.board import controls
from web.picture import picture
from web.site import NOBODY, PERSON_COOKIE, Site

SAID = {Word.PAUSE, Word.RESUME, Word.NEXT, Word.SKIP, Word.STOP, Word.CONFIRM, Word.SIDE}
BACK = {"history": "history.history", "progress": "progress.progress"}
"""Where the choice of a person may lead back to."""
YEAR_S = 365 * 24 * 3600


def blueprint(site: Site) -> Blueprint:
    """`/live`, and the writes `/start`, `/say` and `/person`."""
    pages = Blueprint("live", __name__)

    @pages.get("/live")
    def live() -> str:
        settings = site.store.settings()
        return render_template(
            "live.html",
            now=picture(site.panel.snapshot(), settings.units),
            units=settings.units,
            people=site.store.people(),
            person=site.person(),
            board=controls(site),
        )

    @pages.post("/start")
    def start() -> Response:
        person_id = request.form.get("person") or None
        if person_id == NOBODY:
            person_id = None
        elif person_id is None:
            person = site.person()
            person_id = person.id if person else None
        elif person_id not in {person.id for person in site.store.people()}:
            abort(400, "There is no such person on this station. Choose one of the list.")
        try:
            steps = routine_called(request.form.get("routine", ""), site.store.settings(), blocks_mm=site.blocks_mm)
        except ValueError as error:
            abort(400, str(error))
        site.panel.start(steps, person_id)
        return _remember(redirect(url_for("live.live"), 303), person_id)

    @pages.post("/say")
    def say() -> Response:
        word, side = request.form.get("word", ""), request.form.get("side")
        if word not in SAID:
            abort(400, f"The station does not know the word {word[:20]!r}.")
        if (side is None) is (word == Word.SIDE) or (side is not None and side not in list(Side)):
            abort(400, "A side is left or right, and goes with the word side only.")
        site.panel.command(Word(word), Side(side) if side else None)
        return redirect(url_for("live.live"), 303)

    @pages.post("/person")
    def person() -> Response:
        chosen = request.form.get("person", NOBODY)
        if chosen != NOBODY and chosen not in {person.id for person in site.store.people()}:
            abort(400, "There is no such person on this station. Choose one of the list.")
        where = BACK.get(request.form.get("back", ""), "today.today")
        return _remember(redirect(url_for(where), 303), None if chosen == NOBODY else chosen)

    return pages


def _remember(response: Response, person_id: str | None) -> Response:
    response.set_cookie(PERSON_COOKIE, person_id or NOBODY, max_age=YEAR_S, httponly=True, samesite="Strict")
    return response
