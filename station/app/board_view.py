"""What the page shows beside the activity: current toe distance, newest cue and faults."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace
from statistics import median

from station.app.snapshot import CueView, Fault
from station.core.activities.engine import REPEATING_CUES
from station.core.events import Toe
from station.core.facts import Cue, Fact
from station.core.sensing.toe_distance import ToeRules, invalid_reason
from station.core.state import ActivityState
from station.core.steps import Routine, to_json

log = logging.getLogger(__name__)

TOE_MEDIAN_US = 500_000
"""The toe distance shown is the median over this span."""


class BoardView:
    """Holds the latest readings, cue and faults. Only the loop calls it."""

    def __init__(self) -> None:
        self.cue: CueView | None = None
        self.toe_missing_reason: str | None = "no reading yet"
        """Why there is no toe distance; `None` while there is one."""
        self._toes: deque[tuple[int, float]] = deque()
        self._troubles: dict[str, str] = {}

    def on_reading(self, toe: Toe, at_us: int) -> None:
        """Take in a reading of the distance sensor."""
        self.toe_missing_reason = invalid_reason(toe, ToeRules())
        if self.toe_missing_reason is None:
            self._toes.append((at_us, toe.reading_mm))

    def reading_mm(self, at_us: int) -> float | None:
        """The current reading in mm, before calibration; `None` without a valid reading in the last half second."""
        while self._toes and self._toes[0][0] < at_us - TOE_MEDIAN_US:
            self._toes.popleft()
        if not self._toes:
            self.toe_missing_reason = self.toe_missing_reason or "no reading for half a second"
            return None
        return median(reading for _, reading in self._toes)

    def on_cue(self, cue: Fact) -> None:
        """Note a cue that plays, or the end of a repeating one."""
        if isinstance(cue, Cue):
            number = 1 if self.cue is None else self.cue.number + 1
            self.cue = CueView(number, cue.cue, cue.count, cue.side, cue.cue in REPEATING_CUES)
        elif self.cue is not None:
            self.cue = replace(self.cue, repeating=False)

    def set_fault(self, part: str, sentence: str | None) -> bool:
        """Set or clear (`None`) a part's fault; returns whether anything changed."""
        if self._troubles.get(part) == sentence:
            return False
        if sentence is None:
            del self._troubles[part]
        else:
            self._troubles[part] = sentence
            log.warning("%s", sentence)
        return True

    def faults(self, heels: str | None) -> tuple[Fault, ...]:
        """The faults by part; `heels` is the board sensors' own heel fault, used unless the part reported one."""
        found = dict(self._troubles)
        if heels is not None:
            found.setdefault("heel sensors", heels)
        return tuple(Fault(part, sentence) for part, sentence in sorted(found.items()))


def next_step_of(routine: Routine, shown: ActivityState) -> tuple[str | None, str | None]:
    """The step after the one shown, and its exercise."""
    if shown.step is None or shown.step + 1 >= len(routine):
        return None, None
    step = routine[shown.step + 1]
    return str(to_json((step,))["do"]), getattr(step, "exercise", None)
