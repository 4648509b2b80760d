"""The store's records of who gets in, and whose results they see. Times of day are aware UTC."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Role(StrEnum):
    """What a paired browser may do, the least first."""

    GUEST = "guest"
    MEMBER = "member"
    PRACTITIONER = "practitioner"
    OWNER = "owner"


class Device(Struct, frozen=True):
    """A paired browser. `person_id` is whose it is; `None` for a guest, and for a shared one that nobody uses now.

    A shared browser (`is_shared`) belongs to a person only until `person_until`. Somebody proved until `present_until`
    that they stand at the board. `expires_at` is the end whatever happens; being idle ends it earlier.
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
    """A device with the hash of its token, and the ids of the people who agreed that its person sees their results.

    `has_viewers`: its person has agreed that somebody else sees theirs.
    """

    device: Device
    token_hash: str
    agreed_ids: frozenset[str]
    has_viewers: bool


class Consent(Struct, frozen=True):
    """`person_id` agreed that `viewer_id` sees their results; over at `withdrawn_at`."""

    viewer_id: str
    person_id: str
    agreed_at: datetime
    withdrawn_at: datetime | None


class AccessLogEntry(Struct, frozen=True):
    """Something that concerns who may get in, in words such as `paired`, with the device and the person it concerns."""

    at: datetime
    what: str
    device_id: str | None
    person_id: str | None


class ApiToken(Struct, frozen=True):
    """A program's token, made by the device `device_id` of that name and person. `scopes` is what it may do."""

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
    """Whose rows somebody may read: those of these people, and those of nobody of sessions since `nobody_since`.

    `nobody_since` is `None` where they may read none of nobody's.
    """

    person_ids: frozenset[str]
    nobody_since: datetime | None
