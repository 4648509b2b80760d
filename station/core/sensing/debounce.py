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
class BeliefRules:
    """Spans are of feet on plates: real recordings of heels hold single-sample drop-outs and bounces."""

    lasting_us: int = 80_000
    interruption_us: int = 40_000


@dataclass(frozen=True, slots=True)
class Change:
    """`value` is true since `since_us`, and that has been known since `at_us`."""

    at_us: int
    since_us: int
    value: bool


class Belief:
    """One channel. `value` is what is believed, `None` before anything is; it is true since `since_us`."""

    __slots__ = (
        "_candidate",
        "_interrupted_us",
        "_rules",
        "_sampled",
        "_started_us",
        "due_us",
        "flickered_us",
        "since_us",
        "value",
    )

    def __init__(self, *, sampled: bool, rules: BeliefRules | None = None) -> None:
        self._rules = rules or BeliefRules()
        self._sampled = sampled
        self._candidate: bool | None = None
        self._started_us = 0
        self._interrupted_us: int | None = None
        self.value: bool | None = None
        self.since_us = 0
        self.flickered_us: int | None = None
        """When a change that never happened was last under way, `None` where none was."""
        self.due_us: int | None = None
        """When time alone will settle what is under way, or `None`."""

    @property
    def settled(self) -> bool:
        """Whether no change is under way."""
        return self._candidate is None

    @property
    def doubted_us(self) -> int | None:
        """Since when a change is under way, `None` when there is none."""
        return None if self._candidate is None else self._started_us

    def row(self, at_us: int, level: bool) -> list[Change]:
        """Take one row; give the changes that are believed by it, or by the time that has passed until it."""
        changes = self.pass_time(at_us)
        if self._candidate is None:
            if level is not self.value:
                self._begin(at_us, level)
        elif level is self._candidate:
            self._interrupted_us = None
            if at_us - self._started_us >= self._rules.lasting_us:
                changes.append(self._believe(at_us))
        elif self._interrupted_us is None:
            self._interrupted_us = at_us
        self._set_due()
        return changes

    def pass_time(self, at_us: int) -> list[Change]:
        """Settle what time alone has settled by `at_us`."""
        changes = []
        while self.due_us is not None and at_us >= self.due_us:
            due_us = self.due_us
            if self._interrupted_us is None:
                changes.append(self._believe(due_us))
            else:
                self._give_up_candidate()
            self._set_due()
        return changes

    def forget(self) -> None:
        """Drop a change that is under way: its channel has gone silent."""
        self._candidate = self._interrupted_us = self.due_us = None

    def _begin(self, at_us: int, level: bool) -> None:
        self._candidate, self._started_us, self._interrupted_us = level, at_us, None

    def _believe(self, at_us: int) -> Change:
        assert self._candidate is not None
        self.value, self.since_us = self._candidate, self._started_us
        self._candidate = self._interrupted_us = None
        return Change(at_us, self.since_us, self.value)

    def _give_up_candidate(self) -> None:
        """It never happened. Before anything was believed, the level that outlived it is a candidate in its turn."""
        assert self._candidate is not None
        assert self._interrupted_us is not None
        outlived_by, since_us = not self._candidate, self._interrupted_us
        self.flickered_us = since_us
        self._candidate = self._interrupted_us = None
        if outlived_by is not self.value:
            self._begin(since_us, outlived_by)

    def _set_due(self) -> None:
        if self._candidate is None:
            self.due_us = None
        elif self._interrupted_us is not None:
            self.due_us = self._interrupted_us + self._rules.interruption_us
        else:
            self.due_us = None if self._sampled else self._started_us + self._rules.lasting_us
