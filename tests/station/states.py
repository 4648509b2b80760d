"""The state of any activity, for assertions about several kinds of activity."""

from __future__ import annotations

from typing import Any, get_args

from station.core.state import ActivityState, ShownClock

NO_CLOCK = {"counting": None, "counted_us": 0, "target_us": 0, "rate": 0}
KNOWN = {name for kind in get_args(ActivityState) for name in kind.__struct_fields__} | {"activity"}


class AnyState:
    """A state whose fields can be read whatever the activity: one that it does not have is `None`.

    Its clock is read by `counting`, `counted_us`, `target_us` and `rate`. An unknown name raises `AttributeError`.
    """

    def __init__(self, state: ActivityState) -> None:
        self._state = state

    def __getattr__(self, name: str) -> Any:
        if name in NO_CLOCK:
            clock: ShownClock | None = self._state.clock
            return NO_CLOCK[name] if clock is None else clock.what if name == "counting" else getattr(clock, name)
        if name not in KNOWN:
            raise AttributeError(f"No activity has a state with {name}.")
        return getattr(self._state, name, None)
