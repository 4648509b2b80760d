"""Processor time of the core for a ten-minute routine: a quick test of both sides and guided holds.

Both heels are loads at 100 Hz, the distance comes at 30 Hz. `python -m tests.bench.core` prints the figure.
"""

from __future__ import annotations

import sys
import time
from itertools import islice
from random import Random
from statistics import median

from station.core.activities.engine import Engine
from station.core.activities.routine import RoutineRun
from station.core.events import SECOND_US, Event, Knee, Load, Side, Toe
from station.core.facts import AttemptStarted, Cue, CueName, Fact, HoldStarted, TargetSet
from station.core.sensing.sensors import BoardSensors, References, Wiring
from station.core.steps import HoldStep, Routine, TestStep
from station.core.trace import AS_BUILT
from tests.recordings import still_readings

LASTS_US = 600 * SECOND_US
SAMPLE_US = 10_000
READING_US = 33_333
RUNS = 3
EMPTY, STANDING = 10 / 1023, 512 / 1023
HOLDS = HoldStep()
ROUTINE: Routine = (TestStep(), HOLDS, HOLDS)


def engine_of(routine: Routine) -> Engine:
    """The default wiring: two analogue heels and a knee pad."""
    references = References(dict.fromkeys(Side, EMPTY), dict.fromkeys(Side, STANDING))
    sensors = BoardSensors(Wiring(), 0, references)
    return Engine(RoutineRun(routine, sensors), sensors, 0)


class Person:
    """A person who follows the cues: the state of their heels, knee and toes."""

    def __init__(self, limit_mm: float) -> None:
        self._limit_mm = limit_mm
        self.toe_mm = limit_mm - 20
        self.touches_us = (0, 0)
        self.up_us = dict.fromkeys(Side, (0, 0))

    def handle_fact(self, fact: Fact) -> None:
        after_us = fact.at_us + SECOND_US
        if isinstance(fact, AttemptStarted) and self.toe_mm <= self._limit_mm:
            self.touches_us = (after_us, after_us + 2 * SECOND_US)
        elif isinstance(fact, TargetSet):
            self.toe_mm = fact.target_mm
        elif isinstance(fact, HoldStarted):
            self.up_us[Side(fact.side)] = (after_us + 9 * SECOND_US, after_us + 10 * SECOND_US)
        elif isinstance(fact, Cue) and fact.cue is CueName.SWITCH and fact.side is not None:
            self.up_us[fact.side.other] = (after_us, after_us + 2 * SECOND_US)
            self.toe_mm = self._limit_mm - 20


def ten_minutes() -> list[Event]:
    """The sensor events of a person who follows the cues."""
    engine, person, chance = engine_of(ROUTINE), Person(95.0), Random(1)
    noise_mm = [reading - 76 for reading in islice(still_readings(), 0, None, 2)]
    events: list[Event] = []
    touching = False
    for number in range(LASTS_US // SAMPLE_US):
        at_us = number * SAMPLE_US
        new: list[Event] = []
        for side in Side:
            up_from_us, up_until_us = person.up_us[side]
            share = EMPTY if up_from_us <= at_us < up_until_us else STANDING + chance.gauss(0, 0.01)
            new.append(Load(at_us, side, round(share * 1023) / 1023))
        if (person.touches_us[0] <= at_us < person.touches_us[1]) is not touching:
            touching = not touching
            new.append(Knee(at_us, touching))
        if at_us // READING_US > (at_us - SAMPLE_US) // READING_US:
            reading_mm = person.toe_mm - AS_BUILT.offset_mm + noise_mm[at_us // READING_US]
            new.append(Toe(at_us, round(reading_mm)))
        events += new
        for event in new:
            for fact in engine.feed(event):
                person.handle_fact(fact)
    return events


def process_ms(events: list[Event]) -> float:
    """Milliseconds of processor time for these events, from the first to the last."""
    engine = engine_of(ROUTINE)
    before_s = time.process_time()
    for event in events:
        engine.feed(event)
    return (time.process_time() - before_s) * 1000


def figures() -> dict[str, dict[str, float | str]]:
    """The figure of this module; the events are generated beforehand."""
    events = ten_minutes()
    return {"core_ten_minutes_ms": {"value": round(median(process_ms(events) for _ in range(RUNS)), 1), "unit": "ms"}}


if __name__ == "__main__":
    sys.stdout.write(f"{figures()}\n")
