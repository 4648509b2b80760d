"""The board sensors: heels, knee pad and toe distance, from rows to debounced changes.

They take every row in time order and return *changes*: a debounced, back-dated change of a heel or of the knee pad, or
a sensor that is lost or recovered. Activities react to changes, never to levels.

- A channel is unknown before its first row. The level of a comparator or pad holds until its next row.
- An analogue heel that is silent for half a second is lost. The third sample after that recovers it, back-dated to the
  first of the three. Meanwhile it keeps its debounced level.
- With a single plate both sides share its channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct, field

from station.core.events import Button, Heel, Load, SensorEvent, Side, Toe
from station.core.facts import Contact
from station.core.measurement.curve import Curve
from station.core.sensing.debounce import Debouncer, DebounceRules
from station.core.sensing.heel_load import HeelLoad, LoadRules
from station.core.sensing.toe_distance import ToeRules, ToeWindow


class Wiring(Struct, frozen=True):
    """Which sensors the board has. `plates` are the sides with their own heel plate; one entry means a single plate."""

    analogue: bool = True
    plates: tuple[Side, ...] = (Side.LEFT, Side.RIGHT)
    pad: bool = True

    @property
    def contact(self) -> Contact:
        """How these sensors prove that the knee touched."""
        if self.pad:
            return Contact.PAD
        return Contact.INFERRED if self.analogue else Contact.SELF


class References(Struct, frozen=True):
    """What the station knows of its heels in advance: shares of full scale, by side."""

    empty: dict[Side, float] = field(default_factory=dict)
    standing: dict[Side, float] = field(default_factory=dict)


class SensorRules(Struct, frozen=True):
    """The rules of all board sensors."""

    debounce: DebounceRules = field(default_factory=DebounceRules)
    load: LoadRules = field(default_factory=LoadRules)
    toe: ToeRules = field(default_factory=ToeRules)
    max_silence_us: int = 500_000
    """An analogue heel that is silent for longer is lost. Recordings of real insoles have gaps of up to 1.7 s."""
    recovery_samples: int = 3


class HeelChange(Struct, frozen=True):
    """The heel of a side has been down, or up, since `since_us`."""

    at_us: int
    since_us: int
    side: Side
    down: bool


class KneeChange(Struct, frozen=True):
    """The knee has touched the pad, or come off it, since `since_us`."""

    at_us: int
    since_us: int
    touching: bool


class SensorChange(Struct, frozen=True):
    """A sensor is lost or recovered. `since_us` is its last good moment, or its first one after recovery."""

    at_us: int
    since_us: int
    sensor: str
    is_lost: bool
    reason: str
    side: Side | None = None


Change = HeelChange | KneeChange | SensorChange

EMPTY_UNKNOWN = "the empty pad reads more than half of standing: step off for two seconds, or free the plate"

SILENT = "no sample for half a second"
NOISY = "it jumps as no heel does: a loose or broken wire"

NO_CHANGE: Sequence[Change] = []
"""The result of most rows: no change, and no earlier due time. Compare it by identity."""


class HeelChannel:
    """One heel plate: its debounced level, and whether its sensor is lost."""

    def __init__(self, side: Side, wiring: Wiring, references: References, rules: SensorRules) -> None:
        self.side = side
        self._rules = rules
        self.debouncer = Debouncer(sampled=wiring.analogue, rules=rules.debounce)
        self.load: HeelLoad | None = None
        if wiring.analogue:
            self.load = HeelLoad(references.empty.get(side), references.standing.get(side), rules.load)
        self.lost_reason: str | None = None
        self._last_sample_us: int | None = None
        self._recovering_since_us = 0
        self._recovery_count = 0

    @property
    def down(self) -> bool | None:
        """The debounced level: whether the heel is down, `None` while unknown. A lost sensor keeps its last level."""
        return self.debouncer.value

    @property
    def is_known_down(self) -> bool:
        """Whether the heel is known to be down now: its sensor is not lost."""
        return self.lost_reason is None and self.debouncer.value is True

    @property
    def due_us(self) -> int | None:
        """When time alone may change something here: never too late, possibly too early."""
        due_us = self.debouncer.due_us
        if self.load is None or self.lost_reason is not None or self._last_sample_us is None:
            return due_us
        silent_us = self._last_sample_us + self._rules.max_silence_us
        return silent_us if due_us is None else min(due_us, silent_us)

    def update_level(self, heel: Heel) -> Iterator[Change]:
        for change in self.debouncer.update(heel.at_us, heel.down):
            yield HeelChange(change.at_us, change.since_us, self.side, change.value)

    def add_sample(self, at_us: int, share: float, sees_person: Callable[[HeelChannel], bool]) -> Sequence[Change]:
        """Take one sample. `sees_person` returns whether another sensor than this one detects a person."""
        load, debouncer = self.load, self.debouncer
        assert load is not None
        is_first_reference = load.add_sample(at_us, share)
        last_us, self._last_sample_us = self._last_sample_us, at_us
        is_level_settled = load.level is debouncer.value and load.level is not None
        if is_level_settled and self.lost_reason is None and not load.needs_processing and debouncer.is_settled:
            return NO_CHANGE if last_us is not None else ()
        if last_us is not None and at_us - last_us >= self._rules.max_silence_us:
            self._recovery_count = 0
        changes: list[Change] = []
        noisy_since_us = load.noisy_since(at_us)
        if noisy_since_us is not None:
            self._recovery_count = 0
            return () if self.lost_reason is not None else (self._mark_lost(at_us, noisy_since_us, NOISY),)
        if self.lost_reason is not None:
            changes += self._count_recovery(at_us)
        elif load.stuck_since(at_us) is not None and sees_person(self):
            changes.append(self._mark_lost(at_us, at_us, load.stuck_reason))
        elif load.is_span_too_small:
            changes.append(
                self._mark_lost(at_us, at_us, "standing makes too little difference: the plate does not press")
            )
        elif load.is_empty_unknown(at_us):
            changes.append(self._mark_lost(at_us, at_us, EMPTY_UNKNOWN))
        if is_first_reference and self.debouncer.value is None:
            changes += self._replay_history(load, at_us)
        elif load.level is not None and (load.level is not self.debouncer.value or not self.debouncer.is_settled):
            changes += self._debounce(at_us, at_us, load.level)
        return changes if changes or last_us is None or debouncer.due_us is not None else NO_CHANGE

    def pass_time(self, at_us: int) -> Iterator[Change]:
        for change in self.debouncer.pass_time(at_us):
            yield HeelChange(change.at_us, change.since_us, self.side, change.value)
        if self.load is not None and self.lost_reason is None and self._last_sample_us is not None:
            silent_us = self._last_sample_us + self._rules.max_silence_us
            if at_us >= silent_us:
                yield self._mark_lost(silent_us, self._last_sample_us, SILENT)

    def _debounce(self, at_us: int, row_us: int, level: bool) -> list[Change]:
        return [
            HeelChange(max(at_us, change.at_us), change.since_us, self.side, change.value)
            for change in self.debouncer.update(row_us, level)
        ]

    def _replay_history(self, load: HeelLoad, at_us: int) -> list[Change]:
        """Judge the stored samples by the first reference."""
        changes: list[Change] = []
        level: bool | None = None
        for row_us, share in zip(load.times_us, load.shares, strict=True):
            level = load.level_at(share, level)
            if level is not None:
                changes += self._debounce(at_us, row_us, level)
        load.level = level
        return changes

    def _mark_lost(self, at_us: int, since_us: int, reason: str) -> SensorChange:
        self.lost_reason = reason
        self._recovery_count = 0
        self.debouncer.cancel_pending()
        return SensorChange(at_us, since_us, f"load_{self.side}", True, reason, self.side)

    def _count_recovery(self, at_us: int) -> Iterator[Change]:
        load = self.load
        assert load is not None
        if load.is_span_too_small or load.is_empty_unknown(at_us) or load.stuck_since(at_us) is not None:
            self._recovery_count = 0
            return
        if self._recovery_count == 0:
            self._recovering_since_us = at_us
        self._recovery_count += 1
        if self._recovery_count >= self._rules.recovery_samples:
            self.lost_reason = None
            yield SensorChange(at_us, self._recovering_since_us, f"load_{self.side}", False, "samples again", self.side)


class BoardSensors:
    """All sensors of the board: rows in, changes out."""

    def __init__(
        self,
        wiring: Wiring,
        begin_us: int,
        references: References | None = None,
        curve: Curve | None = None,
        rules: SensorRules | None = None,
    ) -> None:
        """`curve` turns a reading into a toe distance; without one the sensor counts as uncalibrated."""
        rules = rules or SensorRules()
        self.wiring = wiring
        self.curve = curve or Curve()
        channels = {side: HeelChannel(side, wiring, references or References(), rules) for side in wiring.plates}
        self.plates = tuple(channels.values())
        self._plate_by_side = {side: channels.get(side, self.plates[0]) for side in Side}
        self.knee = Debouncer(sampled=False, rules=rules.debounce)
        self.toe = ToeWindow(begin_us, self.curve, rules.toe)

    def configure(self, *, is_measuring: bool = False, is_seated: bool = False) -> None:
        """Prepare for the next activity: whether it measures distances, and whether the person sits."""
        self.toe.set_measuring(is_measuring)
        for plate in self.plates:
            if plate.load is not None:
                plate.load.set_seated(is_seated)

    @property
    def has_single_plate(self) -> bool:
        """Whether there is one plate for both sides."""
        return len(self.plates) == 1

    def plate_for(self, side: Side) -> HeelChannel:
        """The plate that senses the heel of this side."""
        return self._plate_by_side[side]

    def toe_mm(self, reading_mm: float) -> float:
        """Return the toe distance of a reading in mm, never below 0."""
        return max(0.0, self.curve.toe_mm(reading_mm))

    def toe_difference_mm(self, reading_mm: float, other_mm: float) -> float:
        """Return the absolute difference of two readings, in mm of toe distance."""
        return self.curve.toe_difference_mm(reading_mm, other_mm)

    @property
    def due_us(self) -> int | None:
        """When time alone may change something: never too late, possibly too early. `None` for never."""
        dues = [plate.due_us for plate in self.plates]
        dues.append(self.knee.due_us)
        if self.toe.is_measuring:
            dues.append(self.toe.due_us)
        return min((due for due in dues if due is not None), default=None)

    def pass_time(self, at_us: int) -> list[Change]:
        """Return what time alone has changed by `at_us`, in time order."""
        changes: list[Change] = [change for plate in self.plates for change in plate.pass_time(at_us)]
        changes += [KneeChange(c.at_us, c.since_us, c.value) for c in self.knee.pass_time(at_us)]
        if self.toe.is_measuring and (why := self.toe.pass_time(at_us)):
            changes.append(SensorChange(at_us, self.toe.last_valid_us, "toe", True, why))
        return sorted(changes, key=lambda change: change.at_us)

    def update(self, event: SensorEvent) -> Sequence[Change]:
        """Take one row; return what it changes. `NO_CHANGE` itself means that `due_us` is no earlier either."""
        if isinstance(event, Load):
            return self._plate_by_side[event.side].add_sample(event.at_us, event.share, self._is_person_sensed_besides)
        if isinstance(event, Toe):
            return self._update_toe(event)
        if isinstance(event, Button):
            return NO_CHANGE
        if isinstance(event, Heel):
            return list(self._plate_by_side[event.side].update_level(event))
        return [KneeChange(c.at_us, c.since_us, c.value) for c in self.knee.update(event.at_us, event.touching)]

    def _is_person_sensed_besides(self, plate: HeelChannel) -> bool:
        return self.knee.value is True or any(other.is_known_down for other in self.plates if other is not plate)

    def _update_toe(self, toe: Toe) -> Sequence[Change]:
        reason = self.toe.add_reading(toe)
        if not self.toe.is_measuring:
            return NO_CHANGE
        if reason is not None:
            return [SensorChange(toe.at_us, toe.at_us, "toe", True, reason)]
        if self.toe.try_recover(toe.at_us):
            return [SensorChange(toe.at_us, toe.at_us, "toe", False, "good readings again")]
        return NO_CHANGE
