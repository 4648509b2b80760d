"""The report of one person: what it says about long, short and one-sided histories, without invented numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from station.app.results.progress import formatters_for
from station.app.results.report import Report, report_of
from station.clock import SystemClock
from station.core.progress.sentences import difference_sentence, summary_sentence
from station.profile import Profile
from station.settings import Settings
from station.store import Store
from station.store.records import ImportedResult, Person
from tests.report_histories import add_everything, add_months, add_test, add_training
from tests.station.store.histories import one_test


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "station.db", clock=SystemClock()) as opened:
        yield opened


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of four months of tests and training."""
    with Store.open(tmp_path_factory.mktemp("months") / "station.db", clock=SystemClock()) as store:
        return report(store, add_months(store))


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of a history with left-out results of every kind."""
    with Store.open(tmp_path_factory.mktemp("everything") / "station.db", clock=SystemClock()) as store:
        return report(store, add_everything(store))


def report(store: Store, person: Person) -> Report:
    return report_of(store, person, datetime.now(UTC))


def lines(found: Report) -> dict[str, tuple[str, str]]:
    """Both tables' lines by their names."""
    return {line.name: (line.left, line.right) for line in (*found.lines, *found.repeats)}


def test_rich_history_fills_every_line(months: Report) -> None:
    """Four months of full tests: each side with ±, change with limits, SEM, MDC, ICC and Bland and Altman."""
    by_name = lines(months)
    assert len(by_name) == len(months.lines) + len(months.repeats)
    assert not [name for name, texts in by_name.items() for text in texts if text in ("", "\u2013") or "needs" in text]
    assert all("\u00b1 0.3" in text for text in by_name["Latest test"])
    assert all(text.startswith("+") and " to +" in text for text in by_name["Change of the level"])
    assert all(re.match(r"gain since about \d+ \w+( 20\d\d)?, confirmed \d", text) for text in by_name["Real changes"])
    assert all(text == "full (mean of three trials), knee pad" for text in by_name["Kind of test"])
    assert all(text.startswith("bias ") and ", 15 pairs" in text for text in by_name["Bland-Altman, test to test"])
    assert all(
        text.startswith("bias +0.3 cm (") and "30 pairs" in text
        for text in by_name["Bland-Altman, first to last trial"]
    )
    assert months.tests.startswith("30 tests, ")
    assert months.left_out == ()
    assert months.has_trend


def test_report_has_the_sentences_of_progress(months: Report) -> None:
    words = formatters_for("cm")
    assert months.summary == summary_sentence(months.history.progress, words)
    assert months.difference == difference_sentence(months.history.progress, words)


def test_mdc_is_the_person_s_own(months: Report) -> None:
    left = months.history.progress.left
    assert left is not None
    assert lines(months)["Smallest real change (MDC95)"][0] == f"{left.error.mdc95_mm / 10:.1f} cm"


def test_icc_is_rounded_down(months: Report) -> None:
    """No test repeats perfectly: 0.996 must not become 1.00."""
    for texts in (lines(months)[f"ICC {name}*"] for name in ("between days", "within a session")):
        assert all("1.00" not in text and text.startswith("0.9") for text in texts)


def test_training_is_compared_with_plan_and_goal(months: Report) -> None:
    """Eight weeks of holds of two minutes a leg, with the plan's three days a week."""
    assert len(months.weeks) == 8
    monday = months.written_at.date() - timedelta(days=months.written_at.weekday())
    assert [week.monday for week in months.weeks[-2:]] == [
        f"{at.day} {at:%b}" for at in (monday - timedelta(weeks=1), monday)
    ]
    whole = months.weeks[:-1]
    assert {week.planned for week in whole} == {3}
    assert all(week.left_minutes == week.right_minutes == 2 * week.sessions for week in whole)
    assert {week.sessions for week in whole} <= {1, 2}
    assert {week.pain for week in whole} <= {0, 1, 2}
    assert {week.felt for week in whole} == {"calf"}
    assert " planned sessions (Mon, Wed, Fri)." in months.dose
    assert "the goal is 10 a leg" in months.dose


def test_weeks_before_the_first_activity_are_not_shown(store: Store) -> None:
    """Later weeks without training are; without a plan there is nothing to compare with."""
    ada = store.add_person("Ada")
    add_training(store, ada, 21, 1)
    add_training(store, ada, 0.01, 1)
    found = report(store, ada)
    assert len(found.weeks) in (4, 5)
    assert sum(week.sessions for week in found.weeks) == 2
    assert {week.planned for week in found.weeks} == {None}
    assert "2 sessions, without a plan" in found.dose


def test_new_person_has_no_number(store: Store) -> None:
    found = report(store, store.add_person("Ada"))
    assert found.summary == "No test yet."
    assert found.tests == "no tests"
    assert (found.weeks, found.repeats, found.left_out) == ((), (), ())
    assert set(lines(found).values()) == {("not tested", "not tested"), ("\u2013", "\u2013")}


def test_first_test_gives_a_result_and_says_what_is_missing(store: Store) -> None:
    """Studies give neither this person's ICC nor their limits of agreement."""
    ada = store.add_person("Ada")
    add_test(store, ada, 0.01, 84.0, 90.0)
    found = report(store, ada)
    by_name = lines(found)
    assert not found.has_trend
    assert by_name["Latest test"][0].startswith("8.4 cm \u00b1 0.3, ")
    assert by_name["Latest test"][0].count("practice") == 1
    assert by_name["First test by this method"][0].endswith(", practice")
    assert by_name["Level now (trend)"] == ("needs three tests",) * 2
    assert by_name["Change of the level"] == ("needs six tests over two weeks",) * 2
    assert by_name["Error of one test (SEM)"][0] == "0.7 cm, published value, no own repeats yet"
    assert by_name["Smallest real change (MDC95)"][0] == "1.9 cm, published value, no own repeats yet"
    assert by_name["ICC between days*"] == by_name["ICC within a session*"] == ("too few repeats yet",) * 2
    assert by_name["Bland-Altman, test to test"] == ("needs 6 pairs, has 0",) * 2


