"""The alarm clock: the real scheduler, whose wall clock is stepped under it."""

from __future__ import annotations

import ast
import ctypes
import inspect
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, TypeGuard

import pytest

from station.app.loop import Station
from station.clock import SystemClock
from station.config import parse
from station.core.events import SECOND_US, Heel, Side
from station.core.steps import HoldStep
from station.store import Store
from station.system.scheduler import ALARM, LATE_S, Scheduler
from station.system.simulate import simulated
from tests.station.process import BOUND_S, delays
from tests.station.rig import COMPARATORS
from tests.station.states import AnyState

LATE_US = 50_000
HOUR = timedelta(hours=1)


class Wall:
    """A wall clock for both the station and the scheduler; the monotonic clock is the machine's."""

    def __init__(self) -> None:
        self.off = timedelta()
        self._system = SystemClock()

    def now_us(self) -> int:
        return self._system.now_us()

    def utc_now(self) -> datetime:
        return datetime.now(UTC) + self.off


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    """What APScheduler reads instead of `datetime.now`: a test cannot set the clock of the machine."""
    made = Wall()

    class Stepped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # the parent's class, as it was
            return datetime.now(tz) + made.off

    for module in ("apscheduler.schedulers.base", "apscheduler.executors.base"):
        monkeypatch.setattr(f"{module}.datetime", Stepped)
    return made


class Ears:
    """Counts the rings, and waits for one."""

    def __init__(self) -> None:
        self.rang_us: list[int] = []
        self._rang = threading.Event()

    def ring(self) -> None:
        self.rang_us.append(SystemClock().now_us())
        self._rang.set()

    def wait(self) -> int:
        assert self._rang.wait(BOUND_S)
        self._rang.clear()
        return self.rang_us[-1]


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def alarms(wall: Wall, ears: Ears) -> Iterator[Scheduler]:
    made = Scheduler(wall, ears.ring)
    made.start()
    yield made
    made.stop()


def alive(alarms: Scheduler) -> bool:
    """Asked each time."""
    return alarms.is_alive


def settle(alarms: Scheduler) -> None:
    """Until the scheduler has looked at what is due now, and its workers have ended all of it."""
    looked = threading.Event()
    alarms.post(looked.set)
    assert looked.wait(BOUND_S)
    alarms._scheduler.get_jobs()  # waits for its lock, which it holds until all that is due is with the workers
    running = alarms._scheduler._executors["default"]._instances
    wait_for(lambda: not any(running.values()))


def leap(alarms: Scheduler, wall: Wall, by: timedelta = HOUR) -> None:
    """Let this much time pass for the scheduler; it first does everything that is due by now."""
    wall.off += by
    settle(alarms)


def test_alarm_fires_once_on_time(alarms: Scheduler, wall: Wall, ears: Ears) -> None:
    """The loop is woken within 50 ms of the moment, once."""
    late_us = delays(lambda: delay_of_alarm(alarms, wall, ears), LATE_US)
    assert min(late_us) <= LATE_US
    leap(alarms, wall)
    assert len(ears.rang_us) == len(late_us)


def delay_of_alarm(alarms: Scheduler, wall: Wall, ears: Ears) -> int:
    """How long after its moment the next alarm rings; it never rings before."""
    at_us = wall.now_us() + 200_000
    alarms.move_alarm(at_us)
    late_us = ears.wait() - at_us
    assert late_us >= -2_000
    return late_us


def test_alarm_moves_earlier_later_and_away(alarms: Scheduler, wall: Wall, ears: Ears) -> None:
    """Only the last time counts; a cancelled alarm does not ring."""
    now_us = wall.now_us()
    alarms.move_alarm(now_us + 100 * SECOND_US)
    alarms.move_alarm(now_us + 10_000 * SECOND_US)
    alarms.move_alarm(now_us + 300 * SECOND_US)
    leap(alarms, wall, timedelta(seconds=200))
    assert ears.rang_us == []
    leap(alarms, wall, timedelta(seconds=200))
    assert len(ears.rang_us) == 1
    alarms.move_alarm(wall.now_us() + 10 * SECOND_US)
    alarms.move_alarm(None)
    alarms.move_alarm(None)
    leap(alarms, wall)
    assert len(ears.rang_us) == 1


def test_late_alarm_still_fires(alarms: Scheduler, wall: Wall, ears: Ears) -> None:
    """If the wall clock jumps ahead, the alarm is hours late for the scheduler; it still rings."""
    alarms.move_alarm(wall.now_us() + 30 * SECOND_US)
    wall.off += 5 * HOUR
    alarms._scheduler.wakeup()
    ears.wait()


