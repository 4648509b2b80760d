"""Where the person puts the board during a test: at its start, and for each attempt.

The board does not slide under a standing person: they take the weight off, slide it, and put the heel down again.
"""

from __future__ import annotations

from random import Random

from station.core.events import BOTH_LEGS, Legs, Side
from station.simulator.ankle import Ankles
from station.simulator.body import CHANGE_LEGS_S, STEP_S, Body
from station.simulator.page import Page
from station.simulator.script import Script

START_MARGIN_MM, START_SD_MM = 28.0, 4.0
"""A test begins this much nearer to the wall than the person expects to reach, with this SD."""
PASS_STEP_MM, FINE_STEP_MM, FAIL_STEP_MM = 15.0, 5.0, 20.0
"""How a person who does not see the distances moves on: away from the wall after a pass, away from the best distance
after any failure, and nearer after a failure without a pass."""
TARGET_TOLERANCE_MM = 1.5
"""Within this distance of the target the person leaves the board alone."""
SETTLE_S = 0.6


class BoardPlacement:
    """The distances of the current trial, and the movements that set the board for them."""

    def __init__(self, body: Body, page: Page, ankles: Ankles, random: Random) -> None:
        self._body = body
        self._page = page
        self._ankles = ankles
        self._random = random
        self._best_mm: float | None = None
        self._has_failed = False

    def reset(self) -> None:
        """Forget the distances of the last trial."""
        self._best_mm, self._has_failed = None, False

    def after_pass(self) -> Script:
        """The attempt passed: slide the board farther from the wall."""
        self._best_mm = max(self._best_mm or 0.0, self._body.last_lunge_mm)
        return self._move_to_target(self._best_mm + (FINE_STEP_MM if self._has_failed else PASS_STEP_MM))

    def after_failure(self) -> Script:
        """The attempt did not pass: slide the board nearer."""
        self._has_failed = True
        if self._best_mm is None:
            return self._move_to_target(self._body.last_lunge_mm - FAIL_STEP_MM)
        return self._move_to_target(self._best_mm + FINE_STEP_MM)

    def retry_target(self) -> Script:
        """Adjust the board to the target on the page; without one, leave it where it is."""
        yield from self._move_to_target(self._body.toe_mm)

    def start_trial(self, side: Legs) -> Script:
        """Set the board for a new trial, off the board, and step on with this leg."""
        self.reset()
        yield from self._body.step_off()
        yield CHANGE_LEGS_S
        yield from self.place_for_start(side)
        yield from self._body.step_on(side)

    def place_for_start(self, legs: Legs) -> Script:
        """Slide the board to where a trial of this leg begins."""
        side = Side.LEFT if legs is BOTH_LEGS else Side(legs)
        start_mm = self._ankles.expected_limit_mm(side) - START_MARGIN_MM + self._random.gauss(0.0, START_SD_MM)
        yield from self._body.place_board(max(0.0, start_mm))

    def _move_to_target(self, remembered_mm: float) -> Script:
        """Stand back and slide the board to the page's target; without one, to `remembered_mm`."""
        yield from self._body.stop_leaning()
        yield SETTLE_S
        while True:
            off_mm = self._off_target_mm(remembered_mm)
            if abs(off_mm) > TARGET_TOLERANCE_MM:
                step_mm = self._body.profile.max_slide_mm
                yield from self._shift_board(max(-step_mm, min(step_mm, off_mm)))
            yield self._body.profile.patience_s

    def _off_target_mm(self, remembered_mm: float) -> float:
        view = self._page.read()
        if view is None or view.toe_mm is None:
            return remembered_mm - self._body.toe_mm
        if view.target_mm is None:
            return 0.0
        return view.target_mm - view.toe_mm

    def _shift_board(self, by_mm: float) -> Script:
        """Take the weight off, slide the board, and put the weight back."""
        body = self._body
        yield from body.press_heel(0.0, STEP_S / 2)
        placed_mm = by_mm + self._random.gauss(0.0, body.profile.placement_sd_mm)
        yield from body.place_board(body.toe_mm + placed_mm)
        yield from body.press_heel(1.0, STEP_S)
