"""Faults of a routine are plain sentences, and only some of them prevent saving."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.advice.records import LegConditions
from station.advice.routine import MAX_ITEMS, RoutineFault, routine_faults
from station.app.starting.routines import steps_of
from station.catalogue.checked import convert_to_record
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import Item
from station.core.duration import duration_us
from station.core.events import Side
from station.settings import Settings
from tests.station.health_answers import on_both

ITEMS = st.builds(
    Item,
    exercise=st.sampled_from(list(exercises())),
    hold_s=st.none() | st.integers(-10, 10_000),
    repetitions=st.none() | st.integers(-10, 10_000),
    count=st.none() | st.integers(-10, 10_000),
    side=st.none() | st.sampled_from(list(Side)),
)


def faults(*items: Item, conditions: frozenset[str] = frozenset()) -> tuple[RoutineFault, ...]:
    """The faults of these items."""
    total_us = duration_us(steps_of(items, Settings())) if items else 0
    return routine_faults(exercises(), items, on_both(*conditions), total_us)


def of(*keys: str) -> tuple[Item, ...]:
    return tuple(Item(exercise=key) for key in keys)


def sentences(*items: Item, conditions: frozenset[str] = frozenset(), blocking: bool) -> str:
    """All blocking faults or all hints, in one text."""
    return " ".join(fault.sentence for fault in faults(*items, conditions=conditions) if fault.is_blocking is blocking)


@pytest.mark.parametrize("key", ["quick_calf", "daily", "test_and_stretch"])
def test_ready_routine_has_no_fault(key: str) -> None:
    """The ready-made routines get neither a fault nor a hint."""
    assert faults(*built_in_routines()[key].items) == ()


def test_full_routine_gets_only_a_hint() -> None:
    """All twenty exercises take more than an hour."""
    (fault,) = faults(*built_in_routines()["full"].items)
    assert "more than an hour in all" in fault.sentence
    assert not fault.is_blocking


def test_empty_routine_is_refused() -> None:
    """Without an exercise or a test, that is the only fault."""
    assert [fault.sentence for fault in faults()] == ["The routine is empty: add an exercise or a test."]
    (fault,) = faults(Item(rest_s=30))
    assert fault.is_blocking
    assert faults(Item(test="quick")) == ()


@pytest.mark.parametrize("side", list(Side))
def test_one_sided_routine_gets_hint(side: Side) -> None:
    """The other leg gets nothing; that may be intended."""
    one_leg = (Item(exercise="3a", side=side), Item(exercise="3b", side=side))
    hint = sentences(*one_leg, blocking=False)
    assert "gets nothing" in hint
    assert f"the {side.other} leg gets nothing" in hint
    assert sentences(*one_leg, blocking=True) == ""
    for more in (Item(exercise="3a", side=side.other), Item(exercise="3b"), Item(exercise="3c")):
        assert "gets nothing" not in sentences(*one_leg, more, blocking=False)


def test_more_than_an_hour_of_holds_is_refused() -> None:
    """Both legs together; exactly an hour is allowed."""
    hour = (Item(exercise="3a", hold_s=600, repetitions=3),)
    assert sentences(*hour, blocking=True) == ""
    longer = sentences(*hour, Item(exercise="3c"), blocking=True)
    assert "The holds alone take 61 minutes" in longer
    one_leg = (Item(exercise="3a", hold_s=600, repetitions=6, side=Side.LEFT), Item(exercise="3b", hold_s=5))
    assert "holds alone" in sentences(*one_leg, blocking=True)


@pytest.mark.parametrize(
    ("good", "wrong", "sentence"),
    [
        ({"exercise": "3a", "hold_s": 5}, {"exercise": "3a", "hold_s": 4}, "hold for 5 to 600 seconds, not 4."),
        (
            {"exercise": "3a", "hold_s": 600, "repetitions": 1},
            {"exercise": "3a", "hold_s": 601, "repetitions": 1},
            "not 601.",
        ),
        ({"exercise": "3b", "repetitions": 20}, {"exercise": "3b", "repetitions": 21}, "hold it 1 to 20 times"),
        ({"exercise": "5b", "repetitions": 30}, {"exercise": "5b", "repetitions": 31}, "hold it 1 to 30 times"),
        ({"exercise": "3b", "repetitions": 1}, {"exercise": "3b", "repetitions": 0}, "not 0."),
        ({"exercise": "7d", "count": 100}, {"exercise": "7d", "count": 101}, "do it 1 to 100 times, not 101."),
        ({"exercise": "7d", "count": 1}, {"exercise": "7d", "count": 0}, "do it 1 to 100 times, not 0."),
        ({"rest_s": 600}, {"rest_s": 601}, "rest for 1 to 600 seconds, not 601."),
    ],
)
def test_dose_out_of_range_is_refused(good: dict[str, object], wrong: dict[str, object], sentence: str) -> None:
    """The last allowed value passes; the next is refused with the range and the index of its item."""
    before = Item(exercise="1a")
    assert sentences(before, convert_to_record(good, Item), blocking=True) == ""
    (fault,) = (fault for fault in faults(before, convert_to_record(wrong, Item)) if fault.is_blocking)
    assert sentence in fault.sentence
    assert fault.index == 1


def test_excluded_exercise_is_refused_with_reason() -> None:
    """The reason is the catalogue's own; a reduced exercise gets a hint."""
    sore = frozenset({"tendon_pain"})
    refusal = sentences(*of("1a", "3c"), conditions=sore, blocking=True)
    assert refusal.startswith("Achilles stretch: not for you at the moment. A full squat stretches a sore tendon")
    assert sentences(*of("1a", "3c"), blocking=True) == ""
    hint = sentences(*of("3b"), conditions=sore, blocking=False)
    assert hint.startswith("Soleus stretch: a smaller dose for you.")
    assert sentences(*of("3b"), conditions=sore, blocking=True) == ""


