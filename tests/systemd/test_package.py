"""The Debian package and its installer: contents, refusals and messages."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tomllib
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "systemd" / "package"
INSTALLER = ROOT / "systemd" / "install.sh"
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **variables},
    )


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package without wheels, built from the last commit."""
    folder = tmp_path_factory.mktemp("package")
    done = run("sh", PACKAGE / "build.sh", "all", BUILD=str(folder), PYTHON=sys.executable)
    assert done.returncode == 0, done.stderr
    return folder / f"slant-board-station_{VERSION}_all.deb"


@pytest.mark.parametrize("name", [*SCRIPTS, "build.sh", "../install.sh"])
def test_scripts_have_no_syntax_error(name: str) -> None:
    """Debian's own shell parses them."""
    assert run("sh", "-n", PACKAGE / name).stderr == ""


def test_package_says_what_it_is(package: Path) -> None:
    """Its version is the program's; no placeholder is left."""
    fields = run("dpkg-deb", "--field", package).stdout
    assert f"Version: {VERSION}\n" in fields
    assert "Package: slant-board-station\n" in fields
    assert "@" not in fields


def test_package_has_the_program_and_no_more(package: Path) -> None:
    """The station, its page, its units and its configuration; no tests, no caches, no environment of the builder."""
    archive = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        names = {Path(name) for name in files.getnames()}
    assert {
        Path("opt/station/station/cli/main.py"),
        Path("opt/station/web/templates/today.html"),
        Path("opt/station/hardware/pins.py"),
        Path("opt/station/Makefile"),
        Path("opt/station/systemd/install.sh"),
        Path("etc/station.toml"),
        Path("usr/lib/sysusers.d/station.conf"),
        *(
            Path("lib/systemd/system") / unit.name
            for kind in ("service", "socket", "path", "timer")
            for unit in (ROOT / "systemd").glob(f"*.{kind}")
        ),
    } <= names
    parts = {part for name in names for part in name.parts}
    assert not parts & {"tests", ".git", ".venv", "__pycache__", "package", "workshop"}


def test_downgrade_is_refused_with_a_sentence(package: Path, tmp_path: Path) -> None:
    """The database may be of the newer program; with the right argument the installer restores the backup."""
    run("dpkg-deb", "--control", package, tmp_path)
    refused = run("sh", tmp_path / "preinst", "upgrade", "99.0")
    assert refused.returncode == 1
    assert f"Version 99.0 is installed, and {VERSION} is older" in refused.stderr
    assert "STATION_DOWNGRADE=restore" in refused.stderr
    assert run("sh", tmp_path / "preinst", "upgrade", "99.0", STATION_DOWNGRADE="restore").returncode == 0
    assert run("sh", tmp_path / "preinst", "upgrade", VERSION).returncode == 0
    assert run("sh", tmp_path / "preinst", "install").returncode == 0


def test_unknown_architecture_is_refused() -> None:
    """A package that no machine could install is not built."""
    done = run("sh", PACKAGE / "build.sh", "armhf")
    assert (done.returncode, done.stderr) == (2, "There is no package for armhf: choose all, arm64 or amd64.\n")


def test_installer_refuses_with_one_sentence(package: Path, tmp_path: Path) -> None:
    """No file, no package, a file that is not a package: nothing is changed."""
    cut = tmp_path / "cut.deb"
    cut.write_bytes(package.read_bytes()[:1000])
    for arguments, says in (
        ((), "Which package?"),
        (("nowhere.deb",), "There is no file nowhere.deb"),
        ((cut,), "is not a Debian package" if is_root() else "Only root can install"),
    ):
        done = run("sh", INSTALLER, *arguments)
        assert done.returncode == 1
        assert says in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_installer_refuses_a_package_that_the_checksums_do_not_name(package: Path, tmp_path: Path) -> None:
    """With the release's SHA256SUMS beside it: a damaged file, and one that is not listed."""
    copy = tmp_path / package.name
    copy.write_bytes(package.read_bytes())
    sums = tmp_path / "SHA256SUMS"
    digest = sha256(copy.read_bytes()).hexdigest()
    for text, is_refused in (
        (f"{digest}  {copy.name}\n", False),
        (f"{'0' * 64}  {copy.name}\n", True),
        (f"{digest}  other.deb\n", True),
    ):
        sums.write_text(text, encoding="ascii")
        # A machine of 32 bits ends the installer before it changes anything.
        done = run("sh", INSTALLER, copy, PATH=f"{foreign_machine(tmp_path)}:/usr/sbin:/usr/bin:/sbin:/bin")
        assert done.returncode == 1
        assert ("is not the file that SHA256SUMS names" in done.stderr) == is_refused


@pytest.mark.skipif(not (which("gpg") and which("gpgv")), reason="GnuPG signs a release, and checks it")
def test_installer_with_the_key_of_the_releases_takes_no_other_package(package: Path, tmp_path: Path) -> None:
    """Neither an unsigned one nor one changed after it was signed."""
    copy, sums, key = tmp_path / package.name, tmp_path / "SHA256SUMS", tmp_path / "release-key.gpg"
    copy.write_bytes(package.read_bytes())
    sums.write_text(f"{sha256(copy.read_bytes()).hexdigest()}  {copy.name}\n", encoding="ascii")
    signature = tmp_path / "SHA256SUMS.asc"
    is_refused = []
    with TemporaryDirectory() as home:  # a short path, for the socket of GnuPG's agent
        gpg = ("gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", "")
        run(*gpg, "--quick-generate-key", "releases", "ed25519", "sign", "never")
        run(*gpg, "--output", key, "--export", "releases")
        for prepare in (
            lambda: None,
            lambda: run(*gpg, "--output", signature, "--armor", "--detach-sign", sums),
            lambda: sums.write_text(sums.read_text(encoding="ascii") + "\n", encoding="ascii"),
        ):
            prepare()
            # On a 32-bit machine the installer ends before it changes anything.
            path = f"{foreign_machine(tmp_path)}:/usr/sbin:/usr/bin:/sbin:/bin"
            done = run("sh", INSTALLER, copy, PATH=path, STATION_RELEASE_KEY=str(key))
            is_refused.append("is not signed (SHA256SUMS.asc) by the key" in done.stderr)
        run("gpgconf", "--homedir", home, "--kill", "gpg-agent")
    assert is_refused == [True, False, True]


def foreign_machine(tmp_path: Path) -> Path:
    """A folder with a `getconf` that reports 32 bits, so that the installer refuses the machine."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "getconf").write_text("#!/bin/sh\necho 32\n", encoding="utf-8")
    (folder / "getconf").chmod(0o755)
    return folder


def test_package_has_the_papers(package: Path, tmp_path: Path) -> None:
    """The licence texts of all parts and the SBOM, for the same version; times are those of the commit."""
    run("dpkg-deb", "--extract", package, tmp_path)
    papers = tmp_path / "usr/share/doc/slant-board-station"
    assert "gpiozero" in (papers / "copyright").read_text(encoding="utf-8")
    bom = json.loads((papers / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert bom["metadata"]["component"]["version"] == VERSION
    committed = int(run("git", "log", "-1", "--format=%ct").stdout)
    assert {int(file.stat().st_mtime) for file in (papers / "copyright", tmp_path / "etc/station.toml")} == {committed}


def is_root() -> bool:
    return run("id", "-u").stdout.strip() == "0"
