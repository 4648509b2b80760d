"""Convert the station's data into the API's records, with the same functions as the pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

from station.app.results.progress import (
    History,
    ResultBreakdown,
    breakdown_of,
    formatters_for,
    history_of,
    not_compared_sentence,
    own_error_sentence,
    progress_sentences,
)
from station.app.snapshot import Snapshot
from station.catalogue.checked import convert_to_record
from station.clock import SystemClock
from station.core.events import SECOND_US, Side
from station.core.measurement.uncertainty import COVERAGE
from station.core.progress import records as core
from station.core.progress.sentences import Formatters, difference_sentence, summary_sentence
from station.core.state import BlockState, HoldState, LessonState, QuestionState, TestState
from station.store import Reader
from station.store import records as stored
from station.units import BELOW_RANGE
from web.api import board_records, records
from web.live.phase_styles import is_active
from web.live.view_model import live_view
from web.pages.sounds import table


def state_answer(now: Snapshot, units: str, live_person: board_records.LivePerson | None) -> board_records.LiveState:
    """The live state, in the words of the live page."""
    state, view = now.state, live_view(now, units)
    repeated = state if isinstance(state, HoldState | LessonState | BlockState) else None
    return board_records.LiveState(
        age_s=max(0, SystemClock().now_us() - now.at_us) / SECOND_US,
        activity=now.activity,
        phase=now.phase,
        is_active=is_active(now),
        legs=None if now.side is None else records.Legs(now.side),
        step=None if state.step is None else state.step + 1,
        steps=state.steps,
        clock=None
        if state.clock is None
        else board_records.Clock(
            what=state.clock.what,
            counted_s=state.clock.counted_us / SECOND_US,
            target_s=state.clock.target_us / SECOND_US,
            is_running=state.clock.rate > 0,
        ),
        repetition=None if repeated is None else repeated.repetition,
        repetitions=None if repeated is None else repeated.repetitions,
        exercise=now.exercise,
        word=view["word"],
        sentence=view["sentence"],
        toe_distance_mm=now.toe_mm,
        toe_missing_reason=now.toe_missing_reason,
        target_toe_distance_mm=now.target_mm,
        heels=[board_records.HeelState(side=one.side, is_down=one.down, load_share=one.share) for one in now.heels],
        is_knee_touching=now.knee,
        cue=None
        if now.cue is None
        else board_records.CueState(
            number=now.cue.number,
            name=now.cue.cue,
            count=now.cue.count,
            side=now.cue.side,
            is_repeating=now.cue.repeating,
        ),
        faults=[board_records.Fault(part=one.part, sentence=one.sentence) for one in now.faults],
        live_person=live_person,
    )


def live_person_answer(now: Snapshot) -> board_records.LivePerson:
    """What the board keeps for the person on it."""
    tested = now.state if isinstance(now.state, TestState | QuestionState) else None
    return board_records.LivePerson(
        person_id=now.person_id,
        session_id=now.session_id,
        routine_title=now.routine_title,
        note=now.note,
        left_toe_distance_mm=None if tested is None else tested.result_left_mm,
        right_toe_distance_mm=None if tested is None else tested.result_right_mm,
    )


@cache
def sounds_answer() -> board_records.Sounds:
    """The cues, as on the Sounds page."""
    return board_records.Sounds(items=convert_to_record(table(), list[board_records.Sound]))


def person_answer(person: stored.Person, own_id: str | None) -> records.Person:
    """A person, as seen by a caller whose own person is `own_id`."""
    return records.Person(id=person.id, name=person.name, is_own=person.id == own_id, is_archived=person.is_archived)


def session_answer(session: stored.Session) -> records.Session:
    """A session without its contents."""
    return records.Session(
        id=session.id,
        person_id=session.person_id,
        started_at=session.started_at,
        ended_at=session.ended_at,
        end_reason=session.end_reason,
        is_simulated=session.simulated,
    )


def session_detail_answer(store: Reader, detail: stored.SessionDetail) -> records.SessionDetail:
    """Raises StoreError."""
    return records.SessionDetail(
        session=session_answer(detail.session),
        tests=test_answers(store, detail.tests),
        holds=[hold_answer(one) for one in detail.holds],
        rep_sets=[rep_set_answer(one) for one in detail.rep_sets],
    )


def test_answers(store: Reader, tests: Sequence[stored.Test]) -> list[records.Test]:
    """Tests with their results, each with the parts of its uncertainty, as on the session's page."""
    breakdowns = breakdown_of(store, tests)
    return [_test_answer(test, breakdowns[test.id], store.settings_of(test.person_id).units) for test in tests]


