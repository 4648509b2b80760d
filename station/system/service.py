"""The station as a process: opens, starts, supervises and closes every part in the right order."""

from __future__ import annotations

import gc
import logging
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from station.app.api import PageError
from station.app.loop import Station
from station.app.snapshot import IDLE
from station.catalogue.read import built_in_routines
from station.clock import Clock, SystemClock
from station.config import Config
from station.core.events import SECOND_US, CommandName
from station.core.state import ENDED_PHASES
from station.store import PermanentStoreError, Store, StoreError
from station.system.log_size import LogSize
from station.system.nightly import Nightly
from station.system.page_child import PageChild
from station.system.store_opening import UPGRADE_LIMIT_US, StoreOpening
from station.system.supervisor import AskedThread, Supervisor
from station.system.systemd import Notifier
from station.system.wall_clock import CLOCK_STEP, EARLIEST_DATE, DateCheck, wall_offset
from station.system.wrong_dates import WrongDates
from station.wire.board_side import BoardServer

if TYPE_CHECKING:
    from station.devices.board import Devices
    from station.devices.errors import DeviceError
    from station.simulator.board import SimulatedBoard
    from station.system.lent_parts import LentParts

log = logging.getLogger(__name__)

WATCHDOG_US = 1 * SECOND_US
"""How often the watchdog is fed and the other threads are checked."""
PAGE_FIRST_S = 3.0
"""How long the board waits for its page at the start; after that it starts without the page, which joins later."""
PAGE_RETRY_S = 10.0
"""How often to retry a page whose address is taken or missing, or whose process has ended."""
PART_RETRY_US = 10 * SECOND_US
"""How often to retry a part that could not be opened, for example because another program has its pin."""
WAITS_FOR_BOARD = "The station waits, and uses the board once it is free."
TRIED_AGAIN = "The board runs without its page, which is tried again."
PAGE_LATE = "The page is still starting. The board runs without it meanwhile."
PAGE_ENDED = "The page's process has ended; the board carries on, and the page is restarted."
THREAD_SWITCH_S = 0.0005
"""How long a computing thread may keep the others waiting: Python's default of 5 ms is audible in a rhythm."""
CLOCK_WRONG = (
    "The date may be wrong: connect the network or set the date. What is stored until then gets the right date."
)


