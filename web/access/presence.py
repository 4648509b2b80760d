"""The page's presence requests: which browser asked for what, until it is done or given up.

The rhythm and the number stay here, in memory, and reach only the browser whose cookie has the request's key. A restart
of the page forgets them: the browser asks again.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from enum import StrEnum
from threading import Lock

from msgspec import Struct
from msgspec.structs import replace

from station.app.access.roles import Role, hash_of, is_live, new_token
from station.app.snapshot import PresenceRequest, PresenceState, Snapshot
from station.core.events import Press
from station.store import Reader
from station.store.records import Person

PRESENCE_COOKIE = "presence_request"
"""The key of the request that this browser has made."""
KEPT_S = 900.0
"""How long a request is kept, its PIN or approval included."""
MAX_KEPT = 16
GIVEN_S = 60.0
"""How long a browser that missed the response can ask for the same token again."""
FRESH_S = 5.0
"""How long a snapshot may be older than a request."""
GONE = "The board has dropped this request: ask again."


class Purpose(StrEnum):
    """What presence is proved for: to let a browser in, for a step that needs it, to give consent."""

    PAIR = "pair"
    STEP_UP = "step up"
    CONSENT = "consent"


class Stage(StrEnum):
    """How far a request is: at the board; then, for a protected name, the person confirms that it is theirs."""

    BOARD = "board"
    IDENTIFY = "identify"
    APPROVED = "approved"
    REFUSED = "refused"


class BrowserRequest(Struct, frozen=True):
    """One browser's request, and what it is for.

    `person_name` is whose browser or consent it is, empty for a guest; `viewer_id` who wants to see their results;
    `device_id` the device that proves presence. `person_id` is set once presence is proved, if that person must still
    confirm that the name is theirs.
    """

    key_hash: str
    purpose: Purpose
    request: PresenceRequest
    begun_s: float
    browser_name: str = ""
    person_name: str = ""
    role: Role = Role.MEMBER
    return_to: str = ""
    viewer_id: str | None = None
    device_id: str | None = None
    stage: Stage = Stage.BOARD
    person_id: str | None = None


class PresenceBook:
    """The requests of all browsers. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked: dict[str, BrowserRequest] = {}
        self._given: tuple[str, str, float] | None = None
        """The newest token: the key of its request, the token, and when it was given."""

    def add(self, asked: BrowserRequest) -> None:
        """Keep a request, and forget the oldest beyond `MAX_KEPT`."""
        with self._lock:
            self._asked[asked.key_hash] = asked
            while len(self._asked) > MAX_KEPT:
                del self._asked[min(self._asked, key=lambda key: self._asked[key].begun_s)]

    def find(self, key: str | None) -> BrowserRequest | None:
        """The request with this key, `None` if there is none or it is too old."""
        if not key:
            return None
        with self._lock:
            found = self._asked.get(hash_of(key))
        return None if found is None or time.monotonic() - found.begun_s > KEPT_S else found

    def change(self, asked: BrowserRequest, stage: Stage, person_id: str | None = None) -> None:
        """Move a request to another stage."""
        with self._lock:
            if asked.key_hash in self._asked:
                self._asked[asked.key_hash] = replace(asked, stage=stage, person_id=person_id or asked.person_id)

    def take(self, asked: BrowserRequest) -> bool:
        """Remove a request, and return whether it was still there: only one call gets it."""
        with self._lock:
            return self._asked.pop(asked.key_hash, None) is not None

    def give(self, asked: BrowserRequest, token: str) -> None:
        """Remember for a moment which token this request's browser got."""
        with self._lock:
            self._given = (asked.key_hash, token, time.monotonic())

    def given(self, key: str | None) -> str | None:
        """The token just given for the request with this key, for a browser that missed the response."""
        with self._lock:
            given = self._given
        if not key or given is None or given[0] != hash_of(key) or time.monotonic() - given[2] > GIVEN_S:
            return None
        return given[1]

    def waiting_for(self, person_id: str | None) -> list[BrowserRequest]:
        """The requests that this person can approve."""
        now_s = time.monotonic()
        with self._lock:
            return [
                one
                for one in self._asked.values()
                if person_id is not None
                and one.person_id == person_id
                and one.stage is Stage.IDENTIFY
                and now_s - one.begun_s <= KEPT_S
            ]


def new_key() -> tuple[str, str]:
    """A key for a browser's cookie, and its hash, which is what the book keeps."""
    key = new_token()
    return key, hash_of(key)


class Progress(Struct, frozen=True):
    """How far a request is at the board: its state, the presses made, the seconds left, and why it ended."""

    state: PresenceState
    made: int
    seconds_left: int
    why: str | None = None


def progress_of(asked: BrowserRequest, now: Snapshot) -> Progress:
    """The progress of this request in the newest snapshot."""
    request, view = asked.request, now.presence
    if view is None or view.serial < request.serial:
        is_fresh = time.monotonic() - asked.begun_s < FRESH_S
        if is_fresh:
            return Progress(PresenceState.WAITING, 0, request.seconds_left)
        return Progress(PresenceState.CANCELLED, 0, 0, GONE)
    if view.serial > request.serial:
        return Progress(PresenceState.CANCELLED, 0, 0, GONE)
    made = len(request.rhythm) if view.state is PresenceState.MATCHED else made_count(request.rhythm, view.presses)
    return Progress(view.state, made, view.seconds_left, view.why)


def made_count(rhythm: tuple[Press, ...], presses: tuple[Press, ...]) -> int:
    """How much of the rhythm has been made: the longest suffix of the presses that is a prefix of the rhythm."""
    return next(
        (count for count in range(min(len(rhythm), len(presses)), 0, -1) if presses[-count:] == rhythm[:count]), 0
    )


def named(reader: Reader, name: str) -> Person | None:
    """The person with this name."""
    wanted = " ".join(name.split()).casefold()
    return next((one for one in reader.people() if one.name.casefold() == wanted), None)


def is_protected(reader: Reader, person_id: str) -> bool:
    """Whether a person has a PIN or a live browser of their own, so that the name is not enough to get in."""
    now = datetime.now(UTC)
    has_browser = any(
        one.person_id == person_id and not one.is_shared and is_live(one, now) for one in reader.devices()
    )
    return has_browser or reader.pin_hash(person_id) is not None
