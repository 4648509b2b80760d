"""A person's path on a phone: build a routine, answer questions, be guided, stop, resume, find it in the history."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests import browser
from tests.axe import grave_faults
from tests.browser import PHONE
from tests.visitors import Visitor, demonstration

pytestmark = pytest.mark.skipif(
    not browser.is_there(), reason="no browser here: apt-get install chromium chromium-driver"
)

TYPE = "const field = document.querySelector(arguments[0]); field.focus(); field.select(); field.value = arguments[1]"
ALL_NO = "document.querySelectorAll('form.care input[value=no]').forEach(one => { one.checked = true })"
BEGIN = """
const seen = [...document.querySelectorAll('button')].filter(one => one.getClientRects().length)
return seen.find(one => one.innerText.startsWith(arguments[0]))
"""
SHORT = {"hold_s": "5", "repetitions": "1"}
"""The shortest holds that the form allows, so that the whole routine can be watched."""
PREPARE = {"prepare_s": 3}
ALL_OF_IT_S = 90.0
"""Two short stretches with a change of legs, with time for a heel lift and a pause."""


@pytest.fixture
def phone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """A person with a phone at a new station."""
    with demonstration(tmp_path_factory.mktemp("guide")) as address, browser.opened() as window:
        window.look(PHONE)
        yield Visitor(window, address)
        assert window.errors() == []


def test_new_person_builds_starts_stops_and_resumes_a_routine(phone: Visitor) -> None:
    """A new person builds a routine, answers the health questions, follows it on the board, stops, resumes,
    and finds all of it in the history; axe finds nothing serious on the way."""
    window = phone.window
    phone.go("/settings")
    send = "return fetch('/settings', {method: 'POST', body: new URLSearchParams(arguments[0])}).then(to => to.ok)"
    assert window.run(send, PREPARE)
    _comes(phone, "Ada")
    _builds(phone, "Mine")
    _is_asked(phone)
    _is_led_and_stops(phone)
    _goes_on(phone)
    phone.go("/history")
    assert grave_faults(window) == []
    assert "10 s held left" in phone.reads("tbody")
    window.press("tbody a")
    assert grave_faults(window) == []
    page = phone.reads("main")
    assert "Soleus stretch" in page
    assert "Gastrocnemius stretch" in page


def _at(phone: Visitor, path: str) -> bool:
    return urlsplit(str(phone.window.driver.current_url)).path == path


def _comes(phone: Visitor, name: str) -> None:
    phone.go("/")
    phone.window.run(TYPE, "input[name=name]", name)
    phone.push("Add")
    phone.window.settle(lambda: name in phone.reads("h1"), "the page knows who is here")
    assert grave_faults(phone.window) == []


def _builds(phone: Visitor, name: str) -> None:
    """A routine of two short stretches, from the ready one."""
    phone.go("/routines/new?from=quick_calf")
    phone.window.run(TYPE, "input[name=name]", name)
    for place in range(2):
        for field in SHORT:
            inputs = phone.window.all(f"input[name^='{field}-']")
            phone.window.run("arguments[0].value = arguments[1]", inputs[place], SHORT[field])
    assert grave_faults(phone.window) == []
    phone.push("Save")
    phone.window.settle(lambda: _at(phone, "/routines") and name in phone.reads("main"), "the routine is kept")
    assert grave_faults(phone.window) == []


def _is_asked(phone: Visitor) -> None:
    """Starting it leads to the questions; with every answer no, on to the board."""
    window = phone.window
    own = window.run("return document.querySelector('button[name=routine][value^=\"own:\"]')")
    window.run("arguments[0].scrollIntoView({block: 'center'})", own)
    own.click()
    window.settle(lambda: _at(phone, "/care"), "the questions come first")
    assert grave_faults(window) == []
    window.run(ALL_NO)
    phone.push("Save")
    window.settle(lambda: "every exercise is open to you" in phone.reads("main"), "the answers are kept")
    assert grave_faults(window) == []
    begin = window.settle(lambda: window.run(BEGIN, "Begin: Mine"), "it may begin now")
    begin.click()
    window.settle(lambda: _at(phone, "/live"), "the live page is shown")


def _is_led_and_stops(phone: Visitor) -> None:
    phone.go("/live")
    phone.push("All by itself")
    phone.sees("LEFT", "READY", "calf stretch")
    assert grave_faults(phone.window) == []
    phone.sees("LEFT", "HOLD")
    phone.sees("RIGHT", "HOLD")
    phone.sees("READY", "soleus stretch")
    phone.push("Stop")
    phone.sees("ENDED")


def _goes_on(phone: Visitor) -> None:
    """The unfinished routine is offered by name and starts with the second stretch."""
    window = phone.window
    rest = window.settle(lambda: window.run(BEGIN, "Go on with the rest"), "the rest is offered")
    assert "of Mine" in rest.text
    window.run("arguments[0].scrollIntoView({block: 'center'})", rest)
    rest.click()
    phone.push("All by itself")
    phone.sees("READY", "soleus stretch")
    phone.sees("HOLD")
    phone.sees("DONE", bound_s=ALL_OF_IT_S)
