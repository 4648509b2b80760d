"""The pin map and the wiring table are one."""

from __future__ import annotations

import re
from collections import Counter

from hardware import pins
from tests.tree import ROOT

README = ROOT / "hardware" / "README.md"
# The 40-pin header of every Raspberry Pi since the B+: the place of each GPIO line by its BCM number.
# fmt: off
HEADER = {
    2: 3, 3: 5, 4: 7, 5: 29, 6: 31, 7: 26, 8: 24, 9: 21, 10: 19, 11: 23, 12: 32, 13: 33, 14: 8, 15: 10,
    16: 36, 17: 11, 18: 12, 19: 35, 20: 38, 21: 40, 22: 15, 23: 16, 24: 18, 25: 22, 26: 37, 27: 13,
}
# fmt: on


def test_pin_map_matches_design() -> None:
    """The lines are where boards that are already built have them."""
    assert [pin.bcm for pin in pins.I2C] == [2, 3]
    assert [pin.bcm for pin in pins.SPI] == [8, 9, 10, 11]
    assert {pin.key: pin.bcm for pin in pins.PINS if pin.key} == {
        "xshut": 4,
        "range_interrupt": 17,
        "heel_left": 27,
        "heel_right": 23,
        "knee_pad": 24,
        "buzzer": 18,
        "button": 22,
        "led_red": 5,
        "led_green": 6,
        "led_blue": 13,
    }


def test_pin_map_has_no_duplicates() -> None:
    """Everything can be wired at once, also both kinds of heels."""
    assert max(Counter(pin.bcm for pin in pins.PINS).values()) == 1


def test_pin_map_header_positions_are_right() -> None:
    """Each BCM number has the right position on the header."""
    assert {pin.bcm: pin.header for pin in pins.PINS} == {pin.bcm: HEADER[pin.bcm] for pin in pins.PINS}


def test_wiring_table_matches_pin_map() -> None:
    """The table in hardware/README.md has every pin, in the map's order and words, and nothing else."""
    _, _, after = README.read_text(encoding="utf-8").partition("| GPIO (BCM) |")
    rows = re.findall(r"^\| (\d.*) \|$", after.partition("\n\n")[0], flags=re.MULTILINE)
    assert [[cell.strip(" `") for cell in row.split("|")] for row in rows] == [
        [str(pin.bcm), str(pin.header), pin.part, pin.purpose, pin.key or ""] for pin in pins.PINS
    ]


def test_hardware_readme_names_channels_and_dimensions() -> None:
    """The wiring page says the channels of the heels as the map has them."""
    text = README.read_text(encoding="utf-8")
    assert f"The left heel is channel {pins.CHANNEL_LEFT}, the right heel channel {pins.CHANNEL_RIGHT}." in " ".join(
        text.split()
    )
