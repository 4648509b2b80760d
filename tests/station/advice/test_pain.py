"""The advice for each level of pain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.advice.pain import PainAction, advice, block_reason, is_follow_up_due, reduction_reason

NOW = datetime(2026, 6, 1, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANSWERS = st.lists(st.integers(0, 10), max_size=8)


def newest_first(*pains: int, hours: float = 30) -> list[tuple[datetime, int]]:
    """Answers, each `hours` before the next newer one, the newest `hours` ago."""
    return [(NOW - (number + 1) * hours * HOUR, pain) for number, pain in enumerate(pains)]


@pytest.mark.parametrize("pain", range(11))
def test_advice_follows_traffic_light(pain: int) -> None:
    """Continue up to 3, ease off at 4 and 5, stop from 6."""
    expected = (
        PainAction.CONTINUE if pain in (0, 1, 2, 3) else PainAction.EASE_OFF if pain in (4, 5) else PainAction.STOP
    )
    found = advice(pain)
    assert found.action is expected
    assert 20 < len(found.sentence) <= 160


@pytest.mark.parametrize("pain", [-1, 11])
def test_advice_refuses_other_numbers(pain: int) -> None:
    """The scale goes from 0 to 10."""
    with pytest.raises(ValueError, match="from 0 to 10"):
        advice(pain)


def test_follow_up_is_due_after_a_day() -> None:
    """After 4 or more, from 24 hours on; a newer answer below 4 ends it."""
    assert not is_follow_up_due([], NOW)
    assert is_follow_up_due(newest_first(4, hours=24), NOW)
    assert not is_follow_up_due(newest_first(4, hours=23.9), NOW)
    assert not is_follow_up_due(newest_first(3, 9), NOW)
    assert is_follow_up_due(newest_first(9, 0), NOW)


def test_strong_pain_blocks_until_below_4() -> None:
    """However old it is: 4 and 5 do not lift the block, 3 does. The sentence has both ways out."""
    assert block_reason([]) is None
    assert block_reason(newest_first(5, 4)) is None
    assert block_reason(newest_first(3, 10)) is None
    for pains in ((6,), (10, 0), (5, 4, 6), (4, 7, 3)):
        why = block_reason(newest_first(*pains, hours=1000))
        assert why is not None
        assert "Answer again" in why.sentence
        assert "health professional" in why.sentence
    assert block_reason(newest_first(5, 3, 6)) is None


@given(ANSWERS)
def test_newest_answer_decides(pains: list[int]) -> None:
    """Below 4 it lifts the block whatever came before; 6 or more always blocks."""
    assert block_reason(newest_first(3, *pains)) is None
    assert block_reason(newest_first(6, *pains)) is not None
    assert (block_reason(newest_first(4, *pains)) is None) is (block_reason(newest_first(*pains)) is None)


def test_some_pain_reduces_everything() -> None:
    """While the newest answer is 4 or 5."""
    assert [bool(reduction_reason(newest_first(pain, 0))) for pain in range(8)] == [False] * 4 + [True] * 2 + [
        False
    ] * 2
    assert reduction_reason(newest_first(1, 5)) is None
    assert reduction_reason([]) is None
