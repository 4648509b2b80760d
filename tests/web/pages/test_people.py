"""The pages about people: roster, profile, inbox, archive, merging and deleting, exchanged sides."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from station.app.access.roles import Role, hash_of
from station.core.events import Side
from station.profile import NOTHING_SAID, Profile
from station.store import Store
from tests.paired_browsers import client_with, pair_browser
from tests.station.store.histories import one_hold, one_test
from tests.station.store.test_exchanged_sides import mirrored
from tests.station.store.test_people import ODD_NAMES
from tests.station.test_profile import WHOLE
from tests.web.double import StationDouble
from tests.web.page_text import read_page, text_of
from web.access.rules import RULES
from web.app import create_app
from web.pages.people import ROWS_PER_PAGE, matches

FORM = {
    "unit": "inch",
    "goal_left_mm": "3.5",
    "goal_right_mm": "4,3",
    "time_zone": "America/New_York",
    "quiet_from": "22:00",
    "quiet_to": "06:30",
    "voice": "yes",
    "dominant_side": "left",
    "hurt_side": "right",
    "hurt_since": "2026-03",
}


def unclaimed_session(store: Store, *, days_ago: float = 0.0) -> tuple[str, str]:
    """A session of nobody with a test and a hold."""
    at = datetime.now(UTC) - timedelta(days=days_ago, minutes=30)
    session_id = store.begin_session(None, at, simulated=False)
    run_id = store.begin_run(session_id, {"do": "test", "side": "both"}, at)
    test_id = one_test(store, run_id, 81.0, 92.5)
    one_hold(store, run_id, Side.LEFT)
    store.append_trace(run_id, "0.0,heel_left,down\n1.0,heel_left,up\n")
    store.end_session(session_id, at + timedelta(minutes=5), "stepped off")
    return session_id, test_id


def prove_presence(client: FlaskClient, store: Store) -> None:
    """Give this browser a fresh proof of presence."""
    cookie = client.get_cookie("access")
    assert cookie is not None
    access = store.device_with(hash_of(cookie.value))
    assert access is not None
    store.note_presence(access.device.id, datetime.now(UTC) + timedelta(minutes=10))


@pytest.fixture
def app(station: StationDouble, store: Store) -> Flask:
    return create_app(station, store)


# The roster.


@pytest.mark.parametrize(
    ("typed", "name", "fits"),
    [
        *(("", "Zoë", True), ("zoe", "Zoë Ångström", True), ("ang zo", "Zoë Ångström", True)),
        *(("gström", "Zoë Ångström", False), ("o'br", "Pat O'Brien", True), ("brien", "Pat O'Brien", True)),
        *(("شيماء", "شيماء عبد الله", True), ("straße", "Anna STRASSE", True), ("--", "Ann", True)),
    ],
)
def test_typed_letters_find_names(typed: str, name: str, *, fits: bool) -> None:
    """Each typed word begins a word of the name, ignoring case, accents and punctuation."""
    assert matches(name, typed) is fits


def test_roster_of_hundreds_is_searched_page_by_page(client: FlaskClient, store: Store) -> None:
    """Works without scripts: a GET form, and short pages."""
    for number in range(ROWS_PER_PAGE + 15):
        store.add_person(f"Client {number:03}")
    store.add_person("Éva Nagy")
    first = read_page(client, "/people")
    assert first.count('class="name') == ROWS_PER_PAGE
    assert f"{ROWS_PER_PAGE + 16} people, page 1 of 2" in first
    assert read_page(client, "/people?page=2").count('class="name') == 16
    found = read_page(client, "/people?q=eva")
    assert "1 person found" in found
    assert found.count('class="name') == 1
    assert "Nobody with this name" in read_page(client, "/people?q=xyz")
    for odd in ("?page=0", "?page=99", "?page=x", "?q=%00", "?q=" + "a" * 5000):
        read_page(client, f"/people{odd}")


def test_archived_person_is_in_no_list_of_choices(client: FlaskClient, store: Store) -> None:
    """The same page restores it; its results stay readable."""
    ann, bea = store.add_person("Ann"), store.add_person("Bea")
    read_page(client, "/people")
    assert client.post(f"/people/{bea.id}/archive", data={"archived": "yes"}).status_code == 303
    unclaimed_session(store)
    for address in ("/people", "/", "/inbox", "/progress", "/history"):
        assert "Bea" not in read_page(client, address), address
    assert "Bea" in read_page(client, "/people?archived")
    assert "Archived since" in read_page(client, f"/people/{bea.id}")
    assert client.post(f"/people/{bea.id}/archive", data={"archived": "no"}).status_code == 303
    assert "Bea" in read_page(client, "/people")
    assert store.person(ann.id) == ann


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_text_on_every_page(client: FlaskClient, store: Store, name: str) -> None:
    """Every page escapes names."""
    ann = store.add_person("Ann")
    assert client.post(f"/people/{ann.id}/name", data={"name": name}).status_code == 303
    session_id, _ = unclaimed_session(store)
    store.claim_session(session_id, ann.id)
    store.add_person("Bea")
    for address in ("/", "/people", f"/people/{ann.id}", "/inbox", f"/sessions/{session_id}", "/consents"):
        page = text_of(client, address)
        assert "<script>alert" not in page, address
        assert "49" not in page or "{{" not in name or "{{ 7*7 }}" in unescape(page), address
    assert name in read_page(client, f"/people/{ann.id}")


# The profile.


def test_profile_is_kept_and_shown(client: FlaskClient, store: Store) -> None:
    """Goals are typed in the units that the page shows; an empty field follows the station again."""
    ann = store.add_person("Ann")
    store.save_profile(ann.id, Profile(unit="inch"))
    assert client.post(f"/people/{ann.id}", data=FORM).status_code == 303
    kept = store.people()[0].profile
    assert (kept.goal_left_mm, kept.goal_right_mm) == (88.9, 109.2)
    assert (kept.time_zone, kept.voice, kept.hurt_side, kept.hurt_since) == (
        "America/New_York",
        True,
        "right",
        "2026-03",
    )
    page = read_page(client, f"/people/{ann.id}?saved=profile")
    assert 'value="3.5"' in page
    assert "Saved." in page
    assert client.post(f"/people/{ann.id}", data={}).status_code == 303
    assert store.people()[0].profile == NOTHING_SAID


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("goal_left_mm", "far", "The left goal is 'far', which is not a number: enter a number such as 10.2."),
        ("goal_right_mm", "99999", "The right goal must be"),
        ("goal_right_mm", "9" * 5000, "The right goal"),
        ("goal_left_mm", "nan", "The left goal"),
        ("time_zone", "Mars/Olympus", "“Time zone” is"),
        ("time_zone", "../../etc/passwd", "“Time zone” is"),
        ("unit", "mm", "“Lengths in” is"),
        ("quiet_to", "", "Quiet hours need both times: enter both, or neither."),
        ("voice", "loud", "“Voice on the live page” is"),
        ("hurt_side", "", "The date of an injury needs its side: choose left or right."),
        ("hurt_since", "last spring", "“Hurt since” is"),
        ("hurt_since", "9999", "“Hurt since” is in the future"),
        ("hurt_since", "9999-12-31", "“Hurt since” is in the future"),
        ("dominant_side", "\x00", "“I kick a ball with my” is"),
    ],
)
def test_profile_says_what_is_wrong(client: FlaskClient, store: Store, field: str, text: str, sentence: str) -> None:
    """One sentence, the field marked, what was typed still there, and nothing changed."""
    ann = store.add_person("Ann")
    answer = client.post(f"/people/{ann.id}", data={**FORM, field: text})
    page = unescape(answer.get_data(as_text=True))
    assert answer.status_code == 400
    assert sentence in page
    assert 'aria-invalid="true"' in page
    assert store.people()[0].profile == NOTHING_SAID


def test_every_wrong_entry_is_named_at_its_field(client: FlaskClient, store: Store) -> None:
    """All entries are kept, wrong and right ones; the first wrong one of the page has the focus."""
    ann = store.add_person("Ann")
    typed = {
        "goal_left_mm": "far",
        "goal_right_mm": "4.3",
        "time_zone": "Mars/Olympus",
        "quiet_to": "",
        "hurt_side": "",
    }
    answer = client.post(f"/people/{ann.id}", data={**FORM, **typed})
    page = unescape(answer.get_data(as_text=True))
    assert answer.status_code == 400
    assert store.people()[0].profile == NOTHING_SAID
    wrong = ["goal_left_mm", "time_zone", "quiet_to", "hurt_side"]
    assert re.findall(r'aria-invalid="true" aria-describedby="error-(\w+)"', page) == wrong
    assert re.findall(r'<p class="error" id="error-(\w+)">', page) == wrong
    assert "4 entries cannot be saved: Goal left, Time zone, Quiet until, Hurt ankle. Nothing was changed." in page
    assert re.findall(r'aria-describedby="error-(\w+)" autofocus', page) == ["goal_left_mm"]
    assert all(f'value="{text}"' in page for text in typed.values() if text)
    assert not re.search(r"The entry |quiet_from,|hurt_side too", page)


def test_rename_refuses_a_taken_name(client: FlaskClient, store: Store) -> None:
    """With two people of the same name, nobody would know which one is meant."""
    ann, _ = store.add_person("Ann"), store.add_person("Bea")
    answer = client.post(f"/people/{ann.id}/name", data={"name": " bea "})
    assert answer.status_code == 400
    assert "There is already someone called bea" in unescape(answer.get_data(as_text=True))
    assert client.post(f"/people/{ann.id}/name", data={"name": "Anna"}).status_code == 303
    assert [one.name for one in store.people()] == ["Anna", "Bea"]


def test_own_units_and_goals_are_on_every_page_about_results(client: FlaskClient, store: Store) -> None:
    """Today, Progress, one session and the report follow the profile."""
    ann = store.add_person("Ann")
    session_id, _ = unclaimed_session(store)
    store.claim_session(session_id, ann.id)
    store.save_profile(ann.id, WHOLE)
    for address in ("/", "/progress", f"/sessions/{session_id}", "/report", "/history"):
        assert "3.2 in" in read_page(client, address), address
    assert "Goal ● 3.5 in" in read_page(client, "/progress")
    assert "left 3.5 in, right 4.3 in" in read_page(client, "/report")
    assert "right: right ankle, since 2026-03" not in read_page(client, "/report")


def test_the_plan_is_in_the_time_zone_of_the_profile(client: FlaskClient, store: Store) -> None:
    """The form, the stored plan's upcoming times and the calendar follow it, whatever the plan itself says."""
    ann = store.add_person("Ann")
    store.save_profile(ann.id, Profile(time_zone="Asia/Tokyo"))
    page = read_page(client, "/plan")
    assert "Time zone: Asia/Tokyo" in page
    form = {"preset": "every-day", "clock": "18:00", "routine": "proposed", "zone": "Europe/Berlin"}
    assert client.post("/plan", data=form).status_code == 303
    plan = store.plan(ann.id)
    assert plan is not None
    assert plan["zone"] == "Asia/Tokyo"
    store.save_profile(ann.id, Profile(time_zone="America/New_York"))
    calendar = text_of(client, f"/plan/{plan['token']}.ics")
    assert "TZID=America/New_York" in calendar
    assert "Asia/Tokyo" not in calendar


