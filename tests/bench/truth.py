"""Accuracy of calibrated distances, over simulated sensors with a known true error.

Each sensor is calibrated as by a person: it ranges for a minute to warm up, then sees four blocks, twice each, or up to
four times if the readings form an S. `python -m tests.bench.truth` prints more: other ways to calibrate, blocks of a
wrong length, and coverage by distance, contact and age.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from random import Random
from statistics import mean, median, pstdev

import click

from station.core.activities.calibrate import CAPTURE_US, is_another_round_worthwhile
from station.core.events import SECOND_US
from station.core.facts import Contact
from station.core.measurement.calibration import (
    CalibrationError,
    Fit,
    check_unfinished_round,
    fit,
    point_from_readings,
)
from station.core.measurement.curve import Curve
from station.core.measurement.curve_fit import Point
from station.core.measurement.estimate import Estimate, estimate
from station.core.measurement.uncertainty import Assumptions, Conditions, budget_from_reading
from station.core.steps import WARM_UP_US, CalibrateStep
from station.simulator.range_error import RangeError
from station.simulator.vl53l4cd import NEAR_NOISE, EmulatedVl53l4cd
from tests.bench.simulated_sensors import CALM, RANGE_US, Noise, Sensor, Walk, cubic, parabolic
from tests.recordings import StillRecording, still_recordings

SENSORS = 200
CALIBRATIONS = 10
"""Calibrations per sensor, each with its own noise: with one each, the median of 200 would be uncertain by 0.03 mm."""
ATTEMPTS = 5
"""Attempts after each calibration."""
CHANGE_S = 7.5
"""The mean time to change a block."""
EIGHT_BLOCKS_S = 7 * (CAPTURE_US / SECOND_US + CHANGE_S)
"""The time from the first block to the eighth."""
GUIDED = CalibrateStep()
NO_ERRORS: Mapping[float, float] = {}
LANE_HOURS = 8
"""One night: how long the station has watched the empty lane before use."""
WHERE_MM = tuple(range(0, 201, 10))
"""The toe distances at which the bias is evaluated."""
WINDOWS_US = {Contact.PAD: 1 * SECOND_US, Contact.INFERRED: 2 * SECOND_US, Contact.SELF: 2 * SECOND_US}


def calibrate(
    sensor: Sensor,
    random: Random,
    *,
    blocks_mm: tuple[float, ...] = GUIDED.blocks_mm,
    rounds: int = GUIDED.rounds,
    block_us: int = CAPTURE_US,
    off_mm: Mapping[float, float] = NO_ERRORS,
    more_rounds: bool = True,
) -> Fit:
    """The guided run: warm up, then each block in turn, with 5 to 10 s to change them, and more rounds if the readings
    form an S or may drift.

    `off_mm` is how much longer a block is than its stated length. Raises CalibrationError.
    """
    sensor.later(WARM_UP_US)
    points: list[Point] = []

    def show(rounds: int) -> Fit:
        for toe_mm in blocks_mm * rounds:
            sensor.later(random.randint(5 * SECOND_US, 10 * SECOND_US))
            points.append(point_from_readings(toe_mm, *sensor.window(toe_mm + off_mm.get(toe_mm, 0.0), block_us)))
            if len(points) < len(blocks_mm):
                check_unfinished_round(points)
        return fit(points)

    made = show(rounds)
    while more_rounds and is_another_round_worthwhile(made, len(blocks_mm)):
        made = show(1)
    return made


def calibrate_until_accepted(sensor: Sensor, random: Random) -> Fit:
    """Repeat the guided run as often as a restless sensor needs."""
    while True:
        try:
            return calibrate(sensor, random)
        except CalibrationError:
            continue


def single_offset(sensor: Sensor, random: Random) -> Curve:
    """ST's own calibration: only an offset, from fifty readings of one target at 100 mm, warm."""
    sensor.later(WARM_UP_US + random.randint(5 * SECOND_US, 10 * SECOND_US))
    reading_mm = mean(sensor.window(100.0, 50 * RANGE_US)[1])
    return Curve(1.0, 100.0 - reading_mm)


@dataclass(frozen=True, slots=True)
class Captured:
    """A simulated attempt: the true distance at which the knee just touched, and the station's result."""

    true_mm: float
    toe_mm: float
    expanded_mm: float
    contact: Contact
    days: float
    degrees_known: bool

    @property
    def is_covered(self) -> bool:
        """Whether the 95 % interval contains the true value."""
        return abs(self.toe_mm - self.true_mm) <= self.expanded_mm


