"""Every page, empty and full, and every button."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from station.app.snapshot import Fault
from station.clock import SystemClock
from station.core.events import CommandName, Side
from station.core.sound.cues import CUES
from station.core.steps import HoldStep, TestStep
from station.store import Reader, Store
from tests.tree import ROOT
from tests.web.double import RecordedBoard, StationDouble
from tests.web.history import add_test, fill
from web.app import create_app

PAGES = (
    *("/", "/live", "/board", "/progress", "/calibration", "/history", "/health-questions", "/plan", "/why"),
    *("/settings", "/sounds", "/sounds/learn", "/status", "/about"),
    *("/exercises", "/exercises/3a", "/routines", "/routines/new?from=full", "/help"),
    *("/routines/daily/sheet", "/sheets/position"),
)


def text_of(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def packed(client: FlaskClient, address: str, headers: dict[str, str] | None = None) -> TestResponse:
    """What a browser gets, with its files closed as a server closes them."""
    return client.get(address, headers={"Accept-Encoding": "gzip", **(headers or {})}, buffered=True)


@pytest.mark.parametrize("address", PAGES)
def test_every_page_works_on_an_empty_store(client: FlaskClient, address: str) -> None:
    """With an empty store every page answers, in words, with one heading."""
    assert text_of(client, address).count("<h1") == 1


@pytest.mark.parametrize("address", PAGES)
def test_nothing_comes_from_elsewhere_and_nothing_runs_inline(client: FlaskClient, address: str) -> None:
    """No page names another host, and none has a script, a style or a handler in it: the policy would refuse them."""
    answer = client.get(address)
    page = answer.get_data(as_text=True)
    assert "//" not in page.replace("http://www.w3.org/2000/svg", "")
    assert not any(given in page for given in ("<style", "style=", "onclick", "<script>"))
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_no_test_yet_shows_the_position(client: FlaskClient) -> None:
    """Before the first test the page says how long it takes and draws how one stands."""
    page = text_of(client, "/")
    assert "No test yet" in page
    assert '<title id="position-title">' in page


def test_one_test_is_the_starting_point(client: FlaskClient, store: Store) -> None:
    """After the first test the page says that it is where one starts, with both sides and how sure they are."""
    fill(store)
    page = text_of(client, "/")
    assert "starting point" in page
    assert "8.4 cm \u00b1 0.3" in page
    assert "10.2 cm \u00b1 0.3" in page
    assert "held this week" not in page, "one figure says what was stretched this week: the meter"


def test_two_tests_say_what_is_left_to_the_goal(client: FlaskClient, store: Store) -> None:
    """From the second test on the goal stands beside the results."""
    fill(store, days_ago=14)
    fill(store)
    assert "left 1.8 cm to go, right reached" in text_of(client, "/")


def test_a_side_without_a_result_says_so(client: FlaskClient, store: Store) -> None:
    """A test that was ended after one side shows that side, and calls the other one not tested."""
    person = store.add_person("Ada")
    now = datetime.now(UTC)
    add_test(store, store.begin_session(person.id, now, simulated=False), now, right_mm=None)
    page = text_of(client, "/")
    assert "8.4 cm" in page
    assert "No test yet." in page
    assert "part of a test" in page


def test_not_reaching_the_wall_is_a_result_with_a_kind_word(client: FlaskClient, store: Store) -> None:
    """Zero is shown as a result below range, without a verdict."""
    person = store.add_person("Ada")
    now = datetime.now(UTC)
    add_test(store, store.begin_session(person.id, now, simulated=False), now, right_mm=0.0)
    assert "that is a result too" in text_of(client, "/")


def test_unclaimed_results_belong_to_no_one(client: FlaskClient, store: Store) -> None:
    """On a station without people, what was measured is on the page all the same."""
    now = datetime.now(UTC)
    add_test(store, store.begin_session(None, now, simulated=False), now)
    assert "8.4 cm" in text_of(client, "/")


def test_with_several_people_the_page_asks_who_is_here(client: FlaskClient, store: Store) -> None:
    """Nobody's results are shown before somebody is chosen; the choice is remembered by this browser."""
    ada, _ = fill(store, name="Ada")
    fill(store, name="Grace")
    page = text_of(client, "/")
    assert "Who is here?" in page
    assert "8.4 cm" not in page
    assert client.post("/person", data={"person": ada.id}).status_code == 303
    assert "Ada today" in text_of(client, "/")
    assert client.post("/person", data={"person": "somebody"}).status_code == 400


