"""What must hold for every guided exercise, whatever the heels do and whenever it is cut short."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.core.activities.engine import Engine
from station.core.activities.routine import RoutineRun
from station.core.events import Command, CommandName, Event, Legs, Side, Tick
from station.core.facts import (
    Fact,
    HoldEnd,
    HoldFinished,
    HoldStarted,
    RepCounted,
    RepsFinished,
    RepsPartial,
    StepBegun,
)
from station.core.sensing.sensors import BoardSensors
from station.core.state import IdleState
from station.core.steps import HeelRule, HoldStep, RepsStep, RestStep, Routine, Step, routine_from_header, to_json
from tests.station.core.traces import KNOWN, LEFT, RIGHT, Story, only, us, wiring_of
from tests.station.states import AnyState

TEMPO = (us(1), us(0.5), us(1))
BOTH_SIDES = (LEFT, RIGHT)
STEPS: dict[str, Step] = {
    "hold": HoldStep((LEFT,), us(8), 2, us(4), us(3), exercise="a"),
    "hold of both legs": HoldStep(BOTH_SIDES, us(8), 2, us(4), us(3), together=True, exercise="b"),
    "hold of each leg": HoldStep(BOTH_SIDES, us(6), 1, us(4), us(3), exercise="c"),
    "paced": RepsStep((LEFT,), 4, us(3), HeelRule.DOWN, TEMPO, exercise="d"),
    "paced with both legs": RepsStep(BOTH_SIDES, 4, us(3), HeelRule.DOWN, TEMPO, together=True, exercise="e"),
    "by tempo alone": RepsStep((LEFT,), 4, us(3), HeelRule.ANY, TEMPO, exercise="f"),
    "raises": RepsStep((LEFT,), 3, us(3), exercise="g"),
}
SENSED = [name for name in STEPS if name != "by tempo alone"]


DEBOUNCE_US = us(0.4)
"""By then a rise has settled, and whatever waited for it is decided."""


class Run:
    """A routine on made-up heels, from event to event."""

    def __init__(self, routine: Routine, events: list[Event]) -> None:
        sensors = BoardSensors(wiring_of(events), 0, KNOWN)
        self.routine = RoutineRun(routine, sensors)
        self.engine = Engine(self.routine, sensors, 0)
        self.facts: list[Fact] = []

    def feed(self, event: Event) -> None:
        self.facts += self.engine.feed(event)


SHORTEST_S, LONGEST_UP_S = 0.12, 14.0
"""A shorter lift never happened, and a longer one gives up a repetition."""


def random_story(chance: Random) -> Story:
    """Heels that come and go, both or one, for about two minutes, with a few commands in between."""
    story = Story()
    down = dict.fromkeys(Side, False)
    while story.now_us < us(120):
        side = chance.choice([LEFT, LEFT, RIGHT])
        both = chance.random() < 0.4
        for one in Side if both else (side,):
            down[one] = not down[one]
            story._heel(one, down[one])
            if both:
                story.waits(chance.choice([0.0, 0.02, 0.11, 0.3]))
        all_up = not any(down.values())
        longest_s = LONGEST_UP_S if all_up else 20.0
        story.waits(SHORTEST_S + chance.uniform(0.0, longest_s) * chance.choice([0.02, 0.2, 1.0]))
        if chance.random() < 0.08:
            story.says(chance.choice([CommandName.PAUSE, CommandName.RESUME, CommandName.NEXT]))
    return story


def heard_by(name: str, seed: int, *, analogue: bool) -> tuple[Story, list[Event]]:
    story = random_story(Random(f"{name} {seed}"))
    for side in Side:
        story.heels.setdefault(side, []).insert(0, (0, False))
    return story, story.loads(hz=50, seed=seed) if analogue else story.comparator()


def is_down(story: Story, side: Side, at_us: int) -> bool:
    """Whether a heel truly was down at a moment."""
    return next((down for changed_us, down in reversed(story.heels[side]) if changed_us <= at_us), False)


def down_us(story: Story, sides: tuple[Side, ...], from_us: int, to_us: int) -> int:
    """How much of a span all of these heels were truly down."""
    marks = {from_us, to_us} | {at for side in sides for at, _ in story.heels[side] if from_us < at < to_us}
    spans = sorted(marks)
    return sum(end - begin for begin, end in pairwise(spans) if all(is_down(story, side, begin) for side in sides))


@pytest.mark.parametrize("analogue", [False, True])
@pytest.mark.parametrize("name", ["hold", "hold of both legs"])
@settings(max_examples=40)
@given(seed=st.integers(0, 1 << 32))
def test_credit_is_never_more_than_the_heels_were_down(name: str, analogue: bool, seed: int) -> None:
    """For each hold: at most the time since its GO, and that with its heels truly down; its target once finished."""
    story, events = heard_by(name, seed, analogue=analogue)
    step = STEPS[name]
    assert isinstance(step, HoldStep)
    run = Run((step,), events)
    for event in events:
        run.feed(event)
    sides = BOTH_SIDES if step.together else (LEFT,)
    begun_us = 0
    for fact in run.facts:
        if isinstance(fact, HoldStarted):
            begun_us = fact.at_us
        if isinstance(fact, HoldEnd):
            loose_us = us(0.1) * (1 + fact.lifts + fact.micro_lifts) if analogue else 0
            assert 0 <= fact.credited_us <= fact.at_us - begun_us
            assert fact.credited_us <= down_us(story, sides, begun_us, fact.at_us) + loose_us
            if isinstance(fact, HoldFinished):
                assert fact.credited_us == step.hold_us
            else:
                assert fact.credited_us < step.hold_us


@pytest.mark.parametrize("name", SENSED)
@settings(max_examples=40)
@given(seed=st.integers(0, 1 << 32))
def test_nothing_grows_while_a_heel_is_up(name: str, seed: int) -> None:
    """Once a working heel has been up for long enough to settle, neither credit nor count grows."""
    story, events = heard_by(name, seed, analogue=False)
    step = STEPS[name]
    assert isinstance(step, HoldStep | RepsStep)
    raised = isinstance(step, RepsStep) and step.heel is HeelRule.CYCLE
    run = Run((step,), events)
    ticks = sorted([*events, *(Tick(at_us) for at_us in range(0, us(120), us(0.25)))], key=lambda one: one.at_us)
    before, before_up_us = AnyState(IdleState()), None
    for event in ticks:
        run.feed(event)
        now = AnyState(run.engine.state_at(event.at_us))
        sides = BOTH_SIDES if step.together else (Side(now.side),) if now.side in tuple(Side) else ()
        up_us = min((changed for side in sides if (changed := _up_since(story, side, event.at_us))), default=None)
        debounced = up_us is not None and event.at_us - up_us > DEBOUNCE_US
        if debounced and up_us == before_up_us and (now.side, now.repetition) == (before.side, before.repetition):
            if now.counting == before.counting == "hold":
                assert now.counted_us == before.counted_us
            assert raised or now.count == before.count
        before, before_up_us = now, up_us if debounced else None


def _up_since(story: Story, side: Side, at_us: int) -> int | None:
    changes = [(changed_us, down) for changed_us, down in story.heels[side] if changed_us <= at_us]
    return changes[-1][0] if changes and not changes[-1][1] else None


@pytest.mark.parametrize("name", STEPS)
@settings(max_examples=40)
@given(seed=st.integers(0, 1 << 32))
def test_a_finished_set_has_all_of_its_repetitions(name: str, seed: int) -> None:
    """Counts go up by one, no set is finished before its last one, and none continues after it."""
    _, events = heard_by(name, seed, analogue=False)
    step = STEPS[name]
    run = Run((step,), events)
    for event in events:
        run.feed(event)
    if isinstance(step, RepsStep):
        counts = [fact.count for fact in only(run.facts, RepCounted)]
        assert counts == list(range(1, len(counts) + 1))
        finished = [fact for fact in only(run.facts, RepsFinished) if not isinstance(fact, RepsPartial)]
        assert [fact.count for fact in finished] == [step.count] * len(finished)
        assert len(finished) == (len(counts) == step.count)
    else:
        assert isinstance(step, HoldStep)
        done = [(fact.side, fact.repetition) for fact in only(run.facts, HoldEnd) if isinstance(fact, HoldFinished)]
        assert len(done) == len(set(done)) <= len(step.turns) * step.repetitions


Dose = Counter[tuple[str, Legs]]
"""Holds and repetitions, by exercise and legs."""


def whole_of(routine: Routine) -> Dose:
    """What a routine prescribes."""
    owed: Dose = Counter()
    for step in routine:
        for legs in step.turns if isinstance(step, HoldStep | RepsStep) else ():
            assert isinstance(step, HoldStep | RepsStep)
            owed[(str(step.exercise), legs)] += step.repetitions if isinstance(step, HoldStep) else step.count
    return owed


def done_of(routine: Routine, facts: list[Fact]) -> Dose:
    """How much of it was done: holds finished and repetitions counted."""
    done: Dose = Counter()
    at = 0
    for fact in facts:
        step = routine[at]
        exercise = str(getattr(step, "exercise", None))
        if isinstance(fact, StepBegun):
            at = fact.step
        elif isinstance(fact, HoldFinished | RepCounted):
            done[(exercise, fact.side)] += 1
    return done


def random_routine(chance: Random) -> Routine:
    steps: list[Step] = [STEPS[name] for name in chance.sample(list(STEPS), 3)]
    return (steps[0], RestStep(us(5)), *steps[1:]) if chance.random() < 0.5 else tuple(steps)


def obedient_story(chance: Random) -> Story:
    """Both heels down most of the time, with lifts too short to give up a repetition."""
    story = Story().stands(side=LEFT).stands(side=RIGHT)
    while story.now_us < us(200):
        story.waits(chance.uniform(0.5, 12.0))
        story.lifts(chance.uniform(0.15, 4.0), chance.choice(BOTH_SIDES))
    return story


@settings(max_examples=250)
@given(seed=st.integers(0, 1 << 32), cut_s=st.floats(0.0, 200.0), by=st.sampled_from(["stop", "power", "look"]))
def test_done_and_remaining_make_the_whole(seed: int, cut_s: float, by: str) -> None:
    """Whenever a routine is cut short, by a command or without one, nothing is owed twice and nothing is lost."""
    chance = Random(seed)
    routine = random_routine(chance)
    events = obedient_story(chance).comparator()
    run = Run(routine, events)
    cut_us = us(cut_s)
    for event in events:
        if event.at_us > cut_us:
            break
        run.feed(event)
    run.feed(Tick(max(cut_us, run.engine._now_us)))
    if by == "stop":
        run.feed(Command(max(cut_us, run.engine._now_us), CommandName.STOP))
    elif by == "power":
        run.facts += run.engine.close(max(cut_us, run.engine._now_us))
    left = run.routine.remaining
    assert whole_of(left) + done_of(routine, run.facts) == whole_of(routine)
    assert (left == ()) is (run.engine.outcome == "complete")
    if left:
        assert routine_from_header(to_json(left)) == left
