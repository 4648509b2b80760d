"""The check with one block: the calibration holds or not, and another block says nothing about it."""

from __future__ import annotations

from math import hypot

import pytest
from msgspec.structs import replace

from station.core.events import Command, CommandName
from station.core.facts import (
    BlockUnclear,
    CheckDone,
    Completed,
    CueEnded,
    CueName,
)
from station.core.measurement.curve import Curve
from station.core.measurement.estimate import WANDER_MM
from station.core.steps import (
    CheckStep,
)
from tests.station.core.blocks import (
    CHECK_SHOWN_S,
    Bench,
    shown,
)


@pytest.mark.parametrize(("drifted_mm", "out"), [(0.0, False), (1.0, False), (4.0, True), (-4.0, True)])
def test_a_check_says_whether_the_calibration_holds(drifted_mm: float, out: bool) -> None:
    """One block: YES and COMPLETE, or only ERROR if it is off by more than 2 mm; NO would request it again."""
    curve = Curve(1.0, -45.0)
    step = CheckStep(100.0, calibration_mm=0.5, warm_us=0)
    bench = shown(Bench(step, short_mm=25.0 + drifted_mm, curve=curve), 100.0).read(4.0)
    (done,) = bench.facts_of(CheckDone)
    assert done.off_mm == pytest.approx(-drifted_mm, abs=1.2)
    assert done.out is out
    assert bench.over == "complete"
    heard = [CueName.ERROR] if out else [CueName.YES, CueName.COMPLETE]
    assert bench.cues() == [CueName.READY, CueName.GO, CueName.HOLD_DONE, *heard]
    assert [ended.cue for ended in bench.facts_of(CueEnded)] == [CueName.ERROR] * out
    assert len(bench.facts_of(Completed)) == 1


def test_a_check_counts_the_wander_once() -> None:
    """Its brief part is in the block's reading, the lasting part is added; the readings' noise is negligible."""
    bench = shown(Bench(CheckStep(100.0, calibration_mm=0.5, warm_us=0), curve=Curve(1.0, -45.0)), 100.0).read(4.0)
    (done,) = bench.facts_of(CheckDone)
    assert done.uncertainty_mm == pytest.approx(hypot(WANDER_MM, 0.5), abs=0.06)


def test_a_failed_check_is_complete_while_its_cue_sounds() -> None:
    """Neither a lost sensor nor STOP makes it an early end, and a station that closes has the result."""
    step = CheckStep(100.0, calibration_mm=0.5, warm_us=0)
    bench = Bench(step, short_mm=30.0, curve=Curve(1.0, -45.0)).read(3.0)
    bench.show(100.0, CHECK_SHOWN_S - 1.0)
    assert (bench.cues()[-1], bench.picture.phase, bench.over) == (CueName.ERROR, "done", None)
    bench.sensor = False
    bench.read(1.5)
    bench.feed(Command(bench.now_us, CommandName.STOP))
    bench.facts += bench.engine.close(bench.now_us)
    assert (bench.over, bench.cues()[-1]) == ("complete", CueName.ERROR)
    assert len(bench.facts_of(Completed)) == 1


CALIBRATED = Curve(1.0, -45.0)
CHECK = CheckStep(100.0, calibration_mm=0.5, warm_us=0)


@pytest.mark.parametrize("wrong_mm", [0.0, 80.0, 130.0, 200.0, 268.0], ids=lambda mm: f"{mm:g}")
def test_a_wrong_block_says_nothing_about_the_calibration(wrong_mm: float) -> None:
    """Another block, or the wall in front of a moved board: requested again, and then the right one counts."""
    bench = shown(Bench(CHECK, curve=CALIBRATED), wrong_mm)
    assert bench.cues()[-1] is CueName.NO
    assert "That is not the 100 mm block" in bench.facts_of(BlockUnclear)[0].why
    assert bench.facts_of(CheckDone) == []
    bench.show(100.0)
    assert not bench.facts_of(CheckDone)[0].out
    assert bench.over == "complete"


def test_a_wrong_block_thrice_ends_a_check_without_a_result() -> None:
    """Nothing is known about the calibration then, and nothing is reported."""
    bench = shown(Bench(CHECK, curve=CALIBRATED), 0.0, 0.0, 0.0)
    assert (bench.over, bench.cues()[-1]) == ("ended", CueName.ENDED)
    assert len(bench.facts_of(BlockUnclear)) == 3
    assert bench.facts_of(CheckDone) == []
    assert "or it is not against the toe stop" in (bench.picture.why or "")


@pytest.mark.parametrize("calibration_mm", [0.0, 27.0])
def test_an_uncalibrated_check_accepts_a_new_sensors_error(calibration_mm: float) -> None:
    """It is off by 25 mm and more without being wrong; a block that is 100 mm shorter still counts as another one."""
    step = replace(CHECK, calibration_mm=calibration_mm)
    (done,) = shown(Bench(step, short_mm=45.0), 100.0).facts_of(CheckDone)
    assert done.off_mm == pytest.approx(-45.0, abs=1.5)
    wrong = shown(Bench(step), 0.0)
    assert wrong.facts_of(CheckDone) == []
    assert "That is not the 100 mm block" in wrong.facts_of(BlockUnclear)[0].why
