"""How often an unchanged ankle is called changed, and how soon a gain is confirmed, for the study's people.

A person's figures count the first change of three: left, right, and the mean of both; figures of one side say so.
`python -m tests.bench.progress` also prints the time that ten years of daily tests take to analyse.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from math import inf
from multiprocessing import Pool
from random import Random
from time import process_time

from station.core.progress.analysis import analyse_progress
from tests.study.measure import BLOCK, person_weeks, quantile
from tests.study.people import BEGIN, Scenario, made_by
from tests.study.scenarios import GAIN, LIVES, NULL

PEOPLE = 1_000
PROCESSES = 2
_FIRST_BLOCK = 100
"""Not the same people as in the study."""
WORST_WORLDS = ("evening", "recalibrated", "learning", "spells", "spells, 7 a week")
WORST_SPELLS = ("long spells", "long spells, 7 a week")


def _weeks(task: tuple[Scenario, int]) -> dict[str, list[float]]:
    return person_weeks(*task, BLOCK)


def weeks_to_confirmation(scenario: Scenario, people: int = PEOPLE) -> dict[str, list[float]]:
    """The week of the first confirmed change for each side and each person; infinity for never."""
    blocks = range(_FIRST_BLOCK, _FIRST_BLOCK + people // BLOCK)
    with Pool(PROCESSES) as pool:
        found = pool.map(_weeks, [(scenario, block) for block in blocks])
    return {who: [week for weeks in found for week in weeks[who]] for who in ("side", "person")}


def _share(weeks: list[float]) -> float:
    return sum(week < inf for week in weeks) / len(weeks)


def worst_of_a_side(names: tuple[str, ...]) -> float:
    """The share of sides with a false change within a year, in the worst of these lives."""
    return max(_share(weeks_to_confirmation(life)["side"]) for life in LIVES if life.name in names)


def figures() -> dict[str, dict[str, float | str]]:
    """The figures for the bench."""
    gain = weeks_to_confirmation(GAIN)
    shares = {
        "false_change_person_year": _share(weeks_to_confirmation(NULL)["person"]),
        "worst_world_false_change": worst_of_a_side(WORST_WORLDS),
        "worst_spells_false_change": worst_of_a_side(WORST_SPELLS),
    }
    weeks = {
        "weeks_to_tell_half": quantile(gain["person"], 0.5),
        "weeks_to_tell_95": quantile(gain["person"], 0.95),
        "side_weeks_to_tell_half": quantile(gain["side"], 0.5),
        "side_weeks_to_tell_95": quantile(gain["side"], 0.95),
    }
    return {
        name: {"value": round(value, 4), "unit": unit}
        for unit, found in (("share", shares), ("weeks", weeks))
        for name, value in found.items()
    }


def ten_years_ms() -> float:
    """Processor time of the statistics, for both sides of ten years of daily tests."""
    daily = Scenario("ten years", "a test every day", 522, per_week=7)
    left, right = made_by(daily, Random(1)), made_by(daily, Random(2))
    start = process_time()
    analyse_progress(left, right, 120.0, BEGIN + timedelta(weeks=522))
    return (process_time() - start) * 1000


if __name__ == "__main__":
    for name, figure in figures().items():
        sys.stdout.write(f"{name:26} {figure['value']:g} {figure['unit']}\n")
    sys.stdout.write(f"ten years of daily tests, both sides: {min(ten_years_ms() for _ in range(3)):.0f} ms\n")
