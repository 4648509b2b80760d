"""What the station does every night: a backup, and a look for rows that the memory card has damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from station.clock import Clock
from station.store import Store, StoreError


def do_nightly(store: Store, clock: Clock, stick: Path | None, report_fault: Callable[[str, str | None], None]) -> None:
    """Back the database up, also to the stick that is plugged in, and look for damage; in any thread but the loop's.

    What fails is reported until a later night succeeds.
    """
    from station.store.backup import STICK_DIRECTORY, back_up, backups_of, is_plugged_in

    day = clock.utc_now().astimezone().date()
    fault = None
    try:
        back_up(store.path, backups_of(store.path), day)
        if stick is not None and is_plugged_in(stick):
            back_up(store.path, stick / STICK_DIRECTORY, day)
    except (StoreError, OSError) as error:
        fault = f"The nightly backup has failed: {error}"
    try:
        store.look_for_damage()  # the pages say what it finds
    except StoreError as error:
        fault = fault or f"The nightly check has failed: {error}"
    report_fault("backup", fault)
