"""Today, the chart and the terminal agree with the sentences about progress, in a hundred cases."""

from __future__ import annotations

import re

import pytest

from station.app.results.progress import (
    History,
    Recorded,
    ResultRow,
    formatters_for,
    own_error_sentence,
    progress_sentences,
)
from station.cli.progress_text import report_lines
from station.core.events import Side
from station.core.progress.analysis import analysis
from station.core.progress.records import Goals, Result
from station.core.progress.sentences import difference_sentence, summary_sentence
from station.profile import settings_for
from station.settings import Settings
from station.units import CM, result_text
from tests.station.core.progress.sentence_cases import CASES, Case
from tests.station.core.progress.sentence_rules import faults_of_page
from web.charts.progress import progress_chart
from web.charts.progress_frame import span_of_range
from web.charts.progress_marks import Shown
from web.pages.today import results_sentence

WORDS = formatters_for(CM)


def history(case: Case) -> History:
    """The history that the store would give."""
    made = case.results()
    left, right = (tuple(_row(side, one) for one in of_side) for side, of_side in zip(Side, made, strict=True))
    of_right = {one.at: one for one in right}
    tests = [(one, of_right.pop(one.at, None)) for one in left] + [(None, one) for one in of_right.values()]
    return History(Recorded(left, right, tuple(tests), (), analysis(*made), (), None), case.progress())


def _row(side: Side, one: Result) -> ResultRow:
    return ResultRow(
        *(side, one.test_id, "s", one.at, one.mm, one.uncertainty_mm, one.full, one.contact),
        *(None, True, False, None, False, None),
    )


def chart_texts(made: History, case: Case) -> list[str]:
    """The caption of the chart, its signs, and the words of each of its marks."""
    shown = {
        side: Shown(made.rows(side), progress) for side in Side if (progress := made.side_progress(side)) is not None
    }
    rows = (*made.left, *made.right)
    chart = progress_chart(
        shown, (), span_of_range("all", sorted(rows, key=lambda one: one.at), case.now()), Goals(101.6, 101.6), CM
    )
    return [chart.description, *(point.text for point in chart.points), *chart.real_changes]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_pages_and_terminal_agree_with_the_sentences(case: Case) -> None:
    """No contradictions in the text; Today's card and the terminal claim no more than the tests show."""
    made = history(case)
    sides = {side: progress_sentences(made, side, WORDS) for side in Side}
    summary, apart = summary_sentence(made.progress, WORDS), difference_sentence(made.progress, WORDS)
    assert not faults_of_page(summary, sides[Side.LEFT], sides[Side.RIGHT], apart)
    today = results_sentence(made, settings_for(Settings(goal_mm=case.goal_mm), None))
    for side in Side:
        is_reached = "You have reached your goal." in sides[side]
        assert (f"{side} reached" in today) <= is_reached, today
    printed = report_lines(made, Goals(case.goal_mm, case.goal_mm), CM)
    assert [one for of_side in sides.values() for one in of_side if one not in printed] == []
    assert apart in printed


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_result_below_range_is_not_a_number(case: Case) -> None:
    """Neither Today, the chart nor the terminal gives it a length, an error or a distance to the goal."""
    made = history(case)
    zeros = [one for side in Side for one in made.rows(side) if one.mm <= 0]
    texts = [results_sentence(made, settings_for(Settings(), None)), *chart_texts(made, case)] if made.tests else []
    texts += report_lines(made, Goals(case.goal_mm, case.goal_mm), CM)
    shortest = min((one.mm for side in Side for one in made.rows(side) if one.mm > 0), default=1.0)
    without_number = r"below range \u00b1" if shortest < 0.5 else r"\b0\.0 cm \u00b1|below range \u00b1"
    assert not any(re.search(without_number, text) for text in texts)
    assert any("below range" in text for text in texts) is bool(zeros)
    for side in Side:
        rows = made.rows(side)
        if rows and rows[-1].mm <= 0:
            assert own_error_sentence(made.side_progress(side), CM) is None
            assert f"{side} not at the wall yet" in texts[0] or "starting point" in texts[0]


def test_result_text_of_a_zero_is_a_word() -> None:
    """A tenth of a millimetre is a length."""
    assert [result_text(mm, CM) for mm in (None, 0.0, 0.1)] == ["\u2013", "below range", "0.0 cm"]
