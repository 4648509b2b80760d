"""`station tls`: https by the station's own authority."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from station.cli.network import terminal_code
from station.cli.options import INSTALLED_CONFIG, read_config
from station.cli.refuse import exit_with_error

if TYPE_CHECKING:
    from station.system.authority import PageCertificate

WARNING_OFF = (
    "The page is plain http again. A browser that has used https remembers that for up to thirty days and opens "
    "nothing else: clear the station's data there, or use the numeric address."
)


@click.command()
@click.argument("what", type=click.Choice(["on", "off", "renew", "status"]), default="status")
@click.option("--new-authority", is_flag=True, help="Make another authority; each phone must install it again.")
@INSTALLED_CONFIG
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def tls(what: str, new_authority: bool, config_path: Path, as_json: bool) -> None:
    """Encrypt the page (https) with your own authority.

    `on` makes the authority of your home or clinic and a certificate for the station's names and addresses; each phone
    installs the authority once, from the page /trust. `renew` makes a new certificate when the old one ends soon or a
    name or an address is new; systemd calls it every day. `off` goes back to plain http and keeps the authority.

    Example: station tls on
    """
    from station.system.authority import AuthorityError
    from station.system.encryption import Encryption
    from station.system.home_network import NetworkError

    configured = read_config(config_path if config_path.exists() else None).page.allowed_hosts
    if os.geteuid() != 0:
        exit_with_error(f"Only root reads the authority's key: type sudo station tls {what}.", 1)
    switch, now = Encryption(), datetime.now(UTC)
    try:
        if what == "on":
            switch.switch_on(configured, now, new_authority=new_authority)
        elif what == "off":
            switch.switch_off()
            click.echo(WARNING_OFF)
            return
        elif what == "renew":
            reason = switch.renew(configured, now)
            click.echo(f"Renewed: {reason}." if reason else "No new certificate is due.", err=as_json)
        if not switch.is_on:
            click.echo(json.dumps({"is_on": False}) if as_json else "The page is plain http: sudo station tls on.")
            return
        found = switch.certificate()
    except (AuthorityError, NetworkError) as error:
        exit_with_error(str(error), 1)
    except OSError as error:
        exit_with_error(f"{error.filename or 'The certificate'} cannot be written ({error.strerror}).", 1)
    status = switch.network.status(configured)
    if as_json:
        click.echo(json.dumps({"is_on": True, **_as_json(found), "addresses": status.addresses}))
        return
    _show(found, status.addresses)


def _as_json(found: PageCertificate) -> dict[str, object]:
    return {
        "names": sorted(found.names),
        "ends_at": found.ends_at.isoformat(),
        "authority_ends_at": found.authority_ends_at.isoformat(),
        "fingerprint": found.fingerprint,
    }


def _show(found: PageCertificate, addresses: tuple[str, ...]) -> None:
    click.echo(f"The page is encrypted, for {', '.join(sorted(found.names))}, until {found.ends_at:%Y-%m-%d}.")
    click.echo(f"The authority's fingerprint (SHA-256), until {found.authority_ends_at:%Y-%m-%d}:\n{found.fingerprint}")
    if not addresses:
        click.echo("Only this machine can open the page: sudo station network on.")
        return
    where = f"{addresses[0].replace('https:', 'http:')}/trust"
    click.echo(f"On each phone open {where} once and install the authority.")
    click.echo(terminal_code(where))
