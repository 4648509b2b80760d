"""The continuous check of the calibration: impossible distances, slow drifts, and moved objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import cycle
from math import sqrt
from random import Random

import pytest

from station.core.events import SECOND_US
from station.core.measurement.calibration import Fit
from station.core.measurement.curve import Curve
from station.core.measurement.drift import LaneFinding, LaneMonitor
from station.core.measurement.estimate import WANDER_MM
from station.core.measurement.wander import WanderEstimate
from tests.recordings import StillRecording, still_readings, still_recordings
from tests.station.core.traces import TRUE_MM

FIT = Fit(Curve(), (), (), (0.2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
RECORDED_US = 17_978
SLOW_US = 100_000
REST_US = 400_000
"""The time between readings while the board is empty."""
HOUR_US = 3600 * SECOND_US
LANE_MM = 250.0


def findings_of(
    lane: LaneMonitor,
    readings: Iterable[float],
    every_us: int,
    *,
    empty: Callable[[int], bool] = lambda _at_us: True,
    from_us: int = 0,
) -> list[LaneFinding]:
    """The findings about these readings, in order."""
    at_us = from_us
    found = []
    for reading_mm in readings:
        at_us += every_us
        finding = lane.add_reading(at_us, reading_mm, is_empty=empty(at_us))
        if finding is not None:
            found.append(finding)
    return found


def hours(number: float, reading_mm: Callable[[float], float], seed: int = 0) -> Iterable[float]:
    """Readings of a lane over some hours, as a function of the hour, with the sensor's noise."""
    chance = Random(seed)
    count = round(number * HOUR_US / SLOW_US)
    return (round(reading_mm(number * i / count) + chance.gauss(0.0, 1.6)) for i in range(count))


@pytest.mark.parametrize("recording", still_recordings(), ids=lambda one: one.name)
def test_monitor_accepts_a_real_sensor(recording: StillRecording) -> None:
    """Each recording three times over, with its warm-up and wander, gives no finding."""
    readings = [reading + LANE_MM - TRUE_MM for _ in range(3) for reading in recording.readings_mm]
    assert findings_of(LaneMonitor(Curve(), FIT), readings, RECORDED_US) == []


def test_monitor_reports_a_slow_drift_once() -> None:
    """At one millimetre an hour the finding comes in the fourth hour, with the size of the drift."""
    (finding,) = findings_of(LaneMonitor(Curve(), FIT), hours(5, lambda hour: LANE_MM + hour), SLOW_US)
    assert finding.kind == "lane"
    assert 3.2 < finding.off_mm < 4.2
    assert "drifted by" in finding.sentence


def test_lane_learns_from_an_hour_that_moves_too_far_to_compare() -> None:
    """A sensor that walks 3 mm in ten minutes (SD) makes every ± wider; without its wild hours it would seem calm."""
    chance, at_mm, wander = Random(5), LANE_MM, WanderEstimate()
    readings = []
    for _ in range(6 * HOUR_US // REST_US):
        at_mm += chance.gauss(0.0, 3.0 / sqrt(600 * SECOND_US / REST_US))
        readings.append(round(at_mm + chance.gauss(0.0, 2.1)))
    findings_of(LaneMonitor(Curve(), FIT, wander=wander), readings, REST_US)
    assert wander.sd_mm > 2 * WANDER_MM


def test_monitor_works_with_rare_readings() -> None:
    """Five readings in two seconds suffice: none for a day of noise, one for a slow drift."""
    noise = Random(3)
    still = (round(LANE_MM + noise.gauss(0.0, 2.1)) for _ in range(24 * HOUR_US // REST_US))
    assert findings_of(LaneMonitor(Curve(), FIT), still, REST_US) == []
    drift = (round(LANE_MM + at * REST_US / HOUR_US + noise.gauss(0.0, 2.1)) for at in range(6 * HOUR_US // REST_US))
    (finding,) = findings_of(LaneMonitor(Curve(), FIT), drift, REST_US)
    assert finding.kind == "lane"
    assert 3.2 < finding.off_mm < 4.2


@pytest.mark.parametrize("step_mm", [-60.0, -3.0, 3.0, 25.0])
def test_monitor_restarts_after_a_step(step_mm: float) -> None:
    """Even a small step means that something was moved: the comparison starts again."""
    readings = hours(4, lambda hour: LANE_MM + (step_mm if hour > 2.02 else 0.0))
    assert findings_of(LaneMonitor(Curve(), FIT), readings, SLOW_US) == []


def test_monitor_restarts_after_a_person() -> None:
    """A drift interrupted by a person every hour gives no finding: they may have moved the board."""
    readings = hours(5, lambda hour: LANE_MM + hour)
    busy = findings_of(
        LaneMonitor(Curve(), FIT), readings, SLOW_US, empty=lambda at_us: at_us % HOUR_US > 600 * SECOND_US
    )
    assert busy == []


def test_monitor_reports_a_distance_behind_the_toe_line_once() -> None:
    """One minute at 6 mm behind the toe line, with a person on the board or not."""
    noise = cycle(still_readings())
    readings = [64.0 + next(noise) - TRUE_MM for _ in range(round(300 * SECOND_US / RECORDED_US))]
    (finding,) = findings_of(LaneMonitor(Curve(), FIT), readings, RECORDED_US, empty=lambda _at_us: False)
    assert finding.kind == "wall"
    assert finding.off_mm == pytest.approx(-6.0, abs=1.5)
    assert "nothing can be" in finding.sentence


@pytest.mark.parametrize(("reading_mm", "fit"), [(69.0, FIT), (45.0, None)])
def test_monitor_accepts_possible_distances(reading_mm: float, fit: Fit | None) -> None:
    """One millimetre behind may be wander, and an uncalibrated sensor may be off by more."""
    noise = cycle(still_readings())
    readings = [reading_mm + next(noise) - TRUE_MM for _ in range(round(300 * SECOND_US / RECORDED_US))]
    assert findings_of(LaneMonitor(Curve(), fit), readings, RECORDED_US) == []


def test_monitor_ignores_an_object_before_the_sensor() -> None:
    """No sensor drifts that far behind the toe line, however long it lasts."""
    noise = cycle(still_readings())
    readings = [45.0 + next(noise) - TRUE_MM for _ in range(round(300 * SECOND_US / RECORDED_US))]
    assert findings_of(LaneMonitor(Curve(), FIT), readings, RECORDED_US) == []


def test_rearm_allows_a_second_report() -> None:
    """The same fault returns after a passed check: it is reported again."""
    noise = cycle(still_readings())
    lane, readings = LaneMonitor(Curve(), FIT), [64.0 + next(noise) - TRUE_MM for _ in range(8_000)]
    assert len(findings_of(lane, readings, RECORDED_US)) == 1
    assert findings_of(lane, readings, RECORDED_US, from_us=HOUR_US) == []
    lane.rearm()
    assert len(findings_of(lane, readings, RECORDED_US, from_us=2 * HOUR_US)) == 1


def test_monitor_ignores_a_short_distance_behind_the_toe_line() -> None:
    """Half a minute behind the toe line, then the lane again."""
    noise = cycle(still_readings())
    readings = [(50.0 if i % 4000 < 1600 else 200.0) + next(noise) - TRUE_MM for i in range(16_000)]
    assert findings_of(LaneMonitor(Curve(), FIT), readings, RECORDED_US) == []
