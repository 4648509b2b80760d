"""Facts: the output of the core.

Times are whole microseconds on the monotonic clock. A back-dated fact also carries the time since which it has been
true.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from station.core.events import BoardPosition, CommandName, Legs, Press, Side
from station.core.measurement.calibration import Fit
from station.core.measurement.estimate import Estimate


class Contact(StrEnum):
    """How a touch of the wall is proved: by the knee pad, inferred from the load, or by the person's own word."""

    PAD = "pad"
    INFERRED = "inferred"
    SELF = "self"


class CueName(StrEnum):
    """The names of the cues. `station.core.sound.cues` defines their sounds."""

    STEP_ON = "STEP_ON"
    READY = "READY"
    COUNT = "COUNT"
    GO = "GO"
    HALFWAY = "HALFWAY"
    HOLD_DONE = "HOLD_DONE"
    SET_DONE = "SET_DONE"
    SWITCH = "SWITCH"
    HEEL_UP = "HEEL_UP"
    YES = "YES"
    NO = "NO"
    TRIAL_OK = "TRIAL_OK"
    TRIAL_VOID = "TRIAL_VOID"
    BEST = "BEST"
    COMPLETE = "COMPLETE"
    ENDED = "ENDED"
    PAUSED = "PAUSED"
    ERROR = "ERROR"
    NUDGE = "NUDGE"
    ASK = "ASK"
    ECHO = "ECHO"
    NUMBER = "NUMBER"


class Fact(Struct, frozen=True):
    """Base of all facts. `at_us` is when it became known; a back-dated fact also has `since_us`."""

    at_us: int


class Cue(Fact, frozen=True):
    """A cue to play. A repeating cue gives one fact, at its start."""

    cue: CueName
    count: int | None = None
    side: Side | None = None


class CueEnded(Fact, frozen=True):
    """The cause of a repeating cue is over: stop repeating it."""

    cue: CueName


class HoldStarted(Fact, frozen=True):
    """The first GO of this repetition has been played; credit runs from here."""

    side: Legs
    repetition: int


class HoldEnd(Fact, frozen=True):
    """Totals of a hold. `lifts` is the number of HEEL_UP alarms; micro-lifts stay silent."""

    side: Legs
    repetition: int
    credited_us: int
    lifted_us: int
    lifts: int
    micro_lifts: int


class HoldFinished(HoldEnd, frozen=True):
    """The credited time reached its target; it equals the target exactly."""


class HoldPartial(HoldEnd, frozen=True):
    """The hold ended early; its credit is kept."""


class HeelLifted(Fact, frozen=True):
    """A working heel has been up since `since_us`."""

    side: Side
    since_us: int


class HeelReturned(Fact, frozen=True):
    """A working heel has been down again since `since_us`."""

    side: Side
    since_us: int


class RepCounted(Fact, frozen=True):
    """A repetition counted: the `count`th of its set."""

    side: Legs
    count: int


class RepTooQuick(Fact, frozen=True):
    """A repetition was too quick to count, the `count`th such of its set."""

    side: Legs
    count: int


class RepTimed(Fact, frozen=True):
    """How long a repetition took: from rise to return if the heel rises, otherwise from its start to its end."""

    side: Legs
    took_us: int
    too_quick: bool


class RepsFinished(Fact, frozen=True):
    """A set of repetitions ended: `count` counted, `too_quick` did not."""

    side: Legs
    count: int
    too_quick: int


class RepsPartial(RepsFinished, frozen=True):
    """The set ended early; its count is kept."""


class Paused(Fact, frozen=True):
    """The activity paused; `why` is the cause."""

    why: str


class Resumed(Fact, frozen=True):
    """The activity resumed after a pause; `why` is the cause."""

    why: str


STOPPED_BY_PAIN = "much pain"
"""The `why` of a routine that ends because of a pain of 6 or more."""


class Ended(Fact, frozen=True):
    """The activity ended early; what was done is stored."""

    why: str


class Completed(Fact, frozen=True):
    """The activity ran to its end."""


class StepBegun(Fact, frozen=True):
    """The routine has reached step number `step`, counted from 0."""

    step: int


