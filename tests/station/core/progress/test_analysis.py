"""The analysis of both sides' results."""

from __future__ import annotations

import re
from math import nan
from random import Random

import pytest
from msgspec.structs import replace

from station.core.events import Side
from station.core.facts import Contact
from station.core.progress.analysis import analyse_progress, analysis
from station.core.progress.person_error import Repeats
from station.core.progress.records import (
    Circumstances,
    Goals,
    Phase,
    Progress,
    Result,
    TimeOfDay,
)
from station.core.progress.sentences import (
    both_sentence,
    difference_sentence,
    side_sentences,
    summary_sentence,
)
from tests.station.core.progress.histories import BEGIN, GOAL_MM, WEEK, WORDS, analyse_left, result, results, scattered

PRACTICE = "The first test is practice too: knowing how can add to the next one without any change in the ankle."


def test_analysis_is_empty_without_tests() -> None:
    """Neither side, no difference, and a sentence that asks for the first test."""
    assert analyse_progress((), (), GOAL_MM, BEGIN) == Progress(None, None, None)
    assert side_sentences(None, WORDS) == ["Not tested yet: the first test is your starting point."]
    assert difference_sentence(Progress(None, None, None), WORDS).startswith("The sides cannot be compared yet")


def test_only_the_tested_side_is_in_the_progress_and_its_sentences() -> None:
    """Both ankles gain and differ clearly; of a person who tests the right one, nothing is said about the left."""
    left, right = (results([start + day * 0.6 for day in range(40)]) for start in (60.0, 95.0))
    found, now, goals = analysis(left, right), left[-1].at, Goals(GOAL_MM, GOAL_MM)
    both, one = found.at(now, goals), found.at(now, goals, (Side.RIGHT,))
    assert both.difference is not None
    assert both.both
    assert one == Progress(None, both.right, None, sides=(Side.RIGHT,))
    assert summary_sentence(one, WORDS).startswith("Right: a real gain of ")
    assert both_sentence(one, WORDS) is None
    assert difference_sentence(one, WORDS) == "Only the right side is tested."
    nothing = Progress(None, None, None, sides=(Side.LEFT,))
    assert summary_sentence(nothing, WORDS) == "Left: not tested yet."


def test_analysis_takes_one_test_as_the_starting_point() -> None:
    """No trend, no change and no forecast."""
    found = analyse_left([result(0, 94)])
    assert (found.trend, found.change_mm, found.slope_mm_week, found.chance_real) == ((), None, None, None)
    assert found.phase is Phase.UNKNOWN
    assert side_sentences(found, WORDS) == ["94 mm, your starting point.", PRACTICE]


def test_analysis_pairs_two_tests_within_an_hour() -> None:
    """The second test forms a before-and-after pair; the starting point stays the first."""
    found = analyse_left([result(0, 94), result(0.02, 101)])
    assert len(found.counted) == 1
    assert side_sentences(found, WORDS) == ["94 mm, your starting point.", PRACTICE]
    (pair,) = found.before_after
    assert (pair.before_id, pair.after_id, pair.change_mm.value) == ("0", "0.02", 7)
    assert pair.change_mm.low < 0 < pair.change_mm.high


def test_pair_shows_a_stretch_beyond_error() -> None:
    """With an error within a session of under 1 mm, 10 mm exceed it."""
    repeats = [Repeats(BEGIN + day * WEEK, Contact.PAD, (90.0, 91.0, 90.5)) for day in range(4)]
    found = analyse_progress([result(0, 94), result(0.02, 104)], (), GOAL_MM, BEGIN, repeats_left=repeats).left
    assert found is not None
    assert found.before_after[0].change_mm.low > 0


def test_analysis_has_no_trend_with_two_tests() -> None:
    """A line through two points fits anything."""
    found = analyse_left(results([90.0, 110.0]))
    assert found.trend == ()
    assert side_sentences(found, WORDS) == ["110 mm after two tests, too few to show a change."]


def test_analysis_needs_six_tests_over_two_weeks_for_a_change() -> None:
    """Three tests within 0.1 mm give no change of 0.0 ± 0.1, nor do ten in ten days."""
    for made in (results([94.0, 94.1, 94.0], every_days=1), results([94.0, 94.1] * 5, every_days=1)):
        found = analyse_left(made)
        assert (found.change_mm, found.slope_mm_week, found.chance_real) == (None, None, None)
        assert "It takes at least 6 tests, over two weeks or more." in side_sentences(found, WORDS)
    assert analyse_left(results([94.0, 94.1] * 4)).change_mm is not None


def test_analysis_steps_the_trend_at_an_injury() -> None:
    """25 mm less at once: a sudden change, and the band contains the level before and after."""
    made = [one if one.at < BEGIN + 8 * WEEK else replace(one, mm=one.mm - 25) for one in scattered(14, seed=2)]
    found = analyse_left(made)
    assert found.changes[0].sudden
    assert found.trend[-1].low_mm < 65 < found.trend[-1].high_mm
    assert found.trend[10].low_mm < 90 < found.trend[10].high_mm
    assert re.match(r"A real loss of \d+ mm since about ", side_sentences(found, WORDS)[0])


