"""A cached value is valid until a table that it depends on changes, and no longer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from msgspec.structs import replace

from station.app.results.progress import History, history_of
from station.core.events import Side
from station.core.progress.records import Goals
from station.store import Reader, Store
from station.store.reading.cache import Cache
from station.store.records import Correction, SideResults
from tests.station.store.histories import BLOCK, FIT, HandClock, one_hold, one_test, weeks

GOAL_MM = 100.0


@pytest.fixture
def ann(store: Store, clock: HandClock) -> str:
    weeks(store, clock, days=4, names=("Ann",))
    return store.people()[0].id


def history(store: Reader, person_id: str | None, clock: HandClock) -> History:
    return history_of(store, person_id, Goals(GOAL_MM, GOAL_MM), clock.utc_now())


def test_cache_makes_a_value_once() -> None:
    """By its key, until it is invalidated."""
    cache, made = Cache(2), iter(range(9))
    assert [cache.get("a", lambda: next(made)) for _ in range(2)] == [0, 0]
    assert cache.get("b", lambda: next(made)) == 1
    cache.clear()
    assert [cache.get(key, lambda: next(made)) for key in "aab"] == [2, 2, 3]


def test_cache_drops_the_least_recently_used() -> None:
    """No more are kept than its size; without a size none."""
    cache, made = Cache(2), iter(range(9))
    assert [cache.get(key, lambda: next(made)) for key in "abacab"] == [0, 1, 0, 2, 0, 3]
    none, made = Cache(), iter(range(9))
    assert [none.get("a", lambda: next(made)) for _ in range(2)] == [0, 1]


def test_cache_drops_values_read_before_a_change() -> None:
    """A change during the read makes the value stale at once."""
    cache, made = Cache(2), iter(range(9))

    def while_it_changes() -> int:
        cache.clear()
        return next(made)

    assert [cache.get("a", while_it_changes), cache.get("a", lambda: next(made))] == [0, 1]


def test_cache_keeps_no_failed_read() -> None:
    """The next call reads again."""
    cache = Cache(2)
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 // 0)
    assert cache.get("a", lambda: 7) == 7


def test_cache_reads_a_value_in_one_thread() -> None:
    """Other threads get the same value without reading; a thread that wants another value does not wait."""
    cache, made, go_on, begun = Cache(2), iter(range(9)), Event(), Event()

    def slowly() -> int:
        begun.set()
        assert go_on.wait(10)
        return next(made)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(cache.get, "a", slowly)
        assert begun.wait(10)
        second = threads.submit(cache.get, "a", lambda: next(made))
        assert cache.get("b", lambda: -1) == -1
        go_on.set()
        assert (first.result(10), second.result(10)) == (0, 0)


def test_history_is_read_once_after_each_result(store: Store, clock: HandClock, ann: str) -> None:
    """Time changes the analysis, but not the results; a hold changes neither."""
    first = history(store, ann, clock)
    clock.pass_by(days=60)
    later = history(store, ann, clock)
    assert later.recorded is first.recorded
    assert first.progress.left is not None
    assert later.progress.left is not None
    assert (first.progress.left.old, later.progress.left.old) == (False, True)
    newest = store.session(store.sessions(ann, limit=1)[0].id)
    assert newest is not None
    one_hold(store, newest.run_ids[0], Side.LEFT)
    assert history(store, ann, clock).recorded is first.recorded


@pytest.mark.parametrize("change", ["test", "pain", "claim", "correction", "calibration", "check"])
def test_history_equals_that_of_another_reader(store: Store, clock: HandClock, ann: str, change: str) -> None:
    """After any change, the next call returns what the database has."""
    before = history(store, ann, clock)
    newest = store.session(store.sessions(ann, limit=1)[0].id)
    assert newest is not None
    test = newest.tests[0]
    match change:
        case "test":
            one_test(store, newest.run_ids[0], 91.0, 92.0)
        case "pain":
            store.answer_test(test.id, pain=7)
        case "claim":
            store.claim_session(newest.session.id, None)
        case "correction":
            calibration_id = store.add_calibration(FIT)
            scores = SideResults(81.0, 82.0, 0.4, 0.4, None, None, calibration_id)
            store.add_corrections([Correction(test.id, scores)])
        case "calibration":
            store.add_calibration(FIT)
        case _:
            calibration_id = store.current_calibration().id
            store.add_check(calibration_id=calibration_id, passed=False, off_mm=9.0, **BLOCK)
    after = history(store, ann, clock)
    assert after.recorded is not before.recorded
    with Reader.open(store.path) as reader:
        assert after == history(reader, ann, clock)


def test_settings_and_people_are_current(store: Store) -> None:
    """A new name and a new setting show at once."""
    assert (store.people(), store.settings().units) == ((), "cm")
    store.add_person("Ann")
    store.save_settings(replace(store.settings(), units="inch"))
    assert ([one.name for one in store.people()], store.settings().units) == (["Ann"], "inch")


def test_rolled_back_change_is_not_cached(store: Store, ann: str, clock: HandClock) -> None:
    """A failed transaction leaves the old value."""
    before = history(store, ann, clock)
    with pytest.raises(LookupError):
        store.answer_test("nobody's", pain=3)
    assert history(store, ann, clock) == before
