"""The API's response records, from which the OpenAPI document and the JSON follow.

`web.api.board_records` has the live state of the board, `web.api.inputs` the input of requests.

Times are UTC in ISO 8601 with `Z`. Units are in the names. Unknown values are `null`, never left out.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from station.core.events import Side
from station.core.facts import Contact
from station.core.progress.records import Direction, Phase


class Record(msgspec.Struct):
    """A response. Every field is always present."""


class Legs(StrEnum):
    """Which legs work."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


class Problem(Record):
    """Why a request was refused (RFC 9457). `code` is for programs, `detail` says what to do."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class Person(Record):
    """A person whose results this token may read.

    `is_own`: the token is theirs. `is_archived`: not offered when choosing a person.
    """

    id: str
    name: str
    is_own: bool
    is_archived: bool


class UncertaintyPart(Record):
    """One part of a result's uncertainty: a standard uncertainty, and what it is."""

    name: str
    standard_uncertainty_mm: float
    description: str


class SideResult(Record):
    """The result of one side of a test.

    `toe_distance_mm` is the value that counts now; `original_toe_distance_mm` is the measured one, if a correction
    changed it. A result that `is_below_range` is a bound without an uncertainty. `expanded_uncertainty_mm` is half the
    95 % interval: the number after \u00b1 on the page. `parts` is empty if the parts are unknown; their squares add up.
    """

    side: Side
    toe_distance_mm: float
    is_below_range: bool
    standard_uncertainty_mm: float | None
    expanded_uncertainty_mm: float | None
    parts: list[UncertaintyPart]
    original_toe_distance_mm: float | None
    method: str
    cautions: list[str]


class TestCircumstances(Record):
    """How the test was done; `null` means unknown."""

    __test__ = False

    is_shod: bool | None
    is_warmed_up: bool | None
    back_foot: str | None
    board_angle_deg: float | None


class Test(Record):
    """A knee-to-wall test. `state` is `finished`, `partial` or `unfinished` (cut off).

    `is_suspect`: a check of the calibration had failed, and no correction counts. `is_imported`: measured elsewhere,
    with a tape. `pain` is 0 to 10.
    """

    __test__ = False

    id: str
    session_id: str
    person_id: str | None
    started_at: datetime
    is_full: bool
    contact: Contact
    state: str
    results: list[SideResult]
    calibration_id: str | None
    temperature_c: float | None
    is_suspect: bool
    is_imported: bool
    is_simulated: bool
    rule_version: str
    circumstances: TestCircumstances
    pain: int | None
    felt_places: list[str] | None


class Trial(Record):
    """One trial of a test, as measured on the day."""

    side: Side
    number: int
    toe_distance_mm: float
    is_below_range: bool
    standard_uncertainty_mm: float | None


class Attempt(Record):
    """One lunge: `outcome` is `passed`, `heel`, `contact` or `void`. Seconds count from the start of the test's run."""

    side: Side
    trial: int
    number: int
    outcome: str
    started_s: float
    ended_s: float
    toe_distance_mm: float | None
    standard_uncertainty_mm: float | None
    contact: Contact | None


class TestDetail(Record):
    """A test with its trials and attempts."""

    __test__ = False

    test: Test
    trials: list[Trial]
    attempts: list[Attempt]


class Hold(Record):
    """One timed stretch. `state` as for a test; without `is_verified` it was timed without sensing the heel."""

    id: str
    session_id: str
    person_id: str | None
    started_at: datetime
    legs: Legs
    exercise: str | None
    repetition: int
    target_s: float
    credited_s: float
    lifted_s: float
    heel_lift_count: int
    micro_lift_count: int
    state: str
    is_verified: bool
    is_simulated: bool


class RepSet(Record):
    """Counted repetitions of one exercise."""

    id: str
    session_id: str
    person_id: str | None
    started_at: datetime
    legs: Legs
    exercise: str | None
    target_count: int
    count: int
    too_quick_count: int
    state: str
    is_verified: bool
    is_simulated: bool


class Session(Record):
    """Everything one person does between stepping on and leaving. `ended_at` is `null` while it runs or if it was cut
    off.
    """

    id: str
    person_id: str | None
    started_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    is_simulated: bool


class SessionDetail(Record):
    """A session with everything in it, in the order done."""

    session: Session
    tests: list[Test]
    holds: list[Hold]
    rep_sets: list[RepSet]


