"""Calibration: what a fit determines, its uncertainty, and which readings it refuses."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from station.core.measurement import curve_fit as c
from station.core.measurement.calibration import (
    CalibrationError,
    DriftError,
    Fit,
    check_unfinished_round,
    fit,
    point_from_readings,
)
from station.core.measurement.curve import CURVED_TO_MM, Curve
from station.core.measurement.curve_fit import Point
from station.core.measurement.estimate import BRIEF_WANDER_MM, BRIEF_WANDER_S, COMMON_WANDER_MM, COMMON_WANDER_S
from station.simulator.range_error import RangeError
from tests.bench.simulated_sensors import RANGE_US, Sensor, cubic, parabolic
from tests.bench.truth import EIGHT_BLOCKS_S, calibrate

BLOCKS = (0.0, 150.0, 50.0, 200.0)
THREE = (0.0, 100.0, 200.0)
OWN_MM = 0.28
LATER_US = 17_500_000


def shown(*readings_mm: tuple[float, float]) -> list[Point]:
    """Points of blocks and readings in this order."""
    return [Point(toe_mm, mm, OWN_MM, 290, i * LATER_US) for i, (toe_mm, mm) in enumerate(readings_mm)]


def seen(
    error: RangeError,
    displaced_mm: dict[int, float] | None = None,
    rounds: int = 2,
    blocks_mm: tuple[float, ...] = BLOCKS,
) -> list[Point]:
    """Noiseless points of a sensor for these blocks, some of them too far away by the given amount."""
    off = displaced_mm or {}
    blocks = blocks_mm * rounds
    return shown(*((toe, error.reading_mm(70 + toe + off.get(i, 0.0))) for i, toe in enumerate(blocks)))


gains = st.floats(0.97, 1.03)
offsets = st.floats(-60, 10)
bends = st.floats(-2.5, 2.5)
cubics = st.floats(-4.0, 4.0)


@given(st.floats(-20, 10), gains, bends, cubics)
def test_fit_determines_a_cubic_part_from_four_blocks(offset: float, gain: float, bend: float, cubic: float) -> None:
    """Without noise the distances of a sensor with an S are within 1 mm everywhere; three blocks miss up to 4 mm."""
    error = RangeError(offset, gain, bend, cubic_mm=cubic)
    known = fit(seen(error))
    assert known.determined_terms == "offset, gain, bend and cubic part"
    for toe_mm in range(0, 201, 10):
        assert known.curve.toe_mm(error.reading_mm(70 + toe_mm)) == pytest.approx(toe_mm, abs=1.0)


@given(offsets, gains, bends)
def test_fit_determines_offset_gain_and_bend_from_three_blocks(offset: float, gain: float, bend: float) -> None:
    """Without noise a real sensor's distances are within 0.6 mm everywhere; the rest is the priors' bias."""
    error = RangeError(offset, gain, bend)
    known = fit(seen(error, blocks_mm=THREE))
    assert known.determined_terms == "offset, gain and bend"
    assert max(abs(residual) for residual in known.residuals_mm) < 0.3
    for toe_mm in range(0, 201, 20):
        assert known.curve.toe_mm(error.reading_mm(70 + toe_mm)) == pytest.approx(toe_mm, abs=0.6)


@given(st.floats(-60, -10), gains)
def test_fit_determines_offset_and_gain_from_two_blocks(offset: float, gain: float) -> None:
    """Two blocks give a line with a larger uncertainty between and beyond them than three."""
    points = seen(RangeError(offset, gain), rounds=1, blocks_mm=THREE)
    two, three = fit([points[0], points[2]]), fit(points)
    assert two.determined_terms == "offset and gain"
    assert two.curve.bend_per_mm == pytest.approx(0, abs=1e-9)
    assert two.uncertainty_mm(points[1].reading_mm) > 1.4 * three.uncertainty_mm(points[1].reading_mm)


def test_fewer_blocks_leave_more_open() -> None:
    """Two thirds of the way between its blocks, an S that three blocks cannot show counts as uncertainty."""
    error = RangeError(-25)
    three, four = fit(seen(error, rounds=3, blocks_mm=THREE)), fit(seen(error))
    assert three.uncertainty_mm(95.0) > 1.5 * four.uncertainty_mm(95.0)


@given(st.permutations(range(8)), offsets)
def test_fit_ignores_the_order_of_points(order: list[int], offset: float) -> None:
    """The same points in another order give the same curve; each has its own time."""
    points = seen(RangeError(offset, 1.01, 1.0))
    same = fit([points[i] for i in order]).curve
    assert same.toe_mm(170) == pytest.approx(fit(points).curve.toe_mm(170), abs=1e-9)


def test_fit_equals_generalised_least_squares_with_priors() -> None:
    """Curve and covariance equal those of a numpy fit of either kind of sensor, weighted by its marginal likelihood."""
    noise_mm = 0.1
    own_mm = float(np.hypot(noise_mm, BRIEF_WANDER_MM))
    sensor = RangeError(-20, 1.02, 2.0, cubic_mm=0.8)
    points = [replace(at, uncertainty_mm=own_mm) for at in seen(sensor, {1: 0.4, 5: -0.3})]
    times_s = np.array([(at.at_us or 0) / 1e6 for at in points])
    apart_s = np.abs(times_s[:, None] - times_s)
    toes = np.array([at.toe_mm for at in points])
    errors = COMMON_WANDER_MM**2 * np.exp(-apart_s / COMMON_WANDER_S) + np.eye(8) * noise_mm**2
    errors += BRIEF_WANDER_MM**2 * np.exp(-apart_s / BRIEF_WANDER_S)
    errors += c.WARM_UP_MM**2 * np.exp(-(times_s[:, None] + times_s) / c.WARM_UP_S)
    errors += c.BLOCK_TOLERANCE_MM**2 * (toes[:, None] == toes)
    read = np.array([at.reading_mm for at in points])
    readings = np.array([read[toes == toe_mm].mean() for toe_mm in toes])
    middle_mm, half_mm = (readings.max() + readings.min()) / 2, (readings.max() - readings.min()) / 2

    def rows(reading_mm: Any) -> Any:
        x = np.asarray(reading_mm) - middle_mm
        return np.stack([np.ones_like(x), x, x**2, x**3 - half_mm**2 * x], axis=-1) / scales

    scales = np.array([1.0, 1e2, 1e4, 1e6])
    design, expected = rows(readings), np.array([0.0, 1e2, 0.0, 0.0])
    found, likelihoods = [], []
    for sd_mm in c.CUBIC_SDS_MM:
        prior = np.diag((np.array([300.0, c.GAIN_SD, c.BEND_SD, sd_mm * c.CUBIC_PER_MM]) * scales) ** 2)
        marginal = design @ prior @ design.T + errors
        off = toes - (read - readings) - design @ expected
        precision = np.linalg.inv(prior) * np.diag([0, 1, 1, 1])
        covariance = np.linalg.inv(design.T @ np.linalg.solve(errors, design) + precision)
        found.append((expected + covariance @ design.T @ np.linalg.solve(errors, off), covariance))
        likelihoods.append(-0.5 * (off @ np.linalg.solve(marginal, off) + np.linalg.slogdet(marginal)[1]))
    shares = np.exp(np.array(likelihoods) - max(likelihoods))
    shares /= shares.sum()
    assert 0.05 < shares[0] < 0.95
    terms = sum(share * solved for share, (solved, _) in zip(shares, found, strict=True))
    known = fit(points)
    for reading_mm in (50.0, 100.0, 170.0, 250.0):
        row = rows(reading_mm)
        variance = sum(
            share * (row @ covariance @ row + (row @ (solved - terms)) ** 2)
            for share, (solved, covariance) in zip(shares, found, strict=True)
        )
        assert known.curve.toe_mm(reading_mm) == pytest.approx(float(row @ terms), abs=1e-4)
        assert known.uncertainty_mm(reading_mm) == pytest.approx(float(np.sqrt(variance)), abs=1e-4)


def test_fit_is_most_certain_among_its_blocks() -> None:
    """1.1 mm between the blocks, more beyond them; a second round reduces it."""
    known = fit(seen(RangeError()))
    once = fit(seen(RangeError(), rounds=1))
    assert max(known.uncertainty_mm(mm) for mm in (70, 120, 170, 220, 270)) < 1.15
    assert known.uncertainty_mm(400) > 1.5 * known.uncertainty_mm(170)
    assert all(known.uncertainty_mm(mm) < once.uncertainty_mm(mm) for mm in (70, 170, 270))


@given(st.floats(-20, 400), gains, bends, cubics)
def test_curve_reading_inverts_toe_distance(reading_mm: float, gain: float, bend: float, cubic: float) -> None:
    """The reading of a toe distance gives that toe distance, even beyond the curved range."""
    part = cubic * c.CUBIC_PER_MM
    middle_mm = 145.0
    curve = Curve(gain + part * (3 * middle_mm**2 - 1e4), -70, bend * 4 / 270**2 - 3 * part * middle_mm, part)
    assert curve.reading_mm(curve.toe_mm(reading_mm)) == pytest.approx(reading_mm, abs=1e-6)


@given(st.floats(0.1, 10), st.floats(-0.01, 0.01), st.floats(-1e-4, 1e-4), st.floats(-1e4, 1e4))
def test_curve_of_no_sensor_still_gives_a_reading(gain: float, bend: float, cubic: float, toe_mm: float) -> None:
    """A curve that falls somewhere, from a damaged trace, gives a finite reading."""
    assert isfinite(Curve(gain, -70, bend, cubic).reading_mm(toe_mm))


@given(gains, bends, cubics)
def test_curve_goes_on_straight_beyond_its_range(gain: float, bend: float, cubic: float) -> None:
    """No block is measured there, and a cubic would soon be far off; level and slope do not jump."""
    known = fit(seen(RangeError(-25, gain, bend, cubic_mm=cubic)))
    curve, end_mm = known.curve, CURVED_TO_MM
    assert curve.slope(end_mm + 80) == curve.slope(end_mm)
    assert curve.toe_mm(end_mm + 80) == pytest.approx(curve.toe_mm(end_mm) + 80 * curve.slope(end_mm))
    assert known.uncertainty_mm(end_mm + 80) > known.uncertainty_mm(end_mm)


@pytest.mark.parametrize("points", [[], [(0, 70)], [(100, 170), (100, 170.3)]], ids=["none", "one", "one twice"])
def test_fit_refuses_a_single_block(points: list[tuple[float, float]]) -> None:
    """One block, however often it is sampled, determines nothing."""
    with pytest.raises(CalibrationError, match="show at least one more, of another length"):
        fit(shown(*points))


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 2), (0, 2)])
def test_fit_refuses_swapped_blocks(first: int, second: int) -> None:
    """Two blocks in each other's place are recognised, and the error names them."""
    points = seen(RangeError(-25), rounds=1, blocks_mm=THREE)
    toes = list(THREE)
    toes[first], toes[second] = toes[second], toes[first]
    swapped = shown(*((toe, at.reading_mm) for toe, at in zip(toes, points, strict=True)))
    with pytest.raises(CalibrationError, match="swapped"):
        fit(swapped)


