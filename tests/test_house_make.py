"""The Makefile and what it installs."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.tree import ROOT, SHIPPED, tracked

TARGETS = (
    "help",
    "setup",
    "demo",
    "test",
    "lint",
    "bench",
    "look",
    "study",
    "hardware",
    "deb",
    "sbom",
    "release",
    "lock",
    "lock-check",
    "clean",
)
TOP = {
    *("pyproject.toml", "station", "web", "systemd", "hardware", "tests", "Makefile", ".ci", ".gitignore"),
    *("README.md", "LICENSE", "CHANGELOG.md", "DECISIONS.md", "GLOSSARY.md"),
    *("ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSES.md", "EN-303-645.md"),
    *(".github", ".pre-commit-config.yaml"),
    *("requirements.lock", "requirements-dev.lock", "requirements-hardware.lock", "requirements-build.lock", "bench"),
}


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(("make", *arguments), cwd=ROOT, capture_output=True, text=True, check=False)


def test_make_without_target_lists_targets() -> None:
    """`make` alone lists every target with its description."""
    listed = make().stdout
    assert re.findall(r"^  make (\S+) +\S", listed, flags=re.MULTILINE) == list(TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_make_plans_every_target(target: str) -> None:
    """make can plan each target in a fresh clone, without an environment."""
    planned = make("--dry-run", "SYSTEM_PYTHON=python3", "MADE=.venv/never-made", target)
    assert planned.returncode == 0, planned.stderr


def test_ci_runs_make_test() -> None:
    """CI runs `make test` and nothing else."""
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "make test"
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_setup_refuses_an_old_python_with_a_sentence(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\ncase "$2" in *"%d.%d"*) echo 3.9;; *maxsize*) ;; *) exit 1;; esac\n', encoding="utf-8")
    old.chmod(0o755)
    refused = make(f"SYSTEM_PYTHON={old}", "setup")
    assert refused.returncode != 0
    assert "needs Python 3.11 or later" in refused.stderr


def test_setup_detects_a_raspberry_pi_by_its_model(tmp_path: Path) -> None:
    """On a Raspberry Pi (the device tree's text ends in a zero byte) lgpio comes from Debian's package."""
    model = tmp_path / "model"
    model.write_bytes(b"Raspberry Pi 4 Model B Rev 1.4\0")
    planned = ("--dry-run", "SYSTEM_PYTHON=python3", "MADE=.venv/never-made", "setup")
    on_a_pi = make(f"PI_MODEL={model}", *planned).stdout
    assert "--system-site-packages" in on_a_pi
    assert "python3-lgpio" in on_a_pi
    assert "--system-site-packages" not in make(f"PI_MODEL={tmp_path / 'none'}", *planned).stdout


def test_top_level_has_only_known_entries() -> None:
    assert {name.partition("/")[0] for name in tracked()} <= TOP


def test_wheel_contains_every_file(tmp_path: Path) -> None:
    """The wheel has every file of the packages, including templates, catalogue and migrations."""
    build = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation")
    clone = tmp_path / "clone"
    for name in tracked(*SHIPPED, "pyproject.toml", "README.md", "LICENSE"):
        copy = clone / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / name).read_bytes())
    subprocess.run((sys.executable, *build, "--wheel-dir", str(tmp_path), str(clone)), check=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        assert set(tracked("station", "web")) <= set(wheel.namelist())
