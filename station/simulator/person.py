"""A person on the board, who hears the cues, looks at the page, and does what they ask.

What the person does is a *script*: a generator of movements that yields the seconds to wait between them. A cue that
asks for something else replaces the script. Hearing is all by the ear; the eyes give the target, as on the page.

The board does not move under a standing person: to slide it, the person takes the weight off, moves it, and puts the
heel down again.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Protocol

from station.core.activities.questions import FELT_QUESTION, PAIN_QUESTION
from station.core.events import BOTH_LEGS, SECOND_US, Legs, Side
from station.core.facts import CueName
from station.simulator import blocks
from station.simulator.ankle import ACCIDENTAL_LIFT_MM, LIFTED_REACH_MM, Ankles, PersonProfile
from station.simulator.blocks import Script
from station.simulator.world import World

STEP_S = 0.6
LUNGE_S = 1.2
LEAN_BACK_S = 0.8
HEEL_MOVE_S = 0.12
TAP_MOVE_S = 0.08
SLIDE_S, SLIDE_MM_S = 0.5, 60.0
"""To bend down and take hold, and how fast the board goes then."""
REACH_TRY_S = 0.6
"""How long somebody pushes who does not reach; then they stand back and wait for the verdict."""
CONFIRM_DELAY_S = 2.9
"""Where the person has to say so, they wait this long with the knee at the wall first."""
TAP_UP_S, BETWEEN_TAPS_S = 0.19, 0.26
"""Up and down of a heel tap: well within 80 to 350 and 80 to 500 ms."""
LOOK_S = 0.5
"""To see on the page which leg is asked for; it shows so a moment after somebody has asked."""
LEAVE_DELAY_S = 3.0
"""COMPLETE may be followed by what comes next; then nobody leaves."""
TARGET_TOLERANCE_MM = 1.5
"""This close to the target nobody moves the board."""
PATIENCE_S = 7.0
"""After so long without GO the board is put right once more."""
MAX_PAUSES = 4
"""Who is paused so often in one session gives up."""
LIFTED_LOAD_FRACTION = 0.02
"""What is left of the load when the heel is up."""
NEAR_LIMIT_LOAD_FRACTION, NEAR_LIMIT_MM = 0.7, 4.0
"""Near the limit the heel hardly presses: from so many mm before it, this much of the lunge's load is left."""
SEATED_LOAD_FRACTION = 0.18
"""What the heel of somebody who sits presses with, as a part of standing."""
ANSWER_S = 0.8
"""To read a question on the page and tap on an answer."""
OWN_PACE_REPETITION_S = 0.6
"""What one repetition takes at this person's own pace."""
DONE_SIGNAL_S = 1.6
"""How long the person stands on the board to report that they are done."""
START_MARGIN_MM = 28.0
"""A test begins this much nearer than the person believes to reach."""


BLOCK_PURPOSES = ("calibrate", "check")
"""What is done beside the board, with blocks in the hands."""


class PageView(Protocol):
    """What the person reads on the page."""

    @property
    def activity(self) -> str: ...

    @property
    def phase(self) -> str: ...

    @property
    def side(self) -> Legs | None: ...

    @property
    def exercise(self) -> str | None: ...

    @property
    def verified(self) -> bool | None: ...

    @property
    def target_count(self) -> int | None: ...

    @property
    def toe_mm(self) -> float | None: ...

    @property
    def target_mm(self) -> float | None: ...


