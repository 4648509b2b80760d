"""The pages in a real browser: phone and desktop, light and dark, by keys, without scripts, and with nothing heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from station.app.snapshot import CueView, Fault, HeelView, UnfinishedView
from station.config import Config, PageConfig
from station.core.events import BOTH_LEGS, CommandName, Side
from station.core.facts import CueName
from station.store import Store
from tests import browser
from tests.browser import DESKTOP, PHONE, PHONE_SMALL, Browser
from tests.station.store.histories import FIT
from tests.web.double import RecordedBoard, StationDouble
from tests.web.history import fill
from tests.web.years import years_of
from web.server.http import Server, open_page

pytestmark = pytest.mark.skipif(
    not browser.is_there(), reason="no browser here: apt-get install chromium chromium-driver"
)

PAGES = (
    *("/", "/live", "/board", "/progress", "/calibration", "/history"),
    *("/health-questions?again=", "/health-questions", "/plan", "/why"),
    *("/settings", "/sounds", "/sounds/learn", "/status", "/about", "/nowhere"),
    *("/exercises", "/exercises/4a", "/routines", "/routines/new", "/routines/new?from=full", "/help", "/help?q=heel"),
    *("/routines/daily/sheet", "/routines/full/sheet", "/sheets/position"),
)
TARGET, LIVE_TARGET = 44, 64
MOST_STOPS = 100
"""More stops than any page has, should the focus never come back to its beginning."""
HEELS = (HeelView(Side.LEFT, True, 1.0), HeelView(Side.RIGHT, True, 0.9))
HOLD: dict[str, Any] = {
    "activity": "hold",
    "phase": "hold",
    "side": Side.LEFT,
    "counting": "hold",
    "counted_us": 6_000_000,
    "target_us": 30_000_000,
    "rate": 1,
    "repetition": 2,
    "repetitions": 3,
    "toe_mm": 93.0,
    "heels": HEELS,
}
STATES: dict[str, dict[str, Any]] = {
    "idle": {},
    "hold": HOLD,
    "prepare": {**HOLD, "phase": "prepare", "counting": "prepare", "target_us": 10_000_000, "next_step": "Right leg"},
    "lifted": {**HOLD, "phase": "lifted", "rate": 0},
    "result": {"activity": "test", "phase": "result", "result_left_mm": 94.0, "result_right_mm": 101.2},
    "fault": {"phase": "fault", "troubles": (Fault("toe", "It does not answer: check the blue and yellow wire."),)},
    "block": {
        "activity": "calibrate",
        "phase": "block",
        "target_mm": 100.0,
        "repetition": 2,
        "repetitions": 6,
        "why": "Somebody stood on the board while a block was read: step off, and show it again",
    },
    "capture": {"activity": "calibrate", "phase": "capture", "counting": "capture", "target_us": 10_000_000, "rate": 1},
    "move": {"activity": "test", "phase": "move", "toe_mm": 93.0, "target_mm": 109.0, "verdict": "passed", "trial": 1},
    "felt": {"activity": "ask", "phase": "felt", "result_left_mm": 94.0, "result_right_mm": 101.2},
    "pain": {"activity": "ask", "phase": "pain", "result_left_mm": 94.0, "result_right_mm": 101.2},
    "exercise": {**HOLD, "exercise": "3b", "verified": True, "next_step": "hold", "next_exercise": "3c"},
    "ready": {**HOLD, "phase": "prepare", "side": BOTH_LEGS, "exercise": "3c", "target_us": 30_000_000},
    "both": {**HOLD, "phase": "lifted", "rate": 0, "side": BOTH_LEGS, "exercise": "3c", "verified": True},
    "pace": {
        "activity": "reps",
        "phase": "reps",
        "side": Side.LEFT,
        "count": 0,
        "target_count": 40,
        "exercise": "1a",
        "verified": False,
    },
    "quiz": {"activity": "lesson", "phase": "quiz", "claimed": CueName.SWITCH, "repetition": 2, "repetitions": 6},
    "left": {"rest": UnfinishedView("Daily", 700), "note": "Taken back, and heel taps are off again.", "undo_us": 1},
}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE_SMALL, DESKTOP], ids=["phone", "desktop"])
def test_every_page_fits_reads_and_can_be_touched(
    see: Callable[[str], Browser], window: Browser, store: Store, size: tuple[int, int], dark: bool
) -> None:
    """No page scrolls sideways, has a target under 44 px (64 on the phone's live page), or a contrast too low."""
    window.look(size, dark=dark)
    _, session = fill(store)
    person, _ = fill(store, days_ago=1, name="A person with quite a long name, as people have")
    store.add_calibration(FIT)
    store.add_answer(person.id, "health", {"yes": ["tendon_pain", "balance"], "no": []})
    store.add_answer(person.id, "pain", 7)
    store.save_plan(person.id, {"days": [[0, "07:30"], [3, "18:00"]], "routine": "daily", "zone": "UTC", "token": "t"})
    see("/").run("document.cookie = `person=${arguments[0]}`", person.id)
    for address in (*PAGES, f"/sessions/{session}"):
        least = LIVE_TARGET if address in ("/live", "/board") and size == PHONE_SMALL else TARGET
        assert see(address).layout_faults(least) == [], address


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE_SMALL, PHONE, DESKTOP], ids=["small", "phone", "desktop"])
def test_every_state_of_the_live_page_fits(
    see: Callable[[str], Browser], window: Browser, panel: StationDouble, size: tuple[int, int], dark: bool
) -> None:
    """In each state number, word and sentence are on the first screenful, and large enough for two metres."""
    window.look(size, dark=dark)
    for name, state in STATES.items():
        panel.show(**{**STATES["fault"], "troubles": (), "phase": "idle", **_blank(), **state})
        see("/live")
        window.settle(
            lambda: window.run("return document.getElementById('stage').dataset.digits"), "the stream is heard"
        )
        assert window.layout_faults(TARGET) == [], name
        low = window.run("return document.getElementById('sentence').getBoundingClientRect().bottom")
        assert low <= size[1], f"{name}: the sentence ends at {low}"
        asked = window.run("return document.getElementById('choices').getBoundingClientRect().bottom")
        assert asked <= size[1], f"{name}: the answers end at {asked}"
        number, word, least = window.run(
            "const px = id => parseFloat(getComputedStyle(document.getElementById(id)).fontSize);"
            "return [px('number'), px('word'), Math.min(innerWidth, innerHeight)]"
        )
        assert number >= (0.2 if name == "result" else 0.4) * least
        assert word >= 0.12 * least


