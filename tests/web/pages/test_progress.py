"""The progress page: with no tests, a few and many."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from station.app.results.progress import history_of
from station.core.events import Side
from station.core.progress.published import PUBLISHED_MEANS
from station.core.progress.records import Goals
from station.store import Store
from station.store.records import Correction, ImportedResult, SideResults
from tests.station.store.histories import BUDGET, FIT, one_test
from tests.web.page_text import text_of
from tests.web.years import add_years_of_tests

JUDGING = ("normal", "restricted", "poor", "bad", "should", "unfortunately", "fail")


def add_test_session(
    store: Store, person_id: str, days_ago: float, left_mm: float | None, right_mm: float | None
) -> str:
    """A session with one test; returns the test's id."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    run = store.begin_run(store.begin_session(person_id, at, simulated=False), {"do": "test"}, at)
    return one_test(store, run, left_mm, right_mm)


def end_labels(page: str) -> list[str]:
    """The labels at the ends of the chart's lines."""
    return [re.sub(r"<[^>]*>", "", one) for one in re.findall(r'<text class="end.*?</text>', page)]


def test_progress_without_tests_links_to_start(client: FlaskClient) -> None:
    """An empty page shows the test position, and says what the first test is for and how long it takes."""
    page = text_of(client, "/progress")
    assert "No test yet" in page
    assert "about 8 minutes" in page
    assert '<title id="position-title">' in page
    assert "over-time" not in page


def test_trend_line_needs_three_tests(client: FlaskClient, store: Store) -> None:
    """One test is the starting point with its ±; the page says when the line starts, and it appears with the third."""
    ann = store.add_person("Ann")
    add_test_session(store, ann.id, 9, 84.0, 90.0)
    page = text_of(client, "/progress")
    assert "Your starting point: left 8.4 cm, right 9.0 cm." in page
    assert "8.4 cm \u00b1" in page
    assert "The line starts with the third test." in page
    add_test_session(store, ann.id, 6, 85.0, 91.0)
    page = text_of(client, "/progress")
    assert "The line starts with the third test." in page
    assert " trend" not in page
    add_test_session(store, ann.id, 3, 86.0, 92.0)
    page = text_of(client, "/progress")
    assert 'class="left trend"' in page
    assert "line starts" not in page


def test_lines_end_in_last_test_without_change(client: FlaskClient, store: Store) -> None:
    """The number at a line's end is the last test's, as on every page, whatever the trend."""
    ann = store.add_person("Ann")
    for number in range(10):
        add_test_session(store, ann.id, 30 - 3 * number, 84.0 + number, None)
    page = text_of(client, "/progress")
    assert end_labels(page) == ["Left 9.3 cm"]
    assert "left 9.3 cm \u00b1" in page
    assert "Since your first test of this kind" in page or "So far +" in page


def test_one_sentence_says_whether_change_is_real(client: FlaskClient, store: Store) -> None:
    """The first sentence is about both sides; everything about certainty is behind a fold."""
    ann = store.add_person("Ann")
    for day in range(90, 0, -3):
        add_test_session(store, ann.id, day, 60.0 + 0.4 * (90 - day) + day % 2, 90.0 + day % 2)
    page = text_of(client, "/progress")
    lead = re.findall(r'<p class="lead">(.*?)</p>', page)
    assert len(lead) == 1
    assert re.fullmatch(
        r"Left: a real gain of [23]\.\d cm since about [^;]*; right: steady since about [^;]*\.", lead[0]
    )
    assert "95 %:" not in page.split('<details class="how-sure')[0]
    assert "95 %:" in page


def test_untested_side_has_no_line(client: FlaskClient, store: Store) -> None:
    """The chart has only the tested side; the sides are not compared."""
    ann = store.add_person("Ann")
    for days_ago in (9, 6, 3):
        add_test_session(store, ann.id, days_ago, 84.0, None)
    page = text_of(client, "/progress")
    assert "right: not tested yet" in page
    assert "cannot be compared yet" in page
    assert page.count('class="progress-chart"') == 1
    assert end_labels(page) == ["Left 8.4 cm"]


