"""Whole tests by people who do exactly what the page says: with rules and page, on a board without drivers."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from station.app.board.view import BoardView
from station.app.snapshot import HeelView, Snapshot
from station.core.events import SECOND_US, CommandName, Side, Toe
from station.core.facts import (
    Answered,
    AttemptFailed,
    AttemptPassed,
    AttemptStarted,
    AttemptVoid,
    BoardSet,
    Cue,
    Fact,
    Paused,
    StepBegun,
    TrialFinished,
)
from station.core.steps import BOTH_SIDES, AskStep, SetupStep, TestStep
from station.simulator.ankle import PersonProfile
from station.simulator.person import Person
from station.simulator.world import World
from station.units import CM
from tests.station.core.board import BEAT_US, Board
from tests.station.page_reader import PageReader
from web.live.view_model import live_view

LOOK_US = 100_000
"""How often the page changes, and the person looks."""
STALL_US = 45 * SECOND_US
"""A test in which nothing happens for so long has stalled."""
LONGEST_US = 3_600 * SECOND_US
PROGRESS = (StepBegun, BoardSet, AttemptStarted, AttemptPassed, AttemptFailed, AttemptVoid, TrialFinished, Answered)
LEAST_LOAD = 0.05
"""The share of standing above which a comparator is on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one test went: why it stalled, `None` for a test that was finished, and its facts."""

    stall: str | None
    facts: list[Fact]


class ObedientTest:
    """A whole test of a random person on a random board: laid flat, both sides, full or quick, and the questions."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        analogue, pad = random.random() < 0.5, random.random() < 0.5
        sides = random.choice((BOTH_SIDES, BOTH_SIDES[::-1]))
        routine = (SetupStep(), TestStep(sides, full=random.random() < 0.2), AskStep())
        self.board = Board(*routine, analogue=analogue, pad=pad, noise_from=random.randrange(1_000))
        self.profile = PersonProfile(
            left_limit_mm=random.uniform(-20.0, 170.0),
            right_limit_mm=random.uniform(-20.0, 170.0),
            reaction_s=random.uniform(0.3, 1.5),
            accidental_lift_probability=0.0,
            max_slide_mm=random.uniform(3.0, 40.0),
            placement_sd_mm=random.uniform(0.3, 2.5),
            patience_s=random.uniform(0.3, 2.5),
            felt_place=random.choice(("front", "achilles", "calf", "nowhere")),
            pain=random.randint(0, 5),
        )
        self.start_mm = random.uniform(5.0, 200.0)
        self.world = World(toe_mm=random.uniform(5.0, 200.0), seed=seed)
        self.person = Person(
            self.world,
            self.profile,
            0,
            confirms_by_taps=not analogue and not pad,
            seed=seed,
            read_page=lambda: self.reader,
            submit_answer=lambda answer: self._answers.append(answer),
        )
        self.reader = PageReader(self.person)
        self._answers: list[str] = []
        self._board_view = BoardView()

    def run(self) -> Outcome:
        """Let the person do the test until it is over or stalls."""
        board = self.board
        self.person.script.run(self.person.arrive(self.start_mm), 0)
        progress_us = 0
        while board.engine.outcome is None:
            facts = self._pass_a_moment()
            if any(isinstance(fact, Paused) for fact in facts):
                return Outcome(f"paused after {board.now_s:.0f} s", board.facts)
            if any(isinstance(fact, PROGRESS) for fact in facts):
                progress_us = board.now_us
            if board.now_us - progress_us > STALL_US or board.now_us > LONGEST_US:
                return Outcome(f"nothing happened from {progress_us / SECOND_US:.0f} s on", board.facts)
        ended = board.engine.outcome != "complete"
        return Outcome(f"ended after {board.now_s:.0f} s" if ended else None, board.facts)

    def _pass_a_moment(self) -> list[Fact]:
        """One sample of every sensor; then the person moves and, from time to time, looks at the page."""
        board, now_us = self.board, self.board.now_us + BEAT_US
        self.person.script.run_due(now_us)
        for side in Side:
            part = self.world.heels[side].value(now_us) / self.profile.heel_force_n
            board.part[side] = part if part > LEAST_LOAD else 0.0
        board.knee, board.toe_mm = self.world.is_knee_touching, self.world.toe_mm(now_us)
        seen = len(board.events)
        facts = board.run(BEAT_US / SECOND_US)
        while self._answers:
            facts = facts + board.say(CommandName.ANSWER, answer=self._answers.pop(0))
        for event in board.events[seen:]:
            if isinstance(event, Toe):
                self._board_view.on_reading(event, event.at_us)
        for fact in facts:
            if isinstance(fact, Cue):
                self._board_view.on_cue(fact)
        if now_us % LOOK_US == 0:
            self.reader.look(live_view(self._snapshot(), CM), now_us)
        return facts

    def _snapshot(self) -> Snapshot:
        board, now_us = self.board, self.board.now_us
        reading_mm = self._board_view.reading_mm(now_us)
        return Snapshot(
            at_us=now_us,
            state=board.engine.state_at(now_us),
            toe_mm=None if reading_mm is None else round(max(0.0, board.sensors.curve.toe_mm(reading_mm)), 1),
            heels=tuple(HeelView(plate.side, plate.down, None) for plate in board.sensors.plates),
            cue=self._board_view.cue,
        )


def obedient_test(seed: int) -> Outcome:
    """One whole test by a person who does exactly what the page says."""
    return ObedientTest(seed).run()
