"""Decides whether a change is real, and since when, with an error rate that holds under repeated looks.

For a person who does not change, each result's rank among the earlier ones is a fair game
(`station.core.progress.ranks`). The hypotheses are that the level moves by a number of SDs a week, from the first test
(`station.core.progress.line_bets`) or from a later week on, or that it steps in some week. The evidence for a later one
is the product over the tests of `exp(l * score - l * l * v / 2)`, where `l` is its expected difference between the test
and the mean of the earlier ones, in SDs. The total evidence is the weighted mean over the hypotheses. For a person who
does not change, its expectation never exceeds 1, so at most one person in eighty ever reaches 80, checked after every
test (Ville 1939). This needs neither the person's error nor its distribution.

A person plays three such games: left, right and the mean of both. Imported results play their own games, so years of
them do not use up the evidence of the station's own. With the thresholds of all six, at most 5 % of people see a false
change.

Results are ranked within their kind: the same contact, kind of test and circumstances. So a change of method or of the
time of day never counts as a change of the ankle, and alternating between them costs little.

The evidence supposes that days are independent. So the odds that the results follow the likeliest hypothesis rather
than stiff and supple spells must also be 25 to one (`station.core.progress.spells`).

An epoch lasts at most a year. The next one ranks against the last results of the one before. After a real change, a new
epoch starts with the next test.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from math import exp, inf, log

from msgspec import Struct

from station.core.progress.line_bets import MOST_WEEKS, LineBets, log_prior_odds
from station.core.progress.ranks import Ranks, score_variance
from station.core.progress.records import Direction, RealChange, Result
from station.core.progress.spells import Spells

EVIDENCE_THRESHOLD, IMPORTED_EVIDENCE_THRESHOLD = 80.0, 240.0
"""The inverse bounds the share of unchanged people for whom one epoch of one game ever confirms a change. Over a
person's three games and the three of imported results, the bounds add up to 5 %."""
ODDS_AGAINST_SPELLS = 25.0
"""How much likelier than spells a change must be. The study shows what other odds give, and with what delay."""
_SIZES_MM_WEEK = (1.0, 2.0, 3.0)
"""The sizes of a gain or loss from the first test on, for these odds: training usually gives 1.8 to 2.6 mm a week
(Warneke 2023), and a faster change is clear anyway."""
_LATE_START_LOG_ODDS = 5.4
"""The log odds that a step or a later start needs in addition: there are many, of any size, so spells often resemble
one."""
_MORE_RESULTS = 0.02
"""After a refusal, the odds are computed again once the results have grown by this share: they take a millisecond."""
_WEEK = timedelta(weeks=1)
_EPOCH = timedelta(weeks=52)
_RUN_IN = timedelta(weeks=13)
_RUN_IN_MIN_RESULTS = 12
_STEP_CLOSES_WEEKS, _KINK_CLOSES_WEEKS = 8.0, 26.0
"""How long after its week a hypothesis of a step, or of a later start, collects evidence."""
_LATE_START_PENALTY = 1.5
"""A line from the first test on is the simplest course; a late start must be likelier by this log likelihood."""
_MOST_ACTIVE = 16
"""At most so many hypotheses collect evidence at once: 7 of later starts and 9 of steps."""
_WEIGHED_EARLY = 2.0
"""A hypothesis is weighed this many scores earlier than needed, so that several are weighed at once."""
_STEP_SEARCH_WEEKS = 3.0
"""How far from the week of the hypothesis to search for the date of a step."""


class Hypothesis(Struct, frozen=True):
    """The level moves from `week` of the epoch on.

    `effect` is in SDs a week, or in SDs at once if `sudden`. Gains and losses are equally likely; `weight` covers both.
    """

    week: float
    effect: float
    sudden: bool
    weight: float


_KINK_START_WEEKS = range(0, 52, 4)
_STEP_START_WEEKS = range(52)
LATE_STARTS = (
    *(Hypothesis(float(week), 0.3, False, 0.06 / len(_KINK_START_WEEKS)) for week in _KINK_START_WEEKS),
    *(Hypothesis(float(week), 2.0, True, 0.14 / len(_STEP_START_WEEKS)) for week in _STEP_START_WEEKS),
)
"""With the lines from the first test on (`SLOPES`), their weights add up to 1."""
_LAST_FIRST = sorted(LATE_STARTS, key=lambda one: -one.week)


