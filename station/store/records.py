"""The store's records. Times of day are aware UTC; `…_us` are microseconds since the run's trace began.

An `uncertainty_mm` is the total standard uncertainty; the `budget` beside it has its parts. One without a budget is
older than budgets, and covers only the noise and wander of the window.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from msgspec import Struct, field

from station.core.events import Legs, Side
from station.core.facts import Contact
from station.core.measurement.calibration import Fit
from station.core.measurement.curve import Curve
from station.core.measurement.uncertainty import Budget
from station.core.progress.records import Circumstances
from station.profile import NOTHING_SAID, Profile


class Person(Struct, frozen=True):
    """A person who uses the station. `archived_at` is since when they are archived: not in the lists to choose from."""

    id: str
    name: str
    profile: Profile = NOTHING_SAID
    archived_at: datetime | None = None

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None


class PersonContents(Struct, frozen=True):
    """How much is stored about one person. `traces` are recorded runs, `devices` paired browsers, `consents` those
    that the person gave or received."""

    sessions: int
    tests: int
    holds: int
    rep_sets: int
    traces: int
    answers: int
    routines: int
    plans: int
    devices: int
    consents: int


class Merge(Struct, frozen=True):
    """Two people were merged: what moved, and the name of the backup made before it."""

    moved: PersonContents
    backup: str


class Deletion(Struct, frozen=True):
    """A person and all their data were deleted. Backups still have them until the day `held_until`; `None` if there are
    no backups."""

    deleted: PersonContents
    deleted_at: datetime
    held_until: date | None


class SideSwap(Struct, frozen=True):
    """Left and right of a test, or of a whole session (`test_id` is `None`), were exchanged after it was recorded.

    A second such swap undoes the first.
    """

    session_id: str
    test_id: str | None
    created_at: datetime


class Session(Struct, frozen=True):
    """Everything one person does between stepping on and leaving.

    `ended_at` is `None` while the session runs, and stays `None` if it was cut off.
    """

    id: str
    person_id: str | None
    person_name: str | None
    started_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    simulated: bool


class Attempt(Struct, frozen=True):
    """One lunge. `outcome` is `passed`, `heel`, `contact` or `void`.

    `window_us` are the times of the first and last reading behind the distance.
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
    budget: Budget | None = None


class Trial(Struct, frozen=True):
    """One trial of a test. Distances in mm."""

    side: Side
    number: int
    toe_mm: float
    below_range: bool
    uncertainty_mm: float | None
    ended_us: int
    budget: Budget | None = None


class TestAnswers(Struct, frozen=True):
    """The person's answers after a test; `None` if not answered.

    `pain` is 0 to 10; `felt_places` has one or more of `front` (of the ankle), `achilles` and `calf`, or only
    `nowhere`.
    """

    __test__ = False

    pain: int | None = None
    felt_places: tuple[str, ...] | None = None


class SideResults(Struct, frozen=True):
    """The scores of both sides with one calibration; `None` for a side that was not tested."""

    left_mm: float | None
    right_mm: float | None
    left_uncertainty_mm: float | None = None
    right_uncertainty_mm: float | None = None
    left_budget: Budget | None = None
    right_budget: Budget | None = None
    calibration_id: str | None = None


class Test(Struct, frozen=True):
    """A knee-to-wall test. `state` is `finished`, `partial` or `unfinished` (cut off).

    The distances, their uncertainties and budgets and `calibration_id` are the current ones: the newest correction's,
    or the original ones. `original` has the original ones after a correction, else it is `None`. Trials and attempts
    are never corrected.

    `is_suspect`: a check of the original calibration had failed, and there is no correction by a newer one. `imported`:
    measured with a tape, without instrument, trials or uncertainty. `temperature_c` is `None` if unknown. `skirting_mm`
    is how far the skirting board, which the sensor sees, projects from the wall, to which distances are measured;
    `None` for an imported test. `circumstances` has what is stored with the test, not what follows from other rows,
    such as a stretch before it. `started_us` counts from the start of the run, like the times of trials and attempts.
    """

    __test__ = False

    id: str
    session_id: str
    run_id: str
    person_id: str | None
    started_at: datetime
    started_us: int
    full: bool
    contact: Contact
    state: str
    left_mm: float | None
    right_mm: float | None
    left_uncertainty_mm: float | None
    right_uncertainty_mm: float | None
    left_budget: Budget | None
    right_budget: Budget | None
    calibration_id: str | None
    original: SideResults | None
    temperature_c: float | None
    skirting_mm: float | None
    is_suspect: bool
    imported: bool
    simulated: bool
    rule_version: str
    circumstances: Circumstances
    answers: TestAnswers
    trials: tuple[Trial, ...]
    attempts: tuple[Attempt, ...]


class ResultSummary(Struct, frozen=True):
    """The fields of a test that a chart needs; `None` for a side that was not tested.

    The distances are the current ones; `…_original_mm` are the original ones, if they differ. `calibration` is the
    number of the current calibration, and `circumstances` are those of `Test`. `is_time_known` is false for an imported
    test of which only the day is known.
    """

    test_id: str
    session_id: str
    started_at: datetime
    full: bool
    contact: Contact
    state: str
    left_mm: float | None
    right_mm: float | None
    left_uncertainty_mm: float | None
    right_uncertainty_mm: float | None
    left_original_mm: float | None
    right_original_mm: float | None
    circumstances: Circumstances
    calibration: int | None
    is_time_known: bool
    pain: int | None
    felt_places: tuple[str, ...] | None
    is_suspect: bool
    imported: bool
    simulated: bool


