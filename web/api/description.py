"""The OpenAPI document as rows for the page about the API."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from web.api.document import document, needed_scope, problems_of
from web.api.operations import OPERATIONS
from web.api.problems import KINDS, PREFIX, REFUSED, REFUSED_TITLE


class DescribedField(NamedTuple):
    """A field: what it is, in words, and the record it refers to, if any."""

    name: str
    kind: str
    record: str | None
    text: str


class DescribedOperation(NamedTuple):
    """An operation: the fields of its address and query, and the records of its body and response."""

    name: str
    address: str
    text: str
    scope: str
    fields: list[DescribedField]
    body: str | None
    answer: str
    problems: list[str]


class DescribedRecord(NamedTuple):
    """A record, or a list of words, with its fields."""

    name: str
    text: str
    fields: list[DescribedField]


@cache
def described_operations() -> tuple[DescribedOperation, ...]:
    """All operations, in the order of the document."""
    paths = document()["paths"]
    found = []
    for one in OPERATIONS:
        path = PREFIX.rstrip("/") + one.path.replace("<", "{").replace(">", "}")
        parameters = paths[path][one.method.lower()]["parameters"]
        found.append(
            DescribedOperation(
                name=one.name,
                address=f"{one.method} {path}",
                text=one.text,
                scope=needed_scope(one).replace("`", ""),
                fields=[_field(given["name"], given["schema"], given.get("description", "")) for given in parameters],
                body=None if one.body is None else one.body.__name__,
                answer=one.answer.__name__,
                problems=[code.value for code in problems_of(one)],
            )
        )
    return tuple(found)


@cache
def described_records() -> tuple[DescribedRecord, ...]:
    """All records, by name."""
    found = []
    for name, schema in sorted(document()["components"]["schemas"].items()):
        properties = schema.get("properties", {})
        fields = [_field(field, given, given.get("description", "")) for field, given in properties.items()]
        text = schema.get("description", "") or (f"One of {kind_text(schema)}." if "enum" in schema else "")
        found.append(DescribedRecord(name, text.replace("`", ""), fields))
    return tuple(found)


def described_problems() -> list[tuple[str, str, str, str]]:
    """Each problem: code, status, title and what to do."""
    found = [(code.value, str(kind.status), kind.title, kind.detail) for code, kind in KINDS.items()]
    return [*found, (REFUSED, "4xx", REFUSED_TITLE, "It comes from another site, or is too large; detail says which.")]


def _field(name: str, schema: dict[str, Any], text: str) -> DescribedField:
    return DescribedField(name, kind_text(schema), _record_of(schema), text.replace("`", ""))


def _record_of(schema: dict[str, Any]) -> str | None:
    """The name of the first record in a schema."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    inner = [*schema.get("anyOf", ()), *(schema[key] for key in ("items", "additionalProperties") if key in schema)]
    return next((name for one in inner if isinstance(one, dict) and (name := _record_of(one)) is not None), None)


def kind_text(schema: dict[str, Any]) -> str:
    """A schema in words: `a list of Test`, `a number or null`, `a time`."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(kind_text(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    match schema.get("type"):
        case "array" if isinstance(schema.get("items"), dict):
            return f"a list of {kind_text(schema['items'])}"
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return f"for each name: {kind_text(schema['additionalProperties'])}"
        case "string" if schema.get("format") == "date-time":
            return "a time"
        case "integer" if "maximum" in schema:
            return f"a whole number from {schema['minimum']} to {schema['maximum']}"
    return KIND_TEXTS[schema.get("type", "object")]


KIND_TEXTS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}
