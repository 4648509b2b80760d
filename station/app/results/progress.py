"""A person's progress from the store, as both the page and the terminal show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import NamedTuple

from msgspec import Struct

from station.app.results.circumstances import AFTER_STRETCH, circumstances_by_test
from station.core.events import Side
from station.core.facts import Contact
from station.core.measurement.uncertainty import COVERAGE, Budget
from station.core.progress.analysis import Analysis, analysis
from station.core.progress.counting import PRACTICE_TESTS
from station.core.progress.person_error import Repeats
from station.core.progress.records import Circumstances, Goals, PersonError, Progress, Result, SideProgress
from station.core.progress.repeatability import Repeatability, repeatability
from station.core.progress.sentences import Formatters, side_sentences
from station.store import Reader
from station.store.records import Calibration, Check, ResultSummary, Test
from station.units import change_text, date_text, fine_change_text, length_text, short_date_text

CONTACTS = {Contact.PAD: "knee pad", Contact.INFERRED: "felt in the heel", Contact.SELF: "said by the person"}


class ResultRow(NamedTuple):
    """One side of one test as shown. Distances in mm; a named tuple, because ten years make thousands of them.

    `original_mm` is the result before a correction. `suspect_since` is the time of the failed check before it.
    `calibration` is the number of its calibration, `calibrated` whether that was made with blocks; both are `None` if
    unknown. `is_practice`: it is one of the person's first tests.
    """

    side: Side
    test_id: str
    session_id: str
    at: datetime
    mm: float
    uncertainty_mm: float | None
    full: bool
    contact: Contact
    original_mm: float | None
    calibrated: bool | None
    is_suspect: bool
    suspect_since: datetime | None
    imported: bool
    pain: int | None
    circumstances: Circumstances = Circumstances()
    calibration: int | None = None
    is_practice: bool = False

    def notes(self, units: str) -> list[str]:
        """How the number was measured, and its cautions, in words."""
        how = ["imported"] if self.imported else ["full" if self.full else "quick", CONTACTS[self.contact]]
        how += [AFTER_STRETCH] if self.circumstances.after_stretch else []
        return how + self.cautions(units)

    def cautions(self, units: str) -> list[str]:
        """What limits the number, in words."""
        found = ["practice"] if self.is_practice else []
        if self.calibrated is False:
            found.append("uncalibrated")
        if self.is_suspect:
            found.append(uncertain_since(self.suspect_since))
        if self.original_mm is not None:
            found.append(f"corrected; on its day {length_text(self.original_mm, units)}")
        if self.pain:
            found.append(f"pain {self.pain} of 10")
        return found


def formatters_for(units: str) -> Formatters:
    """How the sentences format lengths and dates, in these units."""
    return Formatters(
        partial(length_text, units=units),
        partial(change_text, units=units),
        short_date_text,
        partial(fine_change_text, units=units),
    )


def goals_text(goals: Goals, sides: Sequence[Side], units: str) -> str:
    """The goal, or those of both sides if they differ: `left 10.2 cm, right 9.0 cm`."""
    if len({goals.of(side) for side in sides}) == 1:
        return length_text(goals.of(sides[0]), units)
    return ", ".join(f"{side} {length_text(goals.of(side), units)}" for side in sides)


def own_error_sentence(progress: SideProgress | None, units: str) -> str | None:
    """The person's own error in sentences, with its source; `None` below range, because such tests have no error."""
    if progress is None or progress.counted[-1].is_below_range:
        return None
    error = progress.error
    known = "studies, and no repeats of your own yet" if error.own_df == 0 else "your own repeats and studies together"
    return (
        f"Your own error, from {known}: one test is within {length_text(COVERAGE * error.sem_mm, units)} of your "
        f"level in 95 of 100 cases. Two tests may differ by up to {length_text(error.mdc95_mm, units)} without any "
        "change."
    )


def uncertain_since(check: datetime | None) -> str:
    """The caution for a result after a failed check, whose time is `None` if unknown."""
    return "uncertain" if check is None else f"uncertain since the check of {date_text(check)}"


Tested = tuple[ResultRow | None, ResultRow | None]
"""Both sides of one test, left first; at least one of them has a result."""


class Recorded(Struct, frozen=True):
    """All results of one person: each side and the `scores` oldest first, the `tests` newest first.

    `scores` includes tests without a result. `calibrated` are the times of calibrations with blocks. `apart_since` is
    the time of the first result that cannot be compared: uncalibrated beside calibrated ones, or suspect. Such results
    are shown, but not analysed.
    """

    left: tuple[ResultRow, ...]
    right: tuple[ResultRow, ...]
    tests: tuple[Tested, ...]
    scores: tuple[ResultSummary, ...]
    analysis: Analysis
    calibrated: tuple[datetime, ...]
    apart_since: datetime | None

    def rows(self, side: Side) -> tuple[ResultRow, ...]:
        return self.left if side is Side.LEFT else self.right


