"""Describes a configuration's schema: the values that a key allows, and a documented file of the whole."""

from __future__ import annotations

import textwrap
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

COMMENT_WIDTH = 118
"""Columns of a comment in the documented file."""


TYPE_DESCRIPTIONS: dict[Any, str] = {
    bool: "true or false",
    str: "text in quotes",
    tuple[str, ...]: 'a list of texts, such as ["one", "two"]',
    tuple[float, ...]: "a list of numbers, such as [0, 100]",
}


def allowed_values(kind: Any) -> str:
    """The values that a key of this type allows."""
    base = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if get_origin(base) is Literal:
        return " or ".join(f'"{word}"' for word in get_args(base))
    if base is int:
        at_least, at_most = (_meta_value(kind, limit) for limit in ("ge", "le"))
        return f"a whole number from {at_least} to {at_most}"
    return TYPE_DESCRIPTIONS[base]


def key_description(kind: Any) -> str:
    """The purpose of a key of this type."""
    return str(_meta_value(kind, "description"))


def toml_value(value: object) -> str:
    """A value as TOML writes it, or close enough to recognize."""
    return msgspec.json.encode(value, enc_hook=str).decode()


def documented_toml(schema: Any) -> str:
    """A file with every section and key of a schema, each with its description and its default."""
    lines = ["# The station's configuration: every key with its default. A key that you omit keeps its default."]
    for section in msgspec.structs.fields(schema):
        lines += ["", f"# {section.type.__doc__}", f"[{section.name}]"]
        for key in msgspec.structs.fields(section.type):
            words = f"{key_description(key.type)} Allowed: {allowed_values(key.type)}."
            lines += textwrap.wrap(words, COMMENT_WIDTH, initial_indent="# ", subsequent_indent="# ")
            lines.append(f"{key.name} = {toml_value(key.default)}")
    return "\n".join(lines) + "\n"


def _meta_value(kind: Any, name: str) -> object:
    """The first value of this name in a type's metadata."""
    return next(value for meta in kind.__metadata__ if (value := getattr(meta, name)) is not None)
