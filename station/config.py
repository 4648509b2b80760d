"""The board's configuration: one TOML file, checked as a whole before anything starts.

The schema below is the reference: `python -m station.config` prints it as a documented file with every default, and
`systemd/station.toml` is that output. What people change while using the station is in `station.settings`.
"""

from __future__ import annotations

import difflib
import re
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from hardware import pins
from station.config_document import allowed_values, documented_toml, toml_value
from station.core.steps import blocks_problem
from station.network import is_home, parse_address

HOST_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.IGNORECASE)
"""A host name; digits and dots alone are an address."""

BcmPin = Annotated[int, Meta(ge=2, le=27)]
"""The GPIO lines of the 40-pin header; 0 and 1 are for identifying add-on boards."""


class ConfigError(Exception):
    """The configuration is invalid. The text is one sentence: file, key, what is wrong and what is allowed."""


class BoardConfig(Struct, frozen=True):
    """The parts of the board."""

    simulated: Annotated[bool, Meta(description="Run on an emulated board with a simulated person.")] = False
    heels: Annotated[
        Literal["analogue", "comparator"],
        Meta(description="Heel sensors: force sensors on the MCP3008, or two comparators with a GPIO line each."),
    ] = "analogue"
    plates: Annotated[
        Literal["two", "left", "right"],
        Meta(description="Two heel plates, or the input that a single plate uses; a cue then announces the side."),
    ] = "two"
    knee_pad: Annotated[bool, Meta(description="A switch strip on the wall senses the knee's contact.")] = True
    button: Annotated[bool, Meta(description="A push button is wired; harmless if there is none.")] = True
    led: Annotated[bool, Meta(description="A red, green and blue LED is wired; harmless if there is none.")] = True
    setback_mm: Annotated[int, Meta(ge=0, le=200, description="Distance of the sensor behind the toe line, in mm.")] = (
        70
    )
    skirting_mm: Annotated[
        int, Meta(ge=0, le=60, description="Depth of the skirting board, in mm; 0 with a wall plate.")
    ] = 0


class PinsConfig(Struct, frozen=True):
    """GPIO lines, as BCM numbers."""

    xshut: Annotated[BcmPin, Meta(description="XSHUT of the distance sensor.")] = pins.XSHUT.bcm
    range_interrupt: Annotated[BcmPin, Meta(description="Interrupt line of the distance sensor.")] = (
        pins.RANGE_INTERRUPT.bcm
    )
    heel_left: Annotated[BcmPin, Meta(description="Comparator of the left heel.")] = pins.HEEL_LEFT.bcm
    heel_right: Annotated[BcmPin, Meta(description="Comparator of the right heel.")] = pins.HEEL_RIGHT.bcm
    knee_pad: Annotated[BcmPin, Meta(description="Knee pad.")] = pins.KNEE_PAD.bcm
    buzzer: Annotated[BcmPin, Meta(description="Buzzer.")] = pins.BUZZER.bcm
    button: Annotated[BcmPin, Meta(description="Push button.")] = pins.BUTTON.bcm
    led_red: Annotated[BcmPin, Meta(description="LED, red.")] = pins.LED_RED.bcm
    led_green: Annotated[BcmPin, Meta(description="LED, green.")] = pins.LED_GREEN.bcm
    led_blue: Annotated[BcmPin, Meta(description="LED, blue.")] = pins.LED_BLUE.bcm


class AnalogueHeelsConfig(Struct, frozen=True):
    """The force sensors under the heels, read through the MCP3008."""

    channel_left: Annotated[int, Meta(ge=0, le=7, description="Input of the left heel.")] = pins.CHANNEL_LEFT
    channel_right: Annotated[int, Meta(ge=0, le=7, description="Input of the right heel.")] = pins.CHANNEL_RIGHT
    divider_ohm: Annotated[int, Meta(ge=100, le=100_000, description="Fixed resistor of each divider, in Ω.")] = 2_200


