"""Calibration blocks in front of a sensor with real noise, using only the rules."""

from __future__ import annotations

from itertools import cycle

from msgspec.structs import replace

from station.core.activities.calibrate import CAPTURE_US
from station.core.activities.check import CHECK_CAPTURE_US
from station.core.activities.engine import Engine
from station.core.activities.routine import RoutineRun
from station.core.events import SECOND_US, Command, CommandName, Event, Heel, Side, Tick, Toe
from station.core.facts import Calibrated, Cue, CueName, Fact
from station.core.measurement.curve import Curve
from station.core.sensing.sensors import BoardSensors, Wiring
from station.core.steps import CalibrateStep, CheckStep, Step
from station.simulator.range_error import RangeError
from tests.recordings import still_readings
from tests.station.core.traces import TRUE_MM, SomeFact
from tests.station.states import AnyState

READING_US = 33_333
SHOWN_S = CAPTURE_US / SECOND_US + 3.5
CHECK_SHOWN_S = CHECK_CAPTURE_US / SECOND_US + 3.5
"""How long a brisk person holds a block: two seconds until it is still, then the capture."""
LANE_MM = 280.0
"""The distance from the toe line to the wall."""
GIVEN_UP_S = 125.0
"""Longer than a calibration waits for a block or for its sensor."""
BLOCKS_MM = (0.0, 100.0, 200.0)
WARM = CalibrateStep(BLOCKS_MM, warm_us=0)
"""Three blocks, with a sensor that is warm already."""
ONCE = replace(WARM, rounds=1)
FOUR = CalibrateStep(warm_us=0)
"""The four blocks of a configuration that names none."""


class Bench:
    """A sensor that reads `gain` times the distance minus `short_mm`, uncalibrated unless it has a `curve`."""

    def __init__(self, step: Step, *, gain: float = 1.0, short_mm: float = 25.0, curve: Curve | None = None) -> None:
        self.gain, self.short_mm = gain, short_mm
        self.sensors = BoardSensors(Wiring(analogue=False), 0, curve=curve)
        self.engine = Engine(RoutineRun((step,), self.sensors), self.sensors, 0)
        self.now_us = 0
        self.facts: list[Fact] = []
        self.events: list[Event] = []
        self.seen_mm: float | None = LANE_MM
        """The toe distance of what the sensor sees; `None` for nothing within range."""
        self.shown_s = CHECK_SHOWN_S if isinstance(step, CheckStep) else SHOWN_S
        self.drift_mm_per_s = 0.0
        """How fast everything seems to move away."""
        self.crosstalk_mm = self.cubic_mm = 0.0
        """As in `RangeError`."""
        self.sensor = True
        self._noise = cycle(still_readings())
        self.feed(Command(0, CommandName.START))

    def feed(self, event: Event) -> None:
        self.events.append(event)
        self.facts += self.engine.feed(event)

    def read(self, seconds: float) -> Bench:
        """Let time pass."""
        for _ in range(round(seconds * SECOND_US / READING_US)):
            self.now_us += READING_US
            if not self.sensor:
                self.feed(Tick(self.now_us))
            elif self.seen_mm is None:
                self.feed(Toe(self.now_us, 8190 + len(self.events) % 2, 4))
            else:
                error = RangeError(-self.short_mm, self.gain, cubic_mm=self.cubic_mm, crosstalk_mm=self.crosstalk_mm)
                reading_mm = error.reading_mm(self.seen_mm + 70.0) + next(self._noise) - TRUE_MM
                reading_mm += self.drift_mm_per_s * self.now_us / SECOND_US
                self.feed(Toe(self.now_us, max(0, round(reading_mm))))
        return self

    def show(self, toe_mm: float | None, seconds: float | None = None) -> Bench:
        """Hold a block against the toe stop, after two seconds with an empty lane."""
        self.seen_mm = LANE_MM
        self.read(2.0)
        self.seen_mm = toe_mm
        return self.read(self.shown_s if seconds is None else seconds)

    def heel(self, down: bool) -> Bench:
        self.feed(Heel(self.now_us, Side.LEFT, down))
        return self

    def facts_of(self, kind: type[SomeFact]) -> list[SomeFact]:
        """The facts of this kind."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def cues(self) -> list[CueName]:
        return [cue.cue for cue in self.facts_of(Cue)]

    @property
    def picture(self) -> AnyState:
        return AnyState(self.engine.state_at(self.now_us))

    @property
    def over(self) -> str | None:
        return self.engine.outcome


def shown(bench: Bench, *blocks_mm: float) -> Bench:
    """The lane is empty first, then these blocks are shown one after the other."""
    bench.read(3.0)
    for block_mm in blocks_mm:
        bench.show(block_mm)
    return bench


def refusal(bench: Bench) -> str:
    """The sentence of a refused calibration: nothing of it is kept, and ENDED sounds."""
    assert bench.over == "ended"
    assert bench.facts_of(Calibrated) == []
    assert bench.cues()[-1] is CueName.ENDED
    why = bench.picture.why
    assert why is not None
    return str(why)
