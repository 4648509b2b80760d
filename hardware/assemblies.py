"""The build guide as data: assemblies, their steps, what each step needs, and the check that ends it.

The keys in `needs` are those of the made pieces (`hardware.workshop.solids`) or of the catalogue. The parts list is the
sum of all steps. `shows` is what `station check` says (words of its sentences), if the step ends with one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from hardware import dimensions as d
from hardware.wiring import PLUGS


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its title, what it needs (key to quantity), what to do, and a check that one can see."""

    title: str
    picture: str
    needs: Mapping[str, int]
    do: tuple[str, ...]
    check: str
    shows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assembly:
    """A part of the board that is built in one go."""

    title: str
    about: str
    steps: tuple[Step, ...]


LYING, STANDING, INSTEAD = f"{d.SLOPES_DEG[1]:g}", f"{d.SLOPES_DEG[2]:g}", f"{d.SLOPES_DEG[3]:g}"
FOOT_KEYS = {f"block-foot-{length:g}": 1 for length in sorted((*d.BLOCKS_MM, d.CHECK_BLOCK_MM)) if length}

DECK = Assembly(
    "Deck",
    "Base, deck and risers carry the person. The layers of the deck form one beam only if they are glued all over.",
    (
        Step(
            "Saw and drill",
            "deck-layers",
            {"base": 1, "deck-lower": 1, "deck-upper": 1},
            (
                "Have the pieces sawn to the cutting list, or saw them with a guide rail.",
                "Cut the channel and the heel plates' windows with a jigsaw; drill a 10 mm hole in each corner first.",
                "Drill the lower layer by the template of the heel plate (calibration sheet, page 2): the springs'"
                f" holes 10 mm deep, the limit screw's {d.LIMIT_HOLE_MM:g} mm through, and 12 mm wide and 7 mm deep"
                " from below. Cut a groove of 8 x 4 mm from the sensor's place to the channel.",
                f"Drill eight holes of {d.DOWEL_MM + 0.5:g} mm, 11 mm deep, into the base for the risers' dowels:"
                f" {d.DOWEL_LYING_MM:g} and {d.DOWEL_STANDING_MM:g} mm in front of the rear edge,"
                f" {d.RIB_CENTRES_MM[0]:g} and {d.RIB_CENTRES_MM[1]:g} mm to either side of the middle.",
            ),
            "Lay the layers on top of each other: the outlines and the channel agree within 1 mm.",
        ),
        Step(
            "Glue the deck, and round its edges",
            "deck-glued",
            {"glue": 1, "wood-screws": 1},
            (
                "Spread glue on the whole lower layer, but not in the windows. Press with 12 screws from below; take"
                " them out after a day, or leave them.",
                f"Round every upper edge and the channel's with a radius of {d.ROUNDED_MM:g} mm, the corners with"
                f" {d.PLAN_RADIUS_MM:g} mm. Sand, and varnish twice.",
            ),
            "Run a bare hand along every edge: nothing catches. No gap between the layers takes a sheet of paper.",
        ),
        Step(
            "Rubber below the base",
            "base-below",
            {"rubber-strip": 6},
            ("Glue the strips lengthwise under the base, three below each lane; the outer ones 5 mm from the edge.",),
            "On the floor the base does not rock, and with 10 kg on it a push with one finger does not move it.",
        ),
        Step(
            "Hinge",
            "deck-open",
            {"deck-hinge": 1},
            (
                "Lay the deck on the base, rear edges and sides flush, two sheets of paper in between.",
                "Screw the hinge's leaves to both rear edges, its pin at the joint. Take the paper out.",
            ),
            "The deck opens beyond 30 degrees, and lies flat again: no light shows between deck and base.",
        ),
        Step(
            "Toe stops",
            "toe-stops",
            {"toe-stop": 2},
            (
                "Drill three holes of 4 mm in each bar, countersink them deeply, and break all edges with a file.",
                f"Screw one in front of each lane, its lower edge {d.STOP_BOTTOM_MM - d.BASE_TOP_MM:g} mm above the"
                " deck's underside. Their front is the toe line: no part of the board may protrude beyond it.",
            ),
            "A straight edge across both stops touches both along their full length, and nothing else.",
        ),
        Step(
            "Risers",
            "risers",
            {
                f"rib-{d.RISERS_DEG[0][0]:g}-{d.RISERS_DEG[0][1]:g}": 4,
                "web-60": 2,
                "web-44": 2,
                "dowel": 8,
                "long-screws": 1,
            },
            (
                "Saw the ribs by the template of page 3. Glue and screw two ribs and two webs to each of the two"
                " risers.",
                f"Glue a dowel into each rib's underside, {d.RISER_FRONT_MM - d.DOWEL_LYING_MM:g} mm behind its front,"
                f" and into its front, {d.DOWEL_STANDING_MM - d.RISER_REAR_MM:g} mm above its underside;"
                f" {d.DOWEL_OUT_MM:g} mm stand out.",
                f"Write {LYING} on the side that is up when the riser lies, {STANDING} on the other, large. For"
                f" {INSTEAD} degrees instead of {STANDING} make the other ribs of the cutting list.",
            ),
            f"Both risers lying: a phone's level on the deck shows {LYING} degrees, both standing {STANDING}, within"
            " half a degree. The deck lies on the whole top of both, and does not rock.",
        ),
        Step(
            "Anti-slip tape",
            "deck-tape",
            {"anti-slip": 1},
            (
                "Clean the deck, and cover both lanes with the tape; cut it out around the heel plates. Cover the"
                " plates.",
            ),
            "With a wet bare foot on the steepest slope the foot does not slide.",
        ),
    ),
)

