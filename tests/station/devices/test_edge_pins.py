"""The edges of the pins, on a chip whose kernel the test is."""

from __future__ import annotations

import errno
import gc
import os
import select
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread
from typing import Any

import pytest
from gpiozero import Device, DigitalInputDevice, PinInvalidPull
from gpiozero.devices import _devices_shutdown

from station.clock import SystemClock
from station.core.events import Button, Event, Side
from station.core.facts import Cue, CueName
from station.devices.buzzer import PiezoBuzzer
from station.devices.contacts import PushButton
from station.devices.edge_thread import EdgeThread
from station.devices.errors import DeviceError
from station.devices.heels import AnalogueHeels
from station.devices.light import CueLight
from station.devices.pins import PinFactory, edge_thread, open_pin_factory
from station.devices.watched_line import LineEdge, WatchedLine
from tests.station.devices.board_rig import HandClock, unexpected
from tests.station.devices.kernel_rig import KernelChip, chip

__all__ = ["chip"]
BUTTON, HEEL, BUZZER = 22, 27, 18
LED = (5, 6, 13)
PULL_UP, PULL_DOWN, FLOATING = 1 << 8, 1 << 9, 1 << 10
PULL_UP_AT_LGPIO = 1 << 5
INPUT_BOTH_EDGES = 1 << 2 | 1 << 4 | 1 << 5
LIMIT_S = 5.0


@pytest.fixture
def pins(chip: KernelChip) -> Iterator[PinFactory]:
    Device.pin_factory = open_pin_factory()
    yield Device.pin_factory
    _devices_shutdown()  # as at the end of a process: every part that is open, then the pins
    assert edge_thread() is None


class Presses:
    """A line with a pull-up, and what gpiozero calls for it, in turn."""

    def __init__(self, pins: PinFactory, line: int = BUTTON) -> None:
        self.seen = Queue[tuple[str, float]]()
        self.device: Any = DigitalInputDevice(line, pull_up=True, pin_factory=pins)
        self.device.when_activated = lambda: self.seen.put(("pressed", self.device._last_changed))
        self.device.when_deactivated = lambda: self.seen.put(("released", self.device._last_changed))

    def next(self) -> tuple[str, float]:
        return self.seen.get(timeout=LIMIT_S)


def test_every_edge_is_called_for_with_the_kernels_time(chip: KernelChip, pins: PinFactory) -> None:
    """Two that come at once are two, in their order; the level is the line's own."""
    presses = Presses(pins)
    assert (chip.requests[BUTTON].num_lines, chip.requests[BUTTON].consumer) == (1, b"station")
    assert chip.requests[BUTTON].flags == INPUT_BOTH_EDGES | PULL_UP
    assert not presses.device.is_active
    chip.edge(BUTTON, False, 1_500_000_000)
    assert presses.next() == ("pressed", 1.5)
    assert presses.device.is_active
    chip.edge(BUTTON, True, 2_000_000_000)
    chip.edge(BUTTON, False, 2_250_000_000)
    assert [presses.next(), presses.next()] == [("released", 2.0), ("pressed", 2.25)]


def test_each_line_calls_its_own(chip: KernelChip, pins: PinFactory) -> None:
    button, heel = Presses(pins, BUTTON), Presses(pins, HEEL)
    chip.edge(HEEL, False, 1_000_000_000)
    assert heel.next() == ("pressed", 1.0)
    assert button.seen.empty()


def test_button_posts_its_presses(chip: KernelChip, pins: PinFactory) -> None:
    """The station's own part, on a Pi's pins."""
    events = Queue[Event]()
    button = PushButton(BUTTON, SystemClock(), events.put, unexpected, pin_factory=pins)
    button.start()
    chip.edge(BUTTON, False, 1)
    first = events.get(timeout=LIMIT_S)
    assert isinstance(first, Button)
    assert first.pressed
    button.close()


def test_lgpio_holds_a_line_that_is_not_watched(chip: KernelChip, pins: PinFactory) -> None:
    """Before, afterwards, and again: with the pull of the part that has it, and its edges for the next one."""
    for number in (1, 2):
        presses = Presses(pins)
        assert BUTTON not in chip.at_lgpio
        chip.edge(BUTTON, False, number)
        assert presses.next()[0] == "pressed"
        presses.device.close()
        assert not chip.is_watched(BUTTON)
        assert BUTTON in chip.at_lgpio


def test_pull_edges_and_debouncing_change_while_a_line_is_watched(chip: KernelChip, pins: PinFactory) -> None:
    presses = Presses(pins)
    pin = presses.device.pin
    pin.pull = "down"
    assert pin.pull == "down"
    assert chip.requests[BUTTON].flags == INPUT_BOTH_EDGES | PULL_DOWN
    assert not pin.state
    pin.bounce = 0.02
    attribute = chip.requests[BUTTON].attrs[0]
    assert (chip.requests[BUTTON].num_attrs, attribute.id, attribute.value, attribute.mask) == (1, 3, 20_000, 1)
    pin.bounce, pin.pull, pin.edges = None, "floating", "falling"
    assert chip.requests[BUTTON].flags == 1 << 2 | 1 << 5 | FLOATING
    assert chip.requests[BUTTON].num_attrs == 0
    chip.edge(BUTTON, False, 1_000_000_000)
    assert presses.next() == ("pressed", 1.0)


