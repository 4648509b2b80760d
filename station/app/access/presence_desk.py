"""Requests for presence: a person proves by a rhythm that they are standing at the board; one request at a time.

The rhythm and the number are secrets of the browser that asked. The snapshot has neither.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from station.app.access.roles import RHYTHM
from station.app.board.idle_board import IdleBoard, at_time
from station.app.board.outputs import CuePublisher
from station.app.board.view import BoardView
from station.app.running.event_time import EventTime
from station.app.snapshot import REQUEST_OVER, PresenceRequest, PresenceState, PresenceView
from station.clock import Clock
from station.core.activities.engine import Engine
from station.core.activities.heel_rhythm import NO_ANSWER, RhythmPhase
from station.core.events import SECOND_US, Command, CommandName, Event, Press
from station.core.facts import Ended, Fact, RhythmMatched, RhythmWrong
from station.core.sensing.sensors import BoardSensors
from station.core.state import RhythmState
from station.core.steps import RHYTHM_LENGTH, TWO_DIGITS, RhythmStep
from station.store import Store, StoreError

MAX_WRONG, WRONG_WITHIN, PAUSE = 5, timedelta(minutes=10), timedelta(minutes=5)
"""After this many wrong rhythms within this time, requests are refused for the pause."""

CLEAR_US = 3 * SECOND_US
"""How long the board must be empty after a request before a step on starts anything: the heel that made the rhythm
comes down again."""

RUNNING = "A session is running on the board: wait until it is over, and ask again."
TWO_ASKED = "Two browsers asked at the same time, so both were cancelled: ask again, one after the other."
STARTED = "A session began on the board: when it is over, ask again."
CANCELLED = "This was cancelled."
EXPIRED = "Nobody made the rhythm within two minutes: ask again when you stand at the board."
NOT_CONFIRMED = "The number was not confirmed within a minute: ask again."
NOT_COUNTED = "The rhythm was wrong and the station could not count it, so nobody may try now"

_PHASE_STATES = {
    RhythmPhase.PRESS: PresenceState.WAITING,
    RhythmPhase.WRONG: PresenceState.WRONG,
    RhythmPhase.NUMBER: PresenceState.MATCHED,
}


@dataclass(slots=True)
class _Asked:
    """The current request."""

    request: PresenceRequest
    serial: int
    rhythm: tuple[Press, ...]
    engine: Engine
    expires_us: int


class PresenceDesk:
    """Takes requests for presence, runs their rhythm and ends them. Only the loop calls it."""

    def __init__(
        self, store: Store, clock: Clock, time: EventTime, *, board: IdleBoard, cues: CuePublisher, view: BoardView
    ) -> None:
        self._store = store
        self._clock = clock
        self._time = time
        self._board = board
        self._cues = cues
        self._board_view = view
        self._started_us = clock.now_us()
        self._asked: _Asked | None = None
        self._last_serial = 0
        self._ended_view: PresenceView | None = None
        self._is_clearing = False
        """Whether the board has been occupied ever since the last request."""

    # What it shows.

    @property
    def is_waiting(self) -> bool:
        """Whether there is a current request."""
        return self._asked is not None

    @property
    def blocks_step_on(self) -> bool:
        """Whether a step on starts nothing: there is a request, or the board has not been empty since the last one."""
        return self.is_waiting or self._is_clearing

    @property
    def shown_rhythm(self) -> tuple[Press, ...] | None:
        """The rhythm that the browser shows while it waits; only for the simulated person, who reads it there."""
        asked = self._asked
        return None if asked is None or self._state(asked).phase is RhythmPhase.NUMBER else asked.rhythm

    def state_at(self, now_us: int) -> RhythmState | None:
        """What the board shows of the current request; `None` without one."""
        return None if self._asked is None else self._state(self._asked, now_us)

    def view_at(self, now_us: int) -> PresenceView | None:
        """The current request, or how the last one ended."""
        asked = self._asked
        if asked is None:
            return self._ended_view
        state = self._state(asked, now_us)
        left_s = max(0, -(-(asked.expires_us - now_us) // SECOND_US))
        return PresenceView(asked.serial, _PHASE_STATES[RhythmPhase(state.phase)], state.presses, left_s)

    def _state(self, asked: _Asked, now_us: int = 0) -> RhythmState:
        state = asked.engine.state_at(now_us)
        assert isinstance(state, RhythmState)
        return state

    # Requests.

    def request(self, *, is_running: bool) -> PresenceRequest:
        """Begin a request.

        Raises ValueError with a sentence while a run is active, in the pause after wrong rhythms, and while there is
        another request, which is cancelled too. Raises StoreError.
        """
        if self._asked is not None:
            self._end(PresenceState.CANCELLED, TWO_ASKED)
            raise ValueError(TWO_ASKED)
        if is_running:
            raise ValueError(RUNNING)
        if (minutes := self._pause_minutes()) is not None:
            raise ValueError(f"{MAX_WRONG} wrong rhythms: wait {minutes} min, and ask again.")
        rhythm = _draw_rhythm()
        step = RhythmStep(rhythm, secrets.choice(TWO_DIGITS))
        self._last_serial += 1
        seconds = step.wait_us // SECOND_US
        request = PresenceRequest(secrets.token_urlsafe(16), self._last_serial, rhythm, step.number, seconds)
        self._begin(request, step)
        return request

    def _begin(self, request: PresenceRequest, step: RhythmStep) -> None:
        # Imported with the first request: the page answers sooner without all the activities.
        from station.core.activities.routine import RoutineRun

        now_us = self._time.now_us
        sensors = BoardSensors(self._board.wiring, now_us, self._board.references)
        engine = Engine(RoutineRun((step,), sensors), sensors, now_us)
        self._asked = _Asked(request, request.serial, step.rhythm, engine, now_us + step.wait_us)
        self.feed(Command(now_us, CommandName.START))
        for level in self._board.current_levels():
            self.feed(level)

    def finish(self, request_id: str) -> None:
        """Use a request whose rhythm has matched; no other call can use it again. Raises ValueError with a sentence."""
        asked = self._asked
        if asked is None or not secrets.compare_digest(asked.request.id, request_id):
            raise ValueError(REQUEST_OVER)
        if self._state(asked).phase is not RhythmPhase.NUMBER:
            raise ValueError("The rhythm has not been made yet.")
        self._store.note_attempt(RHYTHM, succeeded=True)
        facts = asked.engine.feed(Command(self._time.now_us, CommandName.CONFIRM))
        self._cues.play(facts)
        self._close(PresenceView(asked.serial, PresenceState.CONFIRMED, (), 0))

    def cancel(self, request_id: str) -> None:
        """End a request on behalf of the browser that asked; does nothing if it is over."""
        if self._asked is not None and secrets.compare_digest(self._asked.request.id, request_id):
            self._end(PresenceState.CANCELLED, CANCELLED)

    def on_run_start(self) -> None:
        """A run has started: end the current request, if any."""
        self._is_clearing = False
        if self._asked is not None:
            serial, self._asked = self._asked.serial, None
            self._ended_view = PresenceView(serial, PresenceState.CANCELLED, (), 0, STARTED)

    # Events.

    @property
    def wakes_at_us(self) -> int | None:
        """The deadline for the next feed."""
        return None if self._asked is None else self._asked.engine.wakes_at_us

    def pass_time(self, now_us: int) -> None:
        """Notice that the board is empty again after a request."""
        if self._is_clearing and self._board.is_empty_for(CLEAR_US, now_us):
            self._is_clearing = False

    def feed(self, event: Event) -> None:
        """Feed an event to the current request, if any."""
        asked = self._asked
        if asked is None:
            return
        before = self._state(asked)
        facts = asked.engine.feed(at_time(event, self._time.now_us))
        is_counted = all(self._count_wrong() for fact in facts if isinstance(fact, RhythmWrong))
        self._cues.play(facts)
        if any(isinstance(fact, RhythmMatched) for fact in facts):
            asked.expires_us = self._time.now_us + RhythmStep().confirm_us
        ended = next((fact for fact in facts if isinstance(fact, Ended)), None)
        if ended is not None:
            self._close_ended(asked, ended)
        elif not is_counted:
            self._end(PresenceState.CANCELLED, f"{NOT_COUNTED}: the Status page says why.")
        elif facts and (minutes := self._pause_minutes_after(facts)) is not None:
            self._end(PresenceState.CANCELLED, f"{MAX_WRONG} wrong rhythms: nobody can try for {minutes} minutes.")
        if self._asked is None or self._state(self._asked) != before:
            self._board_view.is_urgent = True

    def _close_ended(self, asked: _Asked, ended: Ended) -> None:
        is_late = ended.why == NO_ANSWER
        sentence = CANCELLED if ended.why == "stop" else NOT_CONFIRMED if is_late else EXPIRED
        state = PresenceState.CANCELLED if ended.why == "stop" else PresenceState.EXPIRED
        self._close(PresenceView(asked.serial, state, (), 0, sentence))

    def _end(self, state: PresenceState, why: str) -> None:
        """End the request, on the board too."""
        asked = self._asked
        assert asked is not None
        facts = asked.engine.feed(Command(self._time.now_us, CommandName.STOP))
        self._cues.play(facts)
        self._close(PresenceView(asked.serial, state, (), 0, why))

    def _close(self, view: PresenceView) -> None:
        self._asked, self._ended_view, self._is_clearing = None, view, True
        self._board.wait_for_person(is_occupied=True)
        self._board_view.is_urgent = True

    # The pause after wrong rhythms.

    def _count_wrong(self) -> bool:
        """Count a wrong rhythm; returns whether the count was stored."""
        try:
            self._store.note_attempt(RHYTHM)
        except StoreError as error:
            self._board_view.set_fault("store", str(error))
            return False
        return True

    def _pause_minutes_after(self, facts: list[Fact]) -> int | None:
        return self._pause_minutes() if any(isinstance(fact, RhythmWrong) for fact in facts) else None

    def _pause_minutes(self) -> int | None:
        """For how many more minutes requests are refused; `None` without a pause. Raises StoreError.

        Without a battery the clock goes back after a power cut. So a try dated in the future counts as made when the
        station started: switching it off and on does not shorten a pause.
        """
        now = self._clock.utc_now()
        started = now - timedelta(microseconds=self._clock.now_us() - self._started_us)
        wrong = self._store.failed_attempts(RHYTHM, now - PAUSE - WRONG_WITHIN)
        until = _pause_end(sorted(at if at <= now else started for at in wrong))
        return None if until is None or until <= now else -(-(until - now) // timedelta(minutes=1))


def _pause_end(wrong: Sequence[datetime]) -> datetime | None:
    """The end of the last pause caused by these wrong rhythms, oldest first; each counts towards one pause."""
    group: list[datetime] = []
    end = None
    for at in wrong:
        group = [*(one for one in group if at - one <= WRONG_WITHIN), at]
        if len(group) == MAX_WRONG:
            end, group = at + PAUSE, []
    return end


def _draw_rhythm() -> tuple[Press, ...]:
    """Four presses of both kinds: four short ones could be walking, four long ones a slow stretch."""
    while True:
        rhythm = tuple(secrets.choice(tuple(Press)) for _ in range(RHYTHM_LENGTH))
        if len(set(rhythm)) > 1:
            return rhythm
