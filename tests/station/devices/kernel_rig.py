"""What lies below the pins of a Raspberry Pi: the kernel's calls for a watched line, and the module lgpio."""

from __future__ import annotations

import ctypes
import errno
import os
import select
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from station.devices import watched_line
from station.simulator.pins import PI_4B_REVISION

LOADED_WITH_LGPIO = ("gpiozero.pins.lgpio", "station.devices.edge_pins")
PULLS = {1 << 5: 1 << 8, 1 << 6: 1 << 9, 1 << 7: 1 << 10}
"""lgpio's flag of each pull, and the kernel's."""


class Attribute(ctypes.Structure):
    """`gpio_v2_line_config_attribute` of `linux/gpio.h`."""

    _fields_ = (
        ("id", ctypes.c_uint32),
        ("padding", ctypes.c_uint32),
        ("value", ctypes.c_uint64),
        ("mask", ctypes.c_uint64),
    )


class Request(ctypes.Structure):
    """`gpio_v2_line_request` of `linux/gpio.h`, its `gpio_v2_line_config` in place."""

    _fields_ = (
        *(("offsets", ctypes.c_uint32 * 64), ("consumer", ctypes.c_char * 32), ("flags", ctypes.c_uint64)),
        *(("num_attrs", ctypes.c_uint32), ("padding", ctypes.c_uint32 * 5), ("attrs", Attribute * 10)),
        *(("num_lines", ctypes.c_uint32), ("event_buffer_size", ctypes.c_uint32), ("reserved", ctypes.c_uint32 * 5)),
        ("fd", ctypes.c_int32),
    )


class Values(ctypes.Structure):
    """`gpio_v2_line_values` of `linux/gpio.h`."""

    _fields_ = (("bits", ctypes.c_uint64), ("mask", ctypes.c_uint64))


class Event(ctypes.Structure):
    """`gpio_v2_line_event` of `linux/gpio.h`."""

    _fields_ = (
        *(("timestamp_ns", ctypes.c_uint64), ("id", ctypes.c_uint32), ("offset", ctypes.c_uint32)),
        *(("seqno", ctypes.c_uint32), ("line_seqno", ctypes.c_uint32), ("padding", ctypes.c_uint32 * 6)),
    )


