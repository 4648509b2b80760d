"""Knee pad and push button on the emulated pins."""

from __future__ import annotations

import pytest

from station.core.events import Button, Command, CommandName, Event, Knee, Side
from station.devices.contacts import KneePad, PushButton
from station.devices.errors import DeviceError
from station.simulator.pins import SimulatedPinFactory
from tests.station.devices.board_rig import HandClock, live, unexpected

PAD, BUTTON = 24, 22


def test_pad_reports_its_level_at_start_and_at_every_change() -> None:
    """Closed to ground is a touching knee; an open strip or an unplugged cable is not."""
    clock, knees = HandClock(), list[Knee]()
    pins = SimulatedPinFactory(clock)
    pad = KneePad(PAD, clock, knees.append, unexpected, pin_factory=pins)
    pad.start()
    for at_us, high in ((1_000, False), (2_000, True), (3_000, False), (4_000, None)):
        clock.us = at_us
        pins.drive(PAD, high)
    assert knees == [
        Knee(0, touching=False),
        Knee(1_000, touching=True),
        Knee(2_000, touching=False),
        Knee(3_000, touching=True),
        Knee(4_000, touching=False),
    ]
    pad.close()
    pad.close()


def press(pins: SimulatedPinFactory, clock: HandClock, at_us: int, *, bounces: int = 0) -> None:
    """Press for a tenth of a second, with bounces at both ends."""
    clock.us = at_us
    pins.drive(BUTTON, False, bounces=bounces)
    live(clock, at_us + 100_000, pins)
    pins.drive(BUTTON, True, bounces=bounces)
    live(clock, at_us + 200_000, pins)


@pytest.mark.parametrize("bounces", [0, 1, 5])
def test_a_press_is_one_command(bounces: int) -> None:
    """However the contact bounces, at press or release, a press is one `next`."""
    clock, events = HandClock(), list[Event]()
    pins = SimulatedPinFactory(clock)
    button = PushButton(BUTTON, clock, events.append, unexpected, pin_factory=pins)
    button.start()
    for at_us in (1_000_000, 2_000_000):
        press(pins, clock, at_us, bounces=bounces)
    commands = [event for event in events if isinstance(event, Command)]
    assert commands == [Command(1_000_000, CommandName.NEXT), Command(2_000_000, CommandName.NEXT)]
    levels = [event for event in events if isinstance(event, Button)]
    assert [event.pressed for event in levels] == [True, False] * (len(levels) // 2)
    assert len(levels) >= 4


def test_event_of_a_press_can_be_chosen() -> None:
    """The station may need another event from its button."""
    clock, events = HandClock(), list[Event]()
    pins = SimulatedPinFactory(clock)
    button = PushButton(
        BUTTON,
        clock,
        events.append,
        unexpected,
        event_for_press=lambda at_us: Command(at_us, CommandName.SIDE, Side.LEFT),
        pin_factory=pins,
    )
    button.start()
    press(pins, clock, 5_000_000)
    assert Command(5_000_000, CommandName.SIDE, Side.LEFT) in events
    assert not any(isinstance(event, Command) and event.word is CommandName.NEXT for event in events)
    button.close()
    button.close()


def test_callbacks_never_raise() -> None:
    """An error after a press or a touch is reported, and never reaches the edge thread."""
    clock, reported = HandClock(), list[Exception]()
    pins = SimulatedPinFactory(clock)

    def refuse(event: Event) -> None:
        if event.at_us:
            raise RuntimeError("the queue is full")

    pad = KneePad(PAD, clock, refuse, reported.append, pin_factory=pins)
    button = PushButton(BUTTON, clock, refuse, reported.append, pin_factory=pins)
    pad.start()
    button.start()
    clock.us = 1_000
    pins.drive(PAD, False)
    pins.drive(BUTTON, False)
    assert len(reported) == 2


@pytest.mark.parametrize(("part", "pin", "kind"), [("knee pad", PAD, KneePad), ("button", BUTTON, PushButton)])
def test_a_pin_that_is_taken_is_one_sentence(part: str, pin: int, kind: type[KneePad] | type[PushButton]) -> None:
    """The sentence names the part and its pin."""
    clock = HandClock()
    pins = SimulatedPinFactory(clock)
    pins.refuse_opening(pin, Exception("GPIO busy"))
    with pytest.raises(DeviceError, match=f"^The {part} on GPIO {pin} cannot be opened"):
        kind(pin, clock, unexpected_event, unexpected, pin_factory=pins)


def unexpected_event(event: Event) -> None:
    raise AssertionError(event)
