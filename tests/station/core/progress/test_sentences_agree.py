"""The sentences about progress agree with each other, in a hundred cases and in random histories."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.core.progress.analysis import analyse_progress
from station.core.progress.records import Progress
from station.core.progress.sentences import difference_sentence, side_sentences, summary_sentence
from tests.station.core.progress.histories import BEGIN, result
from tests.station.core.progress.sentence_cases import CASES, GOAL_MM, WORDS, Case
from tests.station.core.progress.sentence_rules import faults_of_page, faults_of_side


def read(progress: Progress) -> tuple[str, list[str], list[str], str]:
    """All sentences: the summary, those of the sides, and their comparison."""
    left, right = side_sentences(progress.left, WORDS), side_sentences(progress.right, WORDS)
    return summary_sentence(progress, WORDS), left, right, difference_sentence(progress, WORDS)


def test_there_are_a_hundred_cases() -> None:
    """Each has its own name."""
    assert len(CASES) >= 100
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_sentences_of_a_case_agree(case: Case) -> None:
    """No contradiction, no amount of nothing, no jargon, no long sentence; and what the case must come to is there."""
    summary, left, right, difference = read(case.progress())
    assert not faults_of_page(summary, left, right, difference)
    text = " ".join([summary, *left, *right, difference])
    assert [part for part in case.expected if part not in text] == []


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0.3, 40.0), st.floats(0.0, 160.0)), min_size=1, max_size=40),
    st.lists(st.tuples(st.floats(0.3, 40.0), st.floats(-40.0, 60.0)), max_size=40),
    st.floats(0.0, 400.0),
)
def test_sentences_of_any_history_agree(
    left: list[tuple[float, float]], right: list[tuple[float, float]], later: float
) -> None:
    """Any days between tests and any distances, zeros among them."""
    sides = []
    for of_side in (left, right):
        day, made = 0.0, []
        for apart, mm in of_side:
            day += apart
            made.append(result(day, max(0.0, mm)))
        sides.append(made)
    last = max(test.at for made in sides for test in made)
    assert not faults_of_page(*read(analyse_progress(sides[0], sides[1], GOAL_MM, last + timedelta(days=later))))


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(2, 14), st.floats(-4.0, 4.0)), min_size=1, max_size=5),
    st.floats(-30.0, 120.0),
    st.floats(0.5, 9.0),
    st.integers(0, 1_000_000),
)
def test_sentences_of_any_course_agree(parts: list[tuple[int, float]], start: float, sd: float, seed: int) -> None:
    """Any weeks of gain, loss and rest, from below range on."""
    rng, level, made, day = Random(seed), start, [], 0.0
    for weeks, slope in parts:
        for _ in range(weeks * 3):
            level += slope / 3
            day += 7 / 3
            made.append(result(day, max(0.0, level + rng.gauss(0, sd))))
    progress = analyse_progress(made, (), GOAL_MM, BEGIN + timedelta(days=day))
    assert not faults_of_side(side_sentences(progress.left, WORDS))
