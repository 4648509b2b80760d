"""What all exercises share: their phases, the transitions between them, and the times."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from station.core.events import SECOND_US
from station.core.steps import MIN_SWITCH_US


class ExercisePhase(StrEnum):
    """The phases of all exercises; the table of each exercise says which of them it has."""

    WAIT = "wait"
    PREPARE = "prepare"
    HOLD = "hold"
    GRACE = "grace"
    LIFTED = "lifted"
    REST = "rest"
    AWAY = "away"
    REPS = "reps"
    PAUSED = "paused"
    SWITCH = "switch"
    DONE = "done"
    ENDED = "ended"


ExerciseTransitions = dict[ExercisePhase, frozenset[ExercisePhase]]

STOPPING = frozenset({ExercisePhase.PAUSED, ExercisePhase.SWITCH, ExercisePhase.DONE, ExercisePhase.ENDED})
"""The phases that stop the work, whatever its phase."""

AROUND_WORK: ExerciseTransitions = {
    ExercisePhase.WAIT: frozenset({ExercisePhase.PREPARE, ExercisePhase.ENDED}),
    ExercisePhase.PREPARE: frozenset({ExercisePhase.PREPARE, ExercisePhase.WAIT}) | STOPPING,
    ExercisePhase.PAUSED: frozenset(
        {ExercisePhase.PREPARE, ExercisePhase.SWITCH, ExercisePhase.DONE, ExercisePhase.ENDED}
    ),
    ExercisePhase.SWITCH: frozenset({ExercisePhase.PREPARE, ExercisePhase.PAUSED, ExercisePhase.ENDED}),
    ExercisePhase.DONE: frozenset(),
    ExercisePhase.ENDED: frozenset(),
}
"""The phases before, between and after the work; the table of each exercise adds the first phase of its work."""


class ExerciseRules(Struct, frozen=True):
    """The times that all exercises share."""

    resume_prepare_us: int = 5 * SECOND_US
    """The shorter preparation of a person who comes back."""
    min_ready_us: int = 3 * SECOND_US
    """The minimum time from READY to GO, however late standing was recognised."""
    pause_after_us: int = 3 * SECOND_US
    give_up_after_us: int = 15 * SECOND_US
    pause_timeout_us: int = 60 * SECOND_US
    nudge_after_us: int = 2_500_000
    min_switch_us: int = MIN_SWITCH_US
    switch_timeout_us: int = 90 * SECOND_US
    return_timeout_us: int = 180 * SECOND_US
    """Getting up from the floor and back on the board takes longer than changing legs."""
    repeat_call_after_us: int = 10 * SECOND_US
    """After this the person is called once more."""
    wrong_leg_after_us: int = 2 * SECOND_US
    """Putting both feet on the board takes less."""
    grace_us: int = 500_000
    countdown_ticks: tuple[int, ...] = (3, 2, 1)
