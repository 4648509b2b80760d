"""The store's records of access: who gets in, and whose results they see. Times of day are aware UTC."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Role(StrEnum):
    """What a paired browser may do, from the fewest rights to the most."""

    GUEST = "guest"
    MEMBER = "member"
    PRACTITIONER = "practitioner"
    OWNER = "owner"


class Device(Struct, frozen=True):
    """A paired browser. `person_id` is its person; `None` for a guest, and for a shared one that nobody is using.

    A shared browser (`is_shared`) belongs to a person only until `person_until`. A proof of presence counts until
    `present_until`. The pairing ends at `expires_at` at the latest, and earlier if the browser is idle.
    """

    id: str
    name: str
    role: Role
    person_id: str | None
    person_until: datetime | None
    is_shared: bool
    paired_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    present_until: datetime | None
    revoked_at: datetime | None


class DeviceAccess(Struct, frozen=True):
    """A device, the hash of its token, and the ids of the people who agreed that its person sees their results.

    `has_viewers`: its person has agreed that somebody else sees their results.
    """

    device: Device
    token_hash: str
    agreed_ids: frozenset[str]
    has_viewers: bool


class Consent(Struct, frozen=True):
    """`person_id` agreed that `viewer_id` sees their results, until `withdrawn_at`."""

    viewer_id: str
    person_id: str
    agreed_at: datetime
    withdrawn_at: datetime | None


class AccessLogEntry(Struct, frozen=True):
    """An event that concerns access, in words such as `paired`, with its device and its person."""

    at: datetime
    what: str
    device_id: str | None
    person_id: str | None


class ApiToken(Struct, frozen=True):
    """A program's token, made by the device `device_id`, with its name and its person. `scopes`: what it may do."""

    id: str
    device_id: str
    device_name: str
    person_id: str | None
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class Seen(Struct, frozen=True):
    """Which rows a visitor may read: those of these people, and those of unclaimed sessions since `nobody_since`.

    `nobody_since` is `None` if they may read no unclaimed ones.
    """

    person_ids: frozenset[str]
    nobody_since: datetime | None
