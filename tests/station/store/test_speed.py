"""The cost of a query in steps of SQLite's virtual machine: the same on every machine, however busy."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Table, insert

from station.core.events import BOTH_LEGS, SECOND_US, Side
from station.store import Store
from station.store.connect import sqlite_driver
from station.store.schema import (
    answers,
    attempts,
    corrections,
    holds,
    rep_sets,
    repetitions,
    runs,
    sessions,
    tests,
    trials,
)
from station.version import APP_VERSION, RULE_VERSION
from tests.station.store.histories import HandClock

DAYS, TIMES = 60, 10
HOLDS, ATTEMPTS, ANSWERS, REPETITIONS = 6, 8, 4, 15

STEPS = [{"do": "hold", "side": "both", "hold_s": 30.0, "repetitions": 3, "exercise": "soleus-stretch"}] * 12
HEADER = json.dumps({"do": "routine", "steps": STEPS, "gain": 1.0, "offset_mm": -70.0})
"""A header as long as that of a full routine."""
CHECKED = json.dumps({"do": "check", "block_mm": 100.0})
"""Two checks follow each routine, so that the last routine must be searched."""

COUNTED_STEPS = 10
"""SQLite reports after this many steps."""
PAGE_GROWTH = 1.1
"""A page shows equally much of a long history as of a short one."""
CHART_GROWTH = 1.1 * TIMES
"""Queries that read all of a person's tests, or search one answer among all, grow in proportion and no faster."""


class CountedSteps:
    """Opens connections that count their steps in `steps`."""

    def __init__(self) -> None:
        self.steps = 0

    def driver(self, path: Path, read_only: bool) -> sqlite3.Connection:
        connection = sqlite_driver(path, read_only)
        connection.set_progress_handler(self._count, COUNTED_STEPS)
        return connection

    def _count(self) -> None:
        self.steps += COUNTED_STEPS

    def of(self, ask: Callable[[], object]) -> int:
        """The steps of a query when run for the second time."""
        ask()
        before = self.steps
        ask()
        return self.steps - before


def fill(store: Store, clock: HandClock, days: int) -> str:
    """A session of each of two people a day: a test corrected twice, holds, attempts, repetitions and answers."""
    ann, bea = store.add_person("Ann"), store.add_person("Bea")
    calibration_id = store.current_calibration().id
    versions = {"app_version": APP_VERSION, "rule_version": RULE_VERSION}
    tables = (sessions, runs, tests, corrections, trials, attempts, holds, rep_sets, repetitions, answers)
    rows: dict[Table, list[dict[str, object]]] = {table: [] for table in tables}
    for day in range(days):
        for person in (ann, bea):
            key, at = f"{day}-{person.name}", clock.at + timedelta(days=day)
            rows[sessions].append(
                {"id": key, "person_id": person.id, "started_at": at, "ended_at": at, "simulated": True} | versions
            )
            rows[runs].append({"id": key, "session_id": key, "started_at": at, "header_json": HEADER} | versions)
            for number in (1, 2):
                run = {"id": f"{key}-{number}", "session_id": key, "started_at": at + timedelta(minutes=number)}
                rows[runs].append(run | {"header_json": CHECKED} | versions)
            test = {"id": key, "run_id": key, "started_us": 0, "full": False, "contact": "pad", "state": "finished"}
            kind = {"is_suspect": False, "imported": False, "calibration_id": calibration_id}
            rows[tests].append(test | kind | {"left_mm": 80.0, "right_mm": 90.0} | versions)
            for number in (1, 2):
                new = {"id": f"{key}-{number}", "number": number, "created_at": at, "test_id": key}
                rows[corrections].append(new | {"calibration_id": calibration_id, "left_mm": 80.0 + number} | versions)
            for side in Side:
                trial = {"id": f"{key}-{side}", "test_id": key, "side": side, "number": 1, "toe_mm": 80.0}
                rows[trials].append(trial | {"below_range": False, "ended_us": 1} | versions)
            for number in range(ATTEMPTS):
                attempt = {"id": f"{key}-{number}", "test_id": key, "side": Side.LEFT, "trial": 1, "number": number}
                rows[attempts].append(attempt | {"outcome": "passed", "started_us": 0, "ended_us": 1} | versions)
            for number in range(HOLDS):
                hold = {"id": f"{key}-{number}", "run_id": key, "side": Side.LEFT, "repetition": 1, "state": "finished"}
                nothing = dict.fromkeys(("lifted_us", "lift_count", "micro_lift_count", "started_us"), 0)
                spans = {"target_us": 30 * SECOND_US, "credited_us": 30 * SECOND_US}
                of_routine = {"step_index": 1, "exercise": "soleus-stretch", "verified": True}
                rows[holds].append(hold | nothing | spans | of_routine | versions)
            counted = {"id": key, "run_id": key, "side": BOTH_LEGS, "target_count": REPETITIONS, "count": REPETITIONS}
            of_routine = {"step_index": 2, "exercise": "calf-raise", "verified": True}
            rows[rep_sets].append(
                counted | {"too_quick_count": 0, "state": "finished", "started_us": 0} | of_routine | versions
            )
            for number in range(REPETITIONS):
                one = {"rep_set_id": key, "number": number, "at_us": number, "took_us": 1, "too_quick": False}
                rows[repetitions].append(one | versions)
            for number in range(ANSWERS):
                said = {"id": f"{key}-{number}", "number": ANSWERS * day + number, "person_id": person.id} | {
                    "answered_at": at
                }
                said |= {"question": "pain" if number else f"care {day}", "about": key, "answer_json": "2"}
                rows[answers].append(said | versions)
    with store.write_transaction() as now:
        for table, values in rows.items():
            now.execute(insert(table), values)
    return ann.id