ASSUMED = Assumptions()
SQUARE = sqrt(3)
"""The limit of a uniform distribution in units of its SD."""


def attempt(sensor: Sensor, known: Fit, random: Random) -> Captured:
    """One attempt up to half a year later; toes, knee, temperature and age are drawn from the assumptions of the
    budget.
    """
    contact = random.choice(tuple(Contact))
    sensor.days = random.uniform(0.0, 180.0)
    sensor.warmer_degrees = random.gauss(0.0, ASSUMED.unknown_room_degrees)
    degrees_known = random.random() < 0.5
    true_mm = random.uniform(0.0, 200.0)
    limit_mm = SQUARE * ASSUMED.contact_mm(contact)
    wall_mm = true_mm + random.gauss(0.0, ASSUMED.toe_mm) + random.uniform(-limit_mm, limit_mm)
    sensor.later(random.randint(600, 3600) * SECOND_US)
    found = estimate(*sensor.window(wall_mm, WINDOWS_US[contact]))
    if not isinstance(found, Estimate):
        raise ValueError(f"the readings of a still wall {found.reason}")
    now = Conditions(sensor.days, sensor.warmer_degrees if degrees_known else None, sensor.wander_mm)
    carried = budget_from_reading(found.reading_mm, found.noise_mm, contact, known, now, ASSUMED)
    toe_mm = known.curve.toe_mm(found.reading_mm)
    return Captured(true_mm, toe_mm, carried.expanded_mm, contact, sensor.days, degrees_known)


def captured_sd_mm(sensor: Sensor, known: Fit, window_us: int) -> float:
    """SD of ten captures of one distance, minutes apart."""
    captures = []
    for _ in range(10):
        sensor.later(300 * SECOND_US)
        found = estimate(*sensor.window(100.0, window_us))
        if not isinstance(found, Estimate):
            raise ValueError(f"the readings of a still wall {found.reason}")
        captures.append(known.curve.toe_mm(found.reading_mm))
    return pstdev(captures) * sqrt(10 / 9)


def worst_bias_mm(sensor: Sensor, curve: Curve) -> float:
    """The largest absolute bias of one calibration at 0 to 200 mm."""
    return max(abs(sensor.bias_mm(toe_mm, curve)) for toe_mm in WHERE_MM)


@dataclass(slots=True)
class Study:
    """All measurements: for each calibration a worst bias and an SD (the larger of both windows), and the attempts."""

    worst_mm: list[float]
    single_mm: list[float]
    squares: dict[int, list[float]]
    attempts: list[Captured]

    @property
    def coverage(self) -> float:
        return share(self.attempts)

    @property
    def sd_mm(self) -> float:
        """SD of captures of the same distance, of the window in which it is larger."""
        return sqrt(max(mean(squares) for squares in self.squares.values()))


def share(attempts: list[Captured]) -> float:
    """The share of intervals that contain the true value."""
    return sum(one.is_covered for one in attempts) / len(attempts)


def ranked(values: list[float], part: float) -> float:
    """The quantile of this share."""
    return sorted(values)[min(len(values) - 1, round(part * len(values)))]


def study(
    sensors: int = SENSORS,
    calibrations: int = CALIBRATIONS,
    attempts: int = ATTEMPTS,
    report_progress: Callable[[str], None] = lambda _: None,
    noise: Noise = CALM,
    lane_hours: int = 0,
    error_of: Callable[[int], RangeError] = parabolic,
) -> Study:
    """Calibrate and use this many sensors. The same numbers give the same figures. The station has watched the empty
    lane of each for `lane_hours`.
    """
    found = Study([], [], {1 * SECOND_US: [], 2 * SECOND_US: []}, [])
    for number in range(sensors):
        if number % 20 == 0:
            report_progress(f"sensor {number} of {sensors}")
        random = Random(number)
        error = error_of(number)
        for run in range(calibrations):
            sensor = Sensor(error, random.getrandbits(32), noise)
            sensor.watch_lane(lane_hours)
            known = calibrate_until_accepted(sensor, random)
            found.worst_mm.append(worst_bias_mm(sensor, known.curve))
            again = Sensor(error, random.getrandbits(32), noise)
            found.single_mm.append(worst_bias_mm(again, single_offset(again, random)))
            if run == 0:
                for window_us, squares in found.squares.items():
                    squares.append(captured_sd_mm(again, known, window_us) ** 2)
            found.attempts += [attempt(sensor, known, random) for _ in range(attempts)]
    return found