def _blank() -> dict[str, Any]:
    fields = {key for state in STATES.values() for key in state} - {
        "troubles",
        "phase",
        "rate",
        "counted_us",
        "target_us",
    }
    return {**dict.fromkeys(fields - {"activity", "heels"}), "activity": "idle", "heels": (), "rate": 0}


def test_the_number_counts_on_by_itself(see: Callable[[str], Browser], window: Browser, panel: StationDouble) -> None:
    """In a hold the page counts down without being told, and stops when the station says that the heel is up."""
    panel.show(**HOLD)
    see("/live")
    window.settle(lambda: window.text("#number") == "23", "the page counts on by itself")
    panel.show(phase="lifted", rate=0, counted_us=7_400_000, heels=(HeelView(Side.LEFT, False, 0.0), HEELS[1]))
    window.settle(lambda: "HEEL DOWN" in window.text("#word"), "the page shows the lifted heel")
    assert window.text("#number") == "23"
    assert "left heel up" in window.text("#heels")
    colours = window.run(
        "const stage = getComputedStyle(document.getElementById('stage'));"
        "return [stage.backgroundColor, getComputedStyle(document.body).backgroundColor, stage.animationName]"
    )
    assert colours == ["rgb(0, 0, 0)", "rgb(255, 255, 255)", "none"]


def test_the_number_never_jumps_backwards(see: Callable[[str], Browser], window: Browser, panel: StationDouble) -> None:
    """When the station corrects by less than two seconds, the number waits instead of going back."""
    panel.show(**{**HOLD, "counted_us": 10_000_000, "rate": 0})
    see("/live")
    window.settle(lambda: window.text("#number") == "20", "the page shows the credited time")
    window.run(
        "window.seen = []; new MutationObserver(() => seen.push(+document.getElementById('number').textContent))"
        ".observe(document.getElementById('number'), {childList: true, characterData: true, subtree: true})"
    )
    panel.show(counted_us=9_300_000, rate=1)
    window.settle(lambda: window.text("#number") == "19", "the number goes on")
    assert window.run("return seen") == [19]


