"""How much of a steady drift during a calibration any test could find, against a wander whose statistics it knows.

A likelihood ratio that knows the SD and time constant of each part of the wander, when each block was read and that
the drift is steady, with an unknown level for each block. By Neyman and Pearson no test with as many false refusals
finds more. The shipped rule knows only the wander that every fit assumes.

`python -m tests.study.drift_limit` prints a line for each order of the blocks and each noise, and then how many of
1,000 calibrations the guided run refuses, which asks for another round if it suspects a drift.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from math import exp, sinh, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from station.core.activities.calibrate import CAPTURE_US
from station.core.events import SECOND_US
from station.core.steps import CalibrateStep
from station.simulator.noise import RESTLESS, NoiseParameters
from tests.bench.simulated_sensors import CALM, RANGE_US, Noise, parabolic
from tests.bench.truth import CHANGE_S, EIGHT_BLOCKS_S, verdicts
from tests.recordings import still_recordings

DRIFT_MM = 3.0
"""From the first block to the eighth."""
FALSE = 0.02
"""The share of false refusals that the shipped rule has with the restless recording."""
UNKNOWN_MM = 1000.0
"""SD of a block's level: nothing is known about it."""
ROUND_MM = CalibrateStep().blocks_mm
ORDERS = {
    "two rounds": ROUND_MM * 2,
    "the second one backwards": ROUND_MM + ROUND_MM[::-1],
    "three rounds": ROUND_MM * 3,
    "four rounds": ROUND_MM * 4,
}
NOISES = {"calm": CALM, "restless": RESTLESS}
CALIBRATIONS = 5
"""Of each simulated sensor, in each world."""
Values = NDArray[np.float64]


def covariance(times_s: Values, noise: NoiseParameters) -> Values:
    """The covariance in mm2 of the means of readings over a capture about each of these times."""
    capture_s = CAPTURE_US / SECOND_US
    scatter = noise.scatter_mm**2 * noise.scatter_range_us / RANGE_US + 1.0 / 12.0
    found = np.eye(len(times_s)) * scatter * RANGE_US / CAPTURE_US
    apart_s = np.abs(times_s[:, None] - times_s)
    for sd_mm, tau_s in noise.wander:
        captures = capture_s / tau_s
        shared = np.exp(-apart_s / tau_s) * (sinh(captures / 2) / (captures / 2)) ** 2
        np.fill_diagonal(shared, 2.0 / captures * (1.0 - (1.0 - exp(-captures)) / captures))
        found += sd_mm**2 * shared
    return found


def drift_sds(order_mm: tuple[float, ...], noise: NoiseParameters) -> float:
    """How many SDs of the best estimate of a steady drift the drift is."""
    apart_s = CAPTURE_US / SECOND_US + CHANGE_S
    times_s: Values = np.arange(len(order_mm), dtype=np.float64) * apart_s
    blocks_mm = np.array(order_mm)
    drift_mm = DRIFT_MM * times_s / EIGHT_BLOCKS_S
    errors: Values = covariance(times_s, noise) + UNKNOWN_MM**2 * (blocks_mm[:, None] == blocks_mm)
    return sqrt(drift_mm @ np.linalg.solve(errors, drift_mm))


def report() -> Iterator[str]:
    """Lines of how often the best test refuses the drift, by order and noise, and of what the guided run does."""
    normal = NormalDist()
    for order, order_mm in ORDERS.items():
        for name, noise in NOISES.items():
            sds = drift_sds(order_mm, noise)
            found = normal.cdf(sds - normal.inv_cdf(1.0 - FALSE / 2.0))
            yield f"{order}, {name}: a drift of {DRIFT_MM:g} mm is {sds:.2f} SD, refused in {found:.1%} of cases"
    worlds: dict[str, Noise] = {**NOISES, **{f"{one.name} recording": one for one in still_recordings()}}
    for name, world in worlds.items():
        for drift_mm in (0.0, -DRIFT_MM, DRIFT_MM):
            seen = verdicts(parabolic, CALIBRATIONS, noise=world, drift_mm=drift_mm)
            yield f"the guided run, {name}, a drift of {drift_mm:+g} mm: {seen}"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in report())
