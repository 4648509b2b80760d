"""Rare tasks of the services in their sandboxes: a calibration, an export, a backup, a migration."""

from __future__ import annotations

import json
import shlex
import time
from typing import Any

from station.network import PAGE_FILE
from tests.pi.endurance import BACKUPS
from tests.pi.machine import IN_FOLDER, UNIT
from tests.pi.page import PageError
from tests.pi.person import SETBACK_MM
from tests.pi.rig import Rig, eventually
from web.pages.calibration import NOT_CALIBRATED

LANE_MM = 400.0
PERSON = "Export"
NIGHT = "03:29:50"
"""Ten seconds before the nightly backup."""
DATABASE, ASIDE = "/var/lib/station/station.db", "/var/lib/station/aside.db"
OLD = "0005"
OLDER = f"""
from sqlalchemy import create_engine
from station.store.migrate import upgrade
upgrade(create_engine("sqlite:///{DATABASE}"), {OLD!r})
"""
REVISION = f"sqlite3.connect({DATABASE!r}).execute('select version_num from alembic_version').fetchone()[0]"
CERTIFICATE = f"/etc/station/tls/{PAGE_FILE}"
NEW_ADDRESS = "10.9.9.9"
CALIBRATION_LIMIT_S = 420


def sandbox(rig: Rig) -> None:
    """Calibration, export, backup and migration work in the services' sandboxes."""
    _calibrate(rig)
    _export(rig)
    _back_up(rig)
    _migrate(rig)
    _encrypt(rig)


def _calibrate(rig: Rig) -> None:
    """Hold each block in the lane when the page asks for it."""
    rig.person.step_off()
    rig.person.place(LANE_MM)
    rig.page.press("/start", routine="calibrate")
    end = time.monotonic() + CALIBRATION_LIMIT_S
    now: dict[str, Any] = {}
    phases: list[str] = []
    shown: str | None = None
    while time.monotonic() < end:
        now = rig.page.now or {}
        if now.get("phase") not in phases[-1:]:
            phases.append(str(now.get("phase")))
        wanted = _shown_block(now)
        if wanted != shown:
            shown = wanted
            rig.board("toe", LANE_MM if wanted is None else SETBACK_MM + float(wanted.split()[0]) * 10)
        if now.get("phase") in ("done", "ended"):
            break
        time.sleep(0.2)
    is_stored = NOT_CALIBRATED not in rig.page.text_of("/calibration")
    rig.check(
        "a calibration is made and stored",
        now.get("phase") == "done" and is_stored,
        phases=phases,
        text=now.get("sentence"),
    )
    rig.person.place(100)
    eventually(lambda: rig.page.now is not None and rig.page.now["session"] is None, 40)


def _shown_block(now: dict[str, Any]) -> str | None:
    """The block that belongs in the lane in this phase; `None` for an empty lane."""
    return str(now["target"]) if now.get("phase") in ("block", "capture") and now.get("target") else None


def _export(rig: Rig) -> None:
    rig.page.press("/people", name=PERSON)
    try:
        size = len(rig.page.press("/data/person", kind="json"))
    except PageError as error:
        rig.check("an export is made in the page's cache", passed=False, text=str(error))
        return
    finally:
        rig.page.choose_person()
    left = rig.machine.run("find /var/cache/station-page -type f | wc -l").strip()
    rig.check("an export is made in the page's cache", size > 100, characters=size, files_left=left)


def _back_up(rig: Rig) -> None:
    """Set the clock to the night; the date is restored afterwards."""
    listing = f"ls -l --full-time {BACKUPS} 2>/dev/null"
    there = rig.machine.run(listing, fails=True)
    before, now_s = time.monotonic(), int(rig.machine.run("date +%s"))
    rig.machine.run(f'date --set "$(date --date tomorrow +%F) {NIGHT}"')
    made = eventually(lambda: rig.machine.run(listing, fails=True) != there, 60)
    files = rig.machine.run(listing, fails=True)
    rig.machine.run(f"date --set @{now_s + int(time.monotonic() - before)}")
    rig.check("the night's backup is made", made, files=" ".join(files.split()))


def _encrypt(rig: Rig) -> None:
    """Turn https on and off; the timer's unit makes a certificate for a new address."""
    card = rig.machine.run("ip -o route get 10.0.2.2 | sed 's/.* dev \\([^ ]*\\).*/\\1/'").strip()
    rig.machine.run("station tls on --config /etc/station.toml")
    try:
        code = rig.machine.run(
            "curl --insecure --silent --retry 30 --retry-all-errors --output /dev/null --write-out '%{http_code}'"
            " https://127.0.0.1/api/v1/status"
        )
        rig.check("https is on", code == "200", code=code)
        before = rig.machine.run(f"sha256sum {CERTIFICATE}")
        rig.machine.run(f"ip address add {NEW_ADDRESS}/32 dev {card}; systemctl start station-tls.service")
        rig.check(
            "a new address gets a certificate, under the sandbox of its unit",
            rig.machine.property("Result", "station-tls.service") == "success"
            and rig.machine.run(f"sha256sum {CERTIFICATE}") != before,
        )
    finally:
        rig.machine.run(f"ip address del {NEW_ADDRESS}/32 dev {card}", fails=True)
        rig.machine.run("station tls off --config /etc/station.toml")
    rig.page.wait_until_up(90)


def _migrate(rig: Rig) -> None:
    """Upgrade an earlier version's database, made by its own migrations."""
    python = "/opt/station/.venv/bin/python"
    rig.machine.run(f"systemctl stop {UNIT}; mkdir -p {ASIDE}; mv {DATABASE}* {ASIDE}/")
    try:
        rig.machine.run(f"{IN_FOLDER} {python} -c {shlex.quote(OLDER)}")
        rig.machine.run(f"systemctl start {UNIT}")
        rig.page.wait_until_up(120)
        revision = rig.machine.run(f'{python} -c "import sqlite3; print({REVISION})"').strip()
        copies = rig.machine.run(f"ls {DATABASE}.{OLD}", fails=True).strip()
        rig.check("a former database is migrated, and copied first", revision > OLD and copies != "", now=revision)
    finally:
        rig.machine.run(f"systemctl stop {UNIT}; rm -f {DATABASE}*; mv {ASIDE}/* /var/lib/station/; rmdir {ASIDE}")
        rig.machine.run(f"systemctl start {UNIT}")
        rig.page.wait_until_up(120)
    rig.check("the own database is back", json.loads(rig.page.get("/api/v1/status")) != {})