class Person:
    """Somebody on the board. The same seed gives the same person; nothing is shared, so one thread at a time."""

    def __init__(
        self,
        world: World,
        profile: PersonProfile,
        begin_us: int,
        *,
        confirms_by_taps: bool = False,
        seed: int = 0,
        read_page: Callable[[], PageView | None] = lambda: None,
    ) -> None:
        """`taps`: the knee's contact is said by two heel taps, because nothing on this board senses it."""
        self.world = world
        self.profile = profile
        self.ankles = Ankles(profile, seed, begin_us)
        self.read_page = read_page
        self.follows_cues = False
        """Whether the cues are followed; a visitor's hand is another way to live."""
        self.side: Legs = Side.LEFT
        self.is_seated = False
        self.submit_answer: Callable[[str], None] = lambda _answer: None
        """Tap on an answer on the page."""
        self.is_standing = False
        self.is_leaning = False
        self.is_heel_up = False
        """Whether the heel at work is up on purpose or by mistake."""
        self.heel_raise_s = {"7d": 4.8}
        self.seated_exercises = {"5a"}
        """The exercises whose heels go up and down, with how long they are up, and those that one sits for: a person
        knows that of the picture."""
        self.purpose: str | None = None
        """What the person came for: `test`, `stretch`, `calibrate`, `check`, or whatever there is."""
        self.true_block_lengths_mm: dict[float, float] = {}
        """The true length of a block where it is not what is written on it, or where another is taken for it."""
        self._confirms_by_taps = confirms_by_taps
        self._random = Random(seed)
        self._script: Script | None = None
        self._due_us = begin_us
        self._is_arriving = False
        self._is_heel_up_cue_on = False
        self._best_mm: float | None = None
        self._has_failed = False
        self._pause_count = 0
        self._last_lunge_mm = world.toe_mm(begin_us)
        self.usual_toe_mm = self._last_lunge_mm
        """Where the board stands when nobody needs it elsewhere."""
        self.block_random = Random(f"{seed} blocks")
        world.sway_fraction = profile.sway_fraction

    # Time.

    def next_due_us(self) -> int | None:
        """When the next movement begins."""
        return None if self._script is None else self._due_us

    def run_due(self, now_us: int) -> None:
        """Do the movements that are due."""
        while self._script is not None and self._due_us <= now_us:
            wait_s = next(self._script, None)
            if wait_s is None:
                self._script = None
            else:
                self._due_us += round(wait_s * SECOND_US)

    @property
    def script_time_us(self) -> int:
        """The moment that the script has come to."""
        return self._due_us

    def run_script(self, script: Script, at_us: int) -> None:
        """Begin something now, instead of what was going on."""
        self._script, self._due_us, self._is_arriving = script, at_us, False
        self.run_due(at_us)

    # What is heard.

    def on_cue(self, cue: CueName, at_us: int) -> None:
        """A cue has been recognised. On the way to the board it is still about what was before."""
        if not self.follows_cues or self._is_arriving:
            return
        script = blocks.block_script(self, cue) if self.purpose in BLOCK_PURPOSES else self._script_for_cue(cue, at_us)
        if script is not None:
            self.run_script(self._after_reaction(script), at_us)

    def _script_for_cue(self, cue: CueName, at_us: int) -> Script | None:
        match cue:
            case CueName.GO:
                self._is_heel_up_cue_on = False
                return self._follow_exercise()
            case CueName.HEEL_UP if not self._is_heel_up_cue_on:
                self._is_heel_up_cue_on = True
                return self._return_heel()
            case CueName.YES if self._is_heel_up_cue_on:
                self._is_heel_up_cue_on = False
                return None
            case CueName.YES:
                self._best_mm = max(self._best_mm or 0.0, self._last_lunge_mm)
                return self._move_to_target(self._best_mm + (5.0 if self._has_failed else 15.0))
            case CueName.NO | CueName.TRIAL_VOID:
                self._has_failed = True
                return self._move_to_target(
                    self._last_lunge_mm - 20.0 if self._best_mm is None else self._best_mm + 5.0
                )
            case CueName.TRIAL_OK:
                return self._reposition(self.side)
            case CueName.SWITCH:
                return self._change_sides()
            case CueName.HOLD_DONE:
                self.ankles.add_hold(at_us)
                return self.lean_back()
            case CueName.PAUSED:
                self._pause_count += 1
                return self._step_on_again() if self._pause_count < MAX_PAUSES else self._leave(stops_for_good=True)
            case CueName.COMPLETE:
                return self._leave(stops_for_good=self._is_purpose_done())
            case CueName.ENDED:
                return self._leave(stops_for_good=True)
            case CueName.READY:
                return self._get_ready()
            case CueName.NUDGE if self._is_question_open():
                return self._answer_questions()
            case CueName.NUDGE if self._script is None:
                return self._react_to_prompt()
            case _:
                return None

    def _shown_activity(self) -> str | None:
        view = self.read_page()
        return None if view is None else view.activity

    def _is_question_open(self) -> bool:
        """Whether the page asks one of the questions after a test."""
        view = self.read_page()
        return view is not None and view.activity == "ask" and view.phase in (FELT_QUESTION, PAIN_QUESTION)

    @property
    def _sides_at_work(self) -> tuple[Side, ...]:
        return tuple(Side) if self.side is BOTH_LEGS else (Side(self.side),)

    @property
    def _limiting_side(self) -> Side:
        """Whose ankle limits: with both legs at work, the left one."""
        return self._sides_at_work[0]

    def _shown_side(self, otherwise: Legs) -> Legs:
        """The page says which; a change of sides by ear alone is to the other one."""
        view = self.read_page()
        return otherwise if view is None or view.side is None else view.side

    def _is_purpose_done(self) -> bool:
        """Whether COMPLETE says that what the person came for is done."""
        return self.purpose == "test" or (self.purpose == "stretch" and self._shown_activity() != "test")

    def _after_reaction(self, script: Script) -> Script:
        yield max(0.2, self._random.gauss(self.profile.reaction_s, 0.1 * self.profile.reaction_s))
        yield from script

    # Movements.

    def _press_heel(self, fraction: float, over_s: float) -> None:
        """Let the heel at work press with this part of its standing load."""
        fraction *= SEATED_LOAD_FRACTION if self.is_seated else 1.0
        for side in self._sides_at_work:
            self.world.press(side, fraction * self.profile.heel_force_n, self._due_us, round(over_s * SECOND_US))

    def _update_contact(self) -> None:
        """The knee is at the wall if it reaches."""
        self.world.is_knee_touching = self.is_leaning and self._reaches_wall()

    def _reaches_wall(self) -> bool:
        return self._beyond_limit_mm() <= (LIFTED_REACH_MM if self.is_heel_up else 0.0)

    def _beyond_limit_mm(self) -> float:
        """How much farther the board stands than the ankle allows."""
        return self.world.toe_mm(self._due_us) - self.ankles.limit_mm(self._limiting_side, self._due_us)

    def arrive(self, toe_mm: float | None = None) -> Script:
        """Look at the page, put the board where a test begins, and step on."""
        self._best_mm, self._has_failed, self._pause_count = None, False, 0
        self.follows_cues = self._is_arriving = True
        if self.is_leaning:
            yield from self.lean_back()
        yield LOOK_S
        side = self._shown_side(self.side)
        yield from self.place_board(self._start_toe_mm(side) if toe_mm is None else toe_mm)
        yield 1.5
        self._is_arriving = False
        yield from self.step_on(side)

    def _start_toe_mm(self, legs: Legs) -> float:
        side = Side.LEFT if legs is BOTH_LEGS else Side(legs)
        return max(0.0, self.ankles.expected_limit_mm(side) - START_MARGIN_MM + self._random.gauss(0.0, 4.0))

    def arrive_with_blocks(self, longest_mm: float) -> Script:
        """Pull the board back, and hold up what the cues ask for."""
        self.follows_cues = self._is_arriving = True
        self.usual_toe_mm = self.world.toe_mm(self._due_us)
        yield LOOK_S
        yield from blocks.pull_board_back(self, longest_mm)
        self._is_arriving = False
        yield from blocks.show_first_block(self)

    def step_on(self, side: Legs) -> Script:
        """Stand on the board, this leg at work."""
        if self.is_standing and side is not self.side:
            yield from self.step_off()
            yield 1.2
        self.side, self.is_standing, self.is_heel_up = side, True, False
        self._press_heel(1.0, STEP_S)
        yield STEP_S

    def step_off(self) -> Script:
        """Leave the board."""
        if self.is_leaning:
            yield from self.lean_back()
        self.is_standing = self.is_heel_up = False
        self._press_heel(0.0, STEP_S / 2)
        yield STEP_S / 2

    def _leave(self, *, stops_for_good: bool) -> Script:
        if self._is_question_open():
            yield from self._answer_questions()
            if not stops_for_good:
                yield from self._get_on_board()
        if stops_for_good:
            self.follows_cues = False
        if self.is_leaning:
            yield from self.lean_back()
        yield LEAVE_DELAY_S
        self.follows_cues = False
        yield from self.step_off()

    def lean(self) -> Script:
        """The knee goes to the wall, the heel stays where it is."""
        self.is_leaning = True
        self._last_lunge_mm = self.world.toe_mm(self._due_us)
        fraction = self.profile.lunge_load_fraction
        if -NEAR_LIMIT_MM < self._beyond_limit_mm() <= 0.0:
            fraction *= NEAR_LIMIT_LOAD_FRACTION
        if not self.is_heel_up:
            self._press_heel(fraction, LUNGE_S)
        yield LUNGE_S
        self._update_contact()

    def lean_back(self) -> Script:
        """The knee leaves the wall, and the heel carries what it did before."""
        self.is_leaning = self.world.is_knee_touching = self.is_heel_up = False
        if self.is_standing:
            self._press_heel(1.0, LEAN_BACK_S)
        yield LEAN_BACK_S

    def lift_heel(self) -> Script:
        """The heel comes up, and stays there."""
        self.is_heel_up = True
        self._press_heel(LIFTED_LOAD_FRACTION, HEEL_MOVE_S)
        self._update_contact()
        yield HEEL_MOVE_S

    def lower_heel(self) -> Script:
        """The heel comes down."""
        self.is_heel_up = False
        if self.is_standing:
            self._press_heel(self.profile.lunge_load_fraction if self.is_leaning else 1.0, HEEL_MOVE_S)
            self._update_contact()
        yield HEEL_MOVE_S

    def slide_board(self, by_mm: float) -> Script:
        """Push the board away from the wall, or nearer, with the foot on it: so far beyond the last push's end."""
        yield from self.place_board(self.world.toe.end + by_mm)
        self._update_contact()

    def lunge_on_lifted_heel(self) -> Script:
        """A lunge with the heel lifted."""
        yield from self.lift_heel()
        yield from self.lean()

    def place_board(self, toe_mm: float) -> Script:
        """Slide the board until the toe line is there."""
        off_mm = abs(toe_mm - self.world.toe_mm(self._due_us))
        over_s = SLIDE_S + off_mm / SLIDE_MM_S
        self.world.slide(toe_mm, self._due_us, round(over_s * SECOND_US))
        yield over_s

    # What the cues ask for.

    def lunge(self) -> Script:
        """GO: the knee to the wall, and there it stays until a verdict or the end of the hold."""
        if not self.is_standing:
            yield from self.step_on(self.side)
        beyond_mm = self._beyond_limit_mm()
        if beyond_mm > 0.0 and not self.profile.is_honest:
            yield from self.lunge_on_lifted_heel()
        else:
            yield from self.lean()
        if (
            not self.world.is_knee_touching
            and beyond_mm <= ACCIDENTAL_LIFT_MM
            and self._random.random() < self.profile.accidental_lift_probability
        ):
            yield from self.lift_heel()
        yield from self._stay_in_contact() if self.world.is_knee_touching else self._try_to_reach()

    def _try_to_reach(self) -> Script:
        """The knee does not reach."""
        yield REACH_TRY_S
        if self._shown_activity() in (None, "test"):
            yield from self.lean_back()
        else:
            yield from self._stay()

    def _stay_in_contact(self) -> Script:
        if self._confirms_by_taps and self._shown_activity() in (None, "test"):
            yield CONFIRM_DELAY_S
            for _ in range(2):
                yield from self._tap_heel()
        yield from self._stay()

    def _tap_heel(self) -> Script:
        fraction = self.profile.lunge_load_fraction
        self._press_heel(0.0, TAP_MOVE_S)
        yield TAP_UP_S
        self._press_heel(fraction, TAP_MOVE_S)
        yield BETWEEN_TAPS_S

    def _stay(self) -> Script:
        """Hold still, as well as one can."""
        while True:
            yield self._next_lift_in_s()
            yield from self._lift_by_accident()

    def _next_lift_in_s(self) -> float:
        return 5.0 + self._random.expovariate(1 / self.profile.mean_lift_interval_s)

    def _lift_by_accident(self) -> Script:
        """The heel comes up, for a moment or for long."""
        yield from self.lift_heel()
        yield self._random.choice((0.2, 8.0))
        yield from self.lower_heel()

    def _return_heel(self) -> Script:
        yield from self.lower_heel()
        if self.is_leaning:
            yield from self._stay()

    def _follow_exercise(self) -> Script:
        """What the exercise asks for from GO on: a lunge, heels that go up and down, or whatever nothing senses."""
        view = self.read_page()
        if view is None or view.activity in ("test", "hold") or view.phase == "attempt":
            return self._step_off_if_standing() if view is not None and view.verified is False else self.lunge()
        if view.verified is False:
            return self._repeat_at_own_pace(view.target_count or 1)
        if view.exercise in (None, *self.heel_raise_s):
            return self._raise_heels(self.heel_raise_s.get(view.exercise or "", self.profile.heel_raise_s))
        return self._repeat_lunges()

    def _step_off_if_standing(self) -> Script:
        if self.is_standing:
            yield from self.step_off()

    def _repeat_at_own_pace(self, count: int) -> Script:
        yield from self._step_off_if_standing()
        yield 1.2 + count * OWN_PACE_REPETITION_S
        yield from self.step_on(self.side)
        yield DONE_SIGNAL_S
        yield from self.step_off()

    def _repeat_lunges(self) -> Script:
        lift_in_s = self._next_lift_in_s()
        while True:
            yield from self.lean()
            if lift_in_s <= 0.0:
                yield from self._lift_by_accident()
                lift_in_s = self._next_lift_in_s()
            yield 1.0
            yield from self.lean_back()
            yield 1.0
            lift_in_s -= LUNGE_S + LEAN_BACK_S + 2.0

    def _raise_heels(self, up_s: float) -> Script:
        while True:
            yield from self.lift_heel()
            yield up_s
            yield from self.lower_heel()
            yield 1.0

    def _get_ready(self) -> Script:
        """Get into position: on the board or off it, seated where the exercise is done so."""
        view = self.read_page()
        if view is not None and view.verified is False:
            yield from self._step_off_if_standing()
            return
        is_seated = self._is_seated_exercise()
        if is_seated is not self.is_seated:
            if self.is_standing:
                yield from self.step_off()
                yield 1.2
            self.is_seated = is_seated
        yield from self._get_on_board()

    def _answer_questions(self) -> Script:
        """The questions after a test, on the page."""
        while self._is_question_open():
            yield ANSWER_S
            view = self.read_page()
            if view is not None and self._is_question_open():
                self.submit_answer(self.profile.felt_place if view.phase == FELT_QUESTION else str(self.profile.pain))
                yield 0.2

    def _move_to_target(self, remembered_mm: float) -> Script:
        """Stand back and slide the board to the target: the page's, else the one the rules of the test say."""
        if self.is_leaning:
            yield from self.lean_back()
        yield 0.6
        off_mm = self._off_target_mm(remembered_mm)
        if abs(off_mm) > TARGET_TOLERANCE_MM:
            yield from self._shift_board(off_mm)
        while True:
            yield PATIENCE_S
            yield from self._shift_board(self._off_target_mm(remembered_mm))

    def _off_target_mm(self, remembered_mm: float) -> float:
        view = self.read_page()
        if view is None:
            return remembered_mm - self.world.toe_mm(self._due_us)
        if view.target_mm is None or view.toe_mm is None:
            return 0.0
        return view.target_mm - view.toe_mm

    def _shift_board(self, by_mm: float) -> Script:
        """Weight off, slide, and stand again."""
        self._press_heel(0.0, STEP_S / 2)
        yield STEP_S / 2
        placed_mm = by_mm + self._random.gauss(0.0, self.profile.placement_sd_mm)
        yield from self.place_board(self.world.toe_mm(self._due_us) + placed_mm)
        self._press_heel(1.0, STEP_S)
        yield STEP_S

    def _reposition(self, side: Legs) -> Script:
        """A trial is stored, or it is the other side's turn."""
        self._best_mm, self._has_failed = None, False
        yield from self.step_off()
        yield 1.2
        yield from self.place_board(self._start_toe_mm(side))
        yield from self.step_on(side)

    def _change_sides(self) -> Script:
        side = self._shown_side(Side.LEFT if self.side is BOTH_LEGS else Side(self.side).other)
        yield from self._get_on_board() if self.is_standing and side is self.side else self._reposition(side)

    def _step_on_again(self) -> Script:
        yield 1.0
        yield from self.step_off()
        yield 1.5
        self.is_seated = self._is_seated_exercise()
        yield from self.step_on(self.side)

    def _is_seated_exercise(self) -> bool:
        """Whether one sits for what is to be done, as its picture shows."""
        view = self.read_page()
        return view is not None and view.exercise in self.seated_exercises

    def _get_on_board(self) -> Script:
        """Get into position; a person who was about to leave stays."""
        side = self._shown_side(self.side)
        if self.is_leaning:
            yield from self.lean_back()
        if not self.is_standing or side is not self.side:
            yield from self.step_on(side)

    def _react_to_prompt(self) -> Script:
        """The station waits."""
        if not self.is_standing:
            yield from self.step_on(self.side)
        else:
            yield from self._move_to_target(self.world.toe_mm(self._due_us))
