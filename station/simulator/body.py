"""The person's body on the board: which leg works, whether it stands, leans or lifts the heel, and how hard it presses.

The body moves along a script: each movement begins at the script's time and yields the seconds that it takes.
"""

from __future__ import annotations

from collections.abc import Sequence

from station.core.events import BOTH_LEGS, SECOND_US, Legs, Press, Side
from station.simulator.ankle import LIFTED_REACH_MM, Ankles, PersonProfile
from station.simulator.script import Script, ScriptRunner
from station.simulator.world import World

STEP_S = 0.6
LUNGE_S = 1.2
LEAN_BACK_S = 0.8
HEEL_MOVE_S = 0.12
TAP_MOVE_S = 0.08
TAP_UP_S, BETWEEN_TAPS_S = 0.19, 0.26
"""How long the heel is up in a tap, and down after it: well within the 80 to 350 and 80 to 500 ms that count."""
PRESS_S = {Press.SHORT: 0.35, Press.LONG: 1.4}
"""How long the heel is pressed, from its way down to its way up: a long press waits for the tick after 1.1 s."""
BETWEEN_PRESSES_S = 0.5
CHANGE_LEGS_S = 1.2
"""From one foot off the board to the other foot on it, or from standing to sitting down."""
SLIDE_S, SLIDE_MM_S = 0.5, 60.0
"""How long it takes to bend down and grip the board, and how fast the board then moves."""
LIFTED_LOAD_FRACTION = 0.02
"""The share of the load that remains when the heel is up."""
NEAR_LIMIT_LOAD_FRACTION, NEAR_LIMIT_MM = 0.7, 4.0
"""Near the limit the heel presses less: within this many mm of it, by this factor."""
SEATED_LOAD_FRACTION = 0.18
"""How hard the heel of a seated person presses, as a share of standing."""


