"""The API does what its OpenAPI document says: every operation, for every kind of caller, whatever is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from station.app.access.api_tokens import Scope
from tests.web.api_world import BEN, CALLERS, World, open_world
from web.api.operations import OPERATIONS, Access, Operation
from web.api.problems import PREFIX

SEED = 20261129
EXAMPLES = 12
"""For each operation, caller and kind of data; about 2,000 requests in all."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("api")) as opened:
        yield opened


@pytest.fixture(scope="module")
def schema(world: World) -> BaseSchema:
    """The document as served; the tokens are the test's."""
    found = schemathesis.openapi.from_wsgi(f"{PREFIX}openapi.json", world.app)
    found.config.generation.with_security_parameters = False
    return found


def described_operations(schema: BaseSchema) -> list[APIOperation[Any, Any, Any, Any]]:
    """Every operation of the document; each is valid."""
    found = []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        found.append(result.ok())
    return found


def operation_named(schema: BaseSchema, name: str) -> APIOperation[Any, Any, Any, Any]:
    return next(one for one in described_operations(schema) if one.definition.raw["operationId"] == name)


def known_values(world: World, operation: Operation) -> list[dict[str, Any]]:
    """Existing values for such a request: ids of people, sessions and tests, and a routine."""
    session = world.store.session(world.sessions[BEN])
    assert session is not None
    ids = {"person_id": world.people[BEN], "session_id": session.session.id, "test_id": session.tests[0].id}
    found: list[dict[str, Any]] = []
    if "<" in operation.path:
        found.append({"path_parameters": {name: value for name, value in ids.items() if f"<{name}>" in operation.path}})
    if operation.query is not None and "person_id" in operation.query.__struct_fields__:
        found += [{"query": {"person_id": one}} for one in (ids["person_id"], "nobody")]
    if operation.name == "start":
        found.append({"body": {"routine": "test", "may_interrupt": True}})
    return found


def is_allowed(operation: Operation, caller: str) -> bool:
    _, scopes = CALLERS[caller]
    needed = {
        Access.EVERYBODY: True,
        Access.READ: bool({Scope.READ, Scope.READ_ALL} & {*scopes}),
        Access.CONTROL: Scope.CONTROL in scopes,
    }
    return needed[operation.access]


def sees_ben(caller: str) -> bool:
    return caller in ("member", "practitioner")


def ask(
    world: World, schema: BaseSchema, operation: Operation, caller: str, mode: GenerationMode
) -> Counter[tuple[int, str | None]]:
    """Send generated requests, check each response against the document, and count statuses and problem codes."""
    described, known = operation_named(schema, operation.name), known_values(world, operation)
    seen: Counter[tuple[int, str | None]] = Counter()

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(*(described.as_strategy(mode, **values) for values in ({}, *known))))
    def send(case: Case[Any]) -> None:
        response = case.call(headers={"Accept-Encoding": "identity", **world.headers(caller)})
        case.validate_response(response, checks=CHECKS)
        seen[response.status_code, response.json()["code"] if response.status_code >= 400 else None] += 1

    send()
    return seen


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: str(one.name))
def test_right_requests_are_answered(world: World, schema: BaseSchema, operation: Operation, caller: str) -> None:
    """Callers who may get an answer; others get the refusal that says why."""
    seen = ask(world, schema, operation, caller, GenerationMode.POSITIVE)
    if not is_allowed(operation, caller):
        assert seen.keys() == {(401, "unauthenticated") if caller == "nobody" else (403, "insufficient-scope")}
        return
    assert not {401, 403} & {status for status, _ in seen}
    assert {code for status, code in seen if status == 400} <= set(operation.problems)
    if "<" not in operation.path or sees_ben(caller):
        assert (operation.status, None) in seen, seen


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.query or one.body], ids=lambda one: str(one.name)
)
def test_wrong_requests_are_refused(world: World, schema: BaseSchema, operation: Operation, caller: str) -> None:
    """With a problem; a token without the scope is treated like none."""
    seen = ask(world, schema, operation, caller, GenerationMode.NEGATIVE)
    if not is_allowed(operation, caller):
        assert {status for status, _ in seen} <= {401, 403}
    else:
        assert {status for status, _ in seen} & {400, 415}, seen


def test_document_describes_every_route(world: World, schema: BaseSchema) -> None:
    """The document has every route under the prefix except itself, and nothing else."""
    described = {f"{one.method.upper()} {one.path}" for one in described_operations(schema)}
    routed = {
        f"{method} {rule.rule.replace('<', '{').replace('>', '}')}"
        for rule in world.app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == routed - {f"GET {PREFIX}openapi.json"}


def test_numbers_have_their_unit_in_their_name(schema: BaseSchema) -> None:
    """Each number that is not a count, a position or a share names its unit."""
    raw = schema.raw_schema["components"]["schemas"]
    plain = {
        *("value", "low", "high", "load_share", "gain", "chance_real", "number", "count", "repetition", "repetitions"),
        *("step", "steps", "trial", "pain", "times", "status", "limit"),
    }
    units = ("_mm", "_s", "_ms", "_c", "_deg", "_mm_week", "_per_mm", "_per_mm2", "_count", "_hz")
    unnamed = {
        f"{record}.{name}"
        for record, given in raw.items()
        for name, field in given.get("properties", {}).items()
        if {"integer", "number"} & {one.get("type") for one in (field, *field.get("anyOf", ()))}
        and not name.endswith(units)
        and name not in plain
    }
    assert unnamed == set()
