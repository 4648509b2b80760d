"""Lets only one program use the board: two on one bus would mix up their answers."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from station.devices.errors import DeviceError

DEVICE = "/dev/i2c-{}"
"""The device file of an I2C bus, by its number."""
LOCKS = Path("/proc/locks")
"""Linux's list of locks: the fifth word of a line is the process, the sixth the locked file."""


class BoardHeldError(DeviceError):
    """Another program uses the board: a retry helps once it has ended."""


def lock_board(bus: int) -> Callable[[], None]:
    """Lock the device file of the board's I2C bus until the returned function is called. Raises BoardHeldError.

    A missing or forbidden bus is left to the sensor, which has its own sentence for that.
    """
    path = DEVICE.format(bus)
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return lambda: None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _holder_of(os.fstat(file))
        os.close(file)
        raise BoardHeldError("board", f"{holder} is using the board ({path}): end it first.") from None
    return lambda: os.close(file)


def _holder_of(locked: os.stat_result) -> str:
    """The program that has locked this file, as far as this user may know."""
    name = f"{os.major(locked.st_dev):02x}:{os.minor(locked.st_dev):02x}:{locked.st_ino}"
    with suppress(OSError):
        for line in LOCKS.read_text(encoding="ascii").splitlines():
            words = line.split()
            if words[1:2] == ["FLOCK"] and words[5:6] == [name]:
                return _program(words[4])
    return "Another program"


def _program(process: str) -> str:
    try:
        name = Path(f"/proc/{process}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:  # it has just ended, or is another user's
        return f"Another program (process {process})"
    return f"The program {name} (process {process})"