# The inbox.


def test_inbox_claims_in_one_tap_and_undoes_it(client: FlaskClient, store: Store) -> None:
    """It has every unclaimed session, newest first; a claimed one disappears, and undo restores it."""
    ann = store.add_person("Ann")
    older, _ = unclaimed_session(store, days_ago=9)
    newer, _ = unclaimed_session(store)
    today = read_page(client, "/")
    assert "Unclaimed sessions (2)" in today
    page = read_page(client, "/inbox")
    assert page.index(newer) < page.index(older)
    claim = client.post(f"/sessions/{older}/claim", data={"person": ann.id, "return_to": "inbox"})
    assert claim.headers["Location"] == f"/inbox?claimed={older}"
    assert [one.person_id for one in store.sessions()] == [None, ann.id]
    page = read_page(client, claim.headers["Location"])
    assert "Undo" in page
    assert f'id="session-{older}"' not in page
    assert client.post(f"/sessions/{older}/give-back").status_code == 303
    assert [one.person_id for one in store.sessions()] == [None, None]
    assert "Every session is claimed" not in read_page(client, "/inbox")


def test_inbox_accepts_the_first_name(client: FlaskClient, store: Store) -> None:
    """A station's first person claims what they did before they had a name."""
    session_id, _ = unclaimed_session(store)
    assert 'name="name"' in read_page(client, "/inbox")
    client.post(f"/sessions/{session_id}/claim", data={"name": "Ann", "return_to": "inbox"})
    assert [one.person_name for one in store.sessions()] == ["Ann"]


