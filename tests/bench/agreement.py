"""How far the shipped intraclass correlations deviate from the table of Shrout and Fleiss.

`python -m tests.bench.agreement` prints each form beside the table.
"""

from __future__ import annotations

import sys

from station.core.statistics.agreement import IccForm, one_way_icc, two_way_icc

RATINGS = ((9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7))
"""Four judges' ratings of six targets (Shrout and Fleiss 1979, Psychol Bull 86:420, table 2)."""
PUBLISHED = {
    IccForm.ONE_WAY: 0.1657,
    IccForm.RANDOM: 0.2898,
    IccForm.FIXED: 0.7148,
    IccForm.ONE_WAY_MEAN: 0.4428,
    IccForm.RANDOM_MEAN: 0.6201,
    IccForm.FIXED_MEAN: 0.9093,
}
"""The published coefficients to four decimals: differences up to 0.00005 are rounding."""


def shipped() -> dict[IccForm, float]:
    """The coefficients that the station's code computes from the ratings."""
    found = {**one_way_icc(RATINGS).coefficients, **two_way_icc(RATINGS).coefficients}
    return {form: limits.value for form, limits in found.items()}


def figures() -> dict[str, dict[str, float | str]]:
    """The figure for the bench: the largest difference from the table over the six forms."""
    found = shipped()
    worst = max(abs(found[form] - value) for form, value in PUBLISHED.items())
    return {"icc_error": {"value": round(worst, 6), "unit": "ICC"}}


if __name__ == "__main__":
    sys.stdout.writelines(f"{form}  {value:.6f}  {PUBLISHED[form]:.4f}\n" for form, value in shipped().items())
