"""Routines adapt to test results and to what the person felt: each rule makes its own change and no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from station.advice.records import Proposal, SideHistory, Situation
from station.advice.triage import proposal
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import FeltPlace, Item
from station.core.events import Side
from tests.station.advice.guide import NOW, done
from tests.station.health_answers import on_both

ALL = exercises()
EVERYTHING = tuple(Item(exercise=key) for key in ALL)
DAILY = built_in_routines()["daily"].items
LEFT, RIGHT = Side.LEFT, Side.RIGHT
WEEK = timedelta(weeks=1)


def propose(
    base: Sequence[Item] = DAILY,
    *,
    left: SideHistory | None = None,
    right: SideHistory | None = None,
    not_felt: Sequence[str] = (),
    felt: Sequence[FeltPlace] = (),
    conditions: Sequence[str] = (),
    pain: int = 0,
    persisted: bool = True,
    rotation: int | None = None,
    calm_days: int = 0,
) -> Proposal:
    courses = {side: course for side, course in ((LEFT, left), (RIGHT, right)) if course is not None}
    pains = ((NOW - timedelta(hours=1), pain),)
    situation = Situation(
        NOW,
        on_both(*conditions),
        felt_places=frozenset(felt),
        pain_answers=pains,
        not_felt_exercises=frozenset(not_felt),
        side_histories=courses,
        has_trained_regularly=persisted,
        available_minutes=24 * 60,
        rotation=rotation,
        calm_training_days=calm_days,
    )
    return proposal(ALL, base, situation)


def keys(found: Proposal) -> list[str]:
    return [str(item.exercise) for item in found.items]


def rules(found: Proposal) -> list[str]:
    return [why.rule for why in found.reasons]


def doses(found: Proposal) -> Mapping[tuple[str, Side | None], tuple[int | None, int, int | None]]:
    return {(str(item.exercise), item.side): done(item) for item in found.items}


def sentence(found: Proposal, rule: str) -> str:
    return next(why.sentence for why in found.reasons if why.rule == rule)


def test_gaining_side_changes_nothing() -> None:
    """A gaining person continues unchanged, with a sentence about each side or both."""
    gaining = SideHistory(is_known=True, is_gaining=True, weeks=10, last_gain_at=NOW - 5 * WEEK)
    found = propose(left=gaining, right=SideHistory(is_known=True, weeks=10, last_gain_at=NOW - 9 * WEEK))
    assert found.items == propose().items
    assert rules(found) == ["gaining"]
    assert sentence(found, "gaining").startswith("Your left side is gaining")
    assert sentence(propose(left=gaining, right=gaining), "gaining").startswith("Both sides are")


def test_steady_side_gets_longer_holds_and_more_angles() -> None:
    """Two one-minute holds of two calf stretches make four minutes a leg; a health professional is named."""
    found = propose(right=SideHistory(is_known=True, is_gaining=False, is_steady=True, weeks=26))
    assert rules(found) == ["plateau"]
    assert "health professional" in sentence(found, "plateau")
    assert doses(found)["3a", None] == doses(found)["3b", None] == (60, 2, None)
    assert doses(found)["3c", None] == (60, 1, None)
    assert keys(found) == ["1a", "3a", "3b", "3c", "4b"]


def test_slow_responder_follows_guide_without_statistics() -> None:
    """Three months without any gain in single tests; not a week earlier, and not with a gain."""
    slow = SideHistory(weeks=13, change_mm=0.0)
    found = propose(left=slow, right=slow)
    assert rules(found) == ["slow-responder"]
    assert "health professional" in sentence(found, "slow-responder")
    assert doses(found)["3b", None] == (60, 2, None)
    assert "4b" in keys(found)
    for other in (
        SideHistory(weeks=12.9, change_mm=-5.0),
        SideHistory(weeks=20, change_mm=0.1),
        SideHistory(weeks=20, change_mm=-5.0, last_gain_at=NOW - 9 * WEEK),
        SideHistory(weeks=20, change_mm=-5.0, is_known=True, is_gaining=True, last_gain_at=NOW - 9 * WEEK),
        SideHistory(weeks=20),
    ):
        assert "slow-responder" not in rules(propose(left=other))
        assert propose(left=other).items == propose().items


def test_irregular_training_changes_nothing() -> None:
    """Regular weeks come before longer holds and before a health professional."""
    for course in (SideHistory(is_known=True, is_steady=True, weeks=30), SideHistory(weeks=13, change_mm=0.0)):
        found = propose(left=course, persisted=False)
        assert rules(found) == ["persist"]
        assert found.items == propose().items
    assert rules(propose(left=SideHistory(is_known=True, is_gaining=True, weeks=9), persisted=False)) == ["gaining"]


@pytest.mark.parametrize(
    ("weeks", "rule"), [(0, "first-weeks"), (5.9, "first-weeks"), (6, "six-weeks"), (12.9, "six-weeks")]
)
def test_early_weeks_state_expectation(weeks: float, rule: str) -> None:
    """In the first weeks, and after six, until a gain is confirmed."""
    found = propose(left=SideHistory(weeks=weeks, change_mm=1.0))
    assert rules(found) == [rule]
    assert found.items == propose().items


def test_reached_goal_adds_nothing() -> None:
    """At the goal no dose grows, however steady the side."""
    found = propose(left=SideHistory(is_known=True, is_steady=True, weeks=40, has_reached_goal=True))
    assert rules(found) == ["reached"]
    assert found.items == propose().items


def test_side_behind_goes_first_with_one_more_hold() -> None:
    """Only stretches of one leg at a time change; rests and exercises of both legs do not."""
    found = propose(right=SideHistory(is_known=True, weeks=20, change_mm=3, deficit_mm=15.0))
    assert rules(found) == ["behind"]
    assert [(item.exercise, item.side, item.repetitions) for item in found.items] == [
        ("1a", None, None),
        ("3a", RIGHT, 4),
        ("3a", LEFT, None),
        ("3b", RIGHT, 4),
        ("3b", LEFT, None),
        ("3c", None, None),
    ]
    assert propose(right=SideHistory(weeks=20, change_mm=3, deficit_mm=14.9)).items == propose().items


def test_steady_side_behind_gets_both_changes() -> None:
    """Both rules apply, one after the other."""
    found = propose(left=SideHistory(is_known=True, is_steady=True, weeks=30, deficit_mm=20.0))
    assert set(rules(found)) == {"behind", "plateau"}
    assert doses(found)["3a", LEFT][1] == doses(found)["3a", RIGHT][1] + 1
    assert found.items[1].side is LEFT


def test_reduced_exercise_never_grows() -> None:
    """A condition or pain prevents longer and extra holds, and no reason claims them."""
    slow = SideHistory(is_known=True, is_steady=True, weeks=30, deficit_mm=20.0)
    for found in (propose(left=slow, pain=4), propose(left=slow, conditions=["cleared"])):
        assert doses(found)["3a", None] == doses(found)["3b", None] == (30, 2, None)
        assert "behind" not in rules(found)
    arch = propose(left=slow, conditions=["arch_falls"])
    assert doses(arch)["3b", None] == (30, 2, None)


def test_unfelt_stretch_gets_preparation() -> None:
    """Release and mobilising come before the soleus stretch, even if the calf is the felt place."""
    for felt in ([], [FeltPlace.CALF]):
        found = propose(not_felt=["3b"], felt=felt)
        assert "not-felt" in rules(found)
        assert keys(found).index("2a") < keys(found).index("3b")
        assert keys(found).index("4c") < keys(found).index("3b")
        assert keys(found).count("3b") == 1
    assert keys(propose(not_felt=["3b"])) == ["1a", "2a", "3a", "3c", "4c", "3b"]
    assert propose(not_felt=["3a"]).items == propose().items
    without = propose([Item(exercise="3a")], not_felt=["3b"])
    assert (keys(without), rules(without)) == (["3a"], [])


def gained(before: timedelta) -> SideHistory:
    """A side with a gain confirmed this long ago."""
    return SideHistory(is_known=True, weeks=10, last_gain_at=NOW - before)


def test_new_range_is_controlled_before_loading() -> None:
    """In any routine: hold still, lower slowly, load on one leg, and only then lunge and squat."""
    for felt in ([], [FeltPlace.ACHILLES], [FeltPlace.FRONT, FeltPlace.CALF]):
        found = propose(EVERYTHING, left=gained(4 * WEEK), felt=felt)
        order = [key for key in keys(found) if key in ("5a", "5b", "7d", "7c", "7a", "7b")]
        assert order == ["5a", "5b", "7d", "7c", "7a", "7b"]
        assert "new-range" in rules(found)
    assert propose(left=gained(4 * WEEK + timedelta(seconds=1))).items == propose().items


@pytest.mark.parametrize(
    ("weeks", "added"), [(0, {"5a"}), (1, {"5b", "7d"}), (2, {"7c"}), (3, {"7a", "7b"}), (4, {"7a", "7b"})]
)
def test_new_range_is_loaded_a_step_a_week(weeks: int, added: set[str]) -> None:
    """Each week adds its own step, and the rotation never adds a later one before its week."""
    found = propose(left=gained(weeks * WEEK))
    assert set(keys(found)) - set(keys(propose())) == added
    steps = [{"5a"}, {"5b", "7d"}, {"7c"}, {"7a", "7b"}]
    later = set().union(*steps[weeks + 1 :])
    for turn in range(5):
        of_turn = propose(left=gained(weeks * WEEK), rotation=turn)
        assert not set(keys(of_turn)) & later
        assert added <= set(keys(of_turn))


def test_pinch_puts_relaxed_exercises_first() -> None:
    """Traction and opening, with the foot relaxed, come before the lunges."""
    found = propose([Item(exercise="1a"), Item(exercise="4c"), Item(exercise="7a")], conditions=["pinch"])
    assert keys(found) == ["1a", "4a", "4b", "4c", "7a"]
    assert {one.key for one in found.reduced} == {"4c", "7a"}


def test_last_gain_of_either_side_counts() -> None:
    """A side without a gain does not hide the other side's."""
    found = propose(left=SideHistory(weeks=3), right=SideHistory(is_known=True, weeks=9, last_gain_at=NOW - WEEK))
    assert "new-range" in rules(found)
    assert "first-weeks" in rules(found)


