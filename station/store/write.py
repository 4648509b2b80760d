"""Writing to the store: every method is one transaction, and what it wrote is on the disk when it returns."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select

from station.core.records import Contact, Side
from station.settings import Settings
from station.store.read import settings_in
from station.store.rows import Attempt, Circumstances, Lift, Person, Trial
from station.store.schema import (
    attempts,
    heels,
    holds,
    lifts,
    people,
    reps,
    runs,
    settings,
    sittings,
    tests,
    trace_chunks,
    trials,
)
from station.store.traces import packed
from station.store.transactions import Transactions

NAME_MOST = 60
"""Letters of a person's name: what fits on a phone in two lines."""

UNFINISHED, PARTIAL, FINISHED = "unfinished", "partial", "finished"


class Store(Transactions):
    """The database of one station. Methods raise `StoreError` with a sentence, and have then changed nothing.

    Rows under way are `unfinished` until somebody says otherwise, and stay so when the power goes.
    """

    def add_person(self, name: str) -> Person:
        """Raises `ValueError` with a sentence when the name is empty, too long or taken."""
        with self.writing() as now:
            name = _free_name(now, name, None)
            return Person(self._insert(now, people, name=name, added_at=self._clock.wall()), name)

    def rename_person(self, person_id: str, name: str) -> None:
        """Raises as `add_person` does."""
        with self.writing() as now:
            name = _free_name(now, name, person_id)
            self._update(now, people, person_id, name=name)

    def save_settings(self, wish: Settings) -> None:
        """Keep what differs from what is stored; what nobody ever changed follows the program's defaults."""
        with self.writing() as now:
            before = asdict(Settings(**settings_in(now)))
            for name, value in asdict(wish).items():
                if value != before[name]:
                    now.execute(delete(settings).where(settings.c.name == name))
                    text = json.dumps(value)
                    self._insert(now, settings, name=name, value_json=text, changed_at=self._clock.wall())

    def add_calibration(self, gain: float, offset_mm: float, points: tuple[tuple[float, float], ...]) -> str:
        """`points` are (reading in mm, true toe distance in mm) that the line was fitted to."""
        with self.writing() as now:
            return self._insert_calibration(now, gain=gain, offset_mm=offset_mm, points_json=json.dumps(points))

    def save_empty_share(self, side: Side, share: float) -> None:
        """What this analogue heel says with nothing on it, as a share of full scale."""
        with self.writing() as now:
            now.execute(delete(heels).where(heels.c.side == side))
            self._insert(now, heels, side=side, empty_share=share, measured_at=self._clock.wall())

    def begin_sitting(self, person_id: str | None, started_at: datetime, *, simulated: bool) -> str:
        """`None`: nobody knows yet who it is."""
        return self._add(sittings, person_id=person_id, started_at=started_at, simulated=simulated)

    def claim_sitting(self, sitting_id: str, person_id: str | None) -> None:
        """Say whose sitting it was, or that nobody knows."""
        self._change(sittings, sitting_id, person_id=person_id)

    def end_sitting(self, sitting_id: str, ended_at: datetime, why: str) -> None:
        self._change(sittings, sitting_id, ended_at=ended_at, ended_why=why)

    def begin_run(self, sitting_id: str, header: dict[str, Any], began_at: datetime) -> str:
        """One thing done in a sitting; `header` is what its trace begins with, `began_at` the moment 0 of its times."""
        text = json.dumps(header, sort_keys=True)
        return self._add(runs, sitting_id=sitting_id, header_json=text, began_at=began_at)

    def append_trace(self, run_id: str, rows_text: str) -> None:
        """Add rows to the run's trace, whole lines without the line of column names; about every ten seconds."""
        number = func.coalesce(func.max(trace_chunks.c.number) + 1, 0)
        with self.writing() as now:
            count = now.execute(select(number).where(trace_chunks.c.run_id == run_id)).scalar_one()
            self._insert(now, trace_chunks, run_id=run_id, number=count, rows=packed(rows_text))

    def save_trace(self, run_id: str, rows_text: str) -> None:
        """The run's whole trace, in place of what was there: one piece is smaller than its chunks."""
        with self.writing() as now:
            now.execute(delete(trace_chunks).where(trace_chunks.c.run_id == run_id))
            self._insert(now, trace_chunks, run_id=run_id, number=0, rows=packed(rows_text))

    def begin_test(
        self,
        run_id: str,
        *,
        full: bool,
        contact: Contact,
        calibration_id: str | None,
        started_us: int = 0,
        circumstances: Circumstances | None = None,
    ) -> str:
        values = asdict(circumstances or Circumstances())
        values |= {"full": full, "contact": contact, "calibration_id": calibration_id, "started_us": started_us}
        return self._add(tests, run_id=run_id, state=UNFINISHED, **values)

    def describe_test(self, test_id: str, circumstances: Circumstances) -> None:
        """What the person said about the test afterwards."""
        self._change(tests, test_id, **asdict(circumstances))

    def add_attempt(self, test_id: str, attempt: Attempt) -> str:
        values = asdict(attempt)
        values["window_from_us"], values["window_to_us"] = values.pop("window_us") or (None, None)
        return self._add(attempts, test_id=test_id, **values)

    def add_trial(self, test_id: str, trial: Trial) -> str:
        return self._add(trials, test_id=test_id, **asdict(trial))

    def finish_test(
        self,
        test_id: str,
        *,
        left_mm: float | None,
        right_mm: float | None,
        left_uncertainty_mm: float | None = None,
        right_uncertainty_mm: float | None = None,
        partial: bool = False,
    ) -> None:
        self._change(
            tests,
            test_id,
            left_mm=left_mm,
            right_mm=right_mm,
            left_uncertainty_mm=left_uncertainty_mm,
            right_uncertainty_mm=right_uncertainty_mm,
            state=PARTIAL if partial else FINISHED,
        )

    def begin_hold(self, run_id: str, *, side: Side, repetition: int, target_us: int, started_us: int) -> str:
        nothing = dict.fromkeys(("credited_us", "lifted_us", "lifts", "micro_lifts"), 0)
        values = {"side": side, "repetition": repetition, "target_us": target_us, "started_us": started_us, **nothing}
        return self._add(holds, run_id=run_id, state=UNFINISHED, **values)

    def progress_hold(
        self, hold_id: str, *, credited_us: int, lifted_us: int = 0, lifts: int = 0, micro_lifts: int = 0
    ) -> None:
        """What a hold has come to so far; every second, so that a power cut loses one at most."""
        self._change(holds, hold_id, credited_us=credited_us, lifted_us=lifted_us, lifts=lifts, micro_lifts=micro_lifts)

    def add_lift(self, hold_id: str, lift: Lift) -> None:
        """A lift when it begins, and once more, with the same `since_us`, when the heel has come back."""
        with self.writing() as now:
            same = (lifts.c.hold_id == hold_id, lifts.c.since_us == lift.since_us)
            now.execute(delete(lifts).where(*same))
            self._insert(now, lifts, hold_id=hold_id, since_us=lift.since_us, until_us=lift.until_us)

    def finish_hold(
        self,
        hold_id: str,
        *,
        credited_us: int,
        lifted_us: int,
        lifts: int,
        micro_lifts: int,
        ended_us: int,
        partial: bool = False,
    ) -> None:
        self._change(
            holds,
            hold_id,
            credited_us=credited_us,
            lifted_us=lifted_us,
            lifts=lifts,
            micro_lifts=micro_lifts,
            ended_us=ended_us,
            state=PARTIAL if partial else FINISHED,
        )

    def begin_reps(self, run_id: str, *, side: Side, target_count: int, started_us: int) -> str:
        values = {"side": side, "target_count": target_count, "started_us": started_us, "count": 0, "too_quick": 0}
        return self._add(reps, run_id=run_id, state=UNFINISHED, **values)

    def progress_reps(self, reps_id: str, *, count: int, too_quick: int) -> None:
        self._change(reps, reps_id, count=count, too_quick=too_quick)

    def finish_reps(self, reps_id: str, *, count: int, too_quick: int, partial: bool = False) -> None:
        self._change(reps, reps_id, count=count, too_quick=too_quick, state=PARTIAL if partial else FINISHED)


def _free_name(now: Connection, name: str, person_id: str | None) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_MOST:
        raise ValueError(f"A name has 1 to {NAME_MOST} letters: give one.")
    taken = now.execute(select(people.c.id).where(func.lower(people.c.name) == name.lower())).scalars().all()
    if any(other != person_id for other in taken):
        raise ValueError(f"There is somebody called {name} already: add a letter to tell them apart.")
    return name
