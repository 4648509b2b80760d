"""The run being recorded, shared by its recorders."""

from __future__ import annotations

from dataclasses import dataclass

from station.app.recording.queue import QueuedRow
from station.app.results.budgets import MeasurementContext
from station.app.running.run import Run
from station.core.events import BoardPosition
from station.core.steps import Step


@dataclass(slots=True)
class CurrentRun:
    """A run, its row and its measurement context; the board's position and the number of the step according to the
    facts so far."""

    run: Run
    row: QueuedRow
    context: MeasurementContext
    board_lies: BoardPosition | None
    step_number: int = 0

    @property
    def step(self) -> Step:
        """The step that the facts have reached; the run itself may be further on."""
        return self.run.routine[self.step_number]
