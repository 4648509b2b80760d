"""`station recalibrate`: results with another calibration."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from station.cli.options import DATABASE, existing_database, opened_store
from station.cli.progress_bar import with_progress
from station.cli.refuse import exit_with_error

if TYPE_CHECKING:
    from station.app.results.recalibrate import Outcome
    from station.store import Store
    from station.store.records import Calibration


@click.command()
@click.option("--since", required=True, help="The first day to recalculate, such as 2026-01-31.")
@DATABASE
@click.option("--calibration", type=click.IntRange(1), help="The number of the calibration.  [default: the newest]")
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; without --yes, nothing is written.")
def recalibrate(since: str, database: Path | None, calibration: int | None, yes: bool, as_json: bool) -> None:
    """Recalculate results with another calibration.

    Shows what will change, then asks. The original results stay. Stop a running station first: it locks the
    database.

    Example: station recalibrate --since 2026-01-31
    """
    from station.app.results.recalibrate import corrections_for
    from station.store import StoreError
    from station.store.records import Correction

    try:
        begin = datetime.combine(datetime.fromisoformat(since).date(), datetime.min.time()).astimezone()
    except (ValueError, OverflowError):
        exit_with_error(f"{since!r} is not a date: write it as 2026-01-31.")
    path = existing_database(database)
    try:
        with opened_store(path) as store:
            to = _chosen(store, calibration, path)
            ids = store.test_ids_since(begin)
            each = corrections_for(store, ids, to)
            outcomes = list(with_progress(each, len(ids), "Tests"))
            made = [Correction(one.test.id, one.scores) for one in outcomes if one.scores is not None]
            if not as_json:
                _show(store, outcomes, to, since)
            sure = bool(made) and (yes or (not as_json and click.confirm(f"Write these {len(made)} results?")))
            if sure:
                store.add_corrections(made)
    except StoreError as error:
        exit_with_error(str(error), 1)
    if as_json:
        click.echo(json.dumps({"calibration": to.number, "written": sure, **_as_json(outcomes)}))
    elif made:
        click.echo(f"{len(made)} results written; the original ones stay." if sure else "Nothing was changed.")


def _chosen(store: Store, number: int | None, path: Path) -> Calibration:
    there = store.calibrations()
    if number is None and there[0].fit is None:
        exit_with_error(f"{path} has no calibration yet: calibrate first, on the page or with station calibrate.", 1)
    found = next((one for one in there if number in (None, one.number)), None)
    if found is None:
        exit_with_error(f"{path} has no calibration {number}: choose one from 1 to {there[0].number}.", 1)
    return found


def _show(store: Store, outcomes: list[Outcome], to: Calibration, since: str) -> None:
    """Print a line for each test that changes, and why others cannot."""
    from station.units import date_text, length_with_uncertainty, result_text

    units = store.settings().units
    names = {person.id: person.name for person in store.people()}
    rows = [("date", "person", "left", "", "right", "")]
    for one in outcomes:
        test, new = one.test, one.scores
        if new is not None:
            whose = names.get(test.person_id or "", "unclaimed")
            sides = ((new.left_mm, new.left_uncertainty_mm), (new.right_mm, new.right_uncertainty_mm))
            left, right = (
                "\u2013" if mm is None else length_with_uncertainty(mm, sure_mm, units) for mm, sure_mm in sides
            )
            old_left, old_right = result_text(test.left_mm, units), result_text(test.right_mm, units)
            rows.append((date_text(test.started_at), whose, old_left, left, old_right, right))
    if len(rows) == 1:
        click.echo(f"No result since {since} changes with calibration {to.number}.")
    else:
        widths = [max(len(row[column]) for row in rows) for column in range(6)]
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            to_ = " " if row is rows[0] else "\u2192"
            click.echo(f"{cells[0]}  {cells[1]}  {cells[2]} {to_} {cells[3]}  {cells[4]} {to_} {cells[5]}".rstrip())
    for one in outcomes:
        if one.why_not is not None:
            click.echo(f"{date_text(one.test.started_at)}: unchanged, because {one.why_not}.")


def _as_json(outcomes: list[Outcome]) -> dict[str, Any]:
    changed = [
        {
            "test": one.test.id,
            "started_at": one.test.started_at.isoformat(),
            "before": {"left_mm": one.test.left_mm, "right_mm": one.test.right_mm},
            "after": {
                "left_mm": one.scores.left_mm,
                "right_mm": one.scores.right_mm,
                "left_uncertainty_mm": one.scores.left_uncertainty_mm,
                "right_uncertainty_mm": one.scores.right_uncertainty_mm,
            },
        }
        for one in outcomes
        if one.scores is not None
    ]
    left = [{"test": one.test.id, "why_not": one.why_not} for one in outcomes if one.why_not is not None]
    return {"changes": changed, "left_as_they_are": left}
