"""The heels: force sensors on an MCP3008, or a comparator with a line of its own for each."""

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
"""100 samples a second: a belief of 80 ms then rests on eight of them."""

REST_SAMPLE_US = 40_000
"""While nobody is on the board. The first sample of a step on is then at most so late, and all that follow are
`SAMPLE_US` apart."""

REST_POST_US = 240_000
"""So often a load that does not move is posted all the same: one that is silent for half a second is lost."""

STIR_SHARE = 4 / 1023
"""A load that is off by more has moved: seven SDs of the converter's noise."""

AWAKE_US = 2_000_000
"""So long every load has to keep still before sampling slows down again."""

FULL_SCALE_CODE = 1023
"""The MCP3008's highest code, full scale. gpiozero's own `value` says 0.0005 for a code of 0."""


class AnalogueHeels:
    """The loads under the heels, on the channels of one MCP3008 on `/dev/spidev0.0`.

    `next_us` and `settle` sample both every 10 ms and post each `Load`; a slot that was missed is left out. While they
    may `rest` and no load moves, every fourth slot is sampled, and every sixth of these samples is posted. A bus that
    fails is told to `fail` once, until it works again: nothing is posted meanwhile. Raises DeviceError when the bus
    cannot be had. gpiozero would then read by software, on the same pins, and find 0 for ever: a heel that is up.
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
        """Since when every load is `_still` what it was, give or take its noise; and when loads were last posted."""
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
        """One sample of every heel, from left to right as configured, all at `now_us`."""
        return [Load(now_us, side, adc.raw_value / FULL_SCALE_CODE) for side, adc in self._adcs.items()]

    def rest(self, may: bool) -> None:
        """Whether nobody is on the board, so that few samples are enough until a load moves. From any thread."""
        self._may_rest = may

    def next_due_us(self) -> int:
        """When the next sample is due."""
        return self._due_us

    def run_due(self, now_us: int) -> None:
        """Sample and post if it is time."""
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
        """Whether the next sample can wait: nobody is there, and no load has moved for a while."""
        off = (abs(load.share - self._still.get(load.side, inf)) for load in loads)
        if not self._may_rest or any(share > STIR_SHARE for share in off):
            self._moved_us = now_us
            self._still = {load.side: load.share for load in loads}
        return now_us - self._moved_us >= AWAKE_US

    def close(self) -> None:
        """Give the bus back; may be called more than once."""
        for adc in self._adcs.values():
            adc.close()


def _spi_disabled_error(error: BaseException | None) -> DeviceError:
    return DeviceError(
        PART,
        f"The heel sensors on /dev/spidev0.0 cannot be opened ({error}): switch SPI on (sudo raspi-config nonint"
        " do_spi 0, then start again) and add this user to the group spi.",
    )


class ComparatorHeels:
    """A line for each heel, high while it is down. Each level is posted as it changes, and once at `start`.

    The lines have a pull-down: an unplugged one reads as a lifted heel, which earns nothing. Bounces are posted too;
    belief is the core's. Raises DeviceError when a pin cannot be had.
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
        """Post the levels of now, and from now on every change."""
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
        """Give the pins back; may be called more than once."""
        for line in self._lines.values():
            line.close()
