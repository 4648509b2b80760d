"""Restoring a backup on the page: only by the owner, with presence, from an intact backup, and after a preview."""

from __future__ import annotations

import io
import re
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from station.app.access.roles import PRESENCE, Role
from station.app.exchange.import_preview import TAKES_BOARD, UNCALIBRATED_BOARD
from station.store import Store
from station.store.backups.backup import STICK_DIRECTORY, back_up, backups_of, copy_database
from station.store.exchange.staging import DIRECTORY_PREFIX
from tests.crash.damage import make_database
from tests.crash.restores import mutated_backup
from tests.paired_browsers import client_with, pair_browser, paired_client
from tests.station.store.histories import FIT, HandClock, weeks
from tests.station.store.test_import import rows
from tests.web.double import StationDouble
from web.app import create_app

POSTS = ("/restore/look", "/restore/upload", "/restore/replace", "/restore/merge")
MUTATIONS = 40


@pytest.fixture
def client(station: StationDouble, store: Store, tmp_path: Path) -> FlaskClient:
    """The owner's browser, whose person has just proved their presence; a stick may be plugged in."""
    made = paired_client(create_app(station, store, stick=tmp_path / "stick"), store)
    store.note_presence(store.devices()[0].id, datetime.now(UTC) + PRESENCE)
    return made


@pytest.fixture
def copy(tmp_path: Path) -> bytes:
    """A backup of another station, with results of Ann and Bea."""
    (tmp_path / "other").mkdir()
    make_database(tmp_path / "other" / "station.db")
    return (tmp_path / "other" / "station.db").read_bytes()


def send(client: FlaskClient, content: bytes, name: str = "station-2026-03-02.db") -> TestResponse:
    return client.post(
        "/restore/upload", data={"file": (io.BytesIO(content), name)}, content_type="multipart/form-data"
    )


def ticket_in(page: str) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("address", POSTS)
def test_only_the_owner_with_presence_restores(station: StationDouble, store: Store, address: str) -> None:
    app = create_app(station, store)
    owner = paired_client(app, store)
    led = send(owner, b"content") if address == "/restore/upload" else owner.post(address)
    assert (led.status_code, led.headers["Location"]) == (303, "/presence?next=restore")
    assert "Restore a backup" in owner.get("/settings").text
    member = client_with(app, pair_browser(store, Role.MEMBER, store.add_person("Bea").id))
    assert "Restore a backup" not in member.get("/settings").text
    assert {member.get("/restore").status_code, member.post(address).status_code} == {403}


def test_nightly_and_stick_backups_are_listed(
    client: FlaskClient, station: StationDouble, store: Store, tmp_path: Path
) -> None:
    """Newest first, by day; the chosen one is previewed, and then the board gets exactly its rows."""
    assert "There is none yet" in client.get("/restore").text
    back_up(store.path, backups_of(store.path), date(2026, 3, 2))
    back_up(store.path, tmp_path / "stick" / STICK_DIRECTORY, date(2026, 3, 1))
    backed_up = rows(store.path)
    store.add_person("Later")
    listed = client.get("/restore").text
    assert re.findall(r'<option value="([^"]+)"', listed) == ["station 2026-03-02", "stick 2026-03-01"]
    assert "Sun 1 Mar 2026, on the stick" in listed
    shown = client.post("/restore/look", data={"backup": "station 2026-03-02"})
    assert "Only in the station, and lost without a merge: 1 person." in shown.text
    assert "Nothing has changed yet." in shown.text
    done = client.post("/restore/replace", data={"ticket": ticket_in(shown.text)})
    assert "Restoring the backup" in done.text
    ((name, restored),) = station.restored
    assert name == "Mon 2 Mar 2026, on the station"
    (tmp_path / "restored.db").write_bytes(restored)
    assert rows(tmp_path / "restored.db") == backed_up
    assert not list(store.path.parent.glob(f"{DIRECTORY_PREFIX}*"))


def test_a_stick_that_cannot_be_read_hides_no_other_backup(station: StationDouble, store: Store) -> None:
    """A stick pulled out while mounted gives errors of its own."""
    client = paired_client(create_app(station, store, stick=Path("/mnt") / ("x" * 300)), store)
    back_up(store.path, backups_of(store.path), date(2026, 3, 2))
    shown = client.get("/restore")
    assert (shown.status_code, "station 2026-03-02" in shown.text) == (200, True)


def test_an_upload_is_merged(client: FlaskClient, store: Store, copy: bytes) -> None:
    """What is new is shown, then added; what the station has stays."""
    store.add_person("Cleo")
    shown = send(client, copy)
    assert "New people: Ann, Bea." in shown.text
    assert "It may be from another board" in shown.text
    done = client.post("/restore/merge", data={"ticket": ticket_in(shown.text)})
    assert "New people: Ann, Bea." in done.text
    assert [one.name for one in store.people()] == ["Ann", "Bea", "Cleo"]


@pytest.mark.parametrize("said", [{}, {"same_board": "yes"}])
def test_merge_asks_an_uncalibrated_station_for_its_board(
    client: FlaskClient, store: Store, copy: bytes, said: dict[str, str]
) -> None:
    """Without a tick the calibration in use stays."""
    own = store.current_calibration().id
    shown = send(client, copy)
    assert shown.text.count("It is the same board, and its distance sensor was not moved") == 2
    done = client.post("/restore/merge", data={"ticket": ticket_in(shown.text), **said})
    assert (store.current_calibration().id == own) is (not said)
    assert (TAKES_BOARD in done.text, UNCALIBRATED_BOARD in done.text) == (bool(said), False)


