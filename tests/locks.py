"""The lock files: list them, write them, and check that they resolve on every supported machine.

python -m tests.locks write    resolve the dependencies of pyproject.toml again
python -m tests.locks check    resolve each lock for each machine, from wheels only
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.11", "3.13")
# Debian 12 has glibc 2.36; what runs there runs on Debian 13.
PLATFORMS = ("x86_64-manylinux_2_36", "aarch64-manylinux_2_36")
WITHOUT_WHEEL = "adafruit-extended-bus"


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file and the part of pyproject.toml that it locks."""

    file: str
    source: tuple[str, ...]


# In this order: each lock is constrained by those before it.
LOCKS = (
    Lock("requirements.lock", ("pyproject.toml",)),
    Lock("requirements-dev.lock", ("pyproject.toml", "--extra", "dev")),
    Lock("requirements-hardware.lock", ("--group", "pyproject.toml:hardware")),
    Lock("requirements-build.lock", ("--group", "pyproject.toml:build")),
)


def pins(file: str) -> list[tuple[Requirement, tuple[str, ...]]]:
    """The pins of a lock, each with the SHA-256 hashes of its allowed files."""
    text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split(" --hash=sha256:") for line in text.splitlines() if line.strip()]
    return [(Requirement(pin), tuple(digest.strip() for digest in digests)) for pin, *digests in lines]


def _resolve(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run uv and return its result; a failure does not raise."""
    command = (sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-config", "--generate-hashes")
    return subprocess.run(
        (*command, "--no-header", "--no-annotate", *arguments), cwd=ROOT, capture_output=True, text=True, check=False
    )


def write() -> str | None:
    """Write every lock. Returns the error text, or `None`."""
    held: list[str] = []
    for lock in LOCKS:
        click.echo(lock.file)
        (ROOT / lock.file).unlink(missing_ok=True)
        done = _resolve(*lock.source, "--universal", "--python-version", PYTHONS[0], *held, "--output-file", lock.file)
        if done.returncode:
            return done.stderr
        held += ["--constraint", lock.file]
    return None


def check() -> str | None:
    """Resolve every lock for every machine. Returns the error text, or `None`."""
    for lock in LOCKS:
        for platform in PLATFORMS:
            for python in PYTHONS:
                machine = ("--python-platform", platform, "--python-version", python)
                wheels = ("--only-binary", ":all:", "--no-binary", WITHOUT_WHEEL)
                done = _resolve(lock.file, *machine, *wheels)
                click.echo(f"{lock.file} {platform} {python} {'fails' if done.returncode else 'resolves'}")
                if done.returncode:
                    return done.stderr
    return None


if __name__ == "__main__":
    sys.exit({"write": write, "check": check}[sys.argv[1]]())