def test_line_of_another_program_is_one_sentence(chip: KernelChip, pins: PinFactory) -> None:
    chip.taken.add(BUTTON)
    with pytest.raises(DeviceError, match=f"^The button on GPIO {BUTTON} cannot be opened .*busy.*something else uses"):
        PushButton(BUTTON, SystemClock(), lambda event: None, unexpected, pin_factory=pins)


def test_line_is_opened_at_the_next_try(chip: KernelChip, pins: PinFactory) -> None:
    """Once it is free, also while somebody still has the error: gpiozero would keep the pin for the part in it."""
    chip.taken.add(BUTTON)
    with pytest.raises(DeviceError) as first:
        PushButton(BUTTON, SystemClock(), lambda event: None, unexpected, pin_factory=pins)
    chip.taken.remove(BUTTON)
    PushButton(BUTTON, SystemClock(), lambda event: None, unexpected, pin_factory=pins).close()
    assert first.value.__cause__ is not None


def test_spi_is_opened_at_the_next_try(chip: KernelChip, pins: PinFactory) -> None:
    """Its first error lies below gpiozero's warning, and has four pins."""
    chip.has_spi = False
    with pytest.raises(DeviceError, match=r"no SPI.*switch SPI on") as first:
        AnalogueHeels({Side.LEFT: 0}, lambda event: None, unexpected, pin_factory=pins)
    chip.has_spi = True
    AnalogueHeels({Side.LEFT: 0}, lambda event: None, unexpected, pin_factory=pins).close()
    assert first.value.__cause__ is not None


def test_closed_spi_may_be_collected_in_a_reservation(chip: KernelChip, pins: PinFactory) -> None:
    """gpiozero's SPI refers to itself, so that a later collection ends it, in whatever call that comes."""

    class Collecting(DigitalInputDevice):  # type: ignore[misc]  # gpiozero ships no types
        def _conflicts_with(self, _other: object) -> bool:
            gc.collect()
            return False

    def reserve() -> None:
        pins.reserve_pins(second, f"GPIO{HEEL}")

    first, second = (Collecting(line, pin_factory=pins) for line in (HEEL, BUTTON))
    AnalogueHeels({Side.LEFT: 0}, lambda event: None, unexpected, pin_factory=pins).close()
    thread = Thread(target=reserve, daemon=True)
    thread.start()
    thread.join(LIMIT_S)
    assert not thread.is_alive()
    assert not first.closed


@pytest.mark.parametrize("refused", [errno.EBUSY, errno.EPERM, errno.ENOMEM])
def test_line_that_cannot_be_watched_stays_with_lgpio(chip: KernelChip, pins: PinFactory, refused: int) -> None:
    """With its pull, and it may be watched later."""
    line = DigitalInputDevice(BUTTON, pull_up=True, pin_factory=pins)
    on_change, line.pin.when_changed = line.pin.when_changed, None
    chip.refuses = refused
    with pytest.raises(OSError, match=os.strerror(refused)):
        line.pin.when_changed = on_change
    assert chip.at_lgpio == {BUTTON: PULL_UP_AT_LGPIO}
    assert (line.pin.when_changed, line.pin.pull, line.pin.state) == (None, "up", True)
    chip.refuses = None
    line.pin.when_changed = on_change
    assert chip.is_watched(BUTTON)


