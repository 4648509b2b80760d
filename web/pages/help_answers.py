"""The help answers from `help_answers.toml`, the causes from `causes.toml`, and the search through them."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import msgspec

from station.catalogue.checked import convert_to_record

ANSWERS_FILE, CAUSES_FILE = (Path(__file__).with_name(name) for name in ("help_answers.toml", "causes.toml"))
MAX_ANSWER_WORDS = 80
"""Longer answers are not read on a phone with one foot on the board."""
STOP_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "but", "by", "can", "do", "does", "for", "from", "had", "has"),
        *("have", "how", "i", "in", "is", "it", "its", "me", "my", "no", "not", "of", "on", "or", "so", "that", "the"),
        *("then", "there", "this", "to", "up", "was", "what", "when", "where", "which", "who", "why", "will", "with"),
        *("you", "your"),
    )
)
"""Words that do not distinguish answers; they count only if the query has no others."""
WORD_PATTERN = re.compile(r"[a-z0-9]+")
MIN_PREFIX_LETTERS = 3
"""The shortest prefix that matches."""
MIN_MISSPELT_LETTERS = 5
"""The shortest word in which one wrong, missing, doubled or swapped letter is tolerated."""
EXACT_SCORE, PREFIX_SCORE, MISSPELT_SCORE = 100, 10, 1
"""The score of a word: exact, by prefix, or misspelt."""
QUESTION_WEIGHT = 3
"""How much more a word counts in the question or the extra words than in the answer."""


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A link to a page of this station."""

    text: str
    to: str


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question and its answer. `words` are extra search words, `source` the source of its numbers."""

    key: str
    group: str
    question: str
    text: str
    links: tuple[Link, ...]
    words: tuple[str, ...] = ()
    source: str = ""


class Answers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of the file."""

    answers: tuple[Answer, ...]


@cache
def answers() -> tuple[Answer, ...]:
    """The answers of the Help page, in file order."""
    return _read(ANSWERS_FILE)


@cache
def causes() -> tuple[Answer, ...]:
    """The causes of a stiff ankle, in file order, the definition first; the Causes page shows them."""
    return _read(CAUSES_FILE)


def searchable() -> tuple[Answer, ...]:
    """Everything that Help searches."""
    return (*answers(), *causes())


def _read(file: Path) -> tuple[Answer, ...]:
    return convert_to_record(tomllib.loads(file.read_text(encoding="utf-8")), Answers).answers


def search(query: str, candidates: Sequence[Answer]) -> tuple[Answer, ...]:
    """The answers that match the query, best first; all of them without a query.

    A misspelling is assumed only if no answer has the word as typed. Answers with less than half the best score are
    left out.
    """
    words = _tokens(query)
    wanted = [word for word in words if word not in STOP_WORDS] or words
    if not wanted:
        return tuple(candidates)
    fits = [[_fit(word, answer) for word in wanted] for answer in candidates]
    required = [
        PREFIX_SCORE if any(fit >= PREFIX_SCORE for fit in column) else MISSPELT_SCORE
        for column in zip(*fits, strict=True)
    ]
    scores = [_answer_score(row, required) for row in fits]
    threshold = max((score[0] for score in scores), default=0) / 2
    matches = [one for one in zip(scores, candidates, strict=True) if one[0][0] and one[0][0] >= threshold]
    return tuple(answer for _, answer in sorted(matches, key=lambda one: one[0], reverse=True))


def _answer_score(fits: Iterable[int], required: Iterable[int]) -> tuple[int, int]:
    """How many of the query's words an answer has, and how well they match."""
    good = [fit for fit, needed in zip(fits, required, strict=True) if fit >= needed]
    return len(good), sum(good)


def _fit(wanted: str, answer: Answer) -> int:
    """How well the word matches the answer, 0 for not at all; a match in the question scores higher."""
    asked = _tokens(" ".join((answer.question, *answer.words)))
    in_question = max((_similarity(wanted, word) for word in asked), default=0)
    in_text = max((_similarity(wanted, word) for word in _tokens(answer.text)), default=0)
    return max(in_question * QUESTION_WEIGHT, in_text)


def _similarity(wanted: str, word: str) -> int:
    if wanted == word:
        return EXACT_SCORE
    shorter, longer = sorted((wanted, word), key=len)
    if len(shorter) >= MIN_PREFIX_LETTERS and longer.startswith(shorter) and not shorter.isdecimal():
        return PREFIX_SCORE
    if len(wanted) >= MIN_MISSPELT_LETTERS and (
        _is_one_edit_apart(wanted, word) or _is_one_edit_apart(wanted, word[: len(wanted)])
    ):
        return MISSPELT_SCORE
    return 0


def _is_one_edit_apart(one: str, other: str) -> bool:
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


def _tokens(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return WORD_PATTERN.findall(plain)
