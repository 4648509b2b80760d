"""The messages between the two processes, derived from the annotations of `StationApi`; a new method needs no code.

A frame is the length of its body in four bytes (big-endian), then the body in MessagePack. Both sides begin with a
`Hello` that has a digest of all message types; if the digests differ, the versions do, and the sides disconnect.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache, reduce
from hashlib import sha256
from typing import Any, NamedTuple, get_args, get_origin

import msgspec
from msgspec import Raw, Struct, defstruct

from station.app.api import SimulatedBoard, StationApi
from station.app.snapshot import Snapshot
from station.version import APP_VERSION
from station.wire.shape import Shape, shape_of

HEAD_BYTES = 4
MAX_TO_BOARD_BYTES = 256 * 1024
"""Ample: the page accepts forms of at most 64 KB."""
MAX_TO_PAGE_BYTES = 4 * 1024 * 1024
BY_HAND = frozenset({"snapshot", "subscribe", "board"})
"""Methods that are not calls: snapshots are pushed, and the board's commands come in the first message."""


class WireError(Exception):
    """The data received is not a message of this version."""


class Hello(Struct, frozen=True, tag=True, array_like=True, forbid_unknown_fields=True):
    """The first message in each direction: a digest of all message types, and the commands of a simulated board."""

    shape: str
    commands: tuple[str, ...] | None = None


class State(Struct, frozen=True, tag=True, array_like=True, forbid_unknown_fields=True):
    """A newer snapshot, and the revision of the store's cached tables."""

    revision: int
    snapshot: Raw


class Answer(Struct, frozen=True, tag=True, array_like=True, forbid_unknown_fields=True):
    """The result of a call, and the store's revision that includes what the call wrote."""

    number: int
    revision: int
    result: Raw


class Refusal(Struct, frozen=True, tag=True, array_like=True, forbid_unknown_fields=True):
    """A call has failed: the kind of error, by its name in `REFUSALS`, and its sentence."""

    number: int
    kind: str
    sentence: str


ToPage = Hello | State | Answer | Refusal


class Method(NamedTuple):
    """A method of the API: how its arguments are sent, and its result (`None`: no answer is sent)."""

    name: str
    signature: inspect.Signature
    arguments: dict[str, Shape]
    struct: type[Struct]
    result: Shape | None
    words: str

    def encode_arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Struct:
        """The arguments as they are sent. Raises TypeError as a call would."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return self.struct(*(shape.encode(bound.arguments[name]) for name, shape in self.arguments.items()))

    def call(self, target: Any, arguments: Struct) -> Any:
        """Call the method on `target` with arguments as received."""
        positional, named = [], {}
        for name, shape in self.arguments.items():
            value = shape.decode(getattr(arguments, name))
            if self.signature.parameters[name].kind is inspect.Parameter.KEYWORD_ONLY:
                named[name] = value
            else:
                positional.append(value)
        return getattr(target, self.name)(*positional, **named)


def _method(name: str, function: Callable[..., Any], *, is_answered: bool = False) -> Method:
    signature = inspect.signature(function, eval_str=True)
    own = [parameter for key, parameter in signature.parameters.items() if key != "self"]
    arguments = {one.name: shape_of(one.annotation) for one in own}
    given = signature.return_annotation
    is_answered = is_answered or get_origin(given) is Future
    result = shape_of(get_args(given)[0] if get_origin(given) is Future else given) if is_answered else None
    struct = defstruct(
        name,
        [(key, shape.wire) for key, shape in arguments.items()],
        tag=name,
        array_like=True,
        forbid_unknown_fields=True,
    )
    words = (
        f"{name}({', '.join(f'{key}: {shape.words}' for key, shape in arguments.items())}) {result and result.words}"
    )
    return Method(name, signature.replace(parameters=own), arguments, struct, result, words)


class Wire:
    """All messages of the API, encoded and decoded."""

    def __init__(self) -> None:
        self.methods = {
            name: _method(name, function)
            for name, function in vars(StationApi).items()
            if inspect.isfunction(function) and not name.startswith("_") and name not in BY_HAND
        }
        act = _method("act", SimulatedBoard.act, is_answered=True)
        self.methods[act.name] = act
        self.snapshot = shape_of(Snapshot)
        structs = [method.struct for method in self.methods.values()]
        call = defstruct(
            "Call",
            [("number", int), ("arguments", reduce(operator.or_, structs))],
            tag="Call",
            array_like=True,
            forbid_unknown_fields=True,
        )
        self._call: Any = call
        self._to_board: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(call | Hello)
        self._to_page: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(ToPage)
        self._snapshots: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(self.snapshot.wire)
        self._encoder = msgspec.msgpack.Encoder()
        words = "\n".join((APP_VERSION, self.snapshot.words, *(method.words for method in self.methods.values())))
        self.version = sha256(words.encode()).hexdigest()[:16]

    def encode(self, message: Any) -> bytes:
        """A message as a frame."""
        body = self._encoder.encode(message)
        return len(body).to_bytes(HEAD_BYTES, "big") + body

    def raw(self, value: Any) -> Raw:
        """A value as part of a message."""
        return Raw(self._encoder.encode(value))

    def call(self, number: int, method: Method, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
        """The frame of a call. Raises ValueError with a sentence for a number beyond 64 bits, as a form may contain."""
        try:
            return self.encode(self._call(number, method.encode_arguments(args, kwargs)))
        except OverflowError:
            raise ValueError("A number is too large: load the page again, and type a smaller one.") from None

    def state(self, snapshot: Snapshot, revision: int) -> bytes:
        """The frame of a snapshot."""
        return self.encode(State(revision, self.raw(self.snapshot.encode(snapshot))))

    def snapshot_from(self, state: State) -> Snapshot:
        """The snapshot in a message. Raises WireError."""
        found: Snapshot = self.snapshot.decode(_checked(self._snapshots.decode, state.snapshot))
        return found

    def result_from(self, method: Method, answer: Answer) -> Any:
        """The result in a message. Raises WireError."""
        assert method.result is not None
        return method.result.decode(_checked(msgspec.msgpack.Decoder(method.result.wire).decode, answer.result))

    def to_board(self, body: bytes) -> Any:
        """A message from the page: `Hello`, or a call with `number` and `arguments`. Raises WireError."""
        return _checked(self._to_board.decode, body)

    def to_page(self, body: bytes) -> ToPage:
        """A message from the board. Raises WireError."""
        found: ToPage = _checked(self._to_page.decode, body)
        return found


def _checked(decode: Callable[[Any], Any], body: Any) -> Any:
    try:
        return decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise WireError(f"no message of this version: {error}") from error


@cache
def wire() -> Wire:
    """The messages of this program, created at first use."""
    return Wire()
