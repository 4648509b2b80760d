"""One person's report for a health professional: the text of one sheet of paper, from the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import NamedTuple

from msgspec import Struct

from station.app.results.progress import (
    CONTACTS,
    History,
    ResultRow,
    formatters_for,
    goals_text,
    history_of,
    repeatability_of,
)
from station.app.results.training_weeks import Week, dose_text, training_weeks
from station.app.starting.situation import plan_for
from station.core.events import Side
from station.core.measurement.uncertainty import COVERAGE
from station.core.progress.records import Interval, Phase, SideProgress
from station.core.progress.repeatability import GROUP, MIN_PAIRS, Repeatability
from station.core.progress.sentences import difference_sentence, summary_sentence
from station.core.statistics.agreement import BlandAltman, Limits
from station.profile import Profile
from station.store import Reader
from station.store.records import Calibration, Check, Person
from station.units import (
    UNIT_SYMBOLS,
    change_text,
    count_text,
    fine_change_text,
    length_text,
    length_with_uncertainty,
    partial_date_text,
    short_date_text,
    uncertainty_text,
)

NONE, BELOW_RANGE, NOT_RECORDED = "\u2013", "below range", "not recorded"
TOO_FEW = "too few repeats yet"
PUBLISHED = "published value, no own repeats yet"
FOOTWEAR = {False: "barefoot", True: "shod", None: NOT_RECORDED}
BACK_FEET = {"heel up": "heel up", "flat": "flat", "off": "off the floor", None: NOT_RECORDED}
WARM_UPS = {False: "cold", True: "warmed up", None: NOT_RECORDED}


class Line(NamedTuple):
    """One line of a table: its name, and the text for each side."""

    name: str
    left: str
    right: str


class Report(Struct, frozen=True):
    """The report, ready for layout.

    `lines` and `repeats` have one text a side, `protocol` has terms and their texts. `group` is the published group
    behind the ICC. `weeks` are the newest ones since the first activity, oldest first; `dose` sums them up.
    """

    person: Person
    written_at: datetime
    history: History
    goal: str
    tests: str
    summary: str
    ankles: str
    lines: tuple[Line, ...]
    difference: str
    repeats: tuple[Line, ...]
    group: str
    protocol: tuple[tuple[str, str], ...]
    dose: str
    weeks: tuple[Week, ...]
    left_out: tuple[str, ...]
    is_simulated: bool

    @property
    def hurt_sides(self) -> tuple[Side, ...]:
        """The tested sides whose ankle was hurt, according to the person."""
        return tuple(side for side in self.history.sides if self.person.profile.hurt_side in (side, "both"))

    @property
    def has_trend(self) -> bool:
        return any(one is not None and one.trend for one in (self.history.progress.left, self.history.progress.right))


def report_of(reader: Reader, person: Person, now: datetime) -> Report:
    """The report of this person at `now`. Raises StoreError."""
    settings = reader.settings_of(person.id)
    units = settings.units
    history = history_of(reader, person.id, settings.goals, now)
    words = formatters_for(units)
    method = reader.cache.get(("report", person.id, units, history.sides), lambda: _method_of(reader, history, units))
    plan = plan_for(reader, person.id)
    weeks = training_weeks(reader, person.id, history, plan, now)
    return Report(
        person=person,
        written_at=now,
        history=history,
        goal=goals_text(settings.goals, history.sides, units),
        tests=_tests_text(history),
        summary=_impersonal(summary_sentence(history.progress, words)) if history.tests else "No test yet.",
        lines=tuple(_lines(history, units)),
        difference=difference_sentence(history.progress, words),
        repeats=method.repeats,
        group=f"{GROUP.people} {GROUP.population}, SD {length_text(GROUP.sd_mm, units)}; {GROUP.source}",
        ankles="; ".join(_ankle_facts(person.profile, history.sides)),
        protocol=method.protocol,
        dose=dose_text(weeks, plan, history.sides),
        weeks=weeks,
        left_out=method.left_out,
        is_simulated=method.is_simulated,
    )


class _Method(NamedTuple):
    """How the tests were made and how well they repeat: slow with thousands of tests, so cached until a new result."""

    repeats: tuple[Line, ...]
    protocol: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]
    is_simulated: bool


def _method_of(reader: Reader, history: History, units: str) -> _Method:
    return _Method(
        tuple(_repeat_lines(repeatability_of(reader, history), history, units)),
        tuple(_protocol(history, reader.calibrations(), reader.checks(), units)),
        tuple(_left_out(history)),
        any(one.simulated for one in history.scores),
    )


def _tests_text(history: History) -> str:
    if not history.tests:
        return "no tests"
    newest, oldest = (next(one.at for one in history.tests[index] if one is not None) for index in (0, -1))
    if len(history.tests) == 1:
        return f"1 test, {short_date_text(newest)}"
    return f"{len(history.tests)} tests, {short_date_text(oldest)} to {short_date_text(newest)}"


def _by_side(name: str, history: History, text: Callable[[Side, SideProgress], str]) -> Line:
    """A line with a dash for a side without progress."""
    sides = ((side, history.side_progress(side)) for side in Side)
    return Line(name, *(NONE if progress is None else text(side, progress) for side, progress in sides))


def _lines(history: History, units: str) -> Iterable[Line]:
    """What the tests show, side by side."""

    def result(row: ResultRow) -> str:
        shown = BELOW_RANGE if row.mm <= 0 else length_with_uncertainty(row.mm, row.uncertainty_mm, units)
        return f"{shown}, {short_date_text(row.at)}"

    def latest(side: Side) -> str:
        if not history.rows(side):
            return "not tested"
        row = history.rows(side)[-1]
        suspect = ["sensor off, not counted"] if row.is_suspect else []
        return ", ".join([result(row), *suspect, *row._replace(is_suspect=False).cautions(units)])

    def first(side: Side, progress: SideProgress) -> str:
        found = next(one for one in progress.counted if one.method == progress.counted[-1].method)
        row = next(row for row in history.rows(side) if row.test_id == found.test_id)
        return f"{result(row)}, practice" if row.is_practice else result(row)

    def level(_: Side, progress: SideProgress) -> str:
        if progress.counted[-1].is_below_range:
            return BELOW_RANGE
        if not progress.trend:
            return "needs three tests"
        now = progress.trend[-1]
        return _interval_text(Interval(now.mm, now.low_mm, now.high_mm), lambda mm: length_text(mm, units))

    def change(_: Side, progress: SideProgress) -> str:
        if progress.counted[-1].is_below_range:
            return NONE
        if progress.change_mm is None:
            return "needs six tests over two weeks"
        if not progress.changes:
            return f"{change_text(progress.change_mm.value, units)}, may be chance"
        return _interval_text(progress.change_mm, lambda mm: change_text(mm, units))

    def pace(_: Side, progress: SideProgress) -> str:
        if progress.old or progress.counted[-1].is_below_range:
            return NONE
        if progress.phase is Phase.STEADY:
            return "steady"
        slope = progress.slope_mm_week
        if slope is None or progress.phase is Phase.UNKNOWN:
            return NONE
        return _interval_text(slope, lambda mm: fine_change_text(mm, units))

    def mdc(_: Side, progress: SideProgress) -> str:
        smallest = length_text(progress.error.mdc95_mm, units)
        return smallest if progress.error.own_df else f"{smallest}, {PUBLISHED}"

    yield Line("Latest test", *(latest(side) for side in Side))
    yield _by_side("First test by this method", history, first)
    yield _by_side("Level now (trend)", history, level)
    yield _by_side("Change of the level", history, change)
    yield _by_side("Real changes", history, lambda _, progress: _real_changes_text(progress))
    yield _by_side("Change a week, last four weeks", history, pace)
    yield _by_side("Smallest real change (MDC95)", history, mdc)


def _interval_text(estimate: Interval | Limits, words: Callable[[float], str]) -> str:
    """An estimate with its 95 % limits in brackets: `9.4 cm (9.1 to 9.7)`."""
    if estimate.low is None or estimate.high is None:
        return words(estimate.value)
    return f"{words(estimate.value)} ({_without_unit(words(estimate.low))} to {_without_unit(words(estimate.high))})"


def _without_unit(text: str) -> str:
    return text.partition(" ")[0]


def _real_changes_text(progress: SideProgress) -> str:
    if not progress.changes:
        return "none confirmed"
    newest = progress.changes[-1]
    earlier = len(progress.changes) - 1
    confirmed = short_date_text(newest.confirmed_at)
    begun = short_date_text(newest.since).removesuffix(confirmed[-len(" 2026") :])
    text = f"{newest.direction} since about {begun}, confirmed {confirmed}"
    return f"{text}; {earlier} earlier" if earlier else text


def _repeat_lines(found: Mapping[Side, Repeatability], history: History, units: str) -> Iterable[Line]:
    """How well the tests repeat, side by side."""

    def length(mm: float | None) -> str:
        return TOO_FEW if mm is None else length_text(mm, units)

    def icc(limits: Limits | None) -> str:
        return TOO_FEW if limits is None else _interval_text(limits, _icc_text)

    def agreement(pairs: BlandAltman | None, count: int) -> str:
        if pairs is None:
            return f"needs {MIN_PAIRS} pairs, has {count}"
        bias, low, high = (change_text(one.value, units) for one in (pairs.bias, pairs.lower, pairs.upper))
        return f"bias {bias} ({_without_unit(low)} to {_without_unit(high)}), {pairs.n_used} pairs"

    if found:
        yield _by_side("Kind of test", history, lambda _, one: _kind_text(one))
        yield _by_side("Error of one test (SEM)", history, lambda _, one: _sem_text(one, units))
        yield _by_side("Trials of one session (SD)", history, lambda _, one: length(one.error.within_mm))
        yield _by_side("ICC between days*", history, lambda side, _: icc(found[side].icc_between_days))
        yield _by_side("ICC within a session*", history, lambda side, _: icc(found[side].icc_within_session))
        yield _by_side(
            "Bland-Altman, test to test",
            history,
            lambda side, _: agreement(found[side].between_days, found[side].day_pairs),
        )
        yield _by_side(
            "Bland-Altman, first to last trial",
            history,
            lambda side, _: agreement(found[side].within_session, found[side].trial_pairs),
        )


def _icc_text(icc: float) -> str:
    """Rounded down to two digits, so that 0.996 does not become 1.00."""
    return f"{int(icc * 100) / 100:.2f}"


def _kind_text(progress: SideProgress) -> str:
    last = progress.counted[-1]
    if last.imported:
        return "imported"
    return f"{'full (mean of three trials)' if last.full else 'quick (one trial)'}, {CONTACTS[last.contact]}"


def _sem_text(progress: SideProgress, units: str) -> str:
    error = progress.error
    source = "own repeats and published value" if error.own_df else PUBLISHED
    return f"{length_text(error.sem_mm, units)}, {source}"


def _protocol(
    history: History, calibrations: Sequence[Calibration], checks: Sequence[Check], units: str
) -> Iterable[tuple[str, str]]:
    """How it was measured: terms with their texts."""
    rows = {one.test_id: one for side in history.sides for one in history.rows(side)}
    own = [one for one in rows.values() if not one.imported]
    kinds = Counter("full" if one.full else "quick" for one in own)
    if imported := len(rows) - len(own):
        kinds["imported"] = imported
    yield "Distance", "toes to wall, knee touching, heel down"
    guided = "; guided by sounds" if own else ""
    yield "Tests", f"{_counts_text(kinds)}{guided}"
    yield "Position", _position_text(history)
    if own:
        yield "Knee contact", _counts_text(Counter(CONTACTS[one.contact] for one in own))
        yield "Calibration", _calibration_text(calibrations[0], checks, units)
    uncertainties = [one.uncertainty_mm for one in rows.values() if one.uncertainty_mm is not None]
    if uncertainties:
        typical, most = (uncertainty_text(mm, units) for mm in (median(uncertainties), max(uncertainties)))
        yield (
            "Instrument",
            f"median \u00b1 {typical} {UNIT_SYMBOLS[units]}, at most \u00b1 {most} {UNIT_SYMBOLS[units]}",
        )


def _impersonal(sentence: str) -> str:
    """A sentence that addresses the person, rewritten to be about them: a physiotherapist reads it."""
    return sentence.replace("your ", "the ").replace("Your ", "The ")


def _ankle_facts(profile: Profile, sides: Sequence[Side]) -> Iterable[str]:
    """What the person has said about their ankles, if anything."""
    if len(sides) == 1:
        yield f"tests and trains the {sides[0]} leg only"
    if profile.hurt_side is not None:
        since = "" if profile.hurt_since is None else f", since {partial_date_text(profile.hurt_since)}"
        yield f"{'both ankles' if profile.hurt_side == 'both' else f'{profile.hurt_side} ankle'} hurt{since}"
    if profile.dominant_side is not None:
        yield f"dominant leg: {profile.dominant_side} (kicks a ball)"


def _counts_text(counts: Mapping[str, int]) -> str:
    """The kind, if there is only one, or each with its count, the most frequent first."""
    if not counts:
        return "none"
    if len(counts) == 1:
        return f"{next(iter(counts))}, all tests"
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda one: -one[1]))


def _position_text(history: History) -> str:
    sides = (history.side_progress(side) for side in Side)
    known = {one.test_id: one.circumstances for side in sides if side is not None for one in side.counted}.values()
    parts = {
        "footwear": Counter(FOOTWEAR[one.shod] for one in known),
        "back foot": Counter(BACK_FEET.get(one.back_foot, str(one.back_foot)) for one in known),
        "warm-up": Counter(WARM_UPS[one.warmed_up] for one in known),
    }
    missing = [name for name, counts in parts.items() if set(counts) <= {NOT_RECORDED}]
    found = [f"{name}: {_counts_text(counts)}" for name, counts in parts.items() if name not in missing]
    if missing:
        found.append(f"{NOT_RECORDED}: {', '.join(missing)}")
    if after := sum(1 for one in known if one.after_stretch):
        found.append(f"after a stretch that day: {after}")
    return "; ".join(found)


def _calibration_text(newest: Calibration, checks: Sequence[Check], units: str) -> str:
    if newest.fit is None:
        return f"none: all distances may be {_without_unit(length_text(10, units))} to {length_text(25, units)} off"
    blocks = count_text(len({point.toe_mm for point in newest.fit.points}), "block")
    text = (
        f"{short_date_text(newest.created_at)}, {blocks}, "
        f"\u00b1 {length_text(COVERAGE * newest.fit.largest_uncertainty_mm(), units)} (95\u00a0%)"
    )
    check = next((one for one in checks if one.calibration_id == newest.id), None)
    if check is None:
        return text
    return f"{text}; {'check passed' if check.passed else 'check failed'} {short_date_text(check.created_at)}"


def _left_out(history: History) -> Iterable[str]:
    """The results that the line and the change leave out: why, and how many a side."""
    reasons: dict[str, dict[Side, int]] = {}
    for side in history.sides:
        for reason, count in _left_out_of(history, side):
            reasons.setdefault(reason, dict.fromkeys(history.sides, 0))[side] = count
    for reason, counts in reasons.items():
        if any(counts.values()):
            yield f"{reason}: {', '.join(f'{side} {count}' for side, count in counts.items())}"


def _left_out_of(history: History, side: Side) -> Iterable[tuple[str, int]]:
    rows, comparable, progress = history.rows(side), history.comparable(side), history.side_progress(side)
    suspect = sum(1 for one in rows if one.is_suspect)
    yield "sensor off at a check", suspect
    yield "before the sensor was calibrated", len(rows) - len(comparable) - suspect
    if progress is None:
        return
    counted, last = progress.counted, progress.counted[-1]
    yield "not the first test of its day", len(comparable) - len(counted)
    yield "another method than the last test", sum(1 for one in counted if one.method != last.method)
    yield "below range, so without a distance", sum(1 for one in counted if one.is_below_range)
    yield "looks like an outlier (given little weight)", len(progress.outliers)
