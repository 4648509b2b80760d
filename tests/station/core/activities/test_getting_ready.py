"""Preparing off the board, and coming back to it: a chair, a band, the floor."""

from __future__ import annotations

from station.core.facts import CueName, Ended, HoldFinished, HoldStarted, Paused, StepBegun
from station.core.steps import HeelRule, HoldStep, TestStep, routine_from_header, to_json
from tests.station.core.traces import LEFT, RIGHT, Story, cues, facts_of, heard, one, only, us

OFF = HoldStep((LEFT,), us(5), 1, us(5), us(20), prepare_off=True)


def test_getting_a_chair_is_not_a_pause() -> None:
    """A person who steps off for most of a long preparation and is back in time is not paused."""
    facts = facts_of(Story().stands(2).rises(15).stands(20).comparator(), OFF)
    assert not only(facts, Paused)
    assert heard(facts, CueName.GO) == [20.0]
    assert one(facts, HoldFinished).credited_us == us(5)


def test_go_waits_for_the_person_to_be_back() -> None:
    """When the time is over, GO does not sound on an empty board: NUDGE calls, and a short preparation follows."""
    facts = facts_of(Story().stands(2).rises(40).stands(30).comparator(), OFF)
    assert heard(facts, CueName.NUDGE) == [20.0]
    assert heard(facts, CueName.GO) == [42.0 + 5.0]
    assert one(facts, HoldFinished).credited_us == us(5)


def test_it_ends_if_nobody_comes_back() -> None:
    """Three minutes after the call the routine has ended, and nothing has begun."""
    facts = facts_of(Story().stands(2).rises(400).comparator(), OFF)
    assert one(facts, Ended).at_us == us(20 + 180)
    assert not only(facts, HoldStarted)


def test_a_preparation_on_the_board_needs_standing_as_ever() -> None:
    """An absence of three seconds is a pause, as elsewhere."""
    on = HoldStep((LEFT,), us(5), 1, us(5), us(20))
    assert only(facts_of(Story().stands(2).rises(15).stands(20).comparator(), on), Paused)


def test_a_test_after_the_floor_calls() -> None:
    """A test after an exercise off the board sounds READY with its side, calls once more, and ends if nobody comes."""
    floor = HoldStep((LEFT,), us(5), 1, us(5), us(3), HeelRule.ANY)
    story = Story().rises(0, RIGHT).stands(1).rises(300)
    facts = facts_of(story.comparator(), floor, TestStep((LEFT,)))
    began_s = next(fact.at_us for fact in only(facts, StepBegun) if fact.step == 1) / 1e6
    reported = [(at_s - began_s, name) for at_s, name in cues(facts) if at_s >= began_s]
    assert (0.0, "READY") in reported
    assert (10.0, "NUDGE") in reported
    assert one(facts, Ended).at_us / 1e6 - began_s == 180.0


def test_a_preparation_off_the_board_round_trips() -> None:
    """A trace's header keeps it."""
    assert routine_from_header(to_json((OFF,))) == (OFF,)
