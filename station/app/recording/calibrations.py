"""Stores calibrations and their checks."""

from __future__ import annotations

from station.app.recording.queue import WriteQueue
from station.core.facts import CheckDone
from station.core.measurement.calibration import Fit
from station.store import Store


class CalibrationRecorder:
    """Stores calibrations and checks, each with the temperature beside the distance sensor, if known."""

    def __init__(self, queue: WriteQueue, store: Store) -> None:
        self._queue = queue
        self._store = store

    def record_calibration(self, fit: Fit, temperature_c: float | None) -> None:
        self._queue.write(lambda: self._store.add_calibration(fit, temperature_c))

    def record_block_check(self, fact: CheckDone, calibration_id: str, temperature_c: float | None) -> None:
        """Store a check by a block; `calibration_id` is the calibration that was in use."""
        self.record_check(
            *(calibration_id, "block", fact.block_mm, fact.off_mm, fact.uncertainty_mm, temperature_c),
            passed=not fact.out,
        )

    def record_check(
        self,
        calibration_id: str,
        kind: str,
        block_mm: float | None,
        off_mm: float,
        uncertainty_mm: float,
        temperature_c: float | None,
        *,
        passed: bool,
    ) -> None:
        """Store a check; `calibration_id` is the calibration that was in use: a newer one may be queued."""
        self._queue.write(
            lambda: self._store.add_check(
                calibration_id=calibration_id,
                kind=kind,
                block_mm=block_mm,
                off_mm=off_mm,
                uncertainty_mm=uncertainty_mm,
                passed=passed,
                temperature_c=temperature_c,
            )
        )
