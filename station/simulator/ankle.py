"""How far a simulated person's ankles bend: each side's true limit, which changes with days, weeks and stretching."""

from __future__ import annotations

import math
from random import Random

from msgspec import Struct

from station.core.events import SECOND_US, Side

DAY_US = 86_400 * SECOND_US
WEEK_US = 7 * DAY_US


class PersonProfile(Struct, frozen=True):
    """A person's body and habits. Limits are toe distances in mm, negative if the knee does not reach the wall with the
    toes at it; the gains come from regular stretching."""

    left_limit_mm: float = 92.0
    right_limit_mm: float = 88.0
    left_gain_mm_week: float = 0.0
    right_gain_mm_week: float = 0.0
    day_sd_mm: float = 3.0
    """SD of the limit from day to day."""
    reaction_s: float = 0.5
    """Mean time from a cue to the first movement."""
    sway_fraction: float = 0.04
    """Sway as a share of the load; its coefficient of variation is half of this."""
    is_honest: bool = True
    """Whether the heel stays down when the knee does not reach. A cheater lifts it."""
    accidental_lift_probability: float = 0.3
    """The probability that an honest heel still comes up a little beyond the limit."""
    mean_lift_interval_s: float = 90.0
    """Mean time between accidental heel lifts in a stretch."""
    heel_force_n: float = 300.0
    """The force on the heel plate while standing: about half of an adult's weight."""
    lunge_load_fraction: float = 0.42
    """The share of it that remains in a lunge: 0.2 to 0.6, or 1.4 to 1.8 for a person who leans back into the heel.
    Without a pad, a share of 0.25 or less does not prove contact."""
    heel_raise_s: float = 0.9
    """How long a raised heel stays up."""
    felt_place: str = "calf"
    pain: int = 1
    """The answers after a test: where the person felt the limit, and how much it hurt from 0 to 10."""
    max_slide_mm: float = 40.0
    """How far the person slides the board in one go."""
    patience_s: float = 7.0
    """After this long without GO the person checks the distance and slides the board again."""
    placement_sd_mm: float = 1.5
    """SD of the board's position around its target."""


LIFTED_REACH_MM = 60.0
"""How much farther the knee reaches with the heel up."""
ACCIDENTAL_LIFT_MM = 15.0
"""The same for an accidental heel lift."""
GAIN_PER_HOLD_MM, MAX_HOLD_GAIN_MM, HOLD_GAIN_DECAY_US = 0.4, 3.0, 3600 * SECOND_US
"""The temporary gain of one hold, the most that several add up to, and the time constant of its decay."""


class Ankles:
    """One person's true limits. The same seed and the same days give the same limits."""

    def __init__(self, profile: PersonProfile, seed: int, begin_us: int) -> None:
        self._profile = profile
        self._seed = seed
        self._begin_us = begin_us
        self._last_hold_gain = (begin_us, 0.0)

    def limit_mm(self, side: Side, at_us: int) -> float:
        """The toe distance at which the knee just reaches the wall with the heel down."""
        profile = self._profile
        base_mm, gain_mm = (
            (profile.left_limit_mm, profile.left_gain_mm_week)
            if side is Side.LEFT
            else (profile.right_limit_mm, profile.right_gain_mm_week)
        )
        elapsed_us = at_us - self._begin_us
        day = Random(f"{self._seed} {elapsed_us // DAY_US} {side}").gauss(0.0, profile.day_sd_mm)
        return base_mm + gain_mm * elapsed_us / WEEK_US + day + self._hold_gain_mm(at_us)

    def expected_limit_mm(self, side: Side) -> float:
        """The distance that the person expects to reach, which decides where a test begins."""
        return self._profile.left_limit_mm if side is Side.LEFT else self._profile.right_limit_mm

    def add_hold(self, at_us: int) -> None:
        """Add the gain of one finished hold."""
        self._last_hold_gain = (at_us, min(MAX_HOLD_GAIN_MM, self._hold_gain_mm(at_us) + GAIN_PER_HOLD_MM))

    def _hold_gain_mm(self, at_us: int) -> float:
        since_us, mm = self._last_hold_gain
        return mm * math.exp(-(at_us - since_us) / HOLD_GAIN_DECAY_US)
