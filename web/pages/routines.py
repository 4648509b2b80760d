"""The routines: ready-made and own ones, the form that edits them, and printable sheets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from flask import Blueprint, abort, redirect, render_template, request, url_for
from msgspec import Struct
from werkzeug.wrappers import Response

from station.advice import dose, health_questions
from station.app.starting.routines import routine_titles, steps_of
from station.app.starting.situation import plan_for
from station.app.starting.start_gate import OWN, StartGate
from station.catalogue.checked import convert_to_record
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import Item, Restriction
from station.core.duration import duration_us, held_us_by_side
from station.core.events import Side
from station.store.records import OwnRoutine, Person
from web import exercise_text
from web.context import Site, wait_until_saved
from web.live.phase_styles import is_active
from web.pages import routine_form
from web.pages.exercises import still_picture
from web.pages.next_action import MINUTE_US, next_action, resume_text, unfinished_sentence
from web.pages.routine_form import REST, TEST, Draft
from web.pages.why import why_context

MISSING_EXERCISE = "is no longer in the catalogue: change the routine and remove it before you start."
LARGE_PRINT_MAX, STEPS_PRINTED_MAX = 4, 6
"""Up to this many exercises print large, and with their steps; more print with drawings and doses only."""
STRIP_PICTURES = 4
"""How many exercises a closed card pictures."""
SINGLE_ABOUT = {
    "test": "How far each ankle bends: one result for each side.",
    "full_test": "Three results for each side, so the number is surer.",
    "stretch": "The calf stretch alone, with the doses from Settings.",
}
"""The starts that are neither in the catalogue nor one's own, each with its purpose."""


class RoutineCard(Struct, frozen=True):
    """A routine as shown on pages.

    `error` is why it cannot start; `own_routine` is `None` for a ready-made one; `can_be_copied`: its items can be
    copied into the form and printed.
    """

    key: str
    name: str
    about: str
    entries: tuple[exercise_text.Entry, ...]
    total_us: int
    held_us: Mapping[Side, int]
    own_routine: OwnRoutine | None = None
    error: str | None = None
    can_be_copied: bool = True

    @property
    def minutes(self) -> int:
        """About how long it takes, in whole minutes, at least one."""
        return max(1, round(self.total_us / MINUTE_US))

    @property
    def pictured(self) -> tuple[exercise_text.Entry, ...]:
        """The entries pictured on the closed card: the first exercises, each once."""
        once = {one.exercise.key: one for one in self.entries if one.exercise is not None}
        return tuple(once.values())[:STRIP_PICTURES]

    @property
    def further_count(self) -> int:
        """How many of its exercises are not pictured."""
        return len({one.exercise.key for one in self.entries if one.exercise is not None}) - len(self.pictured)

    @property
    def has_test(self) -> bool:
        """Whether a test is part of it."""
        return any(one.name in exercise_text.TEST_NAMES.values() for one in self.entries)

    @property
    def equipment(self) -> tuple[str, ...]:
        """The equipment for the whole routine, each thing once."""
        taken = (thing for one in self.entries if one.exercise is not None for thing in one.exercise.equipment)
        return tuple(dict.fromkeys(taken))

    @property
    def start_name(self) -> str:
        """Its name for the start gate."""
        return self.key if self.own_routine is None else f"{OWN}{self.key}"


