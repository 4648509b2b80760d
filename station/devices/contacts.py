"""The contacts: the knee pad on the wall and the push button. Both close to ground."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from gpiozero import DigitalInputDevice

from station.clock import Clock
from station.core.events import Button, Command, CommandName, Event, Knee
from station.devices.errors import as_device_error, never_raising
from station.devices.pins import PinFactory

DEBOUNCE_US = 50_000
"""A push button's contact settles within 5 to 20 ms; no person presses twice within 50."""


class KneePad:
    """A switch strip: posts its level at `start` and on every change. Bounces are posted too; the core debounces.

    Raises DeviceError if the pin cannot be opened.
    """

    def __init__(
        self,
        pin: int,
        clock: Clock,
        post: Callable[[Knee], None],
        on_error: Callable[[Exception], None],
        *,
        pin_factory: PinFactory = None,
    ) -> None:
        with as_device_error("knee pad", f"GPIO {pin}"):
            self._line = DigitalInputDevice(pin, pull_up=True, pin_factory=pin_factory)
        self._clock = clock
        self._post = post
        self._on_error = on_error
        self._lock = Lock()

    def start(self) -> None:
        """Post the current level, and then every change."""
        with self._lock:
            self._line.when_activated = never_raising(lambda: self._post_level(touching=True), self._on_error)
            self._line.when_deactivated = never_raising(lambda: self._post_level(touching=False), self._on_error)
            self._post(Knee(self._clock.now_us(), bool(self._line.is_active)))

    def _post_level(self, *, touching: bool) -> None:
        with self._lock:
            self._post(Knee(self._clock.now_us(), touching))

    def close(self) -> None:
        """Give the pin back; may be called more than once."""
        self._line.close()


def next_command(at_us: int) -> Command:
    """The default event of a press."""
    return Command(at_us, CommandName.NEXT)


class PushButton:
    """A button: posts its level on every change, even bounces, and the result of `event_for_press` for each press.

    A press counts if the contact was settled before it: gpiozero's own debounce differs between its pin libraries.
    Raises DeviceError if the pin cannot be opened.
    """

    def __init__(
        self,
        pin: int,
        clock: Clock,
        post: Callable[[Event], None],
        on_error: Callable[[Exception], None],
        *,
        event_for_press: Callable[[int], Event] = next_command,
        pin_factory: PinFactory = None,
    ) -> None:
        with as_device_error("button", f"GPIO {pin}"):
            self._line = DigitalInputDevice(pin, pull_up=True, pin_factory=pin_factory)
        self._clock = clock
        self._post = post
        self._on_error = on_error
        self._event_for_press = event_for_press
        self._last_edge_us: int | None = None

    def start(self) -> None:
        """Post every press from here on."""
        self._line.when_activated = never_raising(self._on_pressed, self._on_error)
        self._line.when_deactivated = never_raising(self._on_released, self._on_error)

    def _on_pressed(self) -> None:
        at_us = self._clock.now_us()
        is_at_rest = self._last_edge_us is None or at_us - self._last_edge_us >= DEBOUNCE_US
        self._last_edge_us = at_us
        self._post(Button(at_us, True))
        if is_at_rest:
            self._post(self._event_for_press(at_us))

    def _on_released(self) -> None:
        self._last_edge_us = self._clock.now_us()
        self._post(Button(self._last_edge_us, False))

    def close(self) -> None:
        """Give the pin back; may be called more than once."""
        self._line.close()
