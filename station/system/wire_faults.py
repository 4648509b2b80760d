"""The decision table of `station check`: what each fault of a wire looks like, and its sentence.

A row has the differences from a healthy board, `HEALTHY`. A fault is named if only its row agrees with everything
observed; what was not observed excludes nothing. Pins and channels are those of the configuration.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from hardware import pins as header
from hardware.wiring import MCP3008_PLACES, PLUGS, RAILS
from station.config import Config

Seen = dict[str, str]
"""The observation of each thing."""
Looks = dict[str, frozenset[str]]
"""The possible observations of each thing."""

OPEN, GROUND, SUPPLY, SWAPPED = "open", "shorted to ground", "shorted to 3.3 V", "swapped"
KINDS = (OPEN, GROUND, SUPPLY)

VOLTS = {"0 V": (-0.1, 0.3), "0.7 V": (0.3, 1.0), "1.3 V": (1.0, 1.8), "2.5 V": (1.8, 3.05), "3.3 V": (3.05, 3.6)}
"""Classes of measured voltages on busy lines; the third is a clock, the second a chip select."""
LOW, SELECT, CLOCK, DATA, HIGH = VOLTS


def volts_class(measured_v: float) -> str | None:
    """The class of a voltage; `None` for one that no line has."""
    return next((name for name, (least, most) in VOLTS.items() if least <= measured_v < most), None)


class Line(Struct, frozen=True):
    """A wire: its two ends, its voltage at rest, and the picture that shows it."""

    name: str
    near: str
    far: str
    rest: str
    picture: str
    number: int
    """The BCM number; 100 plus the MCP3008's input; or `FIRST_RAIL` plus the index in `RAILS`."""


class Fault(Struct, frozen=True):
    """A row of the table: the fault, and its differences from a healthy board."""

    kind: str
    lines: tuple[Line, ...]
    looks: Looks

    @property
    def name(self) -> str:
        return f"{' and '.join(line.name for line in self.lines)} {self.kind}"

    def agrees(self, seen: Seen, healthy: Looks) -> bool:
        """Whether everything observed is possible with this fault."""
        looks = healthy | self.looks
        return all(value in looks[what] for what, value in seen.items() if what in looks)


def lines_of(config: Config) -> dict[str, Line]:
    """The wires of this configuration, in wiring order."""
    pins, board, sensor = config.pins, config.board, config.range_sensor
    found = [
        _line("SDA", header.SDA.bcm, f"SDA of the {sensor.kind}", "3.3 V"),
        _line("SCL", header.SCL.bcm, f"SCL of the {sensor.kind}", "3.3 V"),
    ]
    if sensor.xshut:
        found.append(_line("XSHUT", pins.xshut, f"XSHUT of the {sensor.kind}", "3.3 V"))
    if sensor.interrupt:
        found.append(_line("interrupt", pins.range_interrupt, f"GPIO1 of the {sensor.kind}", "3.3 V"))
    sides = ("left", "right") if board.plates == "two" else (board.plates,)
    if board.heels == "analogue":
        ends = {"CS": header.SPI_SELECT, "DOUT": header.SPI_MISO, "DIN": header.SPI_MOSI, "CLK": header.SPI_CLOCK}
        for name, pin in ends.items():
            rest = "3.3 V" if name == "CS" else "0 V"
            found.append(_line(name, pin.bcm, f"pin {MCP3008_PLACES[name]} of the MCP3008", rest))
        channels = {"left": config.analogue_heels.channel_left, "right": config.analogue_heels.channel_right}
        for side in sides:
            near = f"pin {channels[side] + 1} of the MCP3008 (CH{channels[side]})"
            far, rest = f"the {side} force sensor", "0 V, more while you press"
            found.append(Line(f"{side} heel", near, far, rest, "harness.svg", 100 + channels[side]))
    else:
        for side in sides:
            bcm = pins.heel_left if side == "left" else pins.heel_right
            found.append(_line(f"{side} heel", bcm, f"the {side} comparator", "0 V, 3.3 V while the heel is down"))
    if board.knee_pad:
        found.append(_line("knee pad", pins.knee_pad, "the knee pad", "3.3 V, 0 V while the pad is pressed"))
    found.append(_line("buzzer", pins.buzzer, "the buzzer", "0 V"))
    if board.button:
        found.append(_line("button", pins.button, "the button", "3.3 V, 0 V while it is pressed"))
    if board.led:
        found += [
            _line(colour, getattr(pins, f"led_{colour}"), f"the LED's {colour}", "0 V, 3.3 V when lit")
            for colour in COLOURS
        ]
    found += _rails({line.name for line in found})
    return {line.name: line for line in found}


