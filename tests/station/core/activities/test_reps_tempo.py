"""Heel raises with a tempo: the ticks, and coming down too early."""

from __future__ import annotations

from msgspec.structs import replace

from station.core.facts import CueName, Fact, RepCounted, RepsFinished, RepTimed, RepTooQuick
from station.core.steps import RepsStep
from tests.station.core.traces import LEFT, RIGHT, Story, cues, facts_of, heard, one, only, us

SLOW = RepsStep((LEFT,), 3, us(5), tempo_us=(us(1), us(1), us(3)))
"""One second up, one at the top, three down; three fifths of the whole are three seconds."""


def facts_from(story: Story, step: RepsStep = SLOW) -> list[Fact]:
    return facts_of(story.comparator(), step)


def test_ticks_follow_the_persons_own_rise() -> None:
    """At the end of each part from the rise on, whenever that is; at the last one the heel should be down."""
    facts = facts_from(Story().stands(7.3).lifts(4.9).waits(3))
    ticks = [at_s for at_s, name in cues(facts) if name == "COUNT" and at_s > 5.0]
    assert ticks == [8.3, 9.3]
    assert one(facts, RepTimed).took_us == us(4.9)
    assert not one(facts, RepTimed).too_quick


def test_rep_slower_than_its_tempo_counts() -> None:
    """Slower than the tempo is fine; each boundary ticks once."""
    facts = facts_from(Story().stands(6).lifts(6.5).waits(3))
    assert [at_s for at_s, name in cues(facts) if name == "COUNT" and at_s > 5.0] == [7.0, 8.0, 11.0]
    assert len(only(facts, RepCounted)) == 1


def test_rep_with_the_heel_down_too_early_is_refused_and_repeated() -> None:
    """Back in less than three fifths of the tempo: NO, not counted, and reported separately at the end."""
    story = Story().stands(6).lifts(2.5).waits(2)
    for _ in range(3):
        story.lifts(4.8).waits(1)
    facts = facts_from(story.waits(2))
    assert heard(facts, CueName.NO) == [6 + 2.5 + 0.3]
    assert one(facts, RepTooQuick).count == 1
    assert [(fact.took_us, fact.too_quick) for fact in only(facts, RepTimed)] == [
        (us(2.5), True),
        (us(4.8), False),
        (us(4.8), False),
        (us(4.8), False),
    ]
    finished = one(facts, RepsFinished)
    assert (finished.count, finished.too_quick) == (3, 1)


def test_just_slow_enough_counts() -> None:
    """The limit is three fifths of the tempo."""
    assert len(only(facts_from(Story().stands(6).lifts(3.0).waits(3)), RepCounted)) == 1
    assert len(only(facts_from(Story().stands(6).lifts(2.99).waits(3)), RepCounted)) == 0


def test_no_tick_sounds_for_a_heel_that_is_down() -> None:
    """The remaining ticks of a rise that ended early do not sound."""
    facts = facts_from(Story().stands(6).lifts(0.8).waits(5))
    assert [at_s for at_s, name in cues(facts) if name == "COUNT" and at_s > 5.0] == []


def test_without_a_tempo_there_is_neither_tick_nor_no() -> None:
    """Raises at the person's own pace are counted as usual."""
    facts = facts_from(Story().stands(6).lifts(1.2).waits(3), replace(SLOW, tempo_us=(), count=10))
    assert not heard(facts, CueName.NO)
    assert [at_s for at_s, name in cues(facts) if name == "COUNT" and at_s > 5.0] == []
    assert len(only(facts, RepCounted)) == 1


def test_both_heels_are_one_raise() -> None:
    """Up with the first that rises, down with the last that comes back: one repetition of both."""
    step = replace(SLOW, together=True, count=1)
    story = Story().stands(side=LEFT).stands(side=RIGHT).waits(6.0)
    story.rises(0.2, LEFT).rises(4.2, RIGHT).stands(0.3, LEFT).stands(2.0, RIGHT)
    facts = facts_of(story.comparator(), step)
    assert one(facts, RepTimed).took_us == us(0.2 + 4.2 + 0.3)
    assert one(facts, RepsFinished).count == 1
