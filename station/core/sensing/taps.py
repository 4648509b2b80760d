"""Recognises series of heel taps by their timing.

A tap is a lift of 80 to 350 ms, with gaps of 80 to 500 ms between taps, one steady second before the first and 0.6 s of
quiet after the last. Any other lift or gap breaks the series.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from station.core.events import SECOND_US


class TapRules(Struct, frozen=True):
    """The timing of taps and of the gaps between them."""

    min_up_us: int = 80_000
    max_up_us: int = 350_000
    min_gap_us: int = 80_000
    max_gap_us: int = 500_000
    steady_before_us: int = 1 * SECOND_US
    quiet_after_us: int = 600_000


class TapSeries:
    """One series of taps. `is_accepted` is `None` while it runs, then whether its count is an accepted one."""

    def __init__(self, accepted_counts: Collection[int], down_since_us: int, rules: TapRules | None = None) -> None:
        """`down_since_us` is when the heel came down before the first lift."""
        self._rules = rules or TapRules()
        self._accepted_counts = accepted_counts
        self._down_since_us = down_since_us
        self._up_since_us: int | None = None
        self.taps: list[tuple[int, int]] = []
        """The taps so far: when the heel rose, and when it was down again."""
        self.count = 0
        self.last_tap_us = 0
        """When the last tap ended."""
        self.longest_up_us = 0
        """The longest lift of the series; `max_up_us` if a lift came at the wrong time."""
        self.is_accepted: bool | None = None

    @property
    def due_us(self) -> int | None:
        """When time alone will end the series, or `None` once it has ended."""
        if self.is_accepted is not None:
            return None
        if self._up_since_us is not None:
            return self._up_since_us + self._rules.max_up_us
        return self.last_tap_us + self._rules.quiet_after_us

    def on_heel_change(self, since_us: int, down: bool) -> None:
        """Take one change of the heel."""
        if self.is_accepted is not None:
            return
        if down:
            self._on_heel_down(since_us)
        else:
            self._on_heel_up(since_us)

    def pass_time(self, at_us: int) -> None:
        """End the series if time alone ends it by `at_us`."""
        due_us = self.due_us
        if due_us is None or at_us < due_us:
            return
        if self._up_since_us is not None:
            self.longest_up_us = max(self.longest_up_us, at_us - self._up_since_us)
            self.is_accepted = False
        else:
            self.is_accepted = self.count in self._accepted_counts

    def _on_heel_up(self, since_us: int) -> None:
        rules = self._rules
        gap_us = since_us - self.last_tap_us
        if self.count == 0:
            fits = since_us - self._down_since_us >= rules.steady_before_us
        else:
            fits = rules.min_gap_us <= gap_us <= rules.max_gap_us
        self._up_since_us = since_us
        if not fits:
            self.longest_up_us = rules.max_up_us
            self.is_accepted = False

    def _on_heel_down(self, since_us: int) -> None:
        if self._up_since_us is None:
            return
        up_us = since_us - self._up_since_us
        self._up_since_us = None
        self.longest_up_us = max(self.longest_up_us, up_us)
        if self._rules.min_up_us <= up_us <= self._rules.max_up_us:
            self.taps.append((since_us - up_us, since_us))
            self.count += 1
            self.last_tap_us = since_us
        else:
            self.is_accepted = False
