"""The documents match the code: commands, options, settings, paths, targets and links exist."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from msgspec.structs import asdict

from station.catalogue.read import built_in_routines, exercises
from station.cli.main import main
from station.settings import Settings
from tests.tree import ROOT

README = ROOT / "README.md"
ARCHITECTURE = ROOT / "ARCHITECTURE.md"
TREES = ("hardware", "station", "systemd", "web")
CATALOGUE = ROOT / "station" / "catalogue" / "README.md"
PAGES = sorted((*ROOT.glob("*.md"), *(page for tree in TREES for page in ROOT.glob(f"{tree}/**/*.md"))))
PROMISED = {"run", "demo", "simulate", "replay", "check", "export"}
COMMANDS = sorted(main.commands)


def options(name: str) -> set[str]:
    """The long options of a command."""
    shown = [one for one in main.commands[name].params if not getattr(one, "hidden", False)]
    spelled = [word for given in shown for word in (*given.opts, *given.secondary_opts)]
    return {word for word in spelled if word.startswith("--")}


def test_program_has_every_documented_command() -> None:
    assert set(COMMANDS) >= PROMISED


@pytest.mark.parametrize("name", COMMANDS)
def test_command_help_has_purpose_example_and_option_texts(name: str) -> None:
    command = main.commands[name]
    help_text = " ".join((command.help or "").split())
    assert f"Example: station {name}" in help_text
    assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []


def test_list_of_commands_cuts_no_sentence_off() -> None:
    """Each begins its help with a sentence that has room in `station --help`."""
    listed = CliRunner().invoke(main, ["--help"]).output.partition("Commands:")[2]
    assert [line for line in listed.splitlines() if line.endswith("...")] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_readme_has_every_command_and_option(name: str) -> None:
    text = README.read_text(encoding="utf-8")
    assert f"station {name}" in text
    assert {option for option in options(name) if option not in text} == set()


def rows(text: str) -> dict[str, list[str]]:
    """The table rows whose first cell is `code`, by that code."""
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    return {row[0].strip("`"): row[1:] for row in cells if row and row[0].startswith("`")}


def test_catalogue_readme_has_every_exercise_and_routine() -> None:
    """Each exercise has one row with name, group, feet, heel and sensing; each routine has one; there are no others."""
    table = rows(CATALOGUE.read_text(encoding="utf-8"))
    assert table.keys() == exercises().keys() | built_in_routines().keys()
    for key, one in exercises().items():
        name, group, _, feet, heel, sense, _ = table[key]
        assert (name, group, feet, heel, sense) == (one.name, one.group, one.feet, one.heel, one.sense)


def test_web_readme_has_every_setting() -> None:
    """Each setting is in the web README's table with its default, and there are no others."""
    manual = (ROOT / "web" / "README.md").read_text(encoding="utf-8")
    table = rows(manual.partition("## Settings")[2].partition("\n## ")[0])
    assert {name: row[0] for name, row in table.items()} == {
        name: str(value) for name, value in asdict(Settings()).items()
    }


def test_service_unit_uses_existing_options() -> None:
    units = [(ROOT / "systemd" / f"{name}.service").read_text(encoding="utf-8") for name in ("station", "station-page")]
    typed = re.findall(r"^ExecStart=\S+ (\S+)(.*)$", "\n".join(units), flags=re.MULTILINE)
    assert [name for name, _ in typed] == ["run", "page"]
    assert [set(re.findall(r"--[a-z-]+", rest)) - options(name) for name, rest in typed] == [set(), set()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_documents_exist(page: Path) -> None:
    """Each link or image into the repository points to a file."""
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_a_document_lead_to_a_heading(page: Path) -> None:
    """By the anchor that GitHub and GitLab make of the heading."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    addresses = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= addresses


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_make_targets_exist(page: Path) -> None:
    """Each `make TARGET` in a document is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8")))
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_table_has_duplicate_rows(page: Path) -> None:
    """No two rows are about the same thing, and no address, command or setting is in two rows."""
    for table in re.findall(r"(?:^\|.*\n)+", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
        heads = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
        named = [one for head in heads for one in (re.findall(r"`([^`]+)`", head) or [head]) if one]
        assert {one for one in named if named.count(one) > 1} == set()


def defined(file: Path) -> set[str]:
    """The qualified names of a module's classes and functions, nested functions included."""

    def walk(node: ast.AST, prefix: str) -> set[str]:
        found: set[str] = set()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found |= {prefix + child.name} | walk(child, f"{prefix}{child.name}.")
            if isinstance(child, ast.ClassDef):
                found |= {f"{prefix}{child.name}.{name}" for name in inherited(file, child)}
        return found

    return walk(ast.parse(file.read_text(encoding="utf-8")), "")


def inherited(file: Path, given: ast.ClassDef) -> set[str]:
    """The methods that a class inherits, wherever its bases are defined."""
    module = import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    return set(dir(getattr(module, given.name, object)))


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "README.md"])
def test_documents_name_files_that_exist(page: str) -> None:
    """Every path in these documents is a file or a package of the repository; `KEY` and `NAME` are placeholders."""
    text = (ROOT / page).read_text(encoding="utf-8")
    paths = set(re.findall(r"(?<![\w/])(?:station|web|hardware|tests|systemd)/[\w./]*\w", text))
    assert paths
    assert {path for path in paths if not (ROOT / path).exists() and not re.search("KEY|NAME", path)} == set()


def test_architecture_names_functions_that_exist() -> None:
    """Each step of the walks names a function or class that its file defines, and every walk is numbered in order."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    hops = re.findall(r"^(\d+)\. `([\w/.]+)`(?: `([\w.]+)`)? - ", text, flags=re.MULTILINE)
    walks = text.partition("## Five walks")[2].partition("\n## ")[0].split("\n### ")[1:]
    assert len(walks) == 5
    assert len(hops) == sum(len(re.findall(r"^\d+\.", walk, flags=re.MULTILINE)) for walk in walks)
    wrong = [(path, name) for _, path, name in hops if name and name not in defined(ROOT / path)]
    assert wrong == []


def test_architecture_diagram_matches_its_table() -> None:
    """The diagram and the table name the same packages."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    drawn = set(re.findall(r'\["([\w/]+):', text))
    assert drawn == set(re.findall(r"^\| `([\w/]+)` \| .* \| .* \|$", text, flags=re.MULTILINE))
