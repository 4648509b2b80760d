"""One lunge and its verdict."""

from __future__ import annotations

import pytest

from station.core.activities.attempt import Attempt, Failed, Passed, Verdict, Void
from station.core.events import Toe
from station.core.sensing.sensors import KneeChange
from tests.station.core.knee_parts import Comparators
from tests.station.core.traces import LEFT, us


class Lunge:
    """A person with a pad at the wall, three seconds after the heel came down; `verdict` is the first one given."""

    def __init__(self) -> None:
        self.board = Comparators(pad=True)
        self.board.heel(LEFT, True)
        self.board.read(100, 3)
        self.go_us = self.board.now_us
        self.attempt = Attempt(self.board.sensors, LEFT, self.go_us)
        self.verdict: Verdict | None = None

    def touches(self) -> None:
        self.attempt.on_knee_change(KneeChange(self.board.now_us, self.board.now_us, True))

    def waits(self, seconds: float, reading_mm: int = 100) -> Verdict | None:
        self.board.read(reading_mm, seconds, self._judge)
        return self.verdict

    def waits_unclear(self, seconds: float) -> Verdict | None:
        """Every third reading sees another object."""
        until_us = self.board.now_us + us(seconds)
        number = 0
        while self.board.now_us < until_us:
            number += 1
            self.board.now_us += us(0.033)
            self.board.sensors.update(Toe(self.board.now_us, 100 + number % 2 + 40 * (number % 3 == 0)))
            self._judge(self.board.now_us)
        return self.verdict

    def _judge(self, at_us: int) -> None:
        self.attempt.on_reading(at_us)
        self.verdict = self.verdict or self.attempt.judge(at_us)


def test_pass_has_the_distance_of_its_window() -> None:
    """The window is the still second that ends with the verdict; the distance is that of its readings."""
    lunge = Lunge()
    lunge.waits(1)
    lunge.touches()
    lunge.waits(2)
    assert isinstance(lunge.verdict, Passed)
    from_us, to_us = lunge.verdict.window_us
    assert (to_us - from_us, from_us >= lunge.go_us) == (us(1), True)
    assert lunge.verdict.toe_mm == pytest.approx(lunge.board.sensors.toe_mm(100.5), abs=0.1)
    assert lunge.verdict.uncertainty_mm > 0


def test_no_contact_fails_after_twelve_seconds() -> None:
    """With the distance before GO."""
    lunge = Lunge()
    assert lunge.waits(11.9) is None
    assert lunge.waits(0.2) == Failed("contact", lunge.attempt.toe_mm)
    assert lunge.attempt.toe_mm == pytest.approx(lunge.board.sensors.toe_mm(100.5), abs=0.1)


def test_failure_has_a_distance_whatever_the_readings() -> None:
    """The whole second before GO, its still half if it contains a slide, the median if both are refused."""
    board = Comparators(pad=True)
    board.heel(LEFT, True)
    board.read(110, 2)
    board.read(100, 0.5)
    slid = Attempt(board.sensors, LEFT, board.now_us)
    assert slid.toe_mm == pytest.approx(board.sensors.toe_mm(100.5), abs=0.5)
    board.read(120, 0.6)
    board.read(160, 0.3)
    torn = Attempt(board.sensors, LEFT, board.now_us)
    assert torn.toe_mm == pytest.approx(board.sensors.toe_mm(120), abs=1.5)


def test_heel_lift_in_the_lunge_fails() -> None:
    """100 ms are enough; a lift before the lunge restarts the clock."""
    lunge = Lunge()
    lunge.waits(1)
    lunge.attempt.on_heel_change(lunge.board.heel(LEFT, False))
    lunge.waits(1)
    lunge.attempt.on_heel_change(lunge.board.heel(LEFT, True))
    assert lunge.waits(11) is None
    lunge.touches()
    assert lunge.attempt.is_lunging
    lunge.attempt.on_heel_change(lunge.board.heel(LEFT, False))
    assert lunge.waits(0.1) == Failed("heel", lunge.attempt.toe_mm)


def test_sliding_board_is_void() -> None:
    """More than 10 mm from the second before GO, whatever the knee does."""
    lunge = Lunge()
    assert lunge.waits(1.5, reading_mm=115) == Void("void", "the board slid")


def test_contact_without_a_clear_distance_is_unclear() -> None:
    """The knee touched, but no window gives a distance within the twelve seconds."""
    lunge = Lunge()
    lunge.waits_unclear(1)
    lunge.touches()
    assert lunge.waits_unclear(10) is None
    assert lunge.waits_unclear(1.2) == Void("unclear", "the readings see two things at different distances")
