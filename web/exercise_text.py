"""Texts that the exercise and routine pages share: doses, legs, heels, and the viewer's conditions."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from station.advice import health_questions
from station.advice.dose import count_of, hold_s_of, repetitions_of
from station.advice.records import LegConditions
from station.advice.restrictions import TEST_KEY
from station.catalogue.read import exercises
from station.catalogue.records import Exercise, Feet, FeltPlace, Group, HeelPosition, Item, Verification
from station.core.events import Side
from station.units import duration_text
from web.context import Site

TIMES_SIGN = "\u00d7"
MINUTE_S = 60

GROUP_TITLES = {
    Group.WARM_UP: "Warm up",
    Group.RELEASE: "Release",
    Group.STRETCH: "Stretch",
    Group.MOBILISE: "Mobilise",
    Group.STRENGTHEN: "Strengthen",
    Group.FUNCTIONAL: "Use the new range",
    Group.NERVE: "Glide the nerve",
}
"""The groups in the order of the guide, as headings."""
PLACE_NAMES = {FeltPlace.FRONT: "front of the ankle", FeltPlace.ACHILLES: "Achilles tendon", FeltPlace.CALF: "calf"}
LEG_TEXTS = {Feet.EACH: "each leg", Feet.BOTH: "both legs at once", Feet.STANCE: "standing on each leg"}
HEEL_TEXTS = {
    HeelPosition.DOWN: "stays down",
    HeelPosition.LOWERED: "stays down, lower than the toes",
    HeelPosition.MOVES: "lowers and rises",
    HeelPosition.FREE: "free",
}
VERIFICATION_TEXTS = {
    Verification.HOLD: "heel verified",
    Verification.CYCLE: "counted by the board",
    Verification.TIMER: "timer only, not verified",
}
TEST_NAMES = {"quick": "Quick test", "full": "Full test"}
EVERYWHERE = len(PLACE_NAMES)


def dose_text(exercise: Exercise, item: Item | None = None) -> str:
    """The dose in words, such as `1 to 3 min`, `20 each way` or `10 times`; for each leg if each leg does it."""
    item = item or Item(exercise=exercise.key)
    count, hold_s = count_of(exercise, item), hold_s_of(exercise, item)
    if count is not None:
        return f"{count} each way" if exercise.dose.ways > 1 else f"{count} times"
    hold_s = hold_s or 0
    if exercise.dose.most_s is not None and item.hold_s is None:
        span = f"{hold_s // MINUTE_S} to {exercise.dose.most_s // MINUTE_S} min"
    else:
        span = f"{hold_s} s"
    repetitions = repetitions_of(exercise, item)
    return f"{span} {TIMES_SIGN} {repetitions}" if repetitions > 1 else span


def legs_text(exercise: Exercise, item: Item | None = None) -> str:
    """The working legs: each in turn, both at once, or only one."""
    if item is not None and item.side is not None:
        return f"{item.side} leg only"
    return LEG_TEXTS[exercise.feet]


def held_text(held_us: Mapping[Side, int]) -> str:
    """The hold time that the board can verify: `4 min held a leg` or `left 4 min, right 2 min held`."""
    if not any(held_us.values()):
        return "none of it can be verified by the board"
    if len(set(held_us.values())) == 1:
        return f"{duration_text(next(iter(held_us.values())))} held a leg"
    return ", ".join(f"{side} {duration_text(us) if us else 'nothing'}" for side, us in held_us.items()) + " held"


def helped_places_text(exercise: Exercise) -> str:
    """The felt places that the exercise helps, as text after `Helps`."""
    if not exercise.places:
        return "the way you walk"
    if len(exercise.places) == EVERYWHERE:
        return "wherever you feel the limit"
    return " and ".join(PLACE_NAMES[place] for place in exercise.places)


class Entry(Struct, frozen=True):
    """One entry of a routine in words; `exercise` is `None` for a test and a rest."""

    exercise: Exercise | None
    name: str
    dose: str
    legs: str


def entry(item: Item, exercise: Exercise | None) -> Entry:
    """The item in words; `exercise` is its exercise, if it has one."""
    if exercise is not None:
        return Entry(exercise, exercise.name, dose_text(exercise, item), legs_text(exercise, item))
    if item.test is not None:
        return Entry(None, TEST_NAMES[item.test], "", _leg_text(item.side))
    return Entry(None, "Rest", f"{item.rest_s} s", "")


def names_by_key() -> dict[str, str]:
    """The names of everything that a start may leave out: each exercise and the test."""
    return {TEST_KEY: "Knee-to-wall test", **{key: one.name for key, one in exercises().items()}}


def capitalize_first(text: str) -> str:
    """The text with its first letter capitalized and the others unchanged."""
    return text[:1].upper() + text[1:]


def _leg_text(side: Side | None) -> str:
    return "each leg" if side is None else f"{side} leg only"


def viewer_conditions(site: Site) -> LegConditions:
    """The conditions of the viewer's legs, none if they were not asked, and which legs they train."""
    person = site.person()
    stored = () if person is None else site.store.answers(person.id, "health", limit=1)
    try:
        found = health_questions.parse_answer(stored[0].answer) if stored else LegConditions()
    except ValueError:
        # Answers stored by a release with other conditions: another page asks the questions again.
        found = LegConditions()
    return found if person is None else replace(found, sides=site.store.sides_of(person.id))
