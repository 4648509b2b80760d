"""Left and right of a session or a test exchanged, after they were mixed up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from station.core.events import Side
from station.core.replay import replay as replay_trace
from station.core.steps import routine_from_header
from station.core.trace import read_trace
from station.store import Store
from station.store.exchange.bundle import export_bundle, read_bundle
from station.store.reading.people import swapped_at
from station.store.records import SessionDetail
from tests.station.store.histories import HandClock, contents_of_everybody, one_hold, one_test, weeks


def mirrored(detail: SessionDetail) -> SessionDetail:
    """The session with left and right exchanged, computed on the records."""
    return replace(
        detail,
        tests=tuple(mirrored_test(test) for test in detail.tests),
        holds=tuple(replace(one, side=other(one.side)) for one in detail.holds),
        rep_sets=tuple(replace(one, side=other(one.side)) for one in detail.rep_sets),
    )


def other(legs: Any) -> Any:
    return legs.other if isinstance(legs, Side) else legs


def mirrored_test(test: Any) -> Any:
    pairs = {
        f"{side}_{what}": getattr(test, f"{side.other}_{what}")
        for side in Side
        for what in ("mm", "uncertainty_mm", "budget")
    }
    trials = tuple(replace(one, side=one.side.other) for one in test.trials)
    attempts = tuple(replace(one, side=one.side.other) for one in test.attempts)
    return replace(test, **pairs, trials=trials, attempts=attempts)


def whole_session(store: Store, clock: HandClock) -> tuple[str, list[str]]:
    """A session with two tests, holds of each side and of both, and repetitions. Returns its id and its tests."""
    weeks(store, clock, days=1)
    session_id = store.begin_session(store.people()[0].id, clock.utc_now(), simulated=False)
    test_ids = []
    for left_mm, right_mm in ((81.0, 92.5), (None, 60.0)):
        run_id = store.begin_run(session_id, {"do": "test", "side": "both"}, clock.pass_by(minutes=1))
        test_ids.append(one_test(store, run_id, left_mm, right_mm))
        store.append_trace(run_id, "0.0,heel_left,down\n1.0,heel_left,up\n")
    remaining = {"do": "routine", "steps": [{"do": "hold", "side": "left"}, {"do": "test", "beat_left_mm": 90.0}]}
    store.save_unfinished(run_id, remaining, clock.utc_now())
    one_hold(store, run_id, Side.RIGHT)
    store.finish_rep_set(
        store.begin_rep_set(run_id, side=Side.LEFT, target_count=3, started_us=0), count=3, too_quick_count=0
    )
    store.end_session(session_id, clock.pass_by(minutes=5), "stepped off")
    return session_id, test_ids


def detail_of(store: Store, session_id: str) -> SessionDetail:
    found = store.session(session_id)
    assert found is not None
    return found


def test_everything_of_a_session_is_exchanged_but_its_traces(store: Store, clock: HandClock) -> None:
    """Results, trials, attempts, holds, repetitions and the unfinished routine; a second exchange undoes it."""
    session_id, _ = whole_session(store, clock)
    before, rows = detail_of(store, session_id), contents_of_everybody(store)
    store.swap_sides(session_id)
    assert detail_of(store, session_id) == mirrored(before)
    changed = contents_of_everybody(store)
    assert changed["trace_chunks"] == rows["trace_chunks"]
    person_id = store.people()[0].id
    unfinished = store.unfinished_run(person_id)
    assert unfinished is not None
    assert unfinished.remaining_header["steps"] == [
        {"do": "hold", "side": "right"},
        {"beat_right_mm": 90.0, "do": "test"},
    ]
    assert swapped_at(store.side_swaps(session_id), None) is not None
    store.swap_sides(session_id)
    undone = contents_of_everybody(store)
    assert len(undone.pop("side_swaps")) == 2
    rows.pop("side_swaps")
    assert undone == rows
    assert swapped_at(store.side_swaps(session_id), None) is None


def test_single_test_is_exchanged(store: Store, clock: HandClock) -> None:
    """The other test of the session and its holds stay."""
    session_id, (first, second) = whole_session(store, clock)
    before = detail_of(store, session_id)
    store.swap_sides(session_id, second)
    after = detail_of(store, session_id)
    assert after == replace(before, tests=(before.tests[0], mirrored_test(before.tests[1])))
    assert swapped_at(store.side_swaps(session_id), second) is not None
    assert swapped_at(store.side_swaps(session_id), first) is None
    elsewhere = next(one.id for one in store.sessions() if one.id != session_id)
    with pytest.raises(ValueError, match="another session"):
        store.swap_sides(elsewhere, first)


def test_progress_and_corrections_follow_the_exchange(store: Store, clock: HandClock) -> None:
    """The chart of many years reads the same columns."""
    session_id, _ = whole_session(store, clock)
    person_id = store.people()[0].id
    was = {one.test_id: (one.left_mm, one.right_mm) for one in store.result_summaries(person_id)}
    store.swap_sides(session_id)
    now = {one.test_id: (one.left_mm, one.right_mm) for one in store.result_summaries(person_id)}
    exchanged = {test.id for test in detail_of(store, session_id).tests}
    assert now == {key: pair[::-1] if key in exchanged else pair for key, pair in was.items()}


def test_the_trace_stays_and_says_that_its_results_were_exchanged(
    store: Store, clock: HandClock, tmp_path: Path
) -> None:
    """The rows are byte for byte as recorded, and so is their replay; the header says when they were exchanged."""
    session_id, (_, second) = whole_session(store, clock)
    run_ids = detail_of(store, session_id).run_ids
    export_bundle(store, session_id, tmp_path / "before.zip")
    store.swap_sides(session_id, second)
    assert [store.exchanged_at(run_id) is not None for run_id in run_ids] == [False, True]
    export_bundle(store, session_id, tmp_path / "after.zip")
    before, after = (read_bundle(path, path.read_bytes()) for path in (tmp_path / "before.zip", tmp_path / "after.zip"))
    assert after[0] == before[0]
    assert "sides_exchanged_at" in after[1][1]
    assert rows_of(after[1][1]) == rows_of(before[1][1])
    replayed = [
        list(replay_trace(trace, routine_from_header(trace.header)))
        for trace in (read_trace(text.split("\n")) for text in (before[1][1], after[1][1]))
    ]
    assert replayed[0] == replayed[1]
    store.swap_sides(session_id, second)
    assert [store.exchanged_at(run_id) for run_id in run_ids] == [None, None]


def rows_of(trace: str) -> list[str]:
    return [line for line in trace.splitlines() if not line.startswith("#")]
