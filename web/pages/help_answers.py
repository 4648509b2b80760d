"""What people ask, as `answers.toml` has it, and the search through it."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import msgspec

from station.catalogue.checked import checked

FILE = Path(__file__).with_suffix(".toml")
MOST_WORDS = 80
"""An answer is shorter: nobody reads more on a phone with one foot on a board."""
SMALL_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "but", "by", "can", "do", "does", "for", "from", "had", "has"),
        *("have", "how", "i", "in", "is", "it", "its", "me", "my", "no", "not", "of", "on", "or", "so", "that", "the"),
        *("then", "there", "this", "to", "up", "was", "what", "when", "where", "which", "who", "why", "will", "with"),
        *("you", "your"),
    )
)
"""They tell no answer from another, unless nothing else was asked."""
WORD = re.compile(r"[a-z0-9]+")
PREFIX_LETTERS = 3
"""From so many letters on the beginning of a word is enough."""
MISSPELT_LETTERS = 5
"""From so many letters on one wrong, missing, doubled or swapped letter is forgiven."""
EXACT, BEGUN, MISSPELT = 100, 10, 1
"""How well a word fits: as it is, by its beginning, or misspelt."""
IN_QUESTION = 3
"""So much more a word counts in the question, or among its further words, than in the answer."""


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the station does about it: a page of this station, by its address."""

    text: str
    to: str


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question and its answer. `words` are what else it is searched by, `source` where its numbers come from."""

    key: str
    group: str
    question: str
    text: str
    links: tuple[Link, ...]
    words: tuple[str, ...] = ()
    source: str = ""


class Answers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of the file."""

    answers: tuple[Answer, ...]


@cache
def answers() -> tuple[Answer, ...]:
    """All answers in the order of the file."""
    return checked(tomllib.loads(FILE.read_text(encoding="utf-8")), Answers).answers


def found(asked: str, known: Sequence[Answer]) -> tuple[Answer, ...]:
    """The answers that fit what was asked, best first; all of them where nothing was asked.

    A misspelt word is only looked for where no answer has it as it was spelt. An answer that has less than half of the
    words of the best one is left out.
    """
    words = _words(asked)
    wanted = [word for word in words if word not in SMALL_WORDS] or words
    if not wanted:
        return tuple(known)
    fits = [[_fit(word, answer) for word in wanted] for answer in known]
    least = [BEGUN if any(fit >= BEGUN for fit in column) else MISSPELT for column in zip(*fits, strict=True)]
    scores = [_score(row, least) for row in fits]
    enough = max((score[0] for score in scores), default=0) / 2
    fitting = [one for one in zip(scores, known, strict=True) if one[0][0] and one[0][0] >= enough]
    return tuple(answer for _, answer in sorted(fitting, key=lambda one: one[0], reverse=True))


def _score(fits: Iterable[int], least: Iterable[int]) -> tuple[int, int]:
    """How many of the words an answer has, and how well."""
    good = [fit for fit, needed in zip(fits, least, strict=True) if fit >= needed]
    return len(good), sum(good)


def _fit(wanted: str, answer: Answer) -> int:
    """How well the word fits the answer, 0 for not at all; better in the question than in the text."""
    asked = _words(" ".join((answer.question, *answer.words)))
    in_question = max((_alike(wanted, word) for word in asked), default=0)
    in_text = max((_alike(wanted, word) for word in _words(answer.text)), default=0)
    return max(in_question * IN_QUESTION, in_text)


def _alike(wanted: str, word: str) -> int:
    if wanted == word:
        return EXACT
    shorter, longer = sorted((wanted, word), key=len)
    if len(shorter) >= PREFIX_LETTERS and longer.startswith(shorter) and not shorter.isdecimal():
        return BEGUN
    if len(wanted) >= MISSPELT_LETTERS and (_one_off(wanted, word) or _one_off(wanted, word[: len(wanted)])):
        return MISSPELT
    return 0


def _one_off(one: str, other: str) -> bool:
    """Whether one letter is wrong, missing or too many, or two neighbours are swapped."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    if start is None:
        return True
    rest, other_rest = one[start:], other[start:]
    return (
        rest[1:] == other_rest[1:]
        or rest[1:] == other_rest
        or rest == other_rest[1:]
        or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])
    )


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return WORD.findall(plain)
