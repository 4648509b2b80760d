"""`station calibrate` when it cannot begin, and the blocks in the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from station.app.starting.routines import routine_called
from station.cli.main import main
from station.clock import SystemClock
from station.config import ConfigError, parse
from station.settings import Settings
from station.store import Store


@pytest.mark.parametrize("options", [[], ["--check"], ["--json"]])
def test_calibrate_refuses_while_station_runs(tmp_path: Path, options: list[str]) -> None:
    """Its database is in use: one sentence, exit status 1."""
    database = tmp_path / "station.db"
    config = tmp_path / "station.toml"
    config.write_text(f'[board]\nsimulated = true\n[store]\npath = "{database}"\n', encoding="utf-8")
    with Store.open(database, clock=SystemClock()):
        result = CliRunner().invoke(main, ["calibrate", "--config", str(config), *options])
    assert result.exit_code == 1
    assert "Stop a running station first" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("blocks", "says"),
    [
        ("[0]", "names 1 blocks; two to 6 are needed"),
        ("[0, 20]", "differ by less than 30 mm"),
        ("[0, 500]", "not from 0 to 400 mm"),
        ('["0"]', "a list of numbers"),
    ],
)
def test_configuration_refuses_impossible_blocks(blocks: str, says: str) -> None:
    """In one sentence that names the key."""
    with pytest.raises(ConfigError, match=r"range_sensor\.blocks_mm") as refused:
        parse(f"[range_sensor]\nblocks_mm = {blocks}\n", "station.toml")
    assert says in str(refused.value)


def test_calibrate_uses_blocks_of_configuration() -> None:
    """In order; a check uses the middle one."""
    config = parse("[range_sensor]\nblocks_mm = [150, 0, 60]\n", "station.toml")
    blocks_mm = config.range_sensor.blocks_mm
    (step,) = routine_called("calibrate", Settings(), blocks_mm=blocks_mm)
    (check,) = routine_called("check", Settings(), blocks_mm=blocks_mm)
    assert getattr(step, "blocks_mm", None) == (150.0, 0.0, 60.0)
    assert getattr(check, "block_mm", None) == 60.0
