"""A person on the board, who hears the cues, looks at the page, and does what they ask.

What the person does is a *script*: a generator of movements that yields the seconds to wait between them. A cue that
asks for something else replaces the script. Hearing is all by the ear; the eyes give the target, as on the page.

The board keeps still under whoever stands on it: to slide it, the person takes the weight off, moves it, and puts the
heel down again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Protocol

from station.core.activities.questions import FELT, PAIN
from station.core.events import BOTH_LEGS, SECOND_US, Legs, Side
from station.core.facts import CueName
from station.simulator import blocks
from station.simulator.ankle import CHEAT_MM, SLIP_MM, Ankles, Character
from station.simulator.world import World

Script = Iterator[float]
"""Movements, with the seconds to wait between them."""

STEP_S = 0.6
LUNGE_S = 1.2
LEAN_BACK_S = 0.8
HEEL_S = 0.12
HAND_LIFT_S = 0.08
SLIDE_S, SLIDE_MM_S = 0.5, 60.0
"""To bend down and take hold, and how fast the board goes then."""
PUSH_S = 0.6
"""How long somebody pushes who does not reach; then they stand back and wait for the verdict."""
SURE_S = 2.9
"""Where the person has to say so, they wait this long with the knee at the wall first."""
TAP_S, BETWEEN_TAPS_S = 0.19, 0.26
"""Up and down of a heel tap: well within 80 to 350 and 80 to 500 ms."""
LOOK_S = 0.5
"""To see on the page which leg is asked for; it shows so a moment after somebody has asked."""
LEAVE_S = 3.0
"""COMPLETE may be followed by what comes next; then nobody leaves."""
NEAR_MM = 1.5
"""This close to the target nobody moves the board."""
PATIENCE_S = 7.0
"""After so long without GO the board is put right once more."""
MOST_PAUSES = 4
"""Who is paused so often in one sitting gives up."""
LIFTED_PART = 0.02
"""What is left of the load when the heel is up."""
CLOSE_PART, CLOSE_MM = 0.7, 4.0
"""Near the limit the heel hardly presses: from so many mm before it, this much of the lunge's load is left."""
SEATED_PART = 0.18
"""What the heel of somebody who sits presses with, as a part of standing."""
ANSWER_S = 0.8
"""To read a question on the page and tap on an answer."""
ONE_S = 0.6
"""What one repetition takes at this person's own pace."""
SIGN_S = 1.6
"""Whoever is done stands on the board for so long to say so."""
COMFORT_MM = 28.0
"""A test begins this much nearer than the person believes to reach."""


