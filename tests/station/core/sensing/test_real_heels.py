"""Recordings of real heels on pressure insoles, through the rules."""

from __future__ import annotations

from itertools import groupby, pairwise
from operator import itemgetter
from statistics import fmean, median, pstdev

import pytest

from station.core.activities.contact_proof import AttemptRules
from station.core.events import Event, Knee, Load, Side, Toe
from station.core.facts import (
    AttemptPassed,
    Cue,
    Fact,
    HeelLifted,
    HeelReturned,
    HoldEnd,
    HoldPartial,
    HoldStarted,
    SensorBack,
    SensorLost,
)
from station.core.sensing.heel_load import LoadRules
from station.core.sensing.sensors import References
from station.core.steps import HoldStep, TestStep
from tests.recordings import heel_cells, heel_sums, still_readings
from tests.station.core.traces import LEFT, facts_of, one, only, us

HOLD = HoldStep((LEFT,), us(90), 1, us(15), us(1))
EMPTY_KNOWN = References(dict.fromkeys(Side, 0.0))
ZERO_S = [(4.818, 6.206), (10.954, 12.603), (26.045, 28.311)]
"""The long stretches in which the cell of heel a reads 0: their first sample, and the first one after them."""
RECORDINGS = [(1, "a"), (1, "b"), (2, "a"), (2, "b")]


def loads(number: int, foot: str, until_s: float = 1e9) -> list[Event]:
    return [Load(at_us, LEFT, share) for at_us, share in heel_cells(number, foot) if at_us <= us(until_s)]


@pytest.mark.parametrize("references", [None, EMPTY_KNOWN], ids=["learnt", "empty known"])
def test_hold_finds_the_lifts_of_a_recording(references: References | None) -> None:
    """Each stretch at 0 is one lift from its first sample on; the drop-out at 19.4 s is silent."""
    facts = facts_of(loads(1, "a", 30), HOLD, references=references)
    lifts = [(up.since_us, down.since_us) for up, down in _lifts(facts)]
    since_s = [(up_us / 1e6, down_us / 1e6) for up_us, down_us in lifts if down_us > up_us + us(0.5)]
    begun_s = one(facts, HoldStarted).at_us / 1e6
    assert begun_s < 6.5
    assert since_s == [span for span in ZERO_S if span[0] > begun_s]
    assert one(facts, HoldPartial).lifts == len(since_s)
    assert one(facts, HoldPartial).micro_lifts == 1


def _lifts(facts: list[Fact]) -> list[tuple[HeelLifted, HeelReturned]]:
    return list(zip(only(facts, HeelLifted), only(facts, HeelReturned), strict=True))


@pytest.mark.parametrize(("number", "foot"), RECORDINGS)
@pytest.mark.parametrize("references", [None, EMPTY_KNOWN], ids=["learnt", "empty known"])
def test_hold_credits_no_time_without_load(number: int, foot: str, references: References | None) -> None:
    """Over a whole recording the credit is at most the time in which the cell read more than 0."""
    events = loads(number, foot)
    facts = facts_of(events, HoldStep((LEFT,), us(200), 1, 0, us(1)), references=references)
    credited_us = sum(end.credited_us for end in only(facts, HoldEnd))
    cells = heel_cells(number, foot)
    loaded_us = sum(b[0] - a[0] for a, b in pairwise(cells) if a[1] > 0)
    assert 0 < credited_us <= loaded_us
    assert len([cue for cue in only(facts, Cue) if cue.cue == "HEEL_UP"]) == sum(
        end.lifts for end in only(facts, HoldEnd)
    )


@pytest.mark.parametrize(("number", "foot"), RECORDINGS)
def test_heels_pass_quickly_through_the_loads_that_prove_nothing(number: int, foot: str) -> None:
    """Between the thresholds of UP and DOWN a load is in transit: for half a second at most, and far from steady."""
    rules, attempt = LoadRules(), AttemptRules()
    sums = heel_sums(number, foot)
    windows = [[load for at_us, load in sums if from_us <= at_us < from_us + us(2)] for from_us, _ in sums]
    full = [window for window in windows if len(window) >= 12 and min(window) > 0]
    steady = [fmean(window) for window in full if pstdev(window) < attempt.max_load_cv * fmean(window)]
    standing = median(steady)
    assert min(steady) > 2 * rules.down_fraction * standing
    is_between = [rules.up_fraction <= load / standing < rules.down_fraction for _, load in sums]
    spans_us = []
    for inside, numbered in groupby(enumerate(is_between), key=itemgetter(1)):
        numbers = [number for number, _ in numbered]
        spans_us += [sums[numbers[-1]][0] - sums[numbers[0]][0]] if inside else []
    assert len(spans_us) > 5
    assert max(spans_us) <= us(0.5)


def test_sensor_is_lost_in_a_gap_of_a_recording() -> None:
    """The gap of 1.6 s at the start is reported, and the third sample after it recovers the sensor."""
    facts = facts_of(loads(1, "a", 4), HOLD)
    assert one(facts, SensorLost).at_us == us(0.5)
    assert one(facts, SensorBack).at_us == us(2.016)


@pytest.mark.parametrize(("number", "foot"), RECORDINGS)
@pytest.mark.parametrize("references", [None, EMPTY_KNOWN], ids=["learnt", "empty known"])
@pytest.mark.parametrize("pads", [1, 0], ids=["pad", "inferred"])
def test_knee_to_wall_passes_nothing_without_a_touch(
    number: int, foot: str, references: References | None, pads: int
) -> None:
    """Real heels that shift and lift in front of a still wall pass no attempt, with or without a pad."""
    events = loads(number, foot)
    end_us = events[-1].at_us
    readings = [
        Toe(number * 33_333, reading + 60) for number, reading in enumerate(still_readings()[: end_us // 33_333])
    ]
    pad: list[Event] = [Knee(0, False)] * pads
    rows = sorted([*pad, *events, *readings], key=lambda event: event.at_us)
    facts = facts_of(rows, TestStep((LEFT,)), references=references)
    assert not only(facts, AttemptPassed)
