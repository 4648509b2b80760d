"""A month in a busy household in virtual time: what grows that should not?

The service's own parts run on the simulated board: drivers, loop, rules, store, the wire, and the page's server with
open streams, read in this process. Three of four people come every day, for tests, stretches and routines; cables are
unplugged and plugged in, the ADC makes noise, the wall clock is set wrong and right again, summer time begins, browsers
load pages, reminders and the nightly job follow the real cron rules. Sessions, with two minutes before and after each,
run in full, and so do two hours of one night; the rest of each day is skipped.

`python -m tests.bench.soak` prints every day. Memory, threads and descriptors are compared from day 3, when every part
has been used.
"""

from __future__ import annotations

import gc
import http.client
import logging
import os
import random
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from station.advice.plan import plan_from_dict, to_dict
from station.app.access.roles import ACCESS_COOKIE
from station.app.starting.routines import routine_called
from station.cli.progress_bar import with_progress
from station.config import Config, PageConfig
from station.store.reading.following import FollowingReader
from station.system.nightly import Nightly
from station.system.page_process import open_page
from station.system.scheduler import NIGHT_HOUR, NIGHT_MINUTE
from station.system.simulate import MIDNIGHT, VirtualStation, answer_no_to_all, simulated
from station.wire.board_side import BoardServer
from station.wire.page_side import RemoteStation
from tests.paired_browsers import pair_browser
from web.server.threads import THREADS

ZONE = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2027, 3, 10, 0, 0, tzinfo=ZONE)
"""Summer time begins on the 28th."""
DAYS = 30
SETTLED_DAY = 3
"""By the end of this day every part and every cache has been used."""
NIGHT_DAY, NIGHT_S = 5, 7200.0
"""The night that runs in full, and how much of it."""
AROUND_S = 120.0
"""How long runs in full before and after each session."""
STREAMS = 8
PAGES = (
    *("/", "/live", "/progress", "/history", "/status", "/routines", "/exercises", "/plan", "/why", "/inbox"),
    *("/report", "/history.csv"),
)
ANSWER_S = 60.0
PEOPLE = ("Ada", "Ben", "Cleo")


def living_threads() -> int:
    """How many threads there are. The page pool starts threads as needed, and counts as full."""
    names = [thread.name for thread in threading.enumerate()]
    pages = sum(name.startswith("WSGI") for name in names)
    return len(names) - pages + max(pages, THREADS)


@dataclass(frozen=True, slots=True)
class Day:
    """The process's resources at the end of a day."""

    day: int
    memory_mb: float
    objects: int
    """Objects known to Python's collector; memory also includes SQLite's caches and what `malloc` has not returned."""
    threads: int
    descriptors: int
    database_kb: float
    log_kb: float
    """SQLite's log beside the database."""
    backups: int
    sessions: int
    reminders: int
    warnings: int
    """Lines in the station's log on this day."""


class VirtualAlarms:
    """The calendar in virtual time: reminders at their dates, the nightly job by the scheduler's own cron rule."""

    def __init__(self, clock: Callable[[], datetime], nightly: Callable[[], None]) -> None:
        self._clock = clock
        self._nightly = nightly
        self._night = CronTrigger(hour=NIGHT_HOUR, minute=NIGHT_MINUTE, timezone=ZONE)
        self._next_night: datetime = self._night.get_next_fire_time(None, clock())
        self._at: dict[str, datetime] = {}
        self._remind: Callable[[str], None] = lambda _key: None
        self.reminders = self.nights = 0

    def move_alarm(self, _at_us: int | None) -> None:
        """Ignored: the owner of the virtual time turns the loop when it is due."""

    def set_reminders(self, at: Mapping[str, datetime], job: Callable[[str], None]) -> None:
        self._at, self._remind = dict(at), job

    def plan_again(self) -> None:
        """Plan the nightly job again, because the wall clock was set."""
        self._next_night = self._night.get_next_fire_time(None, self._clock())

    def fire(self) -> None:
        """Do everything that is due."""
        now = self._clock()
        for key in [key for key, when in self._at.items() if when <= now]:
            del self._at[key]
            self.reminders += 1
            self._remind(key)
        if self._next_night <= now:
            self.nights += 1
            self._next_night = self._night.get_next_fire_time(None, now)
            self._nightly()


