"""Virtual time goes from deadline to deadline, and wall clocks may be wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from station.simulator.virtual import DeadlineQueue, SettableWallClock, VirtualClock, run_until

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


class Bell:
    """Rings every so often, and keeps when it did."""

    def __init__(self, every_us: int, rung: list[tuple[str, int]], name: str) -> None:
        self._every_us, self._rung, self._name = every_us, rung, name
        self._due_us = every_us

    def next_due_us(self) -> int | None:
        return self._due_us

    def run_due(self, now_us: int) -> None:
        self._rung.append((self._name, now_us))
        self._due_us += self._every_us


def test_everything_happens_at_its_own_deadline() -> None:
    """Each thing is called at its deadline and in order, and time stops where it was told to."""
    clock = VirtualClock(begin_us=0)
    rung: list[tuple[str, int]] = []
    run_until(clock, DeadlineQueue([Bell(20, rung, "slow"), Bell(15, rung, "quick")]), None, 50)
    assert rung == [("quick", 15), ("slow", 20), ("quick", 30), ("slow", 40), ("quick", 45)]
    assert clock.now_us() == 50


def test_it_can_be_stopped() -> None:
    """`stop` ends it after the deadline that fulfils it."""
    clock = VirtualClock(begin_us=0)
    rung: list[tuple[str, int]] = []
    run_until(clock, DeadlineQueue([Bell(15, rung, "bell")]), None, 1_000, lambda: len(rung) == 2)
    assert clock.now_us() == 30


def test_time_never_goes_back() -> None:
    """Advancing to the past changes nothing; a bus spends time; the wall clock goes along."""
    clock = VirtualClock(NOON, begin_us=100)
    clock.advance_to(50)
    assert clock.now_us() == 100
    clock.advance_by(900)
    assert clock.now_us() == 1_000
    assert clock.utc_now() == NOON + timedelta(microseconds=900)


def test_a_wall_clock_steps_alone() -> None:
    """A board's wall clock can be set an hour wrong, both ways, and its monotonic clock does not notice."""
    clock = SettableWallClock(VirtualClock(NOON, begin_us=7))
    clock.step_wall(timedelta(hours=1))
    assert clock.utc_now() == NOON + timedelta(hours=1)
    clock.step_wall(timedelta(hours=-2))
    assert clock.utc_now() == NOON - timedelta(hours=1)
    assert clock.now_us() == 7
