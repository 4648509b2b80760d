"""The `station` command."""

from station.cli.main import main

__all__ = ["main"]
