"""Restless feet with heel taps on: how often they trigger a command, and how reliably a deliberate tap is detected.

Twenty simulated hours without a single tap: lunges with heel slips, shuffling, heel raises, marching on the spot, a
heel that wobbles about the thresholds, and two recordings of real heels, sped up and slowed down. Each lasts some
seconds, followed by standing still, when a heel lift or two look most like taps. The heels are loads, as by default, in
every phase that obeys taps. Deliberate taps vary as people's do, and are counted with both wirings.

`python -m tests.bench.awkward` prints the sources of the false commands, also for comparators, which cannot tell a
hovering heel from a tapping one and have no figure.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from statistics import median

from station.core.activities.engine import Engine
from station.core.activities.routine import RoutineRun
from station.core.events import SECOND_US, Event, Heel, Load, Side, Tick
from station.core.facts import Fact, Tapped, TapsUndone
from station.core.sensing.heel_load import conductance_millisiemens
from station.core.sensing.sensors import BoardSensors, References, Wiring
from station.core.steps import HoldStep, RestStep, Routine
from tests.recordings import heel_cells
from tests.station.core.traces import EMPTY, STANDING, part_of_standing

HALF_HOUR_S, HALF_HOURS = 1800.0, 40
SAMPLE_US = 10_000
NOISE = 0.003
"""SD of a converter's reading, as a share of full scale."""
SWAY_HZ = (0.31, 1.13)
TRIALS = 200
"""Deliberate taps for each wiring."""
UP_S, BETWEEN_S = (0.1, 0.3), (0.12, 0.45)
"""How long the heel is up, and down between two taps; each person has their own pace."""
UP_CV = 0.2
"""How much one tap differs from the next."""
LEAN_S = 0.3
"""How long the weight takes to move to the other foot."""
CLOSES_PART, OPENS_PART = 0.18, 0.11
"""The thresholds of a comparator, as shares of the standing load."""
REST_S = 600.0

Path = list[tuple[float, float]]
"""A heel's load at each corner: seconds, and the share of standing."""


@dataclass
class Foot:
    """The load of one heel as a polyline, built corner by corner."""

    path: Path = field(default_factory=lambda: [(0.0, 1.0)])

    @property
    def at_s(self) -> float:
        return self.path[-1][0]

    def go(self, part: float, over_s: float) -> None:
        """Move the load to that share within this time."""
        self.path.append((self.at_s + over_s, part))

    def stay(self, seconds: float) -> None:
        """Hold the load for this time."""
        self.go(self.path[-1][1], seconds)

    def until(self, at_s: float) -> None:
        """Hold the load until then."""
        if at_s > self.at_s:
            self.path.append((at_s, self.path[-1][1]))

    def lift(self, up_s: float, ramp_s: float, part: float = 0.0, back: float = 1.0) -> None:
        """Lift the heel for this time between two ramps, and lower it again."""
        self.go(part, ramp_s)
        self.stay(up_s)
        self.go(back, ramp_s)


Feet = dict[Side, Foot]


def together(feet: Feet) -> float:
    """Extend both heels to the same moment."""
    at_s = max(foot.at_s for foot in feet.values())
    for foot in feet.values():
        foot.until(at_s)
    return at_s


def lunges(feet: Feet, chance: Random) -> None:
    """Knee to the wall and back; the front heel slips now and then, and the back heel is up, flat or moving."""
    front = chance.choice(list(Side))
    leans_back = chance.random() < 0.2
    for _ in range(chance.randint(1, 5)):
        foot, other = feet[front], feet[front.other]
        depth = chance.uniform(1.4, 1.8) if leans_back else chance.uniform(0.15, 0.6)
        foot.go(depth, chance.uniform(0.6, 1.5))
        if chance.random() < 0.4:
            other.lift(chance.uniform(0.5, 3.0), chance.uniform(0.2, 0.6))
        for _ in range(chance.choice((0, 0, 1, 2))):
            foot.stay(chance.uniform(0.1, 1.2))
            foot.lift(chance.uniform(0.05, 0.8), chance.uniform(0.04, 0.3), chance.uniform(0.0, 0.12), depth)
        foot.stay(chance.uniform(0.3, 3.0))
        foot.go(1.0, chance.uniform(0.4, 1.0))
        together(feet)


