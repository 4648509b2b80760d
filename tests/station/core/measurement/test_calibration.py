"""Calibration: what a fit determines, its uncertainty, and which readings it refuses."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.core.measurement import calibration as c
from station.core.measurement.calibration import CalibrationError, Curve, Point, fit, point_from_readings
from station.simulator.range_error import RangeError
from tests.bench.truth import RANGE_US, Sensor, calibrate

BLOCKS = (0.0, 100.0, 200.0)
OWN_MM = 0.28
LATER_US = 17_500_000


def shown(*readings_mm: tuple[float, float]) -> list[Point]:
    """Points of blocks and readings in this order."""
    return [Point(toe_mm, mm, OWN_MM, 290, i * LATER_US) for i, (toe_mm, mm) in enumerate(readings_mm)]


def seen(error: RangeError, displaced_mm: dict[int, float] | None = None, rounds: int = 2) -> list[Point]:
    """Noiseless points of a sensor for these blocks, some of them too far away by the given amount."""
    off = displaced_mm or {}
    blocks = BLOCKS * rounds
    return shown(*((toe, error.reading_mm(70 + toe + off.get(i, 0.0))) for i, toe in enumerate(blocks)))


gains = st.floats(0.97, 1.03)
offsets = st.floats(-60, 10)
bends = st.floats(-2.5, 2.5)


@given(offsets, gains, bends)
def test_fit_determines_offset_gain_and_bend_from_three_blocks(offset: float, gain: float, bend: float) -> None:
    """Without noise a real sensor's distances are within 0.6 mm everywhere; the rest is the priors' bias."""
    error = RangeError(offset, gain, bend)
    known = fit(seen(error))
    assert known.determined_terms == "offset, gain and bend"
    assert max(abs(residual) for residual in known.residuals_mm) < 0.3
    for toe_mm in range(0, 201, 20):
        assert known.curve.toe_mm(error.reading_mm(70 + toe_mm)) == pytest.approx(toe_mm, abs=0.6)


@given(offsets, gains)
def test_fit_determines_offset_and_gain_from_two_blocks(offset: float, gain: float) -> None:
    """Two blocks give a line with a larger uncertainty between and beyond them than three."""
    points = seen(RangeError(offset, gain), rounds=1)
    two, three = fit([points[0], points[2]]), fit(points)
    assert two.determined_terms == "offset and gain"
    assert two.curve.bend_per_mm == pytest.approx(0, abs=1e-9)
    assert two.uncertainty_mm(points[1].reading_mm) > 1.5 * three.uncertainty_mm(points[1].reading_mm)


@given(st.permutations(range(6)), offsets)
def test_fit_ignores_the_order_of_points(order: list[int], offset: float) -> None:
    """The same points in another order give the same curve; each has its own time."""
    points = seen(RangeError(offset, 1.01, 1.0))
    same = fit([points[i] for i in order]).curve
    assert same.toe_mm(170) == pytest.approx(fit(points).curve.toe_mm(170), abs=1e-9)


def test_fit_equals_generalised_least_squares_with_priors() -> None:
    """Curve and covariance equal numpy's for the same equations, to a nanometre."""
    points = seen(RangeError(-20, 1.02, 2.0), {1: 0.4, 4: -0.3})
    times_s = np.array([(at.at_us or 0) / 1e6 for at in points])
    apart_s = np.abs(times_s[:, None] - times_s[None, :])
    errors = c.SLOW_WANDER_MM**2 * np.exp(-apart_s / c.SLOW_WANDER_S) + np.eye(6) * OWN_MM**2
    errors += c.WARM_UP_MM**2 * np.exp(-(times_s[:, None] + times_s[None, :]) / c.WARM_UP_S)
    middle_mm = (points[0].reading_mm + points[5].reading_mm) / 2
    far = np.array([at.reading_mm - middle_mm for at in points])
    rows = np.stack([np.ones(6), far, far**2], axis=1)
    weights = rows.T @ np.linalg.inv(errors)
    prior = np.diag([0.0, c.GAIN_SD**-2, c.BEND_SD**-2])
    covariance = np.linalg.inv(weights @ rows + prior)
    solved = covariance @ (weights @ np.array([at.toe_mm for at in points]) + prior @ [0, 1, 0])
    known = fit(points)
    for reading_mm in (30.0, 100.0, 170.0, 280.0):
        row = np.array([1, reading_mm - middle_mm, (reading_mm - middle_mm) ** 2])
        assert known.curve.toe_mm(reading_mm) == pytest.approx(float(row @ solved), abs=1e-6)
        assert known.uncertainty_mm(reading_mm) == pytest.approx(float(np.sqrt(row @ covariance @ row)), abs=1e-6)


def test_fit_is_most_certain_among_its_blocks() -> None:
    """0.5 mm between the blocks, more beyond them; a second round reduces it."""
    known = fit(seen(RangeError()))
    once = fit(seen(RangeError(), rounds=1))
    assert max(known.uncertainty_mm(mm) for mm in (70, 120, 170, 220, 270)) < 0.55
    assert known.uncertainty_mm(350) > 1.5 * known.uncertainty_mm(170)
    assert all(known.uncertainty_mm(mm) < once.uncertainty_mm(mm) for mm in (70, 170, 270))


@given(st.floats(50, 260), gains, bends)
def test_curve_reading_inverts_toe_distance(reading_mm: float, gain: float, bend: float) -> None:
    """The reading of a toe distance gives that toe distance."""
    curve = Curve(gain, -70, bend * 4 / 270**2)
    assert curve.reading_mm(curve.toe_mm(reading_mm)) == pytest.approx(reading_mm, abs=1e-6)


