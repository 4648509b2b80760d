"""A Kalman filter and a Rauch-Tung-Striebel smoother for a level with a slope, written out for the two numbers.

The slope is a renewal process: it lasts for some weeks and is then redrawn, so a gain may begin or end at any test. The
faster the level moves, the less certain its future, and the widths follow. Means and variances are those of that
process. Ten years of daily tests take milliseconds.

The gains come from the results; with them fixed, filter and smoother are linear and can follow any other series through
the same tests.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from math import exp, log, sqrt
from typing import NamedTuple

from msgspec import Struct

SLOPE_SD_MM_WEEK = 1.5
SLOPE_LASTS_WEEKS = 20.0
"""The SD of a new slope, from the gains of ankles in training (Warneke 2023: 10 to 14 % of about 110 mm in six weeks),
and how long a slope lasts on average: short, because a gain may have ended last week. With both, the bands cover the
truth for people who keep gaining and for those whose gain has just ended (`make study`)."""
FIRST_SLOPE_SD_MM_WEEK = 3.0
"""The SD of the slope at the first test: people begin to test when they begin to train."""
_NEW_SLOPE_VARIANCE = SLOPE_SD_MM_WEEK * SLOPE_SD_MM_WEEK
_FIRST_LEVEL_SD_MM = 100.0
_STEP_SD_MM = 20.0
"""The SD of a step of the level, such as an injury."""
_HUBER_SDS = 2.0
_STEP_TESTS = 6
_TESTS_BEFORE_STEP = 3
_SDS_EACH, _SDS_TOGETHER = 1.0, 2.2
"""How many SDs tests after a step lie from the expectation: each one, and their sum over the root of their number."""
_OUTLIER_SHARE, _OUTLIER_SD_MM = 0.05, 35.0
"""The share of results that are outliers, and their SD, for weighing a step against outliers."""

Variances = tuple[float, float, float]
"""The variance of the level, the covariance of level and slope, and the variance of the slope."""
State = tuple[float, float]
"""A level and a slope."""


class TrendState(Struct, frozen=True):
    """The level in mm and the slope in mm a week at one moment, with their variances and covariance."""

    level: float
    slope: float
    level_variance: float
    covariance: float
    slope_variance: float

    def predicted(self, weeks: float, slope_lasts_weeks: float = SLOPE_LASTS_WEEKS) -> TrendState:
        """Return the state expected after this many weeks without a test."""
        if weeks <= 0:
            return self
        passage = _passage(weeks, slope_lasts_weeks)
        variances = _spread(self.level_variance, self.covariance, self.slope_variance, self.slope, passage)
        return TrendState(self.level + passage.reach * self.slope, passage.keep * self.slope, *variances)


class _Passage(Struct, frozen=True, gc=False):
    """What passing time does to a slope: the share `keep` of its mean that remains, the change `reach` of the level per
    unit, and the factors by which a lasting slope and new ones widen the level and its covariance with the slope."""

    keep: float
    reach: float
    lasting_both: float
    lasting_level: float
    new_level: float


def _passage(weeks: float, lasts_weeks: float = SLOPE_LASTS_WEEKS) -> _Passage:
    keep = exp(-weeks / lasts_weeks)
    reach = lasts_weeks * (1 - keep)
    both = weeks * keep
    return _Passage(
        keep,
        reach,
        both,
        2 * lasts_weeks * (reach - both),
        2 * lasts_weeks * (weeks - reach),
    )


def _spread(level: float, both: float, slope_variance: float, slope: float, passage: _Passage) -> Variances:
    """Return the variances after a time, from those before it and the slope's mean before it."""
    keep, reach = passage.keep, passage.reach
    squared = slope * slope
    lasting = slope_variance + squared - _NEW_SLOPE_VARIANCE
    return (
        level
        + 2 * reach * both
        + passage.lasting_level * lasting
        + passage.new_level * _NEW_SLOPE_VARIANCE
        - reach * reach * squared,
        keep * both + passage.lasting_both * lasting + reach * _NEW_SLOPE_VARIANCE - keep * reach * squared,
        keep * lasting + _NEW_SLOPE_VARIANCE - keep * keep * squared,
    )


def passages(weeks: Sequence[float]) -> list[_Passage]:
    """Return what happens to a slope before each of the tests at these ascending times."""
    gaps = [0.0, *(later - earlier for earlier, later in pairwise(weeks))]
    of_gap = {gap: _passage(gap) for gap in set(gaps)}
    return [of_gap[gap] for gap in gaps]


