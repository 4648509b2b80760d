"""The hold against an independent oracle, over thousands of random lifts, and what must never change a result."""

from __future__ import annotations

from copy import deepcopy
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from station.core.events import Command, CommandName, Event, Heel, Knee, Load, Side, Tick, Toe
from station.core.facts import CueName, Ended, Fact, HoldEnd, HoldFinished, HoldStarted, Paused
from station.core.steps import HoldStep, RepsStep, Step, TestStep
from tests.station.core.oracle import End, Oracle, Span
from tests.station.core.traces import KNOWN, LEFT, Story, engine_for, facts_of, heard, one, only, us


def steps_of(chance: Random) -> HoldStep:
    hold_s, rest_s, prepare_s = chance.choice([5, 10, 30]), chance.choice([2, 5, 15]), chance.choice([2, 10])
    return HoldStep((LEFT,), us(hold_s), chance.choice([1, 2, 3]), us(rest_s), us(prepare_s))


def random_spans(chance: Random, least_s: float = 0.12) -> list[Span]:
    """A heel that is up for two seconds, then down and up in turn, near every limit of the rules but not on one."""
    spans: list[Span] = []
    at_us, down = 0, False
    for number in range(chance.randint(3, 30)):
        if number == 0:
            lasts_s = 2.0
        elif down:
            lasts_s = chance.choice([chance.uniform(least_s, 1), chance.uniform(1, 6), chance.uniform(5, 30)])
        else:
            up_s = [(least_s, 0.46), (0.54, 2.9), (3.1, 14), (0.54, 2.9), (least_s, 0.46), (15.1, 70)]
            lasts_s = chance.uniform(*chance.choices(up_s, weights=(3, 3, 1, 3, 3, 0.5))[0])
        if number == 1:
            lasts_s = max(lasts_s, 3.0)
        spans.append((at_us, at_us + us(lasts_s), down))
        at_us, down = spans[-1][1], not down
    return spans


def with_flicker(spans: list[Span], chance: Random) -> list[tuple[int, bool]]:
    """The levels of a comparator, with bounces after changes and flickers within spans: none of them may matter."""
    levels: list[tuple[int, bool]] = []
    for from_us, until_us, down in spans:
        levels.append((from_us, down))
        if from_us and chance.random() < 0.4:
            bounced_us = from_us + chance.randint(1_000, 30_000)
            levels += [(bounced_us, not down), (bounced_us + chance.randint(1_000, 30_000), down)]
        if until_us - from_us > 500_000 and chance.random() < 0.6:
            flash_us = chance.randint(from_us + 110_000, until_us - 300_000)
            levels += [(flash_us, not down), (flash_us + chance.randint(1_000, 75_000), down)]
    return levels


def agree(spans: list[Span], step: HoldStep, facts: list[Fact]) -> None:
    gos, dones = ([us(at_s) for at_s in heard(facts, name)] for name in (CueName.GO, CueName.HOLD_DONE))
    reported = Oracle(spans, gos, dones, step).run()
    found = [
        End(isinstance(end, HoldFinished), end.repetition, end.credited_us, end.lifted_us, end.lifts, end.micro_lifts)
        for end in only(facts, HoldEnd)
    ]
    assert found == reported.ends
    assert len(heard(facts, CueName.HEEL_UP)) == reported.alarms
    assert len(only(facts, Paused)) == reported.pauses
    assert bool(only(facts, Ended)) == reported.ended


def are_in_order(facts: list[Fact]) -> None:
    times_us = [fact.at_us for fact in facts]
    assert times_us == sorted(times_us)
    for fact in facts:
        assert getattr(fact, "since_us", 0) <= fact.at_us


def story_of(levels: list[tuple[int, bool]], end_us: int) -> Story:
    story = Story()
    story.heels[LEFT], story.now_us = levels, end_us
    return story


@settings(max_examples=400)
@given(st.integers(0, 1 << 32))
def test_credit_lifts_alarms_and_pauses_are_those_of_the_true_heel(seed: int) -> None:
    """However the heel moves and a comparator bounces, every figure is exactly that of the true heel."""
    chance = Random(seed)
    spans, step = random_spans(chance), steps_of(chance)
    facts = facts_of(story_of(with_flicker(spans, chance), spans[-1][1]).comparator(), step)
    agree(spans, step, facts)
    are_in_order(facts)


