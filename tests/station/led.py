"""Somebody who is led through exercises on a whole station in virtual time, what they see, and what of it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from station.app.routines import steps_of
from station.app.snapshot import Snapshot
from station.catalogue.records import Item
from station.core.events import BOTH_LEGS, SECOND_US, Legs, Side
from station.core.steps import HoldStep, RepsStep, Routine
from station.settings import Settings
from station.simulator.ankle import PersonProfile
from station.store.records import Hold, RepSet, SessionDetail
from tests.station import rig
from tests.station.rig import Rig
from tests.station.simulator.sittings import STEADY

UNHURRIED = "[range_sensor]\ntiming_budget_us = 200000\n"
"""The slowest ranging there is: no exercise asks for a distance, and the virtual hours pass in half of the time."""
ANALOGUE = UNHURRIED
"""The default wiring: two analogue heels and a knee pad."""
COMPARATORS = rig.COMPARATORS + UNHURRIED
LONGEST_S = 6000.0
PHRASE_S = 5.0
"""The cues of the end are heard by then."""


class Led(Rig):
    """A station on which nothing begins by itself unless `on_step` says so, and every picture that the page got."""

    def __init__(
        self, tmp_path: Path, wiring: str = ANALOGUE, *, character: PersonProfile = STEADY, on_step: str = "nothing"
    ) -> None:
        self.seen: list[Snapshot] = []
        self._person_id: str | None = None
        super().__init__(tmp_path, wiring, character=character, on_step=on_step)
        self.station.subscribe(lambda: self.seen.append(self.station.snapshot()))

    @property
    def person_id(self) -> str:
        """A person who has answered the health questions with no to all; added when first asked for."""
        if self._person_id is None:
            self._person_id = self.add_person("Robin")
        return self._person_id

    def phases(self) -> list[str]:
        """The phases that were shown, in their order."""
        shown = [one.phase for one in self.seen]
        return [phase for before, phase in zip([None, *shown], shown, strict=False) if phase != before]

    def walk(self, limit_s: float = LONGEST_S) -> None:
        """Let the simulated person come and do whatever the station leads them through, until nothing goes on."""
        self.board.act("auto")
        self.until(lambda: not goes_on(self), limit_s)
        self.live(PHRASE_S)

    def lead(self, routine: Routine, limit_s: float = LONGEST_S) -> None:
        """Begin a routine, and walk through it hands-free, from stepping on to the end of the run."""
        self.station.start(routine, self.person_id)
        self.live(0.1)
        self.walk(limit_s)


def routine_of(items: Sequence[Item], *, analogue: bool = True) -> Routine:
    """The steps of these items, with the settings as they are at first."""
    return steps_of(items, Settings(), analogue=analogue)


def goes_on(led: Rig) -> bool:
    """Whether a routine goes on."""
    return led.station.snapshot().phase not in ("done", "ended", "idle", "result")


def legs_of(routine: Routine) -> dict[Legs, tuple[float, int]]:
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


def dose_of(led: Rig) -> dict[Legs, tuple[float, int]]:
    """What is stored of it: credited seconds and counted repetitions of each turn."""
    return credited(bouts_of(led.sat()))


def credited(bouts: Sequence[Hold | RepSet]) -> dict[Legs, tuple[float, int]]:
    """Credited seconds and counted repetitions of each turn."""
    found: dict[Legs, tuple[float, int]] = {}
    for legs in (*Side, BOTH_LEGS):
        held_us = sum(one.credited_us for one in bouts if isinstance(one, Hold) and one.side is legs)
        count = sum(one.count for one in bouts if isinstance(one, RepSet) and one.side is legs)
        if held_us or count:
            found[legs] = (held_us / SECOND_US, count)
    return found


def bouts_of(sat: SessionDetail) -> tuple[Hold | RepSet, ...]:
    """Everything that was held or counted in a session."""
    return (*sat.holds, *sat.rep_sets)
