"""`station check` names the faulty wire, in words; hardware/CHECK.md has all results."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from threading import Event

import click
import pytest
from click.testing import CliRunner

from hardware.wiring import RAILS
from station.app.board.bring_up_records import Result
from station.cli.terminal_witness import TerminalWitness
from station.clock import SystemClock
from station.devices.probe import keep_busy
from station.devices.range_parts import I2cBus
from station.simulator.board import SimulatedBoard
from station.simulator.wires import FaultKind, WireFault, channel_line
from station.system.bring_up_questions import colour_question, press_question, tones_question, volts_question
from station.system.wire_faults import FIRST_RAIL, lines_of, table, volts_class
from tests.bench.check_faults import BOARDS, PAGE, Outcome, configuration, measured, page
from tests.station.process import BOUND_S
from tests.station.system.bring_up_rig import check

NAMED_SHARE = 0.9


@pytest.fixture(scope="module")
def found() -> dict[str, list[Outcome]]:
    return measured()


def spoken(fault: WireFault, keys: str = "") -> Result:
    """The last sentence of the check."""
    return check(configuration(keys), fault).said[-1]


@pytest.mark.parametrize("keys", BOARDS.values(), ids=BOARDS)
def test_a_healthy_board_has_no_fault(keys: str) -> None:
    """With and without questions."""
    for asks in (True, False):
        made = check(configuration(keys), None, asks=asks)
        assert [one for one in made.said if not one.well] == []
        assert made.faults == []
        assert "no check can tell" in made.said[-1].sentence


def test_nine_of_ten_faults_are_named_and_the_rest_narrowed_to_two(found: dict[str, list[Outcome]]) -> None:
    every = [one for rows in found.values() for one in rows]
    assert [one.fault.name for one in every if not one.is_narrowed] == []
    assert sum(one.is_right for one in every) >= NAMED_SHARE * len(every)


def test_page_has_what_was_measured(found: dict[str, list[Outcome]]) -> None:
    """Written by `python -m tests.bench.check_faults --write`."""
    assert PAGE.read_text(encoding="utf-8") == page(found)


def test_every_line_has_each_fault() -> None:
    """The table has each configured wire open, at ground, at 3.3 V and swapped with a neighbour, and each rail open."""
    rows = table(configuration(""))
    rails = {row.lines[0].name for row in rows if row.lines[0].number >= FIRST_RAIL}
    assert rails == {rail.name for rail in RAILS}
    singles = [row for row in rows if len(row.lines) == 1 and row.lines[0].name not in rails]
    swapped = {line.name for row in rows for line in row.lines if len(row.lines) == 2}
    assert len(singles) == 3 * 16
    assert {row.lines[0].name for row in singles} == swapped


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (WireFault(FaultKind.OPEN, 2), ("wire of SDA", "GPIO 2 (place 3, plug J1 pole 3)", "is open", "harness.svg")),
        (WireFault(FaultKind.GROUND, 24), ("knee pad", "GPIO 24 (place 18,", "shorted to ground", "to ground:")),
        (WireFault(FaultKind.SUPPLY, 8), ("CS", "pin 10 of the MCP3008", "3.3 V", "schematic.svg")),
        (WireFault(FaultKind.OPEN, channel_line(1)), ("right heel", "CH1", "right force sensor", "open")),
        (WireFault(FaultKind.SWAPPED, 5, 6), ("red and green are swapped", "GPIO 5", "GPIO 6")),
        (WireFault(FaultKind.OPEN, 9), ("DOUT", "; or ", "open", "shorted to ground")),
    ],
    ids=lambda value: "",
)
def test_fault_is_named_with_wire_pins_and_measurement(fault: WireFault, words: tuple[str, ...]) -> None:
    said = spoken(fault)
    assert not said.well
    assert [word for word in words if word not in said.sentence] == []


def test_pins_are_those_of_the_configuration() -> None:
    keys = "[pins]\nbuzzer = 12\n"
    assert "GPIO 12 (place 32)" in spoken(WireFault(FaultKind.OPEN, 12), keys).sentence


def test_another_kind_of_sensor_is_named() -> None:
    keys = '[range_sensor]\nkind = "VL53L4CD"\n'
    assert "XSHUT of the VL53L4CD" in spoken(WireFault(FaultKind.OPEN, 4), keys).sentence


def test_without_questions_the_remaining_faults_are_listed() -> None:
    made = check(configuration(""), WireFault(FaultKind.OPEN, 3), asks=False)
    assert "SCL open" in made.said[-1].sentence
    assert "answer all questions" in made.said[-1].sentence
    assert not made.said[-1].well


def test_impossible_voltage_has_no_class() -> None:
    assert volts_class(2.4) == volts_class(2.64) == "2.5 V"
    assert volts_class(5.0) is None


def test_buses_are_busy_during_a_measurement() -> None:
    """Both, until the measurement is over, even if the sensor does not answer."""
    board = SimulatedBoard(configuration(""), SystemClock())
    board.put_fault(WireFault(FaultKind.OPEN, 2))
    sent, called = Event(), Event()
    transfer, bus = board.adc.transfer, board.bus

    def count(words: Sequence[int]) -> list[int]:
        sent.set()
        return transfer(words)

    board.adc.transfer = count  # type: ignore[method-assign]  # a listener on the bus, like a logic probe

    def open_bus() -> I2cBus:
        called.set()
        return bus

    before = {*threading.enumerate()}
    with keep_busy(open_bus, board.pin_factory, adc=True):
        assert sent.wait(BOUND_S)
        assert called.wait(BOUND_S)
    assert {*threading.enumerate()} <= before


def test_questions_take_a_voltage_with_a_comma_and_ask_again_after_a_word() -> None:
    given: list[str] = []
    lines = lines_of(configuration(""))

    @click.command()
    def ask() -> None:
        questions = TerminalWitness()
        given.append(questions.ask(press_question("knee pad")))
        given.append(questions.ask(tones_question()))
        given.append(questions.ask(colour_question()))
        given.append(questions.ask(volts_question(lines["SDA"], is_near=True)))
        given.append(questions.ask(volts_question(lines["left heel"], is_near=False)))

    done = CliRunner().invoke(ask, input="\nno\nskip\nabc\n2,5 V\n\n")
    assert given == ["ready", "no", "skip", "2.5", "skip"]
    assert "Now press the knee pad" in done.output
    assert "'abc' is not a voltage" in done.output
