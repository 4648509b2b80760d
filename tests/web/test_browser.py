"""The pages in a real browser: phone and desktop, light and dark, by keyboard, without scripts, without updates."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from station.app.access.roles import PRESENCE
from station.app.snapshot import CueView, Fault, HeelView
from station.clock import SystemClock
from station.config import Config, PageConfig
from station.core.events import SECOND_US, CommandName, Side
from station.core.facts import CueName
from station.store import Store
from station.store.backups.backup import back_up, backups_of
from tests import browser
from tests.browser import PHONE, Browser
from tests.web.double import RecordedBoard, StationDouble
from tests.web.history import add_session
from tests.web.live_states import HEELS, HOLD, STATES
from tests.web.years import add_years_of_tests
from web.server.http import Server, open_page

pytestmark = pytest.mark.skipif(
    not browser.is_available(), reason="no browser here: apt-get install chromium chromium-driver"
)

HASTY = """
window.looks = 0
const ask = window.fetch, wait = window.setTimeout
window.fetch = (...all) => { window.looks += 1; return ask(...all) }
window.setTimeout = (act, ms) => wait(act, ms / 100)
"""
"""A page that waits for nothing long, and counts what it fetches."""
COUNTED_DOWN = [str(left_s) for left_s in range(4, 24)]
"""What the page may show of `HOLD` without an update, from the first change until the last three seconds."""
IS_ON_TOP = """
const box = document.querySelector(arguments[0]).getBoundingClientRect()
const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
return there !== null && there.closest(arguments[0]) !== null
"""
"""Whether an element is visible without scrolling, and nothing covers its middle."""
MOST_STOPS = 100
"""More tab stops than any page has, in case the focus never returns to the start."""


def test_hold_counts_down_between_updates(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble
) -> None:
    """The page counts down without updates, and stops when the heel is up."""
    visit("/live")
    station.show(**HOLD)
    window.wait_until(lambda: window.text("#number") in COUNTED_DOWN, "the page counts down")
    station.show(phase="lifted", rate=0, counted_us=27_400_000, heels=(HeelView(Side.LEFT, False, 0.0), HEELS[1]))
    window.wait_until(lambda: "HEEL DOWN" in window.text("#word"), "the page shows the lifted heel")
    assert window.text("#number") == "3"
    assert "left heel up" in window.text("#heels")
    colours = window.run(
        "const stage = getComputedStyle(document.getElementById('stage'));"
        "return [stage.backgroundColor, getComputedStyle(document.body).backgroundColor, stage.animationName]"
    )
    assert colours == ["rgb(0, 0, 0)", "rgb(246, 244, 239)", "none"]


def test_number_never_jumps_back(visit: Callable[[str], Browser], window: Browser, station: StationDouble) -> None:
    """A correction of less than two seconds makes the number wait."""
    station.show(**{**HOLD, "counted_us": 10_000_000, "rate": 0})
    visit("/live")
    window.wait_until(lambda: window.text("#number") == "20", "the page shows the credited time")
    window.record("number")
    station.show(counted_us=9_300_000, rate=1)
    seen = [20, *map(int, window.wait_until(lambda: window.run("return seen"), "the number continues"))]
    assert seen == sorted(set(seen), reverse=True)


def test_digits_are_outlined_until_clock_runs(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble
) -> None:
    style = (
        "const one = getComputedStyle(document.getElementById('number')); return [one.color, one.webkitTextStrokeWidth]"
    )
    station.show(**STATES["prepare"])
    visit("/live")
    window.wait_until(lambda: window.run(style)[0] == "rgba(0, 0, 0, 0)", "the digits are outlined")
    assert window.run(style)[1] != "0px"
    station.show(**HOLD)
    window.wait_until(lambda: window.run(style)[0] != "rgba(0, 0, 0, 0)", "the digits are filled")


def test_cue_badge_shows_playing_cue(visit: Callable[[str], Browser], window: Browser, station: StationDouble) -> None:
    """A cue is shown for a moment as a shape and a word; a cue older than the page is not."""
    station.show(**HOLD, cue=CueView(1, CueName.GO, None, Side.LEFT, False))
    visit("/live")
    window.wait_until(
        lambda: window.run("return document.getElementById('stage').dataset.digits"), "the stream arrives"
    )
    assert window.text("#cue-badge") == ""
    window.wait_until(
        lambda: window.run("return performance.getEntriesByName(location.origin + '/api/v1/sounds').length"),
        "sounds came",
    )
    window.record("cue-badge")
    station.show(cue=CueView(2, CueName.HALFWAY, None, None, False))
    seen = window.wait_until(lambda: window.run("return seen"), "the cue is seen")
    assert "HALF" in seen[0]
    window.wait_until(lambda: window.text("#cue-badge") == "", "the cue is gone")


def test_live_page_reports_missing_updates(
    visit: Callable[[str], Browser], window: Browser, server: Server, station: StationDouble
) -> None:
    """After four seconds without an update the page says so and stops counting."""
    visit("/live")
    station.show(**HOLD)
    window.wait_until(lambda: window.text("#number") in COUNTED_DOWN, "the page counts")
    server.stop()
    silent_s = window.wait_until(lambda: silence_s(window), "the page reports missing updates")
    assert silent_s >= 4
    stopped = window.text("#number")
    assert stopped != "0"
    window.wait_until(lambda: (silence_s(window) or 0) >= silent_s + 2, "the notice counts up")
    assert window.text("#number") == stopped
    window.console_errors()


def silence_s(window: Browser) -> int | None:
    """How long the page says that it has had no update."""
    found = re.search(r"No update for (\d+)\ss\.", window.text("#stale-notice"))
    return None if found is None else int(found[1])


def test_live_page_reconnects_after_station_restart(
    visit: Callable[[str], Browser], window: Browser, server: Server, station: StationDouble, store: Store
) -> None:
    """The open page continues without a reload."""
    station.show(**HOLD)
    visit("/live")
    window.wait_until(lambda: "HOLD" in window.text("#word"), "the page shows the hold")
    server.stop()
    again = open_page(station, store, Config(page=PageConfig(port=server.port)))
    again.start()
    try:
        station.show(phase="rest", counting=None, rate=0)
        window.wait_until(lambda: "REST" in window.text("#word"), "the page is back", bound_s=20.0)
        window.wait_until(lambda: window.text("#stale-notice") == "", "the notice is gone")
    finally:
        window.open("about:blank")
        again.stop()
    window.console_errors()


def test_status_opens_after_a_restore_once_the_board_is_another(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble, store: Store
) -> None:
    """The board's last state before its restart does not count: a slow one sends nothing newer for a while."""
    back_up(store.path, backups_of(store.path), date(2026, 3, 2))
    visit("/more")
    for device in store.devices():
        store.note_presence(device.id, datetime.now(UTC) + PRESENCE)
    visit("/restore")
    window.click("form[action$=look] button")
    window.wait_until(lambda: "Nothing has changed yet" in window.text("main"), "the preview")
    station.show(at_us=SystemClock().now_us() - 3 * SECOND_US)
    with window.prepared(HASTY):
        window.click("form[action$=replace] button")
        window.wait_until(lambda: window.text("h1") == "Restoring the backup", "the page that waits")
        window.wait_until(lambda: window.run("return looks") > 1, "it has looked for the board twice")
    station.show()
    window.wait_until(lambda: window.run("return location.pathname") == "/status", "Status")


