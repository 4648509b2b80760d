"""A backup is restored completely or not at all, after a preview of what would be lost."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec import structs
from msgspec.structs import replace

from station.app.exchange.import_preview import UNCALIBRATED_BOARD
from station.app.exchange.restore_preview import OTHER_BOARD, UNKNOWN_ACCESS, UNKNOWN_BOARD
from station.cli.main import main
from station.core.events import Side
from station.core.measurement.curve import Curve
from station.store import Store, StoreError
from station.store.access_records import Role
from station.store.backups.backup import copy_database
from station.store.backups.restore import replace_database, staged_backup
from station.store.exchange.export_read import ImportRefusedError
from station.store.exchange.staging import DIRECTORY_PREFIX
from station.store.swap import BEFORE_SUFFIX, report_of, restore_report, swap_database, undo_unfinished_swap
from tests.crash.damage import make_database
from tests.crash.restores import HALF, REFUSED, WHOLE, make_small_database, restores
from tests.crash.salvages import AT
from tests.station.store.histories import FIT, HandClock, weeks
from tests.station.store.older_schemas import SCHEMAS, make_older_database, remove_checksums
from tests.station.store.test_import import rows

MUTATIONS = 80
"""A seeded part of the thousand of `make bench`."""


@pytest.fixture
def full(tmp_path: Path) -> Path:
    make_database(tmp_path / "full.db")
    return tmp_path / "full.db"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "station").mkdir()
    make_small_database(tmp_path / "station" / "station.db")
    return tmp_path / "station" / "station.db"


def station(*words: str | Path, answer: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], input=answer)


def test_a_backup_takes_the_place_of_the_database(full: Path, small: Path) -> None:
    """The preview shows what would be lost; then every row is the backup's, and the former database stays beside it."""
    former = rows(small)
    refused = station("restore", full, "--database", small, answer="n\n")
    assert "Only in the station, and lost without a merge: 1 person, 1 session, 1 test, " in refused.output
    assert "Only in the backup: 2 people" in refused.output
    assert rows(small) == former
    done = station("restore", full, "--database", small, answer="y\nn\n")
    assert done.exit_code == 0
    own = frozenset({"calibrations"})
    assert rows(small, without=own) == rows(full, without=own)
    assert rows(before_of(small)) == former
    report = restore_report(small, datetime.now(UTC))
    assert report is not None
    assert "station restore in a terminal replaced the database with a backup: full.db." in report
    assert report.endswith("The database before it is kept beside it for 30 days, as station.db.before-restore.")
    assert not list(small.parent.glob(f"{DIRECTORY_PREFIX}*"))


def test_the_log_of_an_earlier_former_database_goes_with_it(full: Path, small: Path) -> None:
    """Otherwise SQLite would apply it to the database replaced now, which has no log."""
    logs = [small.with_name(f"{small.name}{BEFORE_SUFFIX}{ending}") for ending in ("-wal", "-shm")]
    for log in logs:
        log.write_bytes(b"of a damaged database that was replaced before")
    with staged_backup(full, small) as staged:
        replace_database(staged, small, AT)
    assert not any(log.exists() for log in logs)


def before_of(database: Path) -> Path:
    return database.with_name(database.name + BEFORE_SUFFIX)


@pytest.mark.parametrize(("cut", "has_report"), [("os.link", False), ("move_log", True)])
def test_a_restore_that_was_cut_leaves_no_report_of_it(
    small: Path, monkeypatch: pytest.MonkeyPatch, cut: str, has_report: bool
) -> None:
    """A power cut before the former database has its own name, or before the backup has the database's."""
    other = small.with_name("other.db")
    shutil.copy(small, other)

    def go_dark(*_: Path) -> None:
        raise SystemExit

    monkeypatch.setattr(f"station.store.swap.{cut}", go_dark)
    with pytest.raises(SystemExit):
        swap_database(small, other, before_of(small), ["A backup was put here."])
    assert (restore_report(small, datetime.now(UTC)) is not None) is has_report
    monkeypatch.undo()
    undo_unfinished_swap(small)
    assert (restore_report(small, datetime.now(UTC)), before_of(small).exists(), small.exists()) == (None, False, True)


