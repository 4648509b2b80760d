"""A whole station in virtual time that guides a simulated person: what it shows and what it stores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from station.app.snapshot import Snapshot
from station.app.starting.routines import steps_of
from station.catalogue.records import Item
from station.core.events import BOTH_LEGS, SECOND_US, Legs, Side
from station.core.steps import HoldStep, RepsStep, Routine
from station.settings import Settings
from station.simulator.ankle import PersonProfile
from station.simulator.virtual import BEGIN_WALL
from station.store.records import Hold, RepSet, SessionDetail
from tests.station import rig
from tests.station.rig import Rig
from tests.station.simulator.whole_sessions import STEADY

UNHURRIED = "[range_sensor]\ntiming_budget_us = 200000\n"
"""The slowest ranging: no exercise needs a distance, and virtual hours take half the time."""
ANALOGUE = UNHURRIED
"""The default wiring: two analogue heels and a knee pad."""
COMPARATORS = rig.COMPARATORS + UNHURRIED
LONGEST_S = 6000.0
PHRASE_S = 5.0
"""The time for the final cues to end."""


class GuidedStation(Rig):
    """A station that starts nothing by itself unless `on_step` says so, with every snapshot that it published."""

    def __init__(
        self,
        tmp_path: Path,
        wiring: str = ANALOGUE,
        *,
        character: PersonProfile = STEADY,
        on_step: str = "nothing",
        wall: datetime = BEGIN_WALL,
    ) -> None:
        self.seen: list[Snapshot] = []
        self._person_id: str | None = None
        super().__init__(tmp_path, wiring, character=character, on_step=on_step, wall=wall)
        self.station.subscribe(lambda: self.seen.append(self.station.snapshot()))

    @property
    def person_id(self) -> str:
        """A person who has answered the health questions with no to all; added on first use."""
        if self._person_id is None:
            self._person_id = self.add_person("Robin")
        return self._person_id

    def phases(self) -> list[str]:
        """The phases that were shown, in order."""
        shown = [one.phase for one in self.seen]
        return [phase for before, phase in zip([None, *shown], shown, strict=False) if phase != before]

    def run_to_end(self, limit_s: float = LONGEST_S) -> None:
        """Let the simulated person follow the cues until no routine is running."""
        self.board.act("auto")
        self.until(lambda: not is_running(self), limit_s)
        self.live(PHRASE_S)

    def run_routine(self, routine: Routine, limit_s: float = LONGEST_S) -> None:
        """Start a routine, and let the simulated person do it from stepping on to the end of the run."""
        self.station.start(routine, self.person_id)
        self.live(0.1)
        self.run_to_end(limit_s)


def routine_of(items: Sequence[Item], *, analogue: bool = True) -> Routine:
    """The steps of these items, with the default settings."""
    return steps_of(items, Settings(), analogue=analogue)


def is_running(guided: Rig) -> bool:
    """Whether a routine is running."""
    return guided.station.snapshot().phase not in ("done", "ended", "idle", "result")


def prescribed_doses(routine: Routine) -> dict[Legs, tuple[float, int]]:
    """What a routine prescribes for each turn: seconds of hold, and repetitions."""
    owed: dict[Legs, tuple[float, int]] = {}
    for step in routine:
        for legs in step.turns if isinstance(step, HoldStep | RepsStep) else ():
            held_s, count = owed.get(legs, (0.0, 0))
            if isinstance(step, HoldStep):
                held_s += step.repetitions * step.hold_us / SECOND_US
            elif isinstance(step, RepsStep):
                count += step.count
            owed[legs] = (held_s, count)
    return owed


def stored_doses(guided: Rig) -> dict[Legs, tuple[float, int]]:
    """What is stored of the last session: credited seconds and counted repetitions of each turn."""
    return credited(holds_and_reps(guided.last_session()))


def credited(bouts: Sequence[Hold | RepSet]) -> dict[Legs, tuple[float, int]]:
    """Credited seconds and counted repetitions of each turn."""
    found: dict[Legs, tuple[float, int]] = {}
    for legs in (*Side, BOTH_LEGS):
        held_us = sum(one.credited_us for one in bouts if isinstance(one, Hold) and one.side is legs)
        count = sum(one.count for one in bouts if isinstance(one, RepSet) and one.side is legs)
        if held_us or count:
            found[legs] = (held_us / SECOND_US, count)
    return found


def holds_and_reps(sat: SessionDetail) -> tuple[Hold | RepSet, ...]:
    """Every stored hold and set of repetitions of a session."""
    return (*sat.holds, *sat.rep_sets)
