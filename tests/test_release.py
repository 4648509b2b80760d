"""Licences of all parts, SBOM, and what a release refuses; the version is the same everywhere."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from datetime import UTC, date, datetime
from fnmatch import fnmatch
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema_rs import Draft7Validator, Registry
from packaging.utils import canonicalize_name

from station.cli.main import main
from station.version import APP_VERSION
from tests.locks import pins
from tests.release import parts
from tests.release.build import SUMS, ReleaseError, check, git, notes_of, sign_sums
from tests.release.licences import PAGE, copyright_file, page
from tests.release.sbom import sbom
from tests.tree import ROOT, tracked
from web.pages.about import LIBRARIES

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
MEDIA = re.compile(
    r"\.(mp3|ogg|wav|png|ico|jpg|gif|woff2?|ttf|otf|gz|xz|zip|pdf)$|\.min\.js$|^tests/recordings/.*\.csv$"
)
"""Files that are not written by hand, and so may be somebody else's work."""


@cache
def document() -> dict[str, Any]:
    """The SBOM for a made-up commit."""
    made: dict[str, Any] = json.loads(sbom("0" * 40, 1_795_953_600))
    return made


def components(within: dict[str, Any]) -> list[dict[str, Any]]:
    """All components, including nested ones."""
    return [one for given in within.get("components", ()) for one in (given, *components(given))]


# Licences


def test_every_python_part_has_a_compatible_licence() -> None:
    """A dependency with an unread or incompatible licence cannot be added."""
    assert {part.name: part.licence for part in parts.python_parts() if not parts.is_compatible(part.licence)} == {}


def test_unknown_dependency_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A package in the lock without a line in the list."""
    lock = tmp_path / "more.lock"
    lock.write_text(f"stranger==1.0 \\\n    --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    monkeypatch.setattr(parts, "SHIPPED_LOCKS", (*parts.SHIPPED_LOCKS, str(lock)))
    with pytest.raises(parts.PartError, match=r"No licence is known of stranger: add it to tests/release/parts\.toml"):
        parts.python_parts()


@pytest.mark.parametrize("expression", ["GPL-3.0-only", "MIT AND GPL-2.0-only", "LGPL-2.1-or-later", ""])
def test_other_licences_do_not_fit(expression: str) -> None:
    assert not parts.is_compatible(expression)


@pytest.mark.parametrize("expression", ["MIT", "GPL-2.0-only OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0"])
def test_one_compatible_alternative_is_enough(expression: str) -> None:
    assert parts.is_compatible(expression)


def test_list_has_no_removed_part() -> None:
    locked = {canonicalize_name(pin.name) for file in parts.SHIPPED_LOCKS for pin, _ in pins(file)}
    assert parts.listed()["python"].keys() == locked


def test_list_agrees_with_what_the_packages_say() -> None:
    """If a package states an SPDX expression, the list has the same; otherwise its text must not contradict it."""
    for part in parts.python_parts():
        said = parts.installed(part).metadata
        expression = "".join(said.get_all("License-Expression") or ())
        if expression:
            assert expression == part.licence, part.name
        words = " ".join((*(said.get_all("License") or ()), *(said.get_all("Classifier") or ())))
        assert re.search(part.licence.partition("-")[0], f"{expression} {words} {parts.licence_texts(part)}"), part.name
        assert not re.search(r"\bA?GPL|General Public", words), part.name


def test_libraries_in_wheels_are_compatible() -> None:
    """Including the libraries that a wheel itself lists."""
    inside = parts.inside_parts()
    assert {f"{one.of}: {one.name}": one.licence for one in inside if not parts.is_compatible(one.licence)} == {}
    assert {one.of for one in inside} <= {part.name for part in parts.python_parts()}


def test_every_compiled_package_is_examined() -> None:
    """A wheel with compiled code may carry libraries: each is in the list, or known to carry none."""
    none = {"markupsafe", "msgspec", "setuptools", "sqlalchemy", "sysv-ipc"}
    compiled = {
        part.name
        for part in parts.python_parts()
        if any(file.suffix == ".so" for file in parts.installed(part).files or ())
    }
    assert compiled <= none | {one.of for one in parts.inside_parts()}


def test_every_file_made_elsewhere_has_a_licence() -> None:
    """Other people's sounds, pictures, recordings and scripts: each is listed, and each row has files and a text."""
    rows = parts.files()
    assert [row.name for row in rows if not parts.is_compatible(row.licence)] == []
    assert [row.name for row in rows if not (ROOT / row.text).exists()] == []
    media = [name for name in tracked() if MEDIA.search(name)]
    patterns = [pattern for row in rows for pattern in row.files]
    assert [name for name in media if not any(fnmatch(name, pattern) for pattern in patterns)] == []
    assert [pattern for pattern in patterns if not any(fnmatch(name, pattern) for name in tracked())] == []