def with_noise_of(recording: StillRecording, lane_hours: int) -> Study:
    """Simulated sensors that wander like this real one."""
    return study(100, 2, 10, noise=recording, lane_hours=lane_hours)


@dataclass(slots=True)
class Verdicts:
    """The outcome of many calibrations: the worst bias of those accepted, how many of them had a notice, and how many
    were refused.
    """

    worst_mm: list[float]
    noticed: int
    refused: int

    def __str__(self) -> str:
        total = len(self.worst_mm) + self.refused
        bias = ""
        if self.worst_mm:
            bias = f"; worst bias: median {median(self.worst_mm):.2f}, 95 % {ranked(self.worst_mm, 0.95):.2f} mm"
        return f"refused {self.refused / total:.3f}, noticed {self.noticed / total:.3f} of {total}{bias}"


def verdicts(
    error_of: Callable[[int], RangeError],
    calibrations: int,
    *,
    sensors: int = SENSORS,
    blocks_mm: tuple[float, ...] = GUIDED.blocks_mm,
    rounds: int = GUIDED.rounds,
    block_us: int = CAPTURE_US,
    off_mm: Mapping[float, float] = NO_ERRORS,
    more_rounds: bool = True,
    noise: Noise = CALM,
    drift_mm: float = 0.0,
) -> Verdicts:
    """Calibrate each of these sensors this often. The same numbers give the same result.

    `drift_mm` is how far the sensor drifts, steadily, from the first block to the eighth.
    """
    found = Verdicts([], 0, 0)
    for number in range(sensors * calibrations):
        random = Random(f"{number} verdicts")
        sensor = Sensor(error_of(number % sensors), random.getrandbits(32), noise)
        sensor.drift_mm_per_s = drift_mm / EIGHT_BLOCKS_S
        try:
            known = calibrate(
                sensor,
                random,
                blocks_mm=blocks_mm,
                rounds=rounds,
                block_us=block_us,
                off_mm=off_mm,
                more_rounds=more_rounds,
            )
        except CalibrationError:
            found.refused += 1
        else:
            found.noticed += known.notice is not None
            found.worst_mm.append(worst_bias_mm(sensor, known.curve))
    return found


def figures() -> dict[str, dict[str, float | str]]:
    """The figures for the bench: mm, and how far the coverage is from 0.95."""
    found = study(report_progress=_progress)
    _progress("cubic sensors")
    found_cubic = verdicts(cubic, 5)
    _progress("sensors of the other kind, a VL53L4CD")
    near = study(calibrations=3, noise=NEAR_NOISE, error_of=EmulatedVl53l4cd.delivered_error)
    coverage_errors = []
    for recording in still_recordings():
        _progress(f"intervals with the noise of the {recording.name} recording")
        coverage_errors.append(abs(with_noise_of(recording, LANE_HOURS).coverage - 0.95))
    return {
        "calibrated_bias_mm": {"value": round(median(found.worst_mm), 3), "unit": "mm"},
        "calibrated_bias_p95_mm": {"value": round(ranked(found.worst_mm, 0.95), 3), "unit": "mm"},
        "calibrated_bias_cubic_mm": {"value": round(median(found_cubic.worst_mm), 3), "unit": "mm"},
        "calibrated_bias_cubic_p95_mm": {"value": round(ranked(found_cubic.worst_mm, 0.95), 3), "unit": "mm"},
        "single_offset_bias_mm": {"value": round(median(found.single_mm), 3), "unit": "mm"},
        "captured_sd_mm": {"value": round(found.sd_mm, 3), "unit": "mm"},
        "near_chip_bias_mm": {"value": round(median(near.worst_mm), 3), "unit": "mm"},
        "near_chip_single_offset_bias_mm": {"value": round(median(near.single_mm), 3), "unit": "mm"},
        "near_chip_sd_mm": {"value": round(near.sd_mm, 3), "unit": "mm"},
        "coverage_95_error": {"value": round(max(coverage_errors), 4), "unit": "share"},
    }


