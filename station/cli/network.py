"""`station network`: the page on the home network."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from station.cli.options import INSTALLED_CONFIG, read_config
from station.cli.refuse import exit_with_error

if TYPE_CHECKING:
    from station.system.home_network import NetworkStatus

PLAIN = (
    "The page is not encrypted: anyone on this network can see what you see. If guests use it too, "
    "type `sudo station tls on`."
)
SWITCHED_ON, SWITCHED_OFF = "The page is open to the home network.", "Only this machine can open the page."
NO_REQUEST = "The page has not asked to switch the network."
FURTHER = "If a phone does not find the name, use the numeric address. More under Help, “On your phone”."


@click.command()
@click.argument("what", type=click.Choice(["on", "off", "status", "as-requested"]), default="status")
@INSTALLED_CONFIG
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def network(what: str, config_path: Path, as_json: bool) -> None:
    """Open the page to the home network, or close it.

    `on` serves it at port 80 of this machine, now and after every boot, and announces the machine's name, so that a
    phone on the same Wi-Fi can open it; the terminal shows a code to scan. `off` leaves it to this machine alone.
    `as-requested` does what the page has asked for; systemd calls it.

    Example: station network on
    """
    from station.network import NETWORK_REQUEST
    from station.system.home_network import HomeNetwork, NetworkError

    config = read_config(config_path if config_path.exists() else None)
    switch = HomeNetwork()
    if what != "status" and os.geteuid() != 0:
        exit_with_error(f"Only root may switch the network: type sudo station network {what}.", 1)
    try:
        if what == "on":
            switch.switch_on()
        elif what == "off":
            switch.switch_off()
        elif what == "as-requested":
            is_on = switch.switch_as_requested(Path(config.store.path).parent / NETWORK_REQUEST)
            click.echo({True: SWITCHED_ON, False: SWITCHED_OFF, None: NO_REQUEST}[is_on])
            return
    except NetworkError as error:
        exit_with_error(str(error), 1)
    found = switch.status(config.page.allowed_hosts)
    if as_json:
        from msgspec.structs import asdict

        click.echo(json.dumps(asdict(found)))
    else:
        _show(found)


def _show(found: NetworkStatus) -> None:
    if not found.is_on:
        click.echo(f"{SWITCHED_OFF} `sudo station network on` opens it to the home network.")
        return
    click.echo(f"The page is open to the home network: {' or '.join(found.addresses[:2])}")
    click.echo(terminal_code(found.addresses[0]))
    for fault in found.faults:
        click.echo(fault)
    if not found.is_https:
        click.echo(PLAIN)
    click.echo(FURTHER)


def terminal_code(address: str) -> str:
    """The address as a QR code of block characters, dark on light in any terminal."""
    import io

    import segno

    text = io.StringIO()
    segno.make(address, error="m", micro=False).terminal(text, compact=True, border=2)
    return text.getvalue()