def test_inches_are_inches_everywhere(client: FlaskClient, store: Store) -> None:
    """In inches no page shows a centimetre."""
    _, session = fill(store)
    client.post("/settings", data={"units": "inch"})
    for address in ("/", f"/sessions/{session}", "/history"):
        page = text_of(client, address)
        assert " in" in page
        assert " cm" not in page
    assert "3.3 in \u00b1 0.1" in text_of(client, "/")


def test_history_lists_sessions_newest_first(client: FlaskClient, store: Store) -> None:
    """Each session is one line: when, and what came of it; more than a page of them has a way to the older ones."""
    assert "No sessions yet" in text_of(client, "/history")
    for days in range(32):
        fill(store, days_ago=days)
    page = text_of(client, "/history")
    assert page.count("Test left 8.4 cm, right 10.2 cm; 30 s held left.") == 30
    older = page.split('href="/history?before=')[1].split('"')[0]
    assert text_of(client, f"/history?before={older}").count("Test left") == 2


@pytest.mark.parametrize("before", ["yesterday", "2026-11-23T10:00:00", "%00"])
def test_a_wrong_time_is_answered_in_words(client: FlaskClient, before: str) -> None:
    """What is no time with a zone is refused with a sentence."""
    assert "time" in text_of(client, f"/history?before={before}", 400)


def test_session_page_has_charts_and_tables(client: FlaskClient, store: Store) -> None:
    """A session shows a picture for each thing done, each with a title and a table of the same."""
    _, session = fill(store)
    page = text_of(client, f"/sessions/{session}")
    assert page.count('role="img"') == 2
    assert page.count("<desc") == 2
    assert "heel came up" in page
    assert "30 s of 30 s" in page
    assert "1 time, 2.0 s" in page


def test_running_session_differs_from_interrupted(client: FlaskClient, store: Store, panel: StationDouble) -> None:
    """A session without an end is the one that goes on now, or was cut off; its hold is not finished."""
    now = datetime.now(UTC)
    session = store.begin_session(None, now, simulated=False)
    run = store.begin_run(session, {"do": "hold"}, now)
    store.begin_hold(run, side=Side.LEFT, repetition=1, target_us=30_000_000, started_us=0)
    store.append_trace(run, "0.000,heel_left,down\n1.000,heel_left,up\n")
    page = text_of(client, f"/sessions/{session}")
    assert "interrupted" in page
    assert "not finished" in page
    panel.show(session_id=session)
    assert "running now" in text_of(client, f"/sessions/{session}")
    assert "Running now" in text_of(client, "/history")


def test_downloads_are_complete(client: FlaskClient, store: Store) -> None:
    """A trace is what replay reads, a bundle has the traces of its session, and the table has a row a result."""
    ada, session = fill(store)
    detail = store.session(session)
    assert detail is not None
    trace = text_of(client, f"/runs/{detail.run_ids[0]}/trace.csv")
    assert json.loads(trace.splitlines()[0].lstrip("# "))["do"] == "test"
    assert "at_s,channel,value" in trace
    bundle = client.get(f"/sessions/{session}/bundle.zip")
    assert len(zipfile.ZipFile(io.BytesIO(bundle.data)).namelist()) == 3
    assert "attachment" in bundle.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(text_of(client, "/history.csv"))))
    assert [row["kind"] for row in rows] == ["quick test", "quick test", "hold"]
    assert {row["person"] for row in rows} == {ada.name}
    assert [row["value"] for row in rows] == ["84.1", "101.6", "30.0"]


@pytest.mark.parametrize(
    "address", ["/nowhere", "/sessions/no", "/runs/no/trace.csv", "/sessions/no/bundle.zip", "/static/no.js"]
)
def test_unknown_address_gets_one_sentence(client: FlaskClient, address: str) -> None:
    """A page that does not exist says so and leads back."""
    page = text_of(client, address, 404)
    assert "Page not found" in page
    assert "Back to today" in page


def test_start_begins_what_was_chosen(client: FlaskClient, panel: StationDouble, store: Store) -> None:
    """Start gives the panel the routine, made by the person's own settings, and who it is for."""
    ada, _ = fill(store)
    store.add_answer(ada.id, "health", {"yes": [], "no": []})
    store.save_settings(type(store.settings())(hold_s=45, ask_after_test="no"))
    answer = client.post("/start", data={"routine": "test_and_stretch", "person": ada.id})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/live")
    client.post("/start", data={"routine": "full_test", "person": "nobody"})
    (both, whose), (full, nobody) = panel.started
    assert [type(step) for step in both] == [TestStep, HoldStep]
    assert isinstance(both[1], HoldStep)
    assert both[1].hold_us == 45_000_000
    assert (whose, nobody) == (ada.id, None)
    assert full == (TestStep(full=True),)


