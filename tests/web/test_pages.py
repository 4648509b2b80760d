"""Every page, empty and full, and every button."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from station.app.running.end_reasons import STATION_STOPPED
from station.app.snapshot import Fault, HeelView
from station.clock import SystemClock
from station.core.events import CommandName, Side
from station.core.sound.cues import CUES
from station.core.steps import HoldStep, TestStep
from station.settings import Settings
from station.store import Reader, Store
from station.units import date_text
from tests.let_in import client_with, paired_client
from tests.tree import ROOT
from tests.web.double import RecordedBoard, StationDouble
from tests.web.history import add_session, add_test
from web.app import create_app
from web.pages.settings import GROUPS

PAGES = (
    *("/", "/live", "/board", "/progress", "/calibration", "/history", "/health-questions", "/plan", "/why"),
    *("/settings", "/sounds", "/sounds/learn", "/status", "/about"),
    *("/exercises", "/exercises/3a", "/routines", "/routines/new?from=full", "/help", "/causes"),
    *("/routines/daily/sheet", "/sheets/position"),
)
HEELS = (HeelView(Side.LEFT, True, None), HeelView(Side.RIGHT, False, None))


def text_of(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def get_compressed(client: FlaskClient, address: str, headers: dict[str, str] | None = None) -> TestResponse:
    """A page as a browser requests it, compressed, its files closed as a server closes them."""
    return client.get(address, headers={"Accept-Encoding": "gzip", **(headers or {})}, buffered=True)


@pytest.mark.parametrize("address", PAGES)
def test_every_page_works_on_empty_store(client: FlaskClient, address: str) -> None:
    """Every page answers with exactly one heading."""
    assert text_of(client, address).count("<h1") == 1


@pytest.mark.parametrize("address", PAGES)
def test_pages_load_nothing_external_and_run_nothing_inline(client: FlaskClient, address: str) -> None:
    """No page names another host or has an inline script, style or handler, as the policy requires."""
    answer = client.get(address)
    page = answer.get_data(as_text=True)
    assert "//" not in page.replace("http://www.w3.org/2000/svg", "")
    assert not any(given in page for given in ("<style", "style=", "onclick", "<script>"))
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_today_without_tests_shows_test_position(client: FlaskClient) -> None:
    page = text_of(client, "/")
    assert "Your first test" in page
    assert '<title id="position-title">' in page


def test_today_calls_first_test_practice(client: FlaskClient, store: Store) -> None:
    """Both sides are shown with their ±, the ± smaller."""
    add_session(store)
    page = text_of(client, "/")
    assert "is practice: most people reach farther once they know the movement." in page
    assert "8.4 cm <small>\u00b1 0.3</small>" in page
    assert "10.2 cm <small>\u00b1 0.3</small>" in page
    assert "Stretched this week: left" not in page, "the rings alone show this week"


def test_today_shows_distance_to_goal_from_second_test(client: FlaskClient, store: Store) -> None:
    add_session(store, days_ago=14)
    add_session(store)
    assert "left 1.8 cm to go, right there in the last test" in text_of(client, "/")


def test_today_marks_untested_side(client: FlaskClient, store: Store) -> None:
    """A test that ended after one side shows that side, and the other as not tested."""
    person = store.add_person("Ada")
    now = datetime.now(UTC)
    add_test(store, store.begin_session(person.id, now, simulated=False), now, right_mm=None)
    page = text_of(client, "/")
    assert "8.4 cm" in page
    assert "No test yet" in page
    assert "part of a test" in page


def test_result_below_range_is_shown_kindly(client: FlaskClient, store: Store) -> None:
    """Zero is a result too, shown without a verdict."""
    person = store.add_person("Ada")
    now = datetime.now(UTC)
    add_test(store, store.begin_session(person.id, now, simulated=False), now, right_mm=0.0)
    page = text_of(client, "/")
    assert "that is a result too" in page
    assert "0.0 cm" not in page


def test_station_without_people_shows_unclaimed_results(client: FlaskClient, store: Store) -> None:
    now = datetime.now(UTC)
    add_test(store, store.begin_session(None, now, simulated=False), now)
    assert "8.4 cm" in text_of(client, "/")


def test_today_shows_whose_browser_it_is(client: FlaskClient, store: Store) -> None:
    """Among several people until another one is chosen, whom the browser remembers."""
    ada, _ = add_session(store, name="Ada")
    grace, _ = add_session(store, name="Grace")
    assert "Person: Ada" in text_of(client, "/")
    assert client.post("/person", data={"person": grace.id}).status_code == 303
    assert "Person: Grace" in text_of(client, "/")
    assert client.post("/person", data={"person": "somebody"}).status_code == 400
    assert client.post("/person", data={"person": ada.id}).status_code == 303


@pytest.mark.parametrize("address", ["/people", "/plan", "/health-questions", "/why"])
def test_person_is_asked_for_in_one_way(client: FlaskClient, store: Store, address: str) -> None:
    """Everywhere a button for each name and a field for a new one; both lead back to the page."""
    for name in ("Ada", "Grace"):
        store.add_person(name)
    client.post("/person", data={"person": "nobody"})
    page = text_of(client, address)
    assert re.findall(r'name="person" value="(?!nobody)[^>]*><bdi>(\w+)</bdi></button>', page) == ["Ada", "Grace"]
    assert page.count('action="/person"') == page.count('action="/people"') == 1
    assert "Someone new? Name" in page
    back = re.findall(r'name="(?:return_to|next)" value="([\w-]+)"', page)
    assert back == ["today" if address == "/people" else address[1:]] * 2
    answer = client.post("/people", data={"name": "Robin", "next": back[1]})
    assert answer.headers["Location"] == ("/" if address == "/people" else address)


def test_pages_for_developers_are_last_and_folded(client: FlaskClient, store: Store) -> None:
    """More has them only with a simulated board, after everything else."""
    assert "For developers" not in text_of(paired_client(create_app(StationDouble(store), store), store), "/more")
    page = text_of(client, "/more")
    before_fold, fold = page.split("<summary>For developers</summary>")
    assert "Components" not in before_fold
    assert fold.count("<li>") == 2


@pytest.mark.parametrize("address", ["/people", "/plan", "/health-questions", "/why"])
def test_first_person_only_types_a_name(client: FlaskClient, address: str) -> None:
    page = text_of(client, address)
    assert "Type your name to begin." in page
    assert 'action="/person"' not in page


def test_inches_replace_centimetres_on_every_page(client: FlaskClient, store: Store) -> None:
    _, session = add_session(store)
    client.post("/settings", data={"units": "inch"})
    for address in ("/", f"/sessions/{session}", "/history"):
        page = text_of(client, address)
        assert " in" in page
        assert " cm" not in page
    assert "3.3 in <small>\u00b1 0.1</small>" in text_of(client, "/")


def test_history_lists_sessions_newest_first(client: FlaskClient, store: Store) -> None:
    """Each session is a card with what was done and its results, by day, with a link to older ones."""
    assert "No sessions yet" in text_of(client, "/history")
    for days in range(32):
        add_session(store, days_ago=days)
    page = text_of(client, "/history")
    headings = re.findall(r'<h2 id="day-\d+">(.*?)</h2>', page)
    now = datetime.now(UTC)
    assert headings == [date_text(now - timedelta(days=number)) for number in range(30)]
    cards = [" ".join(re.sub(r"<[^>]*>", " ", one).split()) for one in re.findall(r"<li>(.*?)</li>", page)]
    assert len(cards) == 30
    assert all(one.startswith("Quick test, stretches \u25cf left 8.4 cm \u25c6 right 10.2 cm") for one in cards)
    assert all("30 s held" in one for one in cards)
    older = page.split('href="/history?before=')[1].split('"')[0]
    assert text_of(client, f"/history?before={older}").count("Quick test, stretches") == 2


@pytest.mark.parametrize("before", ["yesterday", "2026-11-23T10:00:00", "%00"])
def test_history_refuses_invalid_time(client: FlaskClient, before: str) -> None:
    """A time without a zone, or no time at all, gets a sentence."""
    assert "time" in text_of(client, f"/history?before={before}", 400)


def test_session_page_has_headline_and_charts(client: FlaskClient, store: Store) -> None:
    """The headline is the result and the credited time; each activity has a chart with a title, behind a fold."""
    _, session = add_session(store)
    page = text_of(client, f"/sessions/{session}")
    heading = re.findall(r"<h1.*?</h1>", page)
    assert [" ".join(re.sub(r"<[^>]*>", "", one).split()) for one in heading] == [
        "Left 8.4 cm \u00b1 0.3, right 10.2 cm \u00b1 0.3, 30 s of stretching"
    ]
    assert page.count('role="img"') == 2
    assert page.count("<desc") == 2
    assert page.count('<details class="prints">') == 2


def timeline_of(page: str) -> list[str]:
    """The entries of a session's timeline without their times and folds."""
    entries = re.findall(r"<li[^>]*><span class=\"minute\">.*?</span>(.*?</div></li>)", page, re.DOTALL)
    entries = [re.sub(r"<details.*?</details>", "", one, flags=re.DOTALL) for one in entries]
    return [" ".join(re.sub(r"<[^>]*>", " ", one).split()) for one in entries]


