"""The station's loop: one queue, and one owner of all state.

Pin edges, samples, readings, alarms and the page's requests arrive through one queue. Only the loop feeds the rules,
writes to the store and plays cues. The page reads an immutable snapshot. The loop has no thread of its own: in real
time `run` drives it, in virtual time the owner of the clock calls `drain`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from station.advice.pain import STOP_ADVICE
from station.app.api import SimulatedBoard
from station.app.board_view import BoardView, next_step_of
from station.app.budgets import MeasurementContext
from station.app.calibration import CalibrationMonitor
from station.app.inbox import (
    FaultReport,
    Inbox,
    Posted,
    ReminderDue,
    SettingsChange,
    Start,
    StartRequest,
    StoreRequest,
    Wakeup,
    WallClockSet,
)
from station.app.outputs import BoardOutputs
from station.app.personal_best import with_best_to_beat, without_best_to_beat
from station.app.recorder import Recorder, is_result
from station.app.reminders import Reminders
from station.app.resume import ResumeManager, is_resumable
from station.app.run import Run, heel_fault_of, heel_references, heel_states, stuck_heel_fault
from station.app.snapshot import HeelView, Snapshot
from station.app.start_gate import TODAY, UNFINISHED, StartDecision, StartGate, is_only_test
from station.clock import Clock, RunUs
from station.config import Config
from station.core.activities.engine import Engine
from station.core.activities.presence import Presence
from station.core.activities.questions import PAIN_QUESTION
from station.core.events import SECOND_US, STOPPING_PAIN, Command, CommandName, Event, Heel, Knee, Load, Side, Tick, Toe
from station.core.facts import Answered, Cue, CueEnded, CueName, Eased, Ended, Fact, LouderAsked, TapsUndone
from station.core.sensing.sensors import BoardSensors, References, Wiring
from station.core.sound.cues import Volume
from station.core.state import ActivityState, IdleState
from station.core.steps import Routine, TestStep, uses_blocks
from station.settings import Settings, with_changes
from station.store import Store, StoreError

if TYPE_CHECKING:
    from station.devices.board import Devices

log = logging.getLogger(__name__)

PERSON_REMEMBERED_US = 600 * SECOND_US
"""For ten minutes, a step on is attributed to the person chosen on a page or last on the board."""
EMPTY_BOARD_TIMEOUT_US = 20 * SECOND_US
"""A session ends once the board has been empty for this long after the last activity."""
MAX_WAIT_US = 250_000
"""The loop's longest wait: it checks the time at least this often, even if the alarm clock fails."""
REST_US = 5 * SECOND_US
"""After this long, an empty board is sensed slowly until something moves."""
ALARM_GRACE_US = 2_000
"""How long past the activity's alarm the loop waits for the alarm clock to ring: a tick that is 10 ms late is late."""
MIN_SNAPSHOT_INTERVAL_US = 100_000
"""Changes without an event, like the toe distance, are published at most this often."""
MAX_SNAPSHOT_AGE_US = 500_000
"""A working station never lets its snapshot grow older than this."""
STEPPED_OFF = "stepped off"
"""The end reason of a session whose person left the board."""
STORED_CUES = frozenset({CueName.COMPLETE, CueName.ENDED, CueName.TRIAL_OK, CueName.BEST})
"""Cues that confirm storage; they do not sound until the data is stored."""


QUIETER_TO_LOUDER = (Volume.OFF, Volume.LOW, Volume.NORMAL, Volume.LOUD)
TEST_FOLLOWED_NOTE = "Step on the board, and today's routine follows."
EASED_NOTE = "It hurt, so half of what follows is enough today. Stop if it hurts more."
TAPS_OFF_NOTE = "Undone. Heel taps are off now; turn them on in Settings."


class AlarmClock(Protocol):
    """The part of the scheduler that the loop uses."""

    def move_alarm(self, at_us: int | None) -> None: ...

    def set_reminders(self, at: Mapping[str, datetime], job: Callable[[str], None]) -> None: ...


