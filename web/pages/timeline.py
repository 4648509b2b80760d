"""A session in chronological order: what was tested, held, repeated and answered, and the rests between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec import Struct

from station.app.results.circumstances import circumstance_texts
from station.app.results.progress import CONTACTS
from station.core.events import MAX_PAIN, SECOND_US, Legs
from station.core.progress.records import Circumstances
from station.store.records import Answer, Attempt, Hold, RepSet, SessionDetail, Test
from station.units import count_text, duration_text, length_text, length_with_uncertainty

FELT_TEXTS = {
    "front": "felt in front of the ankle",
    "achilles": "felt in the Achilles tendon",
    "calf": "felt in the calf",
    "nowhere": "felt nowhere",
}
STATES = {"finished": "finished", "partial": "partial", "unfinished": "not finished"}
OUTCOMES = {"passed": "passed", "heel": "heel came up", "contact": "knee did not reach", "void": "does not count"}
MIN_REST, MAX_REST = timedelta(seconds=5), timedelta(minutes=10)
"""A shorter pause is ignored; a longer one was not a rest."""


class AttemptView(Struct, frozen=True):
    """One attempt of a trial, in words; `passed` decides its sign."""

    passed: bool
    distance: str | None
    outcome: str


class Entry(Struct, frozen=True):
    """One thing that happened, in words: its title, `result`, and a little more in `about`.

    `side` is `None` if no leg worked; `anchor` is the element's id, for links. `until` is `None` if unknown. `test` is
    the test that this entry asks about.
    """

    at: datetime
    title: str
    until: datetime | None = None
    side: Legs | None = None
    result: str = ""
    about: str = ""
    attempts: tuple[AttemptView, ...] = ()
    anchor: str = ""
    test: Test | None = None
    is_exercise: bool = False
    is_rest: bool = False


def timeline(
    detail: SessionDetail,
    answers: Sequence[Answer],
    names: Mapping[str, str],
    units: str,
    circumstances: Mapping[str, Circumstances],
) -> list[Entry]:
    """Everything in a session, oldest first. `names` are exercise names by key, `circumstances` are by test id."""
    entries = [
        entry
        for test in detail.tests
        for entry in _test_entries(test, units, circumstances.get(test.id, test.circumstances))
    ]
    entries += [_hold_entry(one, names) for one in detail.holds]
    entries += [_reps_entry(one, names) for one in detail.rep_sets]
    entries += [_pain_entry(one) for one in answers if one.question == "pain" and isinstance(one.answer, int)]
    in_order = sorted(entries, key=lambda entry: entry.at)
    found = in_order[:1]
    for before, entry in pairwise(in_order):
        found += [*_rest(before, entry), entry]
    return found


def _rest(before: Entry, after: Entry) -> Iterator[Entry]:
    """The rest between two exercises."""
    if before.is_exercise and after.is_exercise and before.until is not None:
        pause = after.at - before.until
        if MIN_REST <= pause <= MAX_REST:
            seconds = round(pause.total_seconds())
            yield Entry(before.until, f"{duration_text(seconds * SECOND_US)} rest", after.at, is_rest=True)


def _test_entries(test: Test, units: str, circumstances: Circumstances) -> Iterator[Entry]:
    """The start of a test, each trial with its attempts, and the questions after it."""
    kind = "Imported test" if test.imported else "Full test" if test.full else "Quick test"
    about = ", ".join(
        ([] if test.imported else [f"contact: {CONTACTS[test.contact]}"]) + circumstance_texts(circumstances)
    )
    state = "" if test.state == "finished" else f" ({STATES[test.state]})"
    yield Entry(test.started_at, kind + state, about=about, anchor=f"test-{test.id}")
    trials = {(one.side, one.number): one for one in test.trials}
    end = test.started_at
    for side, number in dict.fromkeys([*((one.side, one.trial) for one in test.attempts), *trials]):
        attempts = [one for one in test.attempts if (one.side, one.trial) == (side, number)]
        trial = trials.get((side, number))
        result = "" if trial is None else length_with_uncertainty(trial.toe_mm, trial.uncertainty_mm, units)
        times_us = [us for one in attempts for us in (one.started_us, one.ended_us)]
        times_us += [] if trial is None else [trial.ended_us]
        at, end = (
            test.started_at + timedelta(microseconds=us - test.started_us) for us in (min(times_us), max(times_us))
        )
        yield Entry(
            at,
            f"{side.capitalize()}{f', trial {number}' if test.full else ''}",
            end,
            side,
            result,
            attempts=tuple(_attempt_view(one, units) for one in attempts),
        )
    answered = answer_texts(test)
    if answered or not test.imported:
        yield Entry(end, "After the test", about=", ".join(answered), test=test)


def answer_texts(test: Test) -> list[str]:
    """The person's answers about a test: `felt in the calf`, `pain 2 of 10`."""
    felt, pain = test.answers.felt_places, test.answers.pain
    parts = [FELT_TEXTS.get(place, f"felt: {place}") for place in felt or ()]
    return parts if pain is None else [*parts, f"pain {pain} of {MAX_PAIN}"]


def _attempt_view(one: Attempt, units: str) -> AttemptView:
    distance = None if one.toe_mm is None else length_text(one.toe_mm, units)
    return AttemptView(one.outcome == "passed", distance, OUTCOMES.get(one.outcome, one.outcome))


def _hold_entry(hold: Hold, names: Mapping[str, str]) -> Entry:
    about = []
    if hold.lift_count:
        about.append(f"heel up {count_text(hold.lift_count, 'time')}, {hold.lifted_us / SECOND_US:.1f} s")
    about += _state_texts(hold.state, verified=hold.verified)
    name = names.get(hold.exercise or "", "Stretch")
    lasted_us = hold.credited_us + hold.lifted_us if hold.ended_us is None else hold.ended_us - hold.started_us
    return Entry(
        hold.started_at,
        f"{name}, {hold.repetition}",
        hold.started_at + timedelta(microseconds=lasted_us),
        hold.side,
        f"{duration_text(hold.credited_us)} of {duration_text(hold.target_us)}",
        ", ".join(about),
        is_exercise=True,
    )


def _reps_entry(one: RepSet, names: Mapping[str, str]) -> Entry:
    about = []
    took_s = sorted(each.took_us / SECOND_US for each in one.repetitions)
    if took_s:
        quick, slow = (f"{one_s:.1f}" for one_s in (took_s[0], took_s[-1]))
        about.append(f"{quick} s each" if quick == slow else f"{quick} to {slow} s each")
    if one.too_quick_count:
        about.append(f"{one.too_quick_count} too fast")
    about += _state_texts(one.state, verified=one.verified)
    until = None
    if one.repetitions:
        first, last = one.repetitions[0], one.repetitions[-1]
        until = one.started_at + timedelta(microseconds=last.at_us - first.at_us + first.took_us)
    counted = f"{one.count} of {count_text(one.target_count, 'repetition')}"
    name = names.get(one.exercise or "", "Repetitions")
    return Entry(one.started_at, name, until, one.side, counted, ", ".join(about), is_exercise=True)


def _state_texts(state: str, *, verified: bool) -> list[str]:
    return ([] if state == "finished" else [STATES[state]]) + ([] if verified else ["not verified"])


def _pain_entry(one: Answer) -> Entry:
    return Entry(one.answered_at, "Pain", about=f"{one.answer} of {MAX_PAIN}")