def shuffles(feet: Feet, chance: Random) -> None:
    """Adjust the feet, usually one after the other."""
    side = chance.choice(list(Side))
    for _ in range(chance.randint(1, 8)):
        feet[side].lift(chance.uniform(0.15, 0.7), chance.uniform(0.05, 0.2), chance.uniform(0.0, 0.2))
        together(feet)
        pause_s = chance.uniform(0.0, 0.8)
        for foot in feet.values():
            foot.stay(pause_s)
        side = side.other if chance.random() < 0.75 else side


def raises(feet: Feet, chance: Random) -> None:
    """Heel raises, slow or quick, with both heels or one."""
    side, both = chance.choice(list(Side)), chance.random() < 0.7
    up_s, down_s = chance.uniform(0.2, 2.0), chance.uniform(0.2, 1.0)
    for _ in range(chance.randint(1, 12)):
        once_s, rise_s, fall_s = up_s * chance.uniform(0.8, 1.2), chance.uniform(0.15, 0.6), chance.uniform(0.2, 1.2)
        for foot in feet.values() if both else (feet[side],):
            foot.stay(abs(chance.gauss(0.0, 0.04)))
            foot.go(0.0, rise_s)
            foot.stay(once_s)
            foot.go(1.0, fall_s)
        together(feet)
        for foot in feet.values():
            foot.stay(down_s * chance.uniform(0.7, 1.3))


def marches(feet: Feet, chance: Random) -> None:
    """March on the spot: the next foot rises a little before or after this one is down."""
    side, step_s = chance.choice(list(Side)), chance.uniform(0.28, 0.6)
    for number in range(chance.randint(2, 24)):
        foot = feet[side]
        begin_s = max(foot.at_s, foot.at_s if number == 0 else feet[side.other].at_s - 0.15 * step_s)
        foot.until(begin_s)
        foot.lift(step_s * chance.uniform(0.5, 0.9), step_s * chance.uniform(0.15, 0.3), chance.uniform(0.0, 0.05))
        side = side.other
    together(feet)


def wobbles(feet: Feet, chance: Random) -> None:
    """The weight shifts off a heel until its load hovers about the thresholds."""
    foot = feet[chance.choice(list(Side))]
    middle, spread = chance.uniform(0.05, 0.3), chance.uniform(0.03, 0.12)
    keeps = math.exp(-0.05 / chance.uniform(0.05, 0.4))
    foot.go(middle, chance.uniform(0.3, 1.5))
    off = 0.0
    for _ in range(chance.randint(20, 240)):
        off = keeps * off + math.sqrt(1 - keeps * keeps) * chance.gauss(0.0, spread)
        foot.go(max(0.0, middle + off), 0.05)
    foot.go(1.0, chance.uniform(0.2, 1.0))
    together(feet)


def recorded(feet: Feet, chance: Random) -> None:
    """Two minutes of a real person on two insoles, at another pace, with the sides either way round."""
    number, swaps, pace = chance.choice((1, 2)), chance.random() < 0.5, chance.uniform(0.5, 1.6)
    begin_s = together(feet)
    for side, name in zip(Side, "ba" if swaps else "ab", strict=True):
        cells = heel_cells(number, name)
        standing_ms = median(conductance_millisiemens(share) for _, share in cells if share > 0.0)
        path = [
            (begin_s + 0.5 + at_us / 1e6 / pace, conductance_millisiemens(share) / standing_ms)
            for at_us, share in cells
        ]
        feet[side].path += path
        feet[side].go(1.0, 0.5)
    together(feet)


