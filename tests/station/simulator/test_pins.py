"""The emulated pins, used through gpiozero's own devices."""

from __future__ import annotations

import gc

import pytest
from gpiozero import (
    MCP3008,
    RGBLED,
    Device,
    DigitalInputDevice,
    DigitalOutputDevice,
    PinSetInput,
    PWMOutputDevice,
    SPISoftwareFallback,
)

from station.simulator.adc import EmulatedMcp3008
from station.simulator.pins import PinOutput, SimulatedPinFactory
from tests.station.devices.board_rig import HandClock, live

PIN = 24


@pytest.mark.parametrize("pull_up", [True, False])
def test_undriven_input_is_at_its_pull(pull_up: bool) -> None:
    """An input that nothing drives is high with a pull-up and low with a pull-down, and inactive either way."""
    pins = SimulatedPinFactory(HandClock())
    line = DigitalInputDevice(PIN, pull_up=pull_up, pin_factory=pins)
    assert pins.level(PIN) == pull_up
    assert not line.is_active


@pytest.mark.parametrize("pull_up", [True, False])
def test_driven_level_overrides_the_pull(pull_up: bool) -> None:
    """A level driven before the program opens the pin overrides its pull; released, the pin returns to its pull."""
    pins = SimulatedPinFactory(HandClock())
    pins.drive(PIN, not pull_up)
    line = DigitalInputDevice(PIN, pull_up=pull_up, pin_factory=pins)
    assert line.is_active
    pins.drive(PIN, None)
    assert not line.is_active


def test_callbacks_run_only_on_edges() -> None:
    """Callbacks run at each change of level, and not when a pin is driven to the level it already has."""
    pins = SimulatedPinFactory(HandClock())
    line = DigitalInputDevice(PIN, pull_up=False, pin_factory=pins)
    edges: list[str] = []
    line.when_activated = lambda: edges.append("up")
    line.when_deactivated = lambda: edges.append("down")
    for high in (True, True, False, False, True):
        pins.drive(PIN, high)
    assert edges == ["up", "down", "up"]


def test_bouncing_contact_settles_at_its_driven_level() -> None:
    """A bounce opens and closes the contact once, a millisecond apart, and leaves it closed."""
    clock = HandClock()
    pins = SimulatedPinFactory(clock)
    line = DigitalInputDevice(PIN, pull_up=False, pin_factory=pins)
    edges: list[tuple[int, bool]] = []
    line.when_activated = lambda: edges.append((clock.us, True))
    line.when_deactivated = lambda: edges.append((clock.us, False))
    pins.drive(PIN, True, bounces=1)
    live(clock, 50_000, pins)
    assert edges == [(0, True), (1_000, False), (2_000, True)]
    assert pins.next_due_us() is None


def test_output_listener_gets_each_change_with_its_time() -> None:
    """A listener gets frequency, duty cycle and time of each change, and nothing when a value is set again."""
    clock = HandClock()
    pins = SimulatedPinFactory(clock)
    outputs: list[PinOutput] = []
    pins.add_listener(18, outputs.append)
    device = PWMOutputDevice(18, frequency=2_300, pin_factory=pins)
    for at_us, duty in ((10, 0.5), (20, 0.5), (30, 0.05), (40, 0.0)):
        clock.us = at_us
        device.value = duty
    clock.us = 50
    device.frequency = 800
    device.value = 0.15
    clock.us = 60
    device.frequency = 2_300
    clock.us = 70
    device.close()
    assert outputs == [
        PinOutput(10, 0.5, 2_300),
        PinOutput(30, 0.05, 2_300),
        PinOutput(40, 0.0, 2_300),
        PinOutput(50, 0.15, 800),
        PinOutput(60, 0.15, 2_300),
        PinOutput(70, 0.0, None),
    ]


def test_output_without_pwm_is_high_or_low() -> None:
    """An output without PWM, as for an active buzzer or XSHUT, has a duty of 0 or 1 and no frequency."""
    pins = SimulatedPinFactory(HandClock())
    outputs: list[PinOutput] = []
    pins.add_listener(4, outputs.append)
    device = DigitalOutputDevice(4, initial_value=True, pin_factory=pins)
    device.off()
    assert outputs == [PinOutput(0, 1.0, None), PinOutput(0, 0.0, None)]


def test_one_factory_serves_all_parts_of_the_board() -> None:
    """PWM, inputs and SPI work side by side, which gpiozero's own mock pins cannot do with one class."""
    clock = HandClock()
    pins = SimulatedPinFactory(clock, EmulatedMcp3008(lambda _channel, _now_us: 0.5, clock.now_us))
    parts = [
        PWMOutputDevice(18, pin_factory=pins),
        RGBLED(5, 6, 13, pin_factory=pins),
        DigitalInputDevice(27, pin_factory=pins),
        MCP3008(0, pin_factory=pins),
        MCP3008(1, pin_factory=pins),
    ]
    assert parts[3].raw_value == parts[4].raw_value == 512
    for part in parts:
        part.close()


def test_opening_a_pin_and_writing_to_it_can_be_made_to_fail() -> None:
    """Opening can fail, as when another program holds the line, and so can a later write; both can be repaired."""
    pins = SimulatedPinFactory(HandClock())
    pins.refuse_opening(18, Exception("GPIO busy"))
    with pytest.raises(Exception, match="GPIO busy"):
        PWMOutputDevice(18, pin_factory=pins)
    pins.refuse_opening(18, None)
    device = PWMOutputDevice(18, pin_factory=pins)
    pins.break_output(18, OSError("GPIO write failed"))
    with pytest.raises(OSError, match="GPIO write failed"):
        device.value = 0.5
    pins.break_output(18, None)
    device.value = 0.5
    assert pins.level(18) == 0.5


def test_writing_to_an_input_raises() -> None:
    """Setting the state of an input raises PinSetInput, as on a real pin."""
    pins = SimulatedPinFactory(HandClock())
    with pytest.raises(PinSetInput):
        pins.pin(PIN).state = 1


def test_without_spi_gpiozero_falls_back_to_software(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without SPI gpiozero warns and reads 0 through a software bus, as on a Pi: the driver must not rely on it."""
    pins = SimulatedPinFactory(HandClock())
    monkeypatch.setattr(Device, "pin_factory", pins)  # gpiozero's software bus uses no other factory
    with pytest.warns(SPISoftwareFallback, match="can not open SPI device"):
        device = MCP3008(0, pin_factory=pins)
    assert device.raw_value == 0
    device.close()


def test_long_runs_do_not_use_more_memory() -> None:
    """Pins keep no history, unlike gpiozero's mock pins: one run simulates ten weeks of a station."""
    clock = HandClock()
    pins = SimulatedPinFactory(clock)
    device = PWMOutputDevice(18, pin_factory=pins)

    def blink(times: int) -> int:
        for at_us in range(times):
            clock.us = at_us
            device.value = at_us % 2
        gc.collect()
        return len(gc.get_objects())

    blink(100)
    before = blink(100)
    assert blink(5_000) - before < 100
    assert pins.pin(18).states == []