class _Visit(Struct, frozen=True, gc=False):
    """What the filter keeps of one test: predicted and filtered variances, gains, filtered state, innovation."""

    keep: float
    reach: float
    predicted_level: float
    predicted_both: float
    predicted_slope: float
    gain_level: float
    gain_slope: float
    level: float
    slope: float
    level_variance: float
    both: float
    slope_variance: float
    innovation_variance: float
    innovation_sds: float


class LastLevel(NamedTuple):
    """The last level with its variance under one hypothesis, and how likely the last tests are under it."""

    log_likelihood: float
    level: float
    variance: float


_BEFORE_FIRST = _Visit(1, 0, 0, 0, 0, 0, 0, 0, 0, _FIRST_LEVEL_SD_MM**2, 0, FIRST_SLOPE_SD_MM_WEEK**2, 0, 0)


class LevelFilter:
    """The filter along tests with results `mm` (about 0), `variances` of their errors, and the `passages` before them.

    At each index of `breaks` the level may step. With `finds_steps` the filter adds breaks: a step opens at the first
    of two to six consecutive tests that all lie more than one SD on one side of the expectation from the tests before
    them, if the sum over the root of their number exceeds 2.2 SDs. For a level without a step these deviations are
    independent. Innovations beyond two SDs are limited to that (Huber 1964).
    """

    def __init__(
        self,
        passages: Sequence[_Passage],
        mm: Sequence[float],
        variances: Sequence[float],
        breaks: Collection[int] = (),
        *,
        finds_steps: bool = False,
    ) -> None:
        self.breaks = set(breaks)
        self._passages = passages
        self._visits: list[_Visit] = []
        visits, steps = self._visits, self.breaks
        visit, index = _BEFORE_FIRST, 0
        while index < len(mm):
            before = visit.innovation_sds
            visit = _visit(visit, passages[index], mm[index], variances[index], index in steps)
            visits.append(visit)
            index += 1
            # At least two tests in a row, on one side.
            if finds_steps and (
                before < -_SDS_EACH > visit.innovation_sds or before > _SDS_EACH < visit.innovation_sds
            ):
                tests = self._tests_after_step()
                if tests:
                    index -= tests
                    steps.add(index)
                    del visits[index:]
                    visit = visits[-1]

    def _tests_after_step(self) -> int:
        """Return how many of the last tests lie after a step that they open, 0 without a step."""
        together, found, most = 0.0, 0, _SDS_TOGETHER
        last = len(self._visits) - 1
        side = 1.0 if self._visits[last].innovation_sds > 0 else -1.0
        for index in range(last, max(last - _STEP_TESTS, _TESTS_BEFORE_STEP - 1), -1):
            sds = self._visits[index].innovation_sds * side
            if sds <= _SDS_EACH or index in self.breaks:
                break
            together += sds
            tests = last - index + 1
            if tests > 1 and together > most * sqrt(tests):
                found, most = tests, together / sqrt(tests)
        return found

    @property
    def last_level(self) -> float:
        return self._visits[-1].level

    @property
    def last_variances(self) -> Variances:
        last = self._visits[-1]
        return last.level_variance, last.both, last.slope_variance

    def if_stepped_at(self, step: int | None, mm: Sequence[float], variances: Sequence[float]) -> LastLevel:
        """Return the last level if the only step among the last tests was at this index (`None`: no step).

        `mm` and `variances` are those of the last tests.
        """
        first = len(self._visits) - len(mm)
        visit, log_likelihood = self._visits[first - 1], 0.0
        for index, (value, variance) in enumerate(zip(mm, variances, strict=True), first):
            visit = _visit(visit, self._passages[index], value, variance, index == step)
            expected = visit.predicted_level + variance
            log_likelihood += _log_density(visit.innovation_sds * sqrt(expected), expected)
        return LastLevel(log_likelihood, visit.level, visit.level_variance)

    @property
    def innovation_variances(self) -> list[float]:
        return [visit.innovation_variance for visit in self._visits]

    def follow(self, values: Sequence[float]) -> tuple[list[State], list[float]]:
        """Return the state and the innovation at each test, for these values instead of the results."""
        level = slope = 0.0
        states, innovations = [], []
        for value, visit in zip(values, self._visits, strict=True):
            level += visit.reach * slope
            slope *= visit.keep
            innovation = value - level
            level += visit.gain_level * innovation
            slope += visit.gain_slope * innovation
            states.append((level, slope))
            innovations.append(innovation)
        return states, innovations

    def smoother(self) -> LevelSmoother:
        return LevelSmoother(self._visits)


