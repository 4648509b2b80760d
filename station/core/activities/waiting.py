"""How long an activity waits for a person: one nudge, then it gives up the unfinished work, then it ends."""

from __future__ import annotations

from enum import Enum


def earliest(*moments_us: int | None) -> int | None:
    """The first of the moments that are set, `None` when none is."""
    return min((at_us for at_us in moments_us if at_us is not None), default=None)


class WaitAlarm(Enum):
    """What is due in a wait."""

    WRONG_LEG = "wrong leg"
    """The person stands on the wrong leg: `WrongLeg` is due, not the wait itself."""
    NUDGE = "nudge"
    GIVE_UP = "give up"
    TIMEOUT = "timeout"


class Waiting:
    """One wait since `since_us`. Each of its moments is optional and comes once; the deadline stays due."""

    def __init__(
        self,
        since_us: int,
        *,
        nudge_us: int | None = None,
        give_up_us: int | None = None,
        deadline_us: int | None = None,
    ) -> None:
        """Nudge the person at `nudge_us`, give up unfinished work at `give_up_us`, stop waiting at `deadline_us`."""
        self.since_us = since_us
        self._nudge_us = nudge_us
        self._give_up_us = give_up_us
        self._deadline_us = deadline_us

    @property
    def due_us(self) -> int | None:
        """When the next moment is due, `None` if none is."""
        return earliest(self._nudge_us, self._give_up_us, self._deadline_us)

    def cancel_nudge(self) -> None:
        """The person has started to do what the nudge would ask for."""
        self._nudge_us = None

    def has_timed_out(self, now_us: int) -> bool:
        """Whether the deadline has come."""
        return self._deadline_us is not None and now_us >= self._deadline_us

    def on_alarm(self, now_us: int) -> WaitAlarm | None:
        """Return what is due at `now_us`, the most final first; `None` before the next moment."""
        if self.has_timed_out(now_us):
            return WaitAlarm.TIMEOUT
        if self._give_up_us is not None and now_us >= self._give_up_us:
            self._give_up_us = None
            return WaitAlarm.GIVE_UP
        if self._nudge_us is not None and now_us >= self._nudge_us:
            self._nudge_us = None
            return WaitAlarm.NUDGE
        return None
