"""Exercises, routines and help in a real browser: building by keyboard and by dragging, printing, and axe."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import pytest

from station.store import Store
from tests import browser
from tests.axe import serious_violations
from tests.browser import DESKTOP, PHONE, Browser
from web.server.http import Server

pytestmark = pytest.mark.skipif(
    not browser.is_available(), reason="no browser here: apt-get install chromium chromium-driver"
)

ENTER, CONTROL, RELEASE = "\ue007", "\ue009", "\ue000"
MOST_TABS = 150
TALL = (1280, 1600)
"""A screen that shows four rows with their grips at once."""
MIDDLE = """
const box = document.querySelector(arguments[0]).getBoundingClientRect()
return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 4)]
"""
ROWS = "return [...document.querySelectorAll('.routine-rows [name=row]')].map(one => one.value)"
FOCUSED = "const at = document.activeElement; return at.getAttribute('aria-label') || at.innerText || at.name"
PRESSED = """
const pressed = [...document.querySelectorAll('button, a.button, nav, form')]
return pressed.filter(one => one.getClientRects().length).length
"""
COLOURS = "const page = getComputedStyle(document.body); return [page.color, page.backgroundColor]"


def mouse(window: Browser, what: str, x: int, y: int) -> None:
    """Press, move or release the left mouse button."""
    kind = {"down": "mousePressed", "move": "mouseMoved", "up": "mouseReleased"}[what]
    event = {"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
    window.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)


def finger(window: Browser, what: str, x: int, y: int) -> None:
    """Start, move or end a touch."""
    kind = {"down": "touchStart", "move": "touchMove", "up": "touchEnd"}[what]
    points = [] if what == "up" else [{"x": x, "y": y}]
    window.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


Hand = Callable[[Browser, str, int, int], None]


def has_rows(window: Browser, count: int) -> Callable[[], bool]:
    return lambda: len(window.find_all(".routine-rows > li")) == count


def test_axe_reports_known_violations(visit: Callable[[str], Browser], window: Browser) -> None:
    """A picture without a text and unreadable letters are reported, so that the tests can fail."""
    visit("/help")
    window.run("document.getElementById('main').append(new Image()); document.querySelector('h1').style.color = '#eee'")
    assert sorted(fault.split(" at ")[0] for fault in serious_violations(window)) == [
        "critical: image-alt",
        "serious: color-contrast",
    ]


def tab_to(window: Browser, name: str) -> None:
    """Press Tab until the control with this name has a visible focus."""
    for _ in range(MOST_TABS):
        stop = window.press_tab()
        if window.run(FOCUSED) == name:
            assert stop.endswith(" seen")
            return
    raise AssertionError(f"{name} is not reached by keys")


def press_key(window: Browser, key: str) -> None:
    window.driver.switch_to.active_element.send_keys(key)


def test_routine_is_built_by_keyboard(visit: Callable[[str], Browser], window: Browser, store: Store) -> None:
    """Added, dosed, ordered, named and saved without a pointer; the focus stays on the control in use."""
    window.emulate(DESKTOP)
    visit("/routines/new")
    for count, button in enumerate(("Add Soleus stretch", "Add Calf stretch"), start=1):
        tab_to(window, button)
        press_key(window, ENTER)
        window.wait_until(has_rows(window, count), f"{button} is done")
        assert window.run(FOCUSED) == button
    tab_to(window, "Move Calf stretch up")
    press_key(window, " ")
    window.wait_until(lambda: window.run(ROWS) == ["2", "1"], "the second row is the first")
    assert window.run(FOCUSED) == "Move Calf stretch down"
    assert window.text("#form-status") == "Calf stretch is now 1 of 2."
    tab_to(window, "hold_s-1")
    press_key(window, f"{CONTROL}a{RELEASE}45")
    window.wait_until(
        lambda: "3 min 45 s held a leg" in window.text("#routine-summary"), "the totals follow the typing"
    )
    tab_to(window, "name")
    press_key(window, f"Mine{ENTER}")
    assert store.own_routines(None) == ()
    tab_to(window, "Save")
    press_key(window, ENTER)
    window.wait_until(lambda: "/routines?saved=" in window.driver.current_url, "it is saved")
    (own,) = store.own_routines(None)
    assert own.name == "Mine"
    assert own.items == ({"exercise": "3a"}, {"exercise": "3b", "hold_s": 45})


def test_routine_is_built_without_scripts(visit: Callable[[str], Browser], window: Browser, store: Store) -> None:
    """Each button sends the form and returns it as filled in; Save stores it."""
    window.emulate(PHONE, scripts=False)
    try:
        visit("/routines/new")
        for count, key in enumerate(("3b", "3a"), start=1):
            window.click(f"button[value=add-{key}]")
            window.wait_until(has_rows(window, count), f"{key} is added")
        window.find("[name=name]").send_keys("Mine")
        window.click("button[value=up-2]")
        window.wait_until(lambda: not window.find("button[value=up-2]").is_enabled(), "the second row is the first")
        window.click("button[value=save]")
        window.wait_until(lambda: "/routines?saved=" in window.driver.current_url, "it is saved")
    finally:
        window.emulate(PHONE)
    (own,) = store.own_routines(None)
    assert [item["exercise"] for item in own.items] == ["3a", "3b"]


@pytest.mark.parametrize("hand", [mouse, finger], ids=["mouse", "finger"])
def test_dragging_reorders_rows(visit: Callable[[str], Browser], window: Browser, store: Store, hand: Hand) -> None:
    """Dragged by its grip with mouse or finger, a row moves, the totals follow, and Save keeps the order."""
    window.emulate(TALL)
    visit("/routines/new?from=daily")
    assert window.run(ROWS) == ["1", "2", "3", "4"]
    from_x, from_y = window.run(MIDDLE, "#row-4 .grip")
    to_y = window.run(MIDDLE, "#row-1")[1]
    hand(window, "down", from_x, from_y)
    steps = cycle((to_y + 10, to_y))

    def is_first() -> bool:
        hand(window, "move", from_x, next(steps))
        return bool(window.run(ROWS)[:4] == ["4", "1", "2", "3"])

    window.wait_until(is_first, "the last row is the first")
    hand(window, "up", from_x, to_y)
    window.wait_until(lambda: window.run(ROWS) == ["4", "1", "2", "3"], "the row is dropped")
    window.wait_until(lambda: "the guide puts it before" in window.text("#routine-summary"), "the new order is checked")
    assert window.run("return [...document.querySelectorAll('button:disabled')].map(one => one.value)") == [
        "up-4",
        "down-3",
    ]
    window.click("button[value=save]")
    window.wait_until(lambda: "/routines?saved=" in window.driver.current_url, "it is saved")
    assert [item["exercise"] for item in store.own_routines(None)[0].items] == ["3c", "1a", "3a", "3b"]


def test_unanswered_form_keeps_input(visit: Callable[[str], Browser], window: Browser, server: Server) -> None:
    """While the station does not respond the page says so, and all input stays."""
    visit("/routines/new?from=quick_calf").find("[name=name]").send_keys(" and more")
    server.stop()
    window.click("button[value=add-3c]")
    window.wait_until(lambda: "is not responding" in window.text("#form-status"), "the page reports no response")
    assert window.run("return document.querySelector('[name=name]').value").endswith(" and more")
    assert len(window.run(ROWS)) == 2
    window.console_errors()


def test_help_search_narrows_while_typing(visit: Callable[[str], Browser], window: Browser) -> None:
    """Each letter narrows the questions, the address follows, and the page shows the number of matches."""
    visit("/help").find("[name=q]").send_keys("barefo")
    window.wait_until(lambda: len(window.find_all("#answers details")) == 1, "one question remains")
    assert window.text("#count") == "1 question found."
    assert "walk" not in window.text("#answers")
    window.wait_until(lambda: window.driver.current_url.endswith("/help?q=barefo"), "the address has the query")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    "address", ["/routines/quick_calf/sheet", "/routines/daily/sheet", "/routines/{eight}/sheet", "/sheets/position"]
)
def test_sheet_prints_on_one_page_in_black(
    visit: Callable[[str], Browser], window: Browser, store: Store, address: str, dark: bool
) -> None:
    """Up to eight exercises with pictures fit one A4 page, black on white, without buttons."""
    keys = ("1a", "2a", "2c", "3a", "3b", "4c", "5a", "7d")
    eight = store.save_routine(None, None, "Eight", [{"exercise": key} for key in keys])
    window.emulate(DESKTOP, dark=dark)
    visit(address.format(eight=eight))
    assert len(window.printed_pages()) == 1
    window.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert window.run(PRESSED) == 0
    assert window.run(COLOURS) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]


def test_picture_is_still_with_reduced_motion(visit: Callable[[str], Browser], window: Browser) -> None:
    shown = "return getComputedStyle(document.querySelector('.drawing .animated')).display"
    window.emulate(PHONE)
    visit("/exercises/3b")
    assert window.run(shown) == "inline"
    window.emulate(PHONE, reduced_motion=True)
    assert window.run(shown) == "none"