def test_session_of_another_person_is_given_back(client: FlaskClient, store: Store) -> None:
    """“That was not Ann” is one button, and the session waits in the inbox."""
    ann = store.add_person("Ann")
    session_id, _ = unclaimed_session(store)
    store.claim_session(session_id, ann.id)
    assert "That was not <bdi>Ann</bdi>" in read_page(client, f"/sessions/{session_id}")
    answer = client.post(f"/sessions/{session_id}/give-back")
    assert f'id="session-{session_id}"' in read_page(client, answer.headers["Location"].partition("#")[0])


def test_sides_are_exchanged_and_back(client: FlaskClient, store: Store) -> None:
    """The session's page and trace say so; exchanging again restores the original."""
    session_id, test_id = unclaimed_session(store)
    before = store.session(session_id)
    assert before is not None
    client.post(f"/sessions/{session_id}/swap")
    assert store.session(session_id) == mirrored(before)
    page = read_page(client, f"/sessions/{session_id}")
    assert "Left and right of this session were exchanged on" in page
    assert "Undo: exchange left and right again" in page
    assert "sides_exchanged_at" in text_of(client, f"/runs/{before.run_ids[0]}/trace.csv")
    client.post(f"/sessions/{session_id}/swap")
    assert store.session(session_id) == before
    client.post(f"/sessions/{session_id}/swap", data={"test": test_id})
    assert "Left and right of a test were exchanged on" in read_page(client, f"/sessions/{session_id}")
    assert client.post(f"/sessions/{session_id}/swap", data={"test": "another"}).status_code == 400


