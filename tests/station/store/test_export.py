"""Everything can be exported, passed on and imported again."""

from __future__ import annotations

import bz2
import csv
import json
import lzma
import sqlite3
import zipfile
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest

from station.core.measurement.uncertainty import Budget
from station.settings import Settings
from station.store import Store, StoreError
from station.store.exchange.bundle import export_bundle, read_bundle
from station.store.exchange.export import EXPORT_KIND, ExportKind, csv_value, export_csv, export_json, export_station
from station.store.exchange.export_read import ImportRefusedError
from station.store.exchange.exported import EXPORTED
from station.store.exchange.merge import import_export
from station.store.reading.loading import CIRCUMSTANCE_COLUMNS
from station.store.records import Correction, ImportedResult, Session, SideResults, Test
from station.store.schema import HEAD_REVISION
from station.system.demo_history import SHIPPED
from station.version import RULE_VERSION
from tests.station.store.histories import BLOCK, BUDGET, FIT, ITEMS, TRACE, HandClock, guided_routine, weeks
from tests.station.store.older_schemas import SCHEMAS, make_older_database, rows_of

TRUTHS = ("simulated", "full", "below_range", "passed", "doubted", "is_suspect", "imported", "verified")
"""The boolean columns of older schemas."""


@pytest.fixture
def full(store: Store, clock: HandClock) -> Store:
    """A store with every kind of row."""
    weeks(store, clock, days=3)
    store.save_settings(Settings(units="inch"))
    calibration_id = store.add_calibration(FIT, temperature_c=21.5)
    store.add_check(calibration_id=calibration_id, **BLOCK, off_mm=2.4, passed=False, temperature_c=20.0)
    new = SideResults(110.5, 120.5, BUDGET.total_mm, BUDGET.total_mm, BUDGET, BUDGET, calibration_id)
    store.add_corrections([Correction(store.tests(limit=1)[0].id, new)])
    store.add_imported_results(store.people()[0].id, [ImportedResult(clock.utc_now() - timedelta(days=90), 84.0, None)])
    guided_routine(store, clock, store.people()[0].id)
    store.save_routine(None, None, "Of everybody", ITEMS)
    store.begin_session(None, clock.pass_by(days=1), simulated=False)
    return store


def everything(store: Store) -> list[Any]:
    details = [store.session(one.id) for one in store.sessions()]
    traces = [store.trace(run) for detail in details if detail is not None for run in detail.run_ids]
    known = [store.people(), store.settings(), store.calibrations(), store.checks()]
    guide = [
        (store.own_routines(one.id), store.answers(one.id), store.unfinished_run(one.id)) for one in store.people()
    ]
    return [details, traces, *known, guide, store.own_routines(None), store.plans()]


@pytest.mark.parametrize("name", ["export.json", "export.json.xz"])
def test_export_is_restored_exactly(full: Store, tmp_path: Path, clock: HandClock, name: str) -> None:
    """An export imported into an empty store is equal, down to the last trace, and exports to the same bytes."""
    export_json(full, tmp_path / name, traces=True)
    with Store.open(tmp_path / "other.db", clock=clock) as other:
        import_export(other, tmp_path / name, same_board=True)
        assert everything(other) == everything(full)
        export_json(other, tmp_path / f"again {name}", traces=True)
    assert (tmp_path / f"again {name}").read_bytes() == (tmp_path / name).read_bytes()


