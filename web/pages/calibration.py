"""The Calibration page: accuracy in one sentence, the guided run, the residuals and the sensor's history."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, render_template

from station.core.measurement.tolerance import TOLERANCE_MM
from station.core.measurement.uncertainty import COVERAGE
from station.core.steps import rounds_for
from station.store.records import Calibration, Check
from web.context import Site

MAX_CHECKS = 200
"""Four years of weekly checks."""
KINDS = {"block": "a block", "wall": "the toe line", "lane": "the empty lane"}
NUMBER_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

NOT_CALIBRATED = "Not yet calibrated: as built, all distances may be off by the same 10 to 25 mm."


def blueprint(site: Site) -> Blueprint:
    """`/calibration`."""
    pages = Blueprint("calibration", __name__)

    @pages.get("/calibration")
    def calibration() -> str:
        from web.charts.calibration import corrections_of, drift_chart, fit_chart

        now = datetime.now(UTC)
        every, checks = site.store.calibrations(), site.store.checks(limit=MAX_CHECKS)
        current, fit = every[0], every[0].fit
        seen = corrections_of(every, checks)
        snapshot = site.snapshot()
        return render_template(
            "calibration.html",
            sentence=calibration_sentence(current, checks, site.store.failed_check(), snapshot.check_due, now),
            current=current,
            fit=fit,
            fit_chart=None if fit is None else fit_chart(fit),
            drift_chart=drift_chart(seen, now) if seen else None,
            checks=checks,
            history=sorted([*every, *checks], key=lambda one: one.created_at, reverse=True),
            kinds=KINDS,
            coverage=COVERAGE,
            blocks=site.blocks_mm,
            check_mm=sorted(site.blocks_mm)[len(site.blocks_mm) // 2],
            rounds=NUMBER_WORDS[rounds_for(site.blocks_mm)],
            out_mm=TOLERANCE_MM,
            is_active=snapshot.activity != "idle",
        )

    return pages


def calibration_sentence(
    current: Calibration, checks: tuple[Check, ...], suspect: Check | None, check_due: str | None, now: datetime
) -> str:
    """How good the calibration is: `Good. ± 0.6 mm up to 200 mm. Last checked three days ago.`

    `checks` newest first; `suspect` is the check that failed, `check_due` the reminder, if any.
    """
    fit = current.fit
    if fit is None:
        return NOT_CALIBRATED
    if suspect is not None:
        where = "at the last check" if suspect.kind == "block" else f"by {KINDS[suspect.kind]}"
        return (
            f"Out by {abs(suspect.off_mm):.0f} mm {where}, {relative_day(suspect.created_at, now)}. "
            "Results since then are uncertain until it is recalibrated or a check passes."
        )
    most_mm = max(at.toe_mm for at in fit.points)
    sure_mm = COVERAGE * fit.largest_uncertainty_mm()
    good = f"\u00b1 {sure_mm:.1f} mm up to {most_mm:g} mm."
    if check_due is not None:
        return f"Good when last checked. {good} {check_due}"
    last = next((check.created_at for check in checks if check.calibration_id == current.id and check.passed), None)
    when = (
        f"Calibrated {relative_day(current.created_at, now)}."
        if last is None
        else f"Last checked {relative_day(last, now)}."
    )
    return f"Good. {good} {when}"


def relative_day(then: datetime, now: datetime) -> str:
    """`today`, `yesterday`, `three days ago`, by the station's own calendar."""
    days = (now.astimezone().date() - then.astimezone().date()).days
    if days <= 0:
        return "today"
    if days == 1:
        return "yesterday"
    return f"{NUMBER_WORDS[days] if days < len(NUMBER_WORDS) else days} days ago"