def _test_answer(test: stored.Test, breakdown: Iterable[ResultBreakdown], units: str) -> records.Test:
    known = test.circumstances
    return records.Test(
        id=test.id,
        session_id=test.session_id,
        person_id=test.person_id,
        started_at=test.started_at,
        is_full=test.full,
        contact=test.contact,
        state=test.state,
        results=[_side_result(one, units) for one in breakdown],
        calibration_id=test.calibration_id,
        temperature_c=test.temperature_c,
        is_suspect=test.is_suspect,
        is_imported=test.imported,
        is_simulated=test.simulated,
        rule_version=test.rule_version,
        circumstances=records.TestCircumstances(
            is_shod=known.shod,
            is_warmed_up=known.warmed_up,
            back_foot=known.back_foot,
            board_angle_deg=known.board_angle_deg,
        ),
        pain=test.answers.pain,
        felt_places=None if test.answers.felt_places is None else list(test.answers.felt_places),
    )


def _side_result(breakdown: ResultBreakdown, units: str) -> records.SideResult:
    row, budget = breakdown.row, breakdown.budget
    is_below_range = row.mm <= 0
    uncertainty_mm = None if is_below_range else row.uncertainty_mm
    parts = () if budget is None or is_below_range else budget.parts
    return records.SideResult(
        side=row.side,
        toe_distance_mm=row.mm,
        is_below_range=is_below_range,
        standard_uncertainty_mm=uncertainty_mm,
        expanded_uncertainty_mm=None if uncertainty_mm is None else COVERAGE * uncertainty_mm,
        parts=[
            records.UncertaintyPart(name=one.name, standard_uncertainty_mm=one.mm, description=one.description)
            for one in parts
        ],
        original_toe_distance_mm=row.original_mm,
        method=breakdown.how,
        cautions=[*([BELOW_RANGE] if is_below_range else []), *row.cautions(units)],
    )


def test_detail_answer(store: Reader, test: stored.Test) -> records.TestDetail:
    """Raises StoreError."""
    return records.TestDetail(
        test=test_answers(store, (test,))[0],
        trials=[
            records.Trial(
                side=one.side,
                number=one.number,
                toe_distance_mm=one.toe_mm,
                is_below_range=one.below_range,
                standard_uncertainty_mm=one.uncertainty_mm,
            )
            for one in test.trials
        ],
        attempts=[
            records.Attempt(
                side=one.side,
                trial=one.trial,
                number=one.number,
                outcome=one.outcome,
                started_s=one.started_us / SECOND_US,
                ended_s=one.ended_us / SECOND_US,
                toe_distance_mm=one.toe_mm,
                standard_uncertainty_mm=one.uncertainty_mm,
                contact=one.contact,
            )
            for one in test.attempts
        ],
    )


def hold_answer(hold: stored.Hold) -> records.Hold:
    """A hold, with times in seconds."""
    return records.Hold(
        id=hold.id,
        session_id=hold.session_id,
        person_id=hold.person_id,
        started_at=hold.started_at,
        legs=records.Legs(hold.side),
        exercise=hold.exercise,
        repetition=hold.repetition,
        target_s=hold.target_us / SECOND_US,
        credited_s=hold.credited_us / SECOND_US,
        lifted_s=hold.lifted_us / SECOND_US,
        heel_lift_count=hold.lift_count,
        micro_lift_count=hold.micro_lift_count,
        state=hold.state,
        is_verified=hold.verified,
        is_simulated=hold.simulated,
    )


def rep_set_answer(reps: stored.RepSet) -> records.RepSet:
    """A set of repetitions."""
    return records.RepSet(
        id=reps.id,
        session_id=reps.session_id,
        person_id=reps.person_id,
        started_at=reps.started_at,
        legs=records.Legs(reps.side),
        exercise=reps.exercise,
        target_count=reps.target_count,
        count=reps.count,
        too_quick_count=reps.too_quick_count,
        state=reps.state,
        is_verified=reps.verified,
        is_simulated=reps.simulated,
    )


