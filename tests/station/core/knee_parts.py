"""A board with comparators and a distance, for the parts of the knee-to-wall test."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

from station.core.events import Heel, Side, Toe
from station.core.sensing.sensors import BoardSensors, HeelChange, Wiring
from tests.station.core.traces import us

READING_US = 33_000


class Comparators:
    """Board sensors that a test sets: heels by level, the distance by readings that flicker by a millimetre."""

    def __init__(self, *, pad: bool = False, plates: tuple[Side, ...] = tuple(Side)) -> None:
        self.sensors = BoardSensors(Wiring(analogue=False, plates=plates, pad=pad), 0)
        self.now_us = 0
        self._flicker = cycle((0, 1))

    def heel(self, side: Side, down: bool) -> HeelChange:
        """The heel changes at this moment; 80 ms later the change is settled."""
        changes = list(self.sensors.update(Heel(self.now_us, side, down)))
        self.now_us += us(0.08)
        changes += self.sensors.pass_time(self.now_us)
        (change,) = (one for one in changes if isinstance(one, HeelChange))
        return change

    def read(self, reading_mm: int, seconds: float, each: Callable[[int], None] = lambda _at_us: None) -> None:
        """Readings for this long; `each` is called with the time of every one."""
        until_us = self.now_us + us(seconds)
        while self.now_us < until_us:
            self.now_us += READING_US
            self.sensors.update(Toe(self.now_us, reading_mm + next(self._flicker)))
            each(self.now_us)
