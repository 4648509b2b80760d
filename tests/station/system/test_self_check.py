"""`station check` says what is wrong with a heel sensor."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from station.clock import SystemClock
from station.config import parse
from station.core.events import Load, Side
from station.store import Store
from station.system.self_check import _load, _store, empty_plates


def loads(share: float, deviation: float) -> list[Load]:
    gauss = Random(3).gauss
    return [Load(number * 10_000, Side.LEFT, min(1.0, max(0.0, share + gauss(0, deviation)))) for number in range(300)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of another user")
def test_a_check_by_root_leaves_no_file_of_root() -> None:
    """Afterwards the service's own user can use the database and all files beside it."""
    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        data = Path(folder) / "station"
        data.mkdir()
        config = parse(f'[store]\npath = "{data / "station.db"}"\n', "board.toml")
        Store.open(data / "station.db", clock=SystemClock()).close()
        for path in (data, *data.iterdir()):
            os.chown(path, 65_533, 65_533)
        (data / "station.db.lock").unlink()
        assert _store(config, SystemClock()).well
        assert empty_plates(config) == {}
        assert os.geteuid() == 0
        assert {path.stat().st_uid for path in data.iterdir()} == {65_533}


def test_a_check_makes_no_database(tmp_path: Path) -> None:
    config = parse(f'[store]\npath = "{tmp_path / "station.db"}"\n', "board.toml")
    assert "the first start creates it" in _store(config, SystemClock()).sentence
    assert empty_plates(config) == {}
    assert list(tmp_path.iterdir()) == []


def test_a_check_of_a_simulated_board_leaves_the_installed_database_alone(tmp_path: Path) -> None:
    """Whether there is one or not: opening it would end a session that has no end, and bring it to a newer schema."""
    simulated = "[board]\nsimulated = true\n"
    found = _store(parse(simulated, "board.toml"), SystemClock())
    assert found.well
    assert "left alone" in found.sentence
    assert "[store] path" in found.sentence
    own = parse(f'{simulated}[store]\npath = "{tmp_path / "own.db"}"\n', "board.toml")
    Store.open(tmp_path / "own.db", clock=SystemClock()).close()
    assert "can be read and written" in _store(own, SystemClock()).sentence


def test_quiet_plate_has_no_fault() -> None:
    found = _load(Side.LEFT, loads(0.5, 0.002), 0.0)
    assert found.well
    assert "100 samples a second" in found.sentence


@pytest.mark.parametrize("deviation", [0.2, 0.6])
def test_a_channel_that_no_heel_can_produce_is_wrong(deviation: float) -> None:
    found = _load(Side.LEFT, loads(0.5, deviation), 0.0)
    assert (found.part, found.well) == ("left heel sensor", False)
    assert "jumps as no heel does" in found.sentence
    assert "cable" in found.sentence
