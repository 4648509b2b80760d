"""The API's errors as `application/problem+json` (RFC 9457), in our own words: nothing that was sent is repeated."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import msgspec
from flask import Response
from werkzeug.exceptions import HTTPException

from web.api.records import Problem

PROBLEM_TYPE = "application/problem+json"
PREFIX = "/api/v1/"
"""The start of every API address."""


class ProblemCode(StrEnum):
    """What went wrong, for programs."""

    INVALID_QUERY = "invalid-query"
    INVALID_BODY = "invalid-body"
    INVALID_CURSOR = "invalid-cursor"
    UNAUTHENTICATED = "unauthenticated"
    INSUFFICIENT_SCOPE = "insufficient-scope"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    SESSION_RUNNING = "session-running"
    NOT_STARTED = "not-started"
    TOO_LARGE = "too-large"
    UNSUPPORTED_TYPE = "unsupported-type"
    RATE_LIMITED = "rate-limited"
    BROKEN = "broken"
    UNAVAILABLE = "unavailable"


class ProblemKind(NamedTuple):
    """The status and title of a problem, and its default sentence."""

    status: int
    title: str
    detail: str


KINDS = {
    ProblemCode.INVALID_QUERY: ProblemKind(400, "Invalid query", "See the fields of this address."),
    ProblemCode.INVALID_BODY: ProblemKind(400, "Invalid body", "Send a JSON object with the fields described."),
    ProblemCode.INVALID_CURSOR: ProblemKind(
        400, "Invalid cursor", "Use next_cursor of the previous page, or start without one."
    ),
    ProblemCode.UNAUTHENTICATED: ProblemKind(
        401,
        "A token is needed",
        "Send the header Authorization: Bearer and a token. A paired browser makes one on /api/tokens.",
    ),
    ProblemCode.INSUFFICIENT_SCOPE: ProblemKind(
        403, "The token may not do this", "Make a token with the scope that this address needs."
    ),
    ProblemCode.FORBIDDEN: ProblemKind(403, "Refused", "The browser, or the one that made the token, may not do this."),
    ProblemCode.NOT_FOUND: ProblemKind(
        404, "Not found", "There is nothing here that this token may see; /api/v1/openapi.json lists all addresses."
    ),
    ProblemCode.METHOD_NOT_ALLOWED: ProblemKind(
        405, "Method not allowed", "Reading takes GET, changes take POST; /api/v1/openapi.json lists all addresses."
    ),
    ProblemCode.SESSION_RUNNING: ProblemKind(
        409, "A session is running", "Send may_interrupt as true to end it; what was done is kept."
    ),
    ProblemCode.NOT_STARTED: ProblemKind(409, "Not started", "The station does not start this now."),
    ProblemCode.TOO_LARGE: ProblemKind(413, "Too large", "The station takes 64 KB at most."),
    ProblemCode.UNSUPPORTED_TYPE: ProblemKind(
        415, "Not JSON", "Send the body as JSON with the header Content-Type: application/json."
    ),
    ProblemCode.RATE_LIMITED: ProblemKind(429, "Too many requests", "Wait as many seconds as Retry-After says."),
    ProblemCode.BROKEN: ProblemKind(500, "Something broke", "The station keeps running. See its log for details."),
    ProblemCode.UNAVAILABLE: ProblemKind(503, "Not available now", "Try again in a moment."),
}
"""Every problem that the API answers with."""
CODES_BY_STATUS = {
    400: ProblemCode.INVALID_QUERY,
    401: ProblemCode.UNAUTHENTICATED,
    403: ProblemCode.FORBIDDEN,
    404: ProblemCode.NOT_FOUND,
    405: ProblemCode.METHOD_NOT_ALLOWED,
    413: ProblemCode.TOO_LARGE,
    415: ProblemCode.UNSUPPORTED_TYPE,
    503: ProblemCode.UNAVAILABLE,
}
"""The problem for a Flask error, by its status."""


REFUSED, REFUSED_TITLE = "refused", "The station does not take this request"
"""The code and title of a request that the request guard refuses, with its own status and sentence."""


class ApiError(Exception):
    """A refused request, with its problem and optionally its own sentence and headers."""

    def __init__(self, code: ProblemCode, detail: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code, self.detail, self.headers = code, detail, dict(headers or {})

    def response(self) -> Response:
        return problem_response(self.code, self.detail, self.headers)


def problem(code: ProblemCode, detail: str | None = None) -> Problem:
    """The problem with this code; `detail` replaces its sentence."""
    kind = KINDS[code]
    return Problem(type=f"/api#{code}", title=kind.title, status=kind.status, detail=detail or kind.detail, code=code)


def problem_response(
    code: ProblemCode, detail: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """The response that tells a program that its request was refused."""
    body = msgspec.json.encode(problem(code, detail))
    response = Response(body, KINDS[code].status, dict(headers or {}), content_type=PROBLEM_TYPE)
    if code is ProblemCode.UNAUTHENTICATED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def refusal_problem(status: int, sentence: str) -> Problem:
    """The problem for a request that never reached the API: from a foreign address, too large, too slow."""
    return Problem(type="/api#refused", title=REFUSED_TITLE, status=status, detail=sentence, code=REFUSED)


def http_problem(error: HTTPException) -> Response:
    """The response for an error that Flask raised, such as an unknown address."""
    status = error.code or 500
    code = CODES_BY_STATUS.get(status, ProblemCode.BROKEN if status >= 500 else ProblemCode.NOT_FOUND)
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return problem_response(code, headers=headers)
