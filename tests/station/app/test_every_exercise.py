"""Every exercise is walked through with the real drivers in virtual time, by whoever does what the board asks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from station.catalogue.read import exercises
from station.catalogue.records import Item, Verification
from station.core.events import SECOND_US
from station.core.facts import CueName
from station.store.records import Hold, RepSet
from tests.station.led import ANALOGUE, COMPARATORS, Led, bouts_of, dose_of, legs_of, routine_of
from tests.station.simulator.sittings import STEADY
from tests.station.states import AnyState

KEYS = tuple(exercises())
SENSED = tuple(key for key in KEYS if exercises()[key].sense is not Verification.TIMER)
LIFTED = tuple(key for key in SENSED if exercises()[key].sense is Verification.HOLD and not exercises()[key].is_light)
"""The exercises whose heel has to stay down, by whatever sensor."""
TIRED = replace(STEADY, mean_lift_interval_s=15.0)
LONG_ENOUGH = {"5b": Item(exercise="5b", hold_s=40, repetitions=4)}
"""Nobody's heel comes up in the first five seconds, which is how long such a hold is."""


@pytest.mark.parametrize("key", KEYS)
def test_a_compliant_person_finishes_with_the_exact_dose(tmp_path: Path, key: str) -> None:
    """A person who follows the cues finishes each exercise, and the stored dose is exactly the prescribed one."""
    sensed = key in SENSED
    routine = routine_of((Item(exercise=key),), analogue=sensed)
    with Led(tmp_path, ANALOGUE if sensed else COMPARATORS) as led:
        led.lead(routine)
        assert led.heard()[-1] is CueName.COMPLETE
        assert dose_of(led) == legs_of(routine)
        bouts = bouts_of(led.sat())
        assert {one.exercise for one in bouts} == {key}
        assert {one.verified for one in bouts} == {sensed}
        assert {one.state for one in bouts} == {"finished"}
        assert led.store.unfinished_run(None) is None


@pytest.mark.parametrize("key", LIFTED)
def test_whoever_lifts_the_heel_now_and_then_finishes_later_with_the_same_dose(tmp_path: Path, key: str) -> None:
    """A tired heel stops the clock of every exercise that the board senses, and takes nothing from what was done."""
    routine = routine_of((LONG_ENOUGH.get(key, Item(exercise=key)),), analogue=False)
    with Led(tmp_path, COMPARATORS, character=TIRED) as led:
        led.lead(routine)
        assert dose_of(led) == legs_of(routine)
        assert CueName.HEEL_UP in led.heard()
        bouts = bouts_of(led.sat())
        assert {(one.exercise, one.verified, one.state) for one in bouts} == {(key, True, "finished")}
        late_us = [late for one in bouts for late in late_of(one)]
        assert min(late_us) >= 0
        assert max(late_us) > SECOND_US


def late_of(bout: Hold | RepSet) -> list[int]:
    """How much later a hold was over than its credit, or each repetition than the one before and the tempo, in µs."""
    if isinstance(bout, Hold):
        return [] if bout.ended_us is None else [bout.ended_us - bout.started_us - bout.credited_us]
    tempo_us = sum(exercises()[str(bout.exercise)].dose.tempo_s) * SECOND_US
    return [after.at_us - before.at_us - tempo_us for before, after in pairwise(bout.repetitions)]


def test_whoever_lowers_the_heels_too_quickly_is_told_and_does_them_again(tmp_path: Path) -> None:
    """A raise that comes down too soon gets NO and does not count; the set is complete only with slow ones."""
    routine = routine_of((Item(exercise="7d", count=4),), analogue=False)
    with Led(tmp_path, COMPARATORS) as led:
        led.board.person.heel_raise_s["7d"] = 1.0
        led.station.start(routine, led.person_id)
        led.live(0.1)
        led.board.act("auto")
        led.until(lambda: led.heard().count(CueName.NO) == 3)
        assert AnyState(led.station.snapshot().state).count == 0
        led.board.person.heel_raise_s["7d"] = 4.8
        led.board.person.run_script(led.board.person._raise_heels(4.8), led.clock.now_us())
        led.until_phase("done")
        (reps,) = led.sat().rep_sets
        assert (reps.state, reps.count) == ("finished", 4)
        assert reps.too_quick_count >= 3
        assert sum(not one.too_quick for one in reps.repetitions) == 4
