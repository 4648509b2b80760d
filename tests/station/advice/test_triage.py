"""Proposals: the felt place first, in the guide's order, and never what a condition excludes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from station.advice import triage
from station.advice.records import Proposal, Reason, Situation
from station.advice.rules import RULE_BY_KEY
from station.advice.triage import apply_precautions, proposal
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import FeltPlace, Item
from station.core.events import Side
from tests.station.advice.guide import (
    CONDITIONS,
    FELT,
    FILES,
    NOW,
    NUMBERS,
    ORDER,
    done,
    half,
    is_blocked,
    restrictions_of,
    upto_two,
    whole,
)
from tests.station.health_answers import on_both

ALL = exercises()
EVERYTHING = tuple(Item(exercise=key) for key in ALL)
BASES = {**{key: one.items for key, one in built_in_routines().items()}, "everything": EVERYTHING}
PLACES = [*upto_two(FeltPlace), frozenset(FeltPlace)]
LONG = 24 * 60


def situation(
    conditions: Iterable[str] = (), felt: Iterable[FeltPlace] = (), minutes: int | None = None, pain: int | None = None
) -> Situation:
    pains = () if pain is None else ((NOW - timedelta(hours=1), pain),)
    return Situation(
        NOW, on_both(*conditions), felt_places=frozenset(felt), available_minutes=minutes, pain_answers=pains
    )


def keys(found: Proposal | Sequence[Item]) -> list[str]:
    items = found.items if isinstance(found, Proposal) else found
    return [item.exercise for item in items if item.exercise is not None]


def in_order(found: Sequence[str]) -> bool:
    """Whether these follow the guide's order of groups, and of numbers within each."""
    places = [(ORDER.index(FILES[key]["group"]), NUMBERS.index(key)) for key in found]
    return all(one < other for one, other in pairwise(places))


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("felt", PLACES, ids=lambda felt: "+".join(sorted(felt)) or "nothing felt")
def test_proposal_obeys_conditions_and_felt_places(base: str, felt: frozenset[FeltPlace]) -> None:
    """Every condition and pair: nothing excluded remains, felt places come first, the rest stays in order."""
    first = set().union(*(FELT[place] for place in felt))
    for conditions in upto_two(CONDITIONS):
        found = proposal(ALL, BASES[base], situation(conditions, felt, LONG))
        if is_blocked(conditions):
            assert found.block_reason
            assert found.items == ()
            continue
        of_conditions = {"3a"} if "neuro" in conditions else set()
        of_conditions |= {"4a", "4b"} if "pinch" in conditions else set()
        wanted = {*keys(BASES[base]), *first, *of_conditions}
        wanted |= {"7a"} if "toes_out" in conditions else set()
        wanted |= {"7d"} if conditions & {"tendon_pain", "insertional"} else set()
        forbidden = {key for key in wanted if "left out" in restrictions_of(key, conditions)}
        assert sorted(keys(found)) == sorted(wanted - forbidden)
        tested = any(item.test for item in BASES[base])
        forbidden |= {"test"} if tested and conditions & {"tendon_pain", "insertional"} else set()
        assert {one.key for one in found.excluded} == forbidden
        now = keys(found)
        warm = [key for key in now if FILES[key]["group"] == "warm-up"]
        early = [key for key in now if key in first | of_conditions and key not in warm]
        assert now == [*warm, *early, *(key for key in now if key not in {*warm, *early})]
        assert in_order(early)
        assert in_order([key for key in now if key not in {*warm, *early}])
        for item in found.items:
            if item.exercise is None:
                continue
            key = item.exercise
            before = next((one for one in BASES[base] if one.exercise == key), Item(exercise=key))
            expected = (60, 10, None) if (key, "neuro" in conditions) == ("3a", True) else done(before)
            if "gentler" in restrictions_of(key, conditions):
                expected = half(*expected)
                assert key in {one.key for one in found.reduced}
            assert done(item) == expected
        assert {why.rule for why in found.reasons} <= RULE_BY_KEY.keys()
        assert {f"health-{key.replace('_', '-')}" for key in conditions} <= {why.rule for why in found.reasons}


