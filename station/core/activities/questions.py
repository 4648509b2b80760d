"""The two questions after a test: where did you feel the limit, and how much did it hurt?

ASK calls for each. The person answers on the page or by heel taps, which are counted and echoed. Place: two taps for
the front, three for the Achilles tendon, four for the calf, five for nowhere. Pain: one tap for none, two for some,
three for strong; the page takes any number. A question left open is dropped after a while and has no answer, which is
not the same as pain 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from station.core.activities.phases import PhasedActivity
from station.core.events import FELT_PLACE_ANSWERS, PAIN_ANSWERS, SECOND_US, Command, CommandName, Side
from station.core.facts import Answered, CueName, Ended
from station.core.sensing.deliberate_taps import TapDetector
from station.core.sensing.sensors import BoardSensors, Change, HeelChange
from station.core.state import QuestionState
from station.core.steps import AskStep

PLACE_BY_TAPS = dict(enumerate(FELT_PLACE_ANSWERS, start=2))
"""The felt place for each number of taps; a single tap may be an accident."""
PAIN_BY_TAPS = {1: "0", 2: "4", 3: "7"}
"""The pain for each number of taps: none, some and strong. Ten heel taps are too many to count."""


class AskPhase(StrEnum):
    """The phases of the questions: one each, and the end."""

    FELT = "felt"
    PAIN = "pain"
    DONE = "done"
    ENDED = "ended"


FELT_QUESTION, PAIN_QUESTION = AskPhase.FELT, AskPhase.PAIN
TRANSITIONS: dict[AskPhase, frozenset[AskPhase]] = {
    AskPhase.FELT: frozenset({AskPhase.PAIN, AskPhase.ENDED}),
    AskPhase.PAIN: frozenset({AskPhase.DONE, AskPhase.ENDED}),
    AskPhase.DONE: frozenset(),
    AskPhase.ENDED: frozenset(),
}


class QuestionRules(Struct, frozen=True):
    """The times of the questions after a test."""

    ask_after_us: int = 1 * SECOND_US
    """From an answer or a result to the ASK of the next question: the ECHO is over by then."""


class Questions(PhasedActivity[AskPhase]):
    """Asks one question after the other. Complete when both are answered or dropped."""

    transitions = TRANSITIONS

    def __init__(self, step: AskStep, sensors: BoardSensors, rules: QuestionRules | None = None) -> None:
        super().__init__(sensors, FELT_QUESTION)
        self.rules = rules or QuestionRules()
        self._step = step
        self._tap_detector = TapDetector(sensors, self._answers_by_taps)
        self._asked_at_us = 0
        self._ask_us: int | None = None

    @property
    def _answers_by_taps(self) -> dict[int, str]:
        return PLACE_BY_TAPS if self.phase is FELT_QUESTION else PAIN_BY_TAPS

    def begin(self, at_us: int) -> None:
        self.configure_sensors()
        self._ask_question(at_us)

    def _ask_question(self, at_us: int) -> None:
        self._asked_at_us, self._ask_us = at_us, at_us + self.rules.ask_after_us
        self._tap_detector = TapDetector(self.sensors, self._answers_by_taps)
        self._set_due()

    def _set_due(self) -> None:
        end_us = self._asked_at_us + self._step.wait_us
        dues = [due_us for due_us in (self._tap_detector.due_us, self._ask_us, end_us) if due_us is not None]
        self.due_us = None if self.outcome is not None else min(dues)

    def watched_sides(self) -> Sequence[Side]:
        return tuple(Side)

    def on_change(self, change: Change) -> None:
        if isinstance(change, HeelChange):
            self._tap_detector.on_heel_change(change)
        self._set_due()

    def on_alarm(self, at_us: int) -> None:
        count = self._tap_detector.pass_time(at_us)
        if count is not None:
            self.emit_cue(at_us, CueName.ECHO, count=count)
            self._record_answer(at_us, self._answers_by_taps[count])
        elif self._ask_us is not None and at_us >= self._ask_us:
            self._ask_us = None
            self.emit_cue(at_us, CueName.ASK)
        elif at_us >= self._asked_at_us + self._step.wait_us and not self._tap_detector.is_tapping:
            self._next_question(at_us)
        self._set_due()
        if self._tap_detector.is_tapping and self.outcome is None:
            self.due_us = self._tap_detector.due_us

    def _record_answer(self, at_us: int, answer: str) -> None:
        self.emit(Answered(at_us, self.phase.value, answer))
        self._next_question(at_us)

    def _next_question(self, at_us: int) -> None:
        self.stop_repeating_cue(at_us)
        if self.phase is FELT_QUESTION:
            self.enter(PAIN_QUESTION)
            self._ask_question(at_us)
        else:
            self.enter(AskPhase.DONE)
            self.outcome = "complete"

    @property
    def commands(self) -> frozenset[CommandName]:
        return frozenset({CommandName.NEXT, CommandName.SKIP})

    def on_command(self, command: Command) -> None:
        at_us, answer = command.at_us, command.answer
        is_valid = answer in (FELT_PLACE_ANSWERS if self.phase is FELT_QUESTION else PAIN_ANSWERS)
        if self.outcome is None and command.word is CommandName.ANSWER and answer is not None and is_valid:
            self._record_answer(at_us, answer)
        elif self.outcome is None and command.word in (CommandName.NEXT, CommandName.SKIP):
            self._next_question(at_us)
        elif self.outcome is None and command.word is CommandName.STOP:
            self.emit_cue(at_us, CueName.ENDED)
            self.emit(Ended(at_us, "stop"))
            self.enter(AskPhase.ENDED)
            self.outcome = "ended"
        self._set_due()

    def close(self, at_us: int) -> None:
        self.stop_repeating_cue(at_us)
        self.outcome = "ended"

    def state_at(self, at_us: int) -> QuestionState:
        return QuestionState(phase=self.phase, waited_us=at_us - self._asked_at_us, wait_us=self._step.wait_us)
