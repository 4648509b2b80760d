"""The Raspberry Pi's own pins."""

from __future__ import annotations

import threading
from typing import Any

from station.devices.errors import DeviceError

PinFactory = Any
"""gpiozero's `Factory`; the library ships no types."""


def open_pin_factory() -> PinFactory:
    """The pins of this Raspberry Pi through lgpio, the one library that works on every model. Raises DeviceError.

    gpiozero alone would try other libraries in turn and only warn, and some of them lack functions.
    """
    try:
        from gpiozero.pins.lgpio import LGPIOFactory
    except Exception as error:
        raise DeviceError(
            "GPIO",
            f"The pins cannot be used because lgpio cannot be loaded ({error}): install Debian's python3-lgpio, give"
            " the station an environment with system site packages and a working directory that it may write to.",
        ) from error
    try:
        return LGPIOFactory()
    except Exception as error:
        raise DeviceError(
            "GPIO",
            f"The pins cannot be opened at /dev/gpiochip0 ({error}): is this a Raspberry Pi, and is the user in the"
            " group gpio? Without one, set simulated = true under [board].",
        ) from error


def edge_thread() -> threading.Thread | None:
    """The one thread in which lgpio reports the edges of all pins; `None` where lgpio is not loaded.

    It is started as lgpio is loaded, and nothing starts it again: without it every pin stays as it was.
    """
    return next((one for one in threading.enumerate() if type(one).__module__ == "lgpio"), None)
