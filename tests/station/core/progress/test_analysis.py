"""All that is said of a person, from the results of both sides, and how it reads."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from math import nan
from random import Random

import pytest

from station.core.facts import Contact
from station.core.progress.analysis import analyse_progress
from station.core.progress.person_error import Repeats
from station.core.progress.records import Direction, Phase, Progress, Result, SideProgress
from station.core.progress.sentences import Formatters, before_after_sentence, difference_sentence, side_sentences
from tests.station.core.progress.histories import BEGIN, result, results, scattered

WEEK = timedelta(weeks=1)
WORDS = Formatters(
    length=lambda mm: f"{mm:.0f} mm",
    change=lambda mm: f"{mm:+.0f} mm",
    day=lambda at: f"{at:%d.%m.}",
    pace=lambda mm: f"{mm:+.1f} mm",
)
GOAL_MM = 120.0


def said(made: list[Result], goal_mm: float = GOAL_MM, now: datetime | None = None) -> SideProgress:
    """What is said of the left side, the right one never tested."""
    found = analyse_progress(made, (), goal_mm, now or made[-1].at)
    assert found.right is None
    assert found.difference is None
    assert found.left is not None
    return found.left


def test_without_any_test_nothing_is_said() -> None:
    """Neither side, no difference, and a sentence that says what to do."""
    assert analyse_progress((), (), GOAL_MM, BEGIN) == Progress(None, None, None)
    assert side_sentences(None, WORDS) == ["Not tested yet: the first test is your starting point."]
    assert difference_sentence(None, WORDS).startswith("The sides cannot be compared yet")


def test_one_test_is_the_starting_point() -> None:
    """No trend, no change, no date."""
    found = said([result(0, 94)])
    assert (found.trend, found.change_mm, found.slope_mm_week, found.chance_real) == ((), None, None, None)
    assert found.phase is Phase.UNKNOWN
    assert side_sentences(found, WORDS) == ["94 mm: your starting point."]


def test_two_tests_on_one_day_are_one_and_its_after() -> None:
    """The second within the hour is before and after; the starting point stays the first."""
    found = said([result(0, 94), result(0.02, 101)])
    assert len(found.counted) == 1
    assert side_sentences(found, WORDS) == ["94 mm: your starting point."]
    assert [before_after_sentence(pair, WORDS) for pair in found.before_after] == [
        "Before and after, within the hour: +7 mm, not more than the measurement error. "
        "What a stretch adds lasts for some hours and is no part of the trend."
    ]


def test_a_stretch_that_did_something_is_told() -> None:
    """With repeats that tell the error within a session, 10 mm are more than it."""
    repeats = [Repeats(BEGIN + day * WEEK, Contact.PAD, (90.0, 91.0, 90.5)) for day in range(4)]
    found = analyse_progress([result(0, 94), result(0.02, 104)], (), GOAL_MM, BEGIN, repeats_left=repeats).left
    assert found is not None
    assert "+10 mm, more than the measurement error" in before_after_sentence(found.before_after[0], WORDS)


def test_two_tests_are_no_trend() -> None:
    """Two points make any line."""
    found = said(results([90.0, 110.0]))
    assert found.trend == ()
    assert side_sentences(found, WORDS) == ["110 mm, after two tests. From the third on there is a line through them."]


def test_a_gain_that_is_not_told_yet() -> None:
    """Three weeks at 2 mm a week, scattered: the change without an interval that could exclude zero, and no gain."""
    found = said(scattered(3, slope=2.0, seed=4))
    assert found.change_mm is not None
    first, so_far, likely, *rest = side_sentences(found, WORDS)
    assert first == "Not yet more than the measurement error."
    moved = f"{found.change_mm.value:+.0f} mm"
    assert so_far == f"So far {moved}; looking this often, that is not yet sure to be a change."
    assert re.fullmatch(r"How likely is it more than 6 mm: \d+ of 100\.", likely)
    assert rest == ["When your goal will be reached cannot be said yet: no gain is sure at present."]


def test_an_unchanged_person_is_never_shown_an_interval_without_zero() -> None:
    """Sixty people who do not change, after each of their tests in half a year: until told, no interval is said."""
    for seed in range(60):
        made = scattered(26, seed=seed)
        found = said(made[: 6 + seed])
        assert found.changes or not any("95 %" in sentence for sentence in side_sentences(found, WORDS))


def test_a_few_days_of_tests_tell_no_change() -> None:
    """Three tests that agree to a tenth are no change of 0.0 ± 0.1, and neither are ten in ten days."""
    for made in (results([94.0, 94.1, 94.0], every_days=1), results([94.0, 94.1] * 5, every_days=1)):
        found = said(made)
        assert (found.change_mm, found.slope_mm_week, found.chance_real) == (None, None, None)
        assert side_sentences(found, WORDS)[0].startswith(f"After {len(made)} tests: ")
    assert said(results([94.0, 94.1] * 4)).change_mm is not None


def test_a_gain_is_told_with_its_size_and_pace() -> None:
    """Fourteen weeks at 2 mm a week: a real change, gaining, and likely more than what is worth while."""
    found = said(scattered(14, slope=2.0), goal_mm=150)
    assert found.phase is Phase.GAINING
    assert found.change_mm is not None
    assert found.change_mm.low < 27.6 < found.change_mm.high
    assert found.chance_real is not None
    assert found.chance_real > 0.99
    first, so_far, likely, pace, goal = side_sentences(found, WORDS)
    assert so_far.startswith("Since your first test of this kind, on 05.01.: +")
    assert likely == "How likely is it more than 6 mm: 99 of 100."
    assert first.startswith("A real change: ")
    assert " more since about 05.01." in first
    assert re.fullmatch(r"At present \+\d\.\d mm a week \(95 %: [+-]\d\.\d mm to \+\d\.\d mm\)\.", pace)
    assert goal.startswith("Your goal: ")


def test_a_goal_that_is_reached_is_said_so() -> None:
    """The level is surely beyond the goal."""
    assert "Your goal is reached." in side_sentences(said(scattered(14, slope=2.0), goal_mm=95), WORDS)


def test_a_loss_is_told_kindly() -> None:
    """15 weeks at 2 mm less a week."""
    found = said(scattered(15, slope=-2.0))
    assert found.phase is Phase.LOSING
    assert side_sentences(found, WORDS)[0].endswith(". That happens, and can come back.")
    assert "less since about" in side_sentences(found, WORDS)[0]


def test_an_injury_is_told_with_its_day_and_lets_the_trend_step() -> None:
    """25 mm less at once: sudden, and the band holds both levels."""
    made = [one if one.at < BEGIN + 8 * WEEK else replace(one, mm=one.mm - 25) for one in scattered(14, seed=2)]
    found = said(made)
    assert found.changes[0].sudden
    assert found.trend[-1].low_mm < 65 < found.trend[-1].high_mm
    assert found.trend[10].low_mm < 90 < found.trend[10].high_mm
    assert "less on " in side_sentences(found, WORDS)[0]


@pytest.mark.parametrize("direction", [Direction.GAIN, Direction.LOSS])
@pytest.mark.parametrize("seed", range(4))
def test_a_step_is_told_with_its_size(direction: Direction, seed: int) -> None:
    """25 mm at once in week 20, asked ten weeks later: the step is in what is said, not before it."""
    step_mm = 25.0 if direction is Direction.GAIN else -25.0
    since = BEGIN + 20 * WEEK
    made = [
        one if one.at < since else replace(one, mm=one.mm + step_mm) for one in scattered(30, sd=4.0, seed=20 + seed)
    ]
    found = said(made)
    assert [(one.direction, one.sudden) for one in found.changes] == [(direction, True)]
    size = re.match(r"A real change: (\d+) mm (more|less) on ", side_sentences(found, WORDS)[0])
    assert size
    assert size[2] == ("more" if direction is Direction.GAIN else "less")
    assert float(size[1]) == pytest.approx(25, abs=7)


def test_a_change_told_by_another_method_has_a_date_and_no_size() -> None:
    """A gain by the person's word, then the pad, 30 mm lower: nothing is measured from one to the other."""
    word = [replace(one, contact=Contact.SELF) for one in scattered(14, slope=2.5)]
    pad = [replace(one, test_id=f"p{one.test_id}", at=one.at + 14 * WEEK) for one in scattered(5, start=95.0)]
    found = said(word + pad)
    assert {one.direction for one in found.changes} == {Direction.GAIN}
    assert re.fullmatch(
        r"A real gain since about [\d.]+, found by tests that were made another way than the last one\.",
        side_sentences(found, WORDS)[0],
    )


