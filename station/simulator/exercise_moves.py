"""How the person exercises after GO: lunges, holds, repetitions, and accidental heel lifts."""

from __future__ import annotations

from random import Random

from station.simulator.ankle import ACCIDENTAL_LIFT_MM
from station.simulator.body import LEAN_BACK_S, LUNGE_S, Body
from station.simulator.page import Page
from station.simulator.script import Script

REACH_TRY_S = 0.6
"""How long the person keeps trying to reach the wall before standing back to wait for the verdict."""
CONFIRM_DELAY_S = 2.9
"""How long the knee is at the wall before the person confirms it with heel taps."""
CONFIRM_TAPS = 2
MIN_LIFT_INTERVAL_S = 5.0
ACCIDENTAL_LIFTS_S = (0.2, 8.0)
"""How long an accidental heel lift lasts: too short to matter, or until the station notices."""
PAUSE_S = 1.0
"""The pause at either end of a repetition."""
OWN_PACE_REPETITION_S = 0.6
"""How long one repetition takes at the person's own pace."""
OWN_PACE_START_S = 1.2
DONE_SIGNAL_S = 1.6
"""How long the person stands on the board to report that they are done."""


class ExerciseMoves:
    """How one person exercises. `random` is the generator that all parts of the person draw from."""

    def __init__(self, body: Body, page: Page, random: Random, *, confirms_by_taps: bool) -> None:
        self.heel_raise_s = {"7d": 4.8}
        """The exercises with heel raises, and the seconds of each raise, as the picture on the page shows them."""
        self.seated_exercises = {"5a"}
        """The exercises done sitting down, as their picture shows."""
        self._body = body
        self._page = page
        self._random = random
        self._confirms_by_taps = confirms_by_taps

    @property
    def is_seated_exercise(self) -> bool:
        """Whether the exercise on the page is done sitting down."""
        return self._page.exercise in self.seated_exercises

    def follow_exercise(self) -> Script:
        """Do the exercise on the page, from GO on."""
        view = self._page.read()
        if view is None:
            return self._lunge()
        if view.activity in ("test", "hold") or view.phase == "attempt":
            return self._body.step_off_if_standing() if view.verified is False else self._lunge()
        if view.verified is False:
            return self._repeat_at_own_pace(view.target_count or 1)
        if view.exercise in (None, *self.heel_raise_s):
            return self.raise_heels(self.heel_raise_s.get(view.exercise or "", self._body.profile.heel_raise_s))
        return self._repeat_lunges()

    def return_heel(self) -> Script:
        """Put the heel down, and continue the hold if the knee is forward."""
        yield from self._body.lower_heel()
        if self._body.is_leaning:
            yield from self._hold_still()

    def raise_heels(self, up_s: float) -> Script:
        """Raise and lower the heels again and again; each raise lasts `up_s` seconds."""
        while True:
            yield from self._body.lift_heel()
            yield up_s
            yield from self._body.lower_heel()
            yield PAUSE_S

    def _lunge(self) -> Script:
        """Move the knee to the wall, and keep it there until a verdict or the end of the hold."""
        body = self._body
        if not body.is_standing:
            yield from body.step_on(body.side)
        beyond_mm = body.beyond_limit_mm
        if beyond_mm > 0.0 and not body.profile.is_honest:
            yield from body.lunge_on_lifted_heel()
        else:
            yield from body.lean()
        if (
            not body.is_knee_touching
            and beyond_mm <= ACCIDENTAL_LIFT_MM
            and self._random.random() < body.profile.accidental_lift_probability
        ):
            yield from body.lift_heel()
        yield from self._stay_in_contact() if body.is_knee_touching else self._try_to_reach()

    def _try_to_reach(self) -> Script:
        """Push a little longer; a test ends the attempt there, a hold does not."""
        yield REACH_TRY_S
        if self._is_test_or_unknown:
            yield from self._body.lean_back()
        else:
            yield from self._hold_still()

    def _stay_in_contact(self) -> Script:
        if self._confirms_by_taps and self._is_test_or_unknown:
            yield CONFIRM_DELAY_S
            for _ in range(CONFIRM_TAPS):
                yield from self._body.tap_heel()
        yield from self._hold_still()

    @property
    def _is_test_or_unknown(self) -> bool:
        return self._page.activity in (None, "test")

    def _hold_still(self) -> Script:
        """Hold the position, with a heel that comes up by accident from time to time."""
        while True:
            yield self._draw_lift_interval_s()
            yield from self._lift_by_accident()

    def _draw_lift_interval_s(self) -> float:
        return MIN_LIFT_INTERVAL_S + self._random.expovariate(1 / self._body.profile.mean_lift_interval_s)

    def _lift_by_accident(self) -> Script:
        yield from self._body.lift_heel()
        yield self._random.choice(ACCIDENTAL_LIFTS_S)
        yield from self._body.lower_heel()

    def _repeat_at_own_pace(self, count: int) -> Script:
        """Do an unsensed exercise beside the board, then step on and off to report that it is done."""
        yield from self._body.step_off_if_standing()
        yield OWN_PACE_START_S + count * OWN_PACE_REPETITION_S
        yield from self._body.step_on(self._body.side)
        yield DONE_SIGNAL_S
        yield from self._body.step_off()

    def _repeat_lunges(self) -> Script:
        lift_in_s = self._draw_lift_interval_s()
        while True:
            yield from self._body.lean()
            if lift_in_s <= 0.0:
                yield from self._lift_by_accident()
                lift_in_s = self._draw_lift_interval_s()
            yield PAUSE_S
            yield from self._body.lean_back()
            yield PAUSE_S
            lift_in_s -= LUNGE_S + LEAN_BACK_S + 2 * PAUSE_S
