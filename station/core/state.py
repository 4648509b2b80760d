"""What an activity shows at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from station.core.events import Legs
from station.core.facts import Contact, CueName


@dataclass(frozen=True, slots=True)
class ActivityState:
    """`activity` is `idle`, `test`, `hold`, `reps`, `rest`, `ask`, `lesson`, `calibrate` or `check`; `phase` is its
    state, lower case: `wait`, `settle`, `side`, `count`, `attempt`, `move`, `rest`, `switch`, `result`, `prepare`,
    `hold`, `grace`, `lifted`, `away`, `reps`, `paused`, `fault`, `done`, `ended`, `idle`; of questions `felt`, `pain`;
    of a lesson `volume`, `listen`, `quiz`; with blocks `warm`, `clear`, `leave`, `block`, `capture`.

    `counted_us` of `target_us` is what the big number is made of (credited time in a hold, time gone in a countdown),
    growing by `rate` (1 or 0) microseconds a microsecond from the moment of the picture on; `counting` says which:
    `hold`, `prepare`, `rest`, `attempt`, `warm`, `capture` or `None`. With blocks `target_mm` is the one to show, the
    `repetition`th of `repetitions`, and `why` a sentence about what has just gone wrong.
    `hold_us` is how long each hold is, also while it is not counted. For repetitions `count` of `target_count` is the
    number, and `part` which part of the tempo goes on, from 0.
    `exercise` is the catalogue's key of what is done, and `verified` whether the board senses it. In a lesson
    `about` is the cue that is listened to, `claimed` the one that a question says it is; once that is answered `about`
    says what it was and `verdict` whether the answer was `right` or `not yet`. `right` of `asked` were right.
    `undo_us` is until when a command by heel taps can be taken back.
    """

    activity: str = "idle"
    phase: str = "idle"
    side: Legs | None = None
    counting: str | None = None
    counted_us: int = 0
    target_us: int = 0
    rate: int = 0
    repetition: int | None = None
    repetitions: int | None = None
    hold_us: int | None = None
    count: int | None = None
    target_count: int | None = None
    part: int | None = None
    trial: int | None = None
    attempt: int | None = None
    step: int | None = None
    steps: int | None = None
    target_mm: float | None = None
    best_mm: float | None = None
    result_left_mm: float | None = None
    result_right_mm: float | None = None
    verdict: str | None = None
    contact: Contact | None = None
    why: str | None = None
    exercise: str | None = None
    verified: bool | None = None
    about: CueName | None = None
    claimed: CueName | None = None
    right: int | None = None
    asked: int | None = None
    undo_us: int | None = None
