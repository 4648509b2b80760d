"""A reader beside the process that writes: it never shows old data after a revision, and closes the file."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from station.clock import SystemClock
from station.store import Store, StoreError
from station.store.reading.following import FollowingReader
from tests.tree import ROOT


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "station.db", clock=SystemClock()) as made:
        yield made


def names(reader: FollowingReader) -> list[str]:
    return [one.name for one in reader.people()]


def test_cached_until_the_writer_reports_a_revision(store: Store) -> None:
    with FollowingReader(store.path) as reader:
        reader.follow(None)
        reader.follow(store.cache.revision)
        assert names(reader) == []
        store.add_person("Ada")
        assert names(reader) == []
        reader.follow(store.cache.revision)
        assert names(reader) == ["Ada"]
        assert reader.people() is reader.people()


def test_a_new_writer_with_the_same_number_is_another(store: Store) -> None:
    """Revisions restart with each writer, so an equal number must not hide a change."""
    with FollowingReader(store.path) as reader:
        reader.follow(7)
        assert names(reader) == []
        store.add_person("Ada")
        reader.follow(None)
        reader.follow(7)
        assert names(reader) == ["Ada"]


def test_no_file_stays_open_without_the_writer(store: Store) -> None:
    """While the board is away a backup can replace the database, and the page then reads the backup."""
    with FollowingReader(store.path) as reader:
        store.add_person("Ada")
        assert names(reader) == ["Ada"]
        store.close()
        reader.follow(None)
        assert not any(str(store.path) in one for one in open_files())


def open_files() -> list[str]:
    found = []
    for one in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(one.readlink()))
        except OSError:
            continue
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not write there")
def test_database_in_a_folder_that_can_only_be_read_is_read(store: Store) -> None:
    """If the log's index cannot be created, one state of the database is read until the writer is there."""
    store.add_person("Ada")
    store.close()
    store.path.chmod(0o644)
    for folder in store.path.parents:
        if folder.is_relative_to(tempfile.gettempdir()) and folder != Path(tempfile.gettempdir()):
            folder.chmod(0o755)
    store.path.parent.chmod(0o555)
    script = f"""
import os
from pathlib import Path
from station.store.reading.following import FollowingReader
if os.geteuid() == 0:
    os.setgid(65_534), os.setuid(65_534)
with FollowingReader(Path({str(store.path)!r})) as reader:
    print(*(one.name for one in reader.people()))
    reader.follow(1)
    print(*(one.name for one in reader.people()))
"""
    done = subprocess.run((sys.executable, "-c", script), cwd=ROOT, capture_output=True, text=True, check=False)
    store.path.parent.chmod(0o755)
    assert done.stdout.split() == ["Ada", "Ada"], done.stderr


def test_missing_database_is_an_error_with_a_sentence(tmp_path: Path) -> None:
    with FollowingReader(tmp_path / "none.db") as reader, pytest.raises(StoreError, match=r"none\.db"):
        reader.people()
