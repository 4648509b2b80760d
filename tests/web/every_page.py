"""Every page of the station, each kind once, in every situation that changes its look.

The pages come from the application's own addresses, so a new page is photographed and checked without a line here. What
an address does not reveal is listed below: variants, form responses, and moments of the live page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from station.advice.conditions import CONDITIONS
from station.app.access.roles import ACCESS_COOKIE
from station.app.board.bring_up_records import BringUpView, Question, Result
from station.clock import SystemClock
from station.config import Config, PageConfig
from station.settings import Settings
from station.store import Store
from station.system.demo_history import fill
from station.system.simulate import answer_no_to_all
from tests.browser import Browser
from tests.paired_browsers import agree_all, pair_browser
from tests.station.store.histories import FIT
from tests.web.double import RecordedBoard, StationDouble
from tests.web.history import add_session, add_test
from tests.web.live_states import HOLD, STATES
from web.api.problems import PREFIX
from web.app import create_app
from web.context import NOBODY, PERSON_COOKIE
from web.pages.simulated_board import CONTROL_GROUPS
from web.server.http import Server, open_page

NOT_PAGES = (".csv", ".json", ".zip", ".ics", ".svg", ".js", ".crt", "<path:filename>", "/end-card")
"""Endings of addresses that return a file, or a part of a page."""
TEN_WEEKS, NEW, TROUBLED, UNTESTED, BASELINE = "ten weeks", "new", "troubled", "untested", "baseline"
OWNERLESS = "ownerless"
"""The histories: the demonstration's with a session of today; none; a person with pain and conditions, and a session of
nobody known; a person before the first test; one after it, in a baseline; and a real board before its first pairing.
Their first start is at different steps: name, owner, plates and sensor, calibration.
"""
LONG_NAME = "A person with quite a long name, as people have"
CHOSEN, UNPAIRED = "the chosen person", "unpaired"
HEALTH_QUESTIONS, PAIN = "health", "pain"
IS_SETTLED = """
const stage = document.getElementById('stage')
return document.readyState === 'complete' && (!stage || stage.dataset.digits) && document.fonts.status === 'loaded'
"""
"""The page and everything it loads have arrived; the live page has its first state from the stream."""
SEND = """
const form = document.createElement('form')
form.method = 'post'
form.action = arguments[0]
for (const [name, value] of Object.entries(arguments[1])) {
  const field = document.createElement('input')
  Object.assign(field, {type: 'hidden', name, value})
  form.append(field)
}
document.body.append(form)
window.isLeft = true
form.submit()
"""
IS_ANSWERED = f"return !window.isLeft && (() => {{ {IS_SETTLED} }})()"


@dataclass(frozen=True, slots=True)
class View:
    """A page in one situation.

    `{session_id}`, `{key}` and `{routine_id}` in the address are filled in from the history. `person` is the one chosen
    in the browser: `CHOSEN`, `NOBODY`, or `None` for a new browser. `state` is the board's state; `is_end`: the newest
    session has just ended there. With a `form`, the page is the response to it.
    """

    name: str
    address: str
    history: str = TEN_WEEKS
    person: str | None = CHOSEN
    state: Mapping[str, Any] = field(default_factory=dict)
    is_end: bool = False
    form: Mapping[str, str] | None = None


@cache
def page_rules() -> tuple[tuple[str, str], ...]:
    """The name and the address pattern of every page that the application answers, in order of address."""
    with TemporaryDirectory() as scratch, Store.open(Path(scratch) / "rules.db", clock=SystemClock()) as store:
        rules = sorted(create_app(StationDouble(store, _board()), store).url_map.iter_rules(), key=lambda one: one.rule)
    return tuple(
        (_name(rule.endpoint), rule.rule.replace("<", "{").replace(">", "}"))
        for rule in rules
        if "GET" in (rule.methods or ()) and not rule.rule.endswith(NOT_PAGES) and not rule.rule.startswith(PREFIX)
    )


def _name(endpoint: str) -> str:
    """`routines.new` is `routines-new`; `plan.plan` and `health_questions.show` are the pages of their module."""
    module, function = endpoint.replace("_", "-").split(".")
    return module if function in (module, "show") else f"{module}-{function}"


SDA = "the wire of SDA, from GPIO 2 (place 3, plug J1 pole 3) to SDA of the VL53L0X, is open"
FOUND = (Result("distance sensor", False, "does not answer"), Result("left heel", True, "follows a press", "exercised"))
PRESS = Question(
    "left heel",
    "Next, press the left heel plate, firmly, with your hand, and let go: you have 4 seconds. Ready?",
    (("ready", "Ready"), ("skip", "Skip it")),
    picture="plate-inside.svg",
)
VOLTS = Question(
    "SDA",
    "SDA: measure from SDA of the VL53L0X (the far end) to ground. How many volts?",
    (("skip", "I cannot measure"),),
    takes_volts=True,
    picture="harness.svg",
)
BRING_UPS = {
    "probing": BringUpView(1, True),
    "press": BringUpView(3, True, results=FOUND[:1], question=PRESS),
    "volts": BringUpView(9, True, results=FOUND, question=VOLTS),
    "wrong": BringUpView(
        12, True, is_over=True, results=(*FOUND, Result("wiring", False, SDA, "named", ("harness.svg",)))
    ),
    "well": BringUpView(12, True, is_over=True, results=FOUND[1:]),
    "stopped": BringUpView(4, True, is_over=True, results=FOUND[:1], why="The check was stopped."),
}
VARIANTS = (
    View("exercises-filtered", "/exercises?place=calf"),
    View("exercise-still", "/exercises/10c?still"),
    View("routines-sheet-daily", "/routines/daily/sheet"),
    View("routines-sheet-full", "/routines/full/sheet"),
    View("routines-new-from-full", "/routines/new?from=full"),
    View("help-found", "/help?q=heel"),
    View("help-nothing-found", "/help?q=xyzzy"),
    View("progress-all", "/progress?range=all"),
    View("health-questions-again", "/health-questions?again="),
    View("health-questions-saved", "/health-questions?saved=&next=today&routine=daily", TROUBLED),
    View("error-not-found", "/nowhere"),
    View("error-form", "/start", form={"routine": "nothing of this name"}),
    View("plan-wrong", "/plan", form={"day0": "25:00", "zone": "Atlantis", "routine": "daily"}),
    View("routines-new-wrong", "/routines/new", form={"action": "save", "name": ""}),
    View("interrupt", "/start", state={**HOLD, "person_name": "Sam"}, form={"routine": "daily"}),
    View("pair-rhythm", "/pair", form={"name": LONG_NAME, "browser": "phone"}),
    View("pair-wrong", "/pair", form={"name": ""}),
    View("consent-rhythm", "/consent", form={"name": LONG_NAME}),
    View("blocked", "/start", TROUBLED, form={"routine": "daily"}),
    View("first-start-renamed", "/first-start?name=kitchen-board"),
    View("first-start-no-name", "/first-start?name=kitchen+board"),
    *(View(f"bring-up-{name}", "/bring-up", state={"bring_up": view}) for name, view in BRING_UPS.items()),
)
"""Pages that the application's addresses do not reveal."""
SITUATIONS = {
    "first-visit": (
        NEW,
        None,
        ("today", "live", "progress", "report", "history", "routines", "plan", "health-questions", "why"),
    ),
    "unpaired": (TEN_WEEKS, UNPAIRED, ("today", "live", "more", "status", "progress")),
    "nobody": (TEN_WEEKS, NOBODY, ("today", "live", "progress", "report", "history", "plan", "health-questions")),
    "troubled": (
        TROUBLED,
        CHOSEN,
        ("today", "live", "progress", "report", "history", "plan", "why", "health-questions", "calibration"),
    ),
    "untested": (UNTESTED, CHOSEN, ("today", "first-start")),
    "baseline": (BASELINE, CHOSEN, ("today", "history-session", "people", "why", "first-start")),
    "ownerless": (OWNERLESS, UNPAIRED, ("first-start", "bring-up", "pairing-pair")),
    "whose": (TROUBLED, NOBODY, ("today", "live", "progress")),
}
"""For each situation: its history, the person chosen, and the pages that look different."""


