"""The calibration page: its summary, the blocks' residuals, and the guided run in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from station.core.measurement.calibration import fit
from station.core.measurement.curve import Curve
from station.core.measurement.curve_fit import Point
from station.core.steps import CalibrateStep, CheckStep
from station.store import Store
from station.store.records import Calibration, Check
from station.units import CM
from tests.paired_browsers import paired_client
from tests.web.double import StationDouble
from tests.web.page_text import text_of
from tests.web.snapshots import snapshot
from web.app import create_app
from web.charts.calibration import corrections_of, drift_chart, fit_chart
from web.live.view_model import live_view
from web.pages.calibration import calibration_sentence, relative_day

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
POINTS = [Point(mm, (mm + 46.0) * 1.01 + off, 0.34, 300) for off in (0.1, -0.1) for mm in (0.0, 100.0, 200.0)]
FIT = fit(POINTS)
BUILT = Calibration("a", 1, NOW - timedelta(days=90), Curve(), None, None)
BY_BLOCKS = Calibration("b", 2, NOW - timedelta(days=30), FIT.curve, FIT, 21.0)


def check(days_ago: float, off_mm: float = 0.4, *, passed: bool = True, kind: str = "block") -> Check:
    return Check("c", NOW - timedelta(days=days_ago), "b", kind, 100.0, off_mm, 0.5, None, passed)


def test_good_calibration_shows_accuracy_and_date() -> None:
    """The summary has the ± in millimetres up to the longest block, and the date of the last check."""
    text = calibration_sentence(BY_BLOCKS, (check(3), check(10)), None, None, NOW)
    sure_mm = 1.96 * max(FIT.uncertainty_mm(FIT.curve.reading_mm(mm)) for mm in range(0, 201, 10))
    assert text == f"Good. \u00b1 {sure_mm:.1f} mm up to 200 mm. Last checked three days ago."


def test_calibration_sentence_covers_due_and_failed() -> None:
    """Never calibrated, check due and check failed each have their own sentence."""
    assert calibration_sentence(BUILT, (), None, None, NOW).startswith("Not yet calibrated")
    due = "The distance sensor was last checked 9 days ago: check it with a block."
    assert calibration_sentence(BY_BLOCKS, (check(9),), None, due, NOW).endswith(due)
    failed = check(1, 3.2, passed=False)
    assert calibration_sentence(BY_BLOCKS, (failed,), failed, None, NOW).startswith(
        "Out by 3 mm at the last check, yesterday."
    )
    assert "by the empty lane" in calibration_sentence(
        BY_BLOCKS, (), check(0, 4.0, passed=False, kind="lane"), None, NOW
    )


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "today"), (1, "yesterday"), (3, "three days ago"), (12, "twelve days ago"), (40, "40 days ago")],
)
def test_days_ago_are_words(days: int, words: str) -> None:
    """A few days are in words; after a clock set back it says today."""
    assert relative_day(NOW - timedelta(days=days), NOW) == words
    assert relative_day(NOW + timedelta(days=2), NOW) == "today"


def test_chart_shows_each_block_on_curve_and_residuals() -> None:
    """Every reading is on the curve and among the residuals, which keep one scale of 2 mm."""
    made = fit_chart(FIT)
    assert str(made.svg).count('class="event"') == 2 * len(POINTS)
    assert 'class="band level"' in made.svg
    assert ">\u22122</text>" in made.svg
    worst = max(abs(left) for left in FIT.residuals_mm)
    assert f"Largest residual: {worst:.1f} mm." in made.description


def test_drift_chart_puts_calibrations_and_checks_on_one_scale() -> None:
    """A check that finds distances 1 mm too long needs 1 mm less correction than its calibration applies."""
    seen = corrections_of([BY_BLOCKS, BUILT], [check(10, 1.0), check(2, -3.0, passed=False)])
    calibration, passed, failed = seen
    assert calibration.correction_mm == pytest.approx(100.0 - Curve().toe_mm(FIT.curve.reading_mm(100.0)))
    assert [one.correction_mm - calibration.correction_mm for one in (passed, failed)] == pytest.approx([-1.0, 3.0])
    drawn = str(drift_chart(seen, NOW).svg)
    assert (drawn.count('class="event passed"'), drawn.count("<circle"), drawn.count("l8 8m0-8l-8 8")) == (1, 1, 1)


def test_page_sections_follow_available_data(client: FlaskClient, store: Store) -> None:
    """Without a calibration there is the way to one; with one there are residuals, a check and the history."""
    page = text_of(client, "/calibration")
    assert "Not yet calibrated" in page
    assert 'value="calibrate"' in page
    assert 'value="check"' not in page
    calibration_id = store.add_calibration(FIT, 21.0)
    store.add_check(
        calibration_id=calibration_id, kind="block", block_mm=100.0, off_mm=-0.7, uncertainty_mm=0.5, passed=True
    )
    page = text_of(client, "/calibration")
    assert "Good. \u00b1" in page
    assert 'value="check"' in page
    before_fold, fold = page.split("<summary>Details</summary>")
    assert "Residual" not in before_fold
    assert "residual" not in before_fold
    assert "station recalibrate" in fold
    assert page.count('role="img"') == 2
    assert page.count('data-name="Residual"') == len(POINTS)
    assert "\u22120.7 mm \u00b1 1.0, passed" in page
    assert "Good. \u00b1" in text_of(client, "/status")


def test_buttons_start_guided_run_with_configured_blocks(station: StationDouble, store: Store) -> None:
    station.blocks_mm = (0.0, 60.0, 150.0)
    client = paired_client(create_app(station, store, station.blocks_mm), store)
    for routine in ("calibrate", "check"):
        assert client.post("/start", data={"routine": routine, "person": "nobody"}).status_code == 303
    (calibrate,), (checked,) = (steps for steps, _ in station.started)
    assert isinstance(calibrate, CalibrateStep)
    assert (calibrate.blocks_mm, calibrate.rounds) == ((0.0, 60.0, 150.0), 3)
    assert isinstance(checked, CheckStep)
    assert checked.block_mm == 60.0


def test_a_block_that_may_be_wrong_is_reported_on_the_page(station: StationDouble, store: Store) -> None:
    """The page shows the current calibration's notice, if it has one."""
    client = paired_client(create_app(station, store), store)
    short = {50.0: -3.0}
    for off_mm, count in ((short, 1), ({}, 0)):
        blocks_mm = CalibrateStep().blocks_mm * 2
        known = fit([Point(mm, mm + 46.0 + off_mm.get(mm, 0.0), 0.34, 300) for mm in blocks_mm])
        store.add_calibration(known)
        page = text_of(client, "/calibration")
        assert page.count("the 50 mm block is 3 mm shorter than it says") == count
    assert "in two rounds" in page
    assert "Blocks: 0, 150, 50, 200 mm." in page


