"""How often the intervals of progress contain the true value, for the study's people with the shipped code.

`python -m tests.bench.coverage` also prints each interval for each kind of people.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from multiprocessing import Pool

from tests.study import measure
from tests.study.measure import BLOCK, INTERVALS, summed
from tests.study.people import Scenario
from tests.study.scenarios import BANDS, FORECASTS, LIVES, gaining

PEOPLE = 1_000
PROCESSES = 2
SECOND_TEST = "stepped 2"
STATES = (
    "steady",
    "SEM 5, 3 a week, outliers",
    "gaining",
    "gaining 4",
    "stopped 2",
    "gained",
    "mixed",
    "some evenings",
    "to evenings 14",
)
"""The kinds whose level and change the intervals should contain in 95 of 100 cases."""
_LIVES = {life.name: life for life in LIVES}
COVERED = (*BANDS, _LIVES["SEM 5, 3 a week, outliers"])
FORECAST = (*FORECASTS, *(gaining(_LIVES[name]) for name in ("SEM 5, 3 a week", "SEM 3, 3 a week")))


def measured(
    measurement: Callable[[Scenario, int, int], dict[str, float]], scenarios: Sequence[Scenario]
) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the name of each scenario and the measurements of its `PEOPLE`."""
    with Pool(PROCESSES) as pool:
        for scenario in scenarios:
            blocks = pool.map(partial(_block, measurement, scenario), range(PEOPLE // BLOCK))
            yield scenario.name, summed(blocks)


def _block(
    measurement: Callable[[Scenario, int, int], dict[str, float]], scenario: Scenario, block: int
) -> dict[str, float]:
    return measurement(scenario, block, BLOCK)


def figures() -> dict[str, dict[str, float | str]]:
    """The figures for the bench."""
    asked = [scenario for scenario in COVERED if scenario.name in (*STATES, SECOND_TEST)]
    bands = dict(measured(measure.bands, asked))
    forecasts = dict(measured(measure.forecasts, FORECAST))
    worst = min(bands[name][interval] for name in STATES for interval in ("level", "change"))
    return {
        "step_coverage_second_test": {"value": bands[SECOND_TEST]["level"] / PEOPLE, "unit": "share"},
        "worst_state_coverage": {"value": worst / PEOPLE, "unit": "share"},
        "worst_forecast_coverage": {
            "value": round(min(found["inside"] / found["dates"] for found in forecasts.values()), 3),
            "unit": "share",
        },
    }


if __name__ == "__main__":
    for name, figure in figures().items():
        sys.stdout.write(f"{name:28} {figure['value']:g} {figure['unit']}\n")
    for name, found in measured(measure.bands, COVERED):
        shares = " ".join(f"{interval} {found[interval] / PEOPLE:.3f}" for interval in INTERVALS)
        sys.stdout.write(f"{name:28} {shares}\n")
