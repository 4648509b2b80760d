"""Repetitions that the heel counts."""

from __future__ import annotations

import pytest

from station.core.facts import CueName, Ended, Fact, Paused, RepCounted, RepsFinished, RepsPartial, RepTooQuick, Resumed
from station.core.steps import RepsStep
from tests.station.core.traces import LEFT, Story, cues, facts_of, heard, one, only, us


def facts_from(story: Story, count: int = 20) -> list[Fact]:
    return facts_of(story.comparator(), RepsStep((LEFT,), count, us(5)))


def counted_at(facts: list[Fact]) -> list[float]:
    return [fact.at_us / 1e6 for fact in only(facts, RepCounted)]


def test_a_repetition_is_counted_at_the_later_of_return_and_a_second() -> None:
    """At return + 0.3 s, or rise + 1.0 s if that is later."""
    facts = facts_from(Story().stands(6).lifts(1.2).waits(2).lifts(0.4).waits(3))
    assert counted_at(facts) == [7.5, 10.2]


def test_phases_under_300_ms_are_part_of_what_was_before() -> None:
    """A short rise is not a rise, and a short return is not a return."""
    short_rise = facts_from(Story().stands(6).lifts(0.29).waits(3))
    assert not counted_at(short_rise)
    short_return = facts_from(Story().stands(6).lifts(0.8).waits(0.29).lifts(0.8).waits(3))
    assert counted_at(short_return) == [pytest.approx(6 + 0.8 + 0.29 + 0.8 + 0.3)]


def test_a_rise_within_the_second_is_too_quick() -> None:
    """Two rises 0.7 s apart: the first is too quick and reported separately, the second counts."""
    facts = facts_from(Story().stands(6).lifts(0.35).waits(0.35).lifts(0.5).waits(3))
    quick = one(facts, RepTooQuick)
    assert (quick.count, quick.at_us) == (1, us(7.0))
    assert counted_at(facts) == [7.7]


def test_the_cues_of_a_set() -> None:
    """HALFWAY at half, 3, 2, 1 when that many are left, then HOLD_DONE, SET_DONE and COMPLETE."""
    story = Story().stands(6)
    for _ in range(8):
        story.lifts(0.7).waits(0.8)
    facts = facts_from(story, count=8)
    names = [name for at_s, name in cues(facts) if at_s > 5]
    assert names == ["HALFWAY", "COUNT 3", "COUNT 2", "COUNT 1", "HOLD_DONE", "SET_DONE", "COMPLETE"]
    finished = one(facts, RepsFinished)
    assert (finished.count, finished.too_quick) == (8, 0)


def test_no_halfway_with_three_or_fewer_left() -> None:
    """Of six, three are left at half: only COUNT 3 sounds."""
    story = Story().stands(6)
    for _ in range(6):
        story.lifts(0.7).waits(0.8)
    assert not heard(facts_from(story, count=6), CueName.HALFWAY)


def test_eight_seconds_without_change_is_a_pause_left_by_the_next_change() -> None:
    """PAUSED after 8 s; the next rise resumes without a preparation and counts."""
    facts = facts_from(Story().stands(5).waits(9).lifts(0.8).waits(3))
    assert one(facts, Paused).at_us == us(13)
    assert one(facts, Resumed).at_us == us(14.08)
    assert counted_at(facts) == [15.1]
    assert len(heard(facts, CueName.GO)) == 1


def test_an_up_of_eight_seconds_is_no_repetition() -> None:
    """After staying up that long, the repetition starts over."""
    facts = facts_from(Story().stands(6).lifts(9).waits(2).lifts(0.8).waits(2))
    assert len(counted_at(facts)) == 1


def test_sixty_seconds_without_change_ends() -> None:
    """60 s: ENDED, with the count so far."""
    facts = facts_from(Story().stands(6).lifts(0.8).waits(70))
    assert one(facts, Ended).at_us == us(66.8)
    assert one(facts, RepsPartial).count == 1


def test_the_end_of_a_recording_keeps_the_count() -> None:
    """What was counted is kept as partial."""
    assert one(facts_from(Story().stands(6).lifts(0.8).waits(2)), RepsPartial).count == 1
