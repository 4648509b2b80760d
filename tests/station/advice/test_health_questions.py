"""The health questions: what is asked, what a yes holds back or changes, and when they are asked again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from station.advice import health_questions
from station.advice.health_questions import (
    CONDITIONS,
    ConditionKind,
    ask_reason,
    block_reason,
    parse_answer,
    restriction_on,
)
from station.catalogue.read import EXERCISE_CONDITIONS as OF_EXERCISES
from station.catalogue.read import exercises
from station.catalogue.records import Item, Restriction

NOW = datetime(2026, 6, 1, 18, tzinfo=UTC)
KEYS = [one.key for one in CONDITIONS]


def test_each_condition_is_a_question_and_an_effect() -> None:
    """A question that yes or no answers, what a yes changes, both short; the guide's conditions are all there."""
    assert set(KEYS) == {
        *("not_cleared", "cleared", "no_weight", "tendon_pain", "insertional", "neuro", "numb", "balance", "child"),
        *("child_led", "metalwork", "pinch", "arch_falls", "toes_out"),
    }
    assert len(KEYS) == len(set(KEYS)) == len({one.title for one in CONDITIONS})
    for one in CONDITIONS:
        assert one.question.endswith("?")
        assert one.question.startswith(("Have you", "Are", "Is", "Do", "Does", "After"))
        assert len(one.question) <= 150
        assert one.effect.endswith(".")
        assert len(one.effect) <= 190
        assert len(one.title) <= 50
    assert len(health_questions.DISCLAIMER) <= 220


def test_every_condition_of_an_exercise_is_asked_about() -> None:
    """The catalogue knows no condition that nobody is asked about."""
    assert set(OF_EXERCISES) <= set(KEYS)


def test_a_professional_is_named_where_the_guide_names_one() -> None:
    """The X-ray, the clearance, the neuro physiotherapist and whoever leads a child."""
    named = {one.key: one.professional for one in CONDITIONS if one.professional}
    assert "X-ray" in named["no_weight"]
    assert "neuro physiotherapist" in named["neuro"]
    assert {"not_cleared", "child"} <= named.keys()
    assert all(one.professional for one in CONDITIONS if one.kind is ConditionKind.BLOCKS)


@pytest.mark.parametrize("key", ["not_cleared", "no_weight", "child"])
def test_three_conditions_hold_everything_back(key: str) -> None:
    """Also beside others, with the sentence that says until when."""
    why = block_reason({key, "numb", "cleared"})
    assert why is not None
    assert why.rule == f"health-{key.replace('_', '-')}"
    assert any(word in why.sentence for word in ("until", "unless"))


def test_no_other_condition_holds_back() -> None:
    """All of them together change what is done, and hold nothing back."""
    assert block_reason([key for key in KEYS if key not in ("not_cleared", "no_weight", "child")]) is None
    assert block_reason(()) is None


def test_a_child_that_is_led_is_not_held_back() -> None:
    """A professional lets go what only their absence holds back, and nothing else."""
    assert block_reason({"child", "child_led"}) is None
    why = block_reason({"child", "child_led", "no_weight"})
    assert why is not None
    assert why.rule == "health-no-weight"


def test_an_answer_is_read() -> None:
    """Only what was answered with yes counts."""
    assert parse_answer({"yes": ["numb", "pinch"], "no": ["child"]}) == {"numb", "pinch"}
    assert parse_answer({"yes": [], "no": KEYS}) == frozenset()
    assert parse_answer({}) == frozenset()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "must be two lists"),
        ("numb", "must be two lists"),
        (["numb"], "must be two lists"),
        ({"yes": "numb"}, "must be two lists"),
        ({"yes": 3}, "must be two lists"),
        ({"maybe": []}, "must be two lists"),
        ({"yes": ["gout"]}, "no condition gout; the conditions are not_cleared"),
        ({"yes": [], "no": ["gout"]}, "no condition gout"),
        ({"yes": ["numb"], "no": ["numb"]}, "numb is answered with both yes and no"),
    ],
)
def test_what_is_no_answer_is_refused(answer: Any, words: str) -> None:
    """With a sentence that says what is wrong."""
    with pytest.raises(ValueError, match=words):
        parse_answer(answer)


def test_an_exercise_is_judged_by_its_own_cautions() -> None:
    """The strictest ruling counts, with the reasons for it alone; without a caution there is none."""
    stretch = exercises()["3a"]
    assert restriction_on(stretch, ()) == restriction_on(stretch, {"numb"})
    assert restriction_on(stretch, ()).restriction is None
    gentler = restriction_on(stretch, {"arch_falls"})
    assert gentler.restriction is Restriction.REDUCED
    assert [why.rule for why in gentler.reasons] == ["health-arch-falls"]
    both = restriction_on(stretch, {"arch_falls", "tendon_pain", "insertional"})
    assert both.restriction is Restriction.EXCLUDED
    assert {why.rule for why in both.reasons} == {"health-tendon-pain", "health-insertional"}
    assert {why.sentence for why in both.reasons} <= {one.reason for one in stretch.cautions}


@pytest.mark.parametrize("key", list(exercises()))
def test_who_was_cleared_begins_gently_with_everything(key: str) -> None:
    """Each exercise is gentler or left out, whether or not its file says so."""
    judgement = restriction_on(exercises()[key], {"cleared"})
    assert judgement.restriction in (Restriction.REDUCED, Restriction.EXCLUDED)
    assert judgement.reasons


def test_a_straight_knee_stretch_of_ten_minutes() -> None:
    """With a neurological condition, in holds of a minute or of the longer usual length."""
    stretch = exercises()["3a"]
    assert health_questions.neuro_dose(stretch, Item(exercise="3a")) == Item(exercise="3a", hold_s=60, repetitions=10)
    long = Item(exercise="3a", hold_s=90, repetitions=2)
    assert health_questions.neuro_dose(stretch, long) == Item(exercise="3a", hold_s=90, repetitions=7)


def test_the_questions_are_asked_first_and_again() -> None:
    """Never answered, much pain since, something said to have changed, or older than half a year; else not."""
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
