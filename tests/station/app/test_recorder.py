"""Results that wait for the store keep the state of the time at which they happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from station.app.recording.queue import MAX_WAIT_US
from station.app.recording.recorder import Recorder
from station.app.results.budgets import MeasurementContext
from station.app.running.run import Run
from station.clock import RunUs
from station.core.events import SECOND_US, Heel, Side
from station.core.facts import (
    AttemptPassed,
    AttemptStarted,
    Calibrated,
    CheckDone,
    Contact,
    Fact,
    RepCounted,
    RepsFinished,
    RepsPartial,
    RepTimed,
    TapsUndone,
)
from station.core.measurement.estimate import Estimate
from station.core.measurement.uncertainty import Conditions, budget_from_reading
from station.core.sensing.sensors import References, Wiring
from station.core.steps import CalibrateStep, CheckStep, RepsStep, RestStep, TestStep
from station.store import Store
from tests.station.store.histories import FIT, HandClock

PLENTY = 1 << 30


@contextmanager
def full_disk(store: Store) -> Iterator[None]:
    """Keep SQLite from allocating another page."""
    for pages in (1, PLENTY):
        with store.write_transaction() as now:
            now.execute(text(f"PRAGMA max_page_count={pages}")).all()
        if pages == 1:
            yield


def test_delayed_check_belongs_to_calibration_of_its_time(tmp_path: Path) -> None:
    """A check before a recalibration on a full disk does not make the new calibration suspect."""
    clock, faults = HandClock(), list[str | None]()
    with Store.open(tmp_path / "station.db", clock=clock) as store:
        store.add_calibration(FIT)
        before = store.current_calibration()
        recorder = Recorder(store, faults.append)
        recorder.begin_session(None, clock.utc_now(), simulated=False)
        with full_disk(store):
            # A page has room for some more rows.
            for made, fact in enumerate([*[Calibrated(1, FIT)] * 99, CheckDone(2, 100.0, 109.0, 9.0, 0.6, True)]):
                step = CheckStep() if made == 99 else CalibrateStep()
                run = Run((step,), Wiring(), References(), before.curve, 0)
                recorder.begin_run(run, clock.utc_now(), MeasurementContext(before, clock.utc_now()))
                recorder.record(fact)
            assert "disk is full" in str(faults[-1])
            assert store.checks() == ()
        recorder.flush(0)
        assert not recorder.has_pending_writes
        (check,) = store.checks()
        assert (check.calibration_id, check.off_mm, check.passed) == (before.id, 9.0, False)
        assert store.current_calibration().number == before.number + 99
        assert store.failed_check() is None


def test_session_has_no_id_before_it_is_stored(tmp_path: Path) -> None:
    """The disk fills up before one session ends and the next begins: the page must not take the old id for the new."""
    clock = HandClock()
    with Store.open(tmp_path / "station.db", clock=clock) as store:
        recorder = Recorder(store, lambda fault: None)
        recorder.begin_session(None, clock.utc_now(), simulated=False)
        first_id = recorder.session_id
        with full_disk(store):
            while not recorder.has_pending_writes:
                recorder.record_check(store.current_calibration().id, "lane", None, 1.0, 0.5, passed=True)
            recorder.end_session(clock.utc_now(), "another person")
            recorder.begin_session(None, clock.utc_now(), simulated=False)
            assert (recorder.in_session, recorder.session_id) == (True, None)
        recorder.flush(0)
        assert recorder.session_id not in (None, first_id)


def test_recorder_stores_what_a_test_was_measured_with(tmp_path: Path) -> None:
    """The skirting board, and the unrounded noise of the estimate."""
    clock = HandClock()
    with Store.open(tmp_path / "station.db", clock=clock) as store:
        store.add_calibration(FIT)
        calibration = store.current_calibration()
        recorder = Recorder(store, lambda fault: None)
        recorder.begin_session(None, clock.utc_now(), simulated=False)
        run = Run((TestStep((Side.LEFT,)),), Wiring(), References(), calibration.curve.shifted(12.0), 0)
        recorder.begin_run(run, clock.utc_now(), MeasurementContext(calibration, clock.utc_now(), skirting_mm=12.0))
        found = Estimate(150.0, 0.75, 0.487_654, 40)
        recorder.record(AttemptStarted(1, Side.LEFT, 1, 1, 90.0))
        recorder.record(AttemptPassed(2, Side.LEFT, 91.0, Contact.PAD, 9.9, (1, 2), found))
        assert store.tests(None) == (), "an attempt waits for the end of its test"
        recorder.write_waiting()
        (test,) = store.tests(None)
        (attempt,) = test.attempts
        assert test.skirting_mm == 12.0
        exact = budget_from_reading(150.0, 0.487_654, Contact.PAD, FIT, Conditions(0.0, None))
        assert attempt.budget is not None
        assert attempt.budget.as_json() == exact.as_json()
        assert attempt.uncertainty_mm == pytest.approx(exact.total_mm, abs=0.001)


@pytest.mark.parametrize("way", ["in time", "a request of a page", "a stop"])
def test_trace_is_stored_in_one_piece(tmp_path: Path, way: str) -> None:
    """It waits for the end of the run, for a page or a stop, and for ten minutes at most."""
    clock = HandClock()
    with Store.open(tmp_path / "station.db", clock=clock) as store:
        recorder = Recorder(store, lambda fault: None)
        recorder.begin_session(None, clock.utc_now(), simulated=False)
        calibration = store.current_calibration()
        run = Run((RestStep(2 * MAX_WAIT_US),), Wiring(), References(), calibration.curve, 0)
        recorder.begin_run(run, clock.utc_now(), MeasurementContext(calibration, clock.utc_now()))
        detail = store.session(recorder.session_id or "")
        assert detail is not None
        (run_id,) = detail.run_ids
        fed = []
        for at_us in range(0, MAX_WAIT_US, SECOND_US):
            fed.append(f"{at_us / SECOND_US:.6f},heel_left,down")
            run.feed(Heel(at_us, Side.LEFT, True))
            recorder.tick(RunUs(at_us))
        assert store.trace(run_id) == (run.header, "")
        match way:
            case "in time":
                recorder.tick(RunUs(MAX_WAIT_US))
            case "a request of a page":
                recorder.write_waiting()
            case _:
                recorder.stop_run(RunUs(MAX_WAIT_US))
                recorder.flush(0)
        assert store.trace(run_id) == (run.header, "".join(f"{row}\n" for row in fed))


def test_undone_skip_keeps_repetitions_in_one_set(tmp_path: Path) -> None:
    """Three are counted, taps skip the set, the skip is undone, and two follow: one set of five, all timed."""
    clock, faults = HandClock(), list[str | None]()
    with Store.open(tmp_path / "station.db", clock=clock) as store:
        recorder = Recorder(store, faults.append)
        recorder.begin_session(None, clock.utc_now(), simulated=False)
        curve = store.current_calibration()
        run = Run((RepsStep(count=5),), Wiring(), References(), curve.curve, 0)
        recorder.begin_run(run, clock.utc_now(), MeasurementContext(curve, clock.utc_now()))
        for fact in (*_counted(1, 2, 3), RepsPartial(40, Side.LEFT, 3, 0), TapsUndone(41), *_counted(4, 5)):
            recorder.record(fact)
        recorder.record(RepsFinished(60, Side.LEFT, 5, 0))
        (reps,) = store.rep_sets()
        assert (reps.count, reps.state) == (5, "finished")
        assert [one.number for one in reps.repetitions] == [0, 1, 2, 3, 4]
        assert faults == [None] * len(faults)


def _counted(*counts: int) -> Iterator[Fact]:
    for count in counts:
        yield RepTimed(count * 10, Side.LEFT, 1_000_000, False)
        yield RepCounted(count * 10, Side.LEFT, count)
