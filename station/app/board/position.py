"""The board's position, and the steps in which a person changes it."""

from __future__ import annotations

from collections.abc import Iterator

from station.catalogue.read import exercises
from station.core.events import BoardPosition
from station.core.steps import HoldStep, RepsStep, Routine, SetupStep, Step, TestStep


def position_for(step: Step) -> BoardPosition | None:
    """The board position that this step needs; `None` if it does not matter.

    The easier form of an exercise on the slope, for a person with a caution, is the same on the flat board.
    """
    if isinstance(step, TestStep):
        return BoardPosition.FLAT
    if isinstance(step, HoldStep | RepsStep) and step.exercise in exercises():
        board = exercises()[step.exercise].board
        return BoardPosition.FLAT if board is BoardPosition.SLOPE and step.reduced else board
    return None


def with_setups(routine: Routine, lies: BoardPosition | None) -> Routine:
    """The routine with a `SetupStep` before each step that needs the board in another position.

    `lies` is its position at the start, `None` if unknown.
    """
    return tuple(_iter_steps(routine, lies))


def _iter_steps(routine: Routine, lies: BoardPosition | None) -> Iterator[Step]:
    for step in routine:
        position = position_for(step)
        if position is not None and position is not lies:
            yield SetupStep(position)
            lies = position
        yield step
