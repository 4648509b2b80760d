"""`station import`: past results measured with a tape, all of them or none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from csv import field_size_limit
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import tzset

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from station.app.exchange.import_results import ImportRefusedError, read_past_results
from station.cli.main import main
from station.core.facts import Contact
from station.core.progress.records import Circumstances
from station.store import Reader, Store
from tests.station.store.histories import HandClock, weeks

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
HEADER = "date,left,right\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tape.csv"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Two people with two tests each, on the third and fourth of March 2026."""
    path, clock = tmp_path / "station.db", HandClock()
    with Store.open(path, clock=clock) as store:
        weeks(store, clock, days=2)
    return path


def parse(file: Path, text: str, unit: str = "cm", *, sure: bool = False) -> list[tuple[float | None, float | None]]:
    file.write_text(text, encoding="utf-8")
    return [(one.left_mm, one.right_mm) for one in read_past_results(file, unit, (), NOW, sure=sure).results]


def test_import_reads_its_unit_in_any_order(file: Path) -> None:
    """A side may be empty, lines may be in any order; 0 is a result: the knee does not reach."""
    assert parse(file, HEADER + "2026-02-01,9.4,10\n2026-01-01,,8.25\n\n2026-03-01,0,\n") == [
        (None, 82.5),
        (94.0, 100.0),
        (0.0, None),
    ]
    assert parse(file, HEADER + "2026-02-01,94,100\n", "mm") == [(94.0, 100.0)]
    assert parse(file, HEADER + "2026-02-01,3.7,4\n", "inch") == [(94.0, 101.6)]


def test_import_reads_spreadsheet_variants(file: Path) -> None:
    """Semicolons with decimal commas, a byte order mark, columns in another order and case, Windows line ends."""
    assert parse(file, "\ufeffRight;Date;Left\r\n9,4;2026-02-01;10,0\r\n;;\r\n") == [(100.0, 94.0)]
    assert parse(file, 'date,left,right\n2026-02-01,"9,4",10\n') == [(94.0, 100.0)]


def test_date_becomes_noon_and_today_becomes_now(file: Path) -> None:
    """A time of day is kept, with its zone or in this machine's."""
    file.write_text(HEADER + "2026-01-31,9,\n2026-02-01 18:30,9,\n2026-02-02T18:30+05:00,9,\n2026-06-01,9,\n")
    first, second, third, today = (one.measured_at for one in read_past_results(file, "cm", (), NOW).results)
    for hour in ("2026-01-31T18", "2026-01-31 1800", "20260131T18"):
        file.write_text(HEADER + f"{hour},9,\n")
        (result,) = read_past_results(file, "cm", (), NOW).results
        assert result.measured_at.astimezone() == datetime(2026, 1, 31, 18).astimezone()
    assert (first.astimezone().date(), first.astimezone().hour) == (date(2026, 1, 31), 12)
    assert (second.astimezone().hour, second.astimezone().minute) == (18, 30)
    assert third == datetime(2026, 2, 2, 13, 30, tzinfo=UTC)
    assert today <= NOW


def test_import_reads_how_a_test_was_done(file: Path) -> None:
    """In optional columns; an empty cell means unknown, as does a date without a time."""
    header = "date,left,right,shod,back_foot,board_angle_deg,warmed_up\n"
    file.write_text(header + "2026-01-31 08:00,9,,no,heel up,0,yes\n2026-02-01,9,,,,,\n2026-02-02,9,,Yes,off,12.5,No\n")
    timed, plain, other = read_past_results(file, "cm", (), NOW).results
    assert timed.circumstances == Circumstances(shod=False, back_foot="heel up", board_angle_deg=0.0, warmed_up=True)
    assert plain.circumstances == Circumstances()
    assert other.circumstances == Circumstances(shod=True, back_foot="off", board_angle_deg=12.5, warmed_up=False)
    assert [one.is_time_known for one in (timed, plain, other)] == [True, False, False]


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("shod", "perhaps", "line 2: shod is 'perhaps'. Write yes, no, or nothing."),
        ("warmed_up", "1", "line 2: warmed_up is '1'. Write yes, no, or nothing."),
        ("back_foot", "ahead", "line 2: back_foot is 'ahead'. Write heel up, flat, off, or nothing."),
        (
            "board_angle_deg",
            "flat",
            "line 2: board_angle_deg is 'flat'. Write a number from 0 (flat) to 45, or nothing.",
        ),
        ("board_angle_deg", "-1", "line 2: board_angle_deg is '-1'."),
        ("board_angle_deg", "nan", "line 2: board_angle_deg is 'nan'."),
        ("weather", "rain", "line 1: its columns are date, left, right, weather."),
        ("left", "9", "line 1: its columns are date, left, right, left."),
    ],
)
def test_import_names_mistake_in_how_a_test_was_done(file: Path, column: str, cell: str, words: str) -> None:
    """With the line, and the allowed values."""
    with pytest.raises(ImportRefusedError, match=re.escape(words)):
        parse(file, f"date,left,right,{column}\n2026-01-31,9,,{cell}\n")


