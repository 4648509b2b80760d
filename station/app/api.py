"""The station API: all that the page may read and request. The loop implements it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from station.app.snapshot import Snapshot
from station.app.start_gate import StartDecision
from station.catalogue.records import Item
from station.core.events import CommandName, Side
from station.core.steps import Routine


class PageError(Exception):
    """The page cannot be served; the text is one sentence with the cause and the remedy."""


class SimulatedBoard(Protocol):
    """The simulated person and cables, which a visitor can control."""

    def act(self, command: str, argument: str | None = None) -> None:
        """Run one of `commands()` now. Raises ValueError with a sentence for an unknown command or a bad argument."""

    def commands(self) -> tuple[str, ...]:
        """The commands that `act` accepts."""


class StationApi(Protocol):
    """The station as its page sees it. Every method may be called from any thread and returns at once."""

    def snapshot(self) -> Snapshot:
        """The newest snapshot, never older than a second while the station works. The page treats a snapshot older
        than four seconds as a station that does not respond."""

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` (from the loop's thread; it must only set a flag) whenever there is a newer snapshot.

        Returns a function that ends the subscription.
        """

    def command(self, word: CommandName, side: Side | None = None, answer: str | None = None) -> None:
        """Send a command to the current activity; `answer` goes with `CommandName.ANSWER`."""

    def start(self, routine: Routine, person_id: str | None, title: str | None = None) -> None:
        """Start a routine for a person (`None`: the one on the board). A current run ends first, stored as partial.

        `title` is the routine's display name, if it has one.
        """

    def request_start(self, name: str, person_id: str | None, *, is_chosen: bool = False) -> Future[StartDecision]:
        """Start what the start gate decides for this routine name and person.

        With `is_chosen` the person was chosen, and `None` means nobody; without it, `None` is the one on the board.
        The decision says what started, what was changed and why, or why nothing started. The future raises ValueError
        with a sentence if there is no such routine, StoreError if the store cannot be read.
        """

    # Writes that the loop does for the page. A future completes once the data is on disk; it raises ValueError with a
    # sentence for an invalid request, StoreError if the disk fails. Callers must wait with a timeout.

    def add_person(self, name: str) -> Future[str]:
        """Add a person and return their id."""

    def claim_session(self, session_id: str, person_id: str | None) -> Future[None]:
        """Assign a session to a person."""

    def answer(self, person_id: str, question: str, answer: Any, about: str | None = None) -> Future[str]:
        """Store a person's answer: `question` is its name, such as `pain` or `felt`, `about` its subject."""

    def answer_test(
        self, test_id: str, *, pain: int | None = None, felt: Collection[str] | None = None
    ) -> Future[None]:
        """Store answers about a test, `felt` one or more places; omitted values stay unchanged."""

    def describe_test(
        self, test_id: str, *, shod: bool | None, back_foot: str | None, warmed_up: bool | None
    ) -> Future[None]:
        """Store the circumstances of a test that only the person knows; `None` is not known."""

    def answer_own_circumstance(self, person_id: str, name: str, answer: bool | str | None) -> Future[None]:
        """Store how a person tests, once for all their tests; `None` where it varies."""

    def save_routine(
        self, routine_id: str | None, person_id: str | None, name: str, items: Sequence[Item]
    ) -> Future[str]:
        """Store a person's own routine, a new one if there is no id, and return its id."""

    def remove_routine(self, routine_id: str) -> Future[None]:
        """Delete a person's own routine; results made with it stay."""

    def save_plan(self, person_id: str, plan: Mapping[str, Any]) -> Future[None]:
        """Replace the person's plan."""

    def request_network(self, is_on: bool) -> Future[None]:
        """Ask systemd to open the page to the home's network, or to close it; it does so within seconds."""

    def change_settings(self, changes: dict[str, str]) -> Future[None]:
        """Change settings by name, all or none, and store them. They hold even while the disk fails.

        Raises ValueError with a sentence for an unknown name or a value that is not allowed.
        """

    @property
    def board(self) -> SimulatedBoard | None:
        """The simulated board, or `None` on a real one."""
