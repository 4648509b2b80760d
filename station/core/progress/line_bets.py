"""Bets on the rank of each result: does the level rise or fall along a line from the first result on?

For a person who does not change, the n-th result of a kind has any rank among the first n with the same probability
(`station.core.progress.ranks`). Along a line, the earlier results are spread by the course so far, and the next one is
expected beyond most of them: some ranks are likelier. A bet pays the ratio of the two probabilities, so without a
change its mean over the ranks is 1, whatever the error and its distribution. The product of the bets is the evidence
for one line, a test martingale (Shafer 2021); the total is the weighted mean over the slopes and both directions.

Any rank may also be that of an outlier, so one outlier divides the evidence by at most twenty.
"""

from __future__ import annotations

from math import erf, log, sqrt

from msgspec import Struct

from station.core.progress.ranks import Ranks
from station.core.progress.records import Direction

SLOPES = ((0.3, 0.6), (0.15, 0.15), (0.6, 0.05))
"""Slopes in SDs a week, each with its weight for both directions: with an SD of 5.8 mm from day to day, a gain of
2 mm a week is 0.34 SDs a week. The second is for slow gains and large errors, the third for fast gains."""
GAIN_SHARE = 0.6
"""How probable a gain is if the level moves from the first result on: people come here to gain."""
MOST_WEEKS = 16.0
"""After this a line is level, so that a year's gap alone is not evidence."""
OUTLIER_SHARE = 0.05
"""The share of results that may have any rank, also along a line."""
NEGLIGIBLE = 1e-6
"""The bets on a line end once its evidence is below this: it could only recover long after a late start has been found.
Without an end, the bets would take a fifth of the time of the whole analysis of ten years of tests."""
_ROOT_HALF = sqrt(0.5)


class _Earlier(Struct, gc=False):
    """The expected course at the earlier results of one kind: their number, its sum and sum of squares, in weeks."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, course: float) -> None:
        self.count += 1
        self.total += course
        self.squares += course * course


class _Line(Struct, gc=False):
    """A line up or down, in SDs a week, and the evidence for it: its weight times the product of the bets."""

    slope: float
    weight: float
    evidence: float


class LineBets:
    """The evidence for a line from `start_week` on."""

    def __init__(self, start_week: float) -> None:
        self.start_week = start_week
        self._lines = [
            _Line(slope, share * weight, share * weight)
            for size, weight in SLOPES
            for slope, share in ((size, GAIN_SHARE), (-size, 1 - GAIN_SHARE))
        ]
        self._open = list(self._lines)
        self.is_open = True
        """Whether the bets on any line continue."""
        self.evidence = sum(line.evidence for line in self._lines)
        """The weighted mean over the lines."""
        self._earlier: dict[Ranks, _Earlier] = {}

    def expected_course(self, week: float) -> float:
        """Return the expected change of the level by this week, for a slope of 1 a week."""
        return min(week - self.start_week, MOST_WEEKS)

    def run_in(self, kind: Ranks, week: float) -> None:
        """Add a result against which later ones of its kind are ranked."""
        self._earlier.setdefault(kind, _Earlier()).add(self.expected_course(week))

    def bet(self, kind: Ranks, week: float) -> None:
        """Settle the bets on the rank of the result of this week, the last one added to `kind`."""
        course = self.expected_course(week)
        earlier = self._earlier.get(kind)
        if earlier is None:
            earlier = self._earlier[kind] = _Earlier()
        else:
            mean = earlier.total / earlier.count
            variance = max(0.0, earlier.squares / earlier.count - mean * mean)
            self._settle(kind, course - mean, variance)
        earlier.add(course)

    def _settle(self, kind: Ranks, apart: float, variance: float) -> None:
        """Settle the bets. The course is `apart` weeks above the mean of the earlier ones, which have this variance."""
        below, above, share = kind.part_of_last()
        below, above, apart = below * _ROOT_HALF, above * _ROOT_HALF, apart * _ROOT_HALF
        pays = (1 - OUTLIER_SHARE) / 2 / share
        is_over = False
        for line in self._open:
            slope = line.slope
            spread, shift = sqrt(1 + slope * slope * variance), slope * apart
            line.evidence *= OUTLIER_SHARE + pays * (erf(above * spread - shift) - erf(below * spread - shift))
            is_over = is_over or line.evidence < NEGLIGIBLE
        if is_over:
            self._open = [line for line in self._open if line.evidence >= NEGLIGIBLE]
            self.is_open = bool(self._open)
        self.evidence = sum([line.evidence for line in self._lines])

    def likeliest(self) -> tuple[float, Direction]:
        """Return the log likelihood ratio of the likeliest line to no change, and its direction."""
        line = max(self._lines, key=lambda one: one.evidence / one.weight)
        return log(line.evidence / line.weight), Direction.GAIN if line.slope > 0 else Direction.LOSS


def log_prior_odds(direction: Direction) -> float:
    """Return the logarithm of how much likelier this direction is than if both were equally likely."""
    return log(2 * (GAIN_SHARE if direction is Direction.GAIN else 1 - GAIN_SHARE))
