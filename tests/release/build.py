"""Build a release from a clean, tagged commit into a folder, reproducibly."""

from __future__ import annotations

import gzip
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.release.licences import copyright_file
from tests.release.sbom import sbom
from tests.tree import ROOT

NAME = "slant-board-station"
ARCHITECTURES = ("arm64", "all")
SUMS = "SHA256SUMS"


class ReleaseError(Exception):
    """This commit cannot be released. The text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Release:
    """A commit that can be released."""

    version: str
    commit: str
    at: int
    """The time of the commit, in seconds since 1970."""
    notes: str
    """The changes, from CHANGELOG.md."""


def git(root: Path, *arguments: str) -> str:
    """The output of git. Raises `CalledProcessError`."""
    return subprocess.run(("git", *arguments), cwd=root, capture_output=True, text=True, check=True).stdout.strip()


def notes_of(changelog: str, version: str) -> str | None:
    """The dated section of a version in a changelog, without its heading, or `None`."""
    heading = rf"^## {re.escape(version)}, \d{{4}}-\d\d-\d\d\n"
    found = re.search(rf"{heading}(.*?)(?=^## |\Z)", changelog, flags=re.MULTILINE | re.DOTALL)
    return found[1].strip() + "\n" if found else None


def check(root: Path = ROOT) -> Release:
    """The release of the commit in `root`. Raises `ReleaseError` if it is not clean, tagged and described."""
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if changed := git(root, "status", "--porcelain").splitlines():
        raise ReleaseError(
            f"Commit or remove what is not committed: {', '.join(line.split()[-1] for line in changed[:5])}."
        )
    if version not in git(root, "tag", "--points-at", "HEAD").splitlines():
        raise ReleaseError(f"This commit has no tag {version}: type git tag --annotate {version}.")
    notes = notes_of((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    if not notes:
        raise ReleaseError(f'CHANGELOG.md has no section "## {version}, DATE": say there what changed.')
    return Release(version, git(root, "rev-parse", "HEAD"), int(git(root, "log", "-1", "--format=%ct")), notes)


def write_papers(folder: Path) -> None:
    """Write the licence texts and the SBOM of the last commit, as in the package."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "copyright").write_text(copyright_file(), encoding="utf-8")
    (folder / "sbom.cdx.json").write_text(sbom_of_head(), encoding="utf-8")


def sbom_of_head() -> str:
    """The SBOM of the last commit."""
    return sbom(git(ROOT, "rev-parse", "HEAD"), int(git(ROOT, "log", "-1", "--format=%ct")))


def sign_sums(folder: Path, command: str) -> None:
    """Sign the checksums in a folder: the file's name follows the command. Raises `CalledProcessError`."""
    subprocess.run((*shlex.split(command), SUMS), cwd=folder, check=True)


def build(release: Release, into: Path, sign: str | None = None) -> list[Path]:
    """Write source archive, packages, SBOM, notes and checksums; sign the checksums with a command, if one is given.

    Raises `CalledProcessError` if a package cannot be built or the command fails.
    """
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    stem = f"{NAME}-{release.version}"
    archive = subprocess.run(
        ("git", "-c", "tar.umask=022", "archive", "--format=tar", f"--prefix={stem}/", release.commit),
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    (into / f"{stem}.tar.gz").write_bytes(gzip.compress(archive, mtime=0))
    (into / f"{stem}.cdx.json").write_text(sbom(release.commit, release.at), encoding="utf-8")
    (into / "RELEASE-NOTES.md").write_text(f"# {release.version}\n\n{release.notes}", encoding="utf-8")
    shutil.copyfile(ROOT / "systemd" / "install.sh", into / "install.sh")
    variables = {"BUILD": str(into), "PYTHON": sys.executable, "SOURCE_DATE_EPOCH": str(release.at)}
    for architecture in ARCHITECTURES:
        script = ("sh", "systemd/package/build.sh", architecture)
        subprocess.run(script, cwd=ROOT, env=os.environ | variables, check=True)
    shutil.rmtree(into / "deb")
    made = sorted(into.iterdir())
    sums = "".join(f"{sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in made)
    (into / SUMS).write_text(sums, encoding="ascii")
    if sign:
        sign_sums(into, sign)
    return sorted(into.iterdir())