@pytest.mark.parametrize("form", [{"routine": "dance"}, {}, {"routine": "test", "person": "somebody"}])
def test_unknown_routine_starts_nothing(client: FlaskClient, panel: StationDouble, form: dict[str, str]) -> None:
    """An unknown routine or person is refused with a sentence."""
    assert client.post("/start", data=form).status_code == 400
    assert panel.started == []


def test_commands_reach_the_board(client: FlaskClient, panel: StationDouble) -> None:
    """Pause, go on, next, skip, stop, confirm and the side are given on as they are."""
    for word in ("pause", "resume", "next", "skip", "stop", "confirm"):
        assert client.post("/command", data={"command": word}).status_code == 303
    client.post("/command", data={"command": "side", "side": "right"})
    assert panel.said[-1] == (CommandName.SIDE, Side.RIGHT)
    assert len(panel.said) == 7


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"word": "start"},
        {"word": "jump"},
        {"word": "side"},
        {"word": "side", "side": "up"},
        {"word": "pause", "side": "left"},
    ],
)
def test_unknown_commands_are_refused(client: FlaskClient, panel: StationDouble, form: dict[str, str]) -> None:
    """A word that the buttons do not have is refused."""
    assert client.post("/command", data=form).status_code == 400
    assert panel.said == []


def test_reading_never_writes(client: FlaskClient, panel: StationDouble, board: RecordedBoard) -> None:
    """What changes something cannot be asked for by a link."""
    for address in ("/start", "/command", "/person", "/board/act", "/pain", "/people", "/felt", "/dismiss-missed"):
        assert client.get(address).status_code == 405
    assert (panel.said, panel.started, board.acts) == ([], [], [])


def test_the_simulated_board_is_only_where_it_is(store: Store) -> None:
    """On a real board there is neither the page, nor its buttons, nor a word of simulation."""
    client = create_app(StationDouble(store), store).test_client()
    text_of(client, "/board", 404)
    assert client.post("/board/act", data={"command": "step_on"}).status_code == 404
    assert all("imulated" not in text_of(client, address) for address in PAGES if address != "/board")


def test_every_board_command_has_a_button(client: FlaskClient, board: RecordedBoard) -> None:
    """Words that the page knows are laid out, words that it does not know get a plain button."""
    page = text_of(client, "/board")
    assert "SIMULATED" in page
    assert all(f'value="{word}"' in page for word in board.commands())
    assert "Sneeze" in page


def test_simulated_board_executes_commands(client: FlaskClient, board: RecordedBoard) -> None:
    """A button gives its word and its argument; an unknown word is answered with the board's own sentence."""
    assert client.post("/board/act", data={"command": "step_on", "argument": "left"}).headers["Location"] == "/live"
    assert client.post("/board/act", data={"command": "sneeze", "return_to": "board"}).headers["Location"] == "/board"
    assert board.acts == [("step_on", "left"), ("sneeze", None)]
    answer = client.post("/board/act", data={"command": "fly"})
    assert answer.status_code == 400
    assert "does not know the word" in answer.get_data(as_text=True)


def test_settings_are_kept_in_the_persons_units(client: FlaskClient, store: Store) -> None:
    """The goal is given and shown in the units of the form, and kept in millimetres."""
    assert client.post("/settings", data={"goal_mm": "9,5", "hold_s": "40", "quiet_from": "22:15"}).status_code == 303
    kept = store.settings()
    assert (kept.goal_mm, kept.hold_s, kept.quiet_from) == (95.0, 40, "22:15")
    client.post("/settings", data={"units": "inch"})
    assert 'value="3.7"' in text_of(client, "/settings")
    assert "Saved" in text_of(client, "/settings?saved=")


def test_a_refused_setting_is_called_as_the_form_calls_it(client: FlaskClient) -> None:
    """The sentence has the label and the unit of the field, not the program's own name and millimetres."""
    long = client.post("/settings", data={"hold_s": "5000"}).get_data(as_text=True)
    assert "\u201cOne stretch lasts\u201d is" in long
    far = client.post("/settings", data={"goal_mm": "80"}).get_data(as_text=True)
    assert "The goal must be from 1.0 to 30.0 cm, not 80." in far


@pytest.mark.parametrize("form", [{"hold_s": "0"}, {"hold_s": "long"}, {"goal_mm": "far"}, {"volume": "deafening"}])
def test_a_wrong_setting_changes_nothing_and_says_why(client: FlaskClient, store: Store, form: dict[str, str]) -> None:
    """A value that is not allowed leaves everything as it was, and the sentence stands on the form."""
    before = store.settings()
    answer = client.post("/settings", data={**form, "rest_s": "20"})
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.get_data(as_text=True)
    assert store.settings() == before


