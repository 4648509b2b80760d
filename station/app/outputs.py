"""What the loop says through the board: cues, ticks that guide the feet, light and loudness."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING

from station.app.snapshot import Snapshot
from station.core.facts import Fact
from station.core.sound.cues import Volume, is_quiet
from station.settings import Settings

if TYPE_CHECKING:
    from station.devices.board import Devices


class BoardOutputs:
    """The devices, once there are any. Only the loop calls it."""

    def __init__(self) -> None:
        self._devices: Devices | None = None
        self._glowing = self._guiding = self._resting = False

    def attach(self, devices: Devices | None) -> None:
        """From now on it is said through these."""
        self._devices = devices

    @property
    def temperature_c(self) -> float | None:
        """What the thermometer says, where there is one."""
        thermometer = None if self._devices is None else self._devices.thermometer
        return None if thermometer is None else thermometer.celsius

    def rest(self, may: bool) -> None:
        """Whether nobody is on the board, so that its sensors may be read slowly."""
        if self._devices is not None and may is not self._resting:
            self._resting = may
            self._devices.rest(may)

    def play_cues(self, cues: list[Fact]) -> None:
        """Sound them and show them."""
        if self._devices is not None and cues:
            self._devices.play_cues(cues)

    def set_volume(self, settings: Settings, wall: datetime) -> None:
        """As loud as the settings want it at this hour."""
        if self._devices is not None and self._devices.player is not None:
            begin, end = (time.fromisoformat(text) for text in (settings.quiet_from, settings.quiet_to))
            quiet = is_quiet(wall.astimezone().time(), begin, end)
            self._devices.player.set_volume(Volume(settings.volume), is_quiet=quiet)

    def update(self, now: Snapshot) -> None:
        """The light glows while a hold counts, and while the feet move, ticks quicken as they near the target."""
        clock = now.state.clock
        self._set_glow(clock is not None and clock.what == "hold" and clock.rate == 1)
        if self._devices is None or self._devices.player is None:
            return
        off_mm = None
        if now.phase == "move" and now.toe_mm is not None and now.target_mm is not None:
            off_mm = now.toe_mm - now.target_mm
        if off_mm is not None or self._guiding:
            self._guiding = off_mm is not None
            self._devices.player.set_target_distance(off_mm)

    def _set_glow(self, on: bool) -> None:
        if on is not self._glowing and self._devices is not None and self._devices.light is not None:
            self._glowing = on
            self._devices.light.set_glow(on)