class KernelChip:
    """The lines of one chip. A watched one is a pipe, into which its edges are written as the kernel's records."""

    def __init__(self) -> None:
        self.requests: dict[int, Request] = {}
        """What was last asked for each line that has ever been watched."""
        self.at_lgpio: dict[int, int] = {}
        """The lines that lgpio holds, with the flags that it has claimed them with."""
        self.outputs: dict[int, int] = {}
        """The outputs among them, with the level last written."""
        self.pulses: dict[int, tuple[float, float]] = {}
        """What lgpio's thread counts: frequency and duty cycle in percent of each output, also at 0 and 100 %."""
        self.taken: set[int] = set()
        """The lines that another program holds."""
        self.refuses: int | None = None
        """The error of every request for a line's edges."""
        self.has_spi = True
        self._watched: dict[int, int] = {}
        """The end for writing of each line's pipe."""
        self._levels: dict[int, bool] = {}
        self._line_of_fd: dict[int, int] = {}

    def is_watched(self, line: int) -> bool:
        """Whether the reader of this line's edges has not closed it."""
        if line not in self._watched:
            return False
        poll = select.poll()
        poll.register(self._watched[line], 0)
        return poll.poll(0) == []

    def ioctl(self, fd: int, code: int, buffer: bytearray) -> int:
        """The two calls of a watched line."""
        size = (code >> 16) & 0x3FFF
        assert len(buffer) == size, "the kernel would write beyond the buffer"
        if code == 0xC250B407:
            self._get_line(Request.from_buffer(buffer))
        else:
            assert code == 0xC010B40E
            values = Values.from_buffer(buffer)
            assert values.mask == 1
            values.bits = self._levels[self._line_of_fd[fd]]
        return 0

    def _get_line(self, request: Request) -> None:
        line = request.offsets[0]
        if self.refuses is not None:
            raise OSError(self.refuses, os.strerror(self.refuses))
        if line in self.taken or line in self.at_lgpio or self.is_watched(line):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        reading, writing = os.pipe()
        with suppress(KeyError):
            os.close(self._watched.pop(line))
        self._watched[line], self._line_of_fd[reading] = writing, line
        self._levels[line] = bool(request.flags & 1 << 8)
        self.requests[line] = Request.from_buffer_copy(bytes(request))
        request.fd = reading

    def edge(self, line: int, level: bool, at_ns: int) -> None:
        """Change the level of a watched line."""
        self._levels[line] = level
        os.write(self._watched[line], bytes(Event(timestamp_ns=at_ns, id=1 if level else 2, offset=line)))

    def withdraw(self, line: int) -> None:
        """As when the driver of the chip goes."""
        os.close(self._watched.pop(line))

    def close(self) -> None:
        for fd in self._watched.values():
            os.close(fd)

    def lgpio(self) -> ModuleType:
        """The module, as far as inputs, outputs and the opening of an SPI need it."""
        module: Any = ModuleType("lgpio")
        module.SET_PULL_NONE, module.SET_PULL_UP, module.SET_PULL_DOWN = 1 << 7, 1 << 5, 1 << 6
        module.RISING_EDGE, module.FALLING_EDGE, module.BOTH_EDGES = 1, 2, 3
        module.error = type("error", (Exception,), {})

        def claim(_handle: int, line: int, flags: int = 0) -> None:
            if line in self.taken or self.is_watched(line):
                raise module.error("GPIO busy")
            self.at_lgpio[line] = flags or self.at_lgpio.get(line, 0)
            self.outputs.pop(line, None)
            self.pulses.pop(line, None)

        def claim_output(_handle: int, line: int, level: int = 0, flags: int = 0) -> None:
            claim(_handle, line, flags)
            self.outputs[line] = level

        def tx_pwm(_handle: int, line: int, hz: float, percent: float) -> None:
            if hz:
                self.pulses[line] = (hz, percent)
            elif self.pulses.pop(line, None) is None:
                raise module.error("bad PWM micros")

        def mode(_handle: int, line: int) -> int:
            if self.is_watched(line):
                return next(own for own, kernels in PULLS.items() if self.requests[line].flags & kernels)
            return self.at_lgpio.get(line, 0) | (1 << 1 if line in self.outputs else 0)

        def spi_open(_port: int, _device: int, _baud: int, _flags: int) -> int:
            if not self.has_spi:
                raise module.error("no SPI")
            return 0

        module.spi_open, module.spi_close = spi_open, lambda handle: None
        module.gpiochip_open = lambda chip: chip
        module.gpiochip_close = lambda handle: None
        module.gpio_claim_input, module.gpio_claim_output, module.tx_pwm = claim, claim_output, tx_pwm
        module.gpio_write = lambda handle, line, level: self.outputs.update({line: int(level)})
        module.gpio_free = lambda handle, line: self.at_lgpio.pop(line)
        module.gpio_get_mode = mode
        module.gpio_read = lambda handle, line: self.outputs.get(line, int(self.at_lgpio[line] == module.SET_PULL_UP))
        module.gpio_set_debounce_micros = lambda handle, line, micros: None
        made: ModuleType = module
        return made


@pytest.fixture
def chip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KernelChip]:
    """The chip of a Raspberry Pi 4, below all that the station loads for its pins."""
    made = KernelChip()
    (tmp_path / "gpiochip0").touch()
    monkeypatch.setattr(watched_line, "DEVICE", str(tmp_path / "gpiochip{}"))
    monkeypatch.setattr(watched_line, "ioctl", made.ioctl)
    monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", lambda: int(PI_4B_REVISION, 16))
    monkeypatch.setitem(sys.modules, "lgpio", made.lgpio())
    yield made
    for name in LOADED_WITH_LGPIO:
        sys.modules.pop(name, None)
    made.close()
