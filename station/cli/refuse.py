"""Ends a command with an error, or before it does harm."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click


def exit_with_error(sentence: str, status: int = 2) -> NoReturn:
    """End with one sentence on standard error, with control characters escaped: a terminal would obey them."""
    readable = "".join(one if one.isprintable() else repr(one)[1:-1] for one in sentence)
    click.echo(f"station: {readable}", err=True)
    sys.exit(status)


def require_new(file: Path) -> None:
    """End if the file exists: a command never replaces a person's file."""
    if file.exists():
        exit_with_error(f"{file} exists already: name another file, or delete it first.", 1)
