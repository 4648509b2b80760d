"""Facts come in the order of their times, whatever the sensors do and before whichever step they fall silent."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.core.events import CommandName, Event, Side, Toe
from station.core.facts import SensorLost
from station.core.sensing.sensors import References
from station.core.steps import AskStep, CalibrateStep, CheckStep, HoldStep, RepsStep, RestStep, Step, TestStep
from tests.station.core.traces import KNOWN, LEFT, Story, facts_of, one, us

STEPS: tuple[Step, ...] = (
    TestStep((LEFT,)),
    TestStep(),
    CheckStep(warm_us=us(3)),
    CalibrateStep((0.0, 100.0), 1, warm_us=us(2)),
    HoldStep((LEFT,), us(3), 1, us(1), us(2)),
    RepsStep((LEFT,), 2, us(2)),
    RestStep(us(5)),
    AskStep(us(5)),
)
MEASURING_STEPS = STEPS[:4]
WORDS = (CommandName.NEXT, CommandName.SKIP, CommandName.PAUSE, CommandName.RESUME, CommandName.UNDO)


def random_events(chance: Random) -> list[Event]:
    """A minute of heels that come and go in front of sensors that fall silent, from the start or later."""
    story = Story()
    story.heels = {side: [(0, False)] for side in Side}
    story.toes_at(60)
    while story.now_us < us(60):
        side = chance.choice((LEFT, LEFT, Side.RIGHT))
        is_down = story.heels[side][-1][1]
        story = story.rises(side=side) if is_down else story.stands(side=side)
        story.waits(0.01 + chance.random() * chance.choice((0.1, 1, 4, 12)))
        if chance.random() < 0.3:
            story.toes_at(chance.choice((60, None, 80)))
        if chance.random() < 0.2:
            story.says(chance.choice(WORDS))
    gaps_us = [(at_us, at_us + us(chance.uniform(0.3, 5))) for at_us in (chance.randrange(us(60)) for _ in range(4))]
    events = story.loads(hz=12, gaps_us=gaps_us) if chance.random() < 0.5 else story.comparator()
    silent_until_us = us(chance.choice((0, 0, 0.7, 4, 20)))
    return [event for event in events if not (isinstance(event, Toe) and event.at_us < silent_until_us)]


@settings(max_examples=150)
@given(seed=st.integers(0, 1 << 32))
def test_times_of_facts_never_decrease(seed: int) -> None:
    """None is earlier than the one before it, whatever the steps."""
    chance = Random(seed)
    routine = tuple(chance.choice(STEPS) for _ in range(chance.randint(1, 3)))
    facts = facts_of(random_events(chance), *routine, references=chance.choice((References(), KNOWN)))
    assert [pair for pair in pairwise(facts) if pair[1].at_us < pair[0].at_us] == []


@pytest.mark.parametrize("step", MEASURING_STEPS)
def test_sensor_that_is_silent_before_a_measurement_is_lost_as_it_begins(step: Step) -> None:
    """A rest does not need the distance: the sensor counts as lost when the measuring step begins."""
    events = Story().toes_at(60).waits(1).toes_at(None).stands(11).comparator()
    lost = one(facts_of(events, RestStep(us(5)), step), SensorLost)
    assert (lost.sensor, lost.at_us) == ("toe", us(5))
