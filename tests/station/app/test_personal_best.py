"""A personal best is a full test that beats the best full test by more than the person's own error."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from station.app.results.personal_best import best_to_beat_mm, with_best_to_beat
from station.app.results.progress import history_of
from station.core.events import Side
from station.core.facts import Contact
from station.core.progress.records import Goals
from station.core.steps import HoldStep, TestStep
from station.store import Store
from tests.station.guided_station import COMPARATORS, GuidedStation
from tests.station.health_answers import add_screened_person
from tests.station.store.histories import HandClock, one_test

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "station.db", clock=HandClock()) as opened:
        yield opened


def add_test_result(store: Store, person_id: str | None, days_ago: int, left_mm: float, *, full: bool = True) -> None:
    at = NOW - timedelta(days=days_ago)
    run_id = store.begin_run(store.begin_session(person_id, at, simulated=False), {"do": "test"}, at)
    one_test(store, run_id, left_mm, None, full=full)


def test_best_to_beat_is_best_full_test_plus_own_error(store: Store) -> None:
    """Quick tests, other people's, unclaimed ones, another contact and the other side do not count."""
    ada, ben = store.add_person("Ada").id, store.add_person("Ben").id
    for days_ago, mm in ((30, 90.0), (20, 96.0), (10, 93.0)):
        add_test_result(store, ada, days_ago, mm)
    add_test_result(store, ada, 5, 120.0, full=False)
    add_test_result(store, ben, 4, 140.0)
    add_test_result(store, None, 3, 150.0)
    error = history_of(store, ada, Goals(100.0, 100.0), NOW).error(Side.LEFT, Contact.PAD, full=True)
    assert error is not None
    beat_mm = best_to_beat_mm(store, ada, Side.LEFT, Contact.PAD, NOW)
    assert beat_mm == pytest.approx(96.0 + error.mdc90_mm, abs=0.05)
    assert error.mdc90_mm > 5.0
    assert best_to_beat_mm(store, ada, Side.RIGHT, Contact.PAD, NOW) is None
    assert best_to_beat_mm(store, ada, Side.LEFT, Contact.SELF, NOW) is None


def test_best_to_beat_uses_the_error_of_full_tests(store: Store) -> None:
    ada = store.add_person("Ada").id
    for days_ago in (60, 50, 40, 30):
        add_test_result(store, ada, days_ago, 90.0 + days_ago % 20 / 10)
    add_test_result(store, ada, 1, 90.0, full=False)
    history = history_of(store, ada, Goals(100.0, 100.0), NOW)
    error, quick = (history.error(Side.LEFT, Contact.PAD, full=full) for full in (True, False))
    assert error is not None
    assert quick is not None
    assert quick.mdc90_mm > error.mdc90_mm
    beat_mm = best_to_beat_mm(store, ada, Side.LEFT, Contact.PAD, NOW)
    assert beat_mm == pytest.approx(91.0 + error.mdc90_mm, abs=0.05)


def started_full_test(guided: GuidedStation, person_id: str) -> TestStep:
    """The full test that starts for this person, ten days after one of 90 mm on both sides."""
    at = guided.clock.utc_now() - timedelta(days=10)
    run_id = guided.store.begin_run(guided.store.begin_session(person_id, at, simulated=True), {"do": "test"}, at)
    one_test(guided.store, run_id, 90.0, 90.0, full=True)
    guided.station.request_start("full_test", person_id)
    guided.live(0.5)
    run = guided.station._session.run
    assert run is not None
    test = run.routine[0]
    assert isinstance(test, TestStep)
    return test


def test_comfortable_test_has_no_best_to_beat(tmp_path: Path) -> None:
    """A person who should stay within comfort gets no reward for going further."""
    with GuidedStation(tmp_path, COMPARATORS) as guided:
        ada = add_screened_person(guided.store, "Ada", "cleared")
        assert started_full_test(guided, ada) == TestStep(full=True)


def test_only_full_test_of_known_person_gets_best_to_beat(store: Store) -> None:
    ada = store.add_person("Ada").id
    add_test_result(store, ada, 10, 90.0)
    routine = (TestStep(), TestStep(full=True), HoldStep())
    quick, full, hold = with_best_to_beat(store, routine, ada, Contact.PAD, NOW)
    assert (quick, hold) == (TestStep(), HoldStep())
    assert isinstance(full, TestStep)
    assert full.beat_left_mm == best_to_beat_mm(store, ada, Side.LEFT, Contact.PAD, NOW)
    assert full.beat_right_mm is None
    assert with_best_to_beat(store, routine, None, Contact.PAD, NOW) == routine


def test_started_test_carries_best_to_beat(tmp_path: Path) -> None:
    """It is in the trace's header, so a replay sounds BEST as the board did."""
    with GuidedStation(tmp_path, COMPARATORS) as guided:
        ada = add_screened_person(guided.store, "Ada")
        test = started_full_test(guided, ada)
        assert test.beat_left_mm is not None
        assert test.beat_left_mm == best_to_beat_mm(
            guided.store, ada, Side.LEFT, guided.station._idle_board.wiring.contact, guided.clock.utc_now()
        )
