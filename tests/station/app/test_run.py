"""Promise 4 on the whole station: replaying a trace gives its stored result."""

from __future__ import annotations

import json
from math import hypot
from pathlib import Path

import pytest
from click.testing import CliRunner

from station.cli.main import main
from station.core.events import SECOND_US, CommandName, Side
from station.core.facts import (
    AttemptFailed,
    AttemptPassed,
    AttemptVoid,
    Ended,
    Fact,
    HeelLifted,
    HeelReturned,
    HoldEnd,
    HoldFinished,
    HoldPartial,
    RepsFinished,
    RepsPartial,
    StepBegun,
    TestFinished,
    TrialFinished,
)
from station.core.replay import replay
from station.core.steps import RepsStep, RestStep, Routine, TestStep, routine_from_header
from station.core.trace import curve_from_header, read_trace
from station.simulator.ankle import PersonProfile
from station.store import Reader
from station.store.exchange.bundle import export_bundle, read_bundle
from station.store.traces import trace_text
from tests.station.rig import COMPARATORS, Rig, hold_of

RESTLESS = PersonProfile(mean_lift_interval_s=4.0)
"""A person whose heel comes up every few seconds."""
WIRINGS = [COMPARATORS, "", '[board]\nheels = "comparator"\nknee_pad = false\n', '[board]\nplates = "right"\n']


def facts_of(reader: Reader, run_id: str) -> list[Fact]:
    """The facts from replaying the stored trace of a run."""
    found = reader.trace(run_id)
    assert found is not None
    trace = read_trace(trace_text(*found).splitlines())
    return list(replay(trace, routine_from_header(trace.header), curve_from_header(trace.header)))


def assert_replays(reader: Reader, session_id: str) -> list[Fact]:
    """Compare every result of the session, field by field, with the replay of its run."""
    detail = reader.session(session_id)
    assert detail is not None
    facts = [fact for run_id in detail.run_ids for fact in facts_of(reader, run_id)]
    ends = [fact for fact in facts if isinstance(fact, HoldEnd)]
    assert [
        (
            hold.side,
            hold.repetition,
            hold.credited_us,
            hold.lifted_us,
            hold.lift_count,
            hold.micro_lift_count,
            hold.ended_us,
        )
        for hold in detail.holds
    ] == [
        (end.side, end.repetition, end.credited_us, end.lifted_us, end.lifts, end.micro_lifts, end.at_us)
        for end in ends
    ]
    finished = {"finished": HoldFinished, "partial": HoldPartial}
    assert [finished[hold.state] for hold in detail.holds] == [type(end) for end in ends]
    lifted = [fact.since_us for fact in facts if isinstance(fact, HeelLifted)]
    assert [span.started_us for hold in detail.holds for span in hold.heel_lifts] == lifted
    returned = [fact.since_us for fact in facts if isinstance(fact, HeelReturned)]
    assert [span.ended_us for hold in detail.holds for span in hold.heel_lifts if span.ended_us] == returned
    verdicts = [fact for fact in facts if isinstance(fact, AttemptPassed | AttemptFailed | AttemptVoid)]
    attempts = [attempt for test in detail.tests for attempt in test.attempts]
    assert [(attempt.side, attempt.ended_us, attempt.outcome == "passed") for attempt in attempts] == [
        (verdict.side, verdict.at_us, isinstance(verdict, AttemptPassed)) for verdict in verdicts
    ]
    passes = [fact for fact in facts if isinstance(fact, AttemptPassed)]
    passed = [attempt for attempt in attempts if attempt.outcome == "passed"]
    assert [(attempt.toe_mm, attempt.contact, attempt.window_us) for attempt in passed] == [
        (fact.toe_mm, fact.contact, fact.window_us) for fact in passes
    ]
    windows_mm = [hypot(attempt.budget.noise_mm, attempt.budget.wander_mm) for attempt in passed if attempt.budget]
    assert windows_mm == pytest.approx([fact.estimate.uncertainty_mm for fact in passes], abs=0.001)
    assert [attempt.budget for attempt in attempts if attempt.outcome != "passed" and attempt.budget] == []
    trials = [fact for fact in facts if isinstance(fact, TrialFinished)]
    assert [
        (trial.side, trial.number, trial.toe_mm, trial.below_range, trial.budget is None, trial.ended_us)
        for test in detail.tests
        for trial in test.trials
    ] == [
        (trial.side, trial.trial, trial.toe_mm, trial.below_range, trial.uncertainty_mm is None, trial.at_us)
        for trial in trials
    ]
    scores = [fact for fact in facts if isinstance(fact, TestFinished)]
    assert [
        (test.left_mm, test.right_mm, test.state == "partial") for test in detail.tests if test.state != "unfinished"
    ] == [(score.left_mm, score.right_mm, score.partial) for score in scores]
    counted = [fact for fact in facts if isinstance(fact, RepsFinished)]
    assert [(one.side, one.count, one.too_quick_count, one.state == "partial") for one in detail.rep_sets] == [
        (fact.side, fact.count, fact.too_quick, isinstance(fact, RepsPartial)) for fact in counted
    ]
    return facts


def do(rig: Rig, routine: Routine, limit_s: float = 500.0) -> str:
    """Let the person do a whole routine by ear; returns the session."""
    rig.station.start(routine, None)
    rig.live(0.1)
    rig.board.act("auto")
    rig.until(lambda: rig.station.snapshot().session_id is not None)
    rig.until(lambda: rig.station._session.run is None, limit_s)
    return rig.store.sessions()[0].id


