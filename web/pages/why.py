"""Why this routine today: the reasons, each with its rule, and all rules with their sources."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from station.advice.records import Reason
from station.advice.rules import RULE_BY_KEY, RULES
from station.app.starting.start_gate import TodaySummary
from station.catalogue.read import exercises
from web.context import Site
from web.exercise_text import entry, names_by_key
from web.pages.next_action import today_summary

EXPECTATION_RULES = ("first-weeks", "six-weeks", "slow-responder")
"""The rules that say what to expect, and when."""


def why_context(summary: TodaySummary) -> dict[str, Any]:
    """The context of `_why.html`, the *Why this?* fold: today's reasons, each once."""
    return {"why_reasons": today_reasons(summary)}


def today_reasons(summary: TodaySummary) -> tuple[Reason, ...]:
    """The reasons for today's routine: only the block if there is one, else those of the proposal and what is due."""
    if summary.proposal.block_reason is not None:
        return (summary.proposal.block_reason,)
    proposed = summary.proposal.reasons if summary.due.baseline_day is None else ()
    reasons = (*proposed, *summary.due.reasons)
    return tuple({reason.sentence: reason for reason in reasons}.values())


def blueprint(site: Site) -> Blueprint:
    """`/why`."""
    pages = Blueprint("why", __name__)

    @pages.get("/why")
    def why() -> str:
        person, known = site.person(), exercises()
        summary = None if person is None else today_summary(site, person)
        items = [] if summary is None else summary.proposal.items
        return render_template(
            "why.html",
            person=person,
            people=site.people(),
            summary=summary,
            entries=[entry(item, None if item.exercise is None else known[item.exercise]) for item in items],
            names=names_by_key(),
            rules=RULES,
            expectation_rules=[RULE_BY_KEY[key] for key in EXPECTATION_RULES],
        )

    return pages
