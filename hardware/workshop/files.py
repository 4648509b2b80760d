"""The files committed below `hardware/`, and how each is made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hardware.workshop import cutting, documents, harness, schematic, sheet
from hardware.workshop.pictures import PICTURES

HOME = Path(__file__).resolve().parents[1]
HARNESS_SOURCE, HARNESS = "pictures/harness.yml", "pictures/harness.svg"


def committed() -> dict[str, Callable[[], str]]:
    """The function that returns each file, by path below `hardware/`; only the harness needs WireViz and Graphviz."""
    drawn = {f"pictures/{name}.svg": made for name, made in PICTURES.items()}
    return {
        **documents.DOCUMENTS,
        **drawn,
        "pictures/schematic.svg": schematic.draw,
        "pictures/cutting.svg": cutting.draw,
        "calibration-sheet.html": sheet.page,
        HARNESS_SOURCE: harness.source,
        HARNESS: harness.draw,
    }