def test_analysis_sees_no_change_in_alternating_methods() -> None:
    """Own word reads 15 mm more than the pad and is used ever more often: the level has not changed."""
    made = [
        replace(one, contact=Contact.SELF, mm=one.mm + 15) if number % 4 < number // 12 else one
        for number, one in enumerate(scattered(16, sd=4.0, seed=3))
    ]
    found = analyse_left(made)
    assert found.changes == ()
    assert found.change_mm is not None
    assert found.change_mm.low < 0 < found.change_mm.high
    assert found.outliers == frozenset()
    alike = [one for one in made if one.contact is made[-1].contact]
    assert [point.at for point in found.trend] == [one.at for one in alike]
    assert len(found.counted) == len(made)


def test_analysis_keeps_outliers_and_reports_them() -> None:
    """Two tests 60 mm off stay in the history and the trend, and a sentence counts them."""
    made = scattered(10, sd=4.0, seed=7)
    made[5], made[20] = replace(made[5], mm=made[5].mm + 60), replace(made[20], mm=made[20].mm - 60)
    found = analyse_left(made)
    assert found.outliers == {made[5].test_id, made[20].test_id}
    assert len(found.counted) == len(found.trend) == len(made)
    assert side_sentences(found, WORDS)[-1] == ("2 tests look like outliers: they are shown, but given little weight.")


def test_analysis_restarts_the_change_with_another_contact() -> None:
    """Twenty weeks by own word, 30 mm off, then the pad: the change counts from the first test with it."""
    word = [replace(one, contact=Contact.SELF, mm=one.mm + 30) for one in scattered(20, seed=8)]
    pad = [replace(one, test_id=f"p{one.test_id}", at=one.at + 20 * WEEK) for one in scattered(8, seed=9)]
    found = analyse_left(word + pad)
    assert found.changes == ()
    assert found.change_from == pad[0].at
    assert found.change_mm is not None
    assert found.change_mm.low < 0 < found.change_mm.high
    first = analyse_left([*word, pad[0]])
    assert side_sentences(first, WORDS)[0].startswith("Your tests now use a different method")


def test_trend_weighs_results_by_their_uncertainty() -> None:
    """A result with an uncertainty of 15 mm pulls the trend less than one of the station."""
    made = results([90.0, 90, 90, 90, 90, 104])
    sure, unsure = analyse_left(made), analyse_left([*made[:-1], replace(made[-1], uncertainty_mm=15.0)])
    assert unsure.trend[-1].mm < sure.trend[-1].mm


def test_a_difference_needs_evidence_under_repeated_looks() -> None:
    """30 mm apart at the first test of both is not clear yet, nor are 30 mm from one outlier; after six weeks it is."""
    left, right = scattered(6, seed=41), scattered(6, seed=42, start=60.0)
    first, last = (analyse_progress(left[:n], right[:n], GOAL_MM, left[n - 1].at).difference for n in (1, 18))
    assert first is not None
    assert last is not None
    assert not first.clear
    assert last.clear


def test_both_ankles_have_changes_in_common() -> None:
    """A gain on both sides is a change of both; a gain on one is not."""
    left, right = scattered(14, slope=2.0, seed=43), scattered(14, slope=2.0, seed=44)
    now = left[-1].at
    assert analyse_progress(left, right, GOAL_MM, now).both
    assert not analyse_progress(left, scattered(14, seed=45), GOAL_MM, now).both
    assert not analyse_progress(left, (), GOAL_MM, now).both


def test_sides_difference_combines_both_errors() -> None:
    """30 mm are clear, 8 mm are not, and sides tested weeks apart are not compared."""
    left, right, near = scattered(8, seed=1, start=110), scattered(8, seed=2, start=80), scattered(8, seed=3, start=104)
    at = left[-1].at
    apart, close, same = (
        analyse_progress(*sides, GOAL_MM, at) for sides in ((left, right), (near, left), (left, left))
    )
    assert apart.difference is not None
    assert apart.difference.clear
    assert apart.difference.difference_mm.low < 30 < apart.difference.difference_mm.high
    assert difference_sentence(apart, WORDS).startswith("The left side reaches ")
    assert close.difference is not None
    assert not close.difference.clear
    assert close.difference.difference_mm.high < 0
    assert re.fullmatch(
        r"No clear difference between the sides: about \d+ mm more on the right, and up to 15 mm is common\.",
        difference_sentence(close, WORDS),
    )
    assert difference_sentence(same, WORDS) == "No clear difference between the sides: up to 15 mm is common."
    assert analyse_progress(left, right[:3], GOAL_MM, at).difference is None


def below_range(weeks: int, seed: int = 1) -> list[Result]:
    """Three tests a week of a person whose knee does not reach the wall yet."""
    return [replace(one, mm=0.0) for one in scattered(weeks, seed=seed)]


