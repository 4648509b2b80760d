"""Whether a change is real, and since when: a promise that holds however often one looks.

Each result's rank among the earlier ones is a fair game for a person who does not change
(`station.core.progress.ranks`). Against it stand suppositions: that the level moves by so many SDs a week from the
first test on, or from some week on, or steps at some week. The evidence for one is the product over the tests of
`exp(l * score - l * l * v / 2)`, where `l` is what the supposition expects of the test over the mean of the earlier
ones, in SDs; the evidence is the weighted mean of all. For a person who does not change it is on average never above
1, so it reaches 20 at any time, looked at after every test, for at most one person in twenty (Ville 1939). That needs
neither the person's error nor its distribution.

Results of another contact or kind of test, and imported ones, are ranked among their own: a change of method is never
told as a change of the ankle, and little is lost by going to and fro.

Where days go together, the evidence is raised to `1 / V` (`station.core.progress.correlation`); as `V` is at least 1,
the bound above still holds.

An epoch of the game lasts a year at most; the next one knows the last results of the one before, as what it ranks
against. After a change that was told the game begins anew with the next test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, inf, log

from station.core.facts import Contact
from station.core.progress.correlation import common, least
from station.core.progress.ranks import Ranks, variance
from station.core.progress.records import Direction, RealChange, Result

EVIDENCE = 20.0
"""One over the share of people who do not change and are ever told of a change, at most, in one epoch."""
_BAR = log(EVIDENCE)
_WEEK = timedelta(weeks=1)
_EPOCH_WEEKS = 52.0
_RUN_IN_WEEKS = 13.0
_RUN_IN_LEAST = 12
_LONGEST_WEEKS = 16.0
"""No course is supposed to go on for longer, so that a year's gap proves nothing by its length."""
_STEP_WEEKS, _KINK_WEEKS = 16.0, 26.0
"""How long after its week a supposed step or bend is judged."""
_NOTHING = -30.0
_PLAINER = 1.5
_NEAR_WEEKS = 3.0
"""How far from the supposed week the true one of a step is looked for."""


@dataclass(frozen=True, slots=True)
class Supposition:
    """From `week` of the epoch on (`None`: from its first result), the level moves by `effect`: SDs a week, or at once.

    Gains and losses are equally likely, and `weight` is for both.
    """

    week: float | None
    effect: float
    sudden: bool
    weight: float


_KINKS = range(0, 52, 4)
_STEPS = range(0, 52, 2)
SUPPOSITIONS = (
    Supposition(None, 0.3, False, 0.80),
    Supposition(None, 0.12, False, 0.08),
    *(Supposition(float(week), 0.3, False, 0.06 / len(_KINKS)) for week in _KINKS),
    *(Supposition(float(week), 2.0, True, 0.06 / len(_STEPS)) for week in _STEPS),
)
"""A gain of 2 mm a week beside a day-to-day error of 5.8 mm is 0.34 SDs a week, and comes first."""

Kind = tuple[Contact, bool, bool]


def _kind(result: Result) -> Kind:
    return result.contact, result.full, result.imported


class _Case:
    """The case for one supposition: what it has scored, and what its scores scatter by."""

    __slots__ = ("courses", "effect", "log_weight", "over_until", "scatter", "score", "start", "sudden")

    def __init__(self, supposition: Supposition, start: float) -> None:
        self.start = start
        self.sudden = supposition.sudden
        self.effect = supposition.effect
        self.log_weight = log(supposition.weight / 2)
        # A change that was not seen for that long after it began will not be: the case is left as it stands.
        self.over_until = start + (_STEP_WEEKS if self.sudden else _KINK_WEEKS) if supposition.week is not None else inf
        self.courses: dict[Kind, float] = {}
        self.score = 0.0
        self.scatter = 0.0

    def course(self, weeks: float) -> float:
        """Where the level is supposed to be, over `effect`."""
        gone = weeks - self.start
        if gone < 0:
            return 0.0
        return 1.0 if self.sudden else min(gone, _LONGEST_WEEKS)

    def power(self) -> float:
        """Logarithm of the evidence times its weight, in the likelier direction."""
        return self.effect * (abs(self.score) - self.effect * self.scatter / 2) + self.log_weight

    def likelihood(self) -> float:
        """Logarithm of the likelihood of this course, of whatever size, over that of no change.

        A course that begins with the first test is the plainest, and another has to be clearly likelier.
        """
        likelihood = self.score * self.score / (2 * self.scatter) if self.scatter else 0.0
        return likelihood if self.over_until == inf else likelihood - _PLAINER


