"""The status page: parts that no session shows, and a salvaged database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from station.app.access.roles import Role
from station.clock import SystemClock
from station.store import Store
from station.store.backups.backup import back_up, backups_of, copy_database
from station.store.backups.restore import BY_BROWSER, replace_database, staged_backup
from station.store.backups.salvage import salvage
from tests.paired_browsers import client_with, pair_browser, paired_client
from tests.station.store.histories import HandClock, weeks
from tests.station.store.test_damage import change
from tests.web.double import StationDouble
from web.app import create_app
from web.live.seen import HIDDEN_FAULT


@pytest.mark.parametrize(
    ("days", "age", "asks"),
    [
        (0, "today", False),
        (1, "yesterday", False),
        (7, "7 days ago", False),
        (8, "8 days ago", True),
        (-400, "future", False),
    ],
)
def test_status_says_how_old_the_backup_is(client: FlaskClient, store: Store, days: int, age: str, asks: bool) -> None:
    """After a week without one it says what to do, but reports no fault: the station may have been off."""
    before = client.get("/status").text
    assert "None yet: one is made every night" in before
    back_up(store.path, backups_of(store.path), datetime.now().astimezone().date() - timedelta(days=days))
    after = client.get("/status").text
    assert age in after
    assert ("leave the station on" in after) is asks
    assert ("Action needed" in after) is ("Action needed" in before)


def test_owner_sees_salvage_report(store: Store) -> None:
    """For some weeks; strangers and programs see nothing of it."""
    path, clock = store.path.with_name("salvaged.db"), HandClock()
    with Store.open(path, clock=clock) as former:
        weeks(former, clock, days=1)
        pair_browser(former)
    with path.open("r+b") as file:
        file.write(bytes(100))
    assert salvage(path, datetime.now(UTC)) is not None
    with Store.open(path, clock=SystemClock()) as salvaged:
        app = create_app(StationDouble(salvaged), salvaged)
        for role in (Role.GUEST, Role.MEMBER):
            assert "salvaged" not in client_with(app, pair_browser(salvaged, role)).get("/status").text
        shown = paired_client(app, salvaged).get("/status").text
        assert "the database was found damaged, and salvaged. Saved: 2 people, " in shown
        assert "Nothing is lost." in shown
        assert "Nothing is lost." not in app.test_client().get("/status").text
        assert "Nothing is lost." not in app.test_client().get("/api/v1/status").text


def test_restored_backup_is_reported_only_with_access(store: Store, tmp_path: Path) -> None:
    """A member may miss what was stored since the backup; a stranger learns nothing."""
    backup, path = tmp_path / "station-2026-03-02.db", store.path.with_name("restored.db")
    copy_database(store.path, backup)
    copy_database(store.path, path)
    with staged_backup(backup, path) as staged:
        replace_database(staged, path, datetime.now(UTC), BY_BROWSER)
    with Store.open(path, clock=SystemClock()) as restored:
        app = create_app(StationDouble(restored), restored)
        said = "browser replaced the database with a backup: station-2026-03-02.db."
        assert said in client_with(app, pair_browser(restored, Role.GUEST)).get("/status").text
        assert said not in app.test_client().get("/status").text


def test_damage_details_need_access(store: Store) -> None:
    """Everybody else, and every program, learns only that something is damaged: not which tables, nor how much."""
    clock = HandClock()
    weeks(store, clock, days=1)
    token = pair_browser(store)
    change(store.path, "UPDATE tests SET left_mm = left_mm + 10")
    app = create_app(StationDouble(store), store)
    assert store.look_for_damage()
    for address in ("/status", "/api/v1/status"):
        assert "stored row" in client_with(app, token).get(address).text
        shown = app.test_client().get(address).text
        assert "stored row" not in shown
        assert HIDDEN_FAULT.sentence in shown
    assert "Action needed" in app.test_client().get("/status").text