def blueprint(site: Site) -> Blueprint:
    """`/routines` and what is below it, and `/sheets/position`."""
    pages = Blueprint("routines", __name__)

    @pages.get("/routines")
    def routines() -> str:
        person = site.person()
        person_id = person.id if person else None
        gate, resumes = _viewers_gate(site), resume_text(site, person_id)
        sides = site.store.sides_of(person_id)
        own = [_own_card(site, one, sides) for one in site.store.own_routines(person_id)]
        return render_template(
            "routines.html",
            exercise_text=exercise_text,
            person=person,
            ready=[_ready_card(site, key, gate, sides) for key in built_in_routines()],
            single=[_single_card(site, key, sides) for key in SINGLE_ABOUT],
            own=own,
            can_resume=site.unfinished_run(person_id) is not None,
            resume_label=resumes or "Resume the unfinished routine",
            saved=next((one for one in own if one.key == request.args.get("saved")), None),
            removed="removed" in request.args,
            is_active=is_active(site.snapshot()),
            **_today_context(site, gate, resumes),
        )

    @pages.get("/routines/new")
    def new() -> str:
        wanted = request.args.get("from")
        return _form_page(site, _copy(site, wanted) if wanted else Draft(is_shared=site.person() is None))

    @pages.post("/routines/new")
    def create() -> Response | tuple[str, int] | str:
        return _handle_action(site, None)

    @pages.get("/routines/<routine_id>/change")
    def change(routine_id: str) -> str:
        own = _accessible_routine(site, routine_id)
        return _form_page(
            site, routine_form.draft_from_items(own.name, own.items, is_shared=own.person_id is None), own
        )

    @pages.post("/routines/<routine_id>/change")
    def update(routine_id: str) -> Response | tuple[str, int] | str:
        return _handle_action(site, _accessible_routine(site, routine_id))

    @pages.post("/routines/summary")
    def summary() -> str:
        draft = _draft()
        return render_template(
            "_routine_summary.html", exercise_text=exercise_text, draft=draft, summary=_summary(site, draft)
        )

    @pages.get("/routines/<routine_id>/remove")
    def remove(routine_id: str) -> str:
        own, person = _accessible_routine(site, routine_id), site.person()
        planned = plan_for(site.store, person.id) if person is not None else None
        return render_template(
            "remove_routine.html", own=own, is_planned=planned is not None and planned.routine == own.id
        )

    @pages.post("/routines/<routine_id>/remove")
    def delete(routine_id: str) -> Response:
        try:
            wait_until_saved(site.api.remove_routine(_accessible_routine(site, routine_id).id))
        except LookupError:
            abort(404)
        return redirect(url_for("routines.routines", removed=""), 303)

    @pages.get("/routines/<routine_id>/sheet")
    def sheet(routine_id: str) -> str:
        gate = _viewers_gate(site)
        sides = site.store.sides_of(gate.person_id)
        shown = (
            _ready_card(site, routine_id, gate, sides)
            if routine_id in built_in_routines()
            else _own_card(site, _accessible_routine(site, routine_id), sides)
        )
        drawn = sum(one.exercise is not None for one in shown.entries)
        return render_template(
            "routine_sheet.html",
            exercise_text=exercise_text,
            shown=shown,
            is_large_print=drawn <= LARGE_PRINT_MAX,
            with_steps=drawn <= STEPS_PRINTED_MAX,
            person=site.person(),
            with_name="name" in request.args,
            picture=still_picture,
        )

    @pages.get("/sheets/position")
    def position() -> str:
        return render_template("test_position_sheet.html")

    return pages


def _today_context(site: Site, gate: StartGate, resumes: str | None) -> dict[str, Any]:
    """What is next for a known person, with the reasons."""
    if gate.person_id is None:
        return {}
    summary = gate.today_summary()
    return {
        "next": next_action(summary, unfinished=unfinished_sentence(site, gate.person_id, resumes)),
        "summary": summary,
        **why_context(summary),
    }


def _handle_action(site: Site, own: OwnRoutine | None) -> Response | tuple[str, int] | str:
    """Handle a button of the form; only Save stores the routine."""
    draft, act = _draft(), request.form.get("action", "")
    if act != "save":
        draft, status = _apply_action(draft, act)
        return _form_page(site, draft, own, status=status)
    sums = _summary(site, draft)
    person = site.person()
    owner = None if draft.is_shared or person is None else person.id
    errors = ["This cannot be saved yet."] if sums.errors else []
    try:
        site.store.check_routine_name(draft.name, own.id if own else None, owner)
    except ValueError as error:
        errors.insert(0, str(error))
    if errors:
        return _form_page(site, draft, own, error=" ".join(errors)), 400
    try:
        saved = wait_until_saved(site.api.save_routine(own.id if own else None, owner, draft.name, sums.items))
    except ValueError as error:
        return _form_page(site, draft, own, error=str(error)), 400
    except LookupError:
        abort(404)
    return redirect(url_for("routines.routines", saved=saved), 303)


def _apply_action(draft: Draft, act: str) -> tuple[Draft, str]:
    """The draft after a row's button, and its announcement. An unknown action changes nothing."""
    word, _, about = act.partition("-")
    if word == "add" and (about in exercises() or about in (TEST, REST)):
        after = draft.with_row_added(about)
        return after, f"Added: {after.rows[-1].name}, {len(after.rows)} of {len(after.rows)}."
    place = draft.position_of(int(about)) if routine_form.ROW.fullmatch(about) else None
    if place is None:
        return draft, ""
    number = int(about)
    if word == "remove":
        return draft.without_row(number), f"Removed: {place[1]}."
    if word in ("up", "down"):
        after = draft.with_row_moved(number, -1 if word == "up" else 1)
        now = after.position_of(number)
        return after, "" if now is None else f"{now[1]} is now {now[0]} of {len(after.rows)}."
    return draft, ""


