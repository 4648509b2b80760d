"""The bytes that reach the memory card: of a session, and of a day on which nobody comes.

A whole station runs in virtual time on a file system like that of Raspberry Pi OS (ext4, noatime, blocks of 4 KiB), on
a loop device that counts what is written to it: rows, the write-ahead log, its checkpoints, the file system's journal
and its tables. Where no loop device can be mounted, the figure is what the kernel counts for this process, which lacks
the file system's own part.

A session is a full test of both sides and one hold of 30 s. A day is an hour on the empty board, times 24, and the
night: backup and search for damage. The log is not in it: an idle station logs nothing.

`python -m tests.bench.card` prints both counts.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from station.app.routines import routine_called
from station.config import Config
from station.core.events import Side
from station.core.steps import HoldStep
from station.settings import Settings
from station.store.backup import NightlyCopies, backups_of
from station.system.simulate import MIDNIGHT, VirtualStation, answer_no_to_all, simulated
from tests.loop_disk import LoopDisk, loop_disk

SECTOR_BYTES = 512
IDLE_S, DAY_S = 3_600.0, 86_400.0
WARM_UP, SESSIONS = 3, 4
"""The first sessions after a start also make the log as long as it stays from then on."""


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


def measured() -> tuple[Count, Count]:
    """What a session writes (the mean of some), and what an idle day does."""
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
            for number in range(WARM_UP + SESSIONS):
                if number == WARM_UP:
                    before = count()
                virtual.live(60.0)
                virtual.run_session(routine, person_id)
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
            return session, idle.plus(count().since(before))


def figures() -> dict[str, dict[str, float | str]]:
    """The figures of this module."""
    session, day = measured()
    unit = "kB" if session.device is not None else "kB (process)"
    return {
        "sd_bytes_session": {"value": round(session.best / 1_000, 1), "unit": unit},
        "sd_bytes_idle_day": {"value": round(day.best / 1_000, 1), "unit": unit},
    }


def main() -> None:
    for name, found in zip(("session", "idle day"), measured(), strict=True):
        device = "not counted" if found.device is None else f"{found.device / 1_000:.1f} kB"
        sys.stdout.write(f"{name}: device {device}, process {found.process / 1_000:.1f} kB\n")


if __name__ == "__main__":
    main()
