"""Nothing of a person reaches a browser that may not see them."""

from __future__ import annotations

import logging

import pytest

from station.store import Store
from tests.web.double import StationDouble
from tests.web.leaks import NAME, RESULT_MM, add_private_person, leaks_in
from web.app import create_app


@pytest.mark.parametrize("cookies", [{}, {"access": "x" * 43}, {"person": "nobody"}], ids=["new", "forged", "old"])
def test_unpaired_browser_sees_nothing_of_anybody(
    store: Store, station: StationDouble, cookies: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """No name, result or identifier on any route, in a header, an error or a line of the log."""
    private = add_private_person(store)
    station.show(activity="test", phase="result", person_id=private.person_id, person_name=NAME, result_left_mm=RESULT_MM, session_id=private.session_id, note=f"{NAME} begins.")
    with caplog.at_level(logging.DEBUG):
        assert list(leaks_in(create_app(station, store), private, cookies)) == []
    assert [line for line in caplog.text.splitlines() if any(word in line for word in private.words)] == []
