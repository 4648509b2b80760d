"""Every exercise is walked through with the real drivers in virtual time, by whoever does what the board asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from station.catalogue.read import exercises
from station.catalogue.records import Item, Sense
from station.core.records import CueName
from tests.station.led import ANALOGUE, bouts_of, dose_of, lead, legs_of, rig_for, routine_of, up_s
from tests.station.rig import COMPARATORS
from tests.station.simulator.sittings import STEADY

KEYS = tuple(exercises())


@pytest.mark.parametrize("key", KEYS)
def test_a_compliant_person_finishes_with_the_exact_dose(tmp_path: Path, key: str) -> None:
    """Whoever does as asked finishes each exercise, and what is stored is what was prescribed, to the microsecond."""
    routine = routine_of((Item(exercise=key),))
    with rig_for(tmp_path, ANALOGUE, replace(STEADY, up_s=up_s(key))) as rig:
        lead(rig, routine)
        assert rig.heard()[-1] is CueName.COMPLETE
        assert dose_of(rig) == legs_of(routine)
        sat = rig.sat()
        assert {one.exercise for one in bouts_of(sat)} == {key}
        assert {one.verified for one in bouts_of(sat)} == {exercises()[key].sense is not Sense.TIMER}
        assert {one.state for one in bouts_of(sat)} == {"finished"}


@pytest.mark.parametrize("key", [key for key in KEYS if exercises()[key].sense is not Sense.TIMER])
def test_a_comparator_verifies_what_it_can(tmp_path: Path, key: str) -> None:
    """With comparators every exercise has its dose too; the heel of somebody who sits is not felt, and is not said to
    be verified."""
    routine = routine_of((Item(exercise=key),), analogue=False)
    with rig_for(tmp_path, COMPARATORS, replace(STEADY, up_s=up_s(key))) as rig:
        lead(rig, routine)
        assert dose_of(rig) == legs_of(routine)
        sat = rig.sat()
        assert {one.verified for one in bouts_of(sat)} == {not exercises()[key].light}
