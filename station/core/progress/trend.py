"""The trend of the level: a local linear model through tests at irregular times.

The level follows a slope, and the slope is an Ornstein-Uhlenbeck process that decays towards 0 over months: a stretched
ankle gains some millimetres a week for some weeks, then less. A Kalman filter and a Rauch-Tung-Striebel smoother,
written out for the two numbers of the state, take milliseconds for ten years of daily tests.

Outliers do not pull the trend along: results more than four SDs from the median of their neighbours get little weight,
and innovations of the filter beyond two SDs are limited to that (Huber 1964).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from math import exp, sqrt
from statistics import NormalDist, median

from station.core.progress.correlation import DECAY_DAYS, estimate_correlation
from station.core.progress.records import Interval, Result, TrendPoint

SLOPE_SD_MM_WEEK = 1.5
SLOPE_DECAY_WEEKS = 40.0
"""The SD of the slope, from the gains of ankles in training (Warneke 2023: 10 to 14 % of about 110 mm in six weeks),
and the time in which a slope decays to 1/e. With both, the bands hold the truth for people who keep gaining and for
those whose gain ends (`make study`)."""
_INITIAL_SD_MM = 100.0
_STEP_SD_MM = 20.0
"""The SD of a step of the level, such as an injury."""
_OUTLIER_SDS = 4.0
_OUTLIER_VARIANCE_FACTOR = 100.0
_HUBER_SDS = 2.0
_NEIGHBOURS_PER_SIDE = 2
_RECENT_DAYS = 182.0
_WEEK = timedelta(weeks=1)
Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class TrendState:
    """The level in mm and the slope in mm a week at one moment, with their variances and covariance."""

    level: float
    slope: float
    level_variance: float
    covariance: float
    slope_variance: float

    def predicted(self, weeks: float) -> TrendState:
        """Return the state expected after so many weeks without a test."""
        if weeks <= 0:
            return self
        keep, reach, level_added, both_added, slope_added = _transition(weeks)
        along = self.covariance + reach * self.slope_variance
        return TrendState(
            self.level + reach * self.slope,
            keep * self.slope,
            self.level_variance + reach * (self.covariance + along) + level_added,
            keep * along + both_added,
            keep * keep * self.slope_variance + slope_added,
        )


@dataclass(frozen=True, slots=True)
class Trend:
    """The band at each result, the state at the last one, and the change from `change_from_index` to the last."""

    points: tuple[TrendPoint, ...]
    last_state: TrendState
    slope_mm_week: Interval
    change_from_index: int
    change_mm: Interval
    change_sd_mm: float


def interval_95(value: float, sd: float) -> Interval:
    """Return the 95 % interval of a normally distributed estimate."""
    return Interval(value, value - Z95 * sd, value + Z95 * sd)


def outlier_indices(results: Sequence[Result], sds_mm: Sequence[float], breaks: Collection[int]) -> set[int]:
    """Return the indices of results too far from the median of themselves and two neighbours on each side.

    `sds_mm` is the SD of each result. Results are not compared across a break, or among fewer than three.
    """
    found: set[int] = set()
    ends = [0, *sorted(breaks), len(results)]
    mm = [result.mm for result in results]
    width = 2 * _NEIGHBOURS_PER_SIDE + 1
    for begin, end in pairwise(ends):
        if end - begin < 3:
            continue
        for index in range(begin, end):
            low = max(begin, min(index - _NEIGHBOURS_PER_SIDE, end - width))
            around = sorted(mm[low : min(end, low + width)])
            if abs(mm[index] - (around[len(around) // 2] + around[(len(around) - 1) // 2]) / 2) > (
                _OUTLIER_SDS * sds_mm[index]
            ):
                found.add(index)
    return found


def correlated_share(results: Sequence[Result], outliers: Collection[int], breaks: Collection[int]) -> float:
    """Return the share of variance that results close in time have in common, from the last half year.

    See `station.core.progress.correlation`.
    """
    last = results[-1].at
    begin = max(breaks, default=0)
    kept = [
        result
        for index, result in enumerate(results)
        if index >= begin and index not in outliers and (last - result.at) / _WEEK * 7 <= _RECENT_DAYS
    ]
    days = [(result.at - last) / _WEEK * 7 for result in kept]
    return estimate_correlation(days, [result.mm for result in kept], days)[0]


def fit_trend(
    results: Sequence[Result],
    sds_mm: Sequence[float],
    outliers: Collection[int] = (),
    breaks: Collection[int] = (),
    begin: int = 0,
) -> Trend:
    """Fit the trend through one or more results, oldest first, with the change counted from the one at `begin`.

    `sds_mm` is the SD of each result, `outliers` are indices of results to give little weight. At each index of
    `breaks` the level may step.
    """
    weeks = [(result.at - results[0].at) / _WEEK for result in results]
    variances = _result_variances(results, sds_mm, outliers, breaks)
    kalman = _KalmanFilter(results, weeks, variances, breaks, begin)
    levels, level_variances = kalman.smoothed()
    points = []
    for result, level, variance in zip(results, levels, level_variances, strict=True):
        half = Z95 * sqrt(variance)
        points.append(TrendPoint(result.at, level, level - half, level + half))
    now = kalman.last_state
    change_variance = max(0.0, now.level_variance + level_variances[begin] - 2 * kalman.change_covariance)
    return Trend(
        tuple(points),
        now,
        interval_95(now.slope, sqrt(now.slope_variance)),
        begin,
        interval_95(now.level - levels[begin], sqrt(change_variance)),
        sqrt(change_variance),
    )


def _transition(weeks: float) -> tuple[float, float, float, float, float]:
    """Return the exact discretisation over so many weeks: the factor that remains of the slope, the change of the level
    per unit of slope, and the (co)variances added to the level, to both, and to the slope."""
    decays = weeks / SLOPE_DECAY_WEEKS
    keep = exp(-decays)
    reach = SLOPE_DECAY_WEEKS * (1 - keep)
    variance = SLOPE_SD_MM_WEEK * SLOPE_SD_MM_WEEK
    return (
        keep,
        reach,
        max(0.0, variance * SLOPE_DECAY_WEEKS * SLOPE_DECAY_WEEKS * (2 * decays - 3 + 4 * keep - keep * keep)),
        variance * SLOPE_DECAY_WEEKS * (1 - keep) * (1 - keep),
        variance * (1 - keep * keep),
    )


def _result_variances(
    results: Sequence[Result], sds_mm: Sequence[float], outliers: Collection[int], breaks: Collection[int]
) -> list[float]:
    """Return the variance of each result: larger for outliers, and for results close to others in time."""
    share = correlated_share(results, outliers, breaks)
    fades = [exp((earlier.at - later.at) / _WEEK * 7 / DECAY_DAYS) for earlier, later in pairwise(results)]
    close = [0.0] * len(results)
    before = after = 0.0
    for index, fade in enumerate(fades):
        before = fade * (before + 1)
        close[index + 1] += before
    for index in range(len(fades) - 1, -1, -1):
        after = fades[index] * (after + 1)
        close[index] += after
    return [
        sd * sd * (1 + share * near) * (_OUTLIER_VARIANCE_FACTOR if index in outliers else 1.0)
        for index, (sd, near) in enumerate(zip(sds_mm, close, strict=True))
    ]


class _KalmanFilter:
    """A Kalman filter that stores its state at each result for the smoother."""

    def __init__(
        self,
        results: Sequence[Result],
        weeks: Sequence[float],
        variances: Sequence[float],
        breaks: Collection[int],
        begin: int,
    ) -> None:
        self._filtered: list[tuple[float, float, float, float, float]] = []
        self._predicted: list[tuple[float, float, float, float, float, float, float]] = []
        level, slope = median(result.mm for result in results[: 2 * _NEIGHBOURS_PER_SIDE + 1]), 0.0
        p_level, p_both, p_slope = _INITIAL_SD_MM**2, 0.0, SLOPE_SD_MM_WEEK**2
        # The covariance of the level at `begin` with the current level and slope.
        with_level = with_slope = 0.0
        last = 0.0
        steps: dict[float, tuple[float, float, float, float, float]] = {}
        for index, (result, at, variance) in enumerate(zip(results, weeks, variances, strict=True)):
            gap, last = at - last, at
            step = steps.get(gap)
            if step is None:
                step = steps[gap] = _transition(gap)
            keep, reach, level_added, both_added, slope_added = step
            level += reach * slope
            slope *= keep
            along = p_both + reach * p_slope
            p_level += reach * (p_both + along) + level_added
            p_both = keep * along + both_added
            p_slope = keep * keep * p_slope + slope_added
            with_level += reach * with_slope
            with_slope *= keep
            if index in breaks:
                p_level += _STEP_SD_MM**2
            self._predicted.append((keep, reach, level, slope, p_level, p_both, p_slope))
            if index == begin:
                with_level, with_slope = p_level, p_both
            surprise = result.mm - level
            innovation_variance = p_level + variance
            max_surprise = _HUBER_SDS * sqrt(innovation_variance)
            if surprise > max_surprise or surprise < -max_surprise:
                variance *= abs(surprise) / max_surprise
                innovation_variance = p_level + variance
            gain_level, gain_slope = p_level / innovation_variance, p_both / innovation_variance
            level += gain_level * surprise
            slope += gain_slope * surprise
            p_slope -= gain_slope * p_both
            p_level *= 1 - gain_level
            p_both *= 1 - gain_level
            with_slope -= gain_slope * with_level
            with_level *= 1 - gain_level
            self._filtered.append((level, slope, p_level, p_both, p_slope))
        self.change_covariance = with_level
        self.last_state = TrendState(level, slope, p_level, p_both, p_slope)

    def smoothed(self) -> tuple[list[float], list[float]]:
        """Return the level and its variance at each result, given all results."""
        level, slope, v_level, v_both, v_slope = self._filtered[-1]
        levels, level_variances = [level], [v_level]
        for index in range(len(self._filtered) - 2, -1, -1):
            f_level, f_slope, p_level, p_both, p_slope = self._filtered[index]
            keep, reach, next_level, next_slope, q_level, q_both, q_slope = self._predicted[index + 1]
            # The smoother gain J = P F' / Q: P is the filtered covariance here, Q the predicted one at the next result.
            determinant = q_level * q_slope - q_both * q_both
            a, b = p_level + reach * p_both, keep * p_both
            c, d = p_both + reach * p_slope, keep * p_slope
            j11, j12 = (a * q_slope - b * q_both) / determinant, (b * q_level - a * q_both) / determinant
            j21, j22 = (c * q_slope - d * q_both) / determinant, (d * q_level - c * q_both) / determinant
            off_level, off_slope = level - next_level, slope - next_slope
            level = f_level + j11 * off_level + j12 * off_slope
            slope = f_slope + j21 * off_level + j22 * off_slope
            r_level, r_both, r_slope = v_level - q_level, v_both - q_both, v_slope - q_slope
            u1, u2 = j11 * r_level + j12 * r_both, j11 * r_both + j12 * r_slope
            w1, w2 = j21 * r_level + j22 * r_both, j21 * r_both + j22 * r_slope
            v_level = p_level + u1 * j11 + u2 * j12
            v_both = p_both + u1 * j21 + u2 * j22
            v_slope = p_slope + w1 * j21 + w2 * j22
            levels.append(level)
            level_variances.append(max(0.0, v_level))
        return levels[::-1], level_variances[::-1]
