"""The bring-up of the board as its faces, terminal and page, show it: results, questions, and how far it is."""

from __future__ import annotations

import math
from typing import Protocol

from msgspec import Struct

from station.core.untrusted import is_number, quoted

SKIP = "skip"
"""The answer of somebody who cannot say."""


class Result(Struct, frozen=True):
    """One line of the bring-up: the part, whether it is well, one sentence, and the step that found it.

    `pictures` are files of `hardware/pictures` that show the places that the sentence names.
    """

    part: str
    well: bool
    sentence: str
    step: str = "probed"
    pictures: tuple[str, ...] = ()


class Question(Struct, frozen=True):
    """What the bring-up asks the person at the board.

    `answers` are those to choose from, each with its label; with `takes_volts` a voltage is one too. `then` is what to
    do once it is answered, while the board listens. `picture` is a file of `hardware/pictures`, empty for none.
    """

    part: str
    text: str
    answers: tuple[tuple[str, str], ...]
    takes_volts: bool = False
    then: str = ""
    picture: str = ""

    def checked(self, answer: str) -> str:
        """The answer without blanks. Raises ValueError with a sentence for one that is none of them."""
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
        """Ask, and wait for an answer that `question.checked` has passed."""


class BringUpStoppedError(Exception):
    """The bring-up was stopped before its end; the text is one sentence."""


class BringUpView(Struct, frozen=True):
    """The bring-up that is going on, or the last one since the station started.

    `number` grows with every change, so that a page recognises news; an answer names the question by it. `doing` is
    what the person does now, while the board listens. `why` says why the bring-up ended early.
    """

    number: int
    asks: bool
    """Whether the person is asked; without questions it sees only what the board shows by itself."""
    is_over: bool = False
    results: tuple[Result, ...] = ()
    question: Question | None = None
    doing: str = ""
    why: str | None = None

    @property
    def is_well(self) -> bool:
        """Whether it reached its end and found no fault."""
        return self.is_over and self.why is None and all(result.well for result in self.results)
