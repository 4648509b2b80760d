"""Eyes that know the cues by their twins on the page, as a person does who does not hear.

They look at each new picture of the station: a new cue is one whose number has grown. Of the cues of one instant a
picture has the last alone, which is the one that asks for something.
"""

from __future__ import annotations

from typing import Protocol

from station.core.facts import CueName


class CueLike(Protocol):
    """The last cue, as the page has it."""

    @property
    def number(self) -> int: ...

    @property
    def cue(self) -> CueName: ...


class SnapshotLike(Protocol):
    """A picture of the station."""

    @property
    def cue(self) -> CueLike | None: ...


class PageWatcher:
    """Somebody who looks at the page all the time."""

    def __init__(self) -> None:
        self._last_number = 0

    def look(self, page: SnapshotLike) -> CueName | None:
        """The page shows this now. Answers the cue that is new in it."""
        shown_cue = page.cue
        if shown_cue is None or shown_cue.number == self._last_number:
            return None
        self._last_number = shown_cue.number
        return shown_cue.cue
