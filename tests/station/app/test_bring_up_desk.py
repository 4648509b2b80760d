"""The bring-up while the station runs: the loop lends the parts, asks on the page, refuses, and takes them back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from station.app.board.bring_up_desk import ANSWER_US, GOING, OCCUPIED, PAIRING, RUNNING, STOPPED, UNANSWERED
from station.app.board.bring_up_records import BringUpView, Result, Witness
from station.config import parse
from station.devices.board import Devices
from station.system.self_check import check_board
from station.system.simulate import simulated
from station.system.wire_faults import COLOURS, Diagnosis
from tests.station.rig import COMPARATORS, Rig, hold_of
from tests.station.system.bring_up_rig import VirtualBench

NEWS_S = 20.0
"""The longest wait for the bring-up's thread, which is not in virtual time."""


class VirtualParts:
    """The parts of a station in virtual time; the bring-up's thread lets time pass while it has them."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.devices = rig.devices
        self.config = simulated(parse(COMPARATORS, "wiring.toml"))

    def bring_up(self, witness: Witness | None, publish: Callable[[Result], None]) -> None:
        self.devices.close()
        bench = VirtualBench(self.config, None, self.rig.clock, self.rig.board)
        for result in check_board(bench.bench, Diagnosis(self.config), {}, witness):
            publish(result)

    def reopen(self) -> Devices:
        station, board = self.rig.station, self.rig.board
        self.devices = Devices(
            self.config,
            board.clock,
            station.post,
            station.report_fault,
            pin_factory=board.pin_factory,
            open_bus=board.open_bus,
        )
        self.devices.start(threads=False)
        return self.devices


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path) as made:
        made.station.lend(VirtualParts(made))
        yield made
        made.station.end_bring_up()


def view_of(rig: Rig) -> BringUpView:
    view = rig.station.snapshot().bring_up
    assert view is not None
    return view


def done(rig: Rig, future: Future[None]) -> None:
    rig.station.drain()
    future.result(0)


def begin(rig: Rig, *, asks: bool = True, is_empty: bool = False) -> None:
    done(rig, rig.station.start_bring_up(asks=asks, is_empty=is_empty))


def until(rig: Rig, condition: Callable[[BringUpView], object]) -> BringUpView:
    """Handle news of the bring-up until its view meets the condition."""
    while not condition(view_of(rig)):
        item = rig.station.take(NEWS_S)
        assert item is not None, view_of(rig)
        rig.station.drain(item)
    return view_of(rig)


def answer(rig: Rig, word: str) -> None:
    done(rig, rig.station.answer_bring_up(view_of(rig).number, word))


def finish(rig: Rig, heard: str = "yes") -> BringUpView:
    """Do and answer everything it asks for."""
    colours = iter(COLOURS)
    while True:
        view = until(rig, lambda now: now.is_over or now.question)
        if view.question is None:
            return view
        if view.question.then:
            rig.board.act("press", view.question.part)
            answer(rig, "ready")
        elif view.question.takes_volts:
            answer(rig, "skip")
        else:
            answer(rig, heard if view.question.part == "buzzer" else next(colours))


def test_healthy_board_has_no_findings(rig: Rig) -> None:
    begin(rig)
    view = finish(rig)
    assert [result for result in view.results if not result.well] == []
    assert view.is_well
    assert {"probed", "exercised", "witnessed", "named"} == {result.step for result in view.results}


def test_a_silent_buzzer_is_named_with_its_picture(rig: Rig) -> None:
    begin(rig)
    view = finish(rig, heard="no")
    assert not view.is_well
    assert view.results[-1].pictures == ("schematic.svg",)
    assert "buzzer" in view.results[-1].sentence


def test_without_questions_a_missing_sensor_is_found(rig: Rig) -> None:
    rig.board.act("pull_cable")
    begin(rig, asks=False)
    view = until(rig, lambda now: now.is_over)
    assert "distance sensor" in {result.part for result in view.results if not result.well}
    assert not view.is_well


def test_nothing_starts_during_bring_up(rig: Rig) -> None:
    begin(rig)
    until(rig, lambda now: now.question)
    refused: list[Future[Any]] = [
        rig.station.request_start("stretch", None),
        rig.station.request_presence(),
        rig.station.start_bring_up(asks=False, is_empty=False),
    ]
    rig.station.drain()
    for future in refused:
        with pytest.raises(ValueError, match="The board is being checked") as error:
            future.result(0)
        assert str(error.value) == GOING
    assert rig.station.snapshot().activity == "idle"


def test_bring_up_is_refused_on_an_occupied_board_unless_said_to_be_empty(rig: Rig) -> None:
    rig.step_on()
    with pytest.raises(ValueError, match="Someone is on the board") as error:
        begin(rig)
    assert str(error.value) == OCCUPIED
    begin(rig, is_empty=True)
    until(rig, lambda now: now.question)


def test_a_plate_pressed_before_it_starts_nothing_meanwhile(tmp_path: Path) -> None:
    """A heel that came down just before counts as standing two seconds later, when the parts are already lent."""
    with Rig(tmp_path, on_step="stretch") as rig:
        rig.station.lend(VirtualParts(rig))
        rig.step_on(after_s=0.5)
        begin(rig, is_empty=True)
        until(rig, lambda now: now.question)
        assert rig.station.snapshot().activity == "idle"
        rig.station.end_bring_up()


def test_board_that_another_program_holds_starts_nothing(tmp_path: Path) -> None:
    """The reason is the answer to each request; a person who stood there meanwhile steps off and on again."""
    with Rig(tmp_path, on_step="stretch") as rig:
        rig.station.hold_board("Another program has it.")
        asked = (rig.station.request_start("stretch", None), rig.station.request_presence())
        rig.station.start(hold_of(5), None)
        rig.step_on(after_s=3)
        now = rig.station.snapshot()
        assert [str(one.exception(0)) for one in asked] == ["Another program has it."] * 2
        assert (now.activity, now.note, rig.faults) == ("idle", "Another program has it.", {"board": now.note})
        with pytest.raises(ValueError, match="Another program has it"):
            begin(rig, is_empty=True)
        rig.station.lend(VirtualParts(rig))
        rig.live(3)
        assert (rig.station.snapshot().activity, rig.faults) == ("idle", {})
        rig.board.act("step_off")
        rig.live(1)
        rig.step_on(after_s=3)
        assert rig.station.snapshot().activity == "hold"


def test_bring_up_is_refused_during_a_run_and_a_pairing(rig: Rig) -> None:
    pairing = rig.station.request_presence()
    rig.live(0.1)
    with pytest.raises(ValueError, match=PAIRING):
        begin(rig)
    rig.station.cancel_presence(pairing.result(0).id)
    rig.step_on()
    rig.hold(60)
    with pytest.raises(ValueError, match=RUNNING):
        begin(rig, is_empty=True)


def test_answer_must_be_valid_and_for_the_shown_question(rig: Rig) -> None:
    begin(rig)
    view = until(rig, lambda now: now.question)
    for number, word, words in (
        (view.number, "purple", "is not an answer"),
        (view.number - 1, "ready", "has moved on"),
    ):
        future = rig.station.answer_bring_up(number, word)
        rig.station.drain()
        with pytest.raises(ValueError, match=words):
            future.result(0)
    assert view_of(rig).question == view.question


def test_bring_up_can_be_stopped(rig: Rig) -> None:
    begin(rig)
    until(rig, lambda now: now.question)
    done(rig, rig.station.stop_bring_up())
    view = until(rig, lambda now: now.is_over)
    assert (view.why, view.is_well) == (STOPPED, False)


def test_abandoned_page_does_not_keep_the_board(rig: Rig) -> None:
    begin(rig)
    until(rig, lambda now: now.question)
    rig.clock.advance_by(ANSWER_US)
    rig.station.drain()
    assert until(rig, lambda now: now.is_over).why == UNANSWERED
