"""The calibration charts: the curve fitted through the blocks, its residuals, and the correction over months."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from markupsafe import Markup
from msgspec import Struct

from station.core.measurement.calibration import Fit
from station.core.measurement.curve import Curve
from station.core.measurement.uncertainty import COVERAGE
from station.store.records import Calibration, Check
from station.units import MINUS_SIGN, count_text, date_text
from web.charts.time_axis import Span, ticks
from web.charts.trace import Chart, Scale

WIDTH, X_MIN, X_MAX = 360, 42, 350
CURVE_TOP, CURVE_BOTTOM = 22, 150
RESIDUALS_TOP, RESIDUALS_BOTTOM = 184, 284
FIT_HEIGHT, DRIFT_HEIGHT = 318, 230
DRIFT_TOP, DRIFT_BOTTOM = 22, 196
CURVE_POINTS = 40
EXTRAPOLATION_MM = 20.0
"""How far the curve is drawn beyond the last block, to show that it is less certain there."""
REFERENCE_MM = 100.0
"""The toe distance at which the correction is tracked over months."""
RESIDUAL_RANGE_MM = 2.0
"""A calibration with a larger residual is refused, so the residuals' scale is the same for all calibrations."""


class Correction(Struct, frozen=True):
    """What to add to the as-built board's distance at `REFERENCE_MM`, according to a calibration or a check."""

    at: datetime
    correction_mm: float
    uncertainty_mm: float
    is_calibration: bool
    passed: bool


