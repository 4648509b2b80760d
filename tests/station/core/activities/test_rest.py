"""The rest between the steps of a routine."""

from __future__ import annotations

from station.core.events import SECOND_US, Command, CommandName, Event, Tick
from station.core.facts import CueName, Ended
from station.core.steps import RestStep
from tests.station.core.traces import cues, facts_of, heard, only, us

REST = RestStep(20 * SECOND_US)


def rows(*commands: tuple[float, CommandName], until_s: float = 60) -> list[Event]:
    """Commands at these seconds, and nothing else."""
    said: list[Event] = [Command(us(at_s), word) for at_s, word in commands]
    return [Tick(0), *said, Tick(us(until_s))]


def test_a_rest_counts_down_to_its_end() -> None:
    """Three ticks in the last three seconds, then COMPLETE, standing or not."""
    facts = facts_of(rows(), REST)
    assert cues(facts) == [(17.0, "COUNT 3"), (18.0, "COUNT 2"), (19.0, "COUNT 1"), (20.0, "COMPLETE")]


def test_next_ends_a_rest_at_once() -> None:
    """For a person who has rested enough."""
    assert heard(facts_of(rows((6.0, CommandName.NEXT)), REST), CueName.COMPLETE) == [6.0]


def test_a_pause_stops_the_count_and_resume_continues() -> None:
    """The time left before the pause is left after it."""
    facts = facts_of(rows((5.0, CommandName.PAUSE), (15.0, CommandName.RESUME)), REST)
    assert heard(facts, CueName.PAUSED) == [5.0]
    assert heard(facts, CueName.COMPLETE) == [30.0]


def test_stop_ends_it() -> None:
    """A stopped rest is an early end, with its cue."""
    facts = facts_of(rows((5.0, CommandName.STOP)), REST)
    assert [ended.why for ended in only(facts, Ended)] == ["stop"]
    assert heard(facts, CueName.COMPLETE) == []
