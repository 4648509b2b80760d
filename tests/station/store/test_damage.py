"""A row corrupted by a memory card is never read as a result; all others are."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from station.app.results.damage import damage_sentence
from station.core.events import Side
from station.store import Store
from station.store.checksums import DamagedRow, row_checksum
from station.store.schema import CHECKSUM, metadata
from tests.crash.damage import outcomes
from tests.station.store.histories import HandClock, guided_routine, weeks

COPIES = 60
"""A seeded part of the thousand of `make bench`."""


def change(path: Path, statement: str) -> None:
    """Change a closed database without its triggers, like a memory card."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)


def test_every_write_keeps_the_checksums(store: Store, clock: HandClock) -> None:
    """Inserts, updates of some columns, many rows at once: each row matches its checksum."""
    weeks(store, clock, days=2)
    guided_routine(store, clock, store.people()[0].id)
    store.save_empty_share(Side.LEFT, 0.02)
    store.rename_person(store.people()[0].id, "Änne")
    assert store.look_for_damage() == ()
    with store.write_transaction() as connection:
        for table in metadata.sorted_tables:
            missing = connection.exec_driver_sql(f'SELECT count(*) FROM "{table.name}" WHERE {CHECKSUM} IS NULL')
            assert missing.scalar_one() == 0


def test_damaged_test_is_left_out_and_reported(path: Path, clock: HandClock) -> None:
    """After one value changed in the file, the test is left out with a sentence, and everything else is unchanged."""
    with Store.open(path, clock=clock) as store:
        weeks(store, clock, days=2)
        tests, holds = store.tests(), store.holds()
    change(path, f"UPDATE tests SET left_mm = left_mm + 10 WHERE id = '{tests[0].id}'")
    with Store.open(path, clock=clock) as store:
        assert store.tests() == tests[1:]
        assert store.test(tests[0].id) is None
        assert store.holds() == holds
        assert store.damaged == (DamagedRow("tests", tests[0].id),)
        assert store.look_for_damage() == store.damaged
        assert str(damage_sentence(store.damaged)).startswith("1 stored row cannot be read and is left out (1 test)")


@pytest.mark.parametrize(
    "value", ["x'c3'", "CAST(x'ff' AS TEXT)", "'{\"noise_mm\": 1}'", "1e308", "NULL", "9223372036854775807"]
)
def test_any_wrong_value_is_left_out(path: Path, clock: HandClock, value: str) -> None:
    """With any value in a column of any kind, the row is left out, and nothing fails."""
    with Store.open(path, clock=clock) as store:
        weeks(store, clock, days=1)
        count = len(store.tests())
    change(path, f"UPDATE tests SET right_budget_json = {value}, left_mm = {value}, temperature_c = 3")
    with Store.open(path, clock=clock) as store:
        assert store.tests() == ()
        assert len(store.damaged) == count


def test_bytes_in_place_of_a_text_are_damage(path: Path, clock: HandClock) -> None:
    """Only one bit of a record's header distinguishes them; the bytes are the same."""
    with Store.open(path, clock=clock) as store:
        weeks(store, clock, days=1)
        count = len(store.tests())
    change(path, "UPDATE tests SET state = CAST(state AS BLOB)")
    with Store.open(path, clock=clock) as store:
        assert store.tests() == ()
        assert len(store.damaged) == count


def test_damage_of_the_only_calibration_stops_nothing(path: Path, clock: HandClock) -> None:
    """The station then uses the as-built one, and says that a row is damaged."""
    with Store.open(path, clock=clock):
        pass
    change(path, "UPDATE calibrations SET offset_mm = 0")
    with Store.open(path, clock=clock) as store:
        assert store.current_calibration().curve.offset_mm == -70.0
        assert [one.table for one in store.look_for_damage()] == ["calibrations"]


def test_checksums_never_change() -> None:
    """Compares with a fixed value, because newer programs must read rows of older ones."""
    assert row_checksum("tests", b"id", None, 1, 2**40, 93.5, b"\x00") == 2_717_089_280


def test_damaged_databases_answer_every_page_with_what_was_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Bits, zeros and garbage anywhere in the file: refused with a sentence, or shown correctly without an error."""
    caplog.set_level(logging.CRITICAL)
    found = list(outcomes(tmp_path, COPIES))
    assert [one for one in found if one.failed or one.invented] == []
    assert 0 < sum(one.is_refused for one in found) < COPIES
