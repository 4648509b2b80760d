"""The run that is being recorded, as its recorders share it."""

from __future__ import annotations

from dataclasses import dataclass

from station.app.budgets import MeasurementContext
from station.app.recording.queue import QueuedRow
from station.app.run import Run
from station.core.steps import Step


@dataclass(slots=True)
class CurrentRun:
    """A run, its row, the context it measures with, and the number of the step that its facts have come to."""

    run: Run
    row: QueuedRow
    context: MeasurementContext
    step_number: int = 0

    @property
    def step(self) -> Step:
        """The step that the facts have come to; the run itself may already be further."""
        return self.run.routine[self.step_number]