def test_announcements_are_rate_limited(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble
) -> None:
    """Phase changes go to an existing live region; of changes within three seconds only the last is announced."""
    station.show(**STATES["prepare"])
    visit("/live")
    window.wait_until(
        lambda: window.run("return document.getElementById('stage').dataset.digits"), "the stream arrives"
    )
    regions = "return ['status', 'alert'].map(id => document.getElementById(id).getAttribute('role')).join()"
    assert window.run(regions) == "status,alert"
    assert window.run("return document.getElementById('number').getAttribute('role')") == "timer"
    window.record("status")
    window.stop_clock()
    station.show(**HOLD)
    window.wait_until(lambda: "HOLD" in window.text("#word"), "the page shows the hold")
    window.ring_timers()
    station.show(phase="rest", counting=None, rate=0)
    window.wait_until(lambda: "REST" in window.text("#word"), "the page shows the rest")
    station.show(phase="switch")
    window.wait_until(lambda: "OTHER SIDE" in window.text("#word"), "the page shows the switch")
    assert 3_000 in window.ring_timers()
    assert [one.partition(".")[0] for one in window.run("return seen")] == ["HOLD", "OTHER SIDE"]


def test_heel_up_alert_follows_after_two_seconds(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble
) -> None:
    station.show(**HOLD)
    visit("/live")
    window.wait_until(lambda: "HOLD" in window.text("#word"), "the page shows the hold")
    window.stop_clock()
    station.show(**STATES["lifted"])
    window.wait_until(lambda: "HEEL DOWN" in window.text("#word"), "the page shows the lifted heel")
    alert = "return document.getElementById('alert').textContent"
    assert window.run(alert) == ""
    assert 2_000 in window.ring_timers()
    assert "Heel up" in window.run(alert)


