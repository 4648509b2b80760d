"""The estimate of one attempt: mean, outliers and refusals."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.core.measurement.estimate import WANDER_MM, Estimate, Refusal, estimate
from tests.bench.distance import Windows, all_windows, captures, figures, plain_median, shipped, within_seconds
from tests.recordings import still_readings

PACE_US = 17_978
"""The time between readings of the recording."""
STILL = [int(reading) for reading in still_readings()]
WINDOWS = list(all_windows())


def named(windows: Windows) -> str:
    return windows.name


def window(start: int, n: int = 56) -> tuple[list[int], list[int]]:
    """Times and readings of a section of the recording."""
    return [i * PACE_US for i in range(n)], STILL[start : start + n]


def estimated(times_us: list[int], readings_mm: list[int] | list[float]) -> Estimate:
    found = estimate(times_us, readings_mm)
    assert isinstance(found, Estimate)
    return found


def refused(times_us: list[int], readings_mm: list[int]) -> str:
    found = estimate(times_us, readings_mm)
    assert isinstance(found, Refusal)
    return found.reason


starts = st.integers(0, len(STILL) - 120)
sizes = st.integers(20, 120)


def test_estimate_is_as_precise_as_the_best_linear_one() -> None:
    """On the recording, estimates scatter at most 1.02 times as much as the best linear estimator's."""
    value = figures()["distance_sd_ratio"]["value"]
    assert isinstance(value, float)
    assert 0.99 < value <= 1.02


@pytest.mark.parametrize("windows", WINDOWS, ids=named)
def test_estimate_beats_the_median(windows: Windows) -> None:
    """The median of the same readings scatters at least 1.3 times as much from one window to the next."""
    assert within_seconds(plain_median(windows)) >= 1.3 * within_seconds(shipped(windows))


@pytest.mark.parametrize("windows", WINDOWS, ids=named)
def test_uncertainty_covers_an_hour(windows: Windows) -> None:
    """The constant target lies within 1.96 stated uncertainties in 95 % of the restless sensor's windows, and in nearly
    all of the calm one's."""
    off = np.array([abs(one.reading_mm - windows.mean_mm) / one.uncertainty_mm for one in captures(windows)])
    assert np.mean(off <= 1.96) > 0.93


@pytest.mark.parametrize("windows", WINDOWS, ids=named)
def test_noise_covers_neighbouring_windows(windows: Windows) -> None:
    """The estimates just before and after lie within the stated noise about as often."""
    found = captures(windows)
    reading = np.array([one.reading_mm for one in found])
    squared = np.array([one.noise_mm**2 for one in found])
    around = (reading[:-2] + reading[2:]) / 2
    off = np.abs(reading[1:-1] - around) / np.sqrt(squared[1:-1] + (squared[:-2] + squared[2:]) / 4)
    assert 0.64 < np.mean(off <= 1) < 0.73
    assert 0.91 < np.mean(off <= 1.96) < 0.97


