"""The preparation before GO: how long it takes, and whether the person has to stand for it."""

from __future__ import annotations

from station.core.activities.exercise_rules import ExerciseRules
from station.core.activities.standing_countdown import StandingCountdown


class Preparation:
    """The first one takes `full_us`, off the board if the exercise needs a chair or a band; the others are short."""

    def __init__(self, full_us: int, rules: ExerciseRules, *, is_off_board: bool) -> None:
        self.full_us = full_us
        self._rules = rules
        self._is_off_board = is_off_board
        self._earliest_go_us = 0

    def short_us(self, since_us: int) -> int:
        """How long a person who has been back since `since_us` prepares: no less than a change of sides needs."""
        return max(self._rules.resume_prepare_us, self._earliest_go_us - since_us)

    def on_side_change(self, now_us: int) -> None:
        """SWITCH has sounded: GO must not follow at once."""
        self._earliest_go_us = now_us + self._rules.min_switch_us

    def on_go(self) -> None:
        self._earliest_go_us = 0

    def on_call_back(self) -> None:
        """The person was called back to the board: from now on they prepare there, briefly."""
        self.full_us, self._is_off_board = self._rules.resume_prepare_us, False

    def countdown(self, now_us: int, since_us: int, need_us: int, *, is_standing: bool) -> StandingCountdown:
        """Count `need_us` down from `since_us`; an absence counts from `now_us`, when READY sounds.

        A person who was recognised late has stood for a while; even so GO leaves them `min_ready_us` after READY, or
        half of a shorter preparation.
        """
        is_short = need_us <= self._rules.min_ready_us
        runs_regardless = self._is_off_board and need_us >= self.full_us
        return StandingCountdown(
            need_us,
            since_us if is_standing or runs_regardless else now_us,
            is_standing=is_standing,
            max_absence_us=self._rules.pause_after_us,
            needs_standing=not runs_regardless,
            ticks=self._rules.countdown_ticks,
            earliest_end_us=now_us + (need_us // 2 if is_short else self._rules.min_ready_us),
        )
