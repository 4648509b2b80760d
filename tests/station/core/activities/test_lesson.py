"""The sounds learnt on the board: heard or not, listened to, and six questions answered with a heel."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from station.core.activities.lesson import QUESTION_COUNT, TAUGHT_CUES, draw_quiz
from station.core.events import CommandName, Side
from station.core.facts import Cue, CueEnded, CueName, Ended, Fact, LessonFinished, LouderAsked, QuizAnswered
from station.core.steps import LessonStep, RestStep
from tests.station.core.board import Board
from tests.station.core.traces import LEFT, RIGHT, heard, one, only, us
from tests.station.states import AnyState

SEED = 3
LIFT_S = 0.6
WIRINGS: dict[str, tuple[bool, tuple[Side, ...]]] = {
    "two loads": (True, tuple(Side)),
    "two comparators": (False, tuple(Side)),
    "one load": (True, (RIGHT,)),
    "one comparator": (False, (LEFT,)),
}
"""Whether the heels are analogue, and the sides with a plate."""


def lesson(*, analogue: bool = False, plates: tuple[Side, ...] = tuple(Side), seed: int = SEED) -> Board:
    """A lesson that has just begun, with a heel down."""
    board = Board(LessonStep(seed), analogue=analogue, plates=plates)
    board.stand(plates[0])
    board.run(1.0)
    return board


def seen(board: Board) -> AnyState:
    return AnyState(board.engine.state_at(board.now_us))


def answer(board: Board, yes: bool, side: Side = LEFT) -> list[Fact]:
    """Wait for the next question's sound and answer yes or no; return the facts up to the verdict."""
    begun = len(board.facts)
    while not (heard_now := only(board.facts[begun:], Cue)) or heard_now[-1].cue is CueName.NUDGE:
        board.run(0.05)
    board.run(0.3)
    if yes:
        board.lift(LIFT_S, side)
    while not only(board.facts[begun:], QuizAnswered):
        board.run(0.05)
    return board.facts[begun:]


def to_quiz(board: Board) -> None:
    board.until_cue(CueName.READY)
    board.say(CommandName.NEXT)
    board.say(CommandName.NEXT)


def names(facts: Iterable[Fact]) -> list[CueName]:
    return [cue.cue for cue in only(facts, Cue)]


@pytest.mark.parametrize("wiring", WIRINGS)
def test_a_whole_lesson_by_one_heel(wiring: str) -> None:
    """Heard, listened to, six right answers: YES each time, and COMPLETE at the end, with any kind of heel sensor."""
    analogue, plates = WIRINGS[wiring]
    board = lesson(analogue=analogue, plates=plates)
    side = board.sensors.plates[0].side
    board.until_cue(CueName.READY)
    assert names(board.lift(LIFT_S, side)) == [CueName.YES]
    begun = len(board.facts)
    board.until_cue(TAUGHT_CUES[-1], 120)
    assert names(board.facts[begun:]) == list(TAUGHT_CUES)
    for sound, claimed in draw_quiz(SEED):
        said = answer(board, sound is claimed, side)
        assert names(said)[-1] is CueName.YES
        answered = one(said, QuizAnswered)
        assert (answered.cue, answered.claimed, answered.yes, answered.right) == (
            sound,
            claimed,
            sound is claimed,
            True,
        )
    finished = board.until(LessonFinished)
    assert (finished.right, finished.asked) == (QUESTION_COUNT, QUESTION_COUNT)
    assert names(board.facts)[-1] is CueName.COMPLETE
    assert board.engine.outcome == "complete"


def test_an_unheard_sound_gets_louder_and_then_ends_the_lesson() -> None:
    """Three sounds with six seconds each, two of them louder; then ENDED, with the reason."""
    board = lesson()
    ended = board.until(Ended, 60)
    assert ended.why == "the sounds were not heard"
    ready, louder = heard(board.facts, CueName.READY), only(board.facts, LouderAsked)
    assert len(ready) == 3
    assert [round(asked.at_us / 1e6 - at_s, 2) for asked, at_s in zip(louder, ready, strict=False)] == [6.36, 6.36]
    assert names(board.facts)[-1] is CueName.ENDED
    assert board.engine.outcome == "ended"


