"""Conditions of one leg: the other leg still gets what is excluded, halved or blocked for this one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from station.advice.conditions import BLOCKING, CONDITIONS
from station.advice.health_questions import parse_answer, restrictions_on
from station.advice.records import LegConditions, Proposal, SideHistory, Situation
from station.advice.restrictions import restrict
from station.advice.triage import proposal
from station.app.starting.routines import steps_of
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import Feet, Item, Restriction
from station.core.events import Side
from station.core.steps import AskStep, HoldStep, RepsStep, TestStep
from station.settings import Settings
from tests.station.advice.guide import done, half, is_blocked, restrictions_of, whole
from tests.station.health_answers import on_both

NOW = datetime(2026, 6, 1, 18, tzinfo=UTC)
ALL = exercises()
DAILY = built_in_routines()["daily"].items
EVERYTHING = tuple(Item(exercise=key) for key in ALL)
LONG = 24 * 60
OFF_FEET = {"1a", "2a", "2b", "2c", "4a", "4b", "5a", "10c"}
"""The exercises that are done sitting or lying, by their instructions."""
LEG_KEYS = [one.key for one in CONDITIONS if one.is_of_leg]
KEYS = st.frozensets(st.sampled_from([one.key for one in CONDITIONS]))


def on_left(*conditions: str, both: Iterable[str] = ()) -> LegConditions:
    return LegConditions(frozenset((*conditions, *both)), frozenset(both))


def situation(conditions: LegConditions, minutes: int = LONG) -> Situation:
    return Situation(NOW, conditions, available_minutes=minutes)


def propose(conditions: LegConditions, base: Iterable[Item] = DAILY) -> Proposal:
    return proposal(ALL, tuple(base), situation(conditions))


def legs_of(found: Proposal, key: str) -> set[Side]:
    """The legs that do the exercise."""
    items = [item for item in found.items if item.exercise == key]
    return {side for item in items for side in (Side if item.side is None else (item.side,))}


def test_conditions_of_a_leg() -> None:
    """Age, balance and the nervous system belong to the person; every other condition to a leg."""
    assert {one.key for one in CONDITIONS} - set(LEG_KEYS) == {"neuro", "balance", "child", "child_led"}
    assert all(("left" in one.choices) is one.is_of_leg for one in CONDITIONS)


def test_answer_names_the_leg() -> None:
    """A side is one leg; yes is both, even in answers from before there were sides."""
    found = parse_answer({"yes": ["balance", "pinch"], "no": ["child"], "left": ["numb"], "right": ["toes_out"]})
    assert found == LegConditions(frozenset({"balance", "pinch", "numb"}), frozenset({"balance", "pinch", "toes_out"}))
    assert found.legs_with("numb") == (Side.LEFT,)
    assert found.legs_with("balance") == tuple(Side)
    assert found.legs_with("child") == ()
    assert parse_answer({"yes": ["numb"], "no": []}) == on_both("numb")
    with pytest.raises(ValueError, match="balance is answered with a leg"):
        parse_answer({"left": ["balance"]})
    with pytest.raises(ValueError, match="numb has more than one answer"):
        parse_answer({"left": ["numb"], "right": ["numb"]})


def test_exclusion_for_one_leg_spares_the_other() -> None:
    """A sore left tendon: the right calf is stretched and tested, and each reason names the left leg."""
    found = propose(on_left("tendon_pain"), (Item(test="quick"), *DAILY))
    assert legs_of(found, "3a") == {Side.RIGHT}
    assert [(item.side, done(item)) for item in found.items if item.exercise == "3b"] == [
        (Side.LEFT, half(*whole("3b"))),
        (Side.RIGHT, whole("3b")),
    ]
    assert [item.side for item in found.items if item.test] == [Side.RIGHT]
    assert {(one.key, one.side) for one in found.excluded} == {("3a", Side.LEFT), ("3c", None), ("test", Side.LEFT)}
    assert {(one.key, one.side) for one in found.reduced} == {("3b", Side.LEFT), ("7d", None)}
    reasons = [one.reason for one in found.excluded] + [one.reason for one in found.reduced]
    assert all(why.sentence.startswith("Left leg: ") for why in reasons)
    assert [why.sentence[:9] for why in found.reasons if why.rule == "health-tendon-pain"] == ["Left leg:"]


def test_same_restriction_on_both_legs_is_one_item() -> None:
    """Halved by different conditions: one item, and each leg has its reason."""
    found = propose(LegConditions(frozenset({"pinch"}), frozenset({"arch_falls"})), [Item(exercise="3b")])
    assert [item.side for item in found.items if item.exercise == "3b"] == [None]
    assert [one.reason.sentence.split(":")[0] for one in found.reduced if one.key == "3b"] == ["Left leg", "Right leg"]


@pytest.mark.parametrize("key", [key for key, one in ALL.items() if one.feet is Feet.BOTH])
@pytest.mark.parametrize("condition", LEG_KEYS)
def test_both_legs_at_once_follow_the_stricter_leg(key: str, condition: str) -> None:
    (one,) = restrictions_on(ALL[key], on_left(condition))
    (both,) = restrictions_on(ALL[key], on_both(condition))
    if condition in BLOCKING:
        assert one.restriction is Restriction.EXCLUDED
    else:
        assert (one.restriction, one.share) == (both.restriction, both.share)


@pytest.mark.parametrize("condition", ["not_cleared", "no_weight", "partial_weight"])
def test_leg_that_must_not_carry_rests_and_the_other_works_off_its_feet(condition: str) -> None:
    """Standing loads both legs: the other one only does exercises sitting or lying, and no test."""
    found = propose(on_left(condition), (Item(test="full"), *EVERYTHING))
    assert found.block_reason is None
    assert {item.exercise for item in found.items} == OFF_FEET
    assert all(item.side is Side.RIGHT for item in found.items)
    assert {one.key for one in found.excluded if one.side is None} == {"test", *(ALL.keys() - OFF_FEET)}
    assert {one.key for one in found.excluded if one.side is Side.LEFT} == OFF_FEET
    assert any(why.sentence.startswith("Left leg: nothing is proposed until") for why in found.reasons)
    assert propose(on_both(condition)).block_reason is not None
    either = propose(LegConditions(frozenset({condition}), frozenset({"not_cleared"})))
    assert either.block_reason is not None
    assert either.items == ()


def test_added_exercise_is_for_the_leg_with_the_condition() -> None:
    """The pinch is mobilised, and the straight lunge learnt, on the side that needs it; heel drops need both legs."""
    assert legs_of(propose(on_left("pinch")), "4a") == {Side.LEFT}
    assert legs_of(propose(on_left("toes_out")), "7a") == {Side.LEFT}
    assert legs_of(propose(on_left("tendon_pain")), "7d") == set(Side)
    assert legs_of(propose(on_left("pinch"), [Item(exercise="4a")]), "4a") == set(Side)


def test_leg_that_is_behind_still_goes_first_with_one_more_hold() -> None:
    """The right leg is behind, the left one has a falling arch: right first with four holds, left two."""
    history = {Side.LEFT: SideHistory(), Side.RIGHT: SideHistory(deficit_mm=20.0)}
    now = replace(situation(on_left("arch_falls")), side_histories=history)
    found = proposal(ALL, DAILY, now)
    assert [(item.side, item.repetitions) for item in found.items if item.exercise == "3a"] == [
        (Side.RIGHT, 4),
        (Side.LEFT, 2),
    ]


def test_no_weight_on_one_leg_never_stands() -> None:
    """A routine started by name follows the same rule as a proposal."""
    found = restrict(ALL, (TestStep(), AskStep(), *steps_of(EVERYTHING, Settings())), situation(on_left("no_weight")))
    assert {step.exercise for step in found.steps if isinstance(step, HoldStep | RepsStep)} == OFF_FEET
    assert all(step.sides == (Side.RIGHT,) for step in found.steps if isinstance(step, HoldStep | RepsStep))
    assert not [step for step in found.steps if isinstance(step, TestStep | AskStep)]


def test_chosen_routine_is_split_where_the_legs_differ() -> None:
    """A test of the right leg only, the right stretch whole, the left one halved once, even when resumed."""
    now = situation(on_left("tendon_pain"))
    routine = (TestStep(full=True), AskStep(), *steps_of((Item(exercise="3a"), Item(exercise="3b")), Settings()))
    found = restrict(ALL, routine, now)
    test, ask, calf, *soleus = found.steps
    assert isinstance(test, TestStep)
    assert (test.sides, ask) == ((Side.RIGHT,), AskStep())
    assert isinstance(calf, HoldStep)
    assert (calf.exercise, calf.sides, calf.repetitions) == ("3a", (Side.RIGHT,), 3)
    assert [(step.sides, step.repetitions) for step in soleus if isinstance(step, HoldStep)] == [
        ((Side.RIGHT,), 3),
        ((Side.LEFT,), 2),
    ]
    assert restrict(ALL, found.steps, now).steps == found.steps
    assert {one.side for one in found.excluded} == {Side.LEFT}


@given(KEYS, KEYS)
def test_each_leg_gets_what_its_own_conditions_allow(left: frozenset[str], right: frozenset[str]) -> None:
    """For any conditions of two legs, by the files: proposals and starts exclude the same for the same leg."""
    of_leg = frozenset(LEG_KEYS)
    of_person = {*(left - of_leg), *(right - of_leg)}
    conditions = LegConditions(left | of_person, right | of_person)
    blocked = {side for side in Side if is_blocked(conditions.on(side))}
    found = propose(conditions, EVERYTHING)
    started = restrict(ALL, steps_of(EVERYTHING, Settings()), situation(conditions))
    if blocked == set(Side):
        assert found.block_reason
        assert started.block_reason
        return
    for key, one in ALL.items():
        together = one.feet is Feet.BOTH
        allowed = {
            side
            for side in Side
            if side not in blocked
            and (not blocked or key in OFF_FEET)
            and "left out" not in restrictions_of(key, conditions.on(*Side) if together else conditions.on(side))
        }
        assert legs_of(found, key) == allowed, key
        steps = [step for step in started.steps if isinstance(step, HoldStep | RepsStep) and step.exercise == key]
        assert {side for step in steps for side in step.sides} == allowed, key
    assert restrict(ALL, started.steps, situation(conditions)).steps == started.steps
