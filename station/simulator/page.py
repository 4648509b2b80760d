"""What the person reads and answers on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from station.core.activities.questions import FELT_QUESTION, PAIN_QUESTION
from station.core.events import Legs
from station.simulator.ankle import PersonProfile
from station.simulator.script import Script

LOOK_S = 0.5
"""How long it takes to find on the page what to do; the page shows it a moment after a start."""
ANSWER_S = 0.8
"""How long it takes to read a question and tap an answer."""
NEXT_QUESTION_S = 0.2
"""How long the page takes to show the next question."""


class PageView(Protocol):
    """What the page shows at one time."""

    @property
    def activity(self) -> str: ...

    @property
    def phase(self) -> str: ...

    @property
    def side(self) -> Legs | None: ...

    @property
    def exercise(self) -> str | None: ...

    @property
    def verified(self) -> bool | None: ...

    @property
    def target_count(self) -> int | None: ...

    @property
    def toe_mm(self) -> float | None: ...

    @property
    def target_mm(self) -> float | None: ...


class Page:
    """The page in front of one person. `read` returns what it shows; `None` if they cannot see it."""

    def __init__(self, read: Callable[[], PageView | None], submit_answer: Callable[[str], None]) -> None:
        self.read = read
        self._submit_answer = submit_answer

    @property
    def activity(self) -> str | None:
        view = self.read()
        return None if view is None else view.activity

    @property
    def exercise(self) -> str | None:
        view = self.read()
        return None if view is None else view.exercise

    @property
    def is_move_asked(self) -> bool:
        """Whether a test asks to slide the board."""
        view = self.read()
        return view is not None and (view.activity, view.phase) == ("test", "move")

    @property
    def is_exercise_unsensed(self) -> bool:
        """Whether the exercise is one that no sensor checks."""
        view = self.read()
        return view is not None and view.verified is False

    @property
    def is_board_to_be_laid(self) -> bool:
        """Whether the page asks for another position of the board."""
        return self.activity == "setup"

    @property
    def is_question_open(self) -> bool:
        """Whether the page asks one of the questions after a test."""
        return self._open_question() is not None

    def side(self, default: Legs) -> Legs:
        """The leg that the page asks for, or `default` if it names none."""
        view = self.read()
        return default if view is None or view.side is None else view.side

    def answer_questions(self, profile: PersonProfile) -> Script:
        """Answer the questions after a test until none is open."""
        while self.is_question_open:
            yield ANSWER_S
            question = self._open_question()
            if question is not None:
                self._submit_answer(profile.felt_place if question == FELT_QUESTION else str(profile.pain))
                yield NEXT_QUESTION_S

    def _open_question(self) -> str | None:
        view = self.read()
        is_open = view is not None and view.activity == "ask" and view.phase in (FELT_QUESTION, PAIN_QUESTION)
        return view.phase if view is not None and is_open else None
