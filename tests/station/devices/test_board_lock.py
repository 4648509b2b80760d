"""A second station cannot open the first one's board."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from station.devices import board_lock
from station.devices.board_lock import BoardHeldError, lock_board


@pytest.fixture(autouse=True)
def _bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_lock, "DEVICE", str(tmp_path / "i2c-{}"))
    (tmp_path / "i2c-1").touch()


def test_second_station_is_refused_until_the_first_ends() -> None:
    """The sentence names the process, as far as the system says it."""
    unlock = lock_board(1)
    with pytest.raises(BoardHeldError, match=rf"^The program .+ \(process {os.getpid()}\) is using .*i2c-1\): end it"):
        lock_board(1)
    unlock()
    lock_board(1)()


def test_holder_may_be_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system may hide other users' processes, and its list of locks."""
    (tmp_path / "locks").write_text("1: POSIX  ADVISORY  READ 12 00:05:77 0 EOF\n1: -> FLOCK\n", encoding="ascii")
    unlock = lock_board(1)
    for locks in (tmp_path / "locks", tmp_path / "none"):
        monkeypatch.setattr(board_lock, "LOCKS", locks)
        with pytest.raises(BoardHeldError, match=r"^Another program is using the board"):
            lock_board(1)
    unlock()


def test_missing_bus_is_left_to_the_sensor() -> None:
    lock_board(9)()
