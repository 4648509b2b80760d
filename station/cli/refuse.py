"""End a command with an error."""

from __future__ import annotations

import sys
from typing import NoReturn

import click


def exit_with_error(sentence: str, status: int = 2) -> NoReturn:
    """End with one sentence on standard error."""
    click.echo(f"station: {sentence}", err=True)
    sys.exit(status)
