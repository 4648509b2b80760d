"""The progress chart of both sides."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.app.results.progress import ResultRow
from station.core.events import Side
from station.core.facts import Contact
from station.core.progress.analysis import analyse_progress
from station.core.progress.records import Direction, Goals, RealChange, Result
from station.units import CM, INCH
from web.charts.goal_label import places_at
from web.charts.progress import ProgressChart, progress_chart
from web.charts.progress_frame import FULL, Frame, span_of_range
from web.charts.progress_labels import LABEL_HEIGHT, WIDER, date_width, dated_changes
from web.charts.progress_marks import MAX_MARKS, Shown
from web.charts.time_axis import Span, ticks
from web.charts.trace import Scale

SVG = "http://www.w3.org/2000/svg"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GOAL_MM = 101.6
GOALS = Goals(GOAL_MM, GOAL_MM)


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


def drawn(
    tests: list[ResultRow], name: str = "all", units: str = CM, *, right: Sequence[ResultRow] = ()
) -> ProgressChart:
    """The chart of a left side, and of a right one if it was tested."""
    span = span_of_range(name, (*tests[:1], *right[:1]), NOW)
    found = analyse_progress(results_of(tests), results_of(right), GOAL_MM, NOW)
    rows = {Side.LEFT: (tests, found.left), Side.RIGHT: (right, found.right)}
    shown = {
        side: Shown([one for one in of_side if span.since <= one.at <= span.until], progress)
        for side, (of_side, progress) in rows.items()
        if progress is not None
    }
    return progress_chart(shown, [NOW - timedelta(days=3)], span, GOALS, units)


def results_of(tests: Sequence[ResultRow]) -> list[Result]:
    return [Result(one.test_id, one.at, one.mm, one.uncertainty_mm, one.full, one.contact) for one in tests]


def right_of(tests: Sequence[ResultRow], more_mm: float = 0.0) -> list[ResultRow]:
    """The right side of the same tests."""
    return [one._replace(side=Side.RIGHT, mm=one.mm + more_mm) for one in tests]


def elements(made: ProgressChart) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(str(made.svg).replace("<svg", f'<svg xmlns="{SVG}"', 1)).iter())


def paths(made: ProgressChart) -> dict[str, str]:
    """The drawing's paths by their classes."""
    return {str(one.get("class")): str(one.get("d")) for one in elements(made) if one.tag == f"{{{SVG}}}path"}


def marks(made: ProgressChart) -> dict[str, list[tuple[str, float, float]]]:
    """The signs of each group by its classes: which one, and where in percent; the last of a class counts."""
    return {
        str(group.get("class")): [
            (str(one.get("href")).removeprefix("#sign-"), percent(one, "x"), percent(one, "y")) for one in group
        ]
        for group in reversed(elements(made))
        if group.tag == f"{{{SVG}}}g" and len(group) and group[0].tag == f"{{{SVG}}}use"
    }


def percent(one: ElementTree.Element, name: str) -> float:
    value = str(one.get(name))
    assert value.endswith("%")
    return float(value[:-1])


def labels(made: ProgressChart, kind: str) -> list[tuple[str, float]]:
    """The texts of a class, each with its height in percent."""
    return [
        ("".join(one.itertext()), percent(one, "y"))
        for one in elements(made)
        if one.tag == f"{{{SVG}}}text" and kind in str(one.get("class")).split()
    ]


def daily(days: int, every: int = 1) -> list[ResultRow]:
    """Tests each so many days, up and down by 8 mm about 90 mm."""
    return [seen(day, 90.0 + 8 * ((day * 7) % 5 - 2) / 2) for day in range(days, 0, -every)]


def test_chart_marks_quick_hollow_full_solid_each_with_whisker() -> None:
    """One group for quick tests, one for full tests and one error bar per test; circles left, diamonds right."""
    tests = [seen(30, 80), seen(20, 84, full=True), seen(10, 82), seen(5, 86)]
    made = drawn(tests, right=right_of(tests))
    found = marks(made)
    assert [sign for sign, _, _ in found["left symbol quick"]] == ["left"] * 3
    assert [sign for sign, _, _ in found["right symbol quick"]] == ["right"] * 3
    assert found["left symbol full"] == [("left", *found["right symbol full"][0][1:])]
    assert paths(made)["whisker"].count("M") == 4


def test_result_below_range_is_an_open_mark_at_the_bottom_with_a_word() -> None:
    """Hollow even for a full test, without an error bar; the label of the line's end is a word as well."""
    made = drawn([seen(30, 0.0, full=True), seen(20, 12.0), seen(10, 9.0), seen(5, 0.0)])
    below = marks(made)["left symbol quick below"]
    assert [(sign, y) for sign, _, y in below] == [("left", FULL), ("left", FULL)]
    assert "left symbol full" not in {kind for kind, found in marks(made).items() if len(found) > 1}
    assert paths(made)["whisker"].count("M") == 2
    assert ("\u25cb", "at the bottom: below range") in made.signs
    assert "below 0" in str(made.svg)
    assert "4 tests, 2 of them below range, from 0.9 cm to 1.2 cm" in made.description
    assert "\u00b1" not in made.points[0].text


