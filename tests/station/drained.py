"""A station in virtual time as the page sees it: what the page requests is done at once, in the caller's thread."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, cast

from station.app.api import StationApi
from station.app.loop import Station


class _Drained:
    """Passes everything on to the station, and lets it handle each request."""

    def __init__(self, station: Station) -> None:
        self._station = station

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._station, name)
        if not callable(found):
            return found

        def call(*positional: Any, **named: Any) -> Any:
            answer = found(*positional, **named)
            if isinstance(answer, Future):
                self._station.drain()
            return answer

        return call


def drained(station: Station) -> StationApi:
    """This station, whose requests are handled as they are made."""
    return cast("StationApi", _Drained(station))