def test_cancelling_firing_alarm_is_harmless(alarms: Scheduler, wall: Wall, ears: Ears) -> None:
    """The loop may repeatedly cancel its alarm at the very moment at which it fires."""
    for _ in range(300):
        alarms.move_alarm(wall.now_us() + 1_500)
        time.sleep(0.0016)  # until about the moment, a little before or after
        alarms.move_alarm(None)
    assert alarms.is_alive
    assert ears.rang_us


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is killed, and says so
def test_restart_restores_jobs(alarms: Scheduler, wall: Wall, ears: Ears) -> None:
    """After its thread has died, a new scheduler rings the alarm and has the calendar's job."""
    alarms.every_night(lambda: None)
    kill(alarms)
    assert not alive(alarms)
    alarms.restart()
    assert alive(alarms)
    assert min(delays(lambda: delay_of_alarm(alarms, wall, ears), LATE_US)) <= LATE_US
    assert [job.id for job in alarms._scheduler.get_jobs()] == ["nightly"]


def test_missed_nightly_job_runs_once(alarms: Scheduler, wall: Wall) -> None:
    """Missed nights are one run, within hours of the last one, and never two at once; a day early, none runs."""
    ran: list[datetime] = []
    alarms.every_night(lambda: ran.append(wall.utc_now()))
    (job,) = (job for job in alarms._scheduler.get_jobs() if job.id != ALARM)
    assert (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, LATE_S)
    assert LATE_S >= 3600
    due = job.next_run_time
    wall.off += due - wall.utc_now() + timedelta(days=3, hours=1)
    alarms._scheduler.wakeup()
    wait_for(lambda: bool(ran))
    settle(alarms)
    assert len(ran) == 1
    assert alarms._scheduler.get_jobs()[0].next_run_time > wall.utc_now()


def test_no_job_repeats_by_an_interval() -> None:
    """A clock set an hour ahead would run a job of every second 3,600 times; so there are only dates and nights."""
    source = ast.parse(Path(inspect.getfile(Scheduler)).read_text(encoding="utf-8"))
    triggers = [call.args[1] for call in ast.walk(source) if is_call_of(call, "add_job") and len(call.args) > 1]
    assert {ast.unparse(one).partition("(")[0] for one in triggers} == {"CronTrigger", "DateTrigger"}
    assert "interval" not in ast.unparse(source)