class History(Struct, frozen=True):
    """All results of one person, and their progress at one time."""

    recorded: Recorded
    progress: Progress

    @property
    def left(self) -> tuple[ResultRow, ...]:
        return self.recorded.left

    @property
    def right(self) -> tuple[ResultRow, ...]:
        return self.recorded.right

    @property
    def tests(self) -> tuple[Tested, ...]:
        """The tests of the sides that the person tests, newest first."""
        if len(self.sides) == len(Side):
            return self.recorded.tests
        rows = reversed(self.rows(self.sides[0]))
        return tuple((row, None) if row.side is Side.LEFT else (None, row) for row in rows)

    @property
    def scores(self) -> tuple[ResultSummary, ...]:
        return self.recorded.scores

    @property
    def calibrated(self) -> tuple[datetime, ...]:
        return self.recorded.calibrated

    @property
    def apart_since(self) -> datetime | None:
        return self.recorded.apart_since

    def rows(self, side: Side) -> tuple[ResultRow, ...]:
        return self.recorded.rows(side)

    def comparable(self, side: Side) -> tuple[ResultRow, ...]:
        """The results of a side that count for progress: not suspect, and not uncalibrated beside calibrated ones."""
        calibrated = any(one.calibrated for one in (*self.left, *self.right))
        return tuple(one for one in self.rows(side) if not _is_not_comparable(one, calibrated))

    def error(self, side: Side, contact: Contact, *, full: bool) -> PersonError | None:
        """The person's own error in such a test; `None` without a comparable result of this side and contact."""
        found = self.recorded.analysis.left if side is Side.LEFT else self.recorded.analysis.right
        return None if found is None else found.errors.get((full, contact))

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides that the person tests; results of another one are from before."""
        return self.progress.sides

    def side_progress(self, side: Side) -> SideProgress | None:
        return self.progress.of(side)


def history_of(
    reader: Reader,
    person_id: str | None,
    goals: Goals,
    now: datetime,
    *,
    since: datetime | None = None,
    sides: Sequence[Side] | None = None,
) -> History:
    """A person's history at `now`, or that of unclaimed results (`None`); with `since`, only of sessions from then on.

    It has all results, and the progress of the sides that the person tests: pass `sides` if already read. Cached until
    there is a new result. Raises StoreError.
    """
    recorded = reader.cache.get(("recorded", person_id, since), lambda: _recorded(reader, person_id, since))
    tested = reader.sides_of(person_id) if sides is None else sides
    return History(recorded, recorded.analysis.at(now, goals, tested))


def _recorded(reader: Reader, person_id: str | None, since: datetime | None) -> Recorded:
    scores = reader.result_summaries(person_id, since=since)
    calibrations, checks = reader.calibrations(), reader.checks()
    # Converted once for each test: looking up the time zone's rules takes longer than all the rest.
    local = {one.started_at: one.started_at.astimezone() for one in scores}
    circumstances = circumstances_by_test(reader, person_id, scores, local)
    left, right = (tuple(_test_rows(side, scores, calibrations, checks, circumstances)) for side in Side)
    calibrated = any(one.calibrated for one in (*left, *right))
    apart_since = min((one.at for one in (*left, *right) if _is_not_comparable(one, calibrated)), default=None)
    repeats = _full_test_trials(reader, scores)
    found = analysis(
        *(_progress_results(left, calibrated), _progress_results(right, calibrated)),
        repeats_left=_repeats_by_test(left, repeats),
        repeats_right=_repeats_by_test(right, repeats),
        day_of=lambda at: local[at].date(),
    )
    by_blocks = tuple(one.created_at for one in calibrations if one.fit is not None)
    return Recorded(left, right, _tests(left, right), scores, found, by_blocks, apart_since)


def _tests(left: Sequence[ResultRow], right: Sequence[ResultRow]) -> tuple[Tested, ...]:
    """Both sides of each test together, newest first."""
    of_left, of_right = ({one.test_id: one for one in rows} for rows in (left, right))
    found: list[Tested] = [(one, of_right.get(one.test_id)) for one in left]
    found += [(None, one) for one in right if one.test_id not in of_left]
    return tuple(sorted(found, key=lambda test: next(one.at for one in test if one is not None), reverse=True))


class ResultBreakdown(NamedTuple):
    """A result with how it was measured, and the parts of its uncertainty if they are known."""

    row: ResultRow
    how: str
    budget: Budget | None


def breakdown_of(reader: Reader, tests: Iterable[Test]) -> dict[str, list[ResultBreakdown]]:
    """The results of these tests by test, the left side first. Raises StoreError."""
    calibrations = {one.id: one for one in reader.calibrations()}
    failed = _failed(reader.checks())
    return {test.id: _breakdown_of_test(test, calibrations, failed) for test in tests}


def _breakdown_of_test(
    test: Test, calibrations: Mapping[str, Calibration], failed: Sequence[datetime]
) -> list[ResultBreakdown]:
    calibration = None if test.calibration_id is None else calibrations.get(test.calibration_id)
    calibrated = None if calibration is None else calibration.fit is not None
    suspect_since = _failed_before(test.started_at, failed) if test.is_suspect else None
    original = test.original
    found = []
    for side in Side:
        left = side is Side.LEFT
        mm = test.left_mm if left else test.right_mm
        if mm is None:
            continue
        uncertainty_mm = test.left_uncertainty_mm if left else test.right_uncertainty_mm
        original_mm = None if original is None else original.left_mm if left else original.right_mm
        row = ResultRow(
            *(side, test.id, test.session_id, test.started_at, mm, uncertainty_mm, test.full, test.contact),
            *(original_mm, calibrated, test.is_suspect, suspect_since, test.imported, test.answers.pain),
        )
        budget = test.left_budget if left else test.right_budget
        found.append(ResultBreakdown(row, _method_text(test, calibration), budget))
    return found


def _method_text(test: Test, calibration: Calibration | None) -> str:
    if test.imported:
        return "Imported: measured elsewhere, with a tape or a ruler"
    kind = f"{'Full' if test.full else 'Quick'} test, contact: {CONTACTS[test.contact]}"
    if calibration is None:
        return f"{kind}; calibration unknown"
    if calibration.fit is None:
        return f"{kind}; as built, without a calibration"
    return f"{kind}; by the calibration of {date_text(calibration.created_at)}"


def _failed(checks: Iterable[Check]) -> list[datetime]:
    return sorted(check.created_at for check in checks if not check.passed)


def _failed_before(at: datetime, failed: Sequence[datetime]) -> datetime | None:
    """The last of these times that is not after `at`."""
    return max((one for one in failed if one <= at), default=None)


def _test_rows(
    side: Side,
    scores: Sequence[ResultSummary],
    calibrations: Sequence[Calibration],
    checks: Sequence[Check],
    circumstances: Mapping[str, Circumstances],
) -> Iterable[ResultRow]:
    fitted = {one.number: one.fit is not None for one in calibrations}
    failed = _failed(checks)
    practice = _practice_ids(scores)
    for one in scores:
        if side is Side.LEFT:
            mm, uncertainty_mm, original_mm = one.left_mm, one.left_uncertainty_mm, one.left_original_mm
        else:
            mm, uncertainty_mm, original_mm = one.right_mm, one.right_uncertainty_mm, one.right_original_mm
        if mm is None:
            continue
        calibrated = None if one.calibration is None else fitted.get(one.calibration)
        suspect_since = _failed_before(one.started_at, failed) if one.is_suspect else None
        yield ResultRow(
            *(side, one.test_id, one.session_id, one.started_at, mm, uncertainty_mm, one.full, one.contact),
            *(original_mm, calibrated, one.is_suspect, suspect_since, one.imported, one.pain),
            *(circumstances[one.test_id], one.calibration, one.test_id in practice),
        )


def _practice_ids(scores: Sequence[ResultSummary]) -> frozenset[str]:
    """The practice tests: those made on this station among a person's first ones with a result."""
    with_result = (one for one in scores if one.left_mm is not None or one.right_mm is not None)
    return frozenset(one.test_id for one in islice(with_result, PRACTICE_TESTS) if not one.imported)