def test_preparing_looks_unlike_holding(see: Callable[[str], Browser], window: Browser, panel: StationDouble) -> None:
    """Digits are outlined before the clock runs, and filled while it does."""
    style = (
        "const one = getComputedStyle(document.getElementById('number')); return [one.color, one.webkitTextStrokeWidth]"
    )
    panel.show(**STATES["prepare"])
    see("/live")
    window.settle(lambda: window.run(style)[0] == "rgba(0, 0, 0, 0)", "the digits are outlined")
    assert window.run(style)[1] != "0px"
    panel.show(**HOLD)
    window.settle(lambda: window.run(style)[0] != "rgba(0, 0, 0, 0)", "the digits are filled")


def test_cue_badge_shows_playing_cue(see: Callable[[str], Browser], window: Browser, panel: StationDouble) -> None:
    """A cue that sounds is seen for a moment, as a shape and a word; one from before the page was opened is not."""
    panel.show(**HOLD, cue=CueView(1, CueName.GO, None, Side.LEFT, False))
    see("/live")
    window.settle(lambda: window.run("return document.getElementById('stage').dataset.digits"), "the stream is heard")
    assert window.text("#cue-badge") == ""
    window.settle(
        lambda: window.run("return performance.getEntriesByName(location.origin + '/sounds.json').length"),
        "sounds came",
    )
    panel.show(cue=CueView(2, CueName.HALFWAY, None, None, False))
    window.settle(lambda: "HALF" in window.text("#cue-badge"), "the cue is seen")
    window.settle(lambda: window.text("#cue-badge") == "", "and gone again")


def test_live_page_reports_missing_updates(
    see: Callable[[str], Browser], window: Browser, server: Server, panel: StationDouble
) -> None:
    """When nothing is heard for four seconds the page says so and counts no further."""
    panel.show(**HOLD)
    see("/live")
    window.settle(lambda: window.text("#number") == "23", "the page counts")
    server.stop()
    window.settle(lambda: "No update for 4 s" in window.text("#stale-notice"), "the page says that it hears nothing")
    stopped = window.text("#number")
    window.settle(lambda: "No update for 6 s" in window.text("#stale-notice"), "it goes on saying so")
    assert window.text("#number") == stopped
    window.errors()


def test_the_page_comes_back_by_itself(
    see: Callable[[str], Browser], window: Browser, server: Server, panel: StationDouble, store: Store
) -> None:
    """After the station was started again the open page goes on without being loaded."""
    panel.show(**HOLD)
    see("/live")
    window.settle(lambda: "HOLD" in window.text("#word"), "the page shows the hold")
    server.stop()
    again = open_page(panel, store, Config(page=PageConfig(port=server.port)))
    again.start()
    try:
        panel.show(phase="rest", counting=None, rate=0)
        window.settle(lambda: "REST" in window.text("#word"), "the page is back", bound_s=20.0)
        window.settle(lambda: window.text("#stale-notice") == "", "and says nothing of silence")
    finally:
        window.open("about:blank")
        again.stop()
    window.errors()


def test_announcements_are_rate_limited(see: Callable[[str], Browser], window: Browser, panel: StationDouble) -> None:
    """Changes of phase are told in a region that was there before; of three changes in a rush the last is told."""
    panel.show(**STATES["prepare"])
    see("/live")
    window.settle(lambda: window.run("return document.getElementById('stage').dataset.digits"), "the stream is heard")
    regions = "return ['status', 'alert'].map(id => document.getElementById(id).getAttribute('role')).join()"
    assert window.run(regions) == "status,alert"
    assert window.run("return document.getElementById('number').getAttribute('role')") == "timer"
    told = "window.told = []; new MutationObserver(() => told.push(document.getElementById('status').textContent))"
    window.run(f"{told}.observe(document.getElementById('status'), {{childList: true}})")
    panel.show(**HOLD)
    window.settle(lambda: window.run("return told.length") == 1, "the hold is told")
    panel.show(phase="rest", counting=None, rate=0)
    window.settle(lambda: "REST" in window.text("#word"), "the page shows the rest")
    panel.show(phase="switch")
    window.settle(lambda: window.run("return told.length") == 2, "the newest is told")
    said = window.run("return told")
    assert said[0].startswith("HOLD")
    assert said[1].startswith("OTHER SIDE")