@pytest.mark.parametrize("said", [{}, {"same_board": "yes"}])
def test_same_board_is_asked_of_an_uncalibrated_station(
    client: FlaskClient, station: StationDouble, copy: bytes, said: dict[str, str]
) -> None:
    """As after a change of its memory card; without a tick it is another board."""
    shown = send(client, copy)
    assert "It is the same board, and its distance sensor was not moved" in shown.text
    client.post("/restore/replace", data={"ticket": ticket_in(shown.text), **said})
    assert station.same_board is bool(said)


def test_same_board_is_not_asked_of_a_calibrated_station(client: FlaskClient, store: Store, copy: bytes) -> None:
    store.add_calibration(FIT)
    assert "It is the same board" not in send(client, copy).text


def test_a_file_waits_for_the_proof_of_presence(station: StationDouble, store: Store, copy: bytes) -> None:
    """It is not chosen again afterwards, and no other browser of the owner is offered it."""
    app = create_app(station, store)
    owner = paired_client(app, store)
    led = send(owner, copy, "mine.db")
    assert (led.status_code, led.headers["Location"]) == (303, "/presence?next=restore")
    led = owner.post("/restore/upload")
    assert led.headers["Location"] == "/presence?next=restore"
    other = client_with(app, pair_browser(store, Role.OWNER))
    for device in store.devices():
        store.note_presence(device.id, datetime.now(UTC) + PRESENCE)
    assert "mine.db" not in other.get("/restore").text
    assert "mine.db" in owner.get("/restore").text
    assert "New people: Ann, Bea." in owner.post("/restore/upload").text
    assert "First choose a file" in other.post("/restore/upload").text


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "station 2026-03-09",
        "../../etc/passwd",
        "station ../station",
        "/etc/passwd",
        "before",
        "stick\x00",
        "ä" * 99,
    ],
)
def test_a_choice_is_never_a_path(client: FlaskClient, store: Store, wanted: str) -> None:
    """Only listed backups can be chosen."""
    back_up(store.path, backups_of(store.path), date(2026, 3, 2))
    shown = client.post("/restore/look", data={"backup": wanted})
    assert shown.status_code == 400
    assert "no longer there" in shown.text


def zip_bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("station.db", bytes(50_000_000))
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "a.db", "The file a.db is not a backup"),
        (zip_bomb(), "bomb.zip", "The file bomb.zip is not a backup"),
        (b"{}", "../../<script>.db", "The file &lt;script&gt;.db is not a backup"),
        (b"SQLite format 3\x00" + bytes(5_000), ".hidden", "The backup .hidden is damaged"),
    ],
)
def test_file_that_is_not_a_backup_is_refused(
    client: FlaskClient, store: Store, content: bytes, name: str, sentence: str
) -> None:
    """Its name is neither a path nor markup, and nothing in it is unpacked."""
    before = rows(store.path)
    shown = send(client, content, name)
    assert shown.status_code == 400
    assert sentence in shown.text
    assert rows(store.path) == before
    assert not list(store.path.parent.glob(f"{DIRECTORY_PREFIX}*"))


def test_schema_with_computation_is_refused_before_it_runs(client: FlaskClient, tmp_path: Path, copy: bytes) -> None:
    """SQLite would make 100 MB while it checks the pages of such a file."""
    path = tmp_path / "other" / "station.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE evil (a INTEGER, b AS (hex(zeroblob(a))))")
        connection.execute("INSERT INTO evil VALUES (50000000)")
    shown = send(client, path.read_bytes())
    assert (shown.status_code, "the table evil, which no station makes" in shown.text) == (400, True)
    assert copy != path.read_bytes()


def test_mutated_uploads_are_refused_or_whole(client: FlaskClient, store: Store, copy: bytes) -> None:
    """Bits, zeros, garbage and cuts: a sentence or a preview, and nothing changes."""
    random, before, found = Random(7), rows(store.path), set()
    for _ in range(MUTATIONS):
        shown = send(client, mutated_backup(copy, random))
        found.add(shown.status_code)
        assert shown.status_code == 200 or 'class="error"' in shown.text
    assert found == {200, 400}
    assert rows(store.path) == before


def test_what_is_missing_is_asked_for(client: FlaskClient, station: StationDouble, store: Store, copy: bytes) -> None:
    """Without a file, without a preview, a second time, and while a session runs."""
    assert "First choose a file" in client.post("/restore/upload").text
    for address in ("/restore/replace", "/restore/merge"):
        assert "The preview has expired" in client.post(address, data={"ticket": "ä"}).text
    ticket = ticket_in(send(client, copy).text)
    station.show(activity="hold", phase="hold", session_id="s")
    refused = client.post("/restore/replace", data={"ticket": ticket})
    assert (refused.status_code, "A session is running" in refused.text) == (409, True)
    assert "restore a backup when it has ended" in client.get("/restore").text
    assert station.restored == []


def test_the_database_before_the_last_restore_is_offered(client: FlaskClient, store: Store) -> None:
    """So that a restore can be undone."""
    clock, path = HandClock(), store.path.with_name("x.db")
    with Store.open(path, clock=clock) as former:
        weeks(former, clock, days=1)
    copy_database(path, store.path.with_name(f"{store.path.name}.before-restore"))
    assert "Before the last restore" in client.get("/restore").text
    assert "New people: Ann, Bea." in client.post("/restore/look", data={"backup": "before"}).text
