"""The phases of every activity: its table is complete, and nothing else happens."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

from station.core.activities import (
    block_reading,
    heel_rhythm,
    hold,
    knee_to_wall_rules,
    lesson,
    paced,
    questions,
    reps,
    rest,
)
from station.core.activities.exercise_rules import ExercisePhase
from station.core.activities.hold import Hold
from station.core.activities.knee_to_wall import KneeToWallTest
from station.core.activities.knee_to_wall_rules import TestPhase
from station.core.sensing.sensors import BoardSensors, Wiring
from station.core.steps import HoldStep, TestStep

TABLES: dict[str, Mapping[Any, frozenset[Any]]] = {
    "hold": hold.TRANSITIONS,
    "reps": reps.TRANSITIONS,
    "paced": paced.TRANSITIONS,
    "test": knee_to_wall_rules.TRANSITIONS,
    "rest": rest.TRANSITIONS,
    "ask": questions.TRANSITIONS,
    "lesson": lesson.TRANSITIONS,
    "rhythm": heel_rhythm.TRANSITIONS,
    "blocks": block_reading.TRANSITIONS,
}
FINAL = {"done", "ended"}


@pytest.mark.parametrize("name", TABLES)
def test_table_is_closed(name: str) -> None:
    """Every phase that may follow another has its own row; only the last phases have an empty one."""
    table = TABLES[name]
    assert {phase for following in table.values() for phase in following} <= set(table)
    assert {phase for phase, following in table.items() if not following} == FINAL & set(table)


@pytest.mark.parametrize("name", TABLES)
def test_every_phase_is_reachable(name: str) -> None:
    """The first row is the phase in which the activity begins; each other one can be reached from it."""
    table = TABLES[name]
    reached: set[StrEnum] = set()
    waiting = [next(iter(table))]
    while waiting:
        phase = waiting.pop()
        if phase not in reached:
            reached.add(phase)
            waiting += table[phase]
    assert reached == set(table)


@pytest.mark.parametrize(
    ("phases", "names"),
    [
        (ExercisePhase, ("hold", "reps", "paced")),
        (TestPhase, ("test",)),
        (rest.RestPhase, ("rest",)),
        (questions.AskPhase, ("ask",)),
        (lesson.LessonPhase, ("lesson",)),
        (heel_rhythm.RhythmPhase, ("rhythm",)),
        (block_reading.BlockPhase, ("blocks",)),
    ],
)
def test_every_phase_of_an_enum_has_a_row(phases: type[StrEnum], names: tuple[str, ...]) -> None:
    """An enum has no phase that its activity never enters."""
    assert {phase for name in names for phase in TABLES[name]} == set(phases)


def test_illegal_move_raises() -> None:
    """The error names the activity and both phases, and the activity stays where it was."""
    test = KneeToWallTest(TestStep(), BoardSensors(Wiring(), 0))
    with pytest.raises(RuntimeError, match="KneeToWallTest cannot go from wait to result"):
        test.enter(TestPhase.RESULT)
    assert test.phase is TestPhase.WAIT


def test_exercise_refuses_the_phases_of_another() -> None:
    """Holds and repetitions share one enum, but each has its own table."""
    held = Hold(HoldStep(), BoardSensors(Wiring(), 0))
    with pytest.raises(RuntimeError, match="Hold cannot go from wait to reps"):
        held.enter(ExercisePhase.REPS)
