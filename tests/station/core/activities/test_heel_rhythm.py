"""Presence at the board: a rhythm of heel presses, and the number that follows it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from station.core.activities.engine import Engine
from station.core.activities.heel_rhythm import HeelRhythm
from station.core.events import Button, Command, CommandName, Event, Press, Tick
from station.core.facts import Cue, CueName, Ended, PressEnded, RhythmMatched, RhythmWrong
from station.core.sensing.sensors import BoardSensors, References
from station.core.state import RhythmState
from station.core.steps import RhythmStep, routine_from_header, to_json
from tests.bench.rhythm import recognised
from tests.station.core.traces import KNOWN, LEFT, RIGHT, Story, engine_for, facts_of, heard, one, only, us, wiring_of

S, L = Press.SHORT, Press.LONG
RHYTHM = (S, L, S, S)
STEP = RhythmStep(RHYTHM, number=42)
DOWN_S = {S: 0.4, L: 1.5}


def presses(story: Story, rhythm: Sequence[Press], gap_s: float = 0.6) -> Story:
    """The heel, up at first, makes these presses and stays up."""
    for press in rhythm:
        story.stands(DOWN_S[press]).rises(gap_s)
    return story


def story_of(rhythm: Sequence[Press] = RHYTHM) -> Story:
    """From beside the board: the plate is empty, then comes the rhythm."""
    return presses(Story().rises(2), rhythm).waits(4)


def wirings(story: Story) -> dict[str, tuple[list[Event], References]]:
    """The same story with both kinds of heel sensor; with force sensors only the empty plate is known."""
    return {
        "comparators": (story.comparator(), References()),
        "force sensors": (story.loads(), References(empty=KNOWN.empty)),
    }


@pytest.mark.parametrize("wiring", ["comparators", "force sensors"])
@pytest.mark.parametrize("rhythm", [RHYTHM, (L, S, S, L), (S, S, S, L), (L, L, L, S)])
def test_rhythm_from_beside_the_board_matches(wiring: str, rhythm: tuple[Press, ...]) -> None:
    """Even if nobody has stood on the plates before, so no standing load is known."""
    events, references = wirings(story_of(rhythm))[wiring]
    facts = facts_of(events, RhythmStep(rhythm, 42), references=references)
    assert [fact.press for fact in only(facts, PressEnded)] == list(rhythm)
    assert one(facts, RhythmMatched)
    assert only(facts, RhythmWrong) == []


def test_match_is_known_as_the_last_press_ends() -> None:
    """With the sample that settles it, not at the next alarm: the browser shows the number 0.8 s before the beeps."""
    events, references = wirings(story_of())["force sensors"]
    engine = engine_for((STEP,), events, references)
    known_us = next(
        event.at_us for event in events if any(isinstance(fact, RhythmMatched) for fact in engine.feed(event))
    )
    last_up_us = us(2 + sum(DOWN_S[press] for press in RHYTHM) + 3 * 0.6)
    assert 0 < known_us - last_up_us <= us(0.15)


@pytest.mark.parametrize("wiring", ["comparators", "force sensors"])
@pytest.mark.parametrize("stand_s", [1.5, 6.0])
def test_step_on_is_not_a_press_of_the_rhythm(wiring: str, stand_s: float) -> None:
    """A person who stands on the board first, briefly or for long, lifts the heel and then makes the rhythm."""
    story = presses(Story().rises(3.5).stands(stand_s).rises(0.8), RHYTHM).waits(4)
    events, references = wirings(story)[wiring]
    facts = facts_of(events, STEP, references=references)
    assert one(facts, RhythmMatched)
    assert only(facts, RhythmWrong) == []


@pytest.mark.parametrize("wiring", ["comparators", "force sensors"])
def test_standing_still_is_nothing(wiring: str) -> None:
    """A person who steps on, stands and steps off has made no attempt."""
    events, references = wirings(Story().rises(3).stands(20).rises(10))[wiring]
    facts = facts_of(events, STEP, references=references)
    assert not any(isinstance(fact, RhythmMatched | RhythmWrong) for fact in facts)


def test_wrong_rhythm_sounds_no_and_may_be_tried_again() -> None:
    """NO sounds at once, and the next press begins another attempt."""
    story = presses(presses(Story().rises(2), (L, L, S, L)).waits(1), RHYTHM).waits(2)
    facts = facts_of(story.comparator(), STEP)
    wrong = one(facts, RhythmWrong)
    assert wrong.presses == (L, L, S, L)
    assert heard(facts, CueName.NO) == [wrong.at_us / 1e6]
    assert one(facts, RhythmMatched).at_us > wrong.at_us


def test_step_on_excuses_one_press_once() -> None:
    """The fifth press counts only after a while without a press; continuous stamping gets four."""
    extra = (L, *RHYTHM)
    assert only(facts_of(presses(Story().rises(3.5), extra).waits(4).comparator(), STEP), RhythmMatched)
    stamping = presses(Story().rises(3.5), (S, S, L, L)).waits(1)
    facts = facts_of(presses(stamping, extra).waits(4).comparator(), STEP)
    assert [fact.presses for fact in only(facts, RhythmWrong)] == [(S, S, L, L), (L, S, L, S)]
    assert only(facts, RhythmMatched) == []


def test_last_press_of_a_wrong_rhythm_is_not_the_first_of_the_next() -> None:
    """A person who stepped on first hears NO before they have finished."""
    story = presses(Story().rises(3.5).stands(2).rises(0.7), (L, L, S, S)).waits(1.5)
    facts = facts_of(presses(story, RHYTHM).waits(4).comparator(), STEP)
    assert [fact.presses for fact in only(facts, RhythmWrong)] == [(L, L, L, S)]
    assert one(facts, RhythmMatched)


def test_few_presses_and_a_pause_are_no_attempt() -> None:
    """After 3 s the presses so far are forgotten; nothing is wrong."""
    facts = facts_of(presses(presses(Story().rises(2), RHYTHM[:3]).waits(3), RHYTHM).waits(4).comparator(), STEP)
    assert only(facts, RhythmWrong) == []
    assert one(facts, RhythmMatched)


def test_presses_of_both_heels_do_not_mix() -> None:
    """Walking makes presses too, but with alternate heels."""
    story = Story().rises(2, RIGHT).rises(1)
    for press in (*RHYTHM, *RHYTHM):
        story.stands(DOWN_S[press], LEFT).stands(0.2, RIGHT).rises(0.3, LEFT).rises(0.3, RIGHT)
    facts = facts_of(story.waits(4).comparator(), STEP)
    assert only(facts, RhythmMatched) == []
    assert only(facts, RhythmWrong) == []


def test_long_press_ticks() -> None:
    """COUNT sounds when a press has become long, so nobody has to count."""
    facts = facts_of(story_of().comparator(), STEP)
    long_press = only(facts, PressEnded)[1]
    assert heard(facts, CueName.COUNT) == [pytest.approx(long_press.since_us / 1e6 + 1.1)]


def test_number_is_beeped_three_times_and_then_the_request_ends() -> None:
    """The command `confirm` completes it at once."""
    silent = [*story_of().comparator(), Tick(us(200))]
    facts = facts_of(silent, STEP)
    numbers = [cue for cue in only(facts, Cue) if cue.cue is CueName.NUMBER]
    assert [cue.count for cue in numbers] == [42, 42, 42]
    assert one(facts, Ended).why == "the number was not confirmed"
    confirmed = [*silent[:-1], Command(us(14), CommandName.CONFIRM), Tick(us(200))]
    facts = facts_of(confirmed, STEP)
    assert len([cue for cue in only(facts, Cue) if cue.cue is CueName.NUMBER]) == 1
    assert heard(facts, CueName.COMPLETE) == [14.0]


def test_request_ends_after_two_minutes() -> None:
    """A confirmation before the rhythm does nothing."""
    events = [*Story().rises(2).comparator(), Command(us(5), CommandName.CONFIRM), Tick(us(130))]
    facts = facts_of(events, STEP)
    ended = one(facts, Ended)
    assert (ended.why, ended.at_us) == ("nobody made the rhythm", us(120))
    assert heard(facts, CueName.ENDED) == [120.0]


def test_button_makes_the_rhythm_too() -> None:
    """For a board without heels; swaying on the board meanwhile does not spoil it."""
    story = Story().rises(1).stands(1)
    edges: list[Event] = []
    at_us = us(3)
    for press in RHYTHM:
        edges += [Button(at_us, True), Button(at_us + us(DOWN_S[press]), False)]
        at_us += us(DOWN_S[press] + 0.5)
    story.waits(2).lifts(0.4).waits(20)
    events = sorted([*story.comparator(), *edges], key=lambda event: event.at_us)
    assert one(facts_of(events, STEP), RhythmMatched)


def test_state_shows_presses_but_no_secret() -> None:
    """Before the match it has what was pressed, never the requested rhythm."""
    events = sorted([*story_of((L, L)).comparator(), Tick(us(7))], key=lambda event: event.at_us)
    sensors = BoardSensors(wiring_of(events), 0)
    engine = Engine(HeelRhythm(STEP, sensors), sensors, 0)
    seen = []
    for event in events:
        engine.feed(event)
        state = engine.state_at(event.at_us)
        assert isinstance(state, RhythmState)
        seen.append(state)
    assert {state.phase for state in seen} == {"press"}
    assert max((state.presses for state in seen), key=len) == (L, L)


def test_step_survives_a_trace_header() -> None:
    assert routine_from_header(to_json((STEP,))) == (STEP,)


@pytest.mark.parametrize(
    "header", [{"rhythm": ["short"] * 3}, {"rhythm": ["brief"] * 4}, {"number": 100}, {"number": 7}]
)
def test_bad_step_is_refused(header: dict[str, object]) -> None:
    """One sentence names the field."""
    with pytest.raises(ValueError, match=next(iter(header))):
        routine_from_header({"do": "rhythm", **header})


def test_slow_stiff_and_seated_people_are_recognised() -> None:
    """At least 9 in 10 at the first attempt, with either kind of heel sensor; the bench has the shares."""
    assert recognised("slow", analogue=True, waits_for_tick=True, trials=20) >= 0.9
    assert recognised("stiff", analogue=True, waits_for_tick=True, trials=20) >= 0.9
    assert recognised("seated", analogue=True, waits_for_tick=True, trials=20) >= 0.9
    assert recognised("slow", analogue=False, waits_for_tick=True, trials=40) >= 0.9
    assert recognised("ordinary", analogue=False, waits_for_tick=False, trials=40) >= 0.9
