"""What the store keeps, as records. Times of day are aware UTC; `…_us` are microseconds since the run's trace began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from station.core.records import Contact, Side


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Sitting:
    """What one person did between stepping on and leaving.

    `ended_at` is `None` while it goes on, and for ever when it was cut off.
    """

    id: str
    person_id: str | None
    person_name: str | None
    started_at: datetime
    ended_at: datetime | None
    ended_why: str | None
    simulated: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """One lunge. `outcome` is `passed`, `heel`, `contact` or `void`.

    `window_us` are the first and the last moment of the readings that the distance came from.
    """

    side: Side
    trial: int
    number: int
    outcome: str
    started_us: int
    ended_us: int
    toe_mm: float | None
    uncertainty_mm: float | None
    contact: Contact | None
    window_us: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Trial:
    side: Side
    number: int
    toe_mm: float
    below_range: bool
    uncertainty_mm: float | None
    ended_us: int


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else may bear on a test, `None` where nobody said. A test needs a board at 0 degrees.

    `back_foot` is `heel up`, `flat` or `off`; `pain` goes from 0 to 10; `limit_felt` is `front` (of the ankle),
    `achilles`, `calf` or `nowhere`.
    """

    shod: bool | None = None
    back_foot: str | None = None
    board_deg: float | None = None
    warmed_up: bool | None = None
    pain: int | None = None
    limit_felt: str | None = None


@dataclass(frozen=True, slots=True)
class Test:
    """A knee-to-wall test. `state` is `finished`, `partial` or `unfinished` (cut off)."""

    __test__ = False

    id: str
    sitting_id: str
    run_id: str
    person_id: str | None
    started_at: datetime
    full: bool
    contact: Contact
    state: str
    left_mm: float | None
    right_mm: float | None
    left_uncertainty_mm: float | None
    right_uncertainty_mm: float | None
    calibration_id: str | None
    simulated: bool
    circumstances: Circumstances
    trials: tuple[Trial, ...]
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """What a chart needs of a test; `None` where a side was not tested."""

    test_id: str
    sitting_id: str
    started_at: datetime
    full: bool
    contact: Contact
    state: str
    left_mm: float | None
    right_mm: float | None
    left_uncertainty_mm: float | None
    right_uncertainty_mm: float | None
    simulated: bool


@dataclass(frozen=True, slots=True)
class Lift:
    """A time that the heel was up within a hold. `until_us` is `None` when it did not come back."""

    since_us: int
    until_us: int | None


@dataclass(frozen=True, slots=True)
class Hold:
    """One timed stretch. `state` is `finished`, `partial` or `unfinished` (cut off: credited up to the last second)."""

    id: str
    sitting_id: str
    run_id: str
    person_id: str | None
    started_at: datetime
    side: Side
    repetition: int
    target_us: int
    credited_us: int
    lifted_us: int
    lifts: int
    micro_lifts: int
    state: str
    started_us: int
    ended_us: int | None
    lift_spans: tuple[Lift, ...]
    simulated: bool


@dataclass(frozen=True, slots=True)
class Reps:
    """Counted repetitions of one side. `state` as for a hold."""

    id: str
    sitting_id: str
    run_id: str
    person_id: str | None
    started_at: datetime
    side: Side
    target_count: int
    count: int
    too_quick: int
    state: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """Reading to toe distance: `toe_mm = gain * reading_mm + offset_mm`. `None` points: as built, never calibrated."""

    id: str
    made_at: datetime
    gain: float
    offset_mm: float
    points: tuple[tuple[float, float], ...] | None


@dataclass(frozen=True, slots=True)
class SittingDetail:
    """A sitting with everything in it. `runs` are the ids of its traces, in order."""

    sitting: Sitting
    tests: tuple[Test, ...]
    holds: tuple[Hold, ...]
    reps: tuple[Reps, ...]
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WeekCredit:
    """Credited time of the holds of one week, which begins on a Monday."""

    monday: date
    left_us: int
    right_us: int
