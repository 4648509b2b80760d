"""The station's loop: one queue, and one owner of all state.

Pin edges, samples, readings, alarms and the page's requests arrive through one queue. Only the loop feeds the rules,
writes to the store and plays cues. The page reads an immutable snapshot. The loop has no thread of its own: in real
time `run` drives it, in virtual time the owner of the clock calls `drain`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from station.app.access.owner_reset import OwnerReset
from station.app.access.presence_desk import PresenceDesk
from station.app.api import SimulatedBoard
from station.app.board.bring_up_desk import BoardParts, BringUpDesk, BringUpNews
from station.app.board.idle_board import IdleBoard, wiring_of
from station.app.board.outputs import BoardOutputs, CuePublisher
from station.app.board.view import BoardView
from station.app.exchange.merge_people import merge_after_backup
from station.app.exchange.restoring import RESTORING, Restoring
from station.app.inbox import (
    BringUpAnswered,
    BringUpAsked,
    FaultReport,
    Inbox,
    Posted,
    PresenceAsked,
    PresenceFinished,
    ReminderDue,
    SettingsChange,
    Start,
    StartRequest,
    StoreRequest,
    Wakeup,
    WallClockSet,
)
from station.app.people import People
from station.app.recording.recorder import Recorder
from station.app.results.calibration import CalibrationMonitor
from station.app.running.event_time import EventTime
from station.app.running.fact_publisher import FactPublisher
from station.app.running.presenter import Presenter
from station.app.running.session import Session
from station.app.settings_in_use import SettingsInUse
from station.app.snapshot import PresenceRequest, Snapshot
from station.app.starting.gate_factory import GateFactory
from station.app.starting.reminders import AlarmClock, ReminderAlarms, Reminders
from station.app.starting.resume import ResumeManager, interrupted_routine
from station.app.starting.run_factory import RunFactory
from station.app.starting.starter import Starter
from station.app.store_mirror import StoreMirror
from station.clock import Clock
from station.config import Config
from station.core.events import SECOND_US, Button, Event, Heel, Knee, Load, Press, Tick, Toe
from station.settings import with_changes
from station.store import Store, StoreError
from station.store.records import Merge, PersonContents
from station.store.writing.dates import RowMarks

if TYPE_CHECKING:
    from station.devices.board import Devices

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

MAX_WAIT_US = 250_000
"""The loop's longest wait while the board is used: it checks the time this often even if the alarm clock fails."""
REST_US = 5 * SECOND_US
"""After this long, an empty board is sensed slowly until something moves."""
BOARD_IN_USE = "Someone is on the board: wait until their session has ended, and try again."
ALARM_GRACE_US = 2_000
"""How long past the activity's alarm the loop waits for the alarm clock to ring: a tick that is 10 ms late is late."""


