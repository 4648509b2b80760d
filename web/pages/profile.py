"""One person: their name and profile, who sees their results, and the archive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, abort, redirect, render_template, request, url_for
from msgspec import Struct
from werkzeug.wrappers import Response

from station.app.access.roles import Role
from station.core.events import Side
from station.profile import PROFILE_FIELDS, Profile, profile_errors
from station.settings import LIMITS, Settings
from station.store.reading.training import LEGS
from station.store.records import Person
from station.units import UNIT_SYMBOLS, date_text, length_text, number_text
from web.context import NO_SUCH_PERSON, Site, wait_until_saved
from web.pages.plan import station_zone
from web.typed import typed_goal_mm

GOALS = {"goal_left_mm": Side.LEFT, "goal_right_mm": Side.RIGHT}
VOICE_CHOICES = {"yes": "recorded voice", "no": "none"}
LABELS = {
    "unit": "Lengths in",
    "goal_left_mm": "Goal left",
    "goal_right_mm": "Goal right",
    "time_zone": "Time zone",
    "quiet_from": "Quiet from",
    "quiet_to": "Quiet until",
    "voice": "Voice on the live page",
    "dominant_side": "I kick a ball with my",
    "hurt_side": "Hurt ankle",
    "hurt_since": "Hurt since",
    LEGS: "Which legs do you test and train?",
    "name": "Name",
}
LEG_CHOICES = {"both": "Both", Side.LEFT: "Left only", Side.RIGHT: "Right only"}


class Viewer(Struct, frozen=True):
    """A person who may see this person's results, and since when."""

    name: str
    since: str


def require_person(site: Site, person_id: str) -> Person:
    """A person whose results the visitor may see; for the owner, any person. Aborts with 404 otherwise."""
    person, visitor = site.store.person(person_id), site.visitor()
    if person is None or not (visitor.sees(person_id) or visitor.is_at_least(Role.OWNER)):
        abort(404, NO_SUCH_PERSON)
    return person


def blueprint(site: Site) -> Blueprint:
    """`/people/<person_id>`, read and write, and the writes that rename and archive."""
    pages = Blueprint("profile", __name__)

    def page(person: Person, given: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None) -> str:
        settings = site.store.settings()
        units = site.settings_of(person.id).units
        low, high = (number_text(mm, units) for mm in LIMITS["goal_mm"])
        return render_template(
            "profile.html",
            shown=person,
            values=_form_of(person, units) | {LEGS: _legs_chosen(site, person)} | dict(given or {}),
            leg_choices=LEG_CHOICES,
            labels=LABELS,
            hints=_station_hints(settings, units),
            goals=GOALS,
            voices=VOICE_CHOICES,
            limits=(low, high),
            sign=UNIT_SYMBOLS[units],
            zones=zone_names(),
            errors=errors or {},
            saved=request.args.get("saved", ""),
            viewers=_viewers(site, person),
            is_owner=site.visitor().is_at_least(Role.OWNER),
            is_self=site.visitor().person_id == person.id,
        )

    @pages.get("/people/<person_id>")
    def profile(person_id: str) -> str:
        return page(require_person(site, person_id))

    @pages.post("/people/<person_id>")
    def save(person_id: str) -> Response | tuple[str, int]:
        person = require_person(site, person_id)
        given = {name: request.form.get(name, "").strip() for name in PROFILE_FIELDS}
        before = _legs_chosen(site, person)
        legs = request.form.get(LEGS, before)
        if legs not in LEG_CHOICES:
            abort(400, f"The legs are one of {', '.join(LEG_CHOICES)}.")
        values, errors = _parse(given, site.settings_of(person_id).units)
        if errors:
            return page(person, {**given, LEGS: legs}, errors), 400
        wait_until_saved(site.api.save_profile(person_id, Profile(**values)))
        if legs != before:
            wait_until_saved(site.api.answer(person_id, LEGS, str(legs)))
        return redirect(url_for("profile.profile", person_id=person_id, saved="profile"), 303)

    @pages.post("/people/<person_id>/name")
    def rename(person_id: str) -> Response | tuple[str, int]:
        person, name = require_person(site, person_id), request.form.get("name", "")
        try:
            wait_until_saved(site.api.rename_person(person_id, name))
        except ValueError as error:
            return page(person, {"name": name}, {"name": str(error)}), 400
        return redirect(url_for("profile.profile", person_id=person_id, saved="name"), 303)

    @pages.post("/people/<person_id>/archive")
    def archive(person_id: str) -> Response:
        require_person(site, person_id)
        is_archived = request.form.get("archived") == "yes"
        wait_until_saved(site.api.archive_person(person_id, is_archived=is_archived))
        return redirect(url_for("profile.profile", person_id=person_id, saved="archive"), 303)

    return pages


@cache
def zone_names() -> tuple[str, ...]:
    """The time zones to choose from: those named after places."""
    places = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
    return tuple(sorted(name for name in available_timezones() if name.partition("/")[0] in places))


def _form_of(person: Person, units: str) -> dict[str, str]:
    """Name and profile as form values; what is unset is empty."""
    found = {"name": person.name}
    for name in PROFILE_FIELDS:
        value = getattr(person.profile, name)
        if value is None:
            found[name] = ""
        elif isinstance(value, bool):
            found[name] = "yes" if value else "no"
        else:
            found[name] = number_text(value, units) if name in GOALS else str(value)
    return found


def _legs_chosen(site: Site, person: Person) -> str:
    """The form's value for the legs that the person tests and trains."""
    sides = site.store.sides_of(person.id)
    return str(sides[0]) if len(sides) == 1 else "both"


def _parse(given: Mapping[str, str], units: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The profile's values, with goals typed in `units`, and a sentence for each field with a wrong entry."""
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, text in ((name, text) for name, text in given.items() if text):
        if name in GOALS:
            try:
                values[name] = typed_goal_mm(text, units, f"The {GOALS[name]} goal")
            except ValueError as error:
                errors[name] = str(error)
        else:
            values[name] = {"yes": True, "no": False}.get(text, text) if name == "voice" else text
    for name, sentence in profile_errors(values).items():
        errors[name] = sentence.replace(f"The entry {name} is", f"\u201c{LABELS[name]}\u201d is")
    hurt_since = values.get("hurt_since")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()  # which it may be already where the person is
    if hurt_since and "hurt_since" not in errors and hurt_since > tomorrow:
        errors["hurt_since"] = f"\u201c{LABELS['hurt_since']}\u201d is in the future: enter when it happened."
    return values, {name: errors[name] for name in PROFILE_FIELDS if name in errors}


def _station_hints(settings: Settings, units: str) -> dict[str, str]:
    """What applies to each field left unset."""
    return {
        "unit": UNIT_SYMBOLS[settings.units],
        **dict.fromkeys(GOALS, length_text(settings.goal_mm, units)),
        "time_zone": station_zone(),
        "quiet_from": settings.quiet_from,
        "quiet_to": settings.quiet_to,
        "voice": "as this browser has it",
    }


def _viewers(site: Site, person: Person) -> list[Viewer]:
    """Who else may see this person's results."""
    names = {one.id: one.name for one in site.store.people()}
    return [
        Viewer(names[one.viewer_id], date_text(one.agreed_at))
        for one in site.store.consents(person_id=person.id)
        if one.viewer_id in names
    ]