def test_watch_that_fails_gives_the_line_back(
    chip: KernelChip, pins: PinFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel has given the line, but its edges cannot be waited for."""
    monkeypatch.setattr(pins.edge_thread, "_epoll", select.epoll())
    pins.edge_thread._epoll.close()
    with pytest.raises(DeviceError, match=f"^The button on GPIO {BUTTON} cannot be opened"):
        PushButton(BUTTON, SystemClock(), lambda event: None, unexpected, pin_factory=pins)
    assert not chip.is_watched(BUTTON)
    assert BUTTON in chip.at_lgpio


def test_refused_change_leaves_a_line_watched(chip: KernelChip, pins: PinFactory) -> None:
    presses = Presses(pins)
    with pytest.raises(PinInvalidPull):
        presses.device.pin.pull = "sideways"
    chip.edge(BUTTON, False, 1)
    assert presses.next()[0] == "pressed"


def test_dark_light_and_silent_piezo_have_no_pulses(chip: KernelChip, pins: PinFactory) -> None:
    """lgpio's thread would count the periods of a duty cycle of 0, on an empty board all night."""
    light = CueLight(LED, HandClock(), unexpected, pin_factory=pins)
    buzzer = PiezoBuzzer(BUZZER, 2_300, pin_factory=pins)
    assert (chip.pulses, chip.outputs) == ({}, dict.fromkeys((*LED, BUZZER), 0))
    light.set_glow(True)
    light.run_due(0)
    buzzer.start_tone(2_000, 0.5)
    assert chip.pulses == {**dict.fromkeys(LED, (100, 10)), BUZZER: (2_000, 50)}
    light.set_glow(False)
    light.run_due(0)
    buzzer.stop_tone()
    assert (chip.pulses, chip.outputs) == ({}, dict.fromkeys((*LED, BUZZER), 0))
    light.set_glow(True)
    light.run_due(0)
    buzzer.start_tone(2_000, 0.5)
    light.close()
    buzzer.close()
    assert (chip.pulses, chip.outputs) == ({}, {})


def test_full_colour_is_a_level(chip: KernelChip, pins: PinFactory) -> None:
    light = CueLight(LED, HandClock(), unexpected, pin_factory=pins)
    light.show_cues([Cue(0, CueName.READY)])
    light.run_due(light.next_due_us() or 0)
    assert (chip.pulses, chip.outputs) == ({}, dict.fromkeys(LED, 1))
    light.close()


def test_light_is_opened_at_the_next_try(chip: KernelChip, pins: PinFactory) -> None:
    """Its first pin was free at the first try already."""
    chip.taken.add(LED[1])
    with pytest.raises(DeviceError) as first:
        CueLight(LED, HandClock(), unexpected, pin_factory=pins)
    chip.taken.clear()
    CueLight(LED, HandClock(), unexpected, pin_factory=pins).close()
    assert first.value.__cause__ is not None


def test_pull_stays_when_nobody_watches_any_more(chip: KernelChip, pins: PinFactory) -> None:
    presses = Presses(pins)
    pin = presses.device.pin
    pin.when_changed = None
    assert not chip.is_watched(BUTTON)
    assert (pin.pull, pin.state) == ("up", True)


def test_part_may_close_in_its_own_callback(chip: KernelChip, pins: PinFactory) -> None:
    """What was read with the edge is nobody's; the other lines go on."""
    presses, heel = Presses(pins), Presses(pins, HEEL)
    closed = Queue[str]()

    def close() -> None:
        presses.device.close()
        closed.put("closed")

    presses.device.when_activated = close
    with pins.edge_thread.lock:  # the thread reads both edges at once
        chip.edge(BUTTON, False, 1)
        chip.edge(BUTTON, True, 2)
    assert closed.get(timeout=LIMIT_S) == "closed"
    chip.edge(HEEL, False, 3)
    assert heel.next()[0] == "pressed"
    assert presses.seen.empty()


def test_edge_of_a_closed_part_is_nobodys(chip: KernelChip, pins: PinFactory) -> None:
    """The thread may have read it before."""
    presses = Presses(pins)
    pin = presses.device.pin
    presses.device.close()
    pin._on_edge(LineEdge(1, level=False))
    assert presses.seen.empty()


def test_error_of_a_callback_ends_the_thread(chip: KernelChip) -> None:
    """The supervisor then ends the station, with a sentence."""
    with watched(ZeroDivisionError()) as (thread, errors):
        chip.edge(BUTTON, False, 1)
        thread.join(LIMIT_S)
        assert not thread.is_alive()
    assert [type(error) for error in errors] == [ZeroDivisionError]


def test_line_that_the_kernel_withdraws_ends_the_thread(chip: KernelChip) -> None:
    """It would call without end else."""
    with watched() as (thread, errors):
        chip.withdraw(BUTTON)
        thread.join(LIMIT_S)
        assert not thread.is_alive()
    assert [str(error).partition(" (")[0] for error in errors] == ["The kernel has withdrawn the line of a pin"]


@contextmanager
def watched(raises: Exception | None = None) -> Iterator[tuple[EdgeThread, list[BaseException]]]:
    """A thread that watches one line, with a callback that may raise, and what it ends with."""
    errors: list[BaseException] = []

    class Thread(EdgeThread):
        def run(self) -> None:
            try:
                super().run()
            except Exception as error:  # noqa: BLE001  it is what the test asks for
                errors.append(error)

    def on_edge(_edge: LineEdge) -> None:
        if raises is not None:
            raise raises

    thread, line = Thread(), WatchedLine(0, BUTTON, pull="up", edges="both", debounce_us=0)
    thread.watch(line, on_edge)
    thread.start()
    yield thread, errors
    thread.release(line)
    thread.close()


def test_line_without_edges_gives_none(chip: KernelChip) -> None:
    """Reading it never waits: another line may have got the descriptor of the one that had an edge."""
    line = WatchedLine(0, BUTTON, pull="up", edges="both", debounce_us=0)
    assert line.read() == []
    chip.edge(BUTTON, False, 7)
    assert line.read() == [LineEdge(7, level=False)]
    assert line.level() is False
    line.close()


def test_thread_makes_calls_between_edges() -> None:
    """So it can be asked whether it still works."""
    thread, made = EdgeThread(), Queue[int]()
    thread.start()
    for number in range(3):
        thread.post(lambda number=number: made.put(number))  # type: ignore[misc]  # a default binds the number
    assert [made.get(timeout=LIMIT_S) for _ in range(3)] == [0, 1, 2]
    thread.close()
    assert not thread.is_alive()
