"""What a button begins for whom, as the station itself would choose it."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import abort

from station.advice.pain import HELD_BACK
from station.advice.records import Situation, Why
from station.app.inbox import THE_REST, TODAY
from station.app.situation import situation_of
from station.app.start_gate import CARE_RULE, Chooser, Chosen
from station.store.records import Person
from web.site import ROUTINES, Site

__all__ = ["THE_REST", "TODAY", "Chosen", "HeldBackError", "called", "chooser", "chosen", "situation"]

BY_THE_LOOP = {TODAY: ROUTINES[TODAY], THE_REST: "The rest of the routine"}
"""What only the station's loop knows the steps of, as people call it."""


class HeldBackError(Exception):
    """Nothing of this routine may begin now: one reason."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.sentence)
        self.why = why

    @property
    def for_care(self) -> bool:
        """Whether the care questions come first."""
        return self.why.rule == CARE_RULE

    @property
    def for_pain(self) -> bool:
        """Whether a newer answer about pain lets it go; else the answers to the care questions hold it back."""
        return self.why == HELD_BACK


def chooser(site: Site, person_id: str | None) -> Chooser:
    """Who chooses for this person; each time it draws another lesson."""
    return Chooser(
        site.store,
        site.store.settings(),
        person_id,
        analogue=site.analogue,
        blocks_mm=site.blocks_mm,
        seed=datetime.now(UTC).microsecond,
    )


def situation(site: Site, person: Person) -> Situation:
    """All that bears on what this person is to do now."""
    return situation_of(site.store, person.id, datetime.now(UTC))


def called(site: Site, name: str, person_id: str | None) -> str:
    """What the routine of this name is called by people. Aborts where there is none."""
    if name in BY_THE_LOOP:
        return BY_THE_LOOP[name]
    try:
        return chooser(site, person_id).title(name)
    except ValueError as error:
        abort(400, str(error))


def chosen(site: Site, name: str, person_id: str | None) -> Chosen:
    """The routine of this name for this person. Raises HeldBackError, aborts where there is no such routine."""
    try:
        found = chooser(site, person_id).called(name, datetime.now(UTC))
    except ValueError as error:
        abort(400, str(error))
    if found.held_back is not None and (not found.routine or found.held_back.rule == CARE_RULE):
        raise HeldBackError(found.held_back)
    return found
