"""Progress, sessions and sheets on paper, and on screens of every width."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from station.config import Config, PageConfig
from station.store import Store
from station.store.records import Person
from tests import browser
from tests.browser import A4_INCHES, LETTER_INCHES, PHONE, Browser
from tests.pdf import colours, letters, sheets
from tests.report_histories import add_everything, add_months
from tests.web.double import StationDouble
from tests.web.history import add_session
from tests.web.years import add_years_of_tests
from web.pages.report import report_file
from web.server.http import Server, open_page

pytestmark = pytest.mark.skipif(
    not browser.is_available(), reason="no browser here: apt-get install chromium chromium-driver"
)

MARGINS_MM = (11.9, 7.9)
"""The report's margins at the sides, and at top and bottom, in whole pixels: Chromium draws nothing beyond them."""
MIN_POINTS = 7
LETTER_MM = 0.5
"""The width and height of the smallest letter."""
WIDTHS = (320, 360, 390, 480, 520, 560, 600, 640, 641, 700, 768, 900, 1024, 1280, 1920)
OVERLAPS = """
const faults = [], shown = one => one.getClientRects().length && getComputedStyle(one).visibility !== 'hidden'
const box = one => one.getBoundingClientRect()
const texts = [...document.querySelectorAll('.progress-chart text')].filter(shown)
for (const one of texts) for (const other of texts) {
  if (one === other || one.textContent > other.textContent) continue
  const a = box(one), b = box(other), wide = Math.min(a.right, b.right) - Math.max(a.left, b.left)
  const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  if (wide > 1 && high > 3) faults.push(`${one.textContent} on ${other.textContent}`)
}
for (const card of document.querySelectorAll('main .card')) for (const one of card.querySelectorAll('*')) {
  if (!shown(one) || one.closest('.visually-hidden, defs') || one.matches('svg, path, g')) continue
  const over = Math.max(box(one).right - box(card).right, box(card).left - box(one).left)
  if (over > 1) faults.push(`outside its card: ${one.textContent}`)
}
if (document.documentElement.scrollWidth > document.documentElement.clientWidth) faults.push('scrolls sideways')
return faults
"""
TEXT_ON_TEXT = """
const boxes = [], faults = []
const walker = document.createTreeWalker(document.querySelector('.report'), NodeFilter.SHOW_TEXT)
while (walker.nextNode()) {
  const text = walker.currentNode
  if (!text.data.trim() || text.parentElement.closest('.visually-hidden, title, desc')) continue
  const range = document.createRange()
  range.selectNodeContents(text)
  for (const box of range.getClientRects()) boxes.push([box, text])
}
for (const [n, [a, one]] of boxes.entries()) for (const [b, other] of boxes.slice(n + 1)) {
  if (one === other) continue
  const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left)
  const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  if (wide > 1 && high > 4) faults.push(`${one.data} on ${other.data}`)
}
for (const [box, text] of boxes) if (box.right > innerWidth + 1 || box.left < -1) faults.push(`cut off: ${text.data}`)
return faults
"""
"""Pieces of text that overlap by more than the line spacing, or leave the paper."""
COLOURS = """
const found = new Set()
for (const one of document.querySelectorAll('.report *')) {
  if (!one.getClientRects().length) continue
  const style = getComputedStyle(one)
  for (const value of [style.color, style.backgroundColor, style.fill, style.stroke, style.borderBottomColor]) {
    const parts = (value.match(/^rgba?\\(([^)]*)/) || ['', ''])[1].split(',').map(parseFloat)
    if (parts.length >= 3 && new Set(parts.slice(0, 3)).size > 1) found.add(`${one.tagName}: ${value}`)
  }
}
return [...found]
"""
"""Elements in a colour other than grey."""
TEXT_POINTS = """
const shown = one => one.getClientRects().length && !one.closest('.visually-hidden')
const own = one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())
return [...document.querySelectorAll('.report *')].filter(one => shown(one) && own(one))
  .map(one => parseFloat(getComputedStyle(one).fontSize) * 0.75)
"""
CHART_TEXT_PX = """
return [...document.querySelectorAll('.progress-chart text')].map(one => parseFloat(getComputedStyle(one).fontSize))
"""


@pytest.fixture
def server(station: StationDouble, store: Store) -> Iterator[Server]:
    """A page that phones can reach, so that prints have the code to scan."""
    served = open_page(station, store, Config(page=PageConfig(host="0.0.0.0", port=0)))
    served.start()
    yield served
    served.stop()


def add_ten_years(store: Store) -> Person:
    return add_years_of_tests(store, 3_650, holds_a_day=6)


def add_one_test(store: Store) -> Person:
    return add_session(store)[0]


def add_newcomer(store: Store) -> Person:
    return store.add_person("Ada")


HISTORIES: dict[str, Callable[[Store], Person]] = {
    "everything": add_everything,
    "months": add_months,
    "ten years": add_ten_years,
    "one test": add_one_test,
    "newcomer": add_newcomer,
}


def months_of_sessions(store: Store) -> tuple[Person, str]:
    """Add a person with months of tests and changes, and a session with a chart; returns the session."""
    person = add_years_of_tests(store, 200, every=3.0, name="A person with quite a long name, as people have")
    _, session = add_session(store, name=person.name)
    return person, session


