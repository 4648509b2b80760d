"""The progress chart of one side."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.app.progress import ResultRow
from station.core.events import Side
from station.core.facts import Contact
from station.core.progress.analysis import analyse_progress
from station.core.progress.records import Result
from station.units import CM, INCH
from web.charts.progress import MAX_MARKS, Y_BOTTOM, Y_TOP, ProgressChart, plot_frame, side_chart, span_of_range
from web.charts.time_axis import Span, ticks

SVG = "http://www.w3.org/2000/svg"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GOAL_MM = 101.6


def seen(days_ago: float, mm: float, **other: object) -> ResultRow:
    known: dict[str, object] = {
        "uncertainty_mm": 1.5,
        "full": False,
        "original_mm": None,
        "calibrated": True,
        "is_suspect": False,
        "suspect_since": None,
        "imported": False,
        "pain": None,
    }
    of_the_test = {"side": Side.LEFT, "test_id": f"{days_ago:09.3f}", "session_id": "s", "contact": Contact.PAD}
    at = NOW - timedelta(days=days_ago)
    return ResultRow(**{**known, **of_the_test, "at": at, "mm": mm, **other})  # type: ignore[arg-type]  # a table of mixed values


def drawn(tests: list[ResultRow], name: str = "all", units: str = CM, side: Side = Side.LEFT) -> ProgressChart:
    results = [Result(one.test_id, one.at, one.mm, one.uncertainty_mm, one.full, one.contact) for one in tests]
    result = analyse_progress(results, (), GOAL_MM, NOW).left
    assert result is not None
    span = span_of_range(name, tests[:1], NOW)
    shown = [one for one in tests if span.since <= one.at <= span.until]
    return side_chart(
        side, shown, result, [NOW - timedelta(days=3)], plot_frame([shown], [result], span, GOAL_MM, units)
    )


def paths(made: ProgressChart) -> dict[str, str]:
    """The drawing's paths by their classes."""
    root = ElementTree.fromstring(str(made.svg).replace("<svg", f'<svg xmlns="{SVG}"', 1))
    return {str(one.get("class")): str(one.get("d")) for one in root.iter(f"{{{SVG}}}path")}


def daily(days: int, every: int = 1) -> list[ResultRow]:
    """Tests each so many days, up and down by 8 mm about 90 mm."""
    return [seen(day, 90.0 + 8 * ((day * 7) % 5 - 2) / 2) for day in range(days, 0, -every)]


def test_chart_marks_quick_hollow_full_solid_each_with_whisker() -> None:
    """One path for quick tests, one for full tests and one error bar per test; circles left, diamonds right."""
    tests = [seen(30, 80), seen(20, 84, full=True), seen(10, 82), seen(5, 86)]
    made = paths(drawn(tests))
    assert made["left symbol quick"].count("M") == 3
    assert made["left symbol full"].count("M") == 1
    assert made["whisker"].count("M") == 4
    assert "a4 4" in made["left symbol full"]
    assert "a" not in paths(drawn(tests, side=Side.RIGHT))["right symbol full"]


def test_whisker_spans_95_percent_interval() -> None:
    """A whisker reaches 1.96 standard uncertainties to either side, on the scale of its point."""
    made = drawn([seen(20, 80.0), seen(10, 100.0, uncertainty_mm=2.0), seen(5, 90.0)])
    (_, first_y, _), (_, second_y, _), _ = made.points
    mm = 20.0 / (first_y - second_y)
    top, bottom = re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)", paths(made)["whisker"])[1]
    assert abs(float(top) - float(bottom)) * mm == pytest.approx(2 * 1.96 * 2.0, abs=0.3)


def test_time_axis_is_linear() -> None:
    """Twice the time is twice the distance, however many tests lie between."""
    made = drawn([seen(40, 80), seen(39, 81), seen(38, 82), seen(20, 83), seen(0.1, 84)])
    places = [x for x, _, _ in made.points]
    assert (places[3] - places[0]) == pytest.approx((places[4] - places[3]) * 20 / 19.9, rel=0.02)


