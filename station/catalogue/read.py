"""Reads the catalogue's files and checks every entry before it is used."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

from station.catalogue.checked import convert_to_record
from station.catalogue.records import BuiltInRoutine, Dose, Exercise, Feet, FeltPlace, Item, Verification
from station.core.steps import MAX_DOSE

CATALOGUE_DIR = Path(__file__).parent

EXERCISE_CONDITIONS = (
    "tendon_pain",
    "insertional",
    "cleared",
    "neuro",
    "numb",
    "balance",
    "pinch",
    "arch_falls",
    "toes_out",
)
"""The conditions that may restrict single exercises, without those that block everything."""

TEST_KINDS = ("quick", "full")

T = TypeVar("T", Exercise, BuiltInRoutine)


class CatalogueError(ValueError):
    """The catalogue has no such entry, or one of its files is invalid. The message is one sentence."""


@cache
def exercises() -> dict[str, Exercise]:
    """Every exercise by its key, in the order of the guide's table. Raises CatalogueError."""
    return read_exercises(CATALOGUE_DIR / "exercises")


def exercise(key: str) -> Exercise:
    """The exercise with this key. Raises CatalogueError if there is none."""
    known = exercises()
    if key not in known:
        raise CatalogueError(f"There is no exercise {key!r}: choose one of {', '.join(known)}.")
    return known[key]


@cache
def built_in_routines() -> dict[str, BuiltInRoutine]:
    """The ready-made routines by their keys, the shortest first. Raises CatalogueError."""
    return read_routines(CATALOGUE_DIR / "routines", exercises())


def read_exercises(directory: Path) -> dict[str, Exercise]:
    """The exercises in the TOML files of a directory, `2a` before `10a`. Raises CatalogueError."""
    files = sorted(_toml_files(directory), key=lambda file: _sort_key(file.stem))
    return {file.stem: _read_entry(file, Exercise, _exercise_faults) for file in files}


def read_routines(directory: Path, known: Mapping[str, Exercise]) -> dict[str, BuiltInRoutine]:
    """The routines in the TOML files of a directory, made of the exercises `known`. Raises CatalogueError."""
    read = [
        _read_entry(file, BuiltInRoutine, lambda routine: _routine_faults(routine, known))
        for file in _toml_files(directory)
    ]
    return {routine.key: routine for routine in sorted(read, key=lambda routine: (len(routine.items), routine.key))}


def _toml_files(directory: Path) -> list[Path]:
    files = list(directory.glob("*.toml"))
    if not files:
        raise CatalogueError(f"{directory} has no TOML files: the installation is incomplete, reinstall the station.")
    return files


def _sort_key(key: str) -> tuple[int, str]:
    number = "".join(takewhile(str.isdecimal, key))
    return int(number or 0), key


def _read_entry(file: Path, kind: type[T], faults: Callable[[T], Iterator[str]]) -> T:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{file.name} is not valid TOML: {error}.") from None
    except OSError as error:
        raise CatalogueError(f"{file} cannot be read: {error.strerror}.") from None
    try:
        entry = convert_to_record(content, kind)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"{file.name}: {_validation_message(str(error), kind)}.") from None
    if entry.key != file.stem:
        raise CatalogueError(f"{file.name}: key is {entry.key!r}, but must be {file.stem!r}, as the file is called.")
    fault = next(faults(entry), None)
    if fault is not None:
        raise CatalogueError(f"{file.name}: {fault}.")
    return entry


def _validation_message(message: str, kind: Any) -> str:
    """An error of msgspec as `field: what is wrong; what is allowed`."""
    wrong, _, path = message.partition(" - at ")
    where = path.strip("`").removeprefix("$").removeprefix(".")
    for name in re.sub(r"\[[^]]*\]", "", where).split(".") if where else ():
        kind = _inner_type(get_type_hints(kind)[name])
    wrong = f"{where}: {wrong}" if where else wrong
    if "unknown field" in wrong:
        return f"{wrong}; the fields are {', '.join(get_type_hints(kind))}"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"{wrong}; it may be {', '.join(member.value for member in kind)}"
    return wrong


def _inner_type(kind: Any) -> Any:
    """The type inside a tuple or beside `None`."""
    return next((part for part in get_args(kind) if part not in (type(None), ...)), kind)


