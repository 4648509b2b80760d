"""The rest of a damaged database is saved, row by row; the damaged file stays, and a report says what is lost."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner

from station.cli.main import main
from station.config import parse
from station.store import DamagedDatabaseError, PermanentStoreError, Store, StoreError
from station.store.amounts import WORDS
from station.store.backups.backup import back_up, backups_of
from station.store.backups.salvage import salvage
from station.store.backups.salvage_report import Salvage
from station.store.prepare import CHECKSUMS_SINCE
from station.store.schema import HEAD_REVISION, metadata
from station.store.swap import KEPT_FOR, report_of, salvage_report
from station.system.service import Service
from station.system.simulate import simulated
from tests.crash.damage import PAGE_BYTES, make_database
from tests.crash.salvages import AT, outcome, outcomes, rows_of
from tests.station.store.histories import HandClock, weeks
from tests.station.store.older_schemas import SCHEMAS, make_older_database, remove_checksums
from tests.tree import ROOT

COPIES = 8
"""A seeded part of the three hundred of `make bench`."""


@pytest.fixture
def full(path: Path) -> Path:
    make_database(path)
    return path


def leaf_of(path: Path, table: str) -> int:
    """The place of the first page with rows of a table in the file."""
    page: int
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    content = path.read_bytes()
    while content[(page - 1) * PAGE_BYTES] != 13:  # an inner page: its first cell begins with the page below
        at = (page - 1) * PAGE_BYTES
        cell = int.from_bytes(content[at + 12 : at + 14], "big")
        page = int.from_bytes(content[at + cell : at + cell + 4], "big")
    return (page - 1) * PAGE_BYTES


def zero(path: Path, at: int, count: int = PAGE_BYTES) -> None:
    """Overwrite bytes with zeros."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(bytes(count))


def salvaged(path: Path) -> Salvage:
    made = salvage(path, AT)
    assert made is not None
    return made


