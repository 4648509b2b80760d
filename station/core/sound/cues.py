"""The sound, meaning and look of every cue: one table for the buzzer, the page, the LED and the manual.

Ticks count, one long tone starts the clock, two mean relax, a fast repeating triple means heel up, short-long means
yes, a rattle means no. Rhythm carries the meaning, because an active buzzer has only one pitch; pitch reinforces it:
HIGH is the piezo's resonance, LOW a third of it. People can distinguish about six urgent sounds, by their temporal
pattern (Patterson and Mayfield 1990), and hearing fades far less with age at 2 kHz than at 4 kHz (ISO 24500, ISO
24501).

Notes on the table:

- STEP_ON and NUDGE are both one tick of 40 ms; NUDGE is recognised by its repetition every 2.5 s.
- After READY and SWITCH the side follows: one tick for left, two for right, 300 ms after the cue, so the ticks do not
  seem part of it.
- COMPLETE rises from half the resonance, not from LOW: otherwise its first 200 ms would equal those of PAUSED. ENDED
  falls from the resonance to LOW.
- Good and bad cues differ in rhythm or pitch within their first 200 ms. In rhythm alone all do so too, except ERROR,
  which begins long like GO and HOLD_DONE, and PAUSED and ENDED, which begin like COMPLETE; these three judge nothing.
"""

from __future__ import annotations

from datetime import time
from enum import Enum, StrEnum

from msgspec import Struct

from station.core.events import Side
from station.core.facts import Cue, CueName

MILLISECOND_US = 1_000

PHRASE_GAP_US = 150_000
"""The silence between two cues, within a phrase too."""

SIDE_GAP_MS = 300
"""The silence before the ticks of the side: longer than any gap within READY and SWITCH."""

SIDE_TICKS_MS = (80, 120, 80)
"""The ticks of the right side, as long as those of COUNT; the left side has only the first."""

TAP_TICK_MS = (40, 120)
"""One tick of ECHO and the gap after it."""


class Pitch(Enum):
    """A tone's frequency as a share of the piezo's resonance."""

    LOW = 1 / 3
    HALF = 1 / 2
    LOWER = 0.595
    MIDDLE = 0.707
    UPPER = 0.841
    HIGH = 1.0


class Feedback(StrEnum):
    """Whether a cue is good or bad news about what the person did."""

    GOOD = "good"
    BAD = "bad"
    NEUTRAL = "neither"


class Shape(StrEnum):
    """The shape beside a cue's word on the page; the LED turns it into a colour and a slow pattern."""

    DOT = "dot"
    DOTS = "dots"
    FEET = "feet"
    PLAY = "play"
    HALF_RING = "half-ring"
    RING = "ring"
    FULL_RING = "full-ring"
    ARROWS = "arrows"
    DOWN_ARROW = "down-arrow"
    CHECK = "check"
    CROSS = "cross"
    LOOP = "loop"
    STAR = "star"
    FLAG = "flag"
    SQUARE = "square"
    BARS = "bars"
    TRIANGLE = "triangle"
    HAND = "hand"
    QUESTION = "question"


class Volume(StrEnum):
    """The volume that the person chose."""

    OFF = "off"
    LOW = "low"
    NORMAL = "normal"
    LOUD = "loud"


DUTY_CYCLE = {Volume.OFF: 0.0, Volume.LOW: 0.05, Volume.NORMAL: 0.15, Volume.LOUD: 0.50}
"""The duty cycle of each volume. A pulse's fundamental is proportional to sin(pi x duty): loud 0 dB, normal -7, low
-16."""

SOFT_DUTY_CYCLE = {Volume.OFF: 0.0, Volume.LOW: 0.02, Volume.NORMAL: 0.05, Volume.LOUD: 0.15}
"""The duty cycle of a soft cue, one step (7 to 9 dB) lower at each volume."""

QUIET_FROM = time(21, 0)
QUIET_TO = time(7, 30)
"""The default quiet hours, in local time."""

DIGIT_TICK_MS, DIGIT_TICK_GAP_MS, ZERO_MS, DIGITS_GAP_MS = 200, 250, 900, 1_000
"""NUMBER: as many tones as the digit says, slow enough to count; one long tone for 0; the pause between two digits."""

AUDIBLE_IN_QUIET_HOURS = frozenset(
    {CueName.COUNT, CueName.GO, CueName.HOLD_DONE, CueName.HEEL_UP, CueName.ERROR, CueName.NUMBER}
)


