"""Whether every heel plate is held pressed while the station starts: how its owner is reset.

The plates are pressed within the first seconds and stay so for 20 s. Nobody does that by accident twice, and it takes
what presence takes: standing at the board, and switching it on.
"""

from __future__ import annotations

from collections.abc import Collection

from station.core.events import SECOND_US

HOLD_US = 20 * SECOND_US
"""How long after the start the plates must still be pressed."""
SETTLE_US = 8 * SECOND_US
"""Until then a heel may be unknown: analogue plates first tell the load of whoever stands on them from an empty one."""


class StartPress:
    """Watches the heels from the start on, until it is clear that this is no press, or that it is one."""

    def __init__(self, begin_us: int) -> None:
        self._begin_us = begin_us
        self.is_over = False
        """Whether nothing more can come of it."""

    def observe(self, at_us: int, heels: Collection[bool | None]) -> bool:
        """Take whether each heel is down (`None`: unknown); true once, when all have been held down long enough."""
        since_us = at_us - self._begin_us
        are_down = bool(heels) and all(heels)
        if any(down is False for down in heels) or (not are_down and since_us > SETTLE_US):
            self.is_over = True
        elif are_down and since_us >= HOLD_US and not self.is_over:
            self.is_over = True
            return True
        return False
