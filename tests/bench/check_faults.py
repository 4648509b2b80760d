"""What `station check` names for every single wire open, shorted to ground or to 3.3 V, and neighbours swapped.

`python -m tests.bench.check_faults` prints the table; with `--write` it writes hardware/CHECK.md.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any

from station.config import Config, parse
from station.system.wire_faults import ALIKE, HEELS, Fault, table
from tests.station.system.bring_up_rig import check, injected

PAGE = Path(__file__).resolve().parents[2] / "hardware" / "CHECK.md"
BOARDS = {
    "force sensors, VL53L0X": "",
    "VL53L4CD": '[range_sensor]\nkind = "VL53L4CD"\n',
    "comparators": 'heels = "comparator"\n',
}
DIFFERENT = {"VL53L4CD": ("SDA", "SCL", "XSHUT", "interrupt", "sensor 3.3 V", "sensor ground"), "comparators": HEELS}
"""The wires on which the other two boards differ from the first."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One fault, the board's symptoms, and what the check named."""

    fault: Fault
    odd: list[str]
    measured: list[str]
    named: list[str]
    named_alone: list[str]
    """What it named without asking anybody."""

    @property
    def is_right(self) -> bool:
        return self.named == [self.fault.name]

    @property
    def is_narrowed(self) -> bool:
        """Whether the check names at most two candidates, this one among them."""
        return len(self.named) <= 2 and self.fault.name in self.named


def configuration(keys: str) -> Config:
    return parse(f"[board]\nsimulated = true\n{keys}", "bench")


def outcomes(board: str) -> list[Outcome]:
    """Each fault of this board that no earlier board has."""
    config, found = configuration(BOARDS[board]), []
    names = DIFFERENT.get(board)
    for fault in table(config):
        if names is not None and not any(line.name in names for line in fault.lines):
            continue
        asked, alone = check(config, injected(fault)), check(config, injected(fault), asks=False)
        found.append(
            Outcome(
                fault,
                asked.odd,
                asked.measured,
                [one.name for one in asked.faults],
                [one.name for one in alone.faults],
            )
        )
    return found


def page(found: dict[str, list[Outcome]]) -> str:
    """hardware/CHECK.md."""
    every = [one for board in found.values() for one in board]
    right, alone = sum(one.is_right for one in every), sum(one.named_alone == [one.fault.name] for one in every)
    lines = [
        "<!-- Written by `python -m tests.bench.check_faults --write`. -->",
        "",
        "# What `station check` names",
        "",
        *wrap(
            "On the simulated board, below the real drivers, each signal's wire was opened, shorted to ground and to "
            "3.3 V, and swapped with its neighbour, and each wire that brings 3.3 V or ground to a part was opened, "
            "one fault at a time; somebody answered every question truly.",
            116,
        ),
        "",
        "| board | faults | named | narrowed to two | named with `--no-questions` |",
        "| --- | --- | --- | --- | --- |",
    ]
    for board, rows in found.items():
        right_here = sum(one.is_right for one in rows)
        two = sum(one.is_narrowed and not one.is_right for one in rows)
        alone_here = sum(one.named_alone == [one.fault.name] for one in rows)
        lines.append(f"| {board} | {len(rows)} | {right_here} | {two} | {alone_here} |")
    lines += [
        "",
        f"Together {right} of {len(every)} are named; by what the Pi sees alone, {alone}. The other boards have only",
        "the faults that differ from the first one's.",
        "",
        *wrap(f"{ALIKE} A healthy chip is assumed: a dead one looks like several of its wires.", 116),
        "",
        *wrap(
            "Assumed, and measured on no real board: an MCP3008 without supply or ground answers zeros, a sensor "
            "without them does not answer and leaves its bus busy, and a part that has lost its ground lifts it above "
            "0.3 V.",
            116,
        ),
        "",
        "## Fault by fault",
        "",
        "*Odd* is what no healthy board shows; *measured* is where the check asks for a voltage.",
    ]
    for board, rows in found.items():
        lines += ["", f"With {board}:", "", "| fault | odd | measured | named |", "| --- | --- | --- | --- |"]
        for one in rows:
            name = "yes" if one.is_right else " or ".join(one.named) or "no"
            lines.append(f"| {one.fault.name} | {', '.join(one.odd)} | {', '.join(one.measured) or '-'} | {name} |")
    return "\n".join(lines) + "\n"


def measured() -> dict[str, list[Outcome]]:
    """Every fault of every board."""
    return {board: outcomes(board) for board in BOARDS}


def figures() -> dict[str, dict[str, Any]]:
    """The share of faults that are named right; 0 if another one is not narrowed to two."""
    every = [one for rows in measured().values() for one in rows]
    share = sum(one.is_right for one in every) / len(every) if all(one.is_narrowed for one in every) else 0.0
    return {"check_named_share": {"value": round(share, 3), "unit": "of faults"}}


def main() -> None:
    text = page(measured())
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
