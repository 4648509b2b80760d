"""What can be wrong with the database at the start, each with its sentence, and what is guaranteed once it is open."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import text

from station.clock import SystemClock
from station.store import Reader, Store, StoreError
from station.store.connect import sqlite_driver
from station.store.schema import HEAD_REVISION
from tests.station.store.histories import HandClock, weeks

ROOT = Path(__file__).resolve().parents[3]


def refused(path: Path) -> str:
    """The sentence with which the store refuses to open."""
    with pytest.raises(StoreError) as caught:
        Store.open(path, clock=SystemClock()).close()
    sentence = str(caught.value)
    assert str(path) in sentence
    assert sentence.endswith(".")
    return sentence


def test_write_connections_have_durable_settings(store: Store) -> None:
    """Write-ahead log, full synchronisation and foreign keys are on."""
    with store.write_transaction() as now:
        found = [
            now.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]


@pytest.mark.parametrize("promise", ["synchronous", "foreign_keys", "journal_mode"])
def test_ineffective_durable_setting_is_refused(path: Path, promise: str) -> None:
    """A database that ignores one of the settings is not written."""

    class Deaf(sqlite3.Connection):
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            return super().execute("SELECT 0" if sql.startswith(f"PRAGMA {promise}") else sql, *parameters)

    def deaf(path: Path, read_only: bool) -> sqlite3.Connection:  # a driver's signature
        return sqlite3.connect(path, isolation_level=None, factory=Deaf)

    with pytest.raises(StoreError, match=f"does not take {promise}=.*put it on a local disk"):
        Store.open(path, clock=SystemClock(), driver=deaf)


def test_a_missing_directory_is_made(tmp_path: Path) -> None:
    """The first start needs no preparation by hand."""
    with Store.open(tmp_path / "a" / "b" / "station.db", clock=SystemClock()) as store:
        assert store.people() == ()


def test_closing_twice_is_harmless(path: Path) -> None:
    """A store can be closed again; its file is then complete without a log, and writing is an error."""
    store = Store.open(path, clock=SystemClock())
    store.people()
    store.close()
    store.close()
    assert not path.with_name("station.db-wal").exists(), "the log was not emptied into the database"
    with pytest.raises(ValueError, match="closed"):
        store.add_person("Ann")


def test_a_second_station_is_refused(path: Path) -> None:
    """One station per database; after the first has ended, the next may open it."""
    with Store.open(path, clock=SystemClock()):
        assert f"Another station (process {os.getpid()}) is using" in refused(path)
    Store.open(path, clock=SystemClock()).close()


def test_a_second_station_in_another_process_is_refused(path: Path) -> None:
    """The lock works between processes."""
    program = (
        "import sys; from pathlib import Path; from station.clock import SystemClock; from station.store import Store\n"
        "Store.open(Path(sys.argv[1]), clock=SystemClock())"
    )
    with Store.open(path, clock=SystemClock()):
        done = subprocess.run(
            [sys.executable, "-c", program, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert f"Another station (process {os.getpid()}) is using the database {path}" in done.stderr


def test_a_refused_start_leaves_no_lock(path: Path) -> None:
    """After an error at the start the lock is free again."""
    path.write_bytes(b"no database" * 500)
    refused(path)
    path.unlink()
    Store.open(path, clock=SystemClock()).close()


def test_another_file_is_refused(path: Path) -> None:
    """A file that is not a database is not changed."""
    path.write_bytes(b"These are holiday pictures. " * 200)
    assert "not a database of the station" in refused(path)
    assert path.read_bytes().startswith(b"These are")


def test_a_database_of_another_program_is_refused(path: Path) -> None:
    """Foreign tables are not changed."""
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.commit()
    other.close()
    assert "database of another program" in refused(path)


def test_a_newer_database_is_refused(path: Path) -> None:
    """A database written by a newer program is not changed."""
    Store.open(path, clock=SystemClock()).close()
    newer = sqlite3.connect(path)
    newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.commit()
    newer.close()
    assert f"its schema is 9999, this program knows {HEAD_REVISION}" in refused(path)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_damaged_database_is_refused(path: Path, share: float) -> None:
    """Overwritten pages are noticed at the start, wherever they are."""
    clock = HandClock()
    with Store.open(path, clock=clock) as store:
        weeks(store, clock, days=3)
    with path.open("r+b") as file:
        file.seek(int(path.stat().st_size * share) // 4096 * 4096)
        file.write(os.urandom(3 * 4096))
    assert "is damaged" in refused(path)


def test_a_directory_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    """The path must name a file."""
    assert "is a directory" in refused(tmp_path)


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    """The directory of the path must be one."""
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "station.db"
    assert "name another path" in refused(path)


_AS_NOBODY = """
import os, sys
from pathlib import Path
from station.clock import SystemClock
from station.store import Store, StoreError
path = Path(sys.argv[1])
Store.open(Path(sys.argv[2]), clock=SystemClock()).close()  # so that all is imported while it may be read
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    Store.open(path, clock=SystemClock()).close()
except StoreError as error:
    print(type(error).__name__, error)
