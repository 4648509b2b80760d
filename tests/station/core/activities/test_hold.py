"""The guided hold, row by row of its table."""

from __future__ import annotations

from random import Random

import pytest

from station.core.events import Command, CommandName, Side
from station.core.facts import (
    Completed,
    CueEnded,
    CueName,
    Ended,
    Fact,
    HeelLifted,
    HeelReturned,
    HoldEnd,
    HoldFinished,
    HoldPartial,
    HoldStarted,
    Paused,
    SensorBack,
    SensorLost,
)
from station.core.state import HoldState
from station.core.steps import HeelRule, HoldStep
from tests.station.core.board import Board
from tests.station.core.traces import LEFT, RIGHT, Story, cues, facts_of, heard, one, only, us

HOLD = HoldStep((LEFT,), us(30), 2, us(15), us(10))
SHORT = HoldStep((LEFT,), us(6), 1, us(5), us(5))


def facts_from(story: Story, step: HoldStep = HOLD) -> list[Fact]:
    return facts_of(story.comparator(), step)


def test_a_hold_from_the_first_step_to_the_next_go() -> None:
    """READY at the step on, 3, 2, 1, GO at 10 s, HALFWAY, 3, 2, 1, HOLD_DONE, and GO again 15 s later."""
    facts = facts_from(Story().stands(60))
    at = 0.08
    assert cues(facts) == [
        (at, "READY"),
        *[(10.0 - left, f"COUNT {left}") for left in (3, 2, 1)],
        (10.0, "GO"),
        (25.0, "HALFWAY"),
        *[(40.0 - left, f"COUNT {left}") for left in (3, 2, 1)],
        (40.0, "HOLD_DONE"),
        *[(55.0 - left, f"COUNT {left}") for left in (3, 2, 1)],
        (55.0, "GO"),
    ]
    finished = one(facts, HoldFinished)
    assert (finished.credited_us, finished.lifted_us, finished.lifts) == (us(30), 0, 0)
    assert one(facts, HoldPartial).credited_us == us(5)


def test_state_has_the_repetition_that_follows() -> None:
    """In the rest, and while a person is away after it, the one to come; in the last repetition there is none."""
    board, seen = Board(HOLD), {}
    board.stand(LEFT)
    for _ in range(50):
        board.run(1)
        state = board.engine.state_at(board.now_us)
        assert isinstance(state, HoldState)
        seen[state.phase, state.repetition] = state.next_repetition
    board.rise(LEFT)
    board.run(7)
    away = board.engine.state_at(board.now_us)
    assert isinstance(away, HoldState)
    assert (away.phase, away.next_repetition) == ("away", 2)
    board.stand(LEFT)
    board.run(12)
    last = board.engine.state_at(board.now_us)
    assert isinstance(last, HoldState)
    assert (last.phase, last.repetition, last.next_repetition) == ("hold", 2, None)
    assert seen == {("prepare", 1): 2, ("hold", 1): 2, ("rest", 2): 2}


def test_a_lift_suspends_the_preparation() -> None:
    """PREPARE counts seconds of standing: two seconds up delay GO by two."""
    facts = facts_from(Story().stands(4).lifts(2).waits(20))
    assert heard(facts, CueName.GO) == [12.0]
    assert not only(facts, Paused)


def test_three_seconds_away_from_the_preparation_is_a_pause_and_five_more() -> None:
    """After 3 s PAUSED; on return READY and another 5 s."""
    facts = facts_from(Story().stands(4).lifts(6).waits(20))
    assert heard(facts, CueName.PAUSED) == [7.0]
    assert heard(facts, CueName.GO) == [15.0]
    assert len(heard(facts, CueName.READY)) == 2


def test_go_waits_for_a_heel_that_is_rising() -> None:
    """A heel rises 50 ms before GO: GO sounds once the 50 ms have been stood and the return has settled."""
    facts = facts_from(Story().stands(9.95).lifts(1).waits(20))
    assert heard(facts, CueName.GO) == [11.03]


