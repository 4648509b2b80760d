"""Changing sides: NUDGE sounds for a person whose old heel stays down."""

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


def test_old_heel_alone_brings_a_nudge_too() -> None:
    """A person who missed SWITCH stays on that foot."""
    facts = facts_of(Story(LEFT).stands(40).comparator(), STEP)
    assert heard(facts, CueName.SWITCH) == [SWITCH_S]
    assert heard(facts, CueName.NUDGE) == [SWITCH_S + 10]


def test_what_the_other_foot_does_brings_no_nudge_later() -> None:
    story = on_both_feet().waits(4).rises(2).stands(40)
    assert heard(facts_of(story.comparator(), STEP), CueName.NUDGE) == [SWITCH_S + 10]


def test_lifted_and_lowered_old_heel_counts_from_there() -> None:
    """A lift of less than a second is a wobble; the ten seconds begin with its end."""
    story = Story(LEFT).stands(14).rises(0.5).stands(40)
    assert heard(facts_of(story.comparator(), STEP), CueName.NUDGE) == [24.5]


def test_nudged_person_who_never_lifts_ends_the_exercise() -> None:
    """After the ninety seconds of a change."""
    facts = facts_of(on_both_feet().waits(100).comparator(), STEP)
    assert one(facts, Ended).why == "nobody changed sides"
    assert one(facts, Ended).at_us == us(SWITCH_S + 90)