def test_louder_is_heard() -> None:
    """A person who hears the second sound continues with listening."""
    board = lesson()
    board.until(LouderAsked)
    board.until_cue(CueName.READY)
    assert names(board.lift(LIFT_S)) == [CueName.YES]
    assert seen(board).phase == "listen"
    assert len(only(board.facts, LouderAsked)) == 1


def test_next_continues_without_an_answer() -> None:
    """A person who cannot hear, or knows the sounds, continues from the page."""
    board = lesson()
    board.until_cue(CueName.READY)
    board.say(CommandName.NEXT)
    assert seen(board).phase == "listen"
    board.until_cue(TAUGHT_CUES[0])
    board.say(CommandName.SKIP)
    assert seen(board).phase == "quiz"


def test_while_listening_the_page_says_what_sounds() -> None:
    """Each sound is named from its start until shortly before the next one, and a lift meanwhile answers nothing."""
    board = lesson()
    board.until_cue(CueName.READY)
    board.say(CommandName.NEXT)
    assert seen(board).about is None
    for number, name in enumerate(TAUGHT_CUES, 1):
        board.until_cue(name)
        now = seen(board)
        assert (now.about, now.claimed, now.repetition, now.repetitions) == (name, None, number, len(TAUGHT_CUES))
        board.lift(0.4)
    assert not only(board.facts, QuizAnswered)


def test_a_repeating_sound_is_stopped() -> None:
    """HEEL_UP repeats for two seconds and is silent before the next sound; in the quiz an answer stops it at once."""
    board = lesson()
    board.until_cue(CueName.READY)
    board.say(CommandName.NEXT)
    at_s = board.until_cue(CueName.HEEL_UP, 60)
    ended = board.until(CueEnded)
    assert ended.cue is CueName.HEEL_UP
    assert ended.at_us / 1e6 - at_s == pytest.approx(2.3, abs=0.02)
    assert board.until_cue(CueName.YES) > at_s + 4.0
    seed = next(seed for seed in range(100) if draw_quiz(seed)[0][0] is CueName.HEEL_UP)
    quiz = lesson(seed=seed)
    to_quiz(quiz)
    quiz.until_cue(CueName.HEEL_UP)
    quiz.run(0.2)
    said = quiz.lift(LIFT_S)
    assert one(said, CueEnded).at_us == one(said, QuizAnswered).at_us


def test_skipping_stops_a_repeating_sound() -> None:
    """A person who skips ahead while HEEL_UP repeats no longer hears it."""
    board = lesson()
    board.until_cue(CueName.READY)
    board.say(CommandName.NEXT)
    board.until_cue(CueName.HEEL_UP, 60)
    said = board.say(CommandName.NEXT)
    assert one(said, CueEnded).cue is CueName.HEEL_UP
    assert len(only(board.run(1.9), CueEnded)) == 0


def test_question_hides_the_name_that_its_answer_shows() -> None:
    """During the question the page shows only the claim; then the sound, and whether the answer was right."""
    board = lesson()
    to_quiz(board)
    sound, claimed = draw_quiz(SEED)[0]
    board.until_cue(sound)
    now = seen(board)
    assert (now.about, now.claimed, now.verdict, now.repetition) == (None, claimed, None, 1)
    board.until(QuizAnswered)
    board.run(1.0)
    now = seen(board)
    right = "right" if sound is not claimed else "not yet"
    assert (now.about, now.claimed, now.verdict, now.repetition, now.asked) == (
        sound,
        claimed,
        right,
        1,
        QUESTION_COUNT,
    )
    board.run(2.1)
    assert (seen(board).verdict, seen(board).repetition) == (None, 2)


