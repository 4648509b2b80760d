"""Recordings of real sensors, made by other people and kept here with their licences."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class StillRecording:
    """A real VL53L0X at a 20 ms budget in front of a fixed target: its readings in mm, evenly spaced.

    The true distance is not stated (about 76 mm), only that it is constant. Both by Tomás Suárez, MIT
    (`vl53l0x_still_1h.LICENSE`), from github.com/tomisuarez2/TimeOfFlightCalibration, commit dd22d07; the three header
    lines of each are left out here.
    """

    name: str
    lasts_s: float
    readings_mm: tuple[float, ...]


@cache
def _still(file: str) -> tuple[float, ...]:
    with gzip.open(HERE / file, "rt", encoding="ascii") as lines:
        return tuple(float(line) for line in lines)


def still_readings() -> list[float]:
    """The readings of the calm hour: 200,244, 17.98 ms apart."""
    return list(_still("vl53l0x_still_1h.csv.gz"))


def still_recordings() -> tuple[StillRecording, StillRecording]:
    """The calm hour, and the first two hours (399,034 readings) of another sensor, which wanders twice as far."""
    return (
        StillRecording("calm", 3600.0, _still("vl53l0x_still_1h.csv.gz")),
        StillRecording("restless", 7200.0, _still("vl53l0x_still_2h.csv.gz")),
    )


FULL_SCALE = 4095


@cache
def _heel_rows(number: int) -> list[dict[str, str]]:
    with (HERE / f"heel_standing_{number}.csv").open(encoding="ascii", newline="") as lines:
        next(lines)
        return list(csv.DictReader(lines))


def heel_cells(number: int, foot: str) -> list[tuple[int, float]]:
    """A real person on two pressure insoles, lifting heels and legs: (microseconds, share of full scale) of one heel.

    `number` is 1 or 2, `foot` a or b (which is left is not stated). About 8 samples a second with gaps of up to 1.7 s;
    counts up to 500 of 4095 were set to 0 by the recorder. By Junjian Chi, MIT, see the files' first line.
    """
    cell = f"{foot}_heel_cell"
    return [(round(float(row["time_s"]) * 1e6), int(row[cell]) / FULL_SCALE) for row in _heel_rows(number)]


def heel_sums(number: int, foot: str) -> list[tuple[int, int]]:
    """The same recordings as `heel_cells`: (microseconds, sum of the counts of all cells under one heel).

    It shows a light heel, unlike the single cells, in which counts up to 500 were set to 0.
    """
    return [(round(float(row["time_s"]) * 1e6), int(row[f"{foot}_heel_sum"])) for row in _heel_rows(number)]


def reach_trials() -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """Three reach trials of 39 people before fatigue, and three after it, in percent of leg length.

    Not a knee-to-wall test, but real repeats of real people, with gross slips: 105.72 beside 53.23 and 52.38, and 89.32
    beside 58.09 and 58.25. By Jenny Murphy, CC0, see the file's first line.
    """
    with (HERE / "reach_trials.csv").open(encoding="ascii", newline="") as lines:
        next(lines)
        rows = [[float(cell) for cell in row[1:]] for row in list(csv.reader(lines))[1:]]
    return [(tuple(row[:3]), tuple(row[3:])) for row in rows]
