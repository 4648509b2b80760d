"""Merging two people, or deleting a person with all results: first what it means, then a receipt."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NamedTuple

from flask import Blueprint, abort, make_response, render_template, request
from werkzeug.wrappers import Response

from station.app.access.roles import Role
from station.store.backups.backup import held_until
from station.store.records import Person, PersonContents
from station.units import count_text, date_text, date_time_text
from web.context import Site, wait_until_saved
from web.pages.people import matches
from web.pages.profile import require_person

MERGE_TIMEOUT_S = 120.0
"""The backup of ten years takes a minute on a slow memory card."""
CANDIDATES = 12
"""How many people the search offers to merge with; typing more finds the rest."""


class Amount(NamedTuple):
    """One line of a receipt: a count and what it counts."""

    number: int
    what: str


def amounts(contents: PersonContents) -> list[Amount]:
    """What is stored of a person, in words, omitting zeros."""
    named = (
        (contents.sessions, "session", "s"),
        (contents.tests, "test", "s"),
        (contents.holds, "stretch", "es"),
        (contents.rep_sets, "set", "s of repetitions"),
        (contents.traces, "recorded trace", "s"),
        (contents.answers, "answer", "s"),
        (contents.routines, "own routine", "s"),
        (contents.plans, "plan", "s"),
        (contents.devices, "paired browser", "s"),
        (contents.consents, "consent", "s"),
    )
    return [Amount(n, count_text(n, thing, ending).partition(" ")[2]) for n, thing, ending in named if n]


def _day_text(day: date | None) -> str | None:
    return None if day is None else date_text(datetime.combine(day, datetime.min.time()))


def blueprint(site: Site) -> Blueprint:
    """`/people/<person_id>/delete` and `/people/<person_id>/merge`: the preview and the action."""
    pages = Blueprint("removal", __name__)

    def deletable(person_id: str) -> Person:
        person, visitor = require_person(site, person_id), site.visitor()
        if not (visitor.is_at_least(Role.OWNER) or visitor.person_id == person_id):
            abort(403, "Only the owner or the person themselves can delete a person.")
        return person

    @pages.get("/people/<person_id>/delete")
    def ask(person_id: str) -> str:
        return delete_page(deletable(person_id))

    def delete_page(person: Person, error: str = "") -> str:
        until = held_until(site.store.path, datetime.now(UTC).astimezone().date())
        return render_template(
            "delete_person.html",
            shown=person,
            amounts=amounts(site.store.person_contents(person.id)),
            held_until=_day_text(until),
            error=error,
            is_only_owner=site.store.is_only_owner(person.id),
        )

    @pages.post("/people/<person_id>/delete")
    def delete(person_id: str) -> Response | tuple[str, int]:
        person = deletable(person_id)
        try:
            done = wait_until_saved(site.api.delete_person(person_id), MERGE_TIMEOUT_S)
        except ValueError as error:
            return delete_page(person, str(error)), 409
        return make_response(
            render_template(
                "receipt.html",
                shown=person,
                amounts=amounts(done.deleted),
                deleted_at=date_time_text(done.deleted_at),
                held_until=_day_text(done.held_until),
            )
        )

    @pages.get("/people/<person_id>/merge")
    def preview(person_id: str) -> str:
        return merge_page(require_person(site, person_id))

    def merge_page(person: Person, error: str = "") -> str:
        typed = request.args.get("q", "").strip()[:60]
        into_id = request.values.get("into")
        into = None if into_id is None else require_person(site, into_id)
        others = [one for one in site.store.people() if one.id != person.id and matches(one.name, typed)]
        return render_template(
            "merge_people.html",
            shown=person,
            into=into,
            moves=amounts(site.store.person_contents(person.id)),
            stays=[] if into is None else amounts(site.store.person_contents(into.id)),
            has_two_plans=into is not None
            and site.store.plan(person.id) is not None
            and site.store.plan(into.id) is not None,
            typed=typed,
            others=others[:CANDIDATES],
            more=max(0, len(others) - CANDIDATES),
            error=error,
        )

    @pages.post("/people/<person_id>/merge")
    def merge(person_id: str) -> str | tuple[str, int]:
        person = require_person(site, person_id)
        into = require_person(site, request.form.get("into", ""))
        try:
            done = wait_until_saved(site.api.merge_people(person_id, into.id), MERGE_TIMEOUT_S)
        except ValueError as error:
            return merge_page(person, str(error)), 409
        return render_template("merged.html", shown=person, into=into, amounts=amounts(done.moved), backup=done.backup)

    return pages
