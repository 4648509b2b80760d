"""Cells and tables of the study's README."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

NONE = "\u2013"


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def number(value: float | None) -> str:
    return NONE if value is None else f"{value:.1f}"


def weeks(found: Mapping[str, Any]) -> str:
    """The weeks until half and 95 % have a change confirmed."""
    return f"{number(found['half'])} / {number(found['most'])}"


def paragraph(text: str) -> Iterator[str]:
    """The lines of a paragraph, or of an item of a list."""
    yield from textwrap.wrap(text, 119, subsequent_indent="  " if text.startswith("- ") else "")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    yield from (f"| {' | '.join(row)} |" for row in rows)
