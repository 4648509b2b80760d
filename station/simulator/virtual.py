"""Virtual time: a clock that jumps from deadline to deadline, and a wall clock that can be set wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from station.clock import Clock

BEGIN_US = 1_000_000
"""The monotonic time of a machine that has just started; 0 could be taken for a time that was never set."""

NEVER_US = 1 << 62
"""Later than any clock can show."""
BEGIN_WALL = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)


class DeadlineTask(Protocol):
    """A task with a next deadline, or `None` for none."""

    def next_due_us(self) -> int | None: ...

    def run_due(self, now_us: int) -> None: ...


class DrivenStation(Protocol):
    """The station as virtual time drives it."""

    @property
    def wakes_at_us(self) -> int | None: ...

    def drain(self) -> None: ...


class VirtualClock:
    """A clock that moves only when it is advanced. Times are µs; `wall` is the wall clock's first time."""

    def __init__(self, wall: datetime = BEGIN_WALL, begin_us: int = BEGIN_US) -> None:
        self._us = begin_us
        self._epoch = wall - timedelta(microseconds=begin_us)

    def now_us(self) -> int:
        return self._us

    def utc_now(self) -> datetime:
        return self._epoch + timedelta(microseconds=self._us)

    def advance_to(self, us: int) -> None:
        """Advance to this time; an earlier time changes nothing."""
        if us > self._us:
            self._us = us

    def advance_by(self, us: int) -> None:
        """Let this much time pass, as a bus transaction does."""
        self._us += us


class SettableWallClock:
    """A clock whose wall clock can be set wrong, as on a Pi that the network has not synchronised yet."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wall_offset = timedelta()

    def now_us(self) -> int:
        return self._clock.now_us()

    def utc_now(self) -> datetime:
        return self._clock.utc_now() + self._wall_offset

    def step_wall(self, step: timedelta) -> None:
        """Set the wall clock forwards or back; the monotonic clock does not move."""
        self._wall_offset += step


class DeadlineQueue:
    """The next deadlines of several tasks. A task's deadline is read again after it has run, and after a call of its
    `wake`, if it has one."""

    def __init__(self, tasks: Sequence[DeadlineTask]) -> None:
        self._tasks = tasks
        self._due_us = [NEVER_US] * len(tasks)
        self._stale = set(range(len(tasks)))
        for index, task in enumerate(tasks):
            if hasattr(task, "wake"):
                task.wake = partial(self._stale.add, index)

    def next_due_us(self) -> int:
        """The earliest deadline; `NEVER_US` if there is none."""
        if self._stale:
            self._refresh()
        return min(self._due_us, default=NEVER_US)

    def run_due(self, clock: VirtualClock) -> None:
        """Run every task that is due, in the order given."""
        now_us = clock.now_us()
        for index, task in enumerate(self._tasks):
            if self._stale:
                self._refresh()
            if self._due_us[index] <= now_us:
                task.run_due(now_us)
                self._stale.add(index)
                now_us = clock.now_us()

    def _refresh(self) -> None:
        for index in self._stale:
            due_us = self._tasks[index].next_due_us()
            self._due_us[index] = NEVER_US if due_us is None else due_us
        self._stale.clear()


def run_until(
    clock: VirtualClock,
    deadlines: DeadlineQueue,
    station: DrivenStation | None,
    until_us: int,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Run the station and the tasks until `until_us`, or until `stop` returns true after a deadline."""
    while clock.now_us() < until_us and not stop():
        due_us = min(until_us, deadlines.next_due_us())
        if station is not None and (wakes_at_us := station.wakes_at_us) is not None and wakes_at_us < due_us:
            due_us = wakes_at_us
        clock.advance_to(due_us)
        deadlines.run_due(clock)
        if station is not None:
            station.drain()
