"""Lengths and times as people read them."""

from __future__ import annotations

import pytest

from station.units import (
    CM,
    INCH,
    change_text,
    duration_text,
    fine_change_text,
    length_text,
    length_with_uncertainty,
    number_text,
    partial_date_text,
    signed_text,
)


@pytest.mark.parametrize(
    ("mm", "units", "text"),
    [(94.0, CM, "9.4 cm"), (94.5, CM, "9.5 cm"), (101.6, CM, "10.2 cm"), (101.6, INCH, "4.0 in"), (0.0, CM, "0.0 cm")],
)
def test_length_has_one_decimal_and_unit(mm: float, units: str, text: str) -> None:
    """Centimetres or inches to 0.1, ties away from zero; four inches are 10.2 cm."""
    assert length_text(mm, units) == text


def test_missing_length_is_dash_and_zero_is_unsigned() -> None:
    """A rounded zero is never negative."""
    assert length_text(None, CM) == "\u2013"
    assert number_text(-0.3, CM) == "0.0"
    assert number_text(-12.0, CM) == "\u22121.2"


@pytest.mark.parametrize(
    ("mm", "uncertainty_mm", "units", "text"),
    [
        (94.0, 1.2, CM, "9.4 cm \u00b1 0.3"),
        (94.0, 0.1, CM, "9.4 cm \u00b1 0.1"),
        (94.0, 1.2, INCH, "3.7 in \u00b1 0.1"),
        (94.0, 6.0, CM, "9.4 cm \u00b1 1.2"),
        (94.0, None, CM, "9.4 cm"),
    ],
)
def test_length_with_uncertainty_keeps_its_tenth(
    mm: float, uncertainty_mm: float | None, units: str, text: str
) -> None:
    """The ± is half the 95 % interval, rounded up; the length is the same number as without it."""
    assert length_with_uncertainty(mm, uncertainty_mm, units) == text


def test_credit_is_never_rounded_up() -> None:
    """29.99 s are 29 s; whole minutes show no seconds."""
    assert [duration_text(us) for us in (29_990_000, 90_000_000, 120_000_000)] == ["29 s", "1 min 30 s", "2 min"]


@pytest.mark.parametrize(
    ("mm", "units", "text"),
    [(6.0, CM, "+0.6 cm"), (-6.0, CM, "\u22120.6 cm"), (0.2, CM, "0.0 cm"), (25.4, INCH, "+1.0 in")],
)
def test_difference_is_signed(mm: float, units: str, text: str) -> None:
    """More has a plus, less a minus, and a rounded zero neither."""
    assert change_text(mm, units) == text


def test_sensor_millimetres_are_signed() -> None:
    """A rounded zero has no sign."""
    assert [signed_text(mm) for mm in (0.24, -1.26, -0.04, 0.04)] == ["+0.2", "\u22121.3", "0.0", "0.0"]


@pytest.mark.parametrize(
    ("mm", "units", "text"),
    [
        (1.4, CM, "+1.4 mm"),
        (-0.26, CM, "\u22120.3 mm"),
        (0.0, CM, "0.0 mm"),
        (1.4, INCH, "+0.06 in"),
        (-0.1, INCH, "0.00 in"),
    ],
)
def test_pace_has_more_decimals_than_a_change(mm: float, units: str, text: str) -> None:
    """Millimetres to a tenth, inches to a hundredth: gains are a few millimetres a week."""
    assert fine_change_text(mm, units) == text


@pytest.mark.parametrize(
    ("text", "words"), [("2026", "2026"), ("2026-03", "Mar 2026"), ("2026-03-04", "4 Mar 2026")], ids=str
)
def test_partial_date_says_what_is_known(text: str, words: str) -> None:
    assert partial_date_text(text) == words
