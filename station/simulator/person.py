"""A person on the board who hears the cues, looks at the page, and does what they ask.

A cue that asks for something else replaces the person's script. Cues come by ear or from the page. The page shows what
to do and where the target is; a person who does not look knows the routine by heart and finds the target by the ticks.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from station.core.activities.needed_cues import needed_cues
from station.core.events import BOTH_LEGS, SECOND_US, Side
from station.core.facts import Cue, CueName
from station.core.sound.cues import cue_length_us
from station.core.steps import Routine
from station.simulator.ankle import Ankles, PersonProfile
from station.simulator.blocks import BLOCK_PURPOSES, BlockHandler
from station.simulator.body import Body
from station.simulator.exercise_moves import ExerciseMoves
from station.simulator.memory import RememberedRoutine
from station.simulator.page import LOOK_S, Page, PageView
from station.simulator.placement import BoardPlacement
from station.simulator.script import Script, ScriptRunner
from station.simulator.world import World

ARRIVE_S = 1.5
"""From setting the board to stepping on it."""
LEAVE_DELAY_S = 3.0
"""How long the person waits after COMPLETE in case something follows."""
STEP_OFF_AFTER_PAUSE_S, STEP_ON_AFTER_PAUSE_S = 1.0, 1.5
LAY_BOARD_S = 6.0
"""From stepping off to stepping on again, with the board laid flat, set as a slope or turned round."""
STEADY_BEFORE_TAPS_S = 1.2
"""How long the heel rests before it taps an answer."""
ALARM_OVER_US = 2 * SECOND_US
"""After this long a HEEL_UP, which repeats every 0.6 s, is a new alarm."""
MAX_PAUSES = 4
"""After this many pauses in one session the person gives up."""
MIN_REACTION_S, REACTION_CV = 0.2, 0.1
ENDING_CUES = (CueName.COMPLETE, CueName.ENDED)
"""The cues after which the person leaves."""


class Person:
    """A simulated person on the board. The same seed gives the same person. Not thread-safe."""

    def __init__(
        self,
        world: World,
        profile: PersonProfile,
        begin_us: int,
        *,
        confirms_by_taps: bool = False,
        seed: int = 0,
        read_page: Callable[[], PageView | None] = lambda: None,
        submit_answer: Callable[[str], None] = lambda _answer: None,
    ) -> None:
        """`confirms_by_taps`: this board does not sense the knee, so two heel taps report its contact.
        `submit_answer` gets each answer that the person taps on the page."""
        self.purpose: str | None = None
        """What the person came for: `test`, `stretch`, `calibrate`, `check`, or `None` for anything."""
        self._random = Random(seed)
        self.memory: RememberedRoutine | None = None
        """What the person knows without looking at the page."""
        self.followed_cues: set[CueName] = set()
        """The cues so far that said what to do, or where in the routine the person is."""
        self._is_heel_up_cue_on = False
        self._heel_up_cue_us = begin_us
        self._is_leaving = False
        """Whether the last cue that the person acted on makes them leave for good."""
        self._stays_since_us = begin_us
        self._pause_count = 0
        self._is_laying_board = False
        self._is_waiting = False
        """Whether the person has done what the last cue asked for."""
        self.script = ScriptRunner(begin_us)
        self.ankles = Ankles(profile, seed, begin_us)
        self.body = Body(world, profile, self.ankles, self.script)
        self.page = Page(read_page, submit_answer)
        self.exercise_moves = ExerciseMoves(self.body, self.page, self._random, confirms_by_taps=confirms_by_taps)
        self.placement = BoardPlacement(self.body, self.page, self.ankles, self._random)
        self.blocks = BlockHandler(world, self.body, self.page, self.script, seed)

    def look_away(self, routine: Routine) -> None:
        """Do this routine by ear, knowing its steps and the sounds that it needs, but nothing from the page."""
        self.memory = memory = RememberedRoutine(routine, needed_cues(routine))
        self.page.read = lambda: memory

    def on_cue(self, cue: Cue) -> None:
        """React to a recognised cue."""
        if not self.script.accepts_cues or self._is_outdated(cue):
            return
        has_place_changed = False
        if self.memory is not None:
            understood = self.memory.understand(cue)
            if understood is None:
                return
            cue, has_place_changed = understood, self.memory.on_cue(understood)
        is_calibrating = self.purpose in BLOCK_PURPOSES
        script = self.blocks.script_for_cue(cue.cue) if is_calibrating else self._script_for_cue(cue.cue, cue.at_us)
        if script is not None or has_place_changed:
            self.followed_cues.add(cue.cue)
        if script is not None:
            self._is_laying_board = cue.cue is CueName.ASK and self.page.is_board_to_be_laid
            self._is_leaving = cue.cue in ENDING_CUES or self._pause_count == MAX_PAUSES
            self.script.run(self._looking_up(self._after_reaction(script)), cue.at_us)

    def _is_outdated(self, cue: Cue) -> bool:
        """Whether a recognised cue belongs to what ended before the person was asked to stay."""
        return cue.cue in ENDING_CUES and cue.at_us - cue_length_us(cue) < self._stays_since_us

    def stay(self, at_us: int) -> None:
        """Follow the cues from now on. A person who was about to leave does what the page asks for instead."""
        self._stays_since_us = at_us
        self.script.follows_cues = True
        if self._is_leaving or self.page.is_board_to_be_laid:
            self._is_leaving, self._pause_count = False, 0
            self.script.run(self._looking_up(self._do_what_page_asks()), at_us)

    def arrive(self, toe_mm: float | None = None) -> Script:
        """Look at the page, set the board to `toe_mm` or to where a test begins, and step on."""
        self.placement.reset()
        self._is_leaving = self._is_waiting = False
        self._pause_count = 0
        self.script.follows_cues = self.script.is_arriving = True
        yield from self.body.stop_leaning()
        yield LOOK_S
        side = self.page.side(self.body.side)
        yield from self.placement.place_for_start(side) if toe_mm is None else self.body.place_board(toe_mm)
        yield ARRIVE_S
        self.script.is_arriving = False
        yield from self.body.step_on(side)

    def arrive_with_blocks(self, longest_mm: float) -> Script:
        """Pull the board back, and show the blocks that the cues ask for."""
        self.script.follows_cues = self.script.is_arriving = True
        yield from self.blocks.make_room(longest_mm)
        self.script.is_arriving = False
        yield from self.blocks.show_first_block()

    def _script_for_cue(self, cue: CueName, at_us: int) -> Script | None:
        match cue:
            case CueName.GO:
                self._is_heel_up_cue_on = False
                return self.exercise_moves.follow_exercise()
            case CueName.HEEL_UP:
                return self._on_heel_up(at_us)
            case CueName.YES if self._is_heel_up_cue_on:
                self._is_heel_up_cue_on = False
                return None
            case CueName.YES:
                return self.placement.after_pass()
            case CueName.NO | CueName.TRIAL_VOID:
                return self.placement.after_failure()
            case CueName.TRIAL_OK:
                return self.placement.start_trial(self.body.side)
            case CueName.SWITCH:
                return self._change_sides()
            case CueName.HOLD_DONE:
                self.ankles.add_hold(at_us)
                return self.body.lean_back()
            case CueName.PAUSED:
                self._pause_count += 1
                return self._step_on_again() if self._pause_count < MAX_PAUSES else self._leave(stops_for_good=True)
            case CueName.COMPLETE:
                return self._leave(stops_for_good=self._is_purpose_done)
            case CueName.ENDED:
                return self._leave(stops_for_good=True)
            case CueName.READY:
                return self._get_ready()
            case CueName.ASK if self.page.is_board_to_be_laid:
                return None if self._is_laying_board else self._lay_board()
            case CueName.ASK if self.page.is_question_open:
                return self._answer_questions()
            case CueName.ECHO if self.memory is not None and self.memory.is_over:
                return self._leave(stops_for_good=True)
            case CueName.NUDGE if self._is_waiting or not self.script.is_running:
                return self._react_to_prompt()
            case _:
                return None

    def _on_heel_up(self, at_us: int) -> Script | None:
        """Put the heel down at the first of several consecutive HEEL_UP."""
        since_us, self._heel_up_cue_us = at_us - self._heel_up_cue_us, at_us
        if self._is_heel_up_cue_on and since_us < ALARM_OVER_US:
            return None
        self._is_heel_up_cue_on = True
        return self.exercise_moves.return_heel()

    @property
    def _is_purpose_done(self) -> bool:
        """Whether COMPLETE ends what the person came for."""
        return self.purpose == "test" or (self.purpose == "stretch" and self.page.activity != "test")

    def _after_reaction(self, script: Script) -> Script:
        reaction_s = self.body.profile.reaction_s
        yield max(MIN_REACTION_S, self._random.gauss(reaction_s, REACTION_CV * reaction_s))
        yield from script

    def _looking_up(self, script: Script) -> Script:
        """Do this, and look at the page after a while without a cue: if a test asks for a move, its sound was missed.

        A tone that a busy machine plays too late is not recognised, and the ticks of a move hide its NUDGE.
        """
        self._is_waiting = False
        patience_s = self.body.profile.patience_s
        for wait_s in script:
            remaining_s = wait_s
            while remaining_s > patience_s:
                yield patience_s
                remaining_s -= patience_s
                if self._has_missed_move:
                    yield from self.placement.retry_target()
            yield remaining_s
        self._is_waiting = True
        while self.memory is None and self.page.activity == "test":
            yield patience_s
            if self._has_missed_move:
                yield from self.placement.retry_target()

    @property
    def _has_missed_move(self) -> bool:
        return self.memory is None and self.page.is_move_asked

    def _get_ready(self) -> Script:
        """Get into position: on the board, or off it if no sensor checks the exercise; seated if the exercise is."""
        if self.page.is_exercise_unsensed:
            yield from self.body.step_off_if_standing()
            return
        yield from self.body.change_posture(is_seated=self.exercise_moves.is_seated_exercise)
        yield from self._get_on_board()

    def _do_what_page_asks(self) -> Script:
        """Look up on the page what has begun, and do it."""
        yield LOOK_S
        if self.page.is_board_to_be_laid:
            yield from self._lay_board()
        else:
            if self.page.is_question_open:
                yield from self._answer_questions()
            yield from self._get_ready()

    def _lay_board(self) -> Script:
        """Step off, lay the board as the page shows, and step on again."""
        yield from self.body.stop_leaning()
        yield from self.body.step_off_if_standing()
        yield LAY_BOARD_S
        yield from self.body.step_on(self.page.side(self.body.side))
        self._is_laying_board = False

    def _get_on_board(self) -> Script:
        """Stand on the board with the leg that the page asks for."""
        side = self.page.side(self.body.side)
        yield from self.body.stop_leaning()
        if not self.body.is_standing or side is not self.body.side:
            yield from self.body.step_on(side)

    def _change_sides(self) -> Script:
        """Change to the leg that the page asks for; without a page, to the other one."""
        body = self.body
        side = self.page.side(Side.LEFT if body.side is BOTH_LEGS else Side(body.side).other)
        if body.is_standing and side is body.side:
            yield from self._get_on_board()
        else:
            yield from self.placement.start_trial(side)

    def _answer_questions(self) -> Script:
        """Answer on the page; without one, answer the current question by heel taps."""
        profile = self.body.profile
        if self.memory is None:
            yield from self.page.answer_questions(profile)
            return
        yield from self._get_on_board()
        yield STEADY_BEFORE_TAPS_S
        for _ in range(self.memory.taps_for_answer(profile.felt_place, profile.pain)):
            yield from self.body.tap_heel()

    def _step_on_again(self) -> Script:
        """Step off after PAUSED, then step on again to resume."""
        yield STEP_OFF_AFTER_PAUSE_S
        yield from self.body.step_off()
        yield STEP_ON_AFTER_PAUSE_S
        self.body.is_seated = self.exercise_moves.is_seated_exercise
        yield from self.body.step_on(self.body.side)

    def _react_to_prompt(self) -> Script:
        """The station waits: step on, change legs, or adjust the board."""
        if not self.body.is_standing:
            yield from self.body.step_on(self.body.side)
        elif self.page.side(self.body.side) is not self.body.side:
            yield from self._change_sides()
        else:
            yield from self.placement.retry_target()

    def _leave(self, *, stops_for_good: bool) -> Script:
        """Answer open questions, then wait a moment and step off."""
        if self.page.is_question_open and self.memory is not None:
            yield from self.body.stop_leaning()
            return
        if self.page.is_question_open:
            yield from self._answer_questions()
            if not stops_for_good:
                yield from self._get_on_board()
        if stops_for_good:
            self.script.follows_cues = False
        yield from self.body.stop_leaning()
        yield LEAVE_DELAY_S
        self.script.follows_cues = False
        yield from self.body.step_off()
