"""Random sessions, written through the store until the power fails."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

from station.core.events import SECOND_US, Side
from station.core.facts import Contact
from station.store import Store
from station.store.records import Attempt, HeelLift, Trial
from tests.crash.ledger import Ledger, digest

BEGAN = datetime(2026, 3, 1, 7, tzinfo=UTC)


class Sessions:
    """Writes sessions; announces every write to the ledger, and acknowledges it once the store has returned."""

    def __init__(self, store: Store, ledger: Ledger, random: Random) -> None:
        self._store = store
        self._ledger = ledger
        self._random = random

    def write_session(self) -> None:
        """Write one session: a test, holds and repetitions in any order, sometimes interrupted."""
        session_id = self._store.begin_session(None, BEGAN, simulated=True)
        self._ledger.acknowledge("sessions", session_id, simulated=True)
        for _ in range(self._random.randint(1, 3)):
            run_id = self._store.begin_run(session_id, {"do": "hold"}, BEGAN)
            self._ledger.acknowledge("runs", run_id, session_id=session_id)
            self._random.choice((self._test, self._hold, self._reps))(run_id)
        if self._random.random() < 0.8:
            self._ledger.announce("sessions", session_id, end_reason="stepped off")
            self._store.end_session(session_id, BEGAN, "stepped off")
            self._ledger.acknowledge("sessions", session_id, end_reason="stepped off")

    def _test(self, run_id: str) -> None:
        test_id = self._store.begin_test(run_id, full=False, contact=Contact.PAD, calibration_id=None)
        self._ledger.acknowledge("tests", test_id, run_id=run_id)
        toe_mm = 80 + self._random.random() * 40
        for number in range(self._random.randint(1, 4)):
            window = (number, number + SECOND_US)
            attempt = Attempt(Side.LEFT, 1, number, "passed", number, number, toe_mm, 0.4, Contact.PAD, window)
            attempt_id = self._store.add_attempt(test_id, attempt)
            self._ledger.acknowledge("attempts", attempt_id, test_id=test_id, toe_mm=toe_mm, window_end_us=window[1])
        trial_id = self._store.add_trial(test_id, Trial(Side.LEFT, 1, toe_mm, False, 0.4, 5))
        self._ledger.acknowledge("trials", trial_id, test_id=test_id, toe_mm=toe_mm)
        self._ledger.announce("tests", test_id, state="finished", left_mm=toe_mm)
        self._store.finish_test(test_id, left_mm=toe_mm, right_mm=None)
        self._ledger.acknowledge("tests", test_id, state="finished", left_mm=toe_mm)

    def _hold(self, run_id: str) -> None:
        hold_id = self._store.begin_hold(run_id, side=Side.RIGHT, repetition=1, target_us=30 * SECOND_US, started_us=0)
        self._ledger.acknowledge("holds", hold_id, run_id=run_id, state="unfinished")
        so_far = dict.fromkeys(("credited_us", "lifted_us", "lift_count", "micro_lift_count"), 0)
        rows = ""
        for second in range(self._random.randint(1, 12)):
            so_far["credited_us"] += SECOND_US
            self._ledger.announce("holds", hold_id, **so_far)
            self._store.save_hold_progress(hold_id, **so_far)
            self._ledger.acknowledge("holds", hold_id, **so_far)
            if self._random.random() < 0.1:
                so_far["lift_count"] += 1
                self._lift(hold_id, second * SECOND_US)
            if self._random.random() < 0.2:
                more = "".join(f"{second}.{self._random.random():.6f},toe,163\n" for _ in range(200))
                self._ledger.announce("traces", run_id, digest=digest(rows + more))
                self._store.append_trace(run_id, more)
                rows += more
                self._ledger.acknowledge("traces", run_id, digest=digest(rows))
        done: dict[str, Any] = {**so_far, "ended_us": 40 * SECOND_US}
        self._ledger.announce("holds", hold_id, **done, state="finished")
        self._store.finish_hold(hold_id, **done)
        self._ledger.acknowledge("holds", hold_id, **done, state="finished")

    def _lift(self, hold_id: str, since_us: int) -> None:
        for until_us in (None, since_us + 700_000):
            key = f"{hold_id}/{since_us}"
            self._ledger.announce("heel_lifts", key, ended_us=until_us)
            self._store.add_heel_lift(hold_id, HeelLift(since_us, until_us))
            self._ledger.acknowledge("heel_lifts", key, ended_us=until_us)

    def _reps(self, run_id: str) -> None:
        rep_set_id = self._store.begin_rep_set(run_id, side=Side.LEFT, target_count=20, started_us=0)
        self._ledger.acknowledge("rep_sets", rep_set_id, run_id=run_id)
        for count in range(1, self._random.randint(2, 6)):
            self._ledger.announce("rep_sets", rep_set_id, count=count)
            self._store.save_rep_set_progress(rep_set_id, count=count, too_quick_count=0)
            self._ledger.acknowledge("rep_sets", rep_set_id, count=count)
