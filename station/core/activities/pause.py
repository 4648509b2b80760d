"""A pause: how long to wait for the person, and what follows when they are back."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from station.core.activities.exercise_rules import ExerciseRules
from station.core.activities.waiting import Waiting


class AfterPause(Enum):
    """What a person continues with after a pause."""

    SAME_REPETITION = "same repetition"
    NEXT_REPETITION = "next repetition"
    """The one before was given up in the pause."""
    NEXT_SIDE = "next side"
    """The last repetition of the side was given up in the pause."""
    SIDE_CHANGE = "side change"
    """The pause came while the person changed sides."""


@dataclass(slots=True)
class Pause:
    """One pause. Without arguments there is none, and no wait."""

    waiting: Waiting = field(default_factory=lambda: Waiting(0))
    then: AfterPause = AfterPause.SAME_REPETITION

    @classmethod
    def begin(
        cls, now_us: int, since_us: int, rules: ExerciseRules, *, gives_up: bool, is_in_side_change: bool
    ) -> Pause:
        """A pause that begins at `now_us` and counts from `since_us`, when the person stopped working.

        `gives_up` says whether a long pause gives up the current repetition.
        """
        waiting = Waiting(
            since_us,
            nudge_us=now_us + rules.nudge_after_us,
            give_up_us=since_us + rules.give_up_after_us if gives_up else None,
            deadline_us=since_us + rules.pause_timeout_us,
        )
        return cls(waiting, AfterPause.SIDE_CHANGE if is_in_side_change else AfterPause.SAME_REPETITION)
