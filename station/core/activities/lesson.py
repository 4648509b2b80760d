"""The lesson on the sounds: a volume check, the meaning of each sound, and a quiz of six questions.

The person answers with a heel. *Volume*: a sound plays; a lifted heel confirms it, otherwise it gets louder, three
tries in all. *Listen*: the sounds that guide a routine play one after the other, each with its meaning on the page.
*Quiz*: a sound plays and the page claims a meaning, which is true half of the time; a lifted heel means true, a heel
that stays down means false. YES or NO sounds, and the page shows the answer.

- Either heel answers, and either heel down counts as a person on the board. Each sound waits for one: NUDGE calls the
  person, and after a minute the lesson ends.
- A heel that rose before a sound began does not answer it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from random import Random

from msgspec import Struct

from station.core.activities.engine import REPEATING_CUES
from station.core.activities.phases import PhasedActivity
from station.core.events import SECOND_US, Command, CommandName, Side
from station.core.facts import Cue, CueName, Ended, LessonFinished, LouderAsked, QuizAnswered
from station.core.sensing.sensors import BoardSensors, Change, HeelChange, KneeChange
from station.core.sensing.stance import StanceTracker
from station.core.sound.cues import cue_length_us
from station.core.state import LessonState
from station.core.steps import LessonStep

TAUGHT_CUES = (
    CueName.COUNT,
    CueName.GO,
    CueName.HOLD_DONE,
    CueName.HEEL_UP,
    CueName.YES,
    CueName.NO,
    CueName.READY,
    CueName.SET_DONE,
    CueName.SWITCH,
    CueName.TRIAL_OK,
    CueName.ASK,
    CueName.ECHO,
    CueName.PAUSED,
    CueName.COMPLETE,
)
"""The sounds that guide a routine without the page: those of `needed_cues`, and COUNT, YES and PAUSED for comfort."""
ECHOED_TAPS = 3
"""A single tick would sound like STEP_ON."""
VOLUME_CUE = CueName.READY
QUESTION_COUNT = 6


class LessonPhase(StrEnum):
    """The phases of a lesson."""

    WAIT = "wait"
    VOLUME = "volume"
    LISTEN = "listen"
    QUIZ = "quiz"
    AWAY = "away"
    DONE = "done"
    ENDED = "ended"


TRANSITIONS: dict[LessonPhase, frozenset[LessonPhase]] = {
    LessonPhase.WAIT: frozenset({LessonPhase.VOLUME, LessonPhase.ENDED}),
    LessonPhase.VOLUME: frozenset({LessonPhase.LISTEN, LessonPhase.AWAY, LessonPhase.ENDED}),
    LessonPhase.LISTEN: frozenset({LessonPhase.QUIZ, LessonPhase.AWAY, LessonPhase.ENDED}),
    LessonPhase.QUIZ: frozenset({LessonPhase.AWAY, LessonPhase.DONE, LessonPhase.ENDED}),
    LessonPhase.AWAY: frozenset({LessonPhase.VOLUME, LessonPhase.LISTEN, LessonPhase.QUIZ, LessonPhase.ENDED}),
    LessonPhase.DONE: frozenset(),
    LessonPhase.ENDED: frozenset(),
}


class SoundLessonRules(Struct, frozen=True):
    """The times of a lesson, and the tries of its volume check."""

    answer_timeout_us: int = 6 * SECOND_US
    """From the end of a sound. Slow people lift a heel within four seconds."""
    min_lift_us: int = 300_000
    """A shorter lift is a wobble."""
    pause_between_us: int = 2 * SECOND_US
    """From the end of one sound to the next: time to read its meaning."""
    show_verdict_us: int = 3 * SECOND_US
    """Time for YES or NO, and to read the right answer."""
    max_tries: int = 3
    arrival_timeout_us: int = 120 * SECOND_US
    """How long the lesson waits for a person to step on."""
    away_timeout_us: int = 60 * SECOND_US
    """A person who steps off for this long ends the lesson, as in a hold."""


def draw_quiz(seed: int) -> tuple[tuple[CueName, CueName], ...]:
    """Six different sounds, each with the meaning claimed for it; half of the claims are true."""
    random = Random(seed)
    played = random.sample(TAUGHT_CUES, QUESTION_COUNT)
    true_places = set(random.sample(range(QUESTION_COUNT), QUESTION_COUNT // 2))
    return tuple(
        (cue, cue if place in true_places else random.choice([other for other in TAUGHT_CUES if other is not cue]))
        for place, cue in enumerate(played)
    )


class SoundLesson(PhasedActivity[LessonPhase]):
    """Runs the lesson of `step`."""

    transitions = TRANSITIONS

    def __init__(self, step: LessonStep, sensors: BoardSensors, rules: SoundLessonRules | None = None) -> None:
        super().__init__(sensors, LessonPhase.WAIT)
        self.rules = rules or SoundLessonRules()
        self._part = LessonPhase.VOLUME
        """The current part, even while nobody stands on the board."""
        self._quiz = draw_quiz(step.seed)
        self._index = 0
        """The current try, sound or question, from 0."""
        self._right_count = 0
        self._stance_tracker = StanceTracker(sensors)
        self._next_sound_us: int | None = None
        """When the next sound plays, `None` while one awaits its answer."""
        self._last_sound_us = 0
        self._stop_cue_us: int | None = None
        self._deadline_us = 0
        self._heel_lift: HeelChange | None = None
        self._is_answer_right: bool | None = None
        """Whether the last answer was right, while the page shows it."""

    def begin(self, at_us: int) -> None:
        self.configure_sensors()
        self._stance_tracker = StanceTracker(self.sensors)
        self._deadline_us = at_us + self.rules.arrival_timeout_us
        if self._stance_tracker.is_occupied:
            self._enter_part(LessonPhase.VOLUME, at_us)
        self._set_due()

    def watched_sides(self) -> Sequence[Side]:
        return tuple(Side)

    def _enter_part(self, part: LessonPhase, at_us: int) -> None:
        self.enter(part)
        self._part = part
        self._index = 0
        self._set_next_sound(at_us + self.rules.pause_between_us)

    def _set_next_sound(self, sound_us: int) -> None:
        self._next_sound_us, self._heel_lift = sound_us, None

    @property
    def _current_cue(self) -> CueName:
        if self._part is LessonPhase.VOLUME:
            return VOLUME_CUE
        return TAUGHT_CUES[self._index] if self._part is LessonPhase.LISTEN else self._quiz[self._index][0]

    # The heels.

    def on_change(self, change: Change) -> None:
        if not isinstance(change, KneeChange) and change.side is not None:
            self._stance_tracker.update(change)
        if self.phase is LessonPhase.WAIT and self._stance_tracker.is_occupied:
            self._enter_part(LessonPhase.VOLUME, change.at_us)
        elif self.phase is LessonPhase.AWAY and self._stance_tracker.is_occupied:
            self.stop_repeating_cue(change.at_us)
            self.enter(self._part)
            self._set_next_sound(change.at_us + self.rules.pause_between_us)
        elif isinstance(change, HeelChange):
            self._on_heel_change(change)
        self._set_due()

    def _on_heel_change(self, change: HeelChange) -> None:
        heel_lift = self._heel_lift
        if heel_lift is None:
            is_asked = self.phase in (LessonPhase.VOLUME, LessonPhase.QUIZ) and self._next_sound_us is None
            self._heel_lift = (
                change if is_asked and not change.down and change.since_us >= self._last_sound_us else None
            )
        elif (
            change.side is heel_lift.side
            and change.down
            and change.since_us - heel_lift.since_us < self.rules.min_lift_us
        ):
            self._heel_lift = None

    # Time.

    def _set_due(self) -> None:
        if self._heel_lift is not None:
            due_us = self._heel_lift.since_us + self.rules.min_lift_us
        else:
            due_us = self._deadline_us if self._next_sound_us is None else self._next_sound_us
        if self._stop_cue_us is not None:
            due_us = min(due_us, self._stop_cue_us)
        self.due_us = None if self.outcome is not None else due_us

    def on_alarm(self, at_us: int) -> None:
        if self._stop_cue_us is not None and at_us >= self._stop_cue_us:
            self.stop_repeating_cue(at_us)
        elif self.phase is LessonPhase.WAIT:
            self._end_early(at_us, "nobody came")
        elif self.phase is LessonPhase.AWAY:
            self._end_early(at_us, "nobody came back")
        elif self._next_sound_us is not None:
            self._advance(at_us)
        elif self.phase is LessonPhase.VOLUME:
            self._finish_volume_try(at_us)
        elif self.phase is LessonPhase.LISTEN:
            self._finish_listening(at_us)
        else:
            self._judge_answer(at_us)
        self._set_due()

    def _advance(self, at_us: int) -> None:
        if self._is_answer_right is not None:
            self._is_answer_right = None
            self._index += 1
        if self._part is LessonPhase.QUIZ and self._index == QUESTION_COUNT:
            self.emit(LessonFinished(at_us, self._right_count, QUESTION_COUNT))
            self.enter(LessonPhase.DONE)
            self.outcome = "complete"
        elif self._stance_tracker.is_occupied:
            self._play_sound(at_us)
        else:
            self.enter(LessonPhase.AWAY)
            self._next_sound_us, self._deadline_us = None, at_us + self.rules.away_timeout_us
            self.emit_cue(at_us, CueName.NUDGE)

    def _play_sound(self, at_us: int) -> None:
        cue = self._current_cue
        count = ECHOED_TAPS if cue is CueName.ECHO else None
        self._next_sound_us, self._last_sound_us, self._heel_lift = None, at_us, None
        self.emit_cue(at_us, cue, count=count)
        end_us = at_us + cue_length_us(Cue(at_us, cue, count))
        if cue in REPEATING_CUES:
            end_us += self.rules.pause_between_us
            self._stop_cue_us = end_us
        self._deadline_us = end_us + (
            self.rules.pause_between_us if self._part is LessonPhase.LISTEN else self.rules.answer_timeout_us
        )

    def stop_repeating_cue(self, at_us: int) -> None:
        self._stop_cue_us = None
        super().stop_repeating_cue(at_us)

    def _finish_volume_try(self, at_us: int) -> None:
        if self._heel_lift is not None:
            self.emit_cue(at_us, CueName.YES)
            self._enter_part(LessonPhase.LISTEN, at_us)
        elif self._index + 1 < self.rules.max_tries:
            self._index += 1
            self.emit(LouderAsked(at_us))
            self._set_next_sound(at_us + self.rules.pause_between_us)
        else:
            self._end_early(at_us, "the sounds were not heard")

    def _finish_listening(self, at_us: int) -> None:
        self._index += 1
        if self._index == len(TAUGHT_CUES):
            self._enter_part(LessonPhase.QUIZ, at_us)
        else:
            self._set_next_sound(at_us)

    def _judge_answer(self, at_us: int) -> None:
        cue, claimed = self._quiz[self._index]
        said_yes = self._heel_lift is not None
        self._is_answer_right = said_yes is (cue is claimed)
        self._right_count += self._is_answer_right
        self.emit(QuizAnswered(at_us, cue, claimed, said_yes, self._is_answer_right))
        self.emit_cue(at_us, CueName.YES if self._is_answer_right else CueName.NO)
        self._set_next_sound(at_us + self.rules.show_verdict_us)

    def _end_early(self, at_us: int, reason: str) -> None:
        self.emit_cue(at_us, CueName.ENDED)
        self.emit(Ended(at_us, reason))
        self.enter(LessonPhase.ENDED)
        self.outcome = "ended"

    @property
    def commands(self) -> frozenset[CommandName]:
        is_heard = self.phase in (LessonPhase.VOLUME, LessonPhase.LISTEN)
        return frozenset({CommandName.NEXT, CommandName.SKIP} if is_heard else ())

    def on_command(self, command: Command) -> None:
        if self.outcome is None and command.word is CommandName.STOP:
            self._end_early(command.at_us, "stop")
        elif self.outcome is None and command.word in (CommandName.NEXT, CommandName.SKIP):
            self.stop_repeating_cue(command.at_us)
            self._enter_part(
                LessonPhase.LISTEN if self.phase is LessonPhase.VOLUME else LessonPhase.QUIZ, command.at_us
            )
        self._set_due()

    def close(self, at_us: int) -> None:
        self.stop_repeating_cue(at_us)
        self.enter(LessonPhase.ENDED)
        self.outcome = "ended"

    def state_at(self, at_us: int) -> LessonState:
        has_sounded = self._next_sound_us is None
        is_quiz, is_judged = self.phase is LessonPhase.QUIZ, self._is_answer_right is not None
        repetitions = {LessonPhase.VOLUME: self.rules.max_tries, LessonPhase.LISTEN: len(TAUGHT_CUES)}.get(
            self._part, QUESTION_COUNT
        )
        shows_cue = (self.phase is LessonPhase.LISTEN and has_sounded) or (is_quiz and is_judged)
        return LessonState(
            phase=self.phase,
            repetition=min(self._index + 1, repetitions),
            repetitions=repetitions,
            about=self._current_cue if shows_cue else None,
            claimed=self._quiz[self._index][1] if is_quiz and (has_sounded or is_judged) else None,
            verdict=None if self._is_answer_right is None else "right" if self._is_answer_right else "not yet",
            right=self._right_count,
            asked=QUESTION_COUNT,
        )
