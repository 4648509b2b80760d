"""The next action on Today: a heading, a sentence and the start button."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from station.advice import plan
from station.advice.triage import block_reason
from station.app.start_gate import PROPOSED_NAME, TodaySummary
from station.core.events import Side
from station.store.records import Person
from station.units import SIDE_SYMBOLS
from web.context import Site

PROPOSED_PHRASE = "your suggested routine"
"""How a sentence names the proposal, which has no title of its own."""
TEST_PHRASES = {"full": "a full test", "quick": "a quick test"}


def today_summary(site: Site, person: Person) -> TodaySummary:
    """The summary of what this person should do now. Raises StoreError."""
    return site.gate(person.id).today_summary()


def due_test_text(summary: TodaySummary) -> str | None:
    """The due test, in words, if it may start."""
    return None if summary.due_test is None else TEST_PHRASES[summary.due_test]


@dataclass(frozen=True, slots=True)
class NextAction:
    """What to do now: a heading, a sentence and the label of the start button, empty if there is none.

    `leads_to` is where it leads instead: `health-questions` or `pain`. `missed` is the time of a missed routine
    that is offered once more.
    """

    heading: str
    sentence: str
    button: str = ""
    leads_to: str = ""
    missed: datetime | None = None


def next_action(summary: TodaySummary) -> NextAction:
    """The most important action for this person now."""
    blocked, test = block_reason(summary.situation), due_test_text(summary)
    if blocked is not None and blocked.rule.startswith("pain"):
        return NextAction("Rest today", blocked.sentence, leads_to="pain")
    routine_name = PROPOSED_PHRASE if summary.title == PROPOSED_NAME else summary.title
    if test is not None:
        follows = f", then {routine_name}" if summary.is_open and blocked is None else ""
        why = next(why.sentence for why in summary.due.reasons if why.rule.startswith("test-"))
        return NextAction(f"Now: {test}{follows}", why, f"Start {test}")
    if summary.situation.ask_reason is not None:
        return NextAction("First: a few questions", summary.situation.ask_reason.sentence, leads_to="health-questions")
    if blocked is not None:
        return NextAction("Nothing now", blocked.sentence, leads_to="health-questions")
    if summary.plan is None and summary.situation.has_trained_today:
        return NextAction("Done for today", f"Rest is part of it. If you want more: about {summary.minutes} min.")
    if summary.plan is None:
        sentence = f"About {summary.minutes} min, from your tests and answers."
        return NextAction(f"Now: {routine_name}", sentence, f"Start {routine_name}")
    if summary.due.occurrence is None:
        done = next(why.sentence for why in summary.due.reasons if why.rule in ("plan-done", "plan-rest"))
        return NextAction(
            "Done for today" if done.startswith("Done") else "Nothing is due", _next_time_text(summary, done)
        )
    open_why = next(why.sentence for why in summary.due.reasons if why.rule in ("plan-due", "plan-missed"))
    missed = summary.due.occurrence if summary.due.is_missed else None
    sentence = f"About {summary.minutes} min. {summary.instead or open_why}"
    return NextAction(f"Now: {routine_name}", sentence, f"Start {routine_name}", missed=missed)


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
    """This week's credited minutes by side: side, shape, minutes, minutes as text."""
    return [
        (side, SIDE_SYMBOLS[side], summary.credited_s[side] / 60, f"{summary.credited_s[side] // 60:.0f} min")
        for side in Side
    ]
