"""When to point out that the person stands on the wrong leg."""

from __future__ import annotations


class WrongLeg:
    """Due once, `delay_us` after the wrong leg has stepped on, and again only after it has stepped off."""

    def __init__(self, delay_us: int) -> None:
        self._delay_us = delay_us
        self._is_reported = False
        self.due_us: int | None = None
        """When to point it out, `None` while there is nothing to point out."""

    def update(self, since_us: int, *, is_standing: bool) -> None:
        """`is_standing` says whether the person stands on the wrong leg only, from `since_us` on."""
        if not is_standing:
            self.reset()
        elif not self._is_reported and self.due_us is None:
            self.due_us = since_us + self._delay_us

    def is_due(self, now_us: int) -> bool:
        return self.due_us is not None and now_us >= self.due_us

    def reset(self) -> None:
        """Nobody stands on the wrong leg."""
        self.due_us, self._is_reported = None, False

    def cancel(self) -> None:
        """The right leg has moved: no cue is needed any more."""
        self.due_us = None

    def mark_reported(self) -> None:
        """The cue has sounded."""
        self.due_us, self._is_reported = None, True
