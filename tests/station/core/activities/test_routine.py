"""Routines: steps in order on the same sensors."""

from __future__ import annotations

import pytest

from station.core.activities.engine import Engine
from station.core.activities.routine import RoutineRun
from station.core.events import OPTIONAL_COMMANDS, SECOND_US, Command, CommandName
from station.core.facts import (
    Completed,
    Cue,
    CueName,
    Eased,
    Ended,
    HoldFinished,
    HoldPartial,
    HoldStarted,
    StepBegun,
    TestFinished,
)
from station.core.sensing.sensors import BoardSensors, Wiring
from station.core.steps import (
    AskStep,
    HoldStep,
    RepsStep,
    RestStep,
    Step,
    StepError,
    TestStep,
    halved,
    routine_from_header,
    to_json,
)
from tests.station.core.board import Board
from tests.station.core.traces import LEFT, RIGHT, Story, facts_of, heard, one, only, us

SHORT = HoldStep((LEFT,), us(10), 1, us(5), us(5))
REST = RestStep(us(10))


def test_a_routine_runs_its_steps_and_completes_once() -> None:
    """Hold, rest, hold: each begins automatically when the one before is over; COMPLETE sounds at the very end."""
    facts = facts_of(Story().stands(60).comparator(), SHORT, REST, SHORT)
    begun = [(fact.at_us / SECOND_US, fact.step) for fact in only(facts, StepBegun)]
    assert begun == [(0.0, 0), (15.0, 1), (25.0, 2)]
    assert [hold.credited_us for hold in only(facts, HoldFinished)] == [us(10), us(10)]
    assert heard(facts, CueName.COMPLETE) == [40.0]
    assert one(facts, Completed).at_us == us(40)


def test_a_step_on_the_other_side_sounds_switch() -> None:
    """The next step begins on the other leg: SWITCH says which, and it begins when that heel is down."""
    other = HoldStep((RIGHT,), us(10), 1, us(5), us(5))
    story = Story().stands(20).rises(3).stands(40, RIGHT)
    facts = facts_of(story.comparator(), SHORT, other)
    switch = [cue for cue in only(facts, Cue) if cue.cue is CueName.SWITCH]
    assert [(cue.at_us, cue.side) for cue in switch] == [(us(15), RIGHT)]
    assert [(hold.side, hold.at_us) for hold in only(facts, HoldFinished)] == [(LEFT, us(15)), (RIGHT, us(38))]


def test_nobody_changes_sides_and_the_routine_ends() -> None:
    """Ninety seconds without the other heel end it early; what was done has been reported."""
    other = HoldStep((RIGHT,), us(10), 1, us(5), us(5))
    facts = facts_of(Story().rises(0, RIGHT).stands(130, LEFT).comparator(), SHORT, other)
    assert only(facts, HoldFinished)
    assert one(facts, Ended).at_us == us(15 + 90)
    assert not only(facts, Completed)


def test_an_early_end_of_a_step_ends_the_routine() -> None:
    """No step follows when a person leaves."""
    facts = facts_of(Story().stands(8).rises(100).comparator(), SHORT, REST, SHORT)
    assert one(facts, Ended).why == "nobody came back"
    assert not only(facts, StepBegun)[1:]
    assert heard(facts, CueName.COMPLETE) == []


def test_stop_in_a_rest_ends_the_routine() -> None:
    """Whatever the step."""
    facts = facts_of(Story().stands(18).says(CommandName.STOP).waits(30).comparator(), SHORT, REST, SHORT)
    assert one(facts, Ended).at_us == us(18)
    assert len(only(facts, HoldFinished)) == 1


def test_a_routine_without_steps_is_refused() -> None:
    """There is nothing to run."""
    with pytest.raises(ValueError, match="at least one step"):
        RoutineRun((), BoardSensors(Wiring(), 0))


def test_a_routine_is_the_same_after_json() -> None:
    """A trace's header gives the same routine."""
    routine = (TestStep((RIGHT, LEFT), full=True, beat_left_mm=93.5), REST, SHORT, RepsStep((LEFT, RIGHT), 12, us(3)))
    assert routine_from_header(to_json(routine)) == routine
    assert routine_from_header(to_json((SHORT,))) == (SHORT,)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"do": "swim"}, "do is 'swim'"),
        ({"do": "hold", "side": "middle"}, "side is 'middle'"),
        ({"do": "hold", "hold_s": "long"}, "hold_s is 'long'"),
        ({"do": "hold", "hold_s": 0}, "hold_s is 0"),
        ({"do": "hold", "repetitions": 1.5}, "repetitions is 1.5"),
        ({"do": "hold", "heel": "sideways"}, "heel is 'sideways'"),
        ({"do": "test", "full": "yes"}, "full is 'yes'"),
        ({"do": "routine", "steps": []}, "steps is []"),
    ],
)
def test_an_impossible_step_is_refused_with_a_sentence(header: dict[str, object], words: str) -> None:
    """The sentence names the field, its value and what is allowed."""
    with pytest.raises(StepError) as refused:
        routine_from_header(header)
    assert words in str(refused.value)
    assert ";" in str(refused.value)


