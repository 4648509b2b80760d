"""Between the promise of a restore and the swap of the databases, nothing starts that would be lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.app.exchange.restoring import RESTORING
from station.store import StoreError
from station.store.backups.restore import staged_backup
from tests.station.rig import Rig, hold_of


def test_nothing_begins_or_is_stored_once_a_restore_is_promised(tmp_path: Path) -> None:
    """Neither a step on nor a page starts a session, and settings are refused: they would be lost."""
    with Rig(tmp_path, on_step="stretch") as rig, staged_backup(rig.store.path, rig.store.path) as staged:
        rig.add_person("Ann")
        rig.station.restoring.staged = staged
        pages = (
            rig.station.change_settings({"goal_mm": "123"}),
            rig.station.request_start("stretch", None),
            rig.station.add_person("Bea"),
        )
        rig.station.start(hold_of(5), None)
        rig.step_on(after_s=5.0)
        for answer in pages:
            with pytest.raises(StoreError, match="A backup is being restored"):
                answer.result(0)
        assert rig.station.snapshot().note == RESTORING
        assert rig.store.sessions() == ()
        assert [one.name for one in rig.store.people()] == ["Ann"]
        assert rig.store.settings().goal_mm != 123.0
