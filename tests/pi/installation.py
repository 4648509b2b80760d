"""The installer on a machine without a station: its questions, an update, a bad update, the rollback, removal."""

from __future__ import annotations

import re
import shlex
import subprocess
import tempfile
import time
from pathlib import Path

from station.cli.network import SWITCHED_OFF
from tests.pi.machine import Machine, MachineError
from tests.pi.page import PageError
from tests.pi.rig import Rig

NAME = "slant-board-station"
FOLDER = "/root/station-packages"
KEPT = f"/var/cache/{NAME}"
DATABASE = "/var/lib/station/station.db"
WATCHDOG = "/etc/systemd/system.conf.d/station-watchdog.conf"
INSTALLER = Path(__file__).parents[2] / "systemd" / "install.sh"
FIRST, SECOND = "Ada", "Bea"
"""People added before and after the update."""
INSTALL_LIMIT_S = 1200
ASKED = 300
"""Seconds for `healthy`, twice, and for apt."""
RASPI_CONFIG = """#!/bin/sh
# Answers as a Raspberry Pi does whose buses are off and whose serial console is on, and writes down what it is to do.
case $2 in get_serial_cons) echo 0 ;; get_*) echo 1 ;; *) echo "$@" >>/root/raspi-config.log ;; esac
"""
BROKEN = "\n\ndef open_page(*_: object, **__: object) -> None:\n    raise SystemExit('broken on purpose')\n"
"""Appended to the page's server: makes a version that installs, but whose page never becomes healthy."""


class Packages:
    """The package under test and two later ones made from it: a good one, and one whose page does not start."""

    def __init__(self, machine: Machine, package: Path) -> None:
        self._machine, self._package = machine, package
        self.version = _field(package, "Version")
        self.good, self.bad = f"{self.version}+1", f"{self.version}+2"

    def send(self) -> None:
        """Make them and copy them to the machine, with this checkout's installer."""
        self._machine.run(f"mkdir -p {FOLDER}")
        self._machine.send(INSTALLER, f"{FOLDER}/install.sh")
        self._machine.send(self._package, f"{FOLDER}/{self.version}.deb")
        with tempfile.TemporaryDirectory() as made:
            tree = Path(made) / "tree"
            subprocess.run(("dpkg-deb", "--raw-extract", self._package, tree), check=True)
            for version in (self.good, self.bad):
                for name in ("control", "preinst"):
                    file = tree / "DEBIAN" / name
                    text = file.read_text(encoding="utf-8")
                    file.write_text(re.sub(r"(?<=ersion[:=])( ?)\S+", rf"\g<1>{version}", text, count=1), "utf-8")
                if version == self.bad:
                    server = tree / "opt/station/web/server/__init__.py"
                    server.write_text(server.read_text(encoding="utf-8") + BROKEN, encoding="utf-8")
                made_file = Path(made) / f"{version}.deb"
                build = ("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", tree, made_file)
                subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
                self._machine.send(made_file, f"{FOLDER}/{version}.deb")

    def install(self, version: str, answers: str = "", before: str = "") -> tuple[int, str]:
        """Run the installer with these answers and environment variables; returns its exit status and output."""
        said = self._machine.run(
            f"cd {FOLDER}; printf {shlex.quote(answers)} | {before} sh install.sh {version}.deb 2>&1; echo status $?",
            limit_s=INSTALL_LIMIT_S,
        )
        said, _, status = said.rpartition("status ")
        return int(status), said


def install(rig: Rig, package: Path) -> None:
    """The installer: no to its questions, then yes; running it twice; update, bad update, rollback, removal, purge."""
    packages = Packages(rig.machine, package)
    packages.send()
    rig.machine.run(
        f"printf %s {shlex.quote(RASPI_CONFIG)} >/usr/local/bin/raspi-config; chmod +x /usr/local/bin/raspi-config;"
        f" cd {FOLDER}; apt-get -qq update; apt-get -yqq --download-only install ./{packages.version}.deb 2>&1",
        limit_s=ASKED,
    )
    _first_time(rig, packages)
    _twice(rig, packages)
    rig.page.use_token(rig.machine.pair_browser())
    rig.page.wait_until_up(60)
    rig.page.press("/people", name=FIRST)
    _update(rig, packages)
    _bad_update(rig, packages)
    _way_back(rig, packages)
    _removal(rig, packages)


def _first_time(rig: Rig, packages: Packages) -> None:
    began = time.monotonic()
    status, said = packages.install(packages.version, "n\\n" * 5)
    rig.figures["install_s"] = round(time.monotonic() - began, 1)
    rig.check("a clean machine gets a healthy station", status == 0 and "is running" in said, text=_end(said))
    obeyed = rig.machine.run(f"ls {WATCHDOG} /root/raspi-config.log 2>/dev/null", fails=True).split()
    rig.check("no to every question changes nothing of the machine", obeyed == [], changed=obeyed)
    rig.check("no to the network leaves the page to the machine", not _answers(rig) and SWITCHED_OFF in said)


