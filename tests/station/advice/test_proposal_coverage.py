"""Every exercise is proposed in some situation, and no proposal violates a caution."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from station.advice.records import Situation
from station.advice.triage import proposal
from station.app.starting.start_gate import PROPOSED_FROM
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import FeltPlace
from tests.bench.proposals import PLACES, STATES, faults, figures, proposals
from tests.station.advice.guide import NOW, NUMBERS, is_blocked
from tests.station.health_answers import on_both

BASE = built_in_routines()[PROPOSED_FROM].items


def test_no_proposal_violates_a_caution() -> None:
    """For any two conditions, every place, state and turn; only a block leaves nothing."""
    seen = set()
    for name, situation, found in proposals():
        assert faults(situation, found) == [], (name, situation)
        assert not [why for why in found.reasons if "{" in why.sentence], (name, situation)
        assert situation.conditions is not None
        assert bool(found.items) is not is_blocked(situation.conditions.left), (name, situation)
        seen.add(name)
    assert seen == STATES.keys()


def test_bench_counts_all_twenty(capsys: pytest.CaptureFixture[str]) -> None:
    """The figure comes with a table of five lines, which has every exercise."""
    assert figures()["proposal_coverage"]["value"] == 20
    shown = capsys.readouterr().err
    assert len(shown.splitlines()) == 5
    assert all(f" {key} " in f" {shown}".replace("\n", " ") for key in NUMBERS)


@pytest.mark.parametrize("felt", PLACES, ids=lambda felt: "+".join(sorted(felt)) or "nothing felt")
def test_all_twenty_come_up_for_every_place(felt: frozenset[FeltPlace]) -> None:
    """Within fifteen turns of half an hour, for a person without conditions or any history."""
    new = Situation(NOW, on_both(), felt_places=felt)
    found = [proposal(exercises(), BASE, replace(new, rotation=turn)) for turn in range(15)]
    assert {str(item.exercise) for one in found for item in one.items} == set(NUMBERS)
    assert all(one.duration_s <= 1800 for one in found)


def test_proposal_depends_only_on_the_situation() -> None:
    """The same situation has the same proposal."""
    situation = Situation(NOW, on_both("pinch"), felt_places=frozenset({FeltPlace.CALF}), rotation=3)
    assert proposal(exercises(), BASE, situation) == proposal(exercises(), BASE, situation)
