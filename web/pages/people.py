"""The People page: the roster, choosing whose results this browser shows, and adding a person."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from station.app.access.roles import Role
from station.app.starting.start_gate import TODAY
from station.store.records import Person
from web.context import FEW_PEOPLE, Site, remember_person, wait_until_saved
from web.pages.circumstances import UNANSWERED, UNKNOWN, own_form
from web.pages.live import BACK_ENDPOINTS, start_response

START = "start"
"""The value of `next` that starts today's session for a new person; other values are pages of `BACK_ENDPOINTS`."""
ROWS_PER_PAGE = 40


class RosterRow(NamedTuple):
    """A person in the roster. `is_seen`: the visitor may see their results, not only their name."""

    person: Person
    is_seen: bool


class Roster(NamedTuple):
    """One page of the roster: people who match the search."""

    rows: Sequence[RosterRow]
    typed: str
    is_archive: bool
    found: int
    total: int
    page: int
    last_page: int
    archived_count: int

    @property
    def count_sentence(self) -> str:
        text = "1 person" if self.found == 1 else f"{self.found} people"
        return f"{text} found" if self.typed else text

    @property
    def is_searchable(self) -> bool:
        """Whether there are enough people for a search to help."""
        return self.total > FEW_PEOPLE or bool(self.typed)


def blueprint(site: Site) -> Blueprint:
    """`/people`: the roster, and the write that adds a person."""
    pages = Blueprint("people", __name__)

    def page(name: str = "", error: str = "") -> str:
        person = site.person()
        return render_template(
            "people.html",
            roster=roster_of(site),
            person=person,
            name=name,
            error=error,
            own=own_form(site, person),
            unanswered=UNANSWERED,
            unknown=UNKNOWN,
            saved="saved" in request.args,
            return_to=request.args.get("next", "today"),
        )

    @pages.get("/people")
    def people() -> str:
        return page()

    @pages.post("/people")
    def add_person() -> Response | tuple[str, int]:
        name = request.form.get("name", "")
        try:
            person_id = wait_until_saved(site.api.add_person(name, device_id=site.device_id))
        except ValueError as error:
            return page(name, str(error)), 400
        site.forget_visitor()
        if request.form.get("next") == START:
            person = next(one for one in site.people() if one.id == person_id)
            return start_response(site, TODAY, person, is_chosen=True)
        where = BACK_ENDPOINTS.get(request.form.get("next", ""), "today.today")
        return remember_person(redirect(url_for(where), 303), person_id)

    return pages


def roster_of(site: Site) -> Roster:
    """The requested page of the roster: all names for the owner, else the people whose results the visitor may see."""
    visitor = site.visitor()
    seen = {one.id for one in site.everybody()}
    known = site.store.people() if visitor.is_at_least(Role.OWNER) else site.everybody()
    is_archive, typed = "archived" in request.args, request.args.get("q", "").strip()[:60]
    listed = [one for one in known if one.is_archived is is_archive]
    found = [one for one in listed if matches(one.name, typed)]
    last_page = max(1, -(-len(found) // ROWS_PER_PAGE))
    page = min(max(1, request.args.get("page", 1, type=int)), last_page)
    shown = found[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE]
    rows = [RosterRow(one, one.id in seen) for one in shown]
    archived = sum(one.is_archived for one in known)
    return Roster(rows, typed, is_archive, len(found), len(listed), page, last_page, archived)


def matches(name: str, typed: str) -> bool:
    """Whether each typed word begins a word of the name, ignoring case and accents."""
    words = f" {folded(name)}"
    return all(f" {part}" in words for part in folded(typed).split())


@lru_cache(maxsize=2_000)
def folded(text: str) -> str:
    """The text without capitals, accents and invisible characters."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = (letter for letter in apart if unicodedata.category(letter) not in ("Mn", "Cf"))
    return "".join(letter if letter.isalnum() or not letter.isascii() else " " for letter in kept)
