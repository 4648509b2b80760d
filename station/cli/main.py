"""The program `station`."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from station.cli.backups import backup, restore, salvage
from station.cli.exchange import export, import_file
from station.cli.health import health
from station.cli.network import network
from station.cli.options import CONFIG
from station.cli.progress import progress
from station.cli.progress_bar import with_progress
from station.cli.refuse import exit_with_error
from station.cli.report import report
from station.cli.results import recalibrate
from station.cli.tls import tls

if TYPE_CHECKING:
    from station.config import Config
    from station.store import Store
    from station.system.page_process import Page


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="slant-board-station", prog_name="station")
def main() -> None:
    """The slant-board station measures how far your ankles bend and guides your stretches."""


@main.command()
@CONFIG
@click.option("--no-page", is_flag=True, help="Leave the page to `station page`, and serve it on a socket.")
def run(config_path: Path | None, no_page: bool) -> None:
    """Run the station and its page.

    The page is a process of its own. With --no-page another service starts it, and the board needs no network: the two
    meet at the socket page.sock beside the database.

    Example: station run --config /etc/station.toml
    """
    _serve(lambda: _config(config_path), page=not no_page)


@main.command()
@CONFIG
def page(config_path: Path | None) -> None:
    """Serve the page of a station that runs with --no-page.

    It uses no device, only reads the database, and connects again when the board restarts.

    Example: station page --config /etc/station.toml
    """
    gc.disable()  # until the page serves: nothing loaded here is garbage

    from station.app.page_error import PageError, PermanentPageError
    from station.system.page_process import run_page

    def say_where(page: Page | None) -> None:
        if page is not None:
            click.echo(f"The page is running. Open {' or '.join(page.addresses[:2])} in a browser.")

    try:
        run_page(_config(config_path), say_where)
    except PermanentPageError as error:
        exit_with_error(str(error), os.EX_CONFIG)
    except PageError as error:
        exit_with_error(str(error), 1)


@main.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=8080, show_default=True, help="0 picks any free port.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="The directory for your data.  [default: temporary, deleted at the end]",
)
@click.option("--empty", is_flag=True, help="Start without the history of two simulated people.")
@click.option("--config", "config_path", type=click.Path(dir_okay=False, path_type=Path), help="Wiring to emulate.")
def demo(port: int, data: Path | None, empty: bool, config_path: Path | None) -> None:
    """Run the station with a simulated person on an emulated board.

    Watch, or take over from the person. It needs no hardware.

    Example: station demo --port 8000
    """
    import tempfile

    from msgspec.structs import replace

    config = _config(config_path)
    with tempfile.TemporaryDirectory(prefix="station-demo-") as scratch:
        path = (data or Path(scratch)) / "demo.db"
        fresh = not path.exists()
        config = replace(
            config,
            board=replace(config.board, simulated=True),
            page=replace(config.page, port=port),
            store=replace(config.store, path=str(path)),
        )

        def prepare(store: Store) -> None:
            if not empty:
                _ship_history(store)
                _have_answered(store)
                _be_set_up(store)
            if fresh:
                _be_heard(store)

        _serve(lambda: config, prepare, needs_page=True)


def _nothing(_store: Store) -> None:
    """Prepare nothing."""


def _ship_history(store: Store) -> None:
    """Fill an empty store with the shipped history of two simulated people."""
    if not store.people():
        from datetime import UTC, datetime

        from station.system.demo_history import fill

        fill(store, datetime.now(UTC))


def _have_answered(store: Store) -> None:
    """Answer no to all health questions for every person."""
    from station.system.simulate import answer_no_to_all

    for person in store.people():
        answer_no_to_all(store, person.id)


def _be_set_up(store: Store) -> None:
    """Settle the first start: a board with a history has been set up."""
    from msgspec.structs import replace

    from station.settings import FIRST_START_STEPS

    store.save_settings(replace(store.settings(), first_start=",".join(FIRST_START_STEPS)))


def _be_heard(store: Store) -> None:
    """Switch quiet hours off, so that every cue plays in the evening too."""
    from msgspec.structs import replace

    store.save_settings(replace(store.settings(), quiet_from="00:00", quiet_to="00:00"))


def _config(path: Path | None) -> Config:
    from station.config import ConfigError, load

    try:
        return load(path)
    except ConfigError as error:
        exit_with_error(str(error), os.EX_CONFIG)


def _serve(
    read_config: Callable[[], Config],
    prepare: Callable[[Store], None] = _nothing,
    *,
    page: bool = True,
    needs_page: bool = False,
) -> None:
    gc.disable()  # until the station runs: nothing loaded here is garbage, and collection takes a tenth of the start

    from station.app.page_error import PageError
    from station.system.page_child import PageChild

    try:
        child = PageChild() if page else None  # it loads its program while this process loads its own
    except PageError as error:
        exit_with_error(str(error), 1)
    try:
        config = read_config()
    except SystemExit:
        if child is not None:
            child.stop()
        raise

    from station.devices.errors import DeviceError
    from station.store import PermanentStoreError, StoreError
    from station.system.log import start_log
    from station.system.page_process import socket_path
    from station.system.service import Service
    from station.system.supervisor import ThreadEndedError

    start_log("station")

    def show_page(page: PageChild) -> None:
        where = " or ".join(page.addresses[:2])
        click.echo(f"The station is running. Open {where} in a browser; Ctrl-C stops it.")
        if config.board.simulated:
            click.echo("The board is simulated: the first browser on this machine is let in as the owner\u2019s.")

    service = Service(config, page=child, on_page=show_page)
    service.obey_signals()
    try:
        service.open(prepare, page=page, needs_page=needs_page, socket_path=None if page else socket_path(config))
    except PermanentStoreError as error:
        exit_with_error(str(error), os.EX_CONFIG)
    except (StoreError, DeviceError, PageError) as error:
        exit_with_error(str(error), 1)
    try:
        service.run()
    except ThreadEndedError as error:
        exit_with_error(str(error), 1)
    finally:
        service.close()
    if service.restore():
        _serve(lambda: service.page_config, prepare, page=page, needs_page=needs_page)


@main.command()
@CONFIG
@click.option("--no-questions", is_flag=True, help="Ask nothing: probe only what the Pi sees by itself.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and ask nothing.")
def check(config_path: Path | None, no_questions: bool, as_json: bool) -> None:
    """Check every part, in wiring order, and name the wrong wire.

    The clock, the database and the page's address come first. Each part of the board is probed, exercised (you press
    it) and witnessed (you say what you hear, see or measure). Exit status 0 if all is well, 1 if not. Stop a running
    station first; nobody stands on the board. A simulated board asks nothing.

    Example: station check --config /etc/station.toml
    """
    from station.cli.bring_up_questions import Questions
    from station.system.self_check import checks

    config = _config(config_path)
    asks = not (no_questions or as_json or config.board.simulated) and sys.stdin.isatty()
    found = []
    for result in checks(config, Questions() if asks else None):
        found.append(result)
        if not as_json:
            click.echo(f"{'ok     ' if result.well else 'WRONG  '}{result.part}, {result.step}: {result.sentence}")
    if as_json:
        rows = [{"part": r.part, "step": r.step, "well": r.well, "sentence": r.sentence} for r in found]
        click.echo(json.dumps(rows))
    sys.exit(0 if all(result.well for result in found) else 1)


@main.command()
@CONFIG
@click.option("--check", "only_check", is_flag=True, help="Only check with one block that the calibration still holds.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def calibrate(config_path: Path | None, only_check: bool, as_json: bool) -> None:
    """Calibrate the distance sensor with blocks, or check it.

    Hold the blocks of the configuration against the toe stop, one after the other. It works hands-free: the sensor
    notices each block, and a cue plays when its reading is done. Exit status 0 if the calibration is good, 1 if
    not. Stop a running station first, or calibrate on its page.

    Example: station calibrate --config /etc/station.toml
    """
    from station.cli.guided_calibration import run_guided_calibration
    from station.devices.errors import DeviceError
    from station.store import StoreError

    config = _config(config_path)
    try:
        outcome = run_guided_calibration(
            config, "check" if only_check else "calibrate", lambda line: click.echo(line, err=as_json)
        )
    except (StoreError, DeviceError) as error:
        exit_with_error(f"{error} Stop a running station first, or calibrate on its page.", 1)
    click.echo(json.dumps(outcome.as_json()) if as_json else "\n".join(outcome.lines()))
    sys.exit(0 if outcome.well else 1)


@main.command("simulate")
@click.option("--person", required=True, help="The name of the simulated person.")
@click.option("--days", type=click.IntRange(1, 3_650), required=True, help="How many days to simulate.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same history.")
@click.option(
    "--sessions-per-week", type=click.IntRange(1, 7), default=3, show_default=True, help="How often they come."
)
@click.option(
    "--limit-left-mm", "left_mm", type=click.FloatRange(-50, 250), help="The limit of the left ankle.  [default: 92]"
)
@click.option(
    "--limit-right-mm", "right_mm", type=click.FloatRange(-50, 250), help="The limit of the right ankle.  [default: 88]"
)
@click.option("--gain-mm-week", type=click.FloatRange(-10, 10), help="The weekly gain of both.  [default: 2]")
@click.option("--cheat", is_flag=True, help="Lift the heel where the knee does not reach.")
@click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("simulated.db"),
    show_default=True,
    help="The database to add to; existing data stays.",
)
@click.option("--config", "config_path", type=click.Path(dir_okay=False, path_type=Path), help="Wiring to emulate.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def simulate_days(
    person: str, days: int, seed: int, sessions_per_week: int, database: Path, as_json: bool, **options: Any
) -> None:
    """Simulate days of a person's use with the real drivers.

    About a hundred times faster than real time.

    Example: station simulate --person Robin --days 14 --database robin.db
    """
    from station.store import StoreError
    from station.system.simulate import Habits, character_of, simulate

    config = _config(options.pop("config_path"))
    habits = Habits(person, character_of(**options), sessions_per_week=sessions_per_week, seed=seed)
    try:
        reached = list(with_progress(simulate(habits, days, database, config), days, person))[-1]
    except (StoreError, ValueError) as error:
        exit_with_error(str(error), 1)
    if as_json:
        click.echo(json.dumps({"database": str(database), "days": reached.day, "sessions": reached.sessions}))
    else:
        click.echo(f"{reached.sessions} sessions of {person} in {days} days are in {database}.")


@main.command()
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
    """The traces of a bundle with their names, or the single trace in the file. It may be a pipe: it is read once."""
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


main.add_command(recalibrate)
main.add_command(health)
main.add_command(backup)
main.add_command(restore)
main.add_command(salvage)
main.add_command(export)
main.add_command(import_file)
main.add_command(network)
main.add_command(progress)
main.add_command(report)
main.add_command(tls)

if __name__ == "__main__":
    main()
