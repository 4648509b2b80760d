"""The physics of the board: loads, creep, comparators and distances."""

from __future__ import annotations

from itertools import pairwise

import pytest

from station.core.events import SECOND_US, Side
from station.simulator.world import CREEP_RANGE, HeelPadParameters, Ramp, World

STANDING_N = 300.0


def test_ramp_is_smooth_and_reaches_its_end() -> None:
    """A ramp goes from start to end without reversing, and one that replaces it begins at its present value."""
    ramp = Ramp(0, 1_000, 10.0, 20.0)
    values = [ramp.value(at_us) for at_us in range(-100, 1_200, 10)]
    assert values[0] == 10.0
    assert values[-1] == 20.0
    assert all(after >= before for before, after in pairwise(values))
    assert ramp.continued_to(0.0, 500, 100).value(500) == ramp.value(500) == 15.0


@pytest.mark.parametrize("seed", range(5))
def test_loaded_heel_pad_creeps_up(seed: int) -> None:
    """After a step on, the conductance grows by 8 to 60 % of the step within 12 s, as in recordings of an FSR 402."""
    world = World(seed=seed)

    def conductance(at_us: int) -> float:
        share = world.share(Side.LEFT, at_us)
        return share / (1 - share)

    empty = conductance(0)
    world.press(Side.LEFT, STANDING_N, 0, 1)
    first = conductance(10_000)
    later = conductance(12 * SECOND_US)
    assert 0.9 * CREEP_RANGE[0] <= (later - first) / (first - empty) <= CREEP_RANGE[1]
    world.press(Side.LEFT, 0.0, 13 * SECOND_US, 1)
    assert conductance(14 * SECOND_US) < 1.5 * empty


def test_hard_stop_limits_the_sensor_force() -> None:
    """Any force above the hard stop's limit reads the same, below full scale."""
    shares = []
    for force_n in (2_000.0, 4_000.0):
        world = World()
        world.press(Side.LEFT, force_n, 0, 1)
        shares.append(world.share(Side.LEFT, 2))
    assert shares[0] == pytest.approx(shares[1])
    assert shares[0] < 1.0


def test_sway_has_its_coefficient_of_variation() -> None:
    """A sway of 4 % gives a coefficient of variation of about 2 %, and an empty plate does not sway."""
    world = World(seed=3)
    world.sway_fraction = 0.04
    assert world.force_n(Side.LEFT, 5) == 0.0
    world.press(Side.LEFT, STANDING_N, 0, 1)
    forces = [world.force_n(Side.LEFT, at_us) for at_us in range(10, 20 * SECOND_US, 10_000)]
    mean = sum(forces) / len(forces)
    deviation = (sum((force_n - mean) ** 2 for force_n in forces) / len(forces)) ** 0.5
    assert mean == pytest.approx(STANDING_N, rel=0.01)
    assert 0.01 < deviation / mean < 0.03


def test_comparator_has_hysteresis() -> None:
    """Between its two thresholds a comparator keeps its level."""
    world, figures = World(), HeelPadParameters()
    between_n = (figures.comparator_on_n + figures.comparator_off_n) / 2 / figures.lever
    world.press(Side.LEFT, between_n, 0, 1)
    assert world.is_comparator_high(Side.LEFT, 5, True)
    assert not world.is_comparator_high(Side.LEFT, 5, False)


def test_single_plate_carries_either_foot() -> None:
    """A single plate carries whichever heel is on it; of two plates each carries its own heel."""
    one, two = World(plates=(Side.RIGHT,)), World()
    for world in (one, two):
        world.press(Side.LEFT, STANDING_N, 0, 1)
    assert one.force_n(Side.RIGHT, 5) == STANDING_N
    assert two.force_n(Side.RIGHT, 5) == 0.0


def test_sensor_distance_includes_setback_and_skirting() -> None:
    """The sensor measures the toe distance plus its setback, less the skirting; the board stops at the wall."""
    world = World(setback_mm=70, skirting_mm=12, toe_mm=100)
    assert world.target_mm(0) == 158
    world.slide(-30.0, 0, SECOND_US)
    assert world.target_mm(2 * SECOND_US) == 58
    assert not world.is_heel_moving(1)