def counted(path: Path, days: int) -> dict[str, int]:
    """The steps of each query about a history of this many days, and of the start."""
    clock, sqlite = HandClock(), CountedSteps()
    with Store.open(path, clock=clock) as store:
        ann = fill(store, clock, days)
    with Store.open(path, clock=clock, driver=sqlite.driver) as store:
        start = sqlite.steps
        questions: dict[str, Callable[[], object]] = {
            "sessions": lambda: store.sessions(ann, limit=50),
            "sessions of all": lambda: store.sessions(limit=50),
            "an old page of sessions": lambda: store.sessions(ann, limit=50, before=clock.at + timedelta(days=55)),
            "one session": lambda: store.session(f"{days // 2}-Ann"),
            "tests with attempts": lambda: store.tests(ann, limit=50),
            "holds": lambda: store.holds(ann, limit=50),
            "scores": lambda: store.result_summaries(ann),
            "weeks": lambda: store.week_credits(ann),
            "weeks of some exercises": lambda: store.week_credits(ann, exercises={"soleus-stretch"}),
            "repetitions": lambda: store.rep_sets(ann, limit=50),
            "answers": lambda: store.answers(ann, limit=50),
            "an old answer": lambda: store.answers(ann, "care 0", limit=1),
            "what is left": lambda: store.unfinished_run(ann),
            "when it was on the board": lambda: store.last_work_at(f"{days // 2}-Ann"),
        }
        return {name: sqlite.of(ask) for name, ask in questions.items()} | {"the start": start}


def test_page_costs_the_same_after_ten_times_as_long(tmp_path: Path) -> None:
    """Only queries that read all of a person's tests, or search one answer among all, grow with the history."""
    short, long = counted(tmp_path / "short.db", DAYS), counted(tmp_path / "long.db", TIMES * DAYS)
    assert all(short.values()), "a question that nothing was counted of"
    reads_all = ("scores", "weeks", "weeks of some exercises", "an old answer", "the start")
    bounds = {name: CHART_GROWTH if name in reads_all else PAGE_GROWTH for name in short}
    assert {name: long[name] / short[name] for name in short if long[name] > bounds[name] * short[name]} == {}
