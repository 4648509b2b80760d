"""Calibrations and checks on the whole station: through the drivers, by ear, stored, and applied to later results."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from station.app.results.calibration import CalibrationMonitor
from station.cli.guided_calibration import GuidedCalibration
from station.config import parse
from station.core.events import SECOND_US, CommandName, Side, Toe
from station.core.facts import Calibrated, CueName
from station.core.steps import CalibrateStep, CheckStep, TestStep
from station.simulator.board import SimulatedBoard
from station.simulator.range_error import RangeError
from station.store import StoreError
from station.store.schema import runs
from station.store.traces import trace_text
from station.system.simulate import simulated
from tests.station.app.test_run import facts_of
from tests.station.rig import COMPARATORS, Rig
from tests.station.states import AnyState

ERROR = RangeError(offset_mm=-31.0, gain=1.02, bend_mm=1.5)
WORST_MM = 1.5


def set_range_error(board: SimulatedBoard) -> None:
    """Give the sensor the error of a real one."""
    board.sensor.range_error = ERROR


class CalibrationRig(Rig):
    """A station whose sensor has an error, with a person who has blocks."""

    def __init__(self, tmp_path: Path, wiring: str = COMPARATORS) -> None:
        super().__init__(tmp_path, wiring, before=set_range_error)
        self.printed: list[str] = []

    def guided(self, what: str = "calibrate", limit_s: float = 500.0) -> GuidedCalibration:
        """Let the person do a whole calibration, or a check, by ear."""
        guided = GuidedCalibration(self.store, what, self.printed.append)
        guided.begin(self.station)
        self.until(lambda: guided.on_snapshot(self.station.snapshot()), limit_s)
        self.live(10.0)
        return guided

    def errors_mm(self) -> list[float]:
        """The errors of the toe distance with the current calibration and no noise."""
        curve = self.store.current_calibration().curve
        return [curve.toe_mm(ERROR.reading_mm(toe_mm + 70.0)) - toe_mm for toe_mm in (0.0, 50.0, 100.0, 150.0, 200.0)]


def test_calibration_by_ear_makes_distances_accurate(tmp_path: Path) -> None:
    """Warm-up, all blocks, stored before COMPLETE; afterwards distances are accurate to 1.5 mm."""
    with CalibrationRig(tmp_path) as lab:
        assert min(lab.errors_mm()) < -20
        assert lab.station.snapshot().calibration == "as built"
        outcome = lab.guided().outcome()
        assert outcome.well, outcome
        assert max(map(abs, lab.errors_mm())) < WORST_MM
        assert lab.station.snapshot().calibration == "good"
        assert lab.recognised_cues()[-1] is CueName.COMPLETE
        assert lab.recognised_cues().count(CueName.GO) == 4 * CalibrateStep().rounds
        assert "warms up" in lab.printed[0]
        assert outcome.lines()[-1].startswith("Good. ±")
        assert set(outcome.as_json()) == {"well", "sentence", "points", "uncertainty_mm", "notice"}


def test_test_after_calibration_uses_and_names_it(tmp_path: Path) -> None:
    with CalibrationRig(tmp_path) as lab:
        lab.guided()
        lab.run_session((TestStep((Side.LEFT,)),), None)
        (test,) = lab.last_session().tests
        limit_mm = lab.board.person.ankles.limit_mm(Side.LEFT, lab.clock.now_us())
        assert test.calibration_id == lab.store.current_calibration().id
        assert test.left_mm is not None
        assert limit_mm - 25.0 < test.left_mm < limit_mm + 3.0
        assert not test.is_suspect
        assert len(lab.store.sessions()) == 1


def test_calibration_trace_replays_to_stored_fit(tmp_path: Path) -> None:
    """The header has the sensor's time since power-on."""
    with CalibrationRig(tmp_path) as lab:
        lab.guided()
        with lab.store.read_transaction() as now:
            run_id = now.execute(select(runs.c.id)).scalar_one()
        made = [fact for fact in facts_of(lab.store, run_id) if isinstance(fact, Calibrated)]
        assert [fact.fit for fact in made] == [lab.store.current_calibration().fit]
        trace = lab.store.trace(run_id)
        assert trace is not None
        assert "warm_s" in "".join(trace_text(*trace).splitlines()[:1])