def test_a_running_session_is_not_exchanged(client: FlaskClient, station: StationDouble, store: Store) -> None:
    """The loop is still writing to its sides."""
    session_id, _ = unclaimed_session(store)
    station.show(session_id=session_id, activity="hold", phase="hold")
    assert client.post(f"/sessions/{session_id}/swap").status_code == 409


# Merging and deleting.


def test_merge_shows_what_moves_before_it_happens(client: FlaskClient, store: Store) -> None:
    """Search, preview, presence, backup, result."""
    ann, anne = store.add_person("Ann"), store.add_person("Anne")
    session_id, _ = unclaimed_session(store)
    store.claim_session(session_id, ann.id)
    assert "Anne" in read_page(client, f"/people/{ann.id}/merge?q=anne")
    preview = read_page(client, f"/people/{ann.id}/merge?into={anne.id}")
    assert "<b>1</b> session</li>" in preview
    assert "<b>1</b> stretch</li>" in preview
    asked = client.post(f"/people/{ann.id}/merge", data={"into": anne.id})
    assert asked.headers["Location"] == f"/presence?next=merge/{ann.id}/{anne.id}"
    assert len(store.people()) == 2
    prove_presence(client, store)
    done = unescape(client.post(f"/people/{ann.id}/merge", data={"into": anne.id}).get_data(as_text=True))
    assert "<bdi>Ann</bdi> is now <bdi>Anne</bdi>" in done
    backup = done.partition("The backup made before is ")[2].split(" ")[0]
    assert (store.path.parent / "backups" / backup).exists()
    assert [one.name for one in store.people()] == ["Anne"]
    assert store.sessions()[0].person_name == "Anne"
    assert client.post(f"/people/{anne.id}/merge", data={"into": anne.id}).status_code == 409
    assert client.post(f"/people/{anne.id}/merge", data={"into": "nobody"}).status_code == 404


def test_deleting_gives_a_receipt(client: FlaskClient, store: Store) -> None:
    """A preview, then presence; the receipt has counts, and says until when backups still have the data."""
    store.add_person("Ann")
    bea = store.add_person("Bea <i>Müller</i>")
    session_id, _ = unclaimed_session(store)
    store.claim_session(session_id, bea.id)
    asked = read_page(client, f"/people/{bea.id}/delete")
    assert "<b>1</b> test</li>" in asked
    assert client.post(f"/people/{bea.id}/delete").headers["Location"] == f"/presence?next=delete/{bea.id}"
    assert len(store.people()) == 2
    prove_presence(client, store)
    receipt = client.post(f"/people/{bea.id}/delete").get_data(as_text=True)
    assert "Deleted: <bdi>Bea &lt;i&gt;Müller&lt;/i&gt;</bdi>" in receipt
    for line in (
        "<b>1</b> session</li>",
        "<b>1</b> test</li>",
        "<b>1</b> recorded trace</li>",
        "no backup that holds it",
    ):
        assert line in receipt
    assert [one.name for one in store.people()] == ["Ann"]
    assert store.sessions() == ()
    assert client.get(f"/people/{bea.id}").status_code == 404
    assert client.post(f"/people/{bea.id}/delete").status_code == 404


