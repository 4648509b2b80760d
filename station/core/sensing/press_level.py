"""Whether a force-sensed heel presses, by the turning points of its load.

A person who has never stood on the board has no standing load to compare with, may press from beside it, and may keep
weight on a heel that they lift. So each press is compared with the load before and after it: pressed is a rise above
the lightest load since the last press, released a fall to a third of that rise.
"""

from __future__ import annotations

from msgspec import Struct

from station.core.sensing.debounce import DebouncedChange, Debouncer
from station.core.sensing.heel_load import conductance_millisiemens


class PressRules(Struct, frozen=True):
    """How much of a change of load begins and ends a press."""

    min_rise_millisiemens: float = 0.05
    """The least press: as much as `LoadRules.min_span_millisiemens`, a ninth of a typical person's standing."""
    begin_fraction: float = 0.2
    """The least press, as a fraction of the press before: a hovering heel wobbles."""
    end_fraction: float = 0.35
    """A press ends below this fraction of it. A lifted heel keeps up to 25 % of standing (recordings)."""


class PressLevel:
    """One heel plate's presses. Feed it every sample; it answers with debounced changes: pressed (true) or not."""

    def __init__(self, rules: PressRules | None = None) -> None:
        self._rules = rules or PressRules()
        self._debouncer = Debouncer(sampled=True)
        self._is_pressed = False
        self._low: float | None = None
        self._high = 0.0
        """The lightest load before the current or last press, and the heaviest in it, in millisiemens."""

    @property
    def pending_since_us(self) -> int | None:
        """Since when a change is pending, `None` if none is."""
        return self._debouncer.pending_since_us

    def add_sample(self, at_us: int, share: float, empty: float | None) -> list[DebouncedChange]:
        """Take one sample; `empty` is the share of the empty plate, if it is known."""
        load, rules = conductance_millisiemens(share), self._rules
        if self._low is None:
            self._low = load if empty is None else min(load, conductance_millisiemens(empty))
        if self._is_pressed:
            self._high = max(self._high, load)
            if load < self._low + rules.end_fraction * (self._high - self._low):
                self._is_pressed, self._low = False, load
        else:
            self._low = min(self._low, load)
            rise = max(rules.min_rise_millisiemens, rules.begin_fraction * (self._high - self._low))
            if load > self._low + rise:
                self._is_pressed, self._high = True, load
        return self._debouncer.update(at_us, self._is_pressed)