@given(
    st.frozensets(st.sampled_from(CONDITIONS)),
    st.frozensets(st.sampled_from(list(FeltPlace))),
    st.none() | st.integers(1, 90),
    st.lists(
        st.builds(Item, exercise=st.sampled_from(NUMBERS), side=st.sampled_from([None, *Side]))
        | st.builds(Item, rest_s=st.integers(1, 60))
        | st.builds(Item, test=st.sampled_from(["quick", "full"])),
        max_size=6,
    ),
    st.none() | st.integers(0, 5),
)
def test_proposal_is_safe_for_any_routine(
    conditions: frozenset[str], felt: frozenset[FeltPlace], minutes: int | None, base: list[Item], pain: int | None
) -> None:
    """Nothing excluded remains, nothing is dropped without a reason, tests come first, and no rest is stray."""
    found = proposal(ALL, base, situation(conditions, felt, minutes, pain))
    if is_blocked(conditions) or not found.items:
        assert found.block_reason
        assert not found.items
        return
    assert found.block_reason is None
    assert not [key for key in keys(found) if "left out" in restrictions_of(key, conditions)]
    asked = {*keys(base), *set().union(*(FELT[place] for place in felt))}
    assert asked <= {*keys(found), *(one.key for one in found.excluded)}
    assert not {*keys(found)} & {one.key for one in found.excluded}
    tests = [item.test for item in found.items if item.rest_s is None]
    assert tests == sorted(tests, key=lambda test: test is None)
    assert found.items[0].rest_s is None
    if minutes is not None and len(set(keys(found))) > 1:
        tests_s = sum({"quick": 180, "full": 480}[test] for test in tests if test)
        assert found.duration_s - tests_s <= 60 * minutes
    of_exercises = [one.reason for one in found.excluded] + [one.reason for one in found.reduced]
    assert {why.rule for why in (*found.reasons, *of_exercises)} <= RULE_BY_KEY.keys()


def test_proposal_keeps_remaining_exercises() -> None:
    """Exercises for the felt place come right after the warm-up; the others follow."""
    found = proposal(ALL, built_in_routines()["daily"].items, situation(felt=[FeltPlace.FRONT]))
    assert keys(found) == ["1a", "4a", "4b", "4c", "3a", "3b", "3c"]
    assert [why.rule for why in found.reasons] == ["felt-front"]
    assert keys(proposal(ALL, built_in_routines()["daily"].items, situation(felt=[FeltPlace.NOWHERE]))) == [
        *("1a", "3a", "3b", "3c"),
    ]


def test_changed_order_has_reason() -> None:
    """A stretch before the warm-up is moved after it."""
    found = proposal(ALL, [Item(exercise="3a"), Item(exercise="1a")], situation())
    assert keys(found) == ["1a", "3a"]
    assert [why.rule for why in found.reasons] == ["order"]


def test_proposal_waits_for_health_questions() -> None:
    """The health questions come first."""
    found = proposal(ALL, BASES["daily"], Situation(NOW))
    assert found.block_reason == Reason(
        "health-asked", "Before your first routine, please answer a few questions about your ankle."
    )
    assert apply_precautions(ALL, BASES["daily"], Situation(NOW)).block_reason == found.block_reason


def test_pain_blocks_or_reduces() -> None:
    """Nothing from 6 on; half of everything at 4 and 5, with the reason."""
    for propose in (proposal, apply_precautions):
        stopped = propose(ALL, BASES["daily"], situation(pain=6))
        assert stopped.block_reason is not None
        assert stopped.block_reason.rule == "pain-held-back"
        eased = propose(ALL, BASES["daily"], situation(pain=4))
        assert [done(item) for item in eased.items] == [half(*whole(key)) for key in keys(eased)]
        assert {one.key for one in eased.reduced} == {"1a", "3a", "3b", "3c"}
        assert [why.rule for why in eased.reasons] == ["pain-ease-off"]
        assert propose(ALL, BASES["daily"], situation(pain=3)).reasons == ()


