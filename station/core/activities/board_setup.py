"""The person sets the board up flat, as a slope or turned round, then steps on.

A person on the board has to step off to change it, so only a new step on means that it is done. The command `next`
means the same, for a board that is already set up. ASK sounds at the start, so the person looks at the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from station.core.activities.phases import PhasedActivity
from station.core.events import OPTIONAL_COMMANDS, SECOND_US, Command, CommandName, Side
from station.core.facts import BoardSet, CueName, Ended
from station.core.sensing.sensors import BoardSensors, Change, HeelChange, SensorChange
from station.core.state import SetupState
from station.core.steps import SetupStep, Step


class SetupPhase(StrEnum):
    """The phases of setting up the board."""

    LAY = "lay"
    DONE = "done"
    ENDED = "ended"


TRANSITIONS: dict[SetupPhase, frozenset[SetupPhase]] = {
    SetupPhase.LAY: frozenset({SetupPhase.DONE, SetupPhase.ENDED}),
    SetupPhase.DONE: frozenset(),
    SetupPhase.ENDED: frozenset(),
}


class SetupRules(Struct, frozen=True):
    """The times of setting up the board."""

    empty_us: int = 1 * SECOND_US
    """A board that was empty for this long may have been changed; a heel that was up for less was only lifted."""
    down_us: int = 500_000
    """A heel that is down for this long has stepped on, as before a test."""
    timeout_us: int = 180 * SECOND_US
    """From the last step on or off: as long as getting back from the floor."""


DONE_COMMANDS = frozenset({CommandName.NEXT, CommandName.SKIP, CommandName.CONFIRM})
"""The commands that confirm the set-up."""


class BoardSetup(PhasedActivity[SetupPhase]):
    """Waits until the board is set up; complete at the step on."""

    transitions = TRANSITIONS

    def __init__(self, step: SetupStep, sensors: BoardSensors, rules: SetupRules | None = None) -> None:
        super().__init__(sensors, SetupPhase.LAY)
        self._step = step
        self._rules = rules or SetupRules()
        self._is_down_by_side: dict[Side, bool | None] = {}
        """Each heel by the reported changes; `None` while unknown."""
        self._empty_since_us: int | None = None
        self._standing_since_us: int | None = None
        self._last_move_us = 0

    def begin(self, at_us: int) -> None:
        self.configure_sensors()
        self._last_move_us = at_us
        self._is_down_by_side = {plate.side: None if plate.lost_reason else plate.down for plate in self.sensors.plates}
        self.emit_cue(at_us, CueName.ASK)
        self._update(at_us, at_us)

    def watched_sides(self) -> Sequence[Side]:
        return tuple(Side)

    @property
    def _is_occupied(self) -> bool:
        return any(self._is_down_by_side.values())

    def on_change(self, change: Change) -> None:
        since_us = change.at_us
        if isinstance(change, HeelChange):
            self._last_move_us = since_us = change.since_us
            self._is_down_by_side[self.sensors.plate_for(change.side).side] = change.down
        elif isinstance(change, SensorChange) and change.side is not None:
            plate = self.sensors.plate_for(change.side)
            self._is_down_by_side[plate.side] = None if change.is_lost else plate.down
        self._update(change.at_us, since_us)

    def _update(self, now_us: int, since_us: int) -> None:
        """Take the heels as they have been since `since_us`."""
        if self._is_occupied:
            if self._empty_since_us is not None and since_us - self._empty_since_us >= self._rules.empty_us:
                self._standing_since_us = since_us
            self._empty_since_us = None
        elif False in self._is_down_by_side.values():
            self._standing_since_us = None
            self._empty_since_us = since_us if self._empty_since_us is None else self._empty_since_us
        self.due_us = (
            self._last_move_us + self._rules.timeout_us
            if self._standing_since_us is None
            else max(now_us, self._standing_since_us + self._rules.down_us)
        )

    def on_alarm(self, at_us: int) -> None:
        if self._standing_since_us is not None:
            self._finish(at_us)
        else:
            self._end(at_us, "nobody came back")

    @property
    def commands(self) -> frozenset[CommandName]:
        return OPTIONAL_COMMANDS & DONE_COMMANDS

    def on_command(self, command: Command) -> None:
        if command.word in DONE_COMMANDS:
            self._finish(command.at_us)
        elif command.word is CommandName.STOP:
            self._end(command.at_us, "stop")

    def _finish(self, at_us: int) -> None:
        self.emit_cue(at_us, CueName.STEP_ON)
        self.emit(BoardSet(at_us, self._step.board))
        self.enter(SetupPhase.DONE)
        self.outcome, self.due_us = "complete", None

    def _end(self, at_us: int, why: str) -> None:
        self.emit_cue(at_us, CueName.ENDED)
        self.emit(Ended(at_us, why))
        self.enter(SetupPhase.ENDED)
        self.outcome, self.due_us = "ended", None

    def close(self, at_us: int) -> None:
        self.stop_repeating_cue(at_us)
        self.outcome = "ended"

    def remaining_steps(self) -> tuple[Step, ...]:
        return ()

    def state_at(self, at_us: int) -> SetupState:
        return SetupState(phase=self.phase, board=self._step.board, is_occupied=self._is_occupied)
