"""The analysis of both sides' results, and its sentences."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from math import nan
from random import Random

import pytest
from msgspec.structs import replace

from station.core.facts import Contact
from station.core.progress.analysis import analyse_progress
from station.core.progress.person_error import Repeats
from station.core.progress.records import (
    Circumstances,
    Direction,
    Phase,
    Progress,
    Result,
    SideProgress,
    TimeOfDay,
)
from station.core.progress.sentences import (
    Formatters,
    difference_sentence,
    side_sentences,
    summary_sentence,
)
from tests.station.core.progress.histories import BEGIN, result, results, scattered

WEEK = timedelta(weeks=1)
WORDS = Formatters(
    length=lambda mm: f"{mm:.0f} mm",
    change=lambda mm: f"{mm:+.0f} mm",
    day=lambda at: f"{at:%d.%m.}",
    pace=lambda mm: f"{mm:+.1f} mm",
)
GOAL_MM = 120.0
PRACTICE = "The first test is practice too: knowing how can add to the next one without any change in the ankle."


def analyse_left(made: list[Result], goal_mm: float = GOAL_MM, now: datetime | None = None) -> SideProgress:
    """The progress of the left side; the right one was never tested."""
    found = analyse_progress(made, (), goal_mm, now or made[-1].at)
    assert found.right is None
    assert found.difference is None
    assert found.left is not None
    return found.left


def test_analysis_is_empty_without_tests() -> None:
    """Neither side, no difference, and a sentence that asks for the first test."""
    assert analyse_progress((), (), GOAL_MM, BEGIN) == Progress(None, None, None)
    assert side_sentences(None, WORDS) == ["Not tested yet: the first test is your starting point."]
    assert difference_sentence(Progress(None, None, None), WORDS).startswith("The sides cannot be compared yet")


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


def test_sentences_omit_the_interval_before_a_real_change() -> None:
    """Three weeks at 2 mm a week with scatter: the change without an interval or a chance, no gain and no date."""
    found = analyse_left(scattered(3, slope=2.0, seed=4))
    assert found.change_mm is not None
    first, so_far, *rest = side_sentences(found, WORDS)
    assert first == "No certain change yet."
    moved = f"{found.change_mm.value:+.0f} mm"
    assert so_far == f"So far {moved}, which may still be chance."
    assert rest == ["No date for your goal yet: no gain is certain at present."]


def test_sentences_show_no_interval_to_unchanged_people() -> None:
    """Sixty unchanged people, each with another number of tests: no interval without a real change."""
    for seed in range(60):
        made = scattered(26, seed=seed)
        found = analyse_left(made[: 6 + seed])
        assert found.changes or not any("95 %" in sentence for sentence in side_sentences(found, WORDS))


def test_analysis_needs_six_tests_over_two_weeks_for_a_change() -> None:
    """Three tests within 0.1 mm give no change of 0.0 ± 0.1, nor do ten in ten days."""
    for made in (results([94.0, 94.1, 94.0], every_days=1), results([94.0, 94.1] * 5, every_days=1)):
        found = analyse_left(made)
        assert (found.change_mm, found.slope_mm_week, found.chance_real) == (None, None, None)
        assert "It takes at least 6 tests, over two weeks or more." in side_sentences(found, WORDS)
    assert analyse_left(results([94.0, 94.1] * 4)).change_mm is not None


def test_sentences_give_size_and_pace_of_a_gain() -> None:
    """Fourteen weeks at 2 mm a week: a real change, gaining, almost certainly worthwhile."""
    found = analyse_left(scattered(14, slope=2.0), goal_mm=150)
    assert found.phase is Phase.GAINING
    assert found.change_mm is not None
    assert found.change_mm.low < 27.6 < found.change_mm.high
    assert found.chance_real is not None
    assert found.chance_real > 0.99
    first, so_far, likely, pace, goal = side_sentences(found, WORDS)
    assert so_far.startswith("Since your first test of this kind, on 05.01.: +")
    assert likely == "Chance that this is a change of more than 6 mm: 99 %."
    assert re.fullmatch(r"A real gain of \d+ mm since about 05\.01\.\.", first)
    assert re.fullmatch(r"In the last four weeks \+\d\.\d mm a week \(95 %: [+-]\d\.\d mm to \+\d\.\d mm\)\.", pace)
    assert goal.startswith("Your goal: probably not before ")


def test_sentences_report_a_reached_goal() -> None:
    """The level is clearly beyond the goal."""
    assert "You have reached your goal." in side_sentences(analyse_left(scattered(14, slope=2.0), goal_mm=95), WORDS)


def test_sentences_report_a_loss() -> None:
    """15 weeks at 2 mm less a week: how much, and what to do if it hurts; no promise that it comes back."""
    found = analyse_left(scattered(15, slope=-2.0))
    assert found.phase is Phase.LOSING
    first, advice, *_ = side_sentences(found, WORDS)
    assert re.fullmatch(r"A real loss of \d+ mm since about [\d.]+\.", first)
    assert advice == "If it hurts, see a health professional."


def test_analysis_steps_the_trend_at_an_injury() -> None:
    """25 mm less at once: a sudden change, and the band contains the level before and after."""
    made = [one if one.at < BEGIN + 8 * WEEK else replace(one, mm=one.mm - 25) for one in scattered(14, seed=2)]
    found = analyse_left(made)
    assert found.changes[0].sudden
    assert found.trend[-1].low_mm < 65 < found.trend[-1].high_mm
    assert found.trend[10].low_mm < 90 < found.trend[10].high_mm
    assert re.match(r"A real loss of \d+ mm since about ", side_sentences(found, WORDS)[0])


@pytest.mark.parametrize("direction", [Direction.GAIN, Direction.LOSS])
@pytest.mark.parametrize("seed", range(4))
def test_headline_gives_the_size_of_a_step(direction: Direction, seed: int) -> None:
    """25 mm at once in week 20, seen ten weeks later: the size includes the step itself."""
    step_mm = 25.0 if direction is Direction.GAIN else -25.0
    since = BEGIN + 20 * WEEK
    made = [
        one if one.at < since else replace(one, mm=one.mm + step_mm) for one in scattered(30, sd=4.0, seed=20 + seed)
    ]
    found = analyse_left(made)
    assert [(one.direction, one.sudden) for one in found.changes] == [(direction, True)]
    size = re.match(rf"A real {direction} of (\d+) mm since about ", side_sentences(found, WORDS)[0])
    assert size
    assert float(size[1]) == pytest.approx(25, abs=7)


def test_headline_gives_no_size_across_methods() -> None:
    """A gain by the person's own word, then the pad, 30 mm lower: a date, but no size."""
    word = [replace(one, contact=Contact.SELF) for one in scattered(14, slope=2.5)]
    pad = [replace(one, test_id=f"p{one.test_id}", at=one.at + 14 * WEEK) for one in scattered(5, start=95.0)]
    found = analyse_left(word + pad)
    assert {one.direction for one in found.changes} == {Direction.GAIN}
    assert re.fullmatch(
        r"A real gain since about [\d.]+, its amount unknown: the test method has changed since\.",
        side_sentences(found, WORDS)[0],
    )


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


