"""The Raspberry Pi's own pins."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from station.devices.edge_thread import EdgeThread
from station.devices.errors import DeviceError

if TYPE_CHECKING:
    from gpiozero import PWMOutputDevice

PinFactory = Any
"""gpiozero's `Factory`; the library ships no types."""


def open_pin_factory() -> PinFactory:
    """The pins of this Raspberry Pi through lgpio, the one library that works on every model. Raises DeviceError.

    gpiozero alone would try other libraries in turn and only warn, and some of them lack functions.
    """
    try:
        from station.devices.edge_pins import EdgeFactory
    except Exception as error:
        raise DeviceError(
            "GPIO",
            f"The pins cannot be used because lgpio cannot be loaded ({error}): install Debian's python3-lgpio, give"
            " the station an environment with system site packages and a working directory that it may write to.",
        ) from error
    try:
        return EdgeFactory()
    except Exception as error:
        raise DeviceError(
            "GPIO",
            f"The pins cannot be opened at /dev/gpiochip0 ({error}): is this a Raspberry Pi, and is the user in the"
            " group gpio? Without one, set simulated = true under [board].",
        ) from error


def edge_thread() -> EdgeThread | None:
    """The one thread in which the edges of all pins are called for; `None` on a board without pins of its own.

    Nothing starts it again: without it every pin stays as it was.
    """
    return next((one for one in threading.enumerate() if isinstance(one, EdgeThread)), None)


def set_duty(device: PWMOutputDevice, hz: int, duty: float) -> None:
    """Pulse an output with this duty cycle, 0 to 1; at 0 and 1 it is a level.

    A level has no frequency: lgpio's thread would count the periods of a dark LED too, 100 times a second.
    """
    wanted = hz if 0 < duty < 1 else None
    if device.frequency != wanted:
        device.frequency = wanted
    device.value = duty
