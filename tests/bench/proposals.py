"""Which of the twenty exercises the station proposes, over many kinds of people.

One proposal for every condition and pair of conditions, felt place, state and turn of the guide's sections, with the
default time. The figure is how many exercises are proposed at least once. A proposal that violates a caution in an
exercise's file counts for none of its exercises. `python -m tests.bench.proposals` prints how often each is proposed.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from station.advice.health_questions import CALM_DAYS_PER_STAGE
from station.advice.records import Proposal, SideHistory, Situation
from station.advice.triage import ROTATING_SECTIONS, proposal
from station.app.starting.start_gate import PROPOSED_FROM
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import FeltPlace
from station.core.events import Side
from tests.station.advice.guide import CONDITIONS, FILES, NOW, is_blocked, restrictions_of, upto_two
from tests.station.health_answers import on_both

WEEK = timedelta(weeks=1)
PLACES = (frozenset[FeltPlace](), *(frozenset({place}) for place in FeltPlace), frozenset(FeltPlace))
TENDON_PAIN = on_both("tendon_pain")


def _with_left(**course: Any) -> dict[str, Any]:
    return {"side_histories": {Side.LEFT: SideHistory(is_known=True, **course)}}


STATES: Mapping[str, Mapping[str, Any]] = {
    "new": {},
    **{
        f"gaining, week {week + 1}": _with_left(is_gaining=True, weeks=10, last_gain_at=NOW - week * WEEK)
        for week in range(4)
    },
    "steady": _with_left(is_steady=True, weeks=26),
    "at the goal": _with_left(weeks=26, has_reached_goal=True),
    "side behind": _with_left(weeks=10, deficit_mm=20.0),
    "stretch not felt": {"not_felt_exercises": frozenset({"3b"})},
    "sore tendon": {"conditions": TENDON_PAIN, "pain_answers": ((NOW - timedelta(hours=1), 4),)},
    "quiet tendon": {"conditions": TENDON_PAIN, "calm_training_days": 2 * CALM_DAYS_PER_STAGE},
}
"""How each state differs from a person about whom nothing is known."""


def situations() -> Iterator[tuple[str, Situation]]:
    """Every person and turn, with the name of the state."""
    for conditions in upto_two(CONDITIONS):
        for name, state in STATES.items():
            of_state = {**state, "conditions": on_both(*conditions, *state.get("conditions", on_both()).left)}
            for felt in PLACES:
                one = replace(Situation(NOW, felt_places=felt), **of_state)
                for turn in range(len(ROTATING_SECTIONS)):
                    yield name, replace(one, rotation=turn)


def proposals() -> Iterator[tuple[str, Situation, Proposal]]:
    """The proposal for each of these situations."""
    known, base = exercises(), built_in_routines()[PROPOSED_FROM].items
    for name, situation in situations():
        yield name, situation, proposal(known, base, situation)


def faults(situation: Situation, found: Proposal) -> list[str]:
    """The exercises of a proposal that a condition excludes, according to the files and not the code under test."""
    conditions = situation.conditions.left if situation.conditions else frozenset[str]()
    keys = {str(item.exercise) for item in found.items}
    return sorted(key for key in keys if is_blocked(conditions) or "left out" in restrictions_of(key, conditions))


def counts() -> tuple[Counter[str], int]:
    """How often each exercise is in a proposal without a fault, and the number of proposals."""
    found: Counter[str] = Counter(dict.fromkeys(FILES, 0))
    number = 0
    for _, situation, proposed in proposals():
        if proposed.items:
            number += 1
            if not faults(situation, proposed):
                found.update({str(item.exercise) for item in proposed.items})
    return found, number


def figures() -> dict[str, dict[str, float | str]]:
    """The figure of this module, with the table of counts."""
    found, number = counts()
    sys.stderr.write(table(found, number))
    return {"proposal_coverage": {"value": sum(count > 0 for count in found.values()), "unit": "exercises"}}


def table(found: Mapping[str, int], number: int) -> str:
    """How often each exercise is proposed, in percent of the proposals, five per line."""
    shares = [f"{key:>3} {100 * count / number:4.1f} %" for key, count in found.items()]
    lines = ("  ".join(shares[begin : begin + 5]) for begin in range(0, len(shares), 5))
    return "".join(f"{line}\n" for line in (f"of {number} proposals:", *lines))


if __name__ == "__main__":
    sys.stdout.write(table(*counts()))
