"""A thread that hangs: the page names it, and the watchdog is not fed until it works again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Event

import pytest
from apscheduler.events import EVENT_JOB_SUBMITTED

from station.clock import SystemClock
from station.system.supervisor import ASK_US, HANG_US
from tests.station.process import BOUND_S, wait_until
from tests.station.system.watch_rig import EDGES, PACED, THREADS, THREADS_END, Watch, hang_task, manager, watch

__all__ = ["manager", "watch"]
pytestmark = THREADS_END
Hang = Callable[[Watch, str, Event, Event], None]
"""Makes a thread hang: sets the first event once it does, and waits for the second."""


def hang_wire(watch: Watch, _name: str, is_hanging: Event, over: Event) -> None:
    def call() -> None:
        is_hanging.set()
        over.wait()

    watch.service._wire.post(call)


def hang_edges(watch: Watch, _name: str, is_hanging: Event, over: Event) -> None:
    """Like a callback that waits for something."""

    def call() -> None:
        is_hanging.set()
        over.wait()

    watch.edges.post(call)


def hang_scheduler(watch: Watch, _name: str, is_hanging: Event, over: Event) -> None:
    def listen(_event: object) -> None:
        is_hanging.set()
        over.wait()

    watch.scheduler._scheduler.add_listener(listen, EVENT_JOB_SUBMITTED)
    watch.scheduler._scheduler.add_job(lambda: None, id="any", misfire_grace_time=None)


def hang_workers(watch: Watch, _name: str, is_hanging: Event, over: Event) -> None:
    """Both workers that ring alarms."""
    both = Barrier(3)

    def work() -> None:
        both.wait(BOUND_S)
        over.wait()

    for number in range(2):
        watch.scheduler._scheduler.add_job(work, id=f"work {number}", misfire_grace_time=None)
    both.wait(BOUND_S)
    is_hanging.set()


HANGS: list[tuple[str, Hang]] = [
    *((name, hang_task) for name in PACED),
    ("wire", hang_wire),
    (EDGES, hang_edges),
    ("scheduler", hang_scheduler),
    ("scheduler", hang_workers),
]


@pytest.mark.parametrize(("name", "hang"), HANGS, ids=[*THREADS, "workers"])
def test_watchdog_is_not_fed_while_a_thread_hangs(watch: Watch, name: str, hang: Hang) -> None:
    """Not until it works again, and the page says which one hangs. All others continue."""
    assert watch.is_fed()
    is_hanging, over = Event(), Event()
    hanging = {name}
    try:
        hang(watch, name, is_hanging, over)
        assert is_hanging.wait(BOUND_S)
        watch.turn(ASK_US, hanging=hanging)
        watch.turn(HANG_US, hanging=hanging)
        assert not watch.is_fed(hanging)
        watch.turn(hanging=hanging)
        assert watch.said_to_hang() == [name]
    finally:
        over.set()
    assert watch.is_fed()
    watch.turn()
    assert watch.said_to_hang() == []


def leave(_result: object) -> None:
    """End the thread."""
    raise SystemExit


def test_thread_that_hangs_is_found_when_the_bring_up_has_to_end_it(watch: Watch) -> None:
    """The bring-up waits for it, and the watchdog for the bring-up."""
    is_hanging, over = Event(), Event()
    watch.turn()
    parts = watch.service._parts
    assert parts is not None
    lent = threading.Thread(target=parts.bring_up, args=(None, leave), name="bring-up")
    try:
        hang_task(watch, "heel sensors", is_hanging, over)
        assert is_hanging.wait(BOUND_S)
        lent.start()
        for _ in range(3):
            watch.turn(HANG_US, hanging={"heel sensors"})
        assert watch.said_to_hang() == ["heel sensors"]
        assert not watch.is_fed({"heel sensors"})
    finally:
        over.set()
        lent.join(BOUND_S)


def test_pause_of_the_whole_machine_is_no_hang(watch: Watch) -> None:
    """All threads are late at once, and the loop runs first: it feeds the watchdog and reports none of them."""
    watch.clock.ahead_us += 10 * HANG_US
    watch.service._watch_threads()
    assert "WATCHDOG=1" in watch.receive()
    assert watch.is_fed()
    assert watch.said_to_hang() == []


def test_watchdog_is_not_fed_while_the_loop_hangs(watch: Watch, tmp_path: Path) -> None:
    """The loop feeds it, so while a write waits for the disk, nothing is sent, however long it takes."""
    is_hanging, over = Event(), Event()

    def wait(_store: object) -> str:
        is_hanging.set()
        over.wait()
        return ""

    station = watch.service.station
    running = threading.Thread(target=watch.service.run)
    try:
        done = station._request_store(wait)
        running.start()
        assert is_hanging.wait(BOUND_S)
        watch.receive()
        watch.clock.ahead_us += 10 * HANG_US
        wait_until(lambda: has_sampled(watch), "the heels are not read any more")
        assert watch.receive() == []
    finally:
        over.set()
        assert done.result(BOUND_S) == ""
        station.stop()
        running.join(BOUND_S)


def has_sampled(watch: Watch) -> bool:
    """Whether the heels' thread has read them since the clock was moved."""
    assert watch.service.devices is not None
    heels = next(one for one in watch.service.devices.threads if one.name == "heel sensors")
    return (heels.due_us or 0) > SystemClock().now_us() + 9 * HANG_US
