"""The doorbell: whoever leaves in the middle goes on where they were, and is offered what is left when it is late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from station.catalogue.records import Item
from station.core.events import SECOND_US, CommandName, Side
from station.core.steps import HoldStep
from station.store.records import Hold
from tests.station.health_answers import add_cared
from tests.station.led import COMPARATORS, Led, credited, legs_of, routine_of
from tests.station.rig import Rig
from tests.station.states import AnyState

ITEMS = (Item(exercise="3b", hold_s=10, repetitions=1), Item(exercise="3a", hold_s=20, repetitions=2))
ROUTINE = routine_of(ITEMS, analogue=False)
DONE_BEFORE_S = 8.0
"""Of the second hold of the second exercise."""
LEAVING_S = 1.5
"""A person who leaves leans back first, with the heel down."""


def holds_of(rig: Rig) -> list[Hold]:
    """All that was ever held, in order of time."""
    found = [hold for session in reversed(rig.store.sessions()) for hold in held_in(rig, session.id)]
    return sorted(found, key=lambda hold: hold.started_at)


def held_in(rig: Rig, session_id: str) -> tuple[Hold, ...]:
    detail = rig.store.session(session_id)
    assert detail is not None
    return detail.holds


def begin(led: Led, person_id: str | None = None) -> None:
    """The first exercise and one hold of the second are done, and the second one is under way."""
    led.station.start(ROUTINE, person_id or led.person_id, "the routine")
    led.live(0.1)
    led.board.act("auto")

    def second() -> bool:
        now = AnyState(led.station.snapshot().state)
        return (now.step, now.repetition, now.phase) == (1, 2, "hold")

    led.until(second, 300.0)
    led.live(DONE_BEFORE_S)


def leave(led: Led) -> None:
    """Step off, and let the station notice that nobody comes back: the routine has ended by then."""
    led.board.act("step_off")
    led.until_phase("ended", limit_s=90.0)


def away(led: Led, minutes: float, since_us: int) -> None:
    """Be away until so many minutes after the routine ended."""
    led.until(lambda: led.station.snapshot().session_id is None, 60.0)
    gone_us = led.clock.now_us() - since_us
    led.jump_to(led.clock.utc_now() + timedelta(minutes=minutes) - timedelta(microseconds=gone_us))
    led.live(0.5)


def come_back(led: Led) -> None:
    """Step on, and do what the board asks."""
    led.board.act("auto")
    led.live(8.0)


@pytest.fixture
def led(tmp_path: Path) -> Iterator[Led]:
    with Led(tmp_path, COMPARATORS) as made:
        yield made


@pytest.mark.parametrize("minutes", [1.0, 5.0, 9.9])
def test_within_ten_minutes_stepping_on_goes_on(led: Led, minutes: float) -> None:
    """The same repetition begins again, what came before it is not repeated, and in the end the dose is whole."""
    begin(led)
    leave(led)
    ended_us = led.clock.now_us()
    offered = led.station.snapshot().rest
    assert offered is not None
    assert offered.title == "the routine"
    away(led, minutes, ended_us)
    come_back(led)
    now = led.station.snapshot()
    assert (now.called, now.phase, now.exercise, now.side) == ("the routine", "prepare", "3a", Side.RIGHT)
    led.walk()
    holds = holds_of(led)
    assert [(hold.exercise, hold.side, hold.state) for hold in holds] == [
        ("3b", Side.LEFT, "finished"),
        ("3b", Side.RIGHT, "finished"),
        ("3a", Side.RIGHT, "finished"),
        ("3a", Side.RIGHT, "partial"),
        ("3a", Side.RIGHT, "finished"),
        ("3a", Side.LEFT, "finished"),
        ("3a", Side.LEFT, "finished"),
    ]
    assert DONE_BEFORE_S <= holds[3].credited_us / SECOND_US <= DONE_BEFORE_S + LEAVING_S
    assert credited([hold for hold in holds if hold.state == "finished"]) == legs_of(ROUTINE)
    assert led.store.unfinished_run(None) is None


def test_after_more_than_ten_minutes_it_is_only_offered(led: Led) -> None:
    """Stepping on begins what the settings say, which is nothing here; the page can still go on with the rest."""
    begin(led)
    leave(led)
    away(led, 10.2, led.clock.now_us())
    assert led.station.snapshot().rest is None
    come_back(led)
    assert led.station.snapshot().activity == "idle"
    led.station.request_start("rest", None)
    led.live(0.5)
    assert led.station.snapshot().called == "the routine"
    led.walk()
    assert credited([hold for hold in holds_of(led) if hold.state == "finished"]) == legs_of(ROUTINE)


def test_after_a_stop_it_is_only_offered(led: Led) -> None:
    """After `stop`, stepping on again does not resume; the unfinished routine is offered."""
    begin(led)
    led.station.command(CommandName.STOP)
    led.live(2.0)
    led.board.act("step_off")
    away(led, 1.0, led.clock.now_us())
    assert led.station.snapshot().rest is not None
    come_back(led)
    assert led.station.snapshot().activity == "idle"
    led.station.request_start("rest", None)
    led.live(0.5)
    led.walk()
    assert credited([hold for hold in holds_of(led) if hold.state == "finished"]) == legs_of(ROUTINE)


def test_a_station_that_was_killed_offers_the_rest(tmp_path: Path) -> None:
    """The power fails in the middle of a hold: what is left is known to the station that comes back."""
    with Led(tmp_path, COMPARATORS) as led:
        begin(led)
        person_id = led.person_id
    with Led(tmp_path, COMPARATORS) as led:
        kept = led.store.unfinished_run(person_id)
        assert kept is not None
        assert kept.title == "the routine"
        led.live(1.0)
        led.station.request_start("rest", None)
        led.live(0.5)
        led.walk()
        holds = holds_of(led)
        assert credited([hold for hold in holds if hold.state == "finished"]) == legs_of(ROUTINE)
        assert led.store.unfinished_run(person_id) is None


def test_the_rest_is_the_persons_own(led: Led) -> None:
    """What Ada has left is not begun by Ben's step, nor by his wish; Ada goes on with it."""
    ada, ben = add_cared(led.store, "Ada"), add_cared(led.store, "Ben")
    begin(led, ada)
    leave(led)
    led.until(lambda: led.station.snapshot().session_id is None, 60.0)
    led.station.request_start("rest", ben)
    led.live(0.5)
    now = led.station.snapshot()
    assert now.activity == "idle"
    assert now.note is not None
    assert "Nothing remains" in now.note
    led.station.start(routine_of((Item(exercise="3b", hold_s=10, repetitions=1, side=Side.LEFT),)), ben)
    led.live(0.1)
    led.walk()
    assert led.store.unfinished_run(ben) is None
    assert led.store.unfinished_run(ada) is not None
    led.until(lambda: led.station.snapshot().session_id is None, 60.0)
    come_back(led)
    assert led.station.snapshot().activity == "idle", "Ben steps on, and Ada's rest is not his"
    led.station.request_start("rest", ada)
    led.live(0.5)
    led.walk()
    of_ada = [hold for hold in holds_of(led) if hold.person_id == ada and hold.state == "finished"]
    assert credited(of_ada) == legs_of(ROUTINE)


def test_another_routine_makes_the_doorbell_forgotten(led: Led) -> None:
    """After another start, stepping on does not resume the old routine."""
    begin(led)
    leave(led)
    led.station.start((HoldStep((Side.LEFT,), 5 * SECOND_US, 1, prepare_us=3 * SECOND_US),), None)
    led.live(0.1)
    led.walk()
    led.until(lambda: led.station.snapshot().session_id is None, 60.0)
    come_back(led)
    assert led.station.snapshot().activity == "idle"