def test_a_micro_lift_is_silent_and_stops_the_credit() -> None:
    """Half a second is the grace: silence, the credit ends at the rise, one micro-lift."""
    facts = facts_from(Story().stands(20).lifts(0.4).waits(30))
    assert not heard(facts, CueName.HEEL_UP)
    finished = one(facts, HoldFinished)
    assert (finished.at_us, finished.lifts, finished.micro_lifts) == (us(40.4), 0, 1)
    assert finished.lifted_us == us(0.4)
    lifted, returned = one(facts, HeelLifted), one(facts, HeelReturned)
    assert (lifted.since_us, lifted.at_us) == (us(20), us(20.08))
    assert (returned.since_us, returned.at_us) == (us(20.4), us(20.48))


def test_a_lift_sounds_heel_up_once_and_yes() -> None:
    """After the grace HEEL_UP starts, once, and ends with YES when the heel is back."""
    facts = facts_from(Story().stands(20).lifts(2).waits(40))
    assert heard(facts, CueName.HEEL_UP) == [20.5]
    assert heard(facts, CueName.YES) == [22.08]
    assert one(facts, CueEnded).cue is CueName.HEEL_UP
    finished = one(facts, HoldFinished)
    assert (finished.credited_us, finished.lifted_us, finished.lifts) == (us(30), us(2), 1)


def test_the_credit_continues_after_a_pause() -> None:
    """After 3 s PAUSED; back within 15 s: 5 s of preparation, and the hold continues with its credit."""
    facts = facts_from(Story().stands(20).lifts(10).waits(30))
    assert heard(facts, CueName.PAUSED) == [23.0]
    assert heard(facts, CueName.GO)[1] == 35.0
    assert len(only(facts, HoldStarted)) == 1
    finished = one(facts, HoldFinished)
    assert (finished.at_us, finished.lifted_us, finished.lifts) == (us(55), us(3), 1)
    assert not [at_s for at_s in heard(facts, CueName.HEEL_UP) if at_s > 23]


def test_after_fifteen_seconds_the_repetition_is_partial_and_the_next_one_begins() -> None:
    """15 s away: stored as partial at once; on return the next repetition."""
    facts = facts_from(Story().stands(20).lifts(20).waits(12))
    partials = only(facts, HoldPartial)
    assert [(end.at_us, end.repetition, end.credited_us) for end in partials] == [
        (us(35), 1, us(10)),
        (us(52), 2, us(7)),
    ]
    assert [start.repetition for start in only(facts, HoldStarted)] == [1, 2]


def test_set_done_follows_the_last_partial() -> None:
    """The last repetition given up: on return SET_DONE and what follows."""
    facts = facts_from(Story().stands(8).lifts(20).waits(3), SHORT)
    assert heard(facts, CueName.SET_DONE) == [28.08]
    assert one(facts, Completed)


def test_the_hold_ends_after_sixty_seconds_away() -> None:
    """60 s away, counted from the rise: ENDED, the partial stored once."""
    facts = facts_from(Story().stands(20).rises(80))
    assert one(facts, Ended).at_us == us(80)
    assert one(facts, HoldPartial).at_us == us(35)


def test_a_repetition_without_a_go_leaves_no_partial() -> None:
    """A person who leaves in the first preparation has held nothing."""
    facts = facts_from(Story().stands(5).rises(80))
    assert one(facts, Ended).at_us == us(65)
    assert not only(facts, HoldEnd)


@pytest.mark.parametrize("hold_s", [3, 6])
def test_no_halfway_within_the_last_three_seconds(hold_s: int) -> None:
    """Half of a short hold is among its ticks, so HALFWAY does not sound; no tick at a credit of zero."""
    facts = facts_from(Story().stands(30), HoldStep((LEFT,), us(hold_s), 1, 0, us(5)))
    assert not heard(facts, CueName.HALFWAY)
    ticks = [at_s for at_s in heard(facts, CueName.COUNT) if at_s > 5]
    assert ticks == [5 + hold_s - left for left in (3, 2, 1) if left < hold_s]


