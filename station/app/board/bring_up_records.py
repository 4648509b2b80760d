"""The bring-up of the board as terminal and page show it: results, questions and progress."""

from __future__ import annotations

import math
from typing import Protocol

from msgspec import Struct

from station.core.untrusted import is_number, quoted

SKIP = "skip"
"""The answer if the person does not know."""


class Result(Struct, frozen=True):
    """One line of the bring-up: the part, whether it works, one sentence, and the step that found it.

    `pictures` are files of `hardware/pictures` that show the places in the sentence.
    """

    part: str
    well: bool
    sentence: str
    step: str = "probed"
    pictures: tuple[str, ...] = ()


class Question(Struct, frozen=True):
    """A question of the bring-up to the person at the board.

    `answers` are the choices, each with its label; with `takes_volts` a voltage is valid too. `then` is what to do
    after the answer, while the board listens. `picture` is a file of `hardware/pictures`, empty for none.
    """

    part: str
    text: str
    answers: tuple[tuple[str, str], ...]
    takes_volts: bool = False
    then: str = ""
    picture: str = ""

    def checked(self, answer: str) -> str:
        """The answer without surrounding blanks. Raises ValueError with a sentence for an invalid one."""
        plain = answer.strip()
        if plain in dict(self.answers):
            return plain
        if not self.takes_volts:
            raise ValueError(f"{quoted(plain)} is not an answer: choose one of {', '.join(dict(self.answers))}.")
        try:
            volts = float(plain.removesuffix("V").replace(",", "."))
        except ValueError:
            volts = math.nan
        if not is_number(volts):
            raise ValueError(f"{quoted(plain)} is not a voltage: type a number such as 2.5.")
        return f"{volts:g}"


class Witness(Protocol):
    """The person at the board during the bring-up."""

    def ask(self, question: Question) -> str:
        """Ask, and wait for an answer that passes `question.checked`."""


class BringUpStoppedError(Exception):
    """The bring-up was stopped before its end; the text is one sentence."""


class BringUpView(Struct, frozen=True):
    """The current bring-up, or the last one since the station started.

    `number` grows with every change, so that a page recognises news; an answer names its question by this number.
    `doing` is what the person should do now, while the board listens. `why` says why the bring-up ended early.
    """

    number: int
    asks: bool
    """Whether it asks questions; without them it finds only what the board can detect on its own."""
    is_over: bool = False
    results: tuple[Result, ...] = ()
    question: Question | None = None
    doing: str = ""
    why: str | None = None

    @property
    def is_well(self) -> bool:
        """Whether it is complete and found no fault."""
        return self.is_over and self.why is None and all(result.well for result in self.results)
