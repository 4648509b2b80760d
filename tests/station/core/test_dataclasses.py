"""A frozen class of the core behaves as one of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from station.core.dataclasses import dataclass


@dataclasses.dataclass(frozen=True, slots=True)
class StandardPoint:
    """A class of the standard library to compare with."""

    x: int
    tags: list[str] = dataclasses.field(default_factory=list)
    note: str = dataclasses.field(default="", compare=False)
    key: str = dataclasses.field(default="", repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Point:
    """The same class of the core."""

    x: int
    tags: list[str] = dataclasses.field(default_factory=list)
    note: str = dataclasses.field(default="", compare=False)
    key: str = dataclasses.field(default="", repr=False, kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named(Point):
    """A class with a field more, one of them checked."""

    name: str

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a name is missing")


@dataclass(frozen=True, slots=True)
class Only:
    """One field."""

    x: float


@dataclass(frozen=True, slots=True)
class Empty:
    """No field."""


@dataclass(slots=True)
class Changing:
    """A class that may change is the standard library's."""

    x: int


def outcome(act: Callable[[], Any]) -> str:
    """What comes of it in words that do not name the class."""
    try:
        found = repr(act())
    except Exception as error:  # noqa: BLE001  any error is compared
        found = repr(error)
    return found.replace("StandardPoint", "Point")


@pytest.mark.parametrize(
    "act",
    [
        lambda kind: kind(1, ["a"], "b", key="c"),
        lambda kind: kind(),
        lambda kind: kind(1, [], "", "c"),
        lambda kind: kind(1, colour="red"),
        lambda kind: kind(1) == kind(1),
        lambda kind: kind(1) == kind(2),
        lambda kind: kind(1, key="a") == kind(1, key="b"),
        lambda kind: kind(1, note="a") == kind(1, note="b"),
        lambda kind: kind(1) == 1,
        lambda kind: hash(kind(1, ())) == hash(kind(1, (), "note")),
        lambda kind: hash(kind(1)),
        lambda kind: setattr(kind(1), "x", 2),
        lambda kind: delattr(kind(1), "x"),
        lambda kind: dataclasses.replace(kind(1), x=2, key="k"),
        lambda kind: dataclasses.asdict(kind(1)),
        lambda kind: [(one.name, one.type, one.kw_only) for one in dataclasses.fields(kind)],
        lambda kind: copy.deepcopy(kind(1, ["a"])),
        lambda kind: pickle.loads(pickle.dumps(kind(1, ["a"], key="k"))),
        lambda kind: kind.__match_args__,
        lambda kind: kind.__slots__,
        lambda kind: kind(1).tags is kind(1).tags,
    ],
)
def test_frozen_class_does_what_one_of_the_standard_library_does(act: Callable[[Any], Any]) -> None:
    assert outcome(lambda: act(Point)) == outcome(lambda: act(StandardPoint))


def test_derived_class_has_the_fields_of_its_base_and_checks_its_own() -> None:
    named = Named(1, name="a")
    assert repr(named) == "Named(x=1, tags=[], note='', name='a')"
    assert named != Point(1)
    with pytest.raises(ValueError, match="a name is missing"):
        Named(1, name="")


def test_class_with_one_field_or_none() -> None:
    assert Only(1.5) == Only(1.5)
    assert hash(Only(1.5)) == hash((1.5,))
    assert Empty() == Empty()
    assert repr(Empty()) == "Empty()"


def test_class_that_is_not_frozen_may_change() -> None:
    changing = Changing(1)
    changing.x = 2
    assert changing == Changing(2)


def test_own_method_is_kept() -> None:
    @dataclass(frozen=True, slots=True)
    class Shown:
        x: int

        def __repr__(self) -> str:
            return "shown"

    assert repr(Shown(1)) == "shown"
