"""A person's journey on a phone: build a routine, answer the health questions, follow it, stop, resume, and see the
history.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests import browser
from tests.axe import serious_violations
from tests.browser import PHONE
from tests.visitors import Visitor, run_demo

pytestmark = pytest.mark.skipif(
    not browser.is_available(), reason="no browser here: apt-get install chromium chromium-driver"
)

FILL_IN = (
    "const field = document.querySelector(arguments[0]); field.focus(); field.select(); field.value = arguments[1]"
)
ANSWER_ALL_NO = (
    "document.querySelectorAll('form.health-questions input[value=no]').forEach(one => { one.checked = true })"
)
FIND_BUTTON = """
const seen = [...document.querySelectorAll('button')].filter(one => one.getClientRects().length)
return seen.find(one => one.innerText.startsWith(arguments[0]))
"""
SHORT = {"hold_s": "5", "repetitions": "1"}
"""The shortest holds that the form allows, to keep the run short."""
PREPARE = {"prepare_s": 3}
WHOLE_ROUTINE_S = 90.0
"""Two short stretches with a change of legs, with time for a heel lift and a pause."""


@pytest.fixture
def phone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """A person with a phone at a new station."""
    with run_demo(tmp_path_factory.mktemp("guide"), "--empty") as address, browser.open_browser() as window:
        window.emulate(PHONE)
        yield Visitor(window, address)
        assert window.console_errors() == []


def test_new_person_builds_starts_stops_and_resumes_a_routine(phone: Visitor) -> None:
    """A new person builds a routine, answers the health questions, follows it on the board, stops halfway, resumes, and
    finds everything in the history; axe finds nothing serious on the way.
    """
    window = phone.window
    phone.open("/settings")
    send = "return fetch('/settings', {method: 'POST', body: new URLSearchParams(arguments[0])}).then(to => to.ok)"
    assert window.run(send, PREPARE)
    _add_person(phone, "Ada")
    _build_routine(phone, "Mine")
    _answer_health_questions(phone)
    _run_and_stop(phone)
    _resume(phone)
    phone.open("/history")
    assert serious_violations(window) == []
    assert "20 s held" in phone.text(".session-day")
    window.click(".session-day a")
    assert serious_violations(window) == []
    page = phone.text("main")
    assert "Soleus stretch" in page
    assert "Calf stretch" in page


def _at(phone: Visitor, path: str) -> bool:
    return urlsplit(str(phone.window.driver.current_url)).path == path


def _add_person(phone: Visitor, name: str) -> None:
    phone.open("/people")
    phone.window.run(FILL_IN, "input[name=name]", name)
    phone.click_button("Add")
    phone.window.wait_until(lambda: _at(phone, "/") and name in phone.text(".bar"), "Today names the person")
    assert serious_violations(phone.window) == []


def _build_routine(phone: Visitor, name: str) -> None:
    """Build a routine of two short stretches from a ready-made one."""
    phone.open("/routines/new?from=quick_calf")
    phone.window.run(FILL_IN, "input[name=name]", name)
    for place in range(2):
        for field in SHORT:
            inputs = phone.window.find_all(f"input[name^='{field}-']")
            phone.window.run("arguments[0].value = arguments[1]", inputs[place], SHORT[field])
    assert serious_violations(phone.window) == []
    phone.click_button("Save")
    phone.window.wait_until(lambda: _at(phone, "/routines") and name in phone.text("main"), "the routine is saved")
    assert serious_violations(phone.window) == []


def _answer_health_questions(phone: Visitor) -> None:
    """The first start of a routine leads to the questions; after a no to each, it continues to the board."""
    window = phone.window
    own = window.run("return document.querySelector('button[name=routine][value^=\"own:\"]')")
    window.run("arguments[0].scrollIntoView({block: 'center'})", own)
    own.click()
    window.wait_until(lambda: _at(phone, "/health-questions"), "the questions come first")
    assert serious_violations(window) == []
    window.run(ANSWER_ALL_NO)
    phone.click_button("Save")
    window.wait_until(lambda: "every exercise is open to you" in phone.text("main"), "the answers are saved")
    assert serious_violations(window) == []
    begin = window.wait_until(lambda: window.run(FIND_BUTTON, "Start: Mine"), "the routine may start")
    begin.click()
    window.wait_until(lambda: _at(phone, "/live"), "the live page is shown")


def _run_and_stop(phone: Visitor) -> None:
    phone.open("/live")
    phone.click_button("Automatic")
    phone.wait_for("LEFT", "READY", "calf stretch")
    assert serious_violations(phone.window) == []
    phone.wait_for("LEFT", "HOLD")
    phone.wait_for("RIGHT", "HOLD")
    phone.wait_for("READY", "soleus stretch")
    phone.click_button("Stop")
    phone.wait_for("ENDED")


def _resume(phone: Visitor) -> None:
    """The unfinished routine is offered by name and starts with the second stretch."""
    window = phone.window
    resume = window.wait_until(lambda: window.run(FIND_BUTTON, "Resume Mine"), "the unfinished routine is offered")
    window.run("arguments[0].scrollIntoView({block: 'center'})", resume)
    resume.click()
    phone.click_button("Automatic")
    phone.wait_for("READY", "soleus stretch")
    phone.wait_for("HOLD")
    phone.wait_for("DONE", bound_s=WHOLE_ROUTINE_S)
