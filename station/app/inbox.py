"""The station's one queue: any thread posts to it, and the loop handles its items in order.

Devices post pin edges, samples and readings, the scheduler posts alarms, the page posts requests. Posting never waits;
a future answers each write that the page requests.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from station.app.access import api_tokens, roles
from station.app.access.network_request import ask_for_network
from station.app.access.roles import Role
from station.app.board.bring_up_desk import BringUpNews
from station.app.removal import delete_person
from station.app.snapshot import PresenceRequest
from station.app.starting.start_gate import StartDecision
from station.catalogue.records import Item
from station.clock import Clock
from station.core.events import Command, CommandName, Event, Side
from station.core.steps import Routine
from station.profile import Profile
from station.store import Store, StoreError
from station.store.exchange.merge_report import MergeReport
from station.store.records import Deletion

log = logging.getLogger(__name__)

STOPPED = "The station has been stopped: start it and try again."

Saved = TypeVar("Saved")


class Start(Struct, frozen=True):
    """Start these steps, for a person (`None`: the one on the board)."""

    routine: Routine
    person_id: str | None
    title: str | None


class StartRequest(Struct, frozen=True):
    """Start what the start gate decides under this name; the decision is the answer."""

    name: str
    person_id: str | None
    is_chosen: bool
    """Whether the person was chosen, so that `None` means nobody; otherwise the station infers who is on the board."""
    done: Future[StartDecision]


class PresenceAsked(Struct, frozen=True):
    """A browser requests a proof of presence."""

    done: Future[PresenceRequest]


class PresenceFinished(Struct, frozen=True):
    """A browser uses its request for presence (`is_confirmed`) or cancels it."""

    request_id: str
    is_confirmed: bool
    done: Future[None]


class BringUpAsked(Struct, frozen=True):
    """A page begins the bring-up; see `StationApi.start_bring_up`."""

    asks: bool
    is_empty: bool
    done: Future[None]


class BringUpAnswered(Struct, frozen=True):
    """A page answers the bring-up's question, or stops it (`answer` is `None`)."""

    number: int
    answer: str | None
    done: Future[None]


class StoreRequest(Struct, frozen=True):
    """Run an action on the store and return its result through a future."""

    action: Callable[[Store], Any]
    done: Future[Any]
    claim: tuple[str, str | None] | None = None
    """Session and person, if the request claims a session, so that the loop can update itself."""
    moved: tuple[str, str | None] | None = None
    """A person who will be gone, and who replaces them, if anybody. Refused while a session runs."""
    changes_access: bool = False
    """Whether it changes access: who may get in, or who sees whose results."""


class ReminderDue(Struct, frozen=True):
    """A person's reminder is due."""

    person_id: str


class WallClockSet(Struct, frozen=True):
    """The wall clock is right, or was set, so reminders can be scheduled."""


class SettingsChange(Struct, frozen=True):
    """Change settings by name, based on their values when the loop handles it."""

    changes: dict[str, str]
    done: Future[None]


class FaultReport(Struct, frozen=True):
    """A part has a fault, described in a sentence, or works again (`None`)."""

    part: str
    sentence: str | None


class Wakeup(Struct, frozen=True):
    """The alarm clock rang: check the time."""


Answerable = (
    StartRequest | SettingsChange | PresenceAsked | PresenceFinished | BringUpAsked | BringUpAnswered | StoreRequest
)
"""Requests that a future answers."""
Posted = Event | Start | Answerable | ReminderDue | WallClockSet | FaultReport | BringUpNews | Wakeup


