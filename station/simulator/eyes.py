"""Recognises cues on the page, like a deaf person.

A cue is new if its number differs from the last one. Of several simultaneous cues a snapshot shows only the last, which
is the one that asks for something.
"""

from __future__ import annotations

from typing import Protocol

from station.core.events import Side
from station.core.facts import CueName


class CueLike(Protocol):
    """The last cue, as the page shows it."""

    @property
    def number(self) -> int: ...

    @property
    def cue(self) -> CueName: ...

    @property
    def count(self) -> int | None: ...

    @property
    def side(self) -> Side | None: ...


class SnapshotLike(Protocol):
    """The part of a snapshot that shows the last cue."""

    @property
    def cue(self) -> CueLike | None: ...


class PageWatcher:
    """Watches the page for new cues."""

    def __init__(self) -> None:
        self._last_number = 0

    def look(self, page: SnapshotLike) -> CueLike | None:
        """Look at the page; returns the cue if it is new."""
        shown_cue = page.cue
        if shown_cue is None or shown_cue.number == self._last_number:
            return None
        self._last_number = shown_cue.number
        return shown_cue
