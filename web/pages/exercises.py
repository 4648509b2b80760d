"""The exercise gallery, and one page per exercise."""

from __future__ import annotations

import re
from functools import cache

from flask import Blueprint, Response, abort, render_template, request
from markupsafe import Markup
from msgspec import Struct

from station.advice import health_questions
from station.advice.conditions import CONDITION_BY_KEY
from station.advice.health_questions import ExerciseRestriction
from station.advice.records import LegConditions
from station.catalogue.read import exercises as catalogue
from station.catalogue.records import Caution, Exercise, FeltPlace, Restriction
from web import exercise_text
from web.context import Site
from web.drawing import inline_svg, standalone_svg, svg_security_policy

BROWSER_CACHE_S = 7 * 24 * 3600
"""A drawing changes only with a release; browsers check again after a week."""
MOVING = re.compile(r'<path class="[^"]* animated".*?</path>')
RESTRICTION_LABELS = {Restriction.EXCLUDED: "Left out", Restriction.REDUCED: "Reduced"}


class CautionNote(Struct, frozen=True):
    """One caution of an exercise: the condition's title, and what it applies to (`your left leg`) or an empty text."""

    caution: Caution
    title: str
    applies_to: str


def blueprint(site: Site) -> Blueprint:
    """`/exercises`, `/exercises/<key>` and `/exercises/<key>.svg`."""
    pages = Blueprint("exercises", __name__)

    @pages.get("/exercises")
    def exercises() -> str:
        place = _requested_place()
        shown = [one for one in catalogue().values() if place is None or place in one.places]
        conditions = exercise_text.viewer_conditions(site)
        return render_template(
            "exercises.html",
            exercise_text=exercise_text,
            groups=[
                (title, [one for one in shown if one.group is group])
                for group, title in exercise_text.GROUP_TITLES.items()
            ],
            felt_place=place,
            restriction_labels={
                one.key: [label for label, _ in _restrictions_in_words(one, conditions)] for one in shown
            },
            picture=still_picture,
        )

    @pages.get("/exercises/<key>")
    def exercise(key: str) -> str:
        one = _exercise_or_404(key)
        conditions = exercise_text.viewer_conditions(site)
        keys = list(catalogue())
        at = keys.index(key)
        return render_template(
            "exercise.html",
            exercise_text=exercise_text,
            exercise=one,
            is_still="still" in request.args,
            picture=still_picture(key) if "still" in request.args else moving_picture(key),
            cautions=[_caution_note(caution, conditions) for caution in one.cautions],
            restrictions=_restrictions_in_words(one, conditions),
            before=catalogue()[keys[at - 1]] if at else None,
            after=catalogue()[keys[at + 1]] if at + 1 < len(keys) else None,
        )

    @pages.get("/exercises/<key>.svg")
    def picture(key: str) -> Response:
        one = _exercise_or_404(key)
        text = standalone_svg(key, title=_title(one))
        if "still" in request.args:
            text = MOVING.sub("", text).replace(' still"', '"')
        answer = Response(text, mimetype="image/svg+xml")
        answer.cache_control.public, answer.cache_control.max_age = True, BROWSER_CACHE_S
        answer.headers["Content-Security-Policy"] = svg_security_policy()
        return answer

    return pages


@cache
def still_picture(key: str, copy: int = 0) -> Markup:
    """The still drawing, for pages with many; each `copy` on a page needs its own number."""
    made = inline_svg(key, title=_title(catalogue()[key]), animated=False)
    return Markup(made.replace(f'"drawing-{key}"', f'"drawing-{key}-{copy}"') if copy else made)


@cache
def moving_picture(key: str) -> Markup:
    """The animated drawing; still if the person prefers reduced motion."""
    return Markup(inline_svg(key, title=_title(catalogue()[key])))


def _title(one: Exercise) -> str:
    return f"{one.name}: from the dashed outline to the filled figure"


def _requested_place() -> FeltPlace | None:
    given = request.args.get("place")
    if not given:
        return None
    if given not in tuple(exercise_text.PLACE_NAMES):
        abort(400, f"place must be one of {', '.join(exercise_text.PLACE_NAMES)}.")
    return FeltPlace(given)


def _exercise_or_404(key: str) -> Exercise:
    if key not in catalogue():
        abort(404)
    return catalogue()[key]


def _caution_note(caution: Caution, conditions: LegConditions) -> CautionNote:
    condition = CONDITION_BY_KEY[caution.condition]
    legs = conditions.legs_with(caution.condition)
    applies_to = "" if not legs else f"your {legs[0]} leg" if len(legs) == 1 else "you"
    return CautionNote(caution, condition.title, applies_to)


def _restrictions_in_words(one: Exercise, conditions: LegConditions) -> list[tuple[str, str]]:
    """Each restriction of the exercise for the viewer: a label and the reason."""
    found = health_questions.restrictions_on(one, conditions)
    return [
        (_restriction_label(part, len(found)), " ".join(why.sentence for why in part.reasons))
        for part in found
        if part.restriction is not None
    ]


def _restriction_label(part: ExerciseRestriction, count: int) -> str:
    assert part.restriction is not None
    label = RESTRICTION_LABELS[part.restriction]
    return f"{label} for you" if count == 1 else f"{label} for your {part.sides[0]} leg"
