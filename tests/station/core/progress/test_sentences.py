"""The sentences about one side and about both: a new finding, an old one, and none."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from msgspec.structs import replace

from station.core.facts import Contact
from station.core.progress.analysis import analyse_progress
from station.core.progress.records import (
    Direction,
    Phase,
    Progress,
    Result,
)
from station.core.progress.sentences import (
    side_sentences,
    summary_sentence,
)
from tests.station.core.progress.histories import BEGIN, GOAL_MM, WEEK, WORDS, analyse_left, result, results, scattered


def test_sentences_omit_the_interval_before_a_real_change() -> None:
    """Three weeks at 2 mm a week with scatter: the change without interval or probability, no gain, no date."""
    found = analyse_left(scattered(3, slope=2.0, seed=4))
    assert found.change_mm is not None
    first, so_far, *rest = side_sentences(found, WORDS)
    assert first == "No certain change yet."
    moved = f"{found.change_mm.value:+.0f} mm"
    assert so_far == f"So far {moved}, which may still be chance."
    assert rest == ["No date for your goal yet: no gain is certain at present."]


def test_sentences_show_no_interval_to_unchanged_people() -> None:
    """Sixty unchanged people, each with a different number of tests: no interval without a real change."""
    for seed in range(60):
        made = scattered(26, seed=seed)
        found = analyse_left(made[: 6 + seed])
        assert found.changes or not any("95 %" in sentence for sentence in side_sentences(found, WORDS))


def test_one_outlier_makes_no_loss_likely() -> None:
    """Ten similar tests and one of 50 mm: beyond the MDC95, but the interval still contains zero. With a second such
    test a loss is likely."""
    made = results([94, 94, 94, 94, 94, 92, 88, 94, 94, 86, 50])
    found = analyse_left(made)
    assert found.change_mm is not None
    assert abs(found.change_mm.value) > found.error.mdc95_mm
    first, so_far, *_ = side_sentences(found, WORDS)
    assert first == "No certain change yet."
    assert so_far.endswith(", which may still be chance.")
    assert side_sentences(analyse_left([*made, result(22, 50)]), WORDS)[0] == "A loss is likely, but not certain yet."


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
    """Fifteen weeks at 2 mm less a week: its size, and what to do if it hurts; recovery is not promised."""
    found = analyse_left(scattered(15, slope=-2.0))
    assert found.phase is Phase.LOSING
    first, advice, *_ = side_sentences(found, WORDS)
    assert re.fullmatch(r"A real loss of \d+ mm since about [\d.]+\.", first)
    assert advice == "If it hurts, see a health professional."


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
    """A gain in self-confirmed tests, then tests with the pad, 30 mm lower: a date, but no size."""
    word = [replace(one, contact=Contact.SELF) for one in scattered(14, slope=2.5)]
    pad = [replace(one, test_id=f"p{one.test_id}", at=one.at + 14 * WEEK) for one in scattered(5, start=95.0)]
    found = analyse_left(word + pad)
    assert {one.direction for one in found.changes} == {Direction.GAIN}
    assert re.fullmatch(
        r"A real gain since about [\d.]+, its amount unknown: the test method has changed since\.",
        side_sentences(found, WORDS)[0],
    )


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
    """The real gain stays on record, and the headline says what has become of it."""
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


def test_sentences_mention_a_gap_of_a_year() -> None:
    """The line across the gap is an estimate, and old tests give no forecast."""
    found = analyse_left([*scattered(6), result(500, 90)])
    assert any("There is no test between" in sentence for sentence in side_sentences(found, WORDS))
    assert analyse_left(scattered(6), now=BEGIN + 60 * WEEK).forecast.why_not == "the last test is too long ago"


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
    """A gain, a loss, a steady side, a reversed gain and a change of method each have their own wording."""
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