def test_session_page_is_in_order_of_time(client: FlaskClient, store: Store) -> None:
    """Test, attempts, answers, holds with the rests between them: oldest first."""
    ada, session = add_session(store, days_ago=timedelta(minutes=4) / timedelta(days=1))
    detail = store.session(session)
    assert detail is not None
    store.answer_test(detail.tests[0].id, felt_places=["calf"], pain=2)
    run = detail.holds[0].run_id
    hold = store.begin_hold(run, side=Side.RIGHT, repetition=1, target_us=30_000_000, started_us=52_000_000)
    store.finish_hold(
        hold, credited_us=20_000_000, lifted_us=0, lift_count=0, micro_lift_count=0, ended_us=72_000_000, partial=True
    )
    store.add_answer(ada.id, "pain", 3)
    store.add_answer(ada.id, "shod", False)
    store.add_answer(ada.id, "back_foot", "heel up")
    page = text_of(client, f"/sessions/{session}")
    assert detail.session.started_at.astimezone().strftime("%H:%M") in page
    assert timeline_of(page) == [
        "Quick test contact: knee pad",
        "\u25cf Left 8.4 cm \u00b1 0.3 \u2713 6.2 cm passed \u2713 8.4 cm passed \u2715 9.9 cm heel came up",
        "\u25c6 Right 10.2 cm \u00b1 0.3 \u2713 10.2 cm passed \u2715 11.6 cm knee did not reach",
        "After the test felt in the calf, pain 2 of 10",
        "\u25cf Stretch, 1 , left 30 s of 30 s heel up 1 time, 2.0 s",
        "15 s rest",
        "\u25c6 Stretch, 1 , right 20 s of 30 s partial",
        "Pain 3 of 10",
    ]


