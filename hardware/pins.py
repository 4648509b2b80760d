"""The pin map in one place, for the configuration's defaults, the wiring table and the tests.

Pins are BCM numbers, as in `GPIO17`; `header` is the place on the Raspberry Pi's 40-pin header.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pin:
    """One line between the Raspberry Pi and a part. `key` is its name in the configuration, `None` if it is fixed."""

    bcm: int
    header: int
    part: str
    purpose: str
    key: str | None = None


I2C_BUS = 1
"""The bus of SDA and SCL below: `/dev/i2c-1`."""

SDA = Pin(2, 3, "VL53L0X", "SDA, data")
SCL = Pin(3, 5, "VL53L0X", "SCL, clock")
XSHUT = Pin(4, 7, "VL53L0X", "XSHUT, switches the sensor off and on", "xshut")
RANGE_INTERRUPT = Pin(17, 11, "VL53L0X", "GPIO1, low when a reading is ready", "range_interrupt")
SPI_SELECT = Pin(8, 24, "MCP3008", "CS, chip select")
SPI_MISO = Pin(9, 21, "MCP3008", "DOUT, data to the Pi")
SPI_MOSI = Pin(10, 19, "MCP3008", "DIN, data from the Pi")
SPI_CLOCK = Pin(11, 23, "MCP3008", "CLK, clock")
HEEL_LEFT = Pin(27, 13, "left comparator", "high while the left heel is down", "heel_left")
HEEL_RIGHT = Pin(23, 16, "right comparator", "high while the right heel is down", "heel_right")
KNEE_PAD = Pin(24, 18, "knee pad", "to ground while the knee touches", "knee_pad")
BUZZER = Pin(18, 12, "buzzer", "the cues", "buzzer")
BUTTON = Pin(22, 15, "button", "to ground while pressed", "button")
LED_RED = Pin(5, 29, "LED", "red", "led_red")
LED_GREEN = Pin(6, 31, "LED", "green", "led_green")
LED_BLUE = Pin(13, 33, "LED", "blue", "led_blue")

I2C = (SDA, SCL)
SPI = (SPI_SELECT, SPI_MISO, SPI_MOSI, SPI_CLOCK)
PINS = (
    *I2C,
    XSHUT,
    RANGE_INTERRUPT,
    *SPI,
    HEEL_LEFT,
    HEEL_RIGHT,
    KNEE_PAD,
    BUZZER,
    BUTTON,
    LED_RED,
    LED_GREEN,
    LED_BLUE,
)

HEADER_PLACES = {
    2: 3,
    3: 5,
    4: 7,
    5: 29,
    6: 31,
    7: 26,
    8: 24,
    9: 21,
    10: 19,
    11: 23,
    12: 32,
    13: 33,
    14: 8,
    15: 10,
    16: 36,
    17: 11,
    18: 12,
    19: 35,
    20: 38,
    21: 40,
    22: 15,
    23: 16,
    24: 18,
    25: 22,
    26: 37,
    27: 13,
}
"""The place on the 40-pin header of every BCM number, for a configuration with other pins."""

CHANNEL_LEFT = 0
"""The MCP3008's input for the left heel."""

CHANNEL_RIGHT = 1
"""The MCP3008's input for the right heel."""
