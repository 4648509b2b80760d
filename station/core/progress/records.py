"""What the history of one side goes in as, and what is said of it. Distances in mm, times aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from station.core.facts import Contact


@dataclass(frozen=True, slots=True)
class Result:
    """One side of one test. `uncertainty_mm` is the instrument's, one standard deviation.

    `imported`: not measured by a station, so it may lie off by what the other way of testing adds.
    """

    test_id: str
    at: datetime
    mm: float
    uncertainty_mm: float | None
    full: bool
    contact: Contact
    imported: bool = False

    @property
    def method(self) -> tuple[Contact, bool]:
        """The way of measuring: results of two ways may lie apart though the ankle is the same."""
        return self.contact, self.imported


class Direction(StrEnum):
    """Which way the ankle has changed."""

    GAIN = "gain"
    LOSS = "loss"


class Phase(StrEnum):
    """What goes on now: `unknown` while the tests cannot tell."""

    UNKNOWN = "unknown"
    GAINING = "gaining"
    LOSING = "losing"
    STEADY = "steady"


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The true level at one moment as the trend has it, in mm, with its 95 % band."""

    at: datetime
    mm: float
    low_mm: float
    high_mm: float


@dataclass(frozen=True, slots=True)
class PersonError:
    """One person's own error for one side and kind of test, in mm, all SDs.

    `sem_mm` is that of a test on another day: what the bands and bounds use. `within_mm` is the scatter of repeats
    within a session and `between_mm` what days add, `None` while too few repeats tell. `own_df` are the degrees of
    freedom that the person's own repeats gave, 0 while the literature speaks alone. `mdc90_mm` and `mdc95_mm` are the
    smallest differences of two tests that are more than error.
    """

    sem_mm: float
    within_mm: float | None
    between_mm: float | None
    own_df: float
    mdc90_mm: float
    mdc95_mm: float


@dataclass(frozen=True, slots=True)
class RealChange:
    """A change that is real: told at `told_at`, by the test `test_id`, of what began about `since`.

    `sudden`: the level stepped there (an injury, a new way of testing) rather than moved week by week.
    """

    direction: Direction
    sudden: bool
    since: datetime
    told_at: datetime
    test_id: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the goal will be reached: between two dates with 80 %, or why that cannot be said.

    `reached` says that the level has got there already. `latest` is `None` where later than a year is likely.
    """

    reached: bool
    earliest: datetime | None
    latest: datetime | None
    why_not: str | None


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Two tests within the hour: what a stretch in between did, with its 95 % interval. No part of the trend."""

    before_id: str
    after_id: str
    at: datetime
    change_mm: Interval


@dataclass(frozen=True, slots=True)
class SideProgress:
    """All that is said of one side.

    `counted` are the first results of each day, oldest first; `old` says that the last of them is more than six weeks
    ago. The trend is made of those that were measured as the last one was (`Result.method`): `trend` has a point at
    each, and is empty with fewer than three; `slips` are the ids of those that lie too far off to be believed,
    which are kept, shown and hardly weighed. `change_mm` is since the first of them, at `change_from`, and needs six
    over two weeks at least, as does `slope_mm_week`; `chance_real` is the probability that the change exceeds the
    smallest worthwhile one (6 mm, in its direction). `changes` are the real changes among all counted results, oldest
    first. `steady_since` is told where nothing has changed for long enough to call it a plateau.
    """

    counted: tuple[Result, ...]
    old: bool
    slips: frozenset[str]
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


@dataclass(frozen=True, slots=True)
class SidesDifference:
    """Left less right now, in mm, with its 95 % interval; `clear` if that excludes 0 and it is 15 mm at least."""

    difference_mm: Interval
    clear: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """Both sides; `None` for a side that was never tested. `difference` needs both within two weeks."""

    left: SideProgress | None
    right: SideProgress | None
    difference: SidesDifference | None
