"""How a routine follows what the tests, the pain and the person say: rules that a person can read.

Whether an ankle gains or stays is for the statistics to say (`station.core.progress`). Where they say nothing yet, the
founding guide's own rules stand: small gains that no single week shows, and after three months without any, a health
professional.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

from station.advice import pain
from station.advice.records import Adaptation, Situation, Why
from station.core.events import Side

BEHIND_MM = 15.0
"""Smaller differences of the sides are common (Hoch and McKeon 2011)."""
SIX_WEEKS, THREE_MONTHS = 6.0, 13.0
NEW_RANGE = timedelta(weeks=4)
"""So long after a gain was told it counts as new."""
NOT_FELT = {"3b": ("2a", "4c")}
"""What prepares an exercise that is not felt where it should be."""
CONTROL = (
    ("5a", "7d"),
    ("5b", "7d"),
    ("5a", "7a"),
    ("5b", "7a"),
    ("7d", "7a"),
    ("5a", "7b"),
    ("5b", "7b"),
    ("7d", "7b"),
)
"""Holding still comes before lowering slowly, and that before the lunge and the squat under load."""
CONTROL_ADDS = ("5b", "7d")
MORE_ANGLES = ("4b",)
"""It opens the ankle at several angles."""


def adaptations(situation: Situation) -> Iterator[Adaptation]:
    """What the rules change in this situation, and what they say without changing anything."""
    if (why := pain.eases_off(situation.pains)) is not None:
        yield Adaptation(why, gentler=True)
    yield from _not_felt(situation.not_felt)
    yield from _new_range(situation)
    yield from _behind(situation)
    yield from _progress(situation)


def _not_felt(not_felt: Collection[str]) -> Iterator[Adaptation]:
    for key, before in NOT_FELT.items():
        if key in not_felt:
            yield Adaptation(
                Why("not-felt", "You did not feel the soleus stretch, so release and mobilise come before it."),
                adds=before,
                before=tuple((one, key) for one in before),
                where=key,
            )


def _new_range(situation: Situation) -> Iterator[Adaptation]:
    gains = [one.gained_at for one in situation.courses.values() if one.gained_at is not None]
    if gains and situation.now - max(gains) <= NEW_RANGE:
        sentence = "You have new range. Learn to hold in it first, then to lower slowly, then to load it."
        yield Adaptation(Why("new-range", sentence), adds=CONTROL_ADDS, before=CONTROL)


def _behind(situation: Situation) -> Iterator[Adaptation]:
    for side, course in situation.courses.items():
        if course.behind_mm >= BEHIND_MM:
            sentence = f"Your {side} side is clearly behind, so it goes first and gets one more hold."
            yield Adaptation(Why("behind", sentence), side=side)


def _progress(situation: Situation) -> Iterator[Adaptation]:
    """What the course of each side comes to, the sides of one rule in one sentence."""
    reached = {side for side, one in situation.courses.items() if one.reached}
    gaining = {side for side, one in situation.courses.items() if one.gaining} - reached
    steady = {side for side, one in situation.courses.items() if one.steady} - reached - gaining
    rest = {side: one for side, one in situation.courses.items() if side not in reached | gaining | steady}
    slow = {
        side
        for side, one in rest.items()
        if one.weeks >= THREE_MONTHS and one.gained_at is None and one.change_mm is not None and one.change_mm <= 0
    }
    early = {side for side, one in rest.items() if one.gained_at is None and one.weeks < THREE_MONTHS}
    if reached:
        yield Adaptation(Why("reached", f"{_sides(reached)} at your goal. Two days a week are the guide's least."))
    if gaining:
        yield Adaptation(Why("gaining", f"{_sides(gaining)} gaining: go on as you are."))
    if (steady or slow) and not situation.persisted:
        sentence = "No gain so far, and the board saw few weeks with stretches: regular weeks are what to try first."
        yield Adaptation(Why("persist", sentence))
        steady, slow = set(), set()
    if steady:
        sentence = f"{_sides(steady)} steady: longer holds and more angles now. A health professional can look at why."
        yield Adaptation(Why("plateau", sentence), adds=MORE_ANGLES, longer=True)
    if slow:
        sentence = (
            f"{_sides(slow)} no further than three months ago, as far as the tests can tell: longer holds and more "
            "angles now, and a health professional can look at why."
        )
        yield Adaptation(Why("slow-responder", sentence), adds=MORE_ANGLES, longer=True)
    if early:
        weeks = max(rest[side].weeks for side in early)
        if weeks < SIX_WEEKS:
            sentence = "About 2 mm a week is what to expect, and no single week shows it."
            yield Adaptation(Why("first-weeks", sentence))
        else:
            sentence = "After six weeks a gain can begin to show; often the tests need longer to be sure of it."
            yield Adaptation(Why("six-weeks", sentence))


def _sides(sides: Collection[Side]) -> str:
    return "Both sides are" if len(sides) == len(Side) else f"Your {next(iter(sides))} side is"
