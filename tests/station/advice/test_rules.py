"""Every reason has a rule, and every rule a reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from station.advice import health_questions, pain, plan, triage
from station.advice.conditions import CLEARED
from station.advice.records import LegConditions, Proposal, Reason, SideHistory, Situation
from station.advice.restrictions import restrict
from station.advice.rules import RULE_BY_KEY, RULES, Rule
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import FeltPlace, Item
from station.core.events import Side
from station.core.steps import HoldStep
from tests.station.advice.guide import CONDITIONS, NOW
from tests.station.health_answers import on_both
from tests.tree import ROOT

ALL = exercises()
DAY = timedelta(days=1)


def of_proposal(found: Proposal) -> Iterator[Reason]:
    yield from found.reasons
    yield from (one.reason for one in found.excluded)
    yield from (one.reason for one in found.reduced)
    if found.block_reason:
        yield found.block_reason


def situations() -> Iterator[Situation]:
    """Situations that each differ in one thing."""
    yield Situation(NOW)
    yield from (Situation(NOW, on_both(condition)) for condition in CONDITIONS)
    yield from (Situation(NOW, on_both(), pain_answers=((NOW - DAY, number),)) for number in range(11))
    yield from (Situation(NOW, on_both(), felt_places=frozenset({place}), available_minutes=10) for place in FeltPlace)
    yield from (Situation(NOW, LegConditions(frozenset({condition}))) for condition in CONDITIONS)
    yield Situation(NOW, on_both(), not_felt_exercises=frozenset({"3b"}))
    yield Situation(NOW, on_both(), rotation=0)
    yield Situation(NOW, on_both(), sides=(Side.LEFT,))
    yield Situation(NOW, on_both(CLEARED), calm_training_days=health_questions.CALM_DAYS_PER_STAGE)
    for course in (
        SideHistory(is_known=True, is_gaining=True, weeks=9, last_gain_at=NOW - DAY),
        SideHistory(is_known=True, is_steady=True, weeks=20),
        SideHistory(is_known=True, weeks=20, has_reached_goal=True, deficit_mm=20),
        SideHistory(weeks=2),
        SideHistory(weeks=8),
        SideHistory(weeks=20, change_mm=-1),
    ):
        yield Situation(NOW, on_both(), side_histories={Side.LEFT: course})
        yield Situation(NOW, on_both(), side_histories={Side.LEFT: course}, has_trained_regularly=False)


def of_plans() -> Iterator[Reason]:
    """The reasons of a plan on each day of three weeks, after several kinds of progress."""
    one = plan.plan_from_dict({"days": [[0, "18:00"]], "zone": "Europe/Berlin"})
    yield from filter(None, [plan.few_days_hint(one)])
    histories = [
        plan.PlanProgress(),
        plan.PlanProgress(last_test=NOW, last_full_test=NOW, last_finished_at=NOW),
        plan.PlanProgress(last_test=NOW, last_stretched_at=NOW, last_finished_at=NOW),
        plan.PlanProgress(baseline_since=NOW, is_baseline_answered=True),
    ]
    for done in histories:
        for day in range(22):
            yield from plan.due(one, done, datetime(2026, 6, 1, 18, 30, tzinfo=UTC) + day * DAY).reasons


def produced() -> set[Reason]:
    """Every reason in all these situations."""
    found: set[Reason] = {*of_plans()}
    for situation in situations():
        for base in (built_in_routines()["full"].items, [Item(exercise="7a"), Item(exercise="1a")]):
            found.update(of_proposal(triage.proposal(ALL, base, situation)))
            found.update(of_proposal(triage.apply_precautions(ALL, [Item(exercise="8")], situation)))
    gone = restrict(ALL, (HoldStep(exercise="99z"),), Situation(NOW, on_both()))
    found.update(one.reason for one in gone.excluded)
    found.update(pain.advice(number).reason for number in range(11))
    found.update(
        filter(None, [health_questions.ask_reason(None, NOW), health_questions.ask_reason(NOW - 400 * DAY, NOW)])
    )
    return found


def test_reasons_and_rules_match() -> None:
    """Every reason has a rule, and every rule is used."""
    assert {why.rule for why in produced()} == set(RULE_BY_KEY)


def test_rules_named_in_code_exist() -> None:
    """Including those that no test produces."""
    named = set()
    for file in (ROOT / "station/advice").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) == "Reason"
                and isinstance(node.args[0], ast.Constant)
            ):
                named.add(node.args[0].value)
    assert len(named) > 25
    assert named <= RULE_BY_KEY.keys()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.key)
def test_rule_has_text_and_source(rule: Rule) -> None:
    """A key for a link, a short title, a text of a few lines, and its source."""
    assert re.fullmatch(r"[a-z][a-z0-9-]*", rule.key)
    assert 3 <= len(rule.title) <= 50
    assert rule.text.endswith(".")
    assert len(rule.text) <= 200
    assert 3 <= len(rule.source) <= 90


def reason_of(rule: str, situation: Situation) -> str | None:
    """The sentence of this rule in a proposal with unlimited time."""
    long = replace(situation, available_minutes=24 * 60)
    found = triage.proposal(ALL, built_in_routines()["daily"].items, long)
    return next((why.sentence for why in of_proposal(found) if why.rule == rule), None)


def listed(rule: str) -> list[str]:
    """The list in a rule's text, between its colon and the end of the sentence."""
    return RULE_BY_KEY[rule].text.split(": ")[1].split(". ")[0].split(", ")