def test_methods_by_turns_are_no_change() -> None:
    """The person's word reads 15 mm more than the pad, used by turns and ever more often: nothing has changed."""
    made = [
        replace(one, contact=Contact.SELF, mm=one.mm + 15) if number % 4 < number // 12 else one
        for number, one in enumerate(scattered(16, sd=4.0, seed=3))
    ]
    found = said(made)
    assert found.changes == ()
    assert found.change_mm is not None
    assert found.change_mm.low < 0 < found.change_mm.high
    assert found.slips == frozenset()
    alike = [one for one in made if one.contact is made[-1].contact]
    assert [point.at for point in found.trend] == [one.at for one in alike]
    assert len(found.counted) == len(made)


def test_what_is_old_is_told_as_of_its_day() -> None:
    """Two months after the last test nothing is told of the present, and no advice is given; a week after, it is."""
    made = scattered(26)
    fresh, old = said(made), said(made, now=made[-1].at + 8 * WEEK)
    assert (fresh.old, old.old) == (False, True)
    day = WORDS.day(made[-1].at)
    assert side_sentences(old, WORDS)[0].startswith(f"At the last test, on {day}, steady since about ")
    assert not any("advice" in sentence for sentence in side_sentences(old, WORDS))
    gaining = scattered(14, slope=2.0)
    sentences = side_sentences(said(gaining, now=gaining[-1].at + 8 * WEEK), WORDS)
    assert ", a real change: " in sentences[0]
    assert not any("At present" in sentence for sentence in sentences)