@pytest.mark.parametrize("schema", SCHEMAS)
def test_export_of_an_older_schema_is_upgraded(tmp_path: Path, clock: HandClock, schema: str) -> None:
    """An old database is restored from its export as a start would have upgraded it."""
    make_older_database(tmp_path / "older.db", schema)
    columns, rows = rows_of(tmp_path / "older.db")
    tables = {}
    for table, names in columns.items():
        values = zip(*rows[table], strict=True) if rows[table] else ([] for _ in names)
        tables[table] = {
            name: [_exported(name, value) for value in column] for name, column in zip(names, values, strict=True)
        }
    rows_of_r = "0.00,load_left,0.5\n"
    document = {"export": EXPORT_KIND, "shape": schema, "tables": tables, "traces": {"r": rows_of_r}}
    (tmp_path / "older.json").write_text(json.dumps(document), encoding="utf-8")
    with (
        Store.open(tmp_path / "other.db", clock=clock) as other,
        Store.open(tmp_path / "older.db", clock=clock) as changed,
    ):
        import_export(other, tmp_path / "older.json", same_board=True)
        changed.append_trace("r", rows_of_r)
        assert everything(other) == everything(changed)
        assert other.trace("r") == ({}, rows_of_r)


def _exported(column: str, value: Any) -> Any:
    """The value in JSON: times with their zone, booleans as booleans."""
    if value is not None and (column == "at" or column.endswith("_at")):
        return f"{value.replace(' ', 'T')}+00:00"
    return bool(value) if column in TRUTHS and value is not None else value


def test_shipped_history_has_the_current_schema(tmp_path: Path, clock: HandClock) -> None:
    """So the demonstration fills its store without migrations, which would take most of its start."""
    document = json.loads(lzma.decompress(SHIPPED.read_bytes()))
    assert document["schema"] == HEAD_REVISION
    with Store.open(tmp_path / "demo.db", clock=clock) as store:
        import_export(store, SHIPPED, same_board=True)
        export_json(store, tmp_path / "again.json", traces=True)
    assert json.loads((tmp_path / "again.json").read_text(encoding="utf-8")) == document


@pytest.mark.parametrize("schema", ["0000", f"{int(HEAD_REVISION) + 1:04}", "00010", "abcd", 1, None])
def test_export_of_an_unknown_schema_is_refused(store: Store, tmp_path: Path, schema: object) -> None:
    """Neither a newer schema nor one that never existed is guessed."""
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({"export": EXPORT_KIND, "schema": schema, "tables": {}, "traces": {}}), encoding="utf-8")
    with pytest.raises(StoreError, match=f"this program reads 0001 to {HEAD_REVISION}|not an export"):
        import_export(store, path)


def test_damaged_older_export_is_refused(store: Store, tmp_path: Path) -> None:
    """A column that its schema does not have, or an invalid value, changes nothing."""
    for tables in ({"people": {"hat": [1]}}, {"people": {"id": ["p"]}}, {"runs": {"id": ["r"], "began_at": ["noon"]}}):
        path = tmp_path / "bad.json"
        path.write_text(
            json.dumps({"export": EXPORT_KIND, "schema": "0001", "tables": tables, "traces": {}}), encoding="utf-8"
        )
        with pytest.raises(StoreError, match=r"bad\.json is damaged \(.*(people|runs)"):
            import_export(store, path)
    assert store.people() == ()
    assert len(store.calibrations()) == 1


def test_an_export_without_traces_has_every_result(full: Store, tmp_path: Path, clock: HandClock) -> None:
    """The small export lacks only the traces."""
    export_json(full, tmp_path / "small.json", traces=False)
    with Store.open(tmp_path / "other.db", clock=clock) as other:
        import_export(other, tmp_path / "small.json", same_board=True)
        details, traces, *rest = everything(other)
        assert [details, *rest] == [everything(full)[0], *everything(full)[2:]]
        assert {rows for _, rows in traces} == {""}