def test_zeros_show_no_change_no_plateau_and_no_error() -> None:
    """Half a year below range: the level is unknown, and nothing is computed from the zeros."""
    found = analyse_left(below_range(26))
    assert found.is_below_range
    assert len(found.counted) == 78
    assert (found.trend, found.outliers, found.habits) == ((), frozenset(), ())
    assert (found.change_from, found.change_mm, found.slope_mm_week, found.chance_real) == (None, None, None, None)
    assert (found.steady_since, found.phase) == (None, Phase.UNKNOWN)
    assert found.forecast.earliest is None
    assert not found.forecast.reached
    assert found.forecast.why_not == "your knee does not reach the wall yet"
    assert found.error.own_df == 0
    assert found.error.sem_mm == pytest.approx(6.9)


def test_sides_are_not_compared_where_one_is_below_range() -> None:
    """Two zeros differ by an unknown amount, and so do a zero and a distance."""
    zeros, level = below_range(8), scattered(8, start=60)
    for left, right in ((zeros, zeros), (zeros, level), (level, zeros)):
        assert analyse_progress(left, right, GOAL_MM, zeros[-1].at).difference is None


def test_trend_begins_with_the_tests_in_range() -> None:
    """Eight weeks of zeros, then ten weeks of a gain in range: the change counts from the first distance."""
    in_range = [
        replace(one, test_id=f"r{one.test_id}", at=one.at + 8 * WEEK)
        for one in scattered(10, slope=2.0, sd=3.0, start=15.0)
    ]
    found = analyse_left(below_range(8) + in_range)
    assert not found.is_below_range
    assert [point.at for point in found.trend] == [one.at for one in in_range]
    assert found.change_from == in_range[0].at
    assert found.change_mm is not None
    assert found.change_mm.low < 18.9 < found.change_mm.high
    assert found.error == analyse_left(in_range).error


def test_a_zero_among_distances_is_not_an_outlier() -> None:
    """It shows only that the knee did not reach; with a zero as the last test the present level is unknown."""
    made = scattered(8, start=40.0, sd=3.0)
    with_zero = [*made[:10], replace(made[10], mm=0.0), *made[11:]]
    found = analyse_left(with_zero)
    assert found.outliers == frozenset()
    assert len(found.trend) == len(made) - 1
    found = analyse_left([*made, replace(made[-1], test_id="z", at=made[-1].at + WEEK, mm=0.0)])
    assert found.is_below_range
    assert (found.trend, found.phase, found.steady_since) == ((), Phase.UNKNOWN, None)


def test_zeros_form_no_pairs_and_no_repeats() -> None:
    """Before and after a stretch, and within a session: a censored distance has no difference from another."""
    repeats = [Repeats(BEGIN + day * WEEK, Contact.PAD, (0.0, 0.0, 2.0)) for day in range(4)]
    found = analyse_progress([result(0, 0.0), result(0.02, 4)], (), GOAL_MM, BEGIN, repeats_left=repeats).left
    assert found is not None
    assert found.before_after == ()
    assert found.error.within_mm is None


def test_habits_are_not_an_error_and_prove_no_plateau() -> None:
    """Every third test in the evening, 8 mm more: the person's error and the plateau are the same as without."""
    made = scattered(30, sd=4.0, seed=3)
    evening = Circumstances(time_of_day=TimeOfDay.EVENING)
    morning = Circumstances(time_of_day=TimeOfDay.MORNING)
    mixed = [
        replace(one, mm=one.mm + 8, circumstances=evening) if number % 3 == 1 else replace(one, circumstances=morning)
        for number, one in enumerate(made)
    ]
    found = analyse_left(mixed)
    assert [habit.circumstance for habit in found.habits] == ["evenings"]
    assert found.error.sem_mm == pytest.approx(analyse_left(made).error.sem_mm, rel=0.05)
    assert found.phase is Phase.STEADY
    assert found.trend[-1].mm == pytest.approx(90, abs=3)


def test_errors_compare_no_two_methods() -> None:
    """Alternately in shoes, 30 mm more, and barefoot: the error is that about each level."""
    made = [
        replace(one, mm=one.mm + 30 * (number % 2), circumstances=Circumstances(shod=bool(number % 2)))
        for number, one in enumerate(scattered(26, sd=4.0, seed=3))
    ]
    assert analyse_left(made).error.sem_mm < 5.5


def test_analysis_ignores_the_order_of_entry() -> None:
    """The store returns results in any order."""
    made = scattered(10, slope=2.0)
    mixed = list(made)
    Random(1).shuffle(mixed)
    assert analyse_left(mixed, now=made[-1].at) == analyse_left(made)


def test_analysis_refuses_a_result_that_is_not_finite() -> None:
    """The error names the test."""
    with pytest.raises(ValueError, match=r"test 2 of 2026-01-07 is nan mm"):
        analyse_progress([result(0, 90), result(2, nan)], (), GOAL_MM, BEGIN)


def test_trend_has_a_point_per_test_from_the_third_on() -> None:
    """Every counted test adds a point, from the third test on."""
    for count in range(3, 8):
        found = analyse_left(results([90.0 + number for number in range(count)]))
        assert len(found.trend) == count
