"""The station's licence papers, SBOM and releases.

python -m tests.release licences         write LICENSES.md from the locks and the list of parts
python -m tests.release sbom             write the SBOM of the last commit into build/
python -m tests.release papers FOLDER    write what the package has of both
python -m tests.release check            say whether this commit can be released
python -m tests.release build            make the release in build/release/
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import click

from tests.release import build as releases
from tests.release.licences import PAGE, page
from tests.release.parts import PartError
from tests.tree import ROOT

OUTPUT = ROOT / "build"


class Sentences(click.Group):
    """Commands that end with one sentence and exit status 1 if something is missing."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (PartError, releases.ReleaseError) as error:
            raise click.ClickException(str(error)) from error
        except subprocess.CalledProcessError as error:
            raise click.ClickException(f"{error.cmd[0]} failed: its message is above.") from error


@click.group(cls=Sentences)
def main() -> None:
    """Licences, SBOM and releases."""


@main.command()
def licences() -> None:
    """Write LICENSES.md."""
    PAGE.write_text(page(), encoding="utf-8")


@main.command()
def sbom() -> None:
    """Write the SBOM of the last commit."""
    OUTPUT.mkdir(exist_ok=True)
    file = OUTPUT / f"{releases.NAME}.cdx.json"
    file.write_text(releases.sbom_of_head(), encoding="utf-8")
    click.echo(file)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
def papers(folder: Path) -> None:
    """Write copyright file and SBOM of the package into FOLDER."""
    releases.write_papers(folder)


@main.command()
def check() -> None:
    """Say whether this commit can be released."""
    click.echo(f"{releases.check().version} can be released.")


@main.command()
@click.option("--sign", help="A command that signs the file whose name follows it.")
def build(sign: str | None) -> None:
    """Make the release."""
    for file in releases.build(releases.check(), OUTPUT / "release", sign):
        click.echo(file)


if __name__ == "__main__":
    main()