def test_headline_dates_an_old_finding() -> None:
    """Two months after the last test the finding has its date, without a pace or a recommendation."""
    made = scattered(26)
    fresh, old = analyse_left(made), analyse_left(made, now=made[-1].at + 8 * WEEK)
    assert (fresh.old, old.old) == (False, True)
    day = WORDS.day(made[-1].at)
    assert side_sentences(old, WORDS)[0].startswith(f"At the last test, on {day}: steady since about ")
    assert not any("health professional" in sentence for sentence in side_sentences(old, WORDS))
    gaining = scattered(14, slope=2.0)
    sentences = side_sentences(analyse_left(gaining, now=gaining[-1].at + 8 * WEEK), WORDS)
    assert ": a real gain of " in sentences[0]
    assert not any("In the last four weeks" in sentence for sentence in sentences)


def test_headline_reports_a_reversed_gain() -> None:
    """The real gain stays on record, and the headline says that it went up, and where it is."""
    up, down = scattered(9, slope=2.5, seed=3), scattered(5, slope=-4.0, seed=6, start=100.0)
    made = up + [replace(one, test_id=f"d{one.test_id}", at=one.at + 9 * WEEK) for one in down]
    found = analyse_left(made)
    assert [one.direction for one in found.changes] == [Direction.GAIN]
    assert re.search(
        r" (and has come back|is below its start|has since been reversed)\.$", side_sentences(found, WORDS)[0]
    )


def test_sentences_report_a_plateau_with_the_guides_advice() -> None:
    """Half a year without a change."""
    found = analyse_left(scattered(26))
    assert found.phase is Phase.STEADY
    sentences = side_sentences(found, WORDS)
    assert sentences[0].startswith("Steady since about ")
    assert sentences[-1] == "After three months without any gain, the guide recommends seeing a health professional."


def test_headline_reports_equal_tests() -> None:
    """A history without any scatter gives no change and no error."""
    found = analyse_left(results([94.0] * 6))
    assert side_sentences(found, WORDS)[0] == "All 6 tests gave 94 mm."
    assert found.changes == ()


def test_analysis_keeps_outliers_and_reports_them() -> None:
    """Two tests 60 mm off stay in the history and the trend, and a sentence counts them."""
    made = scattered(10, sd=4.0, seed=7)
    made[5], made[20] = replace(made[5], mm=made[5].mm + 60), replace(made[20], mm=made[20].mm - 60)
    found = analyse_left(made)
    assert found.outliers == {made[5].test_id, made[20].test_id}
    assert len(found.counted) == len(found.trend) == len(made)
    assert side_sentences(found, WORDS)[-1] == ("2 tests look like outliers: they are shown, but given little weight.")


