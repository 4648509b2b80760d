"""Today in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from station.store import Store
from tests import browser
from tests.browser import PHONE, Browser
from tests.web.history import add_session

pytestmark = pytest.mark.skipif(
    not browser.is_available(), reason="no browser here: apt-get install chromium chromium-driver"
)
PARTS = """
const top = document.querySelector('.places').getBoundingClientRect().top
return ['.now', '.ankles', '#week'].map(one => document.querySelector(one).closest('section')
  .getBoundingClientRect().bottom <= top)
"""


def test_today_is_one_screen_on_a_phone(visit: Callable[[str], Browser], window: Browser, store: Store) -> None:
    """The next action with its picture and button, both ankles and the week fit above the menu."""
    for days_ago in (28, 22, 15, 8):
        person, _ = add_session(store, days_ago=days_ago)
    store.add_answer(person.id, "health", {"yes": [], "no": []})
    window.emulate(PHONE)
    assert visit("/").run(PARTS) == [True, True, True]
    assert window.find(".now button.primary").is_displayed()
    assert window.find(".now-picture").is_displayed()
