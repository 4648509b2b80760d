"""Damaged backups: whether a restore of one is ever done in part."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

from station.store import Store, StoreError
from station.store.backups.restore import replace_database, staged_backup
from tests.crash.damage import damaged, make_database
from tests.crash.salvages import AT
from tests.station.store.histories import HandClock, weeks
from tests.station.store.test_import import rows

HALF, REFUSED, WHOLE = "half", "refused", "whole"


def mutated_backup(content: bytes, random: Random) -> bytes:
    """A backup damaged by a memory card, or cut off like an unfinished copy."""
    if random.random() < 0.2:
        return content[: random.randrange(len(content))]
    return damaged(content, random)


def restores(scratch: Path, count: int, seed: int = 1) -> Iterator[str]:
    """The outcome of `count` mutated backups: `whole` if the station then equals the intact backup, `refused` if it is
    unchanged, else `half`.
    """
    random, source, own, backup = Random(seed), scratch / "source.db", scratch / "own.db", scratch / "backup.db"
    make_database(source)
    make_small_database(own)
    station = scratch / "station.db"
    shutil.copy(own, station)
    with staged_backup(source, station) as staged:
        replace_database(staged, station, AT)
    sound, before, after = source.read_bytes(), rows(own), rows(station)
    for _ in range(count):
        shutil.copy(own, station)
        backup.write_bytes(mutated_backup(sound, random))
        try:
            with staged_backup(backup, station) as staged:
                replace_database(staged, station, AT)
        except StoreError:
            yield REFUSED if rows(station) == before else HALF
        else:
            yield WHOLE if rows(station) == after else HALF


def make_small_database(path: Path) -> None:
    """Make another person's database, closed."""
    clock = HandClock()
    with Store.open(path, clock=clock) as store:
        weeks(store, clock, days=1, names=("Cleo",))
