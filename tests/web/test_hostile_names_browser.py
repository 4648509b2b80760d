"""Hostile names in a real browser: every page escapes them, and none runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from station.app.access.roles import Role
from station.app.snapshot import Fault
from station.store import Store
from tests import browser
from tests.browser import Browser
from tests.paired_browsers import pair_browser
from tests.web.double import StationDouble
from tests.web.every_page import page_rules
from tests.web.history import add_session
from tests.web.hostile_names import HOSTILE_NAMES
from tests.web.live_states import HOLD

pytestmark = pytest.mark.skipif(
    not browser.is_available(), reason="no browser here: apt-get install chromium chromium-driver"
)
INJECTED = """
const found = [...document.querySelectorAll('script:not([src]), iframe, img[src="x"], [href^="javascript:"]')]
const isHandler = attribute => attribute.name.startsWith('on')
const handlers = [...document.querySelectorAll('*')].filter(one => [...one.attributes].some(isHandler))
return [...found, ...handlers].map(one => one.outerHTML)
"""


def test_no_page_runs_a_name(visit: Callable[[str], Browser], store: Store, station: StationDouble) -> None:
    """Names of people, browsers, programs and routines, and titles, notes and faults of a session.

    A dialog would make the next command fail, and `visit` fails on any console message.
    """
    person, session = add_session(store, name=HOSTILE_NAMES[0])
    for name in HOSTILE_NAMES[1:]:
        store.add_person(name)
    for number, name in enumerate(HOSTILE_NAMES):
        store.save_routine(None, person.id, name, [{"exercise": "3a"}])
        pair_browser(store, Role.MEMBER, store.people()[number].id, name=name)
    nobody = store.begin_session(None, datetime.now(UTC) - timedelta(minutes=9), simulated=False)
    store.end_session(nobody, datetime.now(UTC) - timedelta(minutes=5), HOSTILE_NAMES[0])
    arguments = {
        "session_id": session,
        "person_id": person.id,
        "routine_id": store.own_routines(person.id)[0].id,
        "key": "3a",
        "device_id": store.devices()[0].id,
    }
    hostile = HOSTILE_NAMES[0]
    shown = dict.fromkeys(("note", "routine_title", "next_step", "toe_missing_reason", "person_name"), hostile)
    station.show(**HOLD, **shown, person_id=person.id, session_id=session, faults=(Fault("toe", hostile),))
    seen = 0
    for _, pattern in page_rules():
        window = visit(pattern.format(**arguments))
        assert window.run(INJECTED) == [], pattern
        seen += hostile in str(window.run("return document.body.textContent"))
    assert seen >= 8
