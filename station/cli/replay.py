"""`station replay`: a recorded trace through the rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from station.cli.refuse import exit_with_error


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--do",
    "do",
    type=click.Choice(["hold", "reps", "test", "calibrate", "check"]),
    help="What the person did.",
)
@click.option("--side", type=click.Choice(["left", "right", "both"]), help="The working leg.  [default: both]")
@click.option("--hold-s", type=float, help="Length of a hold.  [default: 30]")
@click.option("--repetitions", type=int, help="Holds per side.  [default: 3]")
@click.option("--rest-s", type=float, help="Rest between holds.  [default: 15]")
@click.option("--prepare-s", type=float, help="Preparation before the first GO.  [default: 10]")
@click.option(
    "--heel", type=click.Choice(["down", "any"]), help="Whether a hold requires the heel down.  [default: down]"
)
@click.option("--count", type=int, help="Repetitions per side.  [default: 20]")
@click.option("--full/--quick", default=None, help="Three trials per side, or one.  [default: quick]")
@click.option("--block-mm", type=float, help="The block of a check.  [default: 100]")
@click.option("--offset-mm", type=float, help="toe distance = gain x reading + offset.  [default: -70]")
@click.option("--gain", type=float, help="See --offset-mm.  [default: 1]")
def replay(file: Path, do: str | None, **options: Any) -> None:
    """Replay a recorded trace and print its facts as JSON.

    One fact per line. A trace that the station stored needs no options: its first line says what was done. A bundle
    is replayed trace by trace, each after a line with its name.

    Example: station replay session.csv --do hold --side left --hold-s 20
    """
    given = {key: value for key, value in options.items() if value is not None}
    for name, text in _traces_in(file):
        if name is not None:
            click.echo(json.dumps({"trace": name}))
        for line in _replayed(f"{file}: {name}" if name is not None else str(file), text, do, given):
            click.echo(line)


def _traces_in(file: Path) -> tuple[tuple[str | None, str], ...]:
    """The traces of a bundle with their names, or the single trace in the file; reads it once, as it may be a pipe."""
    import io
    import zipfile

    from station.core.untrusted import MAX_TRACE_BYTES, MAX_TRACE_MB

    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_TRACE_BYTES + 1)
    except OSError as error:
        exit_with_error(f"{file}: {error.strerror or error}")
    if len(content) > MAX_TRACE_BYTES:
        exit_with_error(f"{file}: it takes more than {MAX_TRACE_MB} MB, and no session does: replay a part of it")
    if zipfile.is_zipfile(io.BytesIO(content)):
        from station.store import StoreError
        from station.store.exchange.bundle import read_bundle

        try:
            return read_bundle(file, content)
        except StoreError as error:
            exit_with_error(str(error))
    try:
        return ((None, content.decode()),)
    except UnicodeDecodeError as error:
        exit_with_error(f"{file}: not text in UTF-8 ({error.reason} at byte {error.start})")


def _replayed(where: str, text: str, do: str | None, given: dict[str, Any]) -> Iterator[str]:
    from station.core.replay import format_fact, merge_header
    from station.core.replay import replay as facts_of
    from station.core.steps import routine_from_header
    from station.core.trace import EXCHANGED_AT, curve_from_header, exchanged_sentence, read_trace

    try:
        trace = read_trace(text.split("\n"))
        header = merge_header(trace.header, do, given)
        routine = routine_from_header(header)
        curve = curve_from_header(header)
    except ValueError as error:
        exit_with_error(f"{where}: {error}")
    if EXCHANGED_AT in trace.header:
        click.echo(f"{where}: {exchanged_sentence(trace.header)}", err=True)
    yield from map(format_fact, facts_of(trace, routine, curve))
