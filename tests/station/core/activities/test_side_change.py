"""Changing sides: a person who stands on both feet is asked to lift one."""

from __future__ import annotations

from station.core.facts import CueEnded, CueName, Ended
from station.core.steps import HoldStep
from tests.station.core.traces import LEFT, RIGHT, Story, facts_of, heard, one, only, us

STEP = HoldStep((LEFT, RIGHT), us(5), 1, us(5), us(5))
SWITCH_S = 10


def on_both_feet() -> Story:
    """The left side is done after ten seconds, with the right heel down as well."""
    return Story(RIGHT).stands(0, LEFT).rises(9).stands(1)


def test_both_feet_down_bring_a_nudge_until_one_is_lifted() -> None:
    """Ten seconds after SWITCH; it ends with the lift, and the other side begins."""
    facts = facts_of(on_both_feet().waits(14).rises(20, LEFT).comparator(), STEP)
    assert heard(facts, CueName.SWITCH) == [SWITCH_S]
    assert heard(facts, CueName.NUDGE) == [SWITCH_S + 10]
    (ended,) = [fact for fact in only(facts, CueEnded) if fact.cue is CueName.NUDGE]
    assert ended.at_us == us(24.08)
    assert len(heard(facts, CueName.GO)) == 2


def test_both_feet_down_count_from_the_second_one() -> None:
    """Ten seconds on both, wherever SWITCH was; a lift of the other foot restarts the ten."""
    story = on_both_feet().waits(4).rises(2).stands(40)
    assert heard(facts_of(story.comparator(), STEP), CueName.NUDGE) == [26]


def test_nudged_person_who_never_lifts_ends_the_exercise() -> None:
    """After the ninety seconds of a change."""
    facts = facts_of(on_both_feet().waits(100).comparator(), STEP)
    assert one(facts, Ended).why == "nobody changed sides"
    assert one(facts, Ended).at_us == us(SWITCH_S + 90)