def repeatability_of(reader: Reader, history: History) -> dict[Side, Repeatability]:
    """How well the tests of each tested side repeat. Raises StoreError."""
    trials = _full_test_trials(reader, history.scores)
    return {
        side: repeatability(progress, _repeats_by_test(history.rows(side), trials))
        for side in Side
        if (progress := history.side_progress(side)) is not None
    }


def _full_test_trials(reader: Reader, scores: Sequence[ResultSummary]) -> Mapping[tuple[str, Side], Sequence[float]]:
    return reader.trial_distances_mm([one.test_id for one in scores if one.full])


def _repeats_by_test(rows: Sequence[ResultRow], trials: Mapping[tuple[str, Side], Sequence[float]]) -> list[Repeats]:
    of_tests = ((one, trials.get((one.test_id, one.side))) for one in rows if one.full)
    return [Repeats(one.at, one.contact, tuple(mm)) for one, mm in of_tests if mm is not None]


def _is_not_comparable(one: ResultRow, calibrated: bool) -> bool:
    """Whether it is suspect, or uncalibrated beside calibrated ones: the sensor's offset would look like a change."""
    return one.is_suspect or (calibrated and one.calibrated is False)


def progress_sentences(history: History, side: Side, words: Formatters) -> list[str]:
    """The progress of one side: at least one sentence, the answer first."""
    progress = history.side_progress(side)
    if progress is None and history.rows(side):
        return ["Tested only while the sensor was unreliable: the next test is the starting point."]
    return side_sentences(progress, words)


def not_compared_sentence(history: History) -> str | None:
    """The sentence about results that cannot be compared, with the remedy; `None` if there are none."""
    if history.apart_since is None:
        return None
    since = history.apart_since.astimezone().date()
    return (
        "Tests from before the sensor was calibrated, or made while its calibration was suspect, are shown, but not "
        f"compared with others. To recalculate them: station recalibrate --since {since}"
    )


def _progress_results(rows: Sequence[ResultRow], calibrated: bool) -> list[Result]:
    return [
        Result(
            *(one.test_id, one.at, one.mm, one.uncertainty_mm, one.full, one.contact, one.imported),
            *(one.circumstances, one.calibration),
        )
        for one in rows
        if not _is_not_comparable(one, calibrated)
    ]