KINDS: dict[str, Callable[[Feet, Random], None]] = {
    "lunges": lunges,
    "shuffling": shuffles,
    "heel raises": raises,
    "marching": marches,
    "a wobbling heel": wobbles,
    "recordings": recorded,
}


def half_hour(kind: str, seed: int) -> dict[Side, Path]:
    """Half an hour of one kind of movement: some seconds of it, then some of standing still, repeated."""
    chance = Random(seed)
    feet = {side: Foot() for side in Side}
    while together(feet) < HALF_HOUR_S:
        still_s = chance.choice((chance.uniform(0.5, 1.5), chance.uniform(1.0, 8.0)))
        for foot in feet.values():
            foot.stay(still_s)
        KINDS[kind](feet, chance)
    return {side: foot.path for side, foot in feet.items()}


def parts_of(path: Path, chance: Random) -> Iterator[tuple[int, float]]:
    """The load of one heel sample by sample, with the person's sway."""
    phases = [chance.uniform(0.0, 2 * math.pi) for _ in SWAY_HZ]
    at_us = 0
    for (from_s, from_part), (to_s, to_part) in pairwise(path):
        slope = (to_part - from_part) / (to_s - from_s) if to_s > from_s else 0.0
        while at_us < to_s * SECOND_US:
            at_s = at_us / SECOND_US
            sway = math.sin(6.283 * SWAY_HZ[0] * at_s + phases[0]) + math.sin(6.283 * SWAY_HZ[1] * at_s + phases[1])
            yield at_us, (from_part + slope * (at_s - from_s)) * (1.0 + 0.02 * sway)
            at_us += SAMPLE_US


CREEP, CREEP_S = 0.3, 5.0
"""The creep of a loaded sensor, and its time constant."""
SHARES = [part_of_standing(number / 1000) for number in range(3000)]
"""The share at each thousandth of standing."""


def loads_of(paths: dict[Side, Path], chance: Random) -> Iterator[Event]:
    """The same, as read by two force sensors: 10-bit codes with noise and creep."""
    keeps = math.exp(-SAMPLE_US / SECOND_US / CREEP_S)
    crept = dict.fromkeys(Side, 0.0)
    gauss = chance.gauss
    for (at_us, left), (_, right) in zip(*(parts_of(paths[side], chance) for side in Side), strict=False):
        for side, part in ((Side.LEFT, left), (Side.RIGHT, right)):
            crept[side] = keeps * crept[side] + (1 - keeps) * (CREEP if part > OPENS_PART else 0.0)
            share = SHARES[min(len(SHARES) - 1, int(1000 * part * (1.0 + crept[side])))] + gauss(0.0, NOISE)
            yield Load(at_us, side, min(1.0, max(0.0, round(share * 1023) / 1023)))


def levels_of(paths: dict[Side, Path], chance: Random) -> Iterator[Event]:
    """The same, as read by two comparators."""
    closed: dict[Side, bool | None] = dict.fromkeys(Side)
    at_us = 0
    for (at_us, left), (_, right) in zip(*(parts_of(paths[side], chance) for side in Side), strict=False):
        for side, part in ((Side.LEFT, left), (Side.RIGHT, right)):
            now = part >= (OPENS_PART if closed[side] else CLOSES_PART)
            if now is not closed[side]:
                closed[side] = now
                yield Heel(at_us, side, now)
    yield Tick(at_us)


RESTS: Routine = (RestStep(round(HALF_HOUR_S) * SECOND_US),) * 50
WAITS: Routine = (HoldStep(hold_us=SECOND_US, rest_us=round(REST_S) * SECOND_US, prepare_us=round(REST_S) * SECOND_US),)
"""Only rests, and a hold with a long preparation, which moving feet pause and finally end."""
KNOWN = References(dict.fromkeys(Side, EMPTY), dict.fromkeys(Side, STANDING))


