"""Somebody who is led through exercises on a whole station in virtual time, and what of it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from station.catalogue.read import exercise
from station.catalogue.records import Item
from station.core.records import BOTH_LEGS, SECOND_US, Legs, Side
from station.core.steps import HoldStep, RepsStep, Routine
from station.routines import steps_of
from station.settings import Settings
from station.simulator.ankle import Character
from station.store.rows import Hold, Reps, SittingDetail
from tests.station.rig import Rig
from tests.station.simulator.sittings import STEADY

ANALOGUE = ""
"""The default wiring: two analogue heels and a knee pad."""
LONGEST_S = 3600.0
PHRASE_S = 5.0
"""The cues of the end are heard by then."""


def routine_of(items: Sequence[Item], *, analogue: bool = True) -> Routine:
    """The steps of these items, with the settings as they are at first."""
    return steps_of(items, Settings(), analogue=analogue)


def lead(rig: Rig, routine: Routine, limit_s: float = LONGEST_S) -> None:
    """Let the simulated person be led through a routine, hands-free, from stepping on to the end of the run."""
    rig.station.start(routine, None)
    rig.live(0.1)
    rig.board.act("auto")
    rig.until(lambda: not goes_on(rig), limit_s)
    rig.live(PHRASE_S)


def goes_on(rig: Rig) -> bool:
    """Whether a routine goes on."""
    return rig.station.snapshot().phase not in ("done", "ended", "idle", "result")


def legs_of(routine: Routine) -> dict[Legs, tuple[float, int]]:
    """What a routine prescribes for each turn: seconds of hold, and repetitions."""
    owed: dict[Legs, tuple[float, int]] = {}
    for step in routine:
        for legs in step.turns if isinstance(step, HoldStep | RepsStep) else ():
            held_s, count = owed.get(legs, (0.0, 0))
            if isinstance(step, HoldStep):
                held_s += step.repetitions * step.hold_us / SECOND_US
            elif isinstance(step, RepsStep):
                count += step.count
            owed[legs] = (held_s, count)
    return owed


def dose_of(rig: Rig) -> dict[Legs, tuple[float, int]]:
    """What is stored of it: credited seconds and counted repetitions of each turn."""
    sat = rig.sat()
    found: dict[Legs, tuple[float, int]] = {}
    for legs in (*Side, BOTH_LEGS):
        held_us = sum(hold.credited_us for hold in sat.holds if hold.side is legs)
        count = sum(reps.count for reps in sat.reps if reps.side is legs)
        if held_us or count:
            found[legs] = (held_us / SECOND_US, count)
    return found


def bouts_of(sat: SittingDetail) -> tuple[Hold | Reps, ...]:
    """Everything that was held or counted in a sitting."""
    return (*sat.holds, *sat.reps)


def rig_for(tmp_path: Path, wiring: str = ANALOGUE, character: Character = STEADY) -> Rig:
    """A station on which nothing begins by itself."""
    return Rig(tmp_path, wiring, character=character)


def up_s(key: str) -> float:
    """How long the heel stays up in a raise of this exercise: the whole of its tempo."""
    return float(sum(exercise(key).dose.tempo_s)) or 0.9
