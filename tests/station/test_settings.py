"""The settings and their limits."""

from __future__ import annotations

from typing import Any

import pytest

from station.settings import CHOICES, LIMITS, Settings


def test_defaults_are_valid() -> None:
    """The defaults are those of the rules: 30 s three times, 15 s of rest, 10 s to prepare, a goal of 4 inches."""
    chosen = Settings()
    assert (chosen.hold_s, chosen.repetitions, chosen.rest_s, chosen.prepare_s) == (30, 3, 15, 10)
    assert chosen.goal_mm == pytest.approx(101.6)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "something else") for name in CHOICES),
        *((name, low - 1) for name, (low, _) in LIMITS.items()),
        *((name, high + 1) for name, (_, high) in LIMITS.items()),
        ("hold_s", 30.5),
        ("hold_s", True),
        ("goal_mm", "100"),
        ("goal_mm", float("nan")),
        ("quiet_from", "24:00"),
        ("quiet_to", "7:30"),
        ("quiet_to", None),
    ],
)
def test_invalid_setting_is_named(name: str, value: Any) -> None:
    """The sentence has the field and what is allowed."""
    with pytest.raises(ValueError, match=f"The setting {name} is .* (one of|from|such as) "):
        Settings(**{name: value})


@pytest.mark.parametrize("name", list(LIMITS))
def test_limits_are_inclusive(name: str) -> None:
    for value in LIMITS[name]:
        assert getattr(Settings(**{name: value}), name) == value  # type: ignore[arg-type]  # each limit has its field's type
