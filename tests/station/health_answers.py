"""The health questions, answered for somebody in a test."""

from __future__ import annotations

from station.advice.health_questions import CONDITIONS
from station.store import Store


def answer_care(store: Store, person_id: str, *conditions: str) -> None:
    """Yes to these of the health questions, no to all others."""
    no = [one.key for one in CONDITIONS if one.key not in conditions and one.follow_up_of is None]
    store.add_answer(person_id, "health", {"yes": list(conditions), "no": no})


def add_cared(store: Store, name: str, *conditions: str) -> str:
    """Somebody who has answered the health questions so; gives their id."""
    person_id = store.add_person(name).id
    answer_care(store, person_id, *conditions)
    return person_id