def test_the_only_owner_stays(client: FlaskClient, store: Store) -> None:
    """The page says why before anybody walks to the board, and nothing is deleted."""
    ann = store.add_person("Ann")
    asked = read_page(client, f"/people/{ann.id}/delete")
    assert "has the owner\u2019s only browser" in asked
    assert "Delete for good" not in asked
    prove_presence(client, store)
    answer = client.post(f"/people/{ann.id}/delete")
    assert answer.status_code == 409
    assert "owner's only browser" in unescape(answer.get_data(as_text=True))
    assert store.people() == (ann,)


# Who may.


def test_member_sees_and_changes_only_permitted_people(app: Flask, store: Store) -> None:
    """Others do not exist for them: in the roster, by address, in every write; a viewer cannot delete anybody."""
    owner, ann, bea, cleo = (store.add_person(name) for name in ("Olga", "Ann", "Bea", "Cleo"))
    pair_browser(store, Role.OWNER, owner.id)
    store.agree_consent(ann.id, bea.id)
    client = client_with(app, pair_browser(store, Role.MEMBER, ann.id))
    session_id, _ = unclaimed_session(store)
    store.claim_session(session_id, cleo.id)
    page = read_page(client, "/people")
    assert "Bea" in page
    assert "Cleo" not in page
    assert "Cleo" not in read_page(client, "/people?archived") + read_page(client, "/inbox")
    prove_presence(client, store)
    for method, address in (
        *(("get", ""), ("post", ""), ("post", "/name"), ("post", "/archive"), ("get", "/delete"), ("post", "/delete")),
    ):
        assert getattr(client, method)(f"/people/{cleo.id}{address}").status_code == 404, (method, address)
    for address in ("give-back", "swap", "claim"):
        assert client.post(f"/sessions/{session_id}/{address}").status_code == 404, address
    assert client.get(f"/people/{bea.id}/delete").status_code == 403
    assert client.post(f"/people/{bea.id}/delete").status_code == 403
    assert client.get(f"/people/{ann.id}/merge").status_code == 403
    assert len(store.people()) == 4


def test_the_owner_manages_names_without_seeing_results(app: Flask, store: Store) -> None:
    """The owner's roster has all names; people without consent are managed, but their results are not shown."""
    owner, ann = store.add_person("Olga"), store.add_person("Ann")
    client = client_with(app, pair_browser(store, Role.OWNER, owner.id))
    session_id, _ = unclaimed_session(store)
    store.claim_session(session_id, ann.id)
    page = read_page(client, "/people")
    assert "Ann" in page
    assert f'value="{ann.id}"' not in page
    assert "Who sees these results" in read_page(client, f"/people/{ann.id}")
    assert client.post(f"/people/{ann.id}/archive", data={"archived": "yes"}).status_code == 303
    assert client.get(f"/sessions/{session_id}").status_code == 404


def test_profile_lists_who_sees_the_results(app: Flask, store: Store) -> None:
    """Who may, and since when; a withdrawn consent is gone."""
    ann, pat = store.add_person("Ann"), store.add_person("Pat <b>Physio</b>")
    client = client_with(app, pair_browser(store, Role.MEMBER, ann.id))
    assert "Nobody else." in read_page(client, f"/people/{ann.id}")
    store.agree_consent(pat.id, ann.id)
    assert "Pat &lt;b&gt;Physio&lt;/b&gt;</bdi>, since" in text_of(client, f"/people/{ann.id}")
    store.withdraw_consent(pat.id, ann.id)
    assert "Nobody else." in read_page(client, f"/people/{ann.id}")


def test_irreversible_actions_need_presence() -> None:
    """Deleting and merging require somebody at the board."""
    assert (RULES["removal.delete"].presence_for, RULES["removal.merge"].presence_for) == ("delete", "merge")
