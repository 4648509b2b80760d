"""`station check` names what is wrong with a heel sensor."""

from __future__ import annotations

from random import Random

import pytest

from station.core.events import Load, Side
from station.system.self_check import _load


def loads(share: float, deviation: float) -> list[Load]:
    gauss = Random(3).gauss
    return [Load(number * 10_000, Side.LEFT, min(1.0, max(0.0, share + gauss(0, deviation)))) for number in range(300)]


def test_a_quiet_plate_is_well() -> None:
    found = _load(Side.LEFT, loads(0.5, 0.002), 0.0)
    assert found.well
    assert "100 samples a second" in found.sentence


@pytest.mark.parametrize("deviation", [0.2, 0.6])
def test_a_channel_that_no_heel_can_produce_is_wrong(deviation: float) -> None:
    found = _load(Side.LEFT, loads(0.5, deviation), 0.0)
    assert (found.part, found.well) == ("left heel sensor", False)
    assert "jumps as no heel does" in found.sentence
    assert "cable" in found.sentence
