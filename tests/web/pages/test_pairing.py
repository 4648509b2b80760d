"""Pairing, proving presence, and giving consent: the pages over a whole station with its simulated person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from station.app.access.presence_desk import TWO_ASKED
from station.app.access.roles import ACCESS_COOKIE, Role
from station.app.snapshot import PresenceState, PresenceView
from station.core.facts import CueName
from tests.paired_browsers import client_with, pair_browser
from tests.station.drained import drained
from tests.station.rig import Rig
from tests.web.page_text import text_of
from web.access.pin import hash_of_pin
from web.access.presence import PRESENCE_COOKIE
from web.app import create_app

PIN = "274916"
WAIT_S = 40.0
NO_VIEW = PresenceView(0, PresenceState.CANCELLED, (), 0)


class Home:
    """A station, its pages, and what people do at the board."""

    def __init__(self, tmp_path: Path) -> None:
        self.rig = Rig(tmp_path, wall=datetime.now(UTC))  # the pages use the machine's clock
        self.app: Flask = create_app(drained(self.rig.station), self.rig.store)
        self.store = self.rig.store
        # A demonstration lets its first browser in automatically; here there is an owner already.
        self.owner_person = self.rig.add_person("Olga")
        self.owner = client_with(self.app, pair_browser(self.store, Role.OWNER, self.owner_person, name="Olga's phone"))

    def visitor(self) -> FlaskClient:
        """An unpaired browser."""
        return client_with(self.app, None)

    def make_rhythm(self, presses: str | None = None) -> None:
        """Have the person at the board make the rhythm that the browser shows, or this one."""
        self.rig.board.act("rhythm", presses)

    def until(self, *states: PresenceState) -> None:
        def is_there() -> bool:
            view = self.rig.station.snapshot().presence
            return view is not None and view.state in states

        self.rig.until(is_there, WAIT_S)

    def heard_number(self) -> int:
        """The number that the person at the board has counted."""
        self.rig.until(lambda: CueName.NUMBER in self.rig.recognised_cues(), WAIT_S)
        count = next(cue.count for cue in self.rig.board.heard_cues if cue.cue is CueName.NUMBER)
        assert count is not None
        return count

    def pair(self, browser: FlaskClient, **form: str) -> None:
        """Ask, make the rhythm, and confirm the number."""
        asked = browser.post("/pair", data={"browser": "phone", **form})
        assert asked.status_code == 303, main_text_of(asked.get_data(as_text=True))
        self.make_rhythm()
        self.until(PresenceState.MATCHED)
        self.rig.board.heard_cues.clear()
        browser.post("/pair/confirm")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    with made.rig:
        yield made


def main_text_of(page: str) -> str:
    """The text of a page's main part."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


def without_rhythm(browser: FlaskClient) -> str:
    """The text of the page that shows a rhythm, without the rhythm."""
    return main_text_of(text_of(browser, "/pair")).replace("short", "x").replace("long", "x")


def bars(page: str) -> list[str]:
    """The classes of the bars of the rhythm."""
    return re.findall(r'<li class="([^"]*)">(?:short|long)', page)


