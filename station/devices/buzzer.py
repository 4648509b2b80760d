"""The buzzer: a passive piezo, or an active buzzer with a single tone."""

from __future__ import annotations

from typing import Protocol

from gpiozero import DigitalOutputDevice, PWMOutputDevice

from station.devices.errors import as_device_error
from station.devices.pins import PinFactory, set_duty

PART = "buzzer"


class Buzzer(Protocol):
    """The output of the cue player."""

    def start_tone(self, hz: int, duty: float) -> None:
        """Start a tone; `duty` is the duty cycle, 0 to 0.5, which sets the loudness."""

    def stop_tone(self) -> None:
        """Stop the tone."""

    def close(self) -> None:
        """Stop the tone and release the pin; may be called more than once."""


class PiezoBuzzer:
    """A passive piezo, driven by pulse width modulation. Raises DeviceError if the pin cannot be opened.

    gpiozero's `TonalBuzzer` fixes the duty cycle at one half, so it has no volume.
    """

    def __init__(self, pin: int, resonance_hz: int, pin_factory: PinFactory = None) -> None:
        with as_device_error(PART, f"GPIO {pin}"):
            self._device = PWMOutputDevice(pin, frequency=resonance_hz, pin_factory=pin_factory)
        self._hz = resonance_hz
        self.stop_tone()

    def start_tone(self, hz: int, duty: float) -> None:
        self._hz = hz
        set_duty(self._device, hz, duty)

    def stop_tone(self) -> None:
        set_duty(self._device, self._hz, 0)

    def close(self) -> None:
        if not self._device.closed:
            self.stop_tone()
            self._device.close()


class ActiveBuzzer:
    """A buzzer with its own oscillator: on or off, at one pitch and loudness.

    Raises DeviceError if the pin cannot be opened.
    """

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
