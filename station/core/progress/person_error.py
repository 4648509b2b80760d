"""The person's own error (being written; the signatures stand)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from station.core.progress.records import PersonError, Result
from station.core.records import Contact


@dataclass(frozen=True, slots=True)
class Repeats:
    """Distances of one side in one sitting between which nothing was stretched, in mm: the trials of a full test, or
    quick tests right after each other."""

    at: datetime
    contact: Contact
    mm: tuple[float, ...]


def person_error(repeats: Sequence[Repeats], tests: Sequence[Result], contact: Contact, full: bool) -> PersonError:
    """The error of one more test of this contact and kind on another day, as all of these tell it.

    `tests` are the counted results of one side (the first of each day), any kind and contact, in any order.
    """
    return person_errors(repeats, tests, contact, full)[-1]


def person_errors(
    repeats: Sequence[Repeats], tests: Sequence[Result], contact: Contact, full: bool
) -> list[PersonError]:
    """What `person_error` would have said before the first test and after each, oldest first: `len(tests) + 1` of them.

    The i-th knows nothing of what came after the i-th test; all together cost little more than the last.
    """
    raise NotImplementedError
