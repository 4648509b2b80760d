"""How often people's rhythm of heel presses is recognised, and how often anything else is taken for one.

Simulated people make the rhythm as real ones do: at their own pace, which varies from press to press; standing on the
board first, stepping on and beginning at once, or from a chair beside it; some lift their heel only halfway, some wait
for the tick of a long press and some count to two. `python -m tests.bench.rhythm` prints the share of each kind, with
both wirings. The counterexamples are the restless feet of `awkward`, which never mean a rhythm, and a person who stamps
at random while another person's phone waits.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from random import Random

from station.core.activities.engine import Engine
from station.core.activities.heel_rhythm import HeelRhythm, RhythmRules
from station.core.events import SECOND_US, Event, Press, Side
from station.core.facts import Fact, RhythmMatched, RhythmWrong
from station.core.sensing.sensors import BoardSensors, References, Wiring
from station.core.steps import RHYTHM_LENGTH, RhythmStep
from tests.bench.awkward import KINDS, Foot, half_hour, levels_of, loads_of
from tests.station.core.traces import EMPTY

TRIALS = 300
LONG_FROM_S = RhythmRules().long_from_us / SECOND_US
MAX_WRONG = 5
"""After this many wrong rhythms the station pauses, and the stamping person gets no more."""


@dataclass(frozen=True, slots=True)
class Walker:
    """How a kind of person presses: mean and SD of each time in seconds, the load left on a lifted heel as a share of
    standing, and the time that a heel takes up or down.
    """

    short_s: tuple[float, float]
    long_s: tuple[float, float]
    gap_s: tuple[float, float]
    kept: tuple[float, float] = (0.0, 0.03)
    ramp_s: tuple[float, float] = (0.04, 0.12)
    pressed: tuple[float, float] = (0.7, 1.1)


PEOPLE = {
    "quick": Walker((0.25, 0.08), (1.6, 0.25), (0.45, 0.12)),
    "ordinary": Walker((0.35, 0.1), (1.8, 0.3), (0.7, 0.2)),
    "slow": Walker((0.5, 0.12), (2.1, 0.35), (1.1, 0.4), ramp_s=(0.1, 0.25)),
    "stiff": Walker((0.45, 0.12), (2.0, 0.35), (1.0, 0.3), kept=(0.05, 0.2), ramp_s=(0.1, 0.3)),
    "seated": Walker((0.35, 0.1), (1.8, 0.3), (0.7, 0.2), pressed=(0.15, 0.35)),
}
COMPARATOR_PEOPLE = {name: one for name, one in PEOPLE.items() if name not in ("stiff", "seated")}
"""The people who can switch a comparator: its thresholds are fixed, so a heel must lift off fully and press fully."""


def some_rhythm(chance: Random) -> tuple[Press, ...]:
    """A rhythm as the station draws it: both kinds of press."""
    while True:
        rhythm = tuple(chance.choice(list(Press)) for _ in range(RHYTHM_LENGTH))
        if len(set(rhythm)) > 1:
            return rhythm


def honest(person: Walker, rhythm: tuple[Press, ...], chance: Random, *, waits_for_tick: bool) -> dict[Side, Foot]:
    """One person's attempt at a rhythm."""
    side = chance.choice(list(Side))
    feet = {one: Foot([(0.0, 0.0)]) for one in Side}
    foot = feet[side]
    pressed, kept = chance.uniform(*person.pressed), chance.uniform(*person.kept)
    foot.stay(2.0)
    if person is not PEOPLE["seated"] and chance.random() < 0.7:
        foot.go(pressed, 0.3)
        foot.stay(chance.uniform(0.8, 2.5) if chance.random() < 0.2 else chance.uniform(4.5, 8.0))
        foot.go(kept, chance.uniform(*person.ramp_s))
        foot.stay(clipped(chance, *person.gap_s))
    for press in rhythm:
        down_s = clipped(chance, *(person.short_s if press is Press.SHORT else person.long_s))
        if press is Press.LONG and waits_for_tick:
            down_s = LONG_FROM_S + clipped(chance, 0.35, 0.1)
        foot.go(pressed, chance.uniform(*person.ramp_s))
        foot.stay(down_s)
        foot.go(kept, chance.uniform(*person.ramp_s))
        foot.stay(clipped(chance, *person.gap_s))
    foot.stay(2.0)
    feet[side.other].until(foot.at_s)
    return feet


def clipped(chance: Random, mean: float, sd: float) -> float:
    """A time that varies, never below 0.15 s: nobody presses and releases faster."""
    return max(0.15, chance.gauss(mean, sd))


