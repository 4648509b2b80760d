"""A simulated board for tests: the test sets the truth and lets time pass, and the rules respond."""

from __future__ import annotations

from itertools import cycle
from random import Random

from station.core.activities.engine import Engine
from station.core.activities.routine import RoutineRun
from station.core.events import Command, CommandName, Event, Heel, Knee, Load, Side, Tick, Toe
from station.core.facts import AttemptStarted, Cue, CueName, Fact
from station.core.sensing.sensors import BoardSensors, Wiring
from station.core.steps import Step
from station.core.trace import AS_BUILT
from tests.recordings import still_readings
from tests.station.core.traces import KNOWN, LEFT, TRUE_MM, SomeFact, cues, only, part_of_standing, us

BEAT_US = 10_000
READING_US = 33_333


class Board:
    """Loads at 100 Hz (or comparators) and readings at 30 Hz with real noise.

    `part` is each heel's load as a fraction of standing.
    """

    def __init__(
        self,
        *steps: Step,
        analogue: bool = True,
        pad: bool = True,
        plates: tuple[Side, ...] = tuple(Side),
        noise_from: int = 0,
        sway: float = 0.0,
        taps: bool = False,
    ) -> None:
        wiring = Wiring(analogue, plates, pad)
        self.sensors = BoardSensors(wiring, 0, KNOWN)
        self.routine = RoutineRun(steps, self.sensors, tap_commands=taps)
        self.engine = Engine(self.routine, self.sensors, 0)
        self.now_us = 0
        self.part = dict.fromkeys(plates, 0.0)
        self.sway = sway
        self.knee = False
        self.toe_mm: float | None = 60.0
        self.flicker_mm = 0.0
        """Every third reading is this much farther, because it sees another object."""
        self.silent: set[Side] = set()
        self.events: list[Event] = []
        self.facts: list[Fact] = []
        self._wiring = wiring
        self._said: dict[object, bool] = {}
        self._noise = cycle(still_readings()[noise_from:])
        self._chance = Random(noise_from)
        self._new: list[Fact] = []

    @property
    def now_s(self) -> float:
        return self.now_us / 1e6

    def run(self, seconds: float) -> list[Fact]:
        """Let time pass; return the facts of that time."""
        self._new = []
        for _ in range(round(seconds * 1e6 / BEAT_US)):
            self._beat()
        return self._new

    def until(self, kind: type[SomeFact], within_s: float = 15.0) -> SomeFact:
        """Let time pass until a fact of this kind, and return it."""
        for _ in range(round(within_s * 1e6 / BEAT_US)):
            self._new = []
            self._beat()
            found = only(self._new, kind)
            if found:
                return found[0]
        raise AssertionError(f"no {kind.__name__} within {within_s} s; heard {cues(self.facts)}, {self.facts[-5:]}")

    def until_cue(self, name: CueName, within_s: float = 15.0) -> float:
        """Let time pass until this cue; return its time in seconds."""
        end_s = self.now_s + within_s
        while True:
            cue = self.until(Cue, end_s - self.now_s)
            if cue.cue is name:
                return cue.at_us / 1e6

    def until_go(self, within_s: float = 20.0) -> AttemptStarted:
        return self.until(AttemptStarted, within_s)

    def stand(self, side: Side = LEFT, part: float = 1.0) -> None:
        self.part[side] = part

    def rise(self, side: Side = LEFT) -> None:
        self.part[side] = 0.0

    def lift(self, seconds: float, side: Side = LEFT) -> list[Fact]:
        """Lift the heel for this long; return the facts of that time."""
        before = self.part[side]
        self.rise(side)
        facts = self.run(seconds)
        self.part[side] = before
        return facts

    def touch(self, seconds: float) -> list[Fact]:
        self.knee = True
        facts = self.run(seconds)
        self.knee = False
        return facts

    def tap(self, count: int, side: Side = LEFT, up_s: float = 0.2, between_s: float = 0.2) -> list[Fact]:
        """Tap the heel; return the facts up to and including the 0.6 s of quiet after the last tap."""
        facts: list[Fact] = []
        for number in range(count):
            facts += self.run(between_s) if number else []
            facts += self.lift(up_s, side)
        return facts + self.run(0.62)

    def say(self, word: CommandName, side: Side | None = None, answer: str | None = None) -> list[Fact]:
        self._new = []
        self._feed(Command(self.now_us, word, side, answer))
        return self._new

    def _feed(self, event: Event) -> None:
        self.events.append(event)
        facts = self.engine.feed(event)
        self._new += facts
        self.facts += facts

    def _changed(self, key: object, level: bool) -> bool:
        changed = self._said.get(key) is not level
        self._said[key] = level
        return changed

    def _beat(self) -> None:
        self.now_us += BEAT_US
        for side, part in self.part.items():
            if side in self.silent:
                continue
            if self._wiring.analogue:
                swayed = part * (1 + self.sway * self._chance.uniform(-1, 1))
                share = part_of_standing(swayed) + self._chance.gauss(0, 0.003)
                self._feed(Load(self.now_us, side, min(1.0, max(0.0, round(share * 1023) / 1023))))
            elif self._changed(side, part > 0):
                self._feed(Heel(self.now_us, side, part > 0))
        if self._wiring.pad and self._changed("knee", self.knee):
            self._feed(Knee(self.now_us, self.knee))
        if self.now_us // READING_US > (self.now_us - BEAT_US) // READING_US and self.toe_mm is not None:
            other_mm = self.flicker_mm * (self.now_us // READING_US % 3 == 0)
            reading_mm = round(self.toe_mm + other_mm - AS_BUILT.offset_mm + next(self._noise) - TRUE_MM)
            self._feed(Toe(self.now_us, reading_mm))
        elif not self._new:
            self._feed(Tick(self.now_us))


__all__ = ["Board", "us"]
