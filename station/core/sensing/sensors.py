"""What the board feels: heels, knee pad and toe distance, from rows to believed changes.

The senses are fed every row, in time order, and answer with *changes*: a heel or the knee pad that is believed to have
changed (back-dated), a sensor that is lost or good again. Activities see changes, never levels.

- A channel is unknown before its first row. A comparator's or pad's level lasts until its next row.
- An analogue heel that is silent for half a second is lost. It is back with the third sample after that, and true again
  since the first of the three. What it was believed to be before stays believed meanwhile.
- With a single plate both sides look at the same channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from station.core.events import Heel, Knee, Load, Side, Toe
from station.core.facts import Contact
from station.core.measurement.calibration import Curve
from station.core.sensing.debounce import Belief, BeliefRules
from station.core.sensing.heel_load import HeelLoad, LoadRules
from station.core.sensing.toe_distance import ToeRules, ToeWindow


@dataclass(frozen=True, slots=True)
class Wiring:
    """Which sensors the board has. `plates` are the sides with a heel plate of their own; one means a single plate."""

    analogue: bool = True
    plates: tuple[Side, ...] = (Side.LEFT, Side.RIGHT)
    pad: bool = True

    @property
    def contact(self) -> Contact:
        """What proves that the knee touched, with these sensors."""
        if self.pad:
            return Contact.PAD
        return Contact.INFERRED if self.analogue else Contact.SELF


@dataclass(frozen=True, slots=True)
class References:
    """What the station knew of its heels before: shares of full scale, by side."""

    empty: dict[Side, float] = field(default_factory=dict)
    standing: dict[Side, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SensesRules:
    belief: BeliefRules = field(default_factory=BeliefRules)
    load: LoadRules = field(default_factory=LoadRules)
    toe: ToeRules = field(default_factory=ToeRules)
    silent_us: int = 500_000
    """Recorders of real insoles stop for up to 1.7 s; nothing is known of a heel for longer than this."""
    back_samples: int = 3


@dataclass(frozen=True, slots=True)
class HeelChange:
    """The heel of a side has been down, or up, since `since_us`."""

    at_us: int
    since_us: int
    side: Side
    down: bool


@dataclass(frozen=True, slots=True)
class KneeChange:
    at_us: int
    since_us: int
    touching: bool


@dataclass(frozen=True, slots=True)
class SensorChange:
    """A sensor is lost, or good again: `since_us` is the last moment it was good, or the first it is good again."""

    at_us: int
    since_us: int
    sensor: str
    lost: bool
    why: str
    side: Side | None = None


Change = HeelChange | KneeChange | SensorChange

SAME: Sequence[Change] = []
"""What most rows change: nothing, and nothing will be due earlier for them. Told apart by identity."""


class HeelChannel:
    """One heel plate: what is believed of it, and whether it can be trusted now."""

    def __init__(self, side: Side, wiring: Wiring, references: References, rules: SensesRules) -> None:
        self.side = side
        self._rules = rules
        self.belief = Belief(sampled=wiring.analogue, rules=rules.belief)
        self.load: HeelLoad | None = None
        if wiring.analogue:
            self.load = HeelLoad(references.empty.get(side), references.standing.get(side), rules.load)
        self.lost_why: str | None = None
        self._last_us: int | None = None
        self._back_since_us = 0
        self._back_count = 0

    @property
    def down(self) -> bool | None:
        """Whether the heel is down, by what is believed; `None` while unknown. A lost sensor keeps its last word."""
        return self.belief.value

    @property
    def trusted_down(self) -> bool:
        """Whether the heel is known to be down at this moment."""
        return self.lost_why is None and self.belief.value is True

    @property
    def due_us(self) -> int | None:
        """When time alone will change something here. May lie early, never late."""
        due_us = self.belief.due_us
        if self.load is None or self.lost_why is not None or self._last_us is None:
            return due_us
        silent_us = self._last_us + self._rules.silent_us
        return silent_us if due_us is None else min(due_us, silent_us)

    def level(self, heel: Heel) -> Iterator[Change]:
        for change in self.belief.row(heel.at_us, heel.down):
            yield HeelChange(change.at_us, change.since_us, self.side, change.value)

    def sample(self, at_us: int, share: float, somebody: Callable[[HeelChannel], bool]) -> Sequence[Change]:
        """Take one sample. `somebody` says whether a sensor besides this one sees a person on the board."""
        load, belief = self.load, self.belief
        assert load is not None
        told = load.sample(at_us, share)
        last_us, self._last_us = self._last_us, at_us
        known = load.level is belief.value and load.level is not None
        if known and self.lost_why is None and not load.weighing and belief.settled:
            return SAME if last_us is not None else ()
        if last_us is not None and at_us - last_us >= self._rules.silent_us:
            self._back_count = 0
        changes: list[Change] = []
        if self.lost_why is not None:
            changes += self._coming_back(at_us)
        elif load.stuck_since(at_us) is not None and somebody(self):
            changes.append(self._lose(at_us, at_us, load.stuck_why))
        elif load.too_small:
            changes.append(self._lose(at_us, at_us, "standing makes too little difference: the plate does not press"))
        if told and self.belief.value is None:
            changes += self._tell_the_past(load, at_us)
        elif load.level is not None and (load.level is not self.belief.value or not self.belief.settled):
            changes += self._row(at_us, at_us, load.level)
        return changes if changes or last_us is None or belief.due_us is not None else SAME

    def pass_time(self, at_us: int) -> Iterator[Change]:
        for change in self.belief.pass_time(at_us):
            yield HeelChange(change.at_us, change.since_us, self.side, change.value)
        if self.load is not None and self.lost_why is None and self._last_us is not None:
            silent_us = self._last_us + self._rules.silent_us
            if at_us >= silent_us:
                yield self._lose(silent_us, self._last_us, "no sample for half a second")

    def _row(self, at_us: int, row_us: int, level: bool) -> list[Change]:
        return [
            HeelChange(max(at_us, change.at_us), change.since_us, self.side, change.value)
            for change in self.belief.row(row_us, level)
        ]

    def _tell_the_past(self, load: HeelLoad, at_us: int) -> list[Change]:
        """The first reference has come: judge the samples that are still remembered by it."""
        changes: list[Change] = []
        level: bool | None = None
        for row_us, share in zip(load.times_us, load.shares, strict=True):
            level = load.level_of(share, level)
            if level is not None:
                changes += self._row(at_us, row_us, level)
        load.level = level
        return changes

    def _lose(self, at_us: int, since_us: int, why: str) -> SensorChange:
        self.lost_why = why
        self._back_count = 0
        self.belief.forget()
        return SensorChange(at_us, since_us, f"load_{self.side}", True, why, self.side)

    def _coming_back(self, at_us: int) -> Iterator[Change]:
        load = self.load
        assert load is not None
        if load.too_small or load.stuck_since(at_us) is not None:
            self._back_count = 0
            return
        if self._back_count == 0:
            self._back_since_us = at_us
        self._back_count += 1
        if self._back_count >= self._rules.back_samples:
            self.lost_why = None
            yield SensorChange(at_us, self._back_since_us, f"load_{self.side}", False, "samples again", self.side)


class Senses:
    """All sensors of the board."""

    def __init__(
        self,
        wiring: Wiring,
        begin_us: int,
        references: References | None = None,
        curve: Curve | None = None,
        rules: SensesRules | None = None,
    ) -> None:
        """`curve` turns a reading into a toe distance; without one the sensor is taken as built."""
        rules = rules or SensesRules()
        self.wiring = wiring
        self.curve = curve or Curve()
        channels = {side: HeelChannel(side, wiring, references or References(), rules) for side in wiring.plates}
        self.plates = tuple(channels.values())
        self._plate_of = {side: channels.get(side, self.plates[0]) for side in Side}
        self.knee = Belief(sampled=False, rules=rules.belief)
        self.toe = ToeWindow(begin_us, self.curve, rules.toe)

    def expect(self, *, measuring: bool = False, seated: bool = False) -> None:
        """What is to come: whether distances are asked for, and whether the person sits, who presses lightly."""
        self.toe.measure(measuring)
        for plate in self.plates:
            if plate.load is not None:
                plate.load.seat(seated)

    @property
    def single(self) -> bool:
        """Whether there is one plate for both sides."""
        return len(self.plates) == 1

    def heel(self, side: Side) -> HeelChannel:
        """The plate that senses the heel of this side."""
        return self._plate_of[side]

    def toe_mm(self, reading_mm: float) -> float:
        """The toe distance of a reading, never below 0."""
        return max(0.0, self.curve.toe_mm(reading_mm))

    def apart_mm(self, reading_mm: float, other_mm: float) -> float:
        """How far apart two readings are, in mm of toe distance."""
        return self.curve.apart_mm(reading_mm, other_mm)

    @property
    def due_us(self) -> int | None:
        """When time alone will change something. May lie early, never late."""
        dues = [plate.due_us for plate in self.plates]
        dues.append(self.knee.due_us)
        if self.toe.measuring:
            dues.append(self.toe.due_us)
        return min((due for due in dues if due is not None), default=None)

    def pass_time(self, at_us: int) -> list[Change]:
        """What time alone has changed by `at_us`."""
        changes: list[Change] = [change for plate in self.plates for change in plate.pass_time(at_us)]
        changes += [KneeChange(c.at_us, c.since_us, c.value) for c in self.knee.pass_time(at_us)]
        if self.toe.measuring and (why := self.toe.pass_time(at_us)):
            changes.append(SensorChange(at_us, self.toe.last_valid_us, "toe", True, why))
        return sorted(changes, key=lambda change: change.at_us)

    def feel(self, event: Heel | Load | Toe | Knee) -> Sequence[Change]:
        """Take one row; give what it changes. `SAME` itself says that nothing is due earlier by it either."""
        if isinstance(event, Load):
            return self._plate_of[event.side].sample(event.at_us, event.share, self._somebody_besides)
        if isinstance(event, Toe):
            return self._read(event)
        if isinstance(event, Heel):
            return list(self._plate_of[event.side].level(event))
        return [KneeChange(c.at_us, c.since_us, c.value) for c in self.knee.row(event.at_us, event.touching)]

    def _somebody_besides(self, plate: HeelChannel) -> bool:
        return self.knee.value is True or any(other.trusted_down for other in self.plates if other is not plate)

    def _read(self, toe: Toe) -> Sequence[Change]:
        why = self.toe.reading(toe)
        if not self.toe.measuring:
            return SAME
        if why is not None:
            return [SensorChange(toe.at_us, toe.at_us, "toe", True, why)]
        if self.toe.good(toe.at_us):
            return [SensorChange(toe.at_us, toe.at_us, "toe", False, "good readings again")]
        return SAME
