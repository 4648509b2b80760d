"""How the person calibrates: pull the board away from the wall, and hold each requested block against the toe stop."""

from __future__ import annotations

from random import Random

from station.core.events import SECOND_US
from station.core.facts import CueName
from station.simulator.body import Body
from station.simulator.page import LOOK_S, Page
from station.simulator.script import Script, ScriptRunner
from station.simulator.world import World

BLOCK_PURPOSES = ("calibrate", "check")
"""What a person does beside the board, with blocks in their hands."""
LOOK_INTERVAL_S = 1.0
"""The time from one look at the page to the next."""
FETCH_S = 2.5
"""How long it takes to put one block down and hold the next against the toe stop."""
PLACE_S = 0.8
"""How long a hand is in the way before the block stands still."""
APPROACH_MM = 25.0
"""The block slides this far to the toe stop."""
LANE_MARGIN_MM = 80.0
"""The lane is this much longer than the longest block."""
PLACEMENT_SD_MM = 0.2
"""SD of a rigid block's position at the toe stop."""


class BlockHandler:
    """One person with calibration blocks. Block placement has its own random generator."""

    def __init__(self, world: World, body: Body, page: Page, script: ScriptRunner, seed: int) -> None:
        self.true_lengths_mm: dict[float, float] = {}
        """By requested length: the true length of a mislabelled block, or of one taken by mistake."""
        self._world = world
        self._body = body
        self._page = page
        self._script = script
        self._random = Random(f"{seed} blocks")
        self._usual_toe_mm = body.toe_mm
        """The board's place when it is not pulled back."""

    def make_room(self, longest_mm: float) -> Script:
        """Step off, and pull the board back so that the longest block has room."""
        self._usual_toe_mm = self._body.toe_mm
        yield LOOK_S
        yield from self._body.step_off_if_standing()
        self._world.remove_block()
        yield from self._body.place_board(max(self._body.toe_mm, longest_mm + LANE_MARGIN_MM))

    def show_first_block(self) -> Script:
        """Watch the page until it asks for a block: in quiet hours READY is silent."""
        while (view := self._page.read()) is None or view.phase != "block":
            yield LOOK_INTERVAL_S
        yield from self._show_block()

    def script_for_cue(self, cue: CueName) -> Script | None:
        """What a cue asks for during a calibration; `None` for nothing."""
        match cue:
            case CueName.READY | CueName.NUDGE:
                return self._show_block()
            case CueName.HOLD_DONE | CueName.NO:
                return self._fetch_next_block()
            case CueName.COMPLETE | CueName.ENDED:
                return self._put_block_away()
            case CueName.ERROR if (view := self._page.read()) is not None and view.phase == "done":
                return self._put_block_away()
            case _:
                return None

    def _show_block(self) -> Script:
        """Hold the requested block against the toe stop."""
        view = self._page.read()
        if view is None or view.target_mm is None:
            return
        length_mm = self.true_lengths_mm.get(view.target_mm, view.target_mm)
        self._world.hold_block(length_mm + APPROACH_MM, self._script.time_us)
        placed_mm = length_mm + self._random.gauss(0.0, PLACEMENT_SD_MM)
        self._world.hold_block(placed_mm, self._script.time_us, round(PLACE_S * SECOND_US))
        yield PLACE_S

    def _fetch_next_block(self) -> Script:
        self._world.remove_block()
        yield FETCH_S
        yield from self._show_block()

    def _put_block_away(self) -> Script:
        self._script.follows_cues = False
        self._world.remove_block()
        yield FETCH_S
        yield from self._body.place_board(self._usual_toe_mm)
