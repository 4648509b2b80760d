"""The installed program: its versions, of which each stored row has both, and its entry points."""

from __future__ import annotations

from importlib.metadata import EntryPoint, distribution

_INSTALLED = distribution("slant-board-station")
APP_VERSION = _INSTALLED.version
"""As `pyproject.toml` has it, since the last `make setup`."""

RULE_VERSION = "3"
"""Increases with every change of a rule after which the same trace could give another result."""


def entry_point(group: str) -> EntryPoint | None:
    """The program's entry point in a group; `None` if it has none. Those of other packages are not read."""
    return next(iter(_INSTALLED.entry_points.select(group=group)), None)
