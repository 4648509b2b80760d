"""The noise of a real VL53L0X on a still target: scatter, wander and warm-up, from a seed.

The figures are fitted to `tests/recordings/vl53l0x_still_1h.csv.gz` (one hour, 200,244 readings, 20 ms budget), those
of `RESTLESS` to another sensor's recording of four hours (`vl53l0x_still_2h.csv.gz` is its first half). The hour's
autocovariance is 4.643 mm² at lag 0, 0.318 at one reading, 0.292 at 1 s, 0.238 at 5 s, 0.175 at 60 s, 0.078 at 180 s
and none at 600 s. Least squares with three decaying exponentials on 60 lags between 1 reading and 600 s gives the
three terms of the wander; the rest at lag 0, less 1/12 mm² for the rounding to whole millimetres, is the scatter.
"""

from __future__ import annotations

import math
from random import Random

from msgspec import Struct

from station.core.events import SECOND_US
from station.core.measurement.estimate import COMMON_WANDER_MM, COMMON_WANDER_S


class NoiseParameters(Struct, frozen=True):
    """The parts of the noise, in mm and s. The defaults are fitted to the recording."""

    scatter_mm: float = 2.06
    """SD of the part that is independent between readings, at `scatter_range_us`."""

    scatter_range_us: int = 20_000
    """The timing budget of the recording. A reading averages photons, so the scatter is inversely proportional to the
    square root of its duration: 1.6 mm at 33 ms and 1.1 mm at 66 ms; a log of another sensor shows 1.0 to 1.3 mm."""

    wander: tuple[tuple[float, float], ...] = ((0.215, 4.0), (0.236, 15.0), (0.464, 150.0))
    """SD in mm and time constant in s of each slow term; together 0.56 mm, the SD of the recording's 4.5 s means."""

    warm_up_mm: float = 2.0
    """How much too far a cold sensor reads. The hour has only one warm-up, which cannot be separated from wander with
    certainty: the 3 s means fall from 76.6 mm to 74.3 mm in two minutes; an exponential over ten minutes fits with
    1.5 mm."""

    warm_up_s: float = 30.0
    """Of 10 to 150 s, 20 to 100 s give the smallest residuals over the first ten minutes; most of the fall is early."""


RESTLESS = NoiseParameters(
    wander=((0.16, 10.0), (0.44, 100.0), (COMMON_WANDER_MM, COMMON_WANDER_S)),
)
"""A sensor whose wander has an SD of 1.15 mm. Its two shorter terms fit differences over 1 s to 3 min within 15 %."""


class RangeNoise:
    """The error of one sensor, reading by reading. The same seed and the same times give the same errors."""

    def __init__(self, seed: int, parameters: NoiseParameters | None = None) -> None:
        self.parameters = parameters or NoiseParameters()
        self._random = Random(seed)
        self._levels = [self._random.gauss(0.0, sd) for sd, _ in self.parameters.wander]
        self._at_us: int | None = None
        self._step_us = -1
        self._decay_factors: list[tuple[float, float]] = []

    def error_mm(self, at_us: int, range_us: int, powered_us: int) -> float:
        """The error in mm of a reading that took `range_us`, `powered_us` after power-on; `at_us` never decreases."""
        gauss = self._random.gauss
        step_us = 0 if self._at_us is None else at_us - self._at_us
        self._at_us = at_us
        if step_us != self._step_us:
            self._step_us = step_us
            self._decay_factors = [self._decay_and_sd(sd, tau_s, step_us) for sd, tau_s in self.parameters.wander]
        levels = [
            level * decay + gauss(0.0, fresh_sd)
            for level, (decay, fresh_sd) in zip(self._levels, self._decay_factors, strict=True)
        ]
        self._levels = levels
        parameters = self.parameters
        scatter = parameters.scatter_mm * math.sqrt(parameters.scatter_range_us / range_us)
        warm_up = parameters.warm_up_mm * math.exp(-powered_us / (parameters.warm_up_s * SECOND_US))
        return gauss(0.0, scatter) + sum(levels) + warm_up

    @staticmethod
    def _decay_and_sd(sd: float, tau_s: float, step_us: int) -> tuple[float, float]:
        """The share of a term that remains after a step, and the SD of the new part; exact for any step."""
        decay = math.exp(-step_us / (tau_s * SECOND_US))
        return decay, sd * math.sqrt(1.0 - decay * decay)
