"""The steps with blocks: what is allowed, and their way to the header of a trace and back."""

from __future__ import annotations

import pytest

from station.core.steps import (
    CalibrateStep,
    CheckStep,
    StepError,
    rounds_for,
    step_from_options,
    to_json,
)
from tests.station.core.blocks import (
    WARM,
)


@pytest.mark.parametrize(("blocks", "rounds"), [(2, 4), (3, 3), (4, 2), (6, 2)])
def test_fewer_blocks_are_shown_more_often(blocks: int, rounds: int) -> None:
    """At least eight samples average out the wander."""
    assert rounds_for((0.0, 40.0, 80.0, 120.0, 160.0, 200.0)[:blocks]) == rounds


@pytest.mark.parametrize("step", [CalibrateStep((10.0, 60.0)), CheckStep(50.0, 0.4, 0), WARM])
def test_a_step_with_blocks_round_trips(step: CalibrateStep | CheckStep) -> None:
    """To the header of a trace and back."""
    assert step_from_options(to_json((step,))) == step


@pytest.mark.parametrize("blocks", [[0], [0, 10], [0, 900], "0", [True, 100], [None, 1]])
def test_impossible_blocks_are_refused(blocks: object) -> None:
    """Too few, too close in length, too long, or not lengths at all."""
    with pytest.raises(StepError, match="blocks_mm"):
        step_from_options({"do": "calibrate", "blocks_mm": blocks})