def test_ten_weeks_of_two_people_are_small(store: Store, clock: HandClock, tmp_path: Path) -> None:
    """The results of ten weeks of daily sessions of two people fit into 150 kB, so they can be shipped."""
    weeks(store, clock, days=70)
    export_json(store, tmp_path / "demo.json.xz", traces=False)
    assert (tmp_path / "demo.json.xz").stat().st_size < 150_000


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "not an export of the station"),
        (b"[1, 2]", "not an export of the station"),
        (b'{"export": "slant board station", "schema": "%s"}' % HEAD_REVISION.encode(), "not an export of the station"),
        (b'{"export": "slant board station", "schema": "9", "tables": {}, "traces": {}}', "has the schema '9'"),
        (
            b'{"export": "slant board station", "schema": "%s", "tables": {"people": {"id": [1]}}, "traces": {}}'
            % HEAD_REVISION.encode(),
            "people.id cannot be 1",
        ),
        (
            b'{"export": "slant board station", "schema": "%s", "tables": {"people": {"hat": [1]}}, "traces": {}}'
            % HEAD_REVISION.encode(),
            "the table people has the columns",
        ),
        (
            b'{"export": "slant board station", "schema": "%s", "tables": {}, "traces": {"a": ""}}'
            % HEAD_REVISION.encode(),
            "belongs to no run",
        ),
    ],
)
def test_file_that_is_no_export_is_refused(store: Store, tmp_path: Path, content: bytes, sentence: str) -> None:
    """A file that is not an export, has another schema or is damaged is named and changes nothing."""
    (tmp_path / "bad.json").write_bytes(content)
    with pytest.raises(StoreError, match=sentence):
        import_export(store, tmp_path / "bad.json")
    assert store.people() == ()
    assert store.current_calibration().curve.offset_mm == -70.0


def test_uncompressed_file_is_refused(store: Store, tmp_path: Path) -> None:
    """A name that ends in .xz means a compressed file."""
    (tmp_path / "bad.json.xz").write_bytes(b"{}")
    (tmp_path / "cut.json.xz").write_bytes(lzma.compress(b"{}" * 1000)[:-20])
    for name in ("bad.json.xz", "cut.json.xz"):
        with pytest.raises(ImportRefusedError, match=r"not an export of the station|its end is missing"):
            import_export(store, tmp_path / name)
    with pytest.raises(StoreError, match=r"missing\.json"):
        import_export(store, tmp_path / "missing.json")


def test_an_export_that_cannot_be_written_leaves_nothing(full: Store, tmp_path: Path) -> None:
    """An unfinished file is removed, and an existing one stays."""
    target = tmp_path / "there"
    target.mkdir()
    with pytest.raises(StoreError, match="there"):
        export_json(full, target)
    assert [path.name for path in tmp_path.iterdir() if "unfinished" in path.name] == []


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_begins_like_a_formula_is_harmless_in_a_spreadsheet(start: str) -> None:
    """OWASP's list of leading characters; numbers stay numbers."""
    assert csv_value(f"{start}1+1") == f"'{start}1+1"
    assert csv_value(-1.5) == -1.5
    assert csv_value("Ada") == "Ada"


def test_the_csv_has_every_row_of_every_table(full: Store, path: Path, tmp_path: Path) -> None:
    """A zip has a file for each table and a line for each row; a bundle also has the traces, ready for replay."""
    export_station(full, tmp_path / "export.zip", ExportKind.CSV)
    export_station(full, tmp_path / "bundle.zip", ExportKind.BUNDLE)
    stored = sqlite3.connect(path)
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        names = {name.removesuffix(".csv") for name in archive.namelist()} - {"export.json", "results"}
        assert names == EXPORTED - {"trace_chunks"}
        for name in names:
            lines = list(csv.DictReader(StringIO(archive.read(f"{name}.csv").decode(), newline="")))
            (count,) = stored.execute(f"SELECT count(*) FROM {name}").fetchone()
            assert len(lines) == count
        sessions = list(csv.DictReader(StringIO(archive.read("sessions.csv").decode())))
        assert {line["simulated"] for line in sessions} == {"true", "false"}
        assert sessions[-1]["ended_at"] == ""
        assert sessions[0]["started_at"] == "2026-03-03T07:00:00+00:00"
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        traces = [name for name in archive.namelist() if name.startswith("traces/")]
        assert len(traces) == 6
        header, columns, rows = bz2.decompress(archive.read(traces[0])).decode().split("\n", 2)
        assert (json.loads(header.removeprefix("# "))["do"], columns, rows) == ("test", "at_s,channel,value", TRACE)
    texts = read_bundle(tmp_path / "bundle.zip", (tmp_path / "bundle.zip").read_bytes())
    assert [name for name, _ in texts] == traces
    assert texts[0][1] == f"{header}\n{columns}\n{TRACE}"
    with pytest.raises(StoreError, match="has no traces"):
        read_bundle(tmp_path / "export.zip", (tmp_path / "export.zip").read_bytes())
    stored.close()


