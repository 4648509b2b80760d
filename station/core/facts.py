"""Facts: what the core answers.

Times are whole microseconds on the monotonic clock. A back-dated fact also says since when it is true.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from station.core.events import CommandName, Legs, Side
from station.core.measurement.calibration import Fit
from station.core.measurement.estimate import Estimate

NOT_REPLAYED = "not replayed"
"""Metadata of a field that `station replay` does not print; its value is the reason."""


class Contact(StrEnum):
    """What proves that the knee touched the wall."""

    PAD = "pad"
    INFERRED = "inferred"
    SELF = "self"


class CueName(StrEnum):
    """The names of the cues; what they sound like is in `station.core.sound.cues`."""

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
    ECHO = "ECHO"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is now known. A back-dated fact also says since when it is true (`since_us`)."""

    at_us: int


@dataclass(frozen=True, slots=True)
class Cue(Fact):
    """What the rules ask the buzzer to say; one fact at the start of a repeating cue."""

    cue: CueName
    count: int | None = None
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class CueEnded(Fact):
    """What made a repeating cue sound is over."""

    cue: CueName


@dataclass(frozen=True, slots=True)
class HoldStarted(Fact):
    """The first GO of this repetition has sounded; its credit runs from here."""

    side: Legs
    repetition: int


@dataclass(frozen=True, slots=True)
class HoldEnd(Fact):
    """What a hold came to. `lifts` equals the HEEL_UP alarms heard."""

    side: Legs
    repetition: int
    credited_us: int
    lifted_us: int
    lifts: int
    micro_lifts: int


@dataclass(frozen=True, slots=True)
class HoldFinished(HoldEnd):
    """The credited time reached its target, exactly."""


@dataclass(frozen=True, slots=True)
class HoldPartial(HoldEnd):
    """The hold was given up; what was credited is kept."""


@dataclass(frozen=True, slots=True)
class HeelLifted(Fact):
    """A heel at work has been up since `since_us`."""

    side: Side
    since_us: int


@dataclass(frozen=True, slots=True)
class HeelReturned(Fact):
    """A heel at work has been down again since `since_us`."""

    side: Side
    since_us: int


@dataclass(frozen=True, slots=True)
class RepCounted(Fact):
    """`count` repetitions are done."""

    side: Legs
    count: int


@dataclass(frozen=True, slots=True)
class RepTooQuick(Fact):
    """`count` repetitions so far were too quick to count."""

    side: Legs
    count: int


@dataclass(frozen=True, slots=True)
class RepTimed(Fact):
    """How long a repetition took: from the rise to the return where heels rise, else from its beginning to its end."""

    side: Legs
    took_us: int
    too_quick: bool


@dataclass(frozen=True, slots=True)
class RepsFinished(Fact):
    """A set of repetitions has ended with `count` of them."""

    side: Legs
    count: int
    too_quick: int


@dataclass(frozen=True, slots=True)
class RepsPartial(RepsFinished):
    """The repetitions were given up; what was counted is kept."""


@dataclass(frozen=True, slots=True)
class Paused(Fact):
    """The activity has paused."""

    why: str


@dataclass(frozen=True, slots=True)
class Resumed(Fact):
    """The activity goes on after a pause."""

    why: str


STOPPED_BY_PAIN = "much pain"
"""Why a routine ends after an answer of 6 or more."""


@dataclass(frozen=True, slots=True)
class Ended(Fact):
    """Ended early; what was done is stored."""

    why: str


@dataclass(frozen=True, slots=True)
class Completed(Fact):
    """An activity has come to its proper end."""


@dataclass(frozen=True, slots=True)
class StepBegun(Fact):
    """The routine has come to the step with this number, from 0."""

    step: int


@dataclass(frozen=True, slots=True)
class AttemptStarted(Fact):
    """GO has sounded: lunge now. `toe_mm` is the distance of the second before."""

    side: Side
    trial: int
    attempt: int
    toe_mm: float | None


