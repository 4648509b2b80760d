"""`make setup` replaces the environment atomically, or not at all."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.tree import ROOT

LIMIT_S = 20
PYTHON = r"""#!/bin/sh
# A Python whose pip installs in no time. The files `offline` and `slow` beside the Makefile make it fail or wait.
case "$*" in
  *"%d.%d"*) echo 3.11;;
  *sys.maxsize*) test ! -e 32-bit;;
  "-m venv"*) for place; do :; done; mkdir -p "$place/bin"
    rm -f "$place"/bin/* "$place"/made-*; cp "$0" "$place/bin/python"; echo "$*" >> environments;;
  *"pip install"*--editable*)
    if test -e broken; then exit 0; fi
    printf '#!%s/bin/python\n' "$PWD/$(dirname "$(dirname "$0")")" > "$(dirname "$0")/station"
    chmod +x "$(dirname "$0")/station";;
  *"pip install"*) while test -e slow; do sleep 0.05; done; if test -e offline; then echo "no index" >&2; exit 1; fi;;
  */station*) echo "runs in $(dirname "$(dirname "$0")")";;
esac
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the files that `make setup` reads, with its own Python."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-build.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path)
    python = tmp_path / "python"
    python.write_text(PYTHON, encoding="utf-8")
    python.chmod(0o755)
    return tmp_path


def start(tree: Path, *targets: str) -> subprocess.Popen[str]:
    """`make` in a process group of its own."""
    return subprocess.Popen(
        ("make", f"SYSTEM_PYTHON={tree / 'python'}", f"PI_MODEL={tree / 'none'}", *(targets or ("setup",))),
        cwd=tree,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
        env={name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))},
    )


def make(tree: Path, *targets: str) -> subprocess.CompletedProcess[str]:
    with start(tree, *targets) as process:
        out, errors = process.communicate(timeout=LIMIT_S)
    return subprocess.CompletedProcess(process.args, process.returncode, out, errors)


def made(tree: Path) -> int:
    """How many environments make has begun to create."""
    return len((tree / "environments").read_text(encoding="utf-8").splitlines())


def runs(tree: Path) -> str:
    """The installed program's output."""
    return subprocess.run(
        (tree / ".venv" / "bin" / "station",), cwd=tree, capture_output=True, text=True, check=True
    ).stdout.strip()


def outdate(tree: Path) -> None:
    """Change a lock, as an upgrade does."""
    later = time.time() + 2
    os.utime(tree / "requirements.lock", (later, later))


def wait_until_begun(tree: Path, environments: int) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not (tree / "environments").exists() or made(tree) < environments:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_setup_is_done_once(tree: Path) -> None:
    assert make(tree).returncode == 0
    assert runs(tree) == f"runs in {tree}/.venv-a"
    assert make(tree).returncode == 0
    assert made(tree) == 1


def test_failed_upgrade_leaves_the_station_as_it_was(tree: Path) -> None:
    """Without a package index an upgrade fails; the station still runs, and the next upgrade succeeds."""
    make(tree)
    outdate(tree)
    (tree / "offline").touch()
    for _ in range(2):
        failed = make(tree)
        assert failed.returncode != 0
        assert "no index" in failed.stderr
        assert runs(tree) == f"runs in {tree}/.venv-a"
    (tree / "offline").unlink()
    assert make(tree).returncode == 0
    assert runs(tree) == f"runs in {tree}/.venv-b"


def test_broken_environment_is_not_activated(tree: Path) -> None:
    make(tree)
    outdate(tree)
    (tree / "broken").touch()
    failed = make(tree)
    assert failed.returncode != 0
    assert "does not work, so the former one stays" in failed.stderr
    assert runs(tree) == f"runs in {tree}/.venv-a"


def test_upgrade_keeps_the_former_environment(tree: Path) -> None:
    """A station running during the upgrade still finds its modules."""
    make(tree)
    outdate(tree)
    make(tree)
    assert runs(tree) == f"runs in {tree}/.venv-b"
    assert (tree / ".venv-a" / "bin" / "station").exists()


def test_interrupted_setup_is_repeated(tree: Path) -> None:
    """A power cut during an upgrade leaves the former environment; the next make starts again."""
    make(tree)
    outdate(tree)
    (tree / "slow").touch()
    with start(tree) as process:
        wait_until_begun(tree, 2)
        os.killpg(process.pid, signal.SIGKILL)
    assert runs(tree) == f"runs in {tree}/.venv-a"
    (tree / "slow").unlink()
    assert make(tree).returncode == 0
    assert runs(tree) == f"runs in {tree}/.venv-b"


def test_concurrent_makes_create_one_environment(tree: Path) -> None:
    (tree / "slow").touch()
    with start(tree) as first:
        wait_until_begun(tree, 1)
        with start(tree) as second:
            assert second.stdout is not None
            assert "waiting for it" in second.stdout.readline()
            (tree / "slow").unlink()
            said = [process.communicate(timeout=LIMIT_S)[0] for process in (first, second)]
            assert [first.returncode, second.returncode] == [0, 0]
    assert made(tree) == 1
    assert not any("waiting for it" in text for text in said)
    assert runs(tree) == f"runs in {tree}/.venv-a"


@pytest.mark.parametrize("lost", ["bin/station", "bin/python"])
def test_damaged_environment_with_a_stamp_is_recreated(tree: Path, lost: str) -> None:
    make(tree)
    (tree / ".venv" / lost).unlink()
    assert make(tree).returncode == 0
    assert runs(tree) == f"runs in {tree}/.venv-b"


def test_environment_in_a_directory_is_replaced(tree: Path) -> None:
    """A `.venv` that is itself the environment is replaced like any other."""
    (tree / ".venv" / "bin").mkdir(parents=True)
    (tree / ".venv" / "made-3.11").touch()
    assert make(tree).returncode == 0
    assert (tree / ".venv").is_symlink()
    assert runs(tree) == f"runs in {tree}/.venv-a"


def test_development_environment_follows_the_new_one(tree: Path) -> None:
    assert make(tree, "setup-dev").returncode == 0
    assert (tree / ".venv" / "made-3.11-dev").exists()
    assert made(tree) == 1


def test_clean_removes_every_environment(tree: Path) -> None:
    for package in ("station", "web", "hardware", "tests"):
        (tree / package).mkdir()
    make(tree)
    outdate(tree)
    make(tree)
    assert make(tree, "clean").returncode == 0
    assert [path.name for path in tree.glob(".venv*")] == []


def test_setup_refuses_a_32_bit_system_before_anything_else(tree: Path) -> None:
    """Some packages exist for 64-bit systems only."""
    (tree / "32-bit").touch()
    refused = make(tree)
    assert refused.returncode != 0
    assert "needs a 64-bit system" in refused.stderr
    assert "Raspberry Pi OS (64-bit)" in refused.stderr
    assert not (tree / "environments").exists()