def test_gap_of_a_year_is_named_and_chart_shows_everything(client: FlaskClient, store: Store) -> None:
    ann = store.add_person("Ann")
    for days_ago in (800, 797, 794, 400):
        add_test_session(store, ann.id, days_ago, 84.0, 90.0)
    page = text_of(client, "/progress")
    assert "There is no test between" in page
    assert re.search(r'range=all#over-time" aria-current="page"', page)
    assert "Left: no tests in this period." in text_of(client, "/progress?range=6w")


def test_results_are_paginated_newest_first(client: FlaskClient, store: Store) -> None:
    """Ten tests a page, with a link to older ones; a missing page is answered in words."""
    add_years_of_tests(store, 25)
    page = text_of(client, "/progress")
    assert page.count("#test-1-") == 10
    assert "page 1 of 3" in page
    assert page.index("#test-1-00024") < page.index("#test-1-00023")
    assert text_of(client, "/progress?page=3").count("#test-1-") == 5
    assert "pages 1 to 3" in text_of(client, "/progress?page=4", 400)
    assert "not one of" in text_of(client, "/progress?range=week", 400)


def test_ten_years_of_tests_fit_in_30_kb(client: FlaskClient, store: Store) -> None:
    """Ten years of daily tests take under 30 KB over the wire with everything the page loads, and few elements."""
    add_years_of_tests(store, 3_650)
    page = text_of(client, "/progress?range=all")
    assert page.count("<") < 1_200
    files = [
        "/progress?range=all",
        *(f"/static/{name}" for name in ("page.css", "progress.css", "progress.js", "print.js")),
    ]
    sent = [client.get(one, headers={"Accept-Encoding": "gzip"}, buffered=True).data for one in files]
    assert sum(map(len, sent)) < 30_000


def test_result_shows_its_caveats(client: FlaskClient, store: Store) -> None:
    """Uncalibrated, suspect, imported and corrected results say so, beside the number and with the original."""
    ann = store.add_person("Ann")
    add_test_session(store, ann.id, 30, 84.0, 90.0)
    store.add_imported_results(ann.id, [ImportedResult(datetime.now(UTC) - timedelta(days=60), 70.0, None)])
    assert "uncalibrated" in text_of(client, "/progress")
    assert "uncalibrated" in text_of(client, "/")
    assert "imported" in text_of(client, "/progress")
    calibration_id = store.add_calibration(FIT)
    corrected = add_test_session(store, ann.id, 20, 85.0, 91.0)
    store.add_corrections([Correction(corrected, SideResults(63.0, 91.0, 1.5, 1.5, BUDGET, BUDGET, calibration_id))])
    assert "corrected; on its day 8.5 cm" in text_of(client, "/progress")
    store.add_check(
        calibration_id=calibration_id, kind="block", block_mm=100.0, off_mm=3.1, uncertainty_mm=0.5, passed=False
    )
    at = datetime.now(UTC)
    run = store.begin_run(store.begin_session(ann.id, at, simulated=False), {"do": "test"}, at)
    one_test(store, run, 86.0, 92.0)
    assert "uncertain since the check of" in text_of(client, "/progress")
    assert "uncertain since the check of" in text_of(client, "/")


