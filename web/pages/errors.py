"""Error pages: what happened and what to do."""

from __future__ import annotations

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from station.app.api import BoardAwayError
from station.store.errors import StoreError
from web.api.problems import PREFIX, ProblemCode, http_problem, problem_response

SENTENCES = {
    400: ("This cannot be done", "The station did not understand the request."),
    404: ("Page not found", "The address may be mistyped, or the page no longer exists."),
    405: ("Not a page", "This address belongs to a button of another page: go back and press it."),
    413: ("Too large", "The page takes 64 KB at most."),
    500: ("Something broke", "The page made a mistake; the station keeps running. See the log for details."),
}


def register(app: Flask) -> None:
    """Answer every error with a page."""

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response | tuple[str, int]:
        if request.path.startswith(PREFIX):
            return http_problem(error)
        code = error.code or 500
        title, sentence = SENTENCES.get(code, (error.name, error.description or ""))
        if code == 400 and error.description != type(error).description:
            sentence = error.description or sentence
        return render_template("error.html", title=title, sentence=sentence), code

    @app.errorhandler(BoardAwayError)
    def no_board(error: BoardAwayError) -> tuple[str, int]:
        return render_template("error.html", title="The board does not respond", sentence=str(error)), 503

    @app.errorhandler(StoreError)
    def no_store(error: StoreError) -> Response | tuple[str, int]:
        if request.path.startswith(PREFIX):
            return problem_response(ProblemCode.UNAVAILABLE, str(error))
        return render_template("error.html", title="The database cannot be read", sentence=str(error)), 503
