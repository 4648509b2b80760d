"""The plan page: saving, changing, an error beside each wrong field, and the calendar feed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from icalendar import Calendar

from station.config import Config, PageConfig
from station.store import Store
from tests.web.double import StationDouble
from tests.web.page_text import text_of
from tests.web.server.served import request
from web.pages.plan import OTHER_DAYS, PRESETS, USUAL_TIME, station_zone, usual_time
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


def saved_plan(store: Store, person_id: str) -> dict[str, Any]:
    found = store.plan(person_id)
    assert found is not None
    return found


def test_plan_page_without_person_asks_who_it_is(client: FlaskClient) -> None:
    """Without a person the page asks who it is, and stores nothing."""
    assert "Type your name to begin" in text_of(client, "/plan")
    assert 'class="error"' not in text_of(client, "/plan")
    assert client.post("/plan", data=FORM).status_code == 400


def test_plan_form_is_saved(client: FlaskClient, store: Store, ada: str) -> None:
    """Days, times, routine, zone and choices are stored from today on, with an unguessable token."""
    assert client.post("/plan", data=FORM).headers["Location"] == "/plan?saved="
    plan = saved_plan(store, ada)
    assert plan["days"] == [[0, "18:00"], [3, "07:30"], [3, "18:00"]]
    assert (plan["routine"], plan["zone"], plan["minutes"]) == ("daily", "Europe/Berlin", 20)
    assert (plan["tests"], plan["reminder_cue"]) == (True, False)
    assert len(plan["token"]) >= 32
    assert plan["since"]
    page = text_of(client, "/plan")
    assert "Monday and Thursday at 18:00 and Thursday at 07:30: Daily, about" in page
    assert page.split("Coming up")[1].split("</ol>")[0].count("<li>") == 3
    assert "This plan gives each leg about 12 min of stretching a week." in page
    assert "Ingram 2024" in page


def test_changed_plan_keeps_calendar_token(client: FlaskClient, store: Store, ada: str) -> None:
    """Calendar subscriptions keep working, and the form shows the stored plan."""
    client.post("/plan", data=FORM)
    before = saved_plan(store, ada)
    client.post("/plan", data={**FORM, "day3": ["", ""], "minutes": "", "reminder_cue": "yes"})
    plan = saved_plan(store, ada)
    assert plan["token"] == before["token"]
    assert (plan["days"], plan["minutes"], plan["reminder_cue"]) == ([[0, "18:00"]], None, True)
    page = text_of(client, "/plan")
    assert "One day a week is a start." in page
    assert 'name="day0" value="18:00"' in page
    assert 'name="reminder_cue" value="yes" checked' in page


@pytest.mark.parametrize("preset", list(PRESETS))
def test_preset_makes_the_plan_that_typing_makes(client: FlaskClient, store: Store, ada: str, preset: str) -> None:
    """The stored plan is the same, and the form shows the preset however the plan was made."""
    rest = {name: FORM[name] for name in ("routine", "minutes", "zone", "tests")}
    plans, pages = [], []
    for days in ({"preset": preset, "clock": "07:00"}, {f"day{day}": ["07:00", ""] for day in PRESETS[preset][1]}):
        client.post("/plan", data={**rest, **days})
        plans.append(saved_plan(store, ada))
        pages.append(text_of(client, "/plan"))
        store.save_plan(ada, {**plans[0], "days": [[0, "12:34"]]})
    assert plans[0] == plans[1]
    assert plans[0]["days"] == [[day, "07:00"] for day in PRESETS[preset][1]]
    for page in pages:
        assert f'name="preset" value="{preset}" checked' in page
        assert 'name="clock" value="07:00" checked' in page


def test_first_plan_takes_one_button(client: FlaskClient, store: Store, ada: str) -> None:
    """The form starts complete: three evenings, the proposal, the station's own zone."""
    page = text_of(client, "/plan")
    chosen = dict(re.findall(r'type="radio" name="(\w+)" value="([^"]+)" checked', page))
    assert chosen == {"preset": "mon-wed-fri", "clock": USUAL_TIME}
    assert f'name="zone" value="{station_zone()}"' in page
    sent = {**chosen, "routine": "proposed", "minutes": "", "zone": station_zone(), "tests": "yes"}
    assert client.post("/plan", data=sent).status_code == 303
    assert saved_plan(store, ada)["days"] == [[day, USUAL_TIME] for day in (0, 2, 4)]


