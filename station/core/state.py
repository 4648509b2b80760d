"""What an activity shows at one moment. Each kind of activity has its own record."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

from station.core.events import BoardPosition, CommandName, Legs, Press, Side
from station.core.facts import Contact, CueName


class ShownClock(Struct, frozen=True):
    """A time that the page keeps counting: `counted_us` of `target_us` at the moment of the state.

    It grows by `rate` (1 or 0) microseconds a microsecond. `what` is counted: `hold`, `prepare`, `rest`, `attempt`,
    `warm` or `capture`.
    """

    what: str
    counted_us: int
    target_us: int
    rate: int


class ResumeNeed(StrEnum):
    """What a pause waits for: without it the command RESUME is refused. A sensor is named as the part at fault is."""

    HEEL = "heel"
    """The heels at work, down."""
    HEEL_SENSOR = "heel sensors"
    DISTANCE_SENSOR = "distance sensor"


class _State(Struct, frozen=True, kw_only=True):
    """What every activity shows. `phase` is the value of its phase; `side` the working legs, if any.

    `step` (from 0) of `steps` is the place in the routine; `next_side` is the leg whose turn follows in this step, if
    any. Until `undo_us`, a command by heel taps can be undone. `commands` are those of `OPTIONAL_COMMANDS`
    that are obeyed now. `resume_needs` is what a pause waits for; `None` where it can be resumed, and outside a pause.
    """

    activity: ClassVar[str]

    phase: str
    side: Legs | None = None
    clock: ShownClock | None = None
    step: int | None = None
    steps: int | None = None
    next_side: Side | None = None
    undo_us: int | None = None
    commands: frozenset[CommandName] = frozenset()
    resume_needs: ResumeNeed | None = None


class IdleState(_State, frozen=True, kw_only=True):
    """No activity."""

    activity = "idle"

    phase: str = "idle"


class SetupState(_State, frozen=True, kw_only=True):
    """The person sets up the board: the position it needs, and whether they still stand on it."""

    activity = "setup"

    board: BoardPosition
    is_occupied: bool


class TestState(_State, frozen=True, kw_only=True):
    """A knee-to-wall test, distances in mm. `target_mm` is the next toe distance, `best_mm` the largest passed one.

    `off_mm` is how far beyond the target the toes are, negative before it, and `is_on_target` whether they are there,
    both as the rule sees it, so that word, number and ticks agree. `next_trial` is the next one on this side, `None` in
    its last. `verdict` is the outcome of the last attempt; the results are those so far.
    """

    __test__ = False
    activity = "test"

    trial: int | None = None
    next_trial: int | None = None
    attempt: int | None = None
    target_mm: float | None = None
    off_mm: float | None = None
    is_on_target: bool = False
    best_mm: float | None = None
    result_left_mm: float | None = None
    result_right_mm: float | None = None
    verdict: str | None = None
    contact: Contact | None = None


class HoldState(_State, frozen=True, kw_only=True):
    """A hold of `hold_us`, the `repetition`th of `repetitions`; `next_repetition` is `None` in the last of this turn.

    `exercise` is a key of the catalogue, and `verified` says whether the board senses it.
    """

    activity = "hold"

    repetition: int | None = None
    repetitions: int | None = None
    next_repetition: int | None = None
    hold_us: int | None = None
    exercise: str | None = None
    verified: bool | None = None


class RepsState(_State, frozen=True, kw_only=True):
    """Repetitions: `count` of `target_count`, in `part` (from 0) of the tempo. `exercise`, `verified` as for a hold."""

    activity = "reps"

    count: int | None = None
    target_count: int | None = None
    part: int | None = None
    exercise: str | None = None
    verified: bool | None = None


class RestState(_State, frozen=True, kw_only=True):
    """A rest between two exercises."""

    activity = "rest"


class QuestionState(_State, frozen=True, kw_only=True):
    """A question after a test, open for `waited_us` of `wait_us`, and the test's results in mm."""

    activity = "ask"

    waited_us: int = 0
    wait_us: int = 0
    result_left_mm: float | None = None
    result_right_mm: float | None = None


class LessonState(_State, frozen=True, kw_only=True):
    """A lesson: the `repetition`th of `repetitions` sounds.

    `about` is the sound being played or in question, `claimed` the one that the question names. `verdict` on the answer
    is `right` or `not yet`; `right` of `asked` answers were right.
    """

    activity = "lesson"

    repetition: int | None = None
    repetitions: int | None = None
    about: CueName | None = None
    claimed: CueName | None = None
    verdict: str | None = None
    right: int | None = None
    asked: int | None = None


class RhythmState(_State, frozen=True, kw_only=True):
    """The presses of a rhythm so far, and whether the heel or the button is down now. It holds no secret."""

    activity = "rhythm"

    presses: tuple[Press, ...] = ()
    is_down: bool = False


class BlockState(_State, frozen=True, kw_only=True):
    """A calibration or a check: the block of `target_mm`, the `repetition`th of `repetitions`; `why` it failed."""

    repetition: int | None = None
    repetitions: int | None = None
    target_mm: float | None = None
    why: str | None = None


class CalibrationState(BlockState, frozen=True, kw_only=True):
    """A calibration."""

    activity = "calibrate"


class CheckState(BlockState, frozen=True, kw_only=True):
    """A check of the calibration."""

    activity = "check"


ExerciseState = HoldState | RepsState
ActivityState = (
    IdleState
    | SetupState
    | TestState
    | HoldState
    | RepsState
    | RestState
    | QuestionState
    | LessonState
    | RhythmState
    | CalibrationState
    | CheckState
)
ENDED_PHASES = ("done", "ended", "finish", "result")
"""The phases that only show how an activity ended."""