class Service:
    """One station, from `open` to `close`."""

    def __init__(
        self,
        config: Config,
        clock: Clock | None = None,
        *,
        page: PageChild | None = None,
        on_page: Callable[[PageChild], None] = lambda _page: None,
    ) -> None:
        """`page` is its process if already started and configured, so that both load at the same time.

        `on_page` is called with each page once it serves, from any thread.
        """
        self._on_page = on_page
        self._config = config
        self._clock = clock or SystemClock()
        self._date = DateCheck(Path(config.store.path))
        self._closing = ExitStack()
        self._notifier = Notifier()
        self._watched_us = self._retried_us = 0
        self._is_stopping = False
        self._store_opening = StoreOpening(config, self._clock, self._notifier, self._pause)
        self._board_held: str | None = None
        """Who has the board, in a sentence; `None` unless that is another program."""
        self._clock_right = True
        self._wall_offset: datetime | None = None
        self._wrong_dates: WrongDates | None = None
        self._parts: LentParts | None = None
        self.page = page
        self._socket_path: Path | None = None
        """Where to listen for pages; `None` once the wire listens."""
        self._late_page: PageChild | None = None
        """A page that was started and has not answered yet."""
        self.page_config = config
        """The configuration, with the page's actual address."""
        self._retrying: threading.Thread | None = None
        self._closed = threading.Event()

    @property
    def devices(self) -> Devices | None:
        """The board's parts, while they are open."""
        return None if self._parts is None else self._parts.devices

    @property
    def is_stopping(self) -> bool:
        """Whether a signal has requested the stop."""
        return self._is_stopping

    def open(
        self,
        prepare: Callable[[Store], None] = lambda _store: None,
        *,
        page: bool = True,
        needs_page: bool = False,
        socket_path: Path | None = None,
    ) -> Station:
        """Open store, board and, with `page`, the page in its own process. `prepare` may fill an empty store first.

        At a `socket_path`, pages started elsewhere are served. A page or socket that cannot be opened is reported and
        retried, and the board runs without it, unless the caller `needs_page`.

        If the disk is so full that the database cannot even be read, this waits for room. Under systemd, which would
        restart it, it also waits for other temporary errors, such as another program that uses the database; and a
        board that another program holds is opened by `run`, once it is free.

        Raises StoreError, DeviceError (no pins, or a board that is held) or PageError, each one sentence.
        """
        sys.setswitchinterval(THREAD_SWITCH_S)
        with ExitStack() as undo:
            undo.callback(self._close_page)
            if page and self.page is None:
                self._start_page(needs_page=needs_page)
            self.store = self._store_opening.open()
            undo.callback(self.store.close)
            prepare(self.store)
            board = self._simulated_board() if self._config.board.simulated else None
            self.station = Station(self._config, self.store, self._clock, board=board)
            undo.callback(self.station.close)
            self._supervisor = Supervisor(self._clock, self.station.report_fault)
            stick = Path(self._config.store.stick) if self._config.store.stick else None
            self._log_size = LogSize(self.store, self._clock, self.station.report_fault)
            self._nightly = Nightly(self.store, self._clock, stick, self.station.report_fault)
            if page or socket_path is not None:
                self._wire = BoardServer(self.station, lambda: self.store.cache.revision)
                undo.callback(self._wire.close)
                wire = AskedThread("wire", self._clock, lambda: self._wire.is_alive, self._wire.post)
                self._supervisor.watch(wire)
            self._open_board(undo, board)
            self._socket_path = socket_path
            self._listen()  # last, like the page below: requests before the loop runs would time out
            if self.page is not None:
                self._wire.adopt(self.page.take_connection())
            if page:
                self._await_page(needs_page=needs_page)
            self._closing = undo.pop_all()
        return self.station

    def _pause(self, seconds: float) -> bool:
        """Wait, and return at once with true if the station should stop."""
        return self._closed.wait(seconds) or self._is_stopping

    def _listen(self) -> None:
        if self._socket_path is None:
            return
        try:
            self._wire.listen(self._socket_path)
        except PermanentStoreError:
            raise
        except StoreError as error:  # perhaps the directory is read-only; the board still measures
            self.station.report_fault("page", f"{error} {TRIED_AGAIN}")
        else:
            self._socket_path = None
            self.station.report_fault("page", None)

    def _start_page(self, *, needs_page: bool) -> None:
        try:
            self.page = PageChild()
            self.page.configure(self._config)
        except PageError:
            if needs_page:
                raise

    def _await_page(self, *, needs_page: bool) -> None:
        """Wait until the page serves."""
        page = self.page
        if page is not None and not needs_page and not page.has_answered(PAGE_FIRST_S):
            self._late_page, self.page = page, None
            self._retry_page_later(PAGE_LATE)
            return
        error: PageError | None = None
        try:
            if page is not None and not page.wait_until_ready():
                self._close_page()
                self.page = None
                return
        except PageError as failed:
            error = failed
        if error is None and page is not None:
            self.page_config = page.successor_config
            self._on_page(page)
            return
        if error is not None and needs_page:
            raise error
        self.page = None
        self._retry_page_later(f"{error} {TRIED_AGAIN}")

    def _retry_page_later(self, sentence: str) -> None:
        self.station.report_fault("page", sentence)
        self._retrying = threading.Thread(target=self._retry_page, name="page retry", daemon=True)
        self._retrying.start()

    def _retry_page(self) -> None:
        while self._late_page is not None or not self._closed.wait(PAGE_RETRY_S):
            with suppress(RuntimeError, ValueError):  # the station is closing and has stopped the process
                page = self._late_page
                try:
                    if page is None:
                        page = self._late_page = PageChild()
                        page.configure(self.page_config)
                        self._wire.adopt(page.take_connection())
                    page.wait_until_ready()
                except PageError as error:
                    self._late_page = None
                    self.station.report_fault("page", f"{error} {TRIED_AGAIN}")
                    continue
                self.page_config = page.successor_config
                self.page, self._late_page = page, None
                if self._closed.is_set():
                    page.stop()
                    return
                self.station.report_fault("page", None)
                self._on_page(page)
                return
            late, self._late_page = self._late_page, None
            if late is not None:
                late.stop()  # again, or for the first time: it may have been started when the others were stopped

    def _close_page(self) -> None:
        self._closed.set()
        for page in (self.page, self._late_page):
            if page is not None:
                page.stop()

    def _simulated_board(self) -> SimulatedBoard:
        from station.simulator.board import SENSOR_SEED, SimulatedBoard, delivered_error

        error = delivered_error(self._config, SENSOR_SEED)
        board = SimulatedBoard(self._config, self._clock, range_error=error)
        self._clock = board.clock
        return board

    def _open_board(self, undo: ExitStack, board: SimulatedBoard | None) -> None:
        """Start the scheduler and open the board's parts. This takes half of the start; the page loads meanwhile.

        Under systemd, which would restart the service, a board that another program holds is opened later.
        """
        from station.devices.board_lock import BoardHeldError
        from station.system.scheduler import Scheduler

        self._alarms = Scheduler(self._clock, self.station.wake_up, self.station.report_fault)
        self._alarms.start()
        undo.callback(self._alarms.stop)
        self._watch_scheduler()
        try:
            self._open_parts(undo, board)
        except BoardHeldError as error:
            if not self._notifier.is_heard:
                raise
            self.station.attach(None, self._alarms)
            self._hold_board(error)

    def _hold_board(self, error: DeviceError) -> None:
        """Show who has the board, also to systemd."""
        sentence = f"{error} {WAITS_FOR_BOARD}"
        if sentence != self._board_held:
            self._board_held = sentence
            self.station.hold_board(sentence)
            self._notifier.notify(f"STATUS={sentence}")

    def _open_held_board(self) -> None:
        """Open the board if another program has held it until now. Raises DeviceError."""
        if self._board_held is None:
            return
        from station.devices.board_lock import BoardHeldError

        self._notifier.notify("WATCHDOG=1")  # opening takes a second or two, and nothing else may be late before it
        try:
            self._open_parts(self._closing, None)
        except BoardHeldError as error:
            self._hold_board(error)
        else:
            self._board_held = None
            self._notifier.notify("STATUS=")

    def _open_parts(self, undo: ExitStack, board: SimulatedBoard | None) -> None:
        """Open the board's parts, and give them to the station. Raises DeviceError."""
        from station.devices.board_lock import lock_board
        from station.devices.pacer import DeadlineThread
        from station.devices.pins import edge_thread, open_pin_factory
        from station.system.lent_parts import LentParts

        station = self.station
        if board is None:
            undo.callback(lock_board(self._config.range_sensor.i2c_bus))
            pin_factory, open_bus = open_pin_factory(), None
        else:
            pin_factory, open_bus = board.pin_factory, board.open_bus
        parts = self._parts = LentParts(self._config, self._clock, station, self._supervisor, pin_factory, open_bus)
        undo.callback(parts.close)
        devices = parts.open()
        if board is not None:
            board.snapshot, board.request_start = station.snapshot, lambda name: station.request_start(name, None)
            board.answer_question = partial(station.command, CommandName.ANSWER, None)
            board.shown_rhythm = station.shown_rhythm
            pacer = DeadlineThread(board, self._clock, station_failing(station), name="simulated board")
            board.wake = pacer.wake
            undo.callback(pacer.close)
            pacer.start()
            self._supervisor.watch(pacer)
        station.attach(devices, self._alarms)
        station.lend(parts)
        parts.start(devices)
        if (edges := edge_thread()) is not None:
            self._supervisor.watch(AskedThread(edges.name, self._clock, edges.is_alive, edges.post))

    def _open_missing_parts(self) -> None:
        """Retry the parts that could not be opened, while the board is empty and not being checked."""
        now_us, now = self._clock.now_us(), self.station.snapshot()
        is_checked = now.bring_up is not None and not now.bring_up.is_over
        is_used = now.state.phase not in (IDLE.phase, *ENDED_PHASES) or any(heel.down for heel in now.heels)
        if self._parts is None or is_checked or is_used or now_us - self._retried_us < PART_RETRY_US:
            return
        self._retried_us = now_us
        if self._parts.open_missing():
            self.station.attach(self._parts.devices, self._alarms)
            self.station.lend(self._parts)

    def _watch_scheduler(self) -> None:
        """Watch the scheduler. A hold still ends in time without it, so it can be replaced even during a session."""
        asked = AskedThread(
            "scheduler", self._clock, lambda: self._alarms.is_alive, lambda call: self._alarms.post(call)
        )

        def revive() -> None:
            self._alarms.restart()
            asked.forget()

        self._supervisor.watch(asked, revive)

    def obey_signals(self) -> None:
        """Install handlers so that SIGTERM and SIGINT shut the station down cleanly, even while it is still opening."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def run(self, watch: Callable[[], None] = lambda: None) -> None:
        """Run the loop until SIGTERM, SIGINT or `station.stop`; `watch` is called at least once a second.

        Raises ThreadEndedError if a thread that the station needs has ended, DeviceError if a board that was held has
        no pins.
        """
        built_in_routines()  # the catalogue is read now: the page already answers, and nobody stands on the board yet
        gc.freeze()  # nothing loaded so far is garbage, and collecting it would stop every thread for 30 ms
        gc.enable()
        self._date.remember(self._clock)
        has_waited = self._store_opening.waits_for is not None and self._board_held is None
        status = "\nSTATUS=" if has_waited else ""
        self._notifier.notify(f"READY=1{status}{self._notifier.allow_as_usual()}")

        def alive() -> None:
            self._watch_threads()
            watch()

        self.station.run(alive)

    def _stop(self, _number: int, _frame: Any) -> None:
        self._is_stopping = True

    def _watch_threads(self) -> None:
        """Called by the loop: check the other threads, and feed the watchdog while all of them work."""
        if self._is_stopping:
            self.station.stop()
        now_us = self._clock.now_us()
        if now_us - self._watched_us < WATCHDOG_US:
            return
        self._watched_us = now_us
        if self._supervisor.check():
            self._notifier.notify("WATCHDOG=1")
        if self.page is not None and not self.page.alive:
            self.page.stop()
            self.page = None
            self._retry_page_later(PAGE_ENDED)
        self._listen()
        self._open_held_board()
        self._open_missing_parts()
        self._log_size.check(is_idle=self.station.snapshot().state == IDLE)
        self._watch_clock()

    def _watch_clock(self) -> None:
        """Report a wrong date, and reschedule the calendar's jobs after the date was set.

        The nightly backup does not wait for a right date: a station without a network may not have one for years.
        """
        offset = wall_offset(self._clock)
        step = timedelta() if self._wall_offset is None else offset - self._wall_offset
        was_set = self._wall_offset is None or abs(step) > CLOCK_STEP
        if was_set:
            self._wall_offset = offset
            if self._wrong_dates is not None:
                self._wrong_dates = self._wrong_dates.corrected(self.station, self._clock.utc_now(), step)
            if self._clock.utc_now() >= EARLIEST_DATE:
                self._alarms.every_night(self._nightly.run)
            self._alarms.reschedule()
        right = self._date.is_right(self._clock)
        if right is not self._clock_right:
            self._clock_right = right
            self._wrong_dates = None if right else WrongDates.since_now(self.store, self._clock)
            self.station.report_fault("clock", None if right else CLOCK_WRONG)
            was_set = True
        if right and was_set:
            self.station.wall_clock_set()

    def restore(self) -> bool:
        """After `close`, replace the database by the backup that a page has requested; returns whether to start again.

        If the disk fails, the database stays unchanged, and the log says so.
        """
        staged = self.station.restoring.staged
        if staged is None:
            return False
        from station.store.backups.restore import BY_BROWSER, replace_database

        self._notifier.notify(f"WATCHDOG=1{self._notifier.allow(UPGRADE_LIMIT_US)}")  # until the next `run`
        with self.station.restoring.opened:
            try:
                replace_database(
                    staged,
                    self.store.path,
                    self._clock.utc_now(),
                    BY_BROWSER,
                    same_board=self.station.restoring.same_board,
                )
            except StoreError as error:
                log.warning("No backup was restored: %s", error)
        return not self._is_stopping

    def close(self) -> None:
        """Silence the buzzer, store the current run, then release everything."""
        if self._is_stopping or self.station.restoring.staged is None:
            self._notifier.notify("STOPPING=1")
        self._closed.set()
        if self._parts is not None:
            self._parts.silence()
        self._closing.close()


def station_failing(station: Station) -> Callable[[Exception], None]:
    """The handler of an unexpected error in the simulated board's thread."""
    return lambda error: station.report_fault("simulated board", f"The simulated board has failed ({error!r}).")
