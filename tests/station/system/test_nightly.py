"""The night's work: a failure is reported, and does not stop the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.store import Store
from station.store.backups.backup import STICK_DIRECTORY, backups_of, list_backups
from station.system.nightly import Nightly
from tests.station.store.histories import HandClock


def test_stick_gets_its_copy_although_the_card_takes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stick is there for a card that is full or fails. The fault says what failed, until a night succeeds."""
    stick, clock, faults = tmp_path / "stick", HandClock(), list[str | None]()
    monkeypatch.setattr("os.path.ismount", lambda path: path == stick)
    with Store.open(tmp_path / "station.db", clock=clock) as store:
        store.add_person("Robin")
        nightly = Nightly(store, clock, stick, lambda _part, sentence: faults.append(sentence))
        backups_of(store.path).write_text("a file where the directory should be")
        nightly.run()
        assert len(list_backups(stick / STICK_DIRECTORY)) == 1
        backups_of(store.path).unlink()
        nightly.run()
        assert len(list_backups(backups_of(store.path))) == 1
    first, last = faults
    assert first is not None
    assert first.startswith("The nightly backup has failed: ")
    assert last is None
