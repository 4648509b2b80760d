"""What a person is to do now, in words: a heading, a sentence, and the button that begins it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from station.advice import plan
from station.advice.triage import held_back
from station.app.start_gate import PROPOSED_NAME, Todays, barred
from station.core.events import Side
from station.store.records import Person
from station.units import SIDE_SHAPE
from web.site import Site
from web.starting import chooser

TO_BE_PROPOSED = "what is proposed for you"
"""The proposal within a sentence, where its name would be none."""
TESTS = {"full": "a full test", "quick": "a quick test"}


def todays(site: Site, person: Person) -> Todays:
    """What this person is to do now. Raises StoreError."""
    return chooser(site, person.id).todays(datetime.now(UTC))


def test_of(one: Todays) -> str | None:
    """The test that is due, in words."""
    return TESTS[one.due.test] if one.due is not None and one.due.test is not None else None


@dataclass(frozen=True, slots=True)
class Next:
    """The answer to "what do I do now?": a heading, a sentence, and the label of the button, empty where there is none.

    `way` is where the sentence leads instead: `care` or `pain`. `missed` is the time that is offered once more.
    """

    heading: str
    sentence: str
    button: str = ""
    way: str = ""
    missed: datetime | None = None


def next_of(one: Todays) -> Next:
    """What this person does now, the most important first."""
    held, test = held_back(one.situation), test_of(one)
    called = TO_BE_PROPOSED if one.called == PROPOSED_NAME else one.called
    if test is not None and barred(one.situation) is None:
        follows = f", then {called}" if one.open and held is None else ""
        why = next(why.sentence for why in one.due.whys if why.rule.startswith("test-")) if one.due else ""
        return Next(f"Now: {test}{follows}", why, f"Begin {test}")
    if one.situation.asked is not None:
        return Next("Now: a few questions", one.situation.asked.sentence, way="care")
    if held is not None:
        return Next("Nothing now", held.sentence, way="pain" if held.rule.startswith("pain") else "care")
    if one.due is None:
        said = f"About {one.minutes} min. You have no plan yet, so this is what to begin with."
        return Next(f"Now: {called}", said, f"Begin {called}")
    if one.due.occurrence is None:
        done = next(why.sentence for why in one.due.whys if why.rule in ("plan-done", "plan-rest"))
        return Next("Done for today" if done.startswith("Done") else "Nothing is due", _coming(one, done))
    open_why = next(why.sentence for why in one.due.whys if why.rule in ("plan-due", "plan-missed"))
    missed = one.due.occurrence if one.due.missed else None
    said = f"About {one.minutes} min. {one.instead or open_why}"
    return Next(f"Now: {called}", said, f"Begin {called}", missed=missed)


def _coming(one: Todays, said: str) -> str:
    at = one.due.next if one.due else None
    if at is None:
        return said
    return f"{said if not said.startswith('Done') else ''} Next: {when(at, one.now)}.".strip()


def when(at: datetime, now: datetime) -> str:
    """A time of the plan as a person says it: `today at 18:00`, `tomorrow at 07:30`, `on Thursday at 18:00`."""
    days = (at.date() - now.astimezone(at.tzinfo).date()).days
    day = {0: "today", 1: "tomorrow", -1: "yesterday"}.get(days, f"on {plan.WEEKDAYS[at.weekday()]}")
    return f"{day} at {at:%H:%M}"


def meter(one: Todays) -> list[tuple[Side, str, float, str]]:
    """Each side's minutes of credited hold this week: the side, its shape, the minutes, and the minutes in words."""
    return [
        (side, SIDE_SHAPE[side], one.credited_s[side] / 60, f"{one.credited_s[side] // 60:.0f} min") for side in Side
    ]