class BoardSet(Fact, frozen=True):
    """The person has set the board up like this."""

    board: BoardPosition


class AttemptStarted(Fact, frozen=True):
    """GO has been played: lunge now. `toe_mm` is the toe distance over the second before."""

    side: Side
    trial: int
    attempt: int
    toe_mm: float


class AttemptPassed(Fact, frozen=True):
    """The knee touched with the heel down.

    `toe_mm` is estimated from the readings of `window_us` (first, last); `estimate` is their result before calibration
    and rounding.
    """

    side: Side
    toe_mm: float
    contact: Contact
    uncertainty_mm: float
    window_us: tuple[int, int]
    estimate: Estimate


class AttemptFailed(Fact, frozen=True):
    """The heel rose (`why` is `heel`) or the knee did not touch (`contact`)."""

    side: Side
    why: str
    toe_mm: float


class AttemptVoid(Fact, frozen=True):
    """The attempt counts neither as passed nor as failed; `why` is the cause."""

    side: Side
    why: str


class TargetSet(Fact, frozen=True):
    """The toe distance of the next attempt, in mm; `move` is false if the toes are already there."""

    side: Side
    target_mm: float
    move: bool


class TrialFinished(Fact, frozen=True):
    """The largest passed distance of a trial; 0 with `below_range` if the knee does not reach even at the wall."""

    side: Side
    trial: int
    toe_mm: float
    below_range: bool
    uncertainty_mm: float | None


class TestFinished(Fact, frozen=True):
    """The score of each side in mm, `None` if it was not tested. `partial`: the test ended early."""

    __test__ = False

    left_mm: float | None
    right_mm: float | None
    partial: bool


class Answered(Fact, frozen=True):
    """An answer after a test. `question` is `felt` (where the limit was) or `pain` (0 to 10)."""

    question: str
    answer: str


class Eased(Fact, frozen=True):
    """The test hurt: the remaining exercises of the routine are halved."""


class Tapped(Fact, frozen=True):
    """`count` heel taps were recognised as the command `word`."""

    count: int
    word: CommandName


class TapsUndone(Fact, frozen=True):
    """The last command by heel taps was undone, and tap commands are off."""


class LouderAsked(Fact, frozen=True):
    """A sound of the lesson got no answer: play it louder."""


class QuizAnswered(Fact, frozen=True):
    """The quiz played `cue` and asked whether it is `claimed`; `yes` is the person's answer."""

    cue: CueName
    claimed: CueName
    yes: bool
    right: bool


class LessonFinished(Fact, frozen=True):
    """The quiz is over: `right` of `asked` answers were right."""

    right: int
    asked: int


class PressEnded(Fact, frozen=True):
    """A press of the rhythm has ended: it began at `since_us`."""

    since_us: int
    press: Press


class RhythmMatched(Fact, frozen=True):
    """The presses match the requested rhythm."""


class RhythmWrong(Fact, frozen=True):
    """The presses do not match the rhythm."""

    presses: tuple[Press, ...]


class BlockShown(Fact, frozen=True):
    """A block was sampled: the mean of the `n` readings in `window_us`, with its standard uncertainty."""

    toe_mm: float
    reading_mm: float
    uncertainty_mm: float
    n: int
    window_us: tuple[int, int]


class BlockUnclear(Fact, frozen=True):
    """A block must be held again; `why` is a sentence."""

    toe_mm: float
    why: str


class Calibrated(Fact, frozen=True):
    """The calibration that the blocks give."""

    fit: Fit


class CalibrationRefused(Fact, frozen=True):
    """The blocks give no calibration, and nothing is stored; `why` is a sentence."""

    why: str


class CheckDone(Fact, frozen=True):
    """A block of known length was measured; `out` is true if the error exceeds the tolerance."""

    block_mm: float
    found_mm: float
    off_mm: float
    uncertainty_mm: float
    out: bool


class SensorLost(Fact, frozen=True):
    """A sensor gives no usable samples. `sensor` is its channel in a trace: `toe`, `load_left`, …"""

    sensor: str
    why: str


class SensorBack(Fact, frozen=True):
    """A lost sensor gives usable samples again."""

    sensor: str
    why: str
