"""The sounds, learnt on the board: is it loud enough, what does each mean, and six questions.

Everything is answered by one heel. *Volume*: a sound, and whoever hears it lifts a heel; where nobody does, it is asked
for louder, three times. *Listen*: the sounds that guide a routine, one after the other, each with its meaning on the
page. *Quiz*: a sound, and what it is said to mean, which is so in half of the cases; lifting a heel says that it is
so, keeping it down that it is not. YES and NO tell, and the page says what it was meanwhile.

What is left open elsewhere is answered here so:

- Any heel answers, and any heel that is down is somebody who stands there. A sound waits for one, so nobody is asked
  behind their back: NUDGE calls, and after a minute it is over.
- A heel that rose before a sound began says nothing about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from station.core.activities.engine import REPEATING_CUES, Activity
from station.core.events import SECOND_US, Command, CommandName, Side
from station.core.facts import Cue, CueName, Ended, LessonFinished, LouderAsked, QuizAnswered
from station.core.sensing.sensors import BoardSensors, Change, HeelChange, KneeChange
from station.core.sensing.stance import StanceTracker
from station.core.sound.cues import cue_length_us
from station.core.state import ActivityState
from station.core.steps import LessonStep

TAUGHT = (
    CueName.COUNT,
    CueName.GO,
    CueName.HOLD_DONE,
    CueName.HEEL_UP,
    CueName.YES,
    CueName.NO,
    CueName.SET_DONE,
    CueName.SWITCH,
    CueName.PAUSED,
    CueName.COMPLETE,
)
"""What somebody needs for a routine with the page away."""
VOLUME_CUE = CueName.READY
QUESTIONS = 6


@dataclass(frozen=True, slots=True)
class SoundLessonRules:
    answer_us: int = 6 * SECOND_US
    """From the end of a sound; slow people lift a heel within four seconds."""
    lift_us: int = 300_000
    """Shorter is a wobble."""
    apart_us: int = 2 * SECOND_US
    """From the end of one sound to the next: time to read what it means."""
    verdict_us: int = 3 * SECOND_US
    """YES or NO, and a look at what was right."""
    tries: int = 3
    end_us: int = 120 * SECOND_US
    """Whoever has not stepped on by then does not come."""
    away_us: int = 60 * SECOND_US
    """Whoever stepped off in the middle has left by then, as in a hold."""


def quiz_of(seed: int) -> tuple[tuple[CueName, CueName], ...]:
    """Six different sounds with what each is said to be; half of that is so."""
    chance = Random(seed)
    played = chance.sample(TAUGHT, QUESTIONS)
    true = set(chance.sample(range(QUESTIONS), QUESTIONS // 2))
    return tuple(
        (cue, cue if place in true else chance.choice([other for other in TAUGHT if other is not cue]))
        for place, cue in enumerate(played)
    )


class SoundLesson(Activity):
    """Leads through the sounds by `step`."""

    def __init__(self, step: LessonStep, senses: BoardSensors, rules: SoundLessonRules | None = None) -> None:
        super().__init__(senses)
        self.rules = rules or SoundLessonRules()
        self.phase = "wait"
        self._part = "volume"
        """Which part it is in, also while nobody stands there."""
        self._quiz = quiz_of(step.seed)
        self._place = 0
        """Which try, sound or question it is at, from 0."""
        self._right = 0
        self._footing = StanceTracker(senses)
        self._sound_us: int | None = None
        """When the next sound comes, `None` while one is to be answered."""
        self._sounded_us = 0
        self._hush_us: int | None = None
        self._until_us = 0
        self._lift: HeelChange | None = None
        self._correct_cue: bool | None = None
        """Whether the answer to the question was right, while that is told."""

    def begin(self, at_us: int) -> None:
        self.configure_sensors()
        self._footing = StanceTracker(self.sensors)
        self._until_us = at_us + self.rules.end_us
        if self._footing.is_occupied:
            self._enter("volume", at_us)
        self._set_due()

    def watched_sides(self) -> Sequence[Side]:
        return tuple(Side)

    def _enter(self, part: str, at_us: int) -> None:
        self.phase = self._part = part
        self._place = 0
        self._plan(at_us + self.rules.apart_us)

    def _plan(self, sound_us: int) -> None:
        self._sound_us, self._lift = sound_us, None

    @property
    def _cue(self) -> CueName:
        if self._part == "volume":
            return VOLUME_CUE
        return TAUGHT[self._place] if self._part == "listen" else self._quiz[self._place][0]

    # The heels.

    def on_change(self, change: Change) -> None:
        if not isinstance(change, KneeChange) and change.side is not None:
            self._footing.update(change)
        if self.phase == "wait" and self._footing.is_occupied:
            self._enter("volume", change.at_us)
        elif self.phase == "away" and self._footing.is_occupied:
            self.stop_repeating_cue(change.at_us)
            self.phase = self._part
            self._plan(change.at_us + self.rules.apart_us)
        elif isinstance(change, HeelChange):
            self._heel(change)
        self._set_due()

    def _heel(self, change: HeelChange) -> None:
        lift = self._lift
        if lift is None:
            asked = self.phase in ("volume", "quiz") and self._sound_us is None
            self._lift = change if asked and not change.down and change.since_us >= self._sounded_us else None
        elif change.side is lift.side and change.down and change.since_us - lift.since_us < self.rules.lift_us:
            self._lift = None

    # Time.

    def _set_due(self) -> None:
        if self._lift is not None:
            due_us = self._lift.since_us + self.rules.lift_us
        else:
            due_us = self._until_us if self._sound_us is None else self._sound_us
        if self._hush_us is not None:
            due_us = min(due_us, self._hush_us)
        self.due_us = None if self.outcome is not None else due_us

    def on_alarm(self, at_us: int) -> None:
        if self._hush_us is not None and at_us >= self._hush_us:
            self.stop_repeating_cue(at_us)
        elif self.phase == "wait":
            self._end(at_us, "nobody came")
        elif self.phase == "away":
            self._end(at_us, "nobody came back")
        elif self._sound_us is not None:
            self._advance(at_us)
        elif self.phase == "volume":
            self._volume(at_us)
        elif self.phase == "listen":
            self._listen(at_us)
        else:
            self._judge(at_us)
        self._set_due()

    def _advance(self, at_us: int) -> None:
        if self._correct_cue is not None:
            self._correct_cue = None
            self._place += 1
        if self._part == "quiz" and self._place == QUESTIONS:
            self.emit(LessonFinished(at_us, self._right, QUESTIONS))
            self.phase, self.outcome = "done", "complete"
        elif self._footing.is_occupied:
            self._play(at_us)
        else:
            self.phase, self._sound_us, self._until_us = "away", None, at_us + self.rules.away_us
            self.emit_cue(at_us, CueName.NUDGE)

    def _play(self, at_us: int) -> None:
        cue = self._cue
        self._sound_us, self._sounded_us, self._lift = None, at_us, None
        self.emit_cue(at_us, cue)
        end_us = at_us + cue_length_us(Cue(at_us, cue))
        if cue in REPEATING_CUES:
            end_us += self.rules.apart_us
            self._hush_us = end_us
        self._until_us = end_us + (self.rules.apart_us if self._part == "listen" else self.rules.answer_us)

    def stop_repeating_cue(self, at_us: int) -> None:
        self._hush_us = None
        super().stop_repeating_cue(at_us)

    def _volume(self, at_us: int) -> None:
        if self._lift is not None:
            self.emit_cue(at_us, CueName.YES)
            self._enter("listen", at_us)
        elif self._place + 1 < self.rules.tries:
            self._place += 1
            self.emit(LouderAsked(at_us))
            self._plan(at_us + self.rules.apart_us)
        else:
            self._end(at_us, "the sounds were not heard")

    def _listen(self, at_us: int) -> None:
        self._place += 1
        if self._place == len(TAUGHT):
            self._enter("quiz", at_us)
        else:
            self._plan(at_us)

    def _judge(self, at_us: int) -> None:
        cue, claimed = self._quiz[self._place]
        yes = self._lift is not None
        self._correct_cue = yes is (cue is claimed)
        self._right += self._correct_cue
        self.emit(QuizAnswered(at_us, cue, claimed, yes, self._correct_cue))
        self.emit_cue(at_us, CueName.YES if self._correct_cue else CueName.NO)
        self._plan(at_us + self.rules.verdict_us)

    def _end(self, at_us: int, why: str) -> None:
        self.emit_cue(at_us, CueName.ENDED)
        self.emit(Ended(at_us, why))
        self.phase, self.outcome = "ended", "ended"

    def on_command(self, command: Command) -> None:
        if self.outcome is None and command.word is CommandName.STOP:
            self._end(command.at_us, "stop")
        elif (
            self.outcome is None
            and command.word in (CommandName.NEXT, CommandName.SKIP)
            and self.phase in ("volume", "listen")
        ):
            self.stop_repeating_cue(command.at_us)
            self._enter("listen" if self.phase == "volume" else "quiz", command.at_us)
        self._set_due()

    def close(self, at_us: int) -> None:
        self.stop_repeating_cue(at_us)
        self.phase, self.outcome = "ended", "ended"

    def state_at(self, at_us: int) -> ActivityState:
        sounded = self._sound_us is None
        quiz, told = self.phase == "quiz", self._correct_cue is not None
        repetitions = {"volume": self.rules.tries, "listen": len(TAUGHT), "quiz": QUESTIONS}[self._part]
        about = (self.phase == "listen" and sounded) or (quiz and told)
        return ActivityState(
            "lesson",
            self.phase,
            repetition=min(self._place + 1, repetitions),
            repetitions=repetitions,
            about=self._cue if about else None,
            claimed=self._quiz[self._place][1] if quiz and (sounded or told) else None,
            verdict=None if self._correct_cue is None else "right" if self._correct_cue else "not yet",
            right=self._right,
            asked=QUESTIONS,
        )