@pytest.fixture
def in_los_angeles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the machine's zone eight hours behind UTC."""
    with monkeypatch.context() as there:
        there.setenv("TZ", "America/Los_Angeles")
        tzset()
        yield
    tzset()


@pytest.mark.usefixtures("in_los_angeles")
def test_last_representable_date_is_refused_as_future(file: Path) -> None:
    """In a time zone in which it ends after the year 9999 of UTC."""
    with pytest.raises(ImportRefusedError, match="line 2: 9999-12-31T23:59 is in the future"):
        parse(file, HEADER + "9999-12-31T23:59,9.4,\n")


def test_days_with_existing_tests_are_skipped_and_named(file: Path) -> None:
    file.write_text(HEADER + "2026-01-31,9,\n2026-02-01,9.5,\n")
    past = read_past_results(file, "cm", {date(2026, 2, 1)}, NOW)
    assert [one.left_mm for one in past.results] == [90.0]
    assert past.known_days == (date(2026, 2, 1),)


@pytest.mark.parametrize(
    ("unit", "line", "words"),
    [
        ("mm", "2026-01-01,9.4,", r"line 2: 9\.4 mm is too little .* probably in cm\. Say --unit cm, or --sure"),
        ("cm", "2026-01-01,94,", r"line 2: 94 cm is too much .* probably in mm\. Say --unit mm\.$"),
        ("inch", "2026-01-01,94,", r"94 inch is too much .* probably in mm\. Say --unit mm\.$"),
        ("inch", "2026-01-01,9.4,", r"9\.4 inch is too much .* probably in cm\. Say --unit cm, or --sure"),
        ("mm", "2026-01-01,3.7,", r"3\.7 mm is too little .* probably in cm or inch"),
        ("cm", "2026-01-01,9400,", r"line 2: 9400 cm is farther than any knee reaches \(250 mm\)"),
        ("mm", "2026-01-01,260,", r"260 mm is farther"),
        ("cm", "2026-01-01,-1.5,", r"line 2: -1\.5 is negative\. .* is 0\."),
        ("cm", "2026-01-01,far,", r"'far' is not a distance"),
        ("cm", "2026-01-01,nan,", r"'nan' is not a distance"),
        ("cm", "2026-01-01,inf,", r"'inf' is not a distance"),
        ("cm", "2026-01-01,,", r"neither left nor right"),
        ("cm", "31.01.2026,9.4,", r"line 2: '31\.01\.2026' is not a date\. Write it as 2026-01-31"),
        ("cm", "2026-02-30,9.4,", r"'2026-02-30' is not a date"),
        ("cm", ",9.4,", r"'' is not a date"),
        ("cm", "2027-01-01,9.4,", r"line 2: 2027-01-01 is in the future"),
        ("cm", "2026-06-01 23:59,9.4,", r"is in the future"),
        ("cm", "9999-12-31T23:59-12:00,9.4,", r"line 2: 9999-12-31T23:59-12:00 is in the future"),
        ("cm", "0001-01-01,9.4,", r"before the test was described"),
        ("cm", "2026-01-01,9,4,10", r"line 2: it has 4 cells instead of 3"),
        ("cm", "2026-01-01,9\n2026-01-01,9,", r"line 2: it has 2 cells"),
        ("cm", "2026-01-01,9,\n2026-01-02,9,\n2026-01-01,,9", r"line 4: line 2 has 2026-01-01 too.*times of day"),
        ("cm", "", r"it has no results"),
    ],
)
def test_each_mistake_gets_line_reason_and_remedy(file: Path, unit: str, line: str, words: str) -> None:
    with pytest.raises(ImportRefusedError, match=words):
        parse(file, f"{HEADER}{line}\n", unit)


@pytest.mark.parametrize("text", ["", "day,left,right\n", "date,left\n", "date,left,right,pain\n", "2026-01-01,9,9\n"])
def test_unknown_or_missing_columns_are_refused(file: Path, text: str) -> None:
    """Nothing is guessed, and nothing is silently ignored."""
    with pytest.raises(ImportRefusedError, match=r"line 1: its columns are .*Name them date, left, right"):
        parse(file, text)


def test_a_first_line_that_is_no_csv_is_refused(file: Path) -> None:
    with pytest.raises(ImportRefusedError, match="line 1: it is not CSV"):
        parse(file, f"date,{'left' * field_size_limit()}\n2026-01-01,9,9\n")


