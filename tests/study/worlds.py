"""The table of the study: all that it measures for each world of people, a row each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.study.claims import NAMES
from tests.study.markdown import NONE, number, paragraph, percent, table, weeks
from tests.study.measure import summed
from tests.study.people import Scenario
from tests.study.scenarios import COVERED_WEEKS, GOALS_FURTHER_MM, LIVES, gaining, gaining_briefly

MIN_LOOKS, MIN_PEOPLE = 0.01, 5
"""The share of looks, and the people, that must make a claim before its share of true ones is shown alone."""
CROSSED = 18
"""The first lives cross error, rate and outliers."""
USUAL = "SEM 5, 3 a week"
HEAD = (
    "world",
    "false: side / person, %",
    "gain: side, weeks",
    "gain: person, weeks",
    "band, %",
    "level, %",
    "change, %",
    "forecast, %",
    "claims, %",
    "least true claim, %",
)
LEGEND = (
    "*false*: if the ankles do not change, how many have a change confirmed within a year, checked after every test: "
    "of sides / of people. A person has three: left, right, and the mean of both; the first one counts. With seasons: "
    "a change in a direction in which the ankle has not moved.",
    "*gain*: the same world, but both ankles gain 2 mm a week: weeks until that is confirmed for half / for 95 % of "
    "the sides, and of the people. A dash means that fewer have it confirmed.",
    "*band, level, change*: how often the 95 % interval contains the true value (the band at each result, the level "
    f"now, the change since the first test): after a year without a change / after {COVERED_WEEKS} weeks of the gain. "
    "The true level is that in the circumstances that are usual at the end, as the first calibration reads.",
    f"*forecast*: made when the gain is confirmed, for goals {GOALS_FURTHER_MM[0]:g} and {GOALS_FURTHER_MM[1]:g} mm "
    "further: how often the goal is reached between the two dates (80 % promised), of all with a date / of those with "
    "both dates and not only the first.",
    "*claims*: the share of true claims among all that the page's sentences about both sides make, if they are read "
    "every week, without a change and with the gain together.",
    "*least true claim*: the claim that is true least often, of those made in at least one look in a hundred and to at "
    f"least {MIN_PEOPLE} people.",
)
INTERVALS = {"band": "the band", "level": "the level now", "change": "the change"}


def lines(results: Mapping[str, Any]) -> Iterator[str]:
    """The table with its legend."""
    yield "## Every world"
    yield ""
    yield from _findings(results)
    yield ""
    yield from paragraph(
        "Unless the row says otherwise, people do three tests a week, with an SEM of 5 mm and an SD between days of 3 "
        f"mm. The first {CROSSED} rows cross error, rate of tests and outliers (tests that are off by 20 to 50 mm); "
        "the others are what happens in real life. *Spells* are stiff and supple spells: neighbouring days are alike, "
        "and the true level is the mean over all of them."
    )
    yield ""
    for item in LEGEND:
        yield from paragraph(f"- {item}")
    yield ""
    yield from table(HEAD, (tuple(_row(results, life)) for life in LIVES))


def _row(results: Mapping[str, Any], life: Scenario) -> Iterator[str]:
    still, gain = results["lives"][life.name], results["lives"][gaining(life).name]
    bands = results["bands"][life.name], results["bands"][gaining_briefly(life).name]
    forecast = results["forecasts"][gaining(life).name]
    claimed = claims_of(results, life)
    yield life.says
    yield " / ".join(number(100 * still[of]["confirmed"]) for of in ("side", "person"))
    yield from (weeks(gain[of]) for of in ("side", "person"))
    yield from (" / ".join(_share(found[what], found["people"]) for found in bands) for what in INTERVALS)
    yield f"{_share(forecast['inside'], forecast['dates'])} / {_share(forecast['inside both'], forecast['both'])}"
    yield number(100 * _true_share(claimed))
    shares = shares_of(claimed)
    least = min(shares, key=lambda name: shares[name], default=None)
    yield NONE if least is None else f"{number(100 * shares[least])}: {least}"


def _share(count: float, of: float) -> str:
    return number(100 * count / of if of else None)


def claims_of(results: Mapping[str, Any], life: Scenario) -> dict[str, float]:
    """The claims in this life, without a change and with the gain together."""
    return summed(results["claims"][one.name] for one in (life, gaining(life)))


def _true_share(claimed: Mapping[str, float]) -> float:
    """How many of all claims are true."""
    made, true = (sum(claimed.get(f"{name}|{what}", 0) for name in NAMES) for what in ("made", "true"))
    return true / made


def shares_of(claimed: Mapping[str, float]) -> dict[str, float]:
    """How often each claim is true, of those that are made often enough to say so."""
    return {
        name: claimed[f"{name}|true"] / claimed[f"{name}|made"]
        for name in NAMES
        if claimed.get(f"{name}|made", 0) >= MIN_LOOKS * claimed["looks"]
        and claimed.get(f"{name}|people", 0) >= MIN_PEOPLE
    }


def _findings(results: Mapping[str, Any]) -> Iterator[str]:
    """What a physiotherapist learns from the table."""
    lives = results["lives"]

    def false(life: Scenario) -> float:
        return float(lives[life.name]["person"]["confirmed"])

    crossed = LIVES[:CROSSED]
    spells = max((life for life in LIVES if life.fade_days), key=false)
    usual = next(life for life in LIVES if life.name == USUAL)
    found = lives[gaining(usual).name]
    halves = [lives[gaining(life).name]["person"]["half"] for life in crossed]
    covered, what, where = min(_coverages(results))
    claims = [_true_share(claims_of(results, life)) for life in LIVES]
    yield from paragraph(
        "Look for the row that is most like your patient: how much their tests scatter (SEM), how often they test, and "
        "what else goes on. A confirmed change is hardly ever an error of measurement: at any scatter and rate in the "
        f"first {CROSSED} rows, at most {number(100 * max(map(false, crossed)))} of 100 patients who do not change see "
        "one in a year, however often they look. The price is patience: a gain of 2 mm a week in both ankles is "
        f"confirmed after {number(found['person']['half'])} weeks for half of the patients and after "
        f"{number(found['person']['most'])} for 95 of 100; in one ankle alone after "
        f"{number(found['side']['half'])} and {number(found['side']['most'])}. Tests that "
        f"scatter little, or are frequent, shorten the wait: depending on the row, half of the patients wait "
        f"{number(min(halves))} to {number(max(halves))} weeks. Be careful with patients who are stiff for days and "
        f"then supple for days: up to {number(100 * false(spells))} of 100 see a change that is not real "
        f"({spells.says}). Of what the page says in words, {number(100 * min(claims))} to "
        f"{number(100 * max(claims))} % is true, depending on the row. The 95 % intervals contain the truth least "
        f"often for {what}: in {percent(covered)} ({where})."
    )


def _coverages(results: Mapping[str, Any]) -> Iterator[tuple[float, str, str]]:
    for life in LIVES:
        for one in (life, gaining_briefly(life)):
            found = results["bands"][one.name]
            yield from ((found[what] / found["people"], says, one.says) for what, says in INTERVALS.items())
