"""The board between runs: its sensors, and whether a person has stepped on."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from station.app.board.heels import heel_fault_of, heel_references, heel_views, stuck_heel_fault
from station.app.running.event_time import EventTime
from station.app.snapshot import HeelView
from station.config import Config
from station.core.activities.engine import Engine
from station.core.activities.presence import Presence
from station.core.events import Command, Event, Heel, Knee, Load, Side
from station.core.sensing.sensors import BoardSensors, References, Wiring


class IdleBoard:
    """Waits for a step on, and keeps what the next run needs: last levels and heel references.

    Only the loop calls it. While a run is active it gets levels, but no events.
    """

    def __init__(self, wiring: Wiring, time: EventTime, empty_shares: Mapping[Side, float]) -> None:
        """`empty_shares`: the load of each empty heel plate, as learnt earlier."""
        self.wiring = wiring
        self._time = time
        self._empty_shares = dict(empty_shares)
        self._levels: dict[tuple[type, Side | None], Event] = {}
        self._sensors = BoardSensors(wiring, time.now_us, References(dict(empty_shares)))
        self.wait_for_person(is_occupied=True)

    def wait_for_person(self, *, is_occupied: bool, learnt: References | None = None) -> None:
        """Wait for a step on. A person still on the board keeps the standing load `learnt` so far, by default here."""
        references = References(dict(self._empty_shares))
        if is_occupied:
            references = self.references if learnt is None else learnt
        self._sensors = BoardSensors(self.wiring, self._time.now_us, references)
        self._presence = Presence(self._sensors, is_occupied=is_occupied)
        self._engine = Engine(self._presence, self._sensors, self._time.now_us)
        for level in self.current_levels():
            self._engine.feed(level)

    def remember_level(self, event: Heel | Knee) -> None:
        """Remember the level of a heel or of the knee pad."""
        self._levels[(type(event), event.side if isinstance(event, Heel) else None)] = event

    def current_levels(self) -> list[Event]:
        """The last levels, as events at the current time."""
        return [at_time(level, self._time.now_us) for level in self._levels.values()]

    def feed(self, event: Event) -> bool:
        """Feed an event; returns whether a person stands on the board and wants to start."""
        if not isinstance(event, Command):
            self._engine.feed(at_time(event, self._time.now_us))
        return self._engine.outcome is not None

    @property
    def first_side(self) -> Side:
        """The side to begin with: the loaded one, where each side has a plate."""
        side = self._presence.side
        return side if side is not None and len(self.wiring.plates) == len(Side) else Side.LEFT

    @property
    def empty_since_us(self) -> int | None:
        """Since when the board has been empty, in event time; `None` while it is not."""
        return self._presence.empty_since_us

    def is_empty_for(self, span_us: int, now_us: int) -> bool:
        """Whether the board has been empty for this long."""
        return self.empty_since_us is not None and now_us - self.empty_since_us >= span_us

    @property
    def wakes_at_us(self) -> int | None:
        """When it must be fed next, at the latest."""
        return self._engine.wakes_at_us

    @property
    def change_count(self) -> int:
        """How many changes the sensors have reported since the wait began."""
        return self._engine.change_count

    @property
    def references(self) -> References:
        """The heel references learnt so far."""
        return heel_references(self._sensors)

    @property
    def heels(self) -> tuple[HeelView, ...]:
        return heel_views(self._sensors)

    def heel_fault(self, at_us: int) -> str | None:
        """The fault of a heel's sensor, in a sentence."""
        return heel_fault_of(self._sensors, at_us) or stuck_heel_fault(self._sensors, at_us)

    @property
    def knee_touching(self) -> bool | None:
        """Whether the knee touches the pad; `None` while unknown."""
        level = self._levels.get((Knee, None))
        return level.touching if isinstance(level, Knee) else None

    def learn_empty(self, references: References) -> dict[Side, float]:
        """Take over a run's empty shares that are lower than the known ones, and return them."""
        lower = {
            side: share
            for side, share in references.empty.items()
            if side not in self._empty_shares or share < self._empty_shares[side]
        }
        self._empty_shares |= lower
        return lower


def at_time(event: Event, at_us: int) -> Event:
    """A copy of the event at another time. Loads come 200 times a second, and `replace` takes five times as long."""
    if isinstance(event, Load):
        return Load(at_us, event.side, event.share)
    return replace(event, at_us=at_us)


def wiring_of(config: Config) -> Wiring:
    """Which sensors the configured board has."""
    plates = config.board.plates
    sides = tuple(Side) if plates == "two" else (Side(plates),)
    return Wiring(config.board.heels == "analogue", sides, config.board.knee_pad)