FIRST_RAIL = 200


def _rails(lines: set[str]) -> Iterator[Line]:
    """The rails to the parts that have one of these lines."""
    needs = {"sensor": "SDA", "MCP3008": "CS"}
    for at, rail in enumerate(RAILS):
        part = rail.name.removesuffix(" 3.3 V").removesuffix(" ground")
        has_divider = "CS" in lines or not part.endswith("heel")
        if needs.get(part, part) in lines and has_divider:
            rest, picture = "3.3 V" if rail.is_supply else "0 V", "harness.svg" if rail.is_in_plug else "schematic.svg"
            yield Line(rail.name, rail.near, rail.far, rest, picture, FIRST_RAIL + at)


COLOURS = ("red", "green", "blue")
CHIP_BUS, SENSOR_BUS = ("CS", "DOUT", "DIN", "CLK"), ("SDA", "SCL")
HEELS = ("left heel", "right heel")
RAIL_NAMES = tuple(rail.name for rail in RAILS)
MEASURED = (*SENSOR_BUS, "XSHUT", *CHIP_BUS, *HEELS, "knee pad", "buzzer", *RAIL_NAMES)
"""The lines at which the check asks for a voltage, while the buses are busy and a plate or the pad is pressed."""
ALIKE = (
    "The two wires of the knee pad, of the button, of a piezo and of a force sensor may be swapped: they work alike,"
    " and no check can tell."
)


def _line(name: str, bcm: int, far: str, rest: str) -> Line:
    plugs = [
        f", plug {plug.key} pole {pole}"
        for plug in PLUGS
        for pole, wire in enumerate(plug.wires, 1)
        if wire.pin is not None and wire.pin.bcm == bcm
    ]
    near = f"GPIO {bcm} (place {header.HEADER_PLACES.get(bcm, '?')}{''.join(plugs)})"
    return Line(name, near, far, rest, "harness.svg" if plugs else "schematic.svg", bcm)


def _looks(**what: str) -> Looks:
    """Keywords have `_` for a space; alternatives are separated by `|`."""
    return {key.replace("_", " "): frozenset(value.split("|")) for key, value in what.items()}


HEALTHY_BUSES = {"SDA": DATA, "SCL": DATA, "XSHUT": HIGH, "CS": SELECT, "DOUT": LOW, "DIN": DATA, "CLK": CLOCK}


ENDS = ("near", "far")


def _meter(near: dict[str, str] | None = None, far: dict[str, str] | None = None) -> Looks:
    ends = (("near", near or {}), ("far", far or {}))
    return {f"{end} {line}": frozenset({volts}) for end, found in ends for line, volts in found.items()}


HEALTHY: Looks = (
    _looks(
        sensor="answers",
        xshut="obeys",
        XSHUT_pin="high|floats",
        interrupt="follows",
        interrupt_pin="high|floats",
        adc="alive",
        left_heel="follows",
        right_heel="follows",
        left_heel_pin="low|high",
        right_heel_pin="low|high",
        knee_pad="follows",
        knee_pad_pin="floats",
        buzzer="yes",
        buzzer_pin="floats|low",
        button="follows",
        button_pin="floats",
        red="red",
        green="green",
        blue="blue",
        red_pin="floats|low",
        green_pin="floats|low",
        blue_pin="floats|low",
    )
    | _meter(HEALTHY_BUSES, HEALTHY_BUSES)
    | {f"far {heel}": frozenset({SELECT, CLOCK, DATA}) for heel in HEELS}
    | _meter(far={"knee pad": LOW, "buzzer": CLOCK})
    | _meter(far={rail.name: HIGH if rail.is_supply else LOW for rail in RAILS})
)
"""What a healthy board looks like, with nobody on it."""

