"""How a routine follows the tests, and what a person felt: each rule changes what it says, and nothing else."""

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
) -> Proposal:
    courses = {side: course for side, course in ((LEFT, left), (RIGHT, right)) if course is not None}
    pains = ((NOW - timedelta(hours=1), pain),)
    situation = Situation(
        NOW,
        frozenset(conditions),
        felt_places=frozenset(felt),
        pain_answers=pains,
        not_felt_exercises=frozenset(not_felt),
        side_histories=courses,
        has_trained_regularly=persisted,
        available_minutes=24 * 60,
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


def test_a_gain_changes_nothing() -> None:
    """A person who gains continues unchanged, with a sentence about each side or both."""
    gaining = SideHistory(is_known=True, is_gaining=True, weeks=10, last_gain_at=NOW - 5 * WEEK)
    found = propose(left=gaining, right=SideHistory(is_known=True, weeks=10, last_gain_at=NOW - 9 * WEEK))
    assert found.items == propose().items
    assert rules(found) == ["gaining"]
    assert sentence(found, "gaining").startswith("Your left side is gaining")
    assert sentence(propose(left=gaining, right=gaining), "gaining").startswith("Both sides are")


def test_steady_for_months_is_longer_and_more_angles() -> None:
    """Holds of a minute, twice: with two calf stretches four minutes a leg. A professional is named."""
    found = propose(right=SideHistory(is_known=True, is_gaining=False, is_steady=True, weeks=26))
    assert rules(found) == ["plateau"]
    assert "health professional" in sentence(found, "plateau")
    assert doses(found)["3a", None] == doses(found)["3b", None] == (60, 2, None)
    assert doses(found)["3c", None] == (60, 1, None)
    assert keys(found) == ["1a", "3a", "3b", "3c", "4b"]


def test_the_guide_speaks_where_the_statistics_do_not() -> None:
    """Three months without any gain, as far as single tests can tell; not a week earlier, not with a gain."""
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


def test_few_weeks_with_stretches_say_nothing_of_the_ankle() -> None:
    """Regular weeks come before longer holds and before a professional."""
    for course in (SideHistory(is_known=True, is_steady=True, weeks=30), SideHistory(weeks=13, change_mm=0.0)):
        found = propose(left=course, persisted=False)
        assert rules(found) == ["persist"]
        assert found.items == propose().items
    assert rules(propose(left=SideHistory(is_known=True, is_gaining=True, weeks=9), persisted=False)) == ["gaining"]


@pytest.mark.parametrize(
    ("weeks", "rule"), [(0, "first-weeks"), (5.9, "first-weeks"), (6, "six-weeks"), (12.9, "six-weeks")]
)
def test_what_to_expect_is_said(weeks: float, rule: str) -> None:
    """In the first weeks, and after six, while no gain is told."""
    found = propose(left=SideHistory(weeks=weeks, change_mm=1.0))
    assert rules(found) == [rule]
    assert found.items == propose().items


def test_who_is_there_is_told() -> None:
    """At the goal nothing grows, however steady."""
    found = propose(left=SideHistory(is_known=True, is_steady=True, weeks=40, has_reached_goal=True))
    assert rules(found) == ["reached"]
    assert found.items == propose().items


def test_the_side_behind_goes_first_with_one_more() -> None:
    """Each stretch of one leg at a time; what both legs do at once, and the rest, stays."""
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


def test_the_side_behind_gets_longer_holds_too() -> None:
    """Steady and behind: both rules, one after the other."""
    found = propose(left=SideHistory(is_known=True, is_steady=True, weeks=30, deficit_mm=20.0))
    assert set(rules(found)) == {"behind", "plateau"}
    assert doses(found)["3a", LEFT][1] == doses(found)["3a", RIGHT][1] + 1
    assert found.items[1].side is LEFT


def test_what_is_gentler_is_never_made_more() -> None:
    """Neither longer nor more for a side, by a condition or by pain; then nothing says that it is."""
    slow = SideHistory(is_known=True, is_steady=True, weeks=30, deficit_mm=20.0)
    for found in (propose(left=slow, pain=4), propose(left=slow, conditions=["cleared"])):
        assert doses(found)["3a", None] == doses(found)["3b", None] == (30, 2, None)
        assert "behind" not in rules(found)
    arch = propose(left=slow, conditions=["arch_falls"])
    assert doses(arch)["3b", None] == (30, 2, None)


def test_a_stretch_that_is_not_felt_is_prepared() -> None:
    """Release and mobilise come before the soleus stretch, also where that is felt first."""
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


def test_new_range_is_controlled_before_it_is_loaded() -> None:
    """For four weeks after a gain was told: hold still, lower slowly, and only then load."""
    new = SideHistory(is_known=True, weeks=10, last_gain_at=NOW - 4 * WEEK)
    for felt in ([], [FeltPlace.ACHILLES], [FeltPlace.FRONT, FeltPlace.CALF]):
        found = propose(EVERYTHING, left=new, felt=felt)
        order = [key for key in keys(found) if key in ("5a", "5b", "7d", "7a", "7b")]
        assert order == ["5a", "5b", "7d", "7a", "7b"]
        assert "new-range" in rules(found)
    assert {"5b", "7d"} <= set(keys(propose(left=new)))
    old = SideHistory(is_known=True, weeks=10, last_gain_at=NOW - 4 * WEEK - timedelta(seconds=1))
    assert propose(left=old).items == propose().items


def test_a_pinch_relaxes_the_foot_first() -> None:
    """Traction and opening, with the foot at rest, come before the lunges."""
    found = propose([Item(exercise="1a"), Item(exercise="4c"), Item(exercise="7a")], conditions=["pinch"])
    assert keys(found) == ["1a", "4a", "4b", "4c", "7a"]
    assert {one.key for one in found.reduced} == {"4c", "7a"}


def test_the_last_gain_counts() -> None:
    """A side without one does not hide the other's."""
    found = propose(left=SideHistory(weeks=3), right=SideHistory(is_known=True, weeks=9, last_gain_at=NOW - WEEK))
    assert "new-range" in rules(found)
    assert "first-weeks" in rules(found)
