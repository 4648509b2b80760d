"""A person's plan: its days and times, the routine, upcoming times, and a calendar feed for a phone."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from msgspec import Struct, field
from msgspec.structs import replace
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from station.advice import dose
from station.advice.calendar import calendar_feed
from station.advice.plan import (
    DAY,
    MAX_MINUTES,
    PROPOSED_ROUTINE,
    WEEKDAYS,
    WEEKLY_GOAL_MINUTES,
    Due,
    Plan,
    PlanProgress,
    due,
    few_days_hint,
    occurrences,
    plan_from_dict,
    to_dict,
)
from station.advice.plan import weekly_dose_reason as dose_of_week
from station.advice.triage import DEFAULT_MINUTES
from station.app.starting.routines import steps_of
from station.app.starting.situation import done_of, plan_for, situation_of, zone_of
from station.app.starting.start_gate import PROPOSED_NAME
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import Group, Item
from station.core.duration import held_us_by_side
from station.core.events import SECOND_US, Side
from station.store.records import Person
from web.context import Site, wait_until_saved
from web.exercise_text import capitalize_first
from web.pages.next_action import PROPOSED_PHRASE, relative_time
from web.typed import whole_number

LOCALTIME = Path("/etc/localtime")
"""The link by which Debian names the machine's time zone."""
MIN_TIMES_PER_DAY = 2
"""The fewest fields of a day: morning and evening."""
USUAL_TIME = "18:00"
OFFERED_TIMES = ("07:00", "12:00", USUAL_TIME, "20:00")
"""The times to choose with one tap, besides the person's usual time."""
PRESETS = {
    "mon-wed-fri": ("Mon, Wed, Fri", (0, 2, 4)),
    "tue-thu-sat": ("Tue, Thu, Sat", (1, 3, 5)),
    "weekdays": ("Weekdays", (0, 1, 2, 3, 4)),
    "every-day": ("Every day", (0, 1, 2, 3, 4, 5, 6)),
}
"""The days to choose with one tap, all at the same time: name and weekdays."""
OTHER_DAYS = "other"
"""The preset of a plan with its own times for each day."""
LABELS = {
    "preset": "Days",
    "clock": "Time",
    "days": "Days and times",
    **{f"day{number}": day for number, day in enumerate(WEEKDAYS)},
    "routine": "Routine",
    "minutes": "Time for a proposed routine",
    "zone": "Time zone",
}
"""What the page calls each field."""
USUAL_WITHIN = timedelta(weeks=4)
MIN_USUAL_SESSIONS = 3
"""Fewer sessions do not make a usual time."""
TOKEN_BYTES = 24
"""192 bits cannot be guessed."""
UPCOMING_COUNT = 3


class Form(Struct, frozen=True):
    """The plan as typed, with each field's error in the order of the page.

    `preset` is a key of `PRESETS`, whose days are all at `clock`, or `OTHER_DAYS`: then `days` counts.
    """

    preset: str
    clock: str
    days: Sequence[Sequence[str]]
    routine: str
    zone: str
    minutes: str
    reminder_cue: bool
    tests: bool
    errors: Mapping[str, str] = field(default_factory=dict)


def blueprint(site: Site) -> Blueprint:
    """`/plan`, read and write, and the calendar `/plan/<token>.ics`."""
    pages = Blueprint("plan", __name__)

    @pages.get("/plan")
    def plan() -> str:
        person = site.person()
        if person is None:
            return render_template("plan.html", person=None, people=site.people())
        planned = plan_for(site.store, person.id)
        form = _first_form(site, person) if planned is None else _form_from_plan(planned)
        return _page(site, person, planned, form)

    @pages.post("/plan")
    def save() -> AnyResponse | tuple[str, int]:
        person = site.person()
        if person is None:
            abort(400, "Choose who you are first: a plan belongs to one person.")
        before = plan_for(site.store, person.id)
        given = _form_from_request(request.form, site.settings_of(person.id).zone)
        checked_plan = _validate(site, person, given, before)
        if isinstance(checked_plan, Form):
            return _page(site, person, before, checked_plan), 400
        wait_until_saved(site.api.save_plan(person.id, to_dict(checked_plan)))
        return redirect(url_for("plan.plan", saved=""), 303)

    @pages.get("/plan/<token>.ics")
    def calendar(token: str) -> AnyResponse:
        person_id = _person_id_of_token(site, token)
        planned = None if person_id is None else plan_for(site.store, person_id)
        if person_id is None or planned is None:
            abort(404)
        title, items = _routine(site, person_id, planned)
        text = calendar_feed(planned, title, _minutes(items), datetime.now(UTC))
        named = {"Content-Disposition": 'inline; filename="slant-board.ics"'}
        return Response(text, content_type="text/calendar; charset=utf-8", headers=named)

    return pages


