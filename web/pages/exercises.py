"""The exercises: all of the catalogue with their pictures, and one with all that is known of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from flask import Blueprint, Response, abort, render_template, request
from markupsafe import Markup

from station.advice import health_questions
from station.catalogue.read import exercises as catalogue
from station.catalogue.records import Caution, Exercise, Place, Ruling
from web import exercise_text
from web.drawing import drawing, standalone
from web.site import Site

KEPT_BY_BROWSERS_S = 7 * 24 * 3600
"""A picture changes with a release alone; a week later a browser asks again."""
SVG_CSP = "default-src 'none'; style-src 'unsafe-inline'"
"""A picture that is opened by itself brings its style along; nothing else may run or load in it."""
MOVING = re.compile(r'<path class="[^"]* moving".*?</path>')
RULED = {Ruling.LEFT_OUT: "Left out for you", Ruling.GENTLER: "Gentler for you"}


@dataclass(frozen=True, slots=True)
class Heeded:
    """One caution of an exercise: what the condition is called, and whether whoever looks has it."""

    caution: Caution
    title: str
    yours: bool


def blueprint(site: Site) -> Blueprint:
    """`/exercises`, `/exercises/<key>` and `/exercises/<key>.svg`."""
    pages = Blueprint("exercises", __name__)

    @pages.get("/exercises")
    def exercises() -> str:
        place = _place()
        shown = [one for one in catalogue().values() if place is None or place in one.places]
        conditions = exercise_text.conditions(site)
        return render_template(
            "exercises.html",
            exercise_text=exercise_text,
            groups=[
                (title, [one for one in shown if one.group is group]) for group, title in exercise_text.GROUPS.items()
            ],
            place=place,
            ruled={
                one.key: RULED[ruling] for one in shown if (ruling := health_questions.judged(one, conditions).ruling)
            },
            picture=still,
        )

    @pages.get("/exercises/<key>")
    def exercise(key: str) -> str:
        one = _of(key)
        conditions = exercise_text.conditions(site)
        keys = list(catalogue())
        at = keys.index(key)
        return render_template(
            "exercise.html",
            exercise_text=exercise_text,
            exercise=one,
            is_still="still" in request.args,
            picture=still(key) if "still" in request.args else moving(key),
            cautions=[_heeded(caution, conditions) for caution in one.cautions],
            judgement=health_questions.judged(one, conditions),
            ruled=RULED,
            before=catalogue()[keys[at - 1]] if at else None,
            after=catalogue()[keys[at + 1]] if at + 1 < len(keys) else None,
        )

    @pages.get("/exercises/<key>.svg")
    def picture(key: str) -> Response:
        one = _of(key)
        text = standalone(key, title=_title(one))
        if "still" in request.args:
            text = MOVING.sub("", text).replace(' moves"', '"')
        answer = Response(text, mimetype="image/svg+xml")
        answer.cache_control.public, answer.cache_control.max_age = True, KEPT_BY_BROWSERS_S
        answer.headers["Content-Security-Policy"] = SVG_CSP
        return answer

    return pages


@cache
def still(key: str, copy: int = 0) -> Markup:
    """The picture without movement, where many stand beside each other; each `copy` on one page has its own number."""
    made = drawing(key, title=_title(catalogue()[key]), animated=False)
    return Markup(made.replace(f'"drawing-{key}"', f'"drawing-{key}-{copy}"') if copy else made)


@cache
def moving(key: str) -> Markup:
    """The picture that moves, unless the person asked for less motion."""
    return Markup(drawing(key, title=_title(catalogue()[key])))


def _title(one: Exercise) -> str:
    return f"{one.name}: from the dashed outline to the filled figure"


def _place() -> Place | None:
    given = request.args.get("place")
    if not given:
        return None
    if given not in tuple(exercise_text.PLACES):
        abort(400, f"Exercises are chosen by one of {', '.join(exercise_text.PLACES)}.")
    return Place(given)


def _of(key: str) -> Exercise:
    if key not in catalogue():
        abort(404)
    return catalogue()[key]


def _heeded(caution: Caution, conditions: frozenset[str]) -> Heeded:
    return Heeded(caution, health_questions.BY_KEY[caution.condition].title, caution.condition in conditions)
