"""A person is deleted without a trace, and everyone else stays."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from station.app.access.roles import Role
from station.store import Store
from station.store.backups.backup import (
    DAYS_KEPT,
    back_up,
    backups_of,
    held_until,
    kept_days,
)
from station.store.connect import log_files
from station.store.records import PersonContents
from station.store.schema import metadata
from station.store.swap import ASIDE, BEFORE_SUFFIX, report_of
from tests.station.store.histories import HandClock, contents_of_everybody, guided_routine, session_of, weeks
from tests.station.test_profile import WHOLE


def bytes_of(path: Path) -> bytes:
    """All the database's bytes on disk: the file, its log and the log's index."""
    return b"".join(one.read_bytes() for one in sorted(path.parent.glob(f"{path.name}*")) if one.is_file())


CANARY = "Zwiebelfisch Quastenflosser"


def canary_person(store: Store, clock: HandClock) -> str:
    """A person with a unique name, renamed a few times, with everything that a person can have."""
    person_id = store.add_person(f"{CANARY} 0").id
    guided_routine(store, clock, person_id)
    store.save_routine(None, person_id, f"Evening of {CANARY}", [{"rest_s": 30}])
    far = clock.utc_now() + timedelta(days=9)
    store.add_device(token_hash="c", name=f"{CANARY}s phone", role=Role.MEMBER, person_id=person_id, expires_at=far)
    for number in range(1, 9):
        store.rename_person(person_id, f"{CANARY} {number}")
        store.save_profile(person_id, WHOLE)
    session_id, test_id = session_of(store, clock, person_id)
    store.swap_sides(session_id)
    store.swap_sides(session_id, test_id)
    return person_id


def test_deleting_leaves_no_byte_of_the_name(store: Store, clock: HandClock) -> None:
    """With hundreds of people added and deleted, in the file, in the log and in its index."""
    random = Random(5)
    others = [store.add_person(f"Somebody {random.randrange(10**9)}") for _ in range(150)]
    person_id = canary_person(store, clock)
    others += [store.add_person(f"Another {random.randrange(10**9)} {'n' * random.randrange(30)}") for _ in range(150)]
    for one in random.sample(others, 60):
        store.rename_person(one.id, f"Changed {random.randrange(10**9)}")
    assert CANARY.encode() in bytes_of(store.path)
    deleted = store.delete_person(person_id)
    assert deleted == PersonContents(2, 1, 2, 1, 0, 3, 2, 1, 1, 0)
    assert CANARY.encode() not in bytes_of(store.path)
    assert person_id.encode() not in bytes_of(store.path)
    assert len(store.people()) == 300


def test_deleting_changes_nobody_else(store: Store, clock: HandClock) -> None:
    """The database is as if the person had never been there."""
    weeks(store, clock, days=2)
    person_id = store.add_person("Cleo").id
    before = contents_of_everybody(store)
    store.delete_person(person_id)
    without = {name: [row for row in rows if person_id not in row] for name, rows in before.items()}
    assert contents_of_everybody(store) == without
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_reader_only_delays_the_empty_log(store: Store, clock: HandClock) -> None:
    """While a page reads an older state the log stays, and the next write empties it."""
    person_id = canary_person(store, clock)
    with store.read_transaction() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM people").fetchall()
        store.delete_person(person_id)
        assert CANARY.encode() in bytes_of(store.path)
    store.add_person("Ann")
    assert CANARY.encode() not in bytes_of(store.path)


def test_the_only_owner_cannot_be_deleted(store: Store, clock: HandClock) -> None:
    """Anyone could take over a station without an owner."""
    ann, bea = store.add_person("Ann"), store.add_person("Bea")
    far = clock.utc_now() + timedelta(days=9)
    for name, person in (("a", ann), ("b", ann), ("c", bea)):
        role = Role.MEMBER if person is bea else Role.OWNER
        device_id = store.add_device(token_hash=name, name="Phone", role=role, person_id=person.id, expires_at=far)
    with pytest.raises(ValueError, match="Ann has the owner's only browser"):
        store.delete_person(ann.id)
    assert len(store.people()) == 2
    store.set_role(device_id, Role.OWNER)
    store.delete_person(ann.id)
    assert [one.name for one in store.devices()] == ["Phone"]


def test_a_shared_browser_survives_its_person(store: Store, clock: HandClock) -> None:
    """It was only theirs for a while."""
    ann = store.add_person("Ann")
    far = clock.utc_now() + timedelta(days=9)
    shared = store.add_device(
        token_hash="s", name="Kitchen", role=Role.MEMBER, person_id=None, expires_at=far, is_shared=True
    )
    store.choose_person(shared, "t", ann.id, far)
    store.delete_person(ann.id)
    assert [(one.name, one.person_id) for one in store.devices()] == [("Kitchen", None)]


def test_receipt_says_how_long_backups_keep_the_person(store: Store) -> None:
    """Without a backup, not at all; with one, until enough newer ones have been made to delete it."""
    day = date(2026, 3, 5)
    store.add_person("Ann")
    assert held_until(store.path, day) is None
    back_up(store.path, backups_of(store.path), day)
    until = held_until(store.path, day)
    assert until is not None
    nights = [day + timedelta(days=number) for number in range((until - day).days + 1)]
    assert min(kept_days(nights)) > day
    assert min(kept_days(nights[:DAYS_KEPT])) == day


@pytest.mark.parametrize("ending", [BEFORE_SUFFIX, f"{ASIDE}2026-03-01-120000"])
def test_receipt_counts_former_databases_until_they_are_deleted(store: Store, clock: HandClock, ending: str) -> None:
    """A database replaced by a restore or a salvage still has the person, as does its log, until it is deleted."""
    former = store.path.with_name(store.path.name + ending)
    files = (former, *log_files(former), report_of(former))
    for file in files:
        file.write_bytes(CANARY.encode())
    replaced_ns = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()) * 10**9
    os.utime(former, ns=(0, 0))
    os.utime(report_of(former), ns=(replaced_ns, replaced_ns))
    until = held_until(store.path, date(2026, 3, 5))
    assert until == date(2026, 4, 1)
    back_up(store.path, backups_of(store.path), until - timedelta(days=1))
    assert all(file.exists() for file in files)
    made = back_up(store.path, backups_of(store.path), until)
    assert former in made.removed
    assert not any(file.exists() for file in files)


def test_upgrade_removes_bytes_of_deleted_rows(path: Path, clock: HandClock) -> None:
    """Databases of older revisions may keep bytes of deleted rows; the file is rewritten once."""
    with Store.open(path, clock=clock) as store:
        store.add_person("Ann")
    with closing(sqlite3.connect(path)) as old:
        old.execute("PRAGMA secure_delete=OFF")
        for (trigger,) in old.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            old.execute(f"DROP TRIGGER {trigger}")
        for name in metadata.tables:
            old.execute(f"ALTER TABLE {name} DROP COLUMN checksum")
        old.execute("DROP TABLE side_swaps")
        old.execute("DROP TABLE set_aside_answers")
        old.execute("DROP TABLE api_tokens")
        old.execute("UPDATE alembic_version SET version_num = '0006'")
        values = [(str(n), f"{CANARY} {n}") for n in range(200)]
        old.executemany(
            "INSERT INTO people (id, name, added_at, app_version, rule_version) VALUES (?, ?, 0, '', '')", values
        )
        old.commit()
        old.execute("DELETE FROM people WHERE name LIKE 'Zwiebel%'")
        old.commit()
    assert CANARY.encode() in path.read_bytes()
    with Store.open(path, clock=clock) as store:
        assert [one.name for one in store.people()] == ["Ann"]
        assert CANARY.encode() not in path.read_bytes()