HEELS = Assembly(
    "Heel plates",
    "Each plate hangs on a hinge under the arch of the foot. Two springs lift its rear edge by"
    f" {d.PLATE_RISE_MM:g} mm; a heel presses it down onto its hard stop, a sheet that carries it all over. Only the"
    " foam, squeezed between plate and stop, presses on the sensor. A heel needs"
    f" {d.closing_force_n(330.0):.0f} N (a foot of 330 mm) to {d.closing_force_n(220.0):.0f} N (220 mm) to close it.",
    (
        Step(
            "Hinge the plates",
            "plate-hinge",
            {"heel-plate": 2, "plate-hinge": 2, "small-screws": 1},
            (
                f"Round the plates' upper edges with {d.PLATE_ROUNDED_MM:g} mm.",
                "Screw one leaf of the closed hinge below the plate's front edge, its pin to the front.",
                "Hold the plate upright in its window, and screw the other leaf to the lower layer.",
            ),
            "The plate swings up and drops back freely, with a gap of 1 to 2 mm all around.",
        ),
        Step(
            "Hard stop, sensor and foam",
            "plate-inside",
            {"stop-sheet": 2, "fsr": 2, "foam": 2, "cable-heel": 2},
            (
                "Glue the stop sheet into the window, its holes over those of the lower layer.",
                f"Glue the force sensor into the hole of {d.FSR_HOLE_MM:g} mm, its tail in the groove. Solder the"
                " twisted pair to it, short and cool: its tail melts. Lead the cable to the channel with a loop of"
                " 60 mm at the hinge side.",
                "Glue the foam disc below the plate, above the middle of the sensor.",
            ),
            "Pressed down, the plate lies on the sheet and is flush with the deck: a ruler across does not rock.",
        ),
        Step(
            "Springs and limit screw",
            "plate-springs",
            {"spring": 4, "limit-screw": 2},
            (
                "Screw the insert into the plate from below. Set the springs into their holes.",
                f"Screw the limit screw in from below until the plate's rear edge stands {d.PLATE_RISE_MM:g} mm above"
                " the deck. A drop of thread lock holds it.",
            ),
            "Two euro cents (1.7 mm each) stacked: the rear edge stands a little above one and well below two. A thumb"
            " presses the plate down; let go, it snaps up.",
        ),
    ),
)

TUNNEL = Assembly(
    "Sensor tunnel",
    f"The sensor looks at the wall from {d.SETBACK_MM:g} mm behind the toe line, {d.SENSOR_AXIS_MM:g} mm above the"
    f" floor: there its cone of {d.EXCLUSION_CONE_DEG:g} degrees touches neither floor nor deck nor toes, up to"
    f" {d.CLEAR_TO_MM:g} mm in front of the toe line.",
    (
        Step(
            "Print and mount the tower",
            "tower",
            {"sensor-tower": 1, "paint": 1},
            (
                "Print it on its rear side. If it shines, paint the tunnel matt black inside.",
                f"Screw its foot to the base in the middle of the channel. Its bosses, where the breakout will lie, are"
                f" {d.SETBACK_MM + d.SENSOR_HEIGHT_MM + d.SENSOR_BOARD_MM:g} mm behind the toe line: measure from a"
                " straight edge across both toe stops.",
            ),
            "Seen from the wall, the tunnel is square to the toe line, and its opening is free all around.",
        ),
        Step(
            "Put in the sensor",
            "tower-sensor",
            {"vl53l0x": 1, "cable-sensor": 1},
            (
                "Take the film off the sensor. Solder the ribbon to the breakout: VIN, GND, SDA, SCL, XSHUT, GPIO1.",
                "Screw the breakout to the bosses, the sensor in the middle of the tunnel; its cable goes down inside.",
            ),
            f"From the straight edge across the toe stops to the sensor's face: {d.SETBACK_MM:g} mm, within 1 mm"
            " (`board.setback_mm`).",
        ),
    ),
)

