"""The input and output of the analysis of progress. Distances in mm, times timezone-aware in UTC."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from station.core.events import Side
from station.core.facts import Contact


class Goals(NamedTuple):
    """The toe distances in mm that a person wants to reach, one a side."""

    left_mm: float
    right_mm: float

    def of(self, side: Side) -> float:
        return self.left_mm if side is Side.LEFT else self.right_mm


class TimeOfDay(StrEnum):
    """The part of the day of a test. Ankles are stiffer in the morning than in the evening."""

    MORNING = "morning"
    DAYTIME = "daytime"
    EVENING = "evening"


class Circumstances(Struct, frozen=True, cache_hash=True):
    """What shifts a result although the ankle has not changed; `None` if unknown.

    `after_stretch`: a stretch was credited on that day before the test. `back_foot` is `heel up`, `flat` or `off`.
    """

    time_of_day: TimeOfDay | None = None
    after_stretch: bool = False
    warmed_up: bool | None = None
    shod: bool | None = None
    back_foot: str | None = None
    board_angle_deg: float | None = None


Method = tuple[Contact, bool, bool | None, str | None, float | None]
"""Contact, imported, shod, back foot and board angle."""
Kind = tuple[Contact, bool, bool, Circumstances]
"""Contact, full, imported and circumstances."""


class Result(Struct, frozen=True):
    """The result of one side of one test. `uncertainty_mm` is the instrument's, one standard deviation.

    `imported`: measured elsewhere, so it may differ systematically from the station's. A distance of 0 is censored: the
    knee did not reach the wall, so the range is below what the station measures. `calibration` is the number of the
    calibration that gave the distance, `None` if unknown.
    """

    test_id: str
    at: datetime
    mm: float
    uncertainty_mm: float | None
    full: bool
    contact: Contact
    imported: bool = False
    circumstances: Circumstances = Circumstances()
    calibration: int | None = None

    @property
    def is_below_range(self) -> bool:
        return self.mm <= 0.0

    @property
    def method(self) -> Method:
        """How it was measured: results of two methods differ even if the ankle has not changed.

        Unknown equals only unknown: a shoe or another board angle shifts a result by centimetres, so a result that may
        have been made with either is compared with neither.
        """
        known = self.circumstances
        return self.contact, self.imported, known.shod, known.back_foot, known.board_angle_deg

    @property
    def kind(self) -> Kind:
        """What results must share to be ranked among each other.

        Not the calibration: with one every month no gain would ever be confirmed, and two calibrations differ by a
        fraction of what tests do.
        """
        return self.contact, self.full, self.imported, self.circumstances


class Direction(StrEnum):
    """The direction of a change."""

    GAIN = "gain"
    LOSS = "loss"


class Phase(StrEnum):
    """What the level is doing now; `unknown` while the tests do not show it."""

    UNKNOWN = "unknown"
    GAINING = "gaining"
    LOSING = "losing"
    STEADY = "steady"


class Interval(Struct, frozen=True, gc=False):
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


class TrendPoint(Struct, frozen=True, gc=False):
    """The trend's estimate of the true level at one moment, in mm, with its 95 % band."""

    at: datetime
    mm: float
    low_mm: float
    high_mm: float


class PersonError(Struct, frozen=True):
    """A person's own measurement error for one side and kind of test, in mm (SDs).

    `sem_mm` is the SEM of a test on another day, which all bands and bounds use. `within_mm` is the scatter of repeats
    within a session and `between_mm` that between days, `None` with too few repeats. `own_df` are the degrees of
    freedom from the person's own repeats, 0 while the error is the literature's alone. `mdc90_mm` and `mdc95_mm` are
    the minimal detectable change with 90 and 95 % confidence. `own_sem_mm` is the SEM of the person's own repeats
    alone, without the literature, and `within_df` the degrees of freedom of `within_mm`.
    """

    sem_mm: float
    within_mm: float | None
    between_mm: float | None
    own_df: float
    mdc90_mm: float
    mdc95_mm: float
    own_sem_mm: float | None = None
    within_df: float = 0.0


class RealChange(Struct, frozen=True):
    """A real change: confirmed at `confirmed_at` by the test `test_id`, begun about `since`.

    `sudden`: the level stepped (an injury) instead of moving week by week.
    """

    direction: Direction
    sudden: bool
    since: datetime
    confirmed_at: datetime
    test_id: str


class Forecast(Struct, frozen=True):
    """When the goal will be reached: between two dates with 80 % probability, or `why_not`, a clause.

    `reached`: the tests show that the level has reached the goal. `latest` is `None` if it may well take more than a
    year.
    """

    reached: bool
    earliest: datetime | None
    latest: datetime | None
    why_not: str | None


class BeforeAfter(Struct, frozen=True):
    """Two tests within an hour: the effect of a stretch in between, with its 95 % interval. The trend ignores it."""

    before_id: str
    after_id: str
    at: datetime
    change_mm: Interval


class Habit(Struct, frozen=True):
    """How much more tests in one circumstance read for this person than in another, with its 95 % interval.

    `circumstance` and `compared_with` are nouns for a sentence: `evenings`, `mornings`, `after a stretch`.
    """

    circumstance: str
    compared_with: str
    difference_mm: Interval


class SideProgress(Struct, frozen=True):
    """The progress of one side.

    - `counted`: the first results of each day, oldest first; `old`: the last of them is more than six weeks ago.
    - `trend`: one point for each counted result in range of the last one's method (`Result.method`), as a test in the
      person's usual circumstances would give it; empty for fewer than three.
    - `outliers`: the test ids of outliers among them: stored, shown, given little weight.
    - `slope_mm_week`, `change_mm`: the slope now, and the change since the first of them, at `change_from`; both need
      six tests over two weeks.
    - `chance_real`: the probability that the change exceeds the smallest worthwhile one (6 mm) in its direction.
    - `changes`: the real changes among all counted results, oldest first.
    - `steady_since`: the start of a plateau; `None` if the tests do not prove one.
    - `habits`: what the circumstances of the tests add to the result, if the tests show it.
    - `is_below_range`: the last test is below range. There is then no change, slope, phase or plateau.
    """

    counted: tuple[Result, ...]
    old: bool
    outliers: frozenset[str]
    error: PersonError
    trend: tuple[TrendPoint, ...]
    slope_mm_week: Interval | None
    change_from: datetime | None
    change_mm: Interval | None
    chance_real: float | None
    changes: tuple[RealChange, ...]
    phase: Phase
    steady_since: datetime | None
    forecast: Forecast
    before_after: tuple[BeforeAfter, ...]
    habits: tuple[Habit, ...] = ()
    is_below_range: bool = False


class SidesDifference(Struct, frozen=True):
    """Left minus right, in mm, with its 95 % interval.

    `clear`: it is at least 15 mm, the interval excludes 0, and so does evidence that holds under repeated looks.
    """

    difference_mm: Interval
    clear: bool


class Progress(Struct, frozen=True):
    """The progress of both sides, `None` for one never tested. `difference` needs tests of both within two weeks.

    `both` are the real changes of the mean of both sides that both took part in, oldest first: a gain of two ankles
    alike is confirmed sooner.
    """

    left: SideProgress | None
    right: SideProgress | None
    difference: SidesDifference | None
    both: tuple[RealChange, ...] = ()