@pytest.mark.parametrize("points", [[], [(0, 70)], [(100, 170), (100, 170.3)]], ids=["none", "one", "one twice"])
def test_fit_refuses_a_single_block(points: list[tuple[float, float]]) -> None:
    """One block, however often it is sampled, determines nothing."""
    with pytest.raises(CalibrationError, match="show at least one more, of another length"):
        fit(shown(*points))


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 2), (0, 2)])
def test_fit_refuses_swapped_blocks(first: int, second: int) -> None:
    """Two blocks in each other's place are recognised, and the error names them."""
    points = seen(RangeError(-25), rounds=1)
    toes = list(BLOCKS)
    toes[first], toes[second] = toes[second], toes[first]
    swapped = shown(*((toe, at.reading_mm) for toe, at in zip(toes, points, strict=True)))
    with pytest.raises(CalibrationError, match="swapped"):
        fit(swapped)


@given(st.integers(0, 5), st.sampled_from([-5.0, 5.0]), gains, bends)
def test_fit_refuses_a_block_askew_in_one_round(which: int, off_mm: float, gain: float, bend: float) -> None:
    """5 mm in one sample of two is detected for any block and any real sensor."""
    with pytest.raises(CalibrationError, match=f"{BLOCKS[which % 3]:g} mm block read .* differently"):
        fit(seen(RangeError(-25, gain, bend), {which: off_mm}))


@given(st.sampled_from([-5.0, 5.0]), gains, bends)
def test_fit_refuses_a_middle_block_askew_in_each_round(off_mm: float, gain: float, bend: float) -> None:
    """5 mm in both samples of the middle block exceeds the bend of any real sensor."""
    with pytest.raises(CalibrationError, match="most likely the 100 mm block stood"):
        fit(seen(RangeError(-25, gain, bend), {1: off_mm, 4: off_mm}))


@given(st.sampled_from([0, 1, 2]), st.sampled_from([-40.0, -25.0, 25.0]), gains, bends)
def test_fit_refuses_a_block_held_the_wrong_way(which: int, off_mm: float, gain: float, bend: float) -> None:
    """A block held by its width in both rounds is refused."""
    with pytest.raises(CalibrationError):
        fit(seen(RangeError(-25, gain, bend), {which: off_mm, which + 3: off_mm}))


@pytest.mark.parametrize("most_mm", [100, 150, 160])
def test_fit_refuses_a_skirting_board_in_view(most_mm: float) -> None:
    """Readings that stop growing come from something else than the block."""
    points = shown(*((toe, min(most_mm, 45 + toe)) for toe in BLOCKS))
    with pytest.raises(CalibrationError, match="the floor or a skirting board"):
        fit(points)


@pytest.mark.parametrize("growth", [0.7, 0.88, 1.15])
def test_fit_refuses_an_impossible_gain(growth: float) -> None:
    """Readings that grow evenly but too slowly or too fast come from other blocks or from something else."""
    with pytest.raises(CalibrationError, match=r"The readings grow by [01]\.\d\d mm for each mm"):
        fit(shown(*((toe, 45 + growth * toe) for toe in BLOCKS)))


def test_fit_accepts_real_sensors() -> None:
    """Of 300 simulated sensors, calibrated as a person does it, none is refused."""
    for seed in range(300):
        calibrate(Sensor(RangeError.from_seed(seed), seed), Random(seed))


def still(seconds: float = 10.0, toe_mm: float = 100.0) -> tuple[list[int], list[int]]:
    sensor = Sensor(RangeError(-25), 5)
    sensor.later(120_000_000)
    return sensor.window(toe_mm, round(seconds * 1e6))


def test_point_has_mean_uncertainty_and_time() -> None:
    """Ten seconds of a block at 100 mm read 145 mm within the stated uncertainty."""
    times_us, readings = still()
    found = point_from_readings(100, times_us, readings)
    assert abs(found.reading_mm - 145) < 3 * np.hypot(found.uncertainty_mm, c.SLOW_WANDER_MM)
    assert c.FAST_WANDER_MM < found.uncertainty_mm < 0.3
    assert found.n == len(readings)
    assert found.at_us == pytest.approx(times_us[0] + 5_000_000, abs=3 * RANGE_US)


def test_point_refuses_a_drifting_block() -> None:
    """A block that creeps away by 3 mm must be sampled again."""
    times_us, readings = still()
    creeping = [reading + round(3.5 * i / len(readings)) for i, reading in enumerate(readings)]
    with pytest.raises(CalibrationError, match="The 100 mm block: the readings wander"):
        point_from_readings(100, times_us, creeping)


@pytest.mark.parametrize("place", [0, 150, -1])
def test_point_ignores_an_outlier_in_its_drift(place: int) -> None:
    """Wherever it is, an outlier is excluded from the drift and from the mean."""
    times_us, readings = still()
    wild = list(readings)
    wild[place] = 600
    found, good = point_from_readings(100, times_us, wild), point_from_readings(100, times_us, readings)
    assert found.n == good.n - 1
    assert found.reading_mm == pytest.approx(good.reading_mm, abs=0.05)


def test_point_refuses_a_step_or_two_targets() -> None:
    """The error says whether the block was knocked or a hand was beside it."""
    times_us, readings = still()
    with pytest.raises(CalibrationError, match="move from one distance to another"):
        point_from_readings(100, times_us, [reading + 6 * (i > 150) for i, reading in enumerate(readings)])
    with pytest.raises(CalibrationError, match="see two things"):
        point_from_readings(100, times_us, [reading + 60 * (i % 3 == 0) for i, reading in enumerate(readings)])
    with pytest.raises(CalibrationError, match="are too few"):
        point_from_readings(100, times_us[:4], readings[:4])
