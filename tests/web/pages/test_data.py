"""The Data page: exports that can be imported, a preview before anything changes, a sentence for a bad file."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from station.app.access.roles import PRESENCE, Role
from station.app.exchange.import_preview import TAKES_BOARD
from station.clock import SystemClock
from station.store import Store
from station.store.exchange.export import ExportKind, export_station
from station.store.exchange.merge import import_export
from station.store.exchange.staging import DIRECTORY_PREFIX
from tests.paired_browsers import client_with, pair_browser, paired_client
from tests.station.store.histories import HandClock, guided_routine, weeks
from tests.station.store.test_import import rows
from tests.web.double import StationDouble
from web.app import create_app
from web.server.request_guard import MAX_UPLOAD_BYTES


@pytest.fixture
def client(station: StationDouble, store: Store) -> FlaskClient:
    """The owner's browser, whose person has just proved their presence."""
    made = paired_client(create_app(station, store), store)
    store.note_presence(store.devices()[0].id, datetime.now(UTC) + PRESENCE)
    return made


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    """Another station, with results of two people."""
    clock = HandClock()
    (tmp_path / "other").mkdir()
    with Store.open(tmp_path / "other" / "station.db", clock=clock) as store:
        weeks(store, clock, days=1)
        guided_routine(store, clock, store.people()[0].id)
        yield store


@pytest.fixture
def exported(other: Store, tmp_path: Path) -> bytes:
    export_station(other, tmp_path / "all.zip", ExportKind.BUNDLE)
    return (tmp_path / "all.zip").read_bytes()


def send(client: FlaskClient, content: bytes, name: str = "all.zip") -> TestResponse:
    return client.post("/data/preview", data={"file": (io.BytesIO(content), name)}, content_type="multipart/form-data")


def ticket_in(page: str) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("address", ["/data/station", "/data/preview", "/data/import"])
def test_everybodys_data_needs_owner_and_presence(station: StationDouble, store: Store, address: str) -> None:
    """The owner is sent to the proof; a member has no such button, and is refused."""
    app = create_app(station, store)
    owner = paired_client(app, store)
    led = send(owner, b"content") if address == "/data/preview" else owner.post(address)
    assert (led.status_code, led.headers["Location"]) == (303, "/presence?next=data")
    assert "The whole station" in owner.get("/data").text
    member = client_with(app, pair_browser(store, Role.MEMBER, store.add_person("Bea").id))
    assert "Everything about Bea" in member.get("/data").text
    assert "The whole station" not in member.get("/data").text
    assert member.post(address).status_code == 403


def test_a_preview_changes_nothing_and_an_import_brings_all(
    client: FlaskClient, store: Store, other: Store, exported: bytes
) -> None:
    """Then the rows are the other station's, as it is the same board, and a second confirmation finds nothing."""
    before = rows(store.path)
    shown = send(client, exported)
    assert shown.status_code == 200
    assert "New people: Ann, Bea." in shown.text
    assert "Nothing has changed yet." in shown.text
    assert rows(store.path) == before
    ticket = ticket_in(shown.text)
    assert "It is the same board, and its distance sensor was not moved" in shown.text
    done = client.post("/data/import", data={"ticket": ticket, "same_board": "yes"})
    assert "New people: Ann, Bea." in done.text
    assert TAKES_BOARD in done.text
    assert rows(store.path) == rows(other.path)
    again = client.post("/data/import", data={"ticket": ticket})
    assert (again.status_code, "The preview has expired" in again.text) == (409, True)
    assert "Nothing is new." in send(client, exported).text
    assert not list(store.path.parent.glob(f"{DIRECTORY_PREFIX}*"))


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "all.zip", "The file all.zip is not an export"),
        (b"{}", "../../etc/<script>.json", "The file &lt;script&gt;.json is not an export"),
        (b"{}", "\U0001f9b6.json", "The file \U0001f9b6.json is not an export"),
        (b"{}", "Pr\u00fcfung 3.json", "The file Pr\u00fcfung 3.json is not an export"),
        (b"{}", "a\u202eb.json", "The file ab.json is not an export"),
        (b"{}", "..", "The file export is not an export"),
        (b"SQLite format 3\x00", ".hidden", "The file .hidden is a database"),
        (b"PK", "\u00e4\u00f6\u00fc", "The file \u00e4\u00f6\u00fc is not an export"),
    ],
)
def test_a_bad_file_is_answered_with_a_sentence(
    client: FlaskClient, store: Store, content: bytes, name: str, sentence: str
) -> None:
    """Its name is neither a path nor markup."""
    before = rows(store.path)
    shown = send(client, content, name)
    assert shown.status_code == 400
    assert sentence in shown.text
    assert rows(store.path) == before