def test_a_restore_whose_report_cannot_be_written_changes_nothing(small: Path) -> None:
    other = small.with_name("other.db")
    shutil.copy(small, other)
    report_of(before_of(small)).mkdir()
    with pytest.raises(StoreError, match="is a directory"):
        swap_database(small, other, before_of(small), ["A backup was put here."])
    assert (before_of(small).exists(), other.exists()) == (False, True)


def test_merging_loses_nothing(full: Path, small: Path) -> None:
    """Afterwards everyone is there; a second merge adds nothing."""
    done = station("restore", full, "--merge", "--yes", "--database", small)
    assert "New people: Ann, Bea." in done.output
    with Store.open(small, clock=HandClock()) as store:
        assert [one.name for one in store.people()] == ["Ann", "Bea", "Cleo"]
    assert "Nothing is new." in station("restore", full, "--merge", "--database", small).output


def test_restore_without_a_readable_database(full: Path, tmp_path: Path) -> None:
    """Without a database, and with one that is too damaged to be read."""
    target = tmp_path / "new" / "station.db"
    assert station("restore", full, "--yes", "--database", target).exit_code == 0
    assert rows(target) == rows(full)
    report = restore_report(target, datetime.now(UTC))
    assert report is not None
    assert report.endswith("replaced the database with a backup: full.db.")
    target.write_bytes(b"\x00" * 100_000)
    done = station("restore", full, "--yes", "--database", target)
    assert "What would be lost is not known" in done.output
    assert rows(target) == rows(full)


def pair_browser(store: Store, clock: HandClock, **roles: Role) -> None:
    """Pair a browser for each name and role."""
    later = clock.utc_now() + timedelta(days=90)
    for name, role in roles.items():
        store.add_device(token_hash=name, name=name, role=role, person_id=None, expires_at=later)


def test_revoked_browsers_stay_revoked(tmp_path: Path) -> None:
    """A backup from before a phone was lost does not let that phone back in."""
    clock, path = HandClock(), tmp_path / "station.db"
    with Store.open(path, clock=clock) as store:
        pair_browser(store, clock, Desk=Role.OWNER, Phone=Role.MEMBER)
        copy_database(path, tmp_path / "backup.db")
        (lost,) = (one for one in store.devices() if one.name == "Phone")
        store.revoke_device(lost.id)
    with staged_backup(tmp_path / "backup.db", path) as staged:
        replace_database(staged, path, AT)
    with Store.open(path, clock=clock) as store:
        assert {one.name: one.revoked_at is None for one in store.devices()} == {"Desk": True, "Phone": False}


def test_revoked_browsers_stay_revoked_on_a_damaged_station(tmp_path: Path) -> None:
    """Its holds cannot even be counted, but who may get in can still be read."""
    clock, path = HandClock(), tmp_path / "station.db"
    make_database(path)
    with Store.open(path, clock=clock) as store:
        pair_browser(store, clock, Phone=Role.MEMBER)
        copy_database(path, tmp_path / "backup.db")
        (lost,) = (one for one in store.devices() if one.name == "Phone")
        store.revoke_device(lost.id)
    with closing(sqlite3.connect(path)) as connection:
        page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
        pages = connection.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'holds' AND rootpage > 0")
        roots = [page for (page,) in pages]
    content = bytearray(path.read_bytes())
    for root in roots:
        content[(root - 1) * page_bytes : root * page_bytes] = bytes(page_bytes)
    path.write_bytes(content)
    done = station("restore", tmp_path / "backup.db", "--yes", "--database", path)
    assert "What would be lost is not known" in done.output
    assert UNKNOWN_ACCESS in done.output
    with Store.open(path, clock=clock) as store:
        assert {one.name: one.revoked_at is None for one in store.devices()}["Phone"] is False


