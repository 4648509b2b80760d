"""A person steps on and stands still: from rows, without a board."""

from __future__ import annotations

import pytest

from station.core.activities.engine import Engine
from station.core.activities.presence import Presence
from station.core.events import SECOND_US, Heel, Load, Side, Tick
from station.core.sensing.sensors import BoardSensors, References, Wiring

EMPTY, STANDING = 0.02, 0.67
SAMPLE_US = 10_000


class Waiting:
    """Presence on a board with two plates, fed by hand."""

    def __init__(self, *, analogue: bool = False, person_there: bool = False, known: bool = False) -> None:
        standing = {Side.LEFT: STANDING} if known else {}
        references = References(dict.fromkeys(Side, EMPTY) if known else {}, standing)
        sensors = BoardSensors(Wiring(analogue, tuple(Side), True), 0, references)
        self.presence = Presence(sensors, is_occupied=person_there)
        self.engine = Engine(self.presence, sensors, 0)

    def heel(self, at_s: float, side: Side, down: bool) -> None:
        self.engine.feed(Heel(round(at_s * SECOND_US), side, down))

    def loads(self, from_s: float, to_s: float, left: float, right: float = EMPTY, swing: float = 0.0) -> None:
        """Samples of both heels; `swing` moves the left one up and down every quarter of a second."""
        for at_us in range(round(from_s * SECOND_US), round(to_s * SECOND_US), SAMPLE_US):
            sign = 1 if at_us // 250_000 % 2 else -1
            self.engine.feed(Load(at_us, Side.LEFT, left + sign * swing))
            self.engine.feed(Load(at_us, Side.RIGHT, right))

    def until(self, at_s: float) -> str | None:
        self.engine.feed(Tick(round(at_s * SECOND_US)))
        return self.presence.outcome


def test_two_seconds_of_a_heel_that_is_down() -> None:
    """Counted from the first row of the change; not a moment earlier."""
    waiting = Waiting()
    waiting.heel(1.0, Side.RIGHT, True)
    assert waiting.until(2.999) is None
    assert waiting.until(3.0) == "complete"
    assert waiting.presence.side is Side.RIGHT


def test_a_lift_restarts_the_two_seconds() -> None:
    """The two seconds must be uninterrupted."""
    waiting = Waiting()
    waiting.heel(1.0, Side.LEFT, True)
    waiting.heel(2.5, Side.LEFT, False)
    waiting.heel(2.8, Side.LEFT, True)
    assert waiting.until(4.7) is None
    assert waiting.until(4.8) == "complete"


def test_a_person_already_on_the_board_must_leave_first() -> None:
    """A heel that is down from the start counts only after it has been up."""
    waiting = Waiting(person_there=True)
    waiting.heel(0.0, Side.LEFT, True)
    assert waiting.until(60.0) is None
    waiting.heel(60.0, Side.LEFT, False)
    waiting.heel(61.0, Side.LEFT, True)
    assert waiting.until(63.0) == "complete"


def test_a_foot_that_is_lifted_while_the_other_stands_has_not_left() -> None:
    """On two plates leaving means both."""
    waiting = Waiting(person_there=True)
    waiting.heel(0.0, Side.LEFT, True)
    waiting.heel(0.0, Side.RIGHT, True)
    waiting.heel(5.0, Side.RIGHT, False)
    waiting.heel(6.0, Side.RIGHT, True)
    assert waiting.until(60.0) is None


def empty_since_us(waiting: Waiting) -> int | None:
    return waiting.presence.empty_since_us


def test_an_empty_board_knows_since_when() -> None:
    """Back-dated to the first row of the lift, and forgotten when a person is there."""
    waiting = Waiting(person_there=True)
    waiting.heel(0.0, Side.LEFT, True)
    waiting.until(2.0)
    assert empty_since_us(waiting) is None
    waiting.heel(5.0, Side.LEFT, False)
    waiting.until(6.0)
    assert empty_since_us(waiting) == 5 * SECOND_US
    waiting.heel(7.0, Side.LEFT, True)
    waiting.until(8.0)
    assert empty_since_us(waiting) is None


@pytest.mark.parametrize("known", [False, True])
def test_a_load_must_be_steady(known: bool) -> None:
    """A person who shifts about does not count until two seconds after they stand still."""
    waiting = Waiting(analogue=True, known=known)
    waiting.loads(0.0, 3.0, EMPTY)
    waiting.loads(3.0, 8.0, STANDING, swing=0.12)
    assert waiting.presence.outcome is None
    waiting.loads(8.0, 11.5, STANDING)
    assert waiting.until(11.5) == "complete"
    assert waiting.presence.side is Side.LEFT


def test_first_reference_reveals_the_empty_board_before() -> None:
    """Nothing was known about the pads, and yet the step on counts as new."""
    waiting = Waiting(analogue=True, person_there=True)
    waiting.loads(0.0, 3.0, EMPTY)
    waiting.loads(3.0, 8.0, STANDING)
    assert waiting.until(8.0) == "complete"


def test_standing_before_the_first_sample_is_not_a_step_on() -> None:
    """A station that starts with a person on the board does not start a session."""
    waiting = Waiting(analogue=True, person_there=True, known=True)
    waiting.loads(0.0, 20.0, STANDING)
    assert waiting.until(20.0) is None


def test_full_scale_is_not_a_person() -> None:
    """A short between a plate's wires is perfectly steady, but not a person."""
    waiting = Waiting(analogue=True, known=True)
    waiting.loads(0.0, 3.0, EMPTY)
    waiting.loads(3.0, 20.0, 1.0)
    assert waiting.until(20.0) is None
