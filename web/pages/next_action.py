"""The next action on Today: a heading, a sentence and the start button."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from station.advice import plan
from station.advice.triage import block_reason
from station.app.starting.start_gate import PROPOSED_NAME, TodaySummary
from station.core.duration import duration_us
from station.core.events import SECOND_US, Side
from station.core.steps import TestStep
from station.store.records import Person
from station.units import SIDE_SYMBOLS
from web.context import Site
from web.exercise_text import capitalize_first
from web.live.phase_styles import is_active
from web.live.sentences import resume_label

MINUTE_US = 60 * SECOND_US
PROPOSED_PHRASE = "your suggested routine"
"""The name of the proposal in a sentence, as it has no title."""
TEST_PHRASES = {"full": "a full test", "quick": "a quick test"}
RESUME_WINDOW = timedelta(hours=24)
"""How long pages mention an unfinished routine; later it is another day's."""
RESUMABLE = "Resume it below, or leave it: what you did is saved."
RUNNING = "It is running on the board."
TEST_PICTURE, DONE_ICON, ILL_ICON = "position", "circle-check", "heart-pulse"


def today_summary(site: Site, person: Person) -> TodaySummary:
    """The summary of what this person should do now. Raises StoreError."""
    return site.gate(person.id).today_summary()


def due_test_text(summary: TodaySummary) -> str | None:
    """The due test in words, if it may start."""
    return None if summary.due_test is None else TEST_PHRASES[summary.due_test]


def test_minutes(sides: tuple[Side, ...], *, full: bool) -> int:
    """About how long a test of these ankles takes."""
    return ceil(duration_us((TestStep(sides, full=full),)) / MINUTE_US)


class NextAction(Struct, frozen=True):
    """What to do now: a heading, its minutes, a sentence and the start button's label, empty if there is none.

    `picture` is an exercise's key, `position` for the test, or an icon's name. `leads_to` replaces the start with
    `health-questions` or `pain`. `missed` is the time of a missed routine that is offered again.
    """

    heading: str
    sentence: str
    picture: str
    minutes: int | None = None
    button: str = ""
    leads_to: str = ""
    missed: datetime | None = None


def resume_text(site: Site, person_id: str | None) -> str | None:
    """The label of the button that resumes today's unfinished routine; after a power cut only the store knows it."""
    now = site.snapshot()
    if now.unfinished is not None and now.unfinished.person_id == person_id:
        return resume_label(now.unfinished)
    left = None if is_active(now) else site.unfinished_run(person_id)
    if left is None or datetime.now(UTC) - left.saved_at > RESUME_WINDOW:
        return None
    return f"Resume {left.title or 'the routine'}"


def unfinished_sentence(site: Site, person_id: str | None, resume: str | None) -> str | None:
    """What a person can do about their unfinished routine; `None` if there is none. `resume` is their `resume_text`."""
    now = site.snapshot()
    if is_active(now) and now.person_id == person_id:
        return RUNNING
    return RESUMABLE if resume is not None else None


def next_action(summary: TodaySummary, *, unfinished: str | None = None) -> NextAction:
    """The most important action for this person now; `unfinished` is their `unfinished_sentence`."""
    blocked, test = block_reason(summary.situation), due_test_text(summary)
    if blocked is not None and blocked.rule.startswith("pain"):
        return NextAction("Rest today", blocked.sentence, ILL_ICON, leads_to="pain")
    routine_name = PROPOSED_PHRASE if summary.title == PROPOSED_NAME else summary.title
    if test is not None:
        why = next(why.sentence for why in summary.due.reasons if why.rule.startswith("test-"))
        has_routine = summary.is_open and blocked is None
        follows = f" Then: {routine_name}, about {summary.minutes} min in all." if has_routine else ""
        minutes = test_minutes(summary.situation.sides, full=summary.due_test == "full")
        return NextAction(capitalize_first(test), f"{why}{follows}", TEST_PICTURE, minutes, f"Start {test}")
    if summary.situation.ask_reason is not None:
        reason = summary.situation.ask_reason
        return NextAction("First: a few questions", reason.sentence, ILL_ICON, leads_to="health-questions")
    if blocked is not None:
        return NextAction("Nothing now", blocked.sentence, ILL_ICON, leads_to="health-questions")
    if summary.due.baseline_day is not None:
        *_, last = (why.sentence for why in summary.due.reasons if why.rule == "baseline")
        return NextAction("Nothing to do today", last, DONE_ICON)
    picture = next((item.exercise for item in summary.proposal.items if item.exercise is not None), TEST_PICTURE)
    start = NextAction(capitalize_first(routine_name), "", picture, summary.minutes, f"Start {routine_name}")
    if summary.plan is None and summary.situation.has_trained_today and unfinished is not None:
        return NextAction("Not finished yet", unfinished, picture)
    if summary.plan is None and summary.situation.has_trained_today:
        return NextAction(
            "Done for today", f"Rest is part of it. If you want more: about {summary.minutes} min.", DONE_ICON
        )
    if summary.plan is None:
        return replace(start, sentence="From your tests and answers.")
    if summary.due.occurrence is None:
        done = next(why.sentence for why in summary.due.reasons if why.rule in ("plan-done", "plan-rest"))
        heading = "Done for today" if done.startswith("Done") else "Nothing is due"
        return NextAction(heading, _next_time_text(summary, done), DONE_ICON)
    open_why = next(why.sentence for why in summary.due.reasons if why.rule in ("plan-due", "plan-missed"))
    missed = summary.due.occurrence if summary.due.is_missed else None
    return replace(start, sentence=summary.instead or open_why, missed=missed)


def _next_time_text(summary: TodaySummary, sentence: str) -> str:
    at = summary.due.next_occurrence
    if at is None:
        return sentence
    return f"{sentence if not sentence.startswith('Done') else ''} Next: {relative_time(at, summary.now)}.".strip()


def relative_time(at: datetime, now: datetime) -> str:
    """A time of the plan in words: `today at 18:00`, `tomorrow at 07:30`, `on Thursday at 18:00`."""
    days = (at.date() - now.astimezone(at.tzinfo).date()).days
    day = {0: "today", 1: "tomorrow", -1: "yesterday"}.get(days, f"on {plan.WEEKDAYS[at.weekday()]}")
    return f"{day} at {at:%H:%M}"


def weekly_minutes(summary: TodaySummary) -> list[tuple[Side, str, float, str]]:
    """This week's credited minutes per side: side, shape, minutes, minutes as text."""
    return [
        (side, SIDE_SYMBOLS[side], seconds / 60, plan.credit_text(seconds))
        for side, seconds in summary.credited_s.items()
    ]


class Weekday(NamedTuple):
    """One day of this week: its name and state (`done`, `planned`, `today` or empty)."""

    name: str
    state: str


def this_week(summary: TodaySummary) -> list[Weekday]:
    """The days of this week, Monday first: trained, planned (from today on), or neither."""
    today = summary.now.astimezone(summary.zone).weekday()
    planned = {day for day, _ in summary.plan.days} if summary.plan is not None else set()
    states = []
    for day in range(len(plan.WEEKDAYS)):
        is_done = day in summary.situation.trained_weekdays
        ahead = "planned" if day in planned and day >= today else "today" if day == today else ""
        states.append("done" if is_done else ahead)
    return [Weekday(name, state) for name, state in zip(plan.WEEKDAYS, states, strict=True)]