def test_debian_packages_are_those_of_the_control_file() -> None:
    control = (ROOT / "systemd" / "package" / "control").read_text(encoding="utf-8")
    named = re.findall(r"^(?:Depends|Recommends): (.*)$", control, flags=re.MULTILINE)
    assert {one.split()[0] for line in named for one in line.split(", ")} == parts.debian_parts().keys()


def test_licences_page_is_up_to_date() -> None:
    """`python -m tests.release licences` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_copyright_file_has_the_text_of_each_part() -> None:
    text = copyright_file()
    assert [part.name for part in parts.python_parts() if f"{part.name} {part.version}" not in text] == []
    assert text.count("Permission is hereby granted") > 10
    assert "Chris Liechti" in text
    assert "Anthony Green" in text
    assert "SortableJS:\n\nMIT License" in text


def test_about_page_names_the_licences_of_the_list() -> None:
    known = {part.name: part.licence for part in parts.python_parts()} | {
        row.name.lower(): row.licence.replace(" AND ", ", ") for row in parts.files()
    }
    for names, licence, _ in LIBRARIES:
        for name in names.lower().replace("jinja", "jinja2").split(", "):
            assert known[name] == licence, name


# SBOM


def test_sbom_is_valid() -> None:
    """Against the CycloneDX schema that comes with the library, without a network."""
    folder = files("cyclonedx.schema") / "_res"
    names = [f"{name}.SNAPSHOT.schema.json" for name in ("bom-1.6", "spdx", "jsf-0.82")]
    schema, *others = (
        (f"http://cyclonedx.org/schema/{name}", json.loads((folder / name).read_text(encoding="utf-8")))
        for name in names
    )
    validator = Draft7Validator(schema[1], registry=Registry(others), offline=True)
    assert [error.message for error in validator.iter_errors(document())] == []
    assert [error.message for error in validator.iter_errors({**document(), "components": [{"name": 1}]})] != []


def test_sbom_has_every_locked_package_with_its_hashes() -> None:
    """Name, version, purl and licence of each, and the hashes of the lock."""
    found = {one["purl"]: one for one in document()["components"] if one["purl"].startswith("pkg:pypi/")}
    assert len(found) == len(parts.python_parts())
    for part in parts.python_parts():
        one = found[f"pkg:pypi/{part.name}@{part.version}"]
        assert {given["content"] for given in one["externalReferences"][0]["hashes"]} == set(part.digests)
    assert [one["name"] for one in components(document()) if not one["licenses"]] == []


def test_sbom_has_debian_packages_and_bundled_libraries() -> None:
    purls = {one["purl"] for one in components(document())}
    assert {f"pkg:deb/debian/{name}" for name in parts.debian_parts()} <= purls
    assert any(re.search(r"openssl@\d", purl) for purl in purls)


def test_sbom_has_dependencies() -> None:
    needs = {one["ref"].partition("@")[0]: one.get("dependsOn", []) for one in document()["dependencies"]}
    assert any(one.startswith("pkg:pypi/werkzeug@") for one in needs["pkg:pypi/flask"])
    assert any(one.startswith("pkg:pypi/flask@") for one in needs["pkg:generic/slant-board-station"])


def test_same_commit_gives_the_same_sbom() -> None:
    assert json.loads(sbom("0" * 40, 1_795_953_600)) == document()
    assert json.loads(sbom("1" * 40, 1_795_953_600))["serialNumber"] != document()["serialNumber"]


# Version and release


def test_version_is_the_same_everywhere() -> None:
    """pyproject.toml, installed program, page and rows, `station --version`, SBOM, changelog and the manual."""
    current = PROJECT["version"]
    assert current == version("slant-board-station") == APP_VERSION
    assert CliRunner().invoke(main, ["--version"]).output == f"station, version {current}\n"
    assert document()["metadata"]["component"]["version"] == current
    assert notes_of(CHANGELOG, current)
    assert f"slant-board-station_{current}_arm64.deb" in (ROOT / "systemd" / "README.md").read_text(encoding="utf-8")


def test_changelog_is_by_version() -> None:
    """Unreleased changes first, then versions with their dates, newest first."""
    first, *headings = re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)
    assert first == "Unreleased"
    days = [date.fromisoformat(heading.partition(", ")[2]) for heading in headings]
    assert days == sorted(days, reverse=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, of version 1.2.3, without a tag."""
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n', encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## 1.2.3, 2026-11-29\n\n- New.\n\n## 1.2.2, 2026-01-01\n\n- Old.\n", encoding="utf-8"
    )
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def commit(root: Path) -> None:
    git(root, "add", ".")
    git(root, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "One")


