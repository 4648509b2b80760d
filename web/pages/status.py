"""The station's status: sensors, clock, storage and version, in words and as JSON."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, jsonify, render_template
from werkzeug.wrappers import Response

from station.app.board_view import NO_READING_YET
from station.app.damage import damage_sentence
from station.app.snapshot import Snapshot
from station.clock import SystemClock
from station.core.events import SECOND_US
from station.units import date_time_text, length_text
from station.version import APP_VERSION, RULE_VERSION
from web.context import Site
from web.pages import calibration

SILENT_AFTER_US = 4 * SECOND_US
"""A newest snapshot older than this means that the station's loop has stalled (as on the live page)."""
MB_PER_GB = 1000
"""Megabytes in a gigabyte."""
LOW_MB = 200
"""Below this a year of sessions may no longer fit."""
FIRST_YEAR = 2025
"""An earlier date means a clock that was never set."""


def blueprint(site: Site) -> Blueprint:
    """`/status` and `/status.json`."""
    pages = Blueprint("status", __name__)

    @pages.get("/status")
    def status() -> str:
        return render_template("status.html", status=shown_status(site))

    @pages.get("/status.json")
    def as_json() -> Response:
        return jsonify(shown_status(site))

    return pages


def shown_status(site: Site) -> dict[str, Any]:
    """The status that this visitor may see: whether the board is well, and for those who were let in how each part is.

    It tells nobody else what the parts are, how full the disk is, or which version runs.
    """
    status = station_status(site)
    if site.visitor().is_let_in:
        return status
    return {"ok": status["ok"], "title": status["title"], "parts": {}, "troubles": [], "simulated": status["simulated"]}


def station_status(site: Site) -> dict[str, Any]:
    """The station's status. `ok` means no action is needed; each part has a sentence, and `title` sums them up."""
    now = site.snapshot()
    age_us = max(0, SystemClock().now_us() - now.at_us)
    free_mb = _free_mb(site.store.path)
    wall = datetime.now(UTC)
    parts = {
        "station": "Running."
        if age_us < SILENT_AFTER_US
        else f"No update for {age_us // SECOND_US} s: restart the station.",
        "distance": _distance_sentence(now, site.store.settings().units),
        "heels": _heels(now),
        "calibration": calibration.calibration_sentence(
            site.store.current_calibration(), site.store.checks(), site.store.failed_check(), now.check_due, wall
        ),
        "clock": f"{date_time_text(wall)}."
        if wall.year >= FIRST_YEAR
        else f"The clock shows {wall.year}: set it, or connect the station to a network once.",
        "storage": f"{f'{free_mb // MB_PER_GB} GB' if free_mb >= 10 * MB_PER_GB else f'{free_mb} MB'} free."
        + ("" if free_mb >= LOW_MB else " Running low: free some space."),
        "version": f"Program {APP_VERSION}, rules {RULE_VERSION}.",
    }
    damage = damage_sentence(site.store.damaged)
    is_ok = (
        not now.troubles
        and damage is None
        and age_us < SILENT_AFTER_US
        and free_mb >= LOW_MB
        and wall.year >= FIRST_YEAR
    )
    return {
        "ok": is_ok,
        "title": _title(now) if is_ok else "Action needed",
        "parts": parts,
        "troubles": [
            *(asdict(trouble) for trouble in now.troubles),
            *([] if damage is None else [{"part": "results", "sentence": damage}]),
        ],
        "simulated": site.api.board is not None,
        "snapshot_age_s": round(age_us / SECOND_US, 3),
        "app_version": APP_VERSION,
        "rule_version": RULE_VERSION,
    }


def _title(now: Snapshot) -> str:
    """The title while no action is needed: all is good only if every sensor gives a reading."""
    if not now.heels or any(heel.down is None for heel in now.heels) or now.toe_why == NO_READING_YET:
        return "Running; waiting for the first readings"
    return "All good" if now.toe_mm is not None else "Running; no distance reading"


def _distance_sentence(now: Snapshot, units: str) -> str:
    if now.toe_mm is None:
        return f"No distance reading: {now.toe_why or NO_READING_YET}."
    return f"{length_text(now.toe_mm, units)} from the toes to the wall."


def _heels(now: Snapshot) -> str:
    if not now.heels:
        return "No heel readings yet."
    states = {None: "unknown", True: "down", False: "up"}
    return ", ".join(f"{heel.side} {states[heel.down]}" for heel in now.heels).capitalize() + "."


def _free_mb(path: Path) -> int:
    try:
        return shutil.disk_usage(path.parent).free // 1_000_000
    except OSError:
        return 0