def test_a_tick_sounds_once_across_a_lift() -> None:
    """A lift between two ticks repeats none of them."""
    facts = facts_from(Story().stands(8.5).lifts(1).waits(10), SHORT)
    ticks = [at_s for at_s in heard(facts, CueName.COUNT) if at_s > 5]
    assert ticks == [8.0, 10.0, 11.0]
    assert heard(facts, CueName.HOLD_DONE) == [12.0]


def test_hold_done_waits_for_a_heel_that_is_rising() -> None:
    """A heel that rises 50 ms before the target has not finished: HOLD_DONE sounds when it has."""
    facts = facts_from(Story().stands(10.95).lifts(0.3).waits(5), SHORT)
    assert heard(facts, CueName.HOLD_DONE) == [pytest.approx(11.33, abs=0.01)]
    assert one(facts, HoldFinished).credited_us == us(6)


def test_less_than_a_second_left() -> None:
    """With half a second left YES sounds as always, and HOLD_DONE when the target is reached."""
    facts = facts_from(Story().stands(10.5).lifts(1).waits(5), SHORT)
    assert heard(facts, CueName.YES) == [11.58]
    assert heard(facts, CueName.HOLD_DONE) == [12.0]


def test_rest_runs_while_absent() -> None:
    """The rest counts from HOLD_DONE, standing or not."""
    step = HoldStep((LEFT,), us(6), 2, us(15), us(5))
    facts = facts_from(Story().stands(12).lifts(10).waits(20), step)
    assert heard(facts, CueName.GO) == [5.0, 26.0]


def test_absent_at_the_end_of_the_rest() -> None:
    """NUDGE at its end, 5 s of preparation when they come, ENDED 60 s after the end of the rest."""
    step = HoldStep((LEFT,), us(6), 2, us(15), us(5))
    came = facts_from(Story().stands(12).lifts(20).waits(10), step)
    assert heard(came, CueName.NUDGE) == [26.0]
    assert heard(came, CueName.GO) == [5.0, 37.0]
    stayed = facts_from(Story().stands(12).rises(90), step)
    assert one(stayed, Ended).at_us == us(86)


def test_a_short_lift_at_the_end_of_the_rest() -> None:
    """Up for less than the grace when the rest ends: GO as soon as the heel is back."""
    step = HoldStep((LEFT,), us(6), 2, us(15), us(5))
    facts = facts_from(Story().stands(25.8).lifts(0.4).waits(10), step)
    assert heard(facts, CueName.GO)[1] == pytest.approx(26.28)
    assert not heard(facts, CueName.NUDGE)


def both(step_s: float = 6) -> HoldStep:
    return HoldStep((LEFT, RIGHT), us(step_s), 1, us(5), us(5))


def test_sides_change_with_two_plates() -> None:
    """SET_DONE, SWITCH; the old heel up for 1 s and the other down (already down counts); GO 10 s after SWITCH."""
    facts = facts_from(Story().stands().stands(13, RIGHT).lifts(1.5).waits(30), both())
    assert heard(facts, CueName.SET_DONE) == [11.0, 27.0]
    assert heard(facts, CueName.SWITCH) == [11.0]
    assert heard(facts, CueName.GO) == [5.0, 21.0]
    assert [end.side for end in only(facts, HoldFinished)] == [LEFT, RIGHT]


def test_sides_change_with_a_single_plate() -> None:
    """With one plate the heel must come down again; at least 5 s of preparation."""
    facts = facts_from(Story().stands(13).lifts(6).waits(30), both())
    assert heard(facts, CueName.GO) == [5.0, 24.0]
    short = facts_from(Story().stands(13).lifts(0.9).waits(30), both())
    assert heard(short, CueName.GO) == [5.0]


def test_a_pause_after_the_change_of_sides_does_not_shorten_it() -> None:
    """At least 10 s lie between SWITCH and GO, even with a pause between."""
    story = Story().stands().stands(11.2, RIGHT).lifts(1.1).waits(0.2)
    story.says(CommandName.PAUSE).waits(0.2).says(CommandName.RESUME).waits(20)
    assert heard(facts_from(story, both()), CueName.GO) == [5.0, 21.0]