def test_unreadable_file_is_refused_with_a_sentence(file: Path, tmp_path: Path) -> None:
    """A spreadsheet's own format, a missing file, and a file with an endless cell."""
    file.write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(ImportRefusedError, match="not text in UTF-8"):
        read_past_results(file, "cm", (), NOW)
    with pytest.raises(ImportRefusedError, match=r"nowhere\.csv"):
        read_past_results(tmp_path / "nowhere.csv", "cm", (), NOW)
    with pytest.raises(ImportRefusedError, match="it is not CSV"):
        parse(file, HEADER + f"2026-01-01,{'9' * 200_000},\n")


def test_two_tests_on_one_day_need_times(file: Path) -> None:
    assert parse(file, HEADER + "2026-01-01 08:00,9,\n2026-01-01 18:00,9.5,\n") == [(90.0, None), (95.0, None)]


def test_unlikely_result_needs_sure_and_impossible_one_is_refused(file: Path) -> None:
    assert parse(file, HEADER + "2026-01-01,12,230\n", "mm", sure=True) == [(12.0, 230.0)]
    with pytest.raises(ImportRefusedError, match="farther"):
        parse(file, HEADER + "2026-01-01,1200,\n", "mm", sure=True)


@given(st.floats(20.0, 200.0))
def test_every_likely_distance_is_accepted_in_its_unit_only(mm: float) -> None:
    """A likely distance is accepted in its own unit, and never as centimetres when given in millimetres."""
    from station.app.exchange.import_results import MM_IN_ONE, _mm

    for unit, one in MM_IN_ONE.items():
        taken_mm = _mm(repr(mm / one), unit, "here", sure=False)
        assert taken_mm == pytest.approx(mm, abs=0.051)
    if mm * 10 > 250:
        with pytest.raises(ImportRefusedError):
            _mm(repr(mm), "cm", "here", sure=True)


def cli(database: Path, file: Path, *options: str) -> Result:
    given = ["import", str(file), "--person", "ann", "--unit", "cm", "--database", str(database), *options]
    return CliRunner().invoke(main, given)


def test_import_command_skips_known_days(database: Path, file: Path) -> None:
    """Days with a test of the same person are skipped, imported ones too: the same file again adds nothing."""
    file.write_text(HEADER + "2025-01-01,9.4,10\n2025-01-08,9.6,\n2026-03-03,9.7,\n")
    result = cli(database, file)
    assert result.exit_code == 0, result.output
    skipped, imported = result.stdout.splitlines()
    assert skipped == "Skipped days that already have tests: 2026-03-03."
    assert imported == f"2 tests of Ann imported into {database}."
    assert "0 tests of Ann" in cli(database, file).stdout
    with Reader.open(database) as reader:
        ann, bea = reader.people()
        assert [score.imported for score in reader.result_summaries(ann.id)] == [True, True, False, False]
        assert len(reader.result_summaries(bea.id)) == 2
        first = reader.tests(ann.id)[-1]
        assert (first.left_mm, first.right_mm, first.contact) == (94.0, 100.0, Contact.SELF)


def test_import_command_is_all_or_nothing(database: Path, file: Path) -> None:
    """Exit 1, one sentence with the line, and an unchanged database."""
    file.write_text(HEADER + "2025-01-01,9.4,10\n2025-01-08,96,\n")
    result = cli(database, file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert re.fullmatch(r"station: .*tape\.csv, line 3: 96 cm .*\n", result.stderr)
    with Reader.open(database) as reader:
        assert len(reader.tests()) == 4


def test_import_command_refuses_unknown_person_and_database_in_use(database: Path, file: Path) -> None:
    """An unknown name gets the list of people."""
    file.write_text(HEADER + "2025-01-01,9.4,10\n")
    assert "no person called Cleo" in cli(database, file, "--person", "Cleo").stderr
    assert "(it has: Ann, Bea)" in cli(database, file, "--person", "Cleo").stderr
    assert "no database at" in cli(database.with_name("nowhere.db"), file).stderr
    with Store.open(database, clock=HandClock()):
        assert "Another station" in cli(database, file).stderr
    assert cli(database, file).exit_code == 0


def test_imported_results_come_first_and_are_marked(database: Path, file: Path) -> None:
    """They are the oldest of the history, and exports mark them as imported."""
    file.write_text(HEADER + "2019-05-01,7,7\n")
    assert cli(database, file).exit_code == 0
    with Reader.open(database) as reader:
        oldest = reader.sessions()[-1]
        assert (oldest.person_name, oldest.end_reason) == ("Ann", "imported")
        assert oldest.started_at < NOW - timedelta(days=2000)
