"""The owner is reset by holding the board pressed while the station starts, with the real drivers on emulated parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hardware.pins import HEEL_LEFT, HEEL_RIGHT
from station.app.access.roles import Role, hash_of, new_token, pair
from station.core.events import Side
from station.core.facts import CueName
from station.simulator.board import SimulatedBoard
from tests.paired_browsers import pair_browser
from tests.station.guided_station import ANALOGUE, GuidedStation
from tests.station.rig import COMPARATORS, Rig, hold_of

STANDING_N = 300.0
PIN_BY_SIDE = {Side.LEFT: HEEL_LEFT.bcm, Side.RIGHT: HEEL_RIGHT.bcm}


def press(*sides: Side) -> Callable[[SimulatedBoard], None]:
    """Feet on these plates before the station opens its devices."""

    def act(board: SimulatedBoard) -> None:
        for side in sides:
            board.world.press(side, STANDING_N, 0, 0)
            board.pin_factory.drive(PIN_BY_SIDE[side], True)

    return act


def started(tmp_path: Path, wiring: str, *sides: Side) -> Rig:
    """A station with an owner, restarted while these plates are pressed.

    It knows its empty plates from a hold on the day before.
    """
    with GuidedStation(tmp_path, wiring) as before:
        before.run_routine(hold_of(3, *Side))
        pair_browser(before.store)
    return Rig(tmp_path, wiring, before=press(*sides))


@pytest.mark.parametrize("wiring", [COMPARATORS, ANALOGUE], ids=["comparators", "analogue"])
def test_board_held_pressed_while_it_starts_resets_the_owner(tmp_path: Path, wiring: str) -> None:
    """A cue, the page and the log announce it; the next paired browser is the owner's."""
    rig = started(tmp_path, wiring, *Side)
    rig.live(12.0)
    assert rig.store.has_owner()
    rig.live(10.0)
    assert not rig.store.has_owner()
    assert CueName.ENDED in rig.recognised_cues()
    assert "owner was reset" in (rig.station.snapshot().note or "")
    assert "owner reset" in {one.what for one in rig.store.access_log()}
    pair(rig.store, datetime.now(UTC), hash_of(new_token()), "New", Role.MEMBER, None)
    assert sorted(one.role for one in rig.store.devices()) == [Role.MEMBER, Role.OWNER]
    rig.close()


@pytest.mark.parametrize("sides", [(), (Side.LEFT,)])
def test_board_that_is_not_held_on_both_sides_resets_nothing(tmp_path: Path, sides: tuple[Side, ...]) -> None:
    rig = started(tmp_path, COMPARATORS, *sides)
    rig.live(30.0)
    assert rig.store.has_owner()
    assert CueName.ENDED not in rig.recognised_cues()
    rig.close()


def test_release_within_the_time_resets_nothing(tmp_path: Path) -> None:
    """Even if the plates are pressed again."""
    rig = started(tmp_path, COMPARATORS, *Side)
    rig.live(10.0)
    rig.board.pin_factory.drive(PIN_BY_SIDE[Side.LEFT], False)
    rig.live(0.5)
    rig.board.pin_factory.drive(PIN_BY_SIDE[Side.LEFT], True)
    rig.live(30.0)
    assert rig.store.has_owner()
    rig.close()
