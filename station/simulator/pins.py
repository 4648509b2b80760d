"""The Raspberry Pi's pins, emulated below gpiozero: inputs are driven, outputs are recorded, SPI has an MCP3008."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from gpiozero import PinSetInput
from gpiozero.pins.mock import MockFactory, MockPWMPin
from msgspec import Struct

from station.clock import Clock
from station.core.events import SECOND_US
from station.simulator.adc import EmulatedMcp3008, MockSpi

if TYPE_CHECKING:
    from station.simulator.wires import WireFault

PI_4B_REVISION = "c03114"
"""The revision code of the Raspberry Pi that the pins belong to."""

BOUNCE_INTERVAL_US = 1_000
"""How long a bouncing contact stays open, and then closed."""


class PinOutput(Struct, frozen=True):
    """The state of an output pin from `at_us` on: `duty` is 0 for low, 1 for high, and in between for PWM at `hz`.

    `hz` is `None` on a pin without PWM, such as an active buzzer's, which has its own pitch.
    """

    at_us: int
    duty: float
    hz: float | None


class SimulatedPin(MockPWMPin):  # type: ignore[misc]  # gpiozero ships no types
    """A pin with PWM, like every pin of a Pi through lgpio. A level driven from outside overrides its pull."""

    _state: float
    states: list[Any]

    def __init__(self, factory: SimulatedPinFactory, info: Any) -> None:
        self.driven_level: bool | None = None
        self.fault: Exception | None = None
        self.listeners: list[Callable[[PinOutput], None]] = []
        super().__init__(factory, info)

    def drive(self, high: bool | None) -> None:
        """Drive the pin high or low from outside; `None` releases it to its pull."""
        self.driven_level = high
        if self._function != "input":
            return
        level = self._pull == "up" if high is None else high
        if self._change_state(level) and self._when_changed is not None:
            self._call_when_changed()

    def clear_states(self) -> None:
        """Keep no history, because a station runs for weeks of simulated time."""
        self.states = []
        self._last_change = 0.0

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        if self.driven_level is not None:
            self.drive(self.driven_level)

    def _set_state(self, value: float) -> None:
        if self._function == "input":
            raise PinSetInput(f"cannot set state of pin {self!r}")
        if self.fault is not None:
            raise self.fault
        if self._change_state(value):
            self._notify_listeners()

    def _set_function(self, value: str) -> None:
        """Change the function; a pin that is no longer an output releases the line to its pull."""
        was_output, before = self._function == "output", float(self._state)
        super()._set_function(value)
        released = float(bool(self.driven_level))
        if was_output and value == "input" and released != before:
            for listener in self.listeners:
                listener(PinOutput(self.factory.clock.now_us(), released, None))

    def _set_frequency(self, value: float | None) -> None:
        if value is None and self._frequency is None:
            return
        before = (self._state, self._frequency)
        super()._set_frequency(value)
        if before[0] and (self._state, self._frequency) != before:
            self._notify_listeners()

    def _change_state(self, value: float) -> bool:
        if self._state == value:
            return False
        self._state = value
        self._last_change = self.factory.clock.now_us() / SECOND_US
        return True

    def _notify_listeners(self) -> None:
        if self.listeners:
            output = PinOutput(self.factory.clock.now_us(), float(self._state), self._frequency)
            for listener in self.listeners:
                listener(output)


class SimulatedPinFactory(MockFactory):  # type: ignore[misc]  # gpiozero ships no types
    """A pin factory for gpiozero. Pins are BCM numbers; times are those of `clock`.

    `adc` is the chip on the SPI bus. With `spi_missing` gpiozero behaves as on a Pi without `/dev/spidev0.0`.
    """

    def __init__(self, clock: Clock, adc: EmulatedMcp3008 | None = None) -> None:
        super().__init__(revision=PI_4B_REVISION, pin_class=SimulatedPin)
        self.clock = clock
        self.adc = adc
        self.spi_missing = False
        self._open_errors: dict[int, Exception] = {}
        self._bounces: list[tuple[int, int, bool]] = []
        self._driven: dict[int, bool | None] = {}
        self._fault: WireFault | None = None

    def put_fault(self, fault: WireFault) -> None:
        """Put a fault into the wires between pins and parts, before any part is connected."""
        self._fault = fault
        for pin in fault.lines:
            if fault.tied_level(pin) is not None:
                self._settle(pin)

    def _settle(self, pin: int) -> None:
        """Bring the level of a part, or of a short, to the pin at the end of its wire."""
        fault, level = self._fault, self._driven.get(pin)
        if fault is not None:
            tied, far = fault.tied_level(pin), fault.far_line(pin)
            level = tied if tied is not None else None if fault.is_cut(pin) else self._driven.get(far)
        super().pin(pin).drive(level)  # `pin` of this class would refuse one that another program has

    def _pass_on(self, pin: int, output: PinOutput, listener: Callable[[PinOutput], None]) -> None:
        """Bring an output of the Pi to the part at the end of its wire, unless the wire is cut or shorted."""
        if self._fault is None or (self._fault.tied_level(pin) is None and not self._fault.is_cut(pin)):
            listener(output)

    def refuse_opening(self, pin: int, error: Exception | None) -> None:
        """Make every attempt to open this pin raise `error`, as if another program used it; `None` allows it again."""
        if error is None:
            self._open_errors.pop(pin, None)
        else:
            self._open_errors[pin] = error

    def break_output(self, pin: int, error: Exception | None) -> None:
        """Make every write to this pin raise `error`; `None` repairs it."""
        self.pin(pin).fault = error

    def drive(self, pin: int, high: bool | None, *, bounces: int = 0) -> None:
        """Drive an input high or low from outside, or release it (`None`); `bounces` is how often it opens again in the
        next milliseconds."""
        self._driven[pin] = high
        self._settle(pin if self._fault is None else self._fault.far_line(pin))
        if bounces and high is not None:
            now_us = self.clock.now_us()
            for change in range(1, 2 * bounces + 1):
                heappush(self._bounces, (now_us + change * BOUNCE_INTERVAL_US, pin, high is (change % 2 == 0)))

    def add_listener(self, pin: int, listener: Callable[[PinOutput], None]) -> None:
        """Call `listener` with each later change of this output."""
        source = pin if self._fault is None else self._fault.far_line(pin)
        self.pin(source).listeners.append(lambda output: self._pass_on(source, output, listener))
        tied = None if self._fault is None else self._fault.tied_level(pin)
        if tied is not None:
            listener(PinOutput(self.clock.now_us(), float(tied), None))

    def level(self, pin: int) -> float:
        """The current level: 0, 1, or the duty cycle of the PWM."""
        return float(self.pin(pin).state)

    def next_due_us(self) -> int | None:
        """When the next bounce is due."""
        return self._bounces[0][0] if self._bounces else None

    def run_due(self, now_us: int) -> None:
        """Make the bounces that are due."""
        while self._bounces and self._bounces[0][0] <= now_us:
            _, pin, high = heappop(self._bounces)
            self.drive(pin, high)

    def pin(self, name: Any, pin_class: Any = None, **kwargs: Any) -> Any:
        if name in self._open_errors:
            raise self._open_errors[name]
        return super().pin(name, pin_class, **kwargs)

    def spi(self, **spi_args: Any) -> Any:
        if self.spi_missing or self.adc is None:
            return super().spi(**spi_args)
        return MockSpi(self.adc)

    def _get_spi_class(self, shared: bool, hardware: bool) -> Any:
        if hardware:
            raise FileNotFoundError("can not open SPI device")
        return super()._get_spi_class(shared, hardware)
