"""What to say of stored rows that are damaged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from station.store.amounts import amounts_text
from station.store.checksums import DamagedRow
from station.units import count_text


def damage_sentence(damaged: Collection[DamagedRow]) -> str | None:
    """How many rows are unreadable, and in which tables; `None` if none is."""
    if not damaged:
        return None
    by_table = Counter(one.table for one in damaged)
    return (
        f"{count_text(len(damaged), 'stored row')} cannot be read and {'is' if len(damaged) == 1 else 'are'} left out "
        f"({amounts_text(by_table)}). A backup may have what is missing: see Help."
    )