def test_results_have_uncertainty_and_method(full: Store, tmp_path: Path) -> None:
    """A line for each distance: the current value, its uncertainty's parts, its method, and the original value."""
    export_csv(full, tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        lines = list(csv.DictReader(StringIO(archive.read("results.csv").decode(), newline="")))
    assert len(lines) == 6 * 2 + 1
    tape, first = lines[0], lines[1]
    assert [tape[name] for name in ("result_mm", "imported", "contact", "calibration", "trials")] == [
        *("84.0", "true", "self", "", "")
    ]
    assert [first[name] for name in ("side", "calibration", "trials", "contact", "rule_version", "pain")] == [
        *("left", "1", "1", "pad", RULE_VERSION, "1")
    ]
    assert [first[name] for name in ("original_mm", "imported", "suspect")] == ["", "false", "false"]
    assert [first[name] for name in CIRCUMSTANCE_COLUMNS] == ["false", "", "", ""]
    assert [tape[name] for name in CIRCUMSTANCE_COLUMNS] == ["", "", "", ""]
    (corrected,) = (line for line in lines if line["side"] == "left" and line["original_mm"])
    assert [corrected[name] for name in ("result_mm", "calibration", "original_calibration")] == ["110.5", "2", "1"]
    parts = {name.removeprefix("part_"): float(corrected[name]) for name in corrected if name.startswith("part_")}
    assert Budget.from_json(parts) == BUDGET
    assert float(corrected["uncertainty_mm"]) == BUDGET.total_mm
    assert float(corrected["original_uncertainty_mm"]) == 0.31


def test_a_bundle_has_the_session_and_its_traces(full: Store, tmp_path: Path) -> None:
    """One file has the whole session: its results, and its traces as text for a replay."""
    guided_id, session_id = (full.sessions()[number].id for number in (1, 2))
    detail = full.session(session_id)
    assert detail is not None
    file = tmp_path / "session.zip"
    export_bundle(full, session_id, file)

    (first, text), (second, _) = read_bundle(file, file.read_bytes())
    assert (first, second) == ("1-test.csv", "2-hold.csv")
    header, columns, rest = text.split("\n", 2)
    assert json.loads(header.removeprefix("# ")) == {"do": "test", "side": "both"}
    assert columns == "at_s,channel,value"
    assert rest == TRACE
    with zipfile.ZipFile(file) as archive:
        reported = json.loads(archive.read("session.json"))
    assert msgspec.convert(reported["session"], Session) == detail.session
    assert msgspec.convert(reported["tests"], tuple[Test, ...]) == detail.tests
    assert reported == json.loads(json.dumps(msgspec.to_builtins(detail)))
    assert {hold["side"] for hold in reported["holds"]} == {"left", "right"}

    export_bundle(full, guided_id, tmp_path / "guided.zip")
    with zipfile.ZipFile(tmp_path / "guided.zip") as archive:
        (reps,) = json.loads(archive.read("session.json"))["rep_sets"]
    assert (reps["side"], [one["number"] for one in reps["repetitions"]]) == ("both", [0, 1, 2])


def test_file_that_is_no_bundle_is_refused(store: Store, tmp_path: Path) -> None:
    """An unknown session and a file that is not a bundle are named."""
    with pytest.raises(StoreError, match="There is no session nothing"):
        export_bundle(store, "nothing", tmp_path / "session.zip")
    with pytest.raises(StoreError, match=r"bad\.zip is not a bundle"):
        read_bundle(tmp_path / "bad.zip", b"no zip")
