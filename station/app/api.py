"""The station API: all that the page may read and request. The loop implements it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from station.app.access.roles import Role
from station.app.page_error import PageError
from station.app.snapshot import PresenceRequest, Snapshot
from station.app.starting.start_gate import StartDecision
from station.catalogue.records import Item
from station.core.events import CommandName, Side
from station.profile import Profile
from station.store.errors import StoreError
from station.store.exchange.merge_report import MergeReport
from station.store.records import Deletion, Merge

__all__ = ["BoardAwayError", "PageError", "SimulatedBoard", "StationApi"]


class BoardAwayError(StoreError):
    """The board's process does not respond; the text is one sentence."""


class SimulatedBoard(Protocol):
    """The simulated person and cables, which a visitor can control."""

    def act(self, command: str, argument: str | None = None) -> None:
        """Run one of `commands()` now. Raises ValueError with a sentence for an unknown command or a bad argument."""

    def commands(self) -> tuple[str, ...]:
        """The commands that `act` accepts."""


class StationApi(Protocol):
    """The station as its page sees it. Every method may be called from any thread and returns at once."""

    def snapshot(self) -> Snapshot:
        """The newest snapshot, never older than a second while the station works. Once it is older than four seconds,
        the page says that the station does not respond."""

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` (from the loop's thread; it must only set a flag) whenever there is a newer snapshot.

        Returns a function that ends the subscription.
        """

    def command(self, word: CommandName, side: Side | None = None, answer: str | None = None) -> None:
        """Send a command to the current activity; `answer` goes with `CommandName.ANSWER`."""

    def request_start(self, name: str, person_id: str | None, *, is_chosen: bool = False) -> Future[StartDecision]:
        """Start what the start gate decides for this routine name and person.

        With `is_chosen`, `None` means nobody; without it, `None` means the person on the board. The decision says what
        started, what was changed and why, or why nothing started. The future raises ValueError with a sentence if
        there is no such routine, StoreError if the store cannot be read.
        """

    # Writes that the loop does for the page. A future completes once the data is on disk; it raises ValueError with a
    # sentence for an invalid request, StoreError if the disk fails. Callers must wait with a timeout.

    def add_person(self, name: str, viewer_id: str | None = None, *, device_id: str | None = None) -> Future[str]:
        """Add a person and return their id; `viewer_id`, if given, sees their results from now on. `device_id` is the
        browser that added them: it becomes theirs if it has no person; otherwise its person sees their results."""

    def rename_person(self, person_id: str, name: str) -> Future[None]:
        """Rename a person."""

    def save_profile(self, person_id: str, profile: Profile) -> Future[None]:
        """Replace a person's profile."""

    def archive_person(self, person_id: str, *, is_archived: bool) -> Future[None]:
        """Remove a person from the lists to choose from, or put them back."""

    def merge_people(self, person_id: str, into_id: str) -> Future[Merge]:
        """Back up the database, then move everything of one person to another and delete the first.

        It may take a minute. Raises ValueError with a sentence while a session runs.
        """

    def delete_person(self, person_id: str) -> Future[Deletion]:
        """Delete a person and all their data. Raises ValueError with a sentence while a session runs."""

    def claim_session(self, session_id: str, person_id: str | None) -> Future[None]:
        """Assign a session to a person, or give it back to nobody (`None`)."""

    def swap_sides(self, session_id: str, test_id: str | None = None) -> Future[None]:
        """Exchange left and right in a whole session, or in one of its tests; a second call undoes it."""

    def answer(self, person_id: str, question: str, answer: Any, about: str | None = None) -> Future[str]:
        """Store a person's answer: `question` is the question's name, such as `pain` or `felt`, `about` its subject."""

    def answer_test(
        self, test_id: str, *, pain: int | None = None, felt: Collection[str] | None = None
    ) -> Future[None]:
        """Store answers about a test, `felt` one or more places; omitted values stay unchanged."""

    def describe_test(
        self, test_id: str, *, shod: bool | None, back_foot: str | None, warmed_up: bool | None
    ) -> Future[None]:
        """Store the circumstances of a test that only the person knows; `None` means unknown."""

    def answer_own_circumstance(self, person_id: str, name: str, answer: bool | str | None) -> Future[None]:
        """Store how a person tests, once for all their tests; `None` if it varies."""

    def save_routine(
        self, routine_id: str | None, person_id: str | None, name: str, items: Sequence[Item]
    ) -> Future[str]:
        """Store a person's own routine, a new one without an id, and return its id."""

    def remove_routine(self, routine_id: str) -> Future[None]:
        """Delete a person's own routine; results made with it stay."""

    def save_plan(self, person_id: str, plan: Mapping[str, Any]) -> Future[None]:
        """Replace the person's plan."""

    def write_waiting(self) -> Future[None]:
        """Store what the running session has so far: its trace and attempts may wait for minutes."""

    def request_network(self, is_on: bool) -> Future[None]:
        """Ask systemd to open the page to the home network, or to close it; it does so within seconds."""

    def change_settings(self, changes: dict[str, str]) -> Future[None]:
        """Change settings by name, all or none, and store them. They take effect even if the disk fails.

        Raises ValueError with a sentence for an unknown name or a value that is not allowed.
        """

    def import_staged(self, path: str, person_id: str | None, same_board: bool = False) -> Future[MergeReport]:
        """Add the contents of a staged database, all or nothing; see `station.store.exchange.merge`. `same_board`: as
        for `restore_backup`."""

    def restore_backup(self, path: str, name: str, same_board: bool = False) -> Future[None]:
        """Replace the database by a backup, all or nothing; `name` is what people call the backup. Done once it is
        checked and the station is about to restart with it. `same_board`: a person says that the backup is of this
        board, which a station that was never calibrated cannot tell. Raises ValueError with a sentence while a session
        runs, StoreError for a bad backup."""

    # Who may get in; see `station.app.access.roles`. LookupError for an id that does not exist.

    def add_device(
        self, token_hash: str, name: str, role: Role, person_id: str | None, *, is_shared: bool = False
    ) -> Future[str]:
        """Let a browser in and return its device's id; the first that is not a guest is the owner's."""

    def rename_device(self, device_id: str, name: str) -> Future[None]:
        """Rename a device."""

    def revoke_device(self, device_id: str) -> Future[None]:
        """End a pairing. Raises ValueError with a sentence for the owner's only device."""

    def set_role(self, device_id: str, role: Role) -> Future[None]:
        """Change a device's role. Raises ValueError with a sentence if there would be no owner."""

    def share_device(self, device_id: str, *, is_shared: bool) -> Future[None]:
        """Let several people use a device, each with their PIN, or stop sharing it."""

    def choose_person(self, device_id: str, token_hash: str, person_id: str | None) -> Future[None]:
        """Assign a shared device to this person for a while (`None`: to nobody), under a new token."""

    def renew_token(self, device_id: str, token_hash: str) -> Future[None]:
        """Replace a device's token."""

    def touch_device(self, device_id: str) -> Future[None]:
        """Note that a device was used now; a shared one stays its person's for another while."""

    def note_presence(self, device_id: str) -> Future[None]:
        """Store a proof of presence made with this device; it counts for ten minutes."""

    def agree_consent(self, viewer_id: str, person_id: str, device_id: str | None = None) -> Future[None]:
        """Store that the person agrees to the viewer seeing their results; `device_id` is the browser that asked."""

    def withdraw_consent(self, viewer_id: str, person_id: str) -> Future[None]:
        """The viewer no longer sees the person's results."""

    def set_pin(self, person_id: str, pin_hash: str | None) -> Future[None]:
        """Replace the hash of a person's PIN; `None` removes it."""

    def note_attempt(self, kind: str, *, succeeded: bool = False) -> Future[str]:
        """Count a try (`rhythm`, `pin`) and return its id. Raises ValueError with a sentence after too many."""

    def note_success(self, attempt_id: str) -> Future[None]:
        """Mark that try as right."""

    def log_access(self, what: str, device_id: str | None = None, person_id: str | None = None) -> Future[None]:
        """Add an entry to the access log: a few words without a name."""

    # Tokens for programs; see `station.app.access.api_tokens`. LookupError for an id that does not exist.

    def add_api_token(self, device_id: str, token_hash: str, name: str, scopes: list[str]) -> Future[str]:
        """Store a token of a device and return its id. Raises ValueError with a sentence if it may not be made."""

    def revoke_api_token(self, token_id: str) -> Future[None]:
        """End a token."""

    def touch_api_token(self, token_id: str) -> Future[None]:
        """Note that a token was used now."""

    # Proof of presence.

    def request_presence(self) -> Future[PresenceRequest]:
        """Request a rhythm of heel presses; the snapshot has its progress.

        Raises ValueError with a sentence while a session runs and after too many wrong rhythms. A request during
        another one is refused too, and cancels that one.
        """

    def finish_presence(self, request_id: str) -> Future[None]:
        """Use a request whose rhythm has matched, once. Raises ValueError with a sentence for any other."""

    def cancel_presence(self, request_id: str) -> Future[None]:
        """Cancel a request."""

    # The bring-up: every part of the board is checked; the snapshot has its progress.

    def start_bring_up(self, *, asks: bool, is_empty: bool) -> Future[None]:
        """Begin the bring-up. `asks`: it asks the person at the board. `is_empty`: they say that nobody stands on it.

        Raises ValueError with a sentence if it cannot begin, for example while a session runs.
        """

    def answer_bring_up(self, number: int, answer: str) -> Future[None]:
        """Answer the question of the view with this number. Raises ValueError with a sentence for an invalid answer,
        and if the bring-up has moved on."""

    def stop_bring_up(self) -> Future[None]:
        """End the bring-up, if one is running, at its next step."""

    @property
    def board(self) -> SimulatedBoard | None:
        """The simulated board, or `None` on a real one."""
