"""A person on the board who does what the page asks: stands, lunges, slides the board, changes legs."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.pi.board import Board
from tests.pi.page import Page, Picture

SETBACK_MM = 70
"""The sensor's distance behind the toe line; the board's `toe` counts from the sensor."""
KNEE_PAD = 24
STANDING = {"left": 0.55, "right": 0.52}
LUNGING, LIFTED, EMPTY = 0.42, 0.03, 0.02
"""An empty plate presses a little by its own weight, which distinguishes it from an unplugged cable, which reads 0."""
TREMBLE, CONVERTER_NOISE = 0.003, 0.0005
"""The SD of a load, as a share: of a standing person, and of the MCP3008 with an empty plate (half its last bit)."""
TAP_S, TAP_EVERY_S = 0.2, 0.45
"""How long the heel is up in a tap, and the period of taps."""
REACTION_S = 0.7
LOOK_S = 0.05
SLIDE_MM_S = 30.0
LAID_S = 3.0
"""How long the person takes to lay the board as the page asks."""
LOOK_AGAIN_S = 1.5
"""How long the person waits after sliding: the page's distance is a median over half a second."""
ON_TARGET_MM = 2.0


class LateError(Exception):
    """Something expected did not happen in time."""


class Person:
    """`limit_mm` is the true limit of each ankle. `passed_mm` is the true farthest distance at which the knee touched
    with the heel down. Beyond the limit every other lunge cheats with the heel; the others wait until the time is up.
    """

    def __init__(self, board: Board, page: Page, limit_mm: dict[str, float]) -> None:
        self._board, self._page, self._limit_mm = board, page, limit_mm
        self.toe_mm = 100.0
        self.passed_mm: dict[str, float] = {}
        self._cheats = True
        self._phase = ""
        self._since = 0.0
        self._lunging = False
        self._looked = 0.0

    # What the body does.

    def place(self, toe_mm: float) -> None:
        """Put the board at this distance from the wall."""
        self.toe_mm = toe_mm
        self._board("toe", round(SETBACK_MM + toe_mm, 1))

    def press(self, side: str, share: float) -> None:
        self._board("load", side, share)

    def knee(self, touching: bool) -> None:
        self._board("gpio", KNEE_PAD, "0" if touching else "open")

    def stand(self) -> None:
        """Both heels down, the knee off the wall."""
        self._lunging = False
        self._board("noise", TREMBLE)
        self.knee(touching=False)
        for side, share in STANDING.items():
            self.press(side, share)

    def tap(self, side: str, times: int) -> None:
        """Tap with a heel, timed by the board; both heels must have been down for a second."""
        for tap in range(times):
            up_s = TAP_S + tap * TAP_EVERY_S
            self._board("after", up_s, "load", side, LIFTED)
            self._board("after", up_s + TAP_S, "load", side, STANDING[side])

    def step_off(self) -> None:
        self._lunging = False
        self._board("noise", CONVERTER_NOISE)
        self.knee(touching=False)
        for side in STANDING:
            self.press(side, EMPTY)

    # What the page asks.

    def follow_until(
        self, seen: Callable[[Picture], bool], limit_s: float, what: str, *, follows: bool = True
    ) -> Picture:
        """Follow the prompts (or stay still, if not `follows`) until the page meets the condition. Raises LateError."""
        end = time.monotonic() + limit_s
        now: Picture | None = None
        while time.monotonic() < end:
            now = self._page.now
            if now is not None:
                if seen(now):
                    return now
                if follows:
                    self._follow_prompt(now)
            time.sleep(LOOK_S)
        shown = "nothing" if now is None else f"{now['phase']}, {now['word']}: {now['sentence']}"
        raise LateError(f"Not within {limit_s:g} s: {what}. The page shows {shown}")

    def clear_history(self) -> None:
        """Forget the last phase."""
        self._phase = ""

    def _follow_prompt(self, now: Picture) -> None:
        at, phase, side = time.monotonic(), str(now["phase"]), now["side"]
        if phase != self._phase:
            if self._lunging:
                self.stand()
            self._phase, self._since, self._looked = phase, at, at
        waited_s = at - self._since
        if phase == "attempt" and not self._lunging and waited_s > REACTION_S:
            self._lunge(side)
        elif phase == "move" and now["target"] is not None and at - self._looked > LOOK_AGAIN_S:
            self._slide(now)
            self._looked = time.monotonic()
        elif phase == "lay" and waited_s > REACTION_S:
            if waited_s < LAID_S:
                self.step_off()
            else:
                self.stand()
        elif phase == "switch":
            other = "left" if side == "right" else "right"
            self.press(other, LIFTED if REACTION_S < waited_s < REACTION_S + 1.8 else STANDING[other])

    def _lunge(self, side: str) -> None:
        self._lunging = True
        if self.toe_mm <= self._limit_mm[side]:
            self.press(side, LUNGING)
            time.sleep(0.3)
            self.knee(touching=True)
            self.passed_mm[side] = max(self.toe_mm, self.passed_mm.get(side, 0.0))
        else:
            if self._cheats:
                self.press(side, LIFTED)
                self.knee(touching=True)
            self._cheats = not self._cheats

    def _slide(self, now: Picture) -> None:
        target_mm = float(str(now["target"]).split()[0]) * 10
        toe_mm = now["toe_mm"]
        if toe_mm is None or abs(target_mm - toe_mm) <= ON_TARGET_MM:
            return
        goal_mm = self.toe_mm + target_mm - toe_mm
        step_mm = SLIDE_MM_S * LOOK_S
        while abs(goal_mm - self.toe_mm) > step_mm:
            self.place(self.toe_mm + (step_mm if goal_mm > self.toe_mm else -step_mm))
            time.sleep(LOOK_S)
        self.place(round(goal_mm, 1))