class RangeSensorConfig(Struct, frozen=True):
    """The distance sensor that faces the wall."""

    kind: Annotated[
        Literal["VL53L0X", "VL53L4CD"],
        Meta(description="The chip: a VL53L4CD sees a narrower cone (18 instead of 25 degrees) and is wired alike."),
    ] = "VL53L0X"
    i2c_bus: Annotated[int, Meta(ge=0, le=31, description="The I2C bus: N of /dev/i2c-N.")] = pins.I2C_BUS
    interrupt: Annotated[bool, Meta(description="The interrupt line is wired; without it the sensor is polled.")] = True
    xshut: Annotated[bool, Meta(description="XSHUT is wired; if not, registers reset a lost sensor.")] = True
    timing_budget_us: Annotated[
        int, Meta(ge=20_000, le=200_000, description="The time for one reading, in µs; longer is steadier.")
    ] = 33_000
    blocks_mm: Annotated[
        tuple[float, ...],
        Meta(
            description="The calibration blocks in the order of use, as the toe distance of each in mm; two to six "
            "blocks, at least 30 mm apart; four are best, the inner ones a quarter of the way from either end."
        ),
    ] = (0.0, 150.0, 50.0, 200.0)
    thermometer: Annotated[
        str,
        Meta(
            description="The file of a thermometer beside the sensor, in thousandths of a degree Celsius, for example "
            '"/sys/bus/w1/devices/28-0123/temperature"; empty for none. A change of 8 degrees makes a check due.'
        ),
    ] = ""


class BuzzerConfig(Struct, frozen=True):
    """The buzzer that plays the cues."""

    kind: Annotated[
        Literal["piezo", "active"],
        Meta(description="A passive piezo plays several tones, an active buzzer only one."),
    ] = "piezo"
    frequency_hz: Annotated[
        int, Meta(ge=1_000, le=4_000, description="The piezo's resonance, in Hz; 2000 to 2500 is audible at any age.")
    ] = 2_300


class PageConfig(Struct, frozen=True):
    """Where the page is served."""

    host: Annotated[
        str,
        Meta(
            min_length=1,
            description="The address to listen on: 127.0.0.1 for this machine only, 0.0.0.0 for every network.",
        ),
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535, description="The port; 0 picks a free one.")] = 8080
    allowed_hosts: Annotated[
        tuple[str, ...],
        Meta(
            description='Host names that browsers may use, such as "station.example.org", besides localhost, host and, '
            "in a network, the machine's own names."
        ),
    ] = ()
    public: Annotated[
        bool,
        Meta(
            description="Answer devices of the whole internet as well. Without it the page answers private and "
            "link-local addresses only."
        ),
    ] = False
    proxy: Annotated[
        str,
        Meta(
            description='The address of a web server in front of the page, such as "127.0.0.1", whose X-Forwarded-For '
            "and X-Forwarded-Proto count; empty for none."
        ),
    ] = ""
    certificate: Annotated[
        str,
        Meta(
            description="The file (PEM) with certificate and key for https; empty for the one of `station tls`, or for "
            "plain http."
        ),
    ] = ""


class StoreConfig(Struct, frozen=True):
    """Where results are stored."""

    path: Annotated[
        str,
        Meta(min_length=1, description="The database file; its directory must be writable and holds the backups."),
    ] = "/var/lib/station/station.db"
    stick: Annotated[
        str,
        Meta(
            description="A directory at which a USB stick is mounted when it is plugged in, such as /media/stick: the "
            "nightly backup is then copied there too. Empty for none."
        ),
    ] = ""


class Config(Struct, frozen=True):
    """The whole configuration; a key that the file omits keeps its default."""

    board: BoardConfig = BoardConfig()
    pins: PinsConfig = PinsConfig()
    analogue_heels: AnalogueHeelsConfig = AnalogueHeelsConfig()
    range_sensor: RangeSensorConfig = RangeSensorConfig()
    buzzer: BuzzerConfig = BuzzerConfig()
    page: PageConfig = PageConfig()
    store: StoreConfig = StoreConfig()


def load(path: Path | None) -> Config:
    """Read and check a configuration; `None` gives the defaults. Raises ConfigError."""
    return Config() if path is None else parse(_read_text(path), str(path))


