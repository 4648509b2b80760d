"""Why today's routine is this one: its reasons, each with its rule, and all rules with where they come from."""

from __future__ import annotations

from flask import Blueprint, render_template

from station.advice.rules import BY_KEY, RULES
from station.catalogue.read import exercises
from web.exercise_text import entry
from web.pages.today_text import todays
from web.site import Site

EXPECTED = ("first-weeks", "six-weeks", "slow-responder")
"""The rules that say what to expect, and when."""


def blueprint(site: Site) -> Blueprint:
    """`/why`."""
    pages = Blueprint("why", __name__)

    @pages.get("/why")
    def why() -> str:
        person, known = site.person(), exercises()
        one = None if person is None else todays(site, person)
        items = [] if one is None else one.proposal.items
        return render_template(
            "why.html",
            person=person,
            people=site.store.people(),
            todays=one,
            entries=[entry(item, None if item.exercise is None else known[item.exercise]) for item in items],
            names={key: exercise.name for key, exercise in known.items()},
            rules=RULES,
            expected=[BY_KEY[key] for key in EXPECTED],
        )

    return pages
