"""`station export` and `station import`, with a preview and clear refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from station.cli.main import main
from station.cli.merging import SAME_BOARD_QUESTION
from station.store import Reader, Store
from tests.station.store.histories import HandClock, guided_routine, weeks


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A database with results of two people, not open anywhere."""
    clock = HandClock()
    with Store.open(tmp_path / "full.db", clock=clock) as store:
        weeks(store, clock, days=1)
        guided_routine(store, clock, store.people()[0].id)
    return tmp_path / "full.db"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    with Store.open(tmp_path / "empty.db", clock=HandClock()):
        return tmp_path / "empty.db"


def station(*words: str | Path, answer: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], input=answer)


def people(path: Path) -> list[str]:
    with Reader.open(path) as reader:
        return [one.name for one in reader.people()]


def test_an_import_shows_what_it_brings_and_asks(full: Path, empty: Path, tmp_path: Path) -> None:
    """No changes nothing; yes imports it, and asks whether it is the same board; a second time nothing is new, and it
    does not ask.
    """
    file = tmp_path / "all.zip"
    assert station("export", file, "--database", full, "--as", "bundle").output == f"Written to {file}.\n"
    refused = station("import", file, "--database", empty, answer="n\n")
    assert "New people: Ann, Bea." in refused.output
    assert "Nothing was changed." in refused.output
    assert people(empty) == []
    done = station("import", file, "--database", empty, answer="y\ny\n")
    assert f"{SAME_BOARD_QUESTION} [y/N]: y\nImported into {empty}." in done.output
    assert people(empty) == ["Ann", "Bea"]
    again = station("import", file, "--database", empty)
    assert (again.exit_code, "Nothing is new." in again.output) == (0, True)


def test_one_person_in_json(full: Path, empty: Path, tmp_path: Path) -> None:
    """The name is not case-sensitive; JSON says what happened, and without --yes nothing happens."""
    station("export", tmp_path / "ann.json", "--database", full, "--as", "json", "--person", " ann ")
    shown = json.loads(station("import", tmp_path / "ann.json", "--database", empty, "--json").output)
    assert (shown["imported"], shown["people"]) == (False, ["Ann"])
    assert people(empty) == []
    done = json.loads(station("import", tmp_path / "ann.json", "--database", empty, "--json", "--yes").output)
    assert done["imported"]
    assert people(empty) == ["Ann"]


def test_unsuitable_options_are_refused_with_a_sentence(full: Path, empty: Path, tmp_path: Path) -> None:
    """Options of another kind of file, unknown people and sessions, and a file of an unknown kind."""
    station("export", tmp_path / "all.json", "--database", full, "--as", "json")
    (tmp_path / "tape.csv").write_text("date,left,right\n2026-01-31,9.4,\n", encoding="utf-8")
    for words, sentence in (
        (("import", tmp_path / "all.json", "--person", "Ann"), "is not a list of tape measurements"),
        (("import", tmp_path / "tape.csv"), "is not an export of a station. If it is a list"),
        (("import", tmp_path / "tape.csv", "--person", "Cleo", "--unit", "cm"), "has no person called Cleo"),
        (("import", tmp_path / "missing.json"), "missing.json"),
        (("import", full), "is a database"),
        (("export", tmp_path / "all.json", "--database", full), "all.json exists already: name another file"),
        (("export", tmp_path / "x", "--person", "Cleo"), "has no person called Cleo"),
        (("export", tmp_path / "x", "--as", "csv", "--session", "last"), "A session is exported as a bundle and alone"),
        (("export", tmp_path / "x", "--session", "last"), "has no session yet"),
        (("export", tmp_path / "x", "--as", "bundle", "--session", "none"), "There is no session none"),
    ):
        done = station(*words, "--database", empty)
        assert done.exit_code in (1, 2)
        assert sentence in done.output
        assert done.output.count("\n") == 1