def _exercise_faults(exercise: Exercise) -> Iterator[str]:
    yield from _dose_faults(exercise.dose)
    if exercise.sense is not Verification.TIMER and not exercise.on_board:
        yield f"board is missing, but what is sensed as {exercise.sense} is done on the board"
    if FeltPlace.NOWHERE in exercise.places:
        yield "places has nowhere; what helps anywhere has front, achilles and calf"
    if exercise.prepare_s < 0:
        yield f"prepare_s is {exercise.prepare_s}, but must be 0 or more"
    for caution in exercise.cautions:
        if caution.condition not in EXERCISE_CONDITIONS:
            yield f"cautions.condition is {caution.condition!r}, but must be one of {', '.join(EXERCISE_CONDITIONS)}"
    for field, texts in _sentences_by_field(exercise):
        for text in texts:
            if not text.endswith("."):
                yield f"{field} has {text!r}, which must end with a full stop"


def _sentences_by_field(exercise: Exercise) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The sentences of an exercise by their fields."""
    for field in ("purpose", "feel", "verifies", "easier", "harder"):
        yield field, (getattr(exercise, field),)
    yield "steps", exercise.steps
    yield "mistakes", exercise.mistakes
    yield "cautions.reason", tuple(caution.reason for caution in exercise.cautions)


def _dose_faults(dose: Dose) -> Iterator[str]:
    if (dose.hold_s is None) == (dose.count is None):
        yield "dose must have exactly one of hold_s and count"
    numbers = {name: getattr(dose, name) for name in ("hold_s", "most_s", "repetitions", "count")}
    for name, number in numbers.items():
        if number is not None and number < 1:
            yield f"dose.{name} is {number}, but must be 1 or more"
    if dose.rest_s < 0:
        yield f"dose.rest_s is {dose.rest_s}, but must be 0 or more"
    if dose.most_s is not None and (dose.hold_s is None or dose.most_s <= dose.hold_s):
        yield f"dose.most_s is {dose.most_s}, but must be longer than hold_s"
    if dose.ways not in (1, 2) or (dose.ways == 2 and dose.count is None):
        yield f"dose.ways is {dose.ways}, but must be 1, or 2 with a count"
    if dose.tempo_s and (dose.count is None or min(dose.tempo_s) < 1):
        yield "dose.tempo_s must be seconds of 1 or more, with a count"


def _routine_faults(routine: BuiltInRoutine, known: Mapping[str, Exercise]) -> Iterator[str]:
    if not routine.about.endswith("."):
        yield f"about is {routine.about!r}, which must end with a full stop"
    if not routine.items:
        yield "items is empty; a routine has one or more"
    for item in routine.items:
        yield from item_faults(item, known)


def item_faults(item: Item, known: Mapping[str, Exercise]) -> Iterator[str]:
    """The faults of one item, for a catalogue of the exercises `known`; each is a clause without a full stop."""
    if sum(one is not None for one in (item.exercise, item.test, item.rest_s)) != 1:
        yield "items: each must have exactly one of exercise, test and rest_s"
    if item.test is not None and item.test not in TEST_KINDS:
        yield f"items.test is {item.test!r}, but must be {' or '.join(TEST_KINDS)}"
    for name, maximum in MAX_DOSE.items():
        number = getattr(item, name)
        if number is not None and not 1 <= number <= maximum:
            yield f"items.{name} is {number}, but must be from 1 to {maximum}"
    if item.exercise is None:
        if (item.hold_s, item.repetitions, item.count) != (None, None, None):
            yield "items: hold_s, repetitions and count belong to an exercise"
        return
    if item.exercise not in known:
        yield f"items.exercise is {item.exercise!r}, but must be one of {', '.join(known)}"
        return
    exercise = known[item.exercise]
    if exercise.dose.count is None and item.count is not None:
        yield f"items.count is {item.count}, but {exercise.key} is dosed by hold_s"
    if exercise.dose.hold_s is None and item.hold_s is not None:
        yield f"items.hold_s is {item.hold_s}, but {exercise.key} is dosed by count"
    if exercise.feet is Feet.BOTH and item.side is not None:
        yield f"items.side is {item.side}, but {exercise.key} is done with both legs at once"
