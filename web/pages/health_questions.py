"""The health questions before the first routine, and what a person's answers change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from msgspec import Struct
from msgspec.structs import replace
from werkzeug.wrappers import Response

from station.advice import health_questions
from station.advice.conditions import CONDITIONS, NO, YES, Condition, ConditionKind
from station.advice.health_questions import DISCLAIMER
from station.advice.records import Excluded, LegConditions, Reason, Reduced
from station.catalogue.read import exercises
from station.catalogue.records import Restriction
from station.core.events import Side
from station.store.records import Person
from web.context import Site, wait_until_saved

NEXT_PAGES = {
    "today": ("today.today", "Today"),
    "live": ("live.live", "the live page"),
    "routines": ("routines.routines", "the routines"),
    "exercises": ("exercises.exercises", "the exercises"),
    "plan": ("plan.plan", "your plan"),
    "why": ("why.why", "why it is this routine"),
}
"""The pages that may follow the questions."""
CHOICE_LABELS = {Side.LEFT: "Left", Side.RIGHT: "Right", YES: "Yes", NO: "No"}
NOT_LISTED = (health_questions.ONE_LEG_RULE, health_questions.ONLY_SIDE_RULE)
"""The rules that leave out most exercises for one reason."""
BOTH_LABEL = "Both"
"""The label of the answer that both legs have a condition."""


class HealthAnswerEffects(Struct, frozen=True):
    """What a person's answers change: blocking conditions, the effect of each, and exercises excluded or reduced.

    `is_blocked`: neither leg may exercise.
    """

    is_blocked: bool
    blocking: tuple[Condition, ...]
    conditions: tuple[Condition, ...]
    excluded: tuple[Excluded, ...]
    reduced: tuple[Reduced, ...]

    @property
    def professionals(self) -> tuple[Condition, ...]:
        """The conditions for which a professional should be seen."""
        return tuple(one for one in (*self.blocking, *self.conditions) if one.professional)


def effects_of(conditions: LegConditions, calm_training_days: int = 0) -> HealthAnswerEffects:
    """The effects of these conditions after so many calm training days."""
    blocking = tuple(dict.fromkeys(health_questions.blocks(conditions).values()))
    others = [one for one in CONDITIONS if conditions.legs_with(one.key) and one.kind is not ConditionKind.BLOCKS]
    is_blocked = health_questions.block_reason(conditions) is not None
    restricted = [*_restricted(conditions, calm_training_days)]

    def with_legs(found: Iterable[Condition]) -> tuple[Condition, ...]:
        return tuple(replace(one, effect=health_questions.effect_of(one, exercises(), conditions)) for one in found)

    return HealthAnswerEffects(
        is_blocked,
        with_legs(blocking),
        with_legs(others),
        tuple(Excluded(key, why) for key, restriction, why in restricted if restriction is Restriction.EXCLUDED),
        tuple(Reduced(key, why) for key, restriction, why in restricted if restriction is Restriction.REDUCED),
    )


def _restricted(conditions: LegConditions, calm_training_days: int) -> Iterator[tuple[str, Restriction, Reason]]:
    """The exercises that the conditions restrict (resting legs aside), each with the main reason per leg."""
    for key, exercise in exercises().items():
        for part in health_questions.restrictions_on(exercise, conditions, calm_training_days=calm_training_days):
            if part.restriction is not None:
                reasons = (why for why in part.main_reasons if why.rule not in NOT_LISTED)
                yield from ((key, part.restriction, why) for why in reasons)


def blueprint(site: Site) -> Blueprint:
    """`/health-questions`, read and write."""
    pages = Blueprint("health_questions", __name__)

    @pages.get("/health-questions")
    def show() -> str:
        person = site.person()
        if person is None:
            return render_template("health_questions.html", person=None, people=site.people())
        now = site.situation(person)
        if now.ask_reason is None and now.conditions is not None and "again" not in request.args:
            return _effects_page(site, person, effects_of(now.legs, now.calm_training_days))
        last = {} if now.conditions is None else _last_answers(site, person)
        sentence = now.ask_reason.sentence if now.ask_reason else ""
        has_changed = now.ask_reason not in (None, health_questions.OLD_ANSWERS)
        return _questions_page(person, {}, sentence, last_answers=last, has_changed=has_changed)

    @pages.post("/health-questions")
    def save() -> Response | tuple[str, int]:
        person = site.person()
        if person is None:
            abort(400, "Choose who you are first: the answers belong to one person.")
        given = {one.key: request.form.get(one.key, "") for one in CONDITIONS}
        given = {one.key: given[one.key] if given[one.key] in one.choices else "" for one in CONDITIONS}
        asked = _asked(given)
        missing = {key for key in asked if not given[key]}
        if missing:
            return _questions_page(person, given, "", missing=missing), 400
        lists = {str(value): [key for key in asked if given[key] == value] for value in CHOICE_LABELS}
        wait_until_saved(site.api.answer(person.id, "health", lists))
        return redirect(url_for("health_questions.show", saved="", **_onward_args(request.form)), 303)

    return pages


def _questions_page(
    person: Person,
    given: Mapping[str, str],
    reason: str,
    *,
    missing: Collection[str] = (),
    last_answers: Mapping[str, str] | None = None,
    has_changed: bool = False,
) -> str:
    last = last_answers or {}
    return render_template(
        "health_questions.html",
        person=person,
        questions=CONDITIONS,
        off_feet_only=health_questions.OFF_FEET_ONLY,
        given=given,
        missing=missing,
        reason=reason,
        choice_label=_choice_label,
        last_answers=last,
        can_repeat=not has_changed and bool(last) and last.keys() >= {*_asked(last)},
        disclaimer=DISCLAIMER,
        onward=_onward_args(request.form if request.method == "POST" else request.args),
    )


def _choice_label(condition: Condition, choice: str) -> str:
    return BOTH_LABEL if condition.is_of_leg and choice == YES else CHOICE_LABELS[choice]


def _asked(given: Mapping[str, str]) -> list[str]:
    """The conditions to ask about given these answers: a follow-up question only after a yes."""
    return [one.key for one in CONDITIONS if one.follow_up_of is None or given.get(one.follow_up_of) == YES]


def _last_answers(site: Site, person: Person) -> dict[str, str]:
    """The person's last choice for each condition they were asked about; the stored answer must be readable."""
    (newest,) = site.store.newest_answers(person.id, {"health": 1})["health"]
    return {key: str(choice) for choice, keys in newest.answer.items() for key in keys}


def _effects_page(site: Site, person: Person, effects: HealthAnswerEffects) -> str:
    onward = _onward_args(request.args)
    routine = onward.get("routine")
    names = {key: one.name for key, one in exercises().items()}
    return render_template(
        "health_questions.html",
        person=person,
        effects=effects,
        off_feet_only=health_questions.OFF_FEET_ONLY,
        names=names,
        saved="saved" in request.args,
        next=_next_page(onward),
        start_offer=(routine, site.routine_title(routine, person.id)) if routine else None,
    )


def _onward_args(given: Mapping[str, str]) -> dict[str, Any]:
    """The page to return to and the routine to start, if valid."""
    found = {"next": given.get("next", ""), "routine": given.get("routine", "")}
    if found["next"] not in NEXT_PAGES:
        del found["next"]
    return {name: value for name, value in found.items() if value}


def _next_page(onward: Mapping[str, str]) -> tuple[str, str] | None:
    where = NEXT_PAGES.get(onward.get("next", ""))
    return where if where is not None and where[0] in current_app.view_functions else None
