"""Routines: a routine is a tuple of steps, and each step is one of these records.

A step is data: the page builds it, the store keeps it, and a trace's header has it as JSON (`to_json`,
`routine_from_header`), with the options of `station replay` as its fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from math import ceil
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from station.core.events import BOTH_LEGS, SECOND_US, BoardPosition, Legs, Press, Side
from station.core.untrusted import is_number, quoted

BOTH_SIDES = (Side.LEFT, Side.RIGHT)


WARM_UP_US = 60 * SECOND_US
"""In its first minute the distance sensor reads up to 2 mm too far (a one-hour recording from power-on)."""
MIN_REST_US = 1 * SECOND_US
"""The minimum rest between two holds: HOLD_DONE has sounded by then, so GO sounds when the clock starts."""
MIN_SWITCH_US = 10 * SECOND_US
"""The minimum time from SWITCH to GO: people turn round, and some sit down for it."""


class HeelRule(StrEnum):
    """What an exercise requires of the heel: down; down under only the shin's weight, because the person sits (LIGHT);
    up and down (CYCLE); or anything, because the board does not sense this exercise (ANY)."""

    DOWN = "down"
    LIGHT = "light"
    CYCLE = "cycle"
    ANY = "any"


class SetupStep(Struct, frozen=True):
    """The person sets up the board for the next step, then steps on."""

    board: BoardPosition = BoardPosition.FLAT


class HoldStep(Struct, frozen=True):
    """Timed stretches: `repetitions` per side in the order of `sides`, or both legs at once (`together`).

    `exercise` is its key in the catalogue. `prepare_off`: preparing takes the person off the board, to a chair or for a
    band; the countdown runs while they are off, and GO waits until they are back.
    """

    sides: tuple[Side, ...] = BOTH_SIDES
    hold_us: int = 30 * SECOND_US
    repetitions: int = 3
    rest_us: int = 15 * SECOND_US
    prepare_us: int = 10 * SECOND_US
    heel: HeelRule = HeelRule.DOWN
    together: bool = False
    exercise: str | None = None
    prepare_off: bool = False
    reduced: bool = False
    """Half of its usual dose already, by a precaution or after pain."""

    @property
    def rest_between_us(self) -> int:
        """The rest from HOLD_DONE to the next GO."""
        return max(self.rest_us, MIN_REST_US)

    @property
    def turns(self) -> tuple[Legs, ...]:
        """The legs that work, in order."""
        return turns_of(self)


class RepsStep(Struct, frozen=True):
    """`count` repetitions per side, or with both legs at once (`together`).

    With CYCLE the heel's ups and downs are counted; with DOWN and ANY the tempo counts. `tempo_us` are the parts of one
    repetition (up, hold, down). ANY without a tempo runs at the person's own pace until they step on again.
    `prepare_off` is as for a hold.
    """

    sides: tuple[Side, ...] = BOTH_SIDES
    count: int = 20
    prepare_us: int = 10 * SECOND_US
    heel: HeelRule = HeelRule.CYCLE
    tempo_us: tuple[int, ...] = ()
    together: bool = False
    exercise: str | None = None
    prepare_off: bool = False
    reduced: bool = False
    """Half of its usual dose already, by a precaution or after pain."""

    @property
    def turns(self) -> tuple[Legs, ...]:
        """The legs that work, in order."""
        return turns_of(self)


class TestStep(Struct, frozen=True):
    """A knee-to-wall test: one trial per side (quick) or three (`full`)."""

    __test__ = False

    sides: tuple[Side, ...] = BOTH_SIDES
    full: bool = False
    beat_left_mm: float | None = None
    beat_right_mm: float | None = None
    """The toe distance a full test must exceed to be a personal best: the best so far plus the person's own error."""


class RestStep(Struct, frozen=True):
    """A rest between steps; the command `next` ends it early."""

    rest_us: int = 30 * SECOND_US


class CalibrateStep(Struct, frozen=True):
    """A calibration: each block is held against the toe stop in this order, `rounds` times, and more often if the
    readings form an S or may drift.
    """

    blocks_mm: tuple[float, ...] = (0.0, 150.0, 50.0, 200.0)
    rounds: int = 2
    """Two samples of ten seconds beat one of thirty: the sensor's slow wander limits accuracy, not its noise."""
    warm_us: int = WARM_UP_US
    """How long the sensor must run before the first block: a cold one reads up to 2 mm too far."""


