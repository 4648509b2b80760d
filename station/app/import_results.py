"""Past results from a tape: `station import`.

The file is CSV with the columns `date,left,right`, or with semicolons and decimal commas as spreadsheets of many
countries write it. Either side may be empty. A date may carry a time of day. All of it is taken, or nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from math import isfinite, nan
from pathlib import Path

from station.core.events import Side
from station.store.records import ImportedResult

COLUMNS = ("date", *Side)
MM_IN_ONE = {"mm": 1.0, "cm": 10.0, "inch": 25.4}
FARTHEST_MM = 250.0
"""No knee reaches the wall from farther: published means are 70 to 150 mm with an SD of 30 (Hoch and McKeon 2011)."""
LIKELY_MM = (20.0, 200.0)
"""A distance outside of these that another unit would bring to within them is rather in that unit."""
FIRST_YEAR = 1998
"""Bennell and others describe the test with its tape in 1998."""
NOON = time(12)
DAY_LETTERS = len("2026-01-31")
"""Whatever is longer has a time of day."""


class ImportRefusedError(ValueError):
    """One sentence: the line, what is wrong with it, and what to do."""


@dataclass(frozen=True, slots=True)
class PastResults:
    """What a file has: the results to take, and the days of which there are tests already."""

    results: tuple[ImportedResult, ...]
    known_days: tuple[date, ...]


def read_past_results(
    path: Path, unit: str, days: Collection[date], now: datetime, *, sure: bool = False
) -> PastResults:
    """The results in a file, in mm, oldest first, but those of `days`. Days and times are those of this machine's zone.

    `unit` is one of `MM_IN_ONE`; `sure` that it is right, however unlikely. Raises `ImportRefusedError`.
    """
    found: dict[datetime, tuple[int, ImportedResult]] = {}
    for line, row in _rows(path):
        where = f"{path}, line {line}"
        at = _parse_time(row["date"], where, now)
        sides = {side: _mm(row[side], unit, where, sure=sure) for side in Side}
        if set(sides.values()) == {None}:
            raise ImportRefusedError(
                f"{where}: neither left nor right has a distance. Fill one in, or delete the line."
            )
        if at in found:
            raise ImportRefusedError(
                f"{where}: line {found[at][0]} is of {row['date']} too. Keep one of them, or write times of day "
                f"({at.astimezone():%Y-%m-%d} 18:30)."
            )
        found[at] = (line, ImportedResult(at, sides[Side.LEFT], sides[Side.RIGHT]))
    if not found:
        raise ImportRefusedError(
            f"{path}: there is no result in it. It needs a line for each test below date,left,right."
        )
    results = [result for _, (_, result) in sorted(found.items())]
    dates = {result: result.measured_at.astimezone().date() for result in results}
    return PastResults(
        results=tuple(result for result in results if dates[result] not in days),
        known_days=tuple(sorted({day for day in dates.values() if day in days})),
    )


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines below the names of the columns that are not empty, with their numbers."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ImportRefusedError(f"{path}: not text in UTF-8. Save it from the spreadsheet as CSV, UTF-8.") from None
    except OSError as error:
        raise ImportRefusedError(f"{path}: {error.strerror or error}.") from None
    lines = text.splitlines()
    between = ";" if lines and ";" in lines[0] else ","
    reader = csv.reader(lines, delimiter=between)
    names = [name.strip().lower() for name in next(reader, [])]
    if sorted(names) != sorted(COLUMNS):
        raise ImportRefusedError(
            f"{path}, line 1: its columns are {', '.join(names) or 'none'}. Name them date, left, right, and leave "
            "others out."
        )
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(names):
                raise ImportRefusedError(
                    f"{path}, line {reader.line_num}: it has {len(cells)} cells instead of 3. Write 9.4 with a point, "
                    "or put semicolons between the cells."
                )
            values = [cell.strip().replace(",", ".") for cell in cells]
            yield reader.line_num, dict(zip(names, values, strict=True))
    except csv.Error as error:
        raise ImportRefusedError(f"{path}, line {reader.line_num}: it is no CSV ({error}).") from None


def _parse_time(text: str, where: str, now: datetime) -> datetime:
    """A day without a time of day is its noon, or now if that is to come."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise ImportRefusedError(f"{where}: {text!r} is no date. Write it as 2026-01-31.") from None
    if given.year < FIRST_YEAR:
        raise ImportRefusedError(f"{where}: {text} is before the test was described. Correct the date.")
    today = now.astimezone().date()
    if len(text) <= DAY_LETTERS:
        given = datetime.combine(given.date(), NOON)
        if given.date() == today:
            return min(given.astimezone(), now)
    # The year first: of the last hours of 9999 some zones have no UTC.
    if given.year > now.year + 1 or given.astimezone() > now:
        raise ImportRefusedError(f"{where}: {text} is in the future. Correct the date, or this machine's clock.")
    return given.astimezone()


def _mm(text: str, unit: str, where: str, *, sure: bool) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not isfinite(value):
        raise ImportRefusedError(f"{where}: {text!r} is no distance. Write a number, or nothing.")
    if value < 0:
        raise ImportRefusedError(
            f"{where}: {text} is negative. A knee that does not reach with the toes at the wall is 0."
        )
    mm = value * MM_IN_ONE[unit]
    rather = [name for name, one in MM_IN_ONE.items() if _likely_units(value * one)]
    if rather and value > 0 and not _likely_units(mm) and not (sure and mm <= FARTHEST_MM):
        much = "much" if mm > LIKELY_MM[1] else "little"
        otherwise = ", or --sure if the unit is right" if mm <= FARTHEST_MM else ""
        raise ImportRefusedError(
            f"{where}: {text} {unit} is too {much} to be believed; it is rather in {' or '.join(rather)}. "
            f"Say --unit {' or --unit '.join(rather)}{otherwise}."
        )
    if mm > FARTHEST_MM:
        raise ImportRefusedError(
            f"{where}: {text} {unit} is farther than any knee reaches ({FARTHEST_MM:g} mm). Correct it."
        )
    return round(mm, 1)


def _likely_units(mm: float) -> bool:
    return LIKELY_MM[0] <= mm <= LIKELY_MM[1]
