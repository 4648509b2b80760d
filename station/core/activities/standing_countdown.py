"""A countdown that runs only while the person stands."""

from __future__ import annotations

from collections.abc import Iterable

from station.core.activities.countdown_ticks import CountdownTicks


class StandingCountdown:
    """Counts down `need_us` of standing from `since_us`, with a tick at each of `ticks` seconds before its end.

    A person who has not stood for `max_absence_us` is away. Without `needs_standing` it runs regardless.
    """

    def __init__(
        self,
        need_us: int,
        since_us: int,
        *,
        is_standing: bool,
        max_absence_us: int,
        needs_standing: bool = True,
        ticks: Iterable[int] = (),
        earliest_end_us: int = 0,
    ) -> None:
        """It does not end before `earliest_end_us`, however long the person has stood."""
        self.need_us = need_us
        self.stopped_since_us = since_us
        """Since when the person has not stood, if they do not."""
        self._max_absence_us = max_absence_us
        self._needs_standing = needs_standing
        self._ticks = CountdownTicks(need_us, ticks)
        self._stood_us = 0
        self._earliest_end_us = earliest_end_us
        self._running_since_us = since_us if is_standing or not needs_standing else None

    @property
    def is_running(self) -> bool:
        return self._running_since_us is not None

    def start(self, since_us: int) -> None:
        """The person has stood since `since_us`."""
        if self._needs_standing:
            self._running_since_us = since_us

    def was_away(self, until_us: int) -> bool:
        """Whether a person who has stood again since `until_us` was away, which may be reported late."""
        return not self.is_running and until_us - self.stopped_since_us >= self._max_absence_us

    def stop(self, since_us: int) -> None:
        """The person has not stood since `since_us`."""
        if not self._needs_standing:
            return
        self.stopped_since_us = since_us
        if self._running_since_us is not None:
            self._stood_us += max(0, since_us - self._running_since_us)
            self._running_since_us = None

    def skip(self, now_us: int) -> None:
        """Skip the remaining time and its ticks: the countdown is over as soon as the person stands."""
        self._ticks.cancel()
        self._stood_us, self._earliest_end_us = self.need_us, 0
        if self._running_since_us is not None:
            self._running_since_us = now_us

    @property
    def _end_us(self) -> int | None:
        if self._running_since_us is None:
            return None
        return max(self._running_since_us + self.need_us - self._stood_us, self._earliest_end_us)

    def stood_us(self, now_us: int) -> int:
        end_us = self._end_us
        return min(self.need_us, self._stood_us if end_us is None else self.need_us - (end_us - now_us))

    def is_over(self, now_us: int) -> bool:
        return self.stood_us(now_us) >= self.need_us

    @property
    def due_us(self) -> int:
        """When its next tick or its end is due; while the person does not stand, when they will count as away."""
        end_us = self._end_us
        return self.stopped_since_us + self._max_absence_us if end_us is None else self._ticks.due_us(end_us)

    def pop_tick(self, now_us: int) -> int | None:
        """The count to sound at `now_us`, once."""
        return self._ticks.pop(self.need_us - self.stood_us(now_us))
