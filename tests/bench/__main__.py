"""`make bench`: speed and size of the shipped code. Writes `bench/results.json` and prints a table.

Latency, load and start are measured with real threads and processes in real time. So these modules wait: for a person
on the board, for the measured span, or between two checks of a condition with a deadline.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import click

RESULTS = Path(__file__).resolve().parents[2] / "bench" / "results.json"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its module, its target, and what it is compared with."""

    name: str
    module: str
    target: float
    sense: str
    against: str


AT_MOST, AT_LEAST = "at most", "at least"

FIGURES = (
    Figure("ranging_cpu_ratio", "ranging", round(1 / 30, 4), AT_MOST, "the driver's blocking range at the same rate"),
    Figure("i2c_transactions_per_reading", "ranging", 6, AT_MOST, "a poll every 5 ms: about 18"),
    Figure("core_ten_minutes_ms", "core", 400, AT_MOST, "ten minutes: 600,000 ms"),
    Figure("distance_sd_ratio", "distance", 1.15, AT_MOST, "the best linear estimator that knows the noise"),
    Figure("icc_error", "agreement", 0.0001, AT_MOST, "Shrout and Fleiss' table, printed to 0.0001"),
    Figure("calibrated_bias_mm", "truth", 0.5, AT_MOST, "ST's single offset: single_offset_bias_mm below"),
    Figure("calibrated_bias_p95_mm", "truth", 1.1, AT_MOST, "two minutes of wander alone: 0.9"),
    Figure("calibrated_bias_cubic_mm", "truth", 0.55, AT_MOST, "the same where the error has an S; three blocks: 2.2"),
    Figure("calibrated_bias_cubic_p95_mm", "truth", 1.1, AT_MOST, "eight samples: 1.2"),
    Figure("single_offset_bias_mm", "truth", 0.5, AT_LEAST, "ST's one target at 100 mm; if less, blocks are useless"),
    Figure("near_chip_bias_mm", "truth", 0.5, AT_MOST, "a VL53L4CD as assumed; a VL53L0X: calibrated_bias_mm"),
    Figure("near_chip_single_offset_bias_mm", "truth", 0.5, AT_LEAST, "the same with ST's one target"),
    Figure("near_chip_sd_mm", "truth", 1.0, AT_MOST, "a VL53L0X: captured_sd_mm"),
    Figure("captured_sd_mm", "truth", 1.0, AT_MOST, "the sensor's wander alone: 0.56"),
    Figure("coverage_95_error", "truth", 0.02, AT_MOST, "95 of 100, on the worse of two real sensors' recordings"),
    Figure("false_change_person_year", "progress", 0.05, AT_MOST, "proven; above the own MDC95: 0.86 a side"),
    Figure("worst_world_false_change", "progress", 0.1, AT_MOST, "ranks alone, spells and daily tests: 0.74 a side"),
    Figure("worst_spells_false_change", "progress", 0.15, AT_MOST, "ranks alone, and daily tests: 0.97 a side"),
    Figure("weeks_to_tell_half", "progress", 7.5, AT_MOST, "both ankles gain; ranks alone: 5.6"),
    Figure("weeks_to_tell_95", "progress", 10.3, AT_MOST, "both ankles gain; ranks alone: 7.0"),
    Figure("side_weeks_to_tell_half", "progress", 9.5, AT_MOST, "one ankle gains; ranks alone: 7.0"),
    Figure("side_weeks_to_tell_95", "progress", 12.5, AT_MOST, "one ankle gains; ranks alone: 10.0"),
    Figure("step_coverage_second_test", "coverage", 0.91, AT_LEAST, "without steps: 0; intervals that hold 95 of 100"),
    Figure("worst_state_coverage", "coverage", 0.92, AT_LEAST, "one smooth slope, no habits: 0.43; intervals of 0.95"),
    Figure("worst_forecast_coverage", "coverage", 0.8, AT_LEAST, "a first slope supposed to be small: 0.52"),
    Figure("simulate_speed", "simulate", 100, AT_LEAST, "real time: 1"),
    Figure("simulate_speed_in_units", "simulate", 10, AT_LEAST, "the same on any machine: tests/bench/unit.py"),
    Figure("hold_credit_error_ms", "station", 10, AT_MOST, "the heel's true times on the emulated board"),
    Figure("cue_jitter_p99_ms", "station", 10, AT_MOST, "the plan of each edge; people notice 26 ms"),
    Figure("heel_up_latency_p99_ms", "station", 80, AT_MOST, "the end of the grace, from the heel's true time"),
    Figure("event_to_page_p99_ms", "station", 150, AT_MOST, "the heel's true time; 80 ms of it are debouncing"),
    Figure("next_step_ms", "next_step", 150, AT_MOST, "the heel's true time; 80 ms of it are debouncing"),
    Figure("obedient_stalls", "obedience", 0, AT_MOST, "if 4 mm of movement were asked for: steps of 5 mm"),
    Figure("proposal_coverage", "proposals", 20, AT_LEAST, "without the turns of the sections: 17"),
    Figure("taps_to_first_go", "taps_needed", 6, AT_MOST, "pages that ask about health first: 19"),
    Figure("pairing_s", "pairing", 20, AT_MOST, "the slowest of 30 phones; a password for each person: minutes"),
    Figure("routine_dose_error", "guide", 0, AT_MOST, "the prescribed dose, over all twenty exercises"),
    Figure("false_commands_per_hour", "awkward", 0.05, AT_MOST, "the rhythm of the taps alone: 1.7"),
    Figure("taps_recognised", "awkward", 0.95, AT_LEAST, "all deliberate taps"),
    Figure("check_named_share", "check_faults", 0.9, AT_LEAST, "by what the Pi sees alone: hardware/CHECK.md"),
    Figure("picture_score", "drawing", 52, AT_LEAST, "the former pictures: 38; web/drawing/SCORES.md"),
    Figure("drawing_kb", "drawing", 60, AT_MOST, "one photograph of one exercise: about 60"),
    Figure("memory_mb", "page", 80, AT_MOST, "board and page in one process: 57 at the start"),
    Figure("page_memory_mb", "page", 80, AT_MOST, "the page's process; minimal Flask on a Pi: 31"),
    Figure("first_load_kb", "page", 100, AT_MOST, "Home Assistant: 862"),
    Figure("progress_ten_years_ms", "progress_page", 300, AT_MOST, "7,300 results, nothing cached; a browser: 1 s"),
    Figure("progress_ten_years_in_units", "progress_page", 3, AT_MOST, "the same on any machine: tests/bench/unit.py"),
    Figure("slowest_page_ratio", "pages", 12, AT_MOST, "a minimal Flask page by the same server; ten years of days"),
    Figure("roster_500_ratio", "pages", 12, AT_MOST, "a minimal Flask page by the same server; 500 people, all found"),
    Figure("report_ms", "pages", 30, AT_MOST, "a minimal Flask page by the same server, subtracted; ten years of days"),
    Figure("cold_start_s", "start", 1.5, AT_MOST, "OctoPrint: 10"),
    Figure("cold_start_ratio", "start", 3, AT_MOST, "a minimal Flask application by the same server, in turn"),
    Figure("round_trip_loss", "exchange", 0, AT_MOST, "ten years as CSV, JSON and bundle, row by row"),
    Figure("import_half", "exchange", 0, AT_MOST, "1,000 mutated exports of every kind"),
    Figure("soak_memory_growth_mb", "soak", 15, AT_MOST, "90 sessions from day 3 to 30; their traces kept: 40"),
    Figure("soak_objects_session", "soak", 200, AT_MOST, "a history of 85 sessions more is shown; a trace: 10,000"),
    Figure("soak_threads", "soak", 0, AT_MOST, "a thread for each stream that is opened: 216"),
    Figure("soak_descriptors", "soak", 12, AT_MOST, "SQLite opens connections as pages are read at once"),
    Figure("soak_database_kb_session", "soak", 500, AT_MOST, "with its traces, a third of the sessions full tests"),
    Figure("soak_log_mb", "soak", 16, AT_MOST, "SQLite starts over at 4 MB, unless a page reads for long"),
    Figure("soak_warnings_day", "soak", 10, AT_MOST, "three faults a day, said once when they come"),
    Figure("damage_failed_pages", "damage", 0, AT_MOST, "1,000 damaged databases; without checksums 79 of 294"),
    Figure("damage_invented_rows", "damage", 0, AT_MOST, "1,000 damaged databases; without checksums 41 of 294"),
    Figure("salvage_lost_readable", "damage", 0, AT_MOST, "300 destroyed databases; SQLite alone stops at a page"),
    Figure("restore_half", "damage", 0, AT_MOST, "1,000 mutated backups"),
    Figure("sd_bytes_session", "card", 300, AT_MOST, "a full test of both sides and one hold, in kB"),
    Figure("sd_bytes_idle_day", "card", 5_000, AT_MOST, "a copy of the database each night: its size, in kB"),
    Figure("unit_exposure", "exposure", 0.8, AT_MOST, "systemd-analyze security; a unit without a sandbox: 9.6"),
    Figure("idle_cpu_percent", "idle", 1.5, AT_MOST, "both processes; sampling at full rate: 7"),
    Figure("viewers_64_jitter_p99_ms", "viewers", 20, AT_MOST, "64 viewers, 1,200 hostile clients; one process: 12"),
    Figure("hostile_p95_ms", "viewers", 500, AT_MOST, "GET / meanwhile; one process: 147"),
    Figure("hostile_memory_mb", "viewers", 120, AT_MOST, "both processes together; one process: 74"),
    Figure("leaked_bytes", "leaks", 0, AT_MOST, "thirteen who may not see a person, every route; no door: all of them"),
    Figure("heavy_8_jitter_p99_ms", "heavy", 20, AT_MOST, "eight clients without a pause; one process: 82"),
    Figure("history_per_unit", "heavy", 3, AT_LEAST, "the same on any machine: tests/bench/unit.py"),
    Figure("bundle_left_mb", "heavy", 10, AT_MOST, "bundles made in memory, two processes: 72"),
)


