"""Simulated distance sensors whose true error is known, with simulated noise or that of a recording."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from math import sqrt
from random import Random
from statistics import mean

from msgspec.structs import replace

from station.core.events import SECOND_US
from station.core.measurement.curve import Curve
from station.core.measurement.estimate import READING_STEP_MM, WANDER_MM
from station.core.measurement.wander import MEANS_PER_HOUR, WanderEstimate
from station.simulator.noise import NoiseParameters, RangeNoise
from station.simulator.range_error import RangeError
from tests.recordings import StillRecording

CALM = NoiseParameters()
"""The noise of the calm hour; `RESTLESS` is that of the other recording."""
MAX_CUBIC_MM = 4.0
"""The largest S of a cubic sensor."""
RANGE_US = 34_400
"""The duration of a reading at the driver's default budget of 33 ms."""
SETBACK_MM = 70.0
"""The distance from the sensor to the toe line."""
WARM_S = 180.0
"""How much of a recording shows the sensor warming up."""


class RecordedNoise:
    """The error of a real sensor: its recording without the warm-up, looped from some moment on.

    It has whole mm. As each reading is rounded again, an equal error undoes the first rounding: without it all readings
    of a block would be off by up to 0.5 mm alike.
    """

    def __init__(self, recording: StillRecording, random: Random) -> None:
        self._random = random
        self._step_us = recording.lasts_s * SECOND_US / len(recording.readings_mm)
        self._sums_mm = _sums_mm(recording)
        self._first = int(random.random() * len(self._sums_mm))

    def error_mm(self, at_us: int, range_us: int, powered_us: int) -> float:
        """The mean error of the readings within half of `range_us`, at least one."""
        count = max(1, int(range_us / self._step_us / 2))
        end = count + (self._first + int(at_us / self._step_us)) % (len(self._sums_mm) - count)
        unrounded_mm = self._random.gauss(0.0, READING_STEP_MM / sqrt(12 * count))
        return (self._sums_mm[end] - self._sums_mm[end - count]) / count + unrounded_mm


@dataclass(frozen=True, slots=True)
class Walk:
    """A sensor that drifts without returning: how far it is after ten minutes (SD), in mm."""

    ten_minutes_mm: float


class WalkingNoise:
    """The scatter of a real sensor, added to a random walk."""

    def __init__(self, walk: Walk, seed: int) -> None:
        self._walk = walk
        self._random = Random(seed)
        self._at_us = 0
        self._level_mm = 0.0

    def error_mm(self, at_us: int, range_us: int, powered_us: int) -> float:
        """The error of a reading, or the mean error over `range_us`; `at_us` never decreases."""
        step_mm = self._walk.ten_minutes_mm * sqrt((at_us - self._at_us) / (600 * SECOND_US))
        self._level_mm += self._random.gauss(0.0, step_mm)
        self._at_us = at_us
        return self._level_mm + self._random.gauss(0.0, CALM.scatter_mm * sqrt(CALM.scatter_range_us / range_us))


Noise = NoiseParameters | StillRecording | Walk


@cache
def _sums_mm(recording: StillRecording) -> tuple[float, ...]:
    """The sums of the errors up to each reading."""
    kept = recording.readings_mm[int(len(recording.readings_mm) * WARM_S / recording.lasts_s) :]
    middle_mm = mean(kept)
    return tuple(accumulate((reading_mm - middle_mm for reading_mm in kept), initial=0.0))


class Sensor:
    """A simulated sensor in front of a movable target, ranging since a cold start."""

    def __init__(self, error: RangeError, seed: int, noise: Noise = CALM) -> None:
        self.error = error
        self.warmer_degrees = 0.0
        self.days = 0.0
        self.wander_mm = WANDER_MM
        self.drift_mm_per_s = 0.0
        """How fast everything moves away."""
        self._noise: RangeNoise | RecordedNoise | WalkingNoise
        if isinstance(noise, NoiseParameters):
            self._noise = RangeNoise(seed, noise)
        elif isinstance(noise, Walk):
            self._noise = WalkingNoise(noise, seed)
        else:
            self._noise = RecordedNoise(noise, Random(seed))
        self._at_us = 0

    def later(self, us: int) -> None:
        """Let this time pass without a reading."""
        self._at_us += us

    def watch_lane(self, hours: int) -> None:
        """Let the station learn the wander from the empty lane, as means over ten seconds."""
        learnt, span_us = WanderEstimate(), 10 * SECOND_US
        for _ in range(hours * MEANS_PER_HOUR):
            self._at_us += span_us
            learnt.add_mean(self._noise.error_mm(self._at_us, span_us, self._at_us), 0.1)
        self.wander_mm = learnt.sd_mm

    def window(self, toe_mm: float, us: int) -> tuple[list[int], list[int]]:
        """Times and readings, in whole mm, of a wall at this toe distance, as from the register model."""
        clear_mm = self.error.reading_mm(SETBACK_MM + toe_mm, self.warmer_degrees, self.days)
        times_us = []
        readings_mm = []
        for _ in range(us // RANGE_US):
            self._at_us += RANGE_US
            times_us.append(self._at_us)
            error_mm = self._noise.error_mm(self._at_us, RANGE_US, self._at_us)
            drifted_mm = self.drift_mm_per_s * self._at_us / SECOND_US
            readings_mm.append(max(0, round(clear_mm + error_mm + drifted_mm)))
        return times_us, readings_mm

    def bias_mm(self, toe_mm: float, curve: Curve) -> float:
        """The curve's toe distance minus the true one, without noise and wander, at the present temperature."""
        return curve.toe_mm(self.error.reading_mm(SETBACK_MM + toe_mm)) - toe_mm


def parabolic(number: int) -> RangeError:
    """A sensor whose error is nearly a parabola."""
    return RangeError.from_seed(number)


def cubic(number: int) -> RangeError:
    """A sensor whose error also has an S of up to `MAX_CUBIC_MM` either way."""
    return replace(parabolic(number), cubic_mm=Random(f"{number} cubic").uniform(-MAX_CUBIC_MM, MAX_CUBIC_MM))
