"""Simulated people: the true course of their ankles, and the tests they do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import cos, exp, inf, pi, sin, sqrt
from random import Random

from station.core.facts import Contact
from station.core.progress.habits import USUAL_TESTS
from station.core.progress.records import Circumstances, Result, TimeOfDay

BEGIN = datetime(2026, 1, 5, 7, tzinfo=UTC)
WEEK = timedelta(weeks=1)
START_MM = 90.0
TEST_DAYS = {1: (0,), 2: (0, 3), 3: (0, 2, 4), 5: (0, 1, 2, 3, 4), 7: (0, 1, 2, 3, 4, 5, 6)}
FULL_TRIALS = 3
OUTLIER_MM = (20.0, 50.0)
LEARNED_TESTS = 4
YEAR_WEEKS = 52
MAX_GOAL_WEEKS = 200
"""A goal that is not reached by then never is."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of people. SDs in mm: `sem_mm` of one test within a day, `day_mm` between days.

    The level moves by `slope` mm a week from `from_week` to `to_week`, the other way from `turn_week` on, and steps by
    `step_mm` at `step_week`.

    A full test reads `full_mm` more than a quick one, an evening (every `evening_every`-th test, and all from
    `evening_from_week` on) `evening_mm` more than a morning, and the calibration of `calibrated_week` `calibration_mm`
    more than the previous one. Nobody does more than `most_tests`.

    Days are correlated with a decay time of `fade_days` (an autoregression; 0 for independent days). Every
    `full_every`-th test is full (0: none); a share `outlier_share` of the tests is off by 20 to 50 mm either way.

    A share `evening_share` of the tests is also in the evening. The first tests are affected by learning: the first
    reads `learning_mm` less, falling to nothing from the fifth on. A season moves the true level up and down by
    `season_mm` within a year. The results of the first `tape_weeks` are imported.

    The level starts at `start_mm`; that of the left is `left_further_mm` above that of the right throughout. A level
    below zero is out of range: its tests read zero.
    """

    name: str
    says: str
    weeks: int
    per_week: int = 3
    sem_mm: float = 5.0
    day_mm: float = 3.0
    slope: float = 0.0
    from_week: float = 0.0
    to_week: float = 1000.0
    turn_week: float = 1000.0
    step_mm: float = 0.0
    step_week: float = 0.0
    outlier_share: float = 0.0
    fade_days: float = 0.0
    full_every: int = 0
    full_mm: float = 0.0
    evening_every: int = 0
    evening_from_week: float = 1000.0
    evening_mm: float = 0.0
    calibrated_week: float = 1000.0
    calibration_mm: float = 0.0
    most_tests: int = 10_000
    evening_share: float = 0.0
    learning_mm: float = 0.0
    season_mm: float = 0.0
    tape_weeks: float = 0.0
    start_mm: float = START_MM
    left_further_mm: float = 0.0

    @property
    def sd_mm(self) -> float:
        """The SD of one quick test on another day."""
        return sqrt(self.sem_mm**2 + self.day_mm**2)

    @property
    def changes_at(self) -> float:
        """The week in which the change begins."""
        return self.step_week if self.step_mm else self.from_week

    @property
    def is_null(self) -> bool:
        """Whether nothing changes for good: a season comes and goes."""
        return self.slope == 0 and self.step_mm == 0

    @property
    def sides(self) -> tuple[Scenario, Scenario]:
        """The left and the right ankle."""
        return replace(self, start_mm=self.start_mm + self.left_further_mm) if self.left_further_mm else self, self

    def level_mm(self, week: float) -> float:
        at = max(self.from_week, min(week, self.to_week))
        moved = self.slope * (at - self.from_week - 2 * max(0.0, at - self.turn_week))
        season = self.season_mm * sin(2 * pi * week / YEAR_WEEKS)
        return self.start_mm + moved + season + (self.step_mm if self.step_mm and week >= self.step_week else 0.0)

    def slope_mm_week(self, week: float) -> float:
        season = self.season_mm * 2 * pi / YEAR_WEEKS * cos(2 * pi * week / YEAR_WEEKS)
        if not self.from_week <= week <= self.to_week:
            return season
        return season + (self.slope if week < self.turn_week else -self.slope)

    def days(self) -> Iterator[int]:
        days = (week * 7 + day for week in range(self.weeks) for day in TEST_DAYS[self.per_week])
        return islice(days, self.most_tests)


def evenings_of(scenario: Scenario, rng: Random) -> frozenset[int]:
    """The days of one person's `evening_share`."""
    return frozenset(day for day in scenario.days() if scenario.evening_share and rng.random() < scenario.evening_share)


def made_by(scenario: Scenario, rng: Random, evenings: frozenset[int] | None = None) -> list[Result]:
    """One person's results of one side, oldest first. Tests on the days in `evenings` are in the evening."""
    if evenings is None:
        evenings = evenings_of(scenario, rng)
    made: list[Result] = []
    gauss, before, ankle = rng.gauss, 0, 0.0
    for number, day in enumerate(scenario.days()):
        if scenario.fade_days and number:
            kept = exp((before - day) / scenario.fade_days)
            ankle = kept * ankle + sqrt(1 - kept * kept) * gauss(0.0, scenario.day_mm)
        else:
            ankle = gauss(0.0, scenario.day_mm)
        before = day
        full = scenario.full_every > 0 and number % scenario.full_every == 0
        error = gauss(0.0, scenario.sem_mm / sqrt(FULL_TRIALS) if full else scenario.sem_mm)
        if scenario.outlier_share and rng.random() < scenario.outlier_share:
            error += rng.choice((-1, 1)) * rng.uniform(*OUTLIER_MM)
        week = day / 7
        evening = (
            day in evenings
            or week >= scenario.evening_from_week
            or (scenario.evening_every > 0 and number % scenario.evening_every == 1)
        )
        calibrated = week >= scenario.calibrated_week
        mm = scenario.level_mm(week) + ankle + error
        mm += (scenario.full_mm if full else 0.0) + (scenario.evening_mm if evening else 0.0)
        mm += scenario.calibration_mm if calibrated else 0.0
        mm -= scenario.learning_mm * max(0.0, 1 - number / LEARNED_TESTS)
        known = Circumstances(TimeOfDay.EVENING if evening else TimeOfDay.MORNING)
        imported = week < scenario.tape_weeks
        at = BEGIN + timedelta(days=day)
        calibration = 2 if calibrated else 1
        made.append(Result(str(number), at, max(0.0, mm), None, full, Contact.PAD, imported, known, calibration))
    return made


def made_by_both(scenario: Scenario, rng: Random) -> tuple[list[Result], list[Result]]:
    """One person's results of left and right, tested together; the sides share only the circumstances."""
    evenings = evenings_of(scenario, rng)
    left, right = scenario.sides
    return made_by(left, rng, evenings), made_by(right, rng, evenings)


def usual_shift_mm(scenario: Scenario, made: Sequence[Result]) -> float:
    """What the circumstances of most of the last tests add to the level; of two equally common ones the last counts."""
    last = [test.circumstances.time_of_day for test in reversed(made[-USUAL_TESTS:])]
    ((usual, _),) = Counter(last).most_common(1)
    return scenario.evening_mm if usual is TimeOfDay.EVENING else 0.0


def reached_week(level_mm: Callable[[float], float], goal_mm: float) -> float:
    """The week of the first day on which the level is at the goal; infinity for never."""
    return next((day / 7 for day in range(7 * MAX_GOAL_WEEKS) if level_mm(day / 7) >= goal_mm), inf)


def week_of(at: datetime) -> float:
    return (at - BEGIN) / WEEK
