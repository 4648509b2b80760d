"""README.md of the study: the table of the worlds and what it cannot show, made only from the results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from station.core.progress.change import ODDS_AGAINST_SPELLS
from tests.study import worlds
from tests.study.claims import NAMES
from tests.study.markdown import paragraph, percent, table, weeks
from tests.study.measure import PHASES, PLAIN, summed
from tests.study.people import Scenario
from tests.study.pictures import SAYS, SHOWN
from tests.study.scenarios import (
    BANDS,
    CHANGES,
    CLAIMS,
    COURSES,
    FORECASTS,
    LIVES,
    ODDS,
    PRICED,
    SEASONS,
    STEADY,
    gaining,
)

WHO = ("side", "person")


def prose(results: Mapping[str, Any]) -> str:
    """README.md with every table."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Mapping[str, Any]) -> Iterator[str]:
    people = {part: round(min(found["people"] for found in results[part].values())) for part in ("bands", "claims")}
    confirmed = min(found["person"]["people"] for found in results["lives"].values())
    yield "# Is the change real? What the station says to simulated people whose true course is known"
    yield ""
    yield from paragraph(
        f"Written by `make study` from `results.json`, seed {results['seed']}. Simulated people in each row: "
        f"{results['people']:,} for the comparison of rules, {confirmed:,} for changes and gains, {people['bands']:,} "
        f"for intervals, and {people['claims']} for sentences, read every week."
    )
    yield ""
    yield from worlds.lines(results)
    yield ""
    yield from _rules(results["rules"])
    yield ""
    yield from _courses(results)
    yield ""
    yield from _price(results)
    yield ""
    yield from _bands(results["bands"])
    yield ""
    yield from _forecasts(results["forecasts"])
    yield ""
    yield "## Steady: how many are called steady at least once within a year, or during their hump, checked every week"
    yield ""
    steady = results["steady"]
    yield from table(
        ("people", "called steady"),
        ((one.says, percent(steady[one.name]["ever"] / steady[one.name]["people"])) for one in STEADY),
    )
    yield ""
    yield from _claims(results["claims"])


def _rules(rules: Mapping[str, Any]) -> Iterator[str]:
    yield "## Other rules"
    yield ""
    yield from paragraph(
        'For one ankle; each rule is applied after every test. "This station" is the shipped code. The MDC rules use '
        "the person's true error, unknown in practice. The limit is a sequential probability ratio test that knows "
        "error, slope and direction in advance. How many people who do not change see a false change within a year:"
    )
    yield ""
    yield from table(
        ("people", *(SAYS[rule] for rule in SHOWN)),
        (
            (one.says, *(percent(rules[one.name][rule]["confirmed"]) for rule in SHOWN))
            for one in CHANGES
            if one.is_null
        ),
    )
    yield ""
    yield "![Share of people who do not change but see a change](no_change.svg)"
    yield ""
    yield from paragraph(
        "Weeks until a change is confirmed for half of the people / for 95 % of them, from the start of the change; a "
        "negative number means that it was confirmed before it began. A dash means that fewer have it confirmed within "
        "the simulated time."
    )
    yield ""
    yield from table(
        ("people", *(SAYS[rule] for rule in SHOWN), "first in the wrong direction"),
        (
            (
                one.says,
                *(weeks(rules[one.name][rule]) for rule in SHOWN),
                percent(rules[one.name]["wrong way"]["confirmed"]),
            )
            for one in CHANGES
            if not one.is_null
        ),
    )
    yield ""
    yield "![Share of people who gain 2 mm a week and see it confirmed](gain.svg)"


def _courses(results: Mapping[str, Any]) -> Iterator[str]:
    courses, found = results["courses"], results["seasons"][SEASONS.name]
    yield "## Courses of both ankles: how many have a change confirmed after its start, and when"
    yield ""
    yield from table(
        ("course", "of sides", "of people", "weeks, a side", "weeks, a person"),
        (
            (
                one.says,
                *(percent(courses[one.name][of]["confirmed"]) for of in WHO),
                *(weeks(courses[one.name][of]) for of in WHO),
            )
            for one in COURSES
        ),
    )
    yield ""
    confirmed = found["confirmed"]
    yield from paragraph(
        f"With {SEASONS.says}, {confirmed / found['people']:.2f} changes are confirmed per side and year. Of these "
        f"{percent(found['direction'] / confirmed)} have the true direction, and on that day the 95 % interval of the "
        f"change contains the true one in {percent(found['size'] / confirmed)}."
    )