def test_sentences_mention_a_gap_of_a_year() -> None:
    """The line across the gap is an estimate, and old tests give no forecast."""
    found = analyse_left([*scattered(6), result(500, 90)])
    assert any("There is no test between" in sentence for sentence in side_sentences(found, WORDS))
    assert analyse_left(scattered(6), now=BEGIN + 60 * WEEK).forecast.why_not == "the last test is too long ago"


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
    """30 mm apart at the first test of both is not clear yet, as 30 mm by one slip is not; after six weeks it is."""
    left, right = scattered(6, seed=41), scattered(6, seed=42, start=60.0)
    first, last = (analyse_progress(left[:n], right[:n], GOAL_MM, left[n - 1].at).difference for n in (1, 18))
    assert first is not None
    assert last is not None
    assert not first.clear
    assert last.clear


def test_both_ankles_have_changes_in_common() -> None:
    """A gain of both is one of both; a gain of one is not."""
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
    """Three tests a week of somebody whose knee does not reach the wall yet."""
    return [replace(one, mm=0.0) for one in scattered(weeks, seed=seed)]


def test_zeros_show_no_change_no_plateau_and_no_error() -> None:
    """Half a year below range: nothing is known of the level, and nothing is made of the zeros."""
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


def test_a_zero_among_distances_is_no_outlier() -> None:
    """It says only that the knee did not reach; with a zero as the last test nothing is known at present."""
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


def test_habits_are_no_error_and_prove_no_plateau() -> None:
    """Every third test in the evening, 8 mm more: the person's error is as without it, and so is the plateau."""
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
    """Alternately in shoes, 30 mm up, and bare: the error is that about each level."""
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


def summary_of(left: list[Result], right: list[Result], now: datetime | None = None) -> str:
    """The one sentence about both sides."""
    last = max(made[-1].at for made in (left, right) if made)
    return summary_sentence(analyse_progress(left, right, GOAL_MM, now or last), WORDS)


def test_summary_says_the_same_of_both_sides_once() -> None:
    """No tests, too few, or no change on either side."""
    assert summary_sentence(Progress(None, None, None), WORDS) == "Both sides: not tested yet."
    two = results([90.0, 110.0])
    assert summary_of(two, two) == "Both sides: 110 mm after two tests, too few to show a change."
    few = scattered(3, slope=2.0, seed=4)
    assert summary_of(few, few) == "Both sides: no certain change yet."


def test_summary_gives_starting_point() -> None:
    """The first results of both sides, or of the one that was tested."""
    assert summary_of([result(0, 94)], [result(0, 101)]) == "Your starting point: left 94 mm, right 101 mm."
    assert summary_of([result(0, 94)], []) == "Left: 94 mm, your starting point; right: not tested yet."


def test_summary_gives_gains_of_both_sides() -> None:
    """As the sentences about each side give them."""
    gaining, more = scattered(14, slope=2.0), scattered(14, slope=2.5, seed=3)
    found = re.fullmatch(r"A real gain on both sides: left (\d+) mm, right (\d+) mm\.", summary_of(gaining, more))
    assert found
    for size, made in zip(found.groups(), (gaining, more), strict=True):
        assert side_sentences(analyse_left(made), WORDS)[0].startswith(f"A real gain of {size} mm since about ")


def test_summary_separates_differing_sides() -> None:
    """A gain, a loss, a steady side, a reversed gain and a change of method each have their words."""
    gaining, losing, steady = scattered(14, slope=2.0), scattered(15, slope=-2.0), scattered(26)
    assert re.fullmatch(
        r"Left: a real gain of \d+ mm since about [\d.]+; right: a real loss of \d+ mm since about [\d.]+\.",
        summary_of(gaining, losing),
    )
    assert re.search(r"; right: steady since about [\d.]+\.$", summary_of(gaining, steady))
    down = [replace(one, test_id=f"d{one.test_id}", at=one.at + 9 * WEEK) for one in scattered(5, slope=-4.0, seed=6)]
    up = [replace(one, mm=one.mm - 12) for one in scattered(9, slope=2.5, seed=3)]
    assert re.match(
        r"Left: (went up by|a real gain(,| since)) .*; right: steady",
        summary_of(up + down, steady),
    )
    word = [replace(one, contact=Contact.SELF) for one in scattered(14, slope=2.5)]
    pad = [replace(one, test_id=f"p{one.test_id}", at=one.at + 14 * WEEK) for one in scattered(5, start=95.0)]
    assert ", its amount unknown: the test method has changed since; " in summary_of(word + pad, steady)


def test_summary_dates_an_old_finding() -> None:
    """Two months after the last test the sentence has its date."""
    gaining = scattered(14, slope=2.0)
    found = summary_of(gaining, scattered(14, slope=2.5, seed=3), now=gaining[-1].at + 8 * WEEK)
    assert found.startswith(f"At the last test, on {WORDS.day(gaining[-1].at)}: a real gain on both sides: left ")
