"""The settings that can be changed on the page."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from msgspec import Struct
from msgspec.structs import asdict
from werkzeug.wrappers import Response

from station.settings import CHOICES, LIMITS
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
        units = site.store.settings().units
        try:
            wait_until_saved(site.api.change_settings(_with_goal_in_mm(given, units)))
        except ValueError as error:
            return _page(site, asdict(site.store.settings()), given=given, error=str(error)), 400
        return redirect(url_for("settings.settings", saved=""), 303)

    return pages


def _with_goal_in_mm(given: dict[str, str], units: str) -> dict[str, str]:
    """The form with the goal in millimetres, converted from the units in which the form was shown."""
    if "goal_mm" not in given:
        return given
    return given | {"goal_mm": str(typed_goal_mm(given["goal_mm"], units, "The goal"))}


def _field_with_error(error: str) -> Field | None:
    """The field that an error names."""
    return next((one for one in FIELDS if f"The setting {one.name} is" in error or _is_goal(one, error)), None)


def _is_goal(field: Field, error: str) -> bool:
    return field.name == "goal_mm" and error.startswith("The goal ")


def _page(
    site: Site,
    stored: dict[str, object],
    *,
    given: dict[str, str] | None = None,
    error: str = "",
    saved: bool = False,
) -> str:
    units = str(stored["units"])
    goal_mm = stored["goal_mm"]
    shown = {name: str(value) for name, value in stored.items()}
    shown["goal_mm"] = number_text(float(str(goal_mm)), units)
    low, high = LIMITS["goal_mm"]
    at_fault = _field_with_error(error)
    if at_fault is not None:
        error = error.replace(f"The setting {at_fault.name} is", f"\u201c{at_fault.label}\u201d is")
    limits = {**LIMITS, "goal_mm": (number_text(low, units), number_text(high, units))}
    return render_template(
        "settings.html",
        groups=GROUPS,
        values=shown | (given or {}),
        choices=CHOICES,
        names=CHOICE_NAMES,
        limits=limits,
        sign=UNIT_SYMBOLS[units],
        error=error,
        at_fault=at_fault,
        saved=saved,
        simulated_board=site.api.board is not None,
    )