@pytest.mark.parametrize("hz", [100, 8])
@pytest.mark.parametrize("known", [True, False], ids=["from the header", "learnt"])
@settings(max_examples=25)
@given(seed=st.integers(0, 1 << 32))
def test_a_load_says_the_same_as_the_heel_that_makes_it(hz: int, known: bool, seed: int) -> None:
    """Noise, 10-bit codes and creep change no figure: they are those of the true heel at the samples' moments."""
    chance = Random(seed)
    truth, step = random_spans(chance, least_s=max(0.12, 2.2 / hz)), steps_of(chance)
    if not known:  # two seconds of standing set the reference, and a shorter preparation would be over by then
        step = replace(step, prepare_us=us(10))
    pace_us = us(1 / hz)
    spans = [(-(-a // pace_us) * pace_us, -(-b // pace_us) * pace_us, down) for a, b, down in truth]
    spans[-1] = (spans[-1][0], truth[-1][1], spans[-1][2])
    story = story_of([(a, down) for a, _, down in truth], truth[-1][1])
    events = story.loads(hz=hz, creep=chance.choice([0.08, 0.3, 0.6]), seed=seed)
    facts = facts_of(events, step, references=KNOWN if known else None)
    agree([span for span in spans if span[0] < span[1]], step, facts)
    are_in_order(facts)


STEPS: dict[str, Step] = {
    "hold": HoldStep((LEFT,), us(10), 2, us(5), us(5)),
    "both": HoldStep(hold_us=us(5), repetitions=1, rest_us=us(5), prepare_us=us(5)),
    "reps": RepsStep((LEFT,), 5, us(3)),
    "test": TestStep((LEFT,)),
}


def any_events(chance: Random, analogue: bool) -> list[Event]:
    """Anything in time order: random heels, pad, readings and commands, and long silences."""
    events: list[Event] = []
    at_us = 0
    for _ in range(chance.randint(5, 400)):
        at_us += chance.choice([0, 10_000, 33_000, chance.randint(0, 300_000), chance.randint(0, 4_000_000)])
        side = chance.choice(list(Side))
        kind = chance.random()
        if kind < 0.55:
            share = chance.choice([0.0, 0.01, 0.05, 0.3, 0.5, 0.6, 1.0, chance.random()])
            events.append(Load(at_us, side, share) if analogue else Heel(at_us, side, chance.random() < 0.6))
        elif kind < 0.85:
            events.append(Toe(at_us, chance.choice([0, 29, 165, 166, 170, 8190, 1300]), chance.choice([11, 11, 4])))
        elif kind < 0.92:
            events.append(Knee(at_us, chance.random() < 0.5))
        else:
            word = chance.choice(list(CommandName))
            events.append(Command(at_us, word, side if word is CommandName.SIDE else None))
    return events


@pytest.mark.parametrize("name", STEPS)
@settings(max_examples=60)
@given(seed=st.integers(0, 1 << 32), analogue=st.booleans())
def test_rows_in_any_order_never_break_the_rules(name: str, seed: int, analogue: bool) -> None:
    """Whatever the sensors send: no error, facts in time order, none before it happened, never too much credit."""
    facts = facts_of(any_events(Random(seed), analogue), STEPS[name], references=KNOWN)
    are_in_order(facts)
    started_us = 0
    for fact in facts:
        if isinstance(fact, HoldStarted):
            started_us = fact.at_us
        if isinstance(fact, HoldEnd):
            assert 0 <= fact.credited_us <= fact.at_us - started_us
            assert fact.lifted_us >= 0


@pytest.mark.parametrize("name", STEPS)
@settings(max_examples=30)
@given(seed=st.integers(0, 1 << 32), analogue=st.booleans())
def test_ticks_and_copies_change_nothing(name: str, seed: int, analogue: bool) -> None:
    """More Ticks at any time, or continuing with a copy, give the same facts at the same times."""
    chance = Random(seed)
    events = any_events(chance, analogue)
    plain = engine_for((STEPS[name],), events, KNOWN)
    ticked = engine_for((STEPS[name],), events, KNOWN)
    expected: list[Fact] = []
    found: list[Fact] = []
    at_us = events[0].at_us
    for event in events:
        expected += plain.feed(event)
        for tick_us in sorted(chance.randint(at_us, event.at_us) for _ in range(2)):
            found += ticked.feed(Tick(tick_us))
        if chance.random() < 0.02:
            ticked = deepcopy(ticked)
        at_us = event.at_us
        found += ticked.feed(event)
    assert found + ticked.close(at_us) == expected + plain.close(at_us)


@pytest.mark.parametrize("name", STEPS)
@settings(max_examples=20)
@given(seed=st.integers(0, 1 << 32), analogue=st.booleans())
def test_the_engine_wakes_in_time(name: str, seed: int, analogue: bool) -> None:
    """Fed with Ticks exactly when it requests them, the engine emits every fact at its own time."""
    events = any_events(Random(seed), analogue)
    engine = engine_for((STEPS[name],), events, KNOWN)
    for event in events:
        while (wakes_us := engine.wakes_at_us) is not None and wakes_us < event.at_us:
            assert all(fact.at_us == wakes_us for fact in engine.feed(Tick(wakes_us)))
        assert all(fact.at_us == event.at_us for fact in engine.feed(event))


@settings(max_examples=60)
@given(st.integers(200, 29_000), st.booleans())
def test_a_pause_changes_nothing_but_the_pause(paused_at_ms: int, analogue: bool) -> None:
    """A hold that is paused by command and resumed at any moment ends with the same credit, lifts and lifted time."""

    def facts_from(pause: bool) -> HoldFinished:
        story = Story().stands()
        story.waits(paused_at_ms / 1000)
        if pause:
            story.says(CommandName.PAUSE).waits(1).says(CommandName.RESUME)
        story.waits(60)
        events = story.loads() if analogue else story.comparator()
        return one(facts_of(events, HoldStep((LEFT,), us(20), 1), references=KNOWN), HoldFinished)

    paused, plain = facts_from(True), facts_from(False)
    assert (paused.credited_us, paused.lifted_us, paused.lifts) == (plain.credited_us, plain.lifted_us, plain.lifts)