class Household(VirtualStation):
    """A station in virtual time with its page, its calendar and the people who use it."""

    def __init__(self, directory: Path, seed: int = 1) -> None:
        super().__init__(simulated(Config()), directory / "soak.db", wall=BEGIN, seed=seed)
        self._undo = ExitStack()
        self._chance = random.Random(seed)
        self._log = CountedLog()
        logging.getLogger("station").addHandler(self._log)
        self._undo.callback(logging.getLogger("station").removeHandler, self._log)
        wall = self.board.clock
        self._alarms = VirtualAlarms(wall.utc_now, Nightly(self.store, wall, None, self.station.report_fault).run)
        self.station.attach(self.devices, self._alarms)
        self._open_page(directory)
        self.station.change_settings({"quiet_from": MIDNIGHT, "quiet_to": MIDNIGHT, "on_step": "nothing"})
        self.station.wall_clock_set()
        self.live(3.0)
        self.calibrate()
        self.people = [self.store.add_person(name).id for name in PEOPLE]
        for hour, person_id in enumerate(self.people, 7):
            answer_no_to_all(self.store, person_id)
            days = [[day, f"{hour:02}:00"] for day in range(7)]
            plan = plan_from_dict({"days": days, "zone": ZONE.key, "reminder_cue": True, "tests": True})
            self.store.save_plan(person_id, to_dict(plan))
        self._tokens = [pair_browser(self.store, person_id=person_id) for person_id in self.people]
        self.station.wall_clock_set()
        self.session_count = 0

    def _open_page(self, directory: Path) -> None:
        wire = BoardServer(self.station, lambda: self.store.cache.revision)
        self._undo.callback(wire.close)
        reader = FollowingReader(self.store.path)
        self._undo.callback(reader.close)
        ours, theirs = socket.socketpair()
        wire.adopt(ours)
        remote = RemoteStation(lambda: theirs, reader.follow, lambda: None, reconnects=False)
        remote.start()
        self._undo.callback(remote.close)
        page = open_page(remote.api, reader, Config(page=PageConfig(port=0)))
        assert page is not None
        page.start()
        self._undo.callback(page.stop)
        self.port: int = page.port
        self._browsers = ThreadPoolExecutor(2, thread_name_prefix="browser")
        self._undo.callback(self._browsers.shutdown)
        self._streams: list[http.client.HTTPConnection] = []
        self._undo.callback(self._leave)

    def close(self) -> None:
        self._undo.close()
        super().close()

    # People at the page.

    def _get(self, address: str, token: str) -> int:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)) as browser:
            browser.request("GET", address, headers={"Cookie": f"{ACCESS_COOKIE}={token}"})
            answer = browser.getresponse()
            answer.read()
            return answer.status

    def browse(self) -> None:
        """Load every page as each person; the loop turns meanwhile, because some pages write."""
        asked = [self._browsers.submit(self._get, page, token) for token in self._tokens for page in PAGES]
        for one in asked:
            while not one.done():
                self.station.drain(self.station.take(0.01))
            assert one.result() < 400, one.result()

    def watch(self) -> None:
        """Open the live page in several browsers, closing the previous ones."""
        self._leave()
        for number in range(STREAMS):
            browser = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
            token = self._tokens[number % len(self._tokens)]
            browser.request("GET", "/events", headers={"Cookie": f"{ACCESS_COOKIE}={token}"})
            assert browser.sock is not None
            browser.sock.setblocking(False)
            self._streams.append(browser)

    def _read_streams(self) -> None:
        for browser in self._streams:
            with suppress(BlockingIOError):
                while browser.sock is not None and browser.sock.recv(1 << 16):
                    pass

    def _leave(self) -> None:
        for browser in self._streams:
            browser.close()
        self._streams = []

    # People at the board.

    def live(self, seconds: float, stop: Callable[[], bool] = lambda: False) -> None:
        """Let time pass as usual, while the streams are read and the calendar is followed."""
        if not hasattr(self, "session_count"):
            super().live(seconds, stop)
            return
        begun_us = end_us = self.clock.now_us()
        while (end_us - begun_us) / 1e6 < seconds and not stop():
            super().live(min(60.0, seconds - (end_us - begun_us) / 1e6), stop)
            end_us = self.clock.now_us()
            self._read_streams()
            self._alarms.fire()

    def visit(self, name: str, person_id: str | None, fault: tuple[str, str] | None) -> None:
        """One session, with a fault for twenty seconds in the middle of it."""
        self.live(AROUND_S)
        settings = self.store.settings()
        self.station.start(routine_called(name, settings, seed=self.session_count), person_id)
        self.live(0.1)
        self.board.act("auto")
        if fault is not None:
            self.live(60.0)
            self._put(fault[0])
            self.live(20.0)
            self._put(fault[1])
        self.live(3600.0, self._has_ended)
        if not self._has_ended():
            self.board.act("step_off")
            self.live(300.0, self._has_ended)
        self.session_count += 1
        self.live(AROUND_S)

    def _put(self, fault: str) -> None:
        if fault == "noise":
            self.board.adc.noise_codes = 600.0
        elif fault == "quiet":
            self.board.adc.noise_codes = self._quiet_codes
        else:
            self.board.act(fault)

    def set_clock(self, hours: int) -> None:
        """Set the wall clock, as a person or the network does."""
        self.board.clock.step_wall(timedelta(hours=hours))
        self._alarms.plan_again()
        self.station.wall_clock_set()
        self.live(60.0)

    def jump_to_local(self, day: int, hour: int, minute: int = 0) -> None:
        """Jump to this local time of day; the calendar catches up."""
        local = (BEGIN + timedelta(days=day)).replace(hour=hour, minute=minute)
        self.jump_to(local)
        self.live(10.0)

    def spend_day(self, day: int, visits: int) -> Day:
        """One day from midnight to midnight."""
        before = self._log.lines
        reminders = self._alarms.reminders
        self._quiet_codes = self.board.adc.noise_codes
        self.jump_to_local(day, NIGHT_HOUR, NIGHT_MINUTE + 5)
        if day == NIGHT_DAY:
            self.live(NIGHT_S)
        self.watch()
        for number in range(visits):
            self.jump_to_local(day, 7 + 4 * number, 5)
            turn = day * visits + number
            person_id = (*self.people, None)[turn % (len(self.people) + 1)]
            self.visit(SESSIONS[turn % len(SESSIONS)], person_id, FAULTS[turn % len(FAULTS)])
            self.browse()
        if day % 6 == 4:
            self.set_clock(-1)
            self.set_clock(49)
            self.set_clock(-48)
        self.jump_to_local(day, 23)
        self.board.heard_cues.clear()
        self.board.seen_cues.clear()
        return self._measure(day + 1, self._log.lines - before, self._alarms.reminders - reminders)

    def _measure(self, day: int, warnings: int, reminders: int) -> Day:
        gc.collect()
        log = self.store.path.with_name(f"{self.store.path.name}-wal")
        return Day(
            day,
            memory_mb(),
            len(gc.get_objects()),
            living_threads(),
            len(os.listdir("/proc/self/fd")),
            self.store.path.stat().st_size / 1000,
            log.stat().st_size / 1000 if log.exists() else 0.0,
            len(list((self.store.path.parent / "backups").glob("*.db"))),
            self.session_count,
            reminders,
            warnings,
        )


