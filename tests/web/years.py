"""Years of tests in a real store, inserted in bulk, for pages that show them all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from sqlalchemy import Table, insert

from station.core.events import Side
from station.store import Store
from station.store.records import Person
from station.store.schema import holds, runs, sessions, tests, trials
from station.version import APP_VERSION, RULE_VERSION

OUTLIER_SHARE = 0.01


HOLD_US = 30_000_000


def add_years_of_tests(
    store: Store, days: int, *, every: float = 1.0, seed: int = 1, name: str = "Ann", holds_a_day: int = 0
) -> Person:
    """Add a test of both sides every `every` days up to this moment, by a person who gains 2 mm a week at first.

    After each test come `holds_a_day` holds of 30 s, alternating between the legs.
    """
    person, random = store.add_person(name), Random(seed)
    calibration_id, begin = store.current_calibration().id, datetime.now(UTC) - timedelta(days=days)
    versions = {"app_version": APP_VERSION, "rule_version": RULE_VERSION}
    rows: dict[Table, list[dict[str, object]]] = {sessions: [], runs: [], tests: [], trials: [], holds: []}
    levels = {"left_mm": 60.0, "right_mm": 75.0}
    for number in range(int(days / every)):
        key, at = f"{seed}-{number:05}", begin + timedelta(days=number * every, minutes=random.uniform(0, 60))
        found: dict[str, object] = {}
        for name_of in levels:
            levels[name_of] += every * (0.28 * max(0.0, 1 - number * every / 200) + random.gauss(0, 0.15))
            found[name_of] = levels[name_of] + random.gauss(0, 5) + (35 if random.random() < OUTLIER_SHARE else 0)
            found[name_of.replace("_mm", "_uncertainty_mm")] = 1.4
        test_columns = {"run_id": key, "started_us": 0, "contact": "pad", "state": "finished", "is_suspect": False}
        kind = {"full": random.random() < 0.15, "imported": False, "calibration_id": calibration_id}
        pain = {"pain": 4 if random.random() < 0.02 else None}
        stood = {"id": key, "person_id": person.id, "started_at": at, "ended_at": at, "simulated": False}
        rows[sessions].append(stood | versions)
        rows[runs].append({"id": key, "session_id": key, "started_at": at, "header_json": "{}"} | versions)
        rows[tests].append({"id": key} | test_columns | kind | pain | found | versions)
        for trial in range(6 if kind["full"] else 0):
            side = list(Side)[trial % 2]
            toe_mm = {"toe_mm": levels[f"{side}_mm"] + random.gauss(0, 4)}
            of_it = {"id": f"{key}-{trial}", "test_id": key, "side": side, "number": trial // 2 + 1, "ended_us": trial}
            rows[trials].append(of_it | toe_mm | {"below_range": False} | versions)
        for hold in range(holds_a_day):
            started_us = (hold + 2) * 2 * HOLD_US
            of_it = {"id": f"{key}-{hold}", "run_id": key, "side": list(Side)[hold % 2], "repetition": hold // 2 + 1}
            times = {"target_us": HOLD_US, "credited_us": HOLD_US, "started_us": started_us, "lifted_us": 0}
            ended = {"ended_us": started_us + HOLD_US, "lift_count": 0, "micro_lift_count": 0, "state": "finished"}
            rows[holds].append(of_it | times | ended | {"verified": True} | versions)
    with store.write_transaction() as now:
        for table, values in rows.items():
            if values:
                now.execute(insert(table), values)
    return person
