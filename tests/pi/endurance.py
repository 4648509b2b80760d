"""What a machine must survive unattended: power cuts, hangs, units that fail for good, floods of log lines."""

from __future__ import annotations

import shlex
import time
from threading import Event, Thread

from tests.pi.machine import UNIT
from tests.pi.page import PageError
from tests.pi.rig import Rig, eventually

CUTS = 20
WRITES_S = (1.0, 4.0)
"""How long to write before each power cut, growing from the first to the last."""
SETTLED_S = 20
IDLE_S = 60
WAKEUPS_S = 300
"""A thread that polled for edges instead of waiting for them would need 2,000."""
CONFIGURATION = "/etc/station.toml"
DATABASE, BACKUPS = "/var/lib/station/station.db", "/var/lib/station/backups"
QUERY = "select name from people"
PAGE_UNIT = f"{UNIT}-page"
READ_NAMES = f"import sqlite3; print(*(row[0] for row in sqlite3.connect({DATABASE!r}).execute({QUERY!r})), sep='\\n')"
NAMES = f"/opt/station/.venv/bin/python -c {shlex.quote(READ_NAMES)}"
"""The people in the database itself, because a page of the roster shows only forty."""
FLOOD_S = 60.0
HOUR_S = 3600


def idle(rig: Rig) -> None:
    """The processor time and memory of both services together while nobody is there."""
    rig.person.step_off()
    rig.page.close()
    time.sleep(SETTLED_S)
    before_s, before, began = _used_s(rig), _wakeups(rig), time.monotonic()
    time.sleep(IDLE_S)
    took_s = time.monotonic() - began
    share, wakeups = 100 * (_used_s(rig) - before_s) / took_s, (_wakeups(rig) - before) / took_s
    memory_mb = sum(rig.machine.memory_mb(unit) for unit in (UNIT, PAGE_UNIT))
    rig.figures["idle_processor_percent"] = round(share, 2)
    rig.figures["idle_wakeups_s"] = round(wakeups, 1)
    rig.figures["memory_mb"] = round(memory_mb, 1)
    rig.check("an idle station takes at most 3 % of the processor", share <= 3, percent=round(share, 2))
    rig.check("an idle station wakes the processor seldom", wakeups <= WAKEUPS_S, wakeups_s=round(wakeups, 1))
    rig.page.watch()


def _used_s(rig: Rig) -> float:
    """The processor time of both services since they started. A kernel that counts by ticks misses short bursts."""
    return sum(rig.machine.processor_s(unit) for unit in (UNIT, PAGE_UNIT))


def _wakeups(rig: Rig) -> int:
    """How often the threads of both services have woken up."""
    return sum(rig.machine.wakeups(unit) for unit in (UNIT, PAGE_UNIT))


