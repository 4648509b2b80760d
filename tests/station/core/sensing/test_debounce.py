"""When a change is believed: 80 ms, two samples, interruptions under 40 ms set aside, back-dated."""

from __future__ import annotations

import pytest

from station.core.sensing.debounce import DebouncedChange, Debouncer

MS = 1000
Rows = list[tuple[int, bool]]


def believed(rows: Rows, until_ms: int, *, sampled: bool) -> list[tuple[int, int, bool]]:
    """Changes as (known, since, level), in ms; `rows` in ms too."""
    belief = Debouncer(sampled=sampled)
    changes: list[DebouncedChange] = []
    for at_ms, level in rows:
        changes += belief.update(at_ms * MS, level)
    changes += belief.pass_time(until_ms * MS)
    return [(change.at_us // MS, change.since_us // MS, change.value) for change in changes]


def samples(*spans: tuple[int, bool], every_ms: int = 10) -> Rows:
    """Samples of spans that each end at the given time."""
    rows: Rows = []
    at_ms = 0
    for until_ms, level in spans:
        while at_ms < until_ms:
            rows.append((at_ms, level))
            at_ms += every_ms
    return rows


def test_a_comparator_needs_one_row() -> None:
    """Its level lasts until the next row: believed 80 ms later, by time alone."""
    assert believed([(0, True)], 79, sampled=False) == []
    assert believed([(0, True)], 80, sampled=False) == [(80, 0, True)]


@pytest.mark.parametrize(("lasts_ms", "happened"), [(79, False), (81, True)])
def test_what_is_shorter_than_80_ms_never_happened(lasts_ms: int, happened: bool) -> None:
    """An UP of 79 ms is none, one of 81 ms is."""
    rows = [(0, True), (1000, False), (1000 + lasts_ms, True)]
    ups = [change for change in believed(rows, 2000, sampled=False) if not change[2]]
    assert ups == ([(1080, 1000, False)] if happened else [])


def test_a_bounce_belongs_to_the_change_that_it_begins() -> None:
    """Flicker under 40 ms is set aside: since the first sample of all."""
    rows = [(0, True), (1000, False), (1020, True), (1050, False)]
    assert believed(rows, 2000, sampled=False)[1:] == [(1080, 1000, False)]


def test_an_interruption_of_40_ms_begins_anew() -> None:
    """A longer interruption ends what was under way."""
    rows = [(0, True), (1000, False), (1020, True), (1060, False)]
    assert believed(rows, 2000, sampled=False)[1:] == [(1140, 1060, False)]


def test_two_samples_must_agree() -> None:
    """A sampled channel believes nothing by time alone, and nothing by one sample."""
    at_8_hz: Rows = [(0, True), (125, True), (250, False), (375, True), (500, False), (625, False)]
    assert believed(at_8_hz, 5000, sampled=True) == [(125, 0, True), (625, 500, False)]


def test_samples_at_100_hz() -> None:
    """Ten samples of UP are a lift since the first of them; seven are none."""
    rows = samples((500, True), (570, False), (1000, True), (1100, False), (1500, True))
    assert believed(rows, 2000, sampled=True) == [(80, 0, True), (1080, 1000, False), (1180, 1100, True)]