class Inbox:
    """The queue, with a thread-safe method for each kind of item."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue: SimpleQueue[Posted] = SimpleQueue()
        self._subscribers: set[Callable[[], None]] = set()
        self._lock = Lock()
        self._closed = False

    def post(self, item: Posted) -> None:
        """Put something in the queue."""
        self._queue.put(item)

    def take(self, wait_s: float = 0.0) -> Posted | None:
        """The next item, or `None` if none arrives within `wait_s` seconds. Only the loop calls it."""
        try:
            return self._queue.get(timeout=wait_s) if wait_s > 0.0 else self._queue.get_nowait()
        except Empty:
            return None

    def report_fault(self, part: str, sentence: str | None) -> None:
        """Report a part's fault in a sentence; `None` once it works again."""
        self.post(FaultReport(part, sentence))

    def wall_clock_set(self) -> None:
        """Report that the wall clock is right, or was set, so that reminders are scheduled by it."""
        self.post(WallClockSet())

    def wake_up(self) -> None:
        """Make the loop check the time."""
        self.post(Wakeup())

    # Subscribers to new snapshots.

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """See `station.app.api.StationApi`."""
        with self._lock:
            self._subscribers = self._subscribers | {wake}

        return lambda: self._unsubscribe(wake)

    def _unsubscribe(self, wake: Callable[[], None]) -> None:
        with self._lock:
            self._subscribers = self._subscribers - {wake}

    def notify_pages(self) -> None:
        """Wake all subscribers: there is a newer snapshot."""
        for wake in self._subscribers:
            try:
                wake()
            except Exception:
                log.exception("Notifying a page failed, so it is unsubscribed; the board carries on.")
                self._unsubscribe(wake)

    # The page's requests; see `station.app.api.StationApi`.

    def command(self, word: CommandName, side: Side | None = None, answer: str | None = None) -> None:
        self.post(Command(self._clock.now_us(), word, side, answer))

    def start(self, routine: Routine, person_id: str | None, title: str | None = None) -> None:
        self.post(Start(routine, person_id, title))

    def request_start(self, name: str, person_id: str | None, *, is_chosen: bool = False) -> Future[StartDecision]:
        done: Future[StartDecision] = Future()
        return self._post_answerable(StartRequest(name, person_id, is_chosen, done), done)

    def request_presence(self) -> Future[PresenceRequest]:
        done: Future[PresenceRequest] = Future()
        return self._post_answerable(PresenceAsked(done), done)

    def finish_presence(self, request_id: str) -> Future[None]:
        done: Future[None] = Future()
        return self._post_answerable(PresenceFinished(request_id, True, done), done)

    def cancel_presence(self, request_id: str) -> Future[None]:
        done: Future[None] = Future()
        return self._post_answerable(PresenceFinished(request_id, False, done), done)

    def start_bring_up(self, *, asks: bool, is_empty: bool) -> Future[None]:
        done: Future[None] = Future()
        return self._post_answerable(BringUpAsked(asks, is_empty, done), done)

    def answer_bring_up(self, number: int, answer: str) -> Future[None]:
        done: Future[None] = Future()
        return self._post_answerable(BringUpAnswered(number, answer, done), done)

    def stop_bring_up(self) -> Future[None]:
        done: Future[None] = Future()
        return self._post_answerable(BringUpAnswered(0, None, done), done)

    def _post_answerable(self, item: Answerable, done: Future[Saved]) -> Future[Saved]:
        self.post(item)
        if self._closed:
            self._refuse_pending()
        return done

    def _request_store(
        self,
        action: Callable[[Store], Saved],
        claim: tuple[str, str | None] | None = None,
        moved: tuple[str, str | None] | None = None,
        *,
        changes_access: bool = False,
    ) -> Future[Saved]:
        done: Future[Saved] = Future()
        return self._post_answerable(StoreRequest(action, done, claim, moved, changes_access), done)

    def refuse_requests(self) -> None:
        """Refuse all pending and future requests: the loop has ended, so nothing would answer them."""
        self._closed = True
        self._refuse_pending()

    def _refuse_pending(self) -> None:
        while (item := self.take()) is not None:
            if isinstance(item, Answerable):
                item.done.set_exception(StoreError(STOPPED))

    def add_person(self, name: str, viewer_id: str | None = None, *, device_id: str | None = None) -> Future[str]:
        return self._request_store(
            lambda store: roles.add_person(store, name, viewer_id, device_id), changes_access=True
        )

    def rename_person(self, person_id: str, name: str) -> Future[None]:
        return self._request_store(lambda store: store.rename_person(person_id, name))

    def save_profile(self, person_id: str, profile: Profile) -> Future[None]:
        return self._request_store(lambda store: store.save_profile(person_id, profile))

    def archive_person(self, person_id: str, *, is_archived: bool) -> Future[None]:
        return self._request_store(lambda store: store.archive_person(person_id, is_archived=is_archived))

    def delete_person(self, person_id: str) -> Future[Deletion]:
        return self._request_store(
            lambda store: delete_person(store, person_id, self._clock.utc_now()),
            moved=(person_id, None),
            changes_access=True,
        )

    def swap_sides(self, session_id: str, test_id: str | None = None) -> Future[None]:
        return self._request_store(lambda store: store.swap_sides(session_id, test_id))

    def claim_session(self, session_id: str, person_id: str | None) -> Future[None]:
        return self._request_store(lambda store: store.claim_session(session_id, person_id), (session_id, person_id))

    def answer(self, person_id: str, question: str, answer: Any, about: str | None = None) -> Future[str]:
        return self._request_store(lambda store: store.add_answer(person_id, question, answer, about))

    def answer_test(
        self, test_id: str, *, pain: int | None = None, felt: Collection[str] | None = None
    ) -> Future[None]:
        return self._request_store(lambda store: store.answer_test(test_id, pain=pain, felt_places=felt))

    def describe_test(
        self, test_id: str, *, shod: bool | None, back_foot: str | None, warmed_up: bool | None
    ) -> Future[None]:
        return self._request_store(
            lambda store: store.describe_test(test_id, shod=shod, back_foot=back_foot, warmed_up=warmed_up)
        )

    def answer_own_circumstance(self, person_id: str, name: str, answer: bool | str | None) -> Future[None]:
        return self._request_store(lambda store: store.answer_own_circumstance(person_id, name, answer))

    def save_routine(
        self, routine_id: str | None, person_id: str | None, name: str, items: Sequence[Item]
    ) -> Future[str]:
        plain_items = [msgspec.to_builtins(item) for item in items]
        return self._request_store(lambda store: store.save_routine(routine_id, person_id, name, plain_items))

    def remove_routine(self, routine_id: str) -> Future[None]:
        return self._request_store(lambda store: store.remove_routine(routine_id))

    def write_waiting(self) -> Future[None]:
        return self._request_store(lambda _: None)

    def request_network(self, is_on: bool) -> Future[None]:
        return self._request_store(lambda store: ask_for_network(store.path, is_on))

    def save_plan(self, person_id: str, plan: Mapping[str, Any]) -> Future[None]:
        return self._request_store(lambda store: store.save_plan(person_id, plan))

    def import_staged(self, path: str, person_id: str | None, same_board: bool = False) -> Future[MergeReport]:
        from station.store.exchange.merge import merge  # seldom needed, and takes a tenth of the start
        from station.store.exchange.staging import Staged

        return self._request_store(lambda store: merge(store, Staged(Path(path), person_id), same_board=same_board))

    # Who may get in.

    def _change_access(self, action: Callable[[Store], Saved]) -> Future[Saved]:
        return self._request_store(action, changes_access=True)

    def add_device(
        self, token_hash: str, name: str, role: Role, person_id: str | None, *, is_shared: bool = False
    ) -> Future[str]:
        return self._change_access(
            lambda store: roles.pair(
                store, self._clock.utc_now(), token_hash, name, role, person_id, is_shared=is_shared
            )
        )

    def rename_device(self, device_id: str, name: str) -> Future[None]:
        return self._request_store(lambda store: store.rename_device(device_id, name))

    def revoke_device(self, device_id: str) -> Future[None]:
        return self._change_access(lambda store: store.revoke_device(device_id))

    def set_role(self, device_id: str, role: Role) -> Future[None]:
        return self._change_access(lambda store: store.set_role(device_id, role))

    def share_device(self, device_id: str, *, is_shared: bool) -> Future[None]:
        return self._change_access(lambda store: store.share_device(device_id, is_shared=is_shared))

    def choose_person(self, device_id: str, token_hash: str, person_id: str | None) -> Future[None]:
        return self._change_access(
            lambda store: roles.choose_person(store, self._clock.utc_now(), device_id, token_hash, person_id)
        )

    def renew_token(self, device_id: str, token_hash: str) -> Future[None]:
        return self._change_access(lambda store: store.renew_token(device_id, token_hash))

    def touch_device(self, device_id: str) -> Future[None]:
        return self._request_store(lambda store: roles.touch(store, self._clock.utc_now(), device_id))

    def note_presence(self, device_id: str) -> Future[None]:
        return self._request_store(lambda store: store.note_presence(device_id, self._clock.utc_now() + roles.PRESENCE))

    def agree_consent(self, viewer_id: str, person_id: str, device_id: str | None = None) -> Future[None]:
        return self._change_access(lambda store: store.agree_consent(viewer_id, person_id, device_id))

    def withdraw_consent(self, viewer_id: str, person_id: str) -> Future[None]:
        return self._change_access(lambda store: store.withdraw_consent(viewer_id, person_id))

    def set_pin(self, person_id: str, pin_hash: str | None) -> Future[None]:
        return self._request_store(lambda store: store.set_pin(person_id, pin_hash))

    def note_attempt(self, kind: str, *, succeeded: bool = False) -> Future[str]:
        return self._request_store(
            lambda store: roles.note_attempt(store, self._clock.utc_now(), kind, succeeded=succeeded)
        )

    def note_success(self, attempt_id: str) -> Future[None]:
        return self._request_store(lambda store: store.note_success(attempt_id))

    def log_access(self, what: str, device_id: str | None = None, person_id: str | None = None) -> Future[None]:
        return self._request_store(lambda store: store.log_access(what, device_id, person_id))

    # Tokens for programs.

    def add_api_token(self, device_id: str, token_hash: str, name: str, scopes: list[str]) -> Future[str]:
        return self._request_store(lambda store: api_tokens.add(store, device_id, token_hash, name, scopes))

    def revoke_api_token(self, token_id: str) -> Future[None]:
        return self._request_store(lambda store: store.revoke_api_token(token_id))

    def touch_api_token(self, token_id: str) -> Future[None]:
        return self._request_store(lambda store: store.touch_api_token(token_id))
