"""The schematic of the carrier board, drawn by schemdraw from the wiring."""

from __future__ import annotations

import re

import schemdraw
from schemdraw import elements as elm

from hardware import pins
from hardware.pins import Pin
from hardware.wiring import (
    BUTTON_AND_LED,
    DIVIDER_OHM,
    FILTER_NF,
    KNEE_PAD,
    LED_OHM,
    LEFT_HEEL,
    MCP3008_PLACES,
    PIEZO_OHM,
    RIGHT_HEEL,
    SENSOR,
    SERIES_OHM,
    Plug,
)


def net(pin: Pin) -> str:
    """The name of a pin map's line in the schematic and the tests."""
    return f"GPIO{pin.bcm} ({pin.header})"


def ohm(value: int) -> str:
    """A resistance as printed."""
    return f"{value / 1000:g} kΩ" if value >= 1000 else f"{value} Ω"


def _tag(drawing: schemdraw.Drawing, text: str, at: tuple[float, float], way: str = "left") -> None:
    drawing.add(elm.Tag(width=2.6).at(at).theta(180 if way == "left" else 0).label(text, fontsize=10))


def _title(drawing: schemdraw.Drawing, text: str, at: tuple[float, float]) -> None:
    drawing.add(elm.Label().at(at).label(text, fontsize=13, halign="left"))


def _sensor(drawing: schemdraw.Drawing, x: float, y: float) -> None:
    _title(drawing, "Distance sensor, plug J1", (x - 4.2, y + 4.2))
    chip = drawing.add(
        elm.Ic(
            pins=[
                elm.IcPin(name=wire.far, pin=str(number), side="left", slot=f"{7 - number}/6")
                for number, wire in enumerate(SENSOR.wires, 1)
            ],
            size=(5.2, 6.2),
            edgepadW=0.6,
        )
        .at((x, y))
        .anchor("center")
        .label("VL53L0X\nbreakout", fontsize=12, ofst=(1.0, 0))
    )
    for wire in SENSOR.wires:
        text = net(wire.pin) if wire.pin else wire.source
        _tag(drawing, text, tuple(getattr(chip, wire.far)))


def _adc(drawing: schemdraw.Drawing, x: float, y: float) -> None:
    _title(drawing, "Heel sensors' converter", (x - 4.2, y + 4.6))
    left = ("CH0", "CH1")
    right = ("VDD", "VREF", "AGND", "CLK", "DOUT", "DIN", "CS", "DGND")
    lines = {
        "CLK": net(pins.SPI_CLOCK),
        "DOUT": net(pins.SPI_MISO),
        "DIN": net(pins.SPI_MOSI),
        "CS": net(pins.SPI_SELECT),
        "VDD": "3.3 V",
        "VREF": "3.3 V",
        "AGND": "ground",
        "DGND": "ground",
        "CH0": "CH0",
        "CH1": "CH1",
    }
    chip = drawing.add(
        elm.Ic(
            pins=[
                *(
                    elm.IcPin(name=n, pin=str(MCP3008_PLACES[n]), side="left", slot=f"{8 - k}/8")
                    for k, n in enumerate(left)
                ),
                *(
                    elm.IcPin(name=n, pin=str(MCP3008_PLACES[n]), side="right", slot=f"{8 - k}/8")
                    for k, n in enumerate(right)
                ),
            ],
            size=(4.2, 7.6),
            edgepadW=0.6,
        )
        .at((x, y))
        .anchor("center")
        .label("MCP3008", fontsize=12, ofst=(-0.9, -2.4))
    )
    for name in left:
        _tag(drawing, lines[name], tuple(getattr(chip, name)))
    for name in right:
        _tag(drawing, lines[name], tuple(getattr(chip, name)), "right")
    _title(drawing, f"{FILTER_NF} nF from VDD to ground, beside the chip", (x - 4.2, y - 5.0))


def _heel(drawing: schemdraw.Drawing, plug: Plug, x: float, y: float) -> None:
    side = "Left" if plug is LEFT_HEEL else "Right"
    wire = plug.wires[-1]
    _title(drawing, f"{side} heel, plug {plug.key}", (x - 2.6, y + 1.6))
    _tag(drawing, "3.3 V", (x, y))
    drawing.add(elm.ResistorVar().at((x, y)).right(3).label("force sensor", fontsize=10))
    middle = (x + 3, y)
    drawing.add(elm.Dot().at(middle))
    drawing.add(elm.Resistor().at(middle).down(2.6).label(ohm(DIVIDER_OHM), loc="bottom", fontsize=10))
    drawing.add(elm.Ground())
    _protected(drawing, middle, wire.net, has_filter=True)


