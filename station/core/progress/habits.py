"""What the circumstances of a person's tests add to their results: a full test, an evening, a stretch before.

Each kind of circumstance that differs from the person's usual one has an offset, normal about 0 before the tests are
seen. The offsets are estimated together with the level (generalised least squares on the innovations of the filter, de
Jong 1991), so a level that moves while a habit changes leaves both uncertain, and the bands include that. An unknown
circumstance counts as usual.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from math import sqrt
from operator import attrgetter
from statistics import NormalDist

from msgspec import Struct

from station.core.progress.kalman import LevelFilter, LevelSmoother, Variances
from station.core.progress.records import Result, TimeOfDay

OFFSET_SD_MM = 4.0
CALIBRATION_SD_MM = 1.5
"""The SDs of an offset and of a calibration's error before any test."""
USUAL_TESTS = 12
"""The most common circumstance of this many last tests is the usual one."""
MIN_HABIT_TESTS = 5
"""The minimum number of tests of each kind for a habit to be reported."""
_CERTAIN_SDS = NormalDist().inv_cdf(0.995)
_MAX_CALIBRATIONS = 6
"""Only this many last calibrations have offsets; older ones would cost time and change nothing."""


class _Circumstance(Struct, frozen=True):
    """One kind of circumstance: its value for a result, and nouns for its values."""

    value: Callable[[Result], Hashable]
    nouns: Mapping[Hashable, str]


_CIRCUMSTANCES = (
    _Circumstance(attrgetter("full"), {True: "full tests", False: "quick tests"}),
    _Circumstance(
        attrgetter("circumstances.time_of_day"),
        {TimeOfDay.MORNING: "mornings", TimeOfDay.DAYTIME: "tests by day", TimeOfDay.EVENING: "evenings"},
    ),
    _Circumstance(
        attrgetter("circumstances.after_stretch"),
        {True: "tests after a stretch", False: "tests before any stretch"},
    ),
    _Circumstance(
        attrgetter("circumstances.warmed_up"),
        {True: "tests after a warm-up", False: "tests without a warm-up"},
    ),
)


class Offset(Struct, frozen=True):
    """One offset: the share of it in each result, and its SD before the tests.

    A habit has the nouns of its circumstance and of the usual one, and the number of tests in the latter; a calibration
    has none of these.
    """

    shares: tuple[float, ...]
    prior_sd_mm: float
    circumstance: str = ""
    compared_with: str = ""
    usual_tests: int = 0


def offsets_of(results: Sequence[Result]) -> list[Offset]:
    """Return the offsets of results of one method, oldest first: none if all were made alike."""
    return [*_offsets_of_habits(results), *_offsets_of_calibrations(results)]


def _offsets_of_habits(results: Sequence[Result]) -> Iterator[Offset]:
    for one in _CIRCUMSTANCES:
        values = list(map(one.value, results))
        counts = Counter(values)
        del counts[None]
        if len(counts) < 2:
            continue
        # Of equally common ones the latest is the usual one: `most_common` keeps the order of first appearance.
        known = [value for value in reversed(values) if value is not None]
        ((usual, _),) = Counter(known[:USUAL_TESTS]).most_common(1)
        for value in sorted(counts, key=str):
            if value != usual:
                shares = tuple(float(found == value) for found in values)
                yield Offset(shares, OFFSET_SD_MM, one.nouns[value], one.nouns[usual], counts[usual])


def _offsets_of_calibrations(results: Sequence[Result]) -> Iterator[Offset]:
    numbers = [result.calibration for result in results]
    known = list(dict.fromkeys(number for number in numbers if number is not None))
    if len(known) >= 2:
        for calibration in known[-_MAX_CALIBRATIONS:]:
            yield Offset(tuple(float(number == calibration) for number in numbers), CALIBRATION_SD_MM)


