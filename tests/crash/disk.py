"""A disk in memory that loses or garbles unsynced writes when the power goes: an `apsw` file system layer.

After the cut, a sector written since the last sync has its old content, its new content, a torn mix of both, or noise.
It has no shared memory, so databases on it need exclusive locking; SQLite writes and syncs the same bytes at the same
points.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import apsw

SECTOR = 4096
"""The unit of writing on memory cards and solid-state disks; a power cut garbles whole ones."""

NAME = "forgetful"


@dataclass
class Image:
    """One file: its current content, the content sure to survive a power cut, and the sectors in between."""

    seen: bytearray = field(default_factory=bytearray)
    safe: bytearray = field(default_factory=bytearray)
    dirty: set[int] = field(default_factory=set)

    def read(self, amount: int, offset: int) -> bytes:
        return bytes(self.seen[offset : offset + amount])

    def write(self, data: bytes, offset: int) -> None:
        if len(self.seen) < offset:
            self.seen.extend(bytes(offset - len(self.seen)))
        self.seen[offset : offset + len(data)] = data
        self.dirty.update(range(offset // SECTOR, (offset + len(data) - 1) // SECTOR + 1))

    def truncate(self, size: int) -> None:
        del self.seen[size:]
        self.dirty.add(size // SECTOR)

    def sync(self) -> None:
        size = len(self.seen)
        del self.safe[size:]
        self.safe.extend(bytes(size - len(self.safe)))
        for sector in self.dirty:
            start = sector * SECTOR
            self.safe[start : start + SECTOR] = self.seen[start : start + SECTOR]
        self.dirty.clear()

    def cut(self, random: Random) -> None:
        """Cut the power: the fate of each unsynced sector, and of the file's length, is random."""
        after = bytearray(self.safe)
        if len(self.seen) != len(self.safe) and random.random() < 0.8:
            size = random.choice((len(self.seen), random.randint(*sorted((len(self.seen), len(self.safe))))))
            del after[size:]
            after.extend(bytes(size - len(after)))
        for sector in sorted(self.dirty):
            start = sector * SECTOR
            end = min(start + SECTOR, len(after))
            if start < end:
                after[start:end] = self._fate(start, end, random)
        self.seen, self.safe, self.dirty = bytearray(after), after, set()

    def _fate(self, start: int, end: int, random: Random) -> bytes:
        size = end - start
        old = bytes(self.safe[start:end]).ljust(size, b"\0")
        new = bytes(self.seen[start:end]).ljust(size, b"\0")
        tear = random.randrange(size)
        return random.choice((old, new, new[:tear] + old[tear:], random.randbytes(size)))


class PowerCutError(Exception):
    """The power has failed, and the writing process with it."""


class Disk(apsw.VFS):
    """All files of one machine. `cut_in(n)` cuts the power after n more writes and syncs.

    With `lies` the disk acknowledges syncs without doing them, like cheap ones.
    """

    def __init__(self, name: str = NAME) -> None:
        self.files: dict[str, Image] = {}
        self.lies = False
        self.steps = 0
        self._left: int | None = None
        super().__init__(name, "")

    def cut_in(self, steps: int) -> None:
        self._left = steps

    def cut(self, random: Random) -> None:
        """Cut the power and restore it."""
        self._left = None
        for image in self.files.values():
            image.cut(random)

    def step(self) -> None:
        """Count one write or sync before it reaches the disk."""
        self.steps += 1
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise PowerCutError

    def xAccess(self, pathname: str, flags: int) -> bool:
        return pathname in self.files

    def xFullPathname(self, name: str) -> str:
        return name

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self.step()
        self.files.pop(filename, None)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name or f"temporary {len(self.files)}"
        whole = isinstance(name, apsw.URIFilename) and name.uri_boolean("psow", True)
        flags[1] = flags[0]
        return OpenFile(self, self.files.setdefault(path, Image()), whole)


class OpenFile(apsw.VFSFile):
    """An open file of the disk. Locks are ignored: there is only one connection."""

    def __init__(self, disk: Disk, image: Image, powersafe: bool) -> None:
        self._disk = disk
        self._image = image
        self._powersafe = powersafe

    def xRead(self, amount: int, offset: int) -> bytes:
        return self._image.read(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.step()
        self._image.write(data, offset)

    def xTruncate(self, newsize: int) -> None:
        self._disk.step()
        self._image.truncate(newsize)

    def xSync(self, flags: int) -> None:
        self._disk.step()
        if not self._disk.lies:
            self._image.sync()

    def xFileSize(self) -> int:
        return len(self._image.seen)

    def xSectorSize(self) -> int:
        return SECTOR

    def xDeviceCharacteristics(self) -> int:
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE if self._powersafe else 0

    def xFileControl(self, op: int, ptr: int) -> bool:
        return False

    def xCheckReservedLock(self) -> bool:
        return False

    def xLock(self, level: int) -> None:
        pass

    def xUnlock(self, level: int) -> None:
        pass

    def xClose(self) -> None:
        pass
