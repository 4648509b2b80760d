"""The threads in which Flask answers, and whether they all hang."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import get_ident
from typing import Any, TypeVar

from station.clock import Clock
from station.core.events import SECOND_US

LONGEST_US = 120 * SECOND_US
"""An export of ten years to a slow phone; a request that takes longer counts as hanging."""

Result = TypeVar("Result")


class Workers(ThreadPoolExecutor):
    """A thread pool that knows how long each thread has been at its request."""

    name = "pages"

    def __init__(self, count: int, clock: Clock) -> None:
        super().__init__(max_workers=count, thread_name_prefix="WSGI")
        self._count = count
        self._clock = clock
        self._began_us: dict[int, int] = {}

    def submit(self, call: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Submit a call, and note when a thread begins it."""
        return super().submit(partial(self._timed, call), *args, **kwargs)

    def _timed(self, call: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        self._began_us[get_ident()] = self._clock.now_us()
        try:
            return call(*args, **kwargs)
        finally:
            del self._began_us[get_ident()]

    @property
    def is_alive(self) -> bool:
        """Always true: a pool catches every error of its threads."""
        return True

    @property
    def due_us(self) -> int | None:
        """When the last thread must be done, if all are busy; `None` while one is free, and so answers pages."""
        began_us = list(self._began_us.values())
        return max(began_us) + LONGEST_US if len(began_us) == self._count else None
