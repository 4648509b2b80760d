"""The status page: what it says of parts that no session shows."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from station.store import Store
from station.store.backup import back_up, backups_of


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
    """After a week without one it says what to do, and is well all the same: the station may have been off."""
    before = client.get("/status").text
    assert "None yet: one is made every night" in before
    back_up(store.path, backups_of(store.path), datetime.now().astimezone().date() - timedelta(days=days))
    after = client.get("/status").text
    assert age in after
    assert ("leave the station on" in after) is asks
    assert ("Action needed" in after) is ("Action needed" in before)