def views() -> tuple[View, ...]:
    """Every page, by name: of the demonstration, in other situations, and at many moments on the board."""
    addresses = dict(page_rules())
    pages = [View(name, address) for name, address in addresses.items()]
    others = [
        View(f"{name}-{situation}", addresses[name], history, person)
        for situation, (history, person, names) in SITUATIONS.items()
        for name in names
    ]
    moments = [View(f"live-{name}", "/live", state=state) for name, state in STATES.items()]
    ends = [
        View("live-end-card", "/live", state={"activity": "hold", "phase": "done"}, is_end=True),
        View("live-end-card-whose", "/live", TROUBLED, state={"activity": "test", "phase": "result"}, is_end=True),
        View("live-claimed", "/live?claimed={session_id}"),
        View("today-running", "/", state=HOLD),
    ]
    return tuple(sorted((*pages, *VARIANTS, *others, *moments, *ends), key=lambda view: view.name))


@dataclass(frozen=True, slots=True)
class Place:
    """A station with one history: its page's server, its board, and the values for addresses."""

    server: Server
    station: StationDouble
    person_id: str | None
    token: str
    """The token of a paired browser."""
    arguments: Mapping[str, str]

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"


@contextmanager
def open_places(directory: Path) -> Iterator[dict[str, Place]]:
    """Serve each history on a port of its own."""
    with ExitStack() as opened:
        places = {}
        for history, prepare in HISTORIES.items():
            path = directory / f"{history.replace(' ', '-')}.db"
            store = opened.enter_context(Store.open(path, clock=SystemClock()))
            person_id, arguments = prepare(store)
            station = StationDouble(store, None if history == OWNERLESS else _board())
            server = open_page(station, store, Config(page=PageConfig(port=0)))
            server.start()
            opened.callback(server.stop)
            token = "" if history == OWNERLESS else pair_browser(store)
            agree_all(store, token)
            of_person = {} if person_id is None else {"person_id": person_id}
            places[history] = Place(server, station, person_id, token, {**arguments, **of_person})
        yield places


