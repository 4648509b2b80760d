"""The run that is being recorded, as its recorders share it."""

from __future__ import annotations

from dataclasses import dataclass

from station.app.recording.queue import QueuedRow
from station.app.results.budgets import MeasurementContext
from station.app.running.run import Run
from station.core.events import BoardPosition
from station.core.steps import Step


@dataclass(slots=True)
class CurrentRun:
    """A run, its row and the context it measures with; how the board lies, and the number of the step, by its facts so
    far."""

    run: Run
    row: QueuedRow
    context: MeasurementContext
    board_lies: BoardPosition | None
    step_number: int = 0

    @property
    def step(self) -> Step:
        """The step that the facts have come to; the run itself may already be further."""
        return self.run.routine[self.step_number]
