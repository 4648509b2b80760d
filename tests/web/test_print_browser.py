"""Progress, sessions and sheets on paper, and on screens of every width."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from station.store import Store
from station.store.records import Person
from tests import browser
from tests.browser import PHONE, Browser
from tests.station.store.histories import one_test
from tests.web.history import add_session
from tests.web.years import add_years_of_tests

pytestmark = pytest.mark.skipif(
    not browser.is_available(), reason="no browser here: apt-get install chromium chromium-driver"
)

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
CHART_TEXT_PX = """
return [...document.querySelectorAll('.progress-chart text')].map(one => parseFloat(getComputedStyle(one).fontSize))
"""


def months_of_sessions(store: Store) -> tuple[Person, str]:
    """A person with months of tests and changes, and a session with a chart; gives the session."""
    person = add_years_of_tests(store, 200, every=3.0, name="A person with quite a long name, as people have")
    _, session = add_session(store, name=person.name)
    return person, session


def test_pages_have_no_blank_sheet(visit: Callable[[str], Browser], store: Store) -> None:
    """Progress is a report of one sheet; everything else has text on every sheet."""
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


def test_report_of_ten_years_has_at_most_two_sheets(visit: Callable[[str], Browser], store: Store) -> None:
    """However much there is to tell; also where every test has a caution."""
    person = add_years_of_tests(store, 3_650)
    for _ in range(10):
        run = store.begin_run(store.begin_session(person.id, datetime.now(UTC), simulated=False), {}, datetime.now(UTC))
        one_test(store, run, 84.0, 90.0)
    sheets = visit("/progress?range=all").printed_pages()
    assert len(sheets) <= 2
    assert all(sheets)


def test_report_opens_what_is_folded_and_leaves_out_controls(
    visit: Callable[[str], Browser], window: Browser, store: Store
) -> None:
    """The report says how sure a result is, without others' averages or controls; the lines differ without colour."""
    months_of_sessions(store)
    visit("/progress")
    assert window.text(".how-sure .two-columns") == ""
    assert window.text("[data-print]") == "Print the report"
    window.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert "95 of 100 cases" in window.text(".how-sure .two-columns")
        assert "Printed on" in window.text(".print-only")
        controls = "nav, header, button, input, summary"
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
    finally:
        window.emulate(PHONE)


def test_nothing_overlaps_at_any_width(visit: Callable[[str], Browser], window: Browser, store: Store) -> None:
    """From 320 to 1920 px, also with text at 200 %: no label on another, nothing outside its card, nothing too wide."""
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
    """Letters of the chart keep their size however narrow it is."""
    months_of_sessions(store)
    for width in (320, 1920):
        window.emulate((width, 800))
        visit("/progress")
        sizes = window.run(CHART_TEXT_PX)
        assert min(sizes) >= 12
        assert window.run("return document.querySelector('.progress-chart').getAttribute('viewBox')") is None