def _protected(drawing: schemdraw.Drawing, at: tuple[float, float], text: str, *, has_filter: bool) -> None:
    """A line from outside: series resistor, clamp diodes to both supplies, and a filter if it is slow."""
    x, y = at
    drawing.add(elm.Resistor().at(at).right(3).label(ohm(SERIES_OHM), fontsize=10))
    drawing.add(elm.Dot().at((x + 3, y)))
    drawing.add(elm.Schottky().at((x + 3, y)).up(1.6).label("BAT85", loc="bottom", fontsize=10))
    drawing.add(elm.Vdd().at((x + 3, y + 1.6)).label("3.3 V", fontsize=10))
    drawing.add(elm.Schottky().at((x + 3, y - 2.6)).up(2.6).label("BAT85", loc="bottom", fontsize=10))
    drawing.add(elm.Ground().at((x + 3, y - 2.6)))
    drawing.add(elm.Line().at((x + 3, y)).right(2.2))
    if has_filter:
        drawing.add(elm.Dot().at((x + 5.2, y)))
        drawing.add(elm.Capacitor().at((x + 5.2, y)).down(2.6).label(f"{FILTER_NF} nF", loc="bottom", fontsize=10))
        drawing.add(elm.Ground())
        drawing.add(elm.Line().at((x + 5.2, y)).right(1.2))
        _tag(drawing, text, (x + 6.4, y), "right")
        return
    _tag(drawing, text, (x + 5.2, y), "right")


def _contact(
    drawing: schemdraw.Drawing, plug: Plug, name: str, pin: Pin, x: float, y: float, *, has_filter: bool
) -> None:
    _title(drawing, f"{name}, plug {plug.key}", (x - 0.6, y + 1.9))
    drawing.add(elm.Line().at((x, y)).down(0.5))
    drawing.add(elm.Switch().at((x, y - 0.5)).down(1.6))
    drawing.add(elm.Ground())
    drawing.add(elm.Line().at((x, y)).right(1))
    _protected(drawing, (x + 1, y), net(pin), has_filter=has_filter)


def _led(drawing: schemdraw.Drawing, x: float, y: float) -> None:
    _title(drawing, f"LED, plug {BUTTON_AND_LED.key}", (x - 2.6, y + 1.0))
    lines = [wire for wire in BUTTON_AND_LED.wires if wire.far.startswith("LED")]
    for n, wire in enumerate(lines):
        assert wire.pin is not None
        row = y - 1.6 * n
        _tag(drawing, net(wire.pin), (x, row))
        drawing.add(elm.Resistor().at((x, row)).right(2.6).label(ohm(LED_OHM), fontsize=10))
        drawing.add(
            elm.LED().at((x + 2.6, row)).right(1.6).label(wire.far.removeprefix("LED "), loc="bottom", fontsize=10)
        )
    drawing.add(elm.Line().at((x + 4.2, y)).down(1.6 * (len(lines) - 1)))
    drawing.add(elm.Ground())


def _buzzer(drawing: schemdraw.Drawing, x: float, y: float) -> None:
    _title(drawing, "Buzzer, on the board", (x - 2.6, y + 1.0))
    _tag(drawing, net(pins.BUZZER), (x, y))
    drawing.add(elm.Resistor().at((x, y)).right(2.6).label(ohm(PIEZO_OHM), fontsize=10))
    drawing.add(elm.Speaker().at((x + 2.6, y)).label("passive piezo", loc="right", fontsize=10))
    drawing.add(elm.Ground().at((x + 2.6, y - 0.5)))


def draw() -> str:
    """The schematic, as SVG."""
    schemdraw.use("svg")
    with schemdraw.Drawing(show=False) as drawing:
        drawing.config(unit=2, fontsize=11, bgcolor="white")
        _sensor(drawing, 0.0, 0.0)
        _adc(drawing, 11.5, 0.0)
        _heel(drawing, LEFT_HEEL, -1.6, -9.0)
        _heel(drawing, RIGHT_HEEL, -1.6, -15.6)
        _contact(drawing, KNEE_PAD, "Knee pad", pins.KNEE_PAD, 14.5, -9.0, has_filter=True)
        _contact(drawing, BUTTON_AND_LED, "Button", pins.BUTTON, 14.5, -15.6, has_filter=False)
        _led(drawing, -1.6, -21.0)
        _buzzer(drawing, 14.5, -21.0)
    made = drawing.get_imagedata("svg").decode()
    return re.sub(r"<\?xml.*?\?>\s*", "", made)