SAMPLES_PER_CALIBRATION = 8
"""The minimum number of samples that averages out what the sensor's wander adds to each."""


def rounds_for(blocks_mm: Sequence[float]) -> int:
    """Return how often each of these blocks is shown: four blocks twice, three blocks three times."""
    return max(2, ceil(SAMPLES_PER_CALIBRATION / len(blocks_mm)))


class CheckStep(Struct, frozen=True):
    """A check, with one block, of whether the calibration still holds."""

    block_mm: float = 100.0
    calibration_mm: float = 0.0
    """The standard uncertainty of the calibration at this block."""
    warm_us: int = WARM_UP_US


class AskStep(Struct, frozen=True):
    """The questions after a test: where was the limit felt, and how much did it hurt? Both may stay unanswered."""

    wait_us: int = 45 * SECOND_US
    """How long each question waits for its answer."""


class LessonStep(Struct, frozen=True):
    """The lesson on the sounds: a volume check, the meaning of each cue, and a quiz drawn from `seed`."""

    seed: int = 0


class RhythmStep(Struct, frozen=True):
    """A person proves that they are at the board: a rhythm of heel presses, then a number in counted beeps."""

    rhythm: tuple[Press, ...] = (Press.SHORT, Press.LONG, Press.SHORT, Press.SHORT)
    number: int = 10
    """Two digits; the first is never 0, whose long tone begins like ERROR."""
    wait_us: int = 120 * SECOND_US
    """How long the board waits for the rhythm."""
    confirm_us: int = 60 * SECOND_US
    """How long it then waits until the number is confirmed."""


Step = (
    SetupStep
    | HoldStep
    | RepsStep
    | TestStep
    | RestStep
    | AskStep
    | LessonStep
    | RhythmStep
    | CalibrateStep
    | CheckStep
)
Routine = tuple[Step, ...]


def turns_of(step: HoldStep | RepsStep) -> tuple[Legs, ...]:
    """Return the turns of an exercise in order: each side by itself, or both legs at once."""
    return (BOTH_LEGS,) if step.together else step.sides


def is_verified(step: HoldStep | RepsStep) -> bool:
    """Return whether the board senses what the step requires."""
    return step.heel is not HeelRule.ANY


def halved(step: Step) -> Step:
    """Return half of an exercise; see `reduced`."""
    return reduced(step, 0.5)


