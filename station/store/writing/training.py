"""Writes what guides a person's training: own routines, answers, the plan and the unfinished routine."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete

from station.core.events import FELT_PLACE_ANSWERS, MAX_PAIN, NOWHERE, PAIN_OUT_OF_RANGE
from station.store.reading.training import is_circumstance, routine_name
from station.store.schema import answers, plans, routines, runs, tests
from station.store.writing.transactions import WriteTransactions, next_number


class TrainingWriter(WriteTransactions):
    """Writes routines, answers and plans. A method that raises `StoreError` (one sentence) has changed nothing."""

    def save_unfinished(self, run_id: str, remaining: Mapping[str, Any] | None, at: datetime) -> None:
        """Store the remaining steps of the run's routine at `at`, in a trace header's format; `None` if complete."""
        text = None if remaining is None else json.dumps(remaining, sort_keys=True)
        self._update_and_commit(runs, run_id, remaining_json=text, remaining_saved_at=None if remaining is None else at)

    def save_routine(
        self, routine_id: str | None, person_id: str | None, name: str, items: Sequence[Mapping[str, Any]]
    ) -> str:
        """Add a routine (`routine_id` is `None`) or change one, and return its id; without a person it is everyone's.

        Raises `ValueError` with a sentence if the name is empty, overlong or taken by another of the same person.
        """
        text = json.dumps([dict(item) for item in items])
        with self.write_transaction() as connection:
            name = routine_name(connection, name, routine_id, person_id)
            values = {"person_id": person_id, "name": name, "items_json": text, "changed_at": self._clock.utc_now()}
            if routine_id is None:
                return self._insert(connection, routines, **values)
            self._update(connection, routines, routine_id, **values)
            return routine_id

    def remove_routine(self, routine_id: str) -> None:
        """Delete a routine; sessions that used it stay."""
        with self.write_transaction() as connection:
            if connection.execute(delete(routines).where(routines.c.id == routine_id)).rowcount != 1:
                raise LookupError(f"There is no routine {routine_id} in {self.path}.")

    def add_answer(
        self, person_id: str, question: str, answer: Any, about: str | None = None, answered_at: datetime | None = None
    ) -> str:
        """Store a person's answer, any JSON value. `answered_at` defaults to now."""
        with self.write_transaction() as connection:
            return self._insert_answer(connection, person_id, question, answer, about, answered_at)

    def _insert_answer(
        self,
        connection: Connection,
        person_id: str,
        question: str,
        answer: Any,
        about: str | None = None,
        answered_at: datetime | None = None,
    ) -> str:
        values = {"person_id": person_id, "question": question, "about": about, "answer_json": json.dumps(answer)}
        number, said_at = next_number(connection, answers), answered_at or self._clock.utc_now()
        return self._insert(connection, answers, number=number, answered_at=said_at, **values)

    def save_plan(self, person_id: str, plan: Mapping[str, Any]) -> None:
        """Store the person's plan, replacing the last one."""
        text = json.dumps(plan)
        with self.write_transaction() as connection:
            connection.execute(delete(plans).where(plans.c.person_id == person_id))
            self._insert(connection, plans, person_id=person_id, plan_json=text, changed_at=self._clock.utc_now())

    def answer_test(self, test_id: str, *, pain: int | None = None, felt_places: Collection[str] | None = None) -> None:
        """Store the person's answers about a test; omitted ones stay unchanged.

        Raises `ValueError` with a sentence for an unknown pain or felt place.
        """
        if pain is not None and not 0 <= pain <= MAX_PAIN:
            raise ValueError(PAIN_OUT_OF_RANGE)
        values = {"pain": pain, "felt_place": felt_places_to_text(felt_places)}
        given = {name: value for name, value in values.items() if value is not None}
        if given:
            self._update_and_commit(tests, test_id, **given)

    def describe_test(self, test_id: str, *, shod: bool | None, back_foot: str | None, warmed_up: bool | None) -> None:
        """Store the circumstances of a test that only the person knows; `None` means unknown.

        Raises `ValueError` with a sentence for an unknown position of the back foot.
        """
        given: dict[str, bool | str | None] = {"shod": shod, "back_foot": back_foot, "warmed_up": warmed_up}
        for name, value in given.items():
            if not is_circumstance(name, value):
                raise ValueError(f"The circumstance {name} of a test cannot be {value!r}.")
        self._update_and_commit(tests, test_id, **given)


def felt_places_to_text(places: Collection[str] | None) -> str | None:
    """One place, or several in a fixed order, separated by commas. Raises `ValueError` with a sentence."""
    if places is None:
        return None
    unknown = next((place for place in places if place not in FELT_PLACE_ANSWERS), None)
    if unknown is not None or not places:
        raise ValueError(f"A limit felt at {unknown or 'no place'!r}: there are {', '.join(FELT_PLACE_ANSWERS)}.")
    if NOWHERE in places and len(set(places)) > 1:
        raise ValueError(f"A limit felt {NOWHERE} is felt at no other place.")
    return ",".join(place for place in FELT_PLACE_ANSWERS if place in places)
