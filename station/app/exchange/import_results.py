"""Imports past results, measured with a tape: `station import`.

The file is CSV with the columns `date,left,right`, or with semicolons and decimal commas, as spreadsheets write it in
many countries. Either side may be empty. A date may include a time of day. Optional columns say how a test was done:
`shod` and `warmed_up` (yes, no), `back_foot` (heel up, flat, off) and `board_angle_deg`; empty means unknown. All rows
are imported, or none.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, time
from math import isfinite, nan
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from station.core.events import BACK_FOOT_PLACES, Side
from station.core.progress.records import Circumstances
from station.store.records import ImportedResult

COLUMNS = ("date", *Side)
MORE_COLUMNS = ("shod", "back_foot", "board_angle_deg", "warmed_up")
YES_NO = {"yes": True, "no": False}
MAX_BOARD_ANGLE_DEG = 45.0
MM_IN_ONE = {"mm": 1.0, "cm": 10.0, "inch": 25.4}
FARTHEST_MM = 250.0
"""No knee reaches the wall from farther: published means are 70 to 150 mm with an SD of 30 (Hoch and McKeon 2011)."""
LIKELY_MM = (20.0, 200.0)
"""A distance outside these limits that another unit would bring inside is probably in that unit."""
FIRST_YEAR = 1998
"""Bennell and others first described the test, with a tape, in 1998."""
NOON = time(12)
DAY_LETTERS = len("2026-01-31")
"""A longer text includes a time of day."""
Value = TypeVar("Value")


class ImportRefusedError(ValueError):
    """One sentence: the line, what is wrong with it, and what to do."""


class PastResults(Struct, frozen=True):
    """A file's results to import, and its days that already have tests."""

    results: tuple[ImportedResult, ...]
    known_days: tuple[date, ...]


def read_past_results(
    path: Path, unit: str, days: Collection[date], now: datetime, *, sure: bool = False
) -> PastResults:
    """The results in a file, in mm, oldest first, without those of `days`. Times are in this machine's time zone.

    `unit` is one of `MM_IN_ONE`; `sure` accepts unlikely distances in that unit. Raises ImportRefusedError.
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
                f"{where}: line {found[at][0]} has {row['date']} too. Keep one of them, or write times of day "
                f"({at.astimezone():%Y-%m-%d} 18:30)."
            )
        is_time_known = len(row["date"]) > DAY_LETTERS
        known = _circumstances(row, where)
        found[at] = (line, ImportedResult(at, sides[Side.LEFT], sides[Side.RIGHT], is_time_known, known))
    if not found:
        raise ImportRefusedError(f"{path}: it has no results. It needs a line for each test below date,left,right.")
    results = [result for _, (_, result) in sorted(found.items())]
    dates = {result: result.measured_at.astimezone().date() for result in results}
    return PastResults(
        results=tuple(result for result in results if dates[result] not in days),
        known_days=tuple(sorted({day for day in dates.values() if day in days})),
    )


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines with data, with their line numbers."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ImportRefusedError(f"{path}: not text in UTF-8. Save it from the spreadsheet as CSV, UTF-8.") from None
    except OSError as error:
        raise ImportRefusedError(f"{path}: {error.strerror or error}.") from None
    lines = text.splitlines()
    separator = ";" if lines and ";" in lines[0] else ","
    reader = csv.reader(lines, delimiter=separator)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        if len(set(names)) < len(names) or not set(COLUMNS) <= set(names) <= {*COLUMNS, *MORE_COLUMNS}:
            raise ImportRefusedError(
                f"{path}, line 1: its columns are {', '.join(names) or 'none'}. Name them date, left, right, "
                f"optionally also {', '.join(MORE_COLUMNS)}, and leave out any others."
            )
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(names):
                raise ImportRefusedError(
                    f"{path}, line {reader.line_num}: it has {len(cells)} cells instead of {len(names)}. Write 9.4 "
                    "with a point, or put semicolons between the cells."
                )
            values = [cell.strip().replace(",", ".") for cell in cells]
            yield reader.line_num, dict(zip(names, values, strict=True))
    except csv.Error as error:
        raise ImportRefusedError(f"{path}, line {max(1, reader.line_num)}: it is not CSV ({error}).") from None


def _parse_time(text: str, where: str, now: datetime) -> datetime:
    """The time in the file; a date alone means noon, or now if noon is still to come."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise ImportRefusedError(f"{where}: {text!r} is not a date. Write it as 2026-01-31.") from None
    if given.year < FIRST_YEAR:
        raise ImportRefusedError(f"{where}: {text} is before the test was described. Correct the date.")
    today = now.astimezone().date()
    if len(text) <= DAY_LETTERS:
        given = datetime.combine(given.date(), NOON)
        if given.date() == today:
            return min(given.astimezone(), now)
    # The year first: in some zones the last hours of 9999 have no UTC time.
    if given.year > now.year + 1 or given.astimezone() > now:
        raise ImportRefusedError(f"{where}: {text} is in the future. Correct the date, or this machine's clock.")
    return given.astimezone()


def _circumstances(row: Mapping[str, str], where: str) -> Circumstances:
    """The circumstances of the test, from the optional columns."""
    return Circumstances(
        shod=_choice(row, "shod", YES_NO, where),
        back_foot=_choice(row, "back_foot", {place: place for place in BACK_FOOT_PLACES}, where),
        board_angle_deg=_board_angle_deg(row.get("board_angle_deg", ""), where),
        warmed_up=_choice(row, "warmed_up", YES_NO, where),
    )


def _choice(row: Mapping[str, str], column: str, choices: Mapping[str, Value], where: str) -> Value | None:
    text = row.get(column, "").lower()
    if text and text not in choices:
        raise ImportRefusedError(f"{where}: {column} is {text!r}. Write {', '.join(choices)}, or nothing.")
    return choices.get(text)


def _board_angle_deg(text: str, where: str) -> float | None:
    try:
        angle_deg = float(text or 0.0)
    except ValueError:
        angle_deg = nan
    if not 0.0 <= angle_deg <= MAX_BOARD_ANGLE_DEG:
        raise ImportRefusedError(
            f"{where}: board_angle_deg is {text!r}. Write a number from 0 (flat) to {MAX_BOARD_ANGLE_DEG:g}, or "
            "nothing."
        )
    return angle_deg if text else None


def _mm(text: str, unit: str, where: str, *, sure: bool) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not isfinite(value):
        raise ImportRefusedError(f"{where}: {text!r} is not a distance. Write a number, or nothing.")
    if value < 0:
        raise ImportRefusedError(
            f"{where}: {text} is negative. A knee that does not reach with the toes at the wall is 0."
        )
    mm = value * MM_IN_ONE[unit]
    likelier = [name for name, one in MM_IN_ONE.items() if _likely_units(value * one)]
    if likelier and value > 0 and not _likely_units(mm) and not (sure and mm <= FARTHEST_MM):
        much = "much" if mm > LIKELY_MM[1] else "little"
        otherwise = ", or --sure if the unit is right" if mm <= FARTHEST_MM else ""
        raise ImportRefusedError(
            f"{where}: {text} {unit} is too {much} to be plausible; it is probably in {' or '.join(likelier)}. "
            f"Say --unit {' or --unit '.join(likelier)}{otherwise}."
        )
    if mm > FARTHEST_MM:
        raise ImportRefusedError(
            f"{where}: {text} {unit} is farther than any knee reaches ({FARTHEST_MM:g} mm). Correct it."
        )
    return round(mm, 1)


def _likely_units(mm: float) -> bool:
    return LIKELY_MM[0] <= mm <= LIKELY_MM[1]
