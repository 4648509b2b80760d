"""The station on a read-only root file system: the overlay of Raspberry Pi OS, or `ro` in fstab."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.bench.start import first_page_s
from tests.station.process import free_port
from tests.systemd.test_units import PAGE, SERVICE, directives
from tests.tree import ROOT

IN_NAMESPACE = """
mount --make-rprivate /
mount --bind "$DATA" "$DATA"
mkdir "$TMPDIR" && mount -t tmpfs tmpfs "$TMPDIR" || exit 77
mount -o remount,bind,ro / && ! touch "$PWD/.station-writes" 2>/dev/null || exit 77
exec "$@"
"""
"""Only the data directory is writable; temporary files are in memory, like those of the units."""
NOT_POSSIBLE = 77


def test_units_write_in_their_own_directories_alone() -> None:
    """The station only writes in the directories that systemd makes for it, so all others may be read-only."""
    board, page = directives(SERVICE), directives(PAGE)
    assert board["Service.ProtectSystem"] == page["Service.ProtectSystem"] == ["strict"]
    for unit in (board, page):
        assert "Service.ReadWritePaths" not in unit
        assert unit["Service.PrivateTmp"] == ["yes"]
    assert (board["Service.StateDirectory"], page["Service.CacheDirectory"]) == (["station"], ["station-page"])
    assert board["Service.WorkingDirectory"] == ["%S/station"]
    assert {"LG_WD=%S/station", "HOME=%S/station"} <= set(board["Service.Environment"][0].split())


def test_station_runs_where_only_its_data_can_be_written() -> None:
    """Both processes start, serve the page and store, and nothing in the log is about a failed write."""
    if os.geteuid() or shutil.which("unshare") is None:
        pytest.skip("a mount namespace needs root and unshare")
    data = Path("/var/tmp") / f"station-read-only-root-{os.getpid()}"
    data.mkdir()
    try:
        port = free_port()
        (data / "station.toml").write_text(
            f'[board]\nsimulated = true\n[page]\nport = {port}\n[store]\npath = "{data / "station.db"}"\n'
        )
        began = time.monotonic()
        process = subprocess.Popen(
            (
                *("unshare", "--mount", "sh", "-c", IN_NAMESPACE, "sh"),
                *(sys.executable, "-m", "station.cli", "run", "--config", data / "station.toml"),
            ),
            cwd=ROOT,
            env=os.environ | {"DATA": str(data), "TMPDIR": str(data / "memory")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            if process.poll() == NOT_POSSIBLE:
                pytest.skip("this machine does not remount its root in a namespace")
            first_page_s(port, began)
        finally:
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=30)
        assert said == ""
        assert process.returncode == 0
        assert (data / "station.db").stat().st_size > 0
    finally:
        shutil.rmtree(data)