def test_pages_have_no_blank_sheet(visit: Callable[[str], Browser], store: Store) -> None:
    """Every sheet has text, and most pages have one sheet."""
    person, session = months_of_sessions(store)
    store.save_plan(person.id, {"days": [[0, "07:30"], [3, "18:00"]], "routine": "daily", "zone": "UTC", "token": "t"})
    found = {
        address: visit(address).printed_pages()
        for address in ("/", "/progress", "/history", f"/sessions/{session}", "/plan", "/sheets/position")
    }
    found["sheet"] = visit("/routines/daily/sheet").printed_pages()
    assert {address: sheets for address, sheets in found.items() if not all(sheets)} == {}
    many = {address: len(sheets) for address, sheets in found.items() if len(sheets) > 1}
    assert {address for address in many if not address.startswith(("/history", "/sessions/"))} == set()
    assert many.get(f"/sessions/{session}", 1) <= 2, "a timeline, and the charts of a test and a hold"


@pytest.mark.parametrize("paper", [A4_INCHES, LETTER_INCHES], ids=["A4", "Letter"])
@pytest.mark.parametrize("add", HISTORIES.values(), ids=HISTORIES)
def test_report_is_one_sheet(
    visit: Callable[[str], Browser], store: Store, add: Callable[[Store], Person], paper: tuple[float, float]
) -> None:
    """However much it has to show, on either paper: in grey, every letter inside the margins, and none scaled down, as
    on a page that is too wide.
    """
    add(store)
    (sheet,) = sheets(visit("/report").print_pdf(paper))
    printed = letters(sheet)
    assert len(printed) > 100
    assert min(one.points for one in printed) >= MIN_POINTS
    (across, down), (width, height) = MARGINS_MM, (inches * 25.4 for inches in paper)
    assert across <= min(one.x_mm for one in printed)
    assert max(one.x_mm for one in printed) <= width - across - LETTER_MM
    assert down <= min(one.y_mm for one in printed)
    assert max(one.y_mm for one in printed) <= height - down - LETTER_MM
    assert {colour for colour in colours(sheet) if len(set(colour)) > 1} == set()


def test_report_on_paper_is_grey_without_controls_or_overlaps(
    visit: Callable[[str], Browser], window: Browser, store: Store
) -> None:
    """Lines differ without colour, nothing overlaps, the smallest letters have 7 points; no controls are printed."""
    add_everything(store)
    visit("/report")
    window.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        for width_mm in (186, 192):
            metrics = {"width": round(width_mm * 96 / 25.4), "height": 1000, "deviceScaleFactor": 1, "mobile": False}
            window.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            assert window.run(OVERLAPS) == []
            assert window.run(TEXT_ON_TEXT) == []
        assert window.run(COLOURS) == []
        assert min(window.run(TEXT_POINTS)) >= MIN_POINTS
        controls = "nav, header, button, input, summary, a"
        assert (
            window.run(
                "return [...document.querySelectorAll(arguments[0])].filter(one => one.getClientRects().length).length",
                controls,
            )
            == 0
        )
        style = "const one = getComputedStyle(document.querySelector(arguments[0]));"
        style += "return [one.stroke, one.strokeDasharray]"
        assert window.run(style, ".left.trend") == ["rgb(0, 0, 0)", "none"]
        assert window.run(style, ".right.trend") == ["rgb(0, 0, 0)", "9px, 6px"]
        assert window.run(style, ".band.level")
        assert window.run("return document.querySelector('.band.level').getClientRects().length") == 1
    finally:
        window.emulate(PHONE)


@pytest.mark.parametrize("paper", [A4_INCHES, LETTER_INCHES], ids=["A4", "Letter"])
def test_file_of_report_is_the_same_sheet(
    window: Browser, store: Store, tmp_path: Path, paper: tuple[float, float]
) -> None:
    """Opened from disk, without the station; it loads nothing and logs no error."""
    file = tmp_path / "report.html"
    file.write_text(report_file(store, add_months(store), datetime.now(UTC)), encoding="utf-8")
    window.open(file.as_uri())
    assert len(window.printed_pages(paper)) == 1
    assert window.run("return performance.getEntriesByType('resource').length") == 0
    assert window.text("h1") == "Ankle report: Ada"
    assert window.run("return getComputedStyle(document.querySelector('.left.trend')).fill") == "none"
    assert window.console_errors() == []


def test_print_button_of_report_prints(visit: Callable[[str], Browser], window: Browser, store: Store) -> None:
    add_months(store)
    visit("/report")
    window.run("window.print = () => { document.title = 'printed' }")
    window.click("[data-print]")
    window.wait_until(lambda: window.run("return document.title") == "printed", "the page is printed")


def test_nothing_overlaps_at_any_width(visit: Callable[[str], Browser], window: Browser, store: Store) -> None:
    """From 320 to 1920 px, also with text at 200 %: no label overlaps, nothing leaves its card, nothing is too wide."""
    _, session = months_of_sessions(store)
    found: dict[tuple[str, str], list[str]] = {}
    for address in ("/progress", "/progress?range=6w", "/history", f"/sessions/{session}"):
        visit(address)
        window.run("for (const one of document.querySelectorAll('details')) one.open = true")
        for width in WIDTHS:
            window.emulate((width, 800))
            found[address, f"{width} px"] = window.run(OVERLAPS)
        window.run("document.documentElement.style.fontSize = '200%'")
        for width in (320, 390, 640, 1280):
            window.emulate((width, 800))
            found[address, f"{width} at 200 %"] = window.run(OVERLAPS)
    assert {where: faults for where, faults in found.items() if faults} == {}


def test_text_of_chart_is_at_least_12_px_on_a_phone(
    visit: Callable[[str], Browser], window: Browser, store: Store
) -> None:
    """The chart's text keeps its size however narrow it is."""
    months_of_sessions(store)
    for width in (320, 1920):
        window.emulate((width, 800))
        visit("/progress")
        sizes = window.run(CHART_TEXT_PX)
        assert min(sizes) >= 12
        assert window.run("return document.querySelector('.progress-chart').getAttribute('viewBox')") is None