def test_sensor_is_warm_after_a_minute_of_ranging(tmp_path: Path) -> None:
    """No second warm-up is needed; after an unplugged cable the sensor is cold again."""
    with CalibrationRig(tmp_path) as lab:
        lab.live(60.0)
        lab.station.start((CalibrateStep(),), None)
        lab.live(1.0)
        assert lab.station.snapshot().phase != "warm"
        lab.station.command(CommandName.STOP)
        lab.board.act("pull_cable")
        lab.live(10.0)
        lab.board.act("return_cable")
        lab.live(10.0)
        lab.station.start((CalibrateStep(),), None)
        lab.live(1.0)
        assert lab.station.snapshot().phase == "warm"


def test_failed_check_marks_results_until_recalibration(tmp_path: Path) -> None:
    """The sensor drifts by 4 mm between a passed check and a failed one."""
    with CalibrationRig(tmp_path) as lab:
        lab.guided()
        assert lab.guided("check").outcome().well
        assert lab.station.snapshot().calibration == "good"
        lab.board.sensor.range_error = RangeError(ERROR.offset_mm + 4.0, ERROR.gain, ERROR.bend_mm)
        outcome = lab.guided("check").outcome()
        assert not outcome.well
        assert "recalibrate" in outcome.sentence
        assert lab.station.snapshot().calibration == "suspect"
        assert "4." in lab.faults["calibration"] or "3." in lab.faults["calibration"]
        lab.run_session((TestStep((Side.LEFT,)),), None)
        assert lab.last_session().tests[0].is_suspect
        assert lab.guided().outcome().well
        assert lab.station.snapshot().calibration == "good"
        assert "calibration" not in lab.faults


def test_swapped_blocks_keep_previous_calibration(tmp_path: Path) -> None:
    """Swapping the 200 and the 0 mm block gives a sentence."""
    with CalibrationRig(tmp_path) as lab:
        before = lab.store.current_calibration()
        lab.board.person.blocks.true_lengths_mm = {0.0: 200.0, 200.0: 0.0}
        outcome = lab.guided().outcome()
        assert not outcome.well
        assert "The previous calibration stays in use." in outcome.sentence
        assert "swapped" in outcome.sentence
        assert lab.store.current_calibration() == before
        assert lab.recognised_cues()[-1] is CueName.ENDED


def test_abandoned_calibration_times_out_and_changes_nothing(tmp_path: Path) -> None:
    with CalibrationRig(tmp_path) as lab:
        before = lab.store.current_calibration()
        guided = GuidedCalibration(lab.store, "calibrate", lab.printed.append)
        guided.begin(lab.station)
        lab.until(lambda: AnyState(lab.station.snapshot().state).repetition == 3)
        lab.board.act("take_over")
        lab.board.act("no_block")
        lab.until(lambda: guided.on_snapshot(lab.station.snapshot()), 200.0)
        assert "The 50 mm block was not seen" in guided.outcome().sentence
        assert lab.store.current_calibration() == before


def test_simulator_blocks_are_placed_by_command(tmp_path: Path) -> None:
    """A block, another one, none; an impossible length is refused."""
    with CalibrationRig(tmp_path) as lab:
        for word, seen_mm in (("100", 100.0), ("200", 200.0)):
            lab.board.act("block", word)
            assert lab.board.world.target_mm(lab.clock.now_us()) == seen_mm + 70.0
        lab.board.act("no_block")
        assert lab.board.world.target_mm(lab.clock.now_us()) > 270.0
        with pytest.raises(ValueError, match="block"):
            lab.board.act("block", "-5")


