"""The bring-up page: who may use it, what it asks and shows; the station behind it is tested in `tests/station/app`."""

from __future__ import annotations

from flask.testing import FlaskClient

from station.app.access.roles import Role
from station.app.board.bring_up_desk import OCCUPIED
from station.app.board.bring_up_records import BringUpView, Question, Result
from station.app.snapshot import HeelView
from station.core.events import Side
from station.store import Store
from tests.paired_browsers import client_with, pair_browser
from tests.web.double import RecordedBoard, StationDouble
from tests.web.page_text import text_of
from web.app import create_app

LOCAL = {"Origin": "http://localhost"}
PRESS = Question(
    "left heel", "Next, press the left heel plate.", (("ready", "Ready"), ("skip", "Skip it")), then="Now!"
)
VOLTS = Question(
    "SDA", "SDA: how many volts?", (("skip", "I cannot measure"),), takes_volts=True, picture="harness.svg"
)
OPEN = Result("wiring", False, "the wire of SDA is open", "named", ("harness.svg",))


def send(client: FlaskClient, address: str, **form: str) -> int:
    return client.post(address, data=form, headers=LOCAL).status_code


def test_anyone_may_check_the_board_until_there_is_an_owner(station: StationDouble, store: Store) -> None:
    app = create_app(station, store)
    visitor = client_with(app, None)
    assert visitor.get("/bring-up", environ_base={"REMOTE_ADDR": "192.168.1.7"}).status_code == 200
    owner = client_with(app, pair_browser(store, Role.OWNER))
    member = client_with(app, pair_browser(store, Role.MEMBER))
    assert [client.get("/bring-up").status_code for client in (visitor, member, owner)] == [403, 403, 200]
    assert [send(client, "/bring-up", questions="no") for client in (visitor, member, owner)] == [403, 403, 303]


def test_a_question_is_asked_and_the_simulated_hand_presses(
    client: FlaskClient, station: StationDouble, board: RecordedBoard
) -> None:
    station.show(bring_up=BringUpView(4, True, question=PRESS))
    assert "press the left heel plate" in text_of(client, "/bring-up")
    assert send(client, "/bring-up/answer", number="4", answer="ready") == 303
    assert (station.answers_given, board.acts) == (["ready"], [("press", "left heel")])
    assert "Now!" in text_of(client, "/bring-up")


def test_without_an_owner_a_check_belongs_to_its_browser(station: StationDouble, store: Store) -> None:
    """Nobody else on the network can answer or stop it; anyone may begin the next check."""
    app = create_app(station, store)
    first, second = client_with(app, None), client_with(app, None)
    for client in (first, second):  # a demonstration lets this machine's browser in
        client.environ_base["REMOTE_ADDR"] = "192.168.1.7"
    assert send(first, "/bring-up", questions="yes") == 303
    station.show(bring_up=BringUpView(4, True, question=PRESS))
    shown = text_of(second, "/bring-up")
    assert "Another browser started this check" in shown
    assert ("Stop the check" in shown, "Stop the check" in text_of(first, "/bring-up")) == (False, True)
    assert send(second, "/bring-up/answer", number="4", answer="ready") == 403
    assert send(second, "/bring-up/stop") == 403
    assert station.answers_given == []
    assert send(first, "/bring-up/answer", number="4", answer="ready") == 303
    assert send(first, "/bring-up/stop") == 303
    station.show(bring_up=BringUpView(6, True, is_over=True))
    assert send(second, "/bring-up", questions="yes") == 303
    station.show(bring_up=BringUpView(8, True, question=PRESS))
    assert send(first, "/bring-up/stop") == 403


def test_voltage_is_accepted_and_invalid_input_refused(client: FlaskClient, station: StationDouble) -> None:
    station.show(bring_up=BringUpView(7, True, question=VOLTS))
    assert "/bring-up/picture/harness.svg" in text_of(client, "/bring-up")
    for none in ("much", "nan", "inf", "1e999"):
        assert send(client, "/bring-up/answer", number="7", volts=none) == 400
    assert send(client, "/bring-up/answer", number="x", volts="2,5 V") == 303
    assert station.answers_given == ["2.5"]


def test_faults_come_first_with_their_picture(client: FlaskClient, station: StationDouble) -> None:
    station.show(bring_up=BringUpView(9, True, is_over=True, results=(Result("SDA", True, "free"), OPEN)))
    shown = text_of(client, "/bring-up").partition("What to fix")[2].partition("What was found")[0]
    assert "The wire of SDA is open" in shown
    assert "/bring-up/picture/harness.svg" in shown
    assert "free" not in shown


def test_refusal_for_occupied_board_offers_to_declare_it_empty(client: FlaskClient, station: StationDouble) -> None:
    station.show(heels=(HeelView(Side.LEFT, True, None),))
    answer = client.post("/bring-up", data={"questions": "yes"}, headers=LOCAL)
    assert answer.status_code == 409
    text = answer.get_data(as_text=True)
    assert OCCUPIED in text
    assert 'name="empty"' in text
    assert send(client, "/bring-up", questions="yes", empty="yes") == 303


def test_pictures_are_those_of_the_build_guide(client: FlaskClient) -> None:
    assert client.get("/bring-up/picture/harness.svg").mimetype == "image/svg+xml"
    for name in ("nothing", "..%2fpins", "harness.yml"):
        assert client.get(f"/bring-up/picture/{name}.svg").status_code == 404


def test_bring_up_can_be_stopped(client: FlaskClient, station: StationDouble) -> None:
    station.show(bring_up=BringUpView(2, True))
    assert send(client, "/bring-up/stop") == 303
    assert "The check was stopped" in text_of(client, "/bring-up")
