"""What is touched: the knee pad on the wall and the push button. Both close to ground."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from gpiozero import DigitalInputDevice  # type: ignore[import-untyped]  # it ships no types

from station.clock import Clock
from station.core.events import Command, CommandName, Event, Knee
from station.devices.errors import only_posting, opening
from station.devices.pins import PinFactory

BOUNCE_US = 50_000
"""A push button's contact is at rest after 5 to 20 ms; nobody presses twice within 50."""


class KneePad:
    """A switch strip: its level is posted as it changes, and once at `start`. Raises DeviceError when the pin cannot
    be had. Bounces are posted too; belief is the core's."""

    def __init__(
        self,
        pin: int,
        clock: Clock,
        post: Callable[[Knee], None],
        fail: Callable[[Exception], None],
        *,
        pin_factory: PinFactory = None,
    ) -> None:
        with opening("knee pad", f"GPIO {pin}"):
            self._line = DigitalInputDevice(pin, pull_up=True, pin_factory=pin_factory)
        self._clock = clock
        self._post = post
        self._fail = fail
        self._starting = Lock()

    def start(self) -> None:
        """Post the level of now, and from now on every change."""
        with self._starting:
            self._line.when_activated = only_posting(lambda: self._post_level(touching=True), self._fail)
            self._line.when_deactivated = only_posting(lambda: self._post_level(touching=False), self._fail)
            self._post(Knee(self._clock.now_us(), bool(self._line.is_active)))

    def _post_level(self, *, touching: bool) -> None:
        with self._starting:
            self._post(Knee(self._clock.now_us(), touching))

    def close(self) -> None:
        """Give the pin back; may be called more than once."""
        self._line.close()


def post_next(at_us: int) -> Command:
    """What a press says unless told otherwise."""
    return Command(at_us, CommandName.NEXT)


class PushButton:
    """A button: each press posts what `on_press` makes of its time. Raises DeviceError when the pin cannot be had.

    A press counts when the contact was at rest before: gpiozero's own debounce differs between its pin libraries.
    """

    def __init__(
        self,
        pin: int,
        clock: Clock,
        post: Callable[[Event], None],
        fail: Callable[[Exception], None],
        *,
        on_press: Callable[[int], Event] = post_next,
        pin_factory: PinFactory = None,
    ) -> None:
        with opening("button", f"GPIO {pin}"):
            self._line = DigitalInputDevice(pin, pull_up=True, pin_factory=pin_factory)
        self._clock = clock
        self._post = post
        self._fail = fail
        self._on_press = on_press
        self._moved_us: int | None = None

    def start(self) -> None:
        """From now on post every press."""
        self._line.when_activated = only_posting(self._pressed, self._fail)
        self._line.when_deactivated = only_posting(self._released, self._fail)

    def _pressed(self) -> None:
        at_us = self._clock.now_us()
        at_rest = self._moved_us is None or at_us - self._moved_us >= BOUNCE_US
        self._moved_us = at_us
        if at_rest:
            self._post(self._on_press(at_us))

    def _released(self) -> None:
        self._moved_us = self._clock.now_us()

    def close(self) -> None:
        """Give the pin back; may be called more than once."""
        self._line.close()
