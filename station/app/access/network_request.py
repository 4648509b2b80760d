"""How the page asks the system to switch its network: a file that systemd watches. The station itself may not do it."""

from __future__ import annotations

from pathlib import Path

from station.network import NETWORK_REQUEST, OFF, ON
from station.store import StoreError


def ask_for_network(database: Path, is_on: bool) -> None:
    """Write the request beside the database, whole or not at all. Raises StoreError."""
    request = database.parent / NETWORK_REQUEST
    beside = request.with_suffix(".new")
    try:
        if not request.parent.is_dir():
            request.parent.mkdir()
            request.parent.chmod(0o770)  # whatever the umask
        beside.write_text(f"{ON if is_on else OFF}\n", encoding="ascii")
        beside.replace(request)
    except OSError as error:
        raise StoreError(f"The request in {request} cannot be written ({error.strerror}): free some space.") from error
