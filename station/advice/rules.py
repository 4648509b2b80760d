"""Every rule that advice goes by: what it says, in our own words, and where it comes from.

A page lists them, and each `Why` leads to its rule by the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from station.advice import care

GUIDE = "The founding guide"
AUTHOR = "The founding guide, cautions of its author"
OURS = "This station's own choice"
TRAFFIC_LIGHT = "The pain-monitoring model that physiotherapists use with tendons"


@dataclass(frozen=True, slots=True)
class Rule:
    """`source` is the founding guide, a study, or the station's own choice."""

    key: str
    title: str
    text: str
    source: str


def _of_conditions() -> tuple[Rule, ...]:
    return tuple(
        Rule(care.rule_of(one.key), one.title, one.effect, SOURCES.get(one.key, AUTHOR)) for one in care.CONDITIONS
    )


SOURCES = {care.NUMB: "Usual care for feet with little feeling", care.BALANCE: "Usual care against falls"}
"""Of the conditions that the guide does not name."""

RULES: tuple[Rule, ...] = (
    Rule(
        "care-asked",
        "Questions before the first routine",
        "Before the first routine the station asks what would make a routine wrong for you, and again after half a "
        "year, after much pain, or when something has changed.",
        OURS,
    ),
    *_of_conditions(),
    Rule(
        "care-nothing-left",
        "When nothing is left",
        "If all of a routine is left out for your sake, nothing takes its place without a professional.",
        OURS,
    ),
    Rule("pain-go-on", "Pain of 0 to 3", "Go on.", TRAFFIC_LIGHT),
    Rule(
        "pain-ease-off",
        "Pain of 4 or 5",
        "Everything is gentler, with half of the repetitions, until an answer is below 4.",
        TRAFFIC_LIGHT,
    ),
    Rule("pain-stop", "Pain of 6 and more", "Stop, and look again after 24 hours.", TRAFFIC_LIGHT),
    Rule(
        "pain-held-back",
        "After much pain",
        "Nothing is proposed after a pain of 6 or more, until a newer answer is below 4.",
        TRAFFIC_LIGHT,
    ),
    Rule(
        "felt-front",
        "Felt in front of the ankle",
        "The joint is what limits: traction, opening the front and the lunge with a band come first.",
        GUIDE,
    ),
    Rule(
        "felt-achilles",
        "Felt in the Achilles tendon",
        "Release and glide of the tendon, the squat against the wall and heel drops come first.",
        GUIDE,
    ),
    Rule(
        "felt-calf",
        "Felt in the calf",
        "Release of the calf, its two stretches and the glide of the nerve come first.",
        GUIDE,
    ),
    Rule(
        "order",
        "The order of a routine",
        "A test, then the warm-up, then what helps the felt places, then the rest. Within each: release, stretch, "
        "mobilise, strengthen, functional, nerve.",
        GUIDE,
    ),
    Rule(
        "time",
        "When time is short",
        "The stretches for the felt place stay longest, then the rest for it, then other stretches and the warm-up.",
        OURS,
    ),
)
BY_KEY: Mapping[str, Rule] = {rule.key: rule for rule in RULES}
