"""A person who tests and trains one leg only, at the board: today's session, what is due, and both legs again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from station.app.results.progress import history_of
from station.app.starting.situation import done_of
from station.app.starting.start_gate import TODAY, StartGate
from station.core.events import SECOND_US, Side
from station.core.steps import HoldStep, RepsStep, Routine, TestStep
from station.store import Store
from station.store.reading.training import LEGS
from tests.station.app.test_start_gate import with_person
from tests.station.guided_station import GuidedStation, stored_doses
from tests.station.store.histories import HandClock, one_hold, one_test

BOTH = set(Side)


def sides_of(routine: Routine) -> set[Side]:
    steps = [step for step in routine if isinstance(step, HoldStep | RepsStep | TestStep)]
    return {side for step in steps for side in step.sides}


def gate_for(store: Store, person_id: str, clock: HandClock) -> StartGate:
    return StartGate(store, store.settings(), person_id, clock.utc_now())


def test_stepping_on_with_one_leg_tests_and_trains_it(tmp_path: Path) -> None:
    """The other plate never carries anything: the due test is complete, not partial, and the routine follows."""
    with GuidedStation(tmp_path, on_step="today") as guided:
        person_id = guided.add_person("Ada")
        guided.store.add_answer(person_id, LEGS, "right")
        guided.store.save_plan(person_id, {"days": [[day, "00:00"] for day in range(7)], "zone": "UTC", "minutes": 10})
        for _ in range(2):
            guided.station.request_start(TODAY, person_id)
            guided.live(0.1)
            guided.run_to_end()
            assert guided.station.snapshot().note is None
        session = guided.last_session()
        (test,) = session.tests
        assert (test.state, test.full, test.left_mm) == ("finished", True, None)
        assert test.right_mm is not None
        assert {trial.side for trial in test.trials} == {Side.RIGHT}
        assert stored_doses(guided).keys() == {Side.RIGHT}
        assert len(session.holds) >= 3
        gate = StartGate(guided.store, guided.store.settings(), person_id, guided.clock.utc_now())
        assert gate.today_summary().due_test is None, "the test of one leg is today's test"


def test_every_start_is_for_the_one_leg_until_both_are_chosen(tmp_path: Path) -> None:
    clock = HandClock()
    with Store.open(tmp_path / "station.db", clock=clock) as store:
        person_id = with_person(store, frozenset(), None, "calf")
        for answer, expected in (("left", {Side.LEFT}), ("both", BOTH), ("right", {Side.RIGHT}), ("both", BOTH)):
            store.add_answer(person_id, LEGS, answer)
            gate = gate_for(store, person_id, clock)
            for name in (TODAY, "test", "full_test", "stretch", "test_and_stretch", "daily", "full"):
                assert sides_of(gate.decide(name).routine) == expected, name
            assert not gate.decide("stretch").is_changed
            assert len(expected) == len(Side) or not gate.decide(TODAY).is_changed


def test_results_of_the_other_leg_are_kept_and_claim_nothing(tmp_path: Path) -> None:
    """A clear difference of sides, then a cast on the left: one side remains, and both return as they were."""
    clock = HandClock()
    with Store.open(tmp_path / "station.db", clock=clock) as store:
        person_id = with_person(store, frozenset(), None, None)
        for number in range(12):
            at = clock.pass_by(days=2)
            run_id = store.begin_run(store.begin_session(person_id, at, simulated=False), {"do": "test"}, at)
            one_test(store, run_id, 70.0 + number % 3, 110.0 - number % 3)
            one_hold(store, run_id, Side.RIGHT, credited_s=60)
        goals = store.settings_of(person_id).goals
        before = history_of(store, person_id, goals, clock.utc_now())
        assert before.progress.difference is not None
        assert gate_for(store, person_id, clock).today_summary().situation.side_histories[Side.LEFT].deficit_mm > 0

        store.add_answer(person_id, LEGS, "right")
        now = history_of(store, person_id, goals, clock.utc_now())
        assert (now.sides, now.progress.left, now.progress.difference) == ((Side.RIGHT,), None, None)
        assert now.progress.right == before.progress.right
        assert now.rows(Side.LEFT) == before.rows(Side.LEFT)
        assert all(left is None and right is not None for left, right in now.tests)
        summary = gate_for(store, person_id, clock).today_summary()
        assert summary.situation.side_histories.keys() == {Side.RIGHT}
        assert summary.credited_s.keys() == {Side.RIGHT}
        assert {item.side for item in summary.proposal.items if item.rest_s is None} == {Side.RIGHT}

        store.add_answer(person_id, LEGS, "both")
        assert history_of(store, person_id, goals, clock.utc_now()) == before


def test_tests_become_due_by_the_one_leg(tmp_path: Path) -> None:
    """A week after a test of one leg a quick one is due, and two weeks after it a full one, as for both."""
    clock = HandClock()
    with Store.open(tmp_path / "station.db", clock=clock) as store:
        person_id = with_person(store, frozenset(), None, None)
        store.add_answer(person_id, LEGS, "left")
        at = clock.utc_now()
        run_id = store.begin_run(store.begin_session(person_id, at, simulated=False), {"do": "test"}, at)
        one_test(store, run_id, 90.0, None, full=True)
        due = {}
        for days in (1, 7, 14):
            gate = StartGate(store, store.settings(), person_id, at + timedelta(days=days))
            due[days] = gate.today_summary().due_test
        assert due == {1: None, 7: "quick", 14: "full"}
        done = done_of(store, person_id, at, gate.today_summary().zone)
        assert done.credited_this_week_s == {Side.LEFT: 0.0}


def test_choice_that_cannot_be_read_is_both(tmp_path: Path) -> None:
    with Store.open(tmp_path / "station.db", clock=HandClock()) as store:
        person_id = store.add_person("Ada").id
        for answer in ("middle", None, ["left"], 7 * SECOND_US):
            store.add_answer(person_id, LEGS, answer)
            assert store.sides_of(person_id) == tuple(Side)
        assert store.sides_of(None) == tuple(Side)