def test_one_side_has_dashes_for_the_other(store: Store) -> None:
    ada = store.add_person("Ada")
    for days_ago in range(30, 0, -3):
        add_test(store, ada, days_ago, 84.0 + days_ago % 4, None)
    by_name = lines(report(store, ada))
    assert by_name.pop("Latest test")[1] == "not tested"
    assert {texts[1] for texts in by_name.values()} == {"\u2013"}


def test_change_without_confirmation_has_no_limits(store: Store) -> None:
    """Checked after every test, limits that exclude zero would look like proof."""
    ada = store.add_person("Ada")
    for days_ago in range(30, 0, -3):
        add_test(store, ada, days_ago, 84.0 + days_ago % 4, 90.0)
    by_name = lines(report(store, ada))
    assert by_name["Change of the level"][0].endswith(" cm, may be chance")
    assert by_name["Real changes"][0] == "none confirmed"


def test_below_range_is_no_distance(store: Store) -> None:
    """With toes at the wall the knee does not reach it: nothing is calculated from zeros."""
    ada = store.add_person("Ada")
    for days_ago in (9, 6, 3):
        add_test(store, ada, days_ago, 0.0, 90.0)
    found = report(store, ada)
    assert lines(found)["Latest test"][0].startswith("below range, ")
    assert lines(found)["Bland-Altman, test to test"][0] == "needs 6 pairs, has 0"
    assert "below range, so without a distance: left 3, right 0" in found.left_out


def test_zero_after_distances_has_no_level_or_change(store: Store) -> None:
    """The earlier trend is not the level of a knee that does not reach the wall."""
    ada = store.add_person("Ada")
    for days_ago in range(30, 0, -3):
        add_test(store, ada, days_ago, 84.0 + days_ago % 4, 90.0)
    add_test(store, ada, 0.1, 0.0, 90.0)
    by_name = lines(report(store, ada))
    assert by_name["Level now (trend)"][0] == "below range"
    assert by_name["Change of the level"][0] == by_name["Change a week, last four weeks"][0] == "\u2013"
    assert by_name["Level now (trend)"][1].startswith("9.0 cm (")


def test_imported_results_alone(store: Store) -> None:
    """Measured elsewhere: nothing about this board's contact, calibration or instrument."""
    ada = store.add_person("Ada")
    now = datetime.now(UTC)
    store.add_imported_results(ada.id, [ImportedResult(now - timedelta(days=day), 80.0, 90.0) for day in (9, 6, 3)])
    found = report(store, ada)
    assert lines(found)["Kind of test"] == ("imported", "imported")
    assert dict(found.protocol).keys() == {"Distance", "Tests", "Position"}
    assert dict(found.protocol)["Tests"] == "imported, all tests"


def test_everything_left_out_has_its_reason(everything: Report) -> None:
    reasons = [text.partition(":")[0] for text in everything.left_out]
    assert {
        "sensor off at a check",
        "before the sensor was calibrated",
        "not the first test of its day",
        "another method than the last test",
        "below range, so without a distance",
        "looks like an outlier (given little weight)",
    } == set(reasons)
    assert len(reasons) == len(set(reasons))


def test_protocol_names_contact_calibration_and_instrument(everything: Report) -> None:
    protocol = dict(everything.protocol)
    assert "imported 1" in protocol["Tests"]
    assert "knee pad" in protocol["Knee contact"]
    assert "felt in the heel" in protocol["Knee contact"]
    assert "footwear: barefoot " in protocol["Position"]
    assert ", shod 10, not recorded 1; back foot: heel up " in protocol["Position"]
    assert "; warm-up: " in protocol["Position"]
    assert ", 3 blocks, \u00b1 " in protocol["Calibration"]
    assert "check failed" in protocol["Calibration"]
    assert ", sensor off, not counted" in lines(everything)["Latest test"][0]
    assert protocol["Instrument"] == "median \u00b1 0.3 cm, at most \u00b1 0.3 cm"


def test_injury_stands_at_the_top_and_nobody_is_addressed(store: Store) -> None:
    """A physiotherapist looks for the side first, and the ankle is not theirs."""
    ada = store.add_person("Ada")
    assert report(store, ada).ankles == ""
    store.save_profile(ada.id, Profile(hurt_side="left", hurt_since="2026-03", dominant_side="right"))
    for days_ago in (9, 6, 3):
        add_test(store, ada, days_ago, 0.0 if days_ago > 3 else 6.0, 90.0)
    (ada,) = store.people()
    found = report(store, ada)
    assert found.ankles == "left ankle hurt, since Mar 2026; dominant leg: right (kicks a ball)"
    assert "the knee reached the wall in the last test" in found.summary
    assert "your" not in found.summary.lower()


def test_report_uses_units_of_settings(store: Store) -> None:
    ada = add_months(store)
    store.save_settings(Settings(units="inch"))
    found = report(store, ada)
    assert found.goal == "4.0 in"
    assert not [text for texts in lines(found).values() for text in texts if " cm" in text]


def test_report_says_that_tests_are_simulated(store: Store) -> None:
    ada = add_months(store)
    assert not report(store, ada).is_simulated
    at = datetime.now(UTC)
    run_id = store.begin_run(store.begin_session(ada.id, at, simulated=True), {"do": "test"}, at)
    one_test(store, run_id, 90.0, 90.0)
    assert report(store, ada).is_simulated
