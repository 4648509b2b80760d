"""A person's plan on the page: made, changed, refused with a sentence beside each field, and as a calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from icalendar import Calendar

from station.config import Config, PageConfig
from station.store import Store
from tests.web.double import StationDouble
from tests.web.server.test_http import ask
from web.pages.plan import station_zone
from web.server.http import open_page

FORM: dict[str, Any] = {
    "day0": ["18:00", ""],
    "day3": ["07:30", "18:00"],
    "routine": "daily",
    "minutes": "20",
    "zone": "Europe/Berlin",
    "tests": "yes",
}


@pytest.fixture
def ada(store: Store) -> str:
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", {"yes": [], "no": []})
    return person.id


def page_of(client: FlaskClient) -> str:
    return client.get("/plan").get_data(as_text=True)


def kept(store: Store, person_id: str) -> dict[str, Any]:
    found = store.plan(person_id)
    assert found is not None
    return found


def test_plan_page_without_person_asks_who_it_is(client: FlaskClient) -> None:
    """Without a person the page asks who it is, and keeps nothing."""
    assert "Choose who you are first" in page_of(client)
    assert 'class="trouble"' not in page_of(client)
    assert client.post("/plan", data=FORM).status_code == 400


def test_plan_form_is_saved(client: FlaskClient, store: Store, ada: str) -> None:
    """Days, times, routine, zone and choices are kept, with a token that nobody guesses, from today on."""
    assert client.post("/plan", data=FORM).headers["Location"] == "/plan?saved="
    plan = kept(store, ada)
    assert plan["days"] == [[0, "18:00"], [3, "07:30"], [3, "18:00"]]
    assert (plan["routine"], plan["zone"], plan["minutes"]) == ("daily", "Europe/Berlin", 20)
    assert (plan["tests"], plan["reminder_cue"]) == (True, False)
    assert len(plan["token"]) >= 32
    assert plan["since"]
    page = page_of(client)
    assert "Monday and Thursday at 18:00 and Thursday at 07:30: Daily, about" in page
    assert page.split("Coming up")[1].split("</ol>")[0].count("<li>") == 3
    assert "This plan gives each leg about 12 min of stretching a week." in page
    assert "Ingram 2024" in page


def test_a_changed_plan_keeps_its_address(client: FlaskClient, store: Store, ada: str) -> None:
    """Who subscribed stays subscribed: the token stays; the form shows what is kept."""
    client.post("/plan", data=FORM)
    before = kept(store, ada)
    client.post("/plan", data={**FORM, "day3": ["", ""], "minutes": "", "reminder_cue": "yes"})
    plan = kept(store, ada)
    assert plan["token"] == before["token"]
    assert (plan["days"], plan["minutes"], plan["reminder_cue"]) == ([[0, "18:00"]], None, True)
    page = page_of(client)
    assert "One day a week is a start." in page
    assert 'name="day0" value="18:00"' in page
    assert 'name="reminder_cue" value="yes" checked' in page


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"day3": ["half past"]}, "day3", "The time on Thursday is &#39;half past&#39;"),
        ({"day0": [], "day3": []}, "days", "at least one day of the week"),
        ({"zone": "Nowhere/Land"}, "zone", "There is no time zone"),
        ({"minutes": "soon"}, "minutes", "must be from 1 to 180 minutes"),
        ({"minutes": "500"}, "minutes", "must be from 1 to 180 minutes"),
        ({"routine": "gone"}, "routine", "no longer exists"),
    ],
)
def test_plan_form_shows_error_beside_field(
    client: FlaskClient, store: Store, ada: str, wrong: dict[str, Any], field: str, says: str
) -> None:
    """A wrong field has its own sentence, everything typed is still there, and nothing is kept."""
    answer = client.post("/plan", data={**FORM, **wrong, "reminder_cue": "yes"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert says in page.split(f'id="trouble-{field}">')[1].split("</span>")[0]
    assert "1 field needs correcting" in page
    typed = {**FORM, **wrong}
    assert all(f'value="{one}"' in page for one in (typed["zone"], typed["minutes"], *typed["day3"]))
    assert 'name="reminder_cue" value="yes" checked' in page
    assert store.plan(ada) is None


def test_deleting_planned_routine_warns(client: FlaskClient, store: Store, ada: str) -> None:
    """A person who deletes the routine of their plan learns before it that the plan proposes one instead."""
    mine = store.save_routine(None, ada, "Mine", [{"exercise": "3b"}])
    address = f"/routines/{mine}/remove"
    assert "Your plan uses this routine" not in client.get(address).get_data(as_text=True)
    client.post("/plan", data={**FORM, "routine": mine})
    assert "Your plan uses this routine" in client.get(address).get_data(as_text=True)


def test_plan_form_shows_all_errors_at_once(client: FlaskClient, ada: str) -> None:
    """Nobody has to send a form four times to learn of four mistakes."""
    answer = client.post("/plan", data={"day1": "25:00", "routine": "gone", "zone": "x", "minutes": "0"})
    assert "4 fields need correcting" in answer.get_data(as_text=True)


def test_plan_offers_own_routines(client: FlaskClient, store: Store, ada: str) -> None:
    """The list has the proposal, the ready routines and one's own, and nobody else's."""
    mine = store.save_routine(None, ada, "Mine", [{"exercise": "3b"}])
    store.save_routine(None, store.add_person("Grace").id, "Hers", [{"exercise": "3a"}])
    client.post("/person", data={"person": ada})
    page = page_of(client)
    assert all(f">{name}</option>" in page for name in ("Proposed for you", "Daily", "Full", "Mine"))
    assert "Hers" not in page
    client.post("/plan", data={**FORM, "routine": mine})
    assert kept(store, ada)["routine"] == mine


def test_calendar_needs_its_token(client: FlaskClient, store: Store, ada: str) -> None:
    """The address from the page gives the plan's times as a calendar; any other address gives nothing."""
    client.post("/plan", data=FORM)
    token = kept(store, ada)["token"]
    assert f"/plan/{token}.ics" in page_of(client)
    fresh = client.application.test_client()
    answer = fresh.get(f"/plan/{token}.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    events = list(Calendar.from_ical(answer.data).walk("VEVENT"))
    assert sorted(str(event.decoded("dtstart").time())[:5] for event in events) == ["07:30", "18:00"]
    assert {str(event["summary"]) for event in events} == {"Slant board: Daily"}
    for wrong in ("", "x", token[:-1], token.swapcase()):
        assert fresh.get(f"/plan/{wrong}.ics").status_code == 404


def test_a_plan_without_a_token_has_no_calendar(client: FlaskClient, store: Store, ada: str) -> None:
    """An empty token opens nothing."""
    store.save_plan(ada, {"days": [[0, "18:00"]], "routine": "daily", "zone": "UTC"})
    assert client.get("/plan/.ics").status_code == 404
    client.post("/plan", data=FORM)
    assert kept(store, ada)["token"]


def test_calendar_is_served_to_subscribers(client: FlaskClient, panel: StationDouble, store: Store, ada: str) -> None:
    """A plain GET as a calendar program sends it, without the headers of a browser, is answered."""
    client.post("/plan", data=FORM)
    served = open_page(panel, store, Config(page=PageConfig(port=0)))
    served.start()
    try:
        status, body = ask(served, f"/plan/{kept(store, ada)['token']}.ics", User_Agent="iOS/17 dataaccessd/1.0")
    finally:
        served.stop()
    assert status == 200
    assert body.startswith("BEGIN:VCALENDAR")


@pytest.mark.parametrize(("named", "zone"), [("Europe/Berlin", "Europe/Berlin"), (":UTC", "UTC"), ("no/zone", "UTC")])
def test_plan_form_suggests_machine_zone(monkeypatch: pytest.MonkeyPatch, named: str, zone: str) -> None:
    """The form begins with the zone of the machine, or UTC where that is none."""
    monkeypatch.setenv("TZ", named)
    assert station_zone() == zone


def test_unreadable_plan_starts_empty(client: FlaskClient, store: Store, ada: str) -> None:
    """A plan of another version leaves an empty form, not a broken page."""
    store.save_plan(ada, {"every": "day"})
    assert "No plan yet" in page_of(client)
    assert "This plan gives" not in page_of(client)
    assert client.get("/").status_code == 200


def test_saved_plan_is_complete(client: FlaskClient, store: Store, ada: str) -> None:
    """The first day is today in the plan's own zone, and stays when only the routine changes."""
    client.post("/plan", data={**FORM, "zone": "UTC"})
    assert kept(store, ada)["since"] == datetime.now(UTC).date().isoformat()
    store.save_plan(ada, {**kept(store, ada), "since": "2026-01-05"})
    client.post("/plan", data={**FORM, "zone": "UTC", "routine": "quick_calf"})
    assert kept(store, ada)["since"] == "2026-01-05"
    client.post("/plan", data={**FORM, "zone": "UTC", "day5": "10:00"})
    assert kept(store, ada)["since"] != "2026-01-05"