@given(st.integers(0, 7), st.sampled_from([-5.0, 5.0]), gains, bends)
def test_fit_refuses_a_block_askew_in_one_round(which: int, off_mm: float, gain: float, bend: float) -> None:
    """5 mm in one sample of two is detected for any block and any real sensor."""
    with pytest.raises(CalibrationError, match=f"{BLOCKS[which % 4]:g} mm block read .* differently"):
        fit(seen(RangeError(-25, gain, bend), {which: off_mm}))


@given(st.sampled_from([-5.0, 5.0]), gains, bends)
def test_fit_refuses_a_middle_block_askew_in_each_round(off_mm: float, gain: float, bend: float) -> None:
    """5 mm in both samples of the middle block exceeds the bend of any real sensor."""
    with pytest.raises(CalibrationError, match="most likely the 100 mm block stood"):
        fit(seen(RangeError(-25, gain, bend), {1: off_mm, 4: off_mm}, blocks_mm=THREE))


@given(st.sampled_from([0, 1, 2, 3]), st.sampled_from([-40.0, -25.0, 25.0]), gains, bends)
def test_fit_refuses_a_block_held_the_wrong_way(which: int, off_mm: float, gain: float, bend: float) -> None:
    """A block held by its width in both rounds is refused."""
    with pytest.raises(CalibrationError):
        fit(seen(RangeError(-25, gain, bend), {which: off_mm, which + 4: off_mm}))


