"""The station's work every night: a backup, and a search for rows damaged by the memory card."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from station.clock import Clock
from station.store import Store, StoreError

if TYPE_CHECKING:
    from station.store.backups.backup import NightlyCopies


class Nightly:
    """The night's work, in any thread but the loop's. A failure is reported until a later night succeeds."""

    def __init__(
        self, store: Store, clock: Clock, stick: Path | None, report_fault: Callable[[str, str | None], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._stick = stick
        self._report_fault = report_fault
        self._copies: NightlyCopies | None = None

    def run(self) -> None:
        """Back up the database, also to the stick if one is plugged in, and look for damage."""
        from station.store.backups.backup import NightlyCopies, backups_of

        copies = self._copies = self._copies or NightlyCopies(self._store.path)
        day = self._clock.utc_now().astimezone().date()
        fault = None
        for directory in (backups_of(self._store.path), *self._on_stick()):
            try:
                copies.copy(directory, day)
            except (StoreError, OSError) as error:
                fault = fault or f"The nightly backup has failed: {error}"
        try:
            self._store.look_for_damage()  # the pages show what it finds
        except StoreError as error:
            fault = fault or f"The nightly check has failed: {error}"
        self._report_fault("backup", fault)

    def _on_stick(self) -> tuple[Path, ...]:
        """The directory of the stick, if one is plugged in."""
        from station.store.backups.backup import STICK_DIRECTORY, is_plugged_in

        if self._stick is None or not is_plugged_in(self._stick):
            return ()
        return (self._stick / STICK_DIRECTORY,)
