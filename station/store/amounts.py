"""Row counts in words for people: 1 session, 3 tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping

WORDS: dict[str, tuple[str, str]] = {
    "people": ("person", "people"),
    "sessions": ("session", "sessions"),
    "tests": ("test", "tests"),
    "holds": ("hold", "holds"),
    "rep_sets": ("set of repetitions", "sets of repetitions"),
    "calibrations": ("calibration", "calibrations"),
    "calibration_checks": ("check of a calibration", "checks of calibrations"),
    "corrections": ("correction", "corrections"),
    "routines": ("own routine", "own routines"),
    "plans": ("plan", "plans"),
    "answers": ("answer", "answers"),
    "settings": ("setting", "settings"),
    "runs": ("run", "runs"),
    "trials": ("trial", "trials"),
    "attempts": ("attempt", "attempts"),
    "heel_lifts": ("heel lift", "heel lifts"),
    "repetitions": ("repetition", "repetitions"),
    "trace_chunks": ("part of a trace", "parts of traces"),
    "heel_sensors": ("load of an empty heel plate", "loads of empty heel plates"),
    "side_swaps": ("exchange of sides", "exchanges of sides"),
    "set_aside_answers": ("answer of nobody yet", "answers of nobody yet"),
    "devices": ("paired browser", "paired browsers"),
    "consents": ("consent", "consents"),
    "api_tokens": ("token of a program", "tokens of programs"),
    "access_attempts": ("try to get in", "tries to get in"),
    "access_log": ("entry of the access log", "entries of the access log"),
}
"""The words for one row of a table and for several; the tables that people look for come first."""


def amounts_text(counts: Mapping[str, int]) -> str:
    """How many rows of which tables, leaving out tables without any; empty if there are no rows at all."""
    order = (*WORDS, *sorted(set(counts) - set(WORDS)))
    named = [(counts[table], WORDS.get(table, (table, table))) for table in order if counts.get(table)]
    return ", ".join(f"{count} {words[count != 1]}" for count, words in named)


def tables_text(tables: Collection[str]) -> str:
    """The tables in words."""
    return ", ".join(words[1] for table, words in WORDS.items() if table in tables)