def is_call_of(node: ast.AST, name: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name


def night(alarms: Scheduler, wall: Wall) -> None:
    """Let the next night come."""
    (job,) = (job for job in alarms._scheduler.get_jobs() if job.id == "nightly")
    wall.off += job.next_run_time - wall.utc_now() + timedelta(seconds=1)
    alarms._scheduler.wakeup()


@pytest.fixture
def faults(alarms: Scheduler, monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    """What the scheduler reports, by part."""
    found: dict[str, str | None] = {}
    monkeypatch.setattr(alarms, "_report_fault", found.__setitem__)
    return found


def test_job_that_fails_is_reported_until_it_succeeds(
    alarms: Scheduler, wall: Wall, ears: Ears, faults: dict[str, str | None], caplog: pytest.LogCaptureFixture
) -> None:
    """Its next run comes as usual, and alarms still ring."""
    caplog.set_level(logging.CRITICAL, "apscheduler")
    nights = iter([1, 0, 1])

    def job() -> None:
        1 / next(nights)

    alarms.every_night(job)
    night(alarms, wall)
    wait_for(lambda: faults.get("nightly job", "") is None)
    night(alarms, wall)
    wait_for(lambda: "ZeroDivisionError" in (faults["nightly job"] or ""))
    alarms.move_alarm(wall.now_us())
    assert ears.wait()
    night(alarms, wall)
    wait_for(lambda: faults["nightly job"] is None)


def test_job_that_hangs_is_reported_and_holds_nothing_up(
    alarms: Scheduler, wall: Wall, ears: Ears, faults: dict[str, str | None]
) -> None:
    """It never runs twice at once; alarms still ring, and the fault is cleared after its end."""
    began, over = threading.Semaphore(0), threading.Event()

    def job() -> None:
        began.release()
        over.wait()

    try:
        alarms.every_night(job)
        night(alarms, wall)
        assert began.acquire(timeout=BOUND_S)
        night(alarms, wall)
        wait_for(lambda: "has not ended" in (faults.get("nightly job") or ""))
        assert not began.acquire(blocking=False)
        alarms.move_alarm(wall.now_us())
        assert ears.wait()
    finally:
        over.set()
    wait_for(lambda: faults["nightly job"] is None)


def dates_of(alarms: Scheduler) -> dict[str, datetime]:
    """The reminders that the scheduler has, by their keys."""
    jobs = [job for job in alarms._scheduler.get_jobs() if job.args]
    return {job.args[0]: job.next_run_time for job in jobs}


def test_reminder_fires_once_at_its_date(alarms: Scheduler, wall: Wall) -> None:
    """Each key is called at its own time, and at no other."""
    rang: list[str] = []
    now = wall.utc_now()
    alarms.set_reminders({"ada": now + timedelta(seconds=0.2), "ben": now + HOUR}, rang.append)
    wait_for(lambda: bool(rang))
    leap(alarms, wall, timedelta(minutes=50))
    assert rang == ["ada"]
    assert list(dates_of(alarms)) == ["ben"]


def test_reminders_are_replaced_and_removed(alarms: Scheduler, wall: Wall) -> None:
    """The last call counts: one date for each key, and none for a missing key."""
    now = wall.utc_now()
    alarms.set_reminders({"ada": now + HOUR, "ben": now + 2 * HOUR}, print)
    alarms.set_reminders({"ada": now + 3 * HOUR}, print)
    assert dates_of(alarms) == {"ada": now + 3 * HOUR}
    alarms.set_reminders({}, print)
    assert dates_of(alarms) == {}


def test_removing_fired_reminder_is_harmless(alarms: Scheduler, wall: Wall) -> None:
    """A replaced reminder may have just fired."""
    rang: list[str] = []
    alarms.set_reminders({"ada": wall.utc_now() + timedelta(seconds=0.05)}, rang.append)
    wait_for(lambda: bool(rang))
    alarms.set_reminders({}, rang.append)
    assert alarms.is_alive
    assert dates_of(alarms) == {}


@pytest.mark.parametrize(("late", "times"), [(5 * HOUR, 1), (8 * HOUR, 0)])
def test_reminder_missed_by_hours_fires_once(alarms: Scheduler, wall: Wall, late: timedelta, times: int) -> None:
    """If the clock jumps past the date, it is called once within six hours; later it is dropped."""
    rang: list[str] = []
    alarms.set_reminders({"ada": wall.utc_now() + timedelta(minutes=1)}, rang.append)
    wall.off += late
    alarms.reschedule()
    wait_for(lambda: not dates_of(alarms))
    settle(alarms)
    assert rang == ["ada"] * times


def test_past_reminder_fires_at_once(alarms: Scheduler, wall: Wall) -> None:
    """A reminder that is already due when it is set fires now."""
    rang: list[str] = []
    alarms.set_reminders({"ada": wall.utc_now() - 2 * HOUR}, rang.append)
    wait_for(lambda: bool(rang))
    assert rang == ["ada"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is killed, and says so
def test_restart_restores_reminders(alarms: Scheduler, wall: Wall) -> None:
    """A new scheduler takes over the dead one's dates, and calls them."""
    rang: list[str] = []
    now = wall.utc_now()
    alarms.set_reminders({"ada": now + HOUR / 2, "ben": now + 2 * HOUR}, rang.append)
    kill(alarms)
    alarms.restart()
    assert set(dates_of(alarms)) == {"ada", "ben"}
    leap(alarms, wall)
    assert rang == ["ada"]


def wait_for(true: Callable[[], bool], seconds: float = BOUND_S) -> None:
    """Until something is the case."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it has not come to that"
        time.sleep(0.005)


def kill(alarms: Scheduler) -> None:
    """End the scheduler's thread from outside, as an error in it would."""
    thread: Any = alarms._scheduler._thread
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
    alarms._scheduler.wakeup()
    thread.join(BOUND_S)


HOLD_US = 1_500_000


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is killed, and says so
@pytest.mark.parametrize("step", [HOUR, -HOUR])
@pytest.mark.parametrize("scheduler", ["runs", "has died", "is not there"])
def test_hold_ends_on_time_when_wall_clock_steps(tmp_path: Path, wall: Wall, step: timedelta, scheduler: str) -> None:
    """An hour forwards or back in the middle of a hold, with or without the scheduler: it ends right to 50 ms.

    The station has comparators and no devices at all: nothing wakes its loop but its alarm and its own patience.
    """
    config = simulated(parse(COMPARATORS, "wiring.toml"))

    def late_us() -> int:
        with Store.open(tmp_path / f"{len(list(tmp_path.iterdir()))}.db", clock=wall) as store:
            return delay_of_hold(Station(config, store, wall), wall, step, scheduler)

    assert min(delays(late_us, LATE_US)) <= LATE_US


def delay_of_hold(station: Station, wall: Wall, step: timedelta, scheduler: str) -> int:
    """How long after its end the station shows the end of a hold."""
    alarms = Scheduler(wall, station.wake_up)
    alarms.start()
    station.attach(None, None if scheduler == "is not there" else alarms)
    if scheduler == "has died":
        kill(alarms)
    ended_us: list[int] = []
    begun_us: list[int] = []

    def watch() -> None:
        seen = station.snapshot()
        if seen.phase == "hold" and not begun_us:
            begun_us.append(seen.at_us - AnyState(seen.state).counted_us)
            wall.off += step
            alarms._scheduler.wakeup()
        if seen.phase == "done" and not ended_us:
            ended_us.append(wall.now_us())
            station.stop()

    station.subscribe(watch)
    step_one = HoldStep((Side.LEFT,), HOLD_US, repetitions=1, prepare_us=300_000)
    station.start((step_one,), None)
    station.post(Heel(wall.now_us(), Side.LEFT, True))
    looked = threading.Timer(10.0, station.stop)
    looked.start()
    station.run(lambda: None)
    looked.cancel()
    alarms.stop()
    (begun,), (ended,) = begun_us, ended_us
    (hold,) = station._store.holds()
    assert (hold.state, hold.credited_us) == ("finished", HOLD_US)
    assert ended >= begun + HOLD_US
    return ended - begun - HOLD_US
