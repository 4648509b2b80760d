"""How a test was done: asked once after it, shown and corrected on its session's page, changed under People."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from station.core.progress.records import Circumstances
from station.store import Store
from station.store.records import ImportedResult
from tests.web.history import add_session, add_test
from tests.web.page_text import text_of

SHOD, OTHER_FOOT = "Barefoot, or with shoes?", "Where is the other foot?"


def asked(client: FlaskClient) -> str | None:
    """The question on Today after a test."""
    found = re.search(r'class="question-form".*?<b>(.*?)</b>', text_of(client, "/"), re.DOTALL)
    return None if found is None else found[1]


def answered_session(store: Store, **of_session: Any) -> tuple[str, str, str]:
    """A person, a session and its test, with the felt place and the pain answered."""
    person, session = add_session(store, **of_session)
    test_id = store.tests(person.id)[0].id
    store.answer_test(test_id, pain=0, felt_places=["calf"])
    return person.id, session, test_id


def stored(store: Store, test_id: str) -> Circumstances:
    test = store.test(test_id)
    assert test is not None
    return test.circumstances


def test_first_test_asks_once_for_shoes_and_the_other_foot(client: FlaskClient, store: Store) -> None:
    """After the questions of every test, one at a time; the answers count for all of the person's tests."""
    _, _, before = answered_session(store, days_ago=2)
    ada, session, test_id = answered_session(store)
    address, asked_at = f"/people/{ada}/circumstances", {"session": session, "test": test_id}
    assert asked(client) == SHOD
    answer = client.post(address, data={"shod": "no", "return_to": "today", **asked_at})
    assert answer.headers["Location"] == "/"
    assert asked(client) == OTHER_FOOT
    answer = client.post(address, data={"back_foot": "heel up", **asked_at})
    assert answer.headers["Location"] == f"/sessions/{session}#test-{test_id}"
    assert asked(client) is None
    for each in (before, test_id):
        assert stored(store, each) == Circumstances(shod=False, back_foot="heel up")
    assert store.own_circumstances(ada) == {"shod": False, "back_foot": "heel up"}
    _, _, later = answered_session(store)
    assert asked(client) is None
    assert stored(store, later) == Circumstances(shod=False, back_foot="heel up")


def test_questions_of_every_test_come_first(client: FlaskClient, store: Store) -> None:
    """Before the first test nothing is asked."""
    store.add_person("Ada")
    assert asked(client) is None
    add_session(store)
    assert asked(client) == "Where did you feel the limit?"


def test_unknown_person_is_not_asked(client: FlaskClient, store: Store) -> None:
    """There is no person whose later tests it could apply to."""
    session = store.begin_session(None, datetime.now(UTC), simulated=False)
    add_test(store, session, datetime.now(UTC))
    store.answer_test(store.tests()[0].id, pain=0, felt_places=["calf"])
    assert "Asked once" not in text_of(client, f"/sessions/{session}")
    assert asked(client) != SHOD


def test_person_whose_shoes_vary_is_not_asked_again(client: FlaskClient, store: Store) -> None:
    ada, _, _ = answered_session(store)
    assert ">It varies</button>" in text_of(client, "/")
    client.post(f"/people/{ada}/circumstances", data={"shod": "unknown"})
    assert asked(client) == OTHER_FOOT


def test_session_page_shows_and_corrects_one_test(client: FlaskClient, store: Store) -> None:
    """What the person answered for all their tests stays."""
    ada, session, test_id = answered_session(store)
    store.answer_own_circumstance(ada, "shod", False)
    store.answer_own_circumstance(ada, "back_foot", "heel up")
    address = f"/sessions/{session}"
    assert "contact: knee pad, barefoot, other foot behind, heel up<" in text_of(client, address)
    form = {"shod": "yes", "back_foot": "unknown", "warmed_up": "no"}
    assert client.post(f"/tests/{test_id}/circumstances", data=form).status_code == 303
    assert stored(store, test_id) == Circumstances(shod=True, warmed_up=False)
    page = text_of(client, address)
    assert "contact: knee pad, with shoes, not warmed up<" in page
    for name, value in form.items():
        chosen = re.search(rf'<select name="{name}">.*?<option value="([^"]*)" selected>', page, re.DOTALL)
        assert chosen is not None
        assert chosen[1] == value
    assert store.own_circumstances(ada) == {"shod": False, "back_foot": "heel up"}


def test_session_page_says_that_a_stretch_came_before(client: FlaskClient, store: Store) -> None:
    """A stretch on the same day, after which an ankle reaches farther for some hours."""
    person, _ = add_session(store, days_ago=1.01)
    at = store.tests(person.id)[0].started_at + timedelta(minutes=5)
    session = store.begin_session(person.id, at, simulated=False)
    add_test(store, session, at)
    assert "after a stretch that day" in text_of(client, f"/sessions/{session}")


@pytest.mark.parametrize(
    "form", [{}, {"shod": "maybe"}, {"back_foot": "ahead"}, {"warmed_up": ""}, {"shod": "unanswered"}]
)
def test_invalid_circumstances_are_refused(client: FlaskClient, store: Store, form: dict[str, str]) -> None:
    """With a sentence, and nothing changes."""
    _, _, test_id = answered_session(store)
    assert client.post(f"/tests/{test_id}/circumstances", data=form).status_code == 400
    assert stored(store, test_id) == Circumstances()


def test_imported_or_unknown_test_takes_no_circumstances(client: FlaskClient, store: Store) -> None:
    ada = store.add_person("Ada").id
    store.add_imported_results(ada, [ImportedResult(datetime.now(UTC) - timedelta(days=9), 80.0, None)])
    for test_id in (store.tests(ada)[0].id, "gone"):
        assert client.post(f"/tests/{test_id}/circumstances", data={"shod": "no"}).status_code == 404


def own_form(client: FlaskClient) -> dict[str, str]:
    """The selected values of the form under People."""
    page = text_of(client, "/people")
    return {
        name: found[1]
        for name in ("shod", "back_foot")
        if (found := re.search(rf'<select name="{name}">.*?<option value="([^"]*)" selected>', page, re.DOTALL))
    }


def test_people_page_changes_how_a_person_tests(client: FlaskClient, store: Store) -> None:
    """Unchanged questions stay unanswered; a change counts from the next test on."""
    ada, _, test_id = answered_session(store)
    address = f"/people/{ada}/circumstances"
    assert own_form(client) == {"shod": "unanswered", "back_foot": "unanswered"}
    answer = client.post(address, data={"shod": "yes", "back_foot": "unanswered"})
    assert answer.headers["Location"] == "/people?saved="
    assert own_form(client) == {"shod": "yes", "back_foot": "unanswered"}
    assert store.own_circumstances(ada) == {"shod": True}
    for _ in range(2):
        client.post(address, data={"shod": "unknown", "back_foot": "off"})
    assert own_form(client) == {"shod": "unknown", "back_foot": "off"}
    assert len(store.answers(ada, "back_foot")) == 1
    assert stored(store, test_id) == Circumstances(shod=True, back_foot="off")
    assert client.post(address, data={"shod": "maybe"}).status_code == 400


def test_people_page_without_a_person_has_no_such_form(client: FlaskClient, store: Store) -> None:
    assert own_form(client) == {}
    assert client.post("/people/nobody/circumstances", data={"shod": "yes"}).status_code == 404
