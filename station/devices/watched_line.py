"""A GPIO line with its edges, through version 2 of the kernel's interface (`linux/gpio.h`, Linux 5.10)."""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from fcntl import ioctl

from msgspec import Struct

DEVICE = "/dev/gpiochip{}"
REQUEST = struct.Struct("<I252x32sQI20xI4xQQ216xII20xi")
"""`gpio_v2_line_request`: one line, consumer, flags, number of attributes, the first of them (id, value, mask), number
of lines, size of the buffer, and the kernel's answer, a file descriptor."""
VALUES = struct.Struct("<QQ")
"""`gpio_v2_line_values`: levels and mask of the requested lines."""
EVENT = struct.Struct("<QI36x")
"""`gpio_v2_line_event`: time in ns of CLOCK_MONOTONIC, and which edge."""
GET_LINE, GET_VALUES = 0xC250B407, 0xC010B40E
INPUT = 1 << 2
EDGES = {"rising": 1 << 4, "falling": 1 << 5, "both": 1 << 4 | 1 << 5}
BIASES = {"up": 1 << 8, "down": 1 << 9, "floating": 1 << 10}
DEBOUNCE_ATTRIBUTE = 3
RISING = 1
BUFFERED = 16
"""How many edges the kernel keeps for one line; then it drops the oldest."""


class LineEdge(Struct, frozen=True):
    """A change of a line to `level`, at a time in ns of CLOCK_MONOTONIC."""

    at_ns: int
    level: bool


class WatchedLine:
    """An input whose edges the kernel keeps until they are read; nobody else can use the line meanwhile.

    `pull` and `edges` are gpiozero's words. Raises OSError if the line cannot be requested.
    """

    def __init__(self, chip: int, line: int, *, pull: str, edges: str, debounce_us: int) -> None:
        flags, attributes = INPUT | EDGES[edges] | BIASES[pull], 1 if debounce_us else 0
        attribute = (DEBOUNCE_ATTRIBUTE, debounce_us, 1) if debounce_us else (0, 0, 0)
        request = bytearray(REQUEST.pack(line, b"station", flags, attributes, *attribute, 1, BUFFERED, -1))
        chip_fd = os.open(DEVICE.format(chip), os.O_RDWR | os.O_CLOEXEC)
        try:
            ioctl(chip_fd, GET_LINE, request)
        finally:
            os.close(chip_fd)
        self.fd: int = REQUEST.unpack(request)[-1]
        os.set_blocking(self.fd, False)

    def level(self) -> bool:
        """The current level: true is high."""
        values = bytearray(VALUES.pack(0, 1))
        ioctl(self.fd, GET_VALUES, values)
        return bool(VALUES.unpack(values)[0])

    def read(self) -> list[LineEdge]:
        """The edges since the last call, oldest first."""
        found = b""
        with suppress(BlockingIOError):
            found = os.read(self.fd, BUFFERED * EVENT.size)
        return [LineEdge(at_ns, edge == RISING) for at_ns, edge in EVENT.iter_unpack(found)]

    def close(self) -> None:
        """Release the line."""
        os.close(self.fd)
