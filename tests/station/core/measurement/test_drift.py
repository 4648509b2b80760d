"""The calibration looked at without any block: what cannot be, what drifts, and what somebody has only moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import cycle
from random import Random

import pytest

from station.core.events import SECOND_US
from station.core.measurement.calibration import Curve, Fit
from station.core.measurement.drift import LaneFinding, LaneMonitor
from tests.recordings import still_readings
from tests.station.core.traces import TRUE_MM

FIT = Fit(Curve(), (), (), (0.2, 0.0, 0.0, 0.0, 0.0, 0.0))
RECORDED_US = 17_978
SLOW_US = 100_000
REST_US = 400_000
"""How often a sensor is read while nobody is there."""
HOUR_US = 3600 * SECOND_US
LANE_MM = 250.0


def told(
    lane: LaneMonitor,
    readings: Iterable[float],
    every_us: int,
    *,
    empty: Callable[[int], bool] = lambda _at_us: True,
    from_us: int = 0,
) -> list[LaneFinding]:
    """What it says of these readings, one after the other."""
    at_us = from_us
    found = []
    for reading_mm in readings:
        at_us += every_us
        seen = lane.add_reading(at_us, reading_mm, is_empty=empty(at_us))
        if seen is not None:
            found.append(seen)
    return found


def hours(number: float, reading_mm: Callable[[float], float], seed: int = 0) -> Iterable[float]:
    """Readings of a lane over some hours, by the hour, with the sensor's noise."""
    chance = Random(seed)
    count = round(number * HOUR_US / SLOW_US)
    return (round(reading_mm(number * i / count) + chance.gauss(0.0, 1.6)) for i in range(count))


def test_a_real_sensor_that_is_well_is_never_called_out() -> None:
    """Three times the recorded hour, warming up and wandering, and nothing is said."""
    readings = [reading + LANE_MM - TRUE_MM for _ in range(3) for reading in still_readings()]
    assert told(LaneMonitor(Curve(), FIT), readings, RECORDED_US) == []


def test_a_slow_drift_is_told_once() -> None:
    """One millimetre an hour: said when it has passed two, with what it has come to."""
    (seen,) = told(LaneMonitor(Curve(), FIT), hours(5, lambda hour: LANE_MM + hour), SLOW_US)
    assert seen.kind == "lane"
    assert 2.0 < seen.off_mm < 3.0
    assert "drifted by" in seen.sentence


def test_a_sensor_that_is_read_seldom_is_judged_as_well() -> None:
    """Five readings in two seconds are enough: a day of noise says nothing, and a slow drift is told."""
    noise = Random(3)
    still = (round(LANE_MM + noise.gauss(0.0, 2.1)) for _ in range(24 * HOUR_US // REST_US))
    assert told(LaneMonitor(Curve(), FIT), still, REST_US) == []
    drift = (round(LANE_MM + at * REST_US / HOUR_US + noise.gauss(0.0, 2.1)) for at in range(5 * HOUR_US // REST_US))
    (seen,) = told(LaneMonitor(Curve(), FIT), drift, REST_US)
    assert seen.kind == "lane"
    assert 2.0 < seen.off_mm < 3.0


@pytest.mark.parametrize("step_mm", [-60.0, -3.0, 3.0, 25.0])
def test_a_step_is_of_a_board_that_was_moved(step_mm: float) -> None:
    """However small: what was before it tells nothing of the sensor, and it begins anew."""
    readings = hours(4, lambda hour: LANE_MM + (step_mm if hour > 2.02 else 0.0))
    assert told(LaneMonitor(Curve(), FIT), readings, SLOW_US) == []


def test_while_somebody_is_there_nothing_is_compared() -> None:
    """A drift that somebody interrupts every hour is not seen: the board may have been moved by it."""
    readings = hours(5, lambda hour: LANE_MM + hour)
    busy = told(LaneMonitor(Curve(), FIT), readings, SLOW_US, empty=lambda at_us: at_us % HOUR_US > 600 * SECOND_US)
    assert busy == []


def test_toes_in_the_wall_cannot_be() -> None:
    """A minute of 4 mm below the toe line, whoever is there, is told once."""
    noise = cycle(still_readings())
    readings = [66.0 + next(noise) - TRUE_MM for _ in range(round(300 * SECOND_US / RECORDED_US))]
    (seen,) = told(LaneMonitor(Curve(), FIT), readings, RECORDED_US, empty=lambda _at_us: False)
    assert seen.kind == "wall"
    assert seen.off_mm == pytest.approx(-4.0, abs=1.5)
    assert "nothing can be" in seen.sentence


@pytest.mark.parametrize(("reading_mm", "fit"), [(69.0, FIT), (45.0, None)])
def test_what_may_be_is_not_called_out(reading_mm: float, fit: Fit | None) -> None:
    """A millimetre below may be wander, and a sensor as built may be off by more."""
    noise = cycle(still_readings())
    readings = [reading_mm + next(noise) - TRUE_MM for _ in range(round(300 * SECOND_US / RECORDED_US))]
    assert told(LaneMonitor(Curve(), fit), readings, RECORDED_US) == []


def test_a_shoe_before_the_sensor_says_nothing_of_it() -> None:
    """Far below the toe line no sensor gets by itself, however long it lasts."""
    noise = cycle(still_readings())
    readings = [45.0 + next(noise) - TRUE_MM for _ in range(round(300 * SECOND_US / RECORDED_US))]
    assert told(LaneMonitor(Curve(), FIT), readings, RECORDED_US) == []


def test_what_was_told_is_news_again_once_the_calibration_is_believed() -> None:
    """A check has passed, and the same fault comes back: it is told again."""
    noise = cycle(still_readings())
    lane, readings = LaneMonitor(Curve(), FIT), [66.0 + next(noise) - TRUE_MM for _ in range(8_000)]
    assert len(told(lane, readings, RECORDED_US)) == 1
    assert told(lane, readings, RECORDED_US, from_us=HOUR_US) == []
    lane.rearm()
    assert len(told(lane, readings, RECORDED_US, from_us=2 * HOUR_US)) == 1


def test_a_hand_in_front_is_no_wall() -> None:
    """Half a minute below the toe line, then the lane again."""
    noise = cycle(still_readings())
    readings = [(50.0 if i % 4000 < 1600 else 200.0) + next(noise) - TRUE_MM for i in range(16_000)]
    assert told(LaneMonitor(Curve(), FIT), readings, RECORDED_US) == []
