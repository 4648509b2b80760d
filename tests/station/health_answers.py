"""Helpers that answer the health questions for a person."""

from __future__ import annotations

from station.advice.conditions import CONDITIONS
from station.advice.records import LegConditions
from station.store import Store


def answer_health_questions(store: Store, person_id: str, *conditions: str) -> None:
    """Answer these health questions with yes, and all others with no."""
    no = [one.key for one in CONDITIONS if one.key not in conditions and one.follow_up_of is None]
    store.add_answer(person_id, "health", {"yes": list(conditions), "no": no})


def on_both(*conditions: str) -> LegConditions:
    """These conditions, on both legs."""
    return LegConditions(frozenset(conditions), frozenset(conditions))


def add_screened_person(store: Store, name: str, *conditions: str) -> str:
    """Add a person who has answered the health questions, with yes to these conditions; returns their id."""
    person_id = store.add_person(name).id
    answer_health_questions(store, person_id, *conditions)
    return person_id
