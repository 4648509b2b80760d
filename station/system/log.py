"""The log of a process: standard error, which systemd's journal keeps. It always stays short.

A recurring fault is logged when it begins, and then once an hour with a count: a loose wire, a full disk or a hostile
network must neither hide the other lines nor wear out the memory card.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock

AGAIN_S = 3600.0
"""How long repeats of a message are only counted."""
MOST_KEPT = 200
"""How many different messages are counted at a time; beyond that the oldest is forgotten."""
MOST_AN_HOUR = 500
"""The limit of all lines an hour; the last one says that the others are left out."""
SILENT = "The log has had %d messages within an hour: the others of this hour are left out."


class RepeatFilter(logging.Filter):
    """Lets each message through when it begins, and then once an hour with a count."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now_s = now_s
        self._seen: dict[object, tuple[float, int]] = {}
        """For each message: when it was last logged, and how often it has come since."""
        self._hour_s = -AGAIN_S
        self._count = 0
        self._lock = Lock()
        """Needed because a handler calls its filters before it takes its own lock."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log this message; may add the count of those left out."""
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001  the thread that logs must go on; the handler fails the same way, and `logging` reports it
            return True
        with self._lock:
            return self._is_due(record, text)

    def _is_due(self, record: logging.LogRecord, text: str) -> bool:
        now_s = self._now_s()
        key = (record.name, record.lineno, text)
        logged_s, count = self._seen.get(key, (-AGAIN_S, 0))
        if now_s - logged_s < AGAIN_S:
            self._seen[key] = (logged_s, count + 1)
            return False
        if now_s - self._hour_s >= AGAIN_S:
            self._hour_s, self._count = now_s, 0
        self._count += 1
        if self._count > MOST_AN_HOUR:
            return False
        self._seen.pop(key, None)
        self._seen[key] = (now_s, 0)
        if len(self._seen) > MOST_KEPT:
            del self._seen[next(iter(self._seen))]
        if self._count == MOST_AN_HOUR:
            record.msg, record.args, record.exc_info = SILENT, (MOST_AN_HOUR,), None
        elif count:
            record.msg, record.args = f"{text} ({count} more times since it was last logged)", ()
        return True


def start_log(name: str) -> None:
    """Log warnings and errors of this process, each line with its name."""
    handler = logging.StreamHandler()
    handler.addFilter(RepeatFilter())
    logging.basicConfig(level=logging.WARNING, format=f"{name}: %(message)s", handlers=[handler])
