"""What people ask, as `answers.toml` has it, and the search through it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import msgspec

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
EXACT, BEGUN, MISSPELT = 4, 3, 2
"""How well a word fits."""
IN_QUESTION, IN_TEXT = 3, 1
"""How much a place counts: the question and its further words, or the answer."""


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
    return msgspec.toml.decode(FILE.read_bytes(), type=Answers).answers


def found(asked: str, known: Sequence[Answer]) -> tuple[Answer, ...]:
    """The answers that fit what was asked, best first; all of them where nothing was asked."""
    words = _words(asked)
    wanted = [word for word in words if word not in SMALL_WORDS] or words
    if not wanted:
        return tuple(known)
    scores = [(_score(wanted, answer), answer) for answer in known]
    fitting = [(score, answer) for score, answer in scores if score[0]]
    return tuple(answer for _, answer in sorted(fitting, key=lambda one: one[0], reverse=True))


def _score(wanted: Iterable[str], answer: Answer) -> tuple[int, int]:
    """How many of the words are in the answer, and how well."""
    places = (
        (IN_QUESTION, _words(" ".join((answer.question, *answer.words)))),
        (IN_TEXT, _words(answer.text)),
    )
    best = [max(weight * _fit(word, there) for weight, there in places) for word in wanted]
    return sum(1 for one in best if one), sum(best)


def _fit(wanted: str, there: Iterable[str]) -> int:
    return max((_alike(wanted, word) for word in there), default=0)


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
