"""The OpenAPI 3.1 document, generated from the operations and their records; the schemas come from msgspec."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import Any

import msgspec

from station.app.access.roles import ACCESS_COOKIE
from station.version import APP_VERSION
from web.api.inputs import Input
from web.api.limits import ADDRESS_LIMIT, TOKEN_LIMIT
from web.api.operations import OPERATIONS, Access, Operation
from web.api.problems import KINDS, PREFIX, PROBLEM_TYPE, REFUSED, ProblemCode
from web.api.records import Problem
from web.api.requests import JSON_TYPE

REFERENCE = "#/components/schemas/{name}"
TOKEN, BROWSER = "token", "browser"
ABOUT = f"""What the station measured, and control of the board, for programs.

Times are UTC in ISO 8601 with `Z`. Units are in the names; distances are in millimetres. Unknown values are `null`.
Lists come in pages, newest first: send a page's `next_cursor` as `cursor` to get the next one. An answer with an
`ETag` is not sent again to a program that sends it back as `If-None-Match`.

A token may ask {TOKEN_LIMIT.burst:g} times at once and then {TOKEN_LIMIT.per_s:g} times a second; one address, with all
of its tokens, {ADDRESS_LIMIT.burst:g} times and then {ADDRESS_LIMIT.per_s:g} times a second. Beyond that the answer is
429 with `Retry-After`. A request that the station refuses outright, because it comes from another site or is too
large, gets the code `{REFUSED}` and a status of its own."""
_EVERYWHERE = (
    ProblemCode.INVALID_QUERY,
    ProblemCode.UNAUTHENTICATED,
    ProblemCode.RATE_LIMITED,
    ProblemCode.UNAVAILABLE,
)
"""The problems that every operation may answer with."""
_PATH_FIELD = re.compile(r"<(\w+)>")


@cache
def document_json() -> bytes:
    """The document as JSON."""
    return msgspec.json.encode(document())


@cache
def document() -> dict[str, Any]:
    """The document; its components include the schemas of all records."""
    kinds = {kind: None for one in OPERATIONS for kind in (one.query, one.body, one.answer) if kind is not None}
    _, schemas = msgspec.json.schema_components((*kinds, Problem), ref_template=REFERENCE)
    schemas["Problem"]["properties"]["code"] = {"enum": [*(code.value for code in ProblemCode), REFUSED]}
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        path = PREFIX.rstrip("/") + _PATH_FIELD.sub(r"{\1}", one.path)
        paths.setdefault(path, {})[one.method.lower()] = _operation(one, schemas)
    inputs = {one.query.__name__ for one in OPERATIONS if one.query is not None}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Slant board station", "version": APP_VERSION, "description": ABOUT},
        "servers": [{"url": "/", "description": "This station."}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in schemas.items() if name not in inputs},
            "headers": {
                "ETag": {"description": "Changes with the answer.", "schema": {"type": "string"}},
                "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
            },
            "securitySchemes": {
                TOKEN: {"type": "http", "scheme": "bearer", "description": "A token made on the page /api/tokens."},
                BROWSER: {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": ACCESS_COOKIE,
                    "description": "A paired browser, for reading only.",
                },
            },
        },
    }


def _operation(one: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {
        "description": schemas[one.answer.__name__]["description"],
        "content": {JSON_TYPE: {"schema": {"$ref": REFERENCE.format(name=one.answer.__name__)}}},
    }
    responses: dict[str, Any] = {str(one.status): success}
    if one.method == "GET" and not one.is_live:
        success["headers"] = {"ETag": {"$ref": "#/components/headers/ETag"}}
        responses["304"] = {"description": "What you have is still right."}
    by_status = groupby(sorted(problems_of(one), key=_status), key=_status)
    responses |= {str(number): _problem_response(tuple(codes)) for number, codes in by_status}
    found: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "description": f"{one.text}\n\n{needed_scope(one)}",
        "security": _security(one),
        "parameters": [*_path_parameters(one), *_query_parameters(one.query, schemas)],
        "responses": dict(sorted(responses.items())),
    }
    if one.body is not None:
        schema = {"$ref": REFERENCE.format(name=one.body.__name__)}
        found["requestBody"] = {"required": True, "content": {JSON_TYPE: {"schema": schema}}}
    return found


def problems_of(one: Operation) -> tuple[ProblemCode, ...]:
    """Every problem that an operation may answer with."""
    found = {*_EVERYWHERE, *one.problems}
    if one.access is not Access.EVERYBODY:
        found |= {ProblemCode.INSUFFICIENT_SCOPE, ProblemCode.FORBIDDEN}
    if "<" in one.path or (one.query is not None and "person_id" in one.query.__struct_fields__):
        found |= {ProblemCode.NOT_FOUND}
    if one.body is not None:
        found |= {ProblemCode.INVALID_BODY, ProblemCode.UNSUPPORTED_TYPE, ProblemCode.TOO_LARGE}
    return tuple(code for code in ProblemCode if code in found)


def needed_scope(one: Operation) -> str:
    """Which scope an operation needs, in a sentence."""
    return {
        Access.EVERYBODY: "For everyone; a token or a paired browser sees more where that is stated.",
        Access.READ: "Needs the scope `read` (your own results) or `read-all` (and those of everyone who agreed).",
        Access.CONTROL: "Needs the scope `control`.",
    }[one.access]


def _security(one: Operation) -> list[dict[str, list[str]]]:
    kinds: dict[Access, list[dict[str, list[str]]]] = {
        Access.EVERYBODY: [{TOKEN: []}, {BROWSER: []}, {}],
        Access.READ: [{TOKEN: []}, {BROWSER: []}],
        Access.CONTROL: [{TOKEN: []}],
    }
    return kinds[one.access]


def _path_parameters(one: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _PATH_FIELD.findall(one.path)
    ]


def _query_parameters(kind: type[Input] | None, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of a query; an address holds text, so none is `null`."""
    if kind is None:
        return []
    found = []
    for name, given in schemas[kind.__name__]["properties"].items():
        schema = dict(given)
        description = schema.pop("description", "")
        if "anyOf" in schema:
            schema = next(one for one in schema["anyOf"] if one != {"type": "null"}) | {
                key: value for key, value in schema.items() if key not in ("anyOf", "default")
            }
        found.append({"name": name, "in": "query", "required": False, "description": description, "schema": schema})
    return found


def _status(code: ProblemCode) -> int:
    return KINDS[code].status


def _problem_response(codes: Sequence[ProblemCode]) -> dict[str, Any]:
    """The response of one status, with each problem that has it."""
    found: dict[str, Any] = {
        "description": "\n".join(f"`{code}`: {KINDS[code].title}. {KINDS[code].detail}" for code in codes),
        "content": {PROBLEM_TYPE: {"schema": {"$ref": REFERENCE.format(name="Problem")}}},
    }
    if ProblemCode.RATE_LIMITED in codes:
        found["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return found
