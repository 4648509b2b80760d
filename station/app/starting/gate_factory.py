"""Makes start gates for the loop."""

from __future__ import annotations

from msgspec import Struct

from station.app.settings_in_use import SettingsInUse
from station.app.starting.start_gate import StartGate
from station.clock import Clock
from station.core.events import Side
from station.store import Reader


class GateFactory(Struct, frozen=True):
    """Makes the start gate for one person, with the current settings and time."""

    store: Reader
    settings: SettingsInUse
    clock: Clock
    analogue: bool
    blocks_mm: tuple[float, ...]

    def __call__(self, person_id: str | None, first: Side = Side.LEFT) -> StartGate:
        return StartGate(
            self.store,
            self.settings.values,
            person_id,
            self.clock.utc_now(),
            first,
            analogue=self.analogue,
            blocks_mm=self.blocks_mm,
            seed=self.clock.now_us(),
        )