SESSIONS = ("test", "stretch", "test_and_stretch", "daily", "full_test")
FAULTS: tuple[tuple[str, str] | None, ...] = (
    *(("pull_cable", "return_cable"), ("noise", "quiet"), None, ("pull_heels", "return_heels")),
    *(None, ("freeze_sensor", "thaw_sensor"), None),
)


class CountedLog(logging.Handler):
    """Counts the lines of the station's log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += 1


def memory_mb() -> float:
    """The memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def soak(directory: Path, days: int, visits: int = 3) -> Iterator[Day]:
    """Run these days; yields the process's resources at the end of each."""
    with Household(directory) as household:
        for day in range(days):
            yield household.spend_day(day, visits)


def changes(days: list[Day], settled: Day) -> dict[str, float]:
    """The largest growth since the settled day, and what a session and a day add."""
    later = [one for one in days if one.day > settled.day]
    sessions = later[-1].sessions - settled.sessions
    return {
        "soak_memory_growth_mb": max(one.memory_mb for one in later) - settled.memory_mb,
        "soak_objects_session": (later[-1].objects - settled.objects) / sessions,
        "soak_threads": max(one.threads for one in later) - settled.threads,
        "soak_descriptors": max(one.descriptors for one in later) - settled.descriptors,
        "soak_database_kb_session": (later[-1].database_kb - settled.database_kb) / sessions,
        "soak_log_mb": max(one.log_kb for one in days) / 1000,
        "soak_warnings_day": sum(one.warnings for one in later) / (later[-1].day - settled.day),
    }


UNITS = {
    "soak_memory_growth_mb": "MB",
    "soak_objects_session": "objects",
    "soak_threads": "threads",
    "soak_descriptors": "files",
    "soak_database_kb_session": "kB",
    "soak_log_mb": "MB",
    "soak_warnings_day": "lines",
}


def figures() -> dict[str, dict[str, Any]]:
    """The growth from the third to the thirtieth day."""
    with TemporaryDirectory(prefix="station-bench-") as scratch:
        days = list(with_progress(soak(Path(scratch), DAYS), DAYS, "days"))
    found = changes(days, days[SETTLED_DAY - 1])
    return {name: {"value": round(value, 2), "unit": UNITS[name]} for name, value in found.items()}


def main() -> None:
    days = int(sys.argv[1]) if len(sys.argv) > 1 else DAYS
    found = []
    with TemporaryDirectory(prefix="station-bench-") as scratch:
        for one in soak(Path(scratch), days):
            sys.stdout.write(f"{one}\n")
            sys.stdout.flush()
            found.append(one)
    sys.stdout.write(f"{changes(found, found[min(SETTLED_DAY, days - 1) - 1])}\n")


if __name__ == "__main__":
    main()
