"""Every page in every situation, at the widths of phones, tablets, desktops and televisions, and with larger text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import browser
from tests.axe import serious_violations
from tests.browser import DESKTOP, PHONE, PHONE_SMALL, Browser
from tests.web.every_page import Place, View, open_places, show, views

pytestmark = pytest.mark.skipif(
    not browser.is_available(), reason="no browser here: apt-get install chromium chromium-driver"
)

SIZES = (
    *(PHONE_SMALL, (360, 740), PHONE, (520, 900), (560, 900), (600, 960), (640, 360)),
    *((768, 1024), (1024, 768), DESKTOP, (1920, 1080)),
)
ZOOMED, ZOOM = (640, 400), 2
"""A desktop of 1280 x 800 at a zoom of 200 %."""
TARGET, LIVE_TARGET = 44, 64
EXPECTED_STATUS = "status of 4"
"""What the console logs for a page that says why something cannot be done."""
LARGE_TEXT = "document.documentElement.style.fontSize = '200%'"
NEXT_FRAME = "const [done] = arguments; requestAnimationFrame(() => requestAnimationFrame(() => done(true)))"


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Place]]:
    with open_places(tmp_path_factory.mktemp("places")) as opened:
        yield opened


def faults(window: Browser, least_target: int) -> list[str]:
    """The layout faults after the page has adapted to a resize."""
    window.driver.execute_async_script(NEXT_FRAME)
    return window.layout_faults(least_target)


def all_faults(window: Browser, places: dict[str, Place], view: View) -> list[str]:
    """The faults at every width, in both colour schemes, and with larger text, each with its circumstances."""
    found: dict[str, list[str]] = {}
    window.emulate(PHONE_SMALL)
    show(window, places, view)
    for size in SIZES:
        window.emulate(size)
        is_small_board = view.address in ("/live", "/board") and size == PHONE_SMALL
        found[f"{size[0]}"] = faults(window, LIVE_TARGET if is_small_board else TARGET)
    window.emulate(ZOOMED, device_scale=ZOOM)
    found["zoom 200 %"] = faults(window, TARGET)
    window.emulate(DESKTOP, dark=True)
    found["dark"] = faults(window, TARGET)
    window.emulate(DESKTOP)
    window.run(LARGE_TEXT)
    found["text 200 %"] = faults(window, TARGET)
    window.emulate(PHONE_SMALL)
    found["text 200 % at 320"] = [fault for fault in faults(window, TARGET) if "sideways" in fault]
    return [f"{where}: {fault}" for where, each in found.items() for fault in each]


@pytest.mark.parametrize("view", views(), ids=lambda view: view.name)
def test_page_has_no_layout_faults_at_any_width(window: Browser, places: dict[str, Place], view: View) -> None:
    """Nothing scrolls sideways, no text overlaps or leaves its box, every target is large enough."""
    found = all_faults(window, places, view)
    assert not found, "\n".join(found)
    assert [line for line in window.console_errors() if EXPECTED_STATUS not in line] == []


@pytest.mark.parametrize("view", views(), ids=lambda view: view.name)
def test_axe_finds_nothing_serious(window: Browser, places: dict[str, Place], view: View) -> None:
    """In light and in dark."""
    window.emulate(PHONE)
    show(window, places, view)
    assert serious_violations(window) == []
    window.emulate(PHONE, dark=True)
    assert serious_violations(window) == []
