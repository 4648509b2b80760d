"""When a calibration is due for a check, and how large an error is acceptable."""

from __future__ import annotations

TOLERANCE_MM = 2.0
"""A calibration fails a check that finds a larger error, unless twice the check's own uncertainty covers it."""
CHECK_DUE_DAYS = 7.0
"""A check is due a week after the calibration, or after the last check that passed."""
CHECK_DUE_DEGREES = 8.0
"""The change of temperature after which ST recommends a new calibration."""


def is_out_of_tolerance(error_mm: float, uncertainty_mm: float) -> bool:
    """Return whether a check's error exceeds the tolerance; `uncertainty_mm` is the check's standard uncertainty."""
    return abs(error_mm) > max(TOLERANCE_MM, 2.0 * uncertainty_mm)


def check_due_reason(days: float, warmer_degrees: float | None) -> str | None:
    """Return a sentence why a check is due `days` after the last one that passed, or `None` if none is due."""
    if warmer_degrees is not None and abs(warmer_degrees) >= CHECK_DUE_DEGREES:
        change = f"{abs(warmer_degrees):.0f} degrees {'warmer' if warmer_degrees > 0 else 'colder'}"
        return f"It is {change} than when the distance sensor was last checked: check it with a block."
    if days >= CHECK_DUE_DAYS:
        return f"The distance sensor was last checked {int(days)} days ago: check it with a block."
    return None
