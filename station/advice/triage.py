"""What to do now: exercises for the felt place first, then the others with today's section, in the guide's order.

The guide has two rules of order: groups follow each other (warm-up, release, stretch, mobilise, strengthen, functional,
nerve), and exercises for the felt place come first. Together: a test, the warm-up, the exercises for the felt places in
the order of groups, then the others in the order of groups; within a group, by the guide's numbers. An exercise that
another one prepares for (`Adaptation.order_pairs`) moves to right after it.

Warm-up, stretches and the felt place are for every day; the other sections of the guide take turns
(`ROTATING_SECTIONS`). When time is short, the least important exercises are dropped (`_tiers`).

Excluded exercises are listed with their reasons, as are those with a smaller dose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from station.advice import adaptation, dose, health_questions, pain
from station.advice.conditions import NEURO
from station.advice.health_questions import ExerciseRestriction
from station.advice.records import Adaptation, Catalogue, Excluded, Proposal, Reason, Reduced, Situation
from station.advice.restrictions import NOTHING_REMAINS, TEST_KEY, leg_restrictions
from station.catalogue.records import Exercise, Feet, FeltPlace, Group, Item, Restriction
from station.core.events import Side

FELT_PLACE_EXERCISES = {
    FeltPlace.FRONT: ("4a", "4b", "4c"),
    FeltPlace.ACHILLES: ("2b", "2c", "3c", "7d"),
    FeltPlace.CALF: ("2a", "3a", "3b", "8"),
}
"""The exercises that the guide puts first for each felt place."""
FELT_REASONS = {
    FeltPlace.FRONT: Reason(
        "felt-front", "You feel the limit in front of the ankle, so these come first: {exercises}."
    ),
    FeltPlace.ACHILLES: Reason(
        "felt-achilles", "You feel the limit in the Achilles tendon, so these come first: {exercises}."
    ),
    FeltPlace.CALF: Reason("felt-calf", "You feel the limit in the calf, so these come first: {exercises}."),
}
ROTATING_SECTIONS = {
    Group.RELEASE: "release",
    Group.MOBILISE: "mobilise",
    Group.STRENGTHEN: "strengthen",
    Group.FUNCTIONAL: "use the range",
    Group.NERVE: "nerve and big toe",
}
"""The sections of the guide that take turns, in its order; the gait exercises come with the nerve section."""
DEFAULT_MINUTES = 30
"""The time for a proposal, with the test before it, if the person has chosen none: the felt place, one section and a
stretch fit."""
ROTATION_RULE = "rotation"
TOO_LONG = Reason("time", "There is not enough time for it today.")
SHORTENED = Reason("time", "Shortened to fit your time. Do the remainder later in the day.")
GROUP_ORDER = tuple(Group)
REORDERED = Reason(
    "order",
    "In the guide's order: warm-up, exercises for where you feel the limit, then the others, each from release to "
    "strength.",
)


class _Block(Struct, frozen=True):
    """One exercise or test with all its items and the rests after it. `is_added`: not part of the base routine."""

    exercise: Exercise | None
    items: tuple[Item, ...]
    is_added: bool = False
    is_first: bool = False

    @property
    def key(self) -> str | None:
        return None if self.exercise is None else self.exercise.key


def proposal(exercises: Catalogue, base: Sequence[Item], situation: Situation) -> Proposal:
    """What to do in this situation, from the routine `base`. Raises KeyError for an unknown exercise."""
    if (why := block_reason(situation)) is not None:
        return Proposal(block_reason=why)
    blocks = list(_group_into_blocks(exercises, base))
    present_keys = {block.key for block in blocks}
    adaptations = tuple(_adaptations(exercises, situation))
    first = {key for one in adaptations for key in one.first_exercises}
    adaptations = tuple(
        one for one in adaptations if one.required_exercise is None or one.required_exercise in present_keys | first
    )
    for key, sides in _added_exercises(adaptations).items():
        if key not in present_keys:
            only = next(iter(sides)) if len(sides) == 1 and exercises[key].feet is not Feet.BOTH else None
            blocks.append(_Block(exercises[key], (Item(exercise=key, side=only),), is_added=True))
    blocks = [replace(block, is_first=block.key in first) for block in blocks]
    blocks, excluded, reduced, dose_reasons = _apply_restrictions(blocks, situation, adaptations)
    asked = [block.key for block in blocks if not block.is_added]
    blocks, too_long, cut = _fit_to_time(exercises, _ordered(exercises, blocks, adaptations), situation, adaptations)
    now = [block.key for block in blocks if not block.is_added]
    moved = [] if now == [key for key in asked if key in now] else [REORDERED]
    reasons = (*_reasons(blocks, adaptations, dose_reasons), *moved, *cut)
    return _make_proposal(exercises, blocks, (*excluded, *too_long), reduced, reasons)


def apply_precautions(exercises: Catalogue, items: Sequence[Item], situation: Situation) -> Proposal:
    """A routine that the person chose, in its own order and with only restrictions applied."""
    if (why := block_reason(situation)) is not None:
        return Proposal(block_reason=why)
    adaptations = tuple(one for one in _adaptations(exercises, situation) if one.reduces_everything)
    blocks, excluded, reduced, dose_reasons = _apply_restrictions(
        _group_into_blocks(exercises, items), situation, adaptations
    )
    return _make_proposal(exercises, blocks, excluded, reduced, _reasons(blocks, adaptations, dose_reasons))


def block_reason(situation: Situation) -> Reason | None:
    """Why nothing may be proposed: health questions not answered yet, a condition, or strong pain; else `None`."""
    if situation.conditions is None:
        return situation.ask_reason or health_questions.ask_reason(None, situation.now)
    return health_questions.block_reason(situation.legs) or pain.block_reason(situation.pain_answers)


def full_routine(exercises: Catalogue, situation: Situation) -> tuple[Item, ...]:
    """All exercises that fit the triage, in the guide's order, the felt places first.

    Those for other places are left out. All of them fit if no place is known, or the limit is felt nowhere.
    """
    places = situation.felt_places & FELT_PLACE_EXERCISES.keys()
    first = {key for place in places for key in FELT_PLACE_EXERCISES[place]}
    blocks = [
        _Block(one, (Item(exercise=key),), is_first=key in first)
        for key, one in exercises.items()
        if not places or one.is_for_gait or places & set(one.places)
    ]
    return tuple(item for block in _ordered(exercises, blocks, ()) for item in block.items)


def _adaptations(exercises: Catalogue, situation: Situation) -> Iterator[Adaptation]:
    for place, why in FELT_REASONS.items():
        if place in situation.felt_places:
            yield Adaptation(why, first_exercises=FELT_PLACE_EXERCISES[place])
    if len(situation.sides) < len(Side):
        yield Adaptation(health_questions.only_side_reason(situation.legs))
    yield from health_questions.adaptations(exercises, situation.legs)
    yield from adaptation.adaptations(situation)
    if situation.rotation is not None:
        rounds, number = divmod(situation.rotation, len(ROTATING_SECTIONS))
        group, later = list(ROTATING_SECTIONS)[number], adaptation.later_control_exercises(situation)
        keys = [key for key, one in exercises.items() if (Group.NERVE if one.is_for_gait else one.group) is group]
        leader = rounds % len(keys)
        keys = [key for key in keys[leader:] + keys[:leader] if key not in later]
        if keys:
            sentence = f"Today is the turn of “{ROTATING_SECTIONS[group]}”: {{exercises}}."
            yield Adaptation(Reason(ROTATION_RULE, sentence), added_exercises=tuple(keys))


def _added_exercises(adaptations: Iterable[Adaptation]) -> dict[str, set[Side]]:
    """The exercises that the adaptations add if they are missing, each with its legs."""
    found: dict[str, set[Side]] = {}
    for one in adaptations:
        for key in (*one.first_exercises, *one.added_exercises):
            found.setdefault(key, set()).update(one.sides)
    return found


def _make_proposal(
    exercises: Catalogue,
    blocks: Iterable[_Block],
    excluded: Sequence[Excluded],
    reduced: Sequence[Reduced],
    reasons: Iterable[Reason],
) -> Proposal:
    items = tuple(item for block in blocks for item in block.items)
    kept = {item.exercise for item in items}
    return Proposal(
        items,
        tuple(excluded),
        tuple(one for one in reduced if one.key in kept),
        tuple(dict.fromkeys(reasons)),
        None if items else NOTHING_REMAINS,
        dose.duration_s_of(exercises, items),
    )


def _group_into_blocks(exercises: Catalogue, items: Iterable[Item]) -> Iterator[_Block]:
    """The items, each with the rests after it; rests before the first item are dropped."""
    block: _Block | None = None
    for item in items:
        if item.rest_s is None:
            if block is not None:
                yield block
            block = _Block(None if item.exercise is None else exercises[item.exercise], (item,))
        elif block is not None:
            block = replace(block, items=(*block.items, item))
    if block is not None:
        yield block


def _apply_restrictions(
    blocks: Iterable[_Block], situation: Situation, adaptations: Sequence[Adaptation]
) -> tuple[list[_Block], list[Excluded], list[Reduced], set[Reason]]:
    """The remaining blocks with the doses that conditions and adaptations require, and what was excluded and reduced.

    The set has the reasons of the adaptations that changed a dose.
    """
    kept: list[_Block] = []
    excluded: list[Excluded] = []
    reduced: list[Reduced] = []
    dose_reasons: set[Reason] = set()
    for block in blocks:
        items: list[Item] = []
        for item in block.items:
            if item.test is not None:
                parts, left_out = _allowed_tests(item, situation)
                excluded += left_out
            elif block.exercise is None or item.exercise is None:
                parts = (item,)
            else:
                parts = ()
                for restriction in leg_restrictions(block.exercise, situation, _legs_of(item, adaptations)):
                    side = restriction.sides[0] if len(restriction.sides) == 1 and item.side is None else None
                    if restriction.restriction is Restriction.EXCLUDED:
                        excluded += (Excluded(block.exercise.key, why, side) for why in restriction.main_reasons)
                        continue
                    part = msgspec.structs.replace(item, side=side or item.side)
                    now, changes = _dosed_items(block.exercise, part, restriction, adaptations)
                    parts += now
                    dose_reasons |= changes
                    reduced += (Reduced(block.exercise.key, why, side) for why in restriction.main_reasons)
            items += parts
        if any(item.rest_s is None for item in items):
            kept.append(replace(block, items=tuple(items)))
    dose_reasons.update(one.reason for one in reduced)
    return kept, list(dict.fromkeys(excluded)), list(dict.fromkeys(reduced)), dose_reasons


def _allowed_tests(item: Item, situation: Situation) -> tuple[tuple[Item, ...], list[Excluded]]:
    """The test for the legs that may do it, and what is excluded."""
    asked = tuple(Side) if item.side is None else (item.side,)
    legs = situation.legs.trained(asked) or asked
    barred = health_questions.knee_to_wall_exclusions(situation.legs, *legs)
    allowed = [side for side in legs if side not in barred]
    excluded = [Excluded(TEST_KEY, reasons[0], side if allowed else None) for side, reasons in barred.items()]
    if not allowed:
        return (), excluded
    return (msgspec.structs.replace(item, side=allowed[0]) if len(allowed) == 1 else item,), excluded


def _legs_of(item: Item, adaptations: Iterable[Adaptation]) -> tuple[Side, ...]:
    """The legs of the item, the one that is behind first."""
    if item.side is not None:
        return (item.side,)
    first = next((one.extra_repetition_side for one in adaptations if one.extra_repetition_side), Side.LEFT)
    return first, first.other


def _dosed_items(
    exercise: Exercise, item: Item, restriction: ExerciseRestriction, adaptations: Sequence[Adaptation]
) -> tuple[tuple[Item, ...], set[Reason]]:
    """The item with the dose that its restriction and the adaptations require, and the reasons of the adaptations."""
    items: tuple[Item, ...] = (item,)
    reasons: set[Reason] = set()
    if any(exercise.key in one.ten_minute_exercises for one in adaptations):
        items = (health_questions.neuro_dose(exercise, item),)
    elif restriction.restriction is None and exercise.group is Group.STRETCH:
        items, reasons = _adapted_items(exercise, items, adaptations)
    if restriction.restriction is Restriction.REDUCED:
        items = tuple(dose.reduced(exercise, one, restriction.share) for one in items)
    return items, reasons


def _adapted_items(
    exercise: Exercise, items: Iterable[Item], adaptations: Iterable[Adaptation]
) -> tuple[tuple[Item, ...], set[Reason]]:
    """The items of a stretch with their adapted doses, and the reasons of the changes."""
    now = tuple(items)
    reasons = set()
    # Longer holds are fewer, so the extra hold of one side is added after that.
    for one in sorted(adaptations, key=lambda one: not one.lengthens_holds):
        before = now
        if one.lengthens_holds:
            now = tuple(item if item.exercise is None else dose.with_longer_holds(exercise, item) for item in now)
        if one.extra_repetition_side is not None:
            now = tuple(part for item in now for part in _split_side_first(exercise, item, one.extra_repetition_side))
        if now != before:
            reasons.add(one.reason)
    return now, reasons


def _split_side_first(exercise: Exercise, item: Item, side: Side) -> tuple[Item, ...]:
    return (item,) if item.exercise is None else dose.split_side_first(exercise, item, side)


def _ordered(exercises: Catalogue, blocks: Iterable[_Block], adaptations: Iterable[Adaptation]) -> list[_Block]:
    numbers = {key: number for number, key in enumerate(exercises)}

    def place(block: _Block) -> tuple[int, int, int]:
        if block.exercise is None:
            return 0, 0, 0
        tier = 1 if block.exercise.group is Group.WARM_UP else 2 if block.is_first else 3
        return tier, GROUP_ORDER.index(block.exercise.group), numbers[block.exercise.key]

    found = sorted(blocks, key=place)
    for before, after in (pair for one in adaptations for pair in one.order_pairs):
        last = max((index for index, block in enumerate(found) if block.key == before), default=0)
        early = [block for block in found[:last] if block.key == after]
        found = [*(block for block in found[:last] if block.key != after), found[last], *early, *found[last + 1 :]]
    return found


def _tiers(
    exercises: Catalogue, situation: Situation, adaptations: Sequence[Adaptation]
) -> tuple[Collection[str], ...]:
    """The exercises by importance, the most important first. If several places are felt, they take turns at the top.

    An exercise is in the first tier that has it.
    """
    stretches = {key for key, one in exercises.items() if one.group is Group.STRETCH and not one.is_for_gait}
    places = [place for place in FELT_PLACE_EXERCISES if place in situation.felt_places]
    felt = FELT_PLACE_EXERCISES[places[(situation.rotation or 0) % len(places)]] if places else stretches
    of_section = [key for one in adaptations if one.reason.rule == ROTATION_RULE for key in one.added_exercises]
    felt_or_rotation = {ROTATION_RULE, *(why.rule for why in FELT_REASONS.values())}
    required = [one for one in adaptations if one.reason.rule not in felt_or_rotation]
    return (
        health_questions.FIRST_EXERCISES[NEURO]
        if situation.conditions is not None and situation.conditions.legs_with(NEURO)
        else (),
        stretches.intersection(felt),
        (*felt, *(key for one in required for key in (*one.first_exercises, *one.added_exercises))),
        [key for key, one in exercises.items() if one.group is Group.WARM_UP],
        *((key,) for key in of_section),
        [key for one in adaptations for key in one.first_exercises],
        stretches,
        [key for key, one in exercises.items() if not one.is_for_gait],
        exercises,
    )


def _fit_to_time(
    exercises: Catalogue, blocks: Sequence[_Block], situation: Situation, adaptations: Sequence[Adaptation]
) -> tuple[list[_Block], list[Excluded], list[Reason]]:
    """The blocks that fit the time, in order, what was dropped, and why one was cut.

    At least part of the most important exercise remains.
    """
    remaining_s = 60 * (situation.available_minutes or DEFAULT_MINUTES)
    kept: dict[int, _Block] = {}
    cut: list[Reason] = []
    tiers = _tiers(exercises, situation, adaptations)

    def importance(block: _Block) -> int:
        return -1 if block.key is None else next(tier for tier, keys in enumerate(tiers) if block.key in keys)

    for block in sorted(blocks, key=importance):
        block_now, seconds = block, dose.duration_s_of(exercises, block.items)
        if block.exercise is not None and seconds > remaining_s:
            if any(one.exercise for one in kept.values()):
                continue
            block_now = _shortened(exercises, block, remaining_s)
            seconds = dose.duration_s_of(exercises, block_now.items)
            cut.append(SHORTENED)
        kept[id(block)] = block_now
        remaining_s -= seconds
    found = [kept[id(block)] for block in blocks if id(block) in kept]
    kept_keys = {block.key for block in found}
    dropped_keys = dict.fromkeys(block.key for block in blocks if block.key is not None and block.key not in kept_keys)
    return found, [Excluded(key, TOO_LONG) for key in dropped_keys], cut


def _shortened(exercises: Catalogue, block: _Block, seconds: int) -> _Block:
    """The block with as many repetitions as fit the time, at least one, and without its rests."""
    assert block.exercise is not None
    items = [item for item in block.items if item.exercise is not None]
    while dose.duration_s_of(exercises, items) > seconds:
        fewer = [_one_fewer(block.exercise, item) for item in items]
        if fewer == items:
            break
        items = fewer
    return replace(block, items=tuple(items))


def _one_fewer(exercise: Exercise, item: Item) -> Item:
    count = dose.count_of(exercise, item)
    if count is not None:
        return msgspec.structs.replace(item, count=max(1, count - 1))
    return msgspec.structs.replace(item, repetitions=max(1, dose.repetitions_of(exercise, item) - 1))


def _reasons(
    blocks: Sequence[_Block], adaptations: Iterable[Adaptation], dose_reasons: Collection[Reason]
) -> Iterator[Reason]:
    """The reasons of the adaptations that show in the routine; each names only exercises that are in it."""
    kept = {block.key: block.exercise for block in blocks if block.exercise is not None}
    for one in adaptations:
        named = {*one.first_exercises, *one.added_exercises, *(key for pair in one.order_pairs for key in pair)}
        promised = [exercise for key, exercise in kept.items() if key in (*one.first_exercises, *one.added_exercises)]
        changes = named or one.lengthens_holds or one.reduces_everything or one.extra_repetition_side is not None
        if one.required_exercise is not None and one.required_exercise not in kept:
            continue
        if promised:
            names = ", ".join(exercise.name_in_sentence for exercise in promised)
            yield Reason(one.reason.rule, one.reason.sentence.replace("{exercises}", names))
        elif one.otherwise is not None and named:
            yield Reason(one.reason.rule, one.otherwise)
        elif not changes or one.reason in dose_reasons or one.otherwise is not None:
            yield one.reason
