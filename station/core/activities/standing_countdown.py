"""A countdown that runs only while the person stands."""

from __future__ import annotations

from collections.abc import Iterable

from station.core.events import SECOND_US


class StandingCountdown:
    """Counts `need_us` of standing down, with a tick at each of `ticks` seconds before its end."""

    def __init__(self, need_us: int, ticks: Iterable[int] = ()) -> None:
        self.need_us = need_us
        self.ticks = {n for n in ticks if n * SECOND_US < need_us}
        self._stood_us = 0
        self._from_us: int | None = None

    @property
    def is_running(self) -> bool:
        return self._from_us is not None

    def start(self, since_us: int) -> None:
        self._from_us = since_us

    def stop(self, since_us: int) -> None:
        if self._from_us is not None:
            self._stood_us += max(0, since_us - self._from_us)
            self._from_us = None

    def finish(self, now_us: int, *, is_running: bool) -> None:
        """Leave out what remains, and its ticks."""
        self._stood_us, self.ticks = self.need_us, set()
        self._from_us = now_us if is_running else None

    def stood_us(self, now_us: int) -> int:
        running_us = 0 if self._from_us is None else now_us - self._from_us
        return min(self.need_us, self._stood_us + running_us)

    @property
    def due_us(self) -> int | None:
        """When its next tick or its end comes, `None` while nobody stands."""
        if self._from_us is None:
            return None
        return self._from_us + self.need_us - max(self.ticks, default=0) * SECOND_US - self._stood_us
