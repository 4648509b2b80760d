"""What a person's answers do to a routine: every step excluded, reduced or kept, each with its reasons."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from msgspec.structs import replace

from station.advice.records import LegConditions, Reason, Situation
from station.advice.restrictions import BUILT_IN_STRETCH, HEEL_DROPS, TEST_KEY, restrict
from station.app.starting.routines import steps_of
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import Item
from station.core.steps import BOTH_SIDES, AskStep, HoldStep, RepsStep, Routine, TestStep
from station.settings import Settings
from tests.station.advice.cautions import CAUTIONS, KEYS, NO_TEST, PAINS, exercises_in, is_blocked
from tests.station.health_answers import on_both

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
FULL = steps_of(built_in_routines()["full"].items, Settings())
TEST_AND_FULL: Routine = (TestStep(), AskStep(), *FULL)


def up_to_three() -> Iterator[frozenset[str]]:
    """Every combination of up to three conditions."""
    for count in range(4):
        yield from map(frozenset, combinations(KEYS, count))


def situation(conditions: frozenset[str], pain: int | None) -> Situation:
    return Situation(
        NOW, on_both(*conditions), pain_answers=() if pain is None else ((NOW - timedelta(hours=1), pain),)
    )


@pytest.mark.parametrize("pain", PAINS)
def test_restrict_removes_excluded_and_reduces_the_rest(pain: int | None) -> None:
    """For any conditions, exactly the exercises that no caution excludes start, reduced if one says so."""
    whole = {step.exercise: step for step in FULL if isinstance(step, HoldStep | RepsStep)}
    for conditions in up_to_three():
        found = restrict(exercises(), TEST_AND_FULL, situation(conditions, pain))
        if is_blocked(conditions, pain):
            assert found.steps == ()
            assert found.block_reason is not None
            continue
        forbidden = {key for key, one in CAUTIONS.items() if any(one.get(each) == "left out" for each in conditions)}
        assert exercises_in(found.steps) == set(CAUTIONS) - forbidden
        assert any(isinstance(step, TestStep) for step in found.steps) is not bool(conditions & NO_TEST)
        assert any(isinstance(step, AskStep) for step in found.steps) is not bool(conditions & NO_TEST)
        assert {one.key for one in found.excluded} == forbidden | ({TEST_KEY} if conditions & NO_TEST else set())
        eases = pain is not None and 4 <= pain < 6
        for step in found.steps:
            if isinstance(step, HoldStep | RepsStep):
                cautious = "cleared" in conditions or any(each in CAUTIONS[str(step.exercise)] for each in conditions)
                assert step.reduced is (cautious or eases)
                in_turn = replace(step, sides=whole[step.exercise].sides)
                assert (in_turn != whole[step.exercise]) is (cautious or eases)


@pytest.mark.parametrize("pain", PAINS)
def test_restrict_is_idempotent(pain: int | None) -> None:
    """A resumed routine is not halved a second time."""
    for conditions in up_to_three():
        once = restrict(exercises(), TEST_AND_FULL, situation(conditions, pain)).steps
        assert restrict(exercises(), once, situation(conditions, pain)).steps == once


@pytest.mark.parametrize("conditions", [None, on_both("arch_falls")])
def test_restrict_asks_first_if_answers_are_missing_or_old(conditions: LegConditions | None) -> None:
    """Only the test starts before the questions are answered, or answered again."""
    asked = Situation(NOW, conditions, Reason("health-asked", "Please answer again."))
    found = restrict(exercises(), TEST_AND_FULL, asked)
    assert found.steps == (TestStep(), AskStep())
    assert {one.reason.rule for one in found.excluded} == {"health-asked"}
    assert restrict(exercises(), FULL, asked).block_reason is not None


@pytest.mark.parametrize("condition", ["tendon_pain", "insertional", "cleared"])
def test_restrict_judges_a_step_without_an_exercise(condition: str) -> None:
    """An unnamed hold is judged as the built-in stretch, unnamed repetitions as heel drops: nothing starts unjudged."""
    asked = situation(frozenset({condition}), None)
    hold, reps = HoldStep(), RepsStep()
    for step, key in ((hold, BUILT_IN_STRETCH), (reps, HEEL_DROPS)):
        found = restrict(exercises(), (step,), asked)
        if CAUTIONS[key].get(condition) == "left out":
            assert found.steps == ()
        else:
            assert [one.reduced for one in found.steps if isinstance(one, HoldStep | RepsStep)] == [True]


def test_restrict_asks_first_before_unnamed_steps() -> None:
    """A person who never answered gets neither, an unknown person only the stretch."""
    never = Situation(NOW, None, Reason("health-asked", "Please answer."))
    assert restrict(exercises(), (HoldStep(), RepsStep()), never).steps == ()
    assert restrict(exercises(), (HoldStep(), RepsStep()), None).steps == (HoldStep(),)


@pytest.mark.parametrize("asked", [None, situation(frozenset(), None)])
def test_restrict_leaves_out_an_exercise_that_no_longer_exists(asked: Situation | None) -> None:
    """With its reason, and without an error."""
    found = restrict(exercises(), (HoldStep(exercise="99z"), TestStep()), asked)
    assert found.steps == (TestStep(),)
    assert ["no longer" in one.reason.sentence for one in found.excluded] == [True]


def test_restrict_gives_every_reason() -> None:
    """Both conditions that exclude an exercise are named."""
    both = situation(frozenset({"tendon_pain", "insertional"}), None)
    found = restrict(exercises(), steps_of((Item(exercise="3a"), Item(exercise="1a")), Settings()), both)
    assert {one.reason.rule for one in found.excluded if one.key == "3a"} == {
        "health-tendon-pain",
        "health-insertional",
    }


@pytest.mark.parametrize("count", range(1, 8))
def test_restrict_halves_each_way_alike(count: int) -> None:
    """An exercise in two directions is halved in each, as in its item."""
    cleared = situation(frozenset({"cleared"}), None)
    (step,) = restrict(exercises(), steps_of((Item(exercise="1a", count=count),), Settings()), cleared).steps
    assert isinstance(step, RepsStep)
    assert step.count == 2 * ((count + 1) // 2)


def test_restrict_chains_the_sides_of_the_remaining_steps() -> None:
    """If the first exercise is excluded, the next begins on the side that the person stands on."""
    routine = steps_of(built_in_routines()["quick_calf"].items, Settings())
    (soleus,) = restrict(exercises(), routine, situation(frozenset({"tendon_pain"}), None)).steps
    assert isinstance(soleus, HoldStep)
    assert soleus.sides == BOTH_SIDES


def test_unknown_person_gets_test_stretch_and_exercises_without_caution() -> None:
    """Everything else needs the questions first, with one reason."""
    found = restrict(exercises(), TEST_AND_FULL, None)
    harmless = {key for key, one in CAUTIONS.items() if not one}
    assert exercises_in(found.steps) == harmless | {BUILT_IN_STRETCH}
    assert found.steps[:2] == (TestStep(), AskStep())
    assert {one.reason.rule for one in found.excluded} == {"health-asked"}
