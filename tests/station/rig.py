"""A whole station in virtual time, with any faults of its board, and what it shows and stores."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from station.config import parse
from station.core.events import SECOND_US, Side
from station.core.facts import CueName
from station.core.steps import HoldStep, Routine
from station.simulator.ankle import PersonProfile
from station.simulator.board import SimulatedBoard
from station.simulator.virtual import BEGIN_WALL
from station.store.records import SessionDetail
from station.system.simulate import MIDNIGHT, VirtualStation, simulated
from tests.empty_store import with_tables
from tests.station.health_answers import add_screened_person
from tests.station.simulator.whole_sessions import STEADY

COMPARATORS = '[board]\nheels = "comparator"\n'
"""The wiring that simulates fastest, without heels to learn."""


def hold_of(seconds: float, *sides: Side, repetitions: int = 1) -> Routine:
    """Holds after three seconds of preparation, with three seconds of rest."""
    step = HoldStep(
        sides=sides or (Side.LEFT,),
        hold_us=round(seconds * SECOND_US),
        repetitions=repetitions,
        rest_us=3 * SECOND_US,
        prepare_us=3 * SECOND_US,
    )
    return (step,)


class Rig(VirtualStation):
    """A station in virtual time that starts nothing by itself unless `on_step` says so, and asks for the board to be
    laid only with `asks_setup`.
    """

    def __init__(
        self,
        tmp_path: Path,
        wiring: str = COMPARATORS,
        *,
        before: Callable[[SimulatedBoard], None] = lambda _board: None,
        character: PersonProfile = STEADY,
        on_step: str = "nothing",
        asks_setup: bool = False,
        wall: datetime = BEGIN_WALL,
    ) -> None:
        config = simulated(parse(wiring, "wiring.toml"))
        super().__init__(config, with_tables(tmp_path / "rig.db"), character=character, before=before, wall=wall)
        self.station.change_settings({"quiet_from": MIDNIGHT, "quiet_to": MIDNIGHT, "on_step": on_step})
        self.station.change_settings({"ask_setup": "yes" if asks_setup else "no"})
        self.live(3.0)

    def until(self, stop: Callable[[], bool], limit_s: float = 120.0) -> None:
        """Let time pass until the condition is true."""
        self.live(limit_s, stop)
        assert stop(), f"not within {limit_s} s: {self.station.snapshot()}"

    def until_phase(self, *phases: str, limit_s: float = 120.0) -> None:
        self.until(lambda: self.station.snapshot().phase in phases, limit_s)

    def add_person(self, name: str, *conditions: str) -> str:
        """Add a person who has answered the health questions, with yes to these conditions; returns their id."""
        return add_screened_person(self.store, name, *conditions)

    @property
    def faults(self) -> dict[str, str]:
        """The faults that the page shows, by part."""
        return {fault.part: fault.sentence for fault in self.station.snapshot().faults}

    def last_session(self) -> SessionDetail:
        """What is stored of the last session."""
        detail = self.store.session(self.store.sessions()[0].id)
        assert detail is not None
        return detail

    def hold(self, seconds: float, *sides: Side, repetitions: int = 1) -> None:
        """Start holds for the person on the board, and wait until the first one begins."""
        self.station.start(hold_of(seconds, *sides, repetitions=repetitions), None)
        self.until_phase("hold")

    def step_on(self, side: Side = Side.LEFT, after_s: float = 1.0) -> None:
        self.board.act("step_on", str(side))
        self.live(after_s)

    def recognised_cues(self) -> list[CueName]:
        """The cues that a listener has recognised on the buzzer."""
        return [cue.cue for cue in self.board.heard_cues]
