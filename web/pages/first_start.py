"""The first start: the board's name, owner, parts and calibration; each step can be skipped."""

from __future__ import annotations

import re

from flask import Blueprint, abort, redirect, render_template, request, url_for
from msgspec import Struct
from werkzeug.wrappers import Response

from station.settings import FIRST_START_STEPS
from station.store.access_records import Role
from web.context import Site, wait_until_saved

HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""A host name (RFC 1123)."""
WAITING = "Waiting for the board"
RELOAD_S = 2
TITLES = {"name": "Name", "owner": "Owner", "board": "Plates and sensor", "calibration": "Calibration"}
AS_BUILT = "as built"


class Step(Struct, frozen=True):
    """A step of the first start, and whether it is settled: done or skipped."""

    key: str
    is_settled: bool

    @property
    def title(self) -> str:
        return TITLES[self.key]


def blueprint(site: Site) -> Blueprint:
    """`/first-start`, and the write that settles a step."""
    pages = Blueprint("first_start", __name__)

    @pages.get("/first-start")
    def first_start() -> Response | str | tuple[str, int]:
        fault = next((fault for fault in site.api.snapshot().faults if fault.part == "board"), None)
        if fault is not None:  # its process is starting or away, or another program has the board
            return render_template("error.html", title=WAITING, sentence=fault.sentence, reload_s=RELOAD_S), 503
        left = steps_left(site)
        if not left:
            return redirect(url_for("today.today"), 303)
        machine, name = site.served.machine, request.args.get("name", "").strip().lower()
        is_name = HOST_NAME.fullmatch(name) is not None
        return render_template(
            "first_start.html",
            steps=steps(site),
            step=left[0],
            machine=machine,
            is_on_network=site.served.is_on_network,
            name=name,
            new_name=name if is_name else "",
            error="" if is_name or not name else "Use letters, digits and hyphens, such as kitchen-board.",
        )

    @pages.post("/first-start")
    def settle() -> Response:
        step = request.form.get("step", "")
        if step not in (*FIRST_START_STEPS, "all"):
            abort(400, "A step of the first start is name, board or calibration.")
        now_settled = {*settled(site), *(FIRST_START_STEPS if step == "all" else (step,))}
        words = ",".join(one for one in FIRST_START_STEPS if one in now_settled)
        wait_until_saved(site.api.change_settings({"first_start": words}))
        return redirect(url_for("first_start.first_start"), 303)

    return pages


def settled(site: Site) -> list[str]:
    """The steps that a person has settled."""
    return [one for one in site.store.settings().first_start.split(",") if one]


def steps(site: Site) -> list[Step]:
    """Every step, in order. A bring-up without a fault, an owner and a calibration each settle theirs automatically."""
    by_person, now = settled(site), site.api.snapshot()
    by_itself = {
        "owner": site.visitor().is_at_least(Role.OWNER) or site.store.has_owner(),
        "board": now.bring_up is not None and now.bring_up.is_well,
        "calibration": now.calibration != AS_BUILT,
    }
    return [Step(key, key in by_person or by_itself.get(key, False)) for key in TITLES]


def steps_left(site: Site) -> list[Step]:
    """The steps that are not settled yet."""
    return [one for one in steps(site) if not one.is_settled]