class CueSound(Struct, frozen=True):
    """A cue's sound, its meaning and its visual twin.

    `rhythm_ms` is on, gap, on, … in milliseconds; `pitches` has one entry per tone. A cue with a lower `priority`
    number cuts in on one with a higher number. `every_ms` and `times` belong to a repeating cue; `times` is `None` if
    it repeats until ended. `word` is what the page shows largest, beside `shape`.
    """

    rhythm_ms: tuple[int, ...]
    pitches: tuple[Pitch, ...]
    priority: int
    means: str
    word: str
    shape: Shape
    feedback: Feedback = Feedback.NEUTRAL
    every_ms: int | None = None
    times: int | None = None
    soft: bool = False


class Tone(Struct, frozen=True):
    """One tone: its start and end in microseconds from the start of its cue, and its pitch in Hz."""

    start_us: int
    end_us: int
    hz: int


_LOW, _HIGH = Pitch.LOW, Pitch.HIGH
_NO_RHYTHM_MS = (40, 40, 40, 40, 40, 40, 40, 40, 40)
_TRIAL_OK_RHYTHM_MS = (120, 60, 120, 60, 400)
_TRIAL_OK_PITCHES = (_LOW, _HIGH, _HIGH)
_FALLING_PITCHES = (_HIGH, Pitch.UPPER, Pitch.MIDDLE, Pitch.HALF, _LOW)

CUES: dict[CueName, CueSound] = {
    CueName.STEP_ON: CueSound((40,), (_HIGH,), 5, "I see you", "HELLO", Shape.FEET, Feedback.GOOD),
    CueName.READY: CueSound((120, 120, 120), (_HIGH,) * 2, 4, "Get into position", "READY", Shape.RING),
    CueName.COUNT: CueSound((80,), (_HIGH,), 3, "3, 2, 1", "COUNT", Shape.DOT),
    CueName.GO: CueSound((400,), (_HIGH,), 2, "The clock runs, lunge now", "GO", Shape.PLAY),
    CueName.HALFWAY: CueSound((40, 80, 40), (_HIGH,) * 2, 6, "Half done", "HALF", Shape.HALF_RING, Feedback.GOOD),
    CueName.HOLD_DONE: CueSound((400, 150, 400), (_HIGH, _LOW), 2, "Relax", "RELAX", Shape.FULL_RING, Feedback.GOOD),
    CueName.SET_DONE: CueSound(
        (400, 150, 400, 150, 400),
        (_HIGH, _HIGH, _LOW),
        3,
        "This side is done",
        "SIDE DONE",
        Shape.SQUARE,
        Feedback.GOOD,
    ),
    CueName.SWITCH: CueSound(
        (120, 60, 240, 120, 120, 60, 240), (_HIGH, _LOW) * 2, 3, "Other side", "OTHER SIDE", Shape.ARROWS
    ),
    CueName.HEEL_UP: CueSound(
        (60, 60, 60, 60, 60),
        (_LOW,) * 3,
        1,
        "The heel lifted, the clock has stopped",
        "HEEL DOWN",
        Shape.DOWN_ARROW,
        Feedback.BAD,
        every_ms=600,
    ),
    CueName.YES: CueSound(
        (120, 60, 400), (_LOW, _HIGH), 2, "The heel is back, or the attempt passed", "YES", Shape.CHECK, Feedback.GOOD
    ),
    CueName.NO: CueSound(
        _NO_RHYTHM_MS, (_LOW,) * 5, 2, "This attempt did not count", "NOT YET", Shape.CROSS, Feedback.BAD
    ),
    CueName.TRIAL_OK: CueSound(
        _TRIAL_OK_RHYTHM_MS, _TRIAL_OK_PITCHES, 3, "Trial stored", "STORED", Shape.FLAG, Feedback.GOOD
    ),
    CueName.TRIAL_VOID: CueSound(
        (*_NO_RHYTHM_MS, 250, *_NO_RHYTHM_MS),
        (_LOW,) * 10,
        2,
        "Does not count, once more",
        "AGAIN",
        Shape.LOOP,
        Feedback.BAD,
    ),
    CueName.BEST: CueSound(
        (*_TRIAL_OK_RHYTHM_MS, 200, *_TRIAL_OK_RHYTHM_MS),
        _TRIAL_OK_PITCHES * 2,
        4,
        "Personal best",
        "BEST",
        Shape.STAR,
        Feedback.GOOD,
    ),
    CueName.COMPLETE: CueSound(
        (120, 80, 120, 80, 120, 80, 120, 80, 600),
        (Pitch.HALF, Pitch.LOWER, Pitch.MIDDLE, Pitch.UPPER, _HIGH),
        3,
        "Finished and stored",
        "DONE",
        Shape.STAR,
        Feedback.GOOD,
    ),
    CueName.ENDED: CueSound(
        (120, 80, 120, 80, 120, 80, 120, 80, 120),
        _FALLING_PITCHES,
        3,
        "Ended early; what was done is stored",
        "ENDED",
        Shape.SQUARE,
        Feedback.BAD,
    ),
    CueName.PAUSED: CueSound((120, 320, 120, 320, 120), (_LOW,) * 3, 3, "Paused", "PAUSED", Shape.BARS, Feedback.BAD),
    CueName.ERROR: CueSound(
        (600, 200, 600, 200, 40, 40, 40, 40, 40),
        (_LOW,) * 5,
        1,
        "A sensor is at fault, see the page",
        "SENSOR",
        Shape.TRIANGLE,
        Feedback.BAD,
        every_ms=10_000,
        times=3,
    ),
    CueName.NUDGE: CueSound(
        (40,), (_HIGH,), 6, "Waiting for you", "WAITING", Shape.HAND, every_ms=2_500, times=5, soft=True
    ),
    CueName.ASK: CueSound(
        (240, 100, 60, 100, 60),
        (_LOW, _HIGH, _HIGH),
        4,
        "A question, or the board must be changed: look at the page",
        "LOOK",
        Shape.QUESTION,
        every_ms=8_000,
        times=3,
    ),
    CueName.ECHO: CueSound((40,), (_HIGH,), 2, "I counted your taps", "TAPS", Shape.DOTS),
    CueName.NUMBER: CueSound(
        (DIGIT_TICK_MS,), (_HIGH,), 2, "Count: your phone must show this number", "NUMBER", Shape.DOTS
    ),
}
"""All cues. The ticks of the side follow READY and SWITCH; ECHO repeats its tick `count` times, and NUMBER counts the
two digits of its `count`."""


