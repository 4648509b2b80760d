"""The LED: the cues in slow motion, and a steady glow while the clock runs.

A tick is a short flash, a middle tone a longer and a long tone a long one, so that eye and ear learn the same rhythm;
there are never more than three flashes a second (WCAG 2.3.1). Colour adds to the rhythm: blue for good, orange for bad,
white for neutral; people with the common forms of colour blindness can distinguish them. The newest cue is shown; cues
of one instant are shown in turn. A repeating cue repeats at its own period, with a dark gap between its groups of
flashes, so that a triple stays a triple.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import zip_longest
from threading import RLock

from gpiozero import PWMLED
from msgspec import Struct

from station.clock import Clock
from station.core.facts import Cue, CueEnded, CueName, Fact
from station.core.sound.cues import CUES, DIGITS_GAP_MS, MILLISECOND_US, Feedback, cue_rhythm_ms
from station.devices.errors import DeviceError, as_device_error
from station.devices.pins import PinFactory, set_duty

PART = "LED"

Colour = tuple[float, float, float]
"""Red, green and blue, 0 to 1."""

DARK: Colour = (0, 0, 0)
GLOW: Colour = (0.1, 0.1, 0.1)
"""The colour while the clock runs: visible from the corner of the eye, much weaker than a flash."""

COLOUR_BY_FEEDBACK: dict[Feedback, Colour] = {
    Feedback.GOOD: (0, 0.3, 1),
    Feedback.BAD: (1, 0.35, 0),
    Feedback.NEUTRAL: (1, 1, 1),
}

MIN_MIDDLE_MS, MIN_LONG_MS = 100, 240
"""Shortest middle tone and shortest long tone of a cue."""

SHORT_US, MIDDLE_US, LONG_US, GAP_US = 120_000, 300_000, 700_000, 240_000
"""Flashes and the dark gap between them: at least 360 ms from flash to flash, which is 2.8 a second."""

PULSES_HZ = 100
"""The frequency of a weak colour's pulses, gpiozero's own: an eye sees none of them."""

DIGITS_GAP_US = 1_500_000
"""The dark gap between the two digits of a number, whose flashes are counted."""

GROUP_GAP_US = 720_000
"""The dark gap between two groups of a repeating cue: three times the gap within a group."""


class _ColourChange(Struct, frozen=True):
    at_us: int
    colour: Colour


def cue_flashes(cue: Cue) -> tuple[tuple[int, int], ...]:
    """Start and end of each flash, in µs from the beginning of the cue."""
    flashes = []
    at_us = 0
    rhythm_ms = cue_rhythm_ms(cue.cue, cue.count, cue.side)
    for on_ms, gap_ms in zip_longest(rhythm_ms[::2], rhythm_ms[1::2], fillvalue=0):
        end_us = at_us + (LONG_US if on_ms >= MIN_LONG_MS else MIDDLE_US if on_ms >= MIN_MIDDLE_MS else SHORT_US)
        flashes.append((at_us, end_us))
        at_us = end_us + (DIGITS_GAP_US if gap_ms >= DIGITS_GAP_MS else GAP_US)
    return tuple(flashes)


class CueLight:
    """Shows cues on an RGB LED with three PWM pins. It has no thread: a `DeadlineThread` or the owner of virtual time
    calls it.

    Raises DeviceError if a pin cannot be opened. When a pin fails later, `on_error` is called once.
    """

    def __init__(
        self,
        pins: tuple[int, int, int],
        clock: Clock,
        on_error: Callable[[Exception], None],
        *,
        pin_factory: PinFactory = None,
    ) -> None:
        with as_device_error(PART, f"GPIO {pins[0]}, {pins[1]} and {pins[2]}"):
            self._leds = [PWMLED(pin, pin_factory=pin_factory) for pin in pins]
            for led in self._leds:
                set_duty(led, PULSES_HZ, 0)
        self.wake: Callable[[], None] = lambda: None
        self._clock = clock
        self._on_error = on_error
        self._changes: deque[_ColourChange] = deque()
        self._idle_colour = DARK
        self._colour = DARK
        self._last_lit_us = -SHORT_US - GAP_US
        self._last_dark_us = -GAP_US
        self._cue_at_us: int | None = None
        self._repeating_cue: Cue | None = None
        self._next_repeat_us = 0
        """When the repeating cue is shown next."""
        self._remaining_repeats: int | None = None
        """How many repeats remain; `None` until it is stopped."""
        self._is_faulty = False
        self._lock = RLock()

    def show_cues(self, facts: Iterable[Fact]) -> None:
        """Show the cues among these facts. A repeating cue is shown until it is stopped or another one comes."""
        with self._lock:
            for fact in facts:
                if isinstance(fact, CueEnded):
                    self._end_repeating(fact.cue)
                elif isinstance(fact, Cue):
                    self._show_cue(fact)
        self.wake()

    def set_glow(self, on: bool) -> None:
        """Glow between the cues (while the clock runs), or stay dark."""
        with self._lock:
            self._idle_colour = GLOW if on else DARK
            if not self._changes:
                self._changes.append(_ColourChange(self._clock.now_us(), self._idle_colour))
        self.wake()

    def next_due_us(self) -> int | None:
        """When the LED next changes."""
        with self._lock:
            if self._changes:
                return self._changes[0].at_us
            return None if self._repeating_cue is None or self._remaining_repeats == 0 else self._next_repeat_us

    def run_due(self, now_us: int) -> None:
        """Make the changes that are due."""
        with self._lock:
            colour = None
            while (due_us := self.next_due_us()) is not None and due_us <= now_us:
                if self._changes:
                    colour = self._changes.popleft().colour
                elif self._repeating_cue is not None:
                    self._queue_flashes(self._repeating_cue, now_us)
                    self._prepare_repeat()
            if colour is not None:
                self._set_colour(colour, now_us)

    def close(self) -> None:
        """Switch the LED off and release the pins; may be called more than once."""
        with self._lock:
            self._changes.clear()
            self._repeating_cue = None
            if not self._leds[0].closed:
                self._set_colour(DARK, self._clock.now_us())
            for led in self._leds:
                led.close()

    def _show_cue(self, cue: Cue) -> None:
        if self._cue_at_us != cue.at_us:
            self._changes.clear()
        self._cue_at_us = cue.at_us
        sound = CUES[cue.cue]
        self._repeating_cue = cue if sound.every_ms is not None else None
        self._remaining_repeats = sound.times
        self._queue_flashes(cue, self._changes[-1].at_us if self._changes else self._earliest_flash_us())
        self._prepare_repeat()

    def _prepare_repeat(self) -> None:
        """After a repeating cue was planned: count it, and set when it comes again."""
        if self._repeating_cue is None:
            return
        if self._remaining_repeats is not None:
            self._remaining_repeats -= 1
        interval_us = (CUES[self._repeating_cue.cue].every_ms or 0) * MILLISECOND_US
        _, length_us = cue_flashes(self._repeating_cue)[-1]
        begun_us = self._changes[-1].at_us - GAP_US - length_us
        self._next_repeat_us = begun_us + max(interval_us, length_us + GROUP_GAP_US)

    def _earliest_flash_us(self) -> int:
        """When the next flash may begin: after a gap of darkness, and never more than three flashes a second."""
        now_us = self._clock.now_us()
        if self._colour not in (DARK, GLOW):
            self._changes.append(_ColourChange(now_us, DARK))
            return max(now_us, self._last_lit_us + SHORT_US) + GAP_US
        return max(now_us, self._last_lit_us + SHORT_US + GAP_US, self._last_dark_us + GAP_US)

    def _queue_flashes(self, cue: Cue, start_us: int) -> None:
        colour = COLOUR_BY_FEEDBACK[CUES[cue.cue].feedback]
        self._changes.append(_ColourChange(start_us, DARK))
        for on_us, off_us in cue_flashes(cue):
            self._changes.append(_ColourChange(start_us + on_us, colour))
            self._changes.append(_ColourChange(start_us + off_us, DARK))
        self._changes.append(_ColourChange(self._changes[-1].at_us + GAP_US, self._idle_colour))

    def _end_repeating(self, name: CueName) -> None:
        if self._repeating_cue is not None and self._repeating_cue.cue is name:
            self._repeating_cue = None
            self._changes.clear()
            self._changes.append(_ColourChange(self._clock.now_us(), self._idle_colour))

    def _set_colour(self, colour: Colour, now_us: int) -> None:
        if colour not in (DARK, GLOW):
            self._last_lit_us = now_us
        elif self._colour not in (DARK, GLOW):
            self._last_dark_us = now_us
        self._colour = colour
        try:
            for led, share in zip(self._leds, colour, strict=True):
                set_duty(led, PULSES_HZ, share)
        except Exception as error:  # noqa: BLE001  lgpio's own error class exists on a Pi only
            if not self._is_faulty:
                self._on_error(DeviceError(PART, f"The LED cannot be switched ({error}): check its pins."))
            self._is_faulty = True
        else:
            self._is_faulty = False
