"""Whole sessions on the emulated board, drivers and loop included, in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from station.config import parse
from station.core.events import SECOND_US, Side
from station.simulator.ankle import PersonProfile
from station.store.records import SessionDetail
from station.system.simulate import MIDNIGHT, VirtualStation, simulated
from tests.station.health_answers import add_cared

STEADY = PersonProfile(mean_lift_interval_s=1e9, accidental_lift_probability=0.0)
"""Somebody whose heel does not come up in a stretch by itself."""

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
"""The wirings of the board, as configuration files."""


class Life(VirtualStation):
    """A station on a board of some wiring, with somebody called Ada. `toes_mm` is where the board was, and when."""

    def __init__(self, wiring: str, tmp_path: Path, character: PersonProfile = STEADY, seed: int = 1) -> None:
        config = simulated(parse(wiring, "wiring.toml"))
        super().__init__(config, tmp_path / "life.db", character=character, seed=seed)
        self.toes_mm: list[tuple[int, float]] = []
        add_cared(self.store, "Ada")
        self.station.change_settings({"quiet_from": MIDNIGHT, "quiet_to": MIDNIGHT, **SHORT_HOLDS})
        self.live(5.0)

    def live(self, seconds: float, stop: Callable[[], bool] = lambda: False) -> None:
        def look() -> bool:
            now_us = self.clock.now_us()
            self.toes_mm.append((now_us, self.board.world.toe_mm(now_us)))
            return stop()

        super().live(seconds, look)

    def until(self, stop: Callable[[], bool], limit_s: float = 300.0) -> None:
        """Let time pass until something is the case."""
        self.live(limit_s, stop)
        assert stop(), f"it has not come to that in {limit_s} s: {self.station.snapshot()}"

    def until_phase(self, *phases: str) -> None:
        self.until(lambda: self.station.snapshot().phase in phases)

    def until_over(self) -> SessionDetail:
        """Let the session end; gives what is stored of it."""
        self.until(lambda: self.station.snapshot().session_id is not None)
        self.until(lambda: self.station.snapshot().session_id is None, 1200.0)
        detail = self.store.session(self.store.sessions()[0].id)
        assert detail is not None
        return detail

    def limits_mm(self) -> dict[Side, float]:
        """How far the ankles truly bend today."""
        now_us = self.clock.now_us()
        return {side: self.board.person.ankles.limit_mm(side, now_us) for side in Side}

    def true_toe_mm(self, at_us: int) -> float:
        """Where the board truly was at a time."""
        return next(mm for us, mm in reversed(self.toes_mm) if us <= at_us)


@contextmanager
def life(wiring: str, tmp_path: Path, character: PersonProfile = STEADY, seed: int = 1) -> Iterator[Life]:
    """A station that is closed at the end."""
    with Life(wiring, tmp_path, character, seed) as lived:
        yield lived


def began_us(lived: Life, detail: SessionDetail) -> int:
    """When the first run of a session began, on the monotonic clock."""
    ago = lived.clock.utc_now() - detail.session.started_at
    return lived.clock.now_us() - round(ago.total_seconds() * SECOND_US)