def test_what_was_taken_away_stays_so_where_the_station_is_older_than_the_program(tmp_path: Path) -> None:
    """A restore right after an update, before the first start, is by the database of the former program."""
    clock, path = HandClock(), tmp_path / "station.db"
    with Store.open(path, clock=clock) as store:
        pair_browser(store, clock, Desk=Role.OWNER, Phone=Role.OWNER)
        copy_database(path, tmp_path / "backup.db")
        store.revoke_device(store.devices()[1].id)
        kept = {one.name: one.revoked_at is None for one in store.devices()}
        store.add_person("Cleo")
    remove_checksums(path)
    done = station("restore", tmp_path / "backup.db", "--database", path, answer="y\n")
    assert done.exit_code == 0, done.output
    assert "Only in the station, and lost without a merge: 1 person." in done.output
    with Store.open(path, clock=clock) as store:
        assert {one.name: one.revoked_at is None for one in store.devices()} == kept == {"Desk": True, "Phone": False}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_older_backup_is_upgraded(tmp_path: Path, schema: str) -> None:
    """In the same way as at a start with the older database."""
    make_older_database(tmp_path / "older.db", schema)
    shutil.copy(tmp_path / "older.db", tmp_path / "backup.db")
    with staged_backup(tmp_path / "backup.db", tmp_path / "station.db") as staged:
        replace_database(staged, tmp_path / "station.db", AT)
    with Store.open(tmp_path / "older.db", clock=HandClock()), Store.open(tmp_path / "station.db", clock=HandClock()):
        assert rows(tmp_path / "station.db") == rows(tmp_path / "older.db")


def test_browser_paired_after_the_backup_stays(tmp_path: Path) -> None:
    """The owner who restores stays paired, even if the backup lacks their person; the backup's browsers are not."""
    clock, path = HandClock(), tmp_path / "station.db"
    make_database(tmp_path / "backup.db")
    with Store.open(path, clock=clock) as store:
        eve = store.add_person("Eve").id
        later = clock.utc_now() + timedelta(days=90)
        store.add_device(token_hash="new", name="New", role=Role.OWNER, person_id=eve, expires_at=later)
    with staged_backup(tmp_path / "backup.db", path) as staged:
        replace_database(staged, path, AT)
    with Store.open(path, clock=clock) as store:
        assert [(one.name, one.person_id) for one in store.devices() if one.revoked_at is None] == [("New", None)]
        assert {one.name for one in store.people()} == {"Ann", "Bea"}


def test_revoked_access_stays_revoked(tmp_path: Path) -> None:
    """Not a role, a browser's or a program's former token, a PIN, a consent; and rights given since stay."""
    clock, path = HandClock(), tmp_path / "station.db"
    with Store.open(path, clock=clock) as store:
        later = clock.utc_now() + timedelta(days=90)
        ann, bea, cleo = (store.add_person(name).id for name in ("Ann", "Bea", "Cleo"))
        desk, hall = (
            store.add_device(token_hash=name, name=name, role=Role.OWNER, person_id=None, expires_at=later)
            for name in ("desk", "hall")
        )
        lost = store.add_api_token(desk, "lost", "Lost", ("read-own",))
        store.set_pin(ann, "easy")
        store.agree_consent(ann, bea)
        copy_database(path, tmp_path / "backup.db")
        store.set_role(hall, Role.MEMBER)
        store.renew_token(hall, "hall 2")
        store.revoke_api_token(lost)
        store.add_api_token(desk, "new", "New", ("read-own",))
        store.set_pin(ann, "hard")
        store.withdraw_consent(ann, bea)
        store.agree_consent(cleo, bea)
    with staged_backup(tmp_path / "backup.db", path) as staged:
        replace_database(staged, path, AT)
    with Store.open(path, clock=clock) as store:
        assert {one.name: one.role for one in store.devices()} == {"desk": Role.OWNER, "hall": Role.MEMBER}
        assert store.device_with("hall") is None
        assert store.device_with("hall 2") is not None
        assert [one.name for one in store.api_tokens()] == ["New"]
        assert store.pin_hash(ann) == "hard"
        assert [(one.viewer_id, one.person_id) for one in store.consents(person_id=bea)] == [(cleo, bea)]


