"""The cards at every width: nothing leaves its card, overlaps or is too small for a thumb."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from station.store import Store
from tests import browser
from tests.browser import PHONE, Browser
from tests.station.store.histories import FIT
from tests.tree import ROOT
from tests.web.history import add_session
from web.pages.plan import OTHER_DAYS, PRESETS

pytestmark = pytest.mark.skipif(
    not browser.is_available(), reason="no browser here: apt-get install chromium chromium-driver"
)

PAGES = (
    *("/routines", "/routines/new", "/routines/new?from=daily", "/exercises", "/exercises?place=calf", "/exercises/3b"),
    *("/plan", "/settings", "/sounds", "/sounds/learn", "/why", "/about", "/status", "/calibration"),
)
WIDTHS = (320, 390, 520, 640, 768, 1024, 1920)
TARGET = 44
CARD_FAULTS = (ROOT / "tests" / "card_faults.js").read_text(encoding="utf-8")
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true })"
IS_IN_VIEW = """
const box = document.querySelector(arguments[0]).getBoundingClientRect()
const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
return at !== null && at.closest(arguments[0]) !== null
"""


@pytest.mark.parametrize("address", PAGES)
def test_cards_have_no_faults_at_any_width(
    visit: Callable[[str], Browser], window: Browser, store: Store, address: str
) -> None:
    """With every fold open, and nothing scrolls sideways."""
    person, _ = add_session(store, days_ago=20, name="A person with quite a long name, as people have")
    store.add_answer(person.id, "health", {"yes": ["tendon_pain"], "no": []})
    store.add_calibration(FIT)
    store.save_routine(None, person.id, "Mine", [{"exercise": "3b"}, {"rest_s": 20}, {"test": "quick"}])
    store.save_plan(person.id, {"days": [[0, "07:30"], [3, "18:00"]], "routine": "daily", "zone": "UTC", "token": "t"})
    for width in WIDTHS:
        window.emulate((width, 900))
        visit(address).run(OPEN_ALL)
        assert window.run(CARD_FAULTS, TARGET) == [], width
        assert [fault for fault in window.layout_faults(TARGET) if "sideways" in fault] == [], width


def test_card_faults_are_found(visit: Callable[[str], Browser], window: Browser) -> None:
    """A small link, a wide picture and an overlap are reported, so the test above can fail."""
    visit("/about").run(
        "document.querySelector('.card p').innerHTML = 'An <a href=\"#main\">x</a><img width=900 height=50 alt=\"\">';"
        "document.querySelector('.lead').style.marginBottom = '-3rem'"
    )
    found = window.run(CARD_FAULTS, TARGET)
    assert any(fault.startswith('small target a "x"') for fault in found)
    assert any(fault.startswith("leaves its card: img") for fault in found)
    assert any("lies on" in fault for fault in found)


@pytest.mark.parametrize("address", ["/settings", "/routines/new?from=full"])
@pytest.mark.parametrize("size", [PHONE, (1280, 800)], ids=["phone", "desktop"])
def test_save_is_always_in_reach(
    visit: Callable[[str], Browser], window: Browser, size: tuple[int, int], address: str
) -> None:
    """On a long form Save is on top of everything else at the top, middle and end of the page."""
    window.emulate(size)
    visit(address)
    for share in (0, 0.5, 1):
        window.run("scrollTo({top: arguments[0] * document.documentElement.scrollHeight, behavior: 'instant'})", share)
        assert window.run(IS_IN_VIEW, ".save-bar button"), share


def test_fields_and_buttons_of_row_take_two_lines(visit: Callable[[str], Browser], window: Browser) -> None:
    """On a phone the fields and buttons of each routine row take at most two lines below its name."""
    window.emulate(PHONE)
    visit("/routines/new?from=full")
    lines = window.run(
        "return [...document.querySelectorAll('.routine-rows li')].map(row => new Set([...row.querySelectorAll("
        "'.row-fields > *, .row-actions button')].map(e => { const box = e.getBoundingClientRect();"
        " return Math.round((box.top + box.bottom) / 20) })).size)"
    )
    assert lines
    assert max(lines) <= 2


def test_plan_takes_three_taps(visit: Callable[[str], Browser], window: Browser, store: Store) -> None:
    """Days, time, Save, without typing; the fourteen times appear only for other days."""
    ada = store.add_person("Ada")
    window.emulate(PHONE)
    visit("/plan")
    assert not window.find(".own-times").is_displayed()
    window.click("[name=preset][value=weekdays]")
    window.click("[name=clock][value='20:00']")
    window.click(".plan button.primary")
    window.wait_until(lambda: window.driver.current_url.endswith("/plan?saved="), "it is saved")
    saved = store.plan(ada.id)
    assert saved is not None
    assert saved["days"] == [[day, "20:00"] for day in PRESETS["weekdays"][1]]
    window.click(f"[name=preset][value={OTHER_DAYS}]")
    assert window.find(".own-times").is_displayed()
    assert not window.find(".one-time").is_displayed()
