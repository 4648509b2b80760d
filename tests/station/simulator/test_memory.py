"""A person who does not look at the page follows routine, leg and distance by the sounds."""

from __future__ import annotations

import pytest

from station.core.activities.needed_cues import needed_cues
from station.core.events import BOTH_LEGS, Legs, Side
from station.core.facts import Cue, CueName
from station.core.sound.target_ticks import tick_interval_us
from station.core.steps import AskStep, HoldStep, RestStep, Routine, SetupStep, TestStep
from station.simulator.memory import RememberedRoutine

C = CueName
ROUTINE: Routine = (SetupStep(), TestStep(), AskStep(), RestStep(), HoldStep(exercise="3a"), HoldStep(together=True))


def remembered(*cues: CueName, side: Legs | None = None) -> RememberedRoutine:
    """The routine after these cues."""
    memory = RememberedRoutine(ROUTINE, needed_cues(ROUTINE))
    for cue in cues:
        follow(memory, Cue(0, cue, side=side if isinstance(side, Side) else None))
    return memory


def follow(memory: RememberedRoutine, cue: Cue) -> None:
    understood = memory.understand(cue)
    if understood is not None:
        memory.on_cue(understood)


def tick(memory: RememberedRoutine, off_mm: float, at_us: int) -> int:
    """Play a guiding tick at this distance from the target; returns when the next one is due."""
    follow(memory, Cue(at_us, C.STEP_ON))
    return at_us + tick_interval_us(off_mm)


@pytest.mark.parametrize(
    ("cues", "activity", "phase", "exercise", "side"),
    [
        ([], "test", "", None, None),
        ([C.ASK], "setup", "", None, None),
        ([C.ASK, C.READY], "test", "", None, Side.RIGHT),
        ([C.SET_DONE], "ask", "felt", None, None),
        ([C.SET_DONE, C.ASK, C.ECHO], "ask", "pain", None, None),
        ([C.SET_DONE, C.ECHO, C.ECHO], "rest", "", None, None),
        ([C.SET_DONE, C.ECHO, C.ECHO, C.READY], "hold", "", "3a", Side.RIGHT),
        ([C.SET_DONE, C.ECHO, C.ECHO, C.READY, C.SET_DONE, C.SWITCH], "hold", "", "3a", Side.RIGHT),
        ([C.SET_DONE, C.ECHO, C.ECHO, C.READY, C.SET_DONE, C.SET_DONE], "hold", "", None, BOTH_LEGS),
    ],
)
def test_sounds_lead_from_step_to_step(
    cues: list[CueName], activity: str, phase: str, exercise: str | None, side: Legs | None
) -> None:
    memory = remembered(*cues, side=Side.RIGHT)
    assert (memory.activity, memory.phase, memory.exercise, memory.side) == (activity, phase, exercise, side)


def test_single_tick_is_an_echo_only_while_a_question_is_open() -> None:
    """In a test it guides the board; an echo without a tap means nothing."""
    memory = remembered(C.SET_DONE, C.ASK)
    follow(memory, Cue(0, C.STEP_ON))
    assert memory.phase == "pain"
    assert remembered().understand(Cue(0, C.STEP_ON)) is None


@pytest.mark.parametrize(("verdict", "way"), [(C.YES, 1), (C.NO, -1)])
def test_verdict_is_the_way_and_ticks_are_the_distance(verdict: CueName, way: int) -> None:
    """Slower ticks mean that the target was passed, the fastest that it is reached, even with sounds in between."""
    memory = remembered(verdict)
    assert (memory.toe_mm, memory.target_mm) == (None, None)
    at_us = tick(memory, 15.0, 5_000_000)
    at_us = tick(memory, 5.0, at_us)
    assert memory.target_mm == pytest.approx(way * 15.0, abs=0.01)
    at_us = tick(memory, 12.0, at_us)
    assert memory.target_mm == pytest.approx(way * 5.0, abs=0.01)
    follow(memory, Cue(at_us - 1, C.ECHO, 2))
    at_us = tick(memory, 2.0, at_us)
    assert memory.target_mm == pytest.approx(-way * 12.0, abs=0.01)
    tick(memory, 2.0, at_us)
    assert memory.target_mm == 0.0
