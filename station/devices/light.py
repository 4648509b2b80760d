"""The LED: the cues in slow motion, and a steady glow while the clock runs.

A tick is a short flash, a middle tone a longer and a long tone a long one, so that the eye sees the rhythm that the ear
learns, and never more than three flashes a second (WCAG 2.3.1). Colour comes last: blue for good news, orange for bad,
which the common forms of colour blindness tell apart, white for the rest. The newest cue is shown; those of one instant
in turn. One that repeats does so at its own period, as often as it sounds, with darkness between its groups of flashes
so that a triple stays a triple.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import RLock

from gpiozero import RGBLED  # type: ignore[import-untyped]  # it ships no types

from station.clock import Clock
from station.core.facts import Cue, CueEnded, CueName, Fact
from station.core.sound.cues import CUES, MILLISECOND_US, Feedback, cue_rhythm_ms
from station.devices.errors import DeviceError, opening
from station.devices.pins import PinFactory

PART = "LED"

Colour = tuple[float, float, float]
"""Red, green and blue, 0 to 1."""

DARK: Colour = (0, 0, 0)
GLOW: Colour = (0.1, 0.1, 0.1)
"""While the clock runs: seen from the corner of the eye, no competitor of a flash."""

COLOUR_OF: dict[Feedback, Colour] = {
    Feedback.GOOD: (0, 0.3, 1),
    Feedback.BAD: (1, 0.35, 0),
    Feedback.NEUTRAL: (1, 1, 1),
}

MIDDLE_FROM_MS, LONG_FROM_MS = 100, 240
"""Tones from here on are the middle and the long ones of the cues."""

SHORT_US, MIDDLE_US, LONG_US, GAP_US = 120_000, 300_000, 700_000, 240_000
"""Flashes and the dark between them: 360 ms at least from flash to flash, which is 2.8 a second."""

APART_US = 720_000
"""The dark between two groups of a cue that repeats: three times that within a group."""


@dataclass(frozen=True, slots=True)
class _Change:
    at_us: int
    colour: Colour


def flashes_of(cue: Cue) -> tuple[tuple[int, int], ...]:
    """Start and end of each flash, in µs from the beginning of the cue."""
    flashes = []
    at_us = 0
    for on_ms in cue_rhythm_ms(cue.cue, cue.count, cue.side)[::2]:
        end_us = at_us + (LONG_US if on_ms >= LONG_FROM_MS else MIDDLE_US if on_ms >= MIDDLE_FROM_MS else SHORT_US)
        flashes.append((at_us, end_us))
        at_us = end_us + GAP_US
    return tuple(flashes)


class Light:
    """The LED's twin of the cues on three PWM pins. It has no thread: a `Pacer` calls it, or whoever owns the time.

    Raises DeviceError when a pin cannot be had. Later faults go to `fail`, once.
    """

    def __init__(
        self,
        pins: tuple[int, int, int],
        clock: Clock,
        fail: Callable[[Exception], None],
        *,
        pin_factory: PinFactory = None,
    ) -> None:
        with opening(PART, f"GPIO {pins[0]}, {pins[1]} and {pins[2]}"):
            self._led = RGBLED(*pins, pin_factory=pin_factory)
        self.wake: Callable[[], None] = lambda: None
        self._clock = clock
        self._fail = fail
        self._changes: deque[_Change] = deque()
        self._base = DARK
        self._colour = DARK
        self._lit_us = -SHORT_US - GAP_US
        self._dark_us = -GAP_US
        self._instant_us: int | None = None
        self._looping: Cue | None = None
        self._again_us = 0
        """When the cue that repeats is shown next, once it has been shown to its end."""
        self._left: int | None = None
        """How often that may still be; `None`: until it is ended."""
        self._faulty = False
        self._lock = RLock()

    def show_cues(self, facts: Iterable[Fact]) -> None:
        """Show the cues among these facts. A cue that repeats is shown until it is ended or another one comes."""
        with self._lock:
            for fact in facts:
                if isinstance(fact, CueEnded):
                    self._end(fact.cue)
                elif isinstance(fact, Cue):
                    self._show(fact)
        self.wake()

    def set_glow(self, on: bool) -> None:
        """Glow between the cues, or be dark: the clock runs, or it does not."""
        with self._lock:
            self._base = GLOW if on else DARK
            if not self._changes:
                self._changes.append(_Change(self._clock.now_us(), self._base))
        self.wake()

    def next_us(self) -> int | None:
        """When the light next changes."""
        with self._lock:
            if self._changes:
                return self._changes[0].at_us
            return None if self._looping is None or self._left == 0 else self._again_us

    def settle(self, now_us: int) -> None:
        """Make the changes that are due."""
        with self._lock:
            colour = None
            while (due_us := self.next_us()) is not None and due_us <= now_us:
                if self._changes:
                    colour = self._changes.popleft().colour
                elif self._looping is not None:
                    self._plan(self._looping, now_us)
                    self._count_showing()
            if colour is not None:
                self._set(colour, now_us)

    def close(self) -> None:
        """Be dark and give the pins back; may be called more than once."""
        with self._lock:
            self._changes.clear()
            self._looping = None
            if not self._led.closed:
                self._set(DARK, self._clock.now_us())
                self._led.close()

    def _show(self, cue: Cue) -> None:
        if self._instant_us != cue.at_us:
            self._changes.clear()
        self._instant_us = cue.at_us
        sound = CUES[cue.cue]
        self._looping = cue if sound.every_ms is not None else None
        self._left = sound.times
        self._plan(cue, self._changes[-1].at_us if self._changes else self._soonest_us())
        self._count_showing()

    def _count_showing(self) -> None:
        """A cue that repeats has been planned once: how often is left, and when it comes again."""
        if self._looping is None:
            return
        if self._left is not None:
            self._left -= 1
        every_us = (CUES[self._looping.cue].every_ms or 0) * MILLISECOND_US
        _, length_us = flashes_of(self._looping)[-1]
        begun_us = self._changes[-1].at_us - GAP_US - length_us
        self._again_us = begun_us + max(every_us, length_us + APART_US)

    def _soonest_us(self) -> int:
        """When the next flash may begin: after a gap of darkness, and never more than three flashes a second."""
        now_us = self._clock.now_us()
        if self._colour not in (DARK, GLOW):
            self._changes.append(_Change(now_us, DARK))
            return max(now_us, self._lit_us + SHORT_US) + GAP_US
        return max(now_us, self._lit_us + SHORT_US + GAP_US, self._dark_us + GAP_US)

    def _plan(self, cue: Cue, start_us: int) -> None:
        colour = COLOUR_OF[CUES[cue.cue].feedback]
        self._changes.append(_Change(start_us, DARK))
        for on_us, off_us in flashes_of(cue):
            self._changes.append(_Change(start_us + on_us, colour))
            self._changes.append(_Change(start_us + off_us, DARK))
        self._changes.append(_Change(self._changes[-1].at_us + GAP_US, self._base))

    def _end(self, name: CueName) -> None:
        if self._looping is not None and self._looping.cue is name:
            self._looping = None
            self._changes.clear()
            self._changes.append(_Change(self._clock.now_us(), self._base))

    def _set(self, colour: Colour, now_us: int) -> None:
        if colour not in (DARK, GLOW):
            self._lit_us = now_us
        elif self._colour not in (DARK, GLOW):
            self._dark_us = now_us
        self._colour = colour
        try:
            self._led.value = colour
        except Exception as error:  # noqa: BLE001  lgpio's own error class exists on a Pi only
            if not self._faulty:
                self._fail(DeviceError(PART, f"The LED cannot be switched ({error}): check its pins."))
            self._faulty = True
        else:
            self._faulty = False