def test_distance_behind_toe_line_makes_calibration_suspect(tmp_path: Path) -> None:
    """Toes at the wall read as 5 mm beyond: a fault and a failed check follow, and survive a restart."""
    with CalibrationRig(tmp_path) as lab:
        lab.guided()
        lab.board.sensor.range_error = RangeError(ERROR.offset_mm - 6.0, ERROR.gain, ERROR.bend_mm)
        lab.board.world.slide(0.0, lab.clock.now_us(), 0)
        lab.live(100.0)
        check = lab.store.checks(limit=1)[0]
        assert (check.kind, check.passed) == ("wall", False)
        assert "behind the toe line" in lab.faults["calibration"]
        assert lab.station.snapshot().calibration == "suspect"
    with CalibrationRig(tmp_path) as again:
        assert "behind the toe line" in again.faults["calibration"]


def test_stepping_on_after_check_starts_a_test(tmp_path: Path) -> None:
    """A check belongs to no session: five seconds later the test starts."""
    with CalibrationRig(tmp_path) as lab:
        lab.guided()
        lab.guided("check")
        lab.station.change_settings({"on_step": "test"})
        lab.step_on(Side.LEFT, after_s=5.0)
        assert lab.station.snapshot().activity == "test"
        assert lab.station.snapshot().session_id is not None


def test_calibration_takes_effect_once_it_can_be_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk was full when it ended."""
    with CalibrationRig(tmp_path) as lab:
        store_it = type(lab.store).add_calibration

        def full(*_: object, **__: object) -> str:
            raise StoreError("The disk is full")

        monkeypatch.setattr(type(lab.store), "add_calibration", full)
        lab.guided()
        assert lab.station.snapshot().calibration == "as built"
        monkeypatch.setattr(type(lab.store), "add_calibration", store_it)
        lab.live(10.0)
        assert lab.store.current_calibration().fit is not None
        assert lab.station.snapshot().calibration == "good"


def test_temperature_change_of_eight_degrees_requires_check(tmp_path: Path) -> None:
    """A calibration stores the temperature of a configured thermometer; an unreadable one is a fault."""
    file = tmp_path / "temperature"
    file.write_text("19000\n", encoding="ascii")
    with CalibrationRig(tmp_path, f'{COMPARATORS}[range_sensor]\nthermometer = "{file}"\n') as lab:
        lab.guided()
        assert lab.store.current_calibration().temperature_c == 19.0
        assert lab.station.snapshot().check_due is None
        file.write_text("27500\n", encoding="ascii")
        lab.live(70.0)
        due = lab.station.snapshot().check_due
        assert due is not None
        assert "8 degrees warmer" in due
        file.unlink()
        lab.live(70.0)
        assert "cannot be read" in lab.faults["thermometer"]


def test_skirting_board_offset_applies_to_wall_not_to_blocks(tmp_path: Path) -> None:
    """The sensor sees the skirting board, 20 mm in front of the wall where the toe distance ends."""
    with CalibrationRig(tmp_path, f"{COMPARATORS}skirting_mm = 20\n") as lab:
        assert lab.guided().outcome().well
        assert max(map(abs, lab.errors_mm())) < WORST_MM
        lab.board.world.slide(120.0, lab.clock.now_us(), 0)
        lab.live(2.0)
        assert lab.station.snapshot().toe_mm == pytest.approx(120.0, abs=3.0)


def test_calmer_sensor_is_checked_against_a_smaller_uncertainty(tmp_path: Path) -> None:
    """The wander observed on the empty lane counts in the calibration's part of a check."""
    with CalibrationRig(tmp_path) as lab:
        assert lab.guided().outcome().well
        monitor = CalibrationMonitor(simulated(parse(COMPARATORS, "wiring.toml")), lab.store)
        unknown_mm = checked_mm(monitor)
        for at_us in range(0, 5 * 3600 * SECOND_US, 400_000):
            monitor.on_reading(Toe(at_us, 300.0), at_us, empty=True)
        assert monitor.wander_mm < 0.7
        assert checked_mm(monitor) < 0.8 * unknown_mm


def checked_mm(monitor: CalibrationMonitor) -> float:
    """The calibration's uncertainty in a check."""
    (step,) = monitor.prepare_routine((CheckStep(),), 0)
    assert isinstance(step, CheckStep)
    return step.calibration_mm