@pytest.mark.parametrize(
    ("calm_days", "count"), [(0, 5), (5, 5), (6, 8), (11, 8), (12, 10), (100, 10)], ids=lambda number: str(number)
)
@pytest.mark.parametrize("condition", ["cleared", "tendon_pain", "insertional"])
def test_smaller_dose_grows_while_it_stays_calm(condition: str, calm_days: int, count: int) -> None:
    """Heel drops: half, three quarters after six calm training days, the whole ten after twelve; pain halves again."""
    found = propose([Item(exercise="7d")], conditions=[condition], calm_days=calm_days)
    assert doses(found)["7d", None] == (None, 1, count)
    assert ("7d" in {one.key for one in found.reduced}) is (count < 10)
    assert ("dose-grows" in {one.reason.rule for one in found.reduced}) is (count == 8)
    eased = propose([Item(exercise="7d")], conditions=[condition], calm_days=calm_days, pain=4)
    assert doses(eased)["7d", None] == (None, 1, 5)


def test_only_the_load_grows_with_a_sore_tendon() -> None:
    """Stretches and lunges stay gentle however long it has been calm."""
    found = propose(EVERYTHING, conditions=["tendon_pain"], calm_days=50)
    assert doses(found)["3b", None] == (30, 2, None)
    assert doses(found)["7a", None] == (None, 1, 15)
    assert "3a" not in keys(found)


def test_sore_tendon_is_loaded_by_heel_drops() -> None:
    """Not by the shin: lifting the forefoot does not load the Achilles tendon."""
    for condition in ("tendon_pain", "insertional"):
        found = propose(conditions=[condition])
        assert "7d" in keys(found)
        assert not {"5a", "5b"} & set(keys(found))
        assert doses(found)["7d", None] == (None, 1, 5)