class Interval(Record):
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


class Change(Record):
    """A real change of level, confirmed by the test `test_id`, that began about `since`."""

    direction: Direction
    is_sudden: bool
    since: datetime
    confirmed_at: datetime
    test_id: str


class LevelPoint(Record):
    """The true level at one moment, with its 95 % band."""

    at: datetime
    toe_distance_mm: float
    low_mm: float
    high_mm: float


class GoalForecast(Record):
    """When the goal will be reached: between two dates with 80 % probability, or why there is no date."""

    is_reached: bool
    earliest: datetime | None
    latest: datetime | None
    why_not: str | None


class OwnError(Record):
    """The person's own measurement error: SEM of one test, and the smallest difference of two that exceeds it."""

    sem_mm: float
    mdc90_mm: float
    mdc95_mm: float
    sentence: str | None


class SideProgress(Record):
    """The progress of one side, in sentences as on the Progress page and in numbers, which are `null` before a test.

    `trend` has a point for each counted result. `change_mm` is the change since `change_from`, `slope_mm_week` the
    current pace. `chance_real` is the probability that the change exceeds 6 mm in its direction.
    """

    side: Side
    sentences: list[str]
    test_count: int
    phase: Phase | None
    trend: list[LevelPoint]
    slope_mm_week: Interval | None
    change_from: datetime | None
    change_mm: Interval | None
    chance_real: float | None
    changes: list[Change]
    outlier_test_ids: list[str]
    goal: GoalForecast | None
    error: OwnError | None


class Progress(Record):
    """Whether a change is real: `sentence` and everything else as on the Progress page. `sides` are those that the
    person tests. Left minus right is given if both sides were tested within two weeks; `not_compared_sentence` says why
    tests are left out.
    """

    person_id: str | None
    at: datetime
    goal_left_mm: float
    goal_right_mm: float
    sentence: str
    sides: list[SideProgress]
    difference_sentence: str
    left_minus_right_mm: Interval | None
    not_compared_sentence: str | None


class Calibration(Record):
    """How a reading becomes a toe distance. `is_current`: new results use it. Without blocks it is the board as built.

    `offset_mm + gain * r + bend_per_mm * r**2 + cubic_per_mm2 * r**3` is the toe distance of the reading `r` in mm.
    """

    id: str
    number: int
    created_at: datetime
    is_current: bool
    is_by_blocks: bool
    offset_mm: float
    gain: float
    bend_per_mm: float
    cubic_per_mm2: float
    blocks_mm: list[float]
    residuals_mm: list[float]
    largest_expanded_uncertainty_mm: float | None
    temperature_c: float | None


class Check(Record):
    """A check of a calibration: `kind` is `block`, `wall` or `lane`; `off_mm` is measured minus true distance."""

    id: str
    created_at: datetime
    calibration_id: str
    kind: str
    block_mm: float | None
    off_mm: float
    standard_uncertainty_mm: float
    temperature_c: float | None
    is_passed: bool


class Calibrations(Record):
    """All calibrations and their checks, newest first. `sentence` says how good the current one is."""

    sentence: str
    items: list[Calibration]
    checks: list[Check]


class Routine(Record):
    """What `POST /start` can start."""

    name: str
    title: str


class Routines(Record):
    """The station's routines, and those of the token's person."""

    items: list[Routine]


class People(Record):
    """A page of people, by name. `next_cursor` is `null` on the last page."""

    items: list[Person]
    next_cursor: str | None


class Sessions(Record):
    """A page of sessions, newest first."""

    items: list[Session]
    next_cursor: str | None


class Tests(Record):
    """A page of tests, newest first, with their results."""

    __test__ = False

    items: list[Test]
    next_cursor: str | None


class Holds(Record):
    """A page of holds, newest first."""

    items: list[Hold]
    next_cursor: str | None


class RepSets(Record):
    """A page of sets of repetitions, newest first."""

    items: list[RepSet]
    next_cursor: str | None


class StartedRoutine(Record):
    """The routine that begins: `note` says what was changed, if anything, and why."""

    title: str | None
    is_changed: bool
    note: str | None


class Accepted(Record):
    """The command was accepted and takes effect in a moment; `GET /state` shows it."""

    is_accepted: bool
