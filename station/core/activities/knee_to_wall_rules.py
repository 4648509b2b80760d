"""The phases of a knee-to-wall test, the transitions between them, and its times."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field

from station.core.activities.contact_proof import AttemptRules
from station.core.activities.repositioning import MoveRules
from station.core.activities.sensor_fault import FaultRules
from station.core.activities.standing_heel import SteadyRules
from station.core.activities.step_on import StepOnRules
from station.core.events import SECOND_US, CommandName


class TestPhase(StrEnum):
    """The phases of a test."""

    __test__ = False

    WAIT = "wait"
    SETTLE = "settle"
    SIDE = "side"
    COUNT = "count"
    ATTEMPT = "attempt"
    MOVE = "move"
    REST = "rest"
    SWITCH = "switch"
    RESULT = "result"
    PAUSED = "paused"
    FAULT = "fault"
    ENDED = "ended"


_INTERRUPTIONS = (TestPhase.PAUSED, TestPhase.FAULT, TestPhase.ENDED)
TRANSITIONS: dict[TestPhase, frozenset[TestPhase]] = {
    TestPhase.WAIT: frozenset({TestPhase.WAIT, TestPhase.SETTLE, TestPhase.ENDED}),
    TestPhase.SETTLE: frozenset({TestPhase.WAIT, TestPhase.SETTLE, TestPhase.SIDE, *_INTERRUPTIONS}),
    TestPhase.SIDE: frozenset({TestPhase.WAIT, TestPhase.SETTLE, TestPhase.COUNT, *_INTERRUPTIONS}),
    TestPhase.COUNT: frozenset({TestPhase.WAIT, TestPhase.SETTLE, TestPhase.COUNT, TestPhase.ATTEMPT, *_INTERRUPTIONS}),
    TestPhase.ATTEMPT: frozenset(
        {TestPhase.SETTLE, TestPhase.MOVE, TestPhase.REST, TestPhase.SWITCH, TestPhase.RESULT, *_INTERRUPTIONS}
    ),
    TestPhase.MOVE: frozenset({TestPhase.SETTLE, TestPhase.ATTEMPT, *_INTERRUPTIONS}),
    TestPhase.REST: frozenset({TestPhase.SETTLE, TestPhase.PAUSED, TestPhase.ENDED}),
    TestPhase.SWITCH: frozenset({TestPhase.SETTLE, TestPhase.PAUSED, TestPhase.ENDED}),
    TestPhase.RESULT: frozenset({TestPhase.ENDED}),
    TestPhase.PAUSED: frozenset({TestPhase.SETTLE, TestPhase.ENDED}),
    TestPhase.FAULT: frozenset({TestPhase.SETTLE, TestPhase.PAUSED, TestPhase.ENDED}),
    TestPhase.ENDED: frozenset(),
}
PHASES_BEFORE_LUNGE = (TestPhase.SETTLE, TestPhase.SIDE, TestPhase.COUNT)
STEP_ON_PHASES = (TestPhase.WAIT, TestPhase.SETTLE, TestPhase.MOVE)
"""Where a person may step on, at first or again; with the wrong leg, they hear SWITCH."""
NUDGED_PHASES = (TestPhase.SETTLE, TestPhase.MOVE)
MEASURING_PHASES = (*PHASES_BEFORE_LUNGE, TestPhase.ATTEMPT, TestPhase.MOVE)
PHASES_OF_COMMAND = {
    CommandName.PAUSE: frozenset(TestPhase) - {TestPhase.WAIT, TestPhase.PAUSED, TestPhase.RESULT, TestPhase.ENDED},
    CommandName.NEXT: frozenset({TestPhase.SIDE, TestPhase.COUNT, TestPhase.REST}),
    CommandName.SKIP: frozenset({TestPhase.REST, *MEASURING_PHASES}) - {TestPhase.SETTLE},
}
"""Where a command is obeyed; while somebody settles there is nothing to skip yet."""


class TestRules(Struct, frozen=True):
    """The times of a knee-to-wall test, and the rules of its parts."""

    __test__ = False

    step_on: StepOnRules = field(default_factory=StepOnRules)
    attempt: AttemptRules = field(default_factory=AttemptRules)
    move: MoveRules = field(default_factory=MoveRules)
    steady: SteadyRules = field(default_factory=SteadyRules)
    fault: FaultRules = field(default_factory=FaultRules)
    nudge_after_us: int = 10 * SECOND_US
    announce_side_us: int = 3 * SECOND_US
    count_us: int = 3 * SECOND_US
    departed_after_us: int = 3 * SECOND_US
    rest_us: int = 10 * SECOND_US
    switch_timeout_us: int = 90 * SECOND_US
    pause_timeout_us: int = 120 * SECOND_US
    show_result_us: int = 60 * SECOND_US

    def time_limit_us(self, phase: TestPhase) -> int | None:
        """How long `phase` may last, `None` if time alone does not end it."""
        return {
            TestPhase.SIDE: self.announce_side_us,
            TestPhase.MOVE: self.move.timeout_us,
            TestPhase.REST: self.rest_us,
            TestPhase.RESULT: self.show_result_us,
            TestPhase.PAUSED: self.pause_timeout_us,
        }.get(phase)
