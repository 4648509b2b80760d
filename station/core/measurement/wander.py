"""Learns how far this sensor wanders from the empty lane: the board is empty, so only the sensor moves.

Of two real sensors one wanders twice as far as the other, so a ± for any sensor is too wide for many. The mean of ten
seconds has almost no scatter. Its variance about the mean of an hour, corrected for slower wander that an hour cannot
show, is one estimate; each hour counts little, because a sensor wanders only a few times in it. Until there are hours
of an empty lane, the estimate is that of the restless sensor, so it errs towards a ± that is too wide.
"""

from __future__ import annotations

from math import exp, fsum, sqrt

from station.core.measurement.estimate import COMMON_WANDER_S, WANDER_MM

MEANS_PER_HOUR = 360
"""Means of ten seconds."""
_WANDERS_PER_HOUR = 3600.0 / COMMON_WANDER_S
SEEN_IN_AN_HOUR = 1.0 - 2.0 / _WANDERS_PER_HOUR * (1.0 - (1.0 - exp(-_WANDERS_PER_HOUR)) / _WANDERS_PER_HOUR)
"""The expected share of the variance about the hour's own mean, for a wander with this time constant: 0.62. A quicker
wander shows a larger share, so its SD is overestimated, by at most a quarter."""
HOUR_DF = 2.0
"""Degrees of freedom of one hour: its length over twice the time constant."""
PRIOR_DF = 4.0
"""How much the restless sensor counts: as much as two hours of the lane."""


class WanderEstimate:
    """The SD of this sensor's wander, in mm, from the hours of the empty lane so far."""

    def __init__(self) -> None:
        self._means_mm: list[float] = []
        self._noise_squared: list[float] = []
        self._sum_of_squares = 0.0
        self._df = 0.0

    @property
    def sd_mm(self) -> float:
        return sqrt((PRIOR_DF * WANDER_MM * WANDER_MM + self._sum_of_squares) / (PRIOR_DF + self._df))

    def add_mean(self, mean_mm: float, noise_mm: float) -> None:
        """Take the mean of ten seconds of the empty lane, and its own noise (one standard deviation)."""
        self._means_mm.append(mean_mm)
        self._noise_squared.append(noise_mm * noise_mm)
        n = len(self._means_mm)
        if n < MEANS_PER_HOUR:
            return
        middle_mm = fsum(self._means_mm) / n
        variance = fsum((mean_mm - middle_mm) ** 2 for mean_mm in self._means_mm) / (n - 1)
        self._sum_of_squares += HOUR_DF * max(0.0, variance - fsum(self._noise_squared) / n) / SEEN_IN_AN_HOUR
        self._df += HOUR_DF
        self.restart()

    def restart(self) -> None:
        """Drop the unfinished hour: a person stepped on, or something was moved."""
        self._means_mm, self._noise_squared = [], []