class _Kind(Ranks):
    """The results of one kind: their ranks, and the sums from which the evidence for any course follows.

    With `x` the week of a result less the mean week of the earlier ones, `y` one over their number and `v` the variance
    of its score, `sums` are those of `score * x`, `score * y`, `v * x * x`, `v * x * y` and `v * y * y`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weeks = 0.0
        self.sums = (0.0, 0.0, 0.0, 0.0, 0.0)

    def bet(self, mm: float, weeks: float) -> float:
        """Add a result; return the size of its score."""
        count = len(self.values)
        score = self.add(mm)
        # The first of its kind scores 0 with a variance of 0.
        if count:
            x, y = weeks - self.weeks / count, 1 / count
            scatter = score_variance(count + 1)
            wide, narrow = scatter * x, scatter * y
            sx, sy, xx, xy, yy = self.sums
            self.sums = sx + score * x, sy + score * y, xx + wide * x, xy + wide * y, yy + narrow * y
        self.weeks += weeks
        return score if score > 0 else -score

    def run_in(self, mm: float, weeks: float) -> None:
        """Add a result against which later ones are ranked."""
        self.insert(mm)
        self.weeks += weeks


class _HypothesisEvidence:
    """The evidence for one late start: its score, and the variance of that score.

    From its start on the course follows a line that is level, or rises by one a week and then levels off. The lead of a
    line is how much it exceeds the course, summed over the earlier results of a kind. So the expected difference of a
    result from the mean of the earlier ones is `lead * y`, and `x` more on a rise (`_Kind`).
    """

    __slots__ = (
        "closes_at_week",
        "due_at_score",
        "effect",
        "log_weight",
        "most",
        "parts",
        "past_score",
        "past_variance",
        "rises",
        "score",
        "score_variance",
        "start",
        "sudden",
        "turns_at_week",
    )

    def __init__(self, hypothesis: Hypothesis, kinds: Collection[_Kind]) -> None:
        self.start = start = hypothesis.week
        self.sudden = hypothesis.sudden
        self.effect = hypothesis.effect
        self.log_weight = log(hypothesis.weight / 2)
        # A change not detected for this long after its start will not be detected: the evidence stays as it is.
        self.closes_at_week = start + (_STEP_CLOSES_WEEKS if self.sudden else _KINK_CLOSES_WEEKS)
        self.rises = not self.sudden
        self.turns_at_week = start + MOST_WEEKS if self.rises else self.closes_at_week
        self.past_score = self.past_variance = self.score = self.score_variance = 0.0
        self.parts = [
            (kind, kind.weeks - start * len(kind.values) if self.rises else float(len(kind.values)), kind.sums)
            for kind in kinds
        ]
        """Each kind with the lead of the line, and its sums before it."""
        self.most = 0.0 if self.rises else self._most_on_level()
        """The most by which a result is expected to differ from the mean of the earlier ones."""
        self.due_at_score = -inf
        """The evidence cannot matter before the sizes of the scores add up to this."""

    def _most_on_level(self) -> float:
        return max([lead / len(kind.values) for kind, lead, _ in self.parts if lead], default=0.0)

    def expected_course(self, weeks: float) -> float:
        """Return the expected change of the level by this week, in units of `effect`."""
        elapsed_weeks = weeks - self.start
        if elapsed_weeks < 0:
            return 0.0
        return 1.0 if self.sudden else min(elapsed_weeks, MOST_WEEKS)

    def level_off(self) -> None:
        """End the rise: from here on the course is level."""
        self.update()
        self.past_score, self.past_variance = self.score, self.score_variance
        end = self.start + MOST_WEEKS
        self.parts = [(kind, lead + end * len(kind.values) - kind.weeks, kind.sums) for kind, lead, _ in self.parts]
        self.rises, self.turns_at_week = False, self.closes_at_week
        self.most = self._most_on_level()

    def update(self) -> float:
        """Take the results so far; return the logarithm of evidence times weight in the likelier direction."""
        score, variance = self.past_score, self.past_variance
        if self.rises:
            for kind, lead, (sx, sy, xx, xy, yy) in self.parts:
                now_sx, now_sy, now_xx, now_xy, now_yy = kind.sums
                score += now_sx - sx + lead * (now_sy - sy)
                variance += now_xx - xx + lead * (2 * (now_xy - xy) + lead * (now_yy - yy))
        else:
            for kind, lead, before in self.parts:
                now = kind.sums
                score += lead * (now[1] - before[1])
                variance += lead * lead * (now[4] - before[4])
        self.score, self.score_variance = score, variance
        return self.effect * ((score if score > 0 else -score) - self.effect * variance / 2) + self.log_weight

    def log_likelihood(self) -> float:
        """Return the log likelihood ratio of this course, at its best size, to no change."""
        return self.score * self.score / (2 * self.score_variance) if self.score_variance else 0.0


class Epoch:
    """One period of collecting evidence. `run_in` are earlier results, oldest first, which are only ranked against."""

    def __init__(
        self,
        begins_at: datetime,
        run_in: Sequence[Result] = (),
        *,
        imported: bool = False,
        odds: float = ODDS_AGAINST_SPELLS,
        by_calibration: bool = False,
    ) -> None:
        self.begins_at = begins_at
        self.ends_at = begins_at + _EPOCH
        self._threshold = IMPORTED_EVIDENCE_THRESHOLD if imported else EVIDENCE_THRESHOLD
        self._enough = log(self._threshold / 2 / _MOST_ACTIVE)
        self._min_log_odds = log(odds)
        self._by_calibration = by_calibration
        self._weighed_from = 0
        self.results: list[Result] = []
        self._weeks: list[float] = []
        self._kind_of_results: list[_Kind] = []
        self._spells = Spells()
        self._kinds: dict[object, _Kind] = {}
        self._line = LineBets((run_in[0].at - begins_at) / _WEEK if run_in else 0.0)
        self._pending = list(_LAST_FIRST)
        self._active: list[_HypothesisEvidence] = []
        self._next_start_week, self._next_turn_week = self._pending[-1].week, inf
        self._scores, self._due_at_score = 0.0, -inf
        self._closed_evidence = 0.0
        for result in run_in:
            self._add(result)

    def run_in(self, at: datetime) -> list[Result]:
        """Return the results that an epoch which begins at `at` ranks against."""
        first = bisect_left(self.results, at - _RUN_IN, key=lambda result: result.at)
        return self.results[max(0, min(first, len(self.results) - _RUN_IN_MIN_RESULTS)) :]

    def judge(self, result: Result) -> RealChange | None:
        """Take a result later than all before it; return the change that it confirms, or `None`."""
        self._add(result)
        count = len(self.results)
        is_due = self._scores >= self._due_at_score or self._line.evidence + self._closed_evidence > self._threshold / 2
        if not is_due or count < self._weighed_from:
            return None
        if not self._may_suffice() or self.evidence() < self._threshold:
            return None
        change, log_odds = self._likeliest(result)
        if log_odds < self._min_log_odds:
            self._weighed_from = count + 1 + int(_MORE_RESULTS * count)
            return None
        return change

    def _likeliest(self, result: Result) -> tuple[RealChange, float]:
        """Return the likeliest change, confirmed by this result, and its log odds against spells."""
        likelihood, direction = self._line.likeliest()
        late = max(self._active, key=_HypothesisEvidence.log_likelihood, default=None)
        if late is None or late.log_likelihood() - _LATE_START_PENALTY <= likelihood:
            since = self.begins_at + self._line.start_week * _WEEK
            courses = [self._line.expected_course(week) for week in self._weeks]
            sizes_mm = [size if direction is Direction.GAIN else -size for size in _SIZES_MM_WEEK]
            log_odds = self._log_odds(courses, sizes_mm) + log_prior_odds(direction)
            return RealChange(direction, False, since, result.at, result.test_id), log_odds
        if late.sudden:
            from_index = self._step_index(late.start)
            since = self.results[from_index].at
            courses = [float(index >= from_index) for index in range(len(self.results))]
        else:
            since = self.begins_at + late.start * _WEEK
            courses = [late.expected_course(week) for week in self._weeks]
        direction = Direction.GAIN if late.score > 0 else Direction.LOSS
        log_odds = self._log_odds(courses) - _LATE_START_LOG_ODDS
        return RealChange(direction, late.sudden, since, result.at, result.test_id), log_odds

    def evidence(self) -> float:
        """Return the evidence for a change.

        It sums only the likelier direction of each late start: this omits almost nothing and adds nothing.
        """
        return self._line.evidence + self._closed_evidence + sum([exp(case.update()) for case in self._active])

    def _may_suffice(self) -> bool:
        """Return whether the evidence may have reached the threshold, and schedule the next check.

        It is mostly far below. A result moves the score of a hypothesis by at most its own score times the expected
        difference. So each is weighed again only when the scores may add up to what it lacks.
        """
        scores = self._scores
        may_suffice = self._line.evidence + self._closed_evidence > self._threshold / 2
        for case in [case for case in self._active if case.due_at_score <= scores + _WEIGHED_EARLY]:
            lacking = self._enough - case.update()
            if lacking <= 0:
                may_suffice = True
            case.due_at_score = scores + lacking / (case.effect * case.most) if case.most else inf
        self._due_at_score = -inf if may_suffice else min([case.due_at_score for case in self._active], default=inf)
        return may_suffice

    def _add(self, result: Result) -> None:
        weeks = (result.at - self.begins_at) / _WEEK
        if self._next_start_week <= weeks:
            self._start(weeks)
        if self._next_turn_week < weeks:
            self._level_off_and_close(weeks)
        key = (result.kind, result.calibration) if self._by_calibration else result.kind
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = _Kind()
            for case in self._active:
                case.parts.append((kind, 0.0, kind.sums))
        self.results.append(result)
        self._weeks.append(weeks)
        self._kind_of_results.append(kind)
        if weeks < 0:
            kind.run_in(result.mm, weeks)
            self._line.run_in(kind, weeks)
        else:
            self._scores += kind.bet(result.mm, weeks)
            if self._line.is_open:
                self._line.bet(kind, weeks)

    def _start(self, weeks: float) -> None:
        pending = self._pending
        while self._next_start_week <= weeks:
            one = pending.pop()
            case = _HypothesisEvidence(one, self._kinds.values())
            self._active.append(case)
            if case.turns_at_week < self._next_turn_week:
                self._next_turn_week = case.turns_at_week
            self._next_start_week = pending[-1].week if pending else inf
        # The expectation on a rise was bounded only until now. With a greater one the evidence may matter sooner.
        scores = self._scores
        for case in self._active:
            if case.rises:
                most = case.expected_course(self._next_start_week)
                if case.most:
                    case.due_at_score = scores + (case.due_at_score - scores) * case.most / most
                case.most = most
        self._due_at_score = -inf

    def _level_off_and_close(self, weeks: float) -> None:
        for case in [case for case in self._active if case.turns_at_week < weeks]:
            if case.rises:
                case.level_off()
            if case.closes_at_week < weeks:
                self._closed_evidence += exp(case.update())
                self._active.remove(case)
        self._next_turn_week = min([case.turns_at_week for case in self._active], default=inf)

    def _log_odds(self, courses: Sequence[float], sizes_mm: Sequence[float] = ()) -> float:
        """Return the log odds of the results following these courses to spells without a change."""
        mms = self._within_kinds([result.mm for result in self.results])
        days = [week * 7 for week in self._weeks]
        return self._spells.log_odds_of_course(days, mms, self._within_kinds(courses), sizes_mm)

    def _within_kinds(self, values: Sequence[float]) -> list[float]:
        """Return the values of all results, each less the mean of its kind."""
        kinds = self._kind_of_results
        sums = dict.fromkeys(kinds, 0.0)
        for kind, value in zip(kinds, values, strict=True):
            sums[kind] += value
        means = {kind: total / len(kind) for kind, total in sums.items()}
        return [value - means[kind] for kind, value in zip(kinds, values, strict=True)]

    def _step_index(self, step_week: float) -> int:
        """Return the index of the first result after the step: the split whose two sides differ most."""
        results = zip(self._kind_of_results, self.results, strict=True)
        scores = [kind.normal_score(result.mm) for kind, result in results]
        n, total = len(scores), sum(scores)
        best, found, before = -1.0, 0, 0.0
        for index in range(1, n):
            before += scores[index - 1]
            if abs(self._weeks[index] - step_week) <= _STEP_SEARCH_WEEKS:
                apart = (before / index - (total - before) / (n - index)) ** 2 * index * (n - index)
                if apart > best:
                    best, found = apart, index
        return found


def real_changes(
    results: Sequence[Result], odds: float = ODDS_AGAINST_SPELLS, *, by_calibration: bool = False
) -> list[RealChange]:
    """Return the real changes of one side, or of the mean of both, oldest first.

    `results` are oldest first, at most one a day. A change is reported with the result that confirms it, so later
    results never revoke it. It must be `odds` times likelier than spells. With `by_calibration`, results are ranked
    only within one calibration.
    """
    changes: list[RealChange] = []
    epochs: dict[bool, Epoch] = {}
    for result in results:
        imported = result.imported
        epoch = epochs.get(imported)
        if epoch is None:
            epoch = epochs[imported] = Epoch(result.at, imported=imported, odds=odds, by_calibration=by_calibration)
        elif result.at >= epoch.ends_at:
            epoch = epochs[imported] = Epoch(
                result.at, epoch.run_in(result.at), imported=imported, odds=odds, by_calibration=by_calibration
            )
        change = epoch.judge(result)
        if change is not None:
            changes.append(change)
            epochs.clear()
    return changes
