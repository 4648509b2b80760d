"""The ticks that sound in the last seconds of a countdown."""

from __future__ import annotations

from collections.abc import Iterable

from station.core.events import SECOND_US

LAST_SECONDS = (3, 2, 1)


class CountdownTicks:
    """A tick at each of `seconds` before the end of `span_us`; those that do not fit into the span are omitted."""

    def __init__(self, span_us: int, seconds: Iterable[int] = LAST_SECONDS) -> None:
        self._pending = {count for count in seconds if count * SECOND_US < span_us}

    def due_us(self, end_us: int) -> int:
        """When the next tick sounds; the end itself after the last one."""
        return end_us - max(self._pending, default=0) * SECOND_US

    @property
    def are_over(self) -> bool:
        """Whether no tick is to come."""
        return not self._pending

    def cancel(self) -> None:
        """The rest of the countdown is skipped."""
        self._pending = set()

    def pop(self, remaining_us: int) -> int | None:
        """The count to sound with `remaining_us` to go, once; ticks whose time has passed silently are dropped."""
        passed = {count for count in self._pending if count * SECOND_US >= remaining_us}
        self._pending -= passed
        return min(passed, default=None)