def reduced(step: Step, share: float) -> Step:
    """Return this share of an exercise, rounded up: fewer repetitions, or one shorter hold. Other steps stay as is."""
    match step:
        case HoldStep() if step.repetitions > 1:
            return replace(step, repetitions=ceil(step.repetitions * share), reduced=True)
        case HoldStep():
            hold_us = ceil(step.hold_us // SECOND_US * share) * SECOND_US or step.hold_us
            return replace(step, hold_us=hold_us, reduced=True)
        case RepsStep():
            return replace(step, count=ceil(step.count * share), reduced=True)
        case _:
            return step


def uses_blocks(routine: Routine) -> bool:
    """Return whether the routine calibrates or checks the board with blocks."""
    return any(isinstance(step, CalibrateStep | CheckStep) for step in routine)


STEP_TYPES: dict[str, type[Step]] = {
    "setup": SetupStep,
    "hold": HoldStep,
    "reps": RepsStep,
    "test": TestStep,
    "rest": RestStep,
    "ask": AskStep,
    "lesson": LessonStep,
    "rhythm": RhythmStep,
    "calibrate": CalibrateStep,
    "check": CheckStep,
}
"""Step types by their name (`do`) in a trace's header and on the command line."""


class StepError(ValueError):
    """An invalid step: the sentence names the field, its value and what is allowed."""


def to_json(routine: Routine) -> dict[str, Any]:
    """Return the routine in the form of its trace's header."""
    steps = [_step_to_json(step) for step in routine]
    return steps[0] if len(steps) == 1 else {"do": "routine", "steps": steps}


def _step_to_json(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {"do": next(do for do, kind in STEP_TYPES.items() if isinstance(step, kind))}
    for name in step.__struct_fields__:
        value = getattr(step, name)
        if name == "sides":
            found["side"] = "both" if len(value) == 2 else str(value[0])
            if value == BOTH_SIDES[::-1]:
                found["first"] = str(Side.RIGHT)
        elif value is None or value is False or value == ():
            continue
        elif name == "tempo_us":
            found["tempo_s"] = [part / SECOND_US for part in value]
        elif name.endswith("_us"):
            found[name.removesuffix("_us") + "_s"] = value / SECOND_US
        else:
            found[name] = list(value) if isinstance(value, tuple) else value
    return found


def routine_from_header(header: Mapping[str, Any]) -> Routine:
    """Return the routine of a trace's header. Raises StepError."""
    if header.get("do") == "routine":
        steps = header.get("steps")
        if not isinstance(steps, list) or not steps:
            raise StepError(f"steps is {quoted(steps)}; a routine needs a list of steps")
        return tuple(step_from_options(step) for step in steps)
    return (step_from_options(header),)


def step_from_options(options: Mapping[str, Any]) -> Step:
    """Build a step from its options; missing ones take their defaults. Raises StepError."""
    if not isinstance(options, Mapping):
        raise StepError(f"a step is {quoted(options)}; an object with its options is needed")
    do = options.get("do")
    kind = STEP_TYPES.get(do) if isinstance(do, str) else None
    if kind is None:
        raise StepError(f"do is {quoted(do)}; it may be {', '.join(STEP_TYPES)} or routine")
    step: Step = kind()
    for name in kind.__struct_fields__:
        key = "side" if name == "sides" else name
        key = key.removesuffix("_us") + "_s" if key.endswith("_us") else key
        if options.get(key) is not None:
            step = replace(step, **{name: _parse_field(name, key, options)})
    if isinstance(step, HoldStep | RepsStep):
        _check_exercise_step(step)
    return step


HOLD_HEEL_RULES = (HeelRule.DOWN, HeelRule.LIGHT, HeelRule.ANY)
REPS_HEEL_RULES = (HeelRule.CYCLE, HeelRule.DOWN, HeelRule.ANY)


def _check_exercise_step(step: HoldStep | RepsStep) -> None:
    allowed = HOLD_HEEL_RULES if isinstance(step, HoldStep) else REPS_HEEL_RULES
    if step.heel not in allowed:
        raise StepError(f"heel is {str(step.heel)!r}; here it may be {' or '.join(allowed)}")
    if isinstance(step, RepsStep) and step.heel is HeelRule.DOWN and not step.tempo_us:
        raise StepError("tempo_s is missing; repetitions with the heel down are counted by their tempo")
    if step.together and len(step.sides) != len(BOTH_SIDES):
        raise StepError("together is true; it needs both sides")


def _parse_field(name: str, key: str, options: Mapping[str, Any]) -> Any:
    value = options[key]
    if name == "sides":
        return _parse_sides(value, options.get("first"))
    if name == "heel":
        if value not in tuple(HeelRule):
            raise StepError(f"{key} is {quoted(value)}; it may be {' or '.join(HeelRule)}")
        return HeelRule(value)
    if name == "board":
        if value not in tuple(BoardPosition):
            raise StepError(f"{key} is {quoted(value)}; it may be {' or '.join(BoardPosition)}")
        return BoardPosition(value)
    if name == "blocks_mm":
        return _parse_blocks(value)
    if name == "tempo_us":
        return _parse_tempo(value)
    if name == "rhythm":
        return _parse_rhythm(value)
    if name == "exercise":
        if not isinstance(value, str) or not value:
            raise StepError(f"{key} is {quoted(value)}; a key of the catalogue is needed")
        return value
    if name in ("full", "together", "prepare_off", "reduced"):
        if not isinstance(value, bool):
            raise StepError(f"{key} is {quoted(value)}; it may be true or false")
        return value
    if not is_number(value):
        raise StepError(f"{key} is {quoted(value)}; a number is needed")
    if name == "seed":
        return int(value)
    if name == "number":
        if value not in TWO_DIGITS:
            raise StepError(f"{key} is {quoted(value)}; a whole number from 10 to 99 is needed")
        return int(value)
    if name in MAX_COUNTS:
        if not 1 <= value <= MAX_COUNTS[name] or value != int(value):
            raise StepError(f"{key} is {quoted(value)}; a whole number from 1 to {MAX_COUNTS[name]} is needed")
        return int(value)
    if name.endswith("_us"):
        least = 0 if name in ("rest_us", "prepare_us", "warm_us") else 1
        if not least <= value <= MAX_DURATION_S:
            raise StepError(f"{key} is {quoted(value)}; {least} to {MAX_DURATION_S} seconds are allowed")
        return round(value * SECOND_US)
    if abs(value) > MAX_LENGTH_MM:
        raise StepError(f"{key} is {quoted(value)}; -{MAX_LENGTH_MM} to {MAX_LENGTH_MM} mm are allowed")
    return float(value)


MAX_LENGTH_MM = 10_000
"""Far beyond the sensor's range."""
MAX_DURATION_S = 3600
"""No hold, rest or preparation lasts longer than an hour."""
MAX_DOSE = {"rest_s": 600, "hold_s": 600, "repetitions": 60, "count": 100}
"""The largest dose that a person may enter, far above any in the guide; more is a typing error."""
MAX_COUNTS = {"repetitions": 2 * MAX_DOSE["repetitions"], "count": 2 * MAX_DOSE["count"], "rounds": 10}
"""The most that a step may count: an exercise in two directions counts both, and a stiffer side gets an extra hold."""


RHYTHM_LENGTH = 4
"""How many presses a rhythm has."""
TWO_DIGITS = range(10, 100)
"""The numbers that can be beeped."""


def _parse_rhythm(value: object) -> tuple[Press, ...]:
    presses = value if isinstance(value, list | tuple) else ()
    if len(presses) != RHYTHM_LENGTH or any(press not in tuple(Press) for press in presses):
        raise StepError(f"rhythm is {quoted(value)}; {RHYTHM_LENGTH} presses are needed, each short or long")
    return tuple(Press(press) for press in presses)


MAX_TEMPO_PARTS, MIN_TEMPO_PART_S, MAX_TEMPO_PART_S = 4, 0.1, 30
"""The maximum number of parts of a repetition, and the seconds of a part: faster ticks merge, slower is a hold."""


def _parse_tempo(value: object) -> tuple[int, ...]:
    """Return the parts of one repetition in microseconds."""
    parts = value if isinstance(value, list | tuple) else ()
    numbers = [part for part in parts if is_number(part)]
    all_fit = len(numbers) == len(parts) and all(MIN_TEMPO_PART_S <= part <= MAX_TEMPO_PART_S for part in numbers)
    if not 1 <= len(parts) <= MAX_TEMPO_PARTS or not all_fit:
        raise StepError(
            f"tempo_s is {quoted(value)}; one to {MAX_TEMPO_PARTS} parts of {MIN_TEMPO_PART_S} to {MAX_TEMPO_PART_S} "
            "seconds are needed"
        )
    return tuple(round(part * SECOND_US) for part in numbers)


MAX_BLOCK_MM = 400.0
"""The longest block; beyond it readings are uncertain by several mm."""
MIN_BLOCK_DIFFERENCE_MM = 30.0
"""An uncalibrated sensor cannot distinguish blocks whose lengths differ by less."""


def blocks_problem(blocks_mm: Sequence[float]) -> str | None:
    """Return what is wrong with these blocks, as a clause that follows the name of the field, or `None`."""
    if not 2 <= len(blocks_mm) <= MAX_BLOCKS:
        return f"names {len(blocks_mm)} blocks; two to {MAX_BLOCKS} are needed, four are best"
    if not all(0.0 <= block <= MAX_BLOCK_MM for block in blocks_mm):
        return f"has a block that is not from 0 to {MAX_BLOCK_MM:g} mm long"
    if any(far - near < MIN_BLOCK_DIFFERENCE_MM for near, far in pairwise(sorted(blocks_mm))):
        return (
            f"has blocks that differ by less than {MIN_BLOCK_DIFFERENCE_MM:g} mm, which the sensor could not tell apart"
        )
    return None


MAX_BLOCKS = 6


def _parse_blocks(value: object) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or not all(is_number(one) for one in value):
        raise StepError(f"blocks_mm is {quoted(value)}; a list of lengths in mm is needed")
    if fault := blocks_problem(value):
        raise StepError(f"blocks_mm {fault}")
    return tuple(float(one) for one in value)


def _parse_sides(value: object, first: object) -> tuple[Side, ...]:
    if value == "both":
        return BOTH_SIDES[::-1] if first == Side.RIGHT else BOTH_SIDES
    if value in tuple(Side):
        return (Side(str(value)),)
    raise StepError(f"side is {quoted(value)}; it may be left, right or both")
