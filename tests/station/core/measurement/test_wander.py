"""What the empty lane shows of a sensor's wander."""

from __future__ import annotations

from math import sqrt
from random import Random
from statistics import fmean

import pytest

from station.core.events import SECOND_US
from station.core.measurement.estimate import WANDER_MM
from station.core.measurement.wander import MEANS_PER_HOUR, WanderEstimate
from station.simulator.noise import RESTLESS, NoiseParameters, RangeNoise
from station.simulator.range_error import RangeError
from tests.bench.simulated_sensors import Sensor
from tests.recordings import still_recordings

CALM_MM, RESTLESS_MM = 0.57, 1.15
SPAN_US = 10 * SECOND_US
WARM_US = 600 * SECOND_US


def learnt_mm(parameters: NoiseParameters, hours: int, seed: int) -> float:
    found, noise = WanderEstimate(), RangeNoise(seed, parameters)
    for number in range(hours * MEANS_PER_HOUR):
        at_us = WARM_US + number * SPAN_US
        found.add_mean(noise.error_mm(at_us, SPAN_US, at_us), 0.1)
    return found.sd_mm


def test_sensor_counts_as_restless_until_the_lane_shows_otherwise() -> None:
    found = WanderEstimate()
    assert found.sd_mm == WANDER_MM
    for _ in range(MEANS_PER_HOUR - 1):
        found.add_mean(76.0, 0.1)
    assert found.sd_mm == WANDER_MM
    found.add_mean(76.0, 0.1)
    assert found.sd_mm == pytest.approx(WANDER_MM * sqrt(4 / 6))


def test_interrupted_hour_counts_for_nothing() -> None:
    found = WanderEstimate()
    for _ in range(3):
        for _ in range(MEANS_PER_HOUR - 1):
            found.add_mean(76.0, 0.1)
        found.restart()
    assert found.sd_mm == WANDER_MM


def test_noise_of_the_means_is_no_wander() -> None:
    """White noise of the stated size leaves no wander, however large it is."""
    chance, noisy, quiet = Random(1), WanderEstimate(), WanderEstimate()
    for _ in range(24 * MEANS_PER_HOUR):
        noisy.add_mean(chance.gauss(76.0, 1.0), 1.0)
        quiet.add_mean(76.0, 0.0)
    assert noisy.sd_mm == pytest.approx(quiet.sd_mm, abs=0.06)


@pytest.mark.parametrize(("parameters", "true_mm"), [(NoiseParameters(), CALM_MM), (RESTLESS, RESTLESS_MM)])
def test_a_day_of_the_lane_shows_which_sensor_it_is(parameters: NoiseParameters, true_mm: float) -> None:
    """A calm one is overestimated by at most a third, a restless one on average not underestimated by a tenth."""
    found = fmean(learnt_mm(parameters, 24, seed) for seed in range(12))
    assert 0.9 * true_mm < found < 1.4 * true_mm


def test_recordings_of_real_sensors_differ() -> None:
    calm, restless = (Sensor(RangeError(), 1, one) for one in still_recordings())
    calm.watch_lane(8)
    restless.watch_lane(8)
    assert calm.wander_mm < 0.9 < 1.0 < restless.wander_mm < 1.5
