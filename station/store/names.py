"""Rules for the name of a person, a routine, a browser or a token."""

from __future__ import annotations

from collections.abc import Iterable

MAX_NAME_LENGTH = 60
"""The number of letters that fit on a phone in two lines."""
_JOINERS = {0x200C: None, 0x200D: None}
"""Invisible, but part of Persian and Indian names, and of emoji."""


def is_name(name: str) -> bool:
    """Whether this may be the name of a person or a routine."""
    return 1 <= len(name) <= MAX_NAME_LENGTH and name.isprintable() and name == " ".join(name.split())


def unique_name(name: str, others: Iterable[str], taken_sentence: str) -> str:
    """The name without needless spaces.

    Raises `ValueError` with a sentence if it is empty, overlong or invisible, or `taken_sentence` if it is taken.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_NAME_LENGTH:
        raise ValueError(f"Enter a name of 1 to {MAX_NAME_LENGTH} letters.")
    if not name.translate(_JOINERS).isprintable():
        raise ValueError("A name may have only visible letters: leave out the others.")
    if name.casefold() in (other.casefold() for other in others):
        raise ValueError(taken_sentence.format(name=name))
    return name