def test_nobody_changes_sides() -> None:
    """90 s after SWITCH: ENDED."""
    facts = facts_from(Story().stands().stands(120, RIGHT), both())
    assert one(facts, Ended).at_us == us(101)


def test_a_plain_timer_needs_no_heel() -> None:
    """ANY counts from the first step on the board, whatever the heel does."""
    step = HoldStep((LEFT,), us(6), 1, us(5), us(5), HeelRule.ANY)
    facts = facts_from(Story().stands(1).rises(20), step)
    assert one(facts, HoldFinished).at_us == us(11)
    assert not only(facts, HeelLifted)


# Commands.


def test_pause_and_resume_by_command() -> None:
    """`pause` pauses at once; `resume` leads back through 5 s of preparation and keeps the credit."""
    facts = facts_from(Story().stands(7).says(CommandName.PAUSE).waits(4).says(CommandName.RESUME).waits(20), SHORT)
    assert heard(facts, CueName.PAUSED) == [7.0]
    assert heard(facts, CueName.GO) == [5.0, 16.0]
    assert one(facts, HoldFinished).at_us == us(20)


def test_a_pause_by_command_ends_with_a_fresh_step_on() -> None:
    """Stepping off and on again resumes too."""
    facts = facts_from(Story().stands(7).says(CommandName.PAUSE).waits(2).lifts(1).waits(20), SHORT)
    assert heard(facts, CueName.GO) == [5.0, 15.0]


@pytest.mark.parametrize("word", [CommandName.PAUSE, CommandName.STOP, CommandName.SKIP])
def test_no_command_credits_a_heel_that_has_risen(word: CommandName) -> None:
    """A command 50 ms after the rise, before it has settled, closes the credit at the rise."""
    story = Story().stands(8).rises(0.05).says(word).waits(30)
    assert one(facts_from(story, SHORT), HoldPartial).credited_us == us(3)


def test_skip_stores_and_continues() -> None:
    """`skip` in a hold stores it as partial and prepares the next for 5 s; in a rest it omits the next one."""
    step = HoldStep((LEFT,), us(6), 3, us(5), us(10))
    facts = facts_from(Story().stands(12).says(CommandName.SKIP).waits(12).says(CommandName.SKIP).waits(20), step)
    assert one(facts, HoldPartial).credited_us == us(2)
    assert [(end.at_us, end.repetition) for end in only(facts, HoldFinished)] == [(us(23), 2)]
    assert heard(facts, CueName.SET_DONE) == [24.0]


def test_next_ends_the_preparation_and_the_rest() -> None:
    """`next`: the preparation is over, the rest is over; GO at once when the heel is down."""
    story = Story().stands(2).says(CommandName.NEXT).waits(31).says(CommandName.NEXT).waits(5)
    assert heard(facts_from(story), CueName.GO) == [2.0, 33.0]


def test_stop_ends() -> None:
    """`stop`: the hold is stored as partial, ENDED."""
    facts = facts_from(Story().stands(15).says(CommandName.STOP).waits(5))
    assert one(facts, HoldPartial).credited_us == us(5)
    assert one(facts, Ended).at_us == us(15)


def test_the_side_can_be_chosen_only_before_go() -> None:
    """`side right` in the preparation restarts it; after GO it is ignored."""
    before = Story().stands().stands(3, RIGHT).says(CommandName.SIDE, RIGHT).waits(20)
    facts = facts_from(before)
    assert heard(facts, CueName.GO) == [13.0]
    assert one(facts, HoldStarted).side is RIGHT
    after = Story().stands().stands(12, RIGHT).says(CommandName.SIDE, RIGHT).waits(20)
    assert {start.side for start in only(facts_from(after), HoldStarted)} == {LEFT}


# A load that goes silent.


