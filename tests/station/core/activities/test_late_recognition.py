"""A person recognised late: an analogue heel has no reference before the first steady standing."""

from __future__ import annotations

from random import Random

import pytest

from station.core.events import SECOND_US, Event, Side
from station.core.facts import CueName, HoldStarted, Paused, Resumed, SensorBack, SensorLost
from station.core.sensing.sensors import References
from station.core.steps import HoldStep
from tests.station.core.traces import EMPTY, LEFT, Story, facts_of, heard, one, only, us

EMPTY_ONLY = References({LEFT: EMPTY}, {})
STEP = HoldStep((LEFT,), us(10), 1, us(5), us(10))


def swaying_until(steady_s: float, story: Story) -> list[Event]:
    """The loads of a person who stands unsteadily before `steady_s`."""
    chance = Random(1)

    def load(_side: Side, at_us: int) -> float | None:
        return chance.choice((0.6, 1.4)) if us(1) <= at_us < us(steady_s) and is_down(at_us) else None

    def is_down(at_us: int) -> bool:
        return next((down for since_us, down in reversed(story.heels[LEFT]) if since_us <= at_us), False)

    return story.loads(load=load, creep=0)


@pytest.mark.parametrize(("prepare_s", "gap_s"), [(10, 3), (2, 1)])
def test_go_leaves_time_after_ready_for_standing_that_is_known_late(prepare_s: int, gap_s: float) -> None:
    """The preparation would be over, but three seconds follow READY, or half of a shorter preparation."""
    step = HoldStep((LEFT,), us(10), 1, us(5), us(prepare_s))
    facts = facts_of(swaying_until(15, Story().rises(1).stands(40)), step, references=EMPTY_ONLY)
    (ready_s,) = heard(facts, CueName.READY)
    assert ready_s == pytest.approx(17, abs=0.2)
    assert heard(facts, CueName.GO) == [pytest.approx(ready_s + gap_s)]
    assert one(facts, HoldStarted).at_us / SECOND_US == heard(facts, CueName.GO)[0]


def test_absence_that_is_known_late_pauses() -> None:
    """Four seconds away, reported once the person is back: PAUSED, and another five seconds."""
    story = Story().rises(1).stands(8).rises(4).stands(30)
    facts = facts_of(swaying_until(13, story), STEP, references=EMPTY_ONLY)
    paused, resumed = one(facts, Paused), one(facts, Resumed)
    assert paused.at_us == resumed.at_us
    assert paused.why == "heel up"
    back_s = 13
    assert heard(facts, CueName.GO) == [pytest.approx(back_s + 5, abs=0.1)]


def test_short_absence_that_is_known_late_suspends_the_preparation() -> None:
    """Two seconds away: nothing pauses, and GO comes after ten seconds of standing."""
    story = Story().rises(1).stands(5).rises(2).stands(30)
    facts = facts_of(swaying_until(8, story), STEP, references=EMPTY_ONLY)
    assert only(facts, Paused) == []
    assert heard(facts, CueName.GO) == [pytest.approx(13, abs=0.1)]


def test_empty_pad_above_half_of_standing_is_reported() -> None:
    """The plate presses on its pad while empty: no hold can begin, and the station gives the reason."""

    def load(_side: Side, at_us: int) -> float:
        return 1.0 if us(5) <= at_us < us(40) else 0.6

    facts = facts_of(Story().rises(5).stands(35).rises(5).loads(load=load), STEP)
    lost = one(facts, SensorLost)
    assert lost.sensor == "load_left"
    assert lost.at_us / SECOND_US == pytest.approx(17, abs=0.5)
    assert "the empty pad reads more than half of standing" in lost.why
    assert only(facts, HoldStarted) == []


def test_person_who_steps_off_the_plate_brings_it_back() -> None:
    """A person on the board from the start hides the empty pad; stepping off shows it."""

    def load(_side: Side, at_us: int) -> float | None:
        return 0.7 if at_us < us(3) else None

    facts = facts_of(Story().stands(20).rises(3).stands(30).loads(load=load), STEP)
    assert one(facts, SensorLost).at_us < one(facts, SensorBack).at_us < us(23.5)
    assert heard(facts, CueName.GO) == [pytest.approx(33, abs=0.5)]
