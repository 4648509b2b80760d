"""How often noise is called a change, and how soon a real gain is confirmed: the study's people, the shipped code.

`python -m tests.bench.progress` also prints the time that ten years of daily tests take to analyse.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from functools import partial
from itertools import chain
from multiprocessing import Pool
from random import Random
from time import perf_counter

from station.core.progress.analysis import analyse_progress
from tests.study.measure import BLOCK, quantile, weeks_confirmed
from tests.study.people import BEGIN, Scenario, made_by
from tests.study.scenarios import GAIN, NULL

PEOPLE = 10_000
PROCESSES = 2


def _ours(scenario: Scenario, block: int) -> list[float]:
    return weeks_confirmed(scenario, block, BLOCK, ("ours",))["ours"]


def weeks_to_confirmation(scenario: Scenario) -> list[float]:
    """The week in which each of `PEOPLE` first gets a confirmed change, infinity for never."""
    with Pool(PROCESSES) as pool:
        return list(chain.from_iterable(pool.map(partial(_ours, scenario), range(PEOPLE // BLOCK))))


def figures() -> dict[str, dict[str, float | str]]:
    """The figures for the bench."""
    null, gain = weeks_to_confirmation(NULL), weeks_to_confirmation(GAIN)
    return {
        "false_change_per_year": {"value": sum(week < NULL.weeks for week in null) / len(null), "unit": "share"},
        "weeks_to_tell_half": {"value": round(quantile(gain, 0.5), 2), "unit": "weeks"},
        "weeks_to_tell_95": {"value": round(quantile(gain, 0.95), 2), "unit": "weeks"},
    }


def ten_years_ms() -> float:
    """Processor time of the statistics alone, for both sides of ten years of daily tests."""
    daily = Scenario("ten years", "a test every day", 522, per_week=7)
    left, right = made_by(daily, Random(1)), made_by(daily, Random(2))
    start = perf_counter()
    analyse_progress(left, right, 120.0, BEGIN + timedelta(weeks=522))
    return (perf_counter() - start) * 1000


if __name__ == "__main__":
    for name, figure in figures().items():
        sys.stdout.write(f"{name:24} {figure['value']:g} {figure['unit']}\n")
    sys.stdout.write(f"ten years of daily tests, both sides: {min(ten_years_ms() for _ in range(3)):.0f} ms\n")
