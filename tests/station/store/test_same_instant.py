"""Simultaneous writes of the same thing: one comes first, the other gets the sentence, and the file stays sound.

For everything unique in the schema that people choose; the hash of a token is unique too, but of 256 random bits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from station.settings import Settings
from station.store import Store

WRITERS, TIMES = 4, 5


def at_once(write: Callable[[], object]) -> list[object]:
    """The result of each of the writers, or its error."""
    together = threading.Barrier(WRITERS)

    def run() -> object:
        together.wait()
        try:
            return write()
        except Exception as error:  # noqa: BLE001  the test checks it
            return error

    with ThreadPoolExecutor(WRITERS) as threads:
        return [one.result() for one in [threads.submit(run) for _ in range(WRITERS)]]


def refused(found: list[object]) -> list[Exception]:
    return [one for one in found if isinstance(one, Exception)]


ITEM = ({"exercise": "3a"},)
NAMED: dict[str, Callable[[Store, str, str], object]] = {
    "a person's name": lambda store, _, name: store.add_person(name),
    "a routine's name": lambda store, person_id, name: store.save_routine(None, person_id, name, ITEM),
}


@pytest.mark.parametrize("what", NAMED)
def test_a_name_taken_in_the_same_instant_is_refused_with_its_sentence(store: Store, what: str) -> None:
    """For each of the others, never with an error of the database."""
    person = store.add_person("Ann")
    for turn in range(TIMES):
        name = f"Ben {turn}"
        errors = refused(at_once(partial(NAMED[what], store, person.id, name)))
        assert len(errors) == WRITERS - 1
        assert {type(one) for one in errors} == {ValueError}
        assert all("already" in str(one) and f"called {name}" in str(one) for one in errors)


def test_two_people_who_take_the_same_name_keep_one_of_them_apart(store: Store) -> None:
    everybody = [store.add_person(f"Somebody {number}") for number in range(WRITERS)]
    waiting = list(everybody)
    errors = refused(at_once(lambda: store.rename_person(waiting.pop().id, "Ben")))
    assert [type(one) for one in errors] == [ValueError] * (WRITERS - 1)
    assert [one.name for one in store.people()].count("Ben") == 1


ONCE: dict[str, Callable[[Store, str, str], object]] = {
    "a plan": lambda store, ann, _: store.save_plan(ann, {"days": []}),
    "a consent": lambda store, ann, ben: store.agree_consent(ann, ben),
    "a consent that ends": lambda store, ann, ben: store.withdraw_consent(ann, ben),
    "a setting": lambda store, _ann, _ben: store.save_settings(Settings(goal_mm=90.0)),
    "an answer": lambda store, ann, _: store.add_answer(ann, "pain", 3),
}


@pytest.mark.parametrize("what", ONCE)
def test_simultaneous_writes_of_the_same_thing_succeed(store: Store, what: str) -> None:
    ann, ben = store.add_person("Ann"), store.add_person("Ben")
    for _ in range(TIMES):
        assert refused(at_once(lambda: ONCE[what](store, ann.id, ben.id))) == []
