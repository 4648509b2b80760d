"""What `station progress` prints: the command loads it when it runs."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from station.app.results.progress import (
    History,
    ResultRow,
    formatters_for,
    not_compared_sentence,
    own_error_sentence,
    progress_sentences,
)
from station.core.events import Side
from station.core.progress.records import Goals
from station.core.progress.sentences import both_sentence, difference_sentence
from station.units import (
    BELOW_RANGE,
    SIDE_SYMBOLS,
    date_text,
    length_text,
    length_with_uncertainty,
    number_text,
)

WIDTH, HEIGHT = 60, 10
LAST = 20
"""The number of tests in the printed table; JSON has all of them."""
POINTS = {Side.LEFT: ("\u25cb", "\u25cf"), Side.RIGHT: ("\u25c7", "\u25c6")}
"""The marks of quick and of full tests."""
TREND, GOAL, OUTLIER, BELOW = "\u00b7", "\u2508", "\u00d7", "\u25bf"
"""`BELOW` marks a test below range, at the bottom."""


def report_lines(history: History, goals: Goals, units: str) -> list[str]:
    """Everything that the command prints."""
    words = formatters_for(units)
    lines = []
    for side in Side:
        said = history.side_progress(side)
        lines += [f"{SIDE_SYMBOLS[side]} {side.capitalize()}", *progress_sentences(history, side, words)]
        lines += [own_error_sentence(said, units) or "", ""]
        lines += [*chart(history, side, goals.of(side), units), ""]
    apart = not_compared_sentence(history)
    together = both_sentence(history.progress, words)
    lines += [] if together is None else [together]
    lines += [difference_sentence(history.progress, words), *([] if apart is None else [f"{apart}."]), ""]
    lines += _table(history, units)
    return lines


def chart(history: History, side: Side, goal_mm: float, units: str) -> list[str]:
    """All tests of a side over time, drawn in characters; empty without tests."""
    seen, said = history.rows(side), history.side_progress(side)
    if said is None:
        return []
    first, last = seen[0].at, seen[-1].at
    trend = [(at.at, at.mm) for at in said.trend]
    heights = [goal_mm, *(one.mm for one in seen)]
    low, high = min(heights), max(heights)

    def column(at: datetime) -> int:
        return round((at - first) / (last - first) * (WIDTH - 1)) if last > first else 0

    def row(mm: float) -> int:
        share = (mm - low) / (high - low) if high > low else 0.5
        return HEIGHT - 1 - min(HEIGHT - 1, max(0, round(share * (HEIGHT - 1))))

    cells = [[" "] * WIDTH for _ in range(HEIGHT)]
    cells[row(goal_mm)] = [GOAL] * WIDTH
    for at, mm in trend:
        cells[row(mm)][column(at)] = TREND
    for one in seen:
        mark = OUTLIER if one.test_id in said.outliers else POINTS[side][one.full]
        cells[row(one.mm)][column(one.at)] = BELOW if one.mm <= 0 else mark
    labels = {0: number_text(high, units), HEIGHT - 1: number_text(low, units)}
    drawn = [f"{labels.get(n, ''):>5} \u2502{''.join(cells[n]).rstrip()}" for n in range(HEIGHT)]
    ends = (
        date_text(first)
        if first.date() == last.date()
        else f"{date_text(first):<{WIDTH - len(date_text(last))}}{date_text(last)}"
    )
    quick, full = POINTS[side]
    legend = f"{quick} quick  {full} full  {OUTLIER} outlier  {TREND} trend  {GOAL} goal {length_text(goal_mm, units)}"
    legend += f"  {BELOW} {BELOW_RANGE}" if any(one.mm <= 0 for one in seen) else ""
    return [*drawn, f"      \u2514{ends}", f"       {legend}"]


def _table(history: History, units: str) -> list[str]:
    both: dict[str, dict[Side, ResultRow]] = {}
    for side in Side:
        for one in history.rows(side):
            both.setdefault(one.test_id, {})[side] = one
    ordered = sorted(both.values(), key=lambda results: next(iter(results.values())).at, reverse=True)
    lines = [f"{'When':18}{'Left':15}{'Right':15}How"] if ordered else []
    for results in ordered[:LAST]:
        one = next(iter(results.values()))
        shown = [
            length_with_uncertainty(results[side].mm, results[side].uncertainty_mm, units)
            if side in results
            else "\u2013"
            for side in Side
        ]
        how = list(dict.fromkeys(note for each in results.values() for note in each.notes(units)))
        lines.append(f"{date_text(one.at):18}{shown[0]:15}{shown[1]:15}{', '.join(how)}")
    if len(ordered) > LAST:
        lines.append(f"and {len(ordered) - LAST} older tests: --json shows them all.")
    return lines


def report_json(person: str, history: History, goals: Goals, units: str) -> str:
    """The same as JSON: all tests, with distances in mm."""
    said = {"person": person, "goals_mm": goals._asdict(), **_as_json(history, units)}
    return json.dumps(said, default=_plain)


def _as_json(history: History, units: str) -> dict[str, Any]:
    words = formatters_for(units)
    sides = {}
    for side in Side:
        said = history.side_progress(side)
        found: dict[str, Any] = {"sentences": progress_sentences(history, side, words)}
        if said is not None:
            kept = {key: value for key, value in asdict(said).items() if key != "counted"}
            found |= kept | {
                "outliers": sorted(said.outliers),
                "tests": [_test_as_json(one) for one in history.rows(side)],
            }
        sides[str(side)] = found
    difference = history.progress.difference
    return {
        "sides": sides,
        "difference": None if difference is None else asdict(difference),
        "both_sentence": both_sentence(history.progress, words),
        "difference_sentence": difference_sentence(history.progress, words),
        "not_compared": not_compared_sentence(history),
    }


def _test_as_json(row: ResultRow) -> dict[str, Any]:
    return row._asdict() | {"circumstances": asdict(row.circumstances)}


def _plain(value: object) -> object:
    """Convert what JSON cannot encode: times to ISO 8601, records to objects."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Struct):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} in the JSON of progress: make it a number or a text first")