def show(window: Browser, places: Mapping[str, Place], view: View) -> None:
    """Open the view and wait until everything has loaded."""
    place = places[view.history]
    newest = {"session_id": place.arguments["session_id"]} if view.is_end else {}
    place.station.show_only(simulated=True, **newest, **view.state)
    window.clear_cookies()
    person_id = place.person_id if view.person == CHOSEN else view.person
    if person_id != UNPAIRED:
        window.set_cookie(place.origin, ACCESS_COOKIE, place.token)
        if person_id is not None:
            window.set_cookie(place.origin, PERSON_COOKIE, person_id)
    address = place.origin + view.address.format(**place.arguments)
    if view.form is None:
        window.open(address)
        window.wait_until(lambda: window.run(IS_SETTLED), f"{view.name} is loaded")
        return
    window.open(f"{place.origin}/about")
    window.run(SEND, address, dict(view.form))
    window.wait_until(lambda: window.run(IS_ANSWERED), f"{view.name} is answered")


def _board() -> RecordedBoard:
    return RecordedBoard(tuple(control.command for _, known in CONTROL_GROUPS for control in known))


def _ten_weeks(store: Store) -> tuple[str, dict[str, str]]:
    """The demonstration's history with a session today, a plan and an own routine."""
    fill(store)
    person = store.people()[0]
    for one in store.people():
        answer_no_to_all(store, one.id)
    add_session(store, days_ago=2, name=person.name)
    _, session_id = add_session(store, name=person.name)
    store.add_calibration(FIT)
    store.save_plan(person.id, _plan([[0, "18:00"], [2, "18:00"], [4, "18:00"]], "proposed"))
    items: list[dict[str, Any]] = [{"exercise": "3b"}, {"rest_s": 20}, {"exercise": "4a"}, {"test": "quick"}]
    routine_id = store.save_routine(None, person.id, "Mine", items)
    return person.id, {"session_id": session_id, "routine_id": routine_id, "key": "4a"}


def _new(store: Store) -> tuple[None, dict[str, str]]:
    return None, {}


def _ownerless(store: Store) -> tuple[None, dict[str, str]]:
    store.save_settings(Settings(first_start="name"))
    return None, {}


def _troubled(store: Store) -> tuple[str, dict[str, str]]:
    """A person with a long name, conditions and pain of 7, and a later session of nobody known."""
    person, _ = add_session(store, days_ago=1, name=LONG_NAME)
    store.add_person("Sam")
    yes = ["tendon_pain", "balance"]
    no = [one.key for one in CONDITIONS if one.follow_up_of is None and one.key not in yes]
    store.add_answer(person.id, HEALTH_QUESTIONS, {"yes": yes, "no": no})
    store.add_answer(person.id, PAIN, 7)
    store.save_plan(person.id, _plan([[0, "07:30"], [3, "18:00"]], "daily"))
    began = datetime.now(UTC) - timedelta(minutes=20)
    nobody = store.begin_session(None, began, simulated=True)
    add_test(store, nobody, began)
    store.end_session(nobody, began + timedelta(minutes=4), "stepped off")
    return person.id, {"session_id": nobody}


def _untested(store: Store) -> tuple[str, dict[str, str]]:
    """A person who has answered the health questions and nothing else."""
    person_id = store.add_person("Ada").id
    answer_no_to_all(store, person_id)
    store.save_settings(Settings(first_start="name"))
    return person_id, {}


def _baseline(store: Store) -> tuple[str, dict[str, str]]:
    """A person after the first test of a baseline, who is asked how they test."""
    person_id, _ = _untested(store)
    store.save_settings(Settings(first_start="name,board"))
    began = datetime.now(UTC) - timedelta(minutes=20)
    store.add_answer(person_id, "baseline", True, answered_at=began)
    session_id = store.begin_session(person_id, began, simulated=True)
    add_test(store, session_id, began)
    store.answer_test(store.tests(person_id)[0].id, felt_places=["calf"], pain=0)
    store.end_session(session_id, began + timedelta(minutes=4), "stepped off")
    return person_id, {"session_id": session_id}


HISTORIES = {
    TEN_WEEKS: _ten_weeks,
    NEW: _new,
    TROUBLED: _troubled,
    UNTESTED: _untested,
    BASELINE: _baseline,
    OWNERLESS: _ownerless,
}


def _plan(days: list[list[Any]], routine: str) -> dict[str, Any]:
    return {"days": days, "routine": routine, "zone": "UTC", "token": "t"}
