"""The API's routes: count each request, check its token, read its fields, and send the response as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from station.app.access.api_tokens import TOUCH_EVERY, Scope, TokenAccess
from station.clock import Clock
from web.api.caller import Caller
from web.api.limits import Limit, RateLimiter, address_key
from web.api.operations import OPERATIONS, Access, Operation
from web.api.problems import PREFIX, ApiError, ProblemCode
from web.api.requests import JSON_TYPE, check_no_query, read_body, read_query
from web.context import API, Site, has_token

_encoder = msgspec.json.Encoder()


def blueprint(site: Site, clock: Clock, token_limit: Limit, address_limit: Limit) -> Blueprint:
    """All of `/api/v1`."""
    tokens, addresses = RateLimiter(token_limit, clock), RateLimiter(address_limit, clock)
    routes = Blueprint(API, __name__, url_prefix=PREFIX.rstrip("/"))

    @routes.before_app_request
    def count_request() -> None:
        """Count the request against its address before anything is looked up for it."""
        if request.blueprint == API:
            _take(addresses, address_key(request.remote_addr))

    @routes.errorhandler(ApiError)
    def refused(error: ApiError) -> Response:
        return error.response()

    @routes.get("/openapi.json")
    def openapi() -> Response:
        """The OpenAPI document of this API."""
        from web.api.document import document_json

        return _with_etag(Response(document_json(), mimetype=JSON_TYPE))

    def add(operation: Operation) -> None:
        def answer(**path: str) -> Response:
            caller = caller_of(site)
            if caller.token_id is not None:
                _take(tokens, caller.token_id)
            _check_access(operation, caller)
            return _answer(site, operation, caller, path)

        routes.add_url_rule(operation.path, operation.name, answer, methods=[operation.method])

    for operation in OPERATIONS:
        add(operation)
    return routes


def caller_of(site: Site) -> Caller:
    """Who calls: the token's visitor, or for reading a paired browser.

    A cookie does not suffice for a write: another site's form would send it too. Raises `ApiError` for an unknown or
    expired token.
    """
    if not has_token():
        is_reader = request.method != "POST" and site.visitor().is_paired
        return Caller(site.visitor(), frozenset({Scope.READ_ALL}) if is_reader else frozenset())
    found = site.token_access()
    if found is None:
        raise ApiError(
            ProblemCode.UNAUTHENTICATED, "The token is unknown or no longer valid: make a new one on /api/tokens."
        )
    _touch(site, found)
    return Caller(found.visitor, frozenset(map(Scope, found.token.scopes)), found.token.id)


def _check_access(operation: Operation, caller: Caller) -> None:
    if operation.access is Access.EVERYBODY:
        return
    if not caller.scopes:
        raise ApiError(ProblemCode.UNAUTHENTICATED)
    may = caller.may_read if operation.access is Access.READ else Scope.CONTROL in caller.scopes
    if not may:
        raise ApiError(ProblemCode.INSUFFICIENT_SCOPE)


def _answer(site: Site, operation: Operation, caller: Caller, path: dict[str, str]) -> Response:
    given: dict[str, Any] = dict(path)
    if operation.query is not None:
        given["query"] = read_query(request, operation.query)
    else:
        check_no_query(request)
    if operation.body is not None:
        given["body"] = read_body(request, operation.body)
    body = _encoder.encode(operation.handle(site, caller, **given))
    response = Response(body, operation.status, mimetype=JSON_TYPE)
    return response if operation.is_live or operation.method == "POST" else _with_etag(response)


def _with_etag(response: Response) -> Response:
    """Add an ETag: a program that already has this response gets an empty 304.

    It is weak, because the response may be compressed afterwards.
    """
    response.add_etag(weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(("Authorization", "Cookie"))
    response.make_conditional(request)
    return response


def _take(limiter: RateLimiter, key: str) -> None:
    wait_s = limiter.take(key)
    if wait_s:
        raise ApiError(ProblemCode.RATE_LIMITED, headers={"Retry-After": str(wait_s)})


def _touch(site: Site, found: TokenAccess) -> None:
    """Record that a token was used, without waiting."""
    used_at = found.token.last_used_at
    if used_at is None or datetime.now(UTC) - used_at > TOUCH_EVERY:
        site.api.touch_api_token(found.token.id)
