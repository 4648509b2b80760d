"""What an export loses, and whether a damaged one is ever imported in part.

Ten years of daily tests and holds with traces, and everything else that a database can hold, are exported in each
format and imported into an empty database; rows are compared as SQLite has them. CSV and JSON have no traces, so traces
do not count there. Then a thousand mutated exports are imported.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from sqlalchemy import insert, select

from station.core.measurement.calibration import Fit
from station.settings import Settings
from station.store import Store, StoreError, seeded_ids
from station.store.exchange.export import SUFFIXES, ExportKind, export_station
from station.store.exchange.merge import import_export
from station.store.schema import runs, trace_chunks
from station.store.traces import compress_rows
from tests.station.store.histories import BLOCK, FIT, TRACE, HandClock, guided_routine, weeks
from tests.station.store.mutations import mutated
from tests.station.store.test_import import rows
from tests.web.years import add_years_of_tests

DAYS = 3_650
HOLDS_A_DAY = 6
MUTATIONS = 1_000
NO_TRACES = frozenset({"trace_chunks"})


def fill(store: Store, clock: HandClock, days: int, fit: Fit = FIT) -> None:
    """Add some weeks of everything, and `days` of tests and holds with a trace each."""
    weeks(store, clock, days=2)
    calibration_id = store.add_calibration(fit, temperature_c=21.5)
    store.add_check(calibration_id=calibration_id, **BLOCK, off_mm=0.4, passed=True)
    store.save_settings(Settings(units="inch"))
    guided_routine(store, clock, store.people()[0].id)
    if days:
        add_years_of_tests(store, days, holds_a_day=HOLDS_A_DAY, name="Cleo")
    packed = compress_rows(TRACE)
    with store.write_transaction() as connection:
        without = select(runs.c.id, runs.c.app_version, runs.c.rule_version).where(
            runs.c.id.not_in(select(trace_chunks.c.run_id))
        )
        chunks = [
            {"run_id": run_id, "number": 0, "rows": packed, "app_version": app, "rule_version": rule}
            for run_id, app, rule in connection.execute(without)
        ]
        connection.execute(insert(trace_chunks), chunks)


def lost_rows(days: int) -> int:
    """How many rows differ between a database and an import of its exports, over all formats."""
    lost, clock = 0, HandClock()
    with TemporaryDirectory() as scratch:
        source = Path(scratch) / "source.db"
        with Store.open(source, clock=clock, new_id=seeded_ids(clock, 1)) as store:
            fill(store, clock, days)
            for kind in ExportKind:
                export_station(store, Path(scratch) / f"{kind}{SUFFIXES[kind]}", kind)
        for kind in ExportKind:
            target, without = Path(scratch) / f"{kind}.db", frozenset() if kind is ExportKind.BUNDLE else NO_TRACES
            with Store.open(target, clock=clock) as store:
                import_export(store, Path(scratch) / f"{kind}{SUFFIXES[kind]}", same_board=True)
            there, back = rows(source, without=without), rows(target, without=without)
            for name in there:
                before, after = Counter(there[name]), Counter(back[name])
                lost += (before - after).total() + (after - before).total()
    return lost


def imported_by_half(mutations: int, seed: int = 1) -> int:
    """How many of these mutated exports change a database without importing all of their rows."""
    by_half, random, clock = 0, Random(seed), HandClock()
    with TemporaryDirectory() as scratch:
        with Store.open(Path(scratch) / "source.db", clock=clock, new_id=seeded_ids(clock, 1)) as store:
            fill(store, clock, 0)
            for kind in ExportKind:
                export_station(store, Path(scratch) / f"{kind}{SUFFIXES[kind]}", kind)
        sound = {kind: (Path(scratch) / f"{kind}{SUFFIXES[kind]}").read_bytes() for kind in ExportKind}
        for number in range(mutations):
            kind = list(ExportKind)[number % len(ExportKind)]
            path, file = Path(scratch) / "target.db", Path(scratch) / f"mutated{SUFFIXES[kind]}"
            file.write_bytes(mutated(sound[kind], random))
            for old in Path(scratch).glob("target.db*"):
                old.unlink()
            with Store.open(path, clock=clock) as store:
                before = rows(path)
                try:
                    report = import_export(store, file, same_board=True)
                except StoreError:
                    by_half += rows(path) != before
                else:
                    by_half += sum(map(len, rows(path).values())) != report.new_rows
    return by_half


def figures() -> dict[str, dict[str, float | str]]:
    """The figures of this module."""
    return {
        "round_trip_loss": {"value": lost_rows(DAYS), "unit": "rows"},
        "import_half": {"value": imported_by_half(MUTATIONS), "unit": "of 1,000"},
    }
