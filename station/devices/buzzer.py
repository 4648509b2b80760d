"""What makes the sound: a passive piezo, or an active buzzer with one tone of its own."""

from __future__ import annotations

from typing import Protocol

from gpiozero import DigitalOutputDevice, PWMOutputDevice

from station.devices.errors import as_device_error
from station.devices.pins import PinFactory

PART = "buzzer"


class Buzzer(Protocol):
    """Where the edges of the cues go."""

    def start_tone(self, hz: int, duty: float) -> None:
        """Sound from now on; `duty` is the duty cycle, 0 to 0.5, which is the loudness."""

    def stop_tone(self) -> None:
        """Be silent from now on."""

    def close(self) -> None:
        """Be silent and give the pin back; may be called more than once."""


class PiezoBuzzer:
    """A passive piezo by pulse width modulation. Raises DeviceError when the pin cannot be had.

    gpiozero's `TonalBuzzer` holds the duty cycle at one half, which leaves no loudness to choose.
    """

    def __init__(self, pin: int, resonance_hz: int, pin_factory: PinFactory = None) -> None:
        with as_device_error(PART, f"GPIO {pin}"):
            self._device = PWMOutputDevice(pin, frequency=resonance_hz, pin_factory=pin_factory)
        self.stop_tone()

    def start_tone(self, hz: int, duty: float) -> None:
        if self._device.frequency != hz:
            self._device.frequency = hz
        self._device.value = duty

    def stop_tone(self) -> None:
        """Silence without a frequency: with one, lgpio's thread goes on counting the periods of nothing."""
        self._device.value = 0
        self._device.frequency = None
        self._device.value = 0

    def close(self) -> None:
        if not self._device.closed:
            self.stop_tone()
            self._device.close()


class ActiveBuzzer:
    """A buzzer with its own oscillator: on and off, at one pitch and loudness. Raises DeviceError when the pin
    cannot be had."""

    def __init__(self, pin: int, pin_factory: PinFactory = None) -> None:
        with as_device_error(PART, f"GPIO {pin}"):
            self._device = DigitalOutputDevice(pin, pin_factory=pin_factory)

    def start_tone(self, hz: int, duty: float) -> None:
        self._device.on()

    def stop_tone(self) -> None:
        self._device.off()

    def close(self) -> None:
        if not self._device.closed:
            self.stop_tone()
            self._device.close()