def test_running_session_differs_from_interrupted(client: FlaskClient, store: Store, station: StationDouble) -> None:
    """A session without an end is the running one, or was interrupted; its hold is not finished."""
    now = datetime.now(UTC)
    session = store.begin_session(None, now, simulated=False)
    run = store.begin_run(session, {"do": "hold"}, now)
    store.begin_hold(run, side=Side.LEFT, repetition=1, target_us=30_000_000, started_us=0)
    store.append_trace(run, "0.000,heel_left,down\n1.000,heel_left,up\n")
    page = text_of(client, f"/sessions/{session}")
    assert "interrupted" in page
    assert "not finished" in page
    station.show(session_id=session)
    assert "running now" in text_of(client, f"/sessions/{session}")
    assert "Running now" in text_of(client, "/history")
    store.end_session(session, now + timedelta(minutes=4), STATION_STOPPED)
    assert ", the station was stopped" in text_of(client, f"/sessions/{session}")


def test_downloads_are_complete(client: FlaskClient, store: Store) -> None:
    """A trace can be replayed, a bundle has the session's traces, and the table has one row a result."""
    ada, session = add_session(store)
    detail = store.session(session)
    assert detail is not None
    trace = text_of(client, f"/runs/{detail.run_ids[0]}/trace.csv")
    assert json.loads(trace.splitlines()[0].lstrip("# "))["do"] == "test"
    assert "at_s,channel,value" in trace
    bundle = client.get(f"/sessions/{session}/bundle.zip", buffered=True)
    assert len(zipfile.ZipFile(io.BytesIO(bundle.data)).namelist()) == 3
    assert "attachment" in bundle.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(text_of(client, "/history.csv"))))
    assert [row["kind"] for row in rows] == ["quick test", "quick test", "hold"]
    assert {row["person"] for row in rows} == {ada.name}
    assert [row["value"] for row in rows] == ["84.1", "101.6", "30.0"]


def test_name_like_a_formula_is_harmless_in_the_table(client: FlaskClient, store: Store) -> None:
    add_session(store, name='=HYPERLINK("//evil.example")')
    rows = list(csv.DictReader(io.StringIO(text_of(client, "/history.csv"))))
    assert {row["person"][0] for row in rows} == {"'"}


