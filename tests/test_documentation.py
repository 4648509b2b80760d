"""What is written for people says what is so: commands, options, targets and links are where they look for them."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import click
import pytest

from station.catalogue.read import exercises, ready_routines
from station.cli.main import main
from station.settings import Settings
from tests.tree import ROOT

README = ROOT / "README.md"
TREES = ("hardware", "station", "systemd", "web")
CATALOGUE = ROOT / "station" / "catalogue" / "README.md"
PAGES = sorted((*ROOT.glob("*.md"), *(page for tree in TREES for page in ROOT.glob(f"{tree}/**/*.md"))))
PROMISED = {"run", "demo", "simulate", "replay", "check", "export"}
COMMANDS = sorted(main.commands)


def options(name: str) -> set[str]:
    """The long options of a command."""
    spelled = [word for given in main.commands[name].params for word in (*given.opts, *given.secondary_opts)]
    return {word for word in spelled if word.startswith("--")}


def test_every_promised_command_is_there() -> None:
    """The program `station` can do what it is said to do."""
    assert set(COMMANDS) >= PROMISED


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    """`station NAME --help` says what the command does, shows an example of it, and says what each option is for."""
    command = main.commands[name]
    said = " ".join((command.help or "").split())
    assert f"Example: station {name}" in said
    assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_has_every_command(name: str) -> None:
    """Each command is in the README with each of its options."""
    text = README.read_text(encoding="utf-8")
    assert f"station {name}" in text
    assert {option for option in options(name) if option not in text} == set()


def rows(text: str) -> dict[str, list[str]]:
    """The rows of the tables of a text whose first cell is `code`, by that code."""
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    return {row[0].strip("`"): row[1:] for row in cells if row and row[0].startswith("`")}


def test_the_catalogue_has_every_exercise_and_routine() -> None:
    """Each exercise has its row with name, group, feet, heel and sense, each routine has one, and nothing else has."""
    told = rows(CATALOGUE.read_text(encoding="utf-8"))
    assert told.keys() == exercises().keys() | ready_routines().keys()
    for key, one in exercises().items():
        name, group, _, feet, heel, sense, _ = told[key]
        assert (name, group, feet, heel, sense) == (one.name, one.group, one.feet, one.heel, one.sense)


def test_every_setting_is_told() -> None:
    """What a person may change is in the table of the page's manual, with its default; and nothing else is."""
    manual = (ROOT / "web" / "README.md").read_text(encoding="utf-8")
    told = rows(manual.partition("## Settings")[2].partition("\n## ")[0])
    assert {name: row[0] for name, row in told.items()} == {
        name: str(value) for name, value in asdict(Settings()).items()
    }


def test_the_service_types_what_there_is() -> None:
    """What the unit file types is understood by the command line."""
    unit = (ROOT / "systemd" / "station.service").read_text(encoding="utf-8")
    typed = re.findall(r"^ExecStart=\S+ (\S+)(.*)$", unit, flags=re.MULTILINE)
    assert [name for name, _ in typed] == ["run"]
    assert [set(re.findall(r"--[a-z-]+", rest)) - options(name) for name, rest in typed] == [set()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_the_files_leads_somewhere(page: Path) -> None:
    """A link or picture in the prose that points into the repository points at a file."""
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    """`make something` in the prose is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8")))
    assert named <= targets