def test_step_on_and_questions_can_be_set(client: FlaskClient, store: Store) -> None:
    """What stepping on starts, the questions after a test and heel taps are settings; what taps mean stands beside."""
    page = text_of(client, "/settings")
    assert "two are next, three skip" in page
    assert 'value="today" selected>today\u2019s session' in page
    client.post("/settings", data={"on_step": "nothing", "ask_after_test": "no", "taps": "on"})
    kept = store.settings()
    assert (kept.on_step, kept.ask_after_test, kept.taps) == ("nothing", "no", "on")


def test_sounds_are_those_of_the_buzzer(client: FlaskClient) -> None:
    """Each cue is on the page with what it means, and as edges for whoever plays it; the sides differ by a tick."""
    page = text_of(client, "/sounds")
    assert all(sound.means in page for sound in CUES.values())
    table = {cue["name"]: cue for cue in json.loads(text_of(client, "/sounds.json"))}
    assert table.keys() == {str(name) for name in CUES}
    assert [edge[1:] for edge in table["HEEL_UP"]["tones"]] == [[0, 60], [120, 180], [240, 300]]
    assert table["HEEL_UP"]["every_ms"] == 600
    ready = table["READY"]
    assert len(ready["tones"]) == 2
    assert {side: len(edges) for side, edges in ready["variants"].items()} == {"left": 3, "right": 4}
    assert len(table["ECHO"]["variants"]["3"]) == 3


def test_status_is_good_or_says_what_to_do(client: FlaskClient, panel: StationDouble) -> None:
    """Health says in words and for programs whether there is something to do, and what."""
    panel.show(toe_mm=93.0)
    assert "All good" in text_of(client, "/status")
    panel.show(troubles=(Fault("heel left", "The left heel is silent: check its cable."),))
    assert "check its cable" in text_of(client, "/status")
    assert json.loads(text_of(client, "/status.json"))["ok"] is False


def test_stalled_station_is_not_ok(client: FlaskClient, panel: StationDouble) -> None:
    """A picture of a minute ago means that the station's loop says nothing."""
    panel.show(at_us=SystemClock().now_us() - 60_000_000)
    assert "No update for 60 s" in text_of(client, "/status")


def test_a_broken_history_is_said_in_words(tmp_path: Path) -> None:
    """When the database cannot be read the page says so, and what to do, and does not pretend to be empty."""
    path = tmp_path / "broken.db"
    path.write_bytes(b"not a database" * 1_000)
    with Reader(path) as broken:
        page = text_of(create_app(StationDouble(), broken).test_client(), "/history", 503)
    assert "The database cannot be read" in page
    assert "move it away" in page


def test_the_live_page_is_true_without_scripts(client: FlaskClient, panel: StationDouble) -> None:
    """The server draws what the stream would, and the page says that it stands still."""
    panel.show(activity="hold", phase="hold", counting="hold", counted_us=6_200_000, target_us=30_000_000)
    page = text_of(client, "/live")
    assert ">24</span>" in page
    assert "HOLD" in page
    assert "Without JavaScript this page does not update" in page


def test_texts_travel_small(client: FlaskClient, panel: StationDouble) -> None:
    """The live page with all that it loads is under 20 KB over the wire, the style under 6."""
    panel.show(toe_mm=93.0)
    files = ("page.css", "live.js", "sound.js", "board.js")
    addresses = ["/live", "/sounds.json", *(f"/static/{name}" for name in files)]
    sizes = {one: len(packed(client, one).data) for one in addresses}
    assert sum(sizes.values()) < 20_000
    assert sizes["/static/page.css"] < 6_000


def test_a_page_seen_before_costs_nothing(client: FlaskClient) -> None:
    """A style sheet that has not changed is not sent again, also not when it was sent compressed."""
    first = packed(client, "/static/page.css")
    assert first.headers["Content-Encoding"] == "gzip"
    assert packed(client, "/static/page.css", {"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_every_address_is_described(panel: StationDouble, store: Store) -> None:
    """Each route is in the page's README, and each route of the README exists."""
    described = (ROOT / "web" / "README.md").read_text(encoding="utf-8")
    rules = {
        f"{method} {rule.rule}"
        for rule in create_app(panel, store).url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST"}
    }
    assert {rule for rule in rules if f"`{rule}`" not in described} == set()
    named = {part for part in described.split("`") if part.startswith(("GET /", "POST /"))}
    assert named - rules == {"GET /events"}
