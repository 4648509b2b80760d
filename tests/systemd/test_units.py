"""The units start the program as it is, watch it, and let it write where it must."""

from __future__ import annotations

import ipaddress
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from hardware import pins
from station.cli.health import LOCAL_PORT
from station.cli.main import main
from station.config import Config, PageConfig
from station.network import HTTP_PORT, HTTPS_PORT, NETWORK_REQUEST, SHOWN_NETWORK_FILES
from station.system.home_network import ENCRYPTED_SOCKET, LOCAL_SOCKET, PAGE_SERVICE, PLAIN_SOCKET
from tests.bench.exposure import SERVICES, exposure
from tests.pi.machine import CHECK
from tests.tree import ROOT
from web.server.listeners import PLAIN_NAME

SERVICE = ROOT / "systemd" / "station.service"
PAGE = ROOT / "systemd" / "station-page.service"
MOST_EXPOSED = 0.8
LOCAL = ROOT / "systemd" / LOCAL_SOCKET
UNITS = sorted(unit for unit in (ROOT / "systemd").glob("station*.*") if unit.suffix != ".toml")


def directives(unit: Path) -> dict[str, list[str]]:
    """The directives of a unit file as `Section.Name`, each with its values in order."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in unit.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith(("#", ";")):
            name, equals, value = line.partition("=")
            assert equals, f"{unit.name}: {line}"
            found.setdefault(f"{section}.{name}", []).append(value)
    return found


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("this machine has no systemd-analyze")
    return found


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: str(service.stem))
def test_exposure_is_small(analyze: str, service: Path) -> None:
    """By systemd's own score of the sandbox; 10 means no sandbox."""
    assert exposure(service) <= MOST_EXPOSED


@pytest.mark.parametrize("service", [SERVICE, PAGE], ids=lambda service: service.stem)
def test_sandbox_is_closed(service: Path) -> None:
    """Each line of the sandbox, even on a machine without systemd."""
    unit = {name.partition(".")[2]: values for name, values in directives(service).items()}
    for name in ("PrivateTmp", "PrivateUsers", "NoNewPrivileges", "MemoryDenyWriteExecute", "RestrictNamespaces"):
        assert unit[name] == ["yes"]
    assert (unit["ProtectSystem"], unit["CapabilityBoundingSet"], unit["DevicePolicy"]) == (
        ["strict"],
        [""],
        ["closed"],
    )
    assert unit["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    assert unit["IPAddressDeny"] == ["any"]


def test_board_has_its_devices_and_no_network() -> None:
    """The devices are named by path, so that they match emulated ones too; gpiozero needs the whole of /proc."""
    unit = directives(SERVICE)
    assert unit["Service.PrivateNetwork"] == ["yes"]
    assert unit["Service.RestrictAddressFamilies"] == ["AF_UNIX"]
    assert [one.split() for one in unit["Service.DeviceAllow"]] == [
        [f"/dev/{name}", "rw"] for name in ("gpiochip0", "gpiochip4", f"i2c-{pins.I2C_BUS}", "spidev0.0")
    ]
    assert "Service.ProcSubset" not in unit


def test_page_sees_a_new_name_of_the_machine() -> None:
    """With ProtectHostname it would have a copy of the name, which `hostnamectl` does not change (systemd.exec)."""
    assert "Service.ProtectHostname" not in directives(PAGE)


def test_page_has_no_device_and_reads_the_store() -> None:
    """As a member of the board's group it sees the board's folder read-only, and it cannot open a network socket."""
    unit = directives(PAGE)
    board = directives(SERVICE)
    assert unit["Service.PrivateDevices"] == ["yes"]
    assert unit["Service.Group"] == board["Service.User"] != unit["Service.User"]
    assert board["Service.UMask"] == ["0027"]
    users = (ROOT / "systemd" / "sysusers.conf").read_text(encoding="utf-8")
    assert [line.split()[1] for line in users.splitlines() if line.startswith("u ")] == [
        board["Service.User"][0],
        unit["Service.User"][0],
    ]
    assert "Service.DeviceAllow" not in unit
    assert "Service.StateDirectory" not in unit
    assert unit["Service.BindReadOnlyPaths"] == ["%S/station"]
    assert unit["Service.RestrictAddressFamilies"] == ["AF_UNIX"]
    assert unit["Unit.Wants"] == [f"station.service {LOCAL.name}"]
    assert unit["Service.ExecStart"] == ["/opt/station/.venv/bin/station page --config /etc/station.toml"]
    assert (unit["Service.Type"], unit["Service.WatchdogSec"]) == (["notify"], ["10"])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.name))
def test_systemd_reads_the_unit(analyze: str, tmp_path: Path, unit: Path) -> None:
    """systemd itself, if installed, finds no fault with it among the others."""
    for one in UNITS:
        text = re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", one.read_text(encoding="utf-8"))
        (tmp_path / one.name).write_text(text, encoding="utf-8")
    done = subprocess.run((analyze, "verify", str(tmp_path / unit.name)), capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if any(one.name in line for one in UNITS)] == []


