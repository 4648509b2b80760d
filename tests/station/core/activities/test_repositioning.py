"""The move to the next target."""

from __future__ import annotations

from station.core.activities.repositioning import Repositioning
from station.core.activities.standing_heel import StandingHeel
from tests.station.core.knee_parts import Comparators
from tests.station.core.traces import LEFT, us


class Moving:
    """A person with the left heel down whose last attempt was at `READING_MM`; when the move is over is recorded."""

    READING_MM = 100

    def __init__(self, *, is_optional: bool) -> None:
        self.board = Comparators()
        self.board.heel(LEFT, True)
        self.board.read(self.READING_MM, 3)
        self.heel = StandingHeel(self.board.sensors, LEFT)
        self.began_us = self.board.now_us
        self.move = Repositioning(
            self.board.sensors, self.heel, self.began_us, self.READING_MM, is_optional=is_optional
        )
        self.over_after_us: int | None = None

    def stands_at(self, reading_mm: int, seconds: float) -> None:
        self.board.read(reading_mm, seconds, self._check)

    def _check(self, at_us: int) -> None:
        if self.move.is_over(at_us) and self.over_after_us is None:
            self.over_after_us = at_us - self.began_us


def test_over_once_the_person_has_moved_and_stands_still() -> None:
    """Standing still at the old distance is no move; a second of still half-second medians at the new one ends it."""
    moving = Moving(is_optional=False)
    moving.stands_at(100, 10)
    assert (moving.over_after_us, moving.move.has_begun) == (None, False)
    moving.stands_at(115, 3)
    assert moving.move.has_begun
    assert moving.over_after_us is not None
    assert us(10.75) < moving.over_after_us < us(11.25)


def test_three_still_seconds_end_an_optional_move() -> None:
    """Nobody has to move, and a lifted heel counts anew."""
    moving = Moving(is_optional=True)
    moving.stands_at(100, 1)
    moving.heel.on_heel_change(moving.board.heel(LEFT, False))
    moving.heel.on_heel_change(moving.board.heel(LEFT, True))
    down_again_us = moving.board.now_us - us(0.08) - moving.began_us
    moving.stands_at(100, 4)
    assert moving.over_after_us is not None
    assert 0 <= moving.over_after_us - down_again_us - us(3) < us(0.1)
    assert not moving.move.has_begun
