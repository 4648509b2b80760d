"""The sounds, learnt on the board: is it loud enough, what does each mean, and six questions.

Everything is answered by one heel. *Volume*: a sound, and whoever hears it lifts a heel; where nobody does, it is asked
for louder, three times. *Listen*: the sounds that guide a routine, one after the other, each with its meaning on the
page. *Quiz*: a sound, and what it is said to mean, which is so in half of the cases; lifting a heel says that it is
so, keeping it down that it is not. YES and NO tell, and the right answer stays on the page meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from station.core import records as r
from station.core.activity import REPEATING, Activity
from station.core.cues import length_us
from station.core.picture import Picture
from station.core.records import SECOND_US, Cue, CueName, Side, Word
from station.core.senses import Change, HeelChange, Senses
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
class LessonRules:
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
    """Whoever has not stepped on by then has left."""


def quiz_of(seed: int) -> tuple[tuple[CueName, CueName], ...]:
    """Six different sounds with what each is said to be; half of that is so."""
    chance = Random(seed)
    played = chance.sample(TAUGHT, QUESTIONS)
    true = set(chance.sample(range(QUESTIONS), QUESTIONS // 2))
    return tuple(
        (cue, cue if place in true else chance.choice([other for other in TAUGHT if other is not cue]))
        for place, cue in enumerate(played)
    )


class Lesson(Activity):
    """Leads through the sounds by `step`."""

    def __init__(self, step: LessonStep, senses: Senses, rules: LessonRules | None = None) -> None:
        super().__init__(senses)
        self.rules = rules or LessonRules()
        self.phase = "wait"
        self._quiz = quiz_of(step.seed)
        self._place = 0
        """Which try, sound or question it is at, from 0."""
        self._right = 0
        self._sound_us: int | None = None
        """When the next sound comes."""
        self._hush_us: int | None = None
        self._until_us = 0
        self._lifted_us: int | None = None

    def begin(self, at_us: int) -> None:
        self.sense()
        self._until_us = at_us + self.rules.end_us
        if any(plate.trusted_down for plate in self.senses.plates):
            self._enter("volume", at_us)
        self._set_due()

    def minds(self) -> Sequence[Side]:
        return tuple(Side)

    def _enter(self, phase: str, at_us: int) -> None:
        self.phase, self._place = phase, 0
        self._plan(at_us + self.rules.apart_us)

    def _plan(self, sound_us: int) -> None:
        self._sound_us, self._lifted_us = sound_us, None

    @property
    def _cue(self) -> CueName:
        if self.phase == "volume":
            return VOLUME_CUE
        return TAUGHT[self._place] if self.phase == "listen" else self._quiz[self._place][0]

    def change(self, change: Change) -> None:
        if isinstance(change, HeelChange):
            if self.phase == "wait" and change.down:
                self._enter("volume", change.at_us)
            elif self._sound_us is None and not change.down and self._lifted_us is None:
                self._lifted_us = change.since_us
            elif change.down and self._lifted_us is not None and change.since_us - self._lifted_us < self.rules.lift_us:
                self._lifted_us = None
        self._set_due()

    def _set_due(self) -> None:
        dues = [self._until_us if self._sound_us is None else self._sound_us]
        if self._hush_us is not None:
            dues.append(self._hush_us)
        if self._lifted_us is not None and self.phase in ("volume", "quiz"):
            dues.append(self._lifted_us + self.rules.lift_us)
        self.due_us = None if self.over is not None else min(dues)

    def alarm(self, at_us: int) -> None:
        if self._hush_us is not None and at_us >= self._hush_us:
            self._hush_us = None
            self.hush(at_us)
        elif self.phase == "wait":
            self._end(at_us, "nobody came")
        elif self._sound_us is not None and at_us >= self._sound_us:
            self._play(at_us)
        elif self.phase == "volume":
            self._volume(at_us)
        elif self.phase == "listen":
            self._listen(at_us)
        else:
            self._judge(at_us)
        self._set_due()

    def _play(self, at_us: int) -> None:
        cue = self._cue
        self._sound_us = None
        self.cue(at_us, cue)
        end_us = at_us + length_us(Cue(at_us, cue))
        if cue in REPEATING:
            end_us += self.rules.apart_us
            self._hush_us = end_us
        self._until_us = end_us + (self.rules.apart_us if self.phase == "listen" else self.rules.answer_us)

    @property
    def _lifted(self) -> bool:
        return self._lifted_us is not None

    def _volume(self, at_us: int) -> None:
        if self._lifted:
            self.cue(at_us, CueName.YES)
            self._enter("listen", at_us)
        elif self._place + 1 < self.rules.tries:
            self._place += 1
            self.say(r.LouderAsked(at_us))
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
        self.hush(at_us)
        self._hush_us = None
        cue, claimed = self._quiz[self._place]
        right = self._lifted is (cue is claimed)
        self._right += right
        self.say(r.QuizAnswered(at_us, cue, claimed, self._lifted, right))
        self.cue(at_us, CueName.YES if right else CueName.NO)
        self._place += 1
        if self._place < QUESTIONS:
            self._plan(at_us + self.rules.verdict_us)
            return
        self.say(r.LessonFinished(at_us, self._right, QUESTIONS))
        self.phase, self.over = "done", "complete"

    def _end(self, at_us: int, why: str) -> None:
        self.cue(at_us, CueName.ENDED)
        self.say(r.Ended(at_us, why))
        self.phase, self.over = "ended", "ended"

    def command(self, command: r.Command) -> None:
        if self.over is None and command.word is Word.STOP:
            self._end(command.at_us, "stop")
        elif self.over is None and command.word in (Word.NEXT, Word.SKIP) and self.phase in ("volume", "listen"):
            self.hush(command.at_us)
            self._enter("listen" if self.phase == "volume" else "quiz", command.at_us)
        self._set_due()

    def close(self, at_us: int) -> None:
        self.hush(at_us)
        self.over = "ended"

    def picture(self, at_us: int) -> Picture:
        quiz = self.phase == "quiz"
        waits = self._sound_us is not None
        about = None if self.phase in ("wait", "volume") or self.over is not None else self._cue
        return Picture(
            "lesson",
            self.phase,
            repetition=self._place + 1,
            repetitions={"volume": self.rules.tries, "listen": len(TAUGHT), "quiz": QUESTIONS}.get(self.phase),
            about=about if not quiz and not waits else None,
            claimed=self._quiz[self._place][1] if quiz and about is not None and not waits else None,
            right=self._right,
            asked=QUESTIONS,
        )
