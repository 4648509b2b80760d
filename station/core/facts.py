"""Facts: the output of the core.

Times are whole microseconds on the monotonic clock. A back-dated fact also carries the time since which it is true.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from station.core.dataclasses import dataclass
from station.core.events import BoardPosition, CommandName, Legs, Press, Side
from station.core.measurement.calibration import Fit
from station.core.measurement.estimate import Estimate

NOT_REPLAYED = "not replayed"
"""Metadata of a field that `station replay` does not print; its value is the reason."""


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


@dataclass(frozen=True, slots=True)
class Fact:
    """Base of all facts. `at_us` is when it became known; a back-dated fact also has `since_us`."""

    at_us: int


@dataclass(frozen=True, slots=True)
class Cue(Fact):
    """A cue to play. A repeating cue gives one fact, at its start."""

    cue: CueName
    count: int | None = None
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class CueEnded(Fact):
    """The reason for a repeating cue has ended: stop repeating it."""

    cue: CueName


@dataclass(frozen=True, slots=True)
class HoldStarted(Fact):
    """The first GO of this repetition has been played; credit runs from here."""

    side: Legs
    repetition: int


@dataclass(frozen=True, slots=True)
class HoldEnd(Fact):
    """Totals of a hold. `lifts` is the number of HEEL_UP alarms; micro-lifts stay silent."""

    side: Legs
    repetition: int
    credited_us: int
    lifted_us: int
    lifts: int
    micro_lifts: int


@dataclass(frozen=True, slots=True)
class HoldFinished(HoldEnd):
    """The credited time reached its target; it equals the target exactly."""


@dataclass(frozen=True, slots=True)
class HoldPartial(HoldEnd):
    """The hold ended early; its credit is kept."""


@dataclass(frozen=True, slots=True)
class HeelLifted(Fact):
    """A working heel has been up since `since_us`."""

    side: Side
    since_us: int


@dataclass(frozen=True, slots=True)
class HeelReturned(Fact):
    """A working heel has been down again since `since_us`."""

    side: Side
    since_us: int


@dataclass(frozen=True, slots=True)
class RepCounted(Fact):
    """A repetition counted: the `count`th of its set."""

    side: Legs
    count: int


@dataclass(frozen=True, slots=True)
class RepTooQuick(Fact):
    """A repetition was too quick to count, the `count`th such of its set."""

    side: Legs
    count: int


@dataclass(frozen=True, slots=True)
class RepTimed(Fact):
    """How long a repetition took: from rise to return where heels rise, otherwise from its start to its end."""

    side: Legs
    took_us: int
    too_quick: bool


@dataclass(frozen=True, slots=True)
class RepsFinished(Fact):
    """A set of repetitions ended: `count` counted, `too_quick` did not."""

    side: Legs
    count: int
    too_quick: int


@dataclass(frozen=True, slots=True)
class RepsPartial(RepsFinished):
    """The set ended early; its count is kept."""


@dataclass(frozen=True, slots=True)
class Paused(Fact):
    """The activity paused; `why` is the cause."""

    why: str


@dataclass(frozen=True, slots=True)
class Resumed(Fact):
    """The activity resumed after a pause; `why` is the cause."""

    why: str


STOPPED_BY_PAIN = "much pain"
"""The `why` of a routine that ends because of a pain of 6 or more."""


@dataclass(frozen=True, slots=True)
class Ended(Fact):
    """The activity ended early; what was done is stored."""

    why: str


@dataclass(frozen=True, slots=True)
class Completed(Fact):
    """The activity ran to its end."""


@dataclass(frozen=True, slots=True)
class StepBegun(Fact):
    """The routine has reached step number `step`, counted from 0."""

    step: int


@dataclass(frozen=True, slots=True)
class BoardSet(Fact):
    """The person has laid the board like this."""

    board: BoardPosition


@dataclass(frozen=True, slots=True)
class AttemptStarted(Fact):
    """GO has been played: lunge now. `toe_mm` is the toe distance over the second before."""

    side: Side
    trial: int
    attempt: int
    toe_mm: float


@dataclass(frozen=True, slots=True)
class AttemptPassed(Fact):
    """The knee touched with the heel down.

    `toe_mm` is estimated from the readings of `window_us` (first, last); `estimate` is what they give before
    calibration and before any rounding.
    """

    side: Side
    toe_mm: float
    contact: Contact
    uncertainty_mm: float
    window_us: tuple[int, int]
    estimate: Estimate = field(metadata={NOT_REPLAYED: "toe_mm and uncertainty_mm are made of it"})


@dataclass(frozen=True, slots=True)
class AttemptFailed(Fact):
    """The heel rose (`why` is `heel`) or the knee did not touch (`contact`)."""

    side: Side
    why: str
    toe_mm: float


@dataclass(frozen=True, slots=True)
class AttemptVoid(Fact):
    """The attempt counts neither as passed nor as failed; `why` is the cause."""

    side: Side
    why: str


@dataclass(frozen=True, slots=True)
class TargetSet(Fact):
    """The toe distance of the next attempt, in mm; `move` is false where the toes are there already."""

    side: Side
    target_mm: float
    move: bool


@dataclass(frozen=True, slots=True)
class TrialFinished(Fact):
    """The largest passed distance of a trial; 0 with `below_range` where the knee does not reach even at the wall."""

    side: Side
    trial: int
    toe_mm: float
    below_range: bool
    uncertainty_mm: float | None


@dataclass(frozen=True, slots=True)
class TestFinished(Fact):
    """The score of each side in mm, `None` where it was not tested. `partial`: the test ended early."""

    __test__ = False

    left_mm: float | None
    right_mm: float | None
    partial: bool


@dataclass(frozen=True, slots=True)
class Answered(Fact):
    """An answer after a test. `question` is `felt` (where the limit was) or `pain` (0 to 10)."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Eased(Fact):
    """The test hurt: the remaining exercises of the routine are halved."""


