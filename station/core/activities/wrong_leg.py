"""Somebody steps on with the other leg than is asked for: when to tell them so."""

from __future__ import annotations


class WrongLeg:
    """Due `delay_us` after the other leg has stepped on, once until it is gone again."""

    def __init__(self, delay_us: int) -> None:
        self._delay_us = delay_us
        self._is_reported = False
        self.due_us: int | None = None
        """When the person is to be told, `None` while there is nothing to tell."""

    def update(self, since_us: int, *, is_standing: bool) -> None:
        """Whether somebody stands on the other leg only, and since when."""
        if not is_standing:
            self.due_us, self._is_reported = None, False
        elif not self._is_reported and self.due_us is None:
            self.due_us = since_us + self._delay_us

    def cancel(self) -> None:
        """The wanted leg has moved: no cue is needed any more."""
        self.due_us = None

    def mark_reported(self) -> None:
        """The person has been told."""
        self.due_us, self._is_reported = None, True