def test_pairing_from_request_to_own_page(home: Home) -> None:
    """The rhythm as bars that fill, the number in beeps and on the page, confirmation; then it is Anna's browser."""
    phone = home.visitor()
    assert "Show the rhythm" in main_text_of(text_of(phone, "/pair"))
    answer = phone.post("/pair", data={"name": "Anna", "browser": "kitchen phone", "role": "member"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/pair")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    page = text_of(phone, "/pair")
    assert sorted(set(bars(page))) == ["long", "short"]
    assert 'http-equiv="refresh"' in page
    home.make_rhythm()
    made = set()
    home.rig.live(0.4)
    for _ in range(60):
        home.rig.live(0.2)
        made.add(sum("made" in bar for bar in bars(text_of(phone, "/pair"))))
    assert made >= {0, 1, 2, 3}
    home.until(PresenceState.MATCHED)
    number = home.heard_number()
    assert 'http-equiv="refresh"' not in text_of(phone, "/pair"), (
        "a reload would cut off the answer to the confirmation"
    )
    assert " ".join(str(number)) in main_text_of(text_of(phone, "/pair"))
    answer = phone.post("/pair/confirm")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "Anna" in text_of(phone, "/people")
    device = home.store.devices()[-1]
    assert (device.name, device.role) == ("kitchen phone", Role.MEMBER)
    assert home.store.people()[0].name == "Anna"
    assert phone.get_cookie(PRESENCE_COOKIE) is None


def test_confirmation_lets_in_once(home: Home) -> None:
    """The same request sent again makes no second device, and no cookie."""
    phone = home.visitor()
    home.pair(phone, name="Anna", role="member")
    count = len(home.store.devices())
    key = "replayed"
    thief = home.visitor()
    thief.set_cookie(PRESENCE_COOKIE, key)
    for browser in (phone, thief):
        answer = browser.post("/pair/confirm")
        assert answer.status_code == 409
        assert ACCESS_COOKIE not in answer.headers.get("Set-Cookie", "")
    assert len(home.store.devices()) == count


def test_lost_token_is_repeated_for_the_same_browser(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """If Wi-Fi drops at the tap, the browser is not lost: for a minute its key gets the same token again."""
    phone = home.visitor()
    phone.post("/pair", data={"name": "Anna", "browser": "phone", "role": "member"})
    home.make_rhythm()
    home.until(PresenceState.MATCHED)
    key = phone.get_cookie(PRESENCE_COOKIE)
    assert key is not None
    phone.post("/pair/confirm")
    token, count = phone.get_cookie(ACCESS_COOKIE), len(home.store.devices())
    assert token is not None
    for method, address in (("GET", "/pair"), ("POST", "/pair/confirm")):
        again = home.visitor()
        again.set_cookie(PRESENCE_COOKIE, key.value)
        assert again.open(address, method=method).headers["Location"] == "/"
        found = again.get_cookie(ACCESS_COOKIE)
        assert found is not None
        assert found.value == token.value
    assert len(home.store.devices()) == count
    monkeypatch.setattr("web.access.presence.GIVEN_S", -1.0)
    late = home.visitor()
    late.set_cookie(PRESENCE_COOKIE, key.value)
    assert late.get("/pair").status_code == 200
    assert late.get_cookie(ACCESS_COOKIE) is None


def test_confirmation_before_the_rhythm_does_nothing(home: Home) -> None:
    phone = home.visitor()
    phone.post("/pair", data={"name": "Anna", "browser": "phone", "role": "member"})
    assert phone.post("/pair/confirm").status_code == 303
    assert len(home.store.devices()) == 1
    assert "The board is waiting" in main_text_of(text_of(phone, "/pair"))


def test_another_browser_sees_neither_rhythm_nor_number(home: Home) -> None:
    """Only the cookie of the browser that asked shows them."""
    phone, other = home.visitor(), home.visitor()
    phone.post("/pair", data={"name": "Anna", "browser": "phone", "role": "member"})
    home.make_rhythm()
    home.until(PresenceState.MATCHED)
    page = text_of(other, "/pair")
    assert bars(page) == []
    assert "presence-number" not in page
    assert other.post("/pair/confirm").status_code == 409
    assert "presence-number" in text_of(phone, "/pair")


def test_two_browsers_at_once_are_both_cancelled(home: Home) -> None:
    """Each page says so, and each may ask again."""
    one, two = home.visitor(), home.visitor()
    one.post("/pair", data={"name": "Anna", "browser": "phone", "role": "member"})
    answer = two.post("/pair", data={"name": "Ben", "browser": "tablet", "role": "member"})
    assert answer.status_code == 409
    assert TWO_ASKED in main_text_of(answer.get_data(as_text=True))
    assert TWO_ASKED in main_text_of(text_of(one, "/pair"))
    assert one.post("/pair/cancel", data={"again": "yes"}).status_code == 303
    home.make_rhythm()
    home.until(PresenceState.MATCHED)
    one.post("/pair/confirm")
    assert [(one.name, one.role) for one in home.store.devices()[1:]] == [("phone", Role.MEMBER)]


def test_browser_without_a_name_is_named_after_its_person(home: Home) -> None:
    """So the list of browsers tells them apart."""
    for form in ({"name": "Anna", "browser": ""}, {"role": "guest", "browser": " "}):
        phone = home.visitor()
        phone.post("/pair", data=form)
        home.make_rhythm()
        home.until(PresenceState.MATCHED)
        phone.post("/pair/confirm")
    assert [one.name for one in home.store.devices()[1:]] == ["Anna\u2019s phone", "A guest\u2019s phone"]


def test_asking_again_in_one_browser_replaces_its_request(home: Home) -> None:
    """A reloaded page is not a second browser."""
    phone = home.visitor()
    for _ in range(3):
        assert phone.post("/pair", data={"name": "Anna", "browser": "phone", "role": "member"}).status_code == 303
    home.make_rhythm()
    home.until(PresenceState.MATCHED)


def test_wrong_rhythm_is_reported_on_the_page(home: Home) -> None:
    phone = home.visitor()
    phone.post("/pair", data={"name": "Anna", "browser": "phone", "role": "member"})
    shown = bars(text_of(phone, "/pair"))
    home.make_rhythm(",".join("short" if one == "long" else "long" for one in shown))
    home.until(PresenceState.WRONG)
    assert "That was a different rhythm" in main_text_of(text_of(phone, "/pair"))


def test_running_session_is_not_disturbed(home: Home) -> None:
    """The page says when to ask again."""
    home.rig.step_on()
    home.rig.hold(30.0)
    answer = home.visitor().post("/pair", data={"name": "Anna", "browser": "phone", "role": "member"})
    assert answer.status_code == 409
    assert "A session is running on the board" in main_text_of(answer.get_data(as_text=True))


@pytest.mark.parametrize(
    ("form", "status", "sentence"),
    [
        ({"role": "member", "name": " "}, 400, "Type your name"),
        ({"role": "member", "name": "x" * 200}, 400, "x"),
        ({"role": "owner", "name": "Anna"}, 400, "member, guest or practitioner"),
        ({"role": "member", "name": "Anna", "browser": "y" * 200}, 400, "y"),
    ],
)
def test_invalid_form_makes_no_request(home: Home, form: dict[str, str], status: int, sentence: str) -> None:
    """A name that is missing or too long, and a role that nobody can choose."""
    answer = home.visitor().post("/pair", data=form)
    assert answer.status_code == status
    assert sentence in answer.get_data(as_text=True)
    home.rig.live(0.2)
    assert home.rig.station.snapshot().presence is None


def test_guest_needs_no_name(home: Home) -> None:
    """A guest's browser belongs to nobody, and ends with the day."""
    phone = home.visitor()
    home.pair(phone, role="guest", name="ignored")
    device = home.store.devices()[-1]
    assert (device.role, device.person_id) == (Role.GUEST, None)
    assert [person.name for person in home.store.people()] == ["Olga"]


def test_first_browser_is_the_owners(tmp_path: Path) -> None:
    """Whatever role it asked for, unless guest."""
    with Rig(tmp_path, wall=datetime.now(UTC)) as rig:
        # Without a demonstration's automatic access, which only a simulated board has.
        app = create_app(drained(rig.station), rig.store)
        phone = client_with(app, None)
        phone.post(
            "/pair",
            data={"name": "Anna", "browser": "phone", "role": "member"},
            environ_base={"REMOTE_ADDR": "192.168.1.7"},
        )
        rig.board.act("rhythm")
        rig.until(lambda: (rig.station.snapshot().presence or NO_VIEW).state is PresenceState.MATCHED, WAIT_S)
        phone.post("/pair/confirm", environ_base={"REMOTE_ADDR": "192.168.1.7"})
        assert [device.role for device in rig.store.devices()] == [Role.OWNER]


def test_name_of_a_person_with_a_browser_needs_their_approval(home: Home) -> None:
    """Before the rhythm nothing says that the name is known; then the other browser is asked."""
    phone = home.visitor()
    known = phone.post("/pair", data={"name": "Olga", "browser": "new phone", "role": "member"})
    page_known = without_rhythm(phone)
    phone.post("/pair/cancel")
    unknown = phone.post("/pair", data={"name": "Nora", "browser": "new phone", "role": "member"})
    assert known.status_code == unknown.status_code
    assert page_known == without_rhythm(phone)
    phone.post("/pair/cancel")
    home.pair(phone, name="olga", role="member")
    assert len(home.store.devices()) == 1
    assert "the name alone is not enough" in main_text_of(text_of(phone, "/pair"))
    assert "Someone at the board gave your name" in main_text_of(text_of(home.owner, "/more"))
    page = text_of(home.owner, "/pair/approve")
    assert "called “phone” wants to be yours" in main_text_of(page)
    request_id = re.findall(r'name="request" value="([^"]*)"', page)[0]
    assert home.visitor().post("/pair/approve", data={"request": request_id, "answer": "yes"}).status_code == 403
    assert phone.post("/pair/confirm").status_code == 303
    assert len(home.store.devices()) == 1
    home.owner.post("/pair/approve", data={"request": request_id, "answer": "yes"})
    assert "Approved" in main_text_of(text_of(phone, "/pair"))
    phone.post("/pair/confirm")
    device = home.store.devices()[-1]
    assert (device.name, device.person_id) == ("phone", home.owner_person)


def test_refused_approval_lets_nobody_in(home: Home) -> None:
    phone = home.visitor()
    home.pair(phone, name="Olga", role="member")
    page = text_of(home.owner, "/pair/approve")
    request_id = re.findall(r'name="request" value="([^"]*)"', page)[0]
    home.owner.post("/pair/approve", data={"request": request_id, "answer": "no"})
    assert "said no" in main_text_of(text_of(phone, "/pair"))
    phone.post("/pair/confirm")
    assert len(home.store.devices()) == 1


def test_name_of_a_person_with_a_pin_needs_it(home: Home) -> None:
    """A wrong PIN is counted and lets nobody in."""
    anna = home.rig.add_person("Anna")
    home.store.set_pin(anna, hash_of_pin(PIN))
    phone = home.visitor()
    home.pair(phone, name="Anna", role="member")
    assert len(home.store.devices()) == 1
    assert phone.post("/pair/pin", data={"pin": "111222"}).status_code == 400
    assert len(home.store.failed_attempts("pin", datetime(2000, 1, 1, tzinfo=UTC))) == 1
    assert phone.post("/pair/pin", data={"pin": PIN}).headers["Location"] == "/"
    assert home.store.devices()[-1].person_id == anna


def test_step_up_proves_presence_of_this_device(home: Home) -> None:
    """A write that needs presence leads here and back to its page."""
    answer = home.owner.post(f"/browsers/{home.store.devices()[0].id}/role", data={"role": "owner"})
    assert answer.headers["Location"] == "/presence?next=browsers"
    page = text_of(home.owner, "/presence?next=browsers")
    assert 'name="next" value="browsers"' in page
    home.owner.post("/presence", data={"next": "browsers"})
    home.make_rhythm()
    home.until(PresenceState.MATCHED)
    assert "presence-number" in text_of(home.owner, "/presence")
    assert home.owner.post("/pair/confirm").headers["Location"] == "/browsers"
    assert home.store.devices()[0].present_until is not None
    assert home.visitor().get("/presence").status_code == 403


@pytest.mark.parametrize(
    ("after_presence", "address"),
    [
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example", "/"),
        ("people/x", "/"),
        ("delete/", "/"),
        ("delete/one/two", "/"),
        ("delete/one", "/people/one/delete"),
        ("delete/?q=", "/people/%3Fq=/delete"),
        ("merge/one/two", "/people/one/merge?into=two"),
        ("merge/one/two&next=//x", "/"),
    ],
)
def test_step_up_returns_to_own_pages_only(home: Home, after_presence: str, address: str) -> None:
    """The page that asked, with the ids of its address; anything else is Today."""
    home.owner.post("/presence", data={"next": after_presence})
    home.make_rhythm()
    home.until(PresenceState.MATCHED)
    assert home.owner.post("/pair/confirm").headers["Location"] == address


def test_person_agrees_on_the_board(home: Home) -> None:
    """An unknown name is added; the consent is given to the person of the browser that asked."""
    assert home.owner.post("/consent", data={"name": "Paul"}).status_code == 303
    assert "Paul, if you agree that Olga may see your results" in main_text_of(text_of(home.owner, "/consent"))
    assert [person.name for person in home.store.people()] == ["Olga"]
    home.make_rhythm()
    home.until(PresenceState.MATCHED)
    assert "I agree" in main_text_of(text_of(home.owner, "/consent"))
    assert home.owner.post("/pair/confirm").headers["Location"].startswith("/consents")
    paul = next(person for person in home.store.people() if person.name == "Paul")
    assert [(one.viewer_id, one.person_id) for one in home.store.consents()] == [(home.owner_person, paul.id)]


def test_unknown_name_of_a_consent_stays_in_its_field(home: Home) -> None:
    home.owner.post("/presence", data={"next": "consents"})
    home.make_rhythm()
    home.until(PresenceState.MATCHED)
    home.owner.post("/pair/confirm")
    answer = home.owner.post("/consents/allow", data={"name": "Pual"})
    assert answer.status_code == 400
    assert "There is nobody with this name" in answer.text
    assert 'value="Pual"' in answer.text


def test_consent_is_shown_to_its_person_in_their_own_browser(home: Home) -> None:
    """It was given in a name, by someone at the board. One tap keeps or ends it; the log has the browser that asked."""
    assert "not who. You vouch for the name" in main_text_of(text_of(home.owner, "/consent"))
    home.owner.post("/consent", data={"name": "Paul"})
    home.make_rhythm()
    home.until(PresenceState.MATCHED)
    home.owner.post("/pair/confirm")
    (given,) = home.store.consents()
    logged = next(one for one in home.store.access_log() if one.what == "agreed")
    assert (logged.device_id, logged.person_id) == (home.store.devices()[0].id, given.person_id)

    his = client_with(home.app, pair_browser(home.store, Role.MEMBER, given.person_id, name="Paul's phone"))
    assert "Olga sees your results" in main_text_of(text_of(his, "/"))
    assert "sees your results" not in main_text_of(text_of(home.owner, "/"))
    assert his.post("/consents/confirm", data={"person": given.viewer_id}).headers["Location"] == "/"
    assert "Olga sees your results" not in main_text_of(text_of(his, "/"))
    assert len(home.store.consents()) == 1

    home.store.withdraw_consent(given.viewer_id, given.person_id)
    home.rig.live(1.0)
    home.store.agree_consent(given.viewer_id, given.person_id)
    shown = text_of(his, "/")
    assert "Olga sees your results" in main_text_of(shown)
    assert his.post("/consents/withdraw", data={"which": "mine", "person": given.viewer_id}).status_code == 303
    assert home.store.consents() == ()


def test_consent_of_a_person_with_a_browser_needs_their_approval(home: Home) -> None:
    """With presence only, anybody could give consent in their name."""
    anna = home.rig.add_person("Anna")
    hers = client_with(home.app, pair_browser(home.store, Role.MEMBER, anna, name="Anna's phone"))
    home.owner.post("/consent", data={"name": "Anna"})
    home.make_rhythm()
    home.until(PresenceState.MATCHED)
    home.owner.post("/pair/confirm")
    assert home.store.consents() == ()
    page = text_of(hers, "/pair/approve")
    assert "Olga wants to see your results" in main_text_of(page)
    request_id = re.findall(r'name="request" value="([^"]*)"', page)[0]
    hers.post("/pair/approve", data={"request": request_id, "answer": "yes"})
    home.owner.post("/pair/confirm")
    assert [one.person_id for one in home.store.consents()] == [anna]


def test_cancelling_ends_the_request_at_the_board(home: Home) -> None:
    """The next browser can ask at once."""
    phone = home.visitor()
    phone.post("/pair", data={"name": "Anna", "browser": "phone", "role": "member"})
    assert phone.post("/pair/cancel").headers["Location"] == "/pair"
    home.rig.live(0.2)
    view = home.rig.station.snapshot().presence
    assert view is not None
    assert view.state is PresenceState.CANCELLED
    other = home.visitor()
    assert other.post("/pair", data={"name": "Ben", "browser": "phone", "role": "member"}).status_code == 303


def test_simulated_person_makes_the_rhythm_from_the_board_page(home: Home) -> None:
    """In a demonstration the first browser's controls press the heel for the second browser."""
    assert "Let the person make the rhythm" in text_of(home.owner, "/board")
    answer = home.owner.post("/board/act", data={"command": "rhythm"})
    assert answer.status_code == 400
    phone = home.visitor()
    phone.post("/pair", data={"name": "Anna", "browser": "phone", "role": "member"})
    assert home.owner.post("/board/act", data={"command": "rhythm"}).status_code == 303
    home.until(PresenceState.MATCHED)
