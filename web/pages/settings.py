"""The settings that can be changed on the page."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from msgspec import Struct
from msgspec.structs import asdict
from werkzeug.wrappers import Response

from station.settings import CHOICES, LIMITS, Settings, with_changes
from station.units import UNIT_SYMBOLS, number_text
from web.context import Site, wait_until_saved
from web.typed import typed_goal_mm

CHOICE_NAMES = {
    "cm": "centimetres",
    "inch": "inches",
    "off": "off",
    "low": "low",
    "normal": "normal",
    "loud": "loud",
    "nothing": "nothing",
    "test": "a test",
    "stretch": "stretching",
    "test_and_stretch": "a test, then stretching",
    "today": "today\u2019s session",
    "yes": "yes",
    "no": "no",
    "on": "on",
}


class Field(Struct, frozen=True):
    """One line of the form. `kind` is `choice`, `number` or `time`."""

    name: str
    label: str
    kind: str
    hint: str = ""


class FieldGroup(Struct, frozen=True):
    """Related fields, with a line of help, empty if the fields are clear."""

    title: str
    help: str
    fields: tuple[Field, ...]


GROUPS = (
    FieldGroup(
        "Goal and units",
        "Four inches, 10.2 cm, is a good goal for the distance from the toes to the wall.",
        (
            Field("units", "Lengths in", "choice"),
            Field("goal_mm", "Goal", "number"),
        ),
    ),
    FieldGroup(
        "Stretches",
        "For the built-in stretch. The exercises of a routine have their own doses: copy a routine to change them.",
        (
            Field("hold_s", "One stretch lasts", "number", "seconds"),
            Field("repetitions", "Stretches per side", "number"),
            Field("rest_s", "Rest between stretches", "number", "seconds"),
            Field("prepare_s", "Time to get into position", "number", "seconds"),
        ),
    ),
    FieldGroup(
        "Sound and quiet hours",
        "In quiet hours only the sounds of a hold and of a fault play.",
        (
            Field("volume", "Volume", "choice"),
            Field("quiet_from", "Quiet from", "time"),
            Field("quiet_to", "Quiet until", "time", "same time as above: never quiet"),
        ),
    ),
    FieldGroup(
        "Questions and stepping on",
        "",
        (
            Field("on_step", "Stepping on starts", "choice"),
            Field("ask_after_test", "Ask after a test", "choice", "where the limit was felt, and how much it hurt"),
            Field("ask_setup", "Ask to lay the board", "choice", "flat, as a slope or turned round, when needed"),
        ),
    ),
    FieldGroup(
        "Hands-free taps",
        "Two taps of the heel are next, three skip or change the side; on analogue heels, in pauses.",
        (Field("taps", "Heel taps", "choice"),),
    ),
)
"""The form: every setting once."""
FIELDS = tuple(field for group in GROUPS for field in group.fields)


def blueprint(site: Site) -> Blueprint:
    """`/settings`, read and write."""
    pages = Blueprint("settings", __name__)

    @pages.get("/settings")
    def settings() -> str:
        return _page(site, asdict(site.store.settings()), saved="saved" in request.args)

    @pages.post("/settings")
    def change() -> Response | tuple[str, int]:
        given = {field.name: request.form[field.name].strip() for field in FIELDS if field.name in request.form}
        before = site.store.settings()
        changes, errors = _parse(given, before)
        if errors:
            return _page(site, asdict(before), given=given, errors=errors), 400
        wait_until_saved(site.api.change_settings(changes))
        return redirect(url_for("settings.settings", saved=""), 303)

    return pages


def _parse(given: Mapping[str, str], before: Settings) -> tuple[dict[str, str], dict[str, str]]:
    """The changes, with the goal in mm, and a sentence for each field with an invalid entry.

    The goal is typed in the units in which the form was shown.
    """
    changes: dict[str, str] = {}
    errors: dict[str, str] = {}
    for field in (one for one in FIELDS if one.name in given):
        text = given[field.name]
        try:
            changes[field.name] = (
                str(typed_goal_mm(text, before.units, "The goal")) if field.name == "goal_mm" else text
            )
            with_changes(before, {field.name: changes[field.name]})
        except ValueError as error:
            sentence = str(error).replace(f"The setting {field.name} is", f"\u201c{field.label}\u201d is")
            errors[field.name] = sentence.replace(" is '',", " is empty,", 1)
    return changes, errors


def _page(
    site: Site,
    stored: dict[str, object],
    *,
    given: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    saved: bool = False,
) -> str:
    units = str(stored["units"])
    goal_mm = stored["goal_mm"]
    shown = {name: str(value) for name, value in stored.items()}
    shown["goal_mm"] = number_text(float(str(goal_mm)), units)
    low, high = LIMITS["goal_mm"]
    limits = {**LIMITS, "goal_mm": (number_text(low, units), number_text(high, units))}
    return render_template(
        "settings.html",
        groups=GROUPS,
        values=shown | dict(given or {}),
        choices=CHOICES,
        names=CHOICE_NAMES,
        limits=limits,
        sign=UNIT_SYMBOLS[units],
        errors=errors or {},
        labels={field.name: field.label for field in FIELDS},
        saved=saved,
        simulated_board=site.api.board is not None,
    )
