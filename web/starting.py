"""What a button begins for whom: a routine by its name, without what is not for this person at present."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from flask import abort

from station.advice.pain import HELD_BACK
from station.advice.records import Proposal, Situation, Why
from station.advice.triage import careful
from station.catalogue.read import exercises, ready_routines
from station.catalogue.records import Item
from station.core.steps import Routine
from station.routines import STRETCH, names, routine_called, steps_of
from station.settings import Settings
from station.situation import situation_of
from station.store.rows import Person
from web.site import ROUTINES, Site

TODAY, REST = "today", "rest"
"""What the station itself knows the steps of."""
OWN = "own:"
"""What the name of somebody's own routine begins with; its id follows."""
WITHOUT_CARE = frozenset({"test", "full_test", "calibrate", "check", "lesson"})
"""What may begin before the care questions: nothing of it stretches or loads an ankle."""
MORE_NAMES = {"lesson": "The sounds", "calibrate": "Calibration", "check": "Check", REST: "The rest of the routine"}


class HeldBackError(Exception):
    """Nothing of this routine may begin now: one reason."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.sentence)
        self.why = why

    @property
    def for_pain(self) -> bool:
        """Whether a newer answer about pain lets it go; else the answers to the care questions hold it back."""
        return self.why == HELD_BACK


@dataclass(frozen=True, slots=True)
class Chosen:
    """A routine to begin, what it is called, and what of it is left out or made gentler, where a person is known."""

    steps: Routine
    called: str
    careful: Proposal | None = None


def situation(site: Site, person: Person) -> Situation:
    """All that bears on what this person is to do now."""
    return situation_of(site.store, person.id, datetime.now(UTC))


def called(site: Site, name: str) -> str:
    """What the routine of this name is called by people. Aborts where there is none."""
    if name.startswith(OWN):
        own = site.store.own_routine(name.removeprefix(OWN))
        if own is None:
            abort(400, "This routine is no longer there: choose another one.")
        return own.name
    known = {**MORE_NAMES, **ROUTINES}
    if name not in known or name not in (*names(), TODAY, REST):
        abort(400, f"There is no routine called {name[:20]!r}: choose one of the page.")
    return known[name]


def chosen(site: Site, name: str, person: Person | None) -> Chosen:
    """The routine of this name for this person. Raises HeldBackError, aborts where there is no such routine."""
    settings, says = site.store.settings(), called(site, name)
    if name in WITHOUT_CARE:
        return Chosen(_by_name(site, name, settings), says)
    items = _items(site, name, person, settings)
    if person is None:
        return Chosen(_by_name(site, name, settings, items), says)
    found = careful(exercises(), items, situation(site, person))
    if found.held_back is not None:
        raise HeldBackError(found.held_back)
    if tuple(found.items) == tuple(items):
        return Chosen(_by_name(site, name, settings, items), says, found)
    return Chosen(steps_of(found.items, settings, analogue=site.analogue), says, found)


def _by_name(site: Site, name: str, settings: Settings, items: Sequence[Item] = ()) -> Routine:
    if name in names():
        return routine_called(name, settings, analogue=site.analogue, blocks_mm=site.blocks_mm)
    return steps_of(items, settings, analogue=site.analogue)


def _items(site: Site, name: str, person: Person | None, settings: Settings) -> Sequence[Item]:
    """What the routine is made of. The station's own stretch has the doses of the settings."""
    stretch = Item(exercise=STRETCH, hold_s=settings.hold_s, repetitions=settings.repetitions)
    if name == "stretch":
        return (stretch,)
    if name in ready_routines():
        items = ready_routines()[name].items
        return tuple(stretch if item.exercise == STRETCH else item for item in items) if "stretch" in name else items
    own = site.store.own_routine(name.removeprefix(OWN))
    if own is None or own.person_id not in (None, None if person is None else person.id):
        abort(400, "This routine is no longer there, or is somebody else\u2019s: choose another one.")
    return msgspec.convert(list(own.items), tuple[Item, ...])