_SILENT, _NO_ADC = _looks(sensor="silent"), _looks(adc="zeros")


def _bus_looks(name: str, kind: str) -> Looks:
    base = _NO_ADC if name in CHIP_BUS else _SILENT
    if kind == OPEN:
        return base | (_meter(far={name: HIGH if name in SENSOR_BUS else LOW}) if name != "DOUT" else {})
    level = LOW if kind == GROUND else HIGH
    if name == "SDA" and kind == GROUND:
        base = _looks(sensor="zeros|stuck")
    elif name == "SCL" and kind == GROUND:
        base = _looks(sensor="stuck")
    elif name == "DOUT":
        return _looks(adc="ones") if kind == SUPPLY else base
    return base | _meter({name: level}, {name: level})


def _pin_looks(name: str, kind: str) -> Looks:
    held = {OPEN: "floats", GROUND: "low", SUPPLY: "high"}[kind]
    pin = {f"{name} pin": frozenset({held})}
    if name == "XSHUT":
        if kind == GROUND:
            return pin | _SILENT | _meter({name: LOW}, {name: LOW})
        return pin | _looks(xshut="ignores")
    if name == "interrupt":
        return pin | _looks(interrupt="still")
    if name == "buzzer":
        return pin | _looks(buzzer="no") | _meter(far={name: HIGH if kind == SUPPLY else LOW})
    if name not in COLOURS:
        return pin | {name: frozenset({"still"})}
    if kind != SUPPLY:
        return pin | {name: frozenset({"none"})}
    others = {colour: frozenset({"several"}) for colour in COLOURS if colour != name}
    return pin | {name: frozenset({name})} | others


def _channel_looks(name: str, kind: str, *, is_only: bool) -> Looks:
    """With one plate, its channel is everything known about the MCP3008."""
    value = "full" if kind == SUPPLY else "still"
    looks = _looks(adc="ones" if kind == SUPPLY else "zeros") if is_only else {name: frozenset({value})}
    return looks | _meter(far={name: LOW if kind == GROUND else HIGH})


def _rail_looks(name: str) -> Looks:
    """What a part without its 3.3 V or ground (open) looks like."""
    is_supply = name.endswith(" 3.3 V")
    part = name.removesuffix(" 3.3 V").removesuffix(" ground")
    healthy = HIGH if is_supply else LOW
    lost = {f"far {name}": frozenset(VOLTS) - {healthy}}
    if part == "sensor":
        return lost | _SILENT | {f"{end} {line}": frozenset({CLOCK, DATA}) for end in ENDS for line in SENSOR_BUS}
    if part == "MCP3008":
        return lost | _looks(adc="zeros" if is_supply else "zeros|ones")
    if part in HEELS:
        return (
            lost
            | {part: frozenset({"still" if is_supply else "full"})}
            | _meter(far={part: LOW if is_supply else HIGH})
        )
    if part == "knee pad":
        return lost | _looks(knee_pad="still") | _meter(far={part: HIGH})
    if part == "buzzer":
        return lost | _looks(buzzer="no")
    return lost | _looks(button="still", red="none", green="none", blue="none")


_SWAPPED: dict[tuple[str, str], Looks] = {
    ("SDA", "SCL"): _SILENT,
    ("SCL", "XSHUT"): _SILENT | _meter(far={"SCL": HIGH, "XSHUT": DATA}),
    ("XSHUT", "interrupt"): _looks(xshut="ignores", interrupt="still", XSHUT_pin="low|high|floats"),
    ("CS", "DOUT"): _NO_ADC | _meter(far={"CS": LOW, "DOUT": SELECT}),
    ("DOUT", "DIN"): _NO_ADC | _meter(far={"DIN": LOW, "DOUT": DATA}),
    ("DIN", "CLK"): _NO_ADC | _meter(far={"DIN": CLOCK, "CLK": DATA}),
    ("left heel", "right heel"): _looks(left_heel="other", right_heel="other"),
    ("knee pad", "buzzer"): _looks(knee_pad="still", buzzer="no"),
    ("buzzer", "button"): _looks(buzzer="no", button="still"),
    ("button", "red"): _looks(button="still", red="none"),
    ("red", "green"): _looks(red="green", green="red"),
    ("green", "blue"): _looks(green="blue", blue="green"),
}
"""The pairs that are easily swapped: neighbours in a plug, on a chip, or in the pin map."""


