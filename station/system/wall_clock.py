"""Whether the machine's date is right. A Raspberry Pi without a clock chip starts with a past date.

A date counts as right if something vouches for it: a time server (systemd's time service, chrony or any other that
keeps the kernel's clock), a clock chip that agrees, or a person who has set it since the machine started. A date before
the program was written never counts. Without systemd nothing is checked: such a machine is not a station.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from station.clock import Clock

EARLIEST_DATE = datetime(2026, 11, 1, tzinfo=UTC)
"""Any earlier date is wrong."""
CLOCK_STEP = timedelta(seconds=2)
"""A larger step than a clock drifts in a second: a person or the network has set it."""
CHIP_DRIFT = timedelta(minutes=10)
"""A larger difference than a clock chip and the kernel's clock drift apart in months."""
SYSTEMD = Path("/run/systemd/system")
SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
CLOCK_CHIP = Path("/sys/class/rtc/rtc0/since_epoch")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
TIMEX_BYTES = 208
"""The size of the kernel's `struct timex` on a 64-bit machine; zeros query it without a change."""
TIME_ERROR = 5
"""The kernel's clock is not synchronised."""


def is_kernel_synchronised() -> bool:
    """Whether a time server keeps the kernel's clock, as reported to the kernel by chrony, ntpd and systemd."""
    state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    return 0 <= state != TIME_ERROR


def wall_offset(clock: Clock) -> datetime:
    """The wall time at zero of the monotonic clock; it changes only when the wall clock is set."""
    return clock.utc_now() - timedelta(microseconds=clock.now_us())


class DateCheck:
    """Whether the date is right. A file beside the database has the clock's offset at the machine's start, so that a
    date set by hand counts until the next boot, even if the station was stopped in between."""

    def __init__(self, database: Path) -> None:
        self._file = database.with_name(f"{database.name}.boot")

    def remember(self, clock: Clock) -> None:
        """Store the clock's offset, unless already stored since the machine started."""
        if self._remembered() is None:
            with suppress(OSError):  # without it a restart forgets that the date was set
                self._file.write_text(f"{_boot_id()} {wall_offset(clock).isoformat()}\n", encoding="ascii")

    def is_right(self, clock: Clock) -> bool:
        """Whether the date of this clock is right."""
        wall = clock.utc_now()
        if wall < EARLIEST_DATE:
            return False
        if not SYSTEMD.exists() or SYNCHRONISED.exists() or is_kernel_synchronised():
            return True
        return self._agrees_with_chip(wall) or self._was_set(clock)

    def _agrees_with_chip(self, wall: datetime) -> bool:
        with suppress(OSError, ValueError, OverflowError):
            return abs(datetime.fromtimestamp(int(CLOCK_CHIP.read_text(encoding="ascii")), UTC) - wall) < CHIP_DRIFT
        return False

    def _was_set(self, clock: Clock) -> bool:
        at_start = self._remembered()
        return at_start is not None and abs(wall_offset(clock) - at_start) > CLOCK_STEP

    def _remembered(self) -> datetime | None:
        with suppress(OSError, ValueError):
            boot, offset = self._file.read_text(encoding="ascii").split()
            if boot == _boot_id():
                return datetime.fromisoformat(offset)
        return None


def _boot_id() -> str:
    """The kernel's identifier of the current boot."""
    return BOOT_ID.read_text(encoding="ascii").strip()
