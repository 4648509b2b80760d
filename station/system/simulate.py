"""Simulates days of use in minutes: the same loop and drivers, on an emulated board in virtual time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct

from station.advice.conditions import CONDITIONS
from station.app.loop import Station
from station.app.starting.routines import routine_called
from station.config import Config
from station.core.events import SECOND_US, CommandName, Side
from station.core.steps import Routine
from station.devices.board import Devices
from station.simulator.ankle import PersonProfile
from station.simulator.board import SENSOR_SEED, SimulatedBoard, delivered_error
from station.simulator.range_error import RangeError
from station.simulator.virtual import BEGIN_WALL, DeadlineQueue, VirtualClock, run_until
from station.store import Store
from station.store.ids import seeded_ids
from station.store.names import unique_name

EMPTY_S = 5.0
"""The board is empty this long before the person steps on, so that the station knows its heels."""
LONGEST_S = 3600.0
"""No session lasts longer; a simulated person still on the board after it is stuck."""
GONE_S = 180.0
"""The station ends a session within this time after the person steps off."""
DAYS_A_WEEK = 7
FULL_EVERY_DAYS = 14
"""The first test is full, then one every two weeks; the others are quick."""
BEFORE = timedelta(hours=4)
"""How long before the first session the station is set up and calibrated."""
HEALTH_QUESTIONS = "health"
"""The question under which the answers to the health questions are stored."""
USUAL_GAIN_MM_WEEK = 2.0
"""The usual gain from regular stretching."""
MISSED_SHARE = 0.08
"""The share of sessions that the person misses."""
EARLY_LATE_S = 1200.0
"""SD of the time of day at which the person comes."""
MIDNIGHT = "00:00"
"""Equal times switch quiet hours off: a simulated person needs every cue, at any local time of the machine."""


class Habits(Struct, frozen=True):
    """Who comes when. `begin` is the first day, with the usual time of day (aware, UTC)."""

    name: str
    character: PersonProfile
    begin: datetime = BEGIN_WALL
    sessions_per_week: int = 3
    seed: int = 0


class Progress(Struct, frozen=True):
    """How far a simulation has come."""

    day: int
    sessions: int


class VirtualStation:
    """A station with its drivers, board and person, whose time jumps from deadline to deadline."""

    def __init__(
        self,
        config: Config,
        database: Path,
        *,
        character: PersonProfile | None = None,
        wall: datetime = BEGIN_WALL,
        seed: int = 0,
        error: RangeError | None = None,
        before: Callable[[SimulatedBoard], None] = lambda _board: None,
    ) -> None:
        """`error` is the distance sensor's error; `before` is called with the board before the station opens."""
        self.clock = VirtualClock(wall)
        self.board = SimulatedBoard(
            config, self.clock, profile=character, seed=seed, range_error=error, spend_us=self.clock.advance_by
        )
        before(self.board)
        with ExitStack() as undo:
            self.store = Store.open(
                database,
                clock=self.board.clock,
                new_id=seeded_ids(self.board.clock, seed),
                as_built_offset_mm=-float(config.board.setback_mm),
            )
            undo.callback(self.store.close)
            self.station = Station(config, self.store, self.board.clock, board=self.board)
            undo.callback(self.station.close)
            self.devices = Devices(
                config,
                self.board.clock,
                self.station.post,
                self.station.report_fault,
                pin_factory=self.board.pin_factory,
                open_bus=lambda: self.board.open_bus(),
            )
            undo.callback(self.devices.close)
            self.station.attach(self.devices, None)
            self.devices.start(threads=False)
            self.board.snapshot = self.station.snapshot
            self.board.request_start = lambda name: self.station.request_start(name, None)
            self.board.answer_question = partial(self.station.command, CommandName.ANSWER, None)
            self.board.shown_rhythm = self.station.shown_rhythm
            self._closing = undo.pop_all()
        self._deadlines = DeadlineQueue([self.board, *(timed for _, timed in self.devices.tasks)])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop everything and release the database."""
        self._closing.close()

    def live(self, seconds: float, stop: Callable[[], bool] = lambda: False) -> None:
        """Let this many simulated seconds pass, or fewer if `stop` returns true."""
        run_until(self.clock, self._deadlines, self.station, self.clock.now_us() + round(seconds * SECOND_US), stop)

    def jump_to(self, wall: datetime) -> None:
        """Jump to this time; nothing happens on the empty board until then."""
        passed_us = (wall - self.clock.utc_now()) // timedelta(microseconds=1)
        self.clock.advance_to(self.clock.now_us() + passed_us)

    def run_session(self, routine: Routine, person_id: str | None) -> None:
        """Run a whole session: started from the page, done by the person, ended by the station after they step off."""
        self.station.start(routine, person_id)
        self.live(0.1)
        self.board.act("auto")
        self.live(LONGEST_S, self._has_ended)
        if not self._has_ended():
            self.station.command(CommandName.STOP)
            self.board.act("step_off")
            self.live(GONE_S, self._has_ended)

    def calibrate(self) -> None:
        """The person calibrates the sensor, and the station ends the session."""
        self.board.act("calibrate")
        self.live(0.1)
        self.live(LONGEST_S, self._has_ended)

    def _has_ended(self) -> bool:
        return self.station.snapshot().session_id is None


def simulate(habits: Habits, days: int, database: Path, config: Config | None = None) -> Iterator[Progress]:
    """Simulate `days` days of a person's use and store them in `database`; yields after each day.

    An existing database keeps its rows. The same habits give the same rows, and earlier days do not depend on `days`.
    Raises StoreError, and ValueError for an unusable name before the database is created.
    """
    name = unique_name(habits.name, (), "")
    config = simulated(config or Config())
    error = delivered_error(config, SENSOR_SEED)
    with VirtualStation(
        config, database, character=habits.character, wall=habits.begin - BEFORE, seed=habits.seed, error=error
    ) as virtual:
        virtual.station.change_settings({"quiet_from": MIDNIGHT, "quiet_to": MIDNIGHT})
        if virtual.store.current_calibration().fit is None:
            virtual.calibrate()
        person_id = _person_id(virtual.store, name)
        yield from _live_days(habits, days, virtual, person_id)


def character_of(
    *,
    left_mm: float | None = None,
    right_mm: float | None = None,
    gain_mm_week: float | None = None,
    cheat: bool = False,
) -> PersonProfile:
    """A simulated person with these limits; everything else is the default."""
    usual = PersonProfile()
    gain = USUAL_GAIN_MM_WEEK if gain_mm_week is None else gain_mm_week
    return PersonProfile(
        left_limit_mm=usual.left_limit_mm if left_mm is None else left_mm,
        right_limit_mm=usual.right_limit_mm if right_mm is None else right_mm,
        left_gain_mm_week=gain,
        right_gain_mm_week=gain,
        is_honest=not cheat,
    )


def simulated(config: Config) -> Config:
    """The same board, emulated."""
    return msgspec.structs.replace(config, board=msgspec.structs.replace(config.board, simulated=True))


def _person_id(store: Store, name: str) -> str:
    for person in store.people():
        if person.name == name:
            return person.id
    person_id = store.add_person(name).id
    answer_no_to_all(store, person_id)
    return person_id


def answer_no_to_all(store: Store, person_id: str) -> None:
    """Answer no to all health questions, unless answered already: without answers this person may only do tests."""
    if not store.answers(person_id, HEALTH_QUESTIONS, limit=1):
        no = [one.key for one in CONDITIONS if one.follow_up_of is None]
        store.add_answer(person_id, HEALTH_QUESTIONS, {"yes": [], "no": no})


def _live_days(habits: Habits, days: int, virtual: VirtualStation, person_id: str) -> Iterator[Progress]:
    chance = random.Random(f"{habits.seed} {habits.name}")
    sessions = full_due = 0
    for day in range(days):
        come_at = habits.begin + timedelta(days=day, seconds=chance.gauss(0.0, EARLY_LATE_S))
        comes = chance.random() >= MISSED_SHARE or day == 0
        if comes and _is_due(day, habits.sessions_per_week):
            virtual.jump_to(come_at)
            virtual.live(EMPTY_S)
            full = day >= full_due
            virtual.run_session(_routine(virtual.store, sessions, full=full), person_id)
            full_due = day + FULL_EVERY_DAYS if full else full_due
            sessions += 1
        yield Progress(day + 1, sessions)


def _is_due(day: int, per_week: int) -> bool:
    """Whether this day has a session; they are spread over the week: three fall on days 0, 3 and 5."""
    weekday = day % DAYS_A_WEEK
    return any(weekday == -(-each * DAYS_A_WEEK // per_week) for each in range(per_week))


def _routine(store: Store, number: int, *, full: bool) -> Routine:
    """A test, then the stretches; sessions alternate the first side."""
    settings, first = store.settings(), Side.LEFT if number % 2 == 0 else Side.RIGHT
    if full:
        return routine_called("full_test", settings, first) + routine_called("stretch", settings, first.other)
    return routine_called("test_and_stretch", settings, first)
