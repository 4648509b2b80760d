"""When the toes are at a target distance: one tolerance for the rule, the page's words and the guiding ticks."""

from __future__ import annotations

ON_TARGET_MM = 3.0
"""This close counts as on target. A slide of the board is no finer, and the next step of a test is at least 5 mm."""
OFF_TARGET_MM = 5.0
"""Once on target, only this far away counts as off it: readings wander by a few tenths of a mm."""


def is_on_target(off_mm: float, *, was_on_target: bool) -> bool:
    """Return whether toes `off_mm` from the target, of either sign, are on it."""
    return abs(off_mm) <= (OFF_TARGET_MM if was_on_target else ON_TARGET_MM)