def cuts(rig: Rig) -> None:
    """The power fails twenty times while results are written: everything acknowledged is still there."""
    acknowledged: list[str] = []
    lost: set[str] = set()
    slowest_s: list[float] = []
    first = int(rig.machine.run("date +%s"))
    for cut in range(first, first + CUTS):
        over = Event()
        writer = Thread(target=_write_until, args=(rig, over, acknowledged, cut), daemon=True)
        writer.start()
        time.sleep(WRITES_S[0] + (WRITES_S[1] - WRITES_S[0]) * (cut - first) / (CUTS - 1))
        rig.machine.cut_power()
        over.set()
        writer.join(30)
        rig.board.close()
        began = time.monotonic()
        rig.machine.restore_power()
        rig.board.wait(120)
        rig.page.wait_until_up(180)
        slowest_s.append(time.monotonic() - began)
        lost |= set(acknowledged) - set(rig.machine.run(NAMES).splitlines())
        rig.print_line(f"       cut {cut - first + 1}: {len(acknowledged)} acknowledged, {len(lost)} lost")
    rig.figures["power_cuts"] = CUTS
    rig.figures["power_cuts_lost"] = len(lost)
    rig.figures["boot_to_page_s"] = round(sorted(slowest_s)[len(slowest_s) // 2], 1)
    rig.check(
        "power cuts lose no acknowledged row",
        not lost and len(acknowledged) >= CUTS,
        rows=len(acknowledged),
        lost=sorted(lost),
    )


def _write_until(rig: Rig, over: Event, acknowledged: list[str], cut: int) -> None:
    """Add people, each in its own request, and record those that the page has acknowledged."""
    number = 0
    while not over.is_set():
        name = f"Cut {cut} {number}"
        try:
            rig.page.press("/people", name=name)
        except PageError:
            return
        acknowledged.append(name)
        number += 1


def watchdogs(rig: Rig) -> None:
    """systemd feeds the machine's watchdog, and restarts a page that hangs."""
    fed = rig.machine.run("systemctl show --property RuntimeWatchdogUSec --value").strip()
    rig.check("systemd feeds the machine's watchdog", fed not in ("0", "infinity"), every=fed)
    before = int(rig.machine.property("NRestarts", PAGE_UNIT))
    rig.machine.run(f"kill -STOP {rig.machine.property('MainPID', PAGE_UNIT)}")
    back = eventually(lambda: int(rig.machine.property("NRestarts", PAGE_UNIT)) > before, 60)
    rig.page.wait_until_up(60)
    rig.check("the watchdog restarts a page that hangs", back)


def storms(rig: Rig) -> None:
    """A unit that fails for good stops with one sentence, and does not restart forever."""
    for what, spoil, words in (
        ("a wrong configuration", f"echo nonsense >>{CONFIGURATION}", CONFIGURATION),
        ("a newer database", _sql("update alembic_version set version_num='9999'"), "newer"),
        (
            "a file that is no database, without a backup",
            f"rm -rf {DATABASE}* {BACKUPS}; head -c 400000 /dev/urandom >{DATABASE}",
            "not a database",
        ),
    ):
        rig.machine.stop_page()
        rig.machine.run(f"systemctl stop {UNIT}")
        rig.machine.run(f"rm -rf /root/kept; cp -a /var/lib/station /root/kept; cp {CONFIGURATION} /root/kept.toml")
        began = rig.machine.run("date '+%F %T'").strip()
        try:
            rig.machine.run(spoil)
            rig.machine.run(f"systemctl start {UNIT}", fails=True)
            time.sleep(10)
            state, restarts = rig.machine.property("ActiveState"), int(rig.machine.property("NRestarts"))
            said = rig.machine.run(f"journalctl -u {UNIT} --since '{began}' -o cat _COMM=station | sort -u").strip()
            rig.check(
                f"{what} stops the service for good, with a sentence",
                state == "failed" and restarts == 0 and words in said and len(said.splitlines()) == 1,
                state=state,
                restarts=restarts,
                text=said[-300:],
            )
        finally:
            rig.machine.run(
                f"systemctl stop {UNIT}; rm -rf /var/lib/station; mv /root/kept /var/lib/station;"
                f" mv /root/kept.toml {CONFIGURATION}; systemctl reset-failed {UNIT};"
                f" systemctl start {PAGE_UNIT}.socket {UNIT} {PAGE_UNIT}"
            )
            rig.page.wait_until_up(120)
    _taken_port(rig)


def _taken_port(rig: Rig) -> None:
    """Another program has the page's port: systemd says so once, and the board keeps running."""
    local, began = f"{PAGE_UNIT}-local.socket", rig.machine.run("date '+%F %T'").strip()
    rig.machine.stop_page()
    rig.machine.run("systemd-run --quiet --unit taken python3 -m http.server --bind 127.0.0.1 8080; sleep 3")
    rig.machine.run(f"systemctl start {PAGE_UNIT}", fails=True)
    time.sleep(5)
    restarts = rig.machine.property("NRestarts", PAGE_UNIT)
    said = rig.machine.run(f"journalctl -u {local} --since '{began}' -o cat | grep -c 'in use'", fails=True).strip()
    rig.check(
        "a taken port stops the page with a sentence, and not the board",
        rig.machine.property("ActiveState", local) == "failed" and rig.machine.property("ActiveState") == "active",
        lines=said,
        restarts_of_the_page=restarts,
    )
    rig.machine.run(f"systemctl stop taken; systemctl reset-failed; systemctl start {PAGE_UNIT}.socket {PAGE_UNIT}")
    rig.page.wait_until_up(60)


def _sql(statement: str) -> str:
    program = f"import sqlite3; c = sqlite3.connect({DATABASE!r}); c.execute({statement!r}); c.commit()"
    return f"/opt/station/.venv/bin/python -c {shlex.quote(program)}"


def logs(rig: Rig) -> None:
    """The log lines per hour from a broken sensor and a flood of requests, measured for a minute, and their limit."""
    for unit in (UNIT, PAGE_UNIT):
        limit = rig.machine.property("LogRateLimitBurst", unit), rig.machine.property("LogRateLimitIntervalUSec", unit)
        rig.check(f"the log of {unit} is limited", limit[0] not in ("", "0"), burst=limit[0], every=limit[1])
    written = {}
    for name, start, end in (
        ("a broken sensor", ("i2c", "absent"), ("i2c", "ok")),
        ("a loose sensor", ("i2c", "nack", 3), ("i2c", "ok")),
    ):
        began = rig.machine.run("date '+%F %T'").strip()
        over_at = time.monotonic() + FLOOD_S
        while time.monotonic() < over_at:
            rig.board(*start)
            time.sleep(1)
            if name != "a broken sensor":
                rig.board(*end)
                time.sleep(1)
        rig.board(*end)
        written[name] = _logged(rig, began)
    began, over_at = rig.machine.run("date '+%F %T'").strip(), time.monotonic() + FLOOD_S
    while time.monotonic() < over_at:
        for path in ("/nothing", "/runs/x/trace.csv", "/history?page=-1", "/%00"):
            try:
                rig.page.get(path)
            except PageError:
                continue
    written["a flood of requests"] = _logged(rig, began)
    for name, lines in written.items():
        rig.figures[f"log_lines_hour, {name}"] = lines * HOUR_S / FLOOD_S
    rig.check("neither fills the log", all(lines <= FLOOD_S for lines in written.values()), lines_a_minute=written)


def _logged(rig: Rig, since: str) -> int:
    return int(rig.machine.run(f"journalctl -u {UNIT} -u {PAGE_UNIT} --since '{since}' -o cat | wc -l"))
