"""A personal best is a full test that beats the best full test by more than the person's own error."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from station.app.personal_best import best_to_beat_mm, with_best_to_beat
from station.app.progress import history_of
from station.core.events import Side
from station.core.facts import Contact
from station.core.steps import HoldStep, TestStep
from station.store import Store
from tests.station.health_answers import add_cared
from tests.station.led import COMPARATORS, Led
from tests.station.store.histories import HandClock, one_test

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "station.db", clock=HandClock()) as opened:
        yield opened


def add_test(store: Store, person_id: str | None, days_ago: int, left_mm: float, *, full: bool = True) -> None:
    at = NOW - timedelta(days=days_ago)
    run_id = store.begin_run(store.begin_session(person_id, at, simulated=False), {"do": "test"}, at)
    one_test(store, run_id, left_mm, None, full=full)


def test_best_to_beat_is_the_best_full_test_and_the_persons_own_error(store: Store) -> None:
    """Quick tests, other people's and unclaimed ones do not count, nor another contact or the other side."""
    ada, ben = store.add_person("Ada").id, store.add_person("Ben").id
    for days_ago, mm in ((30, 90.0), (20, 96.0), (10, 93.0)):
        add_test(store, ada, days_ago, mm)
    add_test(store, ada, 5, 120.0, full=False)
    add_test(store, ben, 4, 140.0)
    add_test(store, None, 3, 150.0)
    error = history_of(store, ada, 100.0, NOW).error(Side.LEFT, Contact.PAD, full=True)
    assert error is not None
    beat_mm = best_to_beat_mm(store, ada, Side.LEFT, Contact.PAD, NOW)
    assert beat_mm == pytest.approx(96.0 + error.mdc90_mm, abs=0.05)
    assert error.mdc90_mm > 5.0
    assert best_to_beat_mm(store, ada, Side.RIGHT, Contact.PAD, NOW) is None
    assert best_to_beat_mm(store, ada, Side.LEFT, Contact.SELF, NOW) is None


def test_best_to_beat_uses_the_error_of_full_tests(store: Store) -> None:
    """Whatever the last test was."""
    ada = store.add_person("Ada").id
    for days_ago in (60, 50, 40, 30):
        add_test(store, ada, days_ago, 90.0 + days_ago % 20 / 10)
    add_test(store, ada, 1, 90.0, full=False)
    history = history_of(store, ada, 100.0, NOW)
    error, quick = (history.error(Side.LEFT, Contact.PAD, full=full) for full in (True, False))
    assert error is not None
    assert quick is not None
    assert quick.mdc90_mm > error.mdc90_mm
    beat_mm = best_to_beat_mm(store, ada, Side.LEFT, Contact.PAD, NOW)
    assert beat_mm == pytest.approx(91.0 + error.mdc90_mm, abs=0.05)


def test_test_within_comfort_does_not_compete(tmp_path: Path) -> None:
    """A person who is to stay within comfort is not rewarded for going further."""
    with Led(tmp_path, COMPARATORS) as led:
        ada = add_cared(led.store, "Ada", "cleared")
        at = led.clock.utc_now() - timedelta(days=10)
        run_id = led.store.begin_run(led.store.begin_session(ada, at, simulated=True), {"do": "test"}, at)
        one_test(led.store, run_id, 90.0, 90.0, full=True)
        led.station.request_start("full_test", ada)
        led.live(0.5)
        run = led.station._run
        assert run is not None
        assert run.routine[0] == TestStep(full=True)


def test_only_full_tests_of_somebody_known_get_a_best_to_beat(store: Store) -> None:
    """Everything else stays as it is."""
    ada = store.add_person("Ada").id
    add_test(store, ada, 10, 90.0)
    routine = (TestStep(), TestStep(full=True), HoldStep())
    quick, full, hold = with_best_to_beat(store, routine, ada, Contact.PAD, NOW)
    assert (quick, hold) == (TestStep(), HoldStep())
    assert isinstance(full, TestStep)
    assert full.beat_left_mm == best_to_beat_mm(store, ada, Side.LEFT, Contact.PAD, NOW)
    assert full.beat_right_mm is None
    assert with_best_to_beat(store, routine, None, Contact.PAD, NOW) == routine


def test_station_puts_the_best_to_beat_into_the_test_it_starts(tmp_path: Path) -> None:
    """So it stands in the trace's header, and a replay sounds BEST as the board did."""
    with Led(tmp_path, COMPARATORS) as led:
        ada = add_cared(led.store, "Ada")
        at = led.clock.utc_now() - timedelta(days=10)
        run_id = led.store.begin_run(led.store.begin_session(ada, at, simulated=True), {"do": "test"}, at)
        one_test(led.store, run_id, 90.0, 90.0, full=True)
        led.station.request_start("full_test", ada)
        led.live(0.5)
        run = led.station._run
        assert run is not None
        test = run.routine[0]
        assert isinstance(test, TestStep)
        assert test.beat_left_mm is not None
        assert test.beat_left_mm == best_to_beat_mm(
            led.store, ada, Side.LEFT, led.station._wiring.contact, led.clock.utc_now()
        )