def _visit(last: _Visit, passage: _Passage, mm: float, variance: float, steps: bool) -> _Visit:
    """Return the visit of the next test."""
    keep, reach = passage.keep, passage.reach
    slope = last.slope
    p_level, p_both, p_slope = _spread(last.level_variance, last.both, last.slope_variance, slope, passage)
    if steps:
        p_level += _STEP_SD_MM**2
    level = last.level + reach * slope
    slope *= keep
    surprise = mm - level
    innovation_variance = p_level + variance
    sds = surprise / sqrt(innovation_variance)
    if abs(sds) > _HUBER_SDS:
        innovation_variance = p_level + variance * abs(sds) / _HUBER_SDS
    gain_level, gain_slope = p_level / innovation_variance, p_both / innovation_variance
    rest = 1 - gain_level
    return _Visit(
        keep,
        reach,
        p_level,
        p_both,
        p_slope,
        gain_level,
        gain_slope,
        level + gain_level * surprise,
        slope + gain_slope * surprise,
        p_level * rest,
        p_both * rest,
        p_slope - gain_slope * p_both,
        innovation_variance,
        sds,
    )


def _log_density(innovation: float, variance: float) -> float:
    """Return the logarithm of the density of an innovation, which may be that of an outlier."""
    return log(
        sum(
            share / sqrt(spread) * exp(-innovation * innovation / (2 * spread))
            for share, spread in ((1 - _OUTLIER_SHARE, variance), (_OUTLIER_SHARE, variance + _OUTLIER_SD_MM**2))
        )
    )


class LevelSmoother:
    """The smoother along a filter's tests.

    `variances` are those of the level at each test, given all results, and `covariances` those with the last level.
    """

    def __init__(self, visits: Sequence[_Visit]) -> None:
        self._visits = visits
        self._gains: list[tuple[float, float, float, float]] = []
        then = visits[-1]
        v_level, v_both, v_slope = then.level_variance, then.both, then.slope_variance
        c_level, c_slope = v_level, v_both
        variances, covariances = [v_level], [c_level]
        for here in visits[-2::-1]:
            keep, reach = then.keep, then.reach
            q_level, q_both, q_slope = then.predicted_level, then.predicted_both, then.predicted_slope
            p_level, p_both, p_slope = here.level_variance, here.both, here.slope_variance
            # The gain is J = P F' / Q: P is the filtered covariance here, Q the predicted one at the next test.
            determinant = q_level * q_slope - q_both * q_both
            a, b = p_level + reach * p_both, keep * p_both
            c, d = p_both + reach * p_slope, keep * p_slope
            j11, j12 = (a * q_slope - b * q_both) / determinant, (b * q_level - a * q_both) / determinant
            j21, j22 = (c * q_slope - d * q_both) / determinant, (d * q_level - c * q_both) / determinant
            r_level, r_both, r_slope = v_level - q_level, v_both - q_both, v_slope - q_slope
            u1, u2 = j11 * r_level + j12 * r_both, j11 * r_both + j12 * r_slope
            w1, w2 = j21 * r_level + j22 * r_both, j21 * r_both + j22 * r_slope
            v_level, v_both, v_slope = (
                p_level + u1 * j11 + u2 * j12,
                p_both + u1 * j21 + u2 * j22,
                p_slope + w1 * j21 + w2 * j22,
            )
            c_level, c_slope = j11 * c_level + j12 * c_slope, j21 * c_level + j22 * c_slope
            variances.append(v_level if v_level > 0.0 else 0.0)
            covariances.append(c_level)
            self._gains.append((j11, j12, j21, j22))
            then = here
        self._gains.reverse()
        self.variances, self.covariances = variances[::-1], covariances[::-1]

    def levels(self, states: Sequence[State]) -> list[float]:
        """Return the level at each test, given all values, from the filter's states for them."""
        level, slope = states[-1]
        levels = [level]
        for index in range(len(states) - 2, -1, -1):
            f_level, f_slope = states[index]
            then = self._visits[index + 1]
            j11, j12, j21, j22 = self._gains[index]
            off_level, off_slope = level - f_level - then.reach * f_slope, slope - then.keep * f_slope
            level = f_level + j11 * off_level + j12 * off_slope
            slope = f_slope + j21 * off_level + j22 * off_slope
            levels.append(level)
        return levels[::-1]