"""


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A directory that any user may enter, for tests that give up their rights.

    Not below pytest's own: each pytest that starts takes the right to enter that from everybody else.
    """
    with TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(stat.S_IRWXU | stat.S_IROTH | stat.S_IXOTH)
        yield directory


def run_script(script: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def as_nobody(path: Path) -> str:
    with TemporaryDirectory() as elsewhere:
        done = run_script(_AS_NOBODY, path, Path(elsewhere) / "imports.db")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_directory_without_permission_is_reported(open_to_all: Path) -> None:
    """If the station may not write, the sentence names the file and what to change."""
    path = open_to_all / "station.db"
    open_to_all.chmod(0o555)
    assert as_nobody(path).startswith(f"PermanentStoreError No permission to use {path}.lock: change its owner")
    open_to_all.chmod(0o755)


_READ_ONLY = """
import os, sys
from pathlib import Path
from station.clock import SystemClock
from station.store import Store, StoreError
path, elsewhere = Path(sys.argv[1]), Path(sys.argv[2])
Store.open(elsewhere, clock=SystemClock()).close()  # so that all is imported while it may be read
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
with Store.open(path, clock=SystemClock()) as store:
    print([person.name for person in store.people()])
    try:
        store.add_person("Bea")
    except StoreError as error:
        print(error)
    os.seteuid(os.getuid())
    for one in (path.parent, *path.parent.iterdir()):
        one.chmod(0o777)
    if os.getuid() == 0:
        os.seteuid(65534)
    store.add_person("Bea")
    print([person.name for person in store.people()])
"""


@pytest.mark.parametrize("is_folder_writable", [True, False])
def test_database_that_can_only_be_read_opens_and_waits(
    open_to_all: Path, tmp_path: Path, is_folder_writable: bool
) -> None:
    """The history can be read; a write says why it fails, and works once it is allowed."""
    path = open_to_all / "station.db"
    with Store.open(path, clock=SystemClock()) as store:
        store.add_person("Ann")
    write_protect(path, is_folder_writable=is_folder_writable)
    done = run_script(_READ_ONLY, path, tmp_path / "imports.db")
    assert done.returncode == 0, done.stderr
    before, sentence, after = done.stdout.splitlines()
    assert before == "['Ann']"
    assert sentence.startswith(f"The database {path} can")
    assert after == "['Ann', 'Bea']"


def test_read_only_database_whose_log_cannot_be_read_is_refused_for_good(open_to_all: Path) -> None:
    """The newest results may be only in the log: nothing is shown, and systemd does not retry."""
    path = open_to_all / "station.db"
    with Store.open(open_to_all / "whole.db", clock=SystemClock()) as store:
        store.add_person("Ann")
        for suffix in ("", "-wal"):
            path.with_name(f"station.db{suffix}").write_bytes((open_to_all / f"whole.db{suffix}").read_bytes())
    path.with_name("station.db.lock").touch()
    write_protect(path, is_folder_writable=False)
    assert as_nobody(path).startswith(f"PermanentStoreError The database {path} can")


def write_protect(path: Path, *, is_folder_writable: bool) -> None:
    """Make the files of a database read-only, and its folder too unless `is_folder_writable`."""
    for one in path.parent.iterdir():
        one.chmod(0o444)
    path.with_name(f"{path.name}.lock").chmod(0o666 if is_folder_writable else 0o444)
    path.parent.chmod(0o777 if is_folder_writable else 0o555)


def test_full_disk_is_reported_and_passes(path: Path) -> None:
    """On a full disk a write fails with a sentence and changes nothing; once there is room, the store works again."""
    clock = HandClock()
    with Store.open(path, clock=clock) as store:
        session_id = store.begin_session(None, clock.utc_now(), simulated=True)
        run_id = store.begin_run(session_id, {}, clock.utc_now())
        with store.write_transaction() as now:
            pages = now.execute(text("PRAGMA page_count")).scalar_one()
        limit(store, pages + 2)
        with pytest.raises(StoreError, match=r"The disk is full.*free some space"):
            fill(store, run_id)
        before = store.trace(run_id)
        assert len(store.sessions()) == 1
        limit(store, pages + 200)
        store.append_trace(run_id, "2000.000,toe,163\n")
        after = store.trace(run_id)
    assert before is not None
    assert after is not None
    assert after[1] == before[1] + "2000.000,toe,163\n"


def fill(store: Store, run_id: str) -> None:
    for number in range(1000):
        store.append_trace(run_id, "".join(f"{number}.{row:03},toe,163\n" for row in range(500)))


def limit(store: Store, pages: int) -> None:
    with store.write_transaction() as now:
        now.execute(text(f"PRAGMA max_page_count={pages}"))


_FULL = """
import resource, signal, sys
from pathlib import Path
from station.clock import SystemClock
from station.store import Store, StoreError
path = Path(sys.argv[1])
with Store.open(path, clock=SystemClock()) as store:
    store.add_person("Ann")
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (800_000, resource.RLIM_INFINITY))
    try:
        for number in range(1000):
            store.add_person(f"Person {number}")
    except StoreError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.add_person("Bea")
    names = {person.name for person in store.people()}
    print(number, len(names), {"Ann", "Bea"} <= names)
"""


def test_system_without_memory_is_reported(path: Path) -> None:
    """If the system refuses to extend a file, no acknowledged write is lost, and the store keeps working."""
    command = [sys.executable, "-c", _FULL, str(path)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    sentence, counts = said.splitlines()
    number, names, both = counts.split()
    assert str(path) in sentence
    assert "full" in sentence
    assert int(number) > 0
    assert (int(names), both) == (int(number) + 2, "True")


_FULL_AT_START = """
import resource, signal, sys
from pathlib import Path
from station.clock import SystemClock
from station.store import Store, StoreError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    Store.open(Path(sys.argv[1]), clock=SystemClock()).close()
except StoreError as error:
    print(error)
"""


@pytest.mark.parametrize("room", ["0", "40000"])
def test_full_disk_at_start_is_reported(path: Path, room: str) -> None:
    """Without room for the lock or the tables the start fails with a sentence; with room the next start works."""
    command = [sys.executable, "-c", _FULL_AT_START, str(path), room]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert str(path) in done.stdout
    assert "full" in done.stdout
    with Store.open(path, clock=SystemClock()) as store:
        assert store.people() == ()


_FULL_WITH_HISTORY = """
import resource, signal, sys
from pathlib import Path
from station.clock import SystemClock
from station.store import Store, StoreError
path = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
with Store.open(path, clock=SystemClock()) as store:
    for _ in range(2):
        print([person.name for person in store.people()], store.current_calibration().curve.offset_mm)
        try:
            store.add_person("Bea")
        except StoreError as error:
            print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.add_person("Bea")
    print([person.name for person in store.people()])
"""


def test_database_opens_on_a_full_disk_and_waits_for_room(path: Path) -> None:
    """The history can be read; a write says why it fails, and works once there is room."""
    with Store.open(path, clock=SystemClock(), as_built_offset_mm=-65.0) as store:
        store.add_person("Ann")
    command = [sys.executable, "-c", _FULL_WITH_HISTORY, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *while_full, after = done.stdout.splitlines()
    full = f"The disk is full, so nothing can be stored in {path}: free some space on it."
    assert while_full == ["['Ann'] -65.0", full] * 2
    assert after == "['Ann', 'Bea']"
    with Store.open(path, clock=SystemClock()) as store:
        assert [person.name for person in store.people()] == ["Ann", "Bea"]


def test_log_that_a_full_disk_cannot_hold_is_not_left_out(path: Path, tmp_path: Path) -> None:
    """After a power cut the newest writes are only in the log; a start that cannot move them is refused."""
    after_cut = tmp_path / "after" / "station.db"
    after_cut.parent.mkdir()
    with Store.open(path, clock=SystemClock()) as store:
        store.add_person("Ann")
        for suffix in ("", "-wal"):
            after_cut.with_name(f"station.db{suffix}").write_bytes(path.with_name(f"station.db{suffix}").read_bytes())
    command = [sys.executable, "-c", _FULL_AT_START, str(after_cut), "1000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "full" in done.stdout
    with Store.open(after_cut, clock=SystemClock()) as store:
        assert [person.name for person in store.people()] == ["Ann"]


def test_a_reader_needs_a_database(path: Path) -> None:
    """Reading a missing database is an error with a sentence, and creates nothing."""
    with pytest.raises(StoreError, match="There is no database at"):
        Reader.open(path)
    assert not path.exists()


def test_a_reader_reads_beside_a_station(store: Store, path: Path) -> None:
    """The export reads a database while a station writes to it."""
    store.add_person("Ann")
    with Reader.open(path) as reader:
        assert [person.name for person in reader.people()] == ["Ann"]
        store.add_person("Bea")
        assert [person.name for person in reader.people()] == ["Ann", "Bea"]


def test_the_driver_never_makes_a_file_to_read(path: Path) -> None:
    """A reading connection does not create a database."""
    with pytest.raises(sqlite3.OperationalError):
        sqlite_driver(path, True)
    assert not path.exists()


_COLD = """
import sys
from pathlib import Path
from station.clock import SystemClock
from station.store import Store
for _ in range(2):
    with Store.open(Path(sys.argv[1]), clock=SystemClock()) as store:
        store.people()
print(sorted({"alembic", "mako", "sqlalchemy.orm"} & set(sys.modules)))
"""


def test_a_new_or_current_database_starts_without_alembic(path: Path) -> None:
    """Neither Alembic nor the object mapper is imported if there is nothing to upgrade: they cost time and memory."""
    command = [sys.executable, "-c", _COLD, str(path)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"