@pytest.mark.parametrize(
    "address", ["/nowhere", "/sessions/no", "/runs/no/trace.csv", "/sessions/no/bundle.zip", "/static/no.js"]
)
def test_unknown_address_gets_one_sentence(client: FlaskClient, address: str) -> None:
    """The page says that it was not found, and links back."""
    page = text_of(client, address, 404)
    assert "Page not found" in page
    assert "Back to today" in page
    assert 'class="chip" href="/"' in page


def test_start_passes_chosen_routine_and_person(client: FlaskClient, station: StationDouble, store: Store) -> None:
    """The routine uses the stored settings."""
    ada, _ = add_session(store)
    store.add_answer(ada.id, "health", {"yes": [], "no": []})
    store.save_settings(type(store.settings())(hold_s=45, ask_after_test="no"))
    answer = client.post("/start", data={"routine": "test_and_stretch", "person": ada.id})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/live")
    client.post("/start", data={"routine": "full_test", "person": "nobody"})
    (both, whose), (full, nobody) = station.started
    assert [type(step) for step in both] == [TestStep, HoldStep]
    assert isinstance(both[1], HoldStep)
    assert both[1].hold_us == 45_000_000
    assert (whose, nobody) == (ada.id, None)
    assert full == (TestStep(full=True),)


@pytest.mark.parametrize("form", [{"routine": "dance"}, {}, {"routine": "test", "person": "somebody"}])
def test_unknown_routine_starts_nothing(client: FlaskClient, station: StationDouble, form: dict[str, str]) -> None:
    """An unknown routine or person is refused."""
    assert client.post("/start", data=form).status_code == 400
    assert station.started == []


def test_commands_reach_the_board(client: FlaskClient, station: StationDouble) -> None:
    """Pause, resume, next, skip, stop, confirm and the side arrive unchanged."""
    for word in ("pause", "resume", "next", "skip", "stop", "confirm"):
        assert client.post("/command", data={"command": word}).status_code == 303
    client.post("/command", data={"command": "side", "side": "right"})
    assert station.commands[-1] == (CommandName.SIDE, Side.RIGHT)
    assert len(station.commands) == 7


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"command": "start"},
        {"command": "jump"},
        {"command": "side"},
        {"command": "side", "side": "up"},
        {"command": "pause", "side": "left"},
    ],
)
def test_unknown_commands_are_refused(client: FlaskClient, station: StationDouble, form: dict[str, str]) -> None:
    """Neither a word without a button nor a misplaced side reaches the board."""
    assert client.post("/command", data=form).status_code == 400
    assert station.commands == []


def test_get_never_writes(client: FlaskClient, station: StationDouble, board: RecordedBoard, store: Store) -> None:
    """No link can change anything."""
    for address in ("/start", "/command", "/person", "/board/act", "/pain", "/felt", "/dismiss-missed"):
        assert client.get(address).status_code == 405
    text_of(client, "/people?name=Ada")
    assert store.people() == ()
    assert (station.commands, station.started, board.acts) == ([], [], [])


def test_real_board_has_no_simulator_page(store: Store) -> None:
    """Neither the page, nor its buttons, nor the word appear."""
    client = paired_client(create_app(StationDouble(store), store), store)
    text_of(client, "/board", 404)
    assert client.post("/board/act", data={"command": "step_on"}).status_code == 404
    assert all("imulated" not in text_of(client, address) for address in PAGES if address != "/board")


def test_every_board_command_has_a_button(client: FlaskClient, board: RecordedBoard) -> None:
    """Known commands have their place, unknown ones a plain button."""
    page = text_of(client, "/board")
    assert "SIMULATED" in page
    assert all(f'value="{word}"' in page for word in board.commands())
    assert "Sneeze" in page


def test_simulated_board_executes_commands(client: FlaskClient, board: RecordedBoard) -> None:
    """A button sends its command and argument; an unknown command gets the board's own sentence."""
    assert client.post("/board/act", data={"command": "step_on", "argument": "left"}).headers["Location"] == "/live"
    assert client.post("/board/act", data={"command": "sneeze", "return_to": "board"}).headers["Location"] == "/board"
    assert board.acts == [("step_on", "left"), ("sneeze", None)]
    answer = client.post("/board/act", data={"command": "fly"})
    assert answer.status_code == 400
    assert "does not know the word" in answer.get_data(as_text=True)


