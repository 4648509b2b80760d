"""`station demo` in real browsers: a test, a hold with a heel lift, and the history of both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from station.core.events import Side
from tests import browser
from tests.browser import DESKTOP, PHONE, PHONE_SMALL, Browser
from tests.visitors import ENTER, SPACE, Visitor, run_demo

pytestmark = pytest.mark.skipif(
    not browser.is_available(), reason="no browser here: apt-get install chromium chromium-driver"
)

SHORT: dict[str, Any] = {"hold_s": 5, "repetitions": 1, "rest_s": 0, "prepare_s": 3, "ask_setup": "no"}
BLACK = "rgb(0, 0, 0)"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_demo(tmp_path_factory.mktemp("demo"), "--empty") as address:
        yield address


@pytest.fixture(scope="module")
def windows() -> Iterator[tuple[Browser, Browser]]:
    with browser.open_browser() as phone, browser.open_browser() as desktop:
        yield phone, desktop


@pytest.fixture
def phone(windows: tuple[Browser, Browser], address: str) -> Iterator[Visitor]:
    windows[0].emulate(PHONE)
    yield Visitor(windows[0], address)
    assert windows[0].console_errors() == []


@pytest.fixture
def desktop(windows: tuple[Browser, Browser], address: str, phone: Visitor) -> Iterator[Visitor]:
    """The other browser, with the phone's token: the demonstration lets only its first browser in automatically."""
    phone.open("/more")
    windows[1].emulate(DESKTOP)
    windows[0].share_cookies(windows[1], address)
    yield Visitor(windows[1], address)
    assert windows[1].console_errors() == []


@pytest.fixture(autouse=True)
def short_stretches(phone: Visitor) -> None:
    """Shorten the stretches in the settings form."""
    phone.open("/settings")
    send = "return fetch('/settings', {method: 'POST', body: new URLSearchParams(arguments[0])}).then(to => to.url)"
    assert phone.window.run(send, SHORT).endswith("/settings?saved=")


def test_demo_shows_test_and_hold_with_heel_lift(phone: Visitor, desktop: Visitor) -> None:
    """An automatic test is taken over by hand, a hold has a heel lift, and the history shows both."""
    send = "return fetch('/settings', {method: 'POST', body: new URLSearchParams(arguments[0])}).then(to => to.ok)"
    assert phone.window.run(send, {"ask_setup": "yes"})
    both = (phone, desktop)
    for visitor in both:
        visitor.open("/live")
    desktop.click_button("Do a test for me")
    for visitor in both:
        visitor.wait_for("LEFT", "STAND STILL")
        visitor.wait_for("LUNGE", "Knee to the wall")
        visitor.wait_for("SLIDE BACK", "That one counts.")
    phone.click_button("Take over")
    _fail_twice(phone)
    for visitor in both:
        visitor.wait_for("RIGHT", "OTHER SIDE")
    phone.click_button("Lean back")
    phone.click_button("Board 20 mm closer")
    phone.click_button("Board 20 mm closer")
    phone.click_button("Step on, right leg")
    _pass(phone)
    _fail_twice(phone)
    for visitor in both:
        visitor.wait_for("WHERE?", "Where did you feel the limit?")
    phone.click_button("Calf")
    for visitor in both:
        visitor.wait_for("PAIN?", "How much did it hurt?")
    desktop.click_button("2")
    for visitor in both:
        visitor.wait_for("DONE", "Left ", ", right ", "Saved.")
    left, right = re.findall(r"(?:Left|right) (\d+\.\d) cm", desktop.text("#sentence"))
    assert desktop.text("#results").split() == ["\u25cf", "Left", left, "cm", "\u25c6", "Right", right, "cm"]

    desktop.click_button("Stretch for me")
    for visitor in both:
        visitor.wait_for("LEFT", "READY", "calf stretch", "the long tone")
        visitor.wait_for("LEFT", "HOLD", "Keep the heel down")
    assert 0 < int(phone.text("#number")) <= SHORT["hold_s"]
    phone.click_button("Lift heel")
    for visitor in both:
        assert visitor.wait_for("HEEL DOWN", "left heel up").endswith(BLACK)
        assert not visitor.wait_for("HOLD", "left heel down").endswith(BLACK)
        visitor.wait_for("RIGHT", "HOLD")
        visitor.wait_for("DONE", "Well done")

    for visitor in both:
        visitor.open("/history")
        newest = " ".join(visitor.text(".session-day").split())
        assert f"left {left} cm" in newest
        assert f"right {right} cm" in newest
        visitor.window.click(".session-day a")
        assert "10 s of stretching" in visitor.text("h1")
        assert visitor.text(".timeline").count("5 s of 5 s") == len(Side)
        assert "simulated" in visitor.text("main .tag")
    assert "felt in the calf, pain 2 of 10" in desktop.text("main")
    _check_session_page(desktop)
    phone.open("/")
    for number, shown in enumerate((left, right), start=1):
        card = " ".join(phone.text(f".ankles .card:nth-child({number})").split())
        assert "uncalibrated" in card
        assert f"{shown} cm \u00b1" in card


