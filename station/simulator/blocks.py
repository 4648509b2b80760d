"""How the simulated person calibrates: the board away from the wall, and each block as the cues ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Protocol

from station.core.events import SECOND_US
from station.core.facts import CueName
from station.simulator.world import World

Script = Iterator[float]
"""Movements of the person: each step yields the seconds to wait until the next."""

LOOK_INTERVAL_S = 1.0
"""From one look at the page to the next."""
FETCH_S = 2.5
"""To put one block down, take the next, and hold it against the toe stop."""
PLACE_S = 0.8
"""How long a hand is in the way before the block stands still."""
APPROACH_MM = 25.0
"""From here it slides to the toe stop."""
LANE_MARGIN_MM = 80.0
"""The lane is this much longer than the longest block."""
PLACEMENT_SD_MM = 0.2
"""SD of how exactly a rigid block comes to stand against the toe stop."""


class BlockView(Protocol):
    """What the page shows of a calibration."""

    @property
    def phase(self) -> str: ...

    @property
    def target_mm(self) -> float | None: ...


class Hands(Protocol):
    """What a person needs to show blocks to the sensor."""

    world: World
    true_block_lengths_mm: dict[float, float]
    block_random: Random
    follows_cues: bool
    usual_toe_mm: float

    @property
    def script_time_us(self) -> int: ...

    @property
    def is_standing(self) -> bool: ...

    def read_page(self) -> BlockView | None: ...

    def step_off(self) -> Script: ...

    def place_board(self, toe_mm: float) -> Script: ...


def pull_board_back(person: Hands, longest_mm: float) -> Script:
    """Leave the board, and pull it back so that the longest block has room."""
    if person.is_standing:
        yield from person.step_off()
    person.world.remove_block()
    yield from person.place_board(max(person.world.toe_mm(person.script_time_us), longest_mm + LANE_MARGIN_MM))


def show_first_block(person: Hands) -> Script:
    """Look at the page until it asks for a block: in quiet hours READY is not heard."""
    while (view := person.read_page()) is None or view.phase != "block":
        yield LOOK_INTERVAL_S
    yield from _show_wanted_block(person)


def block_script(person: Hands, cue: CueName) -> Script | None:
    """What a cue asks for while the station calibrates."""
    match cue:
        case CueName.READY | CueName.NUDGE:
            return _show_wanted_block(person)
        case CueName.HOLD_DONE | CueName.NO:
            return _fetch_next_block(person)
        case CueName.COMPLETE | CueName.ENDED:
            return _put_block_away(person)
        case CueName.ERROR if (view := person.read_page()) is not None and view.phase == "done":
            return _put_block_away(person)
        case _:
            return None


def _show_wanted_block(person: Hands) -> Script:
    """Hold the block that the page asks for."""
    view = person.read_page()
    if view is None or view.target_mm is None:
        return
    wanted_mm = person.true_block_lengths_mm.get(view.target_mm, view.target_mm)
    person.world.hold_block(wanted_mm + APPROACH_MM, person.script_time_us)
    placement_error_mm = person.block_random.gauss(0.0, PLACEMENT_SD_MM)
    person.world.hold_block(wanted_mm + placement_error_mm, person.script_time_us, round(PLACE_S * SECOND_US))
    yield PLACE_S


def _fetch_next_block(person: Hands) -> Script:
    """Take it away and fetch the next."""
    person.world.remove_block()
    yield FETCH_S
    yield from _show_wanted_block(person)


def _put_block_away(person: Hands) -> Script:
    person.follows_cues = False
    person.world.remove_block()
    yield FETCH_S
    yield from person.place_board(person.usual_toe_mm)
