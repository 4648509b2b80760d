"""What must hold for every pass, whatever the heel does."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.core.events import Command, CommandName, Event, Knee
from station.core.facts import AttemptPassed
from station.core.steps import TestStep
from tests.station.core.traces import LEFT, Story, facts_of, only, us

GO_S = 8.54
DEBOUNCE_US = 80_000
"""A heel that is up for less does not count as up."""

pauses_s = st.one_of(st.floats(0.09, 2.6), st.just(0.2), st.floats(1.95, 2.1))
lifts_s = st.one_of(st.floats(0.02, 0.07), st.floats(0.09, 0.4))


def debounced_lifts_us(story: Story) -> list[tuple[int, int]]:
    """The lifts that really happened, as (up, down)."""
    levels = story.heels[LEFT]
    lifts = [(up_us, down_us) for (up_us, down), (down_us, _) in pairwise(levels) if not down]
    return [(up_us, down_us) for up_us, down_us in lifts if down_us - up_us >= DEBOUNCE_US]


@pytest.mark.parametrize("pad", [False, True], ids=["self", "pad"])
@settings(max_examples=150)
@given(
    lifts=st.lists(st.tuples(pauses_s, lifts_s), min_size=1, max_size=8),
    confirms_s=st.lists(st.floats(GO_S + 1.5, GO_S + 9), max_size=3),
)
def test_no_lift_inside_the_window_of_a_pass(
    pad: bool, lifts: list[tuple[float, float]], confirms_s: list[float]
) -> None:
    """Neither one that is over, nor one that has just begun as the window closes and has not settled yet."""
    story = Story().toes_at(60).stands(GO_S)
    for pause_s, lift_s in lifts:
        story.waits(pause_s).lifts(lift_s)
    story.waits(2.2)
    confirms: list[Event] = [Command(us(at_s), CommandName.CONFIRM) for at_s in confirms_s if us(at_s) < story.now_us]
    knee = [Knee(0, False), Knee(us(GO_S + 0.2), True)] if pad else []
    events = sorted([*story.comparator(), *confirms, *knee], key=lambda event: event.at_us)
    for passed in only(facts_of(events, TestStep((LEFT,))), AttemptPassed):
        from_us, to_us = passed.window_us
        assert not [lift for lift in debounced_lifts_us(story) if lift[0] < to_us and lift[1] > from_us]