@pytest.mark.parametrize("most_mm", [100, 150, 160])
def test_fit_refuses_a_skirting_board_in_view(most_mm: float) -> None:
    """Readings that stop growing come from something other than the block."""
    points = shown(*((toe, min(most_mm, 45 + toe)) for toe in THREE))
    with pytest.raises(CalibrationError, match="the floor or a skirting board"):
        fit(points)


@pytest.mark.parametrize("growth", [0.7, 0.88, 1.15])
def test_fit_refuses_an_impossible_gain(growth: float) -> None:
    """Readings that grow evenly but too slowly or too fast come from other blocks or from something else."""
    with pytest.raises(CalibrationError, match=r"The readings grow by [01]\.\d\d mm for each mm"):
        fit(shown(*((toe, 45 + growth * toe) for toe in BLOCKS)))


@pytest.mark.parametrize("kind", [parabolic, cubic])
@pytest.mark.parametrize("off_mm", [-6.0, 6.0])
@pytest.mark.parametrize("which", range(4))
def test_a_block_that_is_wrong_in_all_rounds_is_found(
    which: int, off_mm: float, kind: Callable[[int], RangeError]
) -> None:
    """6 mm, in both samples: refused, or reported as an S together with the block. 9 of 10 for any sensor, and all of
    those whose error is nearly a parabola.
    """
    found = []
    for seed in range(60):
        try:
            notice = fit(seen(kind(seed), {which: off_mm, which + 4: off_mm})).notice
        except CalibrationError as error:
            notice = str(error)
        found.append(notice is not None)
    assert sum(found) >= (60 if kind is parabolic else 54)


