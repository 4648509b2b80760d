"""The move to the next target."""

from __future__ import annotations

from random import Random

import pytest

from station.core.activities.repositioning import Repositioning
from station.core.activities.standing_heel import StandingHeel
from station.core.measurement.target import ON_TARGET_MM
from tests.station.core.knee_parts import Comparators
from tests.station.core.traces import LEFT, us


class Moving:
    """A person with the left heel down whose last attempt was at `READING_MM`; when the move is over is recorded."""

    READING_MM = 100

    def __init__(self, *, is_optional: bool = False, target_off_mm: float | None = None) -> None:
        self.board = Comparators()
        self.board.heel(LEFT, True)
        self.board.read(self.READING_MM, 3)
        self.heel = StandingHeel(self.board.sensors, LEFT)
        self.began_us = self.board.now_us
        self.move = Repositioning(
            self.board.sensors,
            self.heel,
            self.began_us,
            self.READING_MM,
            target_mm=None
            if target_off_mm is None
            else self.board.sensors.curve.toe_mm(self.READING_MM + target_off_mm),
            is_optional=is_optional,
        )
        self.over_after_us: int | None = None

    def stands_at(self, reading_mm: int, seconds: float) -> None:
        self.board.read(reading_mm, seconds, self._check)

    def _check(self, at_us: int) -> None:
        if self.move.is_over(at_us) and self.over_after_us is None:
            self.over_after_us = at_us - self.began_us


def test_repositioning_off_target_ends_after_three_still_seconds() -> None:
    """Standing still at the old distance is not a move; at a new one off the target it takes three seconds."""
    moving = Moving(target_off_mm=5)
    moving.stands_at(100, 10)
    assert (moving.over_after_us, moving.move.has_begun) == (None, False)
    moving.stands_at(115, 5)
    assert moving.move.has_begun
    assert not moving.move.is_on_target
    assert moving.over_after_us is not None
    assert us(12.75) < moving.over_after_us < us(13.75)


@pytest.mark.parametrize("off_mm", [2, 3, 5, 7, 15, 17])
def test_repositioning_on_target_ends_after_one_still_second(off_mm: int) -> None:
    """Within 3 mm of a target 5 or 15 mm away the person is on it, even after moving only 2 mm."""
    moving = Moving(target_off_mm=15 if off_mm > 7 else 5)
    moving.stands_at(100, 10)
    moving.stands_at(100 + off_mm, 3)
    assert moving.move.is_on_target
    assert moving.over_after_us is not None
    assert us(10.25) < moving.over_after_us < us(11.25)


def test_repositioning_stays_on_target_until_five_mm_away() -> None:
    """Found within 3 mm, kept within 5 mm, and then found again within 3 mm."""
    moving = Moving(target_off_mm=15)
    seen = []
    for off_mm in (10, 12, 19, 21, 19, 17):
        moving.stands_at(100 + off_mm, 2)
        seen.append(moving.move.is_on_target)
    assert seen == [False, True, True, False, False, True]


def test_hint_changes_once_on_the_way_to_the_target() -> None:
    """Back, and then there: no way in between that the tolerance already calls reached, and no other direction."""
    moving = Moving(target_off_mm=15)
    seen: list[float | None] = []

    def look(at_us: int) -> None:
        moving.move.is_over(at_us)
        seen.append(None if moving.move.is_on_target else moving.move.off_mm)

    for reading_mm in (100, 104, 109, 113, 116, 115):
        moving.board.read(reading_mm, 0.5, look)
    moving.board.read(115, 2, look)
    there = seen.index(None)
    assert set(seen[there:]) == {None}
    assert all(off_mm is not None and off_mm < -ON_TARGET_MM for off_mm in seen[:there])


def test_hint_is_there_from_the_first_moment() -> None:
    """The verdict's own readings say how far it is; nothing has to come first."""
    assert Moving(target_off_mm=15).move.off_mm == pytest.approx(-15, abs=1)
    assert Moving(is_optional=True).move.off_mm is None


def test_repositioning_does_not_end_while_the_board_slides() -> None:
    """GO does not sound 8 mm off the target, on the way to it."""
    moving = Moving(target_off_mm=15)
    for off_mm in range(13):
        moving.stands_at(100 + off_mm, 0.4)
    assert moving.over_after_us is None or moving.move.is_on_target


def obeyed(seed: int) -> Moving:
    """For 45 s, a random person who slides by millimetres until they are on the target, then stands still."""
    random = Random(seed)
    target_off_mm = random.choice((-20, 5, 5, 5, 15)) + random.randint(-1, 1)
    moving = Moving(target_off_mm=target_off_mm)
    at_mm = moving.READING_MM
    while moving.over_after_us is None and moving.board.now_us - moving.began_us < us(45):
        off_mm = target_off_mm - (at_mm - moving.READING_MM)
        if not moving.move.is_on_target and off_mm:
            at_mm += 1 if off_mm > 0 else -1
        moving.stands_at(at_mm, random.uniform(0.2, 0.8))
    return moving


@pytest.mark.parametrize("seed", range(40))
def test_repositioning_never_stalls_an_obedient_person(seed: int) -> None:
    """GO comes within 45 s to a person who does exactly what the page says."""
    moving = obeyed(seed)
    assert moving.over_after_us is not None
    assert moving.move.is_on_target


def test_three_still_seconds_end_an_optional_move() -> None:
    """No move is needed, and a heel lift restarts the three seconds."""
    moving = Moving(is_optional=True)
    moving.stands_at(100, 1)
    moving.heel.on_heel_change(moving.board.heel(LEFT, False))
    moving.heel.on_heel_change(moving.board.heel(LEFT, True))
    down_again_us = moving.board.now_us - us(0.08) - moving.began_us
    moving.stands_at(100, 4)
    assert moving.over_after_us is not None
    assert 0 <= moving.over_after_us - down_again_us - us(3) < us(0.1)
    assert not moving.move.has_begun
