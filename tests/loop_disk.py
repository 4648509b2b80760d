"""A separate disk for a test: an ext4 file system in a file, on a loop device. Needs root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

SIZE_BYTES = 256 << 20


class LoopDisk:
    """A file system mounted at `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        number = directory.stat().st_dev
        self.device = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve().name

    def written_sectors(self) -> int:
        """Sectors of 512 bytes written to the device so far."""
        return int(Path(f"/sys/class/block/{self.device}/stat").read_text(encoding="ascii").split()[6])

    def fill(self) -> Path:
        """Fill the disk to the last byte; returns the file that does."""
        filling = self.directory / "filling"
        with filling.open("ab", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                with suppress(OSError):  # the expected end
                    while True:
                        file.write(bytes(size))
        return filling

    def fail(self) -> None:
        """Make the file system read-only, as the kernel does after an error of the card."""
        Path(f"/sys/fs/ext4/{self.device}/trigger_fs_error").write_text("broken card", encoding="ascii")


@contextmanager
def loop_disk(size_bytes: int = SIZE_BYTES) -> Iterator[LoopDisk | None]:
    """A disk like that of Raspberry Pi OS (ext4, noatime, 4 KiB blocks); `None` if none can be mounted."""
    with TemporaryDirectory(dir="/var/tmp") as scratch:  # often on a disk where /tmp is in memory
        image, directory = Path(scratch, "disk.img"), Path(scratch, "disk")
        directory.mkdir()
        with image.open("wb") as file:
            file.truncate(size_bytes)
        is_mounted = _is_done("mkfs.ext4", "-q", "-b", "4096", "-E", "lazy_itable_init=0", str(image)) and _is_done(
            "mount", "-o", "loop,noatime,errors=remount-ro", str(image), str(directory)
        )
        try:
            yield LoopDisk(directory) if is_mounted else None
        finally:
            if is_mounted:
                subprocess.run(("umount", str(directory)), check=True)


def _is_done(*command: str) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False
