"""The session on the board and its current run, from start to end."""

from __future__ import annotations

from functools import partial

from station.app.board.idle_board import IdleBoard, at_time
from station.app.board.view import BoardView
from station.app.people import People
from station.app.recording.recorder import Recorder
from station.app.running.end_reasons import OTHER_PERSON, STATION_STOPPED, STEPPED_OFF
from station.app.running.event_time import EventTime
from station.app.running.fact_publisher import FactPublisher
from station.app.running.run import Run
from station.app.snapshot import HeelView
from station.app.starting.resume import ResumeManager
from station.app.starting.run_factory import RunFactory
from station.app.store_mirror import StoreMirror
from station.clock import Clock
from station.core.events import SECOND_US, Command, CommandName, Event
from station.core.facts import BoardSet
from station.core.sensing.sensors import References
from station.core.state import ActivityState, IdleState
from station.core.steps import Routine, uses_blocks
from station.store import Store

EMPTY_BOARD_TIMEOUT_US = 20 * SECOND_US
"""A session ends once the board has been empty for this long after the last activity."""


class Session:
    """Starts, feeds, records and ends runs and the session they belong to. Only the loop calls it."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        time: EventTime,
        *,
        is_simulated: bool,
        recorder: Recorder,
        board: IdleBoard,
        people: People,
        resume: ResumeManager,
        runs: RunFactory,
        publisher: FactPublisher,
        mirror: StoreMirror,
        view: BoardView,
    ) -> None:
        self._store = store
        self._clock = clock
        self._time = time
        self._is_simulated = is_simulated
        self._recorder = recorder
        self._board = board
        self._people = people
        self._resume = resume
        self._runs = runs
        self._publisher = publisher
        self._mirror = mirror
        self._view = view
        self._title: str | None = None
        self._last_state: ActivityState | None = None
        self.run: Run | None = None
        """The current run."""

    # What it shows.

    @property
    def is_open(self) -> bool:
        """Whether a session has begun and not ended."""
        return self._recorder.in_session

    @property
    def title(self) -> str | None:
        """The display name of the current run's routine."""
        return None if self.run is None else self._title

    @property
    def person_id(self) -> str | None:
        """The session's person; `None` for nobody, or without a session."""
        return self._people.last_id if self._recorder.in_session else None

    def state_at(self, now_us: int) -> ActivityState:
        """The current run's state; between runs of a session, that of the last one."""
        if self.run is None:
            return self._last_state or IdleState()
        return self.run.state_at(self.run.to_run_us(now_us))

    @property
    def heels(self) -> tuple[HeelView, ...]:
        return self._board.heels if self.run is None else self.run.heels()

    def heel_fault(self, now_us: int) -> str | None:
        """The fault of a heel's sensor, in a sentence."""
        return self._board.heel_fault(now_us) if self.run is None else self.run.heel_fault(self.run.to_run_us(now_us))

    @property
    def change_count(self) -> int:
        """A number that changes whenever the sensors in use report a change."""
        return self._board.change_count if self.run is None else self.run.change_count

    # What drives it.

    @property
    def wakes_at_us(self) -> int | None:
        """The deadline for the next feed of the run, or of the wait for a person."""
        return self._board.wakes_at_us if self.run is None else self.run.wakes_at_us

    def is_empty_for(self, span_us: int, now_us: int) -> bool:
        """Whether no run is active and the board has been empty for this long."""
        return self.run is None and self._board.is_empty_for(span_us, now_us)

    def begin_run(self, routine: Routine, person_id: str | None, title: str | None, *, competes: bool) -> None:
        """Start a run of these steps. `competes`: a full test may be a personal best. Raises StoreError."""
        wall = self._clock.utc_now()
        with self._recorder.gathered():
            if self._recorder.in_session and self._people.last_id != person_id:
                self._recorder.end_session(wall, OTHER_PERSON)
            if not self._recorder.in_session:
                self._recorder.begin_session(person_id, wall, simulated=self._is_simulated)
            self._people.remember(person_id)
            self._mirror.refresh()
            run, context = self._runs.prepare(routine, person_id, competes=competes)
            self._recorder.temperature_c = context.temperature_c
            self.run, self._title, self._last_state = run, title, None
            self._recorder.begin_run(run, wall, context, title)
            self._resume.on_start()
            self._view.show_note(None)
            self._publisher.on_run_start(person_id)
            self._publisher.publish(run.start(), run)
        for level in self._board.current_levels():
            self._feed_run(run, level)

    def feed(self, event: Event) -> Run | None:
        """Feed the current run; returns it if this event ended it."""
        run = self.run
        if run is None:
            return None
        self._feed_run(run, event)
        if run.outcome is None:
            return None
        self._end_run(run)
        return run

    def stop_run(self) -> Run | None:
        """End the current run, as the command `stop` does, and return it."""
        return self.feed(Command(self._time.now_us, CommandName.STOP))

    def _feed_run(self, run: Run, event: Event) -> None:
        at_us = run.to_run_us(self._time.now_us)
        facts = run.feed(at_time(event, at_us))
        self._publisher.publish(facts, run)
        for fact in facts:
            if isinstance(fact, BoardSet):
                self._runs.board_lies = fact.board
        self._recorder.tick(at_us)
        self._view.on_sensor_changes(run.change_count)

    def _end_run(self, run: Run) -> None:
        self._recorder.end_run()
        now_us, person_id = self._time.now_us, self._people.last_id
        if run.outcome == "ended":
            self._resume.continues_today = False
            self._resume.on_early_end(
                run.remaining, self._title, person_id, self._recorder.session_id, now_us, self._publisher.end_reason
            )
        self._last_state = run.state_at(run.to_run_us(now_us))
        self._people.remember(person_id)
        self.wait_for_person(is_occupied=True)
        self._save_empty(run.references())
        if uses_blocks(run.routine):
            self._mirror.refresh()
        if self._recorder.has_only_blocks:
            # Nobody has stood on the board during a check, so the next step on starts at once.
            self._recorder.end_session(self._clock.utc_now(), "done")
            self.wait_for_person(is_occupied=False)
        self._view.is_urgent = True

    def wait_for_person(self, *, is_occupied: bool) -> None:
        """Drop the current run, if any, and wait for a step on."""
        learnt = None if self.run is None else self.run.references()
        self.run = None
        self._board.wait_for_person(is_occupied=is_occupied, learnt=learnt)

    def _save_empty(self, references: References) -> None:
        with self._recorder.gathered():
            for side, share in self._board.learn_empty(references).items():
                self._recorder.write(partial(self._store.save_empty_share, side, share))

    def end_if_empty(self, now_us: int) -> None:
        """End the session if the board has been empty for long enough."""
        if self._recorder.in_session and self.is_empty_for(EMPTY_BOARD_TIMEOUT_US, now_us):
            self._recorder.end_session(self._clock.utc_now(), STEPPED_OFF)
            self._last_state = None
            if self._resume.continues_today:
                self._resume.continues_today = False
                self._view.show_note(None)
            self.wait_for_person(is_occupied=False)
            self._view.is_urgent = True

    def on_claim(self, session_id: str, person_id: str | None) -> None:
        """A session has been claimed: its unfinished routine now follows that person's answers."""
        if session_id == self._recorder.session_id:
            self._people.remember(person_id)
        self._resume.on_claim(session_id, person_id)

    def on_person_moved(self, person_id: str, into_id: str | None) -> None:
        """A person is gone, replaced by another one if `into_id` is given."""
        self._people.on_moved(person_id, into_id)
        self._resume.on_person_moved(person_id, into_id)
        self._view.show_note(None)

    def close(self) -> None:
        """End the session silently; the current run stays unfinished."""
        if self.run is not None:
            self._time.catch_up()
            self._recorder.stop_run(self.run.to_run_us(self._time.now_us))
        if self._recorder.in_session:
            self._recorder.end_session(self._clock.utc_now(), STATION_STOPPED)
        self._recorder.flush(0)
