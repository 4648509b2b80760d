"""Whose turn it is: the legs of a step, one after the other or both at once."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from station.core.events import BOTH_LEGS, Legs, Side
from station.core.steps import HoldStep, RepsStep, Step


class Turns:
    """The turns of one step, in order."""

    def __init__(self, turns: Sequence[Legs]) -> None:
        self._turns = tuple(turns)
        self._index = 0

    @property
    def legs(self) -> Legs:
        """Whose turn it is."""
        return self._turns[self._index]

    @property
    def side(self) -> Side | None:
        """The leg whose turn it is, `None` if it is both legs'."""
        return None if self.legs is BOTH_LEGS else Side(self.legs)

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides whose turn it is."""
        return tuple(Side) if self.side is None else (self.side,)

    @property
    def next_side(self) -> Side | None:
        """The leg whose turn is next, `None` in the last turn."""
        is_last = self._index + 1 >= len(self._turns)
        return None if is_last else Side(self._turns[self._index + 1])

    def advance(self) -> bool:
        """Move to the next turn; false after the last one."""
        if self.next_side is None:
            return False
        self._index += 1
        return True

    def choose(self, side: Side) -> None:
        """Begin with `side`."""
        self._turns = (side,) if len(self._turns) == 1 else (side, side.other)

    def remaining_steps(self, step: HoldStep | RepsStep, current: HoldStep | RepsStep) -> tuple[Step, ...]:
        """`current` for the current turn, `step` for the turns to come."""
        if step.together:
            return (current,)
        side, *later = (Side(legs) for legs in self._turns[self._index :])
        return (replace(current, sides=(side,)), *((replace(step, sides=tuple(later)),) if later else ()))
