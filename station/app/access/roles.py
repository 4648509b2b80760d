"""Visitors of the page: what a paired browser's token, role and person allow.

A token opens all that its browser may, so only its SHA-256 is stored. 256 random bits need no salt.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from station.store import Reader
from station.store.access_records import Device, DeviceAccess, Role, Seen

if TYPE_CHECKING:
    from station.store import Store  # the page never writes, and does not load it

__all__ = [
    "ACCESS_COOKIE",
    "NOBODY_YET",
    "Role",
    "Visitor",
    "add_person",
    "choose_person",
    "expires_at",
    "hash_of",
    "is_live",
    "new_token",
    "note_attempt",
    "pair",
    "touch",
    "visitor_of",
    "visitor_with",
]

NOT_SHARED = "This browser is not shared: it belongs to one person."

IDLE_END = timedelta(days=90)
ABSOLUTE_END = timedelta(days=365)
PRESENCE = timedelta(minutes=10)
"""How long a proof of presence counts for the device that requested it."""
SHARED_STAY = timedelta(minutes=15)
"""How long a shared browser stays a person's after their last request."""
TOUCH_EVERY = timedelta(hours=1)
"""How precisely "last seen" is stored: each write wears the memory card."""

ACCESS_COOKIE = "access"
"""The cookie with a paired browser's token."""
PIN, RHYTHM = "pin", "rhythm"
"""The kinds of tries that are counted."""
PIN_TRIES = 12
PIN_TRIES_WITHIN = timedelta(hours=1)

_RANK = {role: rank for rank, role in enumerate(Role)}
_TOKEN_BYTES = 32


class Visitor(Struct, frozen=True):
    """Who sent a request.

    `device` and `role` are `None` for an unpaired browser. `person_id` is its current person, `person_ids`
    are all the people whose results it may see. `is_present`: a proof of presence counts. `has_viewers`: its person
    has agreed that somebody else sees their results.
    """

    device: Device | None = None
    role: Role | None = None
    person_id: str | None = None
    person_ids: frozenset[str] = frozenset()
    is_present: bool = False
    has_viewers: bool = False

    @property
    def seen(self) -> Seen:
        """Whose results this visitor may see."""
        if self.device is None:
            return Seen(frozenset(), None)
        return Seen(
            self.person_ids, self.device.paired_at if self.role is Role.GUEST else datetime.min.replace(tzinfo=UTC)
        )

    @property
    def is_paired(self) -> bool:
        """Whether this browser is paired and its pairing is valid."""
        return self.role is not None

    def is_at_least(self, role: Role) -> bool:
        """Whether this visitor has this role or a higher one."""
        return self.role is not None and _RANK[self.role] >= _RANK[role]

    def sees(self, person_id: str | None, started_at: datetime | None = None) -> bool:
        """Whether this visitor sees this person's results. Without a person: those of an unclaimed session that began
        at `started_at`, which a guest sees if it began after their pairing, and any other paired browser always."""
        seen = self.seen
        if person_id is not None:
            return person_id in seen.person_ids
        return seen.nobody_since is not None and started_at is not None and started_at >= seen.nobody_since


NOBODY_YET = Visitor()
"""An unpaired browser."""


def new_token() -> str:
    """A token of 256 random bits, as text for a cookie."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def expires_at(role: Role, now: datetime) -> datetime:
    """When a pairing made now expires at the latest: a guest's at the end of the station's day."""
    if role is Role.GUEST:
        tomorrow = now.astimezone().date() + timedelta(days=1)
        return datetime.combine(tomorrow, time()).astimezone()
    return now + ABSOLUTE_END


def is_live(device: Device, now: datetime) -> bool:
    """Whether a pairing is valid: not revoked, not expired, and not idle for too long."""
    return device.revoked_at is None and now < device.expires_at and now < device.last_seen_at + IDLE_END


def visitor_with(reader: Reader, token: str | None, now: datetime) -> Visitor:
    """The visitor that this token lets in; `NOBODY_YET` if it is missing, unknown or no longer valid."""
    if not token:
        return NOBODY_YET
    token_hash = hash_of(token)
    access = reader.device_with(token_hash)
    if access is None or not hmac.compare_digest(access.token_hash, token_hash) or not is_live(access.device, now):
        return NOBODY_YET
    return visitor_of(access, now)


def visitor_of(access: DeviceAccess, now: datetime) -> Visitor:
    """The visitor with this live device."""
    device = access.device
    is_theirs = not device.is_shared or (device.person_until is not None and now < device.person_until)
    person_id = device.person_id if is_theirs else None
    person_ids = frozenset() if person_id is None else access.agreed_ids | {person_id}
    is_present = device.present_until is not None and now < device.present_until
    return Visitor(device, device.role, person_id, person_ids, is_present, person_id is not None and access.has_viewers)


def pair(
    store: Store,
    now: datetime,
    token_hash: str,
    name: str,
    role: Role,
    person_id: str | None,
    *,
    is_shared: bool = False,
) -> str:
    """Let a browser in and return its device's id. Without an owner yet, the first that is not a guest becomes it.

    Raises `ValueError` with a sentence for an empty or overlong name.
    """
    if role is not Role.GUEST and not store.has_owner():
        role = Role.OWNER
    return store.add_device(
        token_hash=token_hash,
        name=name,
        role=role,
        person_id=person_id,
        expires_at=expires_at(role, now),
        is_shared=is_shared,
    )


def choose_person(store: Store, now: datetime, device_id: str, token_hash: str, person_id: str | None) -> None:
    """Assign a shared device to this person for `SHARED_STAY` (`None`: to nobody), under a new token.

    Raises `ValueError` with a sentence for a device that is not shared.
    """
    device = store.device(device_id)
    if device is None or not device.is_shared:
        raise ValueError(NOT_SHARED)
    store.choose_person(device_id, token_hash, person_id, None if person_id is None else now + SHARED_STAY)


def touch(store: Store, now: datetime, device_id: str) -> None:
    """Note that a device was used now; a shared one stays its person's for another `SHARED_STAY`."""
    device = store.device(device_id)
    if device is not None:
        is_in_use = device.person_until is not None and now < device.person_until
        store.touch_device(device_id, now + SHARED_STAY if is_in_use else None)


def note_attempt(store: Store, now: datetime, kind: str, *, succeeded: bool = False) -> str:
    """Count a try and return its id. Raises `ValueError` with a sentence after `PIN_TRIES` wrong PINs in an hour."""
    if kind == PIN:
        wrong = store.failed_attempts(PIN, now - PIN_TRIES_WITHIN)
        if len(wrong) >= PIN_TRIES:
            wait = wrong[PIN_TRIES - 1] + PIN_TRIES_WITHIN - now
            minutes = max(1, -(-wait // timedelta(minutes=1)))
            raise ValueError(f"{PIN_TRIES} wrong PINs within an hour: wait {minutes} minutes, and try again.")
    return store.note_attempt(kind, succeeded=succeeded)


def add_person(store: Store, name: str, viewer_id: str | None, device_id: str | None) -> str:
    """Add a person and return their id; see `station.app.api.StationApi`. Raises `ValueError` with a sentence."""
    device = None if device_id is None else store.device(device_id)
    if device is not None and device.person_id is not None:
        viewer_id = device.person_id
    person_id = store.add_person(name, viewer_id).id
    if device is not None and device.person_id is None and not device.is_shared and device.role is not Role.GUEST:
        store.assign_device(device.id, person_id)
    return person_id
