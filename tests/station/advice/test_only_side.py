"""A person who tests and trains one leg only: every test and exercise is for that leg, and none needs both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.advice import health_questions
from station.advice.conditions import CONDITIONS
from station.advice.dose import duration_s_of, for_legs
from station.advice.plan import weekly_dose_reason
from station.advice.records import Catalogue, LegConditions, Proposal, Situation
from station.advice.restrictions import knee_to_wall_block_reason, restrict
from station.advice.routine import routine_faults
from station.advice.triage import apply_precautions, proposal
from station.app.starting.routines import steps_of
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import Feet, Item
from station.core.events import Side
from station.core.steps import HoldStep, RepsStep, Routine, TestStep
from station.settings import Settings

NOW = datetime(2026, 6, 1, 18, tzinfo=UTC)
ALL = exercises()
NEEDS_BOTH = {key for key, one in ALL.items() if one.feet is Feet.BOTH}
DAY = (Item(test="full"), *built_in_routines()["daily"].items, Item(exercise="4a", side=Side.LEFT))
KEYS = st.frozensets(st.sampled_from([one.key for one in CONDITIONS]))


def right_only(conditions: LegConditions | None = None) -> Situation:
    return Situation(NOW, conditions or LegConditions(), available_minutes=24 * 60, sides=(Side.RIGHT,))


def sides_of(routine: Routine) -> set[Side]:
    steps = [step for step in routine if isinstance(step, HoldStep | RepsStep | TestStep)]
    return {side for step in steps for side in step.sides}


def keys_of(items: Iterable[Item]) -> set[str]:
    return {item.exercise or "test" for item in items}


@pytest.mark.parametrize("advise", [proposal, apply_precautions])
def test_proposal_and_own_routine_are_for_the_one_leg(
    advise: Callable[[Catalogue, Sequence[Item], Situation], Proposal],
) -> None:
    """Only an item for the other leg alone, and one for both at once, are called left out."""
    found = advise(ALL, DAY, right_only())
    assert {item.side for item in found.items if item.rest_s is None} == {Side.RIGHT}
    assert "test" in keys_of(found.items)
    assert {(one.key, one.side, one.reason.sentence) for one in found.excluded} == {
        ("3c", None, "You test and train your right leg only."),
        ("4a", None, "You test and train your right leg only."),
    }
    assert found.duration_s < apply_precautions(ALL, DAY, Situation(NOW, LegConditions())).duration_s * 0.7


def test_proposal_says_once_that_it_is_for_one_leg() -> None:
    reasons = [why.sentence for why in proposal(ALL, DAY, right_only()).reasons]
    assert reasons.count("You test and train your right leg only.") == 1


def test_steps_of_both_legs_start_for_the_one_leg_without_a_remark() -> None:
    """Nothing is called left out because the other leg is; an exercise that needs both at once is."""
    found = restrict(ALL, steps_of(DAY[:-1], Settings()), right_only())
    assert sides_of(found.steps) == {Side.RIGHT}
    assert [(one.key, one.side) for one in found.excluded] == [("3c", None)]
    assert restrict(ALL, found.steps, right_only()).steps == found.steps


def test_routine_of_the_other_leg_does_not_start() -> None:
    found = restrict(ALL, steps_of([Item(exercise="3a", side=Side.LEFT)], Settings()), right_only())
    assert found.steps == ()
    assert found.block_reason is not None
    assert found.block_reason.sentence == "You test and train your right leg only."


@given(KEYS, KEYS)
def test_no_condition_brings_the_other_leg_back(left: frozenset[str], right: frozenset[str]) -> None:
    now = right_only(LegConditions(left, right))
    for items in (proposal(ALL, DAY, now).items, apply_precautions(ALL, DAY, now).items):
        assert {item.side for item in items if item.rest_s is None} <= {Side.RIGHT}
        assert not keys_of(items) & NEEDS_BOTH
    assert sides_of(restrict(ALL, steps_of(DAY, Settings()), now).steps) <= {Side.RIGHT}


def test_condition_of_the_other_leg_changes_nothing_unless_it_must_not_carry() -> None:
    """A sore left tendon is no matter; a left leg that must not carry the person ends what is done standing."""
    sore = right_only(LegConditions(left=frozenset({"tendon_pain"})))
    assert proposal(ALL, DAY, sore) == proposal(ALL, DAY, right_only())
    assert knee_to_wall_block_reason(sore) is None
    carried = right_only(LegConditions(left=frozenset({"not_cleared"})))
    assert knee_to_wall_block_reason(carried) is not None
    assert all(ALL[str(item.exercise)].is_off_feet for item in proposal(ALL, DAY, carried).items)


def test_test_is_blocked_by_the_tested_leg_alone() -> None:
    reason = knee_to_wall_block_reason(right_only(LegConditions(right=frozenset({"tendon_pain"}))))
    assert reason is not None
    assert reason.rule == "health-tendon-pain"


def test_block_of_the_trained_leg_blocks_everything() -> None:
    """The reason is the condition, not that nothing remains."""
    now = right_only(LegConditions(right=frozenset({"not_cleared"})))
    reason = proposal(ALL, DAY, now).block_reason
    assert reason is not None
    assert reason.sentence.startswith("Right leg: nothing is proposed until the professional")
    assert knee_to_wall_block_reason(now) == reason
    assert restrict(ALL, steps_of(DAY, Settings()), now).block_reason == reason


def test_before_the_health_questions_the_test_is_of_the_one_leg() -> None:
    now = Situation(NOW, None, health_questions.ask_reason(None, NOW), sides=(Side.LEFT,))
    assert restrict(ALL, (TestStep(full=True),), now).steps == (TestStep((Side.LEFT,), full=True),)


def test_items_for_one_leg_leave_out_what_needs_both() -> None:
    """As the cards of the ready-made routines show them; for both legs nothing changes."""
    items = (*DAY, Item(rest_s=30))
    found = for_legs(ALL, items, (Side.RIGHT,))
    assert keys_of(found) == keys_of(items) - NEEDS_BOTH - {"4a"}
    assert {item.side for item in found if item.rest_s is None} == {Side.RIGHT}
    assert duration_s_of(ALL, found) < duration_s_of(ALL, items)
    assert for_legs(ALL, items, tuple(Side)) == items


def test_own_routine_for_the_one_leg_is_no_oversight() -> None:
    """A routine for one leg has a hint that the other one gets nothing, unless that leg is not trained."""
    items = [Item(exercise="3a", side=Side.RIGHT)]
    assert routine_faults(ALL, items, LegConditions(sides=(Side.RIGHT,)), 0) == ()
    assert len(routine_faults(ALL, items, LegConditions(), 0)) == 1


def test_entry_of_the_other_leg_is_left_out_and_prevents_nothing() -> None:
    """Nor does one that needs both legs at once, or a test; whatever else is said of the leg that is left out."""
    items = [
        *(Item(test="quick", side=Side.LEFT), Item(exercise="3a", side=Side.RIGHT), Item(rest_s=30)),
        *(Item(exercise="3a", side=Side.LEFT), Item(exercise="3c")),
    ]
    sore = LegConditions(left=frozenset({"tendon_pain"}))
    found = routine_faults(ALL, items, right_only(sore).legs, 0)
    assert [(fault.index, fault.is_blocking) for fault in found] == [(0, False), (3, False), (4, False)]
    assert found[1].sentence == (
        "Calf stretch: left out for now, but it stays in the routine. You test and train your right leg only."
    )
    assert {fault.index for fault in routine_faults(ALL, items, sore, 0) if fault.is_blocking} == {3, 4}


def test_weekly_minutes_are_those_of_the_one_leg() -> None:
    assert weekly_dose_reason({Side.RIGHT: 660.0}).sentence.startswith("Stretching this week: right 11 min. Studies")