def facts_of(events: Iterable[Event], rhythm: tuple[Press, ...], *, analogue: bool) -> Iterator[Fact]:
    """The facts of one request, until it ends."""
    references = References(dict.fromkeys(Side, EMPTY)) if analogue else References()
    sensors = BoardSensors(Wiring(analogue, pad=False), 0, references)
    activity = HeelRhythm(RhythmStep(rhythm), sensors)
    engine: Engine | None = None
    for event in events:
        engine = engine or Engine(activity, sensors, event.at_us)
        yield from engine.feed(event)
        if engine.outcome is not None:
            return


def is_first_verdict_a_match(facts: Iterator[Fact]) -> bool:
    """Whether the first attempt matches."""
    verdict = next((fact for fact in facts if isinstance(fact, RhythmMatched | RhythmWrong)), None)
    return isinstance(verdict, RhythmMatched)


def recognised(name: str, *, analogue: bool, waits_for_tick: bool, trials: int = TRIALS) -> float:
    """The share of this kind of people whose first attempt is recognised."""
    found = 0
    for seed in range(trials):
        chance = Random(f"{name} {seed}")
        rhythm = some_rhythm(chance)
        paths = {
            side: foot.path
            for side, foot in honest(PEOPLE[name], rhythm, chance, waits_for_tick=waits_for_tick).items()
        }
        rows = (loads_of if analogue else levels_of)(paths, chance)
        found += is_first_verdict_a_match(facts_of(rows, rhythm, analogue=analogue))
    return found / trials


def restless_matches(half_hours: int, *, analogue: bool) -> tuple[int, int]:
    """How many rhythms restless feet made, right and wrong, with a request waiting every two minutes."""
    right = wrong = 0
    for seed in range(half_hours):
        kind, chance = list(KINDS)[seed % len(KINDS)], Random(seed)
        rows = (loads_of if analogue else levels_of)(half_hour(kind, seed), chance)
        event = next(rows, None)
        while event is not None:
            until_us = event.at_us + 120 * SECOND_US
            part = []
            while event is not None and event.at_us < until_us:
                part.append(event)
                event = next(rows, None)
            facts = list(facts_of(part, some_rhythm(chance), analogue=analogue))
            right += any(isinstance(fact, RhythmMatched) for fact in facts)
            wrong += sum(isinstance(fact, RhythmWrong) for fact in facts)
    return right, wrong


def stamped_by_chance(trials: int = TRIALS) -> float:
    """The share of requests that random stamping matches before the station pauses after five wrong rhythms.

    Each press and gap is as likely short as long: worse than any habit, because it tries all rhythms evenly.
    """
    found = 0
    for seed in range(trials):
        chance = Random(f"stamping {seed}")
        foot = Foot([(0.0, 0.0)])
        foot.stay(1.0)
        while foot.at_s < 120.0:
            foot.go(1.0, 0.05)
            foot.stay(chance.choice((chance.uniform(0.15, 1.0), chance.uniform(1.2, 2.5))))
            foot.go(0.0, 0.05)
            foot.stay(chance.uniform(0.2, 1.2))
        rows = levels_of({Side.LEFT: foot.path, Side.RIGHT: [(0.0, 0.0), (foot.at_s, 0.0)]}, chance)
        wrong = 0
        for fact in facts_of(rows, some_rhythm(chance), analogue=False):
            wrong += isinstance(fact, RhythmWrong)
            found += isinstance(fact, RhythmMatched)
            if wrong == MAX_WRONG:
                break
    return found / trials


def report(half_hours: int = 24) -> None:
    """Print the shares."""
    for analogue, people in ((True, PEOPLE), (False, COMPARATOR_PEOPLE)):
        wiring = "force sensors" if analogue else "comparators"
        for name, waits_for_tick in chain.from_iterable(((one, True), (one, False)) for one in people):
            share = recognised(name, analogue=analogue, waits_for_tick=waits_for_tick)
            how = "waits for the tick" if waits_for_tick else "counts to two"
            sys.stdout.write(f"{wiring:14} {name:9} {how:19} {share:.3f}\n")
        right, wrong = restless_matches(half_hours, analogue=analogue)
        sys.stdout.write(f"{wiring:14} {half_hours / 2:g} h of restless feet: {right} matches, {wrong} wrong rhythms\n")
    sys.stdout.write(f"random stamping, until five are wrong: {stamped_by_chance():.3f}\n")


if __name__ == "__main__":
    report()