def test_missing_input_is_requested(client: FlaskClient, station: StationDouble, exported: bytes) -> None:
    """Without a file, without a preview, and while a session runs."""
    assert "First choose a file" in client.post("/data/preview").text
    assert "The preview has expired" in client.post("/data/import", data={"ticket": "\u00e4"}).text
    ticket = ticket_in(send(client, exported).text)
    station.show(activity="hold", phase="hold", session_id="s")
    assert "A session is running" in client.post("/data/import", data={"ticket": ticket}).text
    assert client.post("/data/station", data={"kind": "xml"}).status_code == 400
    assert client.post("/data/person", data={"kind": "xml"}).status_code == 404


def test_a_file_is_chosen_once(station: StationDouble, store: Store, exported: bytes) -> None:
    """It is kept during the proof of presence or a running session, until it is imported or refused."""
    owner = paired_client(create_app(station, store), store)
    assert send(owner, exported, "mine.zip").headers["Location"] == "/presence?next=data"
    assert owner.post("/data/preview").headers["Location"] == "/presence?next=data"
    store.note_presence(store.devices()[0].id, datetime.now(UTC) + PRESENCE)
    assert "mine.zip" in owner.get("/data").text
    ticket = ticket_in(owner.post("/data/preview").text)
    station.show(activity="hold", phase="hold", session_id="s")
    refused = owner.post("/data/import", data={"ticket": ticket})
    assert (refused.status_code, "mine.zip" in refused.text) == (409, True)
    station.show(activity="idle", phase="idle", session_id=None)
    done = owner.post("/data/import", data={"ticket": ticket})
    assert "New people: Ann, Bea." in done.text
    assert "mine.zip" not in owner.get("/data").text
    send(owner, b"", "bad.zip")
    assert "bad.zip" not in owner.get("/data").text


@pytest.mark.parametrize("kind", list(ExportKind))
def test_exports_can_be_imported(
    client: FlaskClient, store: Store, tmp_path: Path, exported: bytes, kind: ExportKind
) -> None:
    """Everything, and everything of this browser's person; no temporary file remains."""
    client.post("/data/import", data={"ticket": ticket_in(send(client, exported).text)})
    ann, bea = store.people()
    client.set_cookie("person", ann.id)
    for address, people in (("/data/station", (ann, bea)), ("/data/person", (ann,))):
        given = client.post(address, data={"kind": kind})
        assert given.status_code == 200
        assert "attachment" in given.headers["Content-Disposition"]
        assert "Ann" not in given.headers["Content-Disposition"]
        (tmp_path / "given").write_bytes(given.data)
        given.close()
        with Store.open(tmp_path / f"{kind}-{len(people)}.db", clock=SystemClock()) as back:
            import_export(back, tmp_path / "given")
            assert back.people() == people
    assert not list(store.path.parent.glob(f"{DIRECTORY_PREFIX}*"))


def test_uploads_are_checked_in_a_writable_directory(
    client: FlaskClient, store: Store, tmp_path: Path, exported: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under systemd the page cannot write beside the database, so the unit gives it a directory."""
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("CACHE_DIRECTORY", str(tmp_path / "cache"))
    shown = send(client, exported)
    (scratch,) = (tmp_path / "cache").glob(f"{DIRECTORY_PREFIX}*/staged.db")
    assert (scratch.parent.stat().st_mode & 0o777, scratch.stat().st_mode & 0o777) == (0o750, 0o640)
    assert not list(store.path.parent.glob(f"{DIRECTORY_PREFIX}*"))
    client.post("/data/import", data={"ticket": ticket_in(shown.text)})
    assert [one.name for one in store.people()] == ["Ann", "Bea"]
    assert not list((tmp_path / "cache").iterdir())


def test_the_page_says_how_large_a_file_may_be(client: FlaskClient) -> None:
    """The server's limit and the page's text agree; the page also says what health apps have no field for."""
    text = client.get("/data").text
    assert f"{MAX_UPLOAD_BYTES // 1024**2} MB" in text
    assert "Apple Health and Google Fit have no field" in text
