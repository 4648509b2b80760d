"""The tools of a run: the board, the page, the machine, the person, and the results so far."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.pi.board import Board
from tests.pi.machine import Machine
from tests.pi.page import Page, Row
from tests.pi.person import Person

LIMIT_MM = {"left": 84.0, "right": 97.0}
"""The true limit of each ankle, which takes five to seven attempts to find."""
CLOCK_SET = "/run/systemd/timesync/synchronized"
SET_CLOCK = f"mkdir -p $(dirname {CLOCK_SET}) && touch {CLOCK_SET}"
"""What systemd-timesyncd does once it has set the clock; this machine may have no network."""
EASY = {
    "on_step": "nothing",
    "ask_after_test": "yes",
    "ask_setup": "no",
    "hold_s": "10",
    "repetitions": "1",
    "rest_s": "5",
    "prepare_s": "3",
    "volume": "normal",
    "quiet_from": "00:00",
    "quiet_to": "00:00",
}


@dataclass
class Rig:
    """The tools of a run, and its results so far."""

    board: Board
    page: Page
    machine: Machine
    person: Person
    print_line: Callable[[str], None]
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    """What was measured, for the table at the end."""

    def check(self, name: str, passed: bool, **figures: object) -> None:
        """Record the result of one check, with the figures behind it."""
        self.found[name] = {"passed": passed, **figures}
        shown = ", ".join(f"{key} {value}" for key, value in figures.items())
        self.print_line(f"{'ok    ' if passed else 'FAILED'} {name}{': ' if shown else ''}{shown}")

    def settings(self, **changes: str) -> None:
        self.page.press("/settings", **{**EASY, **changes})

    def step_on(self) -> None:
        """Step on, after the board was empty."""
        self.person.step_off()
        time.sleep(3)
        self.person.stand()
        self.person.clear_history()

    def start(self, routine: str) -> None:
        """Press a start button of the page and step on."""
        self.page.press("/start", routine=routine)
        self.step_on()

    def stop(self) -> None:
        """Stop the routine, step off and wait for the end of the session."""
        self.page.press("/command", command="stop")
        self.person.follow_until(lambda now: now["phase"] in ("idle", "done", "ended"), 10, "the end", follows=False)
        self.leave()

    def leave(self) -> None:
        """Step off and wait for the end of the session."""
        self.person.step_off()
        self.person.follow_until(lambda now: now["session"] is None, 40, "the end of the session", follows=False)

    def rows(self, what: str) -> list[Row]:
        return [row for row in self.page.results() if row["kind"] == what]


def faults(rig: Rig) -> list[str]:
    return rig.page.faulty_parts()


def held(seconds: float) -> Callable[[dict[str, Any]], bool]:
    return lambda now: now["phase"] == "hold" and now["counted_us"] >= seconds * 1e6


def eventually(happens: Callable[[], bool], limit_s: float) -> bool:
    end = time.monotonic() + limit_s
    while not happens():
        if time.monotonic() >= end:
            return False
        time.sleep(0.3)
    return True