@pytest.mark.parametrize("kind", [parabolic, cubic])
def test_a_block_that_is_wrong_by_3_mm_is_mostly_found(kind: Callable[[int], RangeError]) -> None:
    """Any of the four, either way, in all rounds: 9 of 10 are refused or reported."""
    found = []
    for seed in range(60):
        for which in range(4):
            for off_mm in (-3.0, 3.0):
                try:
                    found.append(fit(seen(kind(seed), {which: off_mm, which + 4: off_mm})).notice is not None)
                except CalibrationError:
                    found.append(True)
    assert sum(found) >= 0.9 * len(found)


@pytest.mark.parametrize(("which", "off_mm"), [(1, 3.0), (1, -3.0), (2, 3.0), (2, -3.0)])
def test_an_s_names_the_blocks_that_may_be_wrong(which: int, off_mm: float) -> None:
    """3 mm in both samples of an inner block: the sentence names it, by how much it is off, and the alternatives."""
    known = fit(seen(RangeError(-25), {which: off_mm, which + 4: off_mm}))
    longer = "longer" if off_mm > 0 else "shorter"
    assert f"the {BLOCKS[which]:g} mm block is 3 mm {longer} than it says" in (known.notice or "")
    assert "measure the blocks, and calibrate again if one is wrong" in (known.notice or "")
    assert fit(seen(RangeError(-25))).notice is None


@pytest.mark.parametrize("points", [[(0.0, 70.0)], [(0.0, 70.0), (0.0, 79.0), (100.0, 170.0)]], ids=["one", "two"])
def test_an_older_calibration_has_no_notice(points: list[tuple[float, float]]) -> None:
    """Fewer than four blocks never give one."""
    older = Fit(Curve(), tuple(shown(*points)), (0.0,) * len(points), (0.0,) * 10)
    assert older.notice is None


@pytest.mark.parametrize("drift_mm", [-3.0, 3.0])
def test_fit_refuses_a_drift_between_the_rounds(drift_mm: float) -> None:
    """If all blocks shift alike, the cause is the sensor, its mount or the toe stop, not a block."""
    first, last = seen(RangeError(-25), rounds=1), seen(RangeError(-25 + drift_mm), rounds=1)
    again = [replace(at, at_us=(at.at_us or 0) + 4 * LATER_US) for at in last]
    with pytest.raises(DriftError, match=r"drifted: in the last round all blocks read 3\.0 mm"):
        fit([*first, *again])