def test_a_new_station_finds_its_owner_by_the_next_pairing(tmp_path: Path) -> None:
    """A backup from a station with an owner does not keep a new station from getting one by the next pairing."""
    clock, path, backup = HandClock(), tmp_path / "station.db", tmp_path / "backup.db"
    with Store.open(backup, clock=clock) as store:
        later = clock.utc_now() + timedelta(days=90)
        store.add_device(token_hash="a", name="Desk", role=Role.OWNER, person_id=None, expires_at=later)
    Store.open(path, clock=clock).close()
    with staged_backup(backup, path) as staged:
        replace_database(staged, path, AT)
    with Store.open(path, clock=clock) as store:
        assert store.device_with("a") is None
        assert not store.has_owner()


@pytest.mark.parametrize("is_calibrated", [True, False])
def test_another_board_keeps_its_calibration(tmp_path: Path, is_calibrated: bool) -> None:
    """No two sensors are alike: restored results keep their calibration, new ones use this board's."""
    clock, path = HandClock(), tmp_path / "station.db"
    make_database(tmp_path / "backup.db")
    with Store.open(tmp_path / "backup.db", clock=clock) as store:
        store.save_empty_share(Side.LEFT, 0.02)
        theirs = store.current_calibration()
    with Store.open(path, clock=clock, as_built_offset_mm=-61.0) as store:
        if is_calibrated:
            store.add_calibration(replace(FIT, curve=Curve(0.99, -60.0)))
        ours = store.current_calibration()
    shown = station("restore", tmp_path / "backup.db", "--yes", "--database", path)
    assert (OTHER_BOARD in shown.output, UNCALIBRATED_BOARD in shown.output) == (is_calibrated, not is_calibrated)
    with Store.open(path, clock=clock) as store:
        assert structs.replace(store.current_calibration(), number=ours.number) == ours
        assert theirs.id in {one.id for one in store.calibrations()}
        assert {one.calibration_id for one in store.tests()} <= {one.id for one in store.calibrations()} - {ours.id}
        assert store.empty_shares() == {}
    again = station("restore", tmp_path / "backup.db", "--database", path, answer="n\n")
    assert OTHER_BOARD not in again.output


@pytest.mark.parametrize("way", [(), ("--merge",)], ids=["replace", "merge"])
@pytest.mark.parametrize("words", [("y\ny\n",), ("y\n", "--same-board"), (None, "--same-board", "--yes")])
def test_new_card_in_the_same_board_keeps_the_calibration(
    tmp_path: Path, words: tuple[str | None, ...], way: tuple[str, ...]
) -> None:
    """Its sensor was not moved, as a person says: the plates are the same too."""
    clock, path, (answer, *options) = HandClock(), tmp_path / "station.db", words
    make_database(tmp_path / "backup.db")
    with Store.open(tmp_path / "backup.db", clock=clock) as store:
        store.add_calibration(replace(FIT, curve=Curve(0.99, -60.0)))
        store.save_empty_share(Side.LEFT, 0.02)
        theirs = store.current_calibration()
    Store.open(path, clock=clock, as_built_offset_mm=-61.0).close()
    options = [*way, *options]
    station("restore", tmp_path / "backup.db", "--database", path, *[str(one) for one in options], answer=answer)
    with Store.open(path, clock=clock) as store:
        assert store.current_calibration() == theirs
        assert store.empty_shares() == {Side.LEFT: 0.02}


@pytest.mark.parametrize("way", [(), ("--merge",)], ids=["replace", "merge"])
@pytest.mark.parametrize(("is_calibrated", "answer", "asked"), [(False, "y\nn\n", True), (True, "y\n", False)])
def test_calibration_of_a_backup_is_used_by_a_yes_alone(
    tmp_path: Path, is_calibrated: bool, answer: str, asked: bool, way: tuple[str, ...]
) -> None:
    """A station that was calibrated meanwhile is not asked, nor is the option obeyed: its own is newer."""
    clock, path = HandClock(), tmp_path / "station.db"
    make_database(tmp_path / "backup.db")
    with Store.open(path, clock=clock, as_built_offset_mm=-61.0) as store:
        if is_calibrated:
            store.add_calibration(replace(FIT, curve=Curve(0.99, -60.0)))
        ours = store.current_calibration()
    options = (*way, "--same-board") if is_calibrated else way
    shown = station("restore", tmp_path / "backup.db", "--database", path, *options, answer=answer)
    assert ("Is it the same board" in shown.output) is asked
    with Store.open(path, clock=clock) as store:
        assert store.current_calibration().id == ours.id


