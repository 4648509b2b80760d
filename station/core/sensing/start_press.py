"""Detects that every heel plate is held down while the station starts, which resets its owner.

The plates are down within 8 s of the start and stay down until 20 s after it. Nobody does that twice by accident, and
it takes presence: a person at the board who switches it on.
"""

from __future__ import annotations

from collections.abc import Collection

from station.core.events import SECOND_US

HOLD_US = 20 * SECOND_US
"""How long after the start the plates must still be down."""
SETTLE_US = 8 * SECOND_US
"""Until then a heel may be unknown: an analogue plate takes seconds to tell a standing person from an empty pad."""


class StartPress:
    """Watches the heels from the start until it is clear whether they are held down."""

    def __init__(self, begin_us: int) -> None:
        self._begin_us = begin_us
        self.is_over = False
        """Whether the outcome is decided."""

    def observe(self, at_us: int, heels: Collection[bool | None]) -> bool:
        """Take each heel's level, `None` if unknown. Return true once, when all have been held down for long enough."""
        since_us = at_us - self._begin_us
        are_down = bool(heels) and all(heels)
        if any(down is False for down in heels) or (not are_down and since_us > SETTLE_US):
            self.is_over = True
        elif are_down and since_us >= HOLD_US and not self.is_over:
            self.is_over = True
            return True
        return False