def test_turns_come_as_their_rule_lists_them() -> None:
    sections = listed("rotation")
    assert len(sections) == 5
    for turn in range(10):
        said = reason_of("rotation", Situation(NOW, on_both(), rotation=turn))
        assert f"“{sections[turn % 5]}”" in str(said)


def test_new_range_is_loaded_as_its_rule_lists_it() -> None:
    """One step a week, and nothing after the last."""
    for week, aim in enumerate(listed("new-range")):
        course = SideHistory(is_known=True, weeks=9, last_gain_at=NOW - week * 7 * DAY)
        assert f"learn to {aim}:" in str(
            reason_of("new-range", Situation(NOW, on_both(), side_histories={Side.LEFT: course}))
        )
    over = SideHistory(is_known=True, weeks=9, last_gain_at=NOW - 29 * DAY)
    assert reason_of("new-range", Situation(NOW, on_both(), side_histories={Side.LEFT: over})) is None


def test_dose_grows_after_the_days_of_its_rule() -> None:
    """The days at which the dose of a recently cleared person changes are those in the text."""
    sets = [
        triage.proposal(ALL, [Item(exercise="5b")], Situation(NOW, on_both("cleared"), calm_training_days=days)).items
        for days in range(30)
    ]
    changes = [day for day in range(1, 30) if sets[day] != sets[day - 1]]
    assert changes == [int(number) for number in re.findall(r"(?:after|than) (\d+)", RULE_BY_KEY["dose-grows"].text)]
    assert [items[0].repetitions for items in (sets[0], sets[changes[0]], sets[changes[1]])] == [15, 23, None]


def test_time_without_a_choice_is_that_of_its_rule() -> None:
    (minutes,) = re.findall(r"(\d+) minutes", RULE_BY_KEY["time"].text)
    places = frozenset(FeltPlace)
    unchosen = Situation(NOW, on_both(), felt_places=places, rotation=2)
    chosen = replace(unchosen, available_minutes=int(minutes))
    daily = built_in_routines()["daily"].items
    assert triage.proposal(ALL, daily, unchosen) == triage.proposal(ALL, daily, chosen)


def test_rule_keys_and_titles_are_unique() -> None:
    """Each rule can be found by either."""
    assert len(RULE_BY_KEY) == len(RULES) == len({rule.title for rule in RULES})


def test_sentences_are_short_and_kind() -> None:
    """At most two lines of a phone in landscape; no blame and no diagnosis."""
    for why in produced():
        assert why.sentence.endswith((".", "?"))
        assert len(why.sentence) <= 190, why
        assert not re.search(
            r"\b(fail|failed|bad|abnormal|restricted|lazy|should have|diagnos\w+|!)\b", why.sentence
        ), why
