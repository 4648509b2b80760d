"""The wiring as data: which line of the pin map ends in which plug, what protects it, and what each mistake looks like.

Harness, schematic, tables and tests use it. All plugs differ in their number of poles, so that none fits elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from hardware import pins
from hardware.pins import Pin

SUPPLY_PLACES = (1, 17)
GROUND_PLACES = (6, 9, 14, 20, 25, 30, 34, 39)
DIVIDER_OHM = 2200
SERIES_OHM = 1000
"""In every line that leaves the box and may meet skin: it limits the current that a spark drives into a pin."""
LED_OHM = 330
PIEZO_OHM = 220
FILTER_NF = 100


@dataclass(frozen=True, slots=True)
class Wire:
    """One pole of a plug: its wire's colour (WireViz codes), what it carries, and both its ends.

    `net` is "3V3", "GND", an input of the MCP3008 such as "CH0", or empty if there is a `pin`. An unused pole has none.
    """

    colour: str
    far: str
    pin: Pin | None = None
    net: str = ""
    series_ohm: int = 0
    is_clamped: bool = False
    """Two Schottky diodes keep the line between ground and 3.3 V."""

    @property
    def is_used(self) -> bool:
        return self.pin is not None or self.net != ""

    @property
    def source(self) -> str:
        """The wire's origin, for a table."""
        if self.pin is not None:
            return f"GPIO{self.pin.bcm}, place {self.pin.header}"
        names = {"3V3": "3.3 V", "GND": "ground", "": "-"}
        return names.get(self.net, f"MCP3008 {self.net}")


UNUSED = Wire("", "")


@dataclass(frozen=True, slots=True)
class Plug:
    """A plug of the box, with its cable and the part at the end."""

    key: str
    part: str
    length_mm: int
    cable: str
    wires: tuple[Wire, ...]
    is_touchable: bool = True
    """Whether skin comes near the far end, so that its lines are protected."""

    @property
    def poles(self) -> int:
        return len(self.wires)

    @property
    def housing(self) -> str:
        return f"JST XHP-{self.poles}"

    @property
    def header(self) -> str:
        return f"JST B{self.poles}B-XH-A"


def _heel(net: str) -> Wire:
    return Wire("YE", "sensor 2", net=net, series_ohm=SERIES_OHM, is_clamped=True)


SENSOR = Plug(
    "J1",
    "VL53L0X",
    350,
    "ribbon 6 x 0.08 mm2",
    (
        Wire("RD", "VIN", net="3V3"),
        Wire("BK", "GND", net="GND"),
        Wire("BU", "SDA", pins.SDA),
        Wire("YE", "SCL", pins.SCL),
        Wire("WH", "XSHUT", pins.XSHUT),
        Wire("GN", "GPIO1", pins.RANGE_INTERRUPT),
    ),
    is_touchable=False,
)
LEFT_HEEL = Plug(
    "J2",
    "left heel sensor",
    450,
    "twisted pair 2 x 0.14 mm2",
    (Wire("RD", "sensor 1", net="3V3"), _heel(f"CH{pins.CHANNEL_LEFT}")),
)
RIGHT_HEEL = Plug(
    "J3",
    "right heel sensor",
    450,
    "twisted pair 2 x 0.14 mm2",
    (Wire("RD", "sensor 1", net="3V3"), UNUSED, _heel(f"CH{pins.CHANNEL_RIGHT}")),
)
KNEE_PAD = Plug(
    "J4",
    "knee pad",
    2000,
    "screened LiYCY 2 x 0.14 mm2, screen to GND at the box",
    (
        Wire("WH", "pad 1", pins.KNEE_PAD, series_ohm=SERIES_OHM, is_clamped=True),
        UNUSED,
        UNUSED,
        Wire("BN", "pad 2", net="GND"),
    ),
)
BUTTON_AND_LED = Plug(
    "J5",
    "button and LED",
    2000,
    "LiYY 5 x 0.14 mm2",
    (
        Wire("BK", "ground", net="GND"),
        Wire("WH", "button", pins.BUTTON, series_ohm=SERIES_OHM, is_clamped=True),
        Wire("RD", "LED red", pins.LED_RED, series_ohm=LED_OHM),
        Wire("GN", "LED green", pins.LED_GREEN, series_ohm=LED_OHM),
        Wire("BU", "LED blue", pins.LED_BLUE, series_ohm=LED_OHM),
    ),
)
PLUGS = (SENSOR, LEFT_HEEL, RIGHT_HEEL, KNEE_PAD, BUTTON_AND_LED)