def measure(names: list[str], report: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """Measure the figures with these names (all if none), module by module; each result has its target.

    A module omits what this machine cannot measure, and prints why.
    """
    wanted = [figure for figure in FIGURES if not names or figure.name in names]
    found: dict[str, dict[str, Any]] = {}
    for module in dict.fromkeys(figure.module for figure in wanted):
        report(f"measuring {module} …")
        found |= import_module(f"tests.bench.{module}").figures()
    return {
        figure.name: found[figure.name] | {"target": figure.target, "sense": figure.sense, "against": figure.against}
        for figure in wanted
        if figure.name in found
    }


def is_met(figure: dict[str, Any]) -> bool:
    """Whether the figure reaches its target."""
    value, target = float(figure["value"]), float(figure["target"])
    return value <= target if figure["sense"] == AT_MOST else value >= target


def table(results: dict[str, dict[str, Any]]) -> str:
    """The figures as a text table."""
    lines = [f"{'figure':30} {'value':>10} {'unit':14} {'target':>18}  {'':6} against"]
    for name, figure in results.items():
        target = f"{figure['sense']} {figure['target']:g}"
        met = "met" if is_met(figure) else "MISSED"
        lines.append(f"{name:30} {figure['value']:>10g} {figure['unit']:14} {target:>18}  {met:6} {figure['against']}")
    return "\n".join(lines)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, epilog="Example: make bench FIGURES='core_ten_minutes_ms'")
    options.add_argument("names", nargs="*", metavar="figure", help="only these figures")
    chosen = options.parse_args()
    unknown = set(chosen.names) - {figure.name for figure in FIGURES}
    if unknown:
        options.error(f"no such figure: {', '.join(sorted(unknown))}")
    results = measure(chosen.names, partial(click.echo, err=True))
    RESULTS.parent.mkdir(exist_ok=True)
    if chosen.names and RESULTS.exists():
        results = json.loads(RESULTS.read_text()) | results
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    click.echo(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
