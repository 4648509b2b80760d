"""Debouncing: 80 ms, two samples, interruptions under 40 ms ignored, back-dated."""

from __future__ import annotations

import pytest

from station.core.sensing.debounce import DebouncedChange, Debouncer

MS = 1000
Rows = list[tuple[int, bool]]


def debounced(rows: Rows, until_ms: int, *, sampled: bool) -> list[tuple[int, int, bool]]:
    """Changes as (settled, since, level), in ms; `rows` are in ms too."""
    debouncer = Debouncer(sampled=sampled)
    changes: list[DebouncedChange] = []
    for at_ms, level in rows:
        changes += debouncer.update(at_ms * MS, level)
    changes += debouncer.pass_time(until_ms * MS)
    return [(change.at_us // MS, change.since_us // MS, change.value) for change in changes]


def samples(*spans: tuple[int, bool], every_ms: int = 10) -> Rows:
    """Samples of levels that each last until the given time."""
    rows: Rows = []
    at_ms = 0
    for until_ms, level in spans:
        while at_ms < until_ms:
            rows.append((at_ms, level))
            at_ms += every_ms
    return rows


def test_held_channel_settles_by_time_alone() -> None:
    """A comparator's level holds until its next row: one row settles 80 ms later."""
    assert debounced([(0, True)], 79, sampled=False) == []
    assert debounced([(0, True)], 80, sampled=False) == [(80, 0, True)]


@pytest.mark.parametrize(("lasts_ms", "happened"), [(79, False), (81, True)])
def test_debouncer_discards_changes_under_80_ms(lasts_ms: int, happened: bool) -> None:
    """An UP of 79 ms is discarded, one of 81 ms settles."""
    rows = [(0, True), (1000, False), (1000 + lasts_ms, True)]
    ups = [change for change in debounced(rows, 2000, sampled=False) if not change[2]]
    assert ups == ([(1080, 1000, False)] if happened else [])


def test_debouncer_ignores_interruptions_under_40_ms() -> None:
    """A bounce counts as part of its change, which is dated back to the first sample."""
    rows = [(0, True), (1000, False), (1020, True), (1050, False)]
    assert debounced(rows, 2000, sampled=False)[1:] == [(1080, 1000, False)]


def test_debouncer_restarts_after_an_interruption_of_40_ms() -> None:
    """A longer interruption discards the pending change."""
    rows = [(0, True), (1000, False), (1020, True), (1060, False)]
    assert debounced(rows, 2000, sampled=False)[1:] == [(1140, 1060, False)]


def test_sampled_channel_needs_two_samples() -> None:
    """Neither time alone nor a single sample settles a sampled channel."""
    at_8_hz: Rows = [(0, True), (125, True), (250, False), (375, True), (500, False), (625, False)]
    assert debounced(at_8_hz, 5000, sampled=True) == [(125, 0, True), (625, 500, False)]


def test_sampled_channel_settles_at_100_hz() -> None:
    """Ten samples of UP are a lift since the first of them; seven are not."""
    rows = samples((500, True), (570, False), (1000, True), (1100, False), (1500, True))
    assert debounced(rows, 2000, sampled=True) == [(80, 0, True), (1080, 1000, False), (1180, 1100, True)]