def _progress(line: str) -> None:
    click.echo(line, err=True)


def _covered(seen: Study, lane_hours: int) -> str:
    half_mm = mean(one.expanded_mm for one in seen.attempts)
    return f"{lane_hours} h of empty lane: coverage {seen.coverage:.4f}, mean half width {half_mm:.2f} mm"


def report() -> Iterator[str]:
    """Lines that describe the accuracy and what makes up the figures."""
    found = study(report_progress=_progress)
    for name, values in (("as the guided run does", found.worst_mm), ("single offset", found.single_mm)):
        parts = ", ".join(f"{part:.0%} {ranked(values, part):.3f}" for part in (0.5, 0.75, 0.95, 0.99))
        yield f"worst bias at 0 to 200 mm, {name}: {parts}, most {max(values):.2f} mm of {len(values)}"
    three_mm, five_mm = (0.0, 100.0, 200.0), (0.0, 100.0, 50.0, 150.0, 200.0)
    for name, blocks_mm, rounds, seconds in (
        ("three blocks once for 20 s", three_mm, 1, 20),
        ("three blocks thrice for 6 s", three_mm, 3, 6),
        ("four blocks twice for 6 s", GUIDED.blocks_mm, 2, 6),
        ("four blocks twice for 8 s", GUIDED.blocks_mm, 2, 8),
        ("four blocks twice for 10 s", GUIDED.blocks_mm, 2, 10),
        ("four blocks twice for 15 s", GUIDED.blocks_mm, 2, 15),
        ("four blocks thrice for 6 s", GUIDED.blocks_mm, 3, 6),
        ("five blocks twice for 10 s", five_mm, 2, 10),
    ):
        takes_s = len(blocks_mm) * rounds * (seconds + CHANGE_S)
        for kind in (parabolic, cubic):
            seen = verdicts(
                kind, 3, blocks_mm=blocks_mm, rounds=rounds, block_us=seconds * SECOND_US, more_rounds=False
            )
            yield f"{name}, {takes_s:.0f} s, {kind.__name__} sensors: {seen}"
    for kind in (parabolic, cubic):
        yield f"as the guided run does, with more rounds for an S, {kind.__name__} sensors: {verdicts(kind, 5)}"
    for kind in (parabolic, cubic):
        for toe_mm in sorted(GUIDED.blocks_mm):
            for error_mm in (-6.0, -3.0, 3.0, 6.0):
                seen = verdicts(kind, 1, off_mm={toe_mm: error_mm})
                yield f"{kind.__name__} sensors, {toe_mm:g} mm block {error_mm:+g} mm: {seen}"
    for window_us, squares in found.squares.items():
        yield f"SD of captures of {window_us / SECOND_US:.0f} s: {sqrt(mean(squares)):.2f} mm"
    yield f"coverage {found.coverage:.4f} of {len(found.attempts)} attempts"
    for lane_hours in (0, LANE_HOURS):
        for recording in still_recordings():
            yield f"{recording.name} recording, {_covered(with_noise_of(recording, lane_hours), lane_hours)}"
        for mm in (1.0, 3.0):
            walking = study(400, 1, 1, noise=Walk(mm), lane_hours=lane_hours)
            yield f"walk of {mm:g} mm in ten minutes, {_covered(walking, lane_hours)}"
    for name, chosen in (
        ("0 to 10 mm", [one for one in found.attempts if one.true_mm <= 10]),
        ("0 to 67 mm", [one for one in found.attempts if one.true_mm <= 67]),
        ("67 to 133 mm", [one for one in found.attempts if 67 < one.true_mm <= 133]),
        ("133 to 200 mm", [one for one in found.attempts if one.true_mm > 133]),
        ("190 to 200 mm", [one for one in found.attempts if one.true_mm >= 190]),
        *((str(contact), [one for one in found.attempts if one.contact is contact]) for contact in Contact),
        ("temperature known", [one for one in found.attempts if one.degrees_known]),
        ("temperature not known", [one for one in found.attempts if not one.degrees_known]),
        ("first month", [one for one in found.attempts if one.days <= 30]),
        ("after four months", [one for one in found.attempts if one.days > 120]),
    ):
        half_mm = mean(one.expanded_mm for one in chosen)
        yield f"coverage, {name}: {share(chosen):.3f} of {len(chosen)}, mean half width {half_mm:.2f} mm"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in report())
