"""The health questions: what they ask, what a yes blocks or changes, and when they come again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from station.advice import health_questions
from station.advice.conditions import CONDITIONS, ConditionKind
from station.advice.health_questions import ExerciseRestriction, ask_reason, block_reason, parse_answer, restrictions_on
from station.catalogue.read import EXERCISE_CONDITIONS as OF_EXERCISES
from station.catalogue.read import exercises
from station.catalogue.records import Item, Restriction
from tests.station.advice import guide
from tests.station.health_answers import on_both

NOW = datetime(2026, 6, 1, 18, tzinfo=UTC)
KEYS = [one.key for one in CONDITIONS]


def test_condition_has_question_and_effect() -> None:
    """All conditions of the guide are there, each with a short yes-or-no question and a short effect."""
    assert set(KEYS) == set(guide.CONDITIONS)
    assert len(KEYS) == len(set(KEYS)) == len({one.title for one in CONDITIONS})
    for one in CONDITIONS:
        assert one.question.endswith("?")
        assert one.question.startswith(("Have you", "Are", "Is", "Do", "Does", "After"))
        assert len(one.question) <= 150
        assert one.effect.endswith(".")
        assert len(one.effect) <= 190
        assert len(one.title) <= 50
    assert len(health_questions.DISCLAIMER) <= 220


def test_conditions_of_exercises_are_all_asked() -> None:
    """The catalogue has no condition without a question."""
    assert set(OF_EXERCISES) <= set(KEYS)


def test_professional_is_named_if_guide_names_one() -> None:
    """The X-ray, the clearance, the neuro physiotherapist and the professional for a child."""
    named = {one.key: one.professional for one in CONDITIONS if one.professional}
    assert "X-ray" in named["no_weight"]
    assert "neuro physiotherapist" in named["neuro"]
    assert {"not_cleared", "child"} <= named.keys()
    assert all(one.professional for one in CONDITIONS if one.kind is ConditionKind.BLOCKS)


@pytest.mark.parametrize("key", ["not_cleared", "no_weight", "partial_weight", "child"])
def test_blocking_condition_blocks_everything(key: str) -> None:
    """Even alongside other conditions, with a sentence that says until when."""
    why = block_reason(on_both(key, "numb", "cleared"))
    assert why is not None
    assert why.rule == f"health-{key.replace('_', '-')}"
    assert any(word in why.sentence for word in ("until", "unless"))


def test_other_conditions_do_not_block() -> None:
    """All of them together change exercises and block nothing."""
    assert block_reason(on_both(*(key for key in KEYS if key not in guide.BLOCKING))) is None
    assert block_reason(on_both()) is None


def test_supervised_child_is_not_blocked() -> None:
    """A professional lifts the block for a child and no other block."""
    assert block_reason(on_both("child", "child_led")) is None
    why = block_reason(on_both("child", "child_led", "no_weight"))
    assert why is not None
    assert why.rule == "health-no-weight"


def test_parse_answer_returns_conditions() -> None:
    """Only conditions answered with yes count."""
    assert parse_answer({"yes": ["numb", "pinch"], "no": ["child"]}) == on_both("numb", "pinch")
    assert parse_answer({"yes": [], "no": KEYS}) == on_both()
    assert parse_answer({}) == on_both()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "must be lists"),
        ("numb", "must be lists"),
        (["numb"], "must be lists"),
        ({"yes": "numb"}, "must be lists"),
        ({"yes": 3}, "must be lists"),
        ({"maybe": []}, "must be lists"),
        ({"yes": ["gout"]}, "no condition gout; the conditions are not_cleared"),
        ({"yes": [], "no": ["gout"]}, "no condition gout"),
        ({"yes": ["numb"], "no": ["numb"]}, "numb has more than one answer"),
    ],
)
def test_parse_answer_refuses_invalid_answer(answer: Any, words: str) -> None:
    """One sentence says what is wrong."""
    with pytest.raises(ValueError, match=words):
        parse_answer(answer)


def restriction_on(key: str, *conditions: str) -> ExerciseRestriction:
    """The one restriction of an exercise by conditions of both legs."""
    (found,) = restrictions_on(exercises()[key], on_both(*conditions))
    return found


def test_restriction_follows_cautions() -> None:
    """The strictest restriction counts, with its own reasons only; without a caution there is none."""
    assert restriction_on("3a") == restriction_on("3a", "toes_out")
    assert restriction_on("3a").restriction is None
    gentler = restriction_on("3a", "arch_falls")
    assert gentler.restriction is Restriction.REDUCED
    assert [why.rule for why in gentler.reasons] == ["health-arch-falls"]
    both = restriction_on("3a", "arch_falls", "tendon_pain", "insertional")
    assert both.restriction is Restriction.EXCLUDED
    assert {why.rule for why in both.reasons} == {"health-tendon-pain", "health-insertional"}
    assert {why.sentence for why in both.reasons} <= {one.reason for one in exercises()["3a"].cautions}


@pytest.mark.parametrize("key", list(exercises()))
def test_cleared_person_starts_gently(key: str) -> None:
    """Each exercise is reduced or excluded, even if its file does not list the condition."""
    judgement = restriction_on(key, "cleared")
    assert judgement.restriction in (Restriction.REDUCED, Restriction.EXCLUDED)
    assert judgement.reasons


def test_neuro_dose_is_ten_minutes() -> None:
    """In holds of a minute, or longer ones if the exercise has them."""
    stretch = exercises()["3a"]
    assert health_questions.neuro_dose(stretch, Item(exercise="3a")) == Item(exercise="3a", hold_s=60, repetitions=10)
    long = Item(exercise="3a", hold_s=90, repetitions=2)
    assert health_questions.neuro_dose(stretch, long) == Item(exercise="3a", hold_s=90, repetitions=7)


def test_ask_reason_asks_first_and_again() -> None:
    """Never answered, strong pain since, a reported change, or older than half a year; otherwise not."""
    day = timedelta(days=1)
    answered = NOW - 30 * day
    sentences = [
        ask_reason(None, NOW),
        ask_reason(answered, NOW, [(NOW, 2), (answered + day, 6)]),
        ask_reason(answered, NOW, changed_at=answered + day),
        ask_reason(NOW - 183 * day, NOW),
    ]
    assert all(why is not None and why.rule == "health-asked" for why in sentences)
    assert len({why.sentence for why in sentences if why}) == 4
    assert ask_reason(answered, NOW) is None
    assert ask_reason(answered, NOW, [(NOW, 5), (answered - day, 9)], changed_at=answered - day) is None
    assert ask_reason(NOW - 182 * day, NOW) is None