class Epoch:
    """One run of the game. `run_in` are results from before it, oldest first: ranked against, and not judged."""

    def __init__(self, begins_at: datetime, run_in: Sequence[Result] = ()) -> None:
        self.begins_at = begins_at
        self.results: list[Result] = []
        self._weeks: list[float] = []
        self._ranks: dict[Kind, Ranks] = {}
        first = (run_in[0].at - begins_at) / _WEEK if run_in else 0.0
        self._coming = [_Case(one, first if one.week is None else one.week) for one in SUPPOSITIONS]
        self._coming.sort(key=lambda case: -case.start)
        self._open: list[_Case] = []
        self._next_over = inf
        self._left = 0.0
        for result in run_in:
            self._add(result)

    def is_over(self, at: datetime) -> bool:
        return (at - self.begins_at) / _WEEK >= _EPOCH_WEEKS

    def run_in(self, at: datetime) -> list[Result]:
        """The results that an epoch which begins at `at` ranks against."""
        recent = sum((at - result.at) / _WEEK <= _RUN_IN_WEEKS for result in self.results)
        return self.results[-max(recent, _RUN_IN_LEAST) :]

    def judge(self, result: Result) -> RealChange | None:
        """The change that is real with this result, or `None`. `result` is later than all before it."""
        self._add(result)
        evidence = self.log_evidence()
        if evidence < _BAR or evidence < _BAR * least(self._days()):
            return None
        best = max(self._open, key=_Case.likelihood)
        return self._told(best, result) if evidence >= _BAR * self._allowance(best) else None

    def log_evidence(self) -> float:
        """Logarithm of the evidence for a change, before days that go together are allowed for.

        Of each case only the likelier direction is summed, which leaves out next to nothing and never adds.
        """
        total = self._left
        for case in self._open:
            power = case.effect * (abs(case.score) - case.effect * case.scatter / 2) + case.log_weight
            if power > _NOTHING:
                total += exp(power)
        return log(total) if total else _NOTHING

    def _add(self, result: Result) -> None:
        weeks = (result.at - self.begins_at) / _WEEK
        self.results.append(result)
        self._weeks.append(weeks)
        self._open_and_close(weeks)
        kind = _kind(result)
        ranks = self._ranks.get(kind)
        if ranks is None:
            ranks = self._ranks[kind] = Ranks()
        before = len(ranks)
        score = ranks.place(result.mm)
        judged = before > 0 and weeks >= 0
        scatter = variance(before + 1)
        for case in self._open:
            if case.sudden:
                course = 1.0
            else:
                course = weeks - case.start
                if course > _LONGEST_WEEKS:
                    course = _LONGEST_WEEKS
            courses = case.courses
            earlier = courses.get(kind, 0.0)
            if judged:
                over = course - earlier / before
                case.score += over * score
                case.scatter += over * over * scatter
            courses[kind] = earlier + course

    def _open_and_close(self, weeks: float) -> None:
        coming, cases = self._coming, self._open
        while coming and coming[-1].start <= weeks:
            cases.append(coming.pop())
            self._next_over = min(self._next_over, cases[-1].over_until)
        if self._next_over < weeks:
            self._left += sum(exp(case.power()) for case in cases if case.over_until < weeks)
            self._open = [case for case in cases if case.over_until >= weeks]
            self._next_over = min(case.over_until for case in self._open)

    def _allowance(self, best: _Case) -> float:
        """`V`: how much more the scores may scatter because days go together."""
        courses = [best.course(weeks) for weeks in self._weeks]
        return common(self._days(), self._normal(), courses)[1]

    def _days(self) -> list[float]:
        return [weeks * 7 for weeks in self._weeks]

    def _normal(self) -> list[float]:
        return [self._ranks[_kind(one)].normal(one.mm) for one in self.results]

    def _told(self, best: _Case, result: Result) -> RealChange:
        since = self._step(best.start) if best.sudden else self.begins_at + best.start * _WEEK
        direction = Direction.GAIN if best.score > 0 else Direction.LOSS
        return RealChange(direction, best.sudden, since, result.at, result.test_id)

    def _step(self, about: float) -> datetime:
        """When the first result after the step was: where the scores of before and after differ most."""
        values = self._normal()
        n, total = len(values), sum(values)
        best, since, before = -1.0, self.begins_at + about * _WEEK, 0.0
        for index in range(1, n):
            before += values[index - 1]
            if abs(self._weeks[index] - about) <= _NEAR_WEEKS:
                apart = (before / index - (total - before) / (n - index)) ** 2 * index * (n - index)
                if apart > best:
                    best, since = apart, self.results[index].at
        return since


def real_changes(counted: Sequence[Result]) -> list[RealChange]:
    """The real changes among these results of one side, oldest first. Shapes: n results, oldest first, one a day.

    A change is told with the result that made it real, so that later results never take it back.
    """
    changes: list[RealChange] = []
    epoch: Epoch | None = None
    for result in counted:
        if epoch is None:
            epoch = Epoch(result.at)
        elif epoch.is_over(result.at):
            epoch = Epoch(result.at, epoch.run_in(result.at))
        told = epoch.judge(result)
        if told is not None:
            changes.append(told)
            epoch = None
    return changes
