"""Lengths, times and dates as people read them, on the page and in the terminal. The code counts in millimetres."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from station.core.events import BOTH_LEGS, Legs, Side
from station.core.measurement.uncertainty import COVERAGE

CM, INCH = "cm", "inch"
MM_PER_UNIT = {CM: Decimal(10), INCH: Decimal("25.4")}
UNIT_SYMBOLS = {CM: "cm", INCH: "in"}
TENTH = Decimal("0.1")
SIDE_SYMBOLS: dict[Legs, str] = {Side.LEFT: "\u25cf", Side.RIGHT: "\u25c6", BOTH_LEGS: "\u25cf\u25c6"}
"""A filled circle and a diamond, shown beside the name of a side."""
MINUS_SIGN = "\u2212"


def utc_time(text: str) -> datetime | None:
    """Return the time of an ISO 8601 text with a time zone, in UTC; `None` for other text, or beyond the calendar."""
    try:
        at = datetime.fromisoformat(text)
        return None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def number_text(mm: float, units: str) -> str:
    """The length to a tenth, without its unit; a tie is rounded away from zero."""
    return _with_minus_sign((Decimal(str(mm)) / MM_PER_UNIT[units]).quantize(TENTH, ROUND_HALF_UP))


def length_text(mm: float | None, units: str) -> str:
    """The length with its unit, or a dash if there is none."""
    return "\u2013" if mm is None else f"{number_text(mm, units)} {UNIT_SYMBOLS[units]}"


BELOW_RANGE = "below range"
"""A distance of 0: the knee did not reach the wall, so the true one is below all that the station measures."""


def result_text(mm: float | None, units: str) -> str:
    """The result of a test: its length, `below range` for 0, or a dash if there is none."""
    return BELOW_RANGE if mm is not None and mm <= 0 else length_text(mm, units)


def length_with_uncertainty(mm: float, uncertainty_mm: float | None, units: str) -> str:
    """The length with its uncertainty: `9.4 cm ± 0.3`, from the standard uncertainty in mm.

    The number after ± is half the 95 % interval, rounded up to a tenth. The length keeps its tenth however large the
    uncertainty is: a result is the same number on every page. A result below range has no ±: it is a bound.
    """
    if uncertainty_mm is None or mm <= 0:
        return result_text(mm, units)
    return f"{length_text(mm, units)} \u00b1 {uncertainty_text(uncertainty_mm, units)}"


def uncertainty_text(uncertainty_mm: float, units: str) -> str:
    """Half the 95 % interval of a standard uncertainty in mm, rounded up to a tenth, without its unit."""
    half = (Decimal(str(uncertainty_mm * COVERAGE)) / MM_PER_UNIT[units]).quantize(TENTH, ROUND_CEILING)
    return str(max(half, TENTH))


def change_text(mm: float, units: str) -> str:
    """A difference to a tenth with its sign and unit: `+0.6 cm`; `0.0 cm` has none."""
    text = length_text(mm, units)
    return f"+{text}" if mm > 0 and not text.startswith("0.0 ") else text


def fine_change_text(mm: float, units: str) -> str:
    """A small difference with its sign, finer than `change_text`: `+1.4 mm`, or `+0.06 in` to a hundredth."""
    if units == CM:
        return f"{signed_text(mm)} mm"
    text = f"{Decimal(str(mm)) / MM_PER_UNIT[units]:+.2f}".replace("-", MINUS_SIGN)
    return f"{'0.00' if text[1:] == '0.00' else text} {UNIT_SYMBOLS[units]}"


def signed_text(number: float) -> str:
    """A number to a tenth with its sign, for millimetres of the sensor: `+0.2`, `0.0`."""
    text = f"{number:+.1f}".replace("-", MINUS_SIGN)
    return "0.0" if text[1:] == "0.0" else text


def date_text(when: datetime) -> str:
    """A date in the station's own time zone: `Mon 23 Nov 2026`."""
    local = when.astimezone()
    return f"{local:%a} {local.day} {local:%b %Y}"


def short_date_text(when: datetime) -> str:
    """A date without its weekday, in the station's own time zone: `23 Nov 2026`."""
    local = when.astimezone()
    return f"{local.day} {local:%b %Y}"


def partial_date_text(text: str) -> str:
    """A date as far as it is known, `2026`, `2026-03` or `2026-03-14`, as text: `2026`, `Mar 2026`, `14 Mar 2026`."""
    known = date.fromisoformat(f"{text}-01-01"[:10])
    words = (str(known.day), f"{known:%b}", str(known.year))
    return " ".join(words[2 - text.count("-") :])


def date_time_text(when: datetime) -> str:
    """Date and time in the station's own time zone: `Mon 23 Nov 2026, 21:16`."""
    return f"{date_text(when)}, {when.astimezone():%H:%M}"


def duration_text(us: int) -> str:
    """Microseconds as `24 s` or `1 min 30 s`, rounded down: credit is never rounded up."""
    whole = us // 1_000_000
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def count_text(count: int, thing: str, ending: str = "s") -> str:
    """`1 lift`, `2 lifts`."""
    return f"{count} {thing}{'' if count == 1 else ending}"


def _with_minus_sign(value: Decimal) -> str:
    return f"{MINUS_SIGN}{-value}" if value < 0 else str(abs(value))