def test_a_heel_that_stays_up_is_an_alert(see: Callable[[str], Browser], window: Browser, panel: StationDouble) -> None:
    """Two seconds after the heel came up it is told at once, and not before."""
    panel.show(**HOLD)
    see("/live")
    window.settle(lambda: "HOLD" in window.text("#word"), "the page shows the hold")
    panel.show(**STATES["lifted"])
    window.settle(lambda: "HEEL DOWN" in window.text("#word"), "the page shows the lifted heel")
    alert = "return document.getElementById('alert').textContent"
    assert window.run(alert) == ""
    window.settle(lambda: "Heel up" in window.run(alert), "the alert is given")


def test_buttons_work_without_leaving_the_page(
    see: Callable[[str], Browser], window: Browser, panel: StationDouble, board: RecordedBoard
) -> None:
    """Start, pause, stop and a side reach the panel while the page stays; what is refused is said."""
    see("/live")
    window.run("window.same = true")
    window.press('button[value="stretch"]')
    window.press('button[value="pause"]')
    window.press('button[value="right"]')
    window.settle(lambda: len(panel.said) == 2 and len(panel.started) == 1, "all three were heard")
    assert panel.said == [(CommandName.PAUSE, None), (CommandName.SIDE, Side.RIGHT)]
    assert window.run("return window.same")


def test_the_heel_is_up_while_the_button_is_held(
    see: Callable[[str], Browser], window: Browser, board: RecordedBoard
) -> None:
    """Pressing lifts, letting go lowers, with a finger and with a key."""
    see("/board")
    for down, up in (("pointerdown", "pointerup"), ("keydown", "keyup")):
        board.acts.clear()
        press = (
            "const button = document.querySelector('[data-press]'), kind = arguments[0];"
            "button.dispatchEvent(kind.startsWith('key') ? new KeyboardEvent(kind, {key: ' ', bubbles: true})"
            " : new PointerEvent(kind, {pointerId: 1, bubbles: true}))"
        )
        window.run("HTMLElement.prototype.setPointerCapture = () => {}")
        window.run(press, down)
        window.settle(lambda: board.acts == [("lift_heel", None)], "the heel is lifted")
        window.run(press, up)
        window.settle(lambda: board.acts[1:] == [("lower_heel", None)], "the heel is lowered")


def test_one_tap_gives_sound(see: Callable[[str], Browser], window: Browser) -> None:
    """The tap says what it got, and the sounds can be played."""
    see("/live").press("#sound-toggle")
    window.settle(lambda: "sound on" in window.text("#sound-state"), "sound is on")
    see("/sounds").press("button[data-tones]")


def test_the_six_questions_are_answered_by_keys(see: Callable[[str], Browser], window: Browser) -> None:
    """First whether it is heard; then each question plays its sound, and tells kindly what it was or that it is so."""
    see("/sounds/learn").run("window.played = []; station_sound.play = tones => played.push(JSON.stringify(tones))")
    means = window.run(
        "return Object.fromEntries([...document.querySelectorAll('[data-cue]')].map(one =>"
        " [JSON.stringify(JSON.parse(one.querySelector('button').dataset.tones)), one.dataset.means]))"
    )
    window.one("#begin").send_keys("\ue007")
    window.settle(lambda: "hear it?" in window.text("#quiz-question"), "the volume is asked for")
    window.one("#answers button:nth-child(2)").send_keys("\ue007")
    assert window.run("return station_sound.gainFactor") == 2
    window.settle(lambda: window.run("return played.length") == 2, "it is played louder")
    window.run("played = []")
    window.one("#answers button").send_keys("\ue007")
    for number in range(6):
        assert window.text("#quiz-question").startswith(f"Question {number + 1} of 6")
        window.settle(lambda: window.run("return played.length") == 1, "its sound is played")
        choices = window.all("#answers button:not(.replay)")
        assert len({choice.text for choice in choices}) == 4
        meant = means[window.run("return played.at(-1)")]
        other = number % 2 == 0
        next(choice for choice in choices if (choice.text != meant) is other).send_keys("\ue007")
        assert window.text("#quiz-question") == ("Not this one. Listen again:" if other else "Right.")
        assert window.text("#quiz-result").startswith(f"{meant}: ")
        assert window.run("return document.activeElement.id") == "quiz-question"
        if other:
            window.settle(lambda: window.run("return played.length") == 2, "it is played once more")
        window.run("played = []")
        window.one("#answers .next-question").send_keys("\ue007")
    assert window.text("#quiz-question") == "3 of 6 correct."
    assert "as you go" in window.text("#quiz-result")


