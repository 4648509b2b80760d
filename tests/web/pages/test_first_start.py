"""The first start: a new station goes through four steps, asks nothing twice, and then shows Today."""

from __future__ import annotations

from flask.testing import FlaskClient

from station.app.board.bring_up_records import BringUpView
from station.app.snapshot import Fault
from station.store import Store
from tests.paired_browsers import client_with, pair_browser
from tests.web.double import StationDouble
from tests.web.page_text import text_of
from web.app import create_app

LOCAL = {"Origin": "http://localhost"}
ADDRESS = "/first-start"


def heading(client: FlaskClient) -> str:
    """The step that is shown."""
    return text_of(client, ADDRESS).partition('<h2 id="step">')[2].partition("</h2>")[0]


def settle(client: FlaskClient, step: str) -> int:
    return client.post(ADDRESS, data={"step": step}, headers=LOCAL).status_code


def test_a_new_station_leads_through_each_step_once(store: Store) -> None:
    """Five taps besides the pairing: keep the name, pair, look, continue, and calibrate later."""
    station = StationDouble(store)
    app = create_app(station, store)
    visitor = client_with(app, None)
    assert visitor.get("/").location == ADDRESS
    assert heading(visitor) == "The name of this board"
    assert settle(visitor, "name") == 303
    assert heading(visitor) == "Whose board is it?"
    owner = client_with(app, pair_browser(store))
    assert heading(owner) == "Are the plates and the sensor connected?"
    assert "not finished: plates and sensor, calibration" in text_of(owner, "/")
    station.show(bring_up=BringUpView(9, False, is_over=True))
    assert heading(owner) == "Calibrate the distance sensor"
    assert settle(owner, "calibration") == 303
    station.show(calibration="good")
    assert owner.get(ADDRESS).location == "/"
    assert visitor.get(ADDRESS).status_code == 403
    assert "not finished" not in text_of(owner, "/")


def test_skipped_step_stays_skipped(client: FlaskClient, store: Store) -> None:
    assert settle(client, "board") == 303
    assert store.settings().first_start == "board"
    assert heading(client) == "The name of this board"
    assert settle(client, "all") == 303
    assert store.settings().first_start == "name,board,calibration"
    assert client.get(ADDRESS).location == "/"


def test_first_start_explains_naming_and_refuses_a_bad_name(client: FlaskClient) -> None:
    assert "set-hostname kitchen-board" in text_of(client, f"{ADDRESS}?name=Kitchen-Board")
    bad = text_of(client, f"{ADDRESS}?name=a;reboot")
    assert "Use letters, digits and hyphens" in bad
    assert "set-hostname" not in bad


def test_an_unknown_step_is_refused(client: FlaskClient) -> None:
    assert settle(client, "coffee") == 400


def test_an_early_visitor_waits_for_the_board(store: Store) -> None:
    """Before the board answers, nobody is asked to become the owner: a demonstration lets its first browser in
    automatically. The page says what it waits for, also while another program has the board.
    """
    station = StationDouble(store)
    visitor = client_with(create_app(station, store), None)
    station.show(faults=(Fault("board", "The board does not respond."),))
    early = visitor.get("/", follow_redirects=True)
    assert early.status_code == 503
    assert '<meta http-equiv="refresh" content="2">' in early.get_data(as_text=True)
    assert "The board does not respond." in early.get_data(as_text=True)
    station.show(faults=())
    assert heading(visitor) == "The name of this board"