def fit_chart(fit: Fit) -> Chart:
    """Above, block lengths against readings, with the curve; below, the residuals with the curve's 95 % band."""
    most_mm = max(at.toe_mm for at in fit.points) + EXTRAPOLATION_MM
    along = [most_mm * n / CURVE_POINTS for n in range(CURVE_POINTS + 1)]
    across = Scale(0.0, most_mm, X_MIN, X_MAX)
    readings = [fit.curve.reading_mm(mm) for mm in along]
    reading = Scale(min(readings) // 50 * 50, -(-max(readings) // 50) * 50, CURVE_BOTTOM, CURVE_TOP)
    bands = [COVERAGE * fit.uncertainty_mm(mm) for mm in readings]
    residual = Scale(-RESIDUAL_RANGE_MM, RESIDUAL_RANGE_MM, RESIDUALS_BOTTOM, RESIDUALS_TOP)
    parts = [f'<text x="2" y="12">reading, mm</text><text x="2" y="{RESIDUALS_TOP - 10}">residual, mm</text>']
    parts += _gridlines(reading, [reading.low + n * 50 for n in range(int((reading.high - reading.low) / 50) + 1)][::2])
    parts += _gridlines(residual, [-2.0, -1.0, 0.0, 1.0, 2.0])
    for toe_mm in sorted({at.toe_mm for at in fit.points}):
        x = across(toe_mm)
        parts.append(
            f'<path class="axis" d="M{x:g} {CURVE_TOP}V{CURVE_BOTTOM}M{x:g} {RESIDUALS_TOP}V{RESIDUALS_BOTTOM}"/>'
        )
        parts.append(f'<text x="{x:g}" y="{FIT_HEIGHT - 16}" text-anchor="middle">{toe_mm:g}</text>')
    parts.append(f'<text x="{X_MAX}" y="{FIT_HEIGHT - 3}" text-anchor="end">block, mm</text>')
    curve = " ".join(f"{across(mm):g} {reading(at):g}" for mm, at in zip(along, readings, strict=True))
    there = " ".join(f"{across(mm):g} {_clamped(residual, band):g}" for mm, band in zip(along, bands, strict=True))
    back = " ".join(
        f"{across(mm):g} {_clamped(residual, -band):g}" for mm, band in reversed(list(zip(along, bands, strict=True)))
    )
    parts.append(f'<path class="band level" d="M{there}L{back}z"/><path class="toe" d="M{curve}"/>')
    for at, left_mm in zip(fit.points, fit.residuals_mm, strict=True):
        x, reach = across(at.toe_mm), COVERAGE * at.uncertainty_mm
        whisker = f"M{x:g} {_clamped(residual, left_mm + reach):g}V{_clamped(residual, left_mm - reach):g}"
        parts.append(f'<path class="whisker" d="{whisker}"/>')
        for y in (reading(at.reading_mm), _clamped(residual, left_mm)):
            parts.append(f'<path class="event" d="M{x - 4:g} {y - 4:g}h8v8h-8z"/>')
    worst = max(abs(left) for left in fit.residuals_mm)
    sentence = f"{count_text(len(fit.points), 'reading')} of blocks. Largest residual: {worst:.1f} mm."
    return _build_chart("fit", "Blocks and the fitted curve", sentence, FIT_HEIGHT, parts)


def corrections_of(calibrations: Sequence[Calibration], checks: Sequence[Check]) -> list[Correction]:
    """The correction at 100 mm at every calibration by blocks and every check, oldest first.

    A check's correction is that of its calibration minus the drift it measured.
    """
    by_id: dict[str, Correction] = {}
    built = Curve()
    for one in sorted(calibrations, key=lambda each: each.number):
        if one.fit is None:
            built = one.curve
            continue
        reading_mm = one.curve.reading_mm(REFERENCE_MM)
        sure_mm = one.fit.uncertainty_mm(reading_mm)
        by_id[one.id] = Correction(one.created_at, REFERENCE_MM - built.toe_mm(reading_mm), sure_mm, True, True)
    found = list(by_id.values())
    found += [
        Correction(
            one.created_at, by_id[one.calibration_id].correction_mm - one.off_mm, one.uncertainty_mm, False, one.passed
        )
        for one in checks
        if one.calibration_id in by_id
    ]
    return sorted(found, key=lambda one: one.at)


def drift_chart(corrections: Sequence[Correction], now: datetime) -> Chart:
    """The correction at 100 mm over a true time axis: squares are calibrations, circles checks, crosses failures."""
    margin = max((now - corrections[0].at) * 0.03, timedelta(hours=12))
    span = Span(min(corrections[0].at - margin, now - timedelta(weeks=1)), now)
    time = Scale(span.since.timestamp(), span.until.timestamp(), X_MIN, X_MAX)
    reach = [COVERAGE * one.uncertainty_mm for one in corrections]
    low = min(one.correction_mm - mm for one, mm in zip(corrections, reach, strict=True)) - 1
    high = max(one.correction_mm + mm for one, mm in zip(corrections, reach, strict=True)) + 1
    step = next((step for step in (1, 2, 5, 10) if (high - low) / step <= 7), 20)
    value = Scale(low // step * step, -(-high // step) * step, DRIFT_BOTTOM, DRIFT_TOP)
    parts = ['<text x="2" y="12">added at 100 mm, mm</text>']
    parts += _gridlines(value, [value.low + n * step for n in range(round((value.high - value.low) / step) + 1)])
    for at, label in ticks(span):
        x = time(at.timestamp())
        parts.append(f'<path class="axis" d="M{x:g} {DRIFT_TOP}V{DRIFT_BOTTOM}"/>')
        anchor = "middle" if x < X_MAX - 14 else "end"
        parts.append(f'<text x="{x:g}" y="{DRIFT_HEIGHT - 12}" text-anchor="{anchor}">{label}</text>')
    for one, mm in zip(corrections, reach, strict=True):
        x, y = time(one.at.timestamp()), value(one.correction_mm)
        parts.append(
            f'<path class="whisker" d="M{x:g} {value(one.correction_mm - mm):g}V{value(one.correction_mm + mm):g}"/>'
        )
        if one.is_calibration:
            parts.append(f'<path class="event passed" d="M{x - 4:g} {y - 4:g}h8v8h-8z"/>')
        elif one.passed:
            parts.append(f'<circle class="event" cx="{x:g}" cy="{y:g}" r="4"/>')
        else:
            parts.append(f'<path class="event" d="M{x - 4:g} {y - 4:g}l8 8m0-8l-8 8"/>')
    made = sum(one.is_calibration for one in corrections)
    counts = f"{count_text(made, 'calibration')} and {count_text(len(corrections) - made, 'check')}"
    sentence = f"{counts} since {date_text(corrections[0].at)}."
    return _build_chart("sensor", "Correction applied", sentence, DRIFT_HEIGHT, parts)


def _gridlines(scale: Scale, values: Sequence[float]) -> Iterator[str]:
    for one in values:
        y = scale(one)
        yield f'<path class="axis" d="M{X_MIN} {y:g}H{X_MAX}"/>'
        number = f"{MINUS_SIGN}{-one:g}" if one < 0 else f"{one:g}"
        yield f'<text x="{X_MIN - 6}" y="{y + 4:g}" text-anchor="end">{number}</text>'


def _clamped(scale: Scale, value: float) -> float:
    """The position of a value, clamped to the chart's edge."""
    return scale(min(max(value, scale.low), scale.high))


def _build_chart(name: str, title: str, sentence: str, height: int, parts: Sequence[str]) -> Chart:
    svg = (
        f'<svg class="chart over-time" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{name} {name}-d">'
        f'<title id="{name}">{title}</title><desc id="{name}-d">{sentence}</desc>{"".join(parts)}</svg>'
    )
    return Chart(title, sentence, Markup(svg))  # numbers and fixed text only
