"""The questions after a test: answered on the page or by taps, or dropped."""

from __future__ import annotations

import pytest

from station.core.activities.questions import PAIN_BY_TAPS, PAIN_QUESTION, PLACE_BY_TAPS
from station.core.events import CommandName, Side
from station.core.facts import Answered, Cue, CueEnded, CueName, Ended, Fact
from station.core.steps import AskStep, RestStep
from tests.station.core.board import Board
from tests.station.core.traces import LEFT, RIGHT, heard, only, us

WAIT_S = 20.0


def asked(*, analogue: bool = False, plates: tuple[Side, ...] = tuple(Side)) -> Board:
    """The first question, with a person who has stood on the board for two seconds."""
    board = Board(AskStep(us(WAIT_S)), analogue=analogue, plates=plates)
    board.stand(plates[0])
    board.run(2.0)
    return board


def answers(facts: list[Fact]) -> list[tuple[str, str]]:
    return [(fact.question, fact.answer) for fact in only(facts, Answered)]


def test_each_question_calls_once_and_is_dropped() -> None:
    """ASK sounds a second after each question begins; without an answer it is complete after twice the wait."""
    board = asked()
    assert board.until_cue(CueName.COMPLETE, 60) == pytest.approx(2 * WAIT_S)
    assert heard(board.facts, CueName.ASK) == pytest.approx([1.0, WAIT_S + 1.0])
    assert len(only(board.facts, CueEnded)) == 2
    assert answers(board.facts) == []


def test_the_page_answers() -> None:
    """A place, then a number; the second ends it."""
    board = asked()
    board.say(CommandName.ANSWER, answer="calf")
    assert board.engine.state_at(board.now_us).phase == PAIN_QUESTION
    board.say(CommandName.ANSWER, answer="0")
    assert answers(board.facts) == [("felt", "calf"), ("pain", "0")]
    assert board.engine.outcome == "complete"


@pytest.mark.parametrize("answer", ["3", "elbow", "", None])
def test_an_answer_must_fit_the_question(answer: str | None) -> None:
    """Neither a pain nor an unknown word is a place: the question stays."""
    board = asked()
    assert board.say(CommandName.ANSWER, answer=answer) == []
    assert board.engine.state_at(board.now_us).phase == "felt"


@pytest.mark.parametrize("analogue", [False, True])
@pytest.mark.parametrize(("taps", "place"), list(PLACE_BY_TAPS.items()))
def test_taps_answer_where(taps: int, place: str, analogue: bool) -> None:
    """Two to five taps are the four places; ECHO repeats their number, and the next question follows."""
    board = asked(analogue=analogue)
    said = board.tap(taps)
    assert answers(said) == [("felt", place)]
    assert [(cue.cue, cue.count) for cue in only(said, Cue) if cue.cue is CueName.ECHO] == [(CueName.ECHO, taps)]
    assert board.engine.state_at(board.now_us).phase == PAIN_QUESTION


@pytest.mark.parametrize("analogue", [False, True])
@pytest.mark.parametrize(("taps", "pain"), list(PAIN_BY_TAPS.items()))
def test_taps_answer_how_much(taps: int, pain: str, analogue: bool) -> None:
    """One tap is none, two are some, three are strong: nobody has to count to seven."""
    board = asked(analogue=analogue)
    board.say(CommandName.NEXT)
    board.run(1.5)
    assert answers(board.tap(taps)) == [("pain", pain)]


@pytest.mark.parametrize(("question", "taps"), [("felt", 1), ("felt", 6), ("pain", 4), ("pain", 11)])
def test_other_numbers_of_taps_are_no_answer(question: str, taps: int) -> None:
    """Nothing is guessed at."""
    board = asked()
    if question == "pain":
        board.say(CommandName.NEXT)
        board.run(1.5)
    assert answers(board.tap(taps)) == []


@pytest.mark.parametrize("up_s", [0.1, 0.34])
def test_the_quickest_and_the_slowest_tap_count(up_s: float) -> None:
    """A tap may take up to 350 ms, although its end settles only a moment later."""
    assert answers(asked().tap(2, up_s=up_s)) == [("felt", "front")]


def test_a_step_is_no_tap() -> None:
    """A heel that is up for longer, or another heel that moves meanwhile, answers nothing."""
    board = asked()
    assert answers(board.tap(2, up_s=0.4)) == []
    board.stand(RIGHT)
    board.run(2.0)
    board.lift(0.2)
    board.run(0.1)
    board.lift(0.2, RIGHT)
    board.run(0.1)
    board.lift(0.2)
    assert answers(board.run(1.0)) == []


def test_taps_under_way_at_the_end_still_count() -> None:
    """Taps in the last second of the wait are still awaited."""
    board = asked()
    board.run(WAIT_S - 2.0 - 0.5)
    assert answers(board.tap(3)) == [("felt", "achilles")]


def test_the_echo_is_heard_before_the_next_call() -> None:
    """After an answer by taps the next ASK sounds a second later, when ECHO is over."""
    board = asked()
    said = board.tap(2)
    echo = next(cue.at_us for cue in only(said, Cue) if cue.cue is CueName.ECHO)
    assert board.until_cue(CueName.ASK) == pytest.approx(echo / 1e6 + 1.0)


@pytest.mark.parametrize("plates", [(LEFT,), (RIGHT,)])
def test_one_plate_is_enough(plates: tuple[Side, ...]) -> None:
    """With a single plate, its heel taps."""
    board = asked(plates=plates)
    said: list[Fact] = []
    for _ in range(2):
        said += board.lift(0.2, plates[0]) + board.run(0.2)
    assert answers(said + board.run(0.6)) == [("felt", "front")]


def test_next_and_skip_drop_a_question() -> None:
    """A dropped question stays unanswered; the next step begins at once."""
    board = Board(AskStep(), RestStep(us(5)), analogue=False)
    board.say(CommandName.NEXT)
    board.say(CommandName.SKIP)
    assert answers(board.facts) == []
    assert board.engine.state_at(board.now_us).activity == "rest"


def test_stop_ends_it() -> None:
    """Earlier answers are kept, and nothing more is asked."""
    board = asked()
    board.say(CommandName.ANSWER, answer="front")
    said = board.say(CommandName.STOP)
    assert [ended.why for ended in only(said, Ended)] == ["stop"]
    assert board.run(60.0) == []
    assert answers(board.facts) == [("felt", "front")]