def test_release_of_a_clean_tagged_commit(repository: Path) -> None:
    git(repository, "tag", "1.2.3")
    assert check(repository).version == "1.2.3"
    assert check(repository).notes == "- New.\n"


def test_release_refuses_changes_that_are_not_committed(repository: Path) -> None:
    git(repository, "tag", "1.2.3")
    (repository / "more.py").touch()
    with pytest.raises(ReleaseError, match=r"not committed: more\.py"):
        check(repository)


def test_release_refuses_a_commit_without_its_tag(repository: Path) -> None:
    git(repository, "tag", "1.2.2")
    with pytest.raises(ReleaseError, match=r"no tag 1\.2\.3: type git tag --annotate 1\.2\.3"):
        check(repository)


def test_release_refuses_a_version_without_a_section(repository: Path) -> None:
    (repository / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.30, 2026-11-29\n\n- New.\n", encoding="utf-8")
    commit(repository)
    git(repository, "tag", "1.2.3")
    with pytest.raises(ReleaseError, match=r'no section "## 1\.2\.3, DATE"'):
        check(repository)


def test_checksums_are_signed_by_the_given_command(tmp_path: Path) -> None:
    """It runs in their directory, and a failing command ends the release."""
    (tmp_path / SUMS).write_text("sums\n", encoding="ascii")
    (tmp_path / "signed").mkdir()
    sign_sums(tmp_path, "cp -t signed")
    assert (tmp_path / "signed" / SUMS).read_text(encoding="ascii") == "sums\n"
    with pytest.raises(subprocess.CalledProcessError):
        sign_sums(tmp_path, "false")


def test_security_names_the_support_of_this_version() -> None:
    """With a day until which support is promised at least, later than the release date."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    series = PROJECT["version"].rpartition(".")[0]
    promised = re.search(rf"^\| {re.escape(series)} \| until (\d+ \w+ \d{{4}}) at least", text, flags=re.MULTILINE)
    assert promised
    released = re.search(rf"^## {re.escape(PROJECT['version'])}, (.*)$", CHANGELOG, flags=re.MULTILINE)
    assert released
    assert datetime.strptime(promised[1], "%d %B %Y").replace(tzinfo=UTC).date() > date.fromisoformat(released[1])


def test_release_is_checked_before_lint_and_built_after_it() -> None:
    done = subprocess.run(("make", "--dry-run", "release"), cwd=ROOT, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    tried = [
        next(i for i, line in enumerate(lines) if word in line) for word in ("release check", "mypy", "release build")
    ]
    assert tried == sorted(tried)
