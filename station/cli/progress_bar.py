"""Shows progress on standard error: a bar on a terminal, otherwise a line for each tenth."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

import click

Each = TypeVar("Each")
LINES = 10


def with_progress(each: Iterable[Each], length: int, label: str) -> Iterator[Each]:
    """Yield the items of `each`, and show how many of `length` are done."""
    if sys.stderr.isatty():
        with click.progressbar(each, length=length, label=label, file=sys.stderr) as shown:
            yield from shown
        return
    lines = 0
    for count, one in enumerate(each, 1):
        yield one
        if count * LINES // length > lines:
            lines = count * LINES // length
            click.echo(f"{label}: {count} of {length}", err=True)
