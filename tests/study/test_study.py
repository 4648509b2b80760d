"""A short run of the study, and the consistency of the long one's results and report."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from itertools import pairwise
from math import inf, log, sqrt
from pathlib import Path
from random import Random
from statistics import fmean, median, stdev
from typing import Any

import pytest

from station.core.activities.calibrate import CAPTURE_US
from station.core.progress.promise import FALSE_CHANGES_PERSON_YEAR, FALSE_CHANGES_SIDE_YEAR
from station.core.progress.records import TimeOfDay
from station.simulator.noise import NoiseParameters
from tests.bench.simulated_sensors import RANGE_US
from tests.study import baseline, drift_limit, measure, spells_limit, worlds
from tests.study.__main__ import PARTS
from tests.study.claims import claims
from tests.study.people import Scenario, made_by, made_by_both, reached_week, usual_shift_mm, week_of
from tests.study.pictures import pictures
from tests.study.report import prose
from tests.study.rules import above, limit
from tests.study.scenarios import BANDS, CHANGES, FORECASTS, GAIN, LIVES, NULL, SEASONS, gaining
from tests.tree import ROOT

HERE = Path(__file__).parent
RESULTS: dict[str, Any] = json.loads((HERE / "results.json").read_text(encoding="utf-8"))
PEOPLE = 400


def test_people_rarely_have_a_false_change() -> None:
    """At most 5 % within a year in any of their three sequences, checked after every test, with an allowance for
    chance.
    """
    weeks = measure.person_weeks(NULL, 1000, PEOPLE)["person"]
    assert _share(weeks) <= 0.05 + 3 * sqrt(0.05 * 0.95 / PEOPLE)


def test_people_have_a_gain_confirmed_in_time() -> None:
    """2 mm a week in both ankles: half within 7.5 weeks, 95 % within 10.3, with an allowance for chance."""
    weeks = measure.person_weeks(GAIN, 1000, PEOPLE)["person"]
    assert sum(week <= 7.5 for week in weeks) >= PEOPLE * 0.5 - 3 * sqrt(PEOPLE * 0.25)
    assert sum(week <= 10.3 for week in weeks) >= PEOPLE * 0.95 - 3 * sqrt(PEOPLE * 0.95 * 0.05)


@pytest.mark.parametrize("name", ["evening", "recalibrated", "learning", "spells"])
def test_lives_look_like_no_change(name: str) -> None:
    """At most one side in ten, with an allowance for chance."""
    life = next(one for one in LIVES if one.name == name)
    people = PEOPLE // 4
    weeks = measure.person_weeks(life, 1000, people)["side"]
    assert _share(weeks) <= 0.1 + 3 * sqrt(0.1 * 0.9 / (2 * people))


def _share(weeks: list[float]) -> float:
    return sum(week < inf for week in weeks) / len(weeks)


@pytest.mark.parametrize(
    ("name", "people"),
    [
        ("steady", 100),
        ("gaining 4", 100),
        ("stopped 2", 100),
        ("gained", 100),
        ("some evenings", 100),
        ("to evenings 4", 100),
    ],
)
def test_intervals_cover_the_truth(name: str, people: int) -> None:
    """The 95 % intervals of level and change contain it about that often, with an allowance for chance."""
    scenario = next(one for one in BANDS if one.name == name)
    found = measure.bands(scenario, 1000, people)
    for what in ("level", "change"):
        assert found[what] >= people * 0.94 - 3 * sqrt(people * 0.94 * 0.06), what


def test_interval_covers_a_loss_from_its_second_test() -> None:
    """A sudden loss of 20 mm: 100 people, with an allowance for chance."""
    scenario = next(one for one in BANDS if one.name == "stepped 2")
    assert measure.bands(scenario, 1000, 100)["level"] >= 85 - 3 * sqrt(100 * 0.85 * 0.15)


def test_forecast_holds_for_a_fast_gain() -> None:
    """4 mm a week, long enough to confirm it for all of 100 people: dates for 80 %, with an allowance for chance."""
    scenario = next(one for one in FORECASTS if one.name == "4 a week")
    found = measure.forecasts(replace(scenario, weeks=20), 1000, 100)
    assert found["inside"] >= found["dates"] * 0.8 - 3 * sqrt(found["dates"] * 0.8 * 0.2)
    assert found["asked"] == 2 * 100
    assert found["dates"] >= found["both"] >= found["inside both"] > 0


def test_results_meet_the_stated_limits() -> None:
    """In the long study: false changes, time to confirm, dates and steady."""
    rules = RESULTS["rules"]
    assert RESULTS["people"] >= 10_000
    for name in (one.name for one in CHANGES if one.is_null and not one.fade_days):
        assert rules[name]["ours"]["confirmed"] <= 0.05, name
    plain = LIVES[:18]
    assert max(RESULTS["lives"][one.name]["side"]["confirmed"] for one in plain) <= FALSE_CHANGES_SIDE_YEAR
    assert max(RESULTS["lives"][one.name]["person"]["confirmed"] for one in plain) <= FALSE_CHANGES_PERSON_YEAR
    lives = RESULTS["lives"]
    gain = lives[gaining(next(one for one in LIVES if one.name == "SEM 5, 3 a week")).name]["person"]
    assert gain["half"] <= 7.5
    assert gain["most"] <= 10.3
    for name in ("evening", "recalibrated", "learning", "spells", "spells, 7 a week"):
        assert lives[name]["side"]["confirmed"] <= 0.1, name
    for name in ("long spells", "long spells, 7 a week"):
        assert lives[name]["side"]["confirmed"] <= 0.15, name
    for found in RESULTS["forecasts"].values():
        assert found["inside"] / found["dates"] >= 0.8
    for name, least in (
        ("steady", 0.95),
        ("gaining 4", 0.93),
        ("stopped 2", 0.93),
        ("stepped 2", 0.91),
        ("mixed", 0.95),
    ):
        found = RESULTS["bands"][name]
        assert found["level"] / found["people"] >= least, name
        assert found["change"] / found["people"] >= least, name
    smallest_worthwhile = RESULTS["steady"]["0.46 a week"]
    assert smallest_worthwhile["ever"] / smallest_worthwhile["people"] <= 0.1


def test_results_cover_every_scenario() -> None:
    """And has the stated seed."""
    assert RESULTS["seed"] == measure.SEED
    for part, (_, scenarios, _) in PARTS.items():
        assert list(RESULTS[part]) == [scenario.name for scenario in scenarios]


def test_report_matches_the_results() -> None:
    """The tables and pictures next to the results are generated from them."""
    assert (HERE / "README.md").read_text(encoding="utf-8") == prose(RESULTS)
    for name, picture in pictures(RESULTS).items():
        assert (HERE / name).read_text(encoding="utf-8") == picture
        assert ElementTree.fromstring(picture).tag.endswith("svg")


def test_the_table_has_a_row_for_each_world() -> None:
    """With every column filled from the results: another result is another row."""
    rows = [line.split(" | ") for line in worlds.lines(RESULTS) if line.startswith("| ")][2:]
    assert [row[0] for row in rows] == [f"| {life.says}" for life in LIVES]
    assert {len(row) for row in rows} == {len(worlds.HEAD)}
    altered = json.loads(json.dumps(RESULTS))
    altered["bands"][LIVES[0].name]["change"] = 0.0
    changed = list(worlds.lines(altered))
    assert [line for line in changed if "| 0.0 / " in line and line not in worlds.lines(RESULTS)]


def test_a_claim_is_shown_alone_only_if_often_made() -> None:
    """By enough people, in enough looks."""
    often = {"looks": 1000.0, "steady since|made": 10.0, "steady since|true": 9.0, "steady since|people": 5.0}
    assert worlds.shares_of(often) == {"steady since": 0.9}
    assert worlds.shares_of(often | {"steady since|people": 4.0}) == {}
    assert worlds.shares_of(often | {"looks": 2000.0}) == {}


def test_claims_are_compared_with_the_true_course() -> None:
    """A gain is claimed truly if there is one, and falsely if only the calibration moves."""
    exact = replace(GAIN, name="exact", weeks=20, sem_mm=1.0, day_mm=0.5)
    found = claims(exact, 0, 10)
    assert found["a real gain, lasting|made"] > 10
    assert found["a real gain, lasting|true"] == found["a real gain, lasting|made"]
    assert found["a real gain, lasting|people"] == 1
    false = claims(replace(exact, name="false", slope=0.0, calibrated_week=6.0, calibration_mm=40.0), 0, 10)
    assert false["a real gain, lasting|made"] > 10
    assert false["a real gain, lasting|true"] == 0
    apart = claims(replace(exact, name="apart", slope=0.0, left_further_mm=30.0), 0, 10)
    assert apart["the left reaches further|true"] == apart["the left reaches further|made"] > 10


def test_documentation_quotes_the_report() -> None:
    """Each percentage or number of weeks that a document attributes to `make study` is in its tables."""
    tables = (HERE / "README.md").read_text(encoding="utf-8")
    known = set(re.findall(r"\d+\.\d", tables))
    for page in ROOT.glob("*.md"):
        for paragraph in re.split(r"\n\s*\n|\n(?=\d+\. \*\*)", page.read_text(encoding="utf-8")):
            if "`make study`" in paragraph:
                quoted = set(re.findall(r"(\d+\.\d) (?:%|weeks)", paragraph))
                assert quoted <= known, f"{page.name}: {sorted(quoted - known)} are not what the study found"


def test_simulated_people_match_their_scenario() -> None:
    """Errors have their SDs, outliers their share, days their correlation, and full tests less error."""
    rng = Random(1)
    made = made_by(Scenario("x", "x", 2000, per_week=7, sem_mm=5, day_mm=3), rng)
    assert stdev(test.mm for test in made) == pytest.approx(sqrt(34), rel=0.03)
    with_outliers = made_by(Scenario("x", "x", 2000, sem_mm=1, day_mm=0, outlier_share=0.05), rng)
    assert fmean(abs(test.mm - 90) > 15 for test in with_outliers) == pytest.approx(0.05, abs=0.01)
    correlated = [test.mm for test in made_by(Scenario("x", "x", 2000, per_week=7, sem_mm=0, fade_days=3), rng)]
    pairs = list(pairwise(correlated))
    assert fmean((a - 90) * (b - 90) for a, b in pairs) / 9 == pytest.approx(0.717, abs=0.05)
    mixed = made_by(Scenario("x", "x", 4000, full_every=2), rng)
    assert stdev(test.mm for test in mixed if test.full) == pytest.approx(sqrt(9 + 25 / 3), rel=0.04)


def test_circumstances_follow_the_scenario() -> None:
    """Both sides share them; evenings, a calibration and the first tests shift the readings."""
    exact = Scenario("x", "x", 4, sem_mm=0, day_mm=0)
    moved = replace(exact, evening_mm=6, evening_from_week=2, calibration_mm=3, calibrated_week=3, learning_mm=10)
    left, right = made_by_both(moved, Random(1))
    assert [test.mm for test in left] == [80, 82.5, 85, 87.5, 90, 90, 96, 96, 96, 99, 99, 99]
    assert [one.kind for one in left] == [one.kind for one in right]
    assert len({(one.circumstances, one.calibration) for one in left}) == 3
    half, _ = made_by_both(replace(exact, weeks=200, evening_share=0.5), Random(1))
    assert fmean(test.circumstances.time_of_day is TimeOfDay.EVENING for test in half) == pytest.approx(0.5, abs=0.1)
    assert [test.imported for test in made_by(replace(exact, tape_weeks=2), Random(1))] == [True] * 6 + [False] * 6


def test_usual_circumstances_add_to_the_level() -> None:
    """Those of most of the last twelve tests; of two equally common ones the last."""
    exact = Scenario("x", "x", 4, evening_mm=6.0)
    assert usual_shift_mm(exact, made_by(replace(exact, evening_from_week=2), Random(1))) == 6.0
    assert usual_shift_mm(exact, made_by(replace(exact, evening_from_week=3), Random(1))) == 0.0
    assert {test.circumstances.time_of_day for test in made_by(replace(exact, evening_share=1.0), Random(1))} == {
        TimeOfDay.EVENING
    }


def test_a_season_is_called_false_only_in_the_wrong_direction() -> None:
    """A true swing is found, which is not counted; a jump of the readings against it is."""
    swing = replace(SEASONS, name="swing", season_mm=20.0, sem_mm=2.0, day_mm=1.0)
    assert _share(measure.person_weeks(swing, 0, 10)["person"]) == 0
    found = measure.true_changes(swing, 0, 10)
    assert found["confirmed"] == found["direction"] > 0
    against = replace(swing, season_mm=1.0, calibrated_week=14.0, calibration_mm=40.0)
    assert _share(measure.person_weeks(against, 0, 10)["person"]) == 1


def test_ankles_start_where_the_scenario_says() -> None:
    """The left further than the right, and zero while the knee does not reach."""
    exact = Scenario("x", "x", 2, sem_mm=0, day_mm=0, slope=10.0, start_mm=-5.0, left_further_mm=20.0)
    left, right = ([test.mm for test in side] for side in made_by_both(exact, Random(1)))
    assert left == pytest.approx([10 * day / 7 + 15 for day in (0, 2, 4, 7, 9, 11)])
    assert right == pytest.approx([max(0, 10 * day / 7 - 5) for day in (0, 2, 4, 7, 9, 11)])
    assert reached_week(exact.level_mm, 5.0) == 1.0
    assert reached_week(replace(exact, to_week=1.0).level_mm, 10.0) == inf


def test_level_follows_the_scenario() -> None:
    """A gain begins and ends, a step stays, a season comes and goes."""
    assert Scenario("x", "x", 52, season_mm=4.0).level_mm(13) == pytest.approx(94)
    scenario = Scenario("x", "x", 30, slope=2.0, from_week=4, to_week=10, step_mm=-20, step_week=12)
    assert [scenario.level_mm(week) for week in (0, 4, 7, 10, 11, 12, 20)] == [90, 90, 96, 102, 102, 82, 82]
    assert [scenario.slope_mm_week(week) for week in (0, 4, 7, 10, 11)] == [0, 2, 2, 2, 0]
    assert replace(scenario, turn_week=6).slope_mm_week(7) == -2
    seasonal = replace(scenario, season_mm=4.0)
    rise = (seasonal.level_mm(7.01) - seasonal.level_mm(6.99)) / 0.02
    assert seasonal.slope_mm_week(7) == pytest.approx(rise, abs=1e-4)


def test_simple_rules_confirm_at_the_right_test() -> None:
    """One test or two in a row beyond the limit; the probability ratio test confirms a noiseless gain in time."""
    exact = Scenario("x", "x", 30, sem_mm=0, day_mm=0, slope=2.0)
    made = made_by(exact, Random(1))
    assert above(19, made) == pytest.approx(week_of(next(test.at for test in made if test.mm > 109)))
    assert above(19, made, 2) == pytest.approx(week_of([test.at for test in made if test.mm > 109][1]))
    assert above(1000, made) is None
    week = limit(Scenario("x", "x", 30, slope=2.0), made)
    assert week is not None
    assert 4 < week < 8


def test_characteristics_count_all_people() -> None:
    """Half and most are quantiles of all people, including those without a confirmed change."""
    found = measure.characteristics([1.0, 2.0, 3.0, float("inf")], 3)
    assert (found["confirmed"], found["half"], found["most"]) == (0.75, 2.0, None)
    assert found["by_week"] == [0, 0.25, 0.5, 0.75]
    assert measure.quantile([3.0, 1.0, 2.0], 0.95) == 3.0


def test_baseline_confirms_a_short_gain_for_more_people() -> None:
    """8 mm in four weeks, eight weeks after the first stretch; 300 people."""
    with_it, without = (baseline.share_confirmed(300, 3, 8, baseline=one) for one in (True, False))
    assert with_it > without


def test_a_rule_that_knows_the_slope_is_bounded_by_its_odds() -> None:
    """200 sides: gains are confirmed within the half year; false ones at most as often as the required odds allow."""
    days, gaining = spells_limit.simulated((3, 30, 2.0, 3.0, False), 200)
    confirmed = spells_limit.most_log_odds(days, gaining, (2.0,)) >= log(20.0)
    weeks = [days[tests.argmax()] / 7 for tests in confirmed if tests.any()]
    assert len(weeks) == 200
    assert 6.5 < median(weeks) < 8.5
    days, staying = spells_limit.simulated((3, 52, 0.0, 3.0, False), 200)
    assert (spells_limit.most_log_odds(days, staying, (2.0,))[:, -1] >= log(20.0)).mean() <= 0.05


def test_the_drift_limit_is_that_of_two_readings_without_wander() -> None:
    """One block twice, or one block among others read once: the difference of two readings over its SD."""
    noise = NoiseParameters(wander=())
    mean_mm2 = (noise.scatter_mm**2 * noise.scatter_range_us / RANGE_US + 1 / 12) * RANGE_US / CAPTURE_US
    for order_mm, apart in (((0.0, 0.0), 1), ((0.0, 50.0, 150.0, 0.0), 3)):
        expected = drift_limit.DRIFT_MM * apart / 7 / (2 * mean_mm2) ** 0.5
        assert drift_limit.drift_sds(order_mm, noise) == pytest.approx(expected, rel=1e-3)
