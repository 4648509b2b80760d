"""Opens the database at the start: waits for what passes without a person, and salvages what is damaged."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from station.clock import Clock
from station.config import Config
from station.core.events import SECOND_US
from station.store import DamagedDatabaseError, DiskFullError, PermanentStoreError, Store, StoreError
from station.system.systemd import Notifier

log = logging.getLogger(__name__)

RETRY_S = 10
"""How often to retry opening a database while the disk is full or another program uses the database."""
WAITS_FOR_ROOM = "The station waits, and starts once there is room."
WAITS_FOR_STORE = "The station waits, and starts once it can use the database."
UPGRADE_LIMIT_US = 3600 * SECOND_US
"""How long systemd waits for an upgrade of the database: years of sessions on a slow memory card take minutes."""


class StoreOpening:
    """Opens the database as soon as possible."""

    def __init__(self, config: Config, clock: Clock, notifier: Notifier, pause: Callable[[float], bool]) -> None:
        """`pause` waits for so many seconds, and returns at once with true if the station should stop."""
        self._config = config
        self._clock = clock
        self._notifier = notifier
        self._pause = pause
        self.waits_for: str | None = None
        """The last error for which the start has waited; `None` if it did not wait."""

    def open(self) -> Store:
        """Open the database, or wait until that is possible. Raises StoreError."""
        while True:
            try:
                return self._open_sound()
            except PermanentStoreError:
                raise
            except StoreError as error:
                is_full = isinstance(error, DiskFullError)
                if self._pause(0) or not (is_full or self._notifier.is_heard):
                    raise
                self._wait(f"{error} {WAITS_FOR_ROOM if is_full else WAITS_FOR_STORE}")

    def _wait(self, sentence: str) -> None:
        """Wait until it is time for a retry, or the station should stop.

        The station reports itself ready to systemd, which then starts the page: that shows the error. An upgrade may
        follow, during which nothing feeds the watchdog.
        """
        if self.waits_for != sentence:
            self.waits_for = sentence
            log.warning("%s", sentence)
            self._notifier.notify(f"READY=1\nSTATUS={sentence}{self._notifier.allow(UPGRADE_LIMIT_US)}")
        for _ in range(RETRY_S):
            self._notifier.notify("WATCHDOG=1")
            if self._pause(1.0):
                return

    def _open_sound(self) -> Store:
        """Open the database. A damaged one is salvaged first, because nobody may be there to type the command."""
        path = Path(self._config.store.path)

        def wait_longer() -> None:
            self._notifier.notify(f"EXTEND_TIMEOUT_USEC={UPGRADE_LIMIT_US}")

        def open_it() -> Store:
            setback_mm = float(self._config.board.setback_mm)
            return Store.open(path, clock=self._clock, as_built_offset_mm=-setback_mm, on_upgrade=wait_longer)

        try:
            return open_it()
        except DamagedDatabaseError:
            from station.store.backups.backup import STICK_DIRECTORY
            from station.store.backups.salvage import salvage

            wait_longer()
            stick = self._config.store.stick
            sticks = (Path(stick) / STICK_DIRECTORY,) if stick else ()
            made = salvage(path, self._clock.utc_now(), sticks, known_as_damaged=True)
            if made is None:
                raise
            log.warning("%s", " ".join(made.lines()))
            return open_it()
