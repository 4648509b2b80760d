"""Lets only one program use the board: two on one bus would mix up their answers."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from station.devices.errors import DeviceError


def lock_board(bus: Path) -> Callable[[], None]:
    """Lock the device file of the board's I2C bus until the returned function is called. Raises DeviceError.

    A missing or forbidden bus is left to the sensor, which has its own sentence for that.
    """
    try:
        file = os.open(bus, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return lambda: None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise DeviceError(
            "board",
            f"Another station is using the board ({bus}): stop it first, for example with sudo systemctl stop station.",
        ) from None
    return lambda: os.close(file)
