"""A double of the panel: a snapshot that a test sets, and a record of what the page asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from station.clock import SystemClock
from station.core.records import Side, Word
from station.core.steps import Routine
from station.settings import Settings
from station.snapshot import Snapshot
from station.store import Store


class RecordedBoard:
    """A simulated board that remembers what was done to it."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words
        self.acts: list[tuple[str, str | None]] = []

    def act(self, word: str, argument: str | None = None) -> None:
        if word not in self._words:
            raise ValueError(f"The simulated board does not know the word {word!r}.")
        self.acts.append((word, argument))

    def words(self) -> tuple[str, ...]:
        return self._words


class SetPanel:
    """A panel whose picture is what the test says."""

    def __init__(self, store: Store | None = None, board: RecordedBoard | None = None) -> None:
        self.board = board
        self.said: list[tuple[Word, Side | None]] = []
        self.started: list[tuple[Routine, str | None]] = []
        self._store = store
        self._wakes: list[Callable[[], None]] = []
        self._now = Snapshot(at_us=SystemClock().now_us())

    def snapshot(self) -> Snapshot:
        return self._now

    def show(self, **changes: Any) -> None:
        """Make a new picture, of now, and wake whoever watches."""
        self._now = replace(self._now, **{"at_us": SystemClock().now_us(), **changes})
        for wake in list(self._wakes):
            wake()

    @property
    def watchers(self) -> int:
        return len(self._wakes)

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        self._wakes.append(wake)
        return lambda: self._wakes.remove(wake)

    def command(self, word: Word, side: Side | None = None) -> None:
        self.said.append((word, side))

    def start(self, routine: Routine, person_id: str | None) -> None:
        self.started.append((routine, person_id))

    def change_settings(self, changes: dict[str, str]) -> None:
        assert self._store is not None
        kinds = {name: type(value) for name, value in asdict(Settings()).items()}
        typed = {name: kinds[name](value) for name, value in changes.items()}
        self._store.save_settings(replace(self._store.settings(), **typed))
