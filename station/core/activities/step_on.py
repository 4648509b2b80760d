"""In a test: the person steps on with the leg to be tested, at first and after stepping off."""

from __future__ import annotations

from msgspec import Struct

from station.core.activities.standing_heel import StandingHeel
from station.core.activities.waiting import WaitAlarm, earliest
from station.core.activities.wrong_leg import WrongLeg
from station.core.events import SECOND_US


class StepOnRules(Struct, frozen=True):
    """The times of stepping on."""

    down_us: int = 500_000
    """A heel that is down for this long has stepped on."""
    wrong_leg_after_us: int = 2 * SECOND_US
    return_timeout_us: int = 180 * SECOND_US
    """Getting up from the floor and back on the board."""


class StepOn:
    """Waits for `heel` to be down for half a second; an exercise starts preparing at once (`board_call`)."""

    def __init__(self, heel: StandingHeel, rules: StepOnRules | None = None) -> None:
        self._rules = rules or StepOnRules()
        self._heel = heel
        self._wrong_leg = WrongLeg(self._rules.wrong_leg_after_us)
        self._deadline_us: int | None = None

    def call(self, now_us: int) -> None:
        """The person is called back. The deadline holds until the first attempt, even if they come and leave again."""
        self._deadline_us = now_us + self._rules.return_timeout_us

    def on_heel_change(self) -> None:
        """The tested heel has moved."""
        self._wrong_leg.cancel()

    def on_other_heel(self, since_us: int, *, is_down: bool) -> None:
        """The other heel has been down, or up, since `since_us`; `is_down` only in `STEP_ON_PHASES`."""
        self._wrong_leg.update(since_us, is_standing=is_down and not self._heel.is_down)

    @property
    def wrong_leg_due_us(self) -> int | None:
        """When to point out the wrong leg."""
        return self._wrong_leg.due_us

    def pop_wrong_leg(self, now_us: int) -> bool:
        """Whether the wrong leg is to be pointed out now; true once."""
        is_due = self._wrong_leg.is_due(now_us)
        if is_due:
            self._wrong_leg.mark_reported()
        return is_due

    @property
    def due_us(self) -> int | None:
        """When the person will have stepped on, or, if they have not, when the next alarm is due."""
        if self._heel.down_since_us is not None:
            return self._heel.down_since_us + self._rules.down_us
        return earliest(self._deadline_us, self._wrong_leg.due_us)

    def on_alarm(self, now_us: int) -> WaitAlarm | None:
        """Return what is due, `None` if the person has stepped on."""
        if self._heel.is_down:
            return None
        if self._deadline_us is not None and now_us >= self._deadline_us:
            return WaitAlarm.TIMEOUT
        self._wrong_leg.mark_reported()
        return WaitAlarm.WRONG_LEG
