"""Identifiers sort in the order in which they were made, and are unique."""

from __future__ import annotations

from uuid import UUID

from station.store.ids import uuid7


def test_identifiers_sort_in_the_order_in_which_they_were_made() -> None:
    """Even those of the same millisecond, of which there are hundreds here."""
    made = [uuid7() for _ in range(2_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_identifier_is_a_uuid_of_version_7() -> None:
    found = UUID(uuid7())
    assert (found.version, found.variant) == (7, UUID(int=0b10 << 62).variant)