def without_checksums_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    found: dict[str, list[tuple[object, ...]]] = {name: [] for name in metadata.tables}
    for name, row in rows_of(path).values():
        found[name].append(row[:-1])
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def stored_tests(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT id FROM tests").fetchall()


def test_every_readable_row_is_saved_and_none_is_invented(tmp_path: Path) -> None:
    """Bits, zeros, garbage, a destroyed header, cuts, an empty file: and the damaged file is unchanged."""
    found = list(outcomes(tmp_path, COPIES))
    assert [one.lost_readable for one in found if one.lost_readable] == []
    assert [one.invented for one in found if one.invented] == []
    assert all(one.is_aside_as_it_was for one in found)
    assert sum(one.report is not None and bool(one.report.saved) for one in found) > COPIES / 2


@pytest.mark.parametrize("damaged", [b"no header", None], ids=["header destroyed", "schema lost"])
def test_an_upgraded_database_without_its_schema_is_read(path: Path, clock: HandClock, damaged: bytes | None) -> None:
    """An upgraded database has another order of columns than a new one, and no page is left that says so."""
    make_older_database(path, "0001")
    with Store.open(path, clock=clock) as store:
        weeks(store, clock, days=1, names=("Cleo", "Dora"))
    before = without_checksums_of(path)
    if damaged is None:
        content = path.read_bytes()
        path.write_bytes(
            b"".join(_unless_schema(content[at : at + PAGE_BYTES]) for at in range(0, len(content), PAGE_BYTES))
        )
    else:
        path.write_bytes(damaged.ljust(100) + path.read_bytes()[100:])
    assert salvaged(path).saved == {name: len(rows) for name, rows in before.items() if rows}


@pytest.mark.parametrize("damage", [(0, 8), (8, 64)], ids=["kind of page", "address in page"])
def test_a_flipped_bit_beside_the_rows_costs_none(full: Path, damage: tuple[int, int]) -> None:
    """One bit turns a leaf into an inner page, one leads beyond the page."""
    before, content = without_checksums_of(full), bytearray(full.read_bytes())
    at, bit = damage
    content[leaf_of(full, "trials") + at] ^= bit
    full.write_bytes(content)
    assert salvaged(full).saved == {name: len(rows) for name, rows in before.items() if rows}


@pytest.mark.parametrize("table", ["tests", "trace_chunks"])
def test_rows_of_a_cut_page_are_saved(full: Path, tmp_path: Path, table: str) -> None:
    """The rows of a page are at its end, the newest first."""
    whole, written = full.read_bytes(), rows_of(full)
    cut = whole[: leaf_of(full, table) + PAGE_BYTES - 100]
    one = outcome(tmp_path / "cut.db", cut, whole, written)
    assert one.lost_readable == one.invented == ()
    assert one.report is not None
    assert one.report.saved[table] > 0


@pytest.mark.parametrize(
    ("damage", "page_bytes"), [("header", 512), ("header", 65_536), ("page size", 1_024), ("a row", 8_192)]
)
def test_pages_may_have_any_size(full: Path, damage: str, page_bytes: int) -> None:
    """The header says which; if it is destroyed, the pages themselves do."""
    with closing(sqlite3.connect(full)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()
        connection.execute(f"PRAGMA page_size={page_bytes}")
        connection.execute("VACUUM")
    before = without_checksums_of(full)
    if damage == "a row":
        with closing(sqlite3.connect(full)) as connection, connection:
            connection.execute("DROP TRIGGER checksum_tests_update")
            connection.execute("UPDATE tests SET left_mm = 1 WHERE rowid = 1")
    else:
        zero(full, *{"header": (0, 100), "page size": (16, 2)}[damage])
    saved = salvaged(full).saved
    assert saved == {name: len(rows) - (damage == "a row" and name == "tests") for name, rows in before.items() if rows}


def _unless_schema(page: bytes) -> bytes:
    return bytes(PAGE_BYTES) if b"CREATE " in page or page.startswith(b"SQLite") else page


def test_results_in_the_log_are_saved(path: Path, tmp_path: Path, clock: HandClock) -> None:
    """Results that are only in the write-ahead log of a database with a destroyed header."""
    with Store.open(path, clock=clock) as store:
        weeks(store, clock, days=1)
    place = leaf_of(path, "calibrations")
    with Store.open(path, clock=clock) as store:
        weeks(store, clock, days=1, names=("Cleo", "Dora"))
        expected = len(store.tests())
        (tmp_path / "cut").mkdir()
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", tmp_path / "cut" / f"station.db{ending}")
    cut = tmp_path / "cut" / "station.db"
    zero(cut, place)
    made = salvaged(cut)
    assert made.saved["tests"] == expected > 0
    assert made.aside.with_name(f"{made.aside.name}-wal").exists()
    assert not cut.with_name("station.db-wal").exists()


def test_salvage_cut_by_a_power_cut_is_repeated(full: Path) -> None:
    """The log already has the damaged file's new name, and its results are still saved."""
    expected = len(rows_of(full))
    aside = full.with_name("station.db.damaged-2026-03-01-120000")
    aside.hardlink_to(full)
    zero(full, 0, 100)
    made = salvaged(full)
    assert not aside.exists()
    assert sum(made.saved.values()) == expected


_KILLED_AT_EACH_STEP = """
import os, shutil, sys
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from station.clock import SystemClock
from station.store import Store
from station.store.backups.restore import replace_database, staged_backup
from station.store.backups.salvage import salvage
source, scratch, backup, steps = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), -1

def kill(event, _arguments):
    global steps
    if event in ("os.link", "os.rename", "os.remove") and steps >= 0:
        if steps == 0:
            os._exit(9)
        steps -= 1

def change(database):
    if backup.name == "none":
        salvage(database, datetime.now(UTC))
    else:
        with staged_backup(backup, database) as staged:
            replace_database(staged, database, datetime.now(UTC))

sys.addaudithook(kill)
for steps_before in range(100):
    place = scratch / str(steps_before)
    shutil.copytree(source, place)
    child = os.fork()
    if child == 0:
        steps = steps_before
        change(place / "station.db")
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with Store.open(place / "station.db", clock=SystemClock()) as store:
        print(status, len(store.tests()), *(person.name for person in store.people()))
    if status == 0:
        break
"""


@pytest.mark.parametrize("is_restore", [False, True], ids=["salvage", "restore"])
def test_killed_at_any_step_the_next_start_finds_the_old_or_the_new_database(
    path: Path, tmp_path: Path, clock: HandClock, is_restore: bool
) -> None:
    """The newest results are only in the log of a database that opens although one of its rows is damaged."""
    backup = tmp_path / ("backup.db" if is_restore else "none")
    if is_restore:
        with Store.open(backup, clock=clock) as store:
            store.add_person("Rob")
    with Store.open(path, clock=clock) as store:
        weeks(store, clock, days=1)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER checksum_tests_update")
        connection.execute("UPDATE tests SET left_mm = 1 WHERE rowid = 1")
    cut = tmp_path / "cut"
    cut.mkdir()
    with Store.open(path, clock=clock) as store:
        weeks(store, clock, days=1, names=("Cleo", "Dora"))
        expected = f"{len(store.tests())} {' '.join(person.name for person in store.people())}"
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", cut / f"station.db{ending}")
    command = [sys.executable, "-c", _KILLED_AT_EACH_STEP, str(cut), str(tmp_path), str(backup)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *killed, whole = done.stdout.splitlines()
    assert whole == f"0 {'0 Rob' if is_restore else expected}"
    assert {line.removeprefix("9 ") for line in killed} <= {expected, whole.removeprefix("0 ")}
    assert len(killed) >= 3


def test_lost_rows_come_from_the_newest_sound_backup(full: Path, clock: HandClock) -> None:
    """A damaged backup is skipped; a person deleted since does not return; the report names the source."""
    with Store.open(full, clock=clock) as store:
        gone = store.add_person("Gone").id
        back_up(full, backups_of(full), clock.at.date())
        store.delete_person(gone)
        (backups_of(full) / f"station-{clock.at.date() + timedelta(days=1)}.db").write_bytes(b"SQLite format 3\0no")
    before = without_checksums_of(full)
    zero(full, leaf_of(full, "holds"))
    made = salvaged(full)
    assert made.backup is not None
    assert made.backup.name == f"station-{clock.at.date()}.db"
    assert made.filled["holds"] > 0
    assert made.lost == {}
    after = without_checksums_of(full)
    assert after == before
    report = " ".join(made.lines())
    assert f"From the backup {made.backup.name}: {made.filled['holds']} holds" in report
    assert salvage_report(full, AT) == " ".join(report_of(made.aside).read_text(encoding="utf-8").split()) == report


def test_access_never_comes_from_a_backup(full: Path, clock: HandClock) -> None:
    """A browser revoked since the backup would be paired again."""
    with Store.open(full, clock=clock):
        back_up(full, backups_of(full), clock.at.date())
    zero(full, leaf_of(full, "devices"))
    made = salvaged(full)
    assert "devices" not in made.filled
    assert "pair again the browsers that are locked out" in " ".join(made.lines())
    with Store.open(full, clock=clock) as store:
        assert store.devices() == ()


def test_a_row_that_belongs_to_a_lost_one_stays_in_the_damaged_file(full: Path) -> None:
    """A trial needs its test; a session without its person becomes unclaimed."""
    zero(full, leaf_of(full, "tests"))
    zero(full, leaf_of(full, "people"))
    made = salvaged(full)
    assert made.lost["tests"] > 0
    assert made.left_behind["trials"] > 0
    assert made.loosened["sessions"] > 0
    with Store.open(full, clock=HandClock()) as store:
        assert {one.person_id for one in store.sessions()} == {None}
        assert store.look_for_damage() == ()


def test_one_damaged_row_is_left_out(full: Path) -> None:
    """The page reported it as unreadable; after a salvage there is nothing to report."""
    with closing(sqlite3.connect(full)) as connection, connection:
        connection.execute("DROP TRIGGER checksum_tests_update")
        connection.execute("UPDATE tests SET left_mm = 1 WHERE rowid = 1")
    made = salvaged(full)
    assert made.lost == {"tests": 1}
    with Store.open(full, clock=HandClock()) as store:
        assert store.look_for_damage() == ()


def test_a_sound_database_is_left_alone(full: Path) -> None:
    before = full.read_bytes()
    assert salvage(full, AT) is None
    assert full.read_bytes() == before
    done = CliRunner().invoke(main, ["salvage", "--database", str(full)])
    assert "Nothing is damaged" in done.output


def test_a_file_of_something_else_is_left_alone(path: Path) -> None:
    path.write_text("Dear diary\n")
    with pytest.raises(StoreError, match="is not a database of the station, or nothing is left of one"):
        salvage(path, AT)
    assert path.read_text() == "Dear diary\n"
    assert {one.name for one in path.parent.glob(f"{path.name}*")} == {"station.db", "station.db.lock"}


def test_a_file_of_noise_is_left_alone() -> None:
    """Numbers in it point to pages beyond the largest file of a file system."""
    with TemporaryDirectory(dir="/var/tmp") as disk:
        path, noise = Path(disk) / "station.db", Random(1).randbytes(400_000)
        path.write_bytes(noise)
        with pytest.raises(PermanentStoreError, match="is not a database of the station, or nothing is left of one"):
            salvage(path, AT)
        assert path.read_bytes() == noise


def test_a_newer_database_is_left_alone(full: Path) -> None:
    with closing(sqlite3.connect(full)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = full.read_bytes()
    with pytest.raises(StoreError, match=r"a newer program .its schema is 9999"):
        salvage(full, AT)
    assert full.read_bytes() == before


def test_an_older_database_is_salvaged_and_upgraded_at_the_start(tmp_path: Path) -> None:
    """The card failed before the first start after an update: everything that SQLite can still read is saved."""
    path, clock = tmp_path / "live.db", HandClock()
    with Store.open(path, clock=clock) as store:
        weeks(store, clock, days=8)
    remove_checksums(path)
    before = len(stored_tests(path))
    zero(path, leaf_of(path, "attempts"))
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.DatabaseError):
        connection.execute("SELECT * FROM attempts").fetchall()
    text = f'[board]\nheels = "comparator"\n[store]\npath = "{path}"\n'
    service = Service(simulated(parse(text, "live.toml")))
    service.open(page=False)
    try:
        assert [one.name for one in service.store.people()] == ["Ann", "Bea"]
        assert service.store.look_for_damage() == ()
    finally:
        service.close()
    assert len(stored_tests(path)) == before == 16
    report = salvage_report(path, AT.now(AT.tzinfo))
    assert report is not None
    assert "of these: attempts" in report


@pytest.mark.parametrize("revision", ["0008", "0001"])
def test_a_bit_that_makes_the_schema_an_older_one_costs_nothing(full: Path, clock: HandClock, revision: str) -> None:
    """The rows still have checksums, which are checked; the row with a wrong one is left out."""
    before = stored_tests(full)
    with closing(sqlite3.connect(full)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.execute("DROP TRIGGER checksum_tests_update")
        connection.execute("UPDATE tests SET left_mm = 1 WHERE id = ?", before[0])
    with pytest.raises(DamagedDatabaseError, match=r"station salvage"):
        Store.open(full, clock=clock)
    made = salvaged(full)
    assert made.lost == {"tests": 1}
    assert sorted(stored_tests(full)) == sorted(before[1:])
    with Store.open(full, clock=clock) as store:
        assert store.look_for_damage() == ()


def test_no_older_schema_has_checksums() -> None:
    """An upgrade gives every row a checksum, and the salvage of an older schema checks none. Before there is a revision
    after 0009, both must check existing checksums, or a damaged row would become a sound one."""
    assert HEAD_REVISION == CHECKSUMS_SINCE


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_older_schema_is_salvaged(path: Path, tmp_path: Path, schema: str) -> None:
    """If only the header is destroyed, the result is the same as after a start."""
    make_older_database(path, schema)
    started = tmp_path / "started" / "station.db"
    started.parent.mkdir()
    shutil.copy(path, started)
    Store.open(started, clock=HandClock()).close()
    zero(path, 0, 100)
    salvaged(path)
    assert without_checksums_of(path) == without_checksums_of(started)


def test_an_emptied_database_is_no_new_station(path: Path, clock: HandClock) -> None:
    """SQLite takes an empty file for a new database; the marker beside it says otherwise."""
    with Store.open(path, clock=clock) as store:
        weeks(store, clock, days=1)
    with Store.open(path, clock=clock):
        pass
    path.write_bytes(b"")
    with pytest.raises(DamagedDatabaseError, match=r"is empty, and has had sessions.*station salvage"):
        Store.open(path, clock=clock)
    assert "Nothing in it could be read." in salvaged(path).lines()
    with Store.open(path, clock=clock) as store:
        assert store.people() == ()


def test_a_new_database_may_be_empty(path: Path, clock: HandClock) -> None:
    path.write_bytes(b"")
    with Store.open(path, clock=clock) as store:
        assert store.people() == ()


def test_a_database_in_use_is_not_salvaged(full: Path) -> None:
    with Store.open(full, clock=HandClock()), pytest.raises(StoreError, match="Another station"):
        salvage(full, AT)


def test_the_command_prints_the_report(full: Path) -> None:
    zero(full, 0, 100)
    done = CliRunner().invoke(main, ["salvage", "--database", str(full)])
    assert done.exit_code == 0
    assert "Saved: 2 people" in done.output
    assert "Nothing is lost." in done.output


def test_the_station_starts_on_a_damaged_database(tmp_path: Path) -> None:
    """Nobody may be there to type a command: it salvages and starts, and the page has the report."""
    path = tmp_path / "live.db"
    make_database(path)
    zero(path, 0, 100)
    before = path.read_bytes()
    text = f'[board]\nheels = "comparator"\n[store]\npath = "{path}"\n'
    service = Service(simulated(parse(text, "live.toml")))
    service.open(page=False)
    try:
        assert [one.name for one in service.store.people()] == ["Ann", "Bea"]
    finally:
        service.close()
    (aside,) = (one for one in tmp_path.glob("live.db.damaged-*") if one.suffix != ".txt")
    assert aside.read_bytes() == before


def test_an_old_report_is_not_shown(full: Path) -> None:
    zero(full, 0, 100)
    made = salvaged(full)
    written = report_of(made.aside).stat().st_mtime
    assert salvage_report(full, AT.fromtimestamp(written + 60, AT.tzinfo)) is not None
    assert salvage_report(full, AT.fromtimestamp(written, AT.tzinfo) + KEPT_FOR) is None


def test_every_table_has_words() -> None:
    """Reports are for people."""
    assert set(WORDS) == set(metadata.tables)