def test_goal_is_entered_in_chosen_units_and_stored_in_mm(client: FlaskClient, store: Store) -> None:
    assert client.post("/settings", data={"goal_mm": "9,5", "hold_s": "40", "quiet_from": "22:15"}).status_code == 303
    kept = store.settings()
    assert (kept.goal_mm, kept.hold_s, kept.quiet_from) == (95.0, 40, "22:15")
    client.post("/settings", data={"units": "inch"})
    assert 'value="3.7"' in text_of(client, "/settings")
    assert "Saved" in text_of(client, "/settings?saved=")


def test_settings_that_cannot_be_stored_are_not_called_saved(client: FlaskClient, store: Store) -> None:
    with store.write_transaction() as now:
        now.exec_driver_sql("PRAGMA query_only=ON")
    refused = client.post("/settings", data={"goal_mm": "9,5"})
    assert refused.status_code == 503
    assert "can only be read" in refused.text
    assert "Saved" not in refused.text


def test_refused_setting_is_named_by_its_label(client: FlaskClient) -> None:
    """The sentence has the field's label and unit, not the internal name and millimetres."""
    long = client.post("/settings", data={"hold_s": "5000"}).get_data(as_text=True)
    assert "\u201cOne stretch lasts\u201d is" in long
    far = client.post("/settings", data={"goal_mm": "80"}).get_data(as_text=True)
    assert "The goal must be from 1.0 to 30.0 cm, not 80." in far


@pytest.mark.parametrize("form", [{"hold_s": "0"}, {"hold_s": "long"}, {"goal_mm": "far"}, {"volume": "deafening"}])
def test_invalid_setting_changes_nothing_and_shows_why(client: FlaskClient, store: Store, form: dict[str, str]) -> None:
    before = store.settings()
    answer = client.post("/settings", data={**form, "rest_s": "20"})
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.get_data(as_text=True)
    assert store.settings() == before


def test_every_setting_is_in_one_group(client: FlaskClient) -> None:
    """The groups have the settings of the store, each once, each in a card of its own heading."""
    page = text_of(client, "/settings")
    form = page.split('<form method="post" class="settings">')[1].split("</form>")[0]
    shown = [
        name for card in form.split("<section")[1:] for name in re.findall(r'<(?:input|select) name="(\w+)"', card)
    ]
    own_page = {"first_start"}
    assert sorted(shown) == sorted(set(Settings.__struct_fields__) - own_page)
    assert re.findall(r"<h2 [^>]*>([^<]+)<", form) == [group.title for group in GROUPS]


@pytest.mark.parametrize(
    ("name", "typed"), [("hold_s", "5000"), ("goal_mm", "80"), ("goal_mm", "far"), ("volume", "x")]
)
def test_refused_setting_has_its_sentence_at_the_field(client: FlaskClient, name: str, typed: str) -> None:
    """Beside the field that is wrong, and nowhere else; what was typed is still there."""
    page = client.post("/settings", data={name: typed}).get_data(as_text=True)
    assert re.findall(r'aria-invalid="true" aria-describedby="trouble-(\w+)"', page) == [name]
    assert re.findall(r'<p class="trouble" id="trouble-(\w+)">', page) == [name]
    assert name == "volume" or f'value="{typed}"' in page


def test_step_on_questions_and_taps_are_settings(client: FlaskClient, store: Store) -> None:
    """The form explains what taps do."""
    page = text_of(client, "/settings")
    assert "Two taps of the heel are next, three skip" in page
    assert 'value="today" selected>today\u2019s session' in page
    client.post("/settings", data={"on_step": "nothing", "ask_after_test": "no", "taps": "on"})
    kept = store.settings()
    assert (kept.on_step, kept.ask_after_test, kept.taps) == ("nothing", "no", "on")


def test_sounds_match_the_buzzer(client: FlaskClient) -> None:
    """Each cue is listed with its meaning, and as edges for the player; the sides differ by a tick."""
    page = text_of(client, "/sounds")
    assert all(sound.means in page for sound in CUES.values())
    table = {cue["name"]: cue for cue in json.loads(text_of(client, "/api/v1/sounds"))["items"]}
    assert table.keys() == {str(name) for name in CUES}
    assert [edge[1:] for edge in table["HEEL_UP"]["tones"]] == [[0, 60], [120, 180], [240, 300]]
    assert table["HEEL_UP"]["every_ms"] == 600
    ready = table["READY"]
    assert len(ready["tones"]) == 2
    assert {side: len(edges) for side, edges in ready["variants"].items()} == {"left": 3, "right": 4}
    assert len(table["ECHO"]["variants"]["3"]) == 3


