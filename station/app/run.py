"""One run: a routine on the board from its start to its end, with the trace that replays to the same facts."""

from __future__ import annotations

from station.clock import RunUs
from station.core.activities.engine import Engine
from station.core.events import SECOND_US, Command, CommandName, Event, Side
from station.core.facts import Fact
from station.core.measurement.calibration import Curve
from station.core.replay import header_from_curve
from station.core.sensing.sensors import BoardSensors, References, Wiring
from station.core.state import ActivityState
from station.core.steps import Routine, to_json
from station.core.trace import format_row

PAD_CONTRADICTION_US = 3 * SECOND_US
"""A knee on the pad for this long while no heel is down means a heel fault."""
STUCK_HEEL_US = 300 * SECOND_US
"""Longer than anybody stands on an idle board."""


class Run:
    """Feeds the engine and records every row; times count from the start of the run.

    The first row is its `start`, so that a replay begins at the same moment. If time alone ended the run, the last row
    is a `stop` at that time; it stops nothing, but makes the replay run as far.
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
        """The time in the run of a time on the station's monotonic clock."""
        return RunUs(station_us - self.begin_us)

    def to_station_us(self, run_us: RunUs) -> int:
        """The time on the station's monotonic clock of a time in the run."""
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
        """When the run must be called next, in µs on the station's clock."""
        wakes_at_us = self._engine.wakes_at_us
        return None if wakes_at_us is None else self.to_station_us(RunUs(wakes_at_us))

    @property
    def change_count(self) -> int:
        """How many changes the board sensors have reported so far."""
        return self._engine.change_count

    def start(self) -> list[Fact]:
        """The first row."""
        return self.feed(Command(0, CommandName.START))

    def feed(self, event: Event) -> list[Fact]:
        """Feed an event; its time and those of the facts count from the start of the run."""
        row = format_row(event)
        if row is not None:
            self._rows.append(row)
        facts = self._engine.feed(event)
        if row is None and self._engine.outcome is not None:
            self._rows.append(str(format_row(Command(event.at_us, CommandName.STOP))))
        return facts

    def take_rows(self) -> str:
        """The rows since they were last taken, as text."""
        rows, self._rows = self._rows, []
        return "".join(f"{row}\n" for row in rows)

    def state_at(self, at_us: RunUs) -> ActivityState:
        """What to show; its times are those of the run too."""
        return self._engine.state_at(at_us)

    def references(self) -> References:
        """The heel references learnt so far."""
        return heel_references(self._sensors)

    def heels(self) -> tuple[tuple[Side, bool | None, float | None], ...]:
        """Each plate: side, whether its heel is down, and its load as a part of standing."""
        return heel_states(self._sensors)

    def heel_fault(self, at_us: RunUs) -> str | None:
        """What is wrong with a heel's sensor, in a sentence."""
        return heel_fault_of(self._sensors, at_us)


def heel_references(senses: BoardSensors) -> References:
    """The references that the heels have, to begin the next run with."""
    loads = [(plate.side, plate.load) for plate in senses.plates if plate.load is not None]
    return References(
        {side: load.empty for side, load in loads if load.empty is not None},
        {side: load.standing for side, load in loads if load.standing is not None},
    )


def heel_states(senses: BoardSensors) -> tuple[tuple[Side, bool | None, float | None], ...]:
    """Each plate: side, whether its heel is down, and its load as a part of standing."""
    return tuple(
        (plate.side, plate.down, None if plate.load is None else plate.load.relative_load()) for plate in senses.plates
    )


def heel_fault_of(senses: BoardSensors, at_us: int) -> str | None:
    """The fault of a heel's sensor, in a sentence: lost, stuck, or contradicted by the knee pad."""
    for plate in senses.plates:
        if plate.lost_reason is not None:
            return f"The {plate.side} heel sensor is lost ({plate.lost_reason}): check its cable and the plate."
        load = plate.load
        if load is not None and load.stuck_since(at_us) is not None and load.shares[-1] >= 1.0:
            return f"The {plate.side} heel sensor is {load.stuck_reason}: check its cable and the plate."
    if (
        senses.knee.value is True
        and at_us - senses.knee.since_us >= PAD_CONTRADICTION_US
        and _all_heels_up_since_knee(senses)
    ):
        return "The knee pad is pressed while no heel is down: check that the heel plates press, and their cables."
    return None


def _all_heels_up_since_knee(senses: BoardSensors) -> bool:
    """Whether every heel has been up since before the knee touched the pad."""
    return all(plate.down is False and plate.debouncer.since_us <= senses.knee.since_us for plate in senses.plates)


def stuck_heel_fault(senses: BoardSensors, at_us: int) -> str | None:
    """The fault of a heel that has been down too long on an idle board, in a sentence."""
    for plate in senses.plates:
        if plate.is_known_down and at_us - plate.debouncer.since_us >= STUCK_HEEL_US:
            return f"The {plate.side} heel has been down for five minutes: clear its plate, else check its wire."
    return None
