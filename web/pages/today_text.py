"""What a person is to do now, in words: a heading, a sentence, and the button that begins it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from station.advice import plan
from station.advice.triage import block_reason
from station.app.start_gate import PROPOSED_NAME, TodaySummary
from station.core.events import Side
from station.store.records import Person
from station.units import SIDE_SHAPE
from web.site import Site

PROPOSED_PHRASE = "what is proposed for you"
"""The proposal within a sentence, where its name would be none."""
TEST_PHRASES = {"full": "a full test", "quick": "a quick test"}


def today_summary(site: Site, person: Person) -> TodaySummary:
    """What this person is to do now. Raises StoreError."""
    return site.gate(person.id).today_summary()


def due_test_text(summary: TodaySummary) -> str | None:
    """The test that is due and may begin, in words."""
    return None if summary.due_test is None else TEST_PHRASES[summary.due_test]


@dataclass(frozen=True, slots=True)
class NextAction:
    """The answer to "what do I do now?": a heading, a sentence, and the label of the button, empty where there is none.

    `way` is where the sentence leads instead: `care` or `pain`. `missed` is the time that is offered once more.
    """

    heading: str
    sentence: str
    button: str = ""
    leads_to: str = ""
    missed: datetime | None = None


def next_action(summary: TodaySummary) -> NextAction:
    """What this person does now, the most important first."""
    blocked, test = block_reason(summary.situation), due_test_text(summary)
    routine_name = PROPOSED_PHRASE if summary.title == PROPOSED_NAME else summary.title
    if test is not None:
        follows = f", then {routine_name}" if summary.is_open and blocked is None else ""
        why = next(why.sentence for why in summary.due.reasons if why.rule.startswith("test-")) if summary.due else ""
        return NextAction(f"Now: {test}{follows}", why, f"Begin {test}")
    if summary.situation.ask_reason is not None:
        return NextAction("Now: a few questions", summary.situation.ask_reason.sentence, leads_to="care")
    if blocked is not None:
        return NextAction(
            "Nothing now", blocked.sentence, leads_to="pain" if blocked.rule.startswith("pain") else "care"
        )
    if summary.due is None:
        said = f"About {summary.minutes} min. You have no plan yet, so this is what to begin with."
        return NextAction(f"Now: {routine_name}", said, f"Begin {routine_name}")
    if summary.due.occurrence is None:
        done = next(why.sentence for why in summary.due.reasons if why.rule in ("plan-done", "plan-rest"))
        return NextAction(
            "Done for today" if done.startswith("Done") else "Nothing is due", _next_time_text(summary, done)
        )
    open_why = next(why.sentence for why in summary.due.reasons if why.rule in ("plan-due", "plan-missed"))
    missed = summary.due.occurrence if summary.due.is_missed else None
    said = f"About {summary.minutes} min. {summary.instead or open_why}"
    return NextAction(f"Now: {routine_name}", said, f"Begin {routine_name}", missed=missed)


def _next_time_text(summary: TodaySummary, said: str) -> str:
    at = summary.due.next if summary.due else None
    if at is None:
        return said
    return f"{said if not said.startswith('Done') else ''} Next: {relative_time(at, summary.now)}.".strip()


def relative_time(at: datetime, now: datetime) -> str:
    """A time of the plan as a person says it: `today at 18:00`, `tomorrow at 07:30`, `on Thursday at 18:00`."""
    days = (at.date() - now.astimezone(at.tzinfo).date()).days
    day = {0: "today", 1: "tomorrow", -1: "yesterday"}.get(days, f"on {plan.WEEKDAYS[at.weekday()]}")
    return f"{day} at {at:%H:%M}"


def weekly_minutes(summary: TodaySummary) -> list[tuple[Side, str, float, str]]:
    """Each side's minutes of credited hold this week: the side, its shape, the minutes, and the minutes in words."""
    return [
        (side, SIDE_SHAPE[side], summary.credited_s[side] / 60, f"{summary.credited_s[side] // 60:.0f} min")
        for side in Side
    ]
