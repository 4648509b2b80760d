"""A sensor with an error, calibrated through the real driver and the register model, becomes accurate."""

from __future__ import annotations

import pytest

from station.core.activities.calibrate import CAPTURE_US
from station.core.events import SECOND_US, Toe
from station.core.measurement.calibration import fit, point_from_readings
from station.core.measurement.estimate import Estimate, estimate
from station.core.sensing.toe_distance import VALID_STATUS
from station.core.steps import CalibrateStep
from station.simulator.noise import NoiseParameters
from station.simulator.range_error import RangeError
from tests.station.devices.ranging_rig import Rig

SETBACK_MM = 70.0
CAPTURE_S = CAPTURE_US / SECOND_US


def window(rig: Rig, toe_mm: float, seconds: float) -> tuple[list[int], list[float]]:
    """Times and readings, all valid, of a wall at this distance from the toe line."""
    rig.target_mm = SETBACK_MM + toe_mm
    rig.run(0.2)
    toes: list[Toe] = rig.run(seconds)
    assert all(toe.status == VALID_STATUS for toe in toes)
    return [toe.at_us for toe in toes], [toe.reading_mm for toe in toes]


@pytest.mark.parametrize("seed", [3, 8])
def test_calibrated_sensor_is_accurate(seed: int) -> None:
    """As built, distances are many millimetres off; after two rounds of four blocks within 95 % of the budget."""
    rig = Rig(figures=NoiseParameters(), seed=seed)
    rig.model.range_error = RangeError.from_seed(seed)
    rig.run(60)
    step = CalibrateStep()
    known = fit([point_from_readings(mm, *window(rig, mm, CAPTURE_S)) for mm in step.blocks_mm * step.rounds])
    for toe_mm in (5.0, 60.0, 120.0, 190.0):
        found = estimate(*window(rig, toe_mm, 2.0))
        assert isinstance(found, Estimate)
        assert abs(found.reading_mm - SETBACK_MM - toe_mm) > 5
        slope = known.curve.slope(found.reading_mm)
        variance = known.uncertainty_mm(found.reading_mm) ** 2 + (slope * found.uncertainty_mm) ** 2
        assert abs(known.curve.toe_mm(found.reading_mm) - toe_mm) < 2.6 * variance**0.5


def test_warmth_and_age_move_the_readings() -> None:
    """Ten degrees and a year shift every reading by what the sensor's coefficients say."""
    error = RangeError(-25.0, per_degree_mm=0.3, per_root_day_mm=0.1)
    rig = Rig()
    rig.model.range_error = error
    rig.target_mm = 200.0
    rig.run(1)
    assert rig.run(1)[-1].reading_mm == 175
    rig.model.warmer_degrees, rig.model.days = 10.0, 365.0
    rig.run(0.2)
    assert rig.run(1)[-1].reading_mm == round(175 + 3 + 1.91)


def test_a_cubic_sensor_errs_in_an_s() -> None:
    """0 in the middle and at both ends of a test's range, the stated error in between; no jump beyond."""
    straight, s_shaped = RangeError(-25.0, 1.01), RangeError(-25.0, 1.01, cubic_mm=4.0)
    errors_mm = [s_shaped.reading_mm(mm) - straight.reading_mm(mm) for mm in range(60, 301, 10)]
    assert [errors_mm[i] for i in (0, 1, 11, 21, 24)] == pytest.approx([0.0] * 5)
    assert (max(errors_mm), min(errors_mm)) == pytest.approx((4.0, -4.0), abs=0.05)
    assert errors_mm.index(max(errors_mm)) < errors_mm.index(min(errors_mm))


def test_crosstalk_pulls_the_nearest_readings_short() -> None:
    """Fully at a reading of 0, by half at 20 mm, not at all from 40 mm on."""
    clear, covered = RangeError(), RangeError(crosstalk_mm=8.0)
    assert [clear.reading_mm(mm) - covered.reading_mm(mm) for mm in (0.0, 20.0, 40.0, 90.0)] == [8.0, 4.0, 0.0, 0.0]


def test_drawn_sensors_are_as_real_ones() -> None:
    """Over 200 seeds: 25 mm short give or take 10, gains of 0.97 to 1.03, bends of some mm; each seed the same."""
    drawn = [RangeError.from_seed(seed) for seed in range(200)]
    offsets = [one.offset_mm for one in drawn]
    assert sum(offsets) / 200 == pytest.approx(-25, abs=2.5)
    assert 8 < (sum((offset + 25) ** 2 for offset in offsets) / 200) ** 0.5 < 12
    assert all(0.97 <= one.gain <= 1.03 and abs(one.bend_mm) <= 3 for one in drawn)
    assert max(abs(one.reading_mm(135) - one.gain * 135 - one.offset_mm) for one in drawn) > 2.5
    assert RangeError.from_seed(7) == drawn[7]
