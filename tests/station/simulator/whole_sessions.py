"""Whole sessions on the emulated board, with drivers and loop, in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from station.config import parse
from station.core.events import SECOND_US, Side
from station.simulator.ankle import PersonProfile
from station.store.records import SessionDetail
from station.system.simulate import MIDNIGHT, VirtualStation, simulated
from tests.station.health_answers import add_screened_person

STEADY = PersonProfile(mean_lift_interval_s=1e9, accidental_lift_probability=0.0)
"""A person whose heel does not come up by accident."""

LONGEST_S = 1200.0
"""The longest session: a test of seven attempts a side, the board laid twice, and a short stretch."""
SHORT_HOLDS = {"hold_s": "10", "repetitions": "2", "rest_s": "5", "prepare_s": "5"}

WIRINGS = {
    "as by default": "",
    "no pad": "[board]\nknee_pad = false",
    "comparators": '[board]\nheels = "comparator"\nknee_pad = false',
    "comparators and a pad": '[board]\nheels = "comparator"',
    "one plate": '[board]\nplates = "left"',
    "one plate, no pad": '[board]\nplates = "right"\nknee_pad = false',
    "one comparator": '[board]\nplates = "right"\nheels = "comparator"\nknee_pad = false',
    "no interrupt line": "[range_sensor]\ninterrupt = false",
    "no XSHUT": "[range_sensor]\nxshut = false",
    "active buzzer": '[buzzer]\nkind = "active"',
}
"""Configuration files of the board's wirings."""


class Life(VirtualStation):
    """A station on a board with this wiring and a person called Ada. `toes_mm` records true toe distances and their
    times."""

    def __init__(self, wiring: str, tmp_path: Path, character: PersonProfile = STEADY, seed: int = 1) -> None:
        config = simulated(parse(wiring, "wiring.toml"))
        super().__init__(config, tmp_path / "life.db", character=character, seed=seed)
        self.toes_mm: list[tuple[int, float]] = []
        add_screened_person(self.store, "Ada")
        settings = {"quiet_from": MIDNIGHT, "quiet_to": MIDNIGHT, "on_step": "test_and_stretch"}
        self.station.change_settings(settings | SHORT_HOLDS)
        self.live(5.0)

    def live(self, seconds: float, stop: Callable[[], bool] = lambda: False) -> None:
        def record_and_stop() -> bool:
            now_us = self.clock.now_us()
            self.toes_mm.append((now_us, self.board.world.toe_mm(now_us)))
            return stop()

        super().live(seconds, record_and_stop)

    def until(self, stop: Callable[[], bool], limit_s: float = 300.0) -> None:
        """Let time pass until `stop` returns true; fails after `limit_s` seconds."""
        self.live(limit_s, stop)
        assert stop(), f"this was not reached within {limit_s} s: {self.station.snapshot()}"

    def until_phase(self, *phases: str) -> None:
        self.until(lambda: self.station.snapshot().phase in phases)

    def until_over(self) -> SessionDetail:
        """Let time pass until the session has ended; returns what is stored of it."""
        self.until(lambda: self.station.snapshot().session_id is not None)
        self.until(lambda: self.station.snapshot().session_id is None, LONGEST_S)
        detail = self.store.session(self.store.sessions()[0].id)
        assert detail is not None
        return detail

    def limits_mm(self) -> dict[Side, float]:
        """The true limits of the ankles today."""
        now_us = self.clock.now_us()
        return {side: self.board.person.ankles.limit_mm(side, now_us) for side in Side}

    def true_toe_mm(self, at_us: int) -> float:
        """The true toe distance at a time."""
        return next(mm for us, mm in reversed(self.toes_mm) if us <= at_us)


@contextmanager
def life(wiring: str, tmp_path: Path, character: PersonProfile = STEADY, seed: int = 1) -> Iterator[Life]:
    """A `Life` that is closed at the end."""
    with Life(wiring, tmp_path, character, seed) as lived:
        yield lived


def began_us(lived: Life, detail: SessionDetail) -> int:
    """The start of a session on the monotonic clock, in µs."""
    ago = lived.clock.utc_now() - detail.session.started_at
    return lived.clock.now_us() - round(ago.total_seconds() * SECOND_US)
