"""Size of the exercise pictures: each as its own file, compressed as a server does."""

from __future__ import annotations

import gzip

from station.catalogue.poses import picture_keys
from web.drawing import standalone_svg

SQUEEZE = 9
KB = 1_000


def size_bytes() -> int:
    """All pictures together."""
    pictures = (standalone_svg(key, title=f"Exercise {key}") for key in picture_keys())
    return sum(len(gzip.compress(picture.encode(), SQUEEZE, mtime=0)) for picture in pictures)


def figures() -> dict[str, dict[str, float | str]]:
    """The figures of this module."""
    return {"drawing_kb": {"value": round(size_bytes() / KB, 1), "unit": "kB"}}
