"""How the simulated person calibrates: the board away from the wall, and each block as the cues ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from station.core.events import SECOND_US
from station.core.facts import CueName

if TYPE_CHECKING:
    from station.simulator.person import Person, Script

LOOK_S = 1.0
"""From one look at the page to the next."""
FETCH_S = 2.5
"""To put one block down, take the next, and hold it against the toe stop."""
PLACE_S = 0.8
"""How long a hand is in the way before the block stands still."""
NEAR_MM = 25.0
"""From here it slides to the toe stop."""
ROOM_MM = 80.0
"""The lane is this much longer than the longest block."""
PLACED_MM = 0.2
"""SD of how exactly a rigid block comes to stand against the toe stop."""


def away_from_wall(person: Person, longest_mm: float) -> Script:
    """Leave the board, and pull it back so that the longest block has room."""
    if person.standing:
        yield from person.step_off()
    person.world.take_block()
    yield from person.put(max(person.world.toe_mm(person.next_decision_us), longest_mm + ROOM_MM))


def first(person: Person) -> Script:
    """Look at the page until it asks for a block: in quiet hours READY is not heard."""
    while (seen := person.look()) is None or seen.phase != "block":
        yield LOOK_S
    yield from _show(person)


def answer(person: Person, cue: CueName) -> Script | None:
    """What a cue asks for while the station calibrates."""
    match cue:
        case CueName.READY | CueName.NUDGE:
            return _show(person)
        case CueName.HOLD_DONE | CueName.NO:
            return _next(person)
        case CueName.COMPLETE | CueName.ENDED:
            return _put_away(person)
        case CueName.ERROR if (seen := person.look()) is not None and seen.phase == "done":
            return _put_away(person)
        case _:
            return None


def _show(person: Person) -> Script:
    """Hold the block that the page asks for."""
    seen = person.look()
    if seen is None or seen.target_mm is None:
        return
    wanted_mm = person.blocks.get(seen.target_mm, seen.target_mm)
    person.world.hold_block(wanted_mm + NEAR_MM, person.next_decision_us)
    askew_mm = person.chance.gauss(0.0, PLACED_MM)
    person.world.hold_block(wanted_mm + askew_mm, person.next_decision_us, round(PLACE_S * SECOND_US))
    yield PLACE_S


def _next(person: Person) -> Script:
    """Take it away and fetch the next."""
    person.world.take_block()
    yield FETCH_S
    yield from _show(person)


def _put_away(person: Person) -> Script:
    person.obeys = False
    person.world.take_block()
    yield FETCH_S
    yield from person.put(person.usual_toe_mm)