def _person_id_of_token(site: Site, token: str) -> str | None:
    """The person whose plan has this token."""
    for person_id, kept_plan in site.store.plans().items():
        known = str(kept_plan.get("token") or "")
        if known and compare_digest(known.encode(), token.encode()):
            return person_id
    return None


def station_zone() -> str:
    """The name of the station's time zone; `UTC` if it has none."""
    named = os.environ.get("TZ", "").lstrip(":") or str(LOCALTIME.resolve()).partition("zoneinfo/")[2]
    try:
        return ZoneInfo(named).key if named else "UTC"
    except (ValueError, OSError, LookupError):
        return "UTC"


def _first_form(site: Site, person: Person) -> Form:
    """The form of a person without a plan: the first preset at their usual time."""
    now = datetime.now(UTC)
    trained = [began for began, _ in site.store.training_session_times(person.id, now - USUAL_WITHIN)]
    days = [[""] * MIN_TIMES_PER_DAY for _ in WEEKDAYS]
    zone = site.settings_of(person.id).zone or ZoneInfo(station_zone())
    clock = usual_time(trained, zone)
    return Form(next(iter(PRESETS)), clock, days, PROPOSED_ROUTINE, zone.key, "", False, True)


def usual_time(trained: Sequence[datetime], zone: ZoneInfo) -> str:
    """The median time of day of a person's sessions, rounded down to half an hour; `USUAL_TIME` if too few."""
    if len(trained) < MIN_USUAL_SESSIONS:
        return USUAL_TIME
    minutes = sorted(local.hour * 60 + local.minute for local in (at.astimezone(zone) for at in trained))
    middle = minutes[len(minutes) // 2]
    return f"{middle // 60:02}:{middle % 60 // 30 * 30:02}"


def _form_from_plan(planned: Plan) -> Form:
    times = [[clock for weekday, clock in planned.days if weekday == day] for day in range(len(WEEKDAYS))]
    minutes = "" if planned.minutes is None else str(planned.minutes)
    preset, clock = preset_of(planned)
    return Form(
        preset,
        clock,
        _pad_times(times),
        planned.routine,
        planned.zone,
        minutes,
        planned.reminder_cue,
        planned.tests,
    )


def preset_of(planned: Plan) -> tuple[str, str]:
    """The preset that makes this plan, and its time; `OTHER_DAYS` with the plan's first time if none does."""
    clocks = {clock for _, clock in planned.days}
    days = tuple(day for day, _ in planned.days)
    key = next((key for key, (_, known) in PRESETS.items() if days == known and len(clocks) == 1), OTHER_DAYS)
    return key, planned.days[0][1]


def _pad_times(times: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[*day, *[""] * (MIN_TIMES_PER_DAY - len(day))] for day in times]


def _form_from_request(form: MultiDict[str, str], own_zone: ZoneInfo | None) -> Form:
    """The form as submitted; without a preset the days count, as a program sends them. The profile's zone wins."""
    times = [[one.strip() for one in form.getlist(f"day{day}") if one.strip()] for day in range(len(WEEKDAYS))]
    routine, zone, minutes = (form.get(name, "").strip() for name in ("routine", "zone", "minutes"))
    zone = zone if own_zone is None else own_zone.key
    preset, clock = form.get("preset", OTHER_DAYS), form.get("clock", USUAL_TIME).strip()
    return Form(preset, clock, _pad_times(times), routine, zone, minutes, "reminder_cue" in form, "tests" in form)


def _validate(site: Site, person: Person, submitted: Form, before: Plan | None) -> Plan | Form:
    """The plan from the form, or the form with an error beside each invalid field."""
    errors: dict[str, str] = {}
    good = {"days": [[0, USUAL_TIME]], "routine": PROPOSED_ROUTINE, "zone": "UTC"}

    def check(name: str, **entry: object) -> None:
        try:
            plan_from_dict({**good, **entry})
        except ValueError as error:
            errors[name] = str(error)

    if submitted.preset == OTHER_DAYS:
        days = [[day, clock] for day, times in enumerate(submitted.days) for clock in times if clock]
        for day, clock in days:
            check(f"day{day}", days=[[day, clock]])
        if not any(name.startswith("day") for name in errors):
            check("days", days=days)
    elif submitted.preset in PRESETS:
        days = [[day, submitted.clock] for day in PRESETS[submitted.preset][1]]
        check("clock", days=days)
    else:
        days, errors["preset"] = [], "Choose the days of your plan."
    if submitted.routine not in _routines(site, person):
        errors["routine"] = "This routine no longer exists: choose another one."
    minutes = whole_number(submitted.minutes)
    check("minutes", minutes=submitted.minutes[:20] or None if minutes is None else minutes)
    check("zone", zone=submitted.zone)
    if errors:
        return replace(submitted, errors=errors)
    flags = {"reminder_cue": submitted.reminder_cue, "tests": submitted.tests}
    token = (before.token if before is not None else "") or secrets.token_urlsafe(TOKEN_BYTES)
    made = {
        "days": days,
        "routine": submitted.routine,
        "zone": submitted.zone,
        "minutes": minutes,
        "token": token,
        **flags,
    }
    new_plan = plan_from_dict(made)
    if before is not None and (before.days, before.zone) == (new_plan.days, new_plan.zone):
        since = before.since
    else:
        since = datetime.now(ZoneInfo(new_plan.zone)).date()
    return plan_from_dict({**to_dict(new_plan), "since": None if since is None else since.isoformat()})


def _routines(site: Site, person: Person) -> dict[str, str]:
    ready = {key: one.name for key, one in built_in_routines().items()}
    own = {one.id: one.name for one in site.store.own_routines(person.id)}
    return {PROPOSED_ROUTINE: PROPOSED_NAME, **ready, **own}


def _page(site: Site, person: Person, planned: Plan | None, form: Form) -> str:
    now = datetime.now(UTC)
    done = done_of(site.store, person.id, now, zone_of(site.store, person.id, planned))
    known = {} if planned is None else _plan_details(site, person.id, planned, done, now)
    return render_template(
        "plan.html",
        person=person,
        form=form,
        labels=LABELS,
        presets={key: name for key, (name, _) in PRESETS.items()},
        other_days=OTHER_DAYS,
        times=sorted({*OFFERED_TIMES, form.clock}),
        weekdays=WEEKDAYS,
        routine_choices=_routines(site, person),
        most_minutes=MAX_MINUTES,
        default_minutes=DEFAULT_MINUTES,
        saved="saved" in request.args,
        planned=planned,
        own_zone=site.settings_of(person.id).zone,
        week_sentence=dose_of_week(done.credited_this_week_s).sentence,
        goal_minutes=WEEKLY_GOAL_MINUTES,
        **known,
    )


def _plan_details(site: Site, person_id: str, planned: Plan, done: PlanProgress, now: datetime) -> dict[str, Any]:
    """Context of a stored plan: summary, hint, upcoming times, weekly minutes and calendar address."""
    title, items = _routine(site, person_id, planned)
    return {
        "summary": _summary(planned, title, items),
        "hint": few_days_hint(planned),
        "upcoming": _upcoming(planned, due(planned, done, now), now),
        "weekly_minutes": _weekly_minutes(site, planned, items, done.credited_this_week_s),
        "calendar": url_for("plan.calendar", token=planned.token, _external=True),
    }


def _routine(site: Site, person_id: str, planned: Plan) -> tuple[str, Sequence[Item]]:
    """The title and content of the plan's routine; if it is blocked now, the content it would otherwise have."""
    gate = site.gate(person_id)
    _, found = gate.planned(planned, situation_of(site.store, person_id, planned, datetime.now(UTC)))
    title, base = gate.base(planned)
    return title, found.items or base


def _minutes(items: Sequence[Item]) -> int:
    return ceil(dose.duration_s_of(exercises(), items) / 60)


def _summary(planned: Plan, title: str, items: Sequence[Item]) -> str:
    """The plan in one sentence."""
    by_time: dict[str, list[str]] = {}
    for weekday, clock in sorted(planned.days):
        by_time.setdefault(clock, []).append(WEEKDAYS[weekday])
    times = [f"{_days(days)} at {clock}" for clock, days in by_time.items()]
    name = PROPOSED_PHRASE if title == PROPOSED_NAME else title
    text = f"{_join_with_and(times)}: {name}, about {_minutes(items)} min."
    more = ["Tests are scheduled for you."] if planned.tests else []
    more += ["The board reminds you with a sound."] if planned.reminder_cue else []
    return " ".join((capitalize_first(text), *more))


def _days(days: Sequence[str]) -> str:
    return "every day" if len(days) == len(WEEKDAYS) else _join_with_and(days)


def _join_with_and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _upcoming(planned: Plan, found: Due, now: datetime) -> list[str]:
    """The next times of the plan in words, those of a baseline and those already done left out."""
    begin = found.next_occurrence or now
    coming = islice(occurrences(planned, begin, begin + 15 * DAY), UPCOMING_COUNT)
    return [f"{capitalize_first(relative_time(at, now))}, {at.day} {at:%B}" for at in coming]


def _weekly_minutes(site: Site, planned: Plan, items: Sequence[Item], sides: Iterable[Side]) -> int:
    """The whole minutes of credited hold a week that the plan gives the one of these legs with less."""
    known = exercises()
    stretches = [one for one in items if one.exercise is not None and known[one.exercise].group is Group.STRETCH]
    held = held_us_by_side(steps_of(stretches, site.store.settings(), analogue=site.analogue))
    return min(held[side] for side in sides) * len(planned.days) // (60 * SECOND_US)
