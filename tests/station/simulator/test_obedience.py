"""A person who does exactly what the page says never gets stuck in a test."""

from __future__ import annotations

import pytest

from station.core.facts import Answered, BoardSet, TestFinished
from tests.station.core.traces import one, only
from tests.station.obedience import obedient_test


@pytest.mark.parametrize("seed", range(40))
def test_obedient_person_finishes_a_whole_test(seed: int) -> None:
    """From laying the board to the answers: never paused, never 45 s without progress, for any ankles, start, sliding
    steps, reaction times and wiring."""
    outcome = obedient_test(seed)
    assert outcome.stall is None
    assert one(outcome.facts, BoardSet)
    assert not one(outcome.facts, TestFinished).partial
    assert [answer.question for answer in only(outcome.facts, Answered)] == ["felt", "pain"]