def test_fault_in_the_sentence_is_not_listed_again_but_announced(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble
) -> None:
    """Of two faults the sentence names one; both are announced, live and in a page that was just loaded."""
    sensor = Fault("distance sensor", "The distance sensor does not answer: check its cable.")
    buzzer = Fault("buzzer", "The buzzer is silent.")
    visit("/live")
    station.show(activity="test", phase="fault", faults=(sensor, buzzer))
    window.wait_until(lambda: sensor.sentence in window.text("#stage"), "the page names the fault")
    assert window.text("#faults") == f"{buzzer.part}: {buzzer.sentence}"
    alert = window.run("return document.getElementById('alert').textContent")
    assert alert == f"{sensor.sentence} {buzzer.sentence}"
    visit("/live")
    assert window.text("#faults") == f"{buzzer.part}: {buzzer.sentence}"


def test_buttons_send_commands_without_leaving_page(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble, board: RecordedBoard
) -> None:
    """Start, pause and a side reach the station while the page stays."""
    visit("/live")
    window.run("window.same = true")
    window.click('button[value="stretch"]')
    window.wait_until(lambda: len(station.started) == 1, "the start arrives")
    station.show(**HOLD)
    window.wait_until(lambda: window.text("#pause"), "the hold is seen")
    window.click('button[value="pause"]')
    window.click('button[value="right"]')
    window.wait_until(lambda: len(station.commands) == 2 and len(station.started) == 1, "all three arrive")
    assert station.commands == [(CommandName.PAUSE, None), (CommandName.SIDE, Side.RIGHT)]
    assert window.run("return window.same")


def test_heel_is_up_while_button_is_held(
    visit: Callable[[str], Browser], window: Browser, board: RecordedBoard
) -> None:
    """Pressing lifts and releasing lowers, by pointer and by key."""
    visit("/board")
    for down, up in (("pointerdown", "pointerup"), ("keydown", "keyup")):
        board.acts.clear()
        press = (
            "const button = document.querySelector('[data-press]'), kind = arguments[0];"
            "button.dispatchEvent(kind.startsWith('key') ? new KeyboardEvent(kind, {key: ' ', bubbles: true})"
            " : new PointerEvent(kind, {pointerId: 1, bubbles: true}))"
        )
        window.run("HTMLElement.prototype.setPointerCapture = () => {}")
        window.run(press, down)
        window.wait_until(lambda: board.acts == [("lift_heel", None)], "the heel is lifted")
        window.run(press, up)
        window.wait_until(lambda: board.acts[1:] == [("lower_heel", None)], "the heel is lowered")


def test_one_tap_enables_sound(visit: Callable[[str], Browser], window: Browser) -> None:
    """The page confirms it, and the sounds can be played."""
    visit("/live").click("#sound-toggle")
    window.wait_until(lambda: "sound on" in window.text("#sound-state"), "sound is on")
    visit("/sounds").click("button[data-tones]")


def test_sound_quiz_is_answered_by_keyboard(visit: Callable[[str], Browser], window: Browser) -> None:
    """The volume is checked first; then each of six questions plays its sound, and a wrong answer plays it again."""
    visit("/sounds/learn").run("window.played = []; station_sound.play = tones => played.push(JSON.stringify(tones))")
    means = window.run(
        "return Object.fromEntries([...document.querySelectorAll('[data-cue]')].map(one =>"
        " [JSON.stringify(JSON.parse(one.querySelector('button').dataset.tones)), one.dataset.means]))"
    )
    window.find("#begin").send_keys("\ue007")
    window.wait_until(lambda: "hear it?" in window.text("#quiz-question"), "the volume is checked")
    window.find("#answers button:nth-child(2)").send_keys("\ue007")
    assert window.run("return station_sound.gainFactor") == 2
    window.wait_until(lambda: window.run("return played.length") == 2, "it is played louder")
    window.run("played = []")
    window.find("#answers button").send_keys("\ue007")
    for number in range(6):
        assert window.text("#quiz-question").startswith(f"Question {number + 1} of 6")
        window.wait_until(lambda: window.run("return played.length") == 1, "its sound is played")
        choices = window.find_all("#answers button:not(.replay)")
        assert len({choice.text for choice in choices}) == 4
        meant = means[window.run("return played.at(-1)")]
        other = number % 2 == 0
        next(choice for choice in choices if (choice.text != meant) is other).send_keys("\ue007")
        assert window.text("#quiz-question") == ("Not this one. Listen again:" if other else "Right.")
        assert window.text("#quiz-result").startswith(f"{meant}: ")
        assert window.run("return document.activeElement.id") == "quiz-question"
        if other:
            window.wait_until(lambda: window.run("return played.length") == 2, "it is played once more")
        window.run("played = []")
        window.find("#answers .next-question").send_keys("\ue007")
    assert window.text("#quiz-question") == "3 of 6 correct."
    assert "as you go" in window.text("#quiz-result")


