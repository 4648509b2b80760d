"""What the page may see and ask of the station. The loop implements it; the page knows nothing else of the loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from station.core.records import Side, Word
from station.core.steps import Routine
from station.snapshot import Snapshot


class PageError(Exception):
    """The page cannot be served; one sentence says why and what to do."""


class SimulatedBoard(Protocol):
    """The simulated person and the simulated cables, under a visitor's hand."""

    def act(self, word: str, argument: str | None = None) -> None:
        """Do one of `words()` now. Raises ValueError with a sentence for an unknown word or a bad argument."""

    def words(self) -> tuple[str, ...]:
        """The words that `act` understands."""


class Panel(Protocol):
    """The station as its page sees it. Every method may be called from any thread and returns at once."""

    def snapshot(self) -> Snapshot:
        """The newest picture. It is never older than a second while the station is well: the page takes a picture of
        four seconds ago for a silent station."""

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Have `wake` called (from the loop's thread; it must only set a flag) whenever there is a newer picture.

        Gives back what ends the subscription.
        """

    def command(self, word: Word, side: Side | None = None) -> None:
        """Say a word to whatever is going on."""

    def start(self, routine: Routine, person_id: str | None) -> None:
        """Begin a routine, for a person or for nobody yet. What is going on is ended first, and stored as partial."""

    def change_settings(self, changes: dict[str, str]) -> None:
        """Change settings by name, all of them or none, and keep them. The loop is the only one that writes.

        Raises ValueError with a sentence for an unknown name or a value that is not allowed.
        """

    @property
    def board(self) -> SimulatedBoard | None:
        """The simulated board, or `None` on a real one."""
