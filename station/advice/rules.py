"""Every rule that advice goes by: what it says, in our own words, and where it comes from.

A page lists them, and each `Why` leads to its rule by the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from station.advice import health_questions

GUIDE = "The founding guide"
AUTHOR = "The founding guide, cautions of its author"
OWN_CHOICE = "This station's own choice"
TRAFFIC_LIGHT = "Usual care: the traffic light of pain"


@dataclass(frozen=True, slots=True)
class Rule:
    """`source` is the founding guide, a study, or the station's own choice."""

    key: str
    title: str
    text: str
    source: str


CONDITION_SOURCES = {
    health_questions.NUMB: "Usual care for feet with little feeling",
    health_questions.BALANCE: "Usual care against falls",
}
"""Of the conditions that the guide does not name."""


def _condition_rules() -> tuple[Rule, ...]:
    return tuple(
        Rule(health_questions.rule_key(one.key), one.title, one.effect, CONDITION_SOURCES.get(one.key, AUTHOR))
        for one in health_questions.CONDITIONS
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "health-asked",
        "Questions before the first routine",
        "Before the first routine the station asks what would make a routine wrong for you, and again after half a "
        "year, after much pain, or when something has changed.",
        OWN_CHOICE,
    ),
    *_condition_rules(),
    Rule(
        "health-nothing-left",
        "When nothing is left",
        "If all of a routine is left out for your sake, nothing takes its place without a professional.",
        OWN_CHOICE,
    ),
    Rule(
        "exercise-gone",
        "An exercise that no longer exists",
        "What remains of a routine may name an exercise that a newer program no longer has: it is left out.",
        OWN_CHOICE,
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
        OWN_CHOICE,
    ),
    Rule(
        "not-felt",
        "A soleus stretch that is not felt",
        "Release of the calf and the lunge with a band come before it.",
        AUTHOR,
    ),
    Rule(
        "new-range",
        "New range needs control",
        "In the four weeks after a gain was told: first holding still, then lowering slowly, then the lunge and the "
        "squat under load.",
        AUTHOR,
    ),
    Rule(
        "behind",
        "One side is behind",
        "From 15 mm on, where the tests are clear of it, that side goes first and gets one more hold. Smaller "
        "differences are common.",
        "Hoch and McKeon 2011, 35 healthy people: 68 of 100 within 15 mm",
    ),
    Rule("reached", "The goal is reached", "At your own goal nothing grows any more; two days a week go on.", GUIDE),
    Rule(
        "gaining",
        "A gain is going on",
        "While the tests are sure of a gain, nothing is changed.",
        "The statistics of this station, on the page of progress",
    ),
    Rule(
        "plateau",
        "Steady for months",
        "Where the tests are sure that nothing moves: holds of a minute, more angles, and a health professional.",
        "The statistics of this station; the founding guide for what to do",
    ),
    Rule(
        "slow-responder",
        "Three months without a gain",
        "Where the tests are sure of nothing, but the last one is no further than the first one of three months ago: "
        "longer holds, more angles, and a health professional.",
        GUIDE,
    ),
    Rule(
        "persist",
        "Regular weeks come first",
        "Three months without a gain say something where most of these weeks had stretches on the board.",
        GUIDE,
    ),
    Rule(
        "first-weeks",
        "What to expect in the first weeks",
        "About 2 mm a week, which no single week shows.",
        "Warneke 2023, PMC10124737, for the gain; Konor 2012 for the error of one test",
    ),
    Rule(
        "six-weeks",
        "What to expect after six weeks",
        "In a study the knee went 9.9 to 14.5 % further after six weeks, with 10, 30 or 60 minutes a day alike.",
        "Warneke 2023, PMC10124737",
    ),
    Rule(
        "plan-least", "How often", "Two days a week are the least, the more the better, and every day is fine.", GUIDE
    ),
    Rule(
        "plan-due",
        "When a routine is due",
        "From its time on until the next one or the end of the next day, whichever is earlier.",
        OWN_CHOICE,
    ),
    Rule("plan-missed", "What was missed", "It is offered once, and only the newest one.", OWN_CHOICE),
    Rule("plan-rest", "Days of rest", "They break nothing; nothing is counted that a free day could end.", OWN_CHOICE),
    Rule(
        "plan-done", "Done", "A routine of any kind does for the day, also when it is earlier than planned.", OWN_CHOICE
    ),
    Rule("plan-break", "After a break", "It goes on where you are, without a word about what was missed.", OWN_CHOICE),
    Rule(
        "dose",
        "Ten minutes a week",
        "What counts is held time with the heel down, ten minutes a leg and week. No gain has been seen beyond ten "
        "minutes a week, or four in one sitting.",
        "Ingram 2024, 189 studies",
    ),
    Rule("test-first", "The first test", "It is a full one: what all later ones are compared with.", OWN_CHOICE),
    Rule("test-full", "Full tests", "Every two weeks.", OWN_CHOICE),
    Rule("test-quick", "Quick tests", "Once a week between the full ones.", OWN_CHOICE),
    Rule(
        "test-before",
        "Tests come before stretching",
        "A stretch adds for some hours, so only the first test of a day is part of the trend.",
        f"{GUIDE}, where readers tell of gains that faded within hours",
    ),
)
RULE_BY_KEY: Mapping[str, Rule] = {rule.key: rule for rule in RULES}