def parse(text: str, file: str) -> Config:
    """Check a configuration's text; errors name `file`. Raises ConfigError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}.") from None
    sections = {section.name: section.type for section in msgspec.structs.fields(Config)}
    given = {}
    for name, values in document.items():
        if name not in sections:
            raise ConfigError(f"{file}: there is no section [{name}]; {_suggestion(name, sections)}.")
        if not isinstance(values, dict):
            raise ConfigError(
                f"{file}: {name} is {toml_value(values)}, but it is a section: write [{name}] with its keys below."
            )
        given[name] = _parse_section(file, name, sections[name], values)
    config = Config(**given)
    _check_consistency(config, file)
    return config


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # some editors begin a file with a byte-order mark
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not text in UTF-8; save it again with a text editor.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}; name a file that this user may read.") from None


def _parse_section(file: str, name: str, schema: Any, values: dict[str, object]) -> Any:
    keys = {key.name: key.type for key in msgspec.structs.fields(schema)}
    for key, value in values.items():
        if key not in keys:
            raise ConfigError(f"{file}: there is no key {name}.{key}; {_suggestion(key, keys)}.")
        try:
            msgspec.convert(value, keys[key])
        except msgspec.ValidationError:
            raise ConfigError(
                f"{file}: {name}.{key} is {toml_value(value)}, but must be {allowed_values(keys[key])}."
            ) from None
    return msgspec.convert(values, schema)


def _check_consistency(config: Config, file: str) -> None:
    """Check the keys together. Raises ConfigError."""
    lines: dict[int, str] = {}
    for key, bcm in _gpio_lines_in_use(config):
        if bcm in lines:
            raise ConfigError(f"{file}: {key} is {bcm}, which is already {lines[bcm]}; give each a pin of its own.")
        lines[bcm] = key
    if fault := blocks_problem(config.range_sensor.blocks_mm):
        raise ConfigError(f"{file}: range_sensor.blocks_mm {fault}.")
    heels = config.analogue_heels
    if config.board.plates == "two" and heels.channel_left == heels.channel_right:
        raise ConfigError(
            f"{file}: analogue_heels.channel_right is {heels.channel_right}, which is already "
            "analogue_heels.channel_left; two plates need two channels."
        )
    paths = {
        "store.path": config.store.path,
        "range_sensor.thermometer": config.range_sensor.thermometer,
        "page.certificate": config.page.certificate,
    }
    for key, path in paths.items():
        if path.startswith("~"):
            raise ConfigError(
                f"{file}: {key} is {toml_value(path)}, but only a shell knows what ~ stands for; write the whole path."
            )
    _check_page(config.page, file)


def _check_page(page: PageConfig, file: str) -> None:
    """Check where and for whom the page is served. Raises ConfigError."""
    for name in page.allowed_hosts:
        if not HOST_NAME.fullmatch(name):
            raise ConfigError(
                f"{file}: page.allowed_hosts has {toml_value(name)}, but must have names as a browser's address line "
                'shows them, without http:// and port, for example "station.local"; numeric addresses need no entry.'
            )
    address = parse_address(page.host)
    if address is not None and not (page.public or address.is_unspecified or is_home(address)):
        raise ConfigError(
            f"{file}: page.host is {toml_value(page.host)}, an address on the internet; choose one of your own "
            "network, or set page.public = true if everybody may reach the page."
        )
    if page.proxy and parse_address(page.proxy) is None:
        raise ConfigError(
            f"{file}: page.proxy is {toml_value(page.proxy)}, but must be an address in figures, for example "
            '"127.0.0.1", or empty.'
        )


def _gpio_lines_in_use(config: Config) -> list[tuple[str, int]]:
    """The GPIO lines in use, each with the key or part that uses it; fixed ones first."""
    board, sensor = config.board, config.range_sensor
    comparators = board.heels == "comparator"
    used = {
        "xshut": sensor.xshut,
        "range_interrupt": sensor.interrupt,
        "heel_left": comparators and board.plates != "right",
        "heel_right": comparators and board.plates != "left",
        "knee_pad": board.knee_pad,
        "buzzer": True,
        "button": board.button,
        "led_red": board.led,
        "led_green": board.led,
        "led_blue": board.led,
    }
    buses = (*(pins.I2C if sensor.i2c_bus == pins.I2C_BUS else ()), *(() if comparators else pins.SPI))
    fixed = [(f"the {pin.part}'s {pin.purpose.partition(',')[0]}", pin.bcm) for pin in buses]
    return fixed + [(f"pins.{key}", getattr(config.pins, key)) for key, wired in used.items() if wired]


def _suggestion(word: str, known: dict[str, Any]) -> str:
    """A hint for an unknown word."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"the nearest is {near[0]}" if near else f"the known ones are {', '.join(known)}"


if __name__ == "__main__":
    sys.stdout.write(documented_toml(Config))
