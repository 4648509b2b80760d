"""The station's snapshot: its current state, immutable, made by the loop and read by the page.

The page gets state, not animation: it counts up from `at_us` and the state's clock.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from station.app.board.bring_up_records import BringUpView
from station.app.starting.start_gate import StartDecision
from station.core.events import Legs, Press, Side
from station.core.facts import CueName
from station.core.state import (
    ActivityState,
    BlockState,
    ExerciseState,
    IdleState,
    RepsState,
    ResumeNeed,
    TestState,
)

MEASURING_PARTS = (ResumeNeed.DISTANCE_SENSOR, ResumeNeed.HEEL_SENSOR)
"""A fault of theirs stops a person on the board, and is what the page says first."""


class CueView(Struct, frozen=True):
    """The last cue; `number` grows with every cue, so that a page recognises a new one."""

    number: int
    cue: CueName
    count: int | None
    side: Side | None
    repeating: bool


class HeelView(Struct, frozen=True):
    """A heel: `down` is `None` while unknown; `share` is the load as a share of the person's standing load."""

    side: Side
    down: bool | None
    share: float | None


class Fault(Struct, frozen=True):
    """A part's fault in one sentence: what happened, where, what to do."""

    part: str
    sentence: str


class UnfinishedView(Struct, frozen=True):
    """An unfinished routine as the page offers it, with its title and duration."""

    title: str | None
    seconds: int
    person_id: str | None = None
    """The person it belongs to; `None` while unclaimed."""


class PresenceState(StrEnum):
    """The state of a request for presence. All but the first three are final."""

    WAITING = "waiting"
    WRONG = "wrong"
    MATCHED = "matched"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


REQUEST_OVER = "This request is over: ask again."


class PresenceRequest(Struct, frozen=True):
    """A request for presence, only for the browser that asked: the rhythm to make and the number to compare.

    The browser finishes or cancels it with the key `id`; `serial` identifies it in the snapshot.
    """

    id: str
    serial: int
    rhythm: tuple[Press, ...]
    number: int
    seconds_left: int


class PresenceView(Struct, frozen=True):
    """The public part of a request for presence, without its rhythm and its number.

    `presses` are those made so far. `why` is a sentence for the browser that asked, once the request is over.
    """

    serial: int
    state: PresenceState
    presses: tuple[Press, ...]
    seconds_left: int
    why: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether the state is final."""
        return self.state in (PresenceState.CONFIRMED, PresenceState.EXPIRED, PresenceState.CANCELLED)


IDLE = IdleState()


class Snapshot(Struct, frozen=True, kw_only=True):
    """Everything the live page shows: the activity's state and the board's sensors.

    `state` is that of the running activity, or of the last one until the person steps off. `at_us` is on the station's
    monotonic clock. `toe_missing_reason` says why there is no toe distance. `routine_title` is the title of the current
    routine; `next_step` and `next_exercise` are what follows. `decision` is the newest decision of the start gate.
    `note` is one sentence for the person: why nothing starts, what was undone, what is due. `unfinished` is the
    unfinished routine, offered while no run is active. `calibration` is `as built`, `good` or `suspect` (a check has
    failed); `check_due` says why a check is due.
    """

    at_us: int
    state: ActivityState = IDLE
    routine_title: str | None = None
    next_step: str | None = None
    next_exercise: str | None = None
    decision: StartDecision | None = None
    decided_for: str | None = None
    """The person that `decision` is about, `None` for an unknown one."""
    note: str | None = None
    note_about: str | None = None
    """The person that `note` is about, if any."""
    access_number: int = 0
    """Grows with each change of access: who may get in, and who sees whose results."""
    unfinished: UnfinishedView | None = None
    toe_mm: float | None = None
    toe_missing_reason: str | None = None
    heels: tuple[HeelView, ...] = ()
    knee: bool | None = None
    cue: CueView | None = None
    faults: tuple[Fault, ...] = ()
    session_id: str | None = None
    person_id: str | None = None
    person_name: str | None = None
    simulated: bool = False
    calibration: str = "as built"
    check_due: str | None = None
    presence: PresenceView | None = None
    """The current request for presence, or how the last one ended."""
    bring_up: BringUpView | None = None

    @property
    def is_note_a_decision(self) -> bool:
        """Whether the note states the last decision of the start gate."""
        return self.decision is not None and self.note == self.decision.note

    @property
    def activity(self) -> str:
        """The name of the activity."""
        return self.state.activity

    @property
    def phase(self) -> str:
        """The value of the activity's phase."""
        return self.state.phase

    @property
    def side(self) -> Legs | None:
        """The working legs."""
        return self.state.side

    @property
    def exercise(self) -> str | None:
        """The key of the exercise; `None` in other activities and outside the catalogue."""
        return self.state.exercise if isinstance(self.state, ExerciseState) else None

    @property
    def verified(self) -> bool | None:
        """Whether the board can verify the exercise; `None` in other activities."""
        return self.state.verified if isinstance(self.state, ExerciseState) else None

    @property
    def target_count(self) -> int | None:
        """How many repetitions to do."""
        return self.state.target_count if isinstance(self.state, RepsState) else None

    @property
    def target_mm(self) -> float | None:
        """The toe distance to move to in a test, or the length of the block to hold."""
        return self.state.target_mm if isinstance(self.state, TestState | BlockState) else None
