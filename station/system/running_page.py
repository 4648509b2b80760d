"""Asks the page running on this machine about itself and the board."""

from __future__ import annotations

import json
from math import inf
from typing import Any

from station.clock import SILENT_AFTER_US
from station.core.events import SECOND_US

ANSWER_WITHIN_S = 5.0


def status_of_page(ports: tuple[int, ...]) -> tuple[int, dict[str, Any] | None]:
    """The first of these ports on which a page answers, and what it says about the station; `None` if none does."""
    for port in ports:
        found = _answer(port, "status")
        if found is not None and "ok" in found:
            return port, found
    return 0, None


def board_answers(port: int) -> bool:
    """Whether the page gets new states of the board."""
    state = _answer(port, "state")
    return state is not None and state.get("age_s", inf) * SECOND_US < SILENT_AFTER_US


def _answer(port: int, name: str) -> dict[str, Any] | None:
    import urllib.request  # slow to load, and no other command needs it
    from http.client import HTTPException

    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{name}", timeout=ANSWER_WITHIN_S) as answer:
            found = json.load(answer)
    except (OSError, HTTPException, ValueError):
        return None
    return found if isinstance(found, dict) else None
