"""When a change of a two-valued channel is believed.

A foot bounces, a plate chatters, an ADC drops a sample. So a change is believed when it has lasted `lasting_us`, and is
then back-dated to its first sample: what is shorter never happened. An interruption under `interruption_us` is set
aside, so that the flicker of a bounce belongs to the change that it begins.

Two kinds of channel differ in what they know between rows. A *held* one (comparator, pad) sends its changes: its level
lasts until the next row, so that time alone can settle a change. A *sampled* one (ADC) is known at its samples only:
the sample that settles a change must itself come `lasting_us` after the first, so that two samples agree.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DebounceRules:
    """Spans are of feet on plates: real recordings of heels hold single-sample drop-outs and bounces."""

    settle_us: int = 80_000
    max_interruption_us: int = 40_000


@dataclass(frozen=True, slots=True)
class DebouncedChange:
    """`value` is true since `since_us`, and that has been known since `at_us`."""

    at_us: int
    since_us: int
    value: bool


class Debouncer:
    """One channel. `value` is what is believed, `None` before anything is; it is true since `since_us`."""

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
        """When a change that never happened was last under way, `None` where none was."""
        self.due_us: int | None = None
        """When time alone will settle what is under way, or `None`."""

    @property
    def is_settled(self) -> bool:
        """Whether no change is under way."""
        return self._candidate is None

    @property
    def pending_since_us(self) -> int | None:
        """Since when a change is under way, `None` when there is none."""
        return None if self._candidate is None else self._candidate_since_us

    def update(self, at_us: int, level: bool) -> list[DebouncedChange]:
        """Take one row; give the changes that are believed by it, or by the time that has passed until it."""
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
        """Settle what time alone has settled by `at_us`."""
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
        """Drop a change that is under way: its channel has gone silent."""
        self._candidate = self._interrupted_since_us = self.due_us = None

    def _start_candidate(self, at_us: int, level: bool) -> None:
        self._candidate, self._candidate_since_us, self._interrupted_since_us = level, at_us, None

    def _settle_candidate(self, at_us: int) -> DebouncedChange:
        assert self._candidate is not None
        self.value, self.since_us = self._candidate, self._candidate_since_us
        self._candidate = self._interrupted_since_us = None
        return DebouncedChange(at_us, self.since_us, self.value)

    def _reject_candidate(self) -> None:
        """It never happened. Before anything was believed, the level that outlived it is a candidate in its turn."""
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
