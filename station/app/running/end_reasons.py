"""Why a session ended, as stored."""

from __future__ import annotations

STEPPED_OFF = "stepped off"
"""The end reason of a session whose person left the board."""
OTHER_PERSON = "another person"
"""The end reason of a session that another person's start ends."""
STATION_STOPPED = "the station was stopped"
"""The end reason of a session during which the program ended."""