def test_sockets_are_those_that_the_commands_switch_and_the_page_knows() -> None:
    """Port 80 plain and port 443 encrypted, by the names that the page tells them apart by, for the page's service.

    Each takes private addresses alone, the one for this machine only this machine's.
    """
    plain, encrypted, local = (
        directives(unit)
        for unit in (ROOT / "systemd" / name for name in (PLAIN_SOCKET, ENCRYPTED_SOCKET, LOCAL_SOCKET))
    )
    assert local["Socket.ListenStream"] == [f"{PageConfig().host}:{PageConfig().port}"]
    assert PageConfig().port == LOCAL_PORT
    assert local["Socket.FileDescriptorName"] == [PLAIN_NAME]
    assert local["Socket.IPAddressAllow"] == ["localhost"]
    for socket in (plain, encrypted):
        addresses = socket["Socket.IPAddressAllow"][0].split()
        assert addresses[:2] == ["localhost", "link-local"]
        assert all(ipaddress.ip_network(one).is_private for one in addresses[2:])
    assert plain["Socket.ListenStream"] == [f"0.0.0.0:{HTTP_PORT}"]
    assert encrypted["Socket.ListenStream"] == [f"0.0.0.0:{HTTPS_PORT}"]
    assert plain["Socket.FileDescriptorName"] == [PLAIN_NAME]
    assert encrypted["Socket.FileDescriptorName"] != [PLAIN_NAME]
    for socket in (plain, encrypted, local):
        assert socket["Socket.IPAddressDeny"] == ["any"]
        assert socket["Socket.Service"] == [PAGE_SERVICE] == [PAGE.name]
        assert "Socket.Accept" not in socket


def test_path_unit_watches_the_file_that_the_page_writes() -> None:
    (watched,) = directives(ROOT / "systemd" / "station-network.path")["Path.PathExists"]
    assert watched.replace("%S", "/var/lib") == str(Path(Config().store.path).parent / NETWORK_REQUEST)


def test_renewal_sees_the_addresses_of_the_machine_without_a_network() -> None:
    found = directives(ROOT / "systemd" / "station-tls.service")
    assert found["Service.PrivateNetwork"] == ["yes"]
    assert found["Service.BindReadOnlyPaths"] == [f"/proc/1/net:/{SHOWN_NETWORK_FILES}"]


@pytest.mark.parametrize("name", ["station-network.service", "station-tls.service"])
def test_units_of_root_run_commands_that_exist(name: str) -> None:
    """Each with the documented file, and with valid arguments."""
    words = directives(ROOT / "systemd" / name)["Service.ExecStart"][0].split()
    assert words[3:] == ["--config", "/etc/station.toml"]
    what = next(one for one in main.commands[words[1]].params if one.name == "what")
    assert words[2] in what.type.choices  # type: ignore[attr-defined]  # a choice has them


def test_the_service_is_watched_and_comes_back() -> None:
    """systemd waits until the station is ready, watches its loop, and restarts it after a failure."""
    unit = directives(SERVICE)
    assert unit["Service.Type"] == ["notify"]
    assert unit["Service.WatchdogSec"] == ["10"]
    assert unit["Service.Restart"] == ["on-failure"]
    assert unit["Unit.StartLimitIntervalSec"] == ["0"]
    assert unit["Service.RestartPreventExitStatus"] == ["78"]


def test_the_service_may_use_the_devices_and_write_its_folder() -> None:
    """It has the groups of the device nodes, and database and lgpio's pipes are in its state directory."""
    unit = directives(SERVICE)
    assert unit["Service.SupplementaryGroups"] == ["gpio i2c spi"]
    folder = f"%S/{unit['Service.StateDirectory'][0]}"
    assert unit["Service.WorkingDirectory"] == [folder]
    assert f"LG_WD={folder}" in unit["Service.Environment"][0].split()
    assert Path(Config().store.path).parent == Path(folder.replace("%S", "/var/lib"))


def test_a_backup_put_back_by_root_belongs_to_the_service(tmp_path: Path) -> None:
    """Before each start everything in the state directory gets the service's user; links are not followed."""
    (command,) = directives(SERVICE)["Service.ExecStartPre"]
    assert command.startswith("-+/bin/chown --recursive ")
    folder, outside = tmp_path / "station", tmp_path / "outside"
    folder.mkdir()
    outside.touch()
    (folder / "station.db").touch()
    (folder / "link").symlink_to(outside)
    owner = 65_533 if os.geteuid() == 0 else os.geteuid()
    words = shlex.split(command.removeprefix("-+").replace("%S", str(tmp_path)).replace("station:station", f"{owner}"))
    subprocess.run(words, check=True)
    assert (folder / "station.db").stat().st_uid == folder.stat().st_uid == owner
    assert outside.stat().st_uid == os.geteuid()


def test_the_service_runs_the_station_with_the_documented_file() -> None:
    """The unit starts `station run` with the file that the instructions make from the example."""
    command = directives(SERVICE)["Service.ExecStart"][0].split()
    assert Path(command[0]).name == "station"
    assert command[1:] == ["run", "--no-page", "--config", "/etc/station.toml"]
    assert "station.toml /etc/station.toml" in (ROOT / "systemd" / "README.md").read_text(encoding="utf-8")


def test_the_check_runs_as_the_service_does() -> None:
    """The instructions' `station check` has the service's user, groups, folder and configuration."""
    text = (ROOT / "systemd" / "README.md").read_text(encoding="utf-8")
    command = text[text.index("systemd-run") :].partition("\n    sudo")[0].replace("\\\n", " ")
    unit = {name.partition(".")[2]: values[0] for name, values in directives(SERVICE).items()}
    said = dict(word.removeprefix("--property=").split("=", 1) for word in shlex.split(command) if "=" in word)
    for name in ("User", "SupplementaryGroups", "StateDirectory"):
        assert said[name] == unit[name]
    folder = unit["WorkingDirectory"].replace("%S", "/var/lib")
    assert said["WorkingDirectory"] == folder
    assert said["--setenv"] == f"LG_WD={folder}"
    assert " ".join(shlex.split(command)[-4:]) == unit["ExecStart"].replace(" run --no-page ", " check ")
    assert shlex.split(CHECK)[-5:-1] == shlex.split(command)[-4:]
