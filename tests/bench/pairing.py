"""How long it takes to pair a phone: from *Show the rhythm* to its first own page, in simulated time.

The real drivers run in virtual time, and the pages answer as they do in a station. The simulated person looks at the
phone, makes the rhythm with a heel, counts the tones, compares, and taps. The figure is the longest of several phones:
three long presses, and two nines to count, take the longest. `python -m tests.bench.pairing` prints each.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from station.app.access.roles import Role
from station.core.events import SECOND_US, Press
from station.core.facts import CueName
from tests.paired_browsers import client_with, pair_browser
from tests.station.drained import drained
from tests.station.guided_station import ANALOGUE
from tests.station.rig import Rig
from web.app import create_app

PHONES = 30
COMPARE_S = 1.5
"""From the last tone to the tap: look at the phone, compare two digits, and touch the button."""
LIMIT_S = 60.0


def pairings() -> Iterator[tuple[str, int, float]]:
    """Each phone's rhythm, its number, and the seconds from its request to its first own page."""
    with (
        TemporaryDirectory(prefix="station-bench-") as scratch,
        Rig(Path(scratch), ANALOGUE, wall=datetime.now(UTC)) as rig,
    ):
        app = create_app(drained(rig.station), rig.store)
        pair_browser(rig.store, Role.OWNER, rig.add_person("Owner"))
        for number in range(PHONES):
            phone = client_with(app, None)
            rig.live(10.0)
            begun_us = rig.clock.now_us()
            phone.post("/pair", data={"name": f"Person {number}", "browser": "phone", "role": "member"})
            rhythm = rig.station.shown_rhythm()
            assert rhythm is not None
            rig.board.heard_cues.clear()
            rig.board.act("rhythm")
            rig.until(lambda: CueName.NUMBER in rig.recognised_cues(), LIMIT_S)
            counted = next(cue.count for cue in rig.board.heard_cues if cue.cue is CueName.NUMBER)
            rig.live(COMPARE_S)
            phone.post("/pair/confirm")
            assert phone.get("/progress").status_code == 200
            yield (
                "".join("L" if one is Press.LONG else "s" for one in rhythm),
                counted or 0,
                ((rig.clock.now_us() - begun_us) / SECOND_US),
            )


def figures() -> dict[str, dict[str, float | str]]:
    """The figure for the bench."""
    return {"pairing_s": {"value": round(max(seconds for _, _, seconds in pairings()), 2), "unit": "s"}}


def report() -> None:
    """Print each phone."""
    for rhythm, number, seconds in pairings():
        sys.stdout.write(f"{rhythm} {number} {seconds:.2f} s\n")


if __name__ == "__main__":
    report()