INSIDE = (pins.SPI_SELECT, pins.SPI_MISO, pins.SPI_MOSI, pins.SPI_CLOCK, pins.BUZZER)
"""Lines that stay on the carrier board, to the MCP3008 and the buzzer."""

NOT_WIRED = (pins.HEEL_LEFT, pins.HEEL_RIGHT)
"""The comparators' lines: only with `board.heels = "comparator"`, instead of the MCP3008."""


@dataclass(frozen=True, slots=True)
class Rail:
    """A wire that brings 3.3 V or ground to a part, with its two ends."""

    name: str
    is_supply: bool
    near: str
    far: str
    is_in_plug: bool = True
    """Whether it leaves the box through a plug, so that the harness shows it; otherwise the schematic does."""


RAILS = (
    Rail("sensor 3.3 V", True, "3.3 V (plug J1 pole 1)", "VIN of the sensor"),
    Rail("sensor ground", False, "ground (plug J1 pole 2)", "GND of the sensor"),
    Rail("MCP3008 3.3 V", True, "3.3 V (place 1 or 17)", "pins 15 and 16 of the MCP3008", False),
    Rail("MCP3008 ground", False, "ground (place 6, 9 or 14)", "pins 9 and 14 of the MCP3008", False),
    Rail("left heel 3.3 V", True, "3.3 V (plug J2 pole 1)", "the left force sensor's other end"),
    Rail("left heel ground", False, "ground", "the 2.2 kOhm resistor of the left heel", False),
    Rail("right heel 3.3 V", True, "3.3 V (plug J3 pole 1)", "the right force sensor's other end"),
    Rail("right heel ground", False, "ground", "the 2.2 kOhm resistor of the right heel", False),
    Rail("knee pad ground", False, "ground (plug J4 pole 4)", "the knee pad's other wire"),
    Rail("buzzer ground", False, "ground", "the buzzer's other wire", False),
    Rail("button ground", False, "ground (plug J5 pole 1)", "the button's other wire and the LED's common one"),
)
"""The rails, in wiring order."""

MCP3008_PLACES = {
    "CH0": 1,
    "CH1": 2,
    "DGND": 9,
    "CS": 10,
    "DIN": 11,
    "DOUT": 12,
    "CLK": 13,
    "AGND": 14,
    "VREF": 15,
    "VDD": 16,
}
"""Pins of the MCP3008 in its 16-pin case (Microchip DS21295)."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wiring mistake, words from what `station check` says about it, and what to do."""

    what: str
    says: tuple[str, ...]
    remedy: str


MISTAKES = (
    Mistake("sensor: VIN, ground, SDA or SCL open; SDA and SCL swapped", ("does not answer",), "plug J1, poles 1 to 4"),
    Mistake("sensor: XSHUT shorted to ground", ("does not answer",), "plug J1, pole 5: 3.3 V while the station runs"),
    Mistake(
        "sensor: the wire of GPIO1 open, or on another pin", ("interrupt wire does not follow",), "plug J1, pole 6"
    ),
    Mistake("sensor: its film not removed, or something in its cone", ("no valid reading",), "look into the tunnel"),
    Mistake("I2C not switched on", ("switch I2C on",), "raspi-config"),
    Mistake("SPI not switched on", ("switch SPI on",), "raspi-config"),
    Mistake("MCP3008: a supply or SPI line open", ("an empty plate reads near 0",), "both heels read 0: pins 9 to 16"),
    Mistake(
        "heel: plug out, or one wire open", ("an empty plate reads near 0",), "that heel stays near 0 under a foot"
    ),
    Mistake("heel: its wires shorted", ("of full scale",), "1.00 of full scale with an empty plate: the cable"),
    Mistake("heel: a wire that makes contact now and then", ("jumps as no heel does",), "pull at its cable meanwhile"),
    Mistake(
        "heel: its 2.2 kOhm resistor missing", ("of full scale",), "pressed once, it stays near 1.00 of full scale"
    ),
    Mistake(
        "heel: left and right swapped at the sensors",
        ("of full scale",),
        "press the left plate: only its line may move",
    ),
    Mistake("buzzer: a wire open, or an active one", ("did you hear YES",), "GPIO18, and `buzzer.kind`"),
)
"""In wiring order, as `station check` says them without questions; with questions it names the wire."""
