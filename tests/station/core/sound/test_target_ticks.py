"""Ticks that guide the feet to the target."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from station.core.sound.sequencer import Edge
from station.core.sound.target_ticks import (
    QUICKEST_INTERVAL_US,
    SLOWEST_INTERVAL_US,
    TICK_LENGTH_US,
    TargetTicks,
    tick_interval_us,
)

HZ = 2_300


def ticks(guide: TargetTicks, from_us: int, until_us: int) -> list[Edge]:
    """All edges of a span of time, with the buzzer free."""
    edges: list[Edge] = []
    while (due_us := guide.next_due_us()) is not None and due_us <= until_us:
        from_us = max(from_us, due_us)
        edges += guide.take_due(from_us, is_buzzer_free=True)
    return edges


@given(st.floats(-300, 300), st.floats(-300, 300))
def test_tick_interval_shrinks_towards_the_target(one_mm: float, other_mm: float) -> None:
    """On either side of the target, and never beyond the ends of the scale."""
    near, far = sorted((one_mm, other_mm), key=abs)
    assert QUICKEST_INTERVAL_US <= tick_interval_us(near) <= tick_interval_us(far) <= SLOWEST_INTERVAL_US


def test_ticks_follow_the_distance() -> None:
    """Far from the target one a second; nearer, the next one comes sooner."""
    guide = TargetTicks(HZ)
    guide.set_distance(50.0)
    edges = ticks(guide, 7, 2_500_000)
    assert [edge.at_us for edge in edges] == [7, 20_007, 1_000_007, 1_020_007, 2_000_007, 2_020_007]
    assert [edge.hz for edge in edges] == [HZ, 0] * 3
    guide.set_distance(0.0)
    assert guide.next_due_us() == 2_250_007


def test_ticks_are_short_and_soft() -> None:
    """A tick is shorter than any tone of a cue."""
    guide = TargetTicks(HZ)
    guide.set_distance(10.0)
    on, off = ticks(guide, 0, TICK_LENGTH_US)
    assert on.soft
    assert off.at_us - on.at_us == TICK_LENGTH_US < 40_000


def test_ticks_give_way_to_cues() -> None:
    """While a cue has the buzzer a tick is skipped, and a current tick needs no end of its own."""
    guide = TargetTicks(HZ)
    guide.set_distance(50.0)
    assert guide.take_due(0, is_buzzer_free=False) == []
    assert guide.take_due(SLOWEST_INTERVAL_US, is_buzzer_free=True) == [Edge(SLOWEST_INTERVAL_US, HZ, soft=True)]
    assert guide.take_due(SLOWEST_INTERVAL_US + 5_000, is_buzzer_free=False) == []
    assert guide.next_due_us() == 2 * SLOWEST_INTERVAL_US


def test_ticks_end_the_last_tick() -> None:
    """Without a target the buzzer stays silent."""
    guide = TargetTicks(HZ)
    guide.set_distance(50.0)
    guide.take_due(0, is_buzzer_free=True)
    guide.set_distance(None)
    edges = ticks(guide, 0, 10 * SLOWEST_INTERVAL_US)
    assert edges == [Edge(TICK_LENGTH_US, 0)]
    assert guide.next_due_us() is None
    assert all(after.at_us > before.at_us for before, after in itertools.pairwise(edges))
