"""The bytes written to the memory card by a session, and by an idle day.

A whole station runs in virtual time on a file system like that of Raspberry Pi OS (ext4, noatime, blocks of 4 KiB).

A session is a full test of both sides and one hold of 30 s. Its figure counts the blocks that the process writes, to
the write-ahead log and, at a checkpoint, to the database; and models the file system's journal, because in virtual time
a session takes seconds: see `JOURNAL_BYTES`. A loop device's count is printed beside it.

A day is an hour with an empty board, times 24, and the night: backup and search for damage. The loop device counts it;
if none can be mounted, the figure is the process's, which lacks the file system's own part. The program's log is not
included: an idle station logs nothing.

`python -m tests.bench.card` prints both counts.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, event

from station.app.starting.routines import routine_called
from station.config import Config
from station.core.events import SECOND_US, Side
from station.core.steps import HoldStep
from station.settings import Settings
from station.store.backups.backup import NightlyCopies, backups_of
from station.system.simulate import MIDNIGHT, VirtualStation, answer_no_to_all, simulated
from tests.loop_disk import LoopDisk, loop_disk

SECTOR_BYTES = 512
IDLE_S, DAY_S = 3_600.0, 86_400.0
SESSIONS = 4
JOURNAL_US = 5 * SECOND_US
"""ext4 writes its journal this long after the first change in it (`commit=`), with all changes until then."""
JOURNAL_BYTES = 3 * 4_096
"""What the journal needs to record a file's modification time: its head, a block of inodes, and its end. Measured on a
loop device: a 4 KiB block written in place and synced every 8 s takes 16 KiB, with `commit=60` 5.5 KiB.
"""


class Count(NamedTuple):
    """Bytes written, by the device (`None` without one) and by the process."""

    device: int | None
    process: int

    @property
    def best(self) -> int:
        return self.process if self.device is None else self.device

    def since(self, before: Count) -> Count:
        device = None if self.device is None or before.device is None else self.device - before.device
        return Count(device, self.process - before.process)

    def times(self, factor: float) -> Count:
        return Count(None if self.device is None else round(self.device * factor), round(self.process * factor))

    def plus(self, other: Count) -> Count:
        device = None if self.device is None or other.device is None else self.device + other.device
        return Count(device, self.process + other.process)


def _count(directory: Path, disk: LoopDisk | None) -> Count:
    subprocess.run(("sync", "--file-system", str(directory)), check=True)
    io = dict(line.split(": ") for line in Path("/proc/self/io").read_text(encoding="ascii").splitlines())
    return Count(None if disk is None else disk.written_sectors() * SECTOR_BYTES, int(io["write_bytes"]))


@contextmanager
def _counted_journals(now_us: Callable[[], int]) -> Iterator[list[int]]:
    """Collect the times of database commits that begin another write of the journal."""
    begun: list[int] = []
    changes: dict[int, int] = {}

    def on_commit(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        if driver.total_changes > changes.get(id(driver), 0):
            changes[id(driver)] = driver.total_changes
            if not begun or now_us() - begun[-1] > JOURNAL_US:
                begun.append(now_us())

    event.listen(Engine, "commit", on_commit)
    try:
        yield begun
    finally:
        event.remove(Engine, "commit", on_commit)


def measured() -> tuple[Count, int, Count]:
    """The bytes that a session writes (a mean), its number of journal commits, and the bytes of an idle day."""
    with TemporaryDirectory(dir="/var/tmp") as scratch, loop_disk() as disk:
        directory = Path(scratch) if disk is None else disk.directory
        count = partial(_count, directory, disk)
        config, database = simulated(Config()), directory / "station.db"
        with VirtualStation(config, database) as virtual:
            virtual.station.change_settings({"quiet_from": MIDNIGHT, "quiet_to": MIDNIGHT})
            person_id = virtual.store.add_person("Robin").id
            answer_no_to_all(virtual.store, person_id)
            virtual.calibrate()
            routine = (*routine_called("full_test", Settings()), HoldStep((Side.LEFT,), repetitions=1))
            virtual.run_session(routine, person_id)
            virtual.store.empty_log()
            before = count()
            with _counted_journals(virtual.clock.now_us) as journals:
                for _ in range(SESSIONS):
                    virtual.live(60.0)
                    virtual.run_session(routine, person_id)
            virtual.store.empty_log()
            session = count().since(before).times(1 / SESSIONS)
            nights = NightlyCopies(database)
            day = virtual.clock.utc_now().date()
            nights.copy(backups_of(database), day)
            before = count()
            virtual.live(IDLE_S)
            idle = count().since(before).times(DAY_S / IDLE_S)
            before = count()
            nights.copy(backups_of(database), day + timedelta(days=1))
            virtual.store.look_for_damage()
            return session, round(len(journals) / SESSIONS), idle.plus(count().since(before))


def figures() -> dict[str, dict[str, float | str]]:
    """The figures of this module."""
    session, journals, day = measured()
    return {
        "sd_bytes_session": {"value": round((session.process + journals * JOURNAL_BYTES) / 1_000, 1), "unit": "kB"},
        "sd_bytes_idle_day": {
            "value": round(day.best / 1_000, 1),
            "unit": "kB (process)" if day.device is None else "kB",
        },
    }


def main() -> None:
    session, journals, day = measured()
    for name, found in (("session", session), ("idle day", day)):
        device = "not counted" if found.device is None else f"{found.device / 1_000:.1f} kB"
        sys.stdout.write(f"{name}: device {device}, process {found.process / 1_000:.1f} kB\n")
    sys.stdout.write(f"the journal of a session: {journals} times {JOURNAL_BYTES} bytes\n")


if __name__ == "__main__":
    main()
