"""What the page may see and ask of the station. The loop implements it; the page knows nothing else of the loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from station.app.snapshot import Snapshot
from station.app.start_gate import StartDecision
from station.catalogue.records import Item
from station.core.events import CommandName, Side
from station.core.steps import Routine


class PageError(Exception):
    """The page cannot be served; one sentence says why and what to do."""


class SimulatedBoard(Protocol):
    """The simulated person and the simulated cables, under a visitor's hand."""

    def act(self, command: str, argument: str | None = None) -> None:
        """Do one of `words()` now. Raises ValueError with a sentence for an unknown word or a bad argument."""

    def commands(self) -> tuple[str, ...]:
        """The words that `act` understands."""


class StationApi(Protocol):
    """The station as its page sees it. Every method may be called from any thread and returns at once."""

    def snapshot(self) -> Snapshot:
        """The newest picture. It is never older than a second while the station is well: the page takes a picture of
        four seconds ago for a silent station."""

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Have `wake` called (from the loop's thread; it must only set a flag) whenever there is a newer picture.

        Gives back what ends the subscription.
        """

    def command(self, word: CommandName, side: Side | None = None, answer: str | None = None) -> None:
        """Say a word to whatever is going on; `answer` goes with `Word.ANSWER`."""

    def start(self, routine: Routine, person_id: str | None, title: str | None = None) -> None:
        """Begin a routine, for a person or for nobody yet. What is going on is ended first, and stored as partial.

        `called` is the routine's name for people, where it has one.
        """

    def request_start(self, name: str, person_id: str | None) -> Future[StartDecision]:
        """Start what the start gate decides under this name for this person (`None`: whoever is there).

        The decision says what has begun, what was changed and why, or why nothing began. The future raises ValueError
        with a sentence where there is no such routine, StoreError where the store cannot be read.
        """

    # What the loop writes for the page. A future's result is there when it is on the disk; it raises ValueError with a
    # sentence for what cannot be, StoreError where the disk refuses, and whoever waits sets a bound.

    def add_person(self, name: str) -> Future[str]:
        """Somebody new; gives their id."""

    def claim_session(self, sitting_id: str, person_id: str | None) -> Future[None]:
        """Say whose session it was."""

    def answer(self, person_id: str, question: str, answer: Any, about: str | None = None) -> Future[str]:
        """Keep what a person said: `question` is `care`, `pain` or `felt`, `about` what it is about."""

    def answer_test(self, test_id: str, *, pain: int | None = None, felt: str | None = None) -> Future[None]:
        """Keep what was said about a test; what is not given stays."""

    def save_routine(
        self, routine_id: str | None, person_id: str | None, name: str, items: Sequence[Item]
    ) -> Future[str]:
        """Keep a routine of somebody's own, new where there is no id; gives its id."""

    def remove_routine(self, routine_id: str) -> Future[None]:
        """Forget a routine of somebody's own; what was done by it stays."""

    def save_plan(self, person_id: str, plan: Mapping[str, Any]) -> Future[None]:
        """From now on this is the person's plan."""

    def change_settings(self, changes: dict[str, str]) -> None:
        """Change settings by name, all of them or none, and keep them. The loop is the only one that writes.

        Raises ValueError with a sentence for an unknown name or a value that is not allowed.
        """

    @property
    def board(self) -> SimulatedBoard | None:
        """The simulated board, or `None` on a real one."""
