"""A hundred states of progress, and what their sentences must contain.

`python -m tests.station.core.progress.sentence_cases` prints every sentence of every case to read as a patient would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import pi, sin
from random import Random
from typing import Any

import click
from msgspec import Struct
from msgspec.structs import replace

from station.core.facts import Contact
from station.core.progress.analysis import analyse_progress
from station.core.progress.records import (
    Direction,
    Habit,
    Interval,
    Progress,
    RealChange,
    Result,
    SideProgress,
    SidesDifference,
)
from station.core.progress.sentences import (
    Formatters,
    difference_sentence,
    side_sentences,
    summary_sentence,
)
from tests.station.core.progress.histories import BEGIN, WEEK

GOAL_MM = 101.6
WORDS = Formatters(
    length=lambda mm: f"{mm / 10:.1f} cm",
    change=lambda mm: "0.0 cm" if abs(mm) < 0.5 else f"{mm / 10:+.1f} cm",
    day=lambda at: f"{at:%a} {at.day} {at:%b %Y}",
    pace=lambda mm: "0.0 mm" if abs(mm) < 0.05 else f"{mm:+.1f} mm",
)


class SideHistory(Struct, frozen=True):
    """The tests of one side, every `every_days` days from `from_week` on, with a scatter of `sd` mm.

    The level begins at `start` mm and follows the `parts` (weeks, mm a week); from `step_week` on it is `step_mm`
    higher, and the season moves it by up to `season_mm` to either side. Below zero a test gives 0.
    """

    parts: tuple[tuple[float, float], ...]
    start: float = 80.0
    sd: float = 5.0
    seed: int = 1
    every_days: float = 2.33
    from_week: float = 0.0
    step_week: float = 1000.0
    step_mm: float = 0.0
    outlier_every: int = 0
    contact: Contact = Contact.PAD
    full: bool = False
    season_mm: float = 0.0

    @property
    def weeks(self) -> float:
        return sum(weeks for weeks, _ in self.parts)

    def level_mm(self, week: float) -> float:
        level, passed = self.start, 0.0
        for weeks, slope in self.parts:
            level += slope * min(max(0.0, week - passed), weeks)
            passed += weeks
        season = self.season_mm * sin(2 * pi * week / 52)
        return level + season + (self.step_mm if week >= self.step_week else 0.0)

    def results(self) -> list[Result]:
        rng = Random(self.seed)
        made = []
        for number in range(int(self.weeks * 7 / self.every_days) + 1):
            week = number * self.every_days / 7
            mm = self.level_mm(week) + rng.gauss(0, self.sd)
            if self.outlier_every and number % self.outlier_every == self.outlier_every - 1:
                mm += 45.0
            at = BEGIN + (week + self.from_week) * WEEK
            name = f"{self.contact}-{self.from_week:g}-{number}"
            made.append(Result(name, at, max(0.0, mm), 1.5, self.full, self.contact))
        return made


Histories = SideHistory | tuple[SideHistory, ...] | None


@dataclass(frozen=True, slots=True)
class Case:
    """One state: the histories of both sides, seen `weeks_later` weeks after the last test.

    `expected` are parts of sentences that must be there. `amend` changes what the analysis found.
    """

    name: str
    left: Histories
    right: Histories
    expected: tuple[str, ...] = ()
    weeks_later: float = 0.0
    goal_mm: float = GOAL_MM
    amend: Callable[[Progress], Progress] = lambda progress: progress

    def results(self) -> tuple[list[Result], list[Result]]:
        return _results(self.left), _results(self.right)

    def now(self) -> datetime:
        last = max((test.at for side in self.results() for test in side), default=BEGIN)
        return last + self.weeks_later * WEEK

    def progress(self) -> Progress:
        left, right = self.results()
        return self.amend(analyse_progress(left, right, self.goal_mm, self.now()))


def _results(side: Histories) -> list[Result]:
    histories: Sequence[SideHistory] = () if side is None else side if isinstance(side, tuple) else (side,)
    return [test for history in histories for test in history.results()]


def up(weeks: float, slope: float = 2.0, **more: Any) -> SideHistory:
    """A steady change of `slope` mm a week."""
    return replace(SideHistory(((weeks, slope),)), **more)


def flat(weeks: float, **more: Any) -> SideHistory:
    """No change."""
    return up(weeks, 0.0, **more)


def course(*parts: tuple[float, float], **more: Any) -> SideHistory:
    """One change after another: weeks and mm a week of each."""
    return replace(SideHistory(parts), **more)


def both_gained(progress: Progress) -> Progress:
    """As if the mean of both sides had gained, but neither side alone."""
    assert progress.left is not None
    since, last = progress.left.counted[0].at, progress.left.counted[-1]
    return replace(progress, both=(RealChange(Direction.GAIN, False, since, last.at, last.test_id),))


def both_lost(progress: Progress) -> Progress:
    """As if the mean of both sides had lost, but neither side alone."""
    change = both_gained(progress).both[0]
    return replace(progress, both=(replace(change, direction=Direction.LOSS),))


def with_habits(*habits: tuple[str, str, float]) -> Callable[[Progress], Progress]:
    """Both sides with habits: a circumstance, the usual one, and how many mm more the first reads."""
    found = tuple(Habit(one, other, Interval(mm, mm - 2, mm + 2)) for one, other, mm in habits)

    def change(progress: Progress) -> Progress:
        assert progress.left is not None
        assert progress.right is not None
        return replace(progress, left=replace(progress.left, habits=found), right=replace(progress.right, habits=found))

    return change


def with_changes(*changes: tuple[Direction, float, float], sudden: bool = False) -> Callable[[Progress], Progress]:
    """The left side with these real changes: direction, week of the start and week of the confirmation."""

    def change(progress: Progress) -> Progress:
        assert progress.left is not None
        made = tuple(
            RealChange(direction, sudden, BEGIN + since * WEEK, BEGIN + confirmed * WEEK, f"{confirmed:g}")
            for direction, since, confirmed in changes
        )
        return replace(progress, left=replace(progress.left, changes=made))

    return change


def apart_by(mm: float, half: float, clear: bool) -> Callable[[Progress], Progress]:
    """Left minus right is this, plus or minus `half`, and `clear` or not."""
    difference = SidesDifference(Interval(mm, mm - half, mm + half), clear)
    return lambda progress: replace(progress, difference=difference)


def likely_gain(progress: Progress) -> Progress:
    """The left side with a change well beyond its error that is not confirmed yet."""
    assert progress.left is not None
    far = 2 * progress.left.error.mdc95_mm
    left: SideProgress = replace(progress.left, change_mm=Interval(far, far - 9, far + 9), chance_real=0.99, changes=())
    return replace(progress, left=left)


ONE = flat(0)
TWO = flat(0.34)
ZEROS = flat(6, start=-30.0)
FROM_ZERO = course((10, 0.0), (30, 2.0), start=-15.0)
UP_AND_BACK = course((12, 2.0), (12, -2.0), (4, 0.0))
HALF_BACK = course((12, 3.0), (8, -2.0), (6, 0.0), sd=3.0)
INJURED = flat(20, step_week=12.0, step_mm=-20.0)
SEASONS = course((104, 0.0), season_mm=9.0)
GAIN = Direction.GAIN
NO_CHANGE, NOT_TESTED = "no certain change yet", "not tested yet"

CASES: tuple[Case, ...] = (
    # The first tests
    Case("never tested", None, None, ("Both sides: not tested yet.",)),
    Case("one test of both", ONE, flat(0, start=95.0), ("Your starting point: left",)),
    Case("one test of the left", ONE, None, ("your starting point", NOT_TESTED)),
    Case("one test of the right", None, ONE, ("your starting point", NOT_TESTED)),
    Case("one test is practice", ONE, ONE, ("The first test is practice too",)),
    Case("one test, months ago", ONE, ONE, ("At the last test, on",), weeks_later=12),
    Case("two tests", TWO, TWO, ("after two tests, too few to show a change",)),
    Case("two tests and one", TWO, ONE, ("after two tests", "your starting point")),
    Case("two tests a year apart", flat(52, every_days=364.0), None, ("There is no test between",)),
    Case("three tests", flat(0.7), flat(0.7), ("too few tests to show a change", "at least 6 tests")),
    Case("five tests in a week", flat(1, every_days=1.6), flat(1, every_days=1.6), ("too few tests",)),
    Case("three equal tests", flat(1, sd=0.0), flat(1, sd=0.0, start=90.0), ("all 4 tests gave",)),
    Case("ten equal tests", flat(4, sd=0.0), flat(4, sd=0.0), ("tests gave",)),
    # No change
    Case("three weeks without a change", flat(3), flat(3, seed=2), (NO_CHANGE, "may still be chance")),
    Case("eight weeks without a change", flat(8), flat(8, seed=2), (NO_CHANGE,)),
    Case("eight weeks, much scatter", flat(8, sd=9.0), flat(8, sd=9.0, seed=2), (NO_CHANGE,)),
    Case("eight weeks, little scatter", flat(8, sd=2.0), flat(8, sd=2.0, seed=2), (NO_CHANGE,)),
    Case("half a year without a change", flat(26), flat(26, seed=2), ("teady since about",)),
    Case("a year without a change", flat(52), flat(52, seed=3), ("teady since about", "health professional")),
    Case("five years without a change", flat(260, every_days=7.0), flat(260, every_days=7.0, seed=2)),
    Case("a year, once a week", flat(52, every_days=7.0), flat(52, every_days=7.0, seed=2)),
    Case("a year, once a month", flat(52, every_days=30.0), flat(52, every_days=30.0, seed=2)),
    Case("a year, every day", flat(52, every_days=1.0), flat(52, every_days=1.0, seed=2), ("teady since",)),
    Case("steady beyond the goal", flat(26, start=120.0), flat(26, start=120.0, seed=2), ("have reached your goal",)),
    Case("steady at the goal", flat(26, start=101.0), flat(26, start=101.0, seed=2)),
    Case("steady, tests long ago", flat(26), flat(26, seed=2), ("At the last test, on",), weeks_later=20),
    Case(
        "steady with outliers", flat(26, outlier_every=15), flat(26, outlier_every=15, seed=2), ("look like outliers",)
    ),
    Case("one outlier", flat(8, outlier_every=20), flat(8, seed=2), ("One test looks like an outlier",)),
    # Gains
    Case("two weeks of a gain", up(2.5), up(2.5, seed=2)),
    Case("five weeks of a gain", up(5), up(5, seed=2)),
    Case("eight weeks of a gain", up(8), up(8, seed=2)),
    Case("fourteen weeks of a gain", up(14), up(14, seed=2), ("A real gain on both sides: left",)),
    Case("half a year of a gain", up(26, start=60.0), up(26, start=60.0, seed=2), ("real gain",)),
    Case("a slow gain", up(40, 0.7), up(40, 0.7, seed=2), ("real gain",)),
    Case("a very slow gain", up(52, 0.3), up(52, 0.3, seed=2)),
    Case("a fast gain", up(10, 4.0), up(10, 4.0, seed=2), ("real gain", "In the last four weeks +")),
    Case("a gain on the left alone", up(14), flat(14, seed=2), ("Left: a real gain of",)),
    Case("a gain on the right alone", flat(14), up(14, seed=2), ("right: a real gain of",)),
    Case("a gain of one never tested on the right", up(14), None, ("a real gain of", NOT_TESTED)),
    Case("a gain to a near goal", up(14), up(14, seed=2), goal_mm=112.0),
    Case("a gain to a far goal", up(14), up(14, seed=2), goal_mm=200.0),
    Case("a gain beyond the goal", up(14), up(14, seed=2), ("You have reached your goal.",), goal_mm=90.0),
    Case("a gain, tests long ago", up(14), up(14, seed=2), ("At the last test, on", "too long ago"), weeks_later=9),
    Case("a gain, then none", course((10, 2.0), (20, 0.0)), course((10, 2.0), (20, 0.0), seed=2), ("real gain of",)),
    Case("a gain, then a year of none", course((10, 2.0), (52, 0.0)), None, ("real gain of", "steady since about")),
    Case("a late gain", course((12, 0.0), (14, 2.0)), course((12, 0.0), (14, 2.0), seed=2), ("real gain",)),
    Case("a gain after a year of none", course((52, 0.0), (14, 2.0)), None, ("real gain",)),
    Case("two gains", course((12, 2.0), (20, 0.0), (12, 2.0)), None, ("real gain",)),
    Case("a gain with outliers", up(14, outlier_every=13), up(14, outlier_every=13, seed=2), ("real gain",)),
    Case("a gain with much scatter", up(20, sd=9.0), up(20, sd=9.0, seed=2), ("real gain",)),
    Case("a gain with little scatter", up(10, sd=2.0), up(10, sd=2.0, seed=2), ("real gain of",)),
    Case("a gain in few tests", up(26, every_days=7.0), up(26, every_days=7.0, seed=2), ("real gain",)),
    Case("a step up", flat(20, step_week=12.0, step_mm=20.0), flat(20, seed=2), ("real gain",)),
    Case("a likely gain", flat(6), flat(6, seed=2), ("a gain is likely, but not certain yet",), amend=likely_gain),
    Case("a gain within its error", flat(20), flat(20, seed=2), ("not certain",), amend=with_changes((GAIN, 0, 19))),
    Case(
        "an old gain within its error",
        flat(40),
        flat(40, seed=2),
        ("but nothing certain is left of it",),
        amend=with_changes((GAIN, 0, 9)),
    ),
    Case("a gain across half a year", (up(14), flat(0, from_week=50.0, start=108.0)), None, ("no test between",)),
    # Up and back, down and back
    Case("up and back", UP_AND_BACK, flat(28, seed=2), ("went up by about",)),
    Case("up and back on both sides", UP_AND_BACK, replace(UP_AND_BACK, seed=2), ("went up by about",)),
    Case("up and back long ago", replace(UP_AND_BACK, parts=((12, 2.0), (12, -2.0), (40, 0.0))), None, ("come back",)),
    Case("up and back, tests long ago", UP_AND_BACK, None, ("At the last test", "went up by about"), weeks_later=10),
    Case("up and half of it back", HALF_BACK, replace(HALF_BACK, seed=3)),
    Case("up, back and up", course((12, 2.0), (12, -2.0), (14, 2.0)), None, ("goes up and down",)),
    Case("up and back at once", flat(24, step_week=8.0, step_mm=20.0), None, ("real gain",)),
    Case("turning just now", course((12, 2.0), (3, -3.0)), course((12, 2.0), (3, -3.0), seed=2)),
    Case("down and back", course((12, -2.0), (12, 2.0), (4, 0.0)), None, ("come back",)),
    Case("down and half of it back", course((12, -3.0), (8, 2.0), (6, 0.0), sd=3.0), None),
    Case("two years of seasons", SEASONS, replace(SEASONS, seed=2)),
    Case("two years of small seasons", replace(SEASONS, season_mm=4.0), replace(SEASONS, season_mm=4.0, seed=2)),
    Case("a gain with seasons", course((104, 0.3), season_mm=7.0), None),
    # Losses
    Case("a loss on both sides", up(14, -2.0), up(14, -2.0, seed=2), ("real loss of", "If it hurts, see a health")),
    Case("a loss on the left alone", up(14, -2.0), flat(14, seed=2), ("Left: a real loss of",)),
    Case("a gain and a loss", up(14), up(14, -2.0, seed=2), ("a real gain of", "a real loss of")),
    Case("an injury", INJURED, flat(20, seed=2), ("a real loss of",)),
    Case("an injury a week ago", replace(INJURED, parts=((13, 0.0),)), flat(13, seed=2)),
    Case("an injury, and back", course((12, 0.0), (12, 2.0), step_week=12.0, step_mm=-20.0), None),
    Case("an injury after a gain", course((12, 2.0), (12, 0.0), step_week=14.0, step_mm=-20.0), None),
    Case("a loss, tests long ago", up(14, -2.0), up(14, -2.0, seed=2), ("At the last test",), weeks_later=9),
    # Below range
    Case("one zero", flat(0, start=-30.0), ONE, ("your knee does not reach the wall yet", "practice too")),
    Case("two zeros", flat(0.34, start=-30.0), flat(0.34, start=-30.0), ("your knee does not reach the wall yet",)),
    Case("zeros for weeks", ZEROS, ZEROS, ("your knee does not reach the wall yet", "The first touch will")),
    Case("zeros for a year", flat(52, start=-30.0), flat(52, start=-30.0, seed=2), ("does not reach the wall yet",)),
    Case("a gain below zero", up(26, 0.8, start=-40.0), up(26, 0.8, start=-40.0), ("does not reach the wall yet",)),
    Case("zeros on the left alone", ZEROS, flat(6, seed=2), ("cannot be compared in numbers",)),
    Case("zeros and a gain", flat(14, start=-30.0), up(14, seed=2), ("does not reach the wall yet", "a real gain of")),
    Case(
        "a gain from zero, and zero in the last test",
        (replace(FROM_ZERO, parts=((10, 0.0), (12, 2.0))), flat(0, start=-30.0, from_week=22.5)),
        up(22.5),
        ("Left: your knee did not reach the wall at the last test; right: a real gain",),
    ),
    Case("zeros, tests long ago", ZEROS, ZEROS, ("At the last test, on",), weeks_later=12),
    Case(
        "the first touch",
        (ZEROS, flat(0, start=9.0, sd=1.0, from_week=7.0)),
        None,
        ("your knee reached the wall in the last test",),
    ),
    Case("from zero to a distance", FROM_ZERO, None, ("real gain",)),
    Case("touches on some days", flat(12, start=-1.0, sd=4.0), None, ("in the last test, but not in every one",)),
    Case("from a distance to zero", flat(20, step_week=16.0, step_mm=-110.0), None, ("did not reach the wall at",)),
    # Methods
    Case(
        "a new method",
        (flat(12, contact=Contact.SELF, start=110.0), flat(0, from_week=12.5)),
        None,
        ("a different method, and this one is your new starting point",),
    ),
    Case(
        "a gain by another method",
        (up(14, 2.5, contact=Contact.SELF), flat(5, from_week=14.5)),
        None,
        ("its amount unknown: the test method has changed since",),
    ),
    Case("full tests", flat(10, full=True, sd=3.5), flat(10, full=True, sd=3.5, seed=2), (NO_CHANGE,)),
    # Both ankles, habits and sides
    Case("both together gain", up(7, 1.2, seed=3), up(7, 1.2, seed=4), ("Both ankles together",), amend=both_gained),
    Case("both together lose", up(7, -1.2, seed=4), up(7, -1.2, seed=5), ("Both ankles",), amend=both_lost),
    Case(
        "evenings read more",
        flat(8),
        flat(8, seed=2),
        ("Evenings read about 0.6 cm more for you than mornings.", "Only like is compared with like."),
        amend=with_habits(("evenings", "mornings", 6.0)),
    ),
    Case(
        "two habits",
        up(14),
        up(14, seed=2),
        ("Full tests read about 0.4 cm less for you than quick tests.",),
        amend=with_habits(("full tests", "quick tests", -4.0), ("tests after a stretch", "other tests", 3.0)),
    ),
    Case(
        "uneven and clear",
        flat(8, start=100.0),
        flat(8, seed=2),
        ("The left side reaches",),
        amend=apart_by(20, 5, True),
    ),
    Case(
        "uneven, not clear",
        flat(8),
        flat(8, seed=2),
        ("with too few tests to be sure",),
        amend=apart_by(17, 20, False),
    ),
    Case("a little uneven", flat(8), flat(8, seed=2), ("up to 1.5 cm is common",), amend=apart_by(-9, 4, False)),
    Case("sides tested apart", flat(8), flat(2, seed=2), ("cannot be compared yet",)),
)


def main() -> None:
    """Print every sentence of every case."""
    for case in CASES:
        progress = case.progress()
        click.echo(f"\n{case.name}\n    {summary_sentence(progress, WORDS)}")
        for name, side in (("left", progress.left), ("right", progress.right)):
            click.echo(f"  {name}: {' '.join(side_sentences(side, WORDS))}")
        click.echo(f"  {difference_sentence(progress, WORDS)}")


if __name__ == "__main__":
    main()
