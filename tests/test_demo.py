"""`station demo` in real browsers: a test, a hold with a heel lift, and the history of both."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from station.core.events import Side
from tests import browser
from tests.browser import DESKTOP, PHONE, PHONE_SMALL, Browser
from tests.visitors import ENTER, SPACE, Visitor, demonstration

pytestmark = pytest.mark.skipif(
    not browser.is_there(), reason="no browser here: apt-get install chromium chromium-driver"
)

SHORT = {"hold_s": 5, "repetitions": 1, "rest_s": 0, "prepare_s": 3}
BLACK = "rgb(0, 0, 0)"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with demonstration(tmp_path_factory.mktemp("demo")) as address:
        yield address


@pytest.fixture(scope="module")
def windows() -> Iterator[tuple[Browser, Browser]]:
    with browser.opened() as phone, browser.opened() as desktop:
        yield phone, desktop


@pytest.fixture
def phone(windows: tuple[Browser, Browser], address: str) -> Iterator[Visitor]:
    windows[0].look(PHONE)
    yield Visitor(windows[0], address)
    assert windows[0].errors() == []


@pytest.fixture
def desktop(windows: tuple[Browser, Browser], address: str) -> Iterator[Visitor]:
    windows[1].look(DESKTOP)
    yield Visitor(windows[1], address)
    assert windows[1].errors() == []


@pytest.fixture(autouse=True)
def short(phone: Visitor) -> None:
    """A visitor in a hurry: short stretches, as the form of the settings page sends them."""
    phone.go("/settings")
    send = "return fetch('/settings', {method: 'POST', body: new URLSearchParams(arguments[0])}).then(to => to.url)"
    assert phone.window.run(send, SHORT).endswith("/settings?saved=")


def test_demo_shows_a_test_and_a_hold_with_a_heel_lift(phone: Visitor, desktop: Visitor) -> None:
    """A test that started by itself is taken over by hand, a hold has a heel lift, and both are in the history."""
    both = (phone, desktop)
    for visitor in both:
        visitor.go("/live")
    desktop.push("Do a test for me")
    for visitor in both:
        visitor.sees("LEFT", "STAND STILL")
        visitor.sees("LUNGE", "Knee to the wall")
        visitor.sees("SLIDE BACK", "Passed.")
    phone.push("Take over")
    _fail_twice(phone)
    for visitor in both:
        visitor.sees("RIGHT", "OTHER SIDE")
    phone.push("Lean back")
    phone.push("Board 20 mm closer")
    phone.push("Board 20 mm closer")
    phone.push("Step on, right leg")
    _pass(phone)
    _fail_twice(phone)
    for visitor in both:
        visitor.sees("WHERE?", "Where did you feel the limit?")
    phone.push("Calf")
    for visitor in both:
        visitor.sees("PAIN?", "How much did it hurt?")
    desktop.push("2")
    for visitor in both:
        visitor.sees("DONE", "Left ", ", right ", "Saved.")
    left, right = re.findall(r"(?:Left|right) (\d+\.\d) cm", desktop.reads("#sentence"))
    assert desktop.reads("#number").split() == ["\u25cf", left, "\u25c6", right]

    desktop.push("Stretch for me")
    for visitor in both:
        visitor.sees("LEFT", "READY", "calf stretch", "the long tone")
        visitor.sees("LEFT", "HOLD", "Keep the heel down")
    assert 0 < int(phone.reads("#number")) <= SHORT["hold_s"]
    phone.push("Lift heel")
    for visitor in both:
        assert visitor.sees("HEEL DOWN", "left heel up").endswith(BLACK)
        assert not visitor.sees("HOLD", "left heel down").endswith(BLACK)
        visitor.sees("RIGHT", "HOLD")
        visitor.sees("DONE", "Well done")

    for visitor in both:
        visitor.go("/history")
        assert f"left {left} cm, right {right} cm" in visitor.reads("tbody")
        visitor.window.press("tbody a")
        assert "5 s held left" in visitor.reads(".lead")
        assert "simulated" in visitor.reads("main .tag")
    assert "felt in the calf, pain 2 of 10" in desktop.reads("main")
    _looks_at_the_picture(desktop)
    phone.go("/")
    for side, said in (("Left", left), ("Right", right)):
        card = phone.reads(f'.card[aria-label="{side}"]')
        assert "uncalibrated" in card
        whole = re.search(r"(\d+) cm \u00b1", card)
        assert whole
        assert abs(float(whole[1]) - float(said)) <= 0.5


def _pass(visitor: Visitor) -> None:
    visitor.sees("LUNGE")
    visitor.push("Lean: knee to the wall")
    visitor.sees("SLIDE BACK", "Passed.")


def _fail_twice(visitor: Visitor) -> None:
    """The heel comes up in two lunges, which ends the trial."""
    visitor.push("Lean back")
    visitor.push("Board 20 mm back")
    visitor.sees("LUNGE")
    visitor.push("Cheat: lift the heel in the lunge")
    visitor.sees("CLOSER", "Your heel came up")
    visitor.push("Lean back")
    visitor.push("Board 5 mm closer")
    visitor.sees("LUNGE")
    visitor.push("Cheat: lift the heel in the lunge")


def _looks_at_the_picture(visitor: Visitor) -> None:
    """The session has a chart of each activity with attempts, credited time and heel lift, and the same in words."""
    test, hold = visitor.window.run("return [...document.querySelectorAll('figure')].map(one => one.innerText)")
    assert "6 attempts, 2 passed" in test
    assert "2 stretches with 10 s credited, 1 heel lift" in hold
    drawn = "return [...document.querySelectorAll('figure')].map(one => one.querySelectorAll(arguments[0]).length)"
    assert visitor.window.run(drawn, ".event") == [6, 0]
    assert visitor.window.run(drawn, ".heel-lift") == [0, 1]
    assert visitor.window.run(drawn, ".credit")[1] >= len(Side)


def test_demo_hold_works_by_keyboard_alone(desktop: Visitor) -> None:
    """Start a stretch, lift and lower a heel, and stop, without a mouse."""
    desktop.go("/live")
    desktop.key("Step on, left leg", ENTER)
    desktop.key("Stretch", ENTER)
    desktop.sees("LEFT", "READY")
    desktop.sees("HOLD", "left heel down")
    desktop.hold_key("Press and hold: heel up", SPACE)
    assert desktop.sees("HEEL DOWN", "left heel up").endswith(BLACK)
    desktop.let_go(SPACE)
    desktop.sees("HOLD", "left heel down")
    desktop.key("Stop", ENTER)
    desktop.sees("ENDED")


def test_demo_stretch_works_without_scripts(phone: Visitor) -> None:
    """Each page load shows the progress of the stretch, the buttons work, and the held time is in the history."""
    phone.window.look(PHONE_SMALL, scripts=False)
    try:
        phone.window.open(phone.address + "/live")
        phone.click('input[value="step_on"] ~ button')
        phone.click('button[value="stretch"]')
        phone.loads_until("/live", "#word", "READY")
        phone.loads_until("/live", "#word", "HOLD")
        phone.click('button[value="stop"]')
        phone.loads_until("/live", "#word", "ENDED")
        phone.loads_until("/history", "tbody", "held left")
    finally:
        phone.window.look(PHONE)