class Station(Inbox):
    """Hands each item of the queue to the part that handles it, and lets time pass.

    Any thread may call `post`, `snapshot` and the page's methods; everything else belongs to the loop's thread.
    """

    def __init__(self, config: Config, store: Store, clock: Clock, *, board: SimulatedBoard | None = None) -> None:
        """Raises StoreError."""
        super().__init__(clock)
        self._store = store
        self._simulated_board = board
        self._alarms: AlarmClock | None = None
        self._is_stopping = False
        self.restoring = Restoring(store.path, self.stop)
        self._time = time = EventTime(clock)
        self._view = view = BoardView()
        self._outputs = outputs = BoardOutputs()
        self._recorder = recorder = Recorder(store, lambda sentence: view.set_fault("store", sentence))
        people, cues = People(store, time), CuePublisher(outputs, view, recorder)
        resume = ResumeManager(interrupted_routine(store, clock))
        self._settings = settings = SettingsInUse(store, recorder, outputs, people, clock)
        self._calibration = calibration = CalibrationMonitor(config, store)
        self._idle_board = idle = IdleBoard(wiring_of(config), time, store.empty_shares())
        self._reminders = ReminderAlarms(Reminders(store), clock, view, lambda one: self.post(ReminderDue(one)))
        gate_for = GateFactory(store, settings, clock, idle.wiring.analogue, config.range_sensor.blocks_mm)
        self._presence = presence = PresenceDesk(store, clock, time, board=idle, cues=cues, view=view)
        self._mirror = mirror = StoreMirror(people, calibration, resume, gate_for, view)
        if resume.unfinished is not None:
            people.remember(resume.unfinished.person_id)
            mirror.refresh()
        self._session = session = Session(
            store,
            clock,
            time,
            is_simulated=config.board.simulated,
            recorder=recorder,
            board=idle,
            people=people,
            resume=resume,
            runs=RunFactory(
                store,
                clock,
                time,
                board=idle,
                calibration=calibration,
                settings=settings,
                outputs=outputs,
                skirting_mm=config.board.skirting_mm,
            ),
            publisher=FactPublisher(clock, recorder=recorder, cues=cues, view=view, settings=settings, resume=resume),
            mirror=mirror,
            view=view,
        )
        self._bring_up = bring_up = BringUpDesk(
            self.post,
            clock,
            time,
            session=session,
            presence=presence,
            settings=settings,
            outputs=outputs,
            view=view,
        )
        self._starter = Starter(
            time,
            gate_for=gate_for,
            session=session,
            board=idle,
            people=people,
            resume=resume,
            settings=settings,
            mirror=mirror,
            cues=cues,
            view=view,
        )
        self._owner_reset = OwnerReset(store, clock.now_us(), recorder=recorder, cues=cues, view=view)
        view.set_fault("calibration", calibration.fault_sentence)
        recorder.write(store.require_writable)
        self._presenter = Presenter(
            clock,
            is_simulated=config.board.simulated,
            session=session,
            board=idle,
            people=people,
            presence=presence,
            bring_up=bring_up,
            resume=resume,
            calibration=calibration,
            recorder=recorder,
            outputs=outputs,
            view=view,
        )

    # For the page, from any thread; its requests are in `Inbox`.

    def snapshot(self) -> Snapshot:
        return self._presenter.snapshot

    def shown_rhythm(self) -> tuple[Press, ...] | None:
        """The rhythm that a browser shows now; only for the simulated person, who reads it there."""
        return self._presence.shown_rhythm

    def change_settings(self, changes: dict[str, str]) -> Future[None]:
        with_changes(self._settings.values, changes)  # raises here, so that the caller gets the error at once
        done: Future[None] = Future()
        return self._post_answerable(SettingsChange(changes, done), done)

    def merge_people(self, person_id: str, into_id: str) -> Future[Merge]:
        def move() -> Future[PersonContents]:
            return self._request_store(
                lambda store: store.merge_people(person_id, into_id), moved=(person_id, into_id), changes_access=True
            )

        return merge_after_backup(self._store.path, self._clock.utc_now(), self._refuse_in_session, move)

    def restore_backup(self, path: str, name: str, same_board: bool = False) -> Future[None]:
        return self.restoring.request(Path(path), name, self._request_without_session, same_board=same_board)

    def _refuse_in_session(self) -> None:
        if self._session.is_open:
            raise ValueError(BOARD_IN_USE)

    def _request_without_session(self, act: Callable[[], None]) -> Future[None]:
        def unless_in_use(_store: Store) -> None:
            self._refuse_in_session()
            act()

        return self._request_store(unless_in_use)

    def correct_dates(self, marks: RowMarks, since: datetime, until: datetime, by: timedelta) -> None:
        """Correct rows with a wrong date, stored or waiting to be stored; see `Store.correct_dates`."""
        self._request_store(lambda _: self._recorder.correct_dates(marks, since, until, by), changes_access=True)

    @property
    def board(self) -> SimulatedBoard | None:
        return self._simulated_board

    # The loop.

    def attach(self, devices: Devices | None, alarms: AlarmClock | None) -> None:
        """Connect the devices that play cues and the alarm clock that wakes the loop."""
        self._outputs.attach(devices)
        self._alarms = alarms
        self._reminders.attach(alarms)
        self._settings.apply_volume(None)

    def lend(self, parts: BoardParts) -> None:
        """Lend these parts, which are open, to the bring-up whenever it runs."""
        self._bring_up.attach(parts)

    def hold_board(self, reason: str) -> None:
        """Another program holds the board: refuse with this sentence what needs it, until `attach` and `lend`."""
        self._bring_up.hold(reason)

    def end_bring_up(self) -> None:
        """End the bring-up, if one is running, and wait until it has returned the parts. Call it after `run`."""
        self._bring_up.close()

    @property
    def wakes_at_us(self) -> int:
        """When the loop must run next if nothing arrives."""
        activity_us, snapshot_us = self._activity_wakes_at_us, self._presenter.wakes_at_us
        return snapshot_us if activity_us is None else min(activity_us, snapshot_us)

    @property
    def _activity_wakes_at_us(self) -> int | None:
        """The deadline for the next feed of the run, the wait for a person or a request for presence."""
        wakes_us = (self._session.wakes_at_us, self._presence.wakes_at_us)
        return min((one for one in wakes_us if one is not None), default=None)

    def stop(self) -> None:
        """End `run`, from any thread."""
        self._is_stopping = True
        self.wake_up()

    def run(self, alive: Callable[[], None]) -> None:
        """Loop until `stop`. Calls `alive` at least once a second while the loop works."""
        try:
            while not self._is_stopping:
                alive()
                self.drain(self._wait())
        finally:
            self.refuse_requests()

    def _wait(self) -> Posted | None:
        """The next item, or `None` once something is due by time.

        On an empty board only the snapshot counts: anything else can wait for it or for the next sample.
        """
        now_us = self._clock.now_us()
        until_us = min(self.wakes_at_us + ALARM_GRACE_US, now_us + MAX_WAIT_US)
        if self._presenter.rests:
            until_us = self._presenter.wakes_at_us
        return self.take(max(0, until_us - now_us) / SECOND_US)

    def drain(self, item: Posted | None = None) -> None:
        """Handle `item`, everything queued, and the passing of time."""
        while True:
            if item is not None:
                self._dispatch_safely(item)
            item = self.take()
            if item is None:
                break
        self._pass_time()

    def _dispatch_safely(self, item: Posted) -> None:
        try:
            self._dispatch(item)
        except StoreError as error:
            self._view.set_fault("store", str(error))

    def _dispatch(self, item: Posted) -> None:
        match item:
            case Load() | Toe():  # nearly all items; every case before this one would slow them down
                self._handle_event(item)
            case StartRequest() | PresenceAsked() | BringUpAsked() | SettingsChange() | StoreRequest() if (
                self.restoring.is_promised
            ):
                item.done.set_exception(StoreError(RESTORING))
            case Start() if self.restoring.is_promised:
                self._view.show_note(RESTORING)
            case StartRequest() | PresenceAsked() if (away_reason := self._bring_up.away_reason) is not None:
                item.done.set_exception(ValueError(away_reason))
            case Start() if (away_reason := self._bring_up.away_reason) is not None:
                self._view.show_note(away_reason)
            case Start():
                self._starter.start(item)
                self._end_presence_of_run()
            case StartRequest():
                self._starter.answer(item)
                self._end_presence_of_run()
            case PresenceAsked():
                self._answer(item.done, self._request_presence)
            case PresenceFinished(is_confirmed=True):
                self._answer(item.done, lambda: self._presence.finish(item.request_id))
            case PresenceFinished():
                self._answer(item.done, lambda: self._presence.cancel(item.request_id))
            case BringUpAsked():
                self._answer(item.done, lambda: self._bring_up.begin(asks=item.asks, is_empty=item.is_empty))
            case BringUpAnswered():
                self._answer(item.done, lambda: self._bring_up.answer(item.number, item.answer))
            case BringUpNews():
                self._bring_up.take(item.news)
            case SettingsChange():
                self._change_settings(item)
            case StoreRequest():
                self._execute_request(item)
            case ReminderDue():
                self._on_reminder(item.person_id)
            case WallClockSet():
                self._reminders.on_wall_clock_set()
            case FaultReport():
                self._view.set_fault(item.part, item.sentence)
            case Wakeup():
                pass
            case _:
                self._handle_event(item)

    def _request_presence(self) -> PresenceRequest:
        self._settings.apply_volume(None)
        return self._presence.request(is_running=self._session.run is not None)

    def _answer(self, done: Future[Answer], act: Callable[[], Answer]) -> None:
        """Do now what a page requests, and answer it."""
        self._time.catch_up()
        try:
            done.set_result(act())
        except (ValueError, StoreError) as error:
            done.set_exception(error)
        except Exception as error:
            log.exception("A request of the page failed; the board carries on.")
            done.set_exception(error)

    def _end_presence_of_run(self) -> None:
        if self._session.run is not None:
            self._presence.on_run_start()

    def _change_settings(self, request: SettingsChange) -> None:
        try:
            self._settings.change(request.changes)
        except ValueError as error:
            request.done.set_exception(error)
            return
        if self._recorder.fault is None:
            request.done.set_result(None)
        else:
            sentence = f"{self._recorder.fault} Until then the settings are in use, but not stored."
            request.done.set_exception(StoreError(sentence))

    def _execute_request(self, request: StoreRequest) -> None:
        self._recorder.write_waiting()  # the request may concern these rows
        try:
            if request.moved is not None:
                self._refuse_in_session()
            request.done.set_result(request.action(self._store))
        except (ValueError, LookupError, StoreError) as error:
            request.done.set_exception(error)
        except Exception as error:
            log.exception("A request of the page failed; the board carries on.")
            request.done.set_exception(error)
        if request.claim is not None and request.done.exception() is None:
            self._session.on_claim(*request.claim)
        if request.moved is not None and request.done.exception() is None:
            self._session.on_person_moved(*request.moved)
        if request.changes_access:
            self._view.on_access_change()
        self._mirror.refresh()
        self._reminders.schedule()

    def _on_reminder(self, person_id: str) -> None:
        """Show and play a reminder (silent in quiet hours), unless the board is in use or the routine is done."""
        if self._reminders.take(person_id) and self._session.run is None and self._reminders.is_due(person_id):
            self._starter.remind(person_id)

    def _handle_event(self, event: Event) -> None:
        """Feed an event to the current run, or to the idle board."""
        self._time.advance_to(event.at_us)
        self._remember(event)
        if isinstance(event, Button):
            self._presence.feed(event)
        elif self._session.run is None:
            if self._idle_board.feed(event):
                self._on_step_on()
            self._presence.feed(event)
        elif (ended := self._session.feed(event)) is not None:
            self._starter.on_run_end(ended)
        self._view.on_sensor_changes(self._session.change_count)

    def _on_step_on(self) -> None:
        """A person stands on the board. After a rhythm, in the bring-up and before a restore this starts nothing."""
        is_away = self._bring_up.away_reason is not None
        if self._presence.blocks_step_on or is_away or self.restoring.is_promised:
            self._idle_board.wait_for_person(is_occupied=True)
        else:
            self._starter.on_step_on()

    def _remember(self, event: Event) -> None:
        """Remember the sensor values for the page, and the levels for the start of the next run."""
        match event:
            case Load():
                pass
            case Heel() | Knee():
                self._idle_board.remember_level(event)
                self._view.is_changed = True
            case Toe():
                self._view.on_reading(event, self._time.now_us)
                self._monitor_calibration(event)
            case _:
                pass

    def _monitor_calibration(self, toe: Toe) -> None:
        """Record a failed check when a reading alone shows that the calibration is off."""
        now_us = self._time.now_us
        found = self._calibration.on_reading(toe, now_us, empty=self._session.is_empty_for(0, now_us))
        if found is not None:
            self._recorder.temperature_c = self._outputs.temperature_c
            calibration_id = self._calibration.current.id
            self._recorder.record_check(
                calibration_id, found.kind, None, found.off_mm, found.uncertainty_mm, passed=False
            )
            self._mirror.refresh()

    def _pass_time(self) -> None:
        now_us = self._clock.now_us()
        wakes_at_us = self._activity_wakes_at_us
        if wakes_at_us is not None and now_us >= wakes_at_us:
            self._dispatch_safely(Tick(now_us))
        was_waiting = self._recorder.has_pending_writes
        self._recorder.flush(now_us)
        if was_waiting and not self._recorder.has_pending_writes:
            self._mirror.refresh()
        self._session.end_if_empty(now_us)
        self._presence.pass_time(now_us)
        self._bring_up.pass_time(now_us)
        if not self._owner_reset.is_over:
            self._owner_reset.watch(now_us, () if self._session.run is not None else self._idle_board.heels)
        rests = not self._presence.is_waiting and self._session.is_empty_for(REST_US, now_us)
        if self._alarms is not None:
            self._alarms.move_alarm(None if rests else self._activity_wakes_at_us)
        self._outputs.rest(rests)
        self._presenter.rests = rests
        if self._presenter.is_due(now_us):
            self._presenter.publish()
            self.notify_pages()

    def close(self) -> None:
        """Shut down silently; the current run stays unfinished."""
        self._session.close()
        lost = self._recorder.pending_count - self._store.is_read_only  # `require_writable` stores nothing
        if lost > 0:
            log.warning("%s The station stops, so %d entries are lost.", self._recorder.fault, lost)
