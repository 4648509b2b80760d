"""Pairing a phone in a demonstration, with real browsers: the first browser moves the simulated person's heel."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests import browser
from tests.axe import serious_violations
from tests.browser import DESKTOP, PHONE, PHONE_SMALL, Browser
from tests.visitors import STEP_BOUND_S, Visitor, run_demo

pytestmark = pytest.mark.skipif(
    not browser.is_available(), reason="no browser here: apt-get install chromium chromium-driver"
)

TARGET = 44
RHYTHM = "return [...document.querySelectorAll('.rhythm li')].map(one => one.className.replace(' made', ''))"
RECORD_MADE = """
window.made = [0]
new MutationObserver(() => {
  const now = document.querySelectorAll('.rhythm .made').length
  if (made.at(-1) !== now) made.push(now)
}).observe(document.getElementById('followed'), {subtree: true, childList: true, attributes: true})
"""
NUMBER = ".presence-number"


@pytest.fixture(scope="module")
def windows() -> Iterator[tuple[Browser, Browser]]:
    with browser.open_browser() as phone, browser.open_browser() as desktop:
        yield phone, desktop


@pytest.fixture
def home(windows: tuple[Browser, Browser], tmp_path: Path) -> Iterator[tuple[Visitor, Visitor]]:
    """An unpaired phone, and the desktop that the demonstration paired automatically."""
    windows[0].emulate(PHONE)
    windows[1].emulate(DESKTOP)
    with run_demo(tmp_path, "--empty") as address:
        phone, desktop = (Visitor(window, address) for window in windows)
        desktop.open("/board")
        yield phone, desktop
        for window in windows:
            window.open("about:blank")
            window.clear_cookies()


def ask(phone: Visitor, name: str) -> None:
    """Fill in the form, and ask for a rhythm."""
    phone.open("/pair")
    field = phone.window.find("[name=name]")
    field.clear()
    field.send_keys(name)
    phone.window.click("form[action='/pair'] button")


def test_phone_is_paired_by_heel_presses(home: tuple[Visitor, Visitor]) -> None:
    """The bars fill while the heel presses; the number appears automatically; once confirmed, the phone has a page."""
    phone, desktop = home
    window = phone.window
    ask(phone, "Anna")
    window.wait_until(lambda: len(window.run(RHYTHM)) == 4, "the rhythm is shown")
    assert set(window.run(RHYTHM)) == {"short", "long"}
    assert window.layout_faults(TARGET) == []
    assert serious_violations(window) == []
    window.emulate(PHONE_SMALL)
    assert window.layout_faults(TARGET) == []
    window.emulate(PHONE)
    window.run(RECORD_MADE)
    desktop.click_button("Let the person make the rhythm")
    window.wait_until(lambda: window.text(NUMBER), "the number is shown", STEP_BOUND_S)
    made = window.run("return made")
    filled = made[: made.index(max(made)) + 1]
    assert filled == sorted({*filled})
    assert len(filled) > 2, "bars fill one after the other, but what a busy browser does not get to see"
    assert window.layout_faults(TARGET) == []
    assert serious_violations(window) == []
    assert window.run("return document.activeElement.id") == "confirm"
    window.click("#confirm")
    window.wait_until(lambda: "Anna" in window.text("header"), "the phone shows Anna's page")
    assert window.run("return document.cookie") == ""
    phone.open("/progress")
    assert "Pair this browser" not in window.text("main")
    assert window.console_errors() == []


def test_phone_without_scripts_is_paired(home: tuple[Visitor, Visitor]) -> None:
    """The page reloads; nothing else differs."""
    phone, desktop = home
    window = phone.window
    window.emulate(PHONE, scripts=False)
    ask(phone, "Ben")
    window.wait_until(lambda: window.find_all(".rhythm li"), "the rhythm is shown")
    desktop.click_button("Let the person make the rhythm")
    window.wait_until(lambda: window.find_all(NUMBER), "the number is shown", STEP_BOUND_S)
    phone.click_and_wait("#confirm")
    window.wait_until(lambda: "Ben" in window.find("header").text, "the phone shows Ben's page")


def test_second_phone_cancels_both(home: tuple[Visitor, Visitor]) -> None:
    """The first phone's page says so without a reload."""
    phone, desktop = home
    ask(phone, "Anna")
    phone.window.wait_until(lambda: phone.window.find_all(".rhythm li"), "the rhythm is shown")
    ask(desktop, "Ben")
    for window in (phone.window, desktop.window):
        window.wait_until(partial(says, window, "both were cancelled"), "both say so")


def says(window: Browser, words: str) -> bool:
    """Whether the page says this."""
    return words in window.text("main")
