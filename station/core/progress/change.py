"""Decides whether a change is real, and since when, with an error rate that holds under repeated looks.

For a person who does not change, each result's rank among the earlier ones is a fair game
(`station.core.progress.ranks`). The hypotheses are that the level moves by a number of SDs a week, from the first test
or from a later week on, or that it steps in some week. The evidence for one is the product over the tests of
`exp(l * score - l * l * v / 2)`, where `l` is its expected difference between the test and the mean of the earlier
ones, in SDs. The total evidence is the weighted mean over the hypotheses. For a person who does not change its
expectation never exceeds 1, so it ever reaches 20, checked after every test, for at most one person in twenty (Ville
1939). This needs neither the person's error nor its distribution.

Results of another contact or kind of test, and imported ones, are ranked among their own kind. So a change of method
never counts as a change of the ankle, and alternating between methods costs little.

Where days are correlated, the evidence is raised to the power `1 / V` (`station.core.progress.correlation`); `V` is at
least 1, so the bound still holds.

An epoch lasts at most a year. The next one ranks against the last results of the one before. After a real change, a new
epoch starts with the next test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, inf, log

from station.core.facts import Contact
from station.core.progress.correlation import estimate_correlation, min_variance_factor
from station.core.progress.ranks import Ranks, score_variance
from station.core.progress.records import Direction, RealChange, Result

EVIDENCE_THRESHOLD = 20.0
"""Its inverse bounds the share of unchanged people for whom one epoch ever reports a change."""
_LOG_THRESHOLD = log(EVIDENCE_THRESHOLD)
_WEEK = timedelta(weeks=1)
_EPOCH_WEEKS = 52.0
_RUN_IN_WEEKS = 13.0
_RUN_IN_MIN_RESULTS = 12
_MAX_COURSE_WEEKS = 16.0
"""The longest expected course, so that the length of a year's gap is no evidence by itself."""
_STEP_CLOSES_WEEKS, _KINK_CLOSES_WEEKS = 16.0, 26.0
"""How long after its week a hypothesis of a step, or of a later start, collects evidence."""
_NEGLIGIBLE_LOG = -30.0
_LATE_START_PENALTY = 1.5
_STEP_SEARCH_WEEKS = 3.0
"""How far from the week of the hypothesis to search for the date of a step."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """The level moves from `week` of the epoch on (`None`: from its first result).

    `effect` is in SDs a week, or in SDs at once if `sudden`. Gains and losses are equally likely; `weight` covers both.
    """

    week: float | None
    effect: float
    sudden: bool
    weight: float


_KINK_START_WEEKS = range(0, 52, 4)
_STEP_START_WEEKS = range(0, 52, 2)
HYPOTHESES = (
    Hypothesis(None, 0.3, False, 0.80),
    Hypothesis(None, 0.12, False, 0.08),
    *(Hypothesis(float(week), 0.3, False, 0.06 / len(_KINK_START_WEEKS)) for week in _KINK_START_WEEKS),
    *(Hypothesis(float(week), 2.0, True, 0.06 / len(_STEP_START_WEEKS)) for week in _STEP_START_WEEKS),
)
"""The first is the main one: a gain of 2 mm a week with an SD of 5.8 mm from day to day is 0.34 SDs a week."""

ResultKind = tuple[Contact, bool, bool]


def _kind(result: Result) -> ResultKind:
    return result.contact, result.full, result.imported


class _HypothesisEvidence:
    """The evidence for one hypothesis: its score, and the variance of that score."""

    __slots__ = ("closes_at_week", "course_sums", "effect", "log_weight", "score", "score_variance", "start", "sudden")

    def __init__(self, hypothesis: Hypothesis, start: float) -> None:
        self.start = start
        self.sudden = hypothesis.sudden
        self.effect = hypothesis.effect
        self.log_weight = log(hypothesis.weight / 2)
        # A change not detected for so long after its start will not be detected: the evidence stays as it is.
        self.closes_at_week = (
            start + (_STEP_CLOSES_WEEKS if self.sudden else _KINK_CLOSES_WEEKS) if hypothesis.week is not None else inf
        )
        self.course_sums: dict[ResultKind, float] = {}
        self.score = 0.0
        self.score_variance = 0.0

    def expected_course(self, weeks: float) -> float:
        """Return the expected change of the level by then, in units of `effect`."""
        elapsed_weeks = weeks - self.start
        if elapsed_weeks < 0:
            return 0.0
        return 1.0 if self.sudden else min(elapsed_weeks, _MAX_COURSE_WEEKS)

    def log_weighted_evidence(self) -> float:
        """Return the logarithm of evidence times weight in the likelier direction."""
        return self.effect * (abs(self.score) - self.effect * self.score_variance / 2) + self.log_weight

    def log_likelihood(self) -> float:
        """Return the log likelihood ratio of this course, at its best size, to no change.

        A course from the first test on is the simplest; any other must be clearly likelier.
        """
        likelihood = self.score * self.score / (2 * self.score_variance) if self.score_variance else 0.0
        return likelihood if self.closes_at_week == inf else likelihood - _LATE_START_PENALTY


class Epoch:
    """One period of collecting evidence. `run_in` are earlier results, oldest first, which are only ranked against."""

    def __init__(self, begins_at: datetime, run_in: Sequence[Result] = ()) -> None:
        self.begins_at = begins_at
        self.results: list[Result] = []
        self._weeks: list[float] = []
        self._ranks: dict[ResultKind, Ranks] = {}
        first = (run_in[0].at - begins_at) / _WEEK if run_in else 0.0
        self._pending = [_HypothesisEvidence(one, first if one.week is None else one.week) for one in HYPOTHESES]
        self._pending.sort(key=lambda case: -case.start)
        self._active: list[_HypothesisEvidence] = []
        self._next_close_week = inf
        self._closed_evidence = 0.0
        for result in run_in:
            self._add(result)

    def is_over(self, at: datetime) -> bool:
        return (at - self.begins_at) / _WEEK >= _EPOCH_WEEKS

    def run_in(self, at: datetime) -> list[Result]:
        """Return the results that an epoch which begins at `at` ranks against."""
        recent = sum((at - result.at) / _WEEK <= _RUN_IN_WEEKS for result in self.results)
        return self.results[-max(recent, _RUN_IN_MIN_RESULTS) :]

    def judge(self, result: Result) -> RealChange | None:
        """Take a result, later than all before it; return the change that it confirms, or `None`."""
        self._add(result)
        evidence = self.log_evidence()
        if evidence < _LOG_THRESHOLD or evidence < _LOG_THRESHOLD * min_variance_factor(self._days()):
            return None
        likeliest = max(self._active, key=_HypothesisEvidence.log_likelihood)
        return (
            self._real_change(likeliest, result)
            if evidence >= _LOG_THRESHOLD * self._variance_factor(likeliest)
            else None
        )

    def log_evidence(self) -> float:
        """Return the logarithm of the evidence for a change, without the correction for correlated days.

        It sums only the likelier direction of each hypothesis: this omits almost nothing and adds nothing.
        """
        total = self._closed_evidence
        for case in self._active:
            power = case.effect * (abs(case.score) - case.effect * case.score_variance / 2) + case.log_weight
            if power > _NEGLIGIBLE_LOG:
                total += exp(power)
        return log(total) if total else _NEGLIGIBLE_LOG

    def _add(self, result: Result) -> None:
        weeks = (result.at - self.begins_at) / _WEEK
        self.results.append(result)
        self._weeks.append(weeks)
        self._activate_and_close(weeks)
        kind = _kind(result)
        ranks = self._ranks.get(kind)
        if ranks is None:
            ranks = self._ranks[kind] = Ranks()
        before = len(ranks)
        score = ranks.add(result.mm)
        judged = before > 0 and weeks >= 0
        scatter = score_variance(before + 1)
        for case in self._active:
            if case.sudden:
                course = 1.0
            else:
                course = weeks - case.start
                if course > _MAX_COURSE_WEEKS:
                    course = _MAX_COURSE_WEEKS
            courses = case.course_sums
            earlier = courses.get(kind, 0.0)
            if judged:
                deviation = course - earlier / before
                case.score += deviation * score
                case.score_variance += deviation * deviation * scatter
            courses[kind] = earlier + course

    def _activate_and_close(self, weeks: float) -> None:
        pending, cases = self._pending, self._active
        while pending and pending[-1].start <= weeks:
            cases.append(pending.pop())
            self._next_close_week = min(self._next_close_week, cases[-1].closes_at_week)
        if self._next_close_week < weeks:
            self._closed_evidence += sum(
                exp(case.log_weighted_evidence()) for case in cases if case.closes_at_week < weeks
            )
            self._active = [case for case in cases if case.closes_at_week >= weeks]
            self._next_close_week = min(case.closes_at_week for case in self._active)

    def _variance_factor(self, best: _HypothesisEvidence) -> float:
        """Return `V`: the variance inflation of the scores by correlated days."""
        courses = [best.expected_course(weeks) for weeks in self._weeks]
        return estimate_correlation(self._days(), self._normal_scores(), courses)[1]

    def _days(self) -> list[float]:
        return [weeks * 7 for weeks in self._weeks]

    def _normal_scores(self) -> list[float]:
        return [self._ranks[_kind(one)].normal_score(one.mm) for one in self.results]

    def _real_change(self, best: _HypothesisEvidence, result: Result) -> RealChange:
        since = self._step_time(best.start) if best.sudden else self.begins_at + best.start * _WEEK
        direction = Direction.GAIN if best.score > 0 else Direction.LOSS
        return RealChange(direction, best.sudden, since, result.at, result.test_id)

    def _step_time(self, step_week: float) -> datetime:
        """Return the time of the first result after the step: the split whose two sides differ most in score."""
        values = self._normal_scores()
        n, total = len(values), sum(values)
        best, since, before = -1.0, self.begins_at + step_week * _WEEK, 0.0
        for index in range(1, n):
            before += values[index - 1]
            if abs(self._weeks[index] - step_week) <= _STEP_SEARCH_WEEKS:
                apart = (before / index - (total - before) / (n - index)) ** 2 * index * (n - index)
                if apart > best:
                    best, since = apart, self.results[index].at
        return since


def real_changes(results: Sequence[Result]) -> list[RealChange]:
    """Return the real changes of one side, oldest first. `results` are oldest first, at most one a day.

    The result that confirms a change dates its report, so later results never revoke it.
    """
    changes: list[RealChange] = []
    epoch: Epoch | None = None
    for result in results:
        if epoch is None:
            epoch = Epoch(result.at)
        elif epoch.is_over(result.at):
            epoch = Epoch(result.at, epoch.run_in(result.at))
        change = epoch.judge(result)
        if change is not None:
            changes.append(change)
            epoch = None
    return changes