def test_events_are_marked_on_chart() -> None:
    """Pain, calibrations and corrected values have marks, and each point has a text of its own."""
    tests = [seen(30, 80, pain=4), seen(20, 84, original_mm=60.0), seen(10, 82, uncertainty_mm=None), seen(5, 81)]
    made = drawn(tests)
    assert {"original", "event", "event passed"} <= paths(made).keys()
    words = [text for _, _, text in made.points]
    assert "pain 4 of 10" in words[0]
    assert "corrected; on its day 6.0 cm" in words[1]
    assert words[2].startswith("Sat 14 Nov 2026, 8.2 cm, quick")
    assert paths(made)["whisker"].count("M") == 3


def test_trend_needs_three_tests() -> None:
    """The line and its bands appear with the third test."""
    assert not any("trend" in name or "band" in name for name in paths(drawn(daily(2))))
    assert {"left trend", "band level", "band error"} <= paths(drawn(daily(3))).keys()


def test_ten_years_are_drawn_as_monthly_means() -> None:
    """Daily tests of ten years become monthly means; the outlier among them is drawn on its own."""
    tests = daily(3_650)
    tests[1_000] = tests[1_000]._replace(mm=170.0)
    made = drawn(tests)
    assert "mean of a month" in made.description
    assert "1 outlier among them" in made.description
    assert len(paths(made)) < 40
    assert len(made.points) <= MAX_MARKS
    assert paths(made)["outlier"].count("M") == 1
    assert sum(int(many.split()[0]) for many in re.findall(r"\d+ tests?(?=, mean)", str(made.points))) == 3_649
    assert len(str(made.svg)) < 30_000


def test_chart_without_outlier_has_no_cross() -> None:
    """No cross is drawn and no text mentions an outlier."""
    made = drawn(daily(60, 3))
    assert "outlier" not in paths(made)
    assert "outlier" not in made.description


def test_range_without_tests_shows_goal_and_says_so() -> None:
    """Six weeks without tests give an empty chart with the goal, in words too."""
    made = drawn(daily(300)[:100], "6w")
    assert made.description == "No tests in this period."
    assert "goal" in paths(made)
    assert made.points == ()


def test_axis_in_inches_uses_whole_inches() -> None:
    assert ">in</text>" in str(drawn(daily(10), units=INCH).svg)
    assert "goal 4.0 in" in str(drawn(daily(10), units=INCH).svg)


@given(st.datetimes(datetime(2015, 1, 1), datetime(2040, 1, 1)), st.floats(1, 9_000))  # noqa: DTZ001  made aware below
def test_axis_has_at_most_eight_ascending_ticks(since: datetime, days: float) -> None:
    """For any span the ticks lie inside it, ascend, and each has the label of its own value."""
    span = Span(since.replace(tzinfo=UTC), since.replace(tzinfo=UTC) + timedelta(days=days))
    found = list(ticks(span))
    assert len(found) <= 8
    assert all(span.since <= at <= span.until for at, _ in found)
    assert all(before < after for (before, _), (after, _) in pairwise(found))
    assert found or days < 60


@given(st.lists(st.floats(0, 250), min_size=3, max_size=8), st.sampled_from([CM, INCH]))
def test_grid_lines_and_points_lie_inside_plot(distances: list[float], units: str) -> None:
    """Height lines span the plot from bottom to top, and no point lies outside it."""
    made = drawn([seen(40 - 4 * n, round(mm, 1)) for n, mm in enumerate(distances)], units=units)
    lines = [float(y) for y in re.findall(r'class="axis" d="M\d+ ([\d.]+)H', str(made.svg))]
    assert (max(lines), min(lines)) == (Y_BOTTOM, Y_TOP)
    assert 2 <= len(lines) <= 11
    assert all(Y_TOP <= y <= Y_BOTTOM for _, y, _ in made.points)
