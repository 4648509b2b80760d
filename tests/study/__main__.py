"""`make study`: how well the progress rules work for people who change and for people who do not.

Writes `results.json`, the pictures and `README.md` with the tables to `tests/study/`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Collection
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import click

from tests.study import measure
from tests.study.claims import claims
from tests.study.measure import BLOCK, SEED, characteristics, summary, summed
from tests.study.people import Scenario
from tests.study.pictures import pictures
from tests.study.report import prose
from tests.study.scenarios import (
    BANDS,
    CHANGES,
    CLAIMS,
    COURSES,
    FORECASTS,
    LIVES,
    PRICED,
    SEASONS,
    STEADY,
    gaining,
    gaining_briefly,
)

HERE = Path(__file__).parent
GAINS = tuple(map(gaining, LIVES))
PARTS: dict[str, tuple[Callable[[Scenario, int, int], Any], tuple[Scenario, ...], float]] = {
    "rules": (measure.weeks_confirmed, CHANGES, 1.0),
    "lives": (measure.person_weeks, (*LIVES, *GAINS), 0.1),
    "courses": (measure.person_weeks, COURSES, 0.1),
    "price": (measure.price, PRICED, 0.05),
    "seasons": (measure.true_changes, (SEASONS,), 0.05),
    "bands": (measure.bands, (*LIVES, *map(gaining_briefly, LIVES), *BANDS), 0.1),
    "forecasts": (measure.forecasts, (*GAINS, *FORECASTS), 0.1),
    "steady": (measure.steady, STEADY, 0.05),
    "claims": (claims, (*LIVES, *GAINS, *CLAIMS), 0.05),
}
"""The measurements, their scenarios, and the share of people simulated for each."""

Task = tuple[str, int, int]
"""The part, and the indices of its scenario and block."""


def done(task: Task) -> tuple[Task, Any]:
    part, number, block = task
    measured, scenarios, _ = PARTS[part]
    return task, measured(scenarios[number], block, BLOCK)


def study(
    people: int, processes: int, say: Callable[[int, int], None], parts: Collection[str] = tuple(PARTS)
) -> dict[str, Any]:
    """Run these parts of the study with this many people per scenario; return the results as written to the file."""
    chosen = {part: PARTS[part] for part in PARTS if part in parts}
    tasks: list[Task] = [
        (part, number, block)
        for part, (_, scenarios, share) in chosen.items()
        for number in range(len(scenarios))
        for block in range(max(1, round(people * share / BLOCK)))
    ]
    # Long tasks first, so that the processes finish at about the same time.
    tasks.sort(key=lambda task: -PARTS[task[0]][1][task[1]].per_week * PARTS[task[0]][1][task[1]].weeks)
    blocks: dict[tuple[str, int], dict[int, Any]] = {}
    with Pool(processes) as pool:
        for count, ((part, number, block), found) in enumerate(pool.imap_unordered(done, tasks), 1):
            blocks.setdefault((part, number), {})[block] = found
            say(count, len(tasks))
    results: dict[str, Any] = {"seed": SEED, "people": people}
    for part, (_, scenarios, _) in chosen.items():
        results[part] = {
            scenario.name: _gathered(part, scenario, [found for _, found in sorted(blocks[part, number].items())])
            for number, scenario in enumerate(scenarios)
        }
    return results


def _gathered(part: str, scenario: Scenario, blocks: list[dict[str, Any]]) -> dict[str, Any]:
    if isinstance(next(iter(blocks[0].values())), list):
        weeks = {rule: [week for block in blocks for week in block[rule]] for rule in blocks[0]}
        return {
            rule: characteristics(found, scenario.weeks) if part == "rules" else summary(found)
            for rule, found in weeks.items()
        }
    return {name: round(count, 4) for name, count in summed(blocks).items()}


def _bar(count: int, of: int) -> None:
    filled = 40 * count // of
    click.echo(f"\r[{'#' * filled}{'.' * (40 - filled)}] {count} of {of}", err=True, nl=count == of)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, epilog="Example: make study PEOPLE=1000")
    options.add_argument("--people", type=int, default=10_000, help="simulated people a scenario")
    options.add_argument("--processes", type=int, default=2)
    options.add_argument(
        "--parts",
        nargs="+",
        choices=PARTS,
        default=list(PARTS),
        help="measure these again and keep the others' results",
    )
    chosen = options.parse_args()
    kept = {} if len(chosen.parts) == len(PARTS) else json.loads((HERE / "results.json").read_text(encoding="utf-8"))
    if kept and kept["people"] != chosen.people:
        options.error(
            f"the results that stay are of {kept['people']} people a scenario, so give --people {kept['people']}"
        )
    results = kept | study(chosen.people, chosen.processes, _bar, chosen.parts)
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    write(results)
    return 0


def write(results: dict[str, Any]) -> None:
    """Write the pictures and the tables of these results."""
    for name, picture in pictures(results).items():
        (HERE / name).write_text(picture, encoding="utf-8")
    (HERE / "README.md").write_text(prose(results), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