def test_fully_excluded_routine_is_blocked() -> None:
    """An empty routine never starts; the proposal has the reasons."""
    found = proposal(ALL, [Item(exercise="8")], situation(["neuro", "tendon_pain", "insertional"]))
    assert keys(found)
    found = apply_precautions(ALL, [Item(exercise="8"), Item(rest_s=5)], situation(["neuro"]))
    assert found.block_reason is not None
    assert found.block_reason.rule == "health-nothing-left"
    assert [one.key for one in found.excluded] == ["8"]


def test_apply_precautions_keeps_order() -> None:
    """Only restrictions change it; nothing is added."""
    chosen = [Item(exercise="7c"), Item(rest_s=20), Item(exercise="3b"), Item(rest_s=30), Item(exercise="1a")]
    found = apply_precautions(ALL, chosen, situation(["balance"], [FeltPlace.CALF], minutes=1))
    assert [item.exercise or item.rest_s for item in found.items] == ["3b", 30, "1a"]
    assert [one.key for one in found.excluded] == ["7c"]
    assert done(found.items[0]) == (30, 2, None)
    assert [one.key for one in found.reduced] == ["3b"]
    stretch = (Item(exercise="3a"),)
    assert apply_precautions(ALL, stretch, situation(["neuro"])).items == stretch


def test_short_time_keeps_felt_stretches() -> None:
    """Gait exercises are dropped first; the two calf stretches stay if the calf is the felt place."""
    found = proposal(ALL, EVERYTHING, situation(felt=[FeltPlace.CALF], minutes=10))
    assert {"3a", "3b"} <= set(keys(found))
    assert found.duration_s <= 600
    gone = [one for one in found.excluded if one.reason.rule == "time"]
    assert {"10a", "10b", "10c"} <= {one.key for one in gone}
    assert len(keys(found)) + len(gone) == 20


def test_short_time_without_a_felt_place_keeps_stretches() -> None:
    """Ten minutes are the two calf stretches, whichever section has its turn."""
    for turn in range(5):
        found = proposal(ALL, BASES["daily"], replace(situation(felt=[FeltPlace.NOWHERE], minutes=10), rotation=turn))
        assert {"3a", "3b"} <= set(keys(found))


def test_very_short_time_shortens_first_exercise() -> None:
    """With a neurological condition and a quarter of an hour, as many of the ten holds as fit."""
    found = proposal(ALL, BASES["daily"], situation(["neuro"], minutes=15))
    assert [done(item) for item in found.items] == [(60, 6, None)]
    assert [why.rule for why in found.reasons] == ["health-neuro", "time"]
    assert found.duration_s <= 900
    least = proposal(ALL, [Item(exercise="7a"), Item(rest_s=60)], situation(minutes=1))
    assert [item.count for item in least.items] == [4]


def test_proposal_without_chosen_time_ends_at_half_an_hour() -> None:
    """With unlimited time, everything; without a choice, what fits half an hour."""
    assert keys(proposal(ALL, EVERYTHING, situation(minutes=LONG))) == sorted(
        NUMBERS, key=lambda key: (ORDER.index(FILES[key]["group"]), NUMBERS.index(key))
    )
    added = proposal(ALL, BASES["daily"], situation(felt=[FeltPlace.FRONT, FeltPlace.CALF, FeltPlace.ACHILLES]))
    assert 1200 < added.duration_s <= 1800
    assert set(FELT[FeltPlace.FRONT]) | {"1a"} <= set(keys(added))
    assert {one.reason.rule for one in added.excluded} == {"time"}


def test_item_keeps_its_own_dose() -> None:
    """Its own hold, repetitions and side."""
    own = Item(exercise="3b", hold_s=45, repetitions=4, side=Side.LEFT)
    assert proposal(ALL, [own], situation()).items == (own,)
    eased = proposal(ALL, [own], situation(pain=5)).items
    assert eased == (msgspec.structs.replace(own, repetitions=2),)