@pytest.mark.parametrize(("pain", "repetitions", "count"), [("3", 3, 9), ("4", 2, 5), ("5", 2, 5)])
def test_steps_after_a_painful_test_are_halved(pain: str, repetitions: int, count: int) -> None:
    """After a pain of 4 or 5, half of the remainder is done, rounded up; after 3, all of it."""
    later = (HoldStep((LEFT,), us(10), 3, us(5), us(5)), RepsStep((LEFT,), 9, us(3)))
    sensors = BoardSensors(Wiring(), 0)
    run = RoutineRun((AskStep(), *later), sensors)
    engine = Engine(run, sensors, 0)
    engine.feed(Command(us(1), CommandName.ANSWER, answer="calf"))
    facts = engine.feed(Command(us(2), CommandName.ANSWER, answer=pain))
    hold, reps = run.steps[1:]
    assert isinstance(hold, HoldStep)
    assert isinstance(reps, RepsStep)
    assert (hold.repetitions, reps.count) == (repetitions, count)
    assert run.remaining == run.steps[1:]
    assert bool(only(facts, Eased)) is (pain != "3")


def test_a_single_hold_is_eased_by_its_length() -> None:
    """Half of a single hold is half as long, in whole seconds; other steps stay as they are."""
    assert halved(HoldStep(hold_us=us(61), repetitions=1)) == HoldStep(hold_us=us(31), repetitions=1, reduced=True)
    assert halved(HoldStep(hold_us=us(1), repetitions=1)) == HoldStep(hold_us=us(1), repetitions=1, reduced=True)
    assert halved(REST) == REST


@pytest.mark.parametrize(
    ("following", "cue"),
    [
        ((), CueName.COMPLETE),
        ((AskStep(us(3)),), CueName.COMPLETE),
        ((AskStep(us(3)), RestStep(us(2))), CueName.SET_DONE),
    ],
)
def test_complete_sounds_at_the_end_of_the_routine_only(following: tuple[Step, ...], cue: CueName) -> None:
    """A test followed only by its questions ends it; inside a routine its result sounds SET_DONE."""
    board = Board(TestStep((LEFT,)), *following)
    board.stand(LEFT)
    board.toe_mm = 3.0
    result = board.until(TestFinished, 90.0)
    board.run(30.0)
    cues = [one.cue for one in only(board.facts, Cue) if one.at_us == result.at_us]
    assert cue in cues
    assert len(heard(board.facts, CueName.COMPLETE)) == 1


def test_skip_leaves_one_hold_out_and_skip_exercise_all_of_it() -> None:
    """Who feels pain does not meet the same exercise again: not its other holds, and not its other side."""
    twice = HoldStep((LEFT, RIGHT), us(20), 2, us(5), us(5))
    board = Board(twice, RestStep(us(30)), analogue=False)
    board.stand()
    board.until(HoldStarted, 20)
    board.say(CommandName.SKIP)
    board.until(HoldStarted, 20)
    facts = board.say(CommandName.SKIP_EXERCISE)
    assert only(facts, HoldPartial)
    assert [begun.step for begun in only(facts, StepBegun)] == [1]
    board.run(31)
    assert only(board.facts, Completed)
    assert len(only(board.facts, HoldStarted)) == 2


def obeyed(board: Board) -> frozenset[CommandName]:
    return board.engine.state_at(board.now_us).commands


@pytest.mark.parametrize("word", sorted(OPTIONAL_COMMANDS))
@pytest.mark.parametrize("step", [HoldStep((LEFT,), us(9), 2, us(5), us(5)), TestStep((LEFT,)), RestStep(us(20))])
def test_a_command_that_is_not_offered_changes_nothing(step: Step, word: CommandName) -> None:
    """At each second of a step; the first time that it is offered it changes something."""
    board = Board(step, analogue=False)
    for second in range(30):
        if second == 3:
            board.stand()
        before = board.engine.state_at(board.now_us)
        if obeyed(board) >= {word}:
            board.say(word, RIGHT if word is CommandName.SIDE else None)
            board.run(1)
            assert board.engine.state_at(board.now_us) != before
            return
        assert board.say(word, RIGHT if word is CommandName.SIDE else None) == []
        assert board.engine.state_at(board.now_us) == before
        board.run(1)