def facts_of(events: Iterator[Event], routine: Routine, *, analogue: bool) -> Iterator[Fact]:
    """Run the rules with taps on over these events. A routine that has ended, or whose taps are off again, restarts."""
    engine: Engine | None = None
    sensors = BoardSensors(Wiring(analogue, pad=False), 0, KNOWN)
    for event in events:
        if engine is None or engine.outcome is not None:
            engine = Engine(RoutineRun(routine, sensors, tap_commands=True), sensors, event.at_us)
        facts = engine.feed(event)
        yield from facts
        if any(isinstance(fact, TapsUndone) for fact in facts):
            engine = None


@dataclass(frozen=True, slots=True)
class FalseCommand:
    """A command that the person did not give."""

    kind: str
    seed: int
    at_s: float
    count: int


def false_commands(half_hours: int = HALF_HOURS, *, analogue: bool = True) -> list[FalseCommand]:
    """All false commands in that many half hours of restless feet."""
    found = []
    for seed in range(half_hours):
        kind = list(KINDS)[seed % len(KINDS)]
        routine = RESTS if seed // len(KINDS) % 2 == 0 else WAITS
        rows = (loads_of if analogue else levels_of)(half_hour(kind, seed), Random(seed))
        found += [
            FalseCommand(kind, seed, fact.at_us / SECOND_US, fact.count)
            for fact in facts_of(rows, routine, analogue=analogue)
            if isinstance(fact, Tapped)
        ]
        sys.stderr.write(f"\r  half hour {seed + 1} of {half_hours}")
    sys.stderr.write("\r")
    return found


def recognised(analogue: bool, trials: int = TRIALS) -> float:
    """The share of deliberate taps, two at a time, that are detected."""
    known = 0
    for seed in range(trials):
        chance = Random(f"{seed} taps")
        feet = {side: Foot() for side in Side}
        side = chance.choice(list(Side))
        foot, other = feet[side], feet[side.other]
        foot.stay(chance.uniform(2.0, 6.0))
        other.until(foot.at_s)
        lean, up_s = chance.uniform(0.0, 0.4), chance.uniform(*UP_S)
        foot.go(1.0 - lean, LEAN_S)
        other.go(1.0 + lean, LEAN_S)
        for number in range(2):
            if number:
                foot.stay(chance.uniform(*BETWEEN_S))
            once_s = min(UP_S[1], max(UP_S[0], up_s * chance.gauss(1.0, UP_CV)))
            foot.lift(once_s, chance.uniform(0.02, 0.05), chance.uniform(0.0, 0.03), 1.0 - lean)
        for each in feet.values():
            each.stay(4.0)
        rows = (loads_of if analogue else levels_of)({one: each.path for one, each in feet.items()}, chance)
        counts = [fact.count for fact in facts_of(rows, RESTS, analogue=analogue) if isinstance(fact, Tapped)]
        known += counts == [2]
    return known / trials


def figures() -> dict[str, dict[str, float | str]]:
    """The figures: false commands per hour, and the share of detected taps with the worse wiring."""
    hours = HALF_HOURS * HALF_HOUR_S / 3600
    return {
        "false_commands_per_hour": {"value": round(len(false_commands()) / hours, 4), "unit": "/h"},
        "taps_recognised": {"value": min(recognised(analogue) for analogue in (True, False)), "unit": "share"},
    }


def report() -> None:
    """Print the sources of false commands, and the detection rate of each wiring."""
    for analogue in (True, False):
        wiring = "loads" if analogue else "comparators"
        found = false_commands(analogue=analogue)
        kinds = ", ".join(f"{kind} {sum(one.kind == kind for one in found)}" for kind in KINDS)
        sys.stdout.write(f"{wiring}: {len(found)} false commands in {HALF_HOURS / 2:g} h ({kinds})\n")
        for one in found:
            sys.stdout.write(f"  {one.count} taps at {one.at_s:.1f} s of {one.kind}, seed {one.seed}\n")
        sys.stdout.write(f"{'loads' if analogue else 'comparators'}: {recognised(analogue):.3f} of two taps known\n")


if __name__ == "__main__":
    report()