def test_a_board_without_a_database_is_to_be_checked(full: Path, tmp_path: Path) -> None:
    """It may or may not be the same board, so the sentence says what to do."""
    assert UNKNOWN_BOARD in station("restore", full, "--yes", "--database", tmp_path / "new" / "station.db").output


def test_a_running_station_is_not_replaced(full: Path, small: Path) -> None:
    """Its database is locked; the sentence says by which process."""
    with Store.open(small, clock=HandClock()):
        assert "Another station" in station("restore", full, "--yes", "--database", small).output


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("CREATE TRIGGER evil AFTER INSERT ON people BEGIN DELETE FROM tests; END", "the trigger evil"),
        ("CREATE VIEW evil AS SELECT 1", "the view evil"),
        ("CREATE TABLE evil (a TEXT CHECK (length(hex(zeroblob(500000000))) > 0))", "the table evil"),
        ("CREATE TABLE evil (a INTEGER, b AS (hex(zeroblob(500000000))))", "the table evil"),
        ("CREATE INDEX evil ON people (hex(zeroblob(name)))", "the index evil"),
        ("CREATE INDEX evil ON people (name) WHERE length(name) > 9", "the index evil"),
        ("DROP TABLE plans", "it lacks the table plans"),
        ("UPDATE alembic_version SET version_num = '9999'", "was written by a newer program"),
        ("DROP TABLE alembic_version", "is a database of another program"),
        ("DELETE FROM people", "belongs to no row of people"),
    ],
)
def test_a_database_that_no_station_made_is_refused(full: Path, small: Path, statement: str, sentence: str) -> None:
    """A trigger or a view would run code; a missing table would break every page."""
    with closing(sqlite3.connect(full)) as connection, connection:
        connection.execute(statement)
    before = rows(small)
    with pytest.raises(StoreError, match=sentence), staged_backup(full, small):
        raise AssertionError("it was taken")
    assert rows(small) == before


def test_file_that_is_not_a_database_is_refused(small: Path, tmp_path: Path) -> None:
    (tmp_path / "export.json").write_text("{}")
    with (
        pytest.raises(ImportRefusedError, match="is not a backup of the station"),
        staged_backup(tmp_path / "export.json", small),
    ):
        raise AssertionError("it was taken")


def test_mutated_backups_are_restored_whole_or_not_at_all(tmp_path: Path) -> None:
    """Bits, zeros, garbage and cuts."""
    found = Counter(restores(tmp_path, MUTATIONS))
    assert found[HALF] == 0
    assert found[REFUSED] > 0
    assert found[REFUSED] + found[WHOLE] == MUTATIONS


def test_copy_is_made_at_the_requested_place(full: Path, tmp_path: Path) -> None:
    """In a directory, named after its day; to a file; or beside the database."""
    (tmp_path / "stick").mkdir()
    for words in (("backup", tmp_path / "stick"), ("backup", tmp_path / "one.db"), ("backup",)):
        done = station(*words, "--database", full)
        assert done.exit_code == 0
        assert rows(Path(done.output.removeprefix("Written to ").rstrip(".\n"))) == rows(full)
    assert "There is no database" in station("backup", "--database", tmp_path / "none.db").output
    (tmp_path / "letter.txt").write_text("Dear Ada", encoding="utf-8")
    refused = station("backup", tmp_path / "letter.txt", "--database", full)
    assert "is not a copy of a database, so it is left alone" in refused.output
    assert (tmp_path / "letter.txt").read_text(encoding="utf-8") == "Dear Ada"


def test_the_copy_of_a_running_station_is_whole(tmp_path: Path) -> None:
    """It has all writes acknowledged before it, even those in the log."""
    clock = HandClock()
    with Store.open(tmp_path / "station.db", clock=clock) as store:
        weeks(store, clock, days=1)
        assert station("backup", tmp_path / "one.db", "--database", tmp_path / "station.db").exit_code == 0
        assert rows(tmp_path / "one.db") == rows(tmp_path / "station.db")