def cue_rhythm_ms(name: CueName, count: int | None = None, side: Side | None = None) -> tuple[int, ...]:
    """Return on, gap, on, … in milliseconds, including the ticks of the side and all ticks of an ECHO or a NUMBER."""
    rhythm = CUES[name].rhythm_ms
    if name is CueName.ECHO:
        return TAP_TICK_MS * ((count or 1) - 1) + rhythm
    if name is CueName.NUMBER and count is not None:
        return (*_digit_rhythm_ms(count // 10), DIGITS_GAP_MS, *_digit_rhythm_ms(count % 10))
    if name in (CueName.READY, CueName.SWITCH) and side is not None:
        return (*rhythm, SIDE_GAP_MS, *(SIDE_TICKS_MS if side is Side.RIGHT else SIDE_TICKS_MS[:1]))
    return rhythm


def _digit_rhythm_ms(digit: int) -> tuple[int, ...]:
    return (DIGIT_TICK_MS, DIGIT_TICK_GAP_MS) * (digit - 1) + (DIGIT_TICK_MS,) if digit else (ZERO_MS,)


def cue_tones(cue: Cue, resonance_hz: int) -> tuple[Tone, ...]:
    """Return the tones of one cue that starts at 0, for a piezo with this resonance."""
    rhythm = cue_rhythm_ms(cue.cue, cue.count, cue.side)
    pitches = CUES[cue.cue].pitches
    tones = []
    at_us = 0
    for index, on_ms in enumerate(rhythm[::2]):
        pitch = pitches[index] if index < len(pitches) else Pitch.HIGH
        end_us = at_us + on_ms * MILLISECOND_US
        tones.append(Tone(at_us, end_us, round(resonance_hz * pitch.value)))
        at_us = end_us + (rhythm[2 * index + 1] * MILLISECOND_US if 2 * index + 1 < len(rhythm) else 0)
    return tuple(tones)


def cue_length_us(cue: Cue) -> int:
    """Return the time in microseconds from the first edge to the last, without repetitions."""
    return sum(cue_rhythm_ms(cue.cue, cue.count, cue.side)) * MILLISECOND_US


def duty_cycle(volume: Volume, soft: bool) -> float:
    """Return the piezo's duty cycle (0 to 1) for a volume."""
    return (SOFT_DUTY_CYCLE if soft else DUTY_CYCLE)[volume]


def is_quiet(local: time, quiet_from: time = QUIET_FROM, quiet_to: time = QUIET_TO) -> bool:
    """Return whether a local time of day lies in the quiet hours. Equal bounds mean no quiet hours."""
    if quiet_from <= quiet_to:
        return quiet_from <= local < quiet_to
    return local >= quiet_from or local < quiet_to


def is_audible(name: CueName, volume: Volume, quiet: bool) -> bool:
    """Return whether a cue sounds: never when off; in quiet hours only if it guides a hold or reports a fault."""
    return volume is not Volume.OFF and (not quiet or name in AUDIBLE_IN_QUIET_HOURS)
