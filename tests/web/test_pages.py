"""Every page, empty and full, and every button."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from station.app.snapshot import Fault, HeelView
from station.clock import SystemClock
from station.core.events import CommandName, Side
from station.core.sound.cues import CUES
from station.core.steps import HoldStep, TestStep
from station.store import Reader, Store
from tests.paired_browsers import client_with, paired_client
from tests.tree import ROOT
from tests.web.double import RecordedBoard, StationDouble
from tests.web.history import add_session, add_test
from tests.web.page_text import text_of
from web.app import create_app

PAGES = (
    *("/", "/live", "/board", "/progress", "/calibration", "/history", "/health-questions", "/plan", "/why"),
    *("/settings", "/sounds", "/sounds/learn", "/status", "/about"),
    *("/exercises", "/exercises/3a", "/routines", "/routines/new?from=full", "/help", "/causes"),
    *("/routines/daily/sheet", "/sheets/position"),
)
HEELS = (HeelView(Side.LEFT, True, None), HeelView(Side.RIGHT, False, None))

REFRESH = 'http-equiv="refresh"'


def get_compressed(client: FlaskClient, address: str, headers: dict[str, str] | None = None) -> TestResponse:
    """A page requested as by a browser, compressed; its files are closed as by a server."""
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
    """After a test that ended after one side, the other side is shown as not tested."""
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
    """With several people, until another one is chosen, whom the browser then remembers."""
    ada, _ = add_session(store, name="Ada")
    grace, _ = add_session(store, name="Grace")
    assert "Person: Ada" in text_of(client, "/")
    assert client.post("/person", data={"person": grace.id}).status_code == 303
    assert "Person: Grace" in text_of(client, "/")
    assert client.post("/person", data={"person": "somebody"}).status_code == 400
    assert client.post("/person", data={"person": ada.id}).status_code == 303


@pytest.mark.parametrize("address", ["/people", "/plan", "/health-questions", "/why"])
def test_person_is_asked_for_the_same_way_everywhere(client: FlaskClient, store: Store, address: str) -> None:
    """A button for each name and a field for a new one; both return to the page."""
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
    """More lists them only with a simulated board, after everything else."""
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
    """Each licence file beside the pages' files belongs to an entry of the list."""
    page = text_of(client, "/about").lower()
    licences = [one.name.partition(".")[0] for one in (ROOT / "web" / "static" / "lib").glob("*.LICENSE.txt")]
    assert {"lucide", "sortable"} <= set(licences)
    assert [name for name in licences if f"<dt>{name}" not in page] == []


def test_status_reports_fault_and_remedy(client: FlaskClient, station: StationDouble) -> None:
    """In words and as JSON."""
    station.show(toe_mm=93.0, heels=HEELS)
    assert "All good" in text_of(client, "/status")
    station.show(faults=(Fault("heel left", "The left heel is silent: check its cable."),))
    assert "check its cable" in text_of(client, "/status")
    assert json.loads(text_of(client, "/api/v1/status"))["ok"] is False


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({}, "Running; waiting for the first readings"),
        ({"toe_missing_reason": "no reading yet", "heels": HEELS}, "Running; waiting for the first readings"),
        ({"toe_mm": 93.0}, "Running; waiting for the first readings"),
        ({"toe_mm": 93.0, "heels": (HEELS[0], HeelView(Side.RIGHT, None, None))}, "Running; the heels are read"),
        ({"toe_missing_reason": "out of range", "heels": HEELS}, "Running; no distance reading"),
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
    """A snapshot a minute old means that the loop has stalled."""
    station.show(at_us=SystemClock().now_us() - 60_000_000)
    assert "No update for 60 s" in text_of(client, "/status")


def test_unreadable_database_is_reported(tmp_path: Path) -> None:
    """The page says what to do, and does not pretend to be empty."""
    path = tmp_path / "broken.db"
    path.write_bytes(b"not a database" * 1_000)
    with Reader(path) as broken:
        answer = client_with(create_app(StationDouble(), broken), "token").get("/history")
    assert answer.status_code == 503
    assert "The database cannot be read" in answer.text
    assert "move it away" in answer.text
    assert REFRESH not in answer.text


def test_error_page_reloads_until_the_database_can_be_read(tmp_path: Path) -> None:
    """For example when a full disk has room again."""
    with Reader(tmp_path / "not there yet.db") as reader:
        answer = client_with(create_app(StationDouble(), reader), "token").get("/history")
    assert answer.status_code == 503
    assert REFRESH in answer.text


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
    """Not even after it was sent compressed."""
    first = get_compressed(client, "/static/page.css")
    assert first.headers["Content-Encoding"] == "gzip"
    assert get_compressed(client, "/static/page.css", {"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_readme_lists_every_route(station: StationDouble, store: Store) -> None:
    """Each route is in `web/README.md`, and each route there exists."""
    described = (ROOT / "web" / "README.md").read_text(encoding="utf-8")
    rules = {
        f"{method} {rule.rule}"
        for rule in create_app(station, store).url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST"}
    }
    assert {rule for rule in rules if f"`{rule}`" not in described} == set()
    named = {part for part in described.split("`") if part.startswith(("GET /", "POST /"))}
    assert named - rules == {"GET /events"}
