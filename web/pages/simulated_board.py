"""The controls of the simulated board; a real board has no such page."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.context import Site
from web.pages.live_context import live_context


class Control(NamedTuple):
    """A button: its label and command; `release_command` is sent when a held button is released."""

    label: str
    command: str
    argument: str | None = None
    release_command: str | None = None


class ControlGroup(NamedTuple):
    """A titled group of buttons."""

    title: str
    controls: list[Control]


CONTROL_GROUPS = (
    (
        "Automatic person",
        (
            Control("Do a test for me", "test"),
            Control("Stretch for me", "stretch"),
            Control("Calibrate for me", "calibrate"),
            Control("Check for me", "check"),
            Control("Automatic", "auto"),
            Control("Take over", "take_over"),
            Control("Let the person make the rhythm", "rhythm"),
        ),
    ),
    (
        "Feet",
        (
            Control("Step on, left leg", "step_on", "left"),
            Control("Step on, right leg", "step_on", "right"),
            Control("Press and hold: heel up", "lift_heel", release_command="lower_heel"),
            Control("Lift heel", "lift_heel"),
            Control("Lower heel", "lower_heel"),
            Control("Step off", "step_off"),
        ),
    ),
    (
        "Knee and board",
        (
            Control("Lean: knee to the wall", "lean"),
            Control("Lean back", "lean_back"),
            Control("Board 5 mm back", "slide", "5"),
            Control("Board 20 mm back", "slide", "20"),
            Control("Board 5 mm closer", "slide", "-5"),
            Control("Board 20 mm closer", "slide", "-20"),
            Control("Cheat: lift the heel in the lunge", "cheat"),
        ),
    ),
    (
        "Hands",
        (
            Control("Press the left plate", "press", "left heel"),
            Control("Press the right plate", "press", "right heel"),
            Control("Press the knee pad", "press", "knee pad"),
            Control("Press the button", "press", "button"),
        ),
    ),
    (
        "Simulate a fault",
        (
            Control("Unplug the sensor", "pull_cable"),
            Control("Reconnect the sensor", "return_cable"),
            Control("Freeze the sensor reading", "freeze_sensor"),
            Control("Unfreeze the sensor reading", "thaw_sensor"),
            Control("Unplug the heel sensors", "pull_heels"),
            Control("Reconnect the heel sensors", "return_heels"),
            Control("Wall clock +1 h", "wall_clock", "1"),
            Control("Wall clock \u22121 h", "wall_clock", "-1"),
        ),
    ),
)


def control_groups(site: Site) -> list[ControlGroup] | None:
    """The buttons for this board's commands; a command outside the layout gets a plain button."""
    board = site.api.board
    if board is None:
        return None
    commands = board.commands()
    shown = [Control(f"Hold the {mm:g} mm block", "block", f"{mm:g}") for mm in site.blocks_mm]
    layout = (*CONTROL_GROUPS, ("Blocks for the sensor", (*shown, Control("Take the block away", "no_block"))))
    placed = {control.command for _, known in layout for control in known}
    groups = [
        ControlGroup(title, [control for control in known if control.command in commands]) for title, known in layout
    ]
    other = [Control(word.replace("_", " ").capitalize(), word) for word in commands if word not in placed]
    return [group for group in [*groups, ControlGroup("More", other)] if group.controls]


def blueprint(site: Site) -> Blueprint:
    """`/board`, and the write `/board/act`."""
    pages = Blueprint("board", __name__)

    @pages.get("/board")
    def board() -> str:
        if site.api.board is None:
            abort(404)
        return render_template("board.html", board=control_groups(site), **live_context(site))

    @pages.post("/board/act")
    def act() -> Response:
        if site.api.board is None:
            abort(404)
        try:
            site.api.board.act(request.form.get("command", ""), request.form.get("argument") or None)
        except ValueError as error:
            abort(400, str(error))
        back = "board.board" if request.form.get("return_to") == "board" else "live.live"
        return redirect(url_for(back), 303)

    return pages
