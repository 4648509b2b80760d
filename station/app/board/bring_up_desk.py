"""The bring-up while the station runs: it borrows the board's parts; the desk shows its findings and questions.

It has its own thread, because it waits for wires and people; its news reaches the loop through the queue.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from station.app.board.bring_up_records import SKIP, BringUpStoppedError, BringUpView, Question, Result, Witness
from station.app.board.view import BoardView
from station.clock import Clock
from station.core.events import SECOND_US

if TYPE_CHECKING:
    from station.app.access.presence_desk import PresenceDesk
    from station.app.board.outputs import BoardOutputs
    from station.app.running.event_time import EventTime
    from station.app.running.session import Session
    from station.app.settings_in_use import SettingsInUse
    from station.devices.board import Devices

log = logging.getLogger(__name__)

ANSWER_US = 600 * SECOND_US
"""How long a question waits: measuring a voltage takes minutes, but an abandoned page must not keep the board."""
END_S = 10.0
"""How long a station that ends waits for the bring-up: a press or a stuck bus takes seconds."""
GOING = "The board is being checked: wait until the check has ended, or stop it."
RUNNING = "A session is running on the board: end it, then check the board."
PAIRING = "A browser is asking for proof of presence: wait until that has ended, then check the board."
OCCUPIED = (
    "Someone is on the board: step off, then check it. If it is empty, a plate reads as pressed by itself: start "
    "below, with nobody on the board."
)
NO_BOARD = "This station has no board to check."
OTHER_QUESTION = "The check has moved on: answer the question it shows now."
NOTHING_ASKED = "The check is not asking anything now."
STOPPED = "The check was stopped."
UNANSWERED = "Nobody answered for ten minutes, so the check has ended: start it again."
BROKEN = "The check failed and has ended: see the board's log for details."


class BoardParts(Protocol):
    """The parts of the board, as the station lends them to the bring-up."""

    def bring_up(self, witness: Witness | None, publish: Callable[[Result], None]) -> None:
        """Close the parts, check each and publish the results; without a `witness` it asks no questions."""

    def reopen(self) -> Devices:
        """Open the parts again, as they were before."""


class BringUpEnded(Struct, frozen=True):
    """The bring-up has ended (early if there is a reason), and these parts are open again."""

    devices: Devices
    why: str | None


class BringUpNews(Struct, frozen=True):
    """A finding or question of the bring-up, or its end."""

    news: Result | Question | BringUpEnded


class _PageWitness(Witness):
    """The person at the page, for the bring-up's thread."""

    def __init__(self, post: Callable[[BringUpNews], None]) -> None:
        self._post = post
        self._answers: SimpleQueue[str] = SimpleQueue()
        self._is_stopped = Event()
        self._why = STOPPED

    def ask(self, question: Question) -> str:
        self._require_going()
        self._post(BringUpNews(question))
        answer = self._answers.get()
        self._require_going()
        return answer

    def publish(self, result: Result) -> None:
        """Show a result. Raises BringUpStoppedError."""
        self._require_going()
        self._post(BringUpNews(result))

    def answer(self, answer: str) -> None:
        """Pass on the answer that the bring-up waits for. Called from the loop's thread."""
        self._answers.put(answer)

    def stop(self, why: str) -> None:
        """End the bring-up at its next step. Called from the loop's thread."""
        self._why = why
        self._is_stopped.set()
        self._answers.put(SKIP)

    def _require_going(self) -> None:
        if self._is_stopped.is_set():
            raise BringUpStoppedError(self._why)