def test_about_names_everything_that_is_not_ours(client: FlaskClient) -> None:
    """Each licence that lies beside the pages' files belongs to an entry of the list."""
    page = text_of(client, "/about").lower()
    licences = [one.name.partition(".")[0] for one in (ROOT / "web" / "static" / "lib").glob("*.LICENSE.txt")]
    assert {"lucide", "sortable"} <= set(licences)
    assert [name for name in licences if f"<dt>{name}" not in page] == []


def test_status_reports_fault_and_remedy(client: FlaskClient, station: StationDouble) -> None:
    """In words and as JSON."""
    station.show(toe_mm=93.0, heels=HEELS)
    assert "All good" in text_of(client, "/status")
    station.show(troubles=(Fault("heel left", "The left heel is silent: check its cable."),))
    assert "check its cable" in text_of(client, "/status")
    assert json.loads(text_of(client, "/api/v1/status"))["ok"] is False


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({}, "Running; waiting for the first readings"),
        ({"toe_why": "no reading yet", "heels": HEELS}, "Running; waiting for the first readings"),
        ({"toe_mm": 93.0}, "Running; waiting for the first readings"),
        ({"toe_mm": 93.0, "heels": (HEELS[0], HeelView(Side.RIGHT, None, None))}, "Running; the heels are read"),
        ({"toe_why": "out of range", "heels": HEELS}, "Running; no distance reading"),
    ],
)
def test_status_is_good_only_with_every_reading(
    client: FlaskClient, station: StationDouble, fields: dict[str, Any], title: str
) -> None:
    """A station that has not read a sensor needs no action, but its title does not call all of it good."""
    station.show(**fields)
    page = text_of(client, "/status")
    assert f"<h1>{title}" in page
    assert "All good" not in page


def test_status_reports_stalled_station(client: FlaskClient, station: StationDouble) -> None:
    """A snapshot that is a minute old means that the loop has stalled."""
    station.show(at_us=SystemClock().now_us() - 60_000_000)
    assert "No update for 60 s" in text_of(client, "/status")


def test_unreadable_database_is_reported(tmp_path: Path) -> None:
    """The page says what to do, and does not pretend to be empty."""
    path = tmp_path / "broken.db"
    path.write_bytes(b"not a database" * 1_000)
    with Reader(path) as broken:
        page = text_of(client_with(create_app(StationDouble(), broken), "token"), "/history", 503)
    assert "The database cannot be read" in page
    assert "move it away" in page


def test_live_page_renders_state_without_scripts(client: FlaskClient, station: StationDouble) -> None:
    """The server renders what the stream would send, and the page says that it does not update."""
    station.show(activity="hold", phase="hold", counting="hold", counted_us=6_200_000, target_us=30_000_000)
    page = text_of(client, "/live")
    assert ">24</span>" in page
    assert "HOLD" in page
    assert "Without JavaScript this page does not update" in page


def test_live_page_fits_in_20_kb(client: FlaskClient, station: StationDouble) -> None:
    """Under 20 KB over the wire with everything it loads, the style sheet under 6."""
    station.show(toe_mm=93.0)
    files = ("page.css", "live.js", "sound.js", "board.js")
    addresses = ["/live", "/api/v1/sounds", *(f"/static/{name}" for name in files)]
    sizes = {one: len(get_compressed(client, one).data) for one in addresses}
    assert sum(sizes.values()) < 20_000
    assert sizes["/static/page.css"] < 6_000


def test_unchanged_style_sheet_is_not_sent_again(client: FlaskClient) -> None:
    """Also not after it was sent compressed."""
    first = get_compressed(client, "/static/page.css")
    assert first.headers["Content-Encoding"] == "gzip"
    assert get_compressed(client, "/static/page.css", {"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_readme_lists_every_route(station: StationDouble, store: Store) -> None:
    """Each route is in the README of the pages, and each route of the README exists."""
    described = (ROOT / "web" / "README.md").read_text(encoding="utf-8")
    rules = {
        f"{method} {rule.rule}"
        for rule in create_app(station, store).url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST"}
    }
    assert {rule for rule in rules if f"`{rule}`" not in described} == set()
    named = {part for part in described.split("`") if part.startswith(("GET /", "POST /"))}
    assert named - rules == {"GET /events"}
