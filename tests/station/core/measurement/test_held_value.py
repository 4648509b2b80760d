"""A displayed value holds still while readings wander, and follows what moves."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from station.core.measurement.held_value import SHOWN_STEP_MM, HeldValue
from station.units import length_text

MM = st.floats(0, 400)


def shown(readings: list[float]) -> list[str]:
    """The displayed texts."""
    held = HeldValue(SHOWN_STEP_MM)
    return [length_text(held.update(one), "cm") for one in readings]


def change_count(texts: list[str]) -> int:
    return sum(one != after for one, after in pairwise(texts))


def test_readings_about_a_border_of_rounding_do_not_flicker() -> None:
    """0.2 mm apart, and each would be another tenth of a centimetre."""
    readings = [94.4, 94.6] * 20
    assert change_count([length_text(one, "cm") for one in readings]) == len(readings) - 1
    assert shown(readings) == ["9.4 cm"] * len(readings)


def test_noise_of_the_sensor_changes_the_number_seldom() -> None:
    """Ten minutes of medians of 16 readings with an SD of 2.1 mm, ten a second: at most a tenth of the changes."""
    rng = Random(1)
    readings = [94.4 + rng.gauss(0, 2.1) for _ in range(33 * 600)]
    medians = [median(readings[end - 16 : end]) for end in range(16, len(readings), 3)]
    assert change_count(shown(medians)) < change_count([length_text(one, "cm") for one in medians]) / 10


@given(st.lists(MM, min_size=1))
def test_value_is_never_more_than_a_step_away(readings: list[float]) -> None:
    """And it stays where it is as long as the reading is no farther away than that."""
    held = HeldValue(SHOWN_STEP_MM)
    before = readings[0]
    for reading in readings:
        value = held.update(reading)
        assert value is not None
        assert abs(value - reading) <= SHOWN_STEP_MM + 1e-9
        assert value == before or abs(before - reading) > SHOWN_STEP_MM
        before = value


@given(MM, MM)
def test_first_reading_after_a_gap_is_shown_as_it_is(before: float, after: float) -> None:
    held = HeldValue(SHOWN_STEP_MM)
    assert held.update(before) == before
    assert held.update(None) is None
    assert held.update(after) == after
