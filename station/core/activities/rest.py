"""A rest between the steps of a routine: the person does as they like, and it ends automatically."""

from __future__ import annotations

from enum import StrEnum

from station.core.activities.countdown_ticks import CountdownTicks
from station.core.activities.phases import PhasedActivity
from station.core.events import Command, CommandName
from station.core.facts import CueName, Ended, Paused, Resumed
from station.core.sensing.sensors import BoardSensors
from station.core.state import RestState, ShownClock
from station.core.steps import RestStep


class RestPhase(StrEnum):
    """The phases of a rest between steps."""

    REST = "rest"
    PAUSED = "paused"


TRANSITIONS: dict[RestPhase, frozenset[RestPhase]] = {
    RestPhase.REST: frozenset({RestPhase.PAUSED}),
    RestPhase.PAUSED: frozenset({RestPhase.REST}),
}


class Rest(PhasedActivity[RestPhase]):
    """Counts down `step.rest_us`, standing or not. `pause` stops the count, `next` and `skip` end the rest."""

    transitions = TRANSITIONS

    def __init__(self, step: RestStep, sensors: BoardSensors) -> None:
        super().__init__(sensors, RestPhase.REST)
        self._step = step
        self._deadline_us = 0
        self._paused_remaining_us: int | None = None
        self._ticks = CountdownTicks(step.rest_us)

    def begin(self, at_us: int) -> None:
        self.configure_sensors()
        self._deadline_us = at_us + self._step.rest_us
        self._set_due()

    def _set_due(self) -> None:
        is_stopped = self._paused_remaining_us is not None or self.outcome is not None
        self.due_us = None if is_stopped else self._ticks.due_us(self._deadline_us)

    def on_alarm(self, at_us: int) -> None:
        tick = self._ticks.pop(self._deadline_us - at_us)
        if at_us >= self._deadline_us:
            self.outcome = "complete"
        elif tick is not None:
            self.emit_cue(at_us, CueName.COUNT, count=tick)
        self._set_due()

    @property
    def commands(self) -> frozenset[CommandName]:
        is_paused = self._paused_remaining_us is not None
        return frozenset({CommandName.NEXT, CommandName.SKIP} | (set() if is_paused else {CommandName.PAUSE}))

    def on_command(self, command: Command) -> None:
        now_us = command.at_us
        if command.word in (CommandName.NEXT, CommandName.SKIP):
            self.outcome = "complete"
        elif command.word is CommandName.STOP:
            self.emit_cue(now_us, CueName.ENDED)
            self.emit(Ended(now_us, "stop"))
            self.outcome = "ended"
        elif command.word is CommandName.PAUSE:
            self.enter(RestPhase.PAUSED)
            self._paused_remaining_us = self._deadline_us - now_us
            self.emit(Paused(now_us, "command"))
            self.emit_cue(now_us, CueName.PAUSED)
        elif command.word is CommandName.RESUME and self._paused_remaining_us is not None:
            self.enter(RestPhase.REST)
            self._deadline_us, self._paused_remaining_us = now_us + self._paused_remaining_us, None
            self.emit(Resumed(now_us, "command"))
        self._set_due()

    def close(self, at_us: int) -> None:
        self.outcome = "ended"

    def state_at(self, at_us: int) -> RestState:
        remaining_us = self._paused_remaining_us if self._paused_remaining_us is not None else self._deadline_us - at_us
        rested_us = self._step.rest_us - remaining_us
        is_running = self._paused_remaining_us is None
        return RestState(phase=self.phase, clock=ShownClock("rest", rested_us, self._step.rest_us, int(is_running)))
