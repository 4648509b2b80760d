"""A script is what the person does: a generator that makes movements and yields the seconds to wait after each."""

from __future__ import annotations

from collections.abc import Iterator

from station.core.events import SECOND_US

Script = Iterator[float]
"""Each step makes a movement and yields the seconds until the next one."""


class ScriptRunner:
    """Runs one script at a time and owns its clock. Times are µs on the monotonic clock."""

    def __init__(self, begin_us: int) -> None:
        self.follows_cues = False
        """Whether a cue may replace the script; false while a visitor controls the person."""
        self.is_arriving = False
        """Whether the person is on the way to the board, so that a cue they hear belongs to what was before."""
        self._script: Script | None = None
        self._time_us = begin_us

    @property
    def time_us(self) -> int:
        """The time that the script has reached."""
        return self._time_us

    @property
    def is_running(self) -> bool:
        """Whether the script has more movements."""
        return self._script is not None

    @property
    def accepts_cues(self) -> bool:
        """Whether the person reacts to a cue."""
        return self.follows_cues and not self.is_arriving

    def next_due_us(self) -> int | None:
        """When the next movement begins, or `None` if none follows."""
        return None if self._script is None else self._time_us

    def run(self, script: Script, at_us: int) -> None:
        """Replace the running script with this one, and make its first movement."""
        self._script, self._time_us, self.is_arriving = script, at_us, False
        self.run_due(at_us)

    def run_due(self, now_us: int) -> None:
        """Make the movements that are due."""
        while self._script is not None and self._time_us <= now_us:
            wait_s = next(self._script, None)
            if wait_s is None:
                self._script = None
            else:
                self._time_us += round(wait_s * SECOND_US)
