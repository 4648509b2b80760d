"""When a calibration is due for a check, and how far off it may be."""

from __future__ import annotations

TOLERANCE_MM = 2.0
"""A calibration that is off by more than this, and by more than twice what the check itself may err, is out."""
CHECK_DUE_DAYS = 7.0
"""A check is due a week after the calibration, or after the last check that passed."""
CHECK_DUE_DEGREES = 8.0
"""After such a change of temperature ST asks for a new calibration."""


def is_out_of_tolerance(error_mm: float, uncertainty_mm: float) -> bool:
    """Whether a check that found this is more than an unlucky one. `uncertainty_mm` is a standard uncertainty."""
    return abs(error_mm) > max(TOLERANCE_MM, 2.0 * uncertainty_mm)


def check_due_reason(days: float, warmer_degrees: float | None) -> str | None:
    """Why a check is due so long after the last one that passed, in a sentence; `None` while it is not."""
    if warmer_degrees is not None and abs(warmer_degrees) >= CHECK_DUE_DEGREES:
        change = f"{abs(warmer_degrees):.0f} degrees {'warmer' if warmer_degrees > 0 else 'colder'}"
        return f"It is {change} than when the distance sensor was last checked: check it with a block."
    if days >= CHECK_DUE_DAYS:
        return f"The distance sensor was last checked {int(days)} days ago: check it with a block."
    return None