def test_plan_with_unequal_times_has_no_preset(client: FlaskClient, ada: str) -> None:
    """The days are shown as typed, and saving them again changes nothing."""
    client.post("/plan", data=FORM)
    assert f'value="{OTHER_DAYS}" checked' in text_of(client, "/plan")
    both = {**FORM, "day0": "07:00", "day2": "07:00", "day4": "18:00", "day3": ""}
    client.post("/plan", data=both)
    assert f'value="{OTHER_DAYS}" checked' in text_of(client, "/plan")


def test_usual_time_is_the_median_of_the_sessions() -> None:
    """In the station's zone, rounded down to half an hour; too few sessions give no usual time."""
    sessions = [datetime(2026, 11, day, hour, 47, tzinfo=UTC) for day, hour in ((1, 5), (2, 6), (3, 20))]
    assert usual_time(sessions, ZoneInfo("Europe/Berlin")) == "07:30"
    assert usual_time(sessions[:2], ZoneInfo("UTC")) == USUAL_TIME


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"day3": ["half past"]}, "day3", "The time on Thursday is &#39;half past&#39;"),
        ({"day0": [], "day3": []}, "days", "at least one day of the week"),
        ({"zone": "Nowhere/Land"}, "zone", "There is no time zone"),
        ({"zone": ""}, "zone", "The time zone is empty: enter one such as Europe/Berlin."),
        ({"minutes": "soon"}, "minutes", "must be from 1 to 180 minutes"),
        ({"minutes": "500"}, "minutes", "must be from 1 to 180 minutes"),
        ({"routine": "gone"}, "routine", "no longer exists"),
        ({"preset": "sometimes"}, "preset", "Choose the days"),
        ({"preset": "every-day", "clock": "late"}, "clock", "The time on Monday is &#39;late&#39;"),
    ],
)
def test_plan_form_shows_error_beside_field(
    client: FlaskClient, store: Store, ada: str, wrong: dict[str, Any], field: str, sentence: str
) -> None:
    """An invalid field has its own sentence, all input is kept, and nothing is stored."""
    answer = client.post("/plan", data={**FORM, **wrong, "reminder_cue": "yes"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert sentence in page.split(f'id="error-{field}">')[1].split("</p>")[0]
    assert page.split('<p class="error" role="alert">')[1].split("</p>")[0].endswith(" Nothing was changed.")
    typed = {**FORM, **wrong}
    assert all(f'value="{one}"' in page for one in (typed["zone"], typed["minutes"], *typed["day3"]))
    assert 'name="reminder_cue" value="yes" checked' in page
    assert store.plan(ada) is None


def test_deleting_planned_routine_warns(client: FlaskClient, store: Store, ada: str) -> None:
    """Before deleting the planned routine the person reads that the plan will propose one instead."""
    mine = store.save_routine(None, ada, "Mine", [{"exercise": "3b"}])
    address = f"/routines/{mine}/remove"
    assert "Your plan uses this routine" not in text_of(client, address)
    client.post("/plan", data={**FORM, "routine": mine})
    assert "Your plan uses this routine" in text_of(client, address)


def test_plan_form_shows_all_errors_at_once(client: FlaskClient, ada: str) -> None:
    answer = client.post("/plan", data={"day1": "25:00", "routine": "gone", "zone": "x", "minutes": "0"})
    page = answer.get_data(as_text=True)
    named = "4 entries cannot be saved: Tuesday, Routine, Time for a proposed routine, Time zone. Nothing was changed."
    assert named in page
    assert re.findall(r'aria-describedby="error-(\w+)" autofocus', page) == ["day1"]


def test_plan_offers_own_routines(client: FlaskClient, store: Store, ada: str) -> None:
    """The list has the proposal, the ready routines and the person's own, and no other person's."""
    mine = store.save_routine(None, ada, "Mine", [{"exercise": "3b"}])
    store.save_routine(None, store.add_person("Grace").id, "Hers", [{"exercise": "3a"}])
    client.post("/person", data={"person": ada})
    page = text_of(client, "/plan")
    assert all(f">{name}</option>" in page for name in ("Proposed for you", "Daily", "Full", "Mine"))
    assert "Hers" not in page
    client.post("/plan", data={**FORM, "routine": mine})
    assert saved_plan(store, ada)["routine"] == mine


def test_calendar_needs_its_token(client: FlaskClient, store: Store, ada: str) -> None:
    """The address on the page serves the plan as a calendar; any other address is 404."""
    client.post("/plan", data=FORM)
    token = saved_plan(store, ada)["token"]
    assert f"/plan/{token}.ics" in text_of(client, "/plan")
    fresh = client.application.test_client()
    answer = fresh.get(f"/plan/{token}.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    events = list(Calendar.from_ical(answer.data).walk("VEVENT"))
    assert sorted(str(event.decoded("dtstart").time())[:5] for event in events) == ["07:30", "18:00"]
    assert {str(event["summary"]) for event in events} == {"Slant board: Daily"}
    for wrong in ("", "x", token[:-1], token.swapcase()):
        assert fresh.get(f"/plan/{wrong}.ics").status_code == 404


def test_plan_without_token_has_no_calendar(client: FlaskClient, store: Store, ada: str) -> None:
    """An empty token matches no plan."""
    store.save_plan(ada, {"days": [[0, "18:00"]], "routine": "daily", "zone": "UTC"})
    assert client.get("/plan/.ics").status_code == 404
    client.post("/plan", data=FORM)
    assert saved_plan(store, ada)["token"]


def test_calendar_is_served_to_subscribers(client: FlaskClient, station: StationDouble, store: Store, ada: str) -> None:
    """A plain GET without browser headers, as calendar programs send it, is answered."""
    client.post("/plan", data=FORM)
    served = open_page(station, store, Config(page=PageConfig(port=0)))
    served.start()
    try:
        status, body = request(
            served, f"/plan/{saved_plan(store, ada)['token']}.ics", User_Agent="iOS/17 dataaccessd/1.0"
        )
    finally:
        served.stop()
    assert status == 200
    assert body.startswith("BEGIN:VCALENDAR")


@pytest.mark.parametrize(("named", "zone"), [("Europe/Berlin", "Europe/Berlin"), (":UTC", "UTC"), ("no/zone", "UTC")])
def test_plan_form_suggests_machine_zone(monkeypatch: pytest.MonkeyPatch, named: str, zone: str) -> None:
    """The form starts with the machine's zone, or UTC if it has none."""
    monkeypatch.setenv("TZ", named)
    assert station_zone() == zone


def test_unreadable_plan_starts_empty(client: FlaskClient, store: Store, ada: str) -> None:
    """A plan of another version gives an empty form, not an error."""
    store.save_plan(ada, {"every": "day"})
    assert "No plan yet" in text_of(client, "/plan")
    assert "This plan gives" not in text_of(client, "/plan")
    assert client.get("/").status_code == 200


def test_saved_plan_is_complete(client: FlaskClient, store: Store, ada: str) -> None:
    """The first day is today in the plan's own zone, and stays when only the routine changes."""
    client.post("/plan", data={**FORM, "zone": "UTC"})
    assert saved_plan(store, ada)["since"] == datetime.now(UTC).date().isoformat()
    store.save_plan(ada, {**saved_plan(store, ada), "since": "2026-01-05"})
    client.post("/plan", data={**FORM, "zone": "UTC", "routine": "quick_calf"})
    assert saved_plan(store, ada)["since"] == "2026-01-05"
    client.post("/plan", data={**FORM, "zone": "UTC", "day5": "10:00"})
    assert saved_plan(store, ada)["since"] != "2026-01-05"
