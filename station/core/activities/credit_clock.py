"""A clock that credits only the time in which it runs."""

from __future__ import annotations


class CreditClock:
    """Credits `max_us` at most, as the sum of its spans. A span may be closed in the past: lifts are reported late."""

    def __init__(self, max_us: int) -> None:
        self._max_us = max_us
        self._closed_us = 0
        self._last_start_us = self._last_stop_us = 0
        self._running_since_us: int | None = None

    @property
    def is_running(self) -> bool:
        return self._running_since_us is not None

    @property
    def is_full(self) -> bool:
        """Whether the closed spans are the full credit."""
        return self._closed_us >= self._max_us

    def start(self, since_us: int) -> None:
        self._running_since_us = since_us

    def stop(self, until_us: int) -> None:
        """Close the span at `until_us`. If it was closed later, what was credited since `until_us` is taken back."""
        if self._running_since_us is not None:
            span_us = max(0, until_us - self._running_since_us)
            self._closed_us = min(self._max_us, self._closed_us + span_us)
            self._last_start_us, self._last_stop_us = self._running_since_us, until_us
            self._running_since_us = None
        elif until_us < self._last_stop_us:
            self._closed_us -= max(0, self._last_stop_us - max(until_us, self._last_start_us))
            self._last_stop_us = until_us

    def finish(self) -> None:
        """Stop with the full credit; none of it is taken back later."""
        self._closed_us, self._running_since_us = self._max_us, None
        self._last_start_us = self._last_stop_us

    def credited_us(self, now_us: int) -> int:
        running_us = 0 if self._running_since_us is None else max(0, now_us - self._running_since_us)
        return min(self._max_us, self._closed_us + running_us)

    def due_us(self, credit_us: int) -> int | None:
        """When the credit reaches `credit_us`, `None` while the clock is stopped."""
        return None if self._running_since_us is None else self._running_since_us + credit_us - self._closed_us
