"""Size of the exercise pictures, each as its own file, compressed as by a server; and their score by fresh eyes."""

from __future__ import annotations

import gzip
import re

from station.catalogue.poses import picture_keys
from tests.tree import ROOT
from web.drawing import standalone_svg

SQUEEZE = 9
KB = 1_000


def size_bytes() -> int:
    """The size of all pictures together."""
    pictures = (standalone_svg(key, title=f"Exercise {key}") for key in picture_keys())
    return sum(len(gzip.compress(picture.encode(), SQUEEZE, mtime=0)) for picture in pictures)


def picture_score() -> int:
    """The total of the last column of the scoring sheet."""
    sheet = (ROOT / "web" / "drawing" / "SCORES.md").read_text(encoding="utf-8")
    (total,) = re.findall(r"^\| all \|.*\| (\d+) \|$", sheet, re.MULTILINE)
    return int(total)


def figures() -> dict[str, dict[str, float | str]]:
    """The figures of this module."""
    return {
        "drawing_kb": {"value": round(size_bytes() / KB, 1), "unit": "kB"},
        "picture_score": {"value": picture_score(), "unit": "of 60"},
    }