@pytest.mark.parametrize(
    "address", ["/", "/live", "/settings", "/history", "/progress", "/exercises", "/routines", "/help"]
)
def test_everything_is_reached_by_keys(
    see: Callable[[str], Browser], window: Browser, store: Store, address: str
) -> None:
    """The tabulator key walks through every control, from the top, and where one is can be seen."""
    fill(store)
    see(address)
    walked: list[str] = []
    while not walked or not (walked[-1].startswith("body") or len(walked) > MOST_STOPS):
        walked.append(window.tab())
    assert walked[0].startswith("a Skip to content")
    assert [step for step in walked[:-1] if not step.endswith(" seen")] == []
    buttons = "button.getClientRects().length ? [button.innerText.trim()] : []"
    names = window.run(f"return [...document.querySelectorAll('button')].flatMap(button => {buttons})")
    assert {f"button {name} seen" for name in names} <= set(walked)


def test_the_pages_work_without_scripts(
    see: Callable[[str], Browser], window: Browser, store: Store, panel: StationDouble
) -> None:
    """Without scripts the state is there as it was at loading, the page says that it stands still, and forms work."""
    fill(store)
    panel.show(**HOLD)
    window.look(PHONE, scripts=False)
    try:
        see("/live")
        assert "HOLD" in window.one("#word").text
        assert window.one("#number").text == "24"
        assert "does not update" in window.one("noscript").text
        window.press('button[value="pause"]')
        window.settle(lambda: panel.said == [(CommandName.PAUSE, None)], "the button is heard")
        window.settle(lambda: window.driver.current_url.endswith("/live"), "the page is back")
    finally:
        window.look(PHONE)


@pytest.mark.parametrize("address", ["/", "/settings", "/sounds", "/sounds/learn", "/progress", "/calibration"])
def test_twice_the_size_still_fits(see: Callable[[str], Browser], window: Browser, address: str) -> None:
    """At 200 % on a phone of 320 px nothing scrolls sideways."""
    window.look((320, 640))
    see(address)
    window.run("document.documentElement.style.fontSize = '200%'")
    assert [fault for fault in window.layout_faults(TARGET) if "sideways" in fault] == []


def test_the_points_of_a_chart_are_walked_with_the_arrow_keys(
    see: Callable[[str], Browser], window: Browser, store: Store
) -> None:
    """Each point is said by the slider, seen in words, and marked in the picture; a tap on the picture goes to it."""
    years_of(store, 100, every=3.0)
    slider = see("/progress").one("figure input")
    newest = window.text("figure .point-text")
    slider.send_keys("\ue012")
    before = window.text("figure .point-text")
    assert before != newest
    assert slider.get_attribute("aria-valuetext") == before
    assert window.run("return document.querySelector('.cursor').getAttribute('d')")
    window.run("document.querySelector('figure svg').scrollIntoView({block: 'center'})")
    window.press("figure svg")
    assert window.text("figure .point-text") not in (newest, before)


def test_paper_has_no_buttons_and_no_colours(see: Callable[[str], Browser], window: Browser, store: Store) -> None:
    """A printed session is black on white, with its pictures and tables and without what is pressed."""
    _, session = fill(store)
    see(f"/sessions/{session}")
    window.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        colours, shown = window.run(
            "return [getComputedStyle(document.querySelector('.chart .left')).stroke,"
            "[...document.querySelectorAll('nav, button, .button')].filter(one => one.getClientRects().length).length]"
        )
    finally:
        window.look(PHONE)
    assert (colours, shown) == ("rgb(0, 0, 0)", 0)