@given(starts, sizes, st.data())
def test_estimate_excludes_outliers(start: int, n: int, data: st.DataObject) -> None:
    """Up to one reading in ten that is 50 to 200 mm off, at any position."""
    times_us, readings = window(start, n)
    where = data.draw(st.lists(st.integers(0, n - 1), max_size=n // 10, unique=True))
    wild = list(readings)
    for i in where:
        wild[i] += data.draw(st.integers(50, 200) | st.integers(-200, -50))
    found = estimated(times_us, wild)
    assert found.n <= n - len(where)
    assert min(readings) <= found.reading_mm <= max(readings)


@pytest.mark.parametrize("windows", WINDOWS, ids=named)
def test_estimate_loses_little_to_outliers(windows: Windows) -> None:
    """Two outliers of 50 mm in every window raise the scatter at most 1.06 times."""
    dice = Random(1)
    slipped = windows.readings_mm.copy()
    for row in slipped:
        for i in dice.sample(range(len(row)), 2):
            row[i] += dice.choice([-50, 50])
    found = np.array([estimated(windows.times_us, row).reading_mm for row in slipped.tolist()])
    assert within_seconds(found) <= 1.06 * within_seconds(shipped(windows))


def test_estimate_resists_one_outlier() -> None:
    """In a second at 30 Hz one reading 50 mm off moves the mean by 1.7 mm, the estimate by under 0.2 mm."""
    times_us, readings = window(0, 30)
    wild = [readings[0] + 50, *readings[1:]]
    assert abs(np.mean(wild) - np.mean(readings)) > 1.6
    assert abs(estimated(times_us, wild).reading_mm - estimated(times_us, readings).reading_mm) < 0.2


@given(starts, sizes, st.randoms(use_true_random=False))
def test_estimate_ignores_order(start: int, n: int, random: Random) -> None:
    """Readings with their times in any order give the same estimate, to the last bit."""
    times_us, readings = window(start, n)
    shuffled = list(zip(times_us, readings, strict=True))
    random.shuffle(shuffled)
    assert estimate([t for t, _ in shuffled], [r for _, r in shuffled]) == estimate(times_us, readings)


@given(starts, sizes, st.integers(-500, 500), st.integers(0, 10**15))
def test_estimate_follows_a_shift(start: int, n: int, shift_mm: int, later_us: int) -> None:
    """A target farther away, at any time, gives that much more with the same uncertainty."""
    times_us, readings = window(start, n)
    here = estimated(times_us, readings)
    there = estimated([at_us + later_us for at_us in times_us], [reading + shift_mm for reading in readings])
    assert there.reading_mm == pytest.approx(here.reading_mm + shift_mm, abs=1e-9)
    assert there.noise_mm == pytest.approx(here.noise_mm, abs=1e-9)
    assert there.n == here.n


@given(starts, sizes)
def test_estimate_is_the_exact_mean(start: int, n: int) -> None:
    """Without outliers the result is the exact mean, rounded once, on every machine."""
    times_us, readings = window(start, n)
    found = estimated(times_us, readings)
    if found.n == n:
        assert found.reading_mm == float(Fraction(sum(readings), n))


def test_estimate_has_the_same_bits_on_every_machine() -> None:
    """The first second of the recording gives exactly these bits."""
    found = estimated(*window(0))
    assert found.reading_mm.hex() == "0x1.3012492492492p+6"
    assert found.noise_mm.hex() == "0x1.79522936c163fp-2"
    assert found.uncertainty_mm.hex() == float.hex(sqrt(found.noise_mm * found.noise_mm + WANDER_MM * WANDER_MM))


@pytest.mark.parametrize("n", [20, 30, 56, 111])
def test_noise_grows_with_scatter(n: int) -> None:
    """Twice the variance (two sections of the recording added) gives 1.4 times the noise."""
    times_us = window(0, n)[0]
    parts = [[window(start + far, n)[1] for far in (0, 4_000)] for start in range(0, 100_000, 500)]
    calm = np.mean([estimated(times_us, piece).noise_mm for pieces in parts for piece in pieces])
    added = [[sum(together) for together in zip(*pieces, strict=True)] for pieces in parts]
    found = [estimate(times_us, piece) for piece in added]
    wild = np.mean([one.noise_mm for one in found if isinstance(one, Estimate)])
    assert sum(isinstance(one, Refusal) for one in found) < 10
    assert 1.3 < wild / calm < 1.55


def test_noise_covers_few_readings() -> None:
    """Six readings lie within 1.96 of their stated noise of the second around them in 95 % of cases."""
    covered = []
    for start in range(0, len(STILL) - 56, 56):
        few = estimated(*window(start + 25, 6))
        covered.append(abs(few.reading_mm - np.mean(window(start)[1])) <= 1.96 * few.noise_mm)
    assert 0.94 < np.mean(covered) < 0.985


def test_noise_shrinks_with_time() -> None:
    """Two seconds leave less noise than one; the wander remains."""
    one, two = estimated(*window(1000)), estimated(*window(1000, 111))
    assert two.noise_mm < 0.85 * one.noise_mm
    assert WANDER_MM < two.uncertainty_mm < one.uncertainty_mm


def test_noise_includes_a_drift() -> None:
    """A board that creeps 4 mm within the window makes the distance ambiguous."""
    times_us, readings = window(5000)
    creeping = [reading + round(4 * i / 55) for i, reading in enumerate(readings)]
    assert estimated(times_us, creeping).noise_mm > 0.75 * 4 / sqrt(12)
    assert estimated(times_us, readings).noise_mm < 0.4


@pytest.mark.parametrize("step", [0, 1], ids=["one value", "one reading differs"])
def test_noise_includes_rounding(step: int) -> None:
    """Equal readings are still whole millimetres: their noise is that of the rounding, not 0."""
    found = estimated([i * PACE_US for i in range(56)], [80] * 55 + [80 + step])
    assert found.noise_mm == pytest.approx(1 / sqrt(12))


def test_estimate_accepts_simultaneous_readings() -> None:
    """Readings of one moment have no drift."""
    assert estimated([7] * 6, [80, 82, 78, 81, 79, 80]).reading_mm == 80


@pytest.mark.parametrize("n", range(5))
def test_estimate_refuses_too_few_readings(n: int) -> None:
    """Fewer than five readings."""
    assert refused(list(range(n)), [80] * n) == "are too few"


@pytest.mark.parametrize("astray", [15, 20])
def test_estimate_refuses_two_targets(astray: int) -> None:
    """More than a quarter of the readings see something else."""
    times_us, readings = window(0)
    wild = [r + 40 if i < astray else r for i, r in enumerate(readings)]
    assert refused(times_us, wild) == "see two things at different distances"


def test_estimate_refuses_alternating_targets() -> None:
    """Of windows that alternate at random between targets 10 mm apart, 99 % are refused."""
    dice = Random(1)
    times_us = window(0, 111)[0]
    found = [
        estimate(times_us, [r + dice.choice((0, 10)) for r in window(start, 111)[1]])
        for start in range(0, len(STILL) - 111, 400)
    ]
    assert np.mean([isinstance(one, Refusal) for one in found]) > 0.99


@pytest.mark.parametrize("windows", WINDOWS, ids=named)
def test_estimate_refuses_steps_and_accepts_still_targets(windows: Windows) -> None:
    """At most 0.1 % of the recording's windows are refused, 95 % with a step of 6 mm in the middle."""
    still = [estimate(windows.times_us, row) for row in windows.readings_mm.tolist()]
    stepping = windows.readings_mm.copy()
    stepping[:, stepping.shape[1] // 2 :] += 6
    stepped = [estimate(windows.times_us, row) for row in stepping.tolist()]
    assert np.mean([isinstance(one, Refusal) for one in still]) <= 0.001
    assert np.mean([isinstance(one, Refusal) for one in stepped]) >= 0.95


def test_estimate_refuses_a_step_at_any_position() -> None:
    """A jump of 40 mm halfway has no majority that would make it an outlier."""
    times_us, readings = window(0)
    stepped = [r + 40 if i < 28 else r for i, r in enumerate(readings)]
    assert refused(times_us, stepped) == "move from one distance to another"


def test_estimate_needs_a_time_per_reading() -> None:
    """Sequences of different length raise a ValueError."""
    with pytest.raises(ValueError, match="6 times for 5 readings"):
        estimate(list(range(6)), [80] * 5)
