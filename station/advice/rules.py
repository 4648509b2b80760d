"""Every rule behind the advice: its text, in our own words, and its source.

A page lists the rules, and each `Reason` links to its rule by the key.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from station.advice import adaptation, health_questions, triage
from station.advice.conditions import BALANCE, CONDITIONS, NUMB, PARTIAL_WEIGHT
from station.advice.health_questions import CALM_DAYS_PER_STAGE

GUIDE = "The founding guide"
AUTHOR = "The founding guide, its author's cautions"
OWN_CHOICE = "This station's own choice"
TRAFFIC_LIGHT = "Usual care: the pain traffic light"


class Rule(Struct, frozen=True):
    """`source` is the founding guide, a study, or the station's own choice."""

    key: str
    title: str
    text: str
    source: str


CONDITION_SOURCES = {
    NUMB: "Usual care for feet with little feeling",
    BALANCE: "Usual care to prevent falls",
    PARTIAL_WEIGHT: "Usual care after an operation or a fracture",
}
"""The sources of the conditions that the guide does not name."""


def _condition_rules() -> tuple[Rule, ...]:
    return tuple(
        Rule(health_questions.rule_key(one.key), one.title, one.effect, CONDITION_SOURCES.get(one.key, AUTHOR))
        for one in CONDITIONS
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "health-asked",
        "Questions before the first routine",
        "Before your first routine, the station asks about anything that would make it unsuitable for you. It asks "
        "again after half a year, after strong pain, or when you report a change.",
        OWN_CHOICE,
    ),
    *_condition_rules(),
    Rule(
        health_questions.ONE_LEG_RULE,
        "One leg only",
        "An answer about one leg changes only that leg; both legs at once follow the stricter answer. A leg that "
        "must not carry you yet rests, and the other does only seated or lying exercises.",
        OWN_CHOICE,
    ),
    Rule(
        health_questions.ONLY_SIDE_RULE,
        "The leg that you test and train",
        "If you test and train one leg only, tests and exercises are for that leg, and exercises for both legs at once "
        "are left out. You choose it on your own page, under People.",
        OWN_CHOICE,
    ),
    Rule(
        "health-nothing-left",
        "When nothing remains",
        "If every exercise in a routine is left out for your safety, nothing takes its place: ask a health "
        "professional.",
        OWN_CHOICE,
    ),
    Rule(
        "exercise-gone",
        "An exercise that no longer exists",
        "An unfinished routine may contain an exercise that a newer version of the station no longer has. It is left "
        "out.",
        OWN_CHOICE,
    ),
    Rule(
        "dose-grows",
        "A smaller dose grows",
        "After an operation or a fracture, and for heel drops with a sore tendon: half, then three quarters after "
        f"{CALM_DAYS_PER_STAGE} training days without pain of 4 or more, and the whole dose after "
        f"{2 * CALM_DAYS_PER_STAGE}.",
        f"{AUTHOR}; the steps are this station's own choice",
    ),
    Rule("pain-go-on", "Pain of 0 to 3", "Carry on.", TRAFFIC_LIGHT),
    Rule(
        "pain-ease-off",
        "Pain of 4 or 5",
        "Every dose is halved until you report pain below 4.",
        TRAFFIC_LIGHT,
    ),
    Rule("pain-stop", "Pain of 6 or more", "Stop, and check again after 24 hours.", TRAFFIC_LIGHT),
    Rule(
        "pain-held-back",
        "After strong pain",
        "After pain of 6 or more, nothing is proposed until you report pain below 4.",
        TRAFFIC_LIGHT,
    ),
    Rule(
        "felt-front",
        "Felt in front of the ankle",
        "The joint is the limit, so traction, front-of-ankle opening and the lunge with a band come first.",
        GUIDE,
    ),
    Rule(
        "felt-achilles",
        "Felt in the Achilles tendon",
        "Tendon release and glide, the squat against the wall and heel drops come first.",
        GUIDE,
    ),
    Rule(
        "felt-calf",
        "Felt in the calf",
        "Calf release, the two calf stretches and the nerve glide come first.",
        GUIDE,
    ),
    Rule(
        "order",
        "The order of a routine",
        "First a test, then the warm-up, then the exercises for where you feel the limit, then the others. Within each "
        "part: release, stretch, mobilise, strengthen, functional, nerve.",
        GUIDE,
    ),
    Rule(
        triage.ROTATION_RULE,
        "What takes turns",
        "To warm-up, stretches and the felt place, each training day adds one more section of the guide: "
        f"{', '.join(triage.ROTATING_SECTIONS.values())}. A new week starts one section later.",
        "The founding guide for the sections; the turns are this station's own choice",
    ),
    Rule(
        "time",
        "When time is short",
        f"Without a choice: {triage.DEFAULT_MINUTES} minutes, a test included. Kept longest: the felt place, "
        "its stretches first (several places take turns; if none, all stretches), then warm-up, today's section, other "
        "stretches.",
        OWN_CHOICE,
    ),
    Rule(
        "not-felt",
        "A soleus stretch that you do not feel",
        "Calf release and the lunge with a band come before it.",
        AUTHOR,
    ),
    Rule(
        "new-range",
        "New range needs control",
        f"After a confirmed gain, one step a week: {', '.join(stage.aim for stage in adaptation.CONTROL_STAGES)}. A "
        "later step waits for its week.",
        AUTHOR,
    ),
    Rule(
        "behind",
        "One side is behind",
        "A side that is clearly behind in the tests, by 15 mm or more, goes first and gets one more hold. Smaller "
        "differences are common.",
        "Hoch and McKeon 2011, 35 healthy people: 68 of 100 within 15 mm",
    ),
    Rule("reached", "Goal reached", "You reached your goal: keep it with two days a week.", GUIDE),
    Rule(
        "gaining",
        "You are gaining",
        "While the tests clearly show a gain, nothing changes.",
        "This station's statistics, on the progress page",
    ),
    Rule(
        "plateau",
        "Steady for months",
        "If the tests clearly show no change: hold for a minute, use more angles, and see a health professional.",
        "This station's statistics; the founding guide for what to do",
    ),
    Rule(
        "slow-responder",
        "Three months without a gain",
        "If the tests are inconclusive, but the last one is no farther than the first, three months ago or more: hold "
        "longer, use more angles, and see a health professional.",
        GUIDE,
    ),
    Rule(
        "persist",
        "Regular weeks come first",
        "Three months without a gain only count if you stretched on the board in most of those weeks.",
        GUIDE,
    ),
    Rule(
        "first-weeks",
        "What to expect in the first weeks",
        "About 2 mm a week: too little for a single week to show.",
        "Warneke 2023, PMC10124737, for the gain; Konor 2012 for the error of one test",
    ),
    Rule(
        "six-weeks",
        "What to expect after six weeks",
        "In one study the knee went 9.9 to 14.5 % farther after six weeks, whether people stretched for 10, 30 or 60 "
        "minutes a day.",
        "Warneke 2023, PMC10124737",
    ),
    Rule("plan-least", "How often", "At least two days a week. More is better, and every day is fine.", GUIDE),
    Rule(
        "plan-due",
        "When a routine is due",
        "From its time until the next one or the end of the next day, whichever comes first.",
        OWN_CHOICE,
    ),
    Rule("plan-missed", "A missed routine", "Only the most recent one is offered, and only once.", OWN_CHOICE),
    Rule(
        "plan-rest",
        "Rest days",
        "They do no harm: the station counts no streak that a day off could break.",
        OWN_CHOICE,
    ),
    Rule("plan-done", "Done", "Any routine counts for the day, even one done earlier than planned.", OWN_CHOICE),
    Rule(
        "plan-break",
        "After a break",
        "Start from where you are. The station does not remind you of what you missed.",
        OWN_CHOICE,
    ),
    Rule(
        "dose",
        "Ten minutes a week",
        "Only time held with the heel down counts: ten minutes a week for each leg. For one muscle, studies saw no "
        "further gain beyond ten minutes a week, or four in one session.",
        "Ingram 2024, 189 studies",
    ),
    Rule(
        "baseline",
        "A baseline before stretching",
        "Two weeks with a test every second day and no stretch show where you begin and how much your tests vary by "
        "themselves, so a change is recognised sooner. Leave it at any time; a stretch ends it too.",
        OWN_CHOICE,
    ),
    Rule("test-first", "The first test", "A full test: all later ones are compared with it.", OWN_CHOICE),
    Rule("test-full", "Full tests", "Every two weeks.", OWN_CHOICE),
    Rule("test-quick", "Quick tests", "Once a week between full tests.", OWN_CHOICE),
    Rule(
        "test-before",
        "Tests come before stretching",
        "A stretch adds range for some hours, so only the first test of a day counts towards the trend.",
        f"{GUIDE}, whose readers report gains that faded within hours",
    ),
)
RULE_BY_KEY: Mapping[str, Rule] = {rule.key: rule for rule in RULES}