def _price(results: Mapping[str, Any]) -> Iterator[str]:
    price, after_a_baseline = results["price"], results["courses"]["loss after a baseline"]["person"]
    yield "## The price: how much likelier than spells a change must be, and what that delays"
    yield ""
    yield f"The station requires odds of {ODDS_AGAINST_SPELLS:g} to 1. Each cell: for a side, then for a person."
    yield ""
    yield from table(
        ("odds", *(one.says for one in PRICED)),
        (
            (
                f"{odds:g}",
                *(
                    ", ".join(
                        percent(found["confirmed"]) if one.is_null or one.step_mm else weeks(found)
                        for of in WHO
                        for found in (price[one.name][f"{of} at {odds:g}"],)
                    )
                    for one in PRICED
                ),
            )
            for odds in ODDS
        ),
    )
    yield ""
    yield from paragraph(
        "The first weeks are blind at any odds: with three tests before a loss of 10 mm in week 1, a rule that knows "
        "its date, its size and the error gets a likelihood ratio of e^4.4 on average, however many tests follow. "
        f"After two weeks of tests, {percent(after_a_baseline['confirmed'])} of the people have such a loss confirmed."
    )
    yield ""
    yield "![False changes against delay, for each odds](price.svg)"
    yield ""
    yield from paragraph(
        "`python -m tests.study.spells_limit` shows how little a better rule could gain for one ankle. A likelihood "
        "ratio that knows the error, the start and how long spells last needs 7.6 weeks for half and 10.6 for 95 %, if "
        "spells of 5 mm may look like a change in 15 % of sides and it knows only that a slope is 1, 2, 3 or 4 mm a "
        "week; 7.0 and 10.0 if it knows that it is 2 mm a week. The station knows none of this."
    )


def _bands(bands: Mapping[str, Any]) -> Iterator[str]:
    what = {"level": "level now", "band": "band", "change": "change", "slope": "slope"}
    what |= {name: f"{name.removeprefix('plain ')}, plain" for name in PLAIN}
    called = (*(f"called {phase}" for phase in PHASES), "given a habit")

    def row(scenario: Scenario) -> Iterator[str]:
        found = bands[scenario.name]
        yield scenario.says
        yield from (percent(found[name] / found["people"]) for name in what)
        yield f"{found['half_mm'] / found['people']:.1f} mm"
        yield from (percent(found[name] / found["people"]) for name in (*PHASES, "habits"))

    yield "## Fresh changes: how often the 95 % intervals contain the true value"
    yield ""
    yield from paragraph(
        "After 26 weeks (12 for people who keep gaining) unless stated otherwise, with each person's error as the "
        "station estimates it. *Plain* is the same filter without steps, outliers and habits."
    )
    yield ""
    yield from table(("people", *what.values(), "± of the level now", *called), (tuple(row(one)) for one in BANDS))


def _forecasts(forecasts: Mapping[str, Any]) -> Iterator[str]:
    yield "## Forecasts for a gain that is fast or ends"
    yield ""
    yield from table(
        ("people", "get a date", "get both dates", "reach the goal between them (80 % promised)", "before", "after"),
        (
            (
                one.says,
                percent(found["dates"] / found["asked"]),
                percent(found["both"] / found["asked"]),
                *(percent(found[where] / found["dates"]) for where in ("inside", "early", "late")),
            )
            for one in FORECASTS
            for found in (forecasts[one.name],)
        ),
    )


def _claims(claims: Mapping[str, Any]) -> Iterator[str]:
    """Each claim ever made: how often, how often it is true, and the world in which it is true least often."""
    shares = {one.says: worlds.shares_of(claims[one.name]) for one in (*LIVES, *map(gaining, LIVES), *CLAIMS)}
    total = summed(claims.values())
    yield "## Sentences: how often each claim is true, if read every week"
    yield ""
    yield from paragraph(
        f"{round(total['people']):,} people with both ankles, in equal numbers from the worlds of the table (without a "
        "change, and with the gain) and from these:"
    )
    yield ""
    yield from (f"- {one.says}" for one in CLAIMS)
    yield ""
    yield from paragraph(
        "The last column is the world in which the claim is true least often, of the worlds in which it is made often "
        "enough (as above); it is empty if it is always true there, or made too seldom everywhere. "
        "If the first date of a forecast is the day of the look, the goal may already be reached."
    )
    yield ""
    yield from table(
        ("claim", "made", "true", "least true in"),
        (
            (name, f"{round(made):,}", percent(total[f"{name}|true"] / made), _least_true(name, shares))
            for name in NAMES
            if (made := total.get(f"{name}|made", 0))
        ),
    )


def _least_true(name: str, shares: Mapping[str, Mapping[str, float]]) -> str:
    least, says = min(((share[name], says) for says, share in shares.items() if name in share), default=(1.0, ""))
    return f"{percent(least)}: {says}" if least < 1 else ""