@pytest.mark.parametrize(
    ("keys", "is_out_of_order"),
    [
        (("1a", "2a", "3a", "4a", "5a", "7a", "8"), False),
        (("3b", "3a"), False),
        (("5b", "1a"), True),
        (("3a", "2a"), True),
        (("8", "7a"), True),
    ],
)
def test_order_against_guide_gets_hint(keys: tuple[str, ...], is_out_of_order: bool) -> None:
    """It names both exercises; within a group any order is right."""
    assert ("the guide puts it before" in sentences(*of(*keys), blocking=False)) is is_out_of_order
    assert sentences(*of(*keys), blocking=True) == ""


def test_test_after_stretch_gets_hint() -> None:
    """A stretch adds range for some hours."""
    test = Item(test="full")
    assert "belongs at the start" in sentences(*of("3a"), test, blocking=False)
    assert sentences(test, *of("3a"), blocking=False) == ""


def test_exercise_three_times_gets_hint() -> None:
    """Twice may be one leg after the other; rests may repeat freely."""
    rest = Item(rest_s=30)
    assert sentences(*of("3a", "3a"), rest, rest, rest, blocking=False) == ""
    assert "Calf stretch appears 3 times" in sentences(*of("3a", "3a", "3a"), blocking=False)


def test_too_many_items_are_refused() -> None:
    """This many entries are a mistake."""
    rests = tuple(Item(rest_s=1) for _ in range(MAX_ITEMS - 1))
    assert sentences(*of("3a"), *rests, blocking=True) == ""
    assert f"It has {MAX_ITEMS + 1} entries, but may have {MAX_ITEMS} at most." in sentences(
        *of("3a", "3b"), *rests, blocking=True
    )


def test_exercise_for_one_leg_may_be_saved() -> None:
    """An exercise excluded for one leg gets only a hint; one excluded for both prevents saving."""
    sore = LegConditions(left=frozenset({"tendon_pain"}))
    total_us = duration_us(steps_of(of("3a"), Settings()))
    (hint,) = routine_faults(exercises(), of("3a"), sore, total_us)
    assert not hint.is_blocking
    assert "for one leg only at the moment. Left leg: a tendon that is sore now" in hint.sentence
    left_only = (Item(exercise="3a", side=Side.LEFT),)
    assert any(fault.is_blocking for fault in routine_faults(exercises(), left_only, sore, total_us))


@given(items=st.lists(ITEMS, max_size=6), conditions=st.sets(st.sampled_from(["tendon_pain", "neuro", "cleared"])))
def test_any_items_get_whole_sentences(items: list[Item], conditions: set[str]) -> None:
    """Any items get whole sentences about items that exist, blocking faults first, and never an error."""
    some = faults(*items, conditions=frozenset(conditions))
    assert all(fault.sentence.endswith(".") for fault in some)
    assert all(fault.index is None or fault.index < len(items) for fault in some)
    assert [fault.is_blocking for fault in some] == sorted((fault.is_blocking for fault in some), reverse=True)