def test_a_silent_load_credits_nothing_after_its_last_sample() -> None:
    """Lost after half a second; valid again from the first of three samples; no lift, no pause."""
    step = HoldStep((LEFT,), us(10), 1, us(5), us(5))
    story = Story().rises(2).stands(40)
    facts = facts_of(story.loads(gaps_us=[(us(9), us(10.7))]), step)
    lost, back = one(facts, SensorLost), one(facts, SensorBack)
    assert (lost.sensor, lost.at_us, back.at_us) == ("load_left", us(9.49), us(10.72))
    finished = one(facts, HoldFinished)
    assert finished.at_us == us(7 + 10 + 10.7 - 8.99)
    assert (finished.lifts, finished.micro_lifts) == (0, 0)


def test_a_hold_can_finish_in_the_first_half_second_of_silence() -> None:
    """A hold whose target lies 0.4 s after the last sample is finished."""
    step = HoldStep((LEFT,), us(10), 1, us(5), us(5))
    facts = facts_of(Story().rises(2).stands(40).loads(gaps_us=[(us(16.6), us(30))]), step)
    assert one(facts, HoldFinished).at_us == us(17)


def test_a_load_silent_for_three_seconds_is_a_pause() -> None:
    """After 3 s PAUSED, then as after any pause."""
    step = HoldStep((LEFT,), us(10), 1, us(5), us(5))
    facts = facts_of(Story().rises(2).stands(40).loads(gaps_us=[(us(9), us(13))]), step)
    assert heard(facts, CueName.PAUSED) == [11.99]
    assert one(facts, HoldFinished).credited_us == us(10)


def test_an_up_stays_up_while_the_load_is_silent() -> None:
    """A heel that was up when its sensor went silent is up until samples show otherwise."""
    step = HoldStep((LEFT,), us(10), 1, us(5), us(5))
    facts = facts_of(Story().rises(2).stands(7).lifts(2).waits(30).loads(gaps_us=[(us(9.3), us(10.5))]), step)
    assert heard(facts, CueName.HEEL_UP) == [9.5]
    finished = one(facts, HoldFinished)
    assert (finished.lifts, finished.lifted_us) == (1, us(2))


@pytest.mark.parametrize("side", [LEFT, RIGHT])
def test_only_the_working_heel_matters(side: Side) -> None:
    """The other heel may do as it likes."""
    story = Story(side).stands().stands(7, side.other)
    for _ in range(5):
        story.lifts(1, side.other).waits(0.5)
    story.waits(20)
    step = HoldStep((side,), us(6), 1, us(5), us(5))
    assert one(facts_from(story, step), HoldFinished).at_us == us(11)


def test_hold_without_rest_leaves_hold_done_its_time() -> None:
    """GO sounds once HOLD_DONE has ended: a second after it at the earliest."""
    facts = facts_of(Story().stands(30).comparator(), HoldStep((LEFT,), us(5), 2, 0, us(5)))
    assert heard(facts, CueName.GO) == [5, 11]
    assert [fact.credited_us for fact in only(facts, HoldFinished)] == [us(5), us(5)]


@pytest.mark.parametrize("top", [1.2, 2.0, 4.0])
@pytest.mark.parametrize("seed", range(3))
def test_hold_credits_nothing_while_the_load_is_noise(seed: int, top: float) -> None:
    """Twelve seconds of random loads from GO on, as of a loose wire, earn less than a second and are reported."""
    story = Story().rises(2).stands(40)
    go_us = one(facts_of(story.loads(), HOLD), HoldStarted).at_us
    chance = Random(seed)
    noise_us = range(go_us, go_us + us(12))
    events = story.loads(load=lambda _side, at_us: chance.uniform(0, top) if at_us in noise_us else None)
    until_stop = [event for event in events if event.at_us < noise_us.stop]
    facts = facts_of([*until_stop, Command(noise_us.stop, CommandName.STOP)], HOLD)
    assert one(facts, HoldPartial).credited_us < us(1)
    lost = one(facts, SensorLost)
    assert lost.at_us < go_us + us(2)
    assert "no heel" in lost.why
