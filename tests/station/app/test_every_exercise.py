"""Every exercise with the real drivers in virtual time, by a simulated person who follows the cues."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from station.catalogue.read import exercises
from station.catalogue.records import Item, Verification
from station.core.events import SECOND_US
from station.core.facts import CueName
from station.store.records import Hold, RepSet
from tests.station.guided_station import (
    ANALOGUE,
    COMPARATORS,
    GuidedStation,
    holds_and_reps,
    prescribed_doses,
    routine_of,
    stored_doses,
)
from tests.station.simulator.whole_sessions import STEADY
from tests.station.states import AnyState

KEYS = tuple(exercises())
SENSED = tuple(key for key in KEYS if exercises()[key].sense is not Verification.TIMER)
LIFTED = tuple(key for key in SENSED if exercises()[key].sense is Verification.HOLD and not exercises()[key].is_light)
"""The exercises whose heel must stay down, with any sensor."""
TIRED = replace(STEADY, mean_lift_interval_s=15.0)
LONG_ENOUGH = {"5b": Item(exercise="5b", hold_s=40, repetitions=4)}
"""A longer dose where the catalogue's holds of five seconds end before the simulated heel first comes up."""


@pytest.mark.parametrize("key", KEYS)
def test_compliant_person_completes_the_exact_dose(tmp_path: Path, key: str) -> None:
    """The stored dose is exactly the prescribed one."""
    sensed = key in SENSED
    routine = routine_of((Item(exercise=key),), analogue=sensed)
    with GuidedStation(tmp_path, ANALOGUE if sensed else COMPARATORS) as guided:
        guided.run_routine(routine)
        assert guided.recognised_cues()[-1] is CueName.COMPLETE
        assert stored_doses(guided) == prescribed_doses(routine)
        bouts = holds_and_reps(guided.last_session())
        assert {one.exercise for one in bouts} == {key}
        assert {one.verified for one in bouts} == {sensed}
        assert {one.state for one in bouts} == {"finished"}
        assert guided.store.unfinished_run(None) is None


@pytest.mark.parametrize("key", LIFTED)
def test_heel_lifts_delay_completion_but_keep_the_dose(tmp_path: Path, key: str) -> None:
    """Each lift stops the clock of every verified exercise, and earlier credit stays."""
    routine = routine_of((LONG_ENOUGH.get(key, Item(exercise=key)),), analogue=False)
    with GuidedStation(tmp_path, COMPARATORS, character=TIRED) as guided:
        guided.run_routine(routine)
        assert stored_doses(guided) == prescribed_doses(routine)
        assert CueName.HEEL_UP in guided.recognised_cues()
        bouts = holds_and_reps(guided.last_session())
        assert {(one.exercise, one.verified, one.state) for one in bouts} == {(key, True, "finished")}
        late_us = [late for one in bouts for late in delays_us(one)]
        assert min(late_us) >= 0
        assert max(late_us) > SECOND_US


def delays_us(bout: Hold | RepSet) -> list[int]:
    """The delays in µs: of a hold's end beyond its credit, or of each repetition beyond the tempo."""
    if isinstance(bout, Hold):
        return [] if bout.ended_us is None else [bout.ended_us - bout.started_us - bout.credited_us]
    tempo_us = sum(exercises()[str(bout.exercise)].dose.tempo_s) * SECOND_US
    return [after.at_us - before.at_us - tempo_us for before, after in pairwise(bout.repetitions)]


def test_too_quick_lowering_does_not_count(tmp_path: Path) -> None:
    """A heel raise that comes down too quickly gets NO; the set is complete only with slow ones."""
    routine = routine_of((Item(exercise="7d", count=4),), analogue=False)
    with GuidedStation(tmp_path, COMPARATORS) as guided:
        guided.board.person.exercise_moves.heel_raise_s["7d"] = 1.0
        guided.station.start(routine, guided.person_id)
        guided.live(0.1)
        guided.board.act("auto")
        guided.until(lambda: guided.recognised_cues().count(CueName.NO) == 3)
        assert AnyState(guided.station.snapshot().state).count == 0
        guided.board.person.exercise_moves.heel_raise_s["7d"] = 4.8
        person = guided.board.person
        person.script.run(person.exercise_moves.raise_heels(4.8), guided.clock.now_us())
        guided.until_phase("done")
        (reps,) = guided.last_session().rep_sets
        assert (reps.state, reps.count) == ("finished", 4)
        assert reps.too_quick_count >= 3
        assert sum(not one.too_quick for one in reps.repetitions) == 4
