"""A pause: how long the person is waited for, and what follows when they are back."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from station.core.activities.waiting import Waiting


class AfterPause(Enum):
    """What a person who is back from a pause goes on with."""

    SAME_REPETITION = "same repetition"
    NEXT_REPETITION = "next repetition"
    """The one before was given up in the pause."""
    NEXT_SIDE = "next side"
    """The last repetition of the side was given up in the pause."""
    SIDE_CHANGE = "side change"
    """The pause came while the person changed sides."""


@dataclass(slots=True)
class Pause:
    """One pause. Without arguments it is none: nobody is waited for."""

    waiting: Waiting = field(default_factory=lambda: Waiting(0))
    then: AfterPause = AfterPause.SAME_REPETITION