@dataclass(frozen=True, slots=True)
class Tapped(Fact):
    """`count` heel taps were recognised as the command `word`."""

    count: int
    word: CommandName


@dataclass(frozen=True, slots=True)
class TapsUndone(Fact):
    """The last command by heel taps was undone, and tap commands are off."""


@dataclass(frozen=True, slots=True)
class LouderAsked(Fact):
    """A sound of the lesson got no answer: play it louder."""


@dataclass(frozen=True, slots=True)
class QuizAnswered(Fact):
    """The quiz played `cue` and asked whether it is `claimed`; `yes` is the person's answer."""

    cue: CueName
    claimed: CueName
    yes: bool
    right: bool


@dataclass(frozen=True, slots=True)
class LessonFinished(Fact):
    """The quiz is over: `right` of `asked` answers were right."""

    right: int
    asked: int


@dataclass(frozen=True, slots=True)
class PressEnded(Fact):
    """A press of the rhythm has ended: it began at `since_us`."""

    since_us: int
    press: Press


@dataclass(frozen=True, slots=True)
class RhythmMatched(Fact):
    """The presses are the rhythm that was asked for."""


@dataclass(frozen=True, slots=True)
class RhythmWrong(Fact):
    """The presses are another rhythm."""

    presses: tuple[Press, ...]


@dataclass(frozen=True, slots=True)
class BlockShown(Fact):
    """A block was sampled: the mean of the `n` readings in `window_us`, with its standard uncertainty."""

    toe_mm: float
    reading_mm: float
    uncertainty_mm: float
    n: int
    window_us: tuple[int, int]


@dataclass(frozen=True, slots=True)
class BlockUnclear(Fact):
    """A block must be held again; `why` is a sentence."""

    toe_mm: float
    why: str


@dataclass(frozen=True, slots=True)
class Calibrated(Fact):
    """The calibration that the blocks give."""

    fit: Fit


@dataclass(frozen=True, slots=True)
class CalibrationRefused(Fact):
    """The blocks give no calibration, and nothing is stored; `why` is a sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class CheckDone(Fact):
    """A block of known length was measured; `out` is true where the error exceeds the tolerance."""

    block_mm: float
    found_mm: float
    off_mm: float
    uncertainty_mm: float
    out: bool


@dataclass(frozen=True, slots=True)
class SensorLost(Fact):
    """A sensor gives no usable samples. `sensor` is its channel in a trace: `toe`, `load_left`, …"""

    sensor: str
    why: str


@dataclass(frozen=True, slots=True)
class SensorBack(Fact):
    """A lost sensor gives usable samples again."""

    sensor: str
    why: str
