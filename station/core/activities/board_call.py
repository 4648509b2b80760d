"""The call to the board: an exercise waits until the person stands as it requires."""

from __future__ import annotations

from station.core.activities.exercise_rules import ExerciseRules
from station.core.activities.waiting import WaitAlarm, Waiting, earliest
from station.core.activities.working_heels import HeelMove, Move, WorkingHeels
from station.core.activities.wrong_leg import WrongLeg
from station.core.facts import CueName
from station.core.sensing.sensors import HeelChange, SensorChange


class BoardCall:
    """Waits for the working heels, or for any heel if the exercise needs none."""

    def __init__(self, heels: WorkingHeels, rules: ExerciseRules) -> None:
        self._heels = heels
        self._rules = rules
        self._waiting = Waiting(0)
        self._wrong_leg = WrongLeg(rules.wrong_leg_after_us)

    @property
    def is_answered(self) -> bool:
        """Whether the person is on the board as needed."""
        return self._heels.are_down if self._heels.are_needed else self._heels.is_occupied

    def wait(self, now_us: int) -> None:
        """Wait in silence, for as long as it takes."""
        self._waiting = Waiting(now_us)
        self._watch_wrong_leg(now_us)

    def call(self, now_us: int) -> CueName:
        """Call the person after another step; return the cue: SWITCH for the other leg, or READY for an empty board."""
        is_occupied = self._heels.is_occupied
        deadline_us = now_us + (self._rules.switch_timeout_us if is_occupied else self._rules.return_timeout_us)
        if is_occupied and self._heels.side is not None:
            self._waiting = Waiting(now_us, deadline_us=deadline_us)
            self._wrong_leg.mark_reported()
            cue = CueName.SWITCH
        else:
            nudge_us = now_us + self._rules.repeat_call_after_us
            self._waiting = Waiting(now_us, nudge_us=nudge_us, deadline_us=deadline_us)
            cue = CueName.READY
        self._watch_wrong_leg(now_us)
        return cue

    def call_back(self, now_us: int) -> CueName:
        """Call back a person who is still off the board after preparing there; return the cue."""
        self._waiting = Waiting(now_us, deadline_us=now_us + self._rules.return_timeout_us)
        return CueName.NUDGE

    def on_change(self, change: HeelChange | SensorChange, move: HeelMove | None) -> int | None:
        """Since when the person has stood as needed, once they do; `move` is what the change means for the heels."""
        since_us = None
        if not self._heels.are_needed and self.is_answered:
            since_us = change.since_us
        elif self._heels.are_needed and move is not None and move.kind is Move.DOWN:
            since_us = move.since_us
        if since_us is None:
            self._watch_wrong_leg(change.at_us)
            return None
        self._wrong_leg.reset()
        return max(since_us, self._waiting.since_us)

    def _watch_wrong_leg(self, since_us: int) -> None:
        awaits_one_leg = self._heels.are_needed and self._heels.side is not None
        self._wrong_leg.update(since_us, is_standing=awaits_one_leg and self._heels.is_occupied)

    @property
    def due_us(self) -> int | None:
        return earliest(self._waiting.due_us, self._wrong_leg.due_us)

    def on_alarm(self, now_us: int) -> WaitAlarm | None:
        """Return what is due. A wait that has timed out says so, and no longer points out the wrong leg."""
        if self._wrong_leg.is_due(now_us) and not self._waiting.has_timed_out(now_us):
            self._wrong_leg.mark_reported()
            return WaitAlarm.WRONG_LEG
        return self._waiting.on_alarm(now_us)
