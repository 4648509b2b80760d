"""Resets the owner once every heel plate has been held pressed while the station started."""

from __future__ import annotations

import logging
from collections.abc import Collection

from station.app.board.outputs import CuePublisher
from station.app.board.view import BoardView
from station.app.recording.recorder import Recorder
from station.app.snapshot import HeelView
from station.core.facts import Cue, CueName
from station.core.sensing.start_press import StartPress
from station.store import Store, StoreError

log = logging.getLogger(__name__)

OWNER_RESET = "The owner was reset at the board: the next browser that is paired becomes the owner's."


class OwnerReset:
    """Watches the plates from the start on, until nothing more can come of it. Only the loop calls it."""

    def __init__(self, store: Store, begin_us: int, *, recorder: Recorder, cues: CuePublisher, view: BoardView) -> None:
        self._store = store
        self._press = StartPress(begin_us)
        self._recorder = recorder
        self._cues = cues
        self._view = view

    @property
    def is_over(self) -> bool:
        """Whether the plates need no longer be watched."""
        return self._press.is_over

    def watch(self, now_us: int, heels: Collection[HeelView]) -> None:
        """Take how the plates are now, none of them during a run; reset the owner, if there is one, once it is time."""
        if not self._press.observe(now_us, [heel.down for heel in heels]) or not self._has_owner():
            return
        log.warning("%s", OWNER_RESET)
        self._recorder.write(self._store.reset_owner)
        self._cues.play([Cue(now_us, CueName.ENDED)])
        self._view.show_note(OWNER_RESET)
        self._view.on_access_change()

    def _has_owner(self) -> bool:
        try:
            return self._store.has_owner()
        except StoreError as error:
            self._view.set_fault("store", str(error))
            return False