@pytest.mark.parametrize("wiring", WIRINGS)
def test_test_replays_to_stored_result(tmp_path: Path, wiring: str) -> None:
    """Every attempt, trial and score of a test by a person with true limits, in each wiring."""
    with Rig(tmp_path, wiring) as rig:
        facts = assert_replays(rig.store, do(rig, (TestStep((Side.LEFT,)),)))
        assert [fact for fact in facts if isinstance(fact, AttemptPassed)]
        assert [fact for fact in facts if isinstance(fact, TestFinished)]


@pytest.mark.parametrize("wiring", WIRINGS)
def test_hold_with_lifts_replays_to_stored_result(tmp_path: Path, wiring: str) -> None:
    """Credit, lifts and micro-lifts to the microsecond, for a heel that comes up every few seconds."""
    with Rig(tmp_path, wiring, character=RESTLESS) as rig:
        facts = assert_replays(rig.store, do(rig, hold_of(12, repetitions=2)))
        assert [fact for fact in facts if isinstance(fact, HeelLifted)]
        assert len([fact for fact in facts if isinstance(fact, HoldFinished)]) == 2


def test_routine_replays_to_stored_results(tmp_path: Path) -> None:
    """Holds on both sides, a rest, repetitions and a test in one trace."""
    reps = RepsStep((Side.LEFT,), count=3, prepare_us=3 * SECOND_US)
    routine = (*hold_of(6, Side.LEFT, Side.RIGHT), RestStep(5 * SECOND_US), reps, TestStep((Side.LEFT,)))
    with Rig(tmp_path) as rig:
        facts = assert_replays(rig.store, do(rig, routine))
        begun = [fact.step for fact in facts if isinstance(fact, StepBegun)]
        assert begun == list(range(len(begun)))
        assert len(begun) >= 3


@pytest.mark.parametrize("after_s", [1.0, 5.0, 9.0, 14.0, 20.3, 33.7])
def test_stopped_routine_replays_to_stored_partial(tmp_path: Path, after_s: float) -> None:
    """Stopped from the page at any time."""
    with Rig(tmp_path, character=RESTLESS) as rig:
        rig.station.start((*hold_of(8, repetitions=2), TestStep((Side.LEFT,))), None)
        rig.live(0.1)
        rig.board.act("auto")
        rig.live(after_s)
        rig.station.command(CommandName.STOP)
        rig.live(1.0)
        assert rig.station._session.run is None
        facts = assert_replays(rig.store, rig.store.sessions()[0].id)
        assert [fact.why for fact in facts if isinstance(fact, Ended)] != []


def test_replaced_routine_replays_to_stored_results(tmp_path: Path) -> None:
    """A routine started from the page ends the running one; both traces replay."""
    with Rig(tmp_path, character=RESTLESS) as rig:
        rig.step_on()
        rig.hold(20)
        rig.live(7.3)
        rig.hold(5)
        rig.until_phase("done")
        assert_replays(rig.store, rig.store.sessions()[0].id)
        assert [hold.state for hold in rig.last_session().holds] == ["partial", "finished"]


def test_exported_bundle_replays_on_command_line(tmp_path: Path) -> None:
    """`station export --as bundle` and `station replay` give the stored credit, the same on every run."""
    with Rig(tmp_path, character=RESTLESS) as rig:
        do(rig, hold_of(8, repetitions=2))
        credited = [hold.credited_us / SECOND_US for hold in rig.last_session().holds]
        path = rig.store.path
        export_bundle(rig.store, rig.last_session().session.id, tmp_path / "by hand.zip")
    run = CliRunner()
    done = run.invoke(
        main, ["export", str(tmp_path / "one.zip"), "--database", str(path), "--as", "bundle", "--session", "last"]
    )
    assert done.exit_code == 0, done.output
    traces, by_hand = (
        read_bundle(file, file.read_bytes()) for file in (tmp_path / "one.zip", tmp_path / "by hand.zip")
    )
    assert traces == by_hand
    (tmp_path / "one.csv").write_text(traces[0][1], encoding="utf-8")
    replayed = run.invoke(main, ["replay", str(tmp_path / "one.csv")])
    assert replayed.exit_code == 0, replayed.output
    facts = [json.loads(line) for line in replayed.stdout.splitlines()]
    assert [fact["credited_s"] for fact in facts if fact["fact"] == "HoldFinished"] == credited
    assert run.invoke(main, ["replay", str(tmp_path / "one.csv")]).stdout == replayed.stdout
    whole = run.invoke(main, ["replay", str(tmp_path / "one.zip")]).stdout.splitlines()
    assert json.loads(whole[0]) == {"trace": traces[0][0]}
    assert whole[1 : 1 + len(facts)] == replayed.stdout.splitlines()


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_export_works_beside_running_station(tmp_path: Path, kind: str) -> None:
    """`station export` reads while the station writes, and names the file it wrote."""
    with Rig(tmp_path) as rig:
        rig.step_on()
        rig.hold(5)
        to = tmp_path / f"all.{kind}"
        done = CliRunner().invoke(main, ["export", str(to), "--database", str(rig.store.path), "--as", kind])
        assert done.exit_code == 0, done.output
        assert str(to) in done.output
        assert to.stat().st_size > 0