def progress_answer(
    store: Reader, person_id: str | None, goals: core.Goals, units: str, now: datetime
) -> records.Progress:
    """The progress of a person (`None`: of nobody known), as on the Progress page. Raises StoreError."""
    history, words = history_of(store, person_id, goals, now), formatters_for(units)
    difference = history.progress.difference
    return records.Progress(
        person_id=person_id,
        at=now,
        goal_left_mm=goals.left_mm,
        goal_right_mm=goals.right_mm,
        sentence=summary_sentence(history.progress, words),
        sides=[_side_progress(history, side, words, units) for side in history.sides],
        difference_sentence=difference_sentence(history.progress, words),
        left_minus_right_mm=None if difference is None else _interval(difference.difference_mm),
        not_compared_sentence=not_compared_sentence(history),
    )


def _side_progress(history: History, side: Side, words: Formatters, units: str) -> records.SideProgress:
    known = history.side_progress(side)
    return records.SideProgress(
        side=side,
        sentences=progress_sentences(history, side, words),
        test_count=len(history.rows(side)),
        phase=None if known is None else known.phase,
        trend=[]
        if known is None
        else [
            records.LevelPoint(at=one.at, toe_distance_mm=one.mm, low_mm=one.low_mm, high_mm=one.high_mm)
            for one in known.trend
        ],
        slope_mm_week=None if known is None else _interval(known.slope_mm_week),
        change_from=None if known is None else known.change_from,
        change_mm=None if known is None else _interval(known.change_mm),
        chance_real=None if known is None else known.chance_real,
        changes=[] if known is None else [_change(one) for one in known.changes],
        outlier_test_ids=[] if known is None else sorted(known.outliers),
        goal=None if known is None else _forecast(known.forecast),
        error=None
        if known is None
        else records.OwnError(
            sem_mm=known.error.sem_mm,
            mdc90_mm=known.error.mdc90_mm,
            mdc95_mm=known.error.mdc95_mm,
            sentence=own_error_sentence(known, units),
        ),
    )


def _interval(found: core.Interval | None) -> records.Interval | None:
    return None if found is None else records.Interval(value=found.value, low=found.low, high=found.high)


def _change(change: core.RealChange) -> records.Change:
    return records.Change(
        direction=change.direction,
        is_sudden=change.sudden,
        since=change.since,
        confirmed_at=change.confirmed_at,
        test_id=change.test_id,
    )


def _forecast(forecast: core.Forecast) -> records.GoalForecast:
    return records.GoalForecast(
        is_reached=forecast.reached,
        earliest=forecast.earliest,
        latest=forecast.latest,
        why_not=forecast.why_not,
    )


def calibration_answer(calibration: stored.Calibration, *, is_current: bool) -> records.Calibration:
    """A calibration with its curve and blocks."""
    curve, fit = calibration.curve, calibration.fit
    return records.Calibration(
        id=calibration.id,
        number=calibration.number,
        created_at=calibration.created_at,
        is_current=is_current,
        is_by_blocks=fit is not None,
        offset_mm=curve.offset_mm,
        gain=curve.gain,
        bend_per_mm=curve.bend_per_mm,
        cubic_per_mm2=curve.cubic_per_mm2,
        blocks_mm=[] if fit is None else [one.toe_mm for one in fit.points],
        residuals_mm=[] if fit is None else list(fit.residuals_mm),
        largest_expanded_uncertainty_mm=None if fit is None else COVERAGE * fit.largest_uncertainty_mm(),
        temperature_c=calibration.temperature_c,
    )


def check_answer(check: stored.Check) -> records.Check:
    """A check of a calibration."""
    return records.Check(
        id=check.id,
        created_at=check.created_at,
        calibration_id=check.calibration_id,
        kind=check.kind,
        block_mm=check.block_mm,
        off_mm=check.off_mm,
        standard_uncertainty_mm=check.uncertainty_mm,
        temperature_c=check.temperature_c,
        is_passed=check.passed,
    )