BOX = Assembly(
    "Electronics box",
    "The Raspberry Pi and the carrier board lie between the lanes, behind the tower. No more than 5 V goes in, and no"
    " more than 3.3 V comes out.",
    (
        Step(
            "Box and Raspberry Pi",
            "box-open",
            {"electronics-box": 1, "raspberry-pi": 1, "sd-card": 1},
            (
                "Print the box, and screw it to the base with four screws, behind the tower.",
                "Screw the Raspberry Pi to the posts; the table of models says which.",
            ),
            "The deck closes without touching the box: 5 mm of air on either side.",
        ),
        Step(
            "Carrier board",
            "schematic",
            {
                "carrier-board": 1,
                "mcp3008": 1,
                "piezo": 1,
                "r-2k2": 2,
                "r-1k": sum(wire.series_ohm == 1000 for plug in PLUGS for wire in plug.wires),
                "r-330": sum(wire.series_ohm == 330 for plug in PLUGS for wire in plug.wires),
                "r-220": 1,
                "c-100n": 4,
                "clamp-diode": 2 * sum(wire.is_clamped for plug in PLUGS for wire in plug.wires),
            },
            (
                "Solder the parts of the schematic to the carrier board, resistors first, the MCP3008 last. Mark pole 1"
                " of each socket.",
                "Before it meets the Raspberry Pi, measure: between 3.3 V and ground more than 1 kOhm, and between"
                " neighbours of the 40 places no short.",
            ),
            "The carrier board sits on all 40 pins, none beside the socket: a board one row off destroys both.",
        ),
        Step(
            "Cables",
            "harness",
            {f"xh-{plug.poles}": 1 for plug in PLUGS} | {"cable-wall": 1, "led": 1, "button": 1},
            (
                "Crimp the plugs by the table of the harness. Each has its own number of poles, so that none fits"
                " another's socket: the left heel has two, the right heel three.",
                "Pull at every wire once. Plug them in.",
            ),
            "`station check`: both heels near 0 of full scale; press the left plate, and only the left line rises.",
            ("heel sensor", "samples a second", "of full scale"),
        ),
        Step(
            "Lid and power",
            "box-closed",
            {"box-lid": 1, "power-supply": 1},
            (
                "Screw the lid on; it carries a person who steps on it by mistake.",
                "Lead the supply's cable to the front, below the tunnel, along the floor to the wall: nobody steps"
                " there. The deck needs no hole.",
                "Write on the lid: slant-board station, when it was built and by whom, and for how much weight"
                " ([SAFETY.md](SAFETY.md)).",
            ),
            "`station check`: the distance sensor reads, and the buzzer plays YES (short, long).",
            ("readings a second", "did you hear YES"),
        ),
    ),
)

WALL = Assembly(
    "Wall plate and knee pad",
    "One white plate for the sensor to look at and for the knees to touch, so that the skirting board does not matter.",
    (
        Step(
            "Wall plate",
            "wall-plate",
            {"wall-plate": 1, "wall-spacer": 2, "wall-screws": 1},
            (
                "Paint the plate matt white. Screw the spacers behind its upper corners; print them as deep as your"
                " skirting board (`SKIRTING_MM` in `hardware/dimensions.py`).",
                "Stand it on the floor against the skirting board, upright by a spirit level, and screw it to the wall"
                " through the spacers.",
            ),
            "Upright within 1 mm over its height: a plumb line touches it all along. It does not give when you lean"
            " on it.",
        ),
        Step(
            "Knee pad",
            "knee-pad",
            {"copper-foil": 1, "pad-cover": 1},
            (
                "Stick copper foil to the plate and to the inside of the cover; foam tape in strips, 30 mm apart,"
                " between them. Solder a wire to each foil.",
                f"The finished pad stands {d.PAD_PROUD_MM:g} mm in front of the plate: the toes are as far behind the"
                " toe line, so both cancel. Without a pad, set `board.skirting_mm` to 2.",
            ),
            "With a multimeter: open, and closed under a knee, anywhere on the pad. The page's *Status* shows it.",
        ),
    ),
)

BLOCKS = Assembly(
    "Calibration blocks",
    "Four blocks calibrate the station, and a fifth of"
    f" {d.CHECK_BLOCK_MM:g} mm shows how well that went. A length counts from the toe line to the side of the face that"
    " the sensor sees.",
    (
        Step(
            "Make the blocks",
            "blocks",
            {"block-face": len(FOOT_KEYS) + 1, "block-contact": len(FOOT_KEYS), "block-bracket": 2 * len(FOOT_KEYS)}
            | FOOT_KEYS,
            (
                "Print the calibration sheet, and lay a steel rule on its ruler.",
                "Saw the feet square, to the cutting list. Paint the faces matt white.",
                "Screw each foot between a contact plate and a face, both upright on the floor, and put two brackets"
                " behind the face. The block of 0 mm is its face alone.",
            ),
            "A block stands on its own, square and upright, and touches both toe stops along their full width.",
        ),
        Step(
            "Measure them",
            "blocks-use",
            {},
            (
                "Measure each from contact plate to face with the steel rule, at both edges, to half a millimetre;"
                " write the mean on it.",
                "If one differs from its nominal length, put its true length into `range_sensor.blocks_mm`.",
            ),
            "`station calibrate` ends with a result; the block of 100 mm then reads within 2 mm of what is written on"
            " it.",
        ),
    ),
)

ASSEMBLIES = (DECK, HEELS, TUNNEL, BOX, WALL, BLOCKS)


def needs() -> Counter[str]:
    """How many of each part the whole board needs: the sum of all steps."""
    total: Counter[str] = Counter()
    for assembly in ASSEMBLIES:
        for step in assembly.steps:
            total.update(step.needs)
    return total