USES_BLOCKS = ("calibrate", "check")
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
        character: Character,
        begin_us: int,
        *,
        taps: bool = False,
        seed: int = 0,
        look: Callable[[], PageView | None] = lambda: None,
    ) -> None:
        """`taps`: the knee's contact is said by two heel taps, because nothing on this board senses it."""
        self.world = world
        self.character = character
        self.ankles = Ankles(character, seed, begin_us)
        self.look = look
        self.obeys = False
        """Whether the cues are followed; a visitor's hand is another way to live."""
        self.side: Legs = Side.LEFT
        self.seated = False
        self.say: Callable[[str], None] = lambda _answer: None
        """Tap on an answer on the page."""
        self.standing = False
        self.leaning = False
        self.up = False
        """Whether the heel at work is up on purpose or by mistake."""
        self.raised_s = {"7d": 4.8}
        self.seated_for = {"5a"}
        """The exercises whose heels go up and down, with how long they are up, and those that one sits for: a person
        knows that of the picture."""
        self.only: str | None = None
        """What the person came for: `test`, `stretch`, `calibrate`, `check`, or whatever there is."""
        self.blocks: dict[float, float] = {}
        """The true length of a block where it is not what is written on it, or where another is taken for it."""
        self._taps = taps
        self._random = Random(seed)
        self._script: Script | None = None
        self._due_us = begin_us
        self._coming = False
        self._alarmed = False
        self._best_mm: float | None = None
        self._failed = False
        self._pauses = 0
        self._lunge_mm = world.toe_mm(begin_us)
        self.usual_toe_mm = self._lunge_mm
        """Where the board stands when nobody needs it elsewhere."""
        self.chance = Random(f"{seed} blocks")
        world.wobble = character.wobble

    # Time.

    def next_us(self) -> int | None:
        """When the next movement begins."""
        return None if self._script is None else self._due_us

    def settle(self, now_us: int) -> None:
        """Do the movements that are due."""
        while self._script is not None and self._due_us <= now_us:
            wait_s = next(self._script, None)
            if wait_s is None:
                self._script = None
            else:
                self._due_us += round(wait_s * SECOND_US)

    @property
    def next_decision_us(self) -> int:
        """The moment that the script has come to."""
        return self._due_us

    def do(self, script: Script, at_us: int) -> None:
        """Begin something now, instead of what was going on."""
        self._script, self._due_us, self._coming = script, at_us, False
        self.settle(at_us)

    # What is heard.

    def on_cue(self, cue: CueName, at_us: int) -> None:
        """A cue has been recognised. On the way to the board it is still about what was before."""
        if not self.obeys or self._coming:
            return
        script = blocks.answer(self, cue) if self.only in USES_BLOCKS else self._answer_question(cue, at_us)
        if script is not None:
            self.do(self._after_reaction(script), at_us)

    def _answer_question(self, cue: CueName, at_us: int) -> Script | None:
        match cue:
            case CueName.GO:
                self._alarmed = False
                return self._follow_exercise()
            case CueName.HEEL_UP if not self._alarmed:
                self._alarmed = True
                return self._heel_back()
            case CueName.YES if self._alarmed:
                self._alarmed = False
                return None
            case CueName.YES:
                self._best_mm = max(self._best_mm or 0.0, self._lunge_mm)
                return self._move(self._best_mm + (5.0 if self._failed else 15.0))
            case CueName.NO | CueName.TRIAL_VOID:
                self._failed = True
                return self._move(self._lunge_mm - 20.0 if self._best_mm is None else self._best_mm + 5.0)
            case CueName.TRIAL_OK:
                return self._begin_again(self.side)
            case CueName.SWITCH:
                return self._change_sides()
            case CueName.HOLD_DONE:
                self.ankles.stretch(at_us)
                return self.lean_back()
            case CueName.PAUSED:
                self._pauses += 1
                return self._fresh_step() if self._pauses < MOST_PAUSES else self._leave(for_good=True)
            case CueName.COMPLETE:
                return self._leave(for_good=self._is_here_for())
            case CueName.ENDED:
                return self._leave(for_good=True)
            case CueName.READY:
                return self._get_ready()
            case CueName.NUDGE if self._is_question_open():
                return self._answers()
            case CueName.NUDGE if self._script is None:
                return self._react_to_prompt()
            case _:
                return None

    def _activity(self) -> str | None:
        seen = self.look()
        return None if seen is None else seen.activity

    def _is_question_open(self) -> bool:
        """Whether the page asks one of the questions after a test."""
        seen = self.look()
        return seen is not None and seen.activity == "ask" and seen.phase in (FELT, PAIN)

    @property
    def _sides(self) -> tuple[Side, ...]:
        return tuple(Side) if self.side is BOTH_LEGS else (Side(self.side),)

    @property
    def _leg(self) -> Side:
        """Whose ankle limits: with both legs at work, the left one."""
        return self._sides[0]

    def _side_asked_for(self, otherwise: Legs) -> Legs:
        """The page says which; a change of sides by ear alone is to the other one."""
        seen = self.look()
        return otherwise if seen is None or seen.side is None else seen.side

    def _is_here_for(self) -> bool:
        """Whether COMPLETE says that what the person came for is done."""
        return self.only == "test" or (self.only == "stretch" and self._activity() != "test")

    def _after_reaction(self, script: Script) -> Script:
        yield max(0.2, self._random.gauss(self.character.reaction_s, 0.1 * self.character.reaction_s))
        yield from script

    # Movements.

    def _press(self, part: float, over_s: float) -> None:
        """Let the heel at work press with this part of its standing load."""
        part *= SEATED_PART if self.seated else 1.0
        for side in self._sides:
            self.world.press(side, part * self.character.heel_n, self._due_us, round(over_s * SECOND_US))

    def _touch(self) -> None:
        """The knee is at the wall if it reaches."""
        self.world.touching = self.leaning and self._reaches()

    def _reaches(self) -> bool:
        return self._beyond_mm() <= (CHEAT_MM if self.up else 0.0)

    def _beyond_mm(self) -> float:
        """How much farther the board stands than the ankle allows."""
        return self.world.toe_mm(self._due_us) - self.ankles.limit_mm(self._leg, self._due_us)

    def come(self, toe_mm: float | None = None) -> Script:
        """Look at the page, put the board where a test begins, and step on."""
        self._best_mm, self._failed, self._pauses = None, False, 0
        self.obeys = self._coming = True
        if self.leaning:
            yield from self.lean_back()
        yield LOOK_S
        side = self._side_asked_for(self.side)
        yield from self.put(self._comfortable_mm(side) if toe_mm is None else toe_mm)
        yield 1.5
        self._coming = False
        yield from self.step_on(side)

    def _comfortable_mm(self, legs: Legs) -> float:
        side = Side.LEFT if legs is BOTH_LEGS else Side(legs)
        return max(0.0, self.ankles.usual_mm(side) - COMFORT_MM + self._random.gauss(0.0, 4.0))

    def come_with_blocks(self, longest_mm: float) -> Script:
        """Pull the board back, and hold up what the cues ask for."""
        self.obeys = self._coming = True
        self.usual_toe_mm = self.world.toe_mm(self._due_us)
        yield LOOK_S
        yield from blocks.away_from_wall(self, longest_mm)
        self._coming = False
        yield from blocks.first(self)

    def step_on(self, side: Legs) -> Script:
        """Stand on the board, this leg at work."""
        if self.standing and side is not self.side:
            yield from self.step_off()
            yield 1.2
        self.side, self.standing, self.up = side, True, False
        self._press(1.0, STEP_S)
        yield STEP_S

    def step_off(self) -> Script:
        """Leave the board."""
        if self.leaning:
            yield from self.lean_back()
        self.standing = self.up = False
        self._press(0.0, STEP_S / 2)
        yield STEP_S / 2

    def _leave(self, *, for_good: bool) -> Script:
        if self._is_question_open():
            yield from self._answers()
            if not for_good:
                yield from self._stand()
        if for_good:
            self.obeys = False
        if self.leaning:
            yield from self.lean_back()
        yield LEAVE_S
        self.obeys = False
        yield from self.step_off()

    def lean(self) -> Script:
        """The knee goes to the wall, the heel stays where it is."""
        self.leaning = True
        self._lunge_mm = self.world.toe_mm(self._due_us)
        part = self.character.lunge_part
        if -CLOSE_MM < self._beyond_mm() <= 0.0:
            part *= CLOSE_PART
        if not self.up:
            self._press(part, LUNGE_S)
        yield LUNGE_S
        self._touch()

    def lean_back(self) -> Script:
        """The knee leaves the wall, and the heel carries what it did before."""
        self.leaning = self.world.touching = self.up = False
        if self.standing:
            self._press(1.0, LEAN_BACK_S)
        yield LEAN_BACK_S

    def lift(self) -> Script:
        """The heel comes up, and stays there."""
        self.up = True
        self._press(LIFTED_PART, HEEL_S)
        self._touch()
        yield HEEL_S

    def lower(self) -> Script:
        """The heel comes down."""
        self.up = False
        if self.standing:
            self._press(self.character.lunge_part if self.leaning else 1.0, HEEL_S)
            self._touch()
        yield HEEL_S

    def slide(self, by_mm: float) -> Script:
        """Push the board away from the wall, or nearer, with the foot on it: so far beyond the last push's end."""
        yield from self.put(self.world.toe.end + by_mm)
        self._touch()

    def cheat(self) -> Script:
        """A lunge with the heel lifted."""
        yield from self.lift()
        yield from self.lean()

    def put(self, toe_mm: float) -> Script:
        """Slide the board until the toe line is there."""
        off_mm = abs(toe_mm - self.world.toe_mm(self._due_us))
        over_s = SLIDE_S + off_mm / SLIDE_MM_S
        self.world.slide(toe_mm, self._due_us, round(over_s * SECOND_US))
        yield over_s

    # What the cues ask for.

    def lunge(self) -> Script:
        """GO: the knee to the wall, and there it stays until a verdict or the end of the hold."""
        if not self.standing:
            yield from self.step_on(self.side)
        beyond_mm = self._beyond_mm()
        if beyond_mm > 0.0 and not self.character.honest:
            yield from self.cheat()
        else:
            yield from self.lean()
        if not self.world.touching and beyond_mm <= SLIP_MM and self._random.random() < self.character.slip_share:
            yield from self.lift()
        yield from self._stay_touching() if self.world.touching else self._push()

    def _push(self) -> Script:
        """The knee does not reach."""
        yield PUSH_S
        if self._activity() in (None, "test"):
            yield from self.lean_back()
        else:
            yield from self._stay()

    def _stay_touching(self) -> Script:
        if self._taps and self._activity() in (None, "test"):
            yield SURE_S
            for _ in range(2):
                yield from self._tap()
        yield from self._stay()

    def _tap(self) -> Script:
        part = self.character.lunge_part
        self._press(0.0, HAND_LIFT_S)
        yield TAP_S
        self._press(part, HAND_LIFT_S)
        yield BETWEEN_TAPS_S

    def _stay(self) -> Script:
        """Hold still, as well as one can."""
        while True:
            yield self._lift_in_s()
            yield from self._slip()

    def _lift_in_s(self) -> float:
        return 5.0 + self._random.expovariate(1 / self.character.lift_every_s)

    def _slip(self) -> Script:
        """The heel comes up, for a moment or for long."""
        yield from self.lift()
        yield self._random.choice((0.2, 8.0))
        yield from self.lower()

    def _heel_back(self) -> Script:
        yield from self.lower()
        if self.leaning:
            yield from self._stay()

    def _follow_exercise(self) -> Script:
        """What the exercise asks for from GO on: a lunge, heels that go up and down, or whatever nothing senses."""
        seen = self.look()
        if seen is None or seen.activity in ("test", "hold") or seen.phase == "attempt":
            return self._off_the_board() if seen is not None and seen.verified is False else self.lunge()
        if seen.verified is False:
            return self._at_own_pace(seen.target_count or 1)
        if seen.exercise in (None, *self.raised_s):
            return self._raise_heels(self.raised_s.get(seen.exercise or "", self.character.up_s))
        return self._lunge_in_rhythm()

    def _off_the_board(self) -> Script:
        if self.standing:
            yield from self.step_off()

    def _at_own_pace(self, count: int) -> Script:
        yield from self._off_the_board()
        yield 1.2 + count * ONE_S
        yield from self.step_on(self.side)
        yield SIGN_S
        yield from self.step_off()

    def _lunge_in_rhythm(self) -> Script:
        lift_in_s = self._lift_in_s()
        while True:
            yield from self.lean()
            if lift_in_s <= 0.0:
                yield from self._slip()
                lift_in_s = self._lift_in_s()
            yield 1.0
            yield from self.lean_back()
            yield 1.0
            lift_in_s -= LUNGE_S + LEAN_BACK_S + 2.0

    def _raise_heels(self, up_s: float) -> Script:
        while True:
            yield from self.lift()
            yield up_s
            yield from self.lower()
            yield 1.0

    def _get_ready(self) -> Script:
        """Get into position: on the board or off it, seated where the exercise is done so."""
        seen = self.look()
        if seen is not None and seen.verified is False:
            yield from self._off_the_board()
            return
        seated = self._is_seated()
        if seated is not self.seated:
            if self.standing:
                yield from self.step_off()
                yield 1.2
            self.seated = seated
        yield from self._stand()

    def _answers(self) -> Script:
        """The questions after a test, on the page."""
        while self._is_question_open():
            yield ANSWER_S
            seen = self.look()
            if seen is not None and self._is_question_open():
                self.say(self.character.felt if seen.phase == FELT else str(self.character.pain))
                yield 0.2

    def _move(self, by_heart_mm: float) -> Script:
        """Stand back and slide the board to the target: the page's, else the one the rules of the test say."""
        if self.leaning:
            yield from self.lean_back()
        yield 0.6
        off_mm = self._off_target(by_heart_mm)
        if abs(off_mm) > NEAR_MM:
            yield from self._shift(off_mm)
        while True:
            yield PATIENCE_S
            yield from self._shift(self._off_target(by_heart_mm))

    def _off_target(self, by_heart_mm: float) -> float:
        seen = self.look()
        if seen is None:
            return by_heart_mm - self.world.toe_mm(self._due_us)
        if seen.target_mm is None or seen.toe_mm is None:
            return 0.0
        return seen.target_mm - seen.toe_mm

    def _shift(self, by_mm: float) -> Script:
        """Weight off, slide, and stand again."""
        self._press(0.0, STEP_S / 2)
        yield STEP_S / 2
        placed_mm = by_mm + self._random.gauss(0.0, self.character.placement_mm)
        yield from self.put(self.world.toe_mm(self._due_us) + placed_mm)
        self._press(1.0, STEP_S)
        yield STEP_S

    def _begin_again(self, side: Legs) -> Script:
        """A trial is stored, or it is the other side's turn."""
        self._best_mm, self._failed = None, False
        yield from self.step_off()
        yield 1.2
        yield from self.put(self._comfortable_mm(side))
        yield from self.step_on(side)

    def _change_sides(self) -> Script:
        side = self._side_asked_for(Side.LEFT if self.side is BOTH_LEGS else Side(self.side).other)
        yield from self._stand() if self.standing and side is self.side else self._begin_again(side)

    def _fresh_step(self) -> Script:
        yield 1.0
        yield from self.step_off()
        yield 1.5
        self.seated = self._is_seated()
        yield from self.step_on(self.side)

    def _is_seated(self) -> bool:
        """Whether one sits for what is to be done, as its picture shows."""
        seen = self.look()
        return seen is not None and seen.exercise in self.seated_for

    def _stand(self) -> Script:
        """Get into position: whoever was about to leave stays."""
        side = self._side_asked_for(self.side)
        if self.leaning:
            yield from self.lean_back()
        if not self.standing or side is not self.side:
            yield from self.step_on(side)

    def _react_to_prompt(self) -> Script:
        """The station waits."""
        if not self.standing:
            yield from self.step_on(self.side)
        else:
            yield from self._move(self.world.toe_mm(self._due_us))
