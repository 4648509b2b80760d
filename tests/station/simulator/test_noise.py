"""The simulated noise of the distance sensor."""

from __future__ import annotations

from statistics import mean, stdev

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from station.core.events import SECOND_US
from station.simulator.noise import RESTLESS, NoiseParameters, RangeNoise
from tests.recordings import still_readings, still_recordings

PACE_US = 17_978
"""The time between readings of the recording: 3600 s over 200,244 readings."""
COUNTS = (1, 10, 100, 1_000, 10_000)
SPAN = round(3 * SECOND_US / PACE_US)
LATER = (20, 200)
"""One minute and ten minutes, in spans of 3 s."""


def simulated_hour(seed: int) -> NDArray[np.float64]:
    """Readings in whole millimetres, as from the sensor, at the pace and timing budget of the recording."""
    noise = RangeNoise(seed)
    return np.array([round(75.5 + noise.error_mm(i * PACE_US, 20_000, i * PACE_US)) for i in range(200_244)], float)


def curve(readings: NDArray[np.float64]) -> NDArray[np.float64]:
    """The SD of the means of `COUNTS` readings, then the 95th percentile of the wander of the 3 s means after `LATER`
    spans."""
    deviations = [readings[: len(readings) // n * n].reshape(-1, n).mean(axis=1).std() for n in COUNTS]
    means = readings[: len(readings) // SPAN * SPAN].reshape(-1, SPAN).mean(axis=1)
    wander = [np.percentile(np.abs(means[later:] - means[:-later]), 95) for later in LATER]
    return np.array([*deviations, *wander])


def test_noise_matches_the_recorded_sensor() -> None:
    """The scatter of single readings and of means, and the wander after 1 and 10 minutes, match the recording.

    Long means differ from hour to hour (the SD of 10,000-reading means by a fifth), so three hours are averaged.
    """
    recorded = curve(np.array(still_readings()))
    simulated = np.mean([curve(simulated_hour(seed)) for seed in range(3)], axis=0)
    tolerance = np.array([0.02, 0.05, 0.08, 0.10, 0.30, 0.10, 0.15])
    assert np.all(np.abs(simulated / recorded - 1) < tolerance), (recorded, simulated)


@pytest.mark.parametrize(
    ("range_us", "low_mm", "high_mm"), [(20_000, 2.0, 2.2), (33_000, 1.5, 1.7), (66_000, 1.0, 1.3)]
)
def test_longer_ranges_have_less_scatter(range_us: int, low_mm: float, high_mm: float) -> None:
    """The scatter decreases with the time that a reading takes, as in logs of other sensors."""
    noise = RangeNoise(1, replace(NoiseParameters(), wander=()))
    errors = [noise.error_mm(i * range_us, range_us, 600 * SECOND_US) for i in range(5_000)]
    assert low_mm < stdev(errors) < high_mm


def test_cold_sensor_reads_too_far_until_it_has_warmed_up() -> None:
    """A cold sensor reads about 2 mm too far; most of that error is gone after a minute."""
    cold, minute = [], []
    for seed in range(300):
        noise = RangeNoise(seed)
        cold.append(noise.error_mm(0, 20_000, 0))
        minute.append(noise.error_mm(60 * SECOND_US, 20_000, 60 * SECOND_US))
    assert mean(cold) == pytest.approx(2.0, abs=0.5)
    assert mean(minute) == pytest.approx(0.27, abs=0.5)


def test_same_seed_gives_the_same_errors() -> None:
    """The same seed gives the same errors, and another seed gives others."""

    def errors(seed: int) -> list[float]:
        noise = RangeNoise(seed)
        return [noise.error_mm(i * 33_518, 33_518, i * 33_518) for i in range(50)]

    assert errors(7) == errors(7)
    assert errors(7) != errors(8)


def minutes_apart(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """SD of 3 s means, then of their differences one minute and ten minutes apart."""
    return np.array([means.std(), *(np.sqrt(np.mean((means[later:] - means[:-later]) ** 2)) for later in LATER)])


@pytest.mark.parametrize(
    ("number", "parameters"), [(0, NoiseParameters()), (1, RESTLESS)], ids=[one.name for one in still_recordings()]
)
def test_each_recording_could_be_one_of_its_simulated_sensor(number: int, parameters: NoiseParameters) -> None:
    """The wander of 3 s means is within the range of forty simulated sensors over the same time, but not within that of
    the other sensor's simulations."""
    recording = still_recordings()[number]
    span = round(3 * len(recording.readings_mm) / recording.lasts_s)
    readings = np.array(recording.readings_mm)
    real = minutes_apart(readings[: len(readings) // span * span].reshape(-1, span).mean(axis=1))

    def simulated(simulated_parameters: NoiseParameters, seed: int) -> NDArray[np.float64]:
        noise = RangeNoise(seed, simulated_parameters)
        times_us = [i * 3 * SECOND_US for i in range(round(recording.lasts_s / 3))]
        return minutes_apart(np.array([noise.error_mm(at_us, 3 * SECOND_US, at_us) for at_us in times_us]))

    same = np.array([simulated(parameters, seed) for seed in range(40)])
    other = np.array([simulated(RESTLESS if number == 0 else NoiseParameters(), seed) for seed in range(40)])
    assert np.all((same.min(axis=0) <= real) & (real <= same.max(axis=0))), (real, same.min(axis=0), same.max(axis=0))
    assert not np.all((other.min(axis=0) <= real) & (real <= other.max(axis=0)))
