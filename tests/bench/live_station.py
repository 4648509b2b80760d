"""A station in real time on a simulated board, in this process; without a browser's driver."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from station.config import BoardConfig, Config, PageConfig, StoreConfig
from station.system.service import Service

STANDING_N = 300.0
STILL_S = 3.0
"""How long the board is empty before the first step, to learn the weight of the empty plate."""
LOUD = {"volume": "normal", "quiet_from": "00:00", "quiet_to": "00:00", "on_step": "nothing"}


@contextmanager
def running(directory: Path) -> Iterator[Service]:
    """A station on a simulated board in the default wiring, in this process, with a thread for its loop."""
    config = Config(
        board=BoardConfig(simulated=True),
        page=PageConfig(port=0),
        store=StoreConfig(path=str(directory / "station.db")),
    )
    service = Service(config)
    service.open().change_settings(LOUD)
    loop = Thread(target=service.run, name="loop")
    loop.start()
    try:
        yield service
    finally:
        service.station.stop()
        loop.join()
        service.close()


def now_us() -> int:
    """The time on the station's clock, in µs."""
    return time.monotonic_ns() // 1000
