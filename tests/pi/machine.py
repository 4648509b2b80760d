"""The machine that the station runs on: its shell, its power and its service manager."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO

UNIT = "station"
IN_FOLDER = (
    "systemd-run --quiet --pipe --wait --property=User=station"
    " --property='SupplementaryGroups=gpio i2c spi' --property=StateDirectory=station"
    " --property=WorkingDirectory=/var/lib/station --setenv=LG_WD=/var/lib/station"
)
"""Runs the following command as the service's user, in the service's folder."""
CHECK = f"{IN_FOLDER} /opt/station/.venv/bin/station check --config /etc/station.toml --json"
NOT_CONNECTED, ASKED_TIMES = 255, 20
"""ssh's exit status when it reached no machine, so no command was run: a busy one answers later."""
PAIR = """
from datetime import UTC, datetime
from pathlib import Path
from station.app.access.roles import Role, hash_of, new_token, pair
from station.clock import SystemClock
from station.config import load
from station.store import Store
token = new_token()
with Store.open(Path(load(Path("/etc/station.toml")).store.path), clock=SystemClock()) as store:
    pair(store, datetime.now(UTC), hash_of(token), "Test", Role.OWNER, None)
print(token)
"""
"""Pairs a browser as the owner's, without the board, while the station is stopped."""
LET_IN = f"{IN_FOLDER} /opt/station/.venv/bin/python -c {shlex.quote(PAIR)}"


class MachineError(Exception):
    """A command on the machine, or its power switch, has failed."""


@dataclass(frozen=True, slots=True)
class Machine:
    """`ssh`, `cut` and `boot` are local commands; `ssh` gets the command to run on the machine as its last argument."""

    ssh: str
    cut: str | None = None
    boot: str | None = None

    def run(self, command: str, *, limit_s: float = 120, fails: bool = False) -> str:
        """Run a command as root and return its output. Raises MachineError, unless it may fail (`fails`)."""
        return _run([*shlex.split(self.ssh), command], limit_s, fails=fails)

    def send(self, file: Path, to: str) -> None:
        """Copy a file to the machine. Raises MachineError."""
        with file.open("rb") as content:
            _run([*shlex.split(self.ssh), f"cat >{shlex.quote(to)}"], 300, given=content)

    def cut_power(self) -> None:
        _run(shlex.split(self.cut or "false"), 60)

    def restore_power(self) -> None:
        """Restore the power, and return once it has booted; the caller checks whether it answers."""
        _run(shlex.split(self.boot or "false"), 300, fails=True)

    def pair_browser(self) -> str:
        """Pair a browser as the owner's, and return its token; the station is stopped meanwhile."""
        self.run(f"systemctl stop {UNIT}")
        token = self.run(LET_IN).strip()
        self.run(f"systemctl start {UNIT}")
        return token

    def stop_page(self) -> None:
        """Stop the page; its sockets first, because a visitor would restart it."""
        self.run(f"systemctl stop {UNIT}-page-local.socket {UNIT}-page.socket; systemctl stop {UNIT}-page")

    def property(self, name: str, unit: str = UNIT) -> str:
        """A property of a unit, from systemd."""
        return self.run(f"systemctl show {unit} --property {name} --value").strip()

    def processor_s(self, unit: str = UNIT) -> float:
        """The processor time that a unit's process has used since it started."""
        ticks = self.run(f"cut -d' ' -f14,15 /proc/$(systemctl show {unit} -p MainPID --value)/stat; getconf CLK_TCK")
        user, system, per_s = map(int, ticks.split())
        return (user + system) / per_s

    def wakeups(self, unit: str = UNIT) -> int:
        """How often the threads of a unit's process have woken up since they started."""
        counted = "/^voluntary_ctxt_switches:/ {sum += $2} END {print sum}"
        return int(self.run(f"awk '{counted}' /proc/$(systemctl show {unit} -p MainPID --value)/task/*/status"))

    def memory_mb(self, unit: str = UNIT) -> float:
        """The memory of a unit's process with its share of shared memory (PSS)."""
        found = self.run(f"grep ^Pss: /proc/$(systemctl show {unit} -p MainPID --value)/smaps_rollup")
        return int(found.split()[1]) * 1024 / 1e6

    def start_s(self) -> float:
        """How long the station's last start took until it was ready."""
        began_us, ready_us = (
            int(self.property(name)) for name in ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
        )
        return (ready_us - began_us) / 1e6


def _run(words: list[str], limit_s: float, *, fails: bool = False, given: IO[bytes] | None = None) -> str:
    for _ in range(ASKED_TIMES):
        try:
            done = subprocess.run(words, stdin=given, capture_output=True, text=True, timeout=limit_s, check=False)
        except subprocess.TimeoutExpired as error:
            raise MachineError(f"{shlex.join(words)} took longer than {limit_s:g} s.") from error
        if done.returncode != NOT_CONNECTED:
            break
    if done.returncode and not fails:
        raise MachineError(f"{shlex.join(words)} has failed ({done.returncode}): {done.stderr.strip()[-300:]}")
    return done.stdout
