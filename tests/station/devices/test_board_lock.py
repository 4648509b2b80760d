"""A second station cannot open the first one's board."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.devices.board_lock import lock_board
from station.devices.errors import DeviceError


def test_second_station_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    bus = tmp_path / "i2c-1"
    bus.touch()
    unlock = lock_board(bus)
    with pytest.raises(DeviceError, match=r"Another station is using the board .*i2c-1\): stop it first"):
        lock_board(bus)
    unlock()
    lock_board(bus)()


def test_missing_bus_is_left_to_the_sensor(tmp_path: Path) -> None:
    lock_board(tmp_path / "i2c-9")()
