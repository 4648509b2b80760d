"""What the page shows beside the activity: toe distance, newest cue, decision, note and faults."""

from __future__ import annotations

import logging
from collections import deque
from statistics import median

from msgspec.structs import replace

from station.app.snapshot import MEASURING_PARTS, CueView, Fault
from station.app.starting.start_gate import StartDecision
from station.core.activities.engine import REPEATING_CUES
from station.core.events import Toe
from station.core.facts import Cue, CueName, Fact
from station.core.sensing.toe_distance import ToeRules, invalid_reason

log = logging.getLogger(__name__)

TOE_MEDIAN_US = 500_000
"""The toe distance shown is the median over this span."""
NO_READING_YET = "no reading yet"
"""Why there is no toe distance before the first reading."""


class BoardView:
    """Holds what is shown, and whether it has changed since the last snapshot. Only the loop calls it."""

    def __init__(self) -> None:
        self.is_changed = True
        """Whether something changed that can wait a moment, like the toe distance."""
        self.is_urgent = True
        """Whether something changed that must be shown at once."""
        self.cue: CueView | None = None
        self.note: str | None = None
        """One sentence for the person."""
        self.note_about: str | None = None
        """The person that `note` is about, if any."""
        self.access_number = 0
        """Grows with each change of access: who may get in, and who sees whose results."""
        self.decision: StartDecision | None = None
        self.decided_for: str | None = None
        """The person that `decision` is about, `None` for an unknown one."""
        self.toe_missing_reason: str | None = NO_READING_YET
        """Why there is no toe distance; `None` while there is one."""
        self._toes: deque[tuple[int, float]] = deque()
        self._faults: dict[str, str] = {}
        self._change_count = 0

    def on_reading(self, toe: Toe, at_us: int) -> None:
        """Take in a reading of the distance sensor."""
        self.is_changed = True
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

    def on_sensor_changes(self, change_count: int) -> None:
        """Show changes of the sensors at once; `change_count` differs after each."""
        if change_count != self._change_count:
            self._change_count, self.is_urgent = change_count, True

    def on_cue(self, cue: Fact) -> None:
        """Note a cue that plays, or the end of a repeating one."""
        if isinstance(cue, Cue):
            count = None if cue.cue is CueName.NUMBER else cue.count  # the number is only to be heard at the board
            number = 1 if self.cue is None else self.cue.number + 1
            self.cue = CueView(number, cue.cue, count, cue.side, cue.cue in REPEATING_CUES)
        elif self.cue is not None:
            self.cue = replace(self.cue, repeating=False)

    def show_note(self, sentence: str | None, about: str | None = None) -> None:
        """Replace the note by this sentence, `about` a person if given, or clear it (`None`)."""
        self.note, self.note_about, self.is_urgent = sentence, about, True

    def on_access_change(self) -> None:
        """Inform the open pages at once that access has changed."""
        self.access_number, self.is_urgent = self.access_number + 1, True

    def show_decision(self, decision: StartDecision, person_id: str | None) -> None:
        """Show a decision of the start gate, with its note."""
        self.decision, self.decided_for = decision, person_id
        self.show_note(decision.note, person_id)

    def set_fault(self, part: str, sentence: str | None) -> None:
        """Set or clear (`None`) a part's fault."""
        if self._faults.get(part) == sentence:
            return
        self.is_urgent = True
        if sentence is None:
            log.warning("Good again: %s", self._faults.pop(part))
        else:
            self._faults[part] = sentence
            log.warning("%s", sentence)

    def faults(self, heels: str | None) -> tuple[Fault, ...]:
        """The faults by part, those that stop a measurement first; `heels` is the heel fault that the board sensors
        found, used unless the part itself reported one."""
        found = dict(self._faults)
        if heels is not None:
            found.setdefault("heel sensors", heels)
        parts = sorted(found, key=lambda part: (part not in MEASURING_PARTS, part))
        return tuple(Fault(part, found[part]) for part in parts)
