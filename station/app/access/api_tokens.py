"""Tokens for programs: what each may do, and on whose behalf.

A token belongs to the paired browser that made it: it has at most that browser's rights, and ends with its pairing.
Only its hash is stored.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from station.app.access.roles import IDLE_END, Visitor, hash_of, visitor_of
from station.store import Reader
from station.store.access_records import ApiToken, Device, Role

if TYPE_CHECKING:
    from station.store import Store  # the page never writes, and does not load it

MAX_TOKENS = 20
"""How many live tokens a browser may have."""
TOUCH_EVERY = timedelta(hours=1)
"""How precisely "last used" is stored: each write wears the memory card."""


class Scope(StrEnum):
    """What a token may do: read its person's results, also read those of everyone who agreed, control the board."""

    READ = "read"
    READ_ALL = "read-all"
    CONTROL = "control"


class TokenAccess(NamedTuple):
    """A live token, and who made it."""

    token: ApiToken
    visitor: Visitor


def may_make_tokens(device: Device | None) -> bool:
    """Whether this browser may make tokens; a guest's (it ends today) and a shared one may not."""
    return device is not None and device.role is not Role.GUEST and not device.is_shared


def is_live(token: ApiToken, device: Device, now: datetime) -> bool:
    """Whether a token of this browser is valid: neither is revoked, the pairing has not expired, and the token was
    used in the last 90 days. The browser itself may be idle for longer."""
    if token.revoked_at is not None or device.revoked_at is not None or not may_make_tokens(device):
        return False
    return now < device.expires_at and now < (token.last_used_at or token.created_at) + IDLE_END


def access_with(reader: Reader, token: str, now: datetime) -> TokenAccess | None:
    """The live token with this text and its browser's current rights; `None` if unknown, revoked or expired."""
    found = reader.api_token_with(hash_of(token))
    if found is None:
        return None
    access = reader.device_access(found.device_id)
    if access is None or not is_live(found, access.device, now):
        return None
    return TokenAccess(found, replace(visitor_of(access, now), is_present=False))


def add(store: Store, device_id: str, token_hash: str, name: str, scopes: Collection[str]) -> str:
    """Store a token of this browser and return its id.

    Raises `ValueError` with a sentence for an empty or overlong name, a missing or unknown scope, a browser that may
    not make tokens, or too many tokens.
    """
    if not scopes or not set(scopes) <= set(Scope):
        raise ValueError("Choose what the token may do.")
    if not may_make_tokens(store.device(device_id)):
        raise ValueError("A guest's or a shared browser cannot make tokens.")
    if sum(1 for one in store.api_tokens(device_id) if one.revoked_at is None) >= MAX_TOKENS:
        raise ValueError(f"This browser has {MAX_TOKENS} tokens: revoke one that is no longer used.")
    return store.add_api_token(device_id, token_hash, name, [scope.value for scope in Scope if scope in scopes])