class Correction(Struct, frozen=True):
    """The results of one test with another calibration, stored beside the originals."""

    test_id: str
    results: SideResults


class ImportedResult(Struct, frozen=True):
    """A past result to import, measured with a tape. `is_time_known`: more than the day of `measured_at` is known."""

    measured_at: datetime
    left_mm: float | None
    right_mm: float | None
    is_time_known: bool = False
    circumstances: Circumstances = field(default_factory=Circumstances)


class HeelLift(Struct, frozen=True):
    """A time that the heel was up during a hold. `ended_us` is `None` if it did not come down again."""

    started_us: int
    ended_us: int | None


class Hold(Struct, frozen=True):
    """One timed stretch. `state` is `finished`, `partial` or `unfinished` (cut off: up to five seconds may be missing).

    `step_index` is the step in its run's routine, from 0, and `exercise` a key of the catalogue; both are `None` if
    unknown. A hold that is not `verified` was timed without sensing the heel.
    """

    id: str
    session_id: str
    run_id: str
    person_id: str | None
    started_at: datetime
    side: Legs
    repetition: int
    target_us: int
    credited_us: int
    lifted_us: int
    lift_count: int
    micro_lift_count: int
    state: str
    started_us: int
    ended_us: int | None
    heel_lifts: tuple[HeelLift, ...]
    simulated: bool
    step_index: int | None = None
    exercise: str | None = None
    verified: bool = True


class Repetition(Struct, frozen=True):
    """One heel raise and return, finished at `at_us`. `number` counts from 0, in the order done.

    A repetition that was `too_quick` does not count.
    """

    number: int
    at_us: int
    took_us: int
    too_quick: bool


class RepSet(Struct, frozen=True):
    """Counted repetitions of one leg or of both. `state`, `step_index`, `exercise` and `verified` as for a hold.

    `repetitions` is empty if they were not stored one by one.
    """

    id: str
    session_id: str
    run_id: str
    person_id: str | None
    started_at: datetime
    side: Legs
    target_count: int
    count: int
    too_quick_count: int
    state: str
    simulated: bool
    step_index: int | None = None
    exercise: str | None = None
    verified: bool = True
    repetitions: tuple[Repetition, ...] = ()


class ExercisesBegun(Struct, frozen=True):
    """When a run's first credited exercises began: `warm_up_at` those of the warm-up, `stretch_at` all others."""

    session_id: str
    warm_up_at: datetime | None
    stretch_at: datetime | None


class Calibration(Struct, frozen=True):
    """How a reading becomes a toe distance; the newest has the greatest `number`.

    Without `fit` it is the as-built one, not calibrated. `temperature_c` is the sensor's at that time, if known.
    """

    id: str
    number: int
    created_at: datetime
    curve: Curve
    fit: Fit | None
    temperature_c: float | None


class Check(Struct, frozen=True):
    """One check of whether a calibration still holds. `kind` is `block`, `wall` (toes at it) or `lane` (empty).

    `block_mm` is the block's length, `None` for the other kinds; `off_mm` is the measured minus the true distance.
    """

    id: str
    created_at: datetime
    calibration_id: str
    kind: str
    block_mm: float | None
    off_mm: float
    uncertainty_mm: float
    temperature_c: float | None
    passed: bool


class SessionDetail(Struct, frozen=True):
    """A session with all its contents. `run_ids` are those of its traces, in order."""

    session: Session
    tests: tuple[Test, ...]
    holds: tuple[Hold, ...]
    rep_sets: tuple[RepSet, ...]
    run_ids: tuple[str, ...]


class HoldTotal(Struct, frozen=True):
    """The total of all holds of one leg, or of both, in one session."""

    side: Legs
    verified: bool
    credited_us: int


class RepTotal(Struct, frozen=True):
    """The total of all repetitions of one leg, or of both, in one session."""

    side: Legs
    verified: bool
    count: int
    target_count: int


class SessionSummary(Struct, frozen=True):
    """A session with what its summary needs: tests without trials and attempts, and totals of the rest."""

    session: Session
    tests: tuple[Test, ...]
    holds: tuple[HoldTotal, ...]
    rep_sets: tuple[RepTotal, ...]

    @property
    def has_results(self) -> bool:
        """Whether a side was measured, or any exercise done."""
        measured = any(mm is not None for test in self.tests for mm in (test.left_mm, test.right_mm))
        return measured or any(one.credited_us for one in self.holds) or any(one.count for one in self.rep_sets)


class WeekCredit(Struct, frozen=True):
    """The credited time of the holds of one week, which begins on a Monday."""

    monday: date
    left_us: int
    right_us: int


class OwnRoutine(Struct, frozen=True):
    """A routine that a person made; without `person_id` it is everyone's. `items` have the catalogue's format."""

    id: str
    person_id: str | None
    name: str
    items: tuple[dict[str, Any], ...]
    changed_at: datetime


class Answer(Struct, frozen=True):
    """A person's answer to one question. `about` is its subject, such as the key of an exercise."""

    id: str
    person_id: str
    answered_at: datetime
    question: str
    about: str | None
    answer: Any


class UnfinishedRun(Struct, frozen=True):
    """The steps of a run's routine that remained at `saved_at`, in the format of a trace's header."""

    run_id: str
    person_id: str | None
    title: str | None
    saved_at: datetime
    remaining_header: dict[str, Any]
