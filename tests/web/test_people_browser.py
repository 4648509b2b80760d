"""People in a real browser, at a phone's width: find, set up, claim, exchange, archive, delete."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from station.store import Store
from tests import browser
from tests.browser import PHONE, PHONE_SMALL, Browser
from tests.web.history import add_session
from tests.web.pages.test_people import unclaimed_session

pytestmark = pytest.mark.skipif(
    not browser.is_available(), reason="no browser here: apt-get install chromium chromium-driver"
)
LEAST_TARGET = 44
TYPE = """
const field = document.querySelector(arguments[0])
field.value = arguments[1]
field.dispatchEvent(new Event('input', {bubbles: true}))
"""


def test_one_person_from_the_roster_to_the_receipt(
    visit: Callable[[str], Browser], window: Browser, store: Store
) -> None:
    """Among three hundred names: search, open the profile, set a goal, claim, exchange sides, and delete."""
    store.add_person("Olga")
    for number in range(300):
        store.add_person(f"Client {number:03}")
    zoe = store.add_person("Zoë Ångström-Nguyễn, who has a long name, as people have")
    session_id, test_id = unclaimed_session(store)
    window.emulate(PHONE)

    visit("/people")
    window.run(TYPE, "[name=q]", "ngst zoe")
    window.wait_until(lambda: "Nobody with this name" in window.text("#answers"), "words begin words")
    window.run(TYPE, "[name=q]", "ang zoe")
    window.wait_until(lambda: window.text("#count") == "1 person found", "the search as typed")
    assert window.layout_faults(LEAST_TARGET) == []
    window.click(".roster a.button")
    window.wait_until(lambda: window.text("h1").startswith("Zoë"), "the profile")
    for size in (PHONE_SMALL, PHONE):
        window.emulate(size)
        assert window.layout_faults(LEAST_TARGET) == []
    window.run(TYPE, "[name=goal_left_mm]", "9.5")
    window.run(TYPE, "[name=time_zone]", "Europe/Vienna")
    window.click(".save-bar button")
    window.wait_until(lambda: "Saved." in window.text("[role=status]"), "the saved profile")

    visit("/inbox")
    assert window.layout_faults(LEAST_TARGET) == []
    window.run(TYPE, "[name=known]", zoe.name)
    window.click(".whose:last-of-type button")
    window.wait_until(lambda: "Undo" in window.text("[role=status]"), "the claim, with its undo")
    assert window.layout_faults(LEAST_TARGET) == []

    visit(f"/sessions/{session_id}")
    assert window.text("h1").startswith("Left 8.1 cm")
    window.click("#sides summary")
    window.click("#sides form[action$=swap] button")
    window.wait_until(lambda: window.text("h1").startswith("Left 9.3 cm"), "exchanged sides")
    assert window.layout_faults(LEAST_TARGET) == []

    visit(f"/people/{zoe.id}/delete")
    assert "1 test" in window.text(".amounts")
    assert window.layout_faults(LEAST_TARGET) == []
    for device in store.devices():
        store.note_presence(device.id, datetime.now(UTC) + timedelta(minutes=10))
    window.click(".actions form button")
    window.wait_until(lambda: window.text("h1").startswith("Deleted: Zoë"), "the receipt")
    assert window.layout_faults(LEAST_TARGET) == []
    assert len(window.printed_pages()) == 1
    assert store.test(test_id) is None


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_search_works_without_scripts(
    visit: Callable[[str], Browser], window: Browser, store: Store, *, scripts: bool
) -> None:
    """The form is a GET request; the response is the same page."""
    for number in range(30):
        store.add_person(f"Client {number:03}")
    window.emulate(PHONE, scripts=scripts)
    visit("/people?q=cli+029")
    assert window.text("#count") == "1 person found"
    window.emulate(PHONE)


def test_one_leg_is_chosen_and_today_shows_it_alone(
    visit: Callable[[str], Browser], window: Browser, store: Store
) -> None:
    """On the person's page; Today then has one ankle, as wide as its column, and both are back with the next choice."""
    ada, _ = add_session(store)
    window.emulate(PHONE_SMALL)
    for legs, cards in (("left", ["Left"]), ("both", ["Left", "Right"])):
        visit(f"/people/{ada.id}")
        window.run(TYPE, "[name=legs]", legs)
        assert window.layout_faults(LEAST_TARGET) == []
        window.click(".save-bar button")
        window.wait_until(lambda: "Saved." in window.text("[role=status]"), "the saved choice")
        visit("/")
        shown = window.run("return [...document.querySelectorAll('.ankles h3')].map(one => one.innerText.slice(2))")
        assert shown == cards
        widths = "return [...document.querySelectorAll('.ankles, .ankles h3')].map(one => one.clientWidth)"
        whole, *parts = window.run(widths)
        assert sum(parts) > 0.7 * whole, "the cards fill the row"
        assert window.layout_faults(LEAST_TARGET) == []
        visit("/progress")
        assert window.layout_faults(LEAST_TARGET) == []
