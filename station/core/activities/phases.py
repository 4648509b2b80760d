"""An activity in phases: one at a time, and only the transitions that its table allows."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from station.core.activities.engine import Activity
from station.core.sensing.sensors import BoardSensors

PhaseT = TypeVar("PhaseT", bound=StrEnum)


class PhasedActivity(Activity, Generic[PhaseT]):
    """An activity that is in one phase at a time. `transitions` gives the phases that may follow each phase."""

    transitions: ClassVar[Mapping[Any, frozenset[Any]]]

    def __init__(self, sensors: BoardSensors, phase: PhaseT) -> None:
        super().__init__(sensors)
        self._phase = phase

    @property
    def phase(self) -> PhaseT:
        return self._phase

    def enter(self, phase: PhaseT) -> None:
        """Enter `phase`. Raises RuntimeError when the table does not allow it after the current one."""
        if phase not in self.transitions[self._phase]:
            raise RuntimeError(f"{type(self).__name__} cannot go from {self._phase} to {phase}")
        self._phase = phase
