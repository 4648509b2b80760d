"""Every value of the API's annotations passes the wire unchanged, and nothing else passes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from station.app.snapshot import CueView, Fault, HeelView, Snapshot, UnfinishedView
from station.app.starting.start_gate import StartDecision
from station.catalogue.records import Item
from station.core.events import BOTH_LEGS, BoardPosition, Legs, Side
from station.core.facts import CueName
from station.core.state import (
    ActivityState,
    HoldState,
    IdleState,
    RepsState,
    SetupState,
    ShownClock,
)
from station.core.steps import HoldStep, Routine, TestStep
from station.wire.messages import State, WireError, wire
from station.wire.shape import shape_of

STATES: tuple[ActivityState, ...] = (
    IdleState(),
    SetupState(phase="setup", board=BoardPosition.SLOPE, is_occupied=True),
    HoldState(phase="hold", side=BOTH_LEGS, clock=ShownClock("hold", 1, 2, 1), repetition=1, undo_us=2**60),
    RepsState(phase="go", side=Side.RIGHT, count=3),
)
FULL = {
    "routine_title": "Today",
    "decision": StartDecision(routine=(HoldStep(), TestStep()), title="Daily"),
    "unfinished": UnfinishedView("Daily", 90, "p"),
    "toe_mm": 83.5,
    "heels": (HeelView(Side.LEFT, None, 0.5), HeelView(Side.RIGHT, True, None)),
    "cue": CueView(3, CueName.GO, None, Side.LEFT, False),
    "faults": (Fault("page", "It has ended."),),
    "person_name": "J\u00fcrgen \U0001f9b6",
}


def travelled(value: Any, annotation: Any) -> Any:
    """A value that was sent and received."""
    shape = shape_of(annotation)
    sent = msgspec.msgpack.encode(shape.encode(value))
    return shape.decode(msgspec.msgpack.decode(sent, type=shape.wire))


@pytest.mark.parametrize("state", STATES, ids=lambda state: type(state).__name__)
def test_snapshot_comes_back(state: ActivityState) -> None:
    """Each kind of state is restored, with enum members instead of words."""
    sent = Snapshot(at_us=2**50, state=state, **FULL)  # type: ignore[arg-type]  # a dictionary of several types
    message = wire().to_page(wire().state(sent, 7)[4:])
    assert isinstance(message, State)
    came = wire().snapshot_from(message)
    assert came == sent
    assert type(came.state) is type(state)
    assert came.side is state.side
    assert came.heels[0].side is Side.LEFT


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        ((HoldStep(sides=(Side.RIGHT,)), TestStep(full=True)), Routine),
        ([Item(test="quick"), Item(exercise="calf", side=Side.LEFT)], Sequence[Item]),
        ({"a": [1, None, "x"], "b": {"c": 2.5}}, dict[str, Any]),
        ((BOTH_LEGS, Side.LEFT), tuple[Legs, Legs]),
        ({"left": HoldStep()}, dict[str, HoldStep]),
        (datetime(2026, 11, 29, 12, 30, tzinfo=UTC), datetime),
        (frozenset({"front"}), frozenset[str]),
        (None, None),
    ],
)
def test_value_comes_back(value: object, annotation: Any) -> None:
    assert travelled(value, annotation) == value


@pytest.mark.parametrize("sent", [["Snapshot"], ["HoldState", "hold"], {"at_us": 1}, "x", [], 3, ["Snapshot", "1"]])
def test_other_values_do_not_pass(sent: object) -> None:
    """Too few fields, another class, no array: each is refused before it is used."""
    with pytest.raises(WireError):
        wire().snapshot_from(State(1, wire().raw(sent)))


def test_every_method_has_a_shape() -> None:
    """The wire knows each method, and its version follows from their types."""
    assert {"command", "request_start", "add_person", "save_plan", "act"} <= wire().methods.keys()
    assert len(wire().version) == 16
    assert all(method.words for method in wire().methods.values())