def test_several_places_take_turns_when_time_is_short() -> None:
    """Each in turn is kept whole, and the rotation of the sections does not hide any."""
    places = (FeltPlace.FRONT, FeltPlace.ACHILLES, FeltPlace.CALF)
    for turn in range(15):
        found = proposal(ALL, BASES["daily"], replace(situation(felt=places), rotation=turn))
        assert FELT[places[turn % 3]] <= set(keys(found)), turn


def test_felt_place_exercises_match_guide() -> None:
    """Front: 4a, 4b, 4c. Achilles: 2b, 2c, 3c, 7d. Calf: 2a, 3a, 3b, 8."""
    assert {place: set(first) for place, first in triage.FELT_PLACE_EXERCISES.items()} | {
        FeltPlace.NOWHERE: set()
    } == FELT


def turn_of(situation_now: Situation, turn: int) -> Proposal:
    """The proposal of this turn, with unlimited time."""
    return proposal(ALL, BASES["daily"], replace(situation_now, rotation=turn, available_minutes=LONG))


def test_sections_of_the_guide_take_turns() -> None:
    """Release, mobilise, strengthen, use the range, nerve and big toe; after five turns all twenty have come up."""
    own = [
        {"2a", "2b", "2c"},
        {"4a", "4b", "4c"},
        {"5a", "5b", "7d"},
        {"7a", "7b", "7c"},
        {"8", "10a", "10b", "10c"},
    ]
    for turn in range(12):
        found = turn_of(situation(), turn)
        assert set(keys(found)) == {"1a", "3a", "3b", "3c"} | own[turn % 5]
        assert [why.rule for why in found.reasons] == ["rotation"]
    assert set().union(*(keys(turn_of(situation(), turn)) for turn in range(5))) == set(NUMBERS)


@pytest.mark.parametrize("felt", PLACES, ids=lambda felt: "+".join(sorted(felt)) or "nothing felt")
def test_no_reason_names_an_excluded_exercise(felt: frozenset[FeltPlace]) -> None:
    """An exercise put first or added is never also excluded, for any two conditions and any turn."""
    names = {key: one.name_in_sentence for key, one in ALL.items()}
    for conditions in upto_two(CONDITIONS):
        for minutes in (5, 20, LONG):
            for turn in range(5):
                now = replace(situation(conditions, felt, minutes), rotation=turn, not_felt_exercises=frozenset({"3b"}))
                found = proposal(ALL, BASES["daily"], now)
                said = " ".join(why.sentence for why in found.reasons)
                both = [one.key for one in found.excluded if one.key in names and names[one.key] in said]
                assert both == [], (conditions, minutes, turn)
                if "3a" in {one.key for one in found.excluded}:
                    assert "10 to 20 minutes" not in said
                if "7a" in {one.key for one in found.excluded}:
                    assert "straight lunge" not in said


def test_full_routine_is_all_that_fits_the_triage() -> None:
    """Everything for the felt place, for any place and for the gait; all twenty if no place is known."""

    def of(*felt: FeltPlace) -> list[str]:
        return keys(triage.full_routine(ALL, situation(felt=felt)))

    in_guide_order = sorted(NUMBERS, key=lambda key: (ORDER.index(FILES[key]["group"]), NUMBERS.index(key)))
    assert of() == of(FeltPlace.NOWHERE) == in_guide_order
    assert of(FeltPlace.FRONT) == [
        *("1a", "4a", "4b", "4c"),
        *("10a", "10b", "5a", "5b", "10c", "7a", "7b", "7c"),
    ]
    assert of(FeltPlace.CALF)[:5] == ["1a", "2a", "3a", "3b", "8"]
    assert not {"2b", "2c", "3c", "4a", "4b", "4c"} & set(of(FeltPlace.CALF))
    assert set(of(FeltPlace.FRONT, FeltPlace.ACHILLES, FeltPlace.CALF)) == set(NUMBERS)