def _twice(rig: Rig, packages: Packages) -> None:
    before = _state(rig)
    status, said = packages.install(packages.version, "y\\n" * 5)
    done = rig.machine.run(f"cat {WATCHDOG} /root/raspi-config.log 2>/dev/null", fails=True)
    rig.check(
        "yes switches the buses and the machine's watchdog on, and the login at the serial pins off",
        all(one in done for one in ("do_i2c 0", "do_spi 0", "do_serial_cons 1", "RuntimeWatchdogSec"))
        and "sudo reboot" in said,
        text=done,
    )
    after = _state(rig)
    rig.check("twice is once", status == 0 and before == after, before=before, after=after)
    said = rig.machine.run("station network on --config /etc/station.toml")
    rig.check("the page is on the network when it is switched on", _answers(rig), text=said.splitlines()[0])
    rig.machine.run("station network off --config /etc/station.toml")
    rig.check("and on the machine alone when it is switched off", not _answers(rig))
    rig.machine.run("install -d -o station -g station -m 770 /var/lib/station/requests")
    rig.machine.run("echo on >/var/lib/station/requests/network")
    rig.check("the page's own request switches it on again", _eventually_answers(rig))


def _update(rig: Rig, packages: Packages) -> None:
    status, said = packages.install(packages.good)
    rig.check(
        "an update keeps results, access and network",
        status == 0 and _version(rig) == packages.good and FIRST in _people(rig),
        text=_end(said),
    )


def _bad_update(rig: Rig, packages: Packages) -> None:
    rig.page.press("/people", name=SECOND)
    status, said = packages.install(packages.bad)
    rig.check(
        "a version whose page never answers is taken back with a sentence",
        status == 1 and f"back to {packages.good}" in said and f"Version {packages.good} runs again" in said,
        text=_end(said),
    )
    rig.check(
        "the former version runs with its results",
        _version(rig) == packages.good and {FIRST, SECOND} <= _people(rig),
        version=_version(rig),
    )


def _way_back(rig: Rig, packages: Packages) -> None:
    status, said = packages.install(packages.version)
    rig.check(
        "a downgrade is refused with the way to do it, and the station runs on",
        status == 1 and "STATION_DOWNGRADE=restore" in said and _version(rig) == packages.good and _is_up(rig),
        text=_end(said),
    )
    status, said = packages.install(packages.version, before="STATION_DOWNGRADE=restore")
    people = _people(rig)
    kept = rig.machine.run(f"ls {KEPT}/of-{packages.good}", fails=True).split()
    rig.check(
        "a wanted downgrade has the database from before the update, and keeps the other",
        status == 0 and _version(rig) == packages.version and FIRST in people and SECOND not in people and bool(kept),
        text=_end(said),
        people=sorted(people),
        kept=kept,
    )


def _removal(rig: Rig, packages: Packages) -> None:
    said = rig.machine.run(f"apt-get -y remove {NAME} 2>&1", limit_s=ASKED)
    left = rig.machine.run(f"ls -d {DATABASE} /opt/station /usr/local/bin/station 2>/dev/null", fails=True).split()
    rig.check(
        "removal keeps the results and says where",
        left == [DATABASE] and "stay in /var/lib/station" in said and not _answers(rig),
        left=left,
        text=_end(said),
    )
    rig.machine.run(f"apt-get -y purge {NAME} 2>&1", limit_s=ASKED)
    left = rig.machine.run(
        f"ls -d {DATABASE} /etc/station.toml /etc/systemd/system/*/station* 2>/dev/null", fails=True
    ).split()
    rig.check("a purge takes the configuration, and no result", left == [DATABASE], left=left)
    status, said = packages.install(packages.version, "y\\n" * 5)
    rig.check(
        "installed again, it has the results", status == 0 and _answers(rig) and FIRST in _people(rig), text=_end(said)
    )


def _field(package: Path, name: str) -> str:
    return subprocess.run(
        ("dpkg-deb", "--field", package, name), check=True, capture_output=True, text=True
    ).stdout.strip()


def _version(rig: Rig) -> str:
    return rig.machine.run(f"dpkg-query --show --showformat '${{Version}}' {NAME}", fails=True)


def _state(rig: Rig) -> str:
    """What a second installation must not change: unit files, users, enabled units, people in the database."""
    return rig.machine.run(
        "cat /lib/systemd/system/station* /etc/station.toml | sha256sum; getent passwd station station-page;"
        f" systemctl is-enabled station station-page station-network.path; ls {KEPT} | grep deb$;"
        f" stat -c %U:%a {DATABASE}"
    )


def _answers(rig: Rig) -> bool:
    """Whether the page answers from outside."""
    try:
        rig.page.health()
    except PageError:
        return False
    return True


def _eventually_answers(rig: Rig) -> bool:
    try:
        rig.page.wait_until_up(90)
    except PageError:
        return False
    return True


def _is_up(rig: Rig) -> bool:
    try:
        rig.machine.run("station health --config /etc/station.toml --running --wait 60")
    except MachineError:
        return False
    return True


def _people(rig: Rig) -> set[str]:
    """The names on the page, as the paired browser sees them."""
    rig.page.wait_until_up(60)
    return {name for name in (FIRST, SECOND) if name in rig.page.text_of("/people")}


def _end(said: str) -> str:
    return " / ".join(said.strip().splitlines()[-3:])