def test_last_answer_is_given_before_the_end() -> None:
    """The sixth answer has its three seconds like the others; then the result, and COMPLETE."""
    board = lesson()
    to_quiz(board)
    for _ in range(QUESTION_COUNT):
        answer(board, yes=False)
    board.run(2.0)
    assert seen(board).verdict is not None
    assert board.engine.outcome is None
    finished = board.until(LessonFinished)
    assert finished.right == QUESTION_COUNT // 2
    assert heard(board.facts, CueName.COMPLETE)[-1] == finished.at_us / 1e6
    now = seen(board)
    assert (now.phase, now.right, now.repetition) == ("done", QUESTION_COUNT // 2, QUESTION_COUNT)


def test_a_wrong_answer_sounds_no_and_the_lesson_continues() -> None:
    """NO sounds, and the next question follows as usual."""
    board = lesson()
    to_quiz(board)
    sound, claimed = draw_quiz(SEED)[0]
    said = answer(board, sound is not claimed)
    assert names(said)[-1] is CueName.NO
    assert not one(said, QuizAnswered).right
    assert answer(board, yes=False)


@pytest.mark.parametrize(("up_s", "yes"), [(0.12, False), (0.28, False), (0.32, True), (2.0, True)])
def test_a_wobble_is_no_answer(up_s: float, yes: bool) -> None:
    """A heel that is up for less than 300 ms is no answer; from then on it is a yes."""
    board = lesson()
    to_quiz(board)
    board.until_cue(draw_quiz(SEED)[0][0])
    board.run(1.0)
    board.lift(up_s)
    board.run(9.0)
    assert only(board.facts, QuizAnswered)[0].yes is yes


def test_a_wobble_at_the_last_moment_is_waited_for() -> None:
    """A lift that begins just before the timeout still gets its 300 ms, and a wobble then is still no answer."""
    board = lesson()
    to_quiz(board)
    sound = draw_quiz(SEED)[0][0]
    end_s = board.until_cue(sound) + 6.0
    board.run(end_s - board.now_s - 0.1)
    board.lift(0.2)
    assert board.until(QuizAnswered).yes is False


def test_a_heel_that_rose_before_the_sound_says_nothing() -> None:
    """A lift under way when the sound begins does not answer it."""
    board = lesson()
    board.stand(RIGHT)
    to_quiz(board)
    board.run(1.95)
    board.rise(RIGHT)
    board.until_cue(draw_quiz(SEED)[0][0])
    assert board.until(QuizAnswered).yes is False


def test_the_other_heel_does_not_revoke_an_answer() -> None:
    """One heel rises, the other one comes down: that is a lift, not a wobble."""
    board = lesson()
    to_quiz(board)
    board.until_cue(draw_quiz(SEED)[0][0])
    board.run(1.0)
    board.rise(LEFT)
    board.run(0.1)
    board.stand(RIGHT)
    assert board.until(QuizAnswered).yes is True


def test_nobody_comes() -> None:
    """After two minutes of an empty board it ends, with nothing asked."""
    board = Board(LessonStep(), analogue=False)
    assert board.until(Ended, 130).why == "nobody came"
    assert names(board.facts) == [CueName.ENDED]


def test_the_first_step_on_begins_it() -> None:
    """The first sound comes two seconds after the step."""
    board = Board(LessonStep(), analogue=False)
    board.run(5.0)
    assert seen(board).phase == "wait"
    board.stand()
    assert board.until_cue(CueName.READY) == pytest.approx(7.1, abs=0.05)


@pytest.mark.parametrize("part", ["volume", "listen", "quiz"])
def test_a_person_who_steps_off_is_called_and_asked_nothing(part: str) -> None:
    """NUDGE calls a person who steps off; a minute later it ends, without a sound, question or COMPLETE meanwhile."""
    board = lesson()
    board.until_cue(CueName.READY)
    for _ in range(("volume", "listen", "quiz").index(part)):
        board.say(CommandName.NEXT)
    board.rise()
    if part == "volume":
        board.until_cue(CueName.YES)
    gone = len(board.facts)
    assert board.until(Ended, 90).why == "nobody came back"
    assert names(board.facts[gone:]) == [CueName.NUDGE, CueName.ENDED]
    assert seen(board).phase == "ended"
    assert not only(board.facts, QuizAnswered)


def test_coming_back_resumes_the_lesson() -> None:
    """Two seconds after the person is back the same question is asked again, and NUDGE has stopped."""
    board = lesson()
    to_quiz(board)
    answer(board, yes=False)
    board.rise()
    board.until_cue(CueName.NUDGE)
    now = seen(board)
    assert (now.phase, now.about, now.claimed, now.repetition) == ("away", None, None, 2)
    board.run(20.0)
    board.stand()
    assert one(board.run(0.2), CueEnded).cue is CueName.NUDGE
    begun_s = board.now_s
    assert board.until_cue(draw_quiz(SEED)[1][0]) == pytest.approx(begun_s + 1.9, abs=0.1)
    assert seen(board).phase == "quiz"


def test_a_lost_heel_sensor_counts_as_nobody() -> None:
    """Nothing is asked while the only heel is not sensed."""
    board = lesson(analogue=True, plates=(LEFT,))
    to_quiz(board)
    board.silent.add(LEFT)
    board.until_cue(CueName.NUDGE)
    board.silent.clear()
    board.until_cue(draw_quiz(SEED)[0][0])


def test_stop_ends_it_at_once() -> None:
    """Even while a sound repeats."""
    board = lesson()
    board.until_cue(CueName.READY)
    board.say(CommandName.NEXT)
    board.until_cue(CueName.HEEL_UP, 60)
    said = board.say(CommandName.STOP)
    assert one(said, Ended).why == "stop"
    assert one(said, CueEnded).cue is CueName.HEEL_UP
    assert board.run(30.0) == []


def test_a_recording_may_end_in_the_middle() -> None:
    """A repeating sound is ended, and nothing is finished."""
    board = lesson()
    board.until_cue(CueName.READY)
    board.say(CommandName.NEXT)
    board.until_cue(CueName.HEEL_UP, 60)
    facts = board.engine.close(board.now_us)
    assert one(facts, CueEnded).cue is CueName.HEEL_UP
    assert board.engine.outcome == "ended"
    assert not only(facts, LessonFinished)


def test_what_follows_a_lesson_begins_after_it() -> None:
    """A lesson is a step like any other: a rest after it begins automatically."""
    board = Board(LessonStep(SEED), RestStep(us(5)), analogue=False)
    board.stand()
    board.run(1.0)
    to_quiz(board)
    for _ in range(QUESTION_COUNT):
        answer(board, yes=False)
    finished = board.until(LessonFinished)
    board.run(0.1)
    assert seen(board).activity == "rest"
    assert finished.at_us / 1e6 not in heard(board.facts, CueName.COMPLETE)


def test_every_seed_draws_a_fair_quiz() -> None:
    """Six different sounds; three claims are true, and the others name another taught sound."""
    for seed in range(200):
        quiz = draw_quiz(seed)
        assert len({sound for sound, _ in quiz}) == QUESTION_COUNT
        assert sum(sound is claimed for sound, claimed in quiz) == QUESTION_COUNT // 2
        assert {claimed for _, claimed in quiz} <= set(TAUGHT_CUES)


def test_seeds_draw_different_quizzes_that_cover_every_sound() -> None:
    """No quiz can be learnt by heart, the same seed gives the same one, and each sound is in some quiz."""
    quizzes = [draw_quiz(seed) for seed in range(60)]
    assert len(set(quizzes)) == len(quizzes)
    assert quizzes == [draw_quiz(seed) for seed in range(60)]
    assert {sound for quiz in quizzes for sound, _ in quiz} == set(TAUGHT_CUES)
    first_true = [quiz[0][0] is quiz[0][1] for quiz in quizzes]
    assert 15 <= sum(first_true) <= 45
