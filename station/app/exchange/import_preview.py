"""What an import adds and leaves unchanged, in sentences: command line and page say the same."""

from __future__ import annotations

from station.store.exchange.merge_report import MergeReport
from station.units import count_text, date_text

TAKES_SETTINGS = "This station has never been used, so it takes the settings from the file."
TAKES_BOARD = "It is the same board, so the station takes the calibration and the empty heel plates from the file."
UNCALIBRATED_BOARD = (
    "It may be from another board: this station has never been calibrated, as after a new memory card, so it cannot "
    "tell. If it is the same board and its distance sensor was not moved, say so: its calibration is used again. "
    "Otherwise the sensor counts as never calibrated: calibrate it before the first test."
)
NAMES = {"sessions": "session", "tests": "test", "holds": "hold", "calibrations": "calibration", "routines": "routine"}
"""The rows that people look for; all others belong to one of these."""


def preview_lines(report: MergeReport) -> tuple[str, ...]:
    """A sentence each: what is new, what is already there, what differs, and which settings apply afterwards."""
    return tuple(line for line in _lines(report) if line)


def _lines(report: MergeReport) -> tuple[str, ...]:
    return (
        f"New people: {', '.join(report.people)}." if report.people else "",
        _new(report),
        _days(report),
        *(f"The name {old} is taken: it becomes {new}." for old, new in report.renamed),
        f"Already here: {count_text(report.known_rows, 'row')}." if report.known_rows else "",
        *_conflicts(report),
        _settings(report),
        _board(report),
    )


def _new(report: MergeReport) -> str:
    if not report.new_rows:
        return "Nothing is new."
    named = [count_text(report.new(table), name) for table, name in NAMES.items() if report.new(table)]
    return f"New: {', '.join(named)}{', ' if named else ''}{count_text(report.new_rows, 'row')} in all."


def _days(report: MergeReport) -> str:
    if report.first_at is None or report.last_at is None:
        return ""
    first, last = date_text(report.first_at), date_text(report.last_at)
    return f"The new sessions are from {first}." if first == last else f"The new sessions are from {first} to {last}."


def _conflicts(report: MergeReport) -> list[str]:
    lines = []
    for one in report.tables:
        if one.different:
            named = [each for each in report.conflicts if each.table == one.table]
            columns = sorted({column for each in named for column in each.columns})
            rows = "row differs" if one.different == 1 else "rows differ"
            lines.append(f"{one.different} {rows} in {one.table} ({', '.join(columns)}): the station\u2019s own stay.")
    return lines


def _settings(report: MergeReport) -> str:
    if report.person_id is not None:
        return "It has no settings: it is about one person."
    return TAKES_SETTINGS if report.takes_over else "The station keeps its own settings."


def _board(report: MergeReport) -> str:
    if report.person_id is not None:
        return ""
    if report.takes_board is None:
        return UNCALIBRATED_BOARD
    return TAKES_BOARD if report.takes_board else "The station keeps its own calibration."
