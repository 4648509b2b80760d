"""Lengths, times and dates as people read them, on the page and in the terminal. Inside, everything is millimetres."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from station.core.events import BOTH_LEGS, Legs, Side
from station.core.measurement.uncertainty import COVERAGE

CM, INCH = "cm", "inch"
MM_IN_ONE = {CM: Decimal(10), INCH: Decimal("25.4")}
SIGN = {CM: "cm", INCH: "in"}
TENTH = Decimal("0.1")
SIDE_SHAPE: dict[Legs, str] = {Side.LEFT: "\u25cf", Side.RIGHT: "\u25c6", BOTH_LEGS: "\u25cf\u25c6"}
"""A filled circle and a diamond, wherever a side is named."""
MINUS = "\u2212"


def number(mm: float, units: str) -> str:
    """The length to a tenth, without its unit; a tie is rounded away from zero."""
    return _text((Decimal(str(mm)) / MM_IN_ONE[units]).quantize(TENTH, ROUND_HALF_UP))


def length(mm: float | None, units: str) -> str:
    """The length with its unit, or a dash when there is none."""
    return "\u2013" if mm is None else f"{number(mm, units)} {SIGN[units]}"


def sure_length(mm: float, uncertainty_mm: float | None, units: str) -> str:
    """The length with its uncertainty: `9.4 cm ± 0.3`, from the standard uncertainty in mm.

    What stands after ± is half of the interval that holds the true value in 95 cases of 100, rounded up to a tenth.
    From one whole unit on, tenths would not be true: then both are whole.
    """
    if uncertainty_mm is None:
        return length(mm, units)
    uncertainty = (Decimal(str(uncertainty_mm * COVERAGE)) / MM_IN_ONE[units]).quantize(TENTH, ROUND_CEILING)
    uncertainty = max(uncertainty, TENTH)
    if uncertainty < 1:
        return f"{number(mm, units)} {SIGN[units]} \u00b1 {uncertainty}"
    whole = (Decimal(str(mm)) / MM_IN_ONE[units]).quantize(Decimal(1), ROUND_HALF_UP)
    return f"{_text(whole)} {SIGN[units]} \u00b1 {uncertainty.quantize(Decimal(1), ROUND_CEILING)}"


def change(mm: float, units: str) -> str:
    """A difference to a tenth with its sign and unit: `+0.6 cm`; `0.0 cm` has none."""
    text = length(mm, units)
    return f"+{text}" if mm > 0 and not text.startswith("0.0 ") else text


def pace(mm: float, units: str) -> str:
    """A small difference with its sign, finer than `change`: `+1.4 mm`, or `+0.06 in` to a hundredth."""
    if units == CM:
        return f"{signed(mm)} mm"
    text = f"{Decimal(str(mm)) / MM_IN_ONE[units]:+.2f}".replace("-", MINUS)
    return f"{'0.00' if text[1:] == '0.00' else text} {SIGN[units]}"


def signed(number: float) -> str:
    """A number to a tenth with its sign, for millimetres of the sensor: `+0.2`, `0.0`."""
    text = f"{number:+.1f}".replace("-", MINUS)
    return "0.0" if text[1:] == "0.0" else text


def day(when: datetime) -> str:
    """A date in the station's own time zone: `Mon 23 Nov 2026`."""
    local = when.astimezone()
    return f"{local:%a} {local.day} {local:%b %Y}"


def moment(when: datetime) -> str:
    """Date and time in the station's own time zone: `Mon 23 Nov 2026, 21:16`."""
    return f"{day(when)}, {when.astimezone():%H:%M}"


def seconds(us: int) -> str:
    """Microseconds in words, `24 s` or `1 min 30 s`; never rounded up, because credit is earned."""
    whole = us // 1_000_000
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def many(count: int, thing: str, ending: str = "s") -> str:
    """`1 lift`, `2 lifts`."""
    return f"{count} {thing}{'' if count == 1 else ending}"


def _text(value: Decimal) -> str:
    return f"{MINUS}{-value}" if value < 0 else str(abs(value))