class Station(Inbox):
    """The station. Any thread may call `post` and the page's methods; everything else belongs to the loop's thread."""

    def __init__(self, config: Config, store: Store, clock: Clock, *, board: SimulatedBoard | None = None) -> None:
        super().__init__(clock)
        self._config = config
        self._store = store
        self._board = board
        self._outputs = BoardOutputs()
        self._alarms: AlarmClock | None = None
        self._stopping = False
        self._recorder = Recorder(store, lambda sentence: self._report_fault("store", sentence))
        self._settings = store.settings()
        self._calibration = CalibrationMonitor(config, store)
        plates = config.board.plates
        sides = tuple(Side) if plates == "two" else (Side(plates),)
        self._wiring = Wiring(config.board.heels == "analogue", sides, config.board.knee_pad)
        self._resume = ResumeManager()
        self._reminders = Reminders(store)
        self._title: str | None = None
        self._note: str | None = None
        self._decision: StartDecision | None = None
        self._decided_for: str | None = None
        self._recorded_remaining: Routine = ()
        self._is_wall_clock_set = False
        self._empty_shares = store.empty_shares()
        self._last_levels: dict[tuple[type, Side | None], Event] = {}
        self._view = BoardView()
        self._run: Run | None = None
        self._last_state: ActivityState | None = None
        self._recent_person: tuple[str | None, int] = (None, 0)
        """Who was last on the board or chosen on a page, and when."""
        self._names: dict[str, str] = {}
        self._end_reason: str | None = None
        self._now_us = clock.now_us()
        self._shown_us = 0
        self._has_changed = self._is_urgent = True
        self._change_count = 0
        self._idle_sensors = BoardSensors(self._wiring, self._now_us, References(dict(self._empty_shares)))
        self._wait_for_person(is_occupied=True)
        self._report_fault("calibration", self._calibration.fault_sentence)
        self._snapshot = self._make_snapshot()

    # For the page, from any thread; its requests are in `Inbox`.

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def change_settings(self, changes: dict[str, str]) -> None:
        with_changes(self._settings, changes)  # raises here, so that the caller gets the error at once
        self.post(SettingsChange(changes))

    @property
    def board(self) -> SimulatedBoard | None:
        return self._board

    # The loop.

    def attach(self, devices: Devices | None, alarms: AlarmClock | None) -> None:
        """Connect the devices that play cues and the alarm clock that wakes the loop."""
        self._outputs.attach(devices)
        self._alarms = alarms
        self._apply_volume()

    @property
    def wakes_at_us(self) -> int | None:
        """When the loop must run next if nothing arrives."""
        activity_us = self._activity_wakes_at_us
        show_us = self._shown_us + MAX_SNAPSHOT_AGE_US
        return show_us if activity_us is None else min(activity_us, show_us)

    def stop(self) -> None:
        """End `run`, from any thread."""
        self._stopping = True
        self.wake_up()

    def run(self, alive: Callable[[], None]) -> None:
        """Loop until `stop`. Calls `alive` at least once a second while the loop works."""
        try:
            while not self._stopping:
                alive()
                self.drain(self._wait())
        finally:
            self.refuse_requests()

    def _wait(self) -> Posted | None:
        now_us = self._clock.now_us()
        wakes_at_us = self.wakes_at_us
        wait_us = (
            MAX_WAIT_US if wakes_at_us is None else max(0, min(MAX_WAIT_US, wakes_at_us + ALARM_GRACE_US - now_us))
        )
        return self.take(wait_us / SECOND_US)

    def drain(self, item: Posted | None = None) -> None:
        """Handle `item`, everything queued, and the passing of time."""
        while True:
            if item is not None:
                self._dispatch_safely(item)
            item = self.take()
            if item is None:
                break
        self._pass_time()

    def _dispatch(self, item: Posted) -> None:
        match item:
            case Start():
                self._start(item)
            case StartRequest():
                self._answer_start(item)
            case SettingsChange():
                self._change_settings(with_changes(self._settings, item.changes))
            case StoreRequest():
                self._execute_request(item)
            case ReminderDue():
                self._on_reminder(item.person_id)
            case WallClockSet():
                self._is_wall_clock_set = True
                self._set_reminders()
            case FaultReport():
                self._report_fault(item.part, item.sentence)
            case Wakeup():
                pass
            case _:
                self._handle_event(item)

    def _execute_request(self, wish: StoreRequest) -> None:
        try:
            wish.done.set_result(wish.action(self._store))
        except (ValueError, LookupError, StoreError) as error:
            wish.done.set_exception(error)
        except Exception as error:
            log.exception("A request of the page failed; the board carries on.")
            wish.done.set_exception(error)
        self._on_claim(wish)
        self._refresh_from_store()
        self._set_reminders()

    def _on_claim(self, wish: StoreRequest) -> None:
        """Once a session is claimed, that person's answers apply to its unfinished routine."""
        kept = wish.done.exception() is None
        if kept and wish.claim is not None and wish.claim[0] == self._recorder.session_id:
            self._recent_person = (wish.claim[1], self._now_us)
        if kept and wish.claim is not None:
            self._resume.on_claim(*wish.claim)

    def _dispatch_safely(self, item: Posted) -> None:
        try:
            self._dispatch(item)
        except StoreError as error:
            self._report_fault("store", str(error))

    def _pass_time(self) -> None:
        now_us = self._clock.now_us()
        wakes_at_us = self._activity_wakes_at_us
        if wakes_at_us is not None and now_us >= wakes_at_us:
            self._dispatch_safely(Tick(now_us))
        waited = self._recorder.has_pending_writes
        self._recorder.flush(now_us)
        if waited and not self._recorder.has_pending_writes:
            self._refresh_from_store()
        if self._run is None:
            self._end_session_when_left(now_us)
        if self._alarms is not None:
            self._alarms.move_alarm(self._activity_wakes_at_us)
        self._outputs.rest(self._is_empty_for(REST_US, now_us))
        since_us = now_us - self._shown_us
        if self._is_urgent or since_us >= (MIN_SNAPSHOT_INTERVAL_US if self._has_changed else MAX_SNAPSHOT_AGE_US):
            self._publish_snapshot()

    def _is_empty_for(self, span_us: int, now_us: int) -> bool:
        """Whether no run is active and the board has been empty for this long."""
        empty_since_us = self._presence.empty_since_us
        return self._run is None and empty_since_us is not None and now_us - empty_since_us >= span_us

    @property
    def _activity_wakes_at_us(self) -> int | None:
        return self._presence_engine.wakes_at_us if self._run is None else self._run.wakes_at_us

    def _handle_event(self, event: Event) -> None:
        """Handle an event. A thread may deliver it slightly late; time never goes backwards."""
        self._now_us = max(self._now_us, event.at_us)
        self._remember(event)
        self._feed(event)
        changes = self._presence_engine.change_count if self._run is None else self._run.change_count
        if changes != self._change_count:
            self._change_count, self._is_urgent = changes, True

    def _feed(self, event: Event) -> None:
        run = self._run
        if run is None:
            if not isinstance(event, Command):
                self._presence_engine.feed(at_time(event, self._now_us))
                if self._presence_engine.outcome is not None:
                    self._on_step_on()
            return
        at_us = run.to_run_us(self._now_us)
        self._publish(run.feed(at_time(event, at_us)))
        self._recorder.tick(at_us)
        if run.outcome is not None:
            self._finish_run(run)

    def _remember(self, event: Event) -> None:
        match event:
            case Heel():
                self._last_levels[(Heel, event.side)] = event
                self._has_changed = True
            case Knee():
                self._last_levels[(Knee, None)] = event
                self._has_changed = True
            case Toe():
                self._view.on_reading(event, self._now_us)
                self._has_changed = True
                self._monitor_calibration(event)
            case _:
                pass

    def _monitor_calibration(self, toe: Toe) -> None:
        """Record a failed check when a reading alone shows that the calibration is off."""
        empty = self._run is None and self._presence.empty_since_us is not None
        seen = self._calibration.on_reading(toe, self._now_us, empty=empty)
        if seen is not None:
            self._recorder.temperature_c = self._outputs.temperature_c
            calibration_id = self._calibration.current.id
            self._recorder.record_check(calibration_id, seen.kind, None, seen.off_mm, seen.uncertainty_mm, passed=False)
            self._refresh_from_store()

    # Start and end.

    def _wait_for_person(self, *, is_occupied: bool) -> None:
        """Wait for a step on. A person still on the board keeps the standing load learnt so far."""
        references = References(dict(self._empty_shares))
        if is_occupied:
            references = heel_references(self._idle_sensors) if self._run is None else self._run.references()
        self._idle_sensors = BoardSensors(self._wiring, self._now_us, references)
        self._presence = Presence(self._idle_sensors, is_occupied=is_occupied)
        self._presence_engine = Engine(self._presence, self._idle_sensors, self._now_us)
        self._run = None
        for level in self._last_levels.values():
            self._presence_engine.feed(at_time(level, self._now_us))

    def _on_step_on(self) -> None:
        """Handle a deliberate step on. Within a session, moving feet are still the same person's, and only the
        unfinished routine starts by itself."""
        side = self._presence.side or Side.LEFT
        first = side if len(self._wiring.plates) == len(Side) else Side.LEFT
        person_id = self._recent_person[0] if self._recorder.in_session else self._inferred_person()
        unfinished = self._resume.resume_candidate(person_id, self._now_us)
        decision = (
            None if unfinished is None else self._gate(person_id).restricted(unfinished.routine, unfinished.title)
        )
        if decision is not None:
            self._begin_decided(decision, person_id)
        elif self._resume.continues_today:
            self._begin_named(TODAY, person_id, first, tested=True)
        elif self._settings.on_step == "nothing" or self._recorder.in_session:
            self._wait_for_person(is_occupied=True)
        else:
            self._begin_named(self._settings.on_step, person_id, first)

    def _gate(self, person_id: str | None, first: Side = Side.LEFT) -> StartGate:
        """The start gate for this person now."""
        return StartGate(
            self._store,
            self._settings,
            person_id,
            self._clock.utc_now(),
            first,
            analogue=self._wiring.analogue,
            blocks_mm=self._config.range_sensor.blocks_mm,
            seed=self._clock.now_us(),
        )

    def _begin_named(
        self, name: str, person_id: str | None, first: Side = Side.LEFT, *, tested: bool = False
    ) -> StartDecision:
        """Begin what the gate decides under this name."""
        try:
            decision = self._gate(person_id, first).decide(name, tested=tested)
        except ValueError as error:
            decision = StartDecision(notice=str(error))
        return self._begin_decided(decision, person_id, name, tested=tested)

    def _begin_decided(
        self, decision: StartDecision, person_id: str | None, name: str = "", *, tested: bool = False
    ) -> StartDecision:
        """Begin it, or show why nothing begins."""
        if decision.routine:
            self._begin_run(decision.routine, person_id, decision.title, competes=not decision.advice)
        else:
            self._resume.on_start()
            self._wait_for_person(is_occupied=True)
            self._play_cues([Cue(self._now_us, CueName.STEP_ON)])
        self._show_decision(decision, person_id)
        follows = name == TODAY and not tested and person_id is not None
        self._resume.continues_today = follows and is_only_test(decision.routine)
        return decision

    def _show_decision(self, decision: StartDecision, person_id: str | None) -> None:
        self._decision, self._decided_for = decision, person_id
        self._note, self._is_urgent = decision.note, True

    def _inferred_person(self) -> str | None:
        """The person chosen on a page or on the board within the last ten minutes, else the only person known."""
        person_id, at_us = self._recent_person
        if person_id is not None and self._now_us - at_us <= PERSON_REMEMBERED_US:
            return person_id
        self._refresh_from_store()
        return next(iter(self._names)) if len(self._names) == 1 else None

    def _refresh_from_store(self) -> None:
        """Reload people and calibration from the store; if it cannot be read, keep the last known values."""
        try:
            self._names = {person.id: person.name for person in self._store.people()}
            self._calibration.refresh()
            self._refresh_offer()
        except StoreError as error:
            self._report_fault("history", str(error))
        else:
            self._report_fault("history", None)
            self._report_fault("calibration", self._calibration.fault_sentence)

    def _refresh_offer(self) -> None:
        """Offer the unfinished routine if part of it may start, now or after the health questions.

        Raises StoreError.
        """
        one = self._resume.unfinished
        if one is not None and one.person_id is not None:
            decision = self._gate(one.person_id).restricted(one.routine, one.title)
            self._resume.set_offered(bool(decision.routine) or decision.needs_health_questions)

    def _start(self, start: Start) -> None:
        self._end_run()
        person_id = start.person_id if start.person_id is not None else self._inferred_person()
        self._begin_decided(self._gate(person_id).restricted(start.routine, start.title), person_id)

    def _answer_start(self, request: StartRequest) -> None:
        """Decide, start, and answer with the decision. A refused start does not end the current run."""
        person_id = self._person_of(request)
        try:
            self._now_us = max(self._now_us, self._clock.now_us())
            decision = self._gate(person_id).decide(request.name)
            if decision.routine:
                self._end_run()
                self._begin_decided(decision, person_id, request.name)
            elif self._run is None:
                self._show_decision(decision, person_id)
        except (ValueError, StoreError) as error:
            request.done.set_exception(error)
        except Exception as error:
            log.exception("A start requested by the page failed; the board carries on.")
            request.done.set_exception(error)
        else:
            request.done.set_result(decision)

    def _person_of(self, request: StartRequest) -> str | None:
        if request.person_id is not None:
            return request.person_id
        unfinished = self._resume.unfinished
        if request.name == UNFINISHED and unfinished is not None and self._resume.offer(self._now_us) is not None:
            return unfinished.person_id
        return self._inferred_person()

    def _end_run(self) -> None:
        """End the current run, as the command `stop` does."""
        self._now_us = max(self._now_us, self._clock.now_us())
        while self._run is not None:
            self._handle_event(Command(self._now_us, CommandName.STOP))

    def _begin_run(self, routine: Routine, person_id: str | None, title: str | None, *, competes: bool) -> None:
        """Start the run of these steps. `competes`: a full test may be a personal best."""
        references = heel_references(self._idle_sensors)
        wall = self._clock.utc_now()
        if self._recorder.in_session and self._recent_person[0] != person_id:
            self._recorder.end_session(wall, "somebody else")
        if not self._recorder.in_session:
            self._recorder.begin_session(person_id, wall, simulated=self._config.board.simulated)
        self._recent_person = (person_id, self._now_us)
        self._refresh_from_store()
        self._recorder.temperature_c = self._outputs.temperature_c
        routine = (
            with_best_to_beat(self._store, routine, person_id, self._wiring.contact, wall)
            if competes
            else without_best_to_beat(routine)
        )
        routine = self._calibration.prepare_routine(routine, self._now_us)
        curve = self._calibration.curve_for(routine)
        # A comparator cannot tell a tap from a heel that hovers at its threshold: three false commands an hour.
        taps = self._settings.taps == "on" and self._wiring.analogue
        self._run = Run(routine, self._wiring, references, curve, self._now_us, taps=taps)
        skirting_mm, temperature_c = self._config.board.skirting_mm, self._recorder.temperature_c
        using = MeasurementContext(self._calibration.current, wall, temperature_c, skirting_mm)
        self._recorder.begin_run(self._run, wall, using, title)
        self._resume.on_start()
        self._title, self._note, self._recorded_remaining = title, None, ()
        self._apply_volume()
        self._last_state = None
        self._publish(self._run.start())
        for level in list(self._last_levels.values()):
            self._handle_event(at_time(level, self._now_us))

    def _finish_run(self, run: Run) -> None:
        self._recorder.end_run()
        if run.outcome == "ended":
            self._resume.continues_today = False
            self._resume.on_early_end(
                run.remaining,
                self._title,
                self._recent_person[0],
                self._recorder.session_id,
                self._now_us,
                self._end_reason,
            )
        self._last_state = run.state_at(run.to_run_us(self._now_us))
        self._recent_person = (self._recent_person[0], self._now_us)
        self._wait_for_person(is_occupied=True)
        self._save_empty(run.references())
        if uses_blocks(run.routine):
            self._refresh_from_store()
        if self._recorder.has_only_blocks:
            # Nobody has stood on the board during a check, so the next step on starts at once.
            self._recorder.end_session(self._clock.utc_now(), "done")
            self._wait_for_person(is_occupied=False)
        elif self._resume.continues_today and any(down for _, down, _ in run.heels()):
            self._begin_named(TODAY, self._recent_person[0], last_side(run.routine), tested=True)
        elif self._resume.continues_today:
            self._note = TEST_FOLLOWED_NOTE
            self._play_cues([Cue(self._now_us, CueName.NUDGE)])
        self._is_urgent = True

    def _save_empty(self, references: References) -> None:
        for side, share in references.empty.items():
            known = self._empty_shares.get(side)
            if known is None or share < known:
                self._empty_shares[side] = share
                self._recorder.write(partial(self._store.save_empty_share, side, share))

    def _end_session_when_left(self, now_us: int) -> None:
        empty_us = self._presence.empty_since_us
        if self._recorder.in_session and empty_us is not None and now_us - empty_us >= EMPTY_BOARD_TIMEOUT_US:
            self._recorder.end_session(self._clock.utc_now(), STEPPED_OFF)
            self._last_state = None
            if self._resume.continues_today:
                self._resume.continues_today, self._note = False, None
            self._wait_for_person(is_occupied=False)
            self._is_urgent = True

    def close(self) -> None:
        """Shut down silently; the current run stays unfinished."""
        if self._run is not None:
            run = self._run
            self._recorder.stop_run(run.to_run_us(max(self._now_us, self._clock.now_us())))
        if self._recorder.in_session:
            self._recorder.end_session(self._clock.utc_now(), "the station was stopped")
        self._recorder.flush(0)

    # Cues, results and snapshots.

    def _publish(self, facts: list[Fact]) -> None:
        """Store results before playing their cues; play all other cues first."""
        if not facts:
            return
        results = any(is_result(fact) for fact in facts)
        if results:
            self._record(facts)
        self._play_cues(facts)
        if not results:
            self._record(facts)
        self._handle_side_effects(facts)
        self._is_urgent = True

    def _record(self, facts: list[Fact]) -> None:
        for fact in facts:
            self._recorder.record(fact)

    def _handle_side_effects(self, facts: list[Fact]) -> None:
        """Apply what the facts change in the loop, and record the steps that remain."""
        for fact in facts:
            match fact:
                case Ended():
                    self._end_reason = fact.why
                case Answered() if fact.question == PAIN_QUESTION and int(fact.answer) >= STOPPING_PAIN:
                    self._resume.continues_today, self._note = False, STOP_ADVICE.sentence
                case LouderAsked():
                    place = QUIETER_TO_LOUDER.index(Volume(self._settings.volume))
                    louder = QUIETER_TO_LOUDER[min(place + 1, len(QUIETER_TO_LOUDER) - 1)]
                    self._change_settings(replace(self._settings, volume=str(louder)))
                case Eased():
                    self._note = EASED_NOTE
                case TapsUndone():
                    self._change_settings(replace(self._settings, taps="off"))
                    self._note = TAPS_OFF_NOTE
                case _:
                    pass
        run = self._run
        if run is not None and is_resumable(run.routine) and run.remaining != self._recorded_remaining:
            self._recorded_remaining = run.remaining
            self._recorder.record_unfinished(run.remaining, self._clock.utc_now())

    # Reminders.

    def _set_reminders(self) -> None:
        """Schedule each person's next reminder."""
        if self._alarms is None or not self._is_wall_clock_set:
            return
        try:
            self._alarms.set_reminders(
                self._reminders.next_times(self._clock.utc_now()), lambda person_id: self.post(ReminderDue(person_id))
            )
        except StoreError as error:
            self._report_fault("history", str(error))

    def _on_reminder(self, person_id: str) -> None:
        """Show and play a reminder (silent in quiet hours), unless the board is in use or the routine is done."""
        come = self._reminders.take(person_id, self._clock.utc_now())
        self._set_reminders()
        if not come or self._run is not None or not self._reminders.is_due(person_id, self._clock.utc_now()):
            return
        decision = self._gate(person_id).decide(TODAY)
        if decision.routine:
            self._refresh_from_store()
            self._apply_volume()
            name = self._names.get(person_id, "Somebody")
            self._note = f"{name}, your routine is ready when you are. Step on the board."
            self._play_cues([Cue(self._clock.now_us(), CueName.NUDGE)])
            self._is_urgent = True

    def _play_cues(self, facts: list[Fact]) -> None:
        run = self._run
        cues: list[Fact] = []
        for fact in facts:
            if isinstance(fact, Cue | CueEnded):
                cue = fact if run is None else replace(fact, at_us=run.to_station_us(RunUs(fact.at_us)))
                if self._recorder.has_pending_writes and isinstance(cue, Cue) and cue.cue in STORED_CUES:
                    cue = Cue(cue.at_us, CueName.ERROR)
                cues.append(cue)
                self._view.on_cue(cue)
        self._outputs.play_cues(cues)

    def _report_fault(self, part: str, sentence: str | None) -> None:
        if self._view.set_fault(part, sentence):
            self._is_urgent = True

    def _change_settings(self, settings: Settings) -> None:
        self._settings = settings
        self._recorder.write(lambda: self._store.save_settings(settings))
        self._apply_volume()

    def _apply_volume(self) -> None:
        self._outputs.set_volume(self._settings, self._clock.utc_now())

    def _publish_snapshot(self) -> None:
        self._shown_us = self._clock.now_us()
        self._has_changed = self._is_urgent = False
        self._snapshot = self._make_snapshot()
        self._outputs.update(self._snapshot)
        self.notify_pages()

    def _make_snapshot(self) -> Snapshot:
        now_us = self._clock.now_us()
        run = self._run
        if run is not None:
            shown, heels = run.state_at(run.to_run_us(now_us)), run.heels()
            heel_trouble = run.heel_fault(run.to_run_us(now_us))
        else:
            shown = self._last_state or IdleState()
            heels = heel_states(self._idle_sensors)
            heel_trouble = heel_fault_of(self._idle_sensors, now_us) or stuck_heel_fault(self._idle_sensors, now_us)
        person_id = self._recent_person[0] if self._recorder.in_session else None
        following = (None, None) if run is None else next_step_of(run.routine, shown)
        return Snapshot(
            at_us=now_us,
            state=shown,
            called=self._title if run is not None else None,
            next_step=following[0],
            next_exercise=following[1],
            decision=self._decision,
            decided_for=self._decided_for,
            note=self._note,
            rest=None if run is not None else self._resume.offer(now_us),
            toe_mm=self._toe_mm(now_us),
            toe_why=self._view.toe_missing_reason,
            heels=tuple(HeelView(side, down, share) for side, down, share in heels),
            knee=self._knee_touching(),
            cue=self._view.cue,
            troubles=self._view.faults(heel_trouble),
            session_id=self._recorder.session_id,
            person_id=person_id,
            person_name=None if person_id is None else self._names.get(person_id),
            simulated=self._config.board.simulated,
            calibration=self._calibration.state,
            check_due=self._calibration.check_due_reason(self._clock.utc_now(), self._outputs.temperature_c),
        )

    def _toe_mm(self, now_us: int) -> float | None:
        reading_mm = self._view.reading_mm(now_us)
        if reading_mm is None:
            return None
        curve = self._calibration.curve if self._run is None else self._calibration.curve_for(self._run.routine)
        return round(max(0.0, curve.toe_mm(reading_mm)), 1)

    def _knee_touching(self) -> bool | None:
        level = self._last_levels.get((Knee, None))
        return level.touching if isinstance(level, Knee) else None


def last_side(routine: Routine) -> Side:
    """The side on which the test ended; the next exercise starts there."""
    tests = [step for step in routine if isinstance(step, TestStep)]
    return tests[-1].sides[-1] if tests else Side.LEFT


def at_time(event: Event, at_us: int) -> Event:
    """A copy of the event at another time. Loads come 200 times a second, and `replace` takes five times as long."""
    if isinstance(event, Load):
        return Load(at_us, event.side, event.share)
    return replace(event, at_us=at_us)
