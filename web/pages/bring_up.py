"""The bring-up page: every part of the board is tried with the person beside it, before anything else works.

While the station has no owner, anyone on the network may begin it; it then belongs to the browser that began it.
"""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import hardware
from station.app.access.roles import Role, hash_of
from station.app.board.bring_up_desk import OCCUPIED
from station.app.board.bring_up_records import SKIP, BringUpView
from web.access.presence import new_key
from web.context import Site, wait_until_saved
from web.pages.first_start import settled, steps_left
from web.served import set_cookie

CHECK_COOKIE = "board_check"
"""The key of the bring-up that this browser has begun."""
OF_ANOTHER = "Another browser started this check: answer and stop it there."
PICTURES = Path(hardware.__file__).parent / "pictures"


def blueprint(site: Site) -> Blueprint:
    """`/bring-up` with its writes, and the pictures of the parts it asks about."""
    pages = Blueprint("bring_up", __name__)
    begun: list[str] = []
    """The key hash of the browser that began the newest bring-up; empty after the page starts."""

    def is_own() -> bool:
        may_all = site.visitor().is_at_least(Role.OWNER)
        return may_all or not begun or begun[-1] == hash_of(request.cookies.get(CHECK_COOKIE, ""))

    def page(error: str = "", status: int = 200) -> tuple[str, int]:
        view = site.api.snapshot().bring_up
        is_going = view is not None and not view.is_over
        return render_template(
            "bring_up.html",
            view=view,
            is_going=is_going,
            of_another="" if is_own() else OF_ANOTHER,
            refreshes=view is not None and is_going and (view.question is None or not is_own()),
            skip=SKIP,
            pictures=_pictures(view),
            error=error,
            says_empty=error == OCCUPIED,
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
        response = redirect(url_for("bring_up.bring_up"), 303)
        key, key_hash = new_key()
        begun[:] = [key_hash]
        set_cookie(response, CHECK_COOKIE, key)
        return response

    @pages.post("/bring-up/answer")
    def answer() -> AnyResponse | tuple[str, int]:
        if not is_own():
            return page(status=403)
        number, word = request.form.get("number", type=int), request.form.get("answer") or request.form.get("volts", "")
        view, board = site.api.snapshot().bring_up, site.api.board
        question = None if view is None else view.question
        try:
            wait_until_saved(site.api.answer_bring_up(-1 if number is None else number, word))
            if board is not None and question is not None and question.then and word != SKIP:
                board.act("press", question.part)  # nobody is at a simulated board to press it
        except ValueError as error:
            return page(str(error), 400)
        return redirect(url_for("bring_up.bring_up"), 303)

    @pages.post("/bring-up/stop")
    def stop() -> AnyResponse | tuple[str, int]:
        if not is_own():
            return page(status=403)
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
    """The names of the pictures to show, without suffix, if this installation has them."""
    if view is None:
        return []
    named = [name for result in view.results for name in result.pictures]
    asked = [] if view.question is None else [view.question.picture]
    return [
        name.removesuffix(".svg") for name in dict.fromkeys([*asked, *named]) if name and (PICTURES / name).exists()
    ]
