"""The look of the live page in a browser: sizes on four devices, the band of colour, the mode, the wall display."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from station.catalogue.read import exercises
from station.core.events import CommandName, Side
from tests import browser
from tests.browser import DESKTOP, PHONE, PHONE_SMALL, Browser
from tests.web.double import StationDouble
from tests.web.live_states import HOLD, ON_BOARD, STATES

pytestmark = pytest.mark.skipif(
    not browser.is_available(), reason="no browser here: apt-get install chromium chromium-driver"
)

TARGET = 44
MM_PER_PX = {PHONE: 25.4 / 153, (844, 390): 25.4 / 153, DESKTOP: 25.4 / 149, (1920, 1080): 25.4 / 69}
"""A 6.1-inch phone upright and sideways, a 10.1-inch tablet, a 32-inch television: millimetres per CSS pixel."""
LEAST_CAPITAL_MM = 9.0
"""Sixteen minutes of arc at two metres."""
READ_FROM_BOARD = """
const ids = ['number', 'results', 'unit', 'caption', 'side', 'word', 'brief', 'next']
const texts = ids.map(id => document.getElementById(id))
const seen = texts.filter(one => one.textContent.trim() && one.getClientRects().length)
const pen = document.createElement('canvas').getContext('2d')
const capital = one => {
  const style = getComputedStyle(one)
  pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`
  return pen.measureText('H').actualBoundingBoxAscent
}
const drawn = document.querySelectorAll('#live-picture > svg, #exercise')
const pictures = [...drawn].filter(one => one.getClientRects().length)
const dock = document.getElementById('dock').getBoundingClientRect()
const at = one => { const box = one.getBoundingClientRect(); return [box.left, box.top, box.right, box.bottom] }
return {
  capitals: Object.fromEntries(seen.map(one => [one.id, capital(one)])),
  boxes: [...seen, ...pictures].map(one => [one.id || 'picture', ...at(one)]),
  wide: seen.filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth).map(one => one.id),
  dock: [dock.left, dock.top], sentence: getComputedStyle(document.getElementById('sentence')).position
}
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE_SMALL, PHONE, DESKTOP], ids=["small", "phone", "desktop"])
def test_every_live_state_fits_first_viewport(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble, size: tuple[int, int], dark: bool
) -> None:
    """Number, word and sentence are in the first viewport, and large enough to read from two metres."""
    window.emulate(size, dark=dark)
    for name, state in STATES.items():
        station.show_only(**state)
        visit("/live")
        window.wait_until(
            lambda: window.run("return document.getElementById('stage').dataset.digits"), "the stream arrives"
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


@pytest.mark.parametrize("size", MM_PER_PX, ids=["phone", "lying", "tablet", "tv"])
def test_text_read_from_the_board_has_capitals_of_9_mm(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble, size: tuple[int, int]
) -> None:
    """On each device, in each state and before each exercise: large enough, whole, not overlapping, and beside the
    dock.
    """
    window.emulate(size)
    before = {f"before {key}": {**STATES["ready"], "exercise": key, "side": Side.RIGHT} for key in exercises()}
    for name, state in {**ON_BOARD, **before}.items():
        station.show_only(**state)
        visit("/live")
        window.wait_until(
            lambda: window.run(
                "return document.readyState === 'complete' && document.getElementById('stage').dataset.digits"
            ),
            "the stream arrives, and every script has run",
        )
        window.run("document.getElementById('voice-offer').remove()")
        read = window.run(READ_FROM_BOARD)
        assert "word" in read["capitals"], name
        small = {part: px * MM_PER_PX[size] for part, px in read["capitals"].items()}
        assert min(small.values()) >= LEAST_CAPITAL_MM, (name, small)
        assert (read["wide"], read["sentence"]) == ([], "absolute"), name
        _assert_apart(name, read["boxes"], size, *read["dock"])


def _assert_apart(name: str, boxes: list[Any], size: tuple[int, int], dock_left: float, dock_top: float) -> None:
    for number, (what, left, top, right, bottom) in enumerate(boxes):
        assert left >= 0, (name, what)
        assert top >= 0, (name, what)
        assert right <= size[0], (name, what)
        assert bottom <= size[1], (name, what)
        assert bottom <= dock_top or right <= dock_left, (name, what, bottom, dock_top)
        for other, a, b, c, d in boxes[number + 1 :]:
            assert right <= a + 1 or left >= c - 1 or bottom <= b + 1 or top >= d - 1, (name, what, other)


BAND = """
const stage = getComputedStyle(document.getElementById('stage')), colour = stage.boxShadow.match(/rgba?\\([^)]*\\)/)[0]
const light = text => text.match(/[\\d.]+/g).slice(0, 3).map(one => one / 255)
  .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
  .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0.05)
const [a, b] = [light(colour), light(stage.backgroundColor)]
return [colour, Math.max(a, b) / Math.min(a, b)]
"""


COVERED = """
const badge = document.getElementById('cue-badge')
badge.textContent = arguments[0]
badge.hidden = false
const a = badge.getBoundingClientRect()
const stage = ['number', 'caption', 'unit', 'side', 'word', 'brief', 'live-picture']
return [...stage, 'voice-on', 'confirm', 'pause', 'stop', 'pain-report'].filter(id => {
  const one = document.getElementById(id), b = one && one.getBoundingClientRect()
  return b && b.width && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}).concat(a.left < 0 || a.right > innerWidth || a.top < 0 ? ['outside'] : [])
"""


@pytest.mark.parametrize("kiosk", ["", "?kiosk"], ids=["page", "wall display"])
@pytest.mark.parametrize("size", [PHONE_SMALL, *MM_PER_PX], ids=["small", "phone", "lying", "tablet", "tv"])
def test_name_of_a_sound_covers_nothing(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble, size: tuple[int, int], kiosk: str
) -> None:
    """While a sound plays its name is shown beside the stage's number and words, not on them."""
    window.emulate(size)
    for name in ("hold", "prepare", "attempt", "wait", "result", "lifted"):
        station.show_only(**{**STATES, **ON_BOARD}[name])
        visit(f"/live{kiosk}")
        window.wait_until(
            lambda: window.run("return document.getElementById('stage').dataset.digits"), "the stream arrives"
        )
        assert window.run(COVERED, "\u25bc HEEL DOWN") == [], name


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_band_of_colour_shows_prepare_work_and_rest(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble, dark: bool
) -> None:
    """Three colours, each 3:1 against the stage; only a lifted heel inverts the screen."""
    window.emulate(PHONE, dark=dark)
    station.show(**HOLD)
    visit("/live")
    colours = set()
    for state, word in ((STATES["prepare"], "READY"), (HOLD, "HOLD"), (ON_BOARD["between"], "REST")):
        station.show(**state)
        window.wait_until(partial(_shows, window, word), "the phase is shown")
        colour, contrast = window.run(BAND)
        colours.add(colour)
        assert contrast >= 3
    assert len(colours) == 3
    station.show(**STATES["lifted"])
    window.wait_until(lambda: "HEEL DOWN" in window.text("#word"), "the lifted heel is shown")
    assert window.run(BAND)[0] == "rgba(0, 0, 0, 0)"


def _shows(window: Browser, word: str) -> bool:
    return word in window.text("#word")


@pytest.mark.parametrize("address", ["/live", "/board"])
def test_live_page_is_a_mode(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble, address: str
) -> None:
    """No menu, one exit; the stage and the dock fill the screen; the rest is folded below them."""
    station.show(**HOLD)
    visit(address)
    assert window.find_all("nav, .chip") == []
    assert window.find(".leave a").get_attribute("href").endswith("/")
    stage_top, stage_bottom, dock_top = window.run(
        "const box = id => document.getElementById(id).getBoundingClientRect();"
        "return [box('stage').top, box('stage').bottom, box('dock').top]"
    )
    assert stage_top <= 44
    assert abs(stage_bottom - dock_top) <= 2
    folded = window.run(
        "return [...document.querySelectorAll('details:not([open]) > summary')].map(one => one.innerText)"
    )
    assert folded == ["It hurts", "Other routines, person, sound", *(["Simulated board"] if address == "/live" else [])]
    assert (window.text("#skip"), window.text("#skip-exercise")) == ("Skip this hold", "Skip this exercise")
    station.show(activity="idle", phase="idle", counting=None)
    window.wait_until(lambda: not window.text('button[value="skip"]'), "without a session there is nothing to skip")


def test_open_board_is_remembered(visit: Callable[[str], Browser], window: Browser) -> None:
    visit("/live").click("#board summary")
    window.wait_until(lambda: window.run("return localStorage.getItem('board')") == "open", "it is remembered")
    assert visit("/live").run("return document.getElementById('board').open")
    window.run("localStorage.clear()")


SHOWN = "return ['.leave', '#dock'].map(one => getComputedStyle(document.querySelector(one)).opacity)"


@pytest.mark.parametrize("kind", ["pointerdown", "pointermove", "keydown"])
def test_wall_display_shows_its_buttons_when_touched(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble, kind: str
) -> None:
    """Only the stage, without the cursor; a touch, the mouse or Escape shows the exit, Stop and It hurts."""
    window.emulate((1920, 1080))
    station.show(**HOLD)
    visit("/live?kiosk")
    assert window.run(SHOWN) == ["0", "0"]
    assert window.run("return getComputedStyle(document.body).cursor") == "none"
    assert window.find_all(".controls, .board") == []
    box = window.run("return document.getElementById('stage').getBoundingClientRect().toJSON()")
    assert (box["top"], box["left"], box["width"], box["height"]) == (0, 0, 1920, 1080)
    window.run(
        f"dispatchEvent(new {'KeyboardEvent' if kind == 'keydown' else 'PointerEvent'}('{kind}', {{key: 'Escape'}}))"
    )
    assert window.run(SHOWN) == ["1", "1"]
    window.click("#stop")
    window.wait_until(lambda: station.commands == [(CommandName.STOP, None)], "the command arrives")
    assert window.driver.current_url.endswith("/live?kiosk")
    window.find(".leave a").click()
    window.wait_until(lambda: window.driver.current_url.endswith("/"), "Today is shown")


def test_wall_display_works_without_scripts(
    visit: Callable[[str], Browser], window: Browser, station: StationDouble
) -> None:
    """Without scripts nothing can show the buttons, so they are always visible; each returns to the display."""
    station.show(**HOLD)
    window.emulate(PHONE, scripts=False)
    try:
        visit("/live?kiosk")
        assert window.run(SHOWN) == ["1", "1"]
        window.click("#pause")
        window.wait_until(lambda: station.commands == [(CommandName.PAUSE, None)], "the command arrives")
        window.wait_until(lambda: "/live?kiosk" in window.driver.current_url, "the display is back")
    finally:
        window.emulate(PHONE)


def test_voice_is_offered_once(visit: Callable[[str], Browser], window: Browser, station: StationDouble) -> None:
    """Before the first clock runs in this browser; once refused or ignored, it is not offered again."""
    offered = "#voice-offer"
    visit("/live").run("localStorage.clear()")
    for is_refused in (True, False):
        window.run("localStorage.clear()")
        station.show(activity="idle", phase="idle", counting=None)
        visit("/live")
        window.wait_until(
            lambda: window.run("return document.getElementById('stage').dataset.digits"), "the stream arrives"
        )
        assert window.text(offered) == ""
        station.show(**STATES["prepare"])
        window.wait_until(lambda: "Turn on the voice" in window.text(offered), "the voice is offered")
        if is_refused:
            window.click("#voice-off")
        else:
            station.show(**HOLD)
        window.wait_until(lambda: window.text(offered) == "", "the offer is over")
        station.show(**STATES["prepare"])
        visit("/live")
        window.wait_until(lambda: "READY" in window.text("#word"), "the page is there again")
        assert window.text(offered) == ""