def drifting(drift_mm: float, rounds: int = 2) -> list[Point]:
    """Noiseless points of a sensor that drifts steadily by this much from the first block to the eighth."""
    still = seen(RangeError(-25), rounds=rounds)
    return [replace(at, reading_mm=at.reading_mm + drift_mm * i / 7) for i, at in enumerate(still)]


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_a_steady_drift_is_suspected_before_it_is_refused(sign: float) -> None:
    """Without noise: 1 mm may be the wander's, 2 mm is suspected and shown by another round, 3 mm is refused."""
    assert not fit(drifting(sign)).is_drift_suspected
    assert fit(drifting(2.0 * sign)).is_drift_suspected
    for points in (drifting(2.0 * sign, rounds=3), drifting(3.0 * sign)):
        with pytest.raises(DriftError):
            fit(points)


@pytest.mark.parametrize("drift_mm", [-3.0, 3.0])
def test_a_steady_drift_of_3_mm_is_refused_in_19_of_20_calibrations(drift_mm: float) -> None:
    """With the noise of a calm sensor, from the first block to the eighth, and on."""
    refused = 0
    for seed in range(100):
        sensor = Sensor(parabolic(seed), seed)
        sensor.drift_mm_per_s = drift_mm / EIGHT_BLOCKS_S
        try:
            calibrate(sensor, Random(seed))
        except CalibrationError:
            refused += 1
    assert refused >= 95


@pytest.mark.parametrize(
    ("nearest_mm", "growth", "is_refused"),
    [(70.0, 1.12, True), (30.0, 1.12, False), (70.0, 0.88, True), (30.0, 0.88, True), (30.0, 1.0, False)],
)
def test_only_growth_that_may_be_crosstalk_waits_for_the_fourth_block(
    nearest_mm: float, growth: float, is_refused: bool
) -> None:
    """Crosstalk makes a block that reads below 40 mm short, so that the readings grow too fast, never too slowly."""
    points = shown((0.0, nearest_mm), (150.0, nearest_mm + 150.0 * growth))
    if is_refused:
        with pytest.raises(CalibrationError, match="grow by"):
            check_unfinished_round(points)
    else:
        check_unfinished_round(points)


@pytest.mark.parametrize("crosstalk_mm", [25.0, 40.0])
def test_fit_refuses_crosstalk(crosstalk_mm: float) -> None:
    """A near block that crosstalk makes read at least 5 mm shorter than the others predict."""
    error = RangeError(-40, 1.01, 1.0)
    assert fit(seen(error)).notice is None
    with pytest.raises(CalibrationError, match=r"The 0 mm block reads \d+ mm short, at \d+ mm: .*crosstalk"):
        fit(seen(replace(error, crosstalk_mm=crosstalk_mm)))


@pytest.mark.parametrize(("kind", "refused"), [(parabolic, 1), (cubic, 30)])
def test_fit_accepts_real_sensors(kind: Callable[[int], RangeError], refused: int) -> None:
    """Of 100 parabolic sensors, calibrated as a person does it, at most one is refused. One in ten with an S reads its
    nearest block short at less than 40 mm, as crosstalk would make it.
    """
    reasons = []
    for seed in range(100):
        try:
            calibrate(Sensor(kind(seed), seed), Random(seed))
        except CalibrationError as error:
            reasons.append(str(error))
    assert len(reasons) <= refused
    assert sum("crosstalk" not in reason for reason in reasons) <= 1


def still(seconds: float = 10.0, toe_mm: float = 100.0) -> tuple[list[int], list[int]]:
    sensor = Sensor(RangeError(-25), 5)
    sensor.later(120_000_000)
    return sensor.window(toe_mm, round(seconds * 1e6))


def test_point_has_mean_uncertainty_and_time() -> None:
    """Ten seconds of a block at 100 mm read 145 mm within the stated uncertainty."""
    times_us, readings = still()
    found = point_from_readings(100, times_us, readings)
    assert abs(found.reading_mm - 145) < 3 * np.hypot(found.uncertainty_mm, COMMON_WANDER_MM)
    assert BRIEF_WANDER_MM < found.uncertainty_mm < 0.5
    assert found.n == len(readings)
    assert found.at_us == pytest.approx(times_us[0] + 5_000_000, abs=3 * RANGE_US)


def test_point_refuses_a_drifting_block() -> None:
    """A block that creeps away by 3 mm must be sampled again."""
    times_us, readings = still()
    creeping = [reading + round(3.5 * i / len(readings)) for i, reading in enumerate(readings)]
    with pytest.raises(CalibrationError, match="The 100 mm block: the readings drifted"):
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
