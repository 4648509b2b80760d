"""Debounces a two-valued channel.

A foot bounces, a plate chatters, an ADC drops a sample. So a change settles once it has lasted `settle_us`, and is
back-dated to its first sample; anything shorter is discarded. An interruption under `max_interruption_us` is ignored,
so the flicker of a bounce counts as part of the change that it starts.

Channels differ in what they know between rows. A *held* channel (comparator, pad) sends changes only: its level holds
until the next row, so time alone can settle a change. A *sampled* channel (ADC) is known only at its samples: the
sample that settles a change must come `settle_us` after the first, so at least two samples agree.
"""

from __future__ import annotations

from msgspec import Struct


class DebounceRules(Struct, frozen=True):
    """Times chosen for feet on plates: recordings of real heels contain single-sample drop-outs and bounces."""

    settle_us: int = 80_000
    max_interruption_us: int = 40_000


class DebouncedChange(Struct, frozen=True):
    """The channel has had this `value` since `since_us`; the change settled at `at_us`."""

    at_us: int
    since_us: int
    value: bool


class Debouncer:
    """One channel. `value` is the debounced level since `since_us`, `None` until a first level has settled."""

    __slots__ = (
        "_candidate",
        "_candidate_since_us",
        "_interrupted_since_us",
        "_rules",
        "_sampled",
        "due_us",
        "last_bounce_us",
        "since_us",
        "value",
    )

    def __init__(self, *, sampled: bool, rules: DebounceRules | None = None) -> None:
        self._rules = rules or DebounceRules()
        self._sampled = sampled
        self._candidate: bool | None = None
        self._candidate_since_us = 0
        self._interrupted_since_us: int | None = None
        self.value: bool | None = None
        self.since_us = 0
        self.last_bounce_us: int | None = None
        """When a change was last discarded as too short, `None` if none was."""
        self.due_us: int | None = None
        """When time alone will settle or discard the pending change, or `None`."""

    @property
    def is_settled(self) -> bool:
        """Whether no change is pending."""
        return self._candidate is None

    @property
    def pending_since_us(self) -> int | None:
        """When the pending change began, `None` if none is pending."""
        return None if self._candidate is None else self._candidate_since_us

    def update(self, at_us: int, level: bool) -> list[DebouncedChange]:
        """Take one row; return the changes settled by it or by the time up to it."""
        changes = self.pass_time(at_us)
        if self._candidate is None:
            if level is not self.value:
                self._start_candidate(at_us, level)
        elif level is self._candidate:
            self._interrupted_since_us = None
            if at_us - self._candidate_since_us >= self._rules.settle_us:
                changes.append(self._settle_candidate(at_us))
        elif self._interrupted_since_us is None:
            self._interrupted_since_us = at_us
        self._set_due()
        return changes

    def pass_time(self, at_us: int) -> list[DebouncedChange]:
        """Return the changes that time alone has settled by `at_us`."""
        changes = []
        while self.due_us is not None and at_us >= self.due_us:
            due_us = self.due_us
            if self._interrupted_since_us is None:
                changes.append(self._settle_candidate(due_us))
            else:
                self._reject_candidate()
            self._set_due()
        return changes

    def cancel_pending(self) -> None:
        """Discard the pending change because its channel has gone silent."""
        self._candidate = self._interrupted_since_us = self.due_us = None

    def _start_candidate(self, at_us: int, level: bool) -> None:
        self._candidate, self._candidate_since_us, self._interrupted_since_us = level, at_us, None

    def _settle_candidate(self, at_us: int) -> DebouncedChange:
        assert self._candidate is not None
        self.value, self.since_us = self._candidate, self._candidate_since_us
        self._candidate = self._interrupted_since_us = None
        return DebouncedChange(at_us, self.since_us, self.value)

    def _reject_candidate(self) -> None:
        """Discard the candidate. Before a first level has settled, the level that ended it is the next candidate."""
        assert self._candidate is not None
        assert self._interrupted_since_us is not None
        opposite, since_us = not self._candidate, self._interrupted_since_us
        self.last_bounce_us = since_us
        self._candidate = self._interrupted_since_us = None
        if opposite is not self.value:
            self._start_candidate(since_us, opposite)

    def _set_due(self) -> None:
        if self._candidate is None:
            self.due_us = None
        elif self._interrupted_since_us is not None:
            self.due_us = self._interrupted_since_us + self._rules.max_interruption_us
        else:
            self.due_us = None if self._sampled else self._candidate_since_us + self._rules.settle_us