def without(offsets: Sequence[Offset], values: Sequence[float], mm: Sequence[float]) -> list[float]:
    """Return the results as they would be in the usual circumstances, given these values of the offsets."""
    found = list(mm)
    for offset, value in zip(offsets, values, strict=True):
        found = [one - share * value for one, share in zip(found, offset.shares, strict=True)]
    return found


class Habits:
    """The estimated offsets of results, with the uncertainty they leave in a level.

    `mm` are the results, which `level_filter` has processed.
    """

    def __init__(self, offsets: Sequence[Offset], mm: Sequence[float], level_filter: LevelFilter) -> None:
        self.offsets = offsets
        self._results = len(mm)
        self._followed = [level_filter.follow(offset.shares) for offset in offsets]
        self.values: list[float] = []
        self._covariance: list[list[float]] = []
        if not offsets:
            return
        weights = [1 / variance for variance in level_filter.innovation_variances]
        innovations = [found for _, found in self._followed]
        weighted = [[one * weight for one, weight in zip(found, weights, strict=True)] for found in innovations]
        _, surprises = level_filter.follow(mm)
        precision = [[_dot(one, other) for other in innovations] for one in weighted]
        for index, offset in enumerate(offsets):
            precision[index][index] += 1 / offset.prior_sd_mm**2
        self._covariance = _inverse(precision)
        along = [_dot(one, surprises) for one in weighted]
        self.values = [_dot(row, along) for row in self._covariance]

    def found(self) -> Iterator[tuple[Offset, float, float]]:
        """Yield the habits that the tests show, each with its difference and SD.

        Its 99 % interval excludes 0, because the question is asked after every test.
        """
        for index, (offset, value) in enumerate(zip(self.offsets, self.values, strict=True)):
            sd = sqrt(self._covariance[index][index])
            enough = min(sum(offset.shares), offset.usual_tests) >= MIN_HABIT_TESTS
            if enough and abs(value) > _CERTAIN_SDS * sd:
                yield offset, value, sd

    def usual(self) -> tuple[bool, ...]:
        """Return for each result whether it was made in the usual circumstances. Calibrations do not count."""
        habits = [offset.shares for offset in self.offsets if offset.circumstance]
        return tuple(not any(shares) for shares in zip(*habits, strict=True)) if habits else (True,) * self._results

    def smoothed_variances(self, smoother: LevelSmoother) -> tuple[list[float], float]:
        """Return the variances that the offsets add to the level at each result, and to the change from the first."""
        smoothed = [smoother.levels(states) for states, _ in self._followed]
        added = [0.0] * self._results
        for one, row in zip(smoothed, self._covariance, strict=True):
            for other, covariance in zip(smoothed, row, strict=True):
                added = [so_far + covariance * a * b for so_far, a, b in zip(added, one, other, strict=True)]
        change = [levels[-1] - levels[0] for levels in smoothed]
        return added, self._variance(change, change)

    def last_variances(self) -> Variances:
        """Return the variances that the offsets add to the filter's last level and slope."""
        last = [states[-1] for states, _ in self._followed]
        levels, slopes = [level for level, _ in last], [slope for _, slope in last]
        return self._variance(levels, levels), self._variance(levels, slopes), self._variance(slopes, slopes)

    def _variance(self, one: Sequence[float], other: Sequence[float]) -> float:
        return _dot(one, [_dot(row, other) for row in self._covariance])


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum([a * b for a, b in zip(one, other, strict=True)])


def _inverse(matrix: Sequence[Sequence[float]]) -> list[list[float]]:
    """Invert a symmetric positive definite matrix (Gauss and Jordan; no pivots are needed)."""
    size = len(matrix)
    rows = [[*row, *(float(column == index) for column in range(size))] for index, row in enumerate(matrix)]
    for index in range(size):
        pivot = rows[index][index]
        rows[index] = [value / pivot for value in rows[index]]
        for other in range(size):
            if other != index:
                factor = rows[other][index]
                rows[other] = [value - factor * own for value, own in zip(rows[other], rows[index], strict=True)]
    return [row[size:] for row in rows]
