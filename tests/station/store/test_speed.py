"""Ten years of daily sessions of two people are read as quickly as the first day."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Table, insert

from station.core.events import BOTH_LEGS, SECOND_US, Side
from station.store import Store
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

DAYS = 3650
HOLDS, ATTEMPTS, ANSWERS, REPETITIONS = 6, 8, 4, 15

STEPS = [{"do": "hold", "side": "both", "hold_s": 30.0, "repetitions": 3, "exercise": "soleus-stretch"}] * 12
HEADER = json.dumps({"do": "routine", "steps": STEPS, "gain": 1.0, "offset_mm": -70.0})
"""As long as that of a full routine."""
CHECKED = json.dumps({"do": "check", "block_mm": 100.0})
"""After each routine two checks, so that the last routine has to be looked for."""

PAGE_S = 0.15
"""A generous bound for a page's question: the machine may be busy. A scan of the whole history takes longer."""
CHART_S = 0.6
"""For the question that reads all 3,650 tests of a person."""


def fill(store: Store, clock: HandClock) -> str:
    """7,300 tests, corrected twice, 43,800 holds, 58,400 attempts, 109,500 repetitions, 29,200 answers, in one go."""
    ann, bea = store.add_person("Ann"), store.add_person("Bea")
    calibration_id = store.current_calibration().id
    versions = {"app_version": APP_VERSION, "rule_version": RULE_VERSION}
    tables = (sessions, runs, tests, corrections, trials, attempts, holds, rep_sets, repetitions, answers)
    rows: dict[Table, list[dict[str, object]]] = {table: [] for table in tables}
    for day in range(DAYS):
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


def test_ten_years_are_read_in_no_time(path: Path, clock: HandClock) -> None:
    """With 7,300 tests every question of a page is answered within its bound, and the start stays short."""
    with Store.open(path, clock=clock) as store:
        ann = fill(store, clock)
    begun = time.perf_counter()
    with Store.open(path, clock=clock) as store:
        opened_s = time.perf_counter() - begun
        questions: dict[str, tuple[float, Callable[[], object]]] = {
            "sessions": (PAGE_S, lambda: store.sessions(ann, limit=50)),
            "sessions of all": (PAGE_S, lambda: store.sessions(limit=50)),
            "an old page of sessions": (PAGE_S, lambda: store.sessions(ann, limit=50, before=clock.at)),
            "one session": (PAGE_S, lambda: store.session("1800-Ann")),
            "tests with attempts": (PAGE_S, lambda: store.tests(ann, limit=50)),
            "holds": (PAGE_S, lambda: store.holds(ann, limit=50)),
            "scores": (CHART_S, lambda: store.result_summaries(ann)),
            "weeks": (CHART_S, lambda: store.week_credits(ann)),
            "weeks of some exercises": (CHART_S, lambda: store.week_credits(ann, exercises={"soleus-stretch"})),
            "repetitions": (PAGE_S, lambda: store.rep_sets(ann, limit=50)),
            "answers": (PAGE_S, lambda: store.answers(ann, limit=50)),
            "an old answer": (PAGE_S, lambda: store.answers(ann, "care 0", limit=1)),
            "what is left": (PAGE_S, lambda: store.unfinished_run(ann)),
        }
        took_s = {}
        for name, (_, ask) in questions.items():
            ask()
            begun = time.perf_counter()
            ask()
            took_s[name] = time.perf_counter() - begun
    assert {name: took_s[name] for name, (bound, _) in questions.items() if took_s[name] > bound} == {}
    assert opened_s < 1.0
