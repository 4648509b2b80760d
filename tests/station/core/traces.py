"""Made-up recordings for tests, written as a story: standing, lifts, touches and commands, and for how long.

Stories use seconds, events microseconds. The same story can be recorded with any wiring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import cycle
from random import Random
from typing import TypeVar

from station.core.activities.engine import Engine
from station.core.activities.routine import RoutineRun
from station.core.events import SECOND_US, Command, CommandName, Event, Heel, Knee, Load, Side, Tick, Toe
from station.core.facts import Cue, CueName, Fact
from station.core.replay import replay
from station.core.sensing.heel_load import conductance_millisiemens, share_from_conductance
from station.core.sensing.sensors import BoardSensors, References, Wiring
from station.core.steps import Routine, Step
from station.core.trace import AS_BUILT, Trace
from tests.recordings import still_readings

LEFT, RIGHT = Side.LEFT, Side.RIGHT
STANDING, EMPTY = 0.5, 0.01
TRUE_MM = 76
"""The approximate distance of the target in the recording."""
Levels = list[tuple[int, bool]]
SomeFact = TypeVar("SomeFact", bound=Fact)
SomeLevel = TypeVar("SomeLevel")


def us(seconds: float) -> int:
    return round(seconds * SECOND_US)


class Story:
    """What really happens on the board. `side` is the default side of each call."""

    def __init__(self, side: Side = LEFT) -> None:
        self.side = side
        self.now_us = 0
        self.heels: dict[Side, Levels] = {}
        self.knee: Levels = []
        self.toes: list[tuple[int, float | None]] = []
        self.said: list[Command] = []

    def _heel(self, side: Side | None, down: bool) -> None:
        self.heels.setdefault(side or self.side, []).append((self.now_us, down))

    def waits(self, seconds: float) -> Story:
        self.now_us += us(seconds)
        return self

    def stands(self, seconds: float = 0, side: Side | None = None) -> Story:
        """The heel comes down and stays down for at least this long."""
        self._heel(side, True)
        return self.waits(seconds)

    def rises(self, seconds: float = 0, side: Side | None = None) -> Story:
        """The heel goes up and stays up for at least this long."""
        self._heel(side, False)
        return self.waits(seconds)

    def lifts(self, seconds: float, side: Side | None = None) -> Story:
        """The heel goes up for this long and comes down again."""
        self.rises(seconds, side)
        self._heel(side, True)
        return self

    def taps(self, count: int, up_s: float = 0.2, between_s: float = 0.2) -> Story:
        for number in range(count):
            self.waits(between_s if number else 0).lifts(up_s)
        return self

    def touches(self, seconds: float) -> Story:
        """The knee touches the pad for this long."""
        self.knee.append((self.now_us, True))
        self.waits(seconds)
        self.knee.append((self.now_us, False))
        return self

    def toes_at(self, toe_mm: float | None) -> Story:
        """From now on the toes are this far from the wall; `None` is a sensor that sends nothing."""
        self.toes.append((self.now_us, toe_mm))
        return self

    def says(self, word: CommandName, side: Side | None = None) -> Story:
        self.said.append(Command(self.now_us, word, side))
        return self

    # The story recorded with one wiring.

    def _rest(self, readings_hz: float, noise_from: int) -> list[Event]:
        events: list[Event] = [*self.said, *(Knee(at_us, on) for at_us, on in self.knee)]
        noise = cycle(still_readings()[noise_from:])
        for (from_us, toe_mm), (until_us, _) in _spans(self.toes, self.now_us):
            if toe_mm is not None:
                events += [
                    Toe(at_us, round(toe_mm - AS_BUILT.offset_mm + next(noise) - TRUE_MM))
                    for at_us in range(from_us, until_us, us(1 / readings_hz))
                ]
        return events

    def comparator(self, readings_hz: float = 30, noise_from: int = 0) -> list[Event]:
        """Rows of comparators: one per change."""
        heels = [Heel(at_us, side, down) for side, levels in self.heels.items() for at_us, down in levels]
        return _in_order([*heels, *self._rest(readings_hz, noise_from), Tick(self.now_us)])

    def loads(
        self,
        hz: float = 100,
        noise: float = 0.004,
        creep: float = 0.2,
        seed: int = 0,
        gaps_us: Sequence[tuple[int, int]] = (),
        load: Callable[[Side, int], float | None] = lambda _side, _at_us: None,
        readings_hz: float = 30,
        noise_from: int = 0,
    ) -> list[Event]:
        """Rows of analogue heels: noisy 10-bit codes; the load creeps up by `creep` of the step in 12 s.

        No samples fall into `gaps_us`. `load` may return a fraction of standing (1 is standing) that overrides the
        story.
        """
        chance = Random(seed)
        rows: list[Event] = []
        for side, levels in self.heels.items():
            for (from_us, down), (until_us, _) in _spans(levels, self.now_us + 1):
                step_us = us(1 / hz)
                for at_us in range(-(-from_us // step_us) * step_us, until_us, step_us):
                    if any(gap_us <= at_us < end_us for gap_us, end_us in gaps_us):
                        continue
                    crept = 1 + creep * min(1.0, (at_us - from_us) / us(12))
                    part = load(side, at_us)
                    part = (crept if down else 0.0) if part is None else part
                    share = part_of_standing(part) + chance.gauss(0, noise)
                    rows.append(Load(at_us, side, min(1.0, max(0.0, round(share * 1023) / 1023))))
        return _in_order([*rows, *self._rest(readings_hz, noise_from), Tick(self.now_us)])


def part_of_standing(part: float) -> float:
    """The share of full scale at a fraction of standing: 0 is the empty pad, 1 is standing."""
    empty_ms, standing_ms = conductance_millisiemens(EMPTY), conductance_millisiemens(STANDING)
    return share_from_conductance(max(0.0, empty_ms + part * (standing_ms - empty_ms)))


def _spans(
    levels: Sequence[tuple[int, SomeLevel]], end_us: int
) -> Iterable[tuple[tuple[int, SomeLevel], tuple[int, SomeLevel | None]]]:
    return zip(levels, [*levels[1:], (end_us, None)], strict=False)


def _in_order(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda event: event.at_us)


def wiring_of(events: Iterable[Event]) -> Wiring:
    """The wiring that a trace with these rows implies."""
    kinds = {(type(event), getattr(event, "side", None)) for event in events}
    analogue = any(kind is Load for kind, _ in kinds)
    plates = tuple(side for side in Side if ((Load if analogue else Heel), side) in kinds)
    return Wiring(analogue, plates or tuple(Side), any(kind is Knee for kind, _ in kinds))


KNOWN = References(dict.fromkeys(Side, EMPTY), dict.fromkeys(Side, STANDING))


def engine_for(routine: Routine, events: Sequence[Event], references: References | None = None) -> Engine:
    sensors = BoardSensors(wiring_of(events), events[0].at_us, references or References())
    return Engine(RoutineRun(routine, sensors), sensors, events[0].at_us)


def facts_of(events: Sequence[Event], *routine: Step, references: References | None = None) -> list[Fact]:
    """The facts of the whole recording."""
    trace = Trace({}, tuple(events), wiring_of(events), references or References())
    return list(replay(trace, routine))


def only(facts: Iterable[Fact], kind: type[SomeFact]) -> list[SomeFact]:
    return [fact for fact in facts if isinstance(fact, kind)]


def one(facts: Iterable[Fact], kind: type[SomeFact]) -> SomeFact:
    found = only(facts, kind)
    assert len(found) == 1, found
    return found[0]


def cues(facts: Iterable[Fact]) -> list[tuple[float, str]]:
    """Every cue as (seconds, name), COUNT with its number."""
    return [
        (cue.at_us / SECOND_US, str(cue.cue) + (f" {cue.count}" if cue.count is not None else ""))
        for cue in only(facts, Cue)
    ]


def heard(facts: Iterable[Fact], name: CueName) -> list[float]:
    """The times of a cue, in seconds."""
    return [cue.at_us / SECOND_US for cue in only(facts, Cue) if cue.cue is name]
