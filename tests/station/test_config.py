"""The board's configuration: its defaults, its example, and the sentence for each mistake."""

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
    """The error for this text."""
    with pytest.raises(ConfigError) as caught:
        parse(text, "board.toml")
    return str(caught.value)


def test_default_is_real_board_in_default_wiring() -> None:
    """Without a file: two analogue heels, a knee pad, the interrupt line, a piezo, and a page for this machine only."""
    config = load(None)
    assert not config.board.simulated
    assert (config.board.heels, config.board.plates, config.board.knee_pad) == ("analogue", "two", True)
    assert (config.range_sensor.interrupt, config.buzzer.kind) == (True, "piezo")
    assert (config.board.setback_mm, config.board.skirting_mm, config.analogue_heels.divider_ohm) == (70, 0, 2200)
    assert config.page.host == "127.0.0.1"


def test_default_pins_match_the_pin_map() -> None:
    """Every pin with a key in the map is a key of the configuration with that default, and there are no others."""
    mapped = {pin.key: pin.bcm for pin in pins.PINS if pin.key}
    assert msgspec.to_builtins(Config().pins) == mapped
    assert Config().range_sensor.i2c_bus == pins.I2C_BUS
    assert (Config().analogue_heels.channel_left, Config().analogue_heels.channel_right) == (0, 1)


def test_example_file_is_generated_from_the_schema() -> None:
    """`python -m station.config > systemd/station.toml` writes it again."""
    assert EXAMPLE.read_text(encoding="utf-8") == documented_toml(Config)


def test_example_file_has_every_key_at_its_default() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert tomllib.loads(text) == msgspec.json.decode(msgspec.json.encode(Config()))
    assert load(EXAMPLE) == Config()


@pytest.mark.parametrize(("section", "key"), KEYS, ids=lambda part: getattr(part, "name", part))
def test_every_key_has_a_description(section: str, key: msgspec.structs.FieldInfo) -> None:
    assert key_description(key.type).endswith("."), f"{section}.{key.name}"


@pytest.mark.parametrize(("section", "key"), KEYS, ids=lambda part: getattr(part, "name", part))
def test_value_of_wrong_type_is_refused_for_every_key(section: str, key: msgspec.structs.FieldInfo) -> None:
    """The error has the file, the key, the value and what it must be."""
    error = refused(f"[{section}]\n{key.name} = 1979-05-27")
    assert error.startswith(f'board.toml: {section}.{key.name} is "1979-05-27", but must be ')


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
        ('[page]\nhost = ""', 'board.toml: page.host is "", but must be text in quotes.'),
        (
            '[page]\nallowed_hosts = "station.local"',
            'board.toml: page.allowed_hosts is "station.local", but must be a list of texts, such as ["one", "two"].',
        ),
        ("[page]\nprot = 80", "board.toml: there is no key page.prot; the nearest is port."),
        ("[store]\nwhere = 1", "board.toml: there is no key store.where; the known ones are path, stick."),
        ("[bord]\nled = true", "board.toml: there is no section [bord]; the nearest is board."),
        (
            "port = 80",
            "board.toml: there is no section [port]; the known ones are "
            "board, pins, analogue_heels, range_sensor, buzzer, page, store.",
        ),
        (
            "pins = 4",
            "board.toml: pins is 4, but it is a section: write [pins] with its keys below.",
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
            '[page]\nhost = "93.184.216.34"',
            'board.toml: page.host is "93.184.216.34", an address on the internet; choose one of your own network, or '
            "set page.public = true if everyone may reach the page.",
        ),
        (
            '[page]\nproxy = "localhost"',
            'board.toml: page.proxy is "localhost", but must be a numeric address, for example "127.0.0.1", or empty.',
        ),
        (
            '[store]\npath = "~/station.db"',
            'board.toml: store.path is "~/station.db", but only a shell knows what ~ stands for; write the whole path.',
        ),
    ],
)
def test_each_mistake_gets_one_sentence(text: str, sentence: str) -> None:
    """With the file, the key, the mistake and what is allowed."""
    assert refused(text) == sentence


@pytest.mark.parametrize("name", ["*", "station.local:8080", "http://station.local", "192.168.1.5", "::1", "a b", ""])
def test_allowed_host_that_no_browser_names_is_refused(name: str) -> None:
    sentence = refused(f'[page]\nallowed_hosts = ["station.local", "{name}"]')
    assert sentence.startswith(f'board.toml: page.allowed_hosts has "{name}", but must have names')
    assert 'for example "station.local"' in sentence


@pytest.mark.parametrize("name", ["station.local", "Station", "pi-3.fritz.box", "3d.example"])
def test_allowed_host_is_a_name(name: str) -> None:
    assert parse(f'[page]\nallowed_hosts = ["{name}"]', "board.toml").page.allowed_hosts == (name,)


def test_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Windows' editor begins a file with one."""
    path = tmp_path / "board.toml"
    path.write_bytes(b"\xef\xbb\xbf[page]\nport = 80\n")
    assert load(path).page.port == 80


def test_invalid_toml_is_refused_with_its_line() -> None:
    error = refused("[board]\nled = yes\n")
    assert error.startswith("board.toml is not valid TOML: ")
    assert "line 2" in error


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """A missing file is an error, never the defaults."""
    path = tmp_path / "absent.toml"
    with pytest.raises(ConfigError, match=r"absent\.toml cannot be read: No such file or directory; "):
        load(path)


def test_binary_file_is_refused(tmp_path: Path) -> None:
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
def test_unused_pin_or_channel_may_be_reused(text: str) -> None:
    assert parse(text, "board.toml") != Config()


def test_configuration_is_immutable() -> None:
    config = Config()
    with pytest.raises(AttributeError):
        config.page.port = 80  # type: ignore[misc]  # the promise under test