def _form_page(site: Site, draft: Draft, own: OwnRoutine | None = None, *, status: str = "", error: str = "") -> str:
    conditions = exercise_text.viewer_conditions(site)
    return render_template(
        "routine_form.html",
        exercise_text=exercise_text,
        draft=draft,
        own_routine=own,
        status_text=status,
        error=error,
        summary=_summary(site, draft),
        person=site.person(),
        used_exercises={row.item_key for row in draft.rows},
        excluded={
            one.key
            for one in exercises().values()
            if all(
                part.restriction is Restriction.EXCLUDED for part in health_questions.restrictions_on(one, conditions)
            )
        },
        groups=[
            (title, [one for one in exercises().values() if one.group is group])
            for group, title in exercise_text.GROUP_TITLES.items()
        ],
        labels=routine_form.LABELS,
        sides=list(Side),
    )


def _draft() -> Draft:
    try:
        return routine_form.parse_draft(request.form)
    except ValueError as error:
        abort(400, str(error))


def _summary(site: Site, draft: Draft) -> routine_form.DraftSummary:
    return routine_form.summarize(
        draft, site.store.settings(), exercise_text.viewer_conditions(site), analogue=site.analogue
    )


def _copy(site: Site, wanted: str) -> Draft:
    """A draft with the content of a ready-made or own routine."""
    if wanted in built_in_routines():
        items: Iterable[Mapping[str, Any]] = [msgspec.to_builtins(item) for item in _viewers_gate(site).items(wanted)]
        name = built_in_routines()[wanted].name
    else:
        own = _accessible_routine(site, wanted)
        items, name = own.items, own.name
    return routine_form.draft_from_items(f"{name}, my way", items, is_shared=site.person() is None)


def _accessible_routine(site: Site, routine_id: str) -> OwnRoutine:
    """The routine, if it is the viewer's or shared."""
    own = site.store.own_routine(routine_id)
    if own is None or (own.person_id is not None and not site.visitor().sees(own.person_id)):
        abort(404)
    person: Person | None = site.person()
    if own.person_id is not None and (person is None or person.id != own.person_id):
        abort(400, "This routine belongs to someone else. If it is yours, choose your name on the Today page.")
    return own


def _viewers_gate(site: Site) -> StartGate:
    """The start gate for the viewer: one for a whole page, because it caches what it reads of the person."""
    person = site.person()
    return site.gate(None if person is None else person.id)


def _ready_card(site: Site, key: str, gate: StartGate, sides: tuple[Side, ...]) -> RoutineCard:
    ready = built_in_routines()[key]
    return RoutineCard(key, ready.name, ready.about, *_card_contents(site, gate.items(key), sides))


def _single_card(site: Site, key: str, sides: tuple[Side, ...]) -> RoutineCard:
    """One of `SINGLE_ABOUT` as a card; there is nothing to copy, change or print."""
    tests = {"test": Item(test="quick"), "full_test": Item(test="full")}
    items = (tests[key],) if key in tests else site.gate(None).items(key)
    title, contents = routine_titles()[key], _card_contents(site, items, sides)
    return RoutineCard(key, title, SINGLE_ABOUT[key], *contents, can_be_copied=False)


def _own_card(site: Site, own: OwnRoutine, sides: tuple[Side, ...]) -> RoutineCard:
    items, error = _readable_items(own)
    about = "Shared with everyone here." if own.person_id is None else ""
    return RoutineCard(own.id, own.name, about, *_card_contents(site, items, sides), own, error)


def _readable_items(own: OwnRoutine) -> tuple[list[Item], str | None]:
    """The items still in the catalogue, and a sentence about the others."""
    items, error = [], None
    for one in own.items:
        try:
            item = convert_to_record(one, Item)
        except msgspec.ValidationError:
            error = "Part of this routine cannot be read: change it and add that part again."
            continue
        if item.exercise is not None and item.exercise not in exercises():
            error = f"\u201c{item.exercise}\u201d {MISSING_EXERCISE}"
            continue
        items.append(item)
    return items, error


def _card_contents(
    site: Site, items: Iterable[Item], sides: tuple[Side, ...]
) -> tuple[tuple[exercise_text.Entry, ...], int, Mapping[Side, int]]:
    """The items for these legs in words, the duration, and the hold time per leg."""
    items = dose.for_legs(exercises(), items, sides)
    routine = steps_of(items, site.store.settings(), analogue=site.analogue)
    entries = tuple(exercise_text.entry(item, exercises()[item.exercise] if item.exercise else None) for item in items)
    held_us = held_us_by_side(routine)
    return entries, duration_us(routine), {side: held_us[side] for side in sides}
