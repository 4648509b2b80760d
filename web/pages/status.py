"""The station's status in words: sensors, clock, storage and version; the API returns the same."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

from flask import Blueprint, render_template

from station.app.access.roles import Role
from station.app.board.view import NO_READING_YET
from station.app.results.damage import damage_sentence
from station.app.snapshot import Snapshot
from station.clock import SILENT_AFTER_US, SystemClock
from station.core.events import SECOND_US
from station.store.backups.backup import newest_day
from station.store.swap import restore_report, salvage_report
from station.units import date_time_text, length_text
from station.version import APP_VERSION, RULE_VERSION
from web.api.board_records import Fault, Status, StatusDetails
from web.context import Site
from web.live.seen import HIDDEN_FAULT
from web.pages import calibration

MB_PER_GB = 1000
"""Megabytes in a gigabyte."""
LOW_MB = 200
"""Below this, a year of sessions may no longer fit."""
LATE_RENEWAL_DAYS = 45
"""The station renews its certificate sixty days before it expires, so fewer days left mean that renewal fails."""
OLD_BACKUP_DAYS = 7
"""After this many nights without a backup the page says what to do."""
FIRST_YEAR = 2025
"""An earlier date means that the clock was never set."""


def blueprint(site: Site) -> Blueprint:
    """`/status`."""
    pages = Blueprint("status", __name__)

    @pages.get("/status")
    def status() -> str:
        return render_template("status.html", status=station_status(site))

    return pages


def station_status(site: Site) -> Status:
    """The station's status; `title` sums up the parts, `details` are only for paired browsers.

    Nobody else learns how full the disk is, or which version runs.
    """
    now = site.snapshot()
    age_us = max(0, SystemClock().now_us() - now.at_us)
    free_mb = _free_mb(site.store.path)
    wall = datetime.now(UTC)
    encryption, is_certificate_due = _certificate_sentence(site.served.certificate_ends_at(), wall)
    damage = damage_sentence(site.store.damaged)
    faults = [Fault(part=one.part, sentence=one.sentence) for one in now.faults]
    if damage is not None and site.visitor().is_paired:
        faults.append(Fault(part="results", sentence=damage))
    elif damage is not None and not faults:
        faults.append(Fault(part=HIDDEN_FAULT.part, sentence=HIDDEN_FAULT.sentence))
    is_ok = (
        not faults
        and not is_certificate_due
        and age_us < SILENT_AFTER_US
        and free_mb >= LOW_MB
        and wall.year >= FIRST_YEAR
    )
    title = _title(now) if is_ok else "Action needed"
    details = _details(site, now, age_us, free_mb, wall, encryption) if site.visitor().is_paired else None
    return Status(ok=is_ok, title=title, faults=faults, is_simulated=site.api.board is not None, details=details)


def _details(site: Site, now: Snapshot, age_us: int, free_mb: int, wall: datetime, encryption: str) -> StatusDetails:
    """Each part in a sentence. The report of a salvage counts everybody's results, so only the owner sees it."""
    salvaged = salvage_report(site.store.path, wall) if site.visitor().is_at_least(Role.OWNER) else None
    restored = restore_report(site.store.path, wall)
    parts = {
        "station": "Running."
        if age_us < SILENT_AFTER_US
        else f"No update for {age_us // SECOND_US} s: restart the station.",
        "distance": _distance_sentence(now, site.settings().units),
        "heels": _heels(now),
        "calibration": calibration.calibration_sentence(
            site.store.current_calibration(), site.store.checks(), site.store.failed_check(), now.check_due, wall
        ),
        "clock": f"{date_time_text(wall)}."
        if wall.year >= FIRST_YEAR
        else f"The clock shows {wall.year}: set it, or connect the station to a network once.",
        "storage": f"{f'{free_mb // MB_PER_GB} GB' if free_mb >= 10 * MB_PER_GB else f'{free_mb} MB'} free."
        + ("" if free_mb >= LOW_MB else " Running low: free some space."),
        "backup": _backup_sentence(newest_day(site.store.path), wall.astimezone().date()),
        **({"encryption": encryption} if encryption else {}),
        **({} if restored is None else {"restore": restored}),
        **({} if salvaged is None else {"salvage": salvaged}),
        "version": f"Program {APP_VERSION}, rules {RULE_VERSION}.",
    }
    return StatusDetails(
        parts=parts,
        snapshot_age_s=round(age_us / SECOND_US, 3),
        app_version=APP_VERSION,
        rule_version=RULE_VERSION,
    )


def _title(now: Snapshot) -> str:
    """The title while no action is needed: all good only if every sensor gives a reading."""
    if not now.heels or now.toe_missing_reason == NO_READING_YET:
        return "Running; waiting for the first readings"
    if any(heel.down is None for heel in now.heels):
        return "Running; the heels are read once you step on"
    return "All good" if now.toe_mm is not None else "Running; no distance reading"


def _distance_sentence(now: Snapshot, units: str) -> str:
    if now.toe_mm is None:
        return f"No distance reading: {now.toe_missing_reason or NO_READING_YET}."
    return f"{length_text(now.toe_mm, units)} from the toes to the wall."


def _heels(now: Snapshot) -> str:
    if not now.heels:
        return "No heel readings yet."
    states = {None: "unknown", True: "down", False: "up"}
    return ", ".join(f"{heel.side} {states[heel.down]}" for heel in now.heels).capitalize() + "."


def _backup_sentence(newest: date | None, today: date) -> str:
    """How old the newest backup is. An old one is not a fault: the station may have been off."""
    if newest is None:
        return "None yet: one is made every night while the station is on."
    days = (today - newest).days
    age = {0: "today", 1: "yesterday"}.get(days, f"{days} days ago" if days > 0 else "a date in the future")
    said = f"The last one was made on {newest.isoformat()} ({age})."
    return f"{said} One is made every night: leave the station on." if days > OLD_BACKUP_DAYS else said


def _certificate_sentence(ends_at: datetime | None, now: datetime) -> tuple[str, bool]:
    """How long the page's own certificate is valid, and whether its renewal is overdue; empty if there is none."""
    if ends_at is None:
        return "", False
    days = (ends_at - now).days
    if days >= LATE_RENEWAL_DAYS:
        return f"The certificate is valid until {ends_at:%Y-%m-%d} and renews itself.", False
    left = f"ends in {days} days" if days >= 0 else f"ended on {ends_at:%Y-%m-%d}"
    return f"The certificate {left}, and was not renewed: type sudo station tls renew at the station.", True


def _free_mb(path: Path) -> int:
    try:
        return shutil.disk_usage(path.parent).free // 1_000_000
    except OSError:
        return 0
