"""The heels: force sensors on an MCP3008, or a comparator for each heel with its own line."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from math import inf
from threading import Lock

from gpiozero import (
    MCP3008,
    DigitalInputDevice,
    SPISoftwareFallback,
)

from station.clock import Clock
from station.core.events import Heel, Load, Side
from station.devices.errors import DeviceError, as_device_error, never_raising
from station.devices.pins import PinFactory

PART = "heel sensors"
SAMPLE_INTERVAL_US = 10_000
"""100 samples a second: debouncing over 80 ms then uses eight of them."""

REST_SAMPLE_US = 160_000
"""The interval on an empty board: the first sample of a step on is at most this late, the following ones come every
`SAMPLE_INTERVAL_US`. With 80 ms of debouncing a step on is known within 240 ms; it must last two seconds anyway."""

REST_POST_US = 320_000
"""The interval at which a still load is posted: a sensor silent for half a second counts as lost."""

STIR_SHARE = 4 / 1023
"""A larger difference means that a load has moved: seven SDs of the converter's noise."""

AWAKE_US = 2_000_000
"""How long every load must be still before sampling slows down again."""

FULL_SCALE_CODE = 1023
"""The MCP3008's highest code, full scale. gpiozero's own `value` is 0.0005 for code 0."""


class AnalogueHeels:
    """The loads under the heels, on the channels of one MCP3008 on `/dev/spidev0.0`.

    Samples both every 10 ms and posts each `Load`; a missed slot is skipped. While they may `rest` and no load moves,
    only every sixteenth slot is sampled, and every second of these samples is posted. When the bus fails, `on_error` is
    called once, and nothing is posted until it works again.

    Raises DeviceError if the bus cannot be opened. gpiozero itself would fall back to software SPI on the same pins and
    always read 0: a heel that is up.
    """

    def __init__(
        self,
        channels: Mapping[Side, int],
        post: Callable[[Load], None],
        on_error: Callable[[Exception], None],
        *,
        pin_factory: PinFactory = None,
    ) -> None:
        self._adcs: dict[Side, MCP3008] = {}
        self._post = post
        self._on_error = on_error
        self._due_us = 0
        self._is_faulty = False
        self._may_rest = False
        self._still: dict[Side, float] = {}
        self._moved_us = self._posted_us = 0
        """When a load last moved beyond its noise (from `_still`), and when loads were last posted."""
        try:
            with as_device_error(PART, "/dev/spidev0.0"), warnings.catch_warnings():
                warnings.simplefilter("error", SPISoftwareFallback)
                for side, channel in channels.items():
                    self._adcs[side] = MCP3008(channel, pin_factory=pin_factory)
        except DeviceError as error:
            self.close()
            if isinstance(error.__cause__, SPISoftwareFallback):
                raise _spi_disabled_error(error.__cause__.__context__) from error
            raise

    def sample(self, now_us: int) -> list[Load]:
        """Sample every heel, in the order of the channels, all at `now_us`."""
        return [Load(now_us, side, adc.raw_value / FULL_SCALE_CODE) for side, adc in self._adcs.items()]

    def rest(self, may: bool) -> None:
        """Sample slowly if the board is empty (`may`), until a load moves. Call from any thread."""
        self._may_rest = may

    def next_due_us(self) -> int:
        """When the next sample is due."""
        return self._due_us

    def run_due(self, now_us: int) -> None:
        """Sample and post if due."""
        if now_us < self._due_us:
            return
        slot_us = now_us - (now_us - self._due_us) % SAMPLE_INTERVAL_US
        self._due_us = slot_us + SAMPLE_INTERVAL_US
        try:
            loads = self.sample(now_us)
        except Exception as error:  # noqa: BLE001  lgpio's own error class exists on a Pi only
            if not self._is_faulty:
                sentence = f"The heel sensors cannot be read ({error}): check the MCP3008's cable at SPI 0."
                self._on_error(DeviceError(PART, sentence))
            self._is_faulty = True
            return
        self._is_faulty = False
        if self._rests(loads, now_us):
            self._due_us = slot_us + REST_SAMPLE_US
            if now_us - self._posted_us < REST_POST_US:
                return
        self._posted_us = now_us
        for load in loads:
            self._post(load)

    def _rests(self, loads: list[Load], now_us: int) -> bool:
        """Whether the next sample can wait: the board is empty, and no load has moved for a while."""
        off = (abs(load.share - self._still.get(load.side, inf)) for load in loads)
        if not self._may_rest or any(share > STIR_SHARE for share in off):
            self._moved_us = now_us
            self._still = {load.side: load.share for load in loads}
        return now_us - self._moved_us >= AWAKE_US

    def close(self) -> None:
        """Release the bus; may be called more than once."""
        for adc in self._adcs.values():
            adc.close()


def _spi_disabled_error(error: BaseException | None) -> DeviceError:
    return DeviceError(
        PART,
        f"The heel sensors on /dev/spidev0.0 cannot be opened ({error}): switch SPI on (sudo raspi-config nonint"
        " do_spi 0, then start again) and add this user to the group spi.",
    )


class ComparatorHeels:
    """A line for each heel, high while the heel is down. Posts each level at `start` and on every change.

    The lines have a pull-down: an unplugged one reads as a heel that is up, which gets no credit. Bounces are posted
    too; the core debounces. Raises DeviceError if a pin cannot be opened.
    """

    def __init__(
        self,
        pins: Mapping[Side, int],
        clock: Clock,
        post: Callable[[Heel], None],
        on_error: Callable[[Exception], None],
        *,
        pin_factory: PinFactory = None,
    ) -> None:
        self._lines: dict[Side, DigitalInputDevice] = {}
        self._clock = clock
        self._post = post
        self._on_error = on_error
        self._lock = Lock()
        try:
            for side, pin in pins.items():
                with as_device_error(f"{side} heel comparator", f"GPIO {pin}"):
                    self._lines[side] = DigitalInputDevice(pin, pull_up=False, pin_factory=pin_factory)
        except DeviceError:
            self.close()
            raise

    def start(self) -> None:
        """Post the current levels, and then every change."""
        with self._lock:
            for side, line in self._lines.items():
                line.when_activated = never_raising(self._level_callback(side, down=True), self._on_error)
                line.when_deactivated = never_raising(self._level_callback(side, down=False), self._on_error)
                self._post(Heel(self._clock.now_us(), side, bool(line.is_active)))

    def _level_callback(self, side: Side, *, down: bool) -> Callable[[], None]:
        def post() -> None:
            with self._lock:
                self._post(Heel(self._clock.now_us(), side, down))

        return post

    def close(self) -> None:
        """Release the pins; may be called more than once."""
        for line in self._lines.values():
            line.close()