def _pass(visitor: Visitor) -> None:
    visitor.wait_for("LUNGE")
    visitor.click_button("Lean: knee to the wall")
    visitor.wait_for("SLIDE BACK", "That one counts.")


def _fail_twice(visitor: Visitor) -> None:
    """The heel comes up in two lunges, which ends the trial."""
    visitor.click_button("Lean back")
    visitor.click_button("Board 20 mm back")
    visitor.wait_for("LUNGE")
    visitor.click_button("Cheat: lift the heel in the lunge")
    visitor.wait_for("CLOSER", "Your heel came up")
    visitor.click_button("Lean back")
    visitor.click_button("Board 5 mm closer")
    visitor.wait_for("LUNGE")
    visitor.click_button("Cheat: lift the heel in the lunge")


def _check_session_page(visitor: Visitor) -> None:
    """The session has a chart for each activity with attempts, credited time and heel lift, and a text version."""
    test, hold = visitor.window.run("return [...document.querySelectorAll('figure')].map(one => one.textContent)")
    assert "6 attempts, 2 passed" in test
    assert "2 stretches with 10 s credited, 1 heel lift" in hold
    drawn = "return [...document.querySelectorAll('figure')].map(one => one.querySelectorAll(arguments[0]).length)"
    assert visitor.window.run(drawn, ".event") == [6, 0]
    assert visitor.window.run(drawn, ".heel-lift") == [0, 1]
    assert visitor.window.run(drawn, ".credit")[1] >= len(Side)


def test_demo_hold_works_by_keyboard(desktop: Visitor) -> None:
    """Start a stretch, lift and lower a heel, and stop, without a mouse."""
    desktop.open("/live")
    desktop.window.run("localStorage.clear()")
    desktop.open("/live")
    desktop.press_key("Other routines, person, sound", ENTER)
    desktop.press_key("Stretch", ENTER)
    desktop.press_key("Simulated board", ENTER)
    desktop.press_key("Step on, left leg", ENTER)
    desktop.wait_for("LEFT", "READY")
    desktop.wait_for("HOLD", "left heel down")
    desktop.hold_key("Press and hold: heel up", SPACE)
    assert desktop.wait_for("HEEL DOWN", "left heel up").endswith(BLACK)
    desktop.release_key(SPACE)
    desktop.wait_for("HOLD", "left heel down")
    desktop.press_key("Stop", ENTER)
    desktop.wait_for("ENDED")


def test_demo_stretch_works_without_scripts(phone: Visitor) -> None:
    """Each reload shows the progress, the buttons work, and the history has the held time."""
    phone.window.emulate(PHONE_SMALL, scripts=False)
    try:
        phone.window.open(phone.address + "/live")
        phone.click_and_wait('input[value="step_on"] ~ button')
        phone.click_and_wait('button[value="stretch"]')
        phone.reload_until("/live", "#word", "READY")
        phone.reload_until("/live", "#word", "HOLD")
        phone.click_and_wait('button[value="stop"]')
        phone.reload_until("/live", "#word", "ENDED")
        phone.reload_until("/history", ".session-day", "s held")
    finally:
        phone.window.emulate(PHONE)


def test_demo_with_its_history_is_set_up(windows: tuple[Browser, Browser], tmp_path: Path) -> None:
    """Its two people did the first start ten weeks ago."""
    with run_demo(tmp_path) as address:
        windows[0].open(address)
        today = windows[0].text("body")
    assert "Robin" in today
    assert "etting up" not in today