class Body:
    """The stance of one person. Not thread-safe."""

    def __init__(self, world: World, profile: PersonProfile, ankles: Ankles, script: ScriptRunner) -> None:
        self.profile = profile
        self.side: Legs = Side.LEFT
        self.is_standing = False
        self.is_seated = False
        self.is_leaning = False
        self.is_heel_up = False
        """Whether the working heel is up, on purpose or by accident."""
        self._world = world
        self._ankles = ankles
        self._script = script
        self._last_lunge_mm = world.toe_mm(script.time_us)
        world.sway_fraction = profile.sway_fraction

    @property
    def toe_mm(self) -> float:
        """The true toe distance."""
        return self._world.toe_mm(self._script.time_us)

    @property
    def last_lunge_mm(self) -> float:
        """The toe distance at which the last lunge began."""
        return self._last_lunge_mm

    @property
    def is_knee_touching(self) -> bool:
        return self._world.is_knee_touching

    @property
    def beyond_limit_mm(self) -> float:
        """How much farther from the wall the board is than the ankle allows; with both legs, the left ankle counts."""
        return self.toe_mm - self._ankles.limit_mm(self._working_sides[0], self._script.time_us)

    @property
    def _working_sides(self) -> tuple[Side, ...]:
        return tuple(Side) if self.side is BOTH_LEGS else (Side(self.side),)

    def step_on(self, side: Legs) -> Script:
        """Step on with this as the working leg."""
        if self.is_standing and side is not self.side:
            yield from self.step_off()
            yield CHANGE_LEGS_S
        self.side, self.is_standing, self.is_heel_up = side, True, False
        yield from self.press_heel(1.0, STEP_S)

    def step_off(self) -> Script:
        """Step off the board."""
        yield from self.stop_leaning()
        self.is_standing = self.is_heel_up = False
        yield from self.press_heel(0.0, STEP_S / 2)

    def step_off_if_standing(self) -> Script:
        if self.is_standing:
            yield from self.step_off()

    def change_posture(self, *, is_seated: bool) -> Script:
        """Sit down or stand up, off the board."""
        if is_seated is not self.is_seated:
            if self.is_standing:
                yield from self.step_off()
                yield CHANGE_LEGS_S
            self.is_seated = is_seated

    def press_heel(self, fraction: float, over_s: float) -> Script:
        """Change the working heel's load to this share of its standing load."""
        self._load_heel(fraction, over_s)
        yield over_s

    def lean(self) -> Script:
        """Move the knee to the wall; the heel stays as it is."""
        self.is_leaning = True
        self._last_lunge_mm = self.toe_mm
        fraction = self.profile.lunge_load_fraction
        if -NEAR_LIMIT_MM < self.beyond_limit_mm <= 0.0:
            fraction *= NEAR_LIMIT_LOAD_FRACTION
        if not self.is_heel_up:
            self._load_heel(fraction, LUNGE_S)
        yield LUNGE_S
        self._update_contact()

    def lean_back(self) -> Script:
        """Move the knee away from the wall; the heel is down again and carries its standing load."""
        self.is_leaning = self._world.is_knee_touching = self.is_heel_up = False
        if self.is_standing:
            self._load_heel(1.0, LEAN_BACK_S)
        yield LEAN_BACK_S

    def stop_leaning(self) -> Script:
        """Lean back if the knee is forward."""
        if self.is_leaning:
            yield from self.lean_back()

    def lift_heel(self) -> Script:
        """Lift the heel and keep it up."""
        self.is_heel_up = True
        self._load_heel(LIFTED_LOAD_FRACTION, HEEL_MOVE_S)
        self._update_contact()
        yield HEEL_MOVE_S

    def lower_heel(self) -> Script:
        """Put the heel down."""
        self.is_heel_up = False
        if self.is_standing:
            self._load_heel(self.profile.lunge_load_fraction if self.is_leaning else 1.0, HEEL_MOVE_S)
            self._update_contact()
        yield HEEL_MOVE_S

    def tap_heel(self) -> Script:
        """Tap the heel once, in a lunge or standing."""
        self._load_heel(0.0, TAP_MOVE_S)
        yield TAP_UP_S
        self._load_heel(self.profile.lunge_load_fraction if self.is_leaning else 1.0, TAP_MOVE_S)
        yield BETWEEN_TAPS_S

    def press_rhythm(self, rhythm: Sequence[Press]) -> Script:
        """Press this rhythm with one heel: from beside the board, or with the working leg's heel."""
        side = self._working_sides[0]
        force_n, was_down = self.profile.heel_force_n, self.is_standing and not self.is_heel_up
        if was_down:
            self._world.press(side, 0.0, self._script.time_us, round(HEEL_MOVE_S * SECOND_US))
            yield BETWEEN_PRESSES_S
        for press in rhythm:
            self._world.press(side, force_n, self._script.time_us, round(HEEL_MOVE_S * SECOND_US))
            yield PRESS_S[press]
            self._world.press(side, 0.0, self._script.time_us, round(HEEL_MOVE_S * SECOND_US))
            yield BETWEEN_PRESSES_S
        if was_down:
            yield from self.lower_heel()

    def lunge_on_lifted_heel(self) -> Script:
        """Lunge with the heel lifted."""
        yield from self.lift_heel()
        yield from self.lean()

    def place_board(self, toe_mm: float) -> Script:
        """Slide the board to this toe distance."""
        over_s = SLIDE_S + abs(toe_mm - self.toe_mm) / SLIDE_MM_S
        self._world.slide(toe_mm, self._script.time_us, round(over_s * SECOND_US))
        yield over_s

    def slide_board(self, by_mm: float) -> Script:
        """Slide the board away from the wall (negative: towards it), foot on it, from the end of the last slide."""
        yield from self.place_board(self._world.toe.end + by_mm)
        self._update_contact()

    def _load_heel(self, fraction: float, over_s: float) -> None:
        fraction *= SEATED_LOAD_FRACTION if self.is_seated else 1.0
        for side in self._working_sides:
            force_n = fraction * self.profile.heel_force_n
            self._world.press(side, force_n, self._script.time_us, round(over_s * SECOND_US))

    def _update_contact(self) -> None:
        """Set whether the knee touches the wall: it leans forward and reaches."""
        extra_reach_mm = LIFTED_REACH_MM if self.is_heel_up else 0.0
        self._world.is_knee_touching = self.is_leaning and self.beyond_limit_mm <= extra_reach_mm
