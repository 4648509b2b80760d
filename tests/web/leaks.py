"""What browsers that may not see a person get to see of them: every address is asked, and every answer searched.

The person has a name, results and identifiers that occur nowhere else, so whatever of them reaches another browser is
found, on any route, in any header, error or log line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import product
from urllib.parse import urlencode

from flask import Flask
from werkzeug.routing import Rule

from station.core.events import SECOND_US, Side
from station.store import Store
from tests.web.history import add_test

NAME = "Zaphira Quillon"
RESULT_MM = 137.32
ROUTINE_NAME = "Quillon's mornings"
WORDS = ("Zaphira", "Quillon", "137.3", "13.7 cm", "5.4 in")
"""The person's name, and their result in every unit."""
UNKNOWN = "a4b8c1d2"
NEVER_ASKED = {"static"}
"""Files that are the same for everybody."""
FIELDS = ("person", "session", "test", "routine", "from", "id", "viewer", "device")
"""Fields that name something stored; every address is asked with all of them."""


@dataclass(frozen=True, slots=True)
class Private:
    """A person whose data nobody else may see, and the words that give them away."""

    person_id: str
    session_id: str
    ids: Mapping[str, str]
    """The identifiers of what is theirs, by the name that an address has for it."""

    @property
    def words(self) -> tuple[str, ...]:
        return (*WORDS, *dict.fromkeys(self.ids.values()))


@dataclass(frozen=True, slots=True)
class Leak:
    """A word of the private person in an answer: where it was asked, where it stands."""

    method: str
    address: str
    where: str
    word: str


def add_private_person(store: Store) -> Private:
    """A person with a test, a hold, an own routine, a plan and answers; the session is three days old."""
    person = store.add_person(NAME)
    began = datetime.now(UTC) - timedelta(days=3)
    session_id = store.begin_session(person.id, began, simulated=False)
    add_test(store, session_id, began, right_mm=RESULT_MM)
    run_id = store.begin_run(session_id, {"do": "hold", "side": "left"}, began + timedelta(minutes=2))
    hold_id = store.begin_hold(run_id, side=Side.LEFT, repetition=1, target_us=30 * SECOND_US, started_us=0)
    store.end_session(session_id, began + timedelta(minutes=5), "stepped off")
    store.add_answer(person.id, "pain", {"value": 3})
    store.save_routine(None, person.id, ROUTINE_NAME, ({"exercise": "3a"},))
    detail = store.session(session_id)
    assert detail is not None
    ids = {
        "person_id": person.id,
        "session_id": session_id,
        "run_id": detail.run_ids[0],
        "test_id": detail.tests[0].id,
        "hold_id": hold_id,
    }
    return Private(person.id, session_id, ids)


def addresses(app: Flask, private: Private) -> Iterator[tuple[str, str]]:
    """Every method and address of the application, with the private person's identifiers where it takes any."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in NEVER_ASKED:
            continue
        query = urlencode({name: private.ids.get(f"{name}_id", private.person_id) for name in FIELDS})
        for method, address in product(sorted((rule.methods or set()) - {"OPTIONS"}), _filled(rule, private)):
            yield method, address
            yield method, f"{address}?{query}"
            yield method, f"{address}?person=everyone"


def _filled(rule: Rule, private: Private) -> tuple[str, ...]:
    """The rule's address with the person's identifiers; every argument of another kind is a word that nobody has."""

    def filled(known: Mapping[str, str]) -> str:
        return re.sub(r"<(?:[^:>]*:)?([^>]+)>", lambda match: known.get(match[1], UNKNOWN), rule.rule)

    return tuple({filled(private.ids), filled({name: private.person_id for name in rule.arguments})})


def leaks_in(
    app: Flask, private: Private, cookies: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> Iterator[Leak]:
    """Ask every address as a browser with these cookies, and yield each private word in an answer.

    An identifier that was sent is not counted where it comes back in the address of a redirect.
    """
    for method, address in addresses(app, private):
        client = app.test_client(use_cookies=True)
        for name, value in (cookies or {}).items():
            client.set_cookie(name, value)
        form = {name: private.ids.get(f"{name}_id", private.person_id) for name in FIELDS}
        answer = client.open(
            address, method=method, headers=headers, data=form if method == "POST" else None, buffered=True
        )
        sent_ids = set(private.ids.values())
        for word in private.words:
            if any(word in value for name, value in answer.headers if not (name == "Location" and word in sent_ids)):
                yield Leak(method, address, "header", word)
        for word in words_in(answer.get_data(), private.words):
            yield Leak(method, address, f"body of a {answer.status_code}", word)


def words_in(content: bytes, words: tuple[str, ...]) -> Iterator[str]:
    """The private words in an answer, as written, and as a person reads them without markup."""
    text = content.decode("utf-8", "replace")
    read = " ".join(unescape(re.sub(r"<[^>]*>", "", text)).split())
    spaced = " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())
    yield from (word for word in words if word in text or word in read or word in spaced)
