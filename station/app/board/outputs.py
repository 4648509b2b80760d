"""What the loop plays and shows through the board: cues, guiding ticks, light and volume."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from station.app.board.view import BoardView
from station.app.recording.recorder import Recorder
from station.app.running.run import Run
from station.app.snapshot import Snapshot
from station.clock import RunUs
from station.core.facts import Cue, CueEnded, CueName, Fact
from station.core.sound.cues import Volume, is_quiet
from station.core.state import TestState
from station.profile import PersonSettings

if TYPE_CHECKING:
    from station.devices.board import Devices

STORED_CUES = frozenset({CueName.COMPLETE, CueName.ENDED, CueName.TRIAL_OK, CueName.BEST})
"""Cues that confirm storage; they do not sound until the data is stored."""


class BoardOutputs:
    """Drives the board's devices; without any, it does nothing. Only the loop calls it."""

    def __init__(self) -> None:
        self._devices: Devices | None = None
        self._glowing = self._guiding = self._resting = False

    def attach(self, devices: Devices | None) -> None:
        """Use these devices from now on."""
        self._devices = devices
        self._glowing = self._guiding = self._resting = False

    @property
    def temperature_c(self) -> float | None:
        """The temperature beside the distance sensor in °C; `None` without a thermometer."""
        thermometer = None if self._devices is None else self._devices.thermometer
        return None if thermometer is None else thermometer.celsius

    def rest(self, is_resting: bool) -> None:
        """Set whether the sensors are read slowly, because nobody is on the board."""
        if self._devices is not None and is_resting is not self._resting:
            self._resting = is_resting
            self._devices.rest(is_resting)

    def play_cues(self, cues: list[Fact]) -> None:
        """Play cues on the buzzer and the light, and end repeating ones."""
        if self._devices is not None and cues:
            self._devices.play_cues(cues)

    def set_volume(self, volume: Volume, settings: PersonSettings, wall: datetime) -> None:
        """Set the buzzer to this volume, subject to the quiet hours in these settings at this time."""
        if self._devices is not None and self._devices.player is not None:
            begin, end = (time.fromisoformat(text) for text in (settings.quiet_from, settings.quiet_to))
            quiet = is_quiet(wall.astimezone(settings.zone).time(), begin, end)
            self._devices.player.set_volume(volume, is_quiet=quiet)

    def update(self, now: Snapshot) -> None:
        """Light the LED while a hold counts; while the feet move, tick faster as they near the target."""
        clock = now.state.clock
        self._set_glow(clock is not None and clock.what == "hold" and clock.rate == 1)
        if self._devices is None or self._devices.player is None:
            return
        off_mm = None
        if isinstance(now.state, TestState):
            off_mm = 0.0 if now.state.is_on_target else now.state.off_mm
        if off_mm is not None or self._guiding:
            self._guiding = off_mm is not None
            self._devices.player.set_target_distance(off_mm)

    def _set_glow(self, on: bool) -> None:
        if on is not self._glowing and self._devices is not None and self._devices.light is not None:
            self._glowing = on
            self._devices.light.set_glow(on)


class CuePublisher:
    """Plays cues on the board and shows them on the page. Only the loop calls it."""

    def __init__(self, outputs: BoardOutputs, view: BoardView, recorder: Recorder) -> None:
        self._outputs = outputs
        self._view = view
        self._recorder = recorder

    def play(self, facts: Iterable[Fact], run: Run | None = None) -> None:
        """Play the cues among the facts. Their times are the run's or, without one, the station's.

        While writes are pending, an error replaces a cue that confirms storage.
        """
        cues: list[Fact] = []
        for fact in facts:
            if isinstance(fact, Cue | CueEnded):
                cue = fact if run is None else replace(fact, at_us=run.to_station_us(RunUs(fact.at_us)))
                if self._recorder.has_pending_writes and isinstance(cue, Cue) and cue.cue in STORED_CUES:
                    cue = Cue(cue.at_us, CueName.ERROR)
                cues.append(cue)
                self._view.on_cue(cue)
        self._outputs.play_cues(cues)
