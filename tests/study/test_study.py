"""A short study, and that what is written of the long one is what it found."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from math import sqrt
from pathlib import Path
from random import Random
from statistics import fmean, stdev
from typing import Any

import pytest

from tests.study import measure
from tests.study.people import Scenario, made_by, week_of
from tests.study.report import pictures, prose
from tests.study.rules import above, limit
from tests.study.scenarios import BANDS, FORECASTS, GAIN, NULL, STEADY, TOLD
from tests.tree import ROOT

HERE = Path(__file__).parent
RESULTS: dict[str, Any] = json.loads((HERE / "results.json").read_text(encoding="utf-8"))
PEOPLE = 400


def test_people_who_do_not_change_are_rarely_told_of_a_change() -> None:
    """At most 5 % within a year, looked at after every test: 400 people, and chance allowed for."""
    weeks = measure.told(NULL, 1000, PEOPLE, ("ours",))["ours"]
    false = sum(week < NULL.weeks for week in weeks)
    assert false <= PEOPLE * 0.05 + 3 * sqrt(PEOPLE * 0.05 * 0.95)


def test_a_gain_is_told_in_time() -> None:
    """2 mm a week: half within about 7 weeks, 95 % within 11; 400 people, and chance allowed for."""
    weeks = measure.told(GAIN, 1000, PEOPLE, ("ours",))["ours"]
    assert sum(week <= 7 for week in weeks) >= PEOPLE * 0.5 - 3 * sqrt(PEOPLE * 0.25)
    assert sum(week <= 11 for week in weeks) >= PEOPLE * 0.95 - 3 * sqrt(PEOPLE * 0.95 * 0.05)


@pytest.mark.parametrize("name", ["steady", "gaining", "gained"])
def test_the_bands_hold_the_truth(name: str) -> None:
    """Intervals called 95 % hold it at least so often, with 150 people and chance allowed for."""
    scenario = next(one for one in BANDS if one.name == name)
    found = measure.bands(scenario, 1000, 150)
    for what in ("level", "change", "slope"):
        assert found[what] >= 150 * 0.95 - 3 * sqrt(150 * 0.95 * 0.05), what


def test_the_promises_were_kept() -> None:
    """In the study itself: false changes, the time to tell, the dates and the steady."""
    told = RESULTS["told"]
    assert RESULTS["people"] >= 10_000
    for name in (one.name for one in TOLD if one.is_null and not one.fade_days):
        assert told[name]["ours"]["told"] <= 0.05, name
    assert told["gain"]["ours"]["half"] <= 7
    assert told["gain"]["ours"]["most"] <= 11
    for found in RESULTS["forecasts"].values():
        assert found["inside"] / found["dates"] >= 0.8
    least_worth_while = RESULTS["steady"]["0.46 a week"]
    assert least_worth_while["ever"] / least_worth_while["people"] <= 0.1


def test_the_results_are_of_these_people() -> None:
    """Every scenario was run, and with the seed that is stated."""
    assert RESULTS["seed"] == measure.SEED
    for part, scenarios in (("told", TOLD), ("bands", BANDS), ("forecasts", FORECASTS), ("steady", STEADY)):
        assert list(RESULTS[part]) == [scenario.name for scenario in scenarios]


def test_what_is_written_is_what_was_found() -> None:
    """The tables and the pictures beside the results are made of them."""
    assert (HERE / "README.md").read_text(encoding="utf-8") == prose(RESULTS)
    for name, picture in pictures(RESULTS).items():
        assert (HERE / name).read_text(encoding="utf-8") == picture
        assert ElementTree.fromstring(picture).tag.endswith("svg")


def test_the_documentation_quotes_the_study() -> None:
    """A percentage or a number of weeks that a paragraph ascribes to `make study` is in its tables."""
    tables = (HERE / "README.md").read_text(encoding="utf-8")
    known = set(re.findall(r"\d+\.\d", tables))
    for page in ROOT.glob("*.md"):
        for paragraph in re.split(r"\n\s*\n|\n(?=\d+\. \*\*)", page.read_text(encoding="utf-8")):
            if "`make study`" in paragraph:
                quoted = set(re.findall(r"(\d+\.\d) (?:%|weeks)", paragraph))
                assert quoted <= known, f"{page.name}: {sorted(quoted - known)} are not what the study found"


def test_simulated_people_are_as_they_are_said_to_be() -> None:
    """The errors have their SDs, slips their share, days that go together their correlation, full tests less error."""
    rng = Random(1)
    made = made_by(Scenario("x", "x", 2000, per_week=7, sem_mm=5, day_mm=3), rng)
    assert stdev(test.mm for test in made) == pytest.approx(sqrt(34), rel=0.03)
    slipped = made_by(Scenario("x", "x", 2000, sem_mm=1, day_mm=0, slips=0.05), rng)
    assert fmean(abs(test.mm - 90) > 15 for test in slipped) == pytest.approx(0.05, abs=0.01)
    together = [test.mm for test in made_by(Scenario("x", "x", 2000, per_week=7, sem_mm=0, fade_days=3), rng)]
    pairs = list(pairwise(together))
    assert fmean((a - 90) * (b - 90) for a, b in pairs) / 9 == pytest.approx(0.717, abs=0.05)
    mixed = made_by(Scenario("x", "x", 4000, full_every=2), rng)
    assert stdev(test.mm for test in mixed if test.full) == pytest.approx(sqrt(9 + 25 / 3), rel=0.04)


def test_the_level_is_what_the_scenario_says() -> None:
    """A gain begins and ends, a step stays."""
    scenario = Scenario("x", "x", 30, slope=2.0, from_week=4, to_week=10, step_mm=-20, step_week=12)
    assert [scenario.level_mm(week) for week in (0, 4, 7, 10, 11, 12, 20)] == [90, 90, 96, 102, 102, 82, 82]


def test_the_naive_rules_are_what_they_are_called() -> None:
    """One or two in a row above the limit from the first; the limit of a test that knew needs no luck to tell."""
    exact = Scenario("x", "x", 30, sem_mm=0, day_mm=0, slope=2.0)
    made = made_by(exact, Random(1))
    assert above(19, made) == pytest.approx(week_of(next(test.at for test in made if test.mm > 109)))
    assert above(19, made, 2) == pytest.approx(week_of([test.at for test in made if test.mm > 109][1]))
    assert above(1000, made) is None
    told = limit(Scenario("x", "x", 30, slope=2.0), made)
    assert told is not None
    assert 4 < told < 8


def test_the_share_told_is_counted() -> None:
    """Half and most are quantiles of all, with those who were never told."""
    found = measure.characteristics([1.0, 2.0, 3.0, float("inf")], 3)
    assert (found["told"], found["half"], found["most"]) == (0.75, 2.0, None)
    assert found["by_week"] == [0, 0.25, 0.5, 0.75]
    assert measure.quantile([3.0, 1.0, 2.0], 0.95) == 3.0
