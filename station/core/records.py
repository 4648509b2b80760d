"""What goes into the core and what comes out: events, facts, and the words they are made of.

Times are whole microseconds on the station's monotonic clock (`at_us`), so that sums of spans are exact and the same
events give the same facts on every machine. Distances are millimetres. Missing is `None`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from station.core.calibration import Fit

SECOND_US = 1_000_000


class Side(StrEnum):
    """The leg at work."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Side:
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


class Both(StrEnum):
    """Both legs at once, each heel watched."""

    BOTH = "both"


Legs = Side | Both
"""Who is at work in a hold or in repetitions: one leg, or both at once."""
BOTH_LEGS = Both.BOTH


class Contact(StrEnum):
    """What proves that the knee touched the wall."""

    PAD = "pad"
    INFERRED = "inferred"
    SELF = "self"


class Word(StrEnum):
    """A command: from the page, the button or heel taps."""

    START = "start"
    NEXT = "next"
    SKIP = "skip"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    CONFIRM = "confirm"
    SIDE = "side"
    ANSWER = "answer"
    UNDO = "undo"


class CueName(StrEnum):
    """The names of the cues; what they sound like is in `station.core.cues`."""

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
class Heel:
    """A comparator's level under one heel; it lasts until the next."""

    at_us: int
    side: Side
    down: bool


@dataclass(frozen=True, slots=True)
class Load:
    """One sample of an analogue heel: the ADC's share of full scale, 0 to 1."""

    at_us: int
    side: Side
    share: float


@dataclass(frozen=True, slots=True)
class Toe:
    """What the distance sensor said, in mm before calibration, with its range status (11 is valid)."""

    at_us: int
    reading_mm: float
    status: int = 11


@dataclass(frozen=True, slots=True)
class Knee:
    """The knee pad's level; it lasts until the next."""

    at_us: int
    touching: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has come this far and nothing else has happened."""

    at_us: int


@dataclass(frozen=True, slots=True)
class Command:
    """What a person said through the page, the button or taps. `side` goes with `Word.SIDE`, `answer` with
    `Word.ANSWER`: a place (`front`, `achilles`, `calf`, `nowhere`) or a number from 0 to 10."""

    at_us: int
    word: Word
    side: Side | None = None
    answer: str | None = None


Event = Heel | Load | Toe | Knee | Tick | Command


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
    side: Side
    since_us: int


@dataclass(frozen=True, slots=True)
class HeelReturned(Fact):
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
    side: Legs
    count: int
    too_quick: int


@dataclass(frozen=True, slots=True)
class RepsPartial(RepsFinished):
    """The repetitions were given up; what was counted is kept."""


@dataclass(frozen=True, slots=True)
class Paused(Fact):
    why: str


@dataclass(frozen=True, slots=True)
class Resumed(Fact):
    why: str


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
    """`window_us` are the first and the last moment of the readings that `toe_mm` was estimated from."""

    side: Side
    toe_mm: float
    contact: Contact
    uncertainty_mm: float
    window_us: tuple[int, int]


@dataclass(frozen=True, slots=True)
class AttemptFailed(Fact):
    """`why` is `heel` or `contact`."""

    side: Side
    why: str
    toe_mm: float | None


@dataclass(frozen=True, slots=True)
class AttemptVoid(Fact):
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
    word: Word


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
    sensor: str
    why: str
