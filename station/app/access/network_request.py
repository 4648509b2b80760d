"""Requests to switch the page's network: a file that systemd watches, because the station itself may not do it."""

from __future__ import annotations

from pathlib import Path

from station.network import NETWORK_REQUEST, OFF, ON
from station.store import StoreError


def ask_for_network(database: Path, is_on: bool) -> None:
    """Write the request beside the database, atomically. Raises StoreError."""
    request = database.parent / NETWORK_REQUEST
    beside = request.with_suffix(".new")
    try:
        if not request.parent.is_dir():
            request.parent.mkdir()
            request.parent.chmod(0o770)  # the umask may have removed some bits
        beside.write_text(f"{ON if is_on else OFF}\n", encoding="ascii")
        beside.replace(request)
    except OSError as error:
        raise StoreError(f"The request in {request} cannot be written ({error.strerror}): free some space.") from error