@pytest.mark.parametrize(
    "address", ["/", "/live", "/settings", "/history", "/progress", "/exercises", "/routines", "/help"]
)
def test_every_control_is_reached_by_tab_with_visible_focus(
    visit: Callable[[str], Browser], window: Browser, store: Store, address: str
) -> None:
    """Tab walks through every control from the top, and the focus is always visible."""
    add_session(store)
    visit(address)
    walked: list[str] = []
    while not walked or not (walked[-1].startswith("body") or len(walked) > MOST_STOPS):
        walked.append(window.press_tab())
    assert walked[0].startswith("a Skip to content")
    assert [step for step in walked[:-1] if not step.endswith(" seen")] == []
    buttons = "button.getClientRects().length ? [button.innerText.trim()] : []"
    names = window.run(f"return [...document.querySelectorAll('button')].flatMap(button => {buttons})")
    assert {f"button {name} seen" for name in names} <= set(walked)


def test_live_page_works_without_scripts(
    visit: Callable[[str], Browser], window: Browser, store: Store, station: StationDouble
) -> None:
    """The state is that at load time, the page says that it does not update, and forms work."""
    add_session(store)
    station.show(**HOLD)
    window.emulate(PHONE, scripts=False)
    try:
        visit("/live")
        assert "HOLD" in window.find("#word").text
        assert window.find("#number").text == "24"
        assert window.find("#bar").get_property("value") == 200
        assert "does not update" in window.find("noscript").text
        assert window.run(IS_ON_TOP, "noscript p"), "neither the fold of the screen nor the dock hides it"
        window.click('button[value="pause"]')
        window.wait_until(lambda: station.commands == [(CommandName.PAUSE, None)], "the command arrives")
        window.wait_until(lambda: window.driver.current_url.endswith("/live"), "the page is back")
    finally:
        window.emulate(PHONE)


def test_line_for_a_hidden_stage_has_a_number_only_if_the_stage_shows_one(
    visit: Callable[[str], Browser], window: Browser, store: Store, station: StationDouble
) -> None:
    """At the foot of the screen, while the stage is scrolled out of sight."""
    add_session(store)
    station.show(**HOLD)
    visit("/live")
    window.click("#more summary")
    window.run("scrollTo(0, document.documentElement.scrollHeight)")
    window.wait_until(lambda: "HOLD" in window.text("#mini"), "the line is there")
    assert re.fullmatch("\u25cf \\d+ HOLD", window.text("#mini"))
    station.show(**{**STATES["lay"], "side": None})
    window.wait_until(lambda: window.text("#mini") == "SLOPE", "the question mark that nobody sees is left out")


def test_arrow_keys_walk_through_chart_points(visit: Callable[[str], Browser], window: Browser, store: Store) -> None:
    """Each test has a slider text for both sides, and a marker in the chart; a tap on the chart selects a test."""
    add_years_of_tests(store, 100, every=3.0)
    slider = visit("/progress").find("figure input")
    newest = window.text("figure .point-text")
    assert "left" in newest
    assert "right" in newest
    slider.send_keys("\ue012")
    before = window.text("figure .point-text")
    assert before != newest
    assert slider.get_attribute("aria-valuetext") == before
    assert window.run("return document.querySelector('.cursor').getAttribute('d')")
    window.run("document.querySelector('figure svg').scrollIntoView({block: 'center'})")
    window.click("figure svg")
    assert window.text("figure .point-text") not in (newest, before)


def test_printed_session_is_black_on_white_without_buttons(
    visit: Callable[[str], Browser], window: Browser, store: Store
) -> None:
    """Its charts and tables are printed."""
    _, session = add_session(store)
    visit(f"/sessions/{session}")
    window.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        colours, shown = window.run(
            "return [getComputedStyle(document.querySelector('.chart .left')).stroke,"
            "[...document.querySelectorAll('nav, button, .button')].filter(one => one.getClientRects().length).length]"
        )
    finally:
        window.emulate(PHONE)
    assert (colours, shown) == ("rgb(0, 0, 0)", 0)