def test_calibration_is_not_a_real_change(client: FlaskClient, store: Store) -> None:
    """Uncalibrated tests are kept apart from calibrated ones until they are recalculated."""
    ann = store.add_person("Ann")
    as_built = [
        add_test_session(store, ann.id, 60 - days, 60.0 + days % 3, 90.0 + days % 2) for days in range(0, 30, 2)
    ]
    before = history_of(store, ann.id, Goals(101.6, 101.6), datetime.now(UTC))
    assert before.apart_since is None
    assert before.side_progress(Side.LEFT) is not None
    calibration_id = store.add_calibration(FIT)
    for days in range(30, 60, 2):
        add_test_session(store, ann.id, 60 - days, 85.0 + days % 3, None)
    history = history_of(store, ann.id, Goals(101.6, 101.6), datetime.now(UTC))
    left = history.side_progress(Side.LEFT)
    assert left is not None
    assert (len(history.left), len(left.counted), left.changes) == (30, 15, ())
    assert history.apart_since == before.left[0].at
    page = text_of(client, "/progress")
    assert "not compared with others" in page
    assert "Tested only while the sensor was unreliable" in page
    corrections = [
        Correction(one, SideResults(85.0, 115.0, 1.5, 1.5, BUDGET, BUDGET, calibration_id)) for one in as_built
    ]
    store.add_corrections(corrections)
    assert len(history_of(store, ann.id, Goals(101.6, 101.6), datetime.now(UTC)).progress.left.counted) == 30  # type: ignore[union-attr]  # a failure says so
    assert "not compared with others" not in text_of(client, "/progress")


def test_result_expands_to_uncertainty_sources(client: FlaskClient, store: Store) -> None:
    """A session lists the parts of each result's ±, its calibration and its contact."""
    ann = store.add_person("Ann")
    store.add_calibration(FIT)
    at = datetime.now(UTC)
    session = store.begin_session(ann.id, at, simulated=False)
    run = store.begin_run(session, {"do": "test"}, at)
    test_id = one_test(store, run, 84.0, None)
    store.finish_test(
        test_id, left_mm=84.0, right_mm=None, left_uncertainty_mm=BUDGET.total_mm, left_budget=BUDGET, partial=True
    )
    page = text_of(client, f"/sessions/{session}")
    assert "8.4 cm \u00b1 0.4: where the ± comes from" in page
    assert all(part.description in page for part in BUDGET.parts)
    assert f"{BUDGET.expanded_mm:.1f} mm" in page
    assert "by the calibration of" in page
    assert "contact: knee pad" in page
    assert f'href="/sessions/{session}#test-{test_id}"' in text_of(client, "/"), "one tap from Today"


def test_progress_text_passes_no_verdict(client: FlaskClient, store: Store) -> None:
    """No word judges the person; published comparisons are collapsed, and name their people and source."""
    add_years_of_tests(store, 400, every=2.0)
    page = text_of(client, "/progress?range=all")
    words = re.sub(r"<[^>]*>", " ", page).lower()
    assert [word for word in JUDGING if re.search(rf"\b{word}\b", words)] == []
    closed = page.split("<summary>Published averages</summary>")
    assert closed[0].rstrip().endswith("<details>")
    assert all(one.source in closed[1] and one.population in closed[1] for one in PUBLISHED_MEANS)
    assert all(one.source not in closed[0] for one in PUBLISHED_MEANS)


def test_progress_uses_inches(client: FlaskClient, store: Store) -> None:
    """In inches no centimetre is shown."""
    add_years_of_tests(store, 60)
    client.post("/settings", data={"units": "inch"})
    page = text_of(client, "/progress")
    assert " in" in page
    assert " cm" not in page


def test_before_and_after_are_not_part_of_trend(client: FlaskClient, store: Store) -> None:
    """Two tests within the hour show the effect of a stretch."""
    ann = store.add_person("Ann")
    add_test_session(store, ann.id, 3.02, 84.0, 90.0)
    add_test_session(store, ann.id, 3.0, 88.0, 90.0)
    page = text_of(client, "/progress")
    assert "Before and after stretching" in page
    assert "+0.4 cm" in page


def test_full_test_trials_give_person_error(store: Store) -> None:
    """The page's error uses the scatter of repeats within a session where full tests provide it."""
    person = add_years_of_tests(store, 300)
    side = history_of(store, person.id, Goals(101.6, 101.6), datetime.now(UTC)).side_progress(Side.LEFT)
    assert side is not None
    assert side.error.within_mm == pytest.approx(4.0, rel=0.25)
    assert side.error.between_mm is not None