def shown(**fields: Any) -> dict[str, Any]:
    return live_view(snapshot(activity="calibrate", **fields), CM)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"phase": "warm", "counting": "warm", "target_us": 60_000_000, "rate": 1}, "2 mm too long"),
        ({"phase": "clear"}, "Clear the sensor"),
        ({"phase": "leave"}, "Step off"),
        ({"phase": "block", "target_mm": 100.0}, "Hold the 100 mm block against the toe stop"),
        ({"phase": "capture", "target_mm": 100.0}, "Hold the 100 mm block still"),
        ({"phase": "block", "target_mm": 0.0, "why": "The block moved while it was read"}, "The block moved while"),
        ({"phase": "done"}, "saved"),
        ({"phase": "ended", "why": "The blocks do not fit together"}, "The blocks do not fit together. Nothing"),
    ],
    ids=lambda value: value["phase"] if isinstance(value, dict) else "",
)
def test_each_guided_phase_has_its_sentence(fields: dict[str, Any], text: str) -> None:
    """What to do, why to wait and what went wrong; the number is the block or the seconds."""
    assert text in shown(**fields)["sentence"]


def test_guided_run_never_shows_distance() -> None:
    """An uncalibrated distance would mislead; the page shows the progress of the run."""
    seen = shown(phase="block", target_mm=100.0, toe_mm=77.0, repetition=2, repetitions=6)
    assert (seen["number"], seen["unit"], seen["step_position"]) == ("100", "mm", "block 2 of 6")
    assert shown(phase="clear", toe_mm=77.0)["number"] == "\u2013"


def test_today_links_to_due_calibration(client: FlaskClient, station: StationDouble) -> None:
    """Today says in a sentence what to do about the sensor, and nothing when nothing is due."""
    station.show(calibration="good")
    assert "/calibration" not in text_of(client, "/").split("<footer>")[0]
    station.show(check_due="The distance sensor was last checked 9 days ago: check it with a block.")
    assert "9 days ago" in text_of(client, "/")
    station.show(calibration="suspect")
    assert "uncertain until" in text_of(client, "/")
