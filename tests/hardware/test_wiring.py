"""Pin map, configuration, tables and diagrams are one; plugs cannot be swapped; skin cannot reach an open line."""

from __future__ import annotations

import ast
import re
from html import unescape

import pytest

from hardware import pins
from hardware.hazards import HAZARDS
from hardware.wiring import (
    DIVIDER_OHM,
    GROUND_PLACES,
    INSIDE,
    LEFT_HEEL,
    MISTAKES,
    NOT_WIRED,
    PLUGS,
    RIGHT_HEEL,
    SENSOR,
    SUPPLY_PLACES,
    Plug,
    Wire,
)
from hardware.workshop import documents, files, harness, schematic
from station.config import AnalogueHeelsConfig, Config, PinsConfig
from station.core.sensing.heel_load import DIVIDER_KOHM
from tests.tree import ROOT


def wires() -> list[tuple[Plug, Wire]]:
    return [(plug, wire) for plug in PLUGS for wire in plug.wires if wire.is_used]


def test_every_line_of_the_pin_map_ends_somewhere_once() -> None:
    """Each pin is in one plug, or stays on the carrier board, or is the comparators'."""
    wired = [wire.pin for _, wire in wires() if wire.pin]
    assert sorted(pin.bcm for pin in (*wired, *INSIDE, *NOT_WIRED)) == sorted(pin.bcm for pin in pins.PINS)


def test_wiring_is_that_of_the_configuration() -> None:
    """Where the configuration's defaults say a line is, the wiring has it: pins, channels, divider."""
    config = Config()
    by_key = {pin.key: pin.bcm for pin in pins.PINS if pin.key}
    assert by_key == {key: getattr(config.pins, key) for key in PinsConfig.__struct_fields__}
    assert [wire.net for wire in LEFT_HEEL.wires if wire.net.startswith("CH")] == [
        f"CH{AnalogueHeelsConfig().channel_left}"
    ]
    assert [wire.net for wire in RIGHT_HEEL.wires if wire.net.startswith("CH")] == [
        f"CH{AnalogueHeelsConfig().channel_right}"
    ]
    assert DIVIDER_OHM == AnalogueHeelsConfig().divider_ohm == DIVIDER_KOHM * 1000
    assert config.board.heels == "analogue", "the comparators' lines are not in the harness"


def test_supply_places_are_those_of_the_readme() -> None:
    text = " ".join((ROOT / "hardware" / "README.md").read_text(encoding="utf-8").split())
    *first, last = map(str, GROUND_PLACES)
    assert (
        f"3.3 V at places {SUPPLY_PLACES[0]} and {SUPPLY_PLACES[1]}, ground at {', '.join(first)} and {last}." in text
    )
    assert not {*SUPPLY_PLACES, *GROUND_PLACES} & {pin.header for pin in pins.PINS}


def test_plugs_cannot_be_swapped() -> None:
    """No two plugs have the same number of poles, so that left and right are told apart by the plug itself."""
    assert len({plug.poles for plug in PLUGS}) == len(PLUGS)
    assert LEFT_HEEL.poles != RIGHT_HEEL.poles


def test_only_3v3_leaves_the_box() -> None:
    """No plug carries 5 V: each wire is 3.3 V, ground, a GPIO line or an input of the MCP3008 behind its divider."""
    nets = {wire.net for _, wire in wires() if wire.net}
    assert nets == {"3V3", "GND", f"CH{pins.CHANNEL_LEFT}", f"CH{pins.CHANNEL_RIGHT}"}


def test_touchable_lines_are_protected() -> None:
    """Every signal that leaves the box towards skin has a series resistor, and clamp diodes unless it drives an LED."""
    for plug, wire in wires():
        if plug.is_touchable and wire.net not in ("3V3", "GND"):
            assert wire.series_ohm >= 330, (plug.key, wire.far)
            assert wire.is_clamped or wire.far.startswith("LED"), (plug.key, wire.far)
    assert [plug for plug in PLUGS if not plug.is_touchable] == [SENSOR]


def test_i2c_cable_is_short() -> None:
    assert max(plug.length_mm for plug, wire in wires() if wire.pin in pins.I2C) <= 400


def texts(name: str) -> list[str]:
    drawing = (ROOT / "hardware" / "pictures" / name).read_text(encoding="utf-8")
    return [
        unescape(re.sub(r"<[^>]*>", "", text)).strip()
        for text in re.findall(r"<text[^>]*>(.*?)</text>", drawing, re.DOTALL)
    ]


def test_schematic_shows_every_wired_line() -> None:
    """Every line of the pin map but the comparators' is on the schematic once, and no other GPIO line."""
    shown = sorted(text for text in texts("schematic.svg") if text.startswith("GPIO") and "(" in text)
    assert shown == sorted(schematic.net(pin) for pin in pins.PINS if pin not in NOT_WIRED)


def test_harness_drawing_shows_every_wire_of_the_wiring() -> None:
    """WireViz's drawing has for each wire its pole, source, colour and end, and was made from this wiring."""
    shown = set(texts("harness.svg"))
    for plug in PLUGS:
        used = [(pole, wire) for pole, wire in enumerate(plug.wires, 1) if wire.is_used]
        for number, (pole, wire) in enumerate(used, 1):
            assert f"{plug.key}:{pole}:{wire.source}" in shown
            assert f"{number}:{wire.colour}" in shown
            assert f"{plug.part}:{number}:{wire.far}" in shown
    drawing = (files.HOME / files.HARNESS).read_text(encoding="utf-8")
    assert f"<!-- {harness.digest(harness.source())} -->" in drawing, "make hardware"
    assert {wire.colour for _, wire in wires()} <= harness.WIREVIZ_COLOURS


@pytest.mark.parametrize("plug", PLUGS, ids=lambda plug: plug.key)
def test_harness_table_matches_the_wiring(plug: Plug) -> None:
    """The table of a plug in WIRING.md has a row for each pole, with colour, source and end."""
    text = (ROOT / "hardware" / "WIRING.md").read_text(encoding="utf-8")
    table = text.partition(f"**{plug.key}, ")[2].partition("\n\n")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()[2:]]
    assert [row[:4] for row in rows] == [
        [str(pole), wire.colour or "-", wire.source, wire.far or "empty"] for pole, wire in enumerate(plug.wires, 1)
    ]


def sentences() -> str:
    """All texts of the program that `station check` can show, f-strings without their values."""
    found = []
    for folder in ("station/system", "station/devices", "station/core/sensing"):
        for file in sorted((ROOT / folder).glob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    found.append("".join(str(part.value) for part in node.values if isinstance(part, ast.Constant)))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
    return "\n".join(found)


def test_mistakes_quote_what_the_check_says() -> None:
    said = sentences()
    assert [words for one in MISTAKES for words in one.says if words not in said] == []
    assert "checks that nobody ever wrote" not in said


def test_wiring_page_has_every_mistake() -> None:
    page = documents.wiring()
    assert [one.what for one in MISTAKES if one.what not in page] == []


def test_hazards_name_tests_that_exist() -> None:
    """Each line of the hazard table has a test, and each named test is defined in the named file."""
    for hazard in HAZARDS:
        assert hazard.tests, hazard.what
        for test in hazard.tests:
            file, _, name = test.partition("::")
            source = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            assert name in {node.name for node in source.body if isinstance(node, ast.FunctionDef)}, test
