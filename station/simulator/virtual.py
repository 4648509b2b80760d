"""Virtual time: a clock that jumps from deadline to deadline, and a wall clock that can be set wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from station.clock import Clock

BEGIN_US = 1_000_000
"""A machine that has just started; 0 would look like a time that was never set."""

NEVER_US = 1 << 62
"""Later than any clock will say."""
BEGIN_WALL = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)


class Timed(Protocol):
    """Something with a next deadline."""

    def next_us(self) -> int | None: ...

    def settle(self, now_us: int) -> None: ...


class Drivable(Protocol):
    """The station, as whoever owns the time drives it."""

    @property
    def wakes_at_us(self) -> int | None: ...

    def drain(self) -> None: ...


class VirtualClock:
    """A clock that goes on only when it is told to. Times are µs; `wall` is where its wall clock begins."""

    def __init__(self, wall: datetime = BEGIN_WALL, begin_us: int = BEGIN_US) -> None:
        self._us = begin_us
        self._epoch = wall - timedelta(microseconds=begin_us)

    def now_us(self) -> int:
        return self._us

    def wall(self) -> datetime:
        return self._epoch + timedelta(microseconds=self._us)

    def advance_to(self, us: int) -> None:
        """Let time come this far; it never goes back."""
        if us > self._us:
            self._us = us

    def spend_us(self, us: int) -> None:
        """Let this much time pass, as a bus does that is being talked on."""
        self._us += us


class BoardClock:
    """A clock whose wall clock can be set wrong, as on a Pi that has not heard from the network yet."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._off = timedelta()

    def now_us(self) -> int:
        return self._clock.now_us()

    def wall(self) -> datetime:
        return self._clock.wall() + self._off

    def step_wall(self, step: timedelta) -> None:
        """Set the wall clock forwards or back; the monotonic clock does not move."""
        self._off += step


class Deadlines:
    """The next deadlines of what is timed. Each is asked anew after it was called, and when it says that it has an
    earlier one (by its `wake`, where it has one)."""

    def __init__(self, timed: Sequence[Timed]) -> None:
        self._timed = timed
        self._due_us = [NEVER_US] * len(timed)
        self._stale = set(range(len(timed)))
        for place, each in enumerate(timed):
            if hasattr(each, "wake"):
                each.wake = partial(self._stale.add, place)

    def next_us(self) -> int:
        """The earliest, `NEVER_US` for none."""
        if self._stale:
            self._ask()
        return min(self._due_us, default=NEVER_US)

    def settle(self, clock: VirtualClock) -> None:
        """Call everything that is due, in the order given."""
        now_us = clock.now_us()
        for place, each in enumerate(self._timed):
            if self._stale:
                self._ask()
            if self._due_us[place] <= now_us:
                each.settle(now_us)
                self._stale.add(place)
                now_us = clock.now_us()

    def _ask(self) -> None:
        for place in self._stale:
            due_us = self._timed[place].next_us()
            self._due_us[place] = NEVER_US if due_us is None else due_us
        self._stale.clear()


def live(
    clock: VirtualClock,
    deadlines: Deadlines,
    station: Drivable | None,
    until_us: int,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Let the station and all that is timed live until `until_us`, or until `stop` says so after some deadline."""
    while clock.now_us() < until_us and not stop():
        due_us = min(until_us, deadlines.next_us())
        if station is not None and (wakes_at_us := station.wakes_at_us) is not None and wakes_at_us < due_us:
            due_us = wakes_at_us
        clock.advance_to(due_us)
        deadlines.settle(clock)
        if station is not None:
            station.drain()
