"""The bring-up on a page: every part of the board is tried, with the person beside it, before anything else works."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import hardware
from station.app.bring_up_desk import OCCUPIED
from station.app.bring_up_records import SKIP, BringUpView
from web.context import Site, wait_until_saved
from web.pages.first_start import settled, steps_left

PICTURES = Path(hardware.__file__).parent / "pictures"


def blueprint(site: Site) -> Blueprint:
    """`/bring-up` with its writes, and the pictures of the places that it names."""
    pages = Blueprint("bring_up", __name__)

    def page(trouble: str = "", status: int = 200) -> tuple[str, int]:
        view = site.api.snapshot().bring_up
        is_going = view is not None and not view.is_over
        return render_template(
            "bring_up.html",
            view=view,
            is_going=is_going,
            refreshes=view is not None and is_going and view.question is None,
            skip=SKIP,
            pictures=_pictures(view),
            trouble=trouble,
            says_empty=trouble == OCCUPIED,
            has_first_start=bool(steps_left(site)),
            is_left="board" not in settled(site),
        ), status

    @pages.get("/bring-up")
    def bring_up() -> tuple[str, int]:
        return page()

    @pages.post("/bring-up")
    def begin() -> AnyResponse | tuple[str, int]:
        asks, is_empty = request.form.get("questions") != "no", "empty" in request.form
        try:
            wait_until_saved(site.api.start_bring_up(asks=asks, is_empty=is_empty))
        except ValueError as error:
            return page(str(error), 409)
        return redirect(url_for("bring_up.bring_up"), 303)

    @pages.post("/bring-up/answer")
    def answer() -> AnyResponse | tuple[str, int]:
        number, word = request.form.get("number", type=int), request.form.get("answer") or request.form.get("volts", "")
        view, board = site.api.snapshot().bring_up, site.api.board
        question = None if view is None else view.question
        try:
            wait_until_saved(site.api.answer_bring_up(-1 if number is None else number, word))
            if board is not None and question is not None and question.then and word != SKIP:
                board.act("press", question.part)  # a simulated board has no other hands
        except ValueError as error:
            return page(str(error), 400)
        return redirect(url_for("bring_up.bring_up"), 303)

    @pages.post("/bring-up/stop")
    def stop() -> AnyResponse:
        wait_until_saved(site.api.stop_bring_up())
        return redirect(url_for("bring_up.bring_up"), 303)

    @pages.get("/bring-up/picture/<key>.svg")
    def picture(key: str) -> Response:
        """A picture of the build guide."""
        file = PICTURES / f"{key}.svg"
        if file not in PICTURES.glob("*.svg"):
            abort(404)
        return Response(file.read_bytes(), mimetype="image/svg+xml")

    return pages


def _pictures(view: BringUpView | None) -> list[str]:
    """The pictures to show, without their ending, as far as this installation has them."""
    if view is None:
        return []
    named = [name for result in view.results for name in result.pictures]
    asked = [] if view.question is None else [view.question.picture]
    return [
        name.removesuffix(".svg") for name in dict.fromkeys([*asked, *named]) if name and (PICTURES / name).exists()
    ]
