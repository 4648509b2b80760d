"""The owner's reset: heel plates held down while the station starts."""

from __future__ import annotations

import pytest

from station.core.events import SECOND_US
from station.core.sensing.start_press import StartPress

Seen = list[tuple[float, list[bool | None]]]
UP, DOWN, UNKNOWN = [False, False], [True, True], [None, None]


def pressed_at_s(seen: Seen) -> float | None:
    """When these states of the heels count as a press, in seconds after the start."""
    rule = StartPress(7 * SECOND_US)
    for at_s, heels in seen:
        if rule.observe(7 * SECOND_US + round(at_s * SECOND_US), heels):
            return at_s
    return None


def test_plates_held_from_the_start_count_once() -> None:
    rule = StartPress(0)
    found = [rule.observe(at_s * SECOND_US, DOWN) for at_s in range(40)]
    assert [at_s for at_s, is_press in enumerate(found) if is_press] == [20]


@pytest.mark.parametrize(
    ("seen", "at_s"),
    [
        ([(0.1, UNKNOWN), (2, [True, None]), (7.9, DOWN), (19.9, DOWN), (20, DOWN)], 20),
        ([(0.1, DOWN), (30, DOWN)], 30),
        ([(0.1, DOWN), (10, [True, False]), (10.2, DOWN), (30, DOWN)], None),
        ([(0.1, DOWN), (10, [True, None]), (10.2, DOWN), (30, DOWN)], None),
        ([(0.1, UP), (0.3, DOWN), (30, DOWN)], None),
        ([(0.1, UNKNOWN), (8.1, UNKNOWN), (8.2, DOWN), (30, DOWN)], None),
        ([(0.1, []), (8.1, []), (30, DOWN)], None),
        ([(0.1, [True]), (20, [True])], 20),
    ],
)
def test_only_plates_that_were_never_left_count(seen: Seen, at_s: float | None) -> None:
    """Unknown at first is fine; up at any time, unknown later or pressed too late is not. A single plate works too."""
    assert pressed_at_s(seen) == at_s