def test_mean_leaves_out_results_below_range() -> None:
    """They are counted beside it; a span of zeros alone has no height."""
    made = drawn([seen(day, 0.0 if day > 500 or day % 2 else 20.0) for day in range(900, 0, -3)])
    assert any("below range" in one.text and "2.0 cm, the mean of" in one.text for one in made.points)
    assert made.points[0].text.endswith("below range)")
    assert made.points[0].heights == (FULL,)


def test_whisker_spans_95_percent_interval() -> None:
    """A whisker reaches 1.96 standard uncertainties to either side, on the scale of its point."""
    made = drawn([seen(20, 80.0), seen(10, 100.0, uncertainty_mm=2.0), seen(5, 90.0)])
    first, second, _ = made.points
    mm = 20.0 / (first.heights[0] - second.heights[0])
    top, bottom = re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)", paths(made)["whisker"])[1]
    assert abs(float(top) - float(bottom)) * mm == pytest.approx(2 * 1.96 * 2.0, abs=0.3)


def test_time_axis_is_linear() -> None:
    """Twice the time is twice the distance, however many tests lie between."""
    made = drawn([seen(40, 80), seen(39, 81), seen(38, 82), seen(20, 83), seen(0.1, 84)])
    places = [point.x for point in made.points]
    assert (places[3] - places[0]) == pytest.approx((places[4] - places[3]) * 20 / 19.9, rel=0.02)


def test_events_are_marked_on_chart() -> None:
    """Calibrations and corrected values have marks, and each point has a text of its own."""
    tests = [seen(30, 80, pain=4), seen(20, 84, original_mm=60.0), seen(10, 82, uncertainty_mm=None), seen(5, 81)]
    made = drawn(tests)
    assert "original" in paths(made)
    assert len(marks(made)["calibration"]) == 1
    words = [point.text for point in made.points]
    assert "pain 4 of 10" in words[0]
    assert "corrected; on its day 6.0 cm" in words[1]
    assert words[2].startswith("Sat 14 Nov 2026: left 8.2 cm (quick")
    assert paths(made)["whisker"].count("M") == 3


def test_pain_is_marked_from_four_on() -> None:
    """Pain that asks for a change has a mark, less has none; the sign is explained where it is."""
    mild = drawn([seen(30, 80, pain=1), seen(20, 84, pain=3), seen(10, 82)])
    assert "pain" not in marks(mild)
    assert mild.signs == ()
    painful = drawn([seen(30, 80, pain=4), seen(20, 84, pain=7), seen(10, 82, pain=0)])
    assert len(marks(painful)["pain"]) == 2
    assert painful.signs == (("\u25b3", "pain 4 or more"),)


def test_both_sides_of_a_test_are_one_point() -> None:
    """The slider steps from test to test: a point has both heights, and what holds for both sides once."""
    tests = [seen(30, 80), seen(20, 84), seen(10, 82)]
    made = drawn(tests, right=right_of(tests[1:], 10.0))
    assert [len(point.heights) for point in made.points] == [1, 2, 2]
    assert made.points[1].text == "Wed 4 Nov 2026: left 8.4 cm \u00b1 0.3; right 9.4 cm \u00b1 0.3 (quick, knee pad)"


@pytest.mark.parametrize("apart_mm", [0.0, 3.0, 60.0], ids=["equal", "close", "far"])
def test_last_results_are_labels_that_never_overlap(apart_mm: float) -> None:
    """Each line ends in its side and its last result; labels of near results are moved apart, inside the plot."""
    tests = [seen(30, 80), seen(20, 84), seen(10, 82)]
    found = labels(drawn(tests, right=right_of(tests, apart_mm)), "end")
    assert [words for words, _ in found] == ["Left 8.2 cm", f"Right {8.2 + apart_mm / 10:.1f} cm"]
    assert abs(found[0][1] - found[1][1]) >= LABEL_HEIGHT - 0.1
    assert all(0 <= height <= FULL for _, height in found)


@pytest.mark.parametrize("apart_mm", [-2.0, 0.0, 2.0, 12.0])
def test_labels_of_low_results_do_not_overlap(apart_mm: float) -> None:
    """Both first results lie at the bottom of the plot, far below the goal: each label has its place above it."""
    tests = [seen(1, 63)]
    (_, left), (_, right) = labels(drawn(tests, right=right_of(tests, apart_mm)), "end")
    assert abs(left - right) >= LABEL_HEIGHT - 0.1
    assert max(left, right) <= FULL - LABEL_HEIGHT / 2


