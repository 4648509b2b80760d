"""What went wrong, in words: what happened and what to do."""

from __future__ import annotations

from flask import Flask, render_template
from werkzeug.exceptions import HTTPException

from station.store.errors import StoreError

SENTENCES = {
    400: ("This cannot be done", "The station did not understand the request."),
    404: ("There is no such page", "The address may be mistyped, or what was here is gone."),
    405: ("There is nothing to see here", "This address belongs to a button of another page: go back and press it."),
    413: ("Too large", "The page takes 64 KB at most."),
    500: ("Something broke", "The page made a mistake; the station itself goes on. The log says more."),
}


def register(app: Flask) -> None:
    """Answer every refusal with a page."""

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> tuple[str, int]:
        code = error.code or 500
        title, sentence = SENTENCES.get(code, (error.name, error.description or ""))
        if code == 400 and error.description != type(error).description:
            sentence = error.description or sentence
        return render_template("error.html", title=title, sentence=sentence), code

    @app.errorhandler(StoreError)
    def no_store(error: StoreError) -> tuple[str, int]:
        return render_template("error.html", title="The history cannot be read", sentence=str(error)), 503