def test_a_gain_that_went_is_said_to_have_passed() -> None:
    """The real gain stays on record, and the sentence is of now."""
    up, down = scattered(9, slope=2.5, seed=3), scattered(5, slope=-4.0, seed=6, start=100.0)
    made = up + [replace(one, test_id=f"d{one.test_id}", at=one.at + 9 * WEEK) for one in down]
    found = said(made)
    assert [one.direction for one in found.changes] == [Direction.GAIN]
    assert side_sentences(found, WORDS)[0].endswith("it has passed since.")


def test_steady_is_told_by_the_tests_with_the_guides_advice() -> None:
    """Half a year without a change."""
    found = said(scattered(26))
    assert found.phase is Phase.STEADY
    sentences = side_sentences(found, WORDS)
    assert sentences[0].startswith("Steady since about ")
    assert sentences[-1] == "After three months without any gain, the guide's advice is to ask a health professional."


def test_tests_that_are_all_equal_say_so() -> None:
    """No scatter at all is no change, and no trouble."""
    found = said(results([94.0] * 6))
    assert side_sentences(found, WORDS)[0] == "All 6 tests came to 94 mm: no change so far."
    assert found.changes == ()


def test_slips_are_kept_and_said() -> None:
    """Two tests 60 mm off: in the table, hardly in the trend, and in the words."""
    made = scattered(10, sd=4.0, seed=7)
    made[5], made[20] = replace(made[5], mm=made[5].mm + 60), replace(made[20], mm=made[20].mm - 60)
    found = said(made)
    assert found.slips == {made[5].test_id, made[20].test_id}
    assert len(found.counted) == len(found.trend) == len(made)
    assert side_sentences(found, WORDS)[-1] == (
        "2 tests lie too far from the others to be believed. They are kept and shown, and hardly weighed."
    )


def test_a_years_gap_is_named() -> None:
    """The line across it is a guess, and what goes on now is not known from a single test after it."""
    found = said([*scattered(6), result(500, 90)])
    assert any("There is no test between" in sentence for sentence in side_sentences(found, WORDS))
    assert said(scattered(6), now=BEGIN + 60 * WEEK).forecast.why_not == "the last test is too long ago to say"


def test_a_change_of_contact_starts_the_change_anew() -> None:
    """A year by the person's word, 30 mm off, then by the pad: the change counts from the first with the pad."""
    word = [replace(one, contact=Contact.SELF, mm=one.mm + 30) for one in scattered(20, seed=8)]
    pad = [replace(one, test_id=f"p{one.test_id}", at=one.at + 20 * WEEK) for one in scattered(8, seed=9)]
    found = said(word + pad)
    assert found.changes == ()
    assert found.change_from == pad[0].at
    assert found.change_mm is not None
    assert found.change_mm.low < 0 < found.change_mm.high
    first = said([*word, pad[0]])
    assert side_sentences(first, WORDS)[0].startswith("The tests are made another way now")


def test_imported_results_say_how_unsure_they_are() -> None:
    """A tape that is 15 mm unsure pulls the trend less than a test of the station."""
    made = results([90.0, 90, 90, 90, 90, 104])
    sure, unsure = said(made), said([*made[:-1], replace(made[-1], uncertainty_mm=15.0)])
    assert unsure.trend[-1].mm < sure.trend[-1].mm


def test_the_sides_difference_has_the_error_of_both() -> None:
    """30 mm between the sides are clear; 8 mm are not; sides weeks apart are not compared."""
    left, right, near = scattered(8, seed=1, start=110), scattered(8, seed=2, start=80), scattered(8, seed=3, start=104)
    found = analyse_progress(left, right, GOAL_MM, left[-1].at).difference
    assert found is not None
    assert found.clear
    assert found.difference_mm.low < 30 < found.difference_mm.high
    assert difference_sentence(found, WORDS).startswith("The left side reaches ")
    found = analyse_progress(near, left, GOAL_MM, left[-1].at).difference
    assert found is not None
    assert not found.clear
    assert found.difference_mm.high < 0
    assert re.match(
        r"The right side reaches \d+ mm further; differences up to 15 mm are common\. Left less right: ",
        difference_sentence(found, WORDS),
    )
    same = analyse_progress(left, left, GOAL_MM, left[-1].at).difference
    assert difference_sentence(same, WORDS).startswith("No clear difference between the sides.")
    assert analyse_progress(left, right[:3], GOAL_MM, left[-1].at).difference is None


def test_the_order_of_entry_makes_no_difference() -> None:
    """Results come as the store has them."""
    made = scattered(10, slope=2.0)
    mixed = list(made)
    Random(1).shuffle(mixed)
    assert said(mixed, now=made[-1].at) == said(made)


def test_a_result_that_is_no_number_is_refused() -> None:
    """One sentence that names the test."""
    with pytest.raises(ValueError, match=r"test 2 of 2026-01-07 is nan mm"):
        analyse_progress([result(0, 90), result(2, nan)], (), GOAL_MM, BEGIN)


def test_what_is_said_needs_three_tests_and_no_more() -> None:
    """From the third counted test on there is a trend with a point at each."""
    for count in range(3, 8):
        found = said(results([90.0 + number for number in range(count)]))
        assert len(found.trend) == count
