"""Error pages: what happened and what to do."""

from __future__ import annotations

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from station.app.api import BoardAwayError
from station.store.errors import PermanentStoreError, StoreError
from web.api.problems import PREFIX, ProblemCode, http_problem, problem_response

REFUSED, BROKEN = 400, 500
RELOAD_S = 10
"""How often an error page reloads while it waits for room on the disk or for the board."""
SENTENCES = {
    REFUSED: ("This cannot be done", "The station did not understand the request."),
    403: ("Not with this browser", "This browser\u2019s role does not allow this."),
    404: ("Page not found", "The address may be mistyped, or the page no longer exists."),
    405: ("Not a page", "This address belongs to a button on another page: go back and press it."),
    408: ("Too slow", "The request did not arrive in time. Send it again."),
    409: ("Not now", "Something has changed in the meantime. Reload the page."),
    413: ("Too large", "The page takes 64 KB at most."),
    429: ("Too many at once", "Wait a minute, then try again."),
    BROKEN: ("Something broke", "The page failed; the station keeps running. See the log for details."),
    503: ("That did not work", "The station could not do this now. Try again in a moment."),
}
"""The heading and sentence of each status; other statuses use `REFUSED` or `BROKEN`."""


def heading_and_sentence(error: HTTPException) -> tuple[str, str]:
    """The heading for this error's status, and the sentence from the code if it gave one, else the status's."""
    code = error.code or BROKEN
    title, sentence = SENTENCES.get(code, SENTENCES[BROKEN if code >= BROKEN else REFUSED])
    own, usual = vars(error).get("description"), type(error).description
    return title, own if isinstance(own, str) and own != usual else sentence


def register(app: Flask) -> None:
    """Answer every error with a page."""

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response | tuple[str, int]:
        if request.path.startswith(PREFIX):
            return http_problem(error)
        title, sentence = heading_and_sentence(error)
        return render_template("error.html", title=title, sentence=sentence), error.code or BROKEN

    @app.errorhandler(StoreError)
    def no_store(error: StoreError) -> Response | tuple[str, int]:
        if request.path.startswith(PREFIX):
            return problem_response(ProblemCode.UNAVAILABLE, str(error))
        is_away = isinstance(error, BoardAwayError)
        title = "The board does not respond" if is_away else "The database cannot be read"
        waits = request.method == "GET" and not isinstance(error, PermanentStoreError)
        reload_s = RELOAD_S if waits else None
        return render_template("error.html", title=title, sentence=str(error), reload_s=reload_s), 503
