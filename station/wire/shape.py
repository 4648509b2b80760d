"""How a value of any type in the API's annotations is sent: msgspec checks it, and restores its structs and enums.

msgspec cannot tell the structs of a union apart, nor two enums of text. So each struct in a union gets a mirror, a
tagged struct with the same fields, as does any struct that contains one; the enums of a union become one set of words.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import Enum, StrEnum
from functools import cache
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin

from msgspec import Struct, defstruct
from msgspec.structs import fields

Convert = Callable[[Any], Any]
_LISTS = (list, Sequence, Collection)


class Shape(Struct, frozen=True):
    """The type on the wire, its text for the digest, and functions that convert to and from it (`None`: not needed)."""

    wire: Any
    words: str
    to_wire: Convert | None = None
    from_wire: Convert | None = None

    def encode(self, value: Any) -> Any:
        """The value as `wire`."""
        return value if self.to_wire is None else self.to_wire(value)

    def decode(self, value: Any) -> Any:
        """The value from `wire`, after msgspec has checked it."""
        return value if self.from_wire is None else self.from_wire(value)


@cache
def shape_of(annotation: Any) -> Shape:
    """The shape of a type. Raises TypeError for one that cannot be sent."""
    if isinstance(annotation, NewType):
        return shape_of(annotation.__supertype__)
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return shape_of(inner[0])
    if origin in (Union, types.UnionType):
        return _union(inner)
    if origin is tuple and not (len(inner) == 2 and inner[1] is Ellipsis):
        return _fixed_tuple(tuple(shape_of(one) for one in inner))
    if origin is tuple:
        return _many(shape_of(inner[0]), tuple, tuple)
    if origin in _LISTS:
        return _many(shape_of(inner[0]), list, list)
    if origin in (frozenset, set):
        return _many(shape_of(inner[0]), origin, list)
    if origin in (dict, Mapping):
        return _mapping(shape_of(inner[0]), shape_of(inner[1]))
    if _is_struct(annotation):
        shapes = _fields(annotation)
        is_converted = any(shape.to_wire or shape.from_wire for shape in shapes.values())
        return _mirror(annotation) if is_converted else Shape(annotation, _struct_words(annotation, shapes))
    return Shape(annotation, _words(annotation))


def _words(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "|".join(repr(one.value) for one in annotation)
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def _struct_words(kind: type[Struct], shapes: Mapping[str, Shape]) -> str:
    return f"{kind.__name__}({', '.join(f'{name}: {shape.words}' for name, shape in shapes.items())})"


def _fields(kind: type[Struct]) -> dict[str, Shape]:
    return {field.name: shape_of(field.type) for field in fields(kind)}


def _many(item: Shape, kind: Any, wire: Any) -> Shape:
    words = f"{kind.__name__}[{item.words}]"
    if item.to_wire is None and item.from_wire is None:
        return Shape(kind[item.wire, ...] if kind is tuple else kind[item.wire], words)
    return Shape(
        wire[item.wire, ...] if wire is tuple else wire[item.wire],
        words,
        lambda values: wire([item.encode(one) for one in values]),
        lambda values: kind(item.decode(one) for one in values),
    )


def _fixed_tuple(items: tuple[Shape, ...]) -> Shape:
    return Shape(
        tuple[tuple(one.wire for one in items)],  # type: ignore[misc]  # computed, so no static type
        f"tuple[{', '.join(one.words for one in items)}]",
        lambda values: tuple(shape.encode(one) for shape, one in zip(items, values, strict=True)),
        lambda values: tuple(shape.decode(one) for shape, one in zip(items, values, strict=True)),
    )


def _mapping(key: Shape, value: Shape) -> Shape:
    return Shape(
        dict[key.wire, value.wire],  # type: ignore[name-defined]  # computed, so no static type
        f"dict[{key.words}, {value.words}]",
        lambda values: {key.encode(name): value.encode(one) for name, one in values.items()},
        lambda values: {key.decode(name): value.decode(one) for name, one in values.items()},
    )


@cache
def _mirror(kind: type[Struct]) -> Shape:
    shapes = _fields(kind)
    wires = [(name, shape.wire) for name, shape in shapes.items()]
    struct = defstruct(kind.__name__, wires, tag=kind.__name__, array_like=True, forbid_unknown_fields=True)
    encoders = tuple((name, shape.to_wire) for name, shape in shapes.items())
    decoders = tuple((name, shape.from_wire) for name, shape in shapes.items())

    def to_wire(value: Any) -> Any:
        given = ((getattr(value, name), encode) for name, encode in encoders)
        return struct(*(one if encode is None else encode(one) for one, encode in given))

    def from_wire(value: Any) -> Any:
        given = ((name, getattr(value, name), decode) for name, decode in decoders)
        return kind(**{name: one if decode is None else decode(one) for name, one, decode in given})

    return Shape(struct, _struct_words(kind, shapes), to_wire, from_wire)


def _union(members: tuple[Any, ...]) -> Shape:
    words = {one.value: one for member in members if _is_text_enum(member) for one in member}
    is_several = sum(map(_is_text_enum, members)) > 1
    others = [one for one in members if not (is_several and _is_text_enum(one))]
    is_mirrored = sum(map(_is_struct, others)) > 1
    shapes = {one: _mirror(one) if is_mirrored and _is_struct(one) else shape_of(one) for one in others}
    wires = [shape.wire for shape in shapes.values()] + ([Literal[tuple(words)]] if is_several else [])
    encoders = {one: shape.to_wire for one, shape in shapes.items() if shape.to_wire is not None}
    decoders = {_plain(shape.wire): shape.from_wire for shape in shapes.values() if shape.from_wire is not None}

    def to_wire(value: Any) -> Any:
        if is_several and isinstance(value, Enum):
            return value.value
        encode = encoders.get(type(value)) or next((one for kind, one in encoders.items() if _is_a(value, kind)), None)
        return value if encode is None else encode(value)

    def from_wire(value: Any) -> Any:
        if is_several and isinstance(value, str):
            return words[value]
        decode = decoders.get(type(value))
        return value if decode is None else decode(value)

    text = " | ".join([shape.words for shape in shapes.values()] + (["|".join(map(repr, words))] if is_several else []))
    if not (encoders or decoders or is_several):
        return Shape(Union[tuple(wires)], text)  # noqa: UP007  the members are computed
    return Shape(Union[tuple(wires)], text, to_wire, from_wire)  # noqa: UP007  the members are computed


def _is_text_enum(member: Any) -> bool:
    return isinstance(member, type) and issubclass(member, StrEnum)


def _is_struct(member: Any) -> bool:
    return isinstance(member, type) and issubclass(member, Struct)


def _plain(wire: Any) -> Any:
    return get_origin(wire) or wire


def _is_a(value: Any, kind: Any) -> bool:
    return isinstance(value, _plain(kind)) and not isinstance(value, str)
