"""Read the query and body of an API request, validated against their records.

Errors are in our own words and name the field; nothing that was sent is repeated.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
from flask import Request

from station.catalogue.checked import convert_to_record, decode_to_record
from web.api.inputs import Input
from web.api.problems import ApiError, ProblemCode

Read = TypeVar("Read", bound=Input)

JSON_TYPE = "application/json"
_FIELD = re.compile(r"`\$\.(\w+)")
"""The field in a msgspec message: `Expected int - at $.limit`."""
_MISSING = re.compile(r"missing required field `(\w+)`")


def read_query(request: Request, kind: type[Read]) -> Read:
    """The query as this record. Raises `ApiError` for an unknown field, one given twice, or a wrong value."""
    if any(len(values) > 1 for _, values in request.args.lists()):
        raise ApiError(ProblemCode.INVALID_QUERY, f"Give each field once; the fields are {_names(kind)}.")
    try:
        return convert_to_record(request.args.to_dict(), kind, strict=False)
    except msgspec.ValidationError as error:
        raise ApiError(ProblemCode.INVALID_QUERY, _sentence(str(error), kind)) from None


def check_no_query(request: Request) -> None:
    """Raise `ApiError` if there is a query, for an operation without one."""
    if request.args:
        raise ApiError(ProblemCode.INVALID_QUERY, "This address takes no fields in its query.")


def read_body(request: Request, kind: type[Read]) -> Read:
    """The JSON body as this record. Raises `ApiError` for another type, invalid JSON, an unknown field or a wrong
    value.
    """
    if request.mimetype != JSON_TYPE:
        raise ApiError(ProblemCode.UNSUPPORTED_TYPE)
    try:
        return decode_to_record(request.get_data(), kind)
    except msgspec.ValidationError as error:
        raise ApiError(ProblemCode.INVALID_BODY, _sentence(str(error), kind)) from None
    except (msgspec.DecodeError, RecursionError):
        raise ApiError(ProblemCode.INVALID_BODY, "The body is not JSON.") from None


def _sentence(message: str, kind: type[Input]) -> str:
    """The error in words, from a msgspec message, of which only our own field names are used."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    missing = _MISSING.search(message)
    if missing is not None and missing[1] in fields:
        return f"The field {missing[1]} is missing."
    found = _FIELD.search(message)
    if found is None or found[1] not in fields:
        return f"Send only these fields: {_names(kind)}."
    return f"The field {found[1]} must be {expected(fields[found[1]].type)}."


def expected(kind: Any) -> str:
    """The values a field takes, in words: `a whole number from 1 to 100`, `one of cm, inch`."""
    info = msgspec.inspect.type_info(kind)
    if isinstance(info, msgspec.inspect.Metadata):
        info = info.type
    if isinstance(info, msgspec.inspect.UnionType):
        known = [one for one in info.types if not isinstance(one, msgspec.inspect.NoneType)]
        info = known[0]
    match info:
        case msgspec.inspect.EnumType(cls=cls):
            return f"one of {', '.join(cls)}"
        case msgspec.inspect.BoolType():
            return "true or false"
        case msgspec.inspect.IntType(ge=least, le=most):
            return f"a whole number from {least} to {most}"
        case msgspec.inspect.StrType(max_length=int(most)):
            return f"a text of up to {most} characters"
    return "a text"


def _names(kind: type[Input]) -> str:
    return ", ".join(field.encode_name for field in msgspec.structs.fields(kind))