@dataclass(frozen=True, slots=True)
class AttemptPassed(Fact):
    """An attempt has passed at `toe_mm`.

    `window_us` are the first and the last moment of the readings that it was estimated from; `estimate` is what they
    give before calibration and before any rounding.
    """

    side: Side
    toe_mm: float
    contact: Contact
    uncertainty_mm: float
    window_us: tuple[int, int]
    estimate: Estimate = field(metadata={NOT_REPLAYED: "toe_mm and uncertainty_mm are made of it"})


@dataclass(frozen=True, slots=True)
class AttemptFailed(Fact):
    """`why` is `heel` or `contact`."""

    side: Side
    why: str
    toe_mm: float | None


@dataclass(frozen=True, slots=True)
class AttemptVoid(Fact):
    """An attempt counts neither as passed nor as failed."""

    side: Side
    why: str


@dataclass(frozen=True, slots=True)
class TargetSet(Fact):
    """Where the toes should go next, and whether moving is needed at all."""

    side: Side
    target_mm: float
    move: bool


@dataclass(frozen=True, slots=True)
class TrialFinished(Fact):
    """The largest passed distance of a trial; 0 and `below_range` when the knee does not reach at the wall."""

    side: Side
    trial: int
    toe_mm: float
    below_range: bool
    uncertainty_mm: float | None


@dataclass(frozen=True, slots=True)
class TestFinished(Fact):
    """The score of each side, `None` where it was not tested."""

    __test__ = False

    left_mm: float | None
    right_mm: float | None
    partial: bool


@dataclass(frozen=True, slots=True)
class Answered(Fact):
    """What a person said after a test. `question` is `felt` (where the limit was) or `pain` (0 to 10)."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Eased(Fact):
    """It hurt: what is left of the routine is halved."""


@dataclass(frozen=True, slots=True)
class Tapped(Fact):
    """So many heel taps were counted; `word` is the command that they are."""

    count: int
    word: CommandName


@dataclass(frozen=True, slots=True)
class TapsUndone(Fact):
    """The last command by heel taps was taken back: it is as if it had not been given, and taps are off."""


@dataclass(frozen=True, slots=True)
class LouderAsked(Fact):
    """Nobody answered the sound of a lesson: it was not heard."""


@dataclass(frozen=True, slots=True)
class QuizAnswered(Fact):
    """`cue` was played and said to be `claimed`; `yes` is what the person said to that."""

    cue: CueName
    claimed: CueName
    yes: bool
    right: bool


@dataclass(frozen=True, slots=True)
class LessonFinished(Fact):
    """So many answers of the quiz were right."""

    right: int
    asked: int


@dataclass(frozen=True, slots=True)
class BlockShown(Fact):
    """A block has been read: the mean of `n` readings of `window_us`, and its standard uncertainty."""

    toe_mm: float
    reading_mm: float
    uncertainty_mm: float
    n: int
    window_us: tuple[int, int]


@dataclass(frozen=True, slots=True)
class BlockUnclear(Fact):
    """A block has to be shown again; `why` is a sentence."""

    toe_mm: float
    why: str


@dataclass(frozen=True, slots=True)
class Calibrated(Fact):
    """The blocks give this calibration."""

    fit: Fit


@dataclass(frozen=True, slots=True)
class CalibrationRefused(Fact):
    """The blocks give no calibration; `why` is a sentence. Nothing of it is kept."""

    why: str


@dataclass(frozen=True, slots=True)
class CheckDone(Fact):
    """A block of known length was measured; `out` says that it was off by more than it may be."""

    block_mm: float
    found_mm: float
    off_mm: float
    uncertainty_mm: float
    out: bool


@dataclass(frozen=True, slots=True)
class SensorLost(Fact):
    """`sensor` is the channel's name in a trace: `toe`, `load_left`, …"""

    sensor: str
    why: str


@dataclass(frozen=True, slots=True)
class SensorBack(Fact):
    """A lost sensor gives good samples again."""

    sensor: str
    why: str
