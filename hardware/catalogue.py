"""The bought parts: each with its number, two substitutes, and what matters in a substitute.

Numbers are the manufacturer's or, if a shop is named, that shop's. Masses are in grams per piece. Price classes are for
one piece or package: € under 2 euros, €€ 2 to 10, €€€ 10 to 30, €€€€ more.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bought:
    """A bought part."""

    key: str
    name: str
    size: str
    number: str
    substitutes: tuple[str, str]
    matters: str
    mass_g: float
    price: str


@dataclass(frozen=True, slots=True)
class Material:
    """The material of sawn or printed pieces."""

    name: str
    substitutes: tuple[str, str]
    matters: str
    price: str


BIRCH = Material(
    "birch plywood",
    ("beech plywood of the same thickness", "bamboo plywood of the same thickness"),
    "bending strength at least 33 N/mm2 in both directions (EN 636-2 S); no poplar, chipboard or MDF",
    "€€€€",
)
MATERIALS = {
    "PETG, printed": Material(
        "PETG, printed", ("ASA", "PLA, not in the sun"), "matt black; 4 walls, 30 % infill, 0.2 mm layers", "€€€"
    ),
    "hardboard 3 mm": Material(
        "hardboard 3 mm",
        ("HDPE sheet 3 mm", "acrylic sheet 3 mm"),
        "3.0 mm thick within 0.2 mm: it is the hard stop under the heel plate",
        "€",
    ),
    "aluminium flat bar 40 x 2": Material(
        "aluminium flat bar 40 x 2",
        ("stainless steel flat bar 40 x 2", "brass flat bar 40 x 2"),
        "2 mm thick: the knee pad stands out by the same 2 mm; straight",
        "€€",
    ),
    "rubber 3 mm": Material(
        "rubber 3 mm",
        ("EPDM sheet 3 mm", "natural rubber sheet 3 mm"),
        "solid, not foamed; does not slide on the floor in use",
        "€€",
    ),
}


def material(name: str) -> Material:
    """The material of a made piece; birch plywood in any thickness."""
    return BIRCH if name.startswith("birch plywood") else MATERIALS[name]


BOUGHT = (
    Bought(
        "raspberry-pi",
        "Raspberry Pi, 64-bit",
        "65 x 56 mm",
        "Raspberry Pi 3 Model A+",
        ("Raspberry Pi Zero 2 WH", "Raspberry Pi 4 Model B or 5"),
        "a 40-pin header; see the table of models",
        29,
        "€€€",
    ),
    Bought(
        "power-supply",
        "power supply",
        "5.1 V, 2.5 A, micro-USB",
        "Raspberry Pi 12.5W Micro USB Power Supply",
        ("Raspberry Pi 15W USB-C Power Supply (models 4 and 5)", "any 5.1 V supply of 2.5 A with its mark of safety"),
        "the plug of your model; no phone charger; its plug is what you pull first",
        110,
        "€€",
    ),
    Bought(
        "sd-card",
        "microSD card",
        "32 GB",
        "SanDisk Max Endurance SDSQQVR-032G",
        ("Samsung PRO Endurance 32 GB", "any 16 to 64 GB card of class A1"),
        "made for constant writing (endurance)",
        1,
        "€€",
    ),
    Bought(
        "vl53l0x",
        "VL53L0X breakout",
        "about 21 x 18 mm",
        "Adafruit 3317",
        ("Pololu 2490 (VL53L0X)", "GY-VL53L0XV2 (VL53L0X, no maker's number)"),
        "XSHUT and GPIO1 are brought out; its own regulator; a VL53L4CD is wired alike and needs"
        " `range_sensor.kind`; a VL53L1X or VL6180X does not work",
        2,
        "€€€",
    ),
    Bought(
        "fsr",
        "force sensor",
        "18 mm round, 0.45 mm thick",
        "Interlink FSR 402 (30-81794)",
        ("Adafruit 166", "SparkFun SEN-09375"),
        "0.2 to 20 N behind a hard stop; an active area of 12 mm or more",
        1,
        "€€",
    ),
    Bought(
        "mcp3008",
        "analogue-to-digital converter",
        "DIP-16",
        "Microchip MCP3008-I/P",
        ("Adafruit 856", "Microchip MCP3008-I/SL on a SOIC-16 adapter"),
        "MCP3008 and no other: the driver speaks its protocol; 10 bits",
        2,
        "€€",
    ),
    Bought(
        "piezo",
        "piezo sounder",
        "22 mm",
        "Murata PKM22EPPH2001-B0",
        ("TDK PS1720P02", "a passive sounder of 17 to 30 mm with its resonance in the data sheet"),
        "passive (external drive), resonance at 2.0 to 2.5 kHz: older ears do not hear 4 kHz",
        2,
        "€",
    ),
    Bought(
        "carrier-board",
        "carrier board",
        "65 x 56 mm",
        "Adafruit 2310 (Perma-Proto HAT)",
        ("Adafruit 2314", "stripboard 65 x 56 mm with a Samtec SSQ-120-03-G-D socket"),
        "a 2 x 20 socket for the header; room for 16 pins of the MCP3008",
        20,
        "€€",
    ),
    Bought(
        "r-2k2",
        "resistor 2.2 kOhm, 1 %",
        "0.25 W",
        "Yageo MFR-25FBF52-2K2",
        ("Vishay MRS25000C2201FCT00", "any metal film 2.2 kOhm, 1 %"),
        "the value of `analogue_heels.divider_ohm`",
        0.3,
        "€",
    ),
    Bought(
        "r-1k",
        "resistor 1 kOhm",
        "0.25 W",
        "Yageo MFR-25FBF52-1K",
        ("Vishay MRS25000C1001FCT00", "any 1 kOhm, 5 %"),
        "0.25 W, so that a spark does not burn it",
        0.3,
        "€",
    ),
    Bought(
        "r-330",
        "resistor 330 Ohm",
        "0.25 W",
        "Yageo MFR-25FBF52-330R",
        ("Vishay MRS25000C3300FCT00", "any of 270 to 470 Ohm"),
        "a pin gives at most some 5 mA to each colour",
        0.3,
        "€",
    ),
    Bought(
        "r-220",
        "resistor 220 Ohm",
        "0.25 W",
        "Yageo MFR-25FBF52-220R",
        ("Vishay MRS25000C2200FCT00", "any of 150 to 330 Ohm"),
        "in front of the piezo, which is a capacitor",
        0.3,
        "€",
    ),
    Bought(
        "c-100n",
        "capacitor 100 nF",
        "2.5 or 5 mm pitch",
        "Kemet C320C104K5R5TA",
        ("Vishay K104K15X7RF5TL2", "any ceramic 100 nF, X7R"),
        "X7R; beside the supply pin that it is for",
        0.3,
        "€",
    ),
    Bought(
        "clamp-diode",
        "Schottky diode",
        "DO-35",
        "Nexperia BAT85",
        ("STMicroelectronics BAT42", "Vishay BAT43"),
        "Schottky: it must conduct before the diodes inside the Raspberry Pi do",
        0.2,
        "€",
    ),
    Bought(
        "led",
        "RGB LED, common cathode",
        "5 mm, diffuse",
        "SparkFun COM-09264",
        ("SparkFun COM-00105 (clear)", "any 5 mm RGB LED with a common cathode"),
        "common cathode (the long leg to ground)",
        0.5,
        "€",
    ),
    Bought(
        "button",
        "push button",
        "12 x 12 mm",
        "Omron B3F-4055",
        ("SparkFun COM-09190", "any normally open push button"),
        "closes while pressed",
        1,
        "€",
    ),
    *(
        Bought(
            f"xh-{poles}",
            f"plug and socket, {poles} poles",
            "2.5 mm pitch",
            f"JST XHP-{poles} and B{poles}B-XH-A",
            (f"JST XHP-{poles} and S{poles}B-XH-A (lying)", f"a ready-made XH cable of {poles} poles with its socket"),
            "the number of poles: no other plug fits there; crimp contacts SXH-001T-P0.6",
            3,
            "€",
        )
        for poles in (2, 3, 4, 5, 6)
    ),
    Bought(
        "cable-sensor",
        "ribbon cable, 6 wires",
        "350 mm",
        "3M 3302/10, six of its wires",
        ("six stranded wires 0.08 to 0.14 mm2", "a ready-made JST-XH cable of 6 poles, 300 to 400 mm"),
        "no longer than 400 mm: I2C at 400 kHz",
        8,
        "€",
    ),
    Bought(
        "cable-heel",
        "twisted pair",
        "450 mm",
        "LiY 2 x 0.14 mm2, twisted",
        ("a pair out of a network cable, stranded", "a servo cable without its middle wire"),
        "stranded: it bends at the hinge with each change of slope",
        5,
        "€",
    ),
    Bought(
        "cable-wall",
        "cable to the wall plate",
        "2 m",
        "LiYCY 2 x 0.14 mm2 and LiYY 5 x 0.14 mm2",
        ("alarm cable 2 and 6 x 0.22 mm2", "screened network cable, stranded"),
        "stranded, 2 m: the board moves 250 mm to and fro",
        90,
        "€€",
    ),
    Bought(
        "plate-hinge",
        "piano hinge, short",
        "100 x 32 mm open",
        "piano hinge, steel, 32 x 0.7 mm",
        ("two butt hinges 40 x 32 mm, leaves 0.7 mm", "a strip of 0.4 mm spring steel, 100 x 30 mm"),
        "closed no thicker than 3 mm; no play sideways",
        30,
        "€€",
    ),
    Bought(
        "deck-hinge",
        "piano hinge, long",
        "480 x 32 mm open",
        "piano hinge, steel, 32 x 0.7 mm",
        ("three butt hinges 80 x 40 mm", "a continuous hinge of stainless steel, 32 mm"),
        "steel; holes no farther apart than 60 mm",
        150,
        "€€",
    ),
    Bought(
        "spring",
        "compression spring",
        "7 mm outside, 20 mm long, wire 0.63 mm",
        "compression spring 0.63 x 7 x 20, 8.5 turns",
        ("any of 6 to 9 mm outside and 0.5 to 1.0 N/mm", "a plug of soft foam rubber, 10 mm, 20 mm long"),
        "0.5 to 1.0 N/mm: two lift the empty plate by 2 mm",
        1,
        "€",
    ),
    Bought(
        "foam",
        "foam disc",
        "12 mm round, 4 mm thick",
        "EPDM foam, closed cells, ASTM D1056 2A2",
        ("neoprene foam ASTM D1056 2C2, 4 mm", "Rogers PORON 4701-40, 4 mm"),
        "35 to 63 kPa at a quarter of its thickness: under the hard stop the sensor gets 6 to 10 N",
        0.2,
        "€",
    ),
    Bought(
        "limit-screw",
        "limit screw with insert",
        "M4 x 20 and insert M4 x 8",
        "ISO 7380-1 M4 x 20, wood insert M4 x 8",
        ("ISO 7045 M4 x 20 with a T-nut", "ISO 4762 M4 x 20 with a washer"),
        "its head sinks into the deck from below; a drop of thread lock holds the setting",
        5,
        "€",
    ),
    Bought(
        "dowel",
        "hardwood dowel",
        "12 x 25 mm",
        "beech dowel 12 mm",
        ("oak dowel 12 mm", "aluminium rod 12 mm"),
        "10 mm stand out; they fit the holes of the base by hand",
        2,
        "€",
    ),
    Bought(
        "anti-slip",
        "anti-slip tape for bare feet",
        "100 mm wide, 1.2 m",
        "3M Safety-Walk 280",
        ("3M Safety-Walk 220", "rubberised cork 1 mm, glued"),
        "made for bare feet; friction at least 0.6 wet",
        60,
        "€€€",
    ),
    Bought(
        "copper-foil",
        "copper foil tape",
        "50 mm wide, 2 m",
        "3M 1181, 50 mm",
        ("aluminium kitchen foil, glued", "Tapeswitch ribbon switch instead of the whole pad"),
        "two faces, 0.1 mm each, that touch when the knee presses",
        40,
        "€€",
    ),
    Bought(
        "pad-cover",
        "cover and spacer of the knee pad",
        "400 x 180 mm: sheet 0.5 mm, foam tape 1 mm",
        "polypropylene sheet 0.5 mm, PE foam tape 1 mm",
        ("document cover 0.5 mm and foam tape", "two Omron D2F-01L microswitches behind a hinged strip"),
        "2 mm thick in all: as much as a toe stop",
        60,
        "€€",
    ),
    Bought(
        "wood-screws",
        "wood screws, 3.5 x 25 countersunk",
        "package of 100",
        "3.5 x 25, TX15",
        ("3.5 x 23", "4 x 25"),
        "shorter than the wood is thick; heads flush or below",
        150,
        "€€",
    ),
    Bought(
        "long-screws",
        "wood screws, 4 x 40 countersunk",
        "package of 50",
        "4 x 40, TX20",
        ("4 x 45", "4.5 x 40"),
        "for ribs and webs, and for the feet of the blocks, drilled first",
        150,
        "€€",
    ),
    Bought(
        "small-screws",
        "small screws",
        "M2.5 x 6 and 2.9 x 6.5, ten each",
        "ISO 7045 M2.5 x 6, ISO 7049 2.9 x 6.5",
        ("M2.5 x 8", "screws of the hinges' makers"),
        "for the Raspberry Pi, the sensor's breakout and the hinges of the plates",
        20,
        "€",
    ),
    Bought(
        "wall-screws",
        "wall screws and plugs",
        "5 x 60 mm with plug 8 mm",
        "fischer DuoPower 8 x 40 with 5 x 60",
        ("plasterboard anchors", "two adhesive hooks of 5 kg for a rented wall"),
        "they hold the wall plate upright; it stands on the floor",
        20,
        "€",
    ),
    Bought(
        "glue",
        "wood glue, D3",
        "250 g",
        "Titebond II",
        ("Ponal Super 3", "any D3 wood glue (EN 204)"),
        "D3: bare feet are damp; the layers of the deck are one beam only if glued all over",
        250,
        "€€",
    ),
    Bought(
        "paint",
        "matt paint, white and black",
        "125 ml each",
        "acrylic, matt, RAL 9010 and RAL 9005",
        ("chalk paint", "matt spray paint"),
        "matt: a gloss mirrors the sensor's light; white where the sensor looks, black in the tunnel",
        250,
        "€€",
    ),
)
BY_KEY = {one.key: one for one in BOUGHT}
