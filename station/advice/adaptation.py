"""Rules that adapt a routine to the tests, the pain and the person's answers.

The statistics (`station.core.progress`) decide whether an ankle is gaining or steady. Until they can, the founding
guide's rules apply: gains too small for a single week to show, and a health professional after three months without
any.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from itertools import chain

from msgspec import Struct

from station.advice import pain
from station.advice.records import Adaptation, Reason, Situation
from station.core.events import Side

CLEAR_DEFICIT_MM = 15.0
"""Smaller differences between the sides are common (Hoch and McKeon 2011)."""
SIX_WEEKS, THREE_MONTHS_WEEKS = 6.0, 13.0
NEW_RANGE_PERIOD = timedelta(weeks=4)
"""How long a confirmed gain counts as new: a week for each of the `CONTROL_STAGES`."""
NOT_FELT_PREPARATION = {"3b": ("2a", "4c")}
"""The exercises that prepare for one whose stretch the person does not feel."""


class ControlStage(Struct, frozen=True):
    """One week of learning to control new range: what the person learns, and the exercises for it."""

    aim: str
    exercises: tuple[str, ...]


CONTROL_STAGES = (
    ControlStage("hold it still", ("5a",)),
    ControlStage("lower slowly into it", ("5b", "7d")),
    ControlStage("load it on one leg", ("7c",)),
    ControlStage("lunge and squat in it", ("7a", "7b")),
)
"""Isometric, eccentric, loaded, then lunge and squat; a week each."""
CONTROL_ORDER = tuple(chain.from_iterable(stage.exercises for stage in CONTROL_STAGES))
MORE_ANGLES_EXERCISES = ("4b",)
"""The exercise that opens the ankle at several angles."""


def adaptations(situation: Situation) -> Iterator[Adaptation]:
    """The changes and remarks of all rules in this situation."""
    if (why := pain.reduction_reason(situation.pain_answers)) is not None:
        yield Adaptation(why, reduces_everything=True)
    yield from _not_felt_adaptations(situation.not_felt_exercises)
    yield from _new_range_adaptations(situation)
    yield from _deficit_adaptations(situation)
    yield from _progress_adaptations(situation)


def _not_felt_adaptations(not_felt: Collection[str]) -> Iterator[Adaptation]:
    for key, before in NOT_FELT_PREPARATION.items():
        if key in not_felt:
            yield Adaptation(
                Reason("not-felt", "You did not feel the soleus stretch, so these come before it: {exercises}."),
                added_exercises=before,
                order_pairs=tuple((one, key) for one in before),
                required_exercise=key,
            )


def _new_range_adaptations(situation: Situation) -> Iterator[Adaptation]:
    stage = _control_stage(situation)
    if stage is not None:
        this_week = CONTROL_STAGES[stage]
        sentence = f"You have new range. This week you learn to {this_week.aim}: {{exercises}}."
        pairs = tuple(
            (before, after) for number, after in enumerate(CONTROL_ORDER) for before in CONTROL_ORDER[:number]
        )
        yield Adaptation(Reason("new-range", sentence), added_exercises=this_week.exercises, order_pairs=pairs)


def later_control_exercises(situation: Situation) -> frozenset[str]:
    """The exercises for new range whose week is still to come."""
    stage = _control_stage(situation)
    later = () if stage is None else CONTROL_STAGES[stage + 1 :]
    return frozenset(chain.from_iterable(one.exercises for one in later))


def _control_stage(situation: Situation) -> int | None:
    """The index of this week's stage; `None` without new range."""
    gains = [one.last_gain_at for one in situation.side_histories.values() if one.last_gain_at is not None]
    if not gains or situation.now - max(gains) > NEW_RANGE_PERIOD:
        return None
    return min((situation.now - max(gains)) // timedelta(weeks=1), len(CONTROL_STAGES) - 1)


def _deficit_adaptations(situation: Situation) -> Iterator[Adaptation]:
    for side, history in situation.side_histories.items():
        if history.deficit_mm >= CLEAR_DEFICIT_MM:
            sentence = f"Your {side} side is clearly behind, so it goes first and gets one more hold."
            yield Adaptation(Reason("behind", sentence), extra_repetition_side=side)


def _progress_adaptations(situation: Situation) -> Iterator[Adaptation]:
    """Remarks on each side's progress; sides under the same rule share one sentence."""
    reached = {side for side, one in situation.side_histories.items() if one.has_reached_goal}
    gaining = {side for side, one in situation.side_histories.items() if one.is_gaining} - reached
    steady = {side for side, one in situation.side_histories.items() if one.is_steady} - reached - gaining
    undecided = {side: one for side, one in situation.side_histories.items() if side not in reached | gaining | steady}
    slow = {
        side
        for side, one in undecided.items()
        if one.weeks >= THREE_MONTHS_WEEKS
        and one.last_gain_at is None
        and one.change_mm is not None
        and one.change_mm <= 0
    }
    early = {side for side, one in undecided.items() if one.last_gain_at is None and one.weeks < THREE_MONTHS_WEEKS}
    if reached:
        yield Adaptation(
            Reason("reached", f"{_sides_text(reached)} at your goal. Keep it with at least two days a week.")
        )
    if gaining:
        yield Adaptation(Reason("gaining", f"{_sides_text(gaining)} gaining: keep up what you are doing."))
    if (steady or slow) and not situation.has_trained_regularly:
        sentence = (
            "No gain so far, but you stretched on the board in only a few weeks: try to stretch every week first."
        )
        yield Adaptation(Reason("persist", sentence))
        steady, slow = set(), set()
    if steady:
        sentence = (
            f"{_sides_text(steady)} steady: hold longer and use more angles now. A health professional can look for "
            "the cause."
        )
        yield Adaptation(Reason("plateau", sentence), added_exercises=MORE_ANGLES_EXERCISES, lengthens_holds=True)
    if slow:
        sentence = (
            f"{_sides_text(slow)} no farther than three months ago, as far as the tests can show: hold longer and "
            "use more angles now. A health professional can look for the cause."
        )
        yield Adaptation(
            Reason("slow-responder", sentence), added_exercises=MORE_ANGLES_EXERCISES, lengthens_holds=True
        )
    if early:
        weeks = max(undecided[side].weeks for side in early)
        if weeks < SIX_WEEKS:
            sentence = "Expect about 2 mm a week: too little for a single week to show."
            yield Adaptation(Reason("first-weeks", sentence))
        else:
            sentence = "After six weeks a gain may begin to show; the tests often need longer to confirm it."
            yield Adaptation(Reason("six-weeks", sentence))


def _sides_text(sides: Collection[Side]) -> str:
    return "Both sides are" if len(sides) == len(Side) else f"Your {next(iter(sides))} side is"