def table(config: Config) -> tuple[Fault, ...]:
    """The decision table for this configuration: every fault that the check knows, in wiring order."""
    return tuple(_rows(config))


def _rows(config: Config) -> Iterator[Fault]:
    lines = lines_of(config)
    for name, line in lines.items():
        if line.number >= FIRST_RAIL:
            yield Fault(OPEN, (line,), _rail_looks(name))
            continue
        for kind in KINDS:
            if name in (*SENSOR_BUS, *CHIP_BUS):
                looks = _bus_looks(name, kind)
            elif line.number >= 100:
                looks = _channel_looks(name, kind, is_only=config.board.plates != "two")
            else:
                looks = _pin_looks(name, kind)
            yield Fault(kind, (line,), looks)
    for (first, second), looks in _SWAPPED.items():
        if first in lines and second in lines:
            yield Fault(SWAPPED, (lines[first], lines[second]), looks)


class Diagnosis:
    """The table, narrowed down by observations."""

    def __init__(self, config: Config) -> None:
        self.seen: Seen = {}
        self._rows = table(config)
        self._healthy = HEALTHY

    def see(self, what: str, value: str | None) -> None:
        """Add an observation; `None` means that it could not be made."""
        if value is not None:
            self.seen[what] = value

    def forget(self, what: str) -> None:
        """Drop an observation that a better one has replaced."""
        self.seen.pop(what, None)

    @property
    def is_healthy(self) -> bool:
        """Whether everything observed is possible on a healthy board."""
        return all(value in self._healthy[what] for what, value in self.seen.items())

    @property
    def odd(self) -> list[str]:
        """The observations that a healthy board does not show, in order."""
        return [what for what, value in self.seen.items() if value not in self._healthy[what]]

    @property
    def faults(self) -> list[Fault]:
        """The faults that agree with everything observed; none on a healthy board, or with two faults at once."""
        return [] if self.is_healthy else [row for row in self._rows if row.agrees(self.seen, self._healthy)]

    def next_measurement(self) -> tuple[str, str] | None:
        """Which end (`near`, `far`) of which line to measure next: where the remaining faults differ most."""
        left = self.faults
        best: tuple[int, tuple[str, str] | None] = (len(left), None)
        for line in MEASURED:
            for end in ("near", "far"):
                what = f"{end} {line}"
                if what in self.seen or what not in self._healthy:
                    continue
                looks = [(self._healthy | row.looks)[what] for row in left]
                most = max((looks.count(one) for one in looks), default=0)
                if most < best[0]:
                    best = most, (end, line)
        return best[1]


def sentence(fault: Fault) -> str:
    """A fault in words: which wire, from which pin to which, what to measure, and the picture of the place."""
    first = fault.lines[0]
    if fault.kind == SWAPPED:
        second = fault.lines[1]
        return (
            f"{first.name} and {second.name} are swapped: {first.near} belongs to {first.far},"
            f" {second.near} to {second.far}. With the Pi off, measure each from end to end: less than 5 Ohm"
            f" (hardware/pictures/{first.picture})"
        )
    between = f"the wire of {first.name}, from {first.near} to {first.far},"
    if fault.kind == OPEN:
        measure = "With the Pi off, measure it from end to end: less than 5 Ohm, or with a protecting resistor 1 kOhm"
    else:
        rail = "ground" if fault.kind == GROUND else "3.3 V"
        measure = f"With the Pi off, measure it to {rail}: more than 1 kOhm"
    return (
        f"{between} is {fault.kind}. {measure}; with the Pi on, {first.rest} at rest"
        f" (hardware/pictures/{first.picture})"
    )
