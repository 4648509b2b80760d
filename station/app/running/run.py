"""One run: a routine on the board from start to end, with the trace that replays to the same facts."""

from __future__ import annotations

from station.app.board.heels import heel_fault_of, heel_references, heel_views
from station.app.snapshot import HeelView
from station.clock import RunUs
from station.core.activities.engine import Engine
from station.core.events import Command, CommandName, Event
from station.core.facts import Fact
from station.core.measurement.curve import Curve
from station.core.sensing.sensors import BoardSensors, References, Wiring
from station.core.state import ActivityState
from station.core.steps import Routine, to_json
from station.core.trace import format_row, header_from_curve


class Run:
    """Feeds the engine and traces every event; times count from the start of the run.

    The first row of the trace is `start`, so that a replay begins at the same moment. If time alone ended the run, the
    last row is a `stop` at that time; it stops nothing, but makes the replay run as far.
    """

    def __init__(
        self,
        routine: Routine,
        wiring: Wiring,
        references: References,
        curve: Curve,
        begin_us: int,
        *,
        taps: bool = False,
    ) -> None:
        """`begin_us` is the start on the station's monotonic clock. `taps`: heel taps may be commands."""
        self.begin_us = begin_us
        self.wiring = wiring
        self.header = (
            to_json(routine)
            | header_from_curve(curve)
            | {
                "empty": {str(side): share for side, share in references.empty.items()},
                "standing": {str(side): share for side, share in references.standing.items()},
            }
        )
        if taps:
            self.header |= {"taps": True}
        self._rows: list[str] = []
        self._sensors = BoardSensors(wiring, 0, references, curve)
        # Imported with the first run: the page answers sooner without all the activities.
        from station.core.activities.routine import RoutineRun

        self._routine = RoutineRun(routine, self._sensors, tap_commands=taps)
        self._engine = Engine(self._routine, self._sensors, 0)

    def to_run_us(self, station_us: int) -> RunUs:
        """Convert a time on the station's monotonic clock to time in the run."""
        return RunUs(station_us - self.begin_us)

    def to_station_us(self, run_us: RunUs) -> int:
        """Convert a time in the run to the station's monotonic clock."""
        return run_us + self.begin_us

    @property
    def outcome(self) -> str | None:
        return self._engine.outcome

    @property
    def routine(self) -> Routine:
        """The current steps; those after a test that hurt are halved."""
        return self._routine.steps

    @property
    def remaining(self) -> Routine:
        """The steps that remain; empty when the routine is complete."""
        return self._routine.remaining

    @property
    def wakes_at_us(self) -> int | None:
        """The deadline for the next feed, in µs on the station's clock."""
        wakes_at_us = self._engine.wakes_at_us
        return None if wakes_at_us is None else self.to_station_us(RunUs(wakes_at_us))

    @property
    def change_count(self) -> int:
        """How many changes the board sensors have reported so far."""
        return self._engine.change_count

    def start(self) -> list[Fact]:
        """Start the run: the trace's first row."""
        return self.feed(Command(0, CommandName.START))

    def feed(self, event: Event) -> list[Fact]:
        """Feed an event; its time and the facts' times count from the start of the run."""
        row = format_row(event)
        if row is not None:
            self._rows.append(row)
        facts = self._engine.feed(event)
        if row is None and self._engine.outcome is not None:
            self._rows.append(str(format_row(Command(event.at_us, CommandName.STOP))))
        return facts

    def take_rows(self) -> str:
        """The rows since the last call, as text."""
        rows, self._rows = self._rows, []
        return "".join(f"{row}\n" for row in rows)

    def state_at(self, at_us: RunUs) -> ActivityState:
        """The state to show; its times count from the start of the run too."""
        return self._engine.state_at(at_us)

    def references(self) -> References:
        """The heel references learnt so far."""
        return heel_references(self._sensors)

    def heels(self) -> tuple[HeelView, ...]:
        return heel_views(self._sensors)

    def heel_fault(self, at_us: RunUs) -> str | None:
        """The fault of a heel's sensor, in a sentence."""
        return heel_fault_of(self._sensors, at_us)
