"""The emulated pins, as gpiozero's own devices see them."""

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
def test_an_input_that_nobody_drives_lies_at_its_pull(pull_up: bool) -> None:
    """High with a pull-up, low with a pull-down: not active, either way."""
    pins = SimulatedPinFactory(HandClock())
    line = DigitalInputDevice(PIN, pull_up=pull_up, pin_factory=pins)
    assert pins.level(PIN) == pull_up
    assert not line.is_active


@pytest.mark.parametrize("pull_up", [True, False])
def test_who_drives_a_pin_is_stronger_than_its_pull(pull_up: bool) -> None:
    """Also when the pin was driven before the program opened it; let go, it falls back to its pull."""
    pins = SimulatedPinFactory(HandClock())
    pins.drive(PIN, not pull_up)
    line = DigitalInputDevice(PIN, pull_up=pull_up, pin_factory=pins)
    assert line.is_active
    pins.drive(PIN, None)
    assert not line.is_active


def test_callbacks_come_with_each_change_and_only_then() -> None:
    """Driving to the level that is there already is no edge."""
    pins = SimulatedPinFactory(HandClock())
    line = DigitalInputDevice(PIN, pull_up=False, pin_factory=pins)
    edges: list[str] = []
    line.when_activated = lambda: edges.append("up")
    line.when_deactivated = lambda: edges.append("down")
    for high in (True, True, False, False, True):
        pins.drive(PIN, high)
    assert edges == ["up", "down", "up"]


def test_a_contact_that_bounces_comes_to_rest_where_it_was_driven() -> None:
    """Each bounce opens and closes once, a millisecond apart."""
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


def test_an_output_is_recorded_with_the_clocks_time() -> None:
    """Frequency and duty cycle as they were set, and nothing for what changes nothing."""
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


def test_an_output_without_pwm_is_high_or_low() -> None:
    """An active buzzer, or XSHUT."""
    pins = SimulatedPinFactory(HandClock())
    outputs: list[PinOutput] = []
    pins.add_listener(4, outputs.append)
    device = DigitalOutputDevice(4, initial_value=True, pin_factory=pins)
    device.off()
    assert outputs == [PinOutput(0, 1.0, None), PinOutput(0, 0.0, None)]


def test_all_parts_of_the_board_fit_on_one_factory() -> None:
    """PWM, inputs and SPI side by side, which gpiozero's own mock pins cannot do with one class."""
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


def test_a_pin_can_be_refused_and_a_write_can_fail() -> None:
    """As when another program holds the line, and when the chip says no later."""
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


def test_an_input_cannot_be_written() -> None:
    """As on the board."""
    pins = SimulatedPinFactory(HandClock())
    with pytest.raises(PinSetInput):
        pins.pin(PIN).state = 1


def test_without_spi_gpiozero_does_what_it_does_on_a_pi(monkeypatch: pytest.MonkeyPatch) -> None:
    """It warns, and reads by software from pins where nothing answers: the trap that the driver must not fall into."""
    pins = SimulatedPinFactory(HandClock())
    monkeypatch.setattr(Device, "pin_factory", pins)  # its software bus does not look at any other
    with pytest.warns(SPISoftwareFallback, match="can not open SPI device"):
        device = MCP3008(0, pin_factory=pins)
    assert device.raw_value == 0
    device.close()


def test_a_long_life_takes_no_memory() -> None:
    """gpiozero's mock pins keep every state they ever had; a station lives for ten weeks in one run."""
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
