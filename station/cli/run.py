"""The commands that run the station or only its page: `station run`, `station page`, `station demo`."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from station.cli.options import CONFIG, read_config
from station.cli.refuse import exit_with_error

if TYPE_CHECKING:
    from station.config import Config
    from station.store import Store
    from station.system.page_process import Page


@click.command()
@CONFIG
@click.option("--no-page", is_flag=True, help="Leave the page to `station page`, and serve it on a socket.")
def run(config_path: Path | None, no_page: bool) -> None:
    """Run the station and its page.

    The page runs as its own process. With --no-page another service starts it, and the board needs no network: the two
    meet at the socket page.sock beside the database.

    Example: station run --config /etc/station.toml
    """
    _serve(lambda: read_config(config_path), page=not no_page)


@click.command()
@CONFIG
def page(config_path: Path | None) -> None:
    """Serve the page of a station that runs with --no-page.

    It uses no device, only reads the database, and reconnects when the board restarts.

    Example: station page --config /etc/station.toml
    """
    gc.disable()  # until the page serves: nothing loaded here is garbage

    from station.app.page_error import PageError, PermanentPageError
    from station.system.page_process import run_page

    def say_where(page: Page | None) -> None:
        if page is not None:
            click.echo(f"The page is running. Open {' or '.join(page.addresses[:2])} in a browser.")

    try:
        run_page(read_config(config_path), say_where)
    except PermanentPageError as error:
        exit_with_error(str(error), os.EX_CONFIG)
    except PageError as error:
        exit_with_error(str(error), 1)


@click.command()
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

    config = read_config(config_path)
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
                _add_history(store)
                _answer_health_questions(store)
                _settle_first_start(store)
            if fresh:
                _switch_quiet_hours_off(store)

        _serve(lambda: config, prepare, needs_page=True)


def _prepare_nothing(_store: Store) -> None:
    """Prepare nothing."""


def _add_history(store: Store) -> None:
    """Fill an empty store with the shipped history of two simulated people."""
    if not store.people():
        from datetime import UTC, datetime

        from station.system.demo_history import fill

        fill(store, datetime.now(UTC))


def _answer_health_questions(store: Store) -> None:
    """Answer no to all health questions for every person."""
    from station.system.simulate import answer_no_to_all

    for person in store.people():
        answer_no_to_all(store, person.id)


def _settle_first_start(store: Store) -> None:
    """Settle the first start: a station with a history has been set up already."""
    from msgspec.structs import replace

    from station.settings import FIRST_START_STEPS

    store.save_settings(replace(store.settings(), first_start=",".join(FIRST_START_STEPS)))


def _switch_quiet_hours_off(store: Store) -> None:
    """Switch quiet hours off, so that every cue plays in the evening too."""
    from msgspec.structs import replace

    store.save_settings(replace(store.settings(), quiet_from="00:00", quiet_to="00:00"))


def _serve(
    config_of: Callable[[], Config],
    prepare: Callable[[Store], None] = _prepare_nothing,
    *,
    page: bool = True,
    needs_page: bool = False,
) -> None:
    gc.disable()  # until the station runs: nothing loaded here is garbage, and collection takes a tenth of the start

    from station.app.page_error import PageError
    from station.system.page_child import PageChild

    try:
        child = PageChild() if page else None  # both processes load their programs at the same time
    except PageError as error:
        exit_with_error(str(error), 1)
    try:
        config = config_of()
    except SystemExit:
        if child is not None:
            child.stop()
        raise
    if child is not None:
        child.configure(config)

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
            click.echo("The board is simulated: the first browser on this machine is paired as the owner\u2019s.")

    service = Service(config, page=child, on_page=show_page)
    service.obey_signals()
    try:
        service.open(prepare, page=page, needs_page=needs_page, socket_path=None if page else socket_path(config))
    except PermanentStoreError as error:
        exit_with_error(str(error), os.EX_CONFIG)
    except (StoreError, DeviceError, PageError) as error:
        exit_with_error(str(error), 0 if service.is_stopping else 1)
    try:
        service.run()
    except (ThreadEndedError, DeviceError) as error:
        exit_with_error(str(error), 1)
    finally:
        service.close()
    if service.restore():
        _serve(lambda: service.page_config, prepare, page=page, needs_page=needs_page)
