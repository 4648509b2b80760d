"""The state of the running activity, as the page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from station.core.events import Legs
from station.core.facts import Contact, CueName


@dataclass(frozen=True, slots=True)
class ActivityState:
    """A snapshot of the running activity.

    `activity` is `idle`, `test`, `hold`, `reps`, `rest`, `ask`, `lesson`, `calibrate` or `check`. `phase` is the state
    of its state machine: `wait`, `settle`, `side`, `count`, `attempt`, `move`, `rest`, `switch`, `result`, `prepare`,
    `hold`, `grace`, `lifted`, `away`, `reps`, `paused`, `fault`, `done`, `ended`, `idle`; for questions `felt`, `pain`;
    for a lesson `volume`, `listen`, `quiz`; with blocks `warm`, `clear`, `leave`, `block`, `capture`.

    `counted_us` of `target_us` gives the big number: credited time in a hold, elapsed time in a countdown. From the
    snapshot on it grows by `rate` (1 or 0) microseconds per microsecond. `counting` names it: `hold`, `prepare`,
    `rest`, `attempt`, `warm`, `capture` or `None`.

    - Holds: `hold_us` is the length of each hold, also while it is not counting.
    - Repetitions: `count` of `target_count` are done; `part` is the current part of the tempo, from 0.
    - Blocks: `target_mm` is the block to hold, the `repetition`th of `repetitions`; `why` is a sentence about the last
      problem.
    - Lesson: `about` is the cue being played, `claimed` the cue that a question names. After the answer `about` is the
      cue that was played and `verdict` is `right` or `not yet`; `right` of `asked` answers were right.

    `exercise` is its key in the catalogue, `verified` whether the board senses it. A command by heel taps can be undone
    until `undo_us`.
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
