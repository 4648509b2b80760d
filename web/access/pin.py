"""A person's six-digit PIN: hash it, and check one against the hash.

Six digits are few, so the limit on wrong tries is what protects them; the hash (Argon2id, with the least memory in
OWASP's table) makes a stolen database slow to search.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

DIGITS = 6
BAD_PIN = f"A PIN has {DIGITS} digits that are not all the same and do not simply count up or down."
_PIN = re.compile(rf"[0-9]{{{DIGITS}}}")
_COUNTING = "01234567890123456789"
NO_PIN_HASH = "$argon2id$v=19$m=7168,t=5,p=1$6OdTBflKPCoF7fCNizgmhQ$C4xy3WqnoR+r+NZm1gtsmeDTmMrFrt9B4XC+lN3mCtc"
"""The hash of no PIN: checked for an unknown name, so that the answer takes as long."""


def hash_of_pin(pin: str) -> str:
    """The hash to store. Raises `ValueError` with a sentence if the PIN is not six digits or too easy."""
    pin = pin.strip()
    if not _PIN.fullmatch(pin) or len(set(pin)) == 1 or pin in _COUNTING or pin[::-1] in _COUNTING:
        raise ValueError(BAD_PIN)
    return _hasher().hash(pin)


def is_right(pin_hash: str | None, pin: str) -> bool:
    """Whether this PIN has that hash; without a hash, false after the same time."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(pin_hash or NO_PIN_HASH, pin.strip()) and pin_hash is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    """Argon2, loaded with the first PIN: most stations never need it."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=5, memory_cost=7168, parallelism=1)