def test_real_change_has_date_and_line_to_its_trend() -> None:
    """An arrow with the date of the test that confirmed it; the fold says when it began."""
    gaining = [seen(day, 60.0 + 0.5 * (90 - day) + day % 3) for day in range(90, 0, -3)]
    made = drawn(gaining)
    assert made.real_changes
    assert made.real_changes[0].startswith("Left: a real gain, confirmed on ")
    assert made.signs == (("\u25b2", "a real change"),)
    assert all(re.fullmatch("\u25cf \u25b2 \\d+ [A-Z][a-z]{2}", words) for words, _ in labels(made, "change"))
    assert len(labels(made, "change")) >= 1
    assert "left real-change" in paths(made)


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=25, unique=True))
def test_dates_of_real_changes_never_overlap(days_ago: list[int]) -> None:
    """Whatever the changes, the dates have room: on a phone those that it shows, on a wide plot all."""
    span = span_of_range("all", [seen(3_000, 80.0)], NOW)
    changes = [
        RealChange(Direction.GAIN, False, at, at, "")
        for at in (NOW - timedelta(days=day) for day in sorted(days_ago)[::-1])
    ]
    frame = Frame(span, CM, GOALS, Scale(span.since.timestamp(), span.until.timestamp(), 0, 100), Scale(0, 1, 0, 1), 1)
    found = dated_changes(changes, frame)
    assert found[0].change is changes[-1]
    narrow = date_width(span)
    for width, shown in ((narrow, [one for one in found if not one.is_wide_only]), (narrow / WIDER, found)):
        starts = [one.x - width * {" from-here": 0.0, "": 0.5, " to-here": 1.0}[one.anchor] for one in shown]
        assert all(later - earlier >= width - 0.01 for later, earlier in pairwise(starts))
        assert all(start >= -0.01 and start + width <= FULL + 0.01 for start in starts)


def test_trend_needs_three_tests() -> None:
    """The line and its bands appear with the third test."""
    assert not any("trend" in name or "band" in name for name in paths(drawn(daily(2))))
    assert {"left trend", "band left level", "band left sem"} <= paths(drawn(daily(3))).keys()


def test_ten_years_are_drawn_as_quarterly_means() -> None:
    """Daily tests of ten years become quarterly means; the outlier has its own mark among the signs of certainty."""
    tests = daily(3_650)
    tests[1_000] = tests[1_000]._replace(mm=170.0)
    made = drawn(tests, right=right_of(daily(3_650), 10.0))
    assert "mean of a quarter" in made.description
    assert "1 outlier among them" in made.description
    assert len(elements(made)) < 220
    assert len(made.points) <= MAX_MARKS
    assert len(marks(made)["outlier"]) == 1
    assert labels(made, "height")[-1][0] == "11 cm", "an outlier among means does not press the lines together"
    assert made.signs == ()
    counted = [int(count) for count in re.findall(r"mean of (\d+) tests?", str(made.points))]
    assert sum(counted) == 3_649 + 3_650
    assert len(str(made.svg)) < 20_000


def test_chart_without_outlier_has_no_cross() -> None:
    """No cross is drawn and no text mentions an outlier."""
    made = drawn(daily(60, 3))
    assert "outlier" not in marks(made)
    assert "outlier" not in made.description


def test_range_without_tests_shows_goal_and_says_so() -> None:
    """Six weeks without tests give an empty chart with the goal, in words too."""
    made = drawn(daily(300)[:100], "6w")
    assert made.description == "Left: no tests in this period."
    assert "goal" in paths(made)
    assert made.points == ()


@pytest.mark.parametrize("pace_mm", [0.4, 0.0, -0.4], ids=["toward the goal", "at the goal", "away from it"])
def test_label_of_the_goal_covers_no_result(pace_mm: float) -> None:
    """Its place at the line is the first without marks; two months that begin or end at the goal leave one."""
    tests = [seen(days, GOAL_MM - 4 + pace_mm * (30 - days)) for days in range(60, 0, -3)]
    made = drawn(tests)
    (label,) = [one for one in elements(made) if "goal-label" in str(one.get("class"))]
    places = places_at(percent(label, "y"))
    (place,) = [one for one in places if f"goal-label{one.anchor}" == label.get("class")]
    assert percent(label, "x") == place.x
    assert [mark for found in marks(made).values() for mark in found if place.covers(*mark[1:])] == []


def test_axis_in_inches_uses_whole_inches() -> None:
    made = drawn(daily(10), units=INCH)
    assert re.fullmatch(r"\d+ in", labels(made, "height")[-1][0])
    assert labels(made, "goal-label")[0][0] == "Goal 4.0 in"


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
    """Height lines span the plot from bottom to top, each with its number, and no point lies outside it."""
    made = drawn([seen(40 - 4 * n, round(mm, 1)) for n, mm in enumerate(distances)], units=units)
    lines = [float(y) for y in re.findall(r"M0 ([\d.]+)H100", paths(made)["axis"])]
    assert (max(lines), min(lines)) == (FULL, 0.0)
    assert 2 <= len(lines) <= 11
    assert sorted(height for _, height in labels(made, "height")) == sorted(lines)
    assert all(0.0 <= y <= FULL for point in made.points for y in point.heights)
