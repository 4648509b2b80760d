"""The documents that are written from the data: build guide, parts list, wiring and safety."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from hardware import dimensions as d
from hardware import strength
from hardware.assemblies import ASSEMBLIES, Step
from hardware.hazards import HAZARDS, HOLDS, LIMITS
from hardware.models import MODELS
from hardware.pins import CHANNEL_LEFT, CHANNEL_RIGHT
from hardware.wiring import DIVIDER_OHM, FILTER_NF, LED_OHM, MISTAKES, PLUGS, SERIES_OHM, Wire
from hardware.workshop import cutting, parts_list, solids

WRITTEN = "<!-- Written by `make hardware` from hardware/*.py: change those, not this page. -->"


def _page(blocks: Iterable[str]) -> str:
    return "\n\n".join((WRITTEN, *blocks)) + "\n"


def _prose(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def _item(text: str, mark: str) -> str:
    return textwrap.fill(
        text,
        120,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def build_guide() -> str:
    """hardware/BUILD.md."""
    blocks = [
        "# Build the board",
        _prose(
            "A weekend's work for somebody with a jigsaw, a drill, a router or sandpaper, a soldering iron and a 3D"
            " printer of 220 x 220 mm. Each step lists what it needs and ends with a check; do not go on until it"
            " passes. All"
            " parts are in [PARTS.md](PARTS.md), the cables in [WIRING.md](WIRING.md). Read [SAFETY.md](SAFETY.md)"
            " first."
        ),
        "![The whole station](pictures/overview.svg)",
        _prose(
            "`make hardware` writes the printed parts as STL files to `build/hardware/`, with the cutting list and all"
            " drawings. Print [the calibration sheet](calibration-sheet.html) at 100 %: it has the template for the"
            " heel plates and the ribs."
        ),
    ]
    for number, assembly in enumerate(ASSEMBLIES, 1):
        blocks += [f"## {number}. {assembly.title}", _prose(assembly.about)]
        for step_number, step in enumerate(assembly.steps, 1):
            blocks += _step(f"{number}.{step_number}", step)
    blocks += ["## At the end", *_bring_up()]
    return _page(blocks)


def _step(number: str, step: Step) -> list[str]:
    needed = [f"{quantity} x {parts_list.name(key)}" for key, quantity in step.needs.items()]
    blocks = [f"### {number} {step.title}"]
    if needed:
        blocks.append(_prose(f"**Needs:** {'; '.join(needed)}."))
    blocks.append(f"![{step.title}](pictures/{step.picture}.svg)")
    blocks.append("\n".join(_item(one, f"{n}. ") for n, one in enumerate(step.do, 1)))
    blocks.append(_prose(f"**Check:** {step.check}"))
    return blocks


def _bring_up() -> list[str]:
    steps = (
        "Install the station ([systemd/README.md](../systemd/README.md)), and run `station check`. What each answer"
        " means is in [WIRING.md](WIRING.md).",
        "Calibrate with the blocks: `station calibrate`, or the page *Calibration*.",
        "Write on the deck: *150 kg. Step on from behind. A hand on the wall.*",
    )
    return ["\n".join(_item(one, f"{n}. ") for n, one in enumerate(steps, 1))]


def parts() -> str:
    """hardware/PARTS.md."""
    rows = list(parts_list.rows())
    made = solids.parts(rounded=False)
    total_kg = sum(row.mass_g for row in rows) / 1000
    board_kg = sum(row.mass_g for row in rows if row.key in BOARD_KEYS) / 1000
    blocks = [
        "# Parts",
        _prose(
            "Computed from the steps of [BUILD.md](BUILD.md). Sizes in mm, length x width x thickness. Price classes: €"
            " under 2 euros a piece or package, €€ 2 to 10, €€€ 10 to 30, €€€€ more. Compare a part with *what matters*"
            " and its data sheet before you order: makers change numbers."
        ),
        _prose(
            f"All parts together weigh {total_kg:.1f} kg; what is lifted as the board (base, deck, plates, tower, box)"
            f" weighs {board_kg:.1f} kg."
        ),
        "## Made",
        _table(
            ("part", "pieces", "size", "material", "mass", "step"),
            (
                (
                    row.name,
                    str(row.quantity),
                    row.size,
                    row.number,
                    f"{row.mass_g:.0f} g",
                    ", ".join(parts_list.steps_of(row.key)),
                )
                for row in rows
                if row.key in made
            ),
        ),
        _table(
            ("material", "or", "or", "what matters", "price"),
            dict.fromkeys(
                (_stuff(row.number), *row.substitutes, row.matters, row.price) for row in rows if row.key in made
            ),
        ),
        _prose(
            "For 25 degrees instead of 20: four ribs of "
            f"{cutting.size_text(made['rib-15-25'])} instead of {cutting.size_text(made['rib-15-20'])}. The calibration"
            " sheet has both as templates."
        ),
        "![The pieces on quarter sheets](pictures/cutting.svg)",
        "## Bought",
        _table(
            ("part", "pieces", "size", "number", "or", "or", "what matters", "mass", "price", "step"),
            (
                (
                    *(row.name, str(row.quantity), row.size, row.number, *row.substitutes, row.matters),
                    *(f"{row.mass_g:g} g", row.price, ", ".join(parts_list.steps_of(row.key))),
                )
                for row in rows
                if row.key not in made
            ),
        ),
        "## Which Raspberry Pi",
        _prose("All run the same program with the same pins. Take Raspberry Pi OS (64-bit)."),
        _table(
            ("model", "board", "posts in the box", "supply", "network", "what changes", "price"),
            (
                (
                    *(one.name, _by(one.board_mm), _by(one.posts_mm)),
                    *(one.supply, one.network, one.changes, one.price),
                )
                for one in MODELS
            ),
        ),
    ]
    return _page(blocks)


BOARD_KEYS = frozenset(
    (
        *("base", "rubber-strip", "deck-lower", "deck-upper", "toe-stop", "stop-sheet", "heel-plate"),
        *("sensor-tower", "electronics-box", "box-lid", "deck-hinge", "plate-hinge", "raspberry-pi", "anti-slip"),
    )
)
"""What is carried when the board is carried."""


def _stuff(name: str) -> str:
    return "birch plywood" if name.startswith("birch") else name


def _by(size_mm: tuple[int, int]) -> str:
    return f"{size_mm[0]} x {size_mm[1]} mm"


def wiring() -> str:
    """hardware/WIRING.md."""
    blocks = [
        "# Wiring",
        _prose(
            "[README.md](README.md) says which GPIO line does what; this page shows how to wire it. Everything runs on"
            " 3.3 V. Never put 5 V on a GPIO pin. Unplug the supply before you plug in or solder anything."
        ),
        "## The carrier board",
        "![Schematic of the carrier board](pictures/schematic.svg)",
        "\n".join(
            _item(one, "- ")
            for one in (
                f"**Divider:** 3.3 V, force sensor, channel of the MCP3008, {DIVIDER_OHM / 1000:g} kOhm, ground. Left"
                f" is channel {CHANNEL_LEFT}, right channel {CHANNEL_RIGHT}. The station computes the load as"
                " conductance with this resistor (`analogue_heels.divider_ohm`).",
                f"**Sparks:** a person on a carpet carries several kilovolts. Every line within reach of skin has"
                f" {SERIES_OHM / 1000:g} kOhm in series and two Schottky diodes, to ground and to 3.3 V; the LED's"
                f" lines have {LED_OHM} Ohm. The sensor in its tunnel is out of reach. The knee pad's screen goes to"
                " ground at the box only.",
                f"**Filters:** {FILTER_NF} nF at both heel channels, at the knee pad, and at the MCP3008's supply.",
                "**Lengths:** I2C at 400 kHz no longer than 400 mm; heel sensors 450 mm, twisted; the cables to the"
                " wall 2 m. A longer I2C cable shows as *does not answer* now and then.",
                "**The 40-pin socket** sits on all pins or on none: one row off puts 5 V on a GPIO pin.",
            )
        ),
        "## The harness",
        _prose(
            "Five plugs of one series (JST XH, 2.5 mm), each with its own number of poles: none fits another's socket,"
            " and left cannot be mistaken for right."
        ),
        "![Harness, plugs and cables](pictures/harness.svg)",
    ]
    for plug in PLUGS:
        blocks.append(
            f"**{plug.key}, {plug.part}:** {plug.housing} into {plug.header}; {plug.cable}, {plug.length_mm} mm."
        )
        blocks.append(
            _table(
                ("pole", "wire", "from", "to", "protection"),
                (
                    (str(n), wire.colour or "-", wire.source, wire.far or "empty", _protection(wire))
                    for n, wire in enumerate(plug.wires, 1)
                ),
            )
        )
    blocks += [
        "## What a mistake looks like in `station check`",
        _table(
            ("mistake", "it says", "where to look"),
            ((one.what, "; ".join(f"*… {words} …*" for words in one.says), one.remedy) for one in MISTAKES),
        ),
        _prose(
            "In a terminal the check also asks for presses, sounds, colours and voltages, and names the wire: every"
            " fault of one wire is in [CHECK.md](CHECK.md)."
        ),
    ]
    return _page(blocks)


def _protection(wire: Wire) -> str:
    found = [f"{wire.series_ohm} Ohm"] if wire.series_ohm else []
    return ", ".join(found + (["two diodes"] if wire.is_clamped else [])) or "-"


def safety() -> str:
    """hardware/SAFETY.md."""
    least_n, most_n = d.foam_force_n()
    blocks = [
        "# Safety",
        _prose(
            "The board is built by you and tested by you: nobody has certified it. It is not a medical device. Read"
            " this"
            " page before anybody stands on it, and put its limits on the deck."
        ),
        "## Limits",
        _table(("what", "limit"), LIMITS),
        "## Who holds on to what",
        _table(("who", "holds on to"), ((one.who, one.what) for one in HOLDS)),
        _prose(
            "The lunge of the test is the moment to fall: the weight is in front, the back foot is light, the eyes look"
            " down. So the hands are on the wall before GO, the wall plate is screwed to the wall, and there is no"
            " furniture with corners within a metre."
        ),
        "## Hazards",
        _table(
            ("hazard", "what is done", "test", "what remains for you"),
            (
                (one.what, one.measure, ", ".join(f"`{test.partition('::')[2]}`" for test in one.tests), one.left)
                for one in HAZARDS
            ),
        ),
        "## What the deck carries",
        _prose(
            f"A person of {d.FULL_LOAD_KG:g} kg ({d.FULL_LOAD_KG * strength.GRAVITY:.0f} N) stands with all weight on"
            " one lane, as a line load across it at the worst place. Stress is moment over section modulus; at the heel"
            " plate's window the section is the lower layer and the two strips beside the window, as one glued beam."
            f" Birch plywood of 12 mm has a characteristic bending strength of 42.9 N/mm2 along and"
            f" {strength.BENDING_STRENGTH:g} N/mm2 across its face grain (Handbook of Finnish Plywood, 2007, section"
            f" 3.1); the lower one counts, times {strength.DURATION:g} for a short load in a dry room (EN 1995-1-1)."
        ),
        _table(
            ("place", "moment", "section modulus", "stress", "strength", "factor"),
            (
                (
                    *(one.place, f"{one.moment_nmm / 1000:.0f} Nm", f"{one.modulus_mm3 / 1000:.1f} cm3"),
                    *(f"{one.stress:.1f} N/mm2", f"{strength.BENDING_STRENGTH * strength.DURATION:.1f} N/mm2"),
                    f"{one.factor:.1f}",
                )
                for one in strength.checks()
            ),
        ),
        _prose(
            f"The factor must be at least {d.LOAD_FACTOR:g}. It counts on full glue and sound plywood: poplar, MDF or"
            f" chipboard has half the strength or less. Behind its hard stop a heel's sensor gets {least_n:.1f} to"
            f" {most_n:.1f} N from the foam, within its 0.2 to 20 N."
        ),
        "## The sensor's view",
        "![Cut through the middle](pictures/cone-side.svg)",
        _prose(
            f"The cone of {d.EXCLUSION_CONE_DEG:g} degrees has a radius of {d.cone_radius_mm(d.CLEAR_TO_MM):.0f} mm at"
            f" {d.CLEAR_TO_MM:g} mm in front of the toe line, so the axis is {d.SENSOR_AXIS_MM:g} mm above the floor."
            f" A tower of 65 mm, as on earlier boards, sees the floor in that cone from 136 mm on; with the 25 degrees"
            f" in which the sensor receives light it is clear up to 223 mm, and keeps working."
        ),
    ]
    return _page(blocks)


DOCUMENTS = {"BUILD.md": build_guide, "PARTS.md": parts, "WIRING.md": wiring, "SAFETY.md": safety}
"""What is committed beside this package, by name."""
