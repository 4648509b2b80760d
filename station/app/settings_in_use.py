"""The settings in use."""

from __future__ import annotations

from msgspec.structs import replace

from station.app.board.outputs import BoardOutputs
from station.app.people import People
from station.app.recording.recorder import Recorder
from station.clock import Clock
from station.core.sound.cues import Volume
from station.profile import settings_for
from station.settings import Settings, with_changes
from station.store import Store

QUIETER_TO_LOUDER = (Volume.OFF, Volume.LOW, Volume.NORMAL, Volume.LOUD)


class SettingsInUse:
    """Holds the settings, stores changes and sets the volume. Only the loop changes them; any thread may read."""

    def __init__(self, store: Store, recorder: Recorder, outputs: BoardOutputs, people: People, clock: Clock) -> None:
        """Raises StoreError."""
        self._store = store
        self._people = people
        self._person_id: str | None = None
        self._recorder = recorder
        self._outputs = outputs
        self._clock = clock
        self._values = store.settings()

    @property
    def values(self) -> Settings:
        return self._values

    def change(self, changes: dict[str, str]) -> None:
        """Change settings by name, all or none. Raises ValueError with a sentence."""
        self._set(with_changes(self._values, changes))

    def raise_volume(self) -> None:
        """Raise the volume by one step, if it is not the loudest."""
        place = QUIETER_TO_LOUDER.index(Volume(self._values.volume))
        louder = QUIETER_TO_LOUDER[min(place + 1, len(QUIETER_TO_LOUDER) - 1)]
        self._set(replace(self._values, volume=str(louder)))

    def turn_taps_off(self) -> None:
        """Turn off the setting that makes heel taps commands."""
        self._set(replace(self._values, taps="off"))

    def apply_volume(self, person_id: str | None) -> None:
        """Set the buzzer's volume for this hour, by this person's quiet hours or, for nobody, the station's."""
        self._person_id = person_id
        self._apply_volume()

    def _apply_volume(self) -> None:
        own = settings_for(self._values, self._people.profile_of(self._person_id))
        self._outputs.set_volume(Volume(self._values.volume), own, self._clock.utc_now())

    def _set(self, values: Settings) -> None:
        self._values = values
        self._recorder.write(lambda: self._store.save_settings(values))
        self._apply_volume()