class BringUpDesk:
    """Begins the bring-up, shows it and ends it. Only the loop calls it."""

    def __init__(
        self,
        post: Callable[[BringUpNews], None],
        clock: Clock,
        time: EventTime,
        *,
        session: Session,
        presence: PresenceDesk,
        settings: SettingsInUse,
        outputs: BoardOutputs,
        view: BoardView,
    ) -> None:
        self._post = post
        self._clock = clock
        self._time = time
        self._session = session
        self._presence = presence
        self._settings = settings
        self._outputs = outputs
        self._board_view = view
        self._parts: BoardParts | None = None
        self._witness: _PageWitness | None = None
        self._thread: Thread | None = None
        self._asked_us = 0
        self._held_reason: str | None = None
        self.view: BringUpView | None = None

    def attach(self, parts: BoardParts) -> None:
        """Use these parts, which are open; another program may have held the board or one of them until now."""
        self._parts = parts
        self.hold(None)
        self._take_parts()

    def hold(self, reason: str | None) -> None:
        """Another program holds the board, as this sentence says, until `attach`."""
        self._held_reason = reason
        self._board_view.set_fault("board", reason)

    @property
    def away_reason(self) -> str | None:
        """Who else has the board's parts, in a sentence: the bring-up or another program; `None` if nobody."""
        return self._held_reason if self._witness is None else GOING

    def begin(self, *, asks: bool, is_empty: bool) -> None:
        """Lend the parts and begin; see `StationApi.start_bring_up`. Raises ValueError with a sentence."""
        parts, obstacle = self._parts, self._obstacle(is_empty=is_empty)
        if obstacle is not None:
            raise ValueError(obstacle)
        if parts is None:
            raise ValueError(NO_BOARD)
        self._outputs.attach(None)
        self._witness = witness = _PageWitness(self._post)
        number = 1 if self.view is None else self.view.number + 1
        self._show(BringUpView(number, asks))
        self._thread = Thread(target=self._work, args=(parts, witness, asks), name="bring-up", daemon=True)
        self._thread.start()

    def _obstacle(self, *, is_empty: bool) -> str | None:
        """Why it cannot begin now, in a sentence; `is_empty`: a person says that nobody is on the board."""
        if self.away_reason is not None:
            return self.away_reason
        if self._session.run is not None:
            return RUNNING
        if self._presence.is_waiting:
            return PAIRING
        is_faulty = self._session.heel_fault(self._time.now_us) is not None
        is_pressed = any(heel.down for heel in self._session.heels)
        return OCCUPIED if is_pressed and not (is_empty or is_faulty) else None

    def _work(self, parts: BoardParts, witness: _PageWitness, asks: bool) -> None:
        """The body of the bring-up's thread."""
        why = None
        try:
            parts.bring_up(witness if asks else None, witness.publish)
        except BringUpStoppedError as stopped:
            why = str(stopped)
        except Exception:
            log.exception("The bring-up has failed; the board carries on.")
            why = BROKEN
        self._post(BringUpNews(BringUpEnded(parts.reopen(), why)))

    def take(self, news: Result | Question | BringUpEnded) -> None:
        """Show news of the bring-up; at its end take back the parts and wait for a step on."""
        view = self.view
        assert view is not None
        match news:
            case Result():
                self._show(replace(view, results=(*view.results, news), question=None, doing=""))
            case Question():
                self._asked_us = self._clock.now_us()
                self._show(replace(view, question=news, doing=""))
            case BringUpEnded():
                self._witness = self._thread = None
                self._outputs.attach(news.devices)
                self._take_parts()
                self._show(replace(view, is_over=True, question=None, doing="", why=news.why))

    def _take_parts(self) -> None:
        """Begin to use the parts that somebody else had; a person may be standing there."""
        self._settings.apply_volume(None)
        self._time.catch_up()
        self._session.wait_for_person(is_occupied=True)

    def answer(self, number: int, answer: str | None) -> None:
        """Answer the question of the view with this number, or stop (`None`). Raises ValueError with a sentence."""
        view = self.view
        if answer is None:
            self.stop()
            return
        if self._witness is None or view is None or view.question is None:
            raise ValueError(NOTHING_ASKED)
        if number != view.number:
            raise ValueError(OTHER_QUESTION)
        checked, question = view.question.checked(answer), view.question
        self._show(replace(view, question=None, doing="" if checked == SKIP else question.then))
        self._witness.answer(checked)

    def stop(self, why: str = STOPPED) -> None:
        """End the bring-up, if one is running, at its next step."""
        if self._witness is not None and self.view is not None:
            self._show(replace(self.view, question=None, doing="The check is being stopped."))
            self._witness.stop(why)

    def pass_time(self, now_us: int) -> None:
        """End a bring-up whose question has waited too long."""
        is_asked = self.view is not None and self.view.question is not None
        if self._witness is not None and is_asked and now_us - self._asked_us >= ANSWER_US:
            self.stop(UNANSWERED)

    def close(self) -> None:
        """End the bring-up and wait for its thread."""
        thread = self._thread
        self.stop()
        if thread is not None:
            thread.join(END_S)

    def _show(self, view: BringUpView) -> None:
        number = view.number if self.view is None else max(view.number, self.view.number + 1)
        self.view = replace(view, number=number)
        self._board_view.is_urgent = True
