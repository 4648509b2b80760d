"""The board's configuration: its defaults, its reference, and what it says to what is wrong."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from hardware import pins
from station.config import Config, ConfigError, load, parse
from station.config_document import documented_toml, key_description
from tests.tree import ROOT

EXAMPLE = ROOT / "systemd" / "station.toml"
SECTIONS = {section.name: section.type for section in msgspec.structs.fields(Config)}
KEYS = [(name, key) for name, section in SECTIONS.items() for key in msgspec.structs.fields(section)]


def refused(text: str) -> str:
    """What the configuration says to this text."""
    with pytest.raises(ConfigError) as caught:
        parse(text, "board.toml")
    return str(caught.value)


def test_the_default_wiring_is_two_analogue_heels_a_pad_the_interrupt_line_and_a_piezo() -> None:
    """A station without a file is a real board in the default wiring, and its page stays on this machine."""
    config = load(None)
    assert not config.board.simulated
    assert (config.board.heels, config.board.plates, config.board.knee_pad) == ("analogue", "two", True)
    assert (config.range_sensor.interrupt, config.buzzer.kind) == (True, "piezo")
    assert (config.board.setback_mm, config.board.skirting_mm, config.analogue_heels.divider_ohm) == (70, 0, 2200)
    assert config.page.host == "127.0.0.1"


def test_the_defaults_of_the_pins_are_the_pin_map() -> None:
    """Every pin with a key in the map is a key of the configuration with that default, and there are no others."""
    mapped = {pin.key: pin.bcm for pin in pins.PINS if pin.key}
    assert msgspec.to_builtins(Config().pins) == mapped
    assert Config().range_sensor.i2c_bus == pins.I2C_BUS
    assert (Config().analogue_heels.channel_left, Config().analogue_heels.channel_right) == (0, 1)


def test_the_example_is_the_reference() -> None:
    """The example file is the schema's own print: `python -m station.config > systemd/station.toml` makes it anew."""
    assert EXAMPLE.read_text(encoding="utf-8") == documented_toml(Config)


def test_the_example_has_every_key_at_its_default() -> None:
    """The example names every section and key, and reading it changes nothing."""
    text = EXAMPLE.read_text(encoding="utf-8")
    assert tomllib.loads(text) == msgspec.json.decode(msgspec.json.encode(Config()))
    assert load(EXAMPLE) == Config()


@pytest.mark.parametrize(("section", "key"), KEYS, ids=lambda part: getattr(part, "name", part))
def test_every_key_says_what_it_is_for(section: str, key: msgspec.structs.FieldInfo) -> None:
    """Each key has a description that is a sentence."""
    assert key_description(key.type).endswith("."), f"{section}.{key.name}"


@pytest.mark.parametrize(("section", "key"), KEYS, ids=lambda part: getattr(part, "name", part))
def test_a_value_of_the_wrong_kind_names_file_key_and_what_is_allowed(
    section: str, key: msgspec.structs.FieldInfo
) -> None:
    """For every key a value of another kind is refused, with the file, the key, the value and what it must be."""
    said = refused(f"[{section}]\n{key.name} = 1979-05-27")
    assert said.startswith(f'board.toml: {section}.{key.name} is "1979-05-27", but must be ')


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            '[board]\nheels = "analog"',
            'board.toml: board.heels is "analog", but must be "analogue" or "comparator".',
        ),
        ("[board]\nsimulated = 1", "board.toml: board.simulated is 1, but must be true or false."),
        ("[board]\nsetback_mm = 7.5", "board.toml: board.setback_mm is 7.5, but must be a whole number from 0 to 200."),
        ("[pins]\nxshut = 28", "board.toml: pins.xshut is 28, but must be a whole number from 2 to 27."),
        ("[page]\nport = 65536", "board.toml: page.port is 65536, but must be a whole number from 0 to 65535."),
        ("[page]\nport = true", "board.toml: page.port is true, but must be a whole number from 0 to 65535."),
        ('[page]\nhost = ""', 'board.toml: page.host is "", but must be a text in quotes.'),
        (
            '[page]\nallowed_hosts = "station.local"',
            'board.toml: page.allowed_hosts is "station.local", but must be a list of texts, as ["one", "two"].',
        ),
        ("[page]\nprot = 80", "board.toml: there is no key page.prot; the nearest is port."),
        ("[store]\nwhere = 1", "board.toml: there is no key store.where; the known ones are path."),
        ("[bord]\nled = true", "board.toml: there is no section [bord]; the nearest is board."),
        (
            "port = 80",
            "board.toml: there is no section [port]; the known ones are "
            "board, pins, analogue_heels, range_sensor, buzzer, page, store.",
        ),
        (
            "pins = 4",
            "board.toml: pins is 4, but it is a section: write [pins] and its keys below.",
        ),
        (
            "[pins]\nbuzzer = 17",
            "board.toml: pins.buzzer is 17, which is already pins.range_interrupt; give each a pin of its own.",
        ),
        (
            "[pins]\nled_red = 2",
            "board.toml: pins.led_red is 2, which is already the VL53L0X's SDA; give each a pin of its own.",
        ),
        (
            "[pins]\nbutton = 11",
            "board.toml: pins.button is 11, which is already the MCP3008's CLK; give each a pin of its own.",
        ),
        (
            "[analogue_heels]\nchannel_right = 0",
            "board.toml: analogue_heels.channel_right is 0, which is already analogue_heels.channel_left; "
            "two plates need two channels.",
        ),
        (
            '[page]\nhost = "0.0.0.0"',
            "board.toml: page.allowed_hosts is empty while page.host opens the page to every network, where no browser "
            'could open it; name the station as browsers call it, for example ["station.local"].',
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(text: str, sentence: str) -> None:
    """Each mistake is answered with the file, the key, what is wrong and what is allowed."""
    assert refused(text) == sentence


def test_a_file_that_is_not_toml_says_where() -> None:
    """A mistake in the TOML is named with its line."""
    said = refused("[board]\nled = yes\n")
    assert said.startswith("board.toml is not valid TOML: ")
    assert "line 2" in said


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A missing file is an error, never the defaults."""
    path = tmp_path / "absent.toml"
    with pytest.raises(ConfigError, match=r"absent\.toml cannot be read: No such file or directory; "):
        load(path)


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    """A file of other bytes is refused with its name."""
    path = tmp_path / "picture.toml"
    path.write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(ConfigError, match=r"picture\.toml is not text in UTF-8"):
        load(path)


@pytest.mark.parametrize(
    "text",
    [
        '[board]\nheels = "comparator"\nknee_pad = false\n[pins]\nknee_pad = 17\nbuzzer = 24',
        '[board]\nplates = "left"\n[analogue_heels]\nchannel_right = 0',
        '[board]\nheels = "comparator"\nplates = "right"\n[pins]\nled_red = 8\nheel_left = 23',
        "[board]\nled = false\n[pins]\nled_red = 4",
        '[buzzer]\nkind = "active"',
        '[page]\nhost = "0.0.0.0"\nallowed_hosts = ["station.local"]\nport = 80',
    ],
)
def test_the_other_wirings_are_configurations(text: str) -> None:
    """A pin or channel that a wiring leaves unused may be used by another part."""
    assert parse(text, "board.toml") != Config()


def test_a_configuration_cannot_be_changed() -> None:
    """What was checked at start stays as it was."""
    config = Config()
    with pytest.raises(AttributeError):
        config.page.port = 80  # type: ignore[misc]  # the promise under test
