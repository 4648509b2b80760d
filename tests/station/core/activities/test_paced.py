"""Repetitions that the heel does not count: by tempo with the heel down, by tempo only, or at the person's own pace."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from station.core.events import BOTH_LEGS, CommandName, Side
from station.core.facts import Cue, CueName, Ended, RepCounted, RepsFinished, RepsPartial, RepTimed, StepBegun
from station.core.steps import HeelRule, HoldStep, RepsStep
from tests.station.core.board import Board
from tests.station.core.traces import LEFT, RIGHT, Story, cues, facts_of, heard, one, only, us

TEMPO_S = (2.0, 1.0, 2.0)
ONE_S = sum(TEMPO_S)
DOWN = RepsStep((LEFT,), 6, us(5), HeelRule.DOWN, tuple(us(part) for part in TEMPO_S))
TIMED = replace(DOWN, heel=HeelRule.ANY)
OWN_PACE = RepsStep((LEFT,), 20, us(5), HeelRule.ANY)
AFTER = HoldStep((LEFT,), us(5), 1, prepare_us=us(3))


def board_of(*steps: RepsStep | HoldStep, until_go: bool = True) -> Board:
    """A person who stands on the board from the start."""
    board = Board(*steps, analogue=False)
    board.stand()
    if until_go:
        board.until_cue(CueName.GO)
    return board


# With a tempo and the heel down.


def test_ticks_come_at_their_times_and_the_last_part_counts() -> None:
    """A tick at the end of each part; COUNT for three, two and one left, HALFWAY, then the end."""
    facts = facts_of(Story().stands(50).comparator(), DOWN)
    at_s = [(round(at, 2), name) for at, name in cues(facts) if at >= 5.0]
    ends = [
        (10.0, "COUNT"),
        (15.0, "COUNT"),
        (20.0, "COUNT 3"),
        (25.0, "COUNT 2"),
        (30.0, "COUNT 1"),
        (35.0, "HOLD_DONE"),
    ]
    boundaries = [(5.0 + ONE_S * number + part, "COUNT") for number in range(6) for part in (2.0, 3.0)]
    expected = sorted([(5.0, "GO"), *boundaries, *ends, (35.0, "SET_DONE"), (35.0, "COMPLETE")], key=lambda one: one[0])
    assert at_s == expected
    assert [fact.at_us for fact in only(facts, RepCounted)] == [us(10 + 5 * number) for number in range(6)]
    assert {fact.took_us for fact in only(facts, RepTimed)} == {us(ONE_S)}


def test_halfway_sounds_where_more_than_three_remain() -> None:
    """Of ten, the fifth is half; HALFWAY replaces its tick."""
    facts = facts_of(Story().stands(70).comparator(), replace(DOWN, count=10))
    assert heard(facts, CueName.HALFWAY) == [5 + 5 * ONE_S]


def test_a_short_lift_only_delays() -> None:
    """Within the grace nothing sounds; the repetition continues, later by the lift."""
    facts = facts_of(Story().stands(6).lifts(0.4).waits(50).comparator(), DOWN)
    assert not heard(facts, CueName.HEEL_UP)
    assert only(facts, RepCounted)[0].at_us == us(10.4)
    assert one(facts, RepsFinished).count == 6


def test_a_longer_lift_restarts_the_repetition() -> None:
    """HEEL_UP after the grace, YES at the return, and a whole repetition from there; the count stays."""
    facts = facts_of(Story().stands(12).lifts(1.5).waits(60).comparator(), DOWN)
    assert heard(facts, CueName.HEEL_UP) == [12.5]
    assert heard(facts, CueName.YES) == [pytest.approx(13.5, abs=0.1)]
    assert [fact.at_us for fact in only(facts, RepCounted)][:2] == [us(10.0), us(13.5 + ONE_S)]
    assert one(facts, RepsFinished).count == 6


def test_a_lift_of_three_seconds_is_a_pause_that_keeps_the_count() -> None:
    """PAUSED, and on return READY and GO; the set is completed, not restarted."""
    facts = facts_of(Story().stands(12).lifts(5.0).waits(60).comparator(), DOWN)
    assert heard(facts, CueName.PAUSED) == [15.0]
    assert heard(facts, CueName.GO) == [5.0, 22.0]
    assert [fact.count for fact in only(facts, RepCounted)] == [1, 2, 3, 4, 5, 6]


def test_the_count_is_kept_after_sixty_seconds_away() -> None:
    """Nobody comes back: the set ends as partial with its count, and the others remain."""
    facts = facts_of(Story().stands(12).rises(70).comparator(), DOWN)
    assert one(facts, Ended).at_us == us(72.0)
    assert one(facts, RepsPartial).count == 1


def test_a_pause_by_command_keeps_the_count() -> None:
    """The count stays; the current repetition starts over."""
    board = board_of(DOWN)
    board.run(12.0)
    board.say(CommandName.PAUSE)
    board.run(5.0)
    board.say(CommandName.RESUME)
    go_s = board.until_cue(CueName.GO)
    third = board.until(RepCounted)
    assert third.count == 3
    assert third.at_us / 1e6 == pytest.approx(go_s + ONE_S)


@pytest.mark.parametrize("word", [CommandName.SKIP, CommandName.STOP])
def test_a_set_cut_short_is_kept_as_partial(word: CommandName) -> None:
    """`skip` omits the rest of this side, `stop` ends; two of six are stored as two."""
    board = board_of(DOWN, AFTER)
    board.run(12.0)
    said = board.say(word)
    assert one(said, RepsPartial).count == 2
    assert bool(only(said, Ended)) is (word is CommandName.STOP)
    assert bool(only(said, StepBegun)) is (word is CommandName.SKIP)


def test_both_legs_are_one_turn() -> None:
    """Twenty wall squats count as twenty, and either heel stops them."""
    step = replace(DOWN, together=True)
    story = Story().stands(side=LEFT).stands(side=RIGHT).waits(12.0).lifts(1.5, RIGHT).waits(60)
    facts = facts_of(story.comparator(), step)
    assert heard(facts, CueName.HEEL_UP) == [12.5]
    finished = one(facts, RepsFinished)
    assert (finished.side, finished.count) == (BOTH_LEGS, 6)


# With only a tempo.


def test_exercise_without_a_sensor_runs_by_its_tempo() -> None:
    """Whatever the heel does, the clock counts."""
    facts = facts_of(Story().stands(7).rises(60).comparator(), TIMED)
    assert [fact.at_us for fact in only(facts, RepCounted)] == [us(10 + 5 * number) for number in range(6)]
    assert not heard(facts, CueName.HEEL_UP)


# At the person's own pace.


def test_own_pace_has_no_ticks() -> None:
    """It is silent after GO, however long it takes."""
    board = board_of(OWN_PACE)
    board.rise()
    said = board.run(300.0)
    assert not only(said, Cue)
    assert not only(said, RepCounted)


def test_stepping_on_completes_the_set() -> None:
    """An empty board for a second, then a heel down for a second: the whole set is done."""
    board = board_of(OWN_PACE)
    board.run(1.0)
    board.rise()
    board.run(20.0)
    on_s = board.now_s
    board.stand()
    done = board.until(RepsFinished)
    assert done.count == 20
    assert done.at_us / 1e6 == pytest.approx(on_s + 1.0, abs=0.1)
    assert heard(board.facts, CueName.HOLD_DONE) == [done.at_us / 1e6]


def test_staying_on_the_board_is_not_a_signal() -> None:
    """Standing there from GO on is not a signal, nor is a brief heel lift, nor a foot that only passes by."""
    board = board_of(OWN_PACE)
    board.run(10.0)
    board.lift(0.6)
    board.run(5.0)
    board.rise()
    board.run(5.0)
    board.stand()
    board.run(0.6)
    board.rise()
    board.run(5.0)
    assert not only(board.facts, RepsFinished)


@pytest.mark.parametrize("side", Side)
def test_either_heel_gives_the_signal(side: Side) -> None:
    """The person may come back with either foot."""
    board = board_of(OWN_PACE)
    board.rise()
    board.run(10.0)
    board.stand(side)
    assert board.until(RepsFinished).count == 20


def test_next_completes_the_set() -> None:
    """The page or two taps signal the same as a step on."""
    board = board_of(OWN_PACE)
    board.rise()
    board.run(10.0)
    assert one(board.say(CommandName.NEXT), RepsFinished).count == 20


@pytest.mark.parametrize("word", [CommandName.SKIP, CommandName.STOP])
def test_a_set_cut_short_at_own_pace_has_no_count(word: CommandName) -> None:
    """Without the signal, the number done is unknown."""
    board = board_of(OWN_PACE, AFTER)
    board.rise()
    board.run(10.0)
    assert one(board.say(word), RepsPartial).count == 0


def test_own_pace_ends_after_ten_minutes() -> None:
    """It does not wait forever."""
    board = board_of(OWN_PACE)
    board.rise()
    ended = board.until(Ended, 700.0)
    assert ended.why == "nobody came back"
    assert ended.at_us == pytest.approx(us(5 + 600), abs=us(0.2))


def test_a_step_on_ends_a_pause_at_own_pace() -> None:
    """Paused on the page, it continues when a person steps on, which does not complete the set."""
    board = board_of(OWN_PACE)
    board.rise()
    board.run(5.0)
    board.say(CommandName.PAUSE)
    board.run(5.0)
    board.stand()
    board.until_cue(CueName.GO)
    assert not only(board.facts, RepsFinished)
    board.rise()
    board.run(5.0)
    board.stand()
    assert board.until(RepsFinished).count == 20


def test_each_side_in_turn() -> None:
    """SWITCH and ten seconds, with nobody on the board; then the other side."""
    board = board_of(replace(OWN_PACE, sides=(LEFT, RIGHT)))
    board.rise()
    board.run(5.0)
    board.say(CommandName.NEXT)
    switched_s = board.now_s
    assert board.until_cue(CueName.GO) == pytest.approx(switched_s + 10.0)
    board.run(5.0)
    board.say(CommandName.NEXT)
    assert [done.side for done in only(board.facts, RepsFinished)] == [LEFT, RIGHT]
