"""Writing what guides a person: their own routines, their answers, their plan, and what is left of a routine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from station.core.events import FELT_PLACE_ANSWERS
from station.store.schema import answers, plans, routines, runs, tests
from station.store.write_transactions import WriteTransactions, next_number

NAME_MOST = 60
"""Letters of a name: what fits on a phone in two lines."""

PAIN_MOST = 10


class TrainingWriter(WriteTransactions):
    """What the guide writes. Methods raise `StoreError` with a sentence, and have then changed nothing."""

    def save_unfinished(self, run_id: str, rest: Mapping[str, Any] | None, at: datetime) -> None:
        """What is left of the run's routine at `at`, as the header of a trace says it; `None`: it is complete."""
        text = None if rest is None else json.dumps(rest, sort_keys=True)
        self._change(runs, run_id, remaining_json=text, remaining_saved_at=None if rest is None else at)

    def save_routine(
        self, routine_id: str | None, person_id: str | None, name: str, items: Sequence[Mapping[str, Any]]
    ) -> str:
        """Keep a new routine (`routine_id` is `None`) or change one; without a person it is everybody's. Gives its id.

        Raises `ValueError` with a sentence when the name is empty, too long or taken by another of the same person.
        """
        text = json.dumps([dict(item) for item in items])
        same_person = select(routines.c.id, routines.c.name).where(routines.c.person_id == person_id)
        with self.write_transaction() as now:
            others = [row.name for row in now.execute(same_person) if row.id != routine_id]
            name = unique_name(name, others, "There is a routine called {name} already: give this one another name.")
            values = {"person_id": person_id, "name": name, "items_json": text, "changed_at": self._clock.wall()}
            if routine_id is None:
                return self._insert(now, routines, **values)
            self._update(now, routines, routine_id, **values)
            return routine_id

    def remove_routine(self, routine_id: str) -> None:
        """What was done by it stays as it was."""
        with self.write_transaction() as now:
            if now.execute(delete(routines).where(routines.c.id == routine_id)).rowcount != 1:
                raise LookupError(f"There is no routine {routine_id} in {self.path}.")

    def add_answer(
        self, person_id: str, question: str, answer: Any, about: str | None = None, at: datetime | None = None
    ) -> str:
        """What a person said to a question, as anything that JSON can say; `at` is now where it is not given."""
        values = {"person_id": person_id, "question": question, "about": about, "answer_json": json.dumps(answer)}
        with self.write_transaction() as now:
            number, said_at = next_number(now, answers), at or self._clock.wall()
            return self._insert(now, answers, number=number, answered_at=said_at, **values)

    def save_plan(self, person_id: str, plan: Mapping[str, Any]) -> None:
        """From now on this is the person's plan."""
        text = json.dumps(plan)
        with self.write_transaction() as now:
            now.execute(delete(plans).where(plans.c.person_id == person_id))
            self._insert(now, plans, person_id=person_id, plan_json=text, changed_at=self._clock.wall())

    def answer_test(self, test_id: str, *, pain: int | None = None, limit_felt: str | None = None) -> None:
        """What the person said about a test, as far as it is given; what else is known of it stays.

        Raises `ValueError` with a sentence for a pain or a felt place that there is not.
        """
        if pain is not None and not 0 <= pain <= PAIN_MOST:
            raise ValueError(f"A pain of {pain}: it goes from 0 to {PAIN_MOST}.")
        if limit_felt is not None and limit_felt not in FELT_PLACE_ANSWERS:
            raise ValueError(f"A limit felt at {limit_felt!r}: there are {', '.join(FELT_PLACE_ANSWERS)}.")
        said = {"pain": pain, "felt_place": limit_felt}
        given = {name: value for name, value in said.items() if value is not None}
        if given:
            self._change(tests, test_id, **given)


def unique_name(name: str, others: Iterable[str], taken: str) -> str:
    """The name without needless spaces. Raises `ValueError`: empty, too long, or the sentence `taken` of it."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_MOST:
        raise ValueError(f"A name has 1 to {NAME_MOST} letters: give one.")
    if not name.isprintable():
        raise ValueError("A name has only letters that can be seen: leave out the others.")
    if name.casefold() in (other.casefold() for other in others):
        raise ValueError(taken.format(name=name))
    return name
