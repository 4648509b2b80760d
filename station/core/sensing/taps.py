"""Heel taps: short lifts that mean something.

A tap is 80 to 350 ms up; 80 to 500 ms lie between taps, one steady second before the first, 0.6 s of quiet after the
last. Anything else that the heel does meanwhile breaks the series.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from station.core.events import SECOND_US


@dataclass(frozen=True, slots=True)
class TapRules:
    up_least_us: int = 80_000
    up_most_us: int = 350_000
    between_least_us: int = 80_000
    between_most_us: int = 500_000
    steady_us: int = 1 * SECOND_US
    quiet_us: int = 600_000


class Taps:
    """One series, from its first lift on. `verdict` is `None` while it goes on, then whether so many are `wanted`."""

    def __init__(self, wanted: Collection[int], down_since_us: int, rules: TapRules | None = None) -> None:
        """`down_since_us` is how long the heel had been down before the first lift."""
        self._rules = rules or TapRules()
        self._wanted = wanted
        self._down_since_us = down_since_us
        self._up_us: int | None = None
        self.lifts: list[tuple[int, int]] = []
        """Each tap so far: when the heel rose, and when it was down again."""
        self.count = 0
        self.said_us = 0
        """When the last tap ended."""
        self.longest_us = 0
        """The longest lift of the series."""
        self.verdict: bool | None = None

    @property
    def due_us(self) -> int | None:
        """When time alone will decide."""
        if self.verdict is not None:
            return None
        if self._up_us is not None:
            return self._up_us + self._rules.up_most_us
        return self.said_us + self._rules.quiet_us

    def heel(self, since_us: int, down: bool) -> None:
        """The heel has gone up, or come down."""
        if self.verdict is not None:
            return
        if down:
            self._fall(since_us)
        else:
            self._rise(since_us)

    def pass_time(self, at_us: int) -> None:
        """Decide what time alone decides."""
        due_us = self.due_us
        if due_us is None or at_us < due_us:
            return
        if self._up_us is not None:
            self.longest_us = max(self.longest_us, at_us - self._up_us)
            self.verdict = False
        else:
            self.verdict = self.count in self._wanted

    def _rise(self, since_us: int) -> None:
        rules = self._rules
        between_us = since_us - self.said_us
        if self.count == 0:
            fits = since_us - self._down_since_us >= rules.steady_us
        else:
            fits = rules.between_least_us <= between_us <= rules.between_most_us
        self._up_us = since_us
        if not fits:
            self.longest_us = rules.up_most_us
            self.verdict = False

    def _fall(self, since_us: int) -> None:
        if self._up_us is None:
            return
        up_us = since_us - self._up_us
        self._up_us = None
        self.longest_us = max(self.longest_us, up_us)
        if self._rules.up_least_us <= up_us <= self._rules.up_most_us:
            self.lifts.append((since_us - up_us, since_us))
            self.count += 1
            self.said_us = since_us
        else:
            self.verdict = False
