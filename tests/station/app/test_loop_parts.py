"""The parts of the loop, each on its own: time, people, idle board, settings and view."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from station.app.board.heels import STUCK_HEEL_US
from station.app.board.idle_board import IdleBoard
from station.app.board.outputs import BoardOutputs, CuePublisher
from station.app.board.view import BoardView
from station.app.people import PERSON_REMEMBERED_US, People
from station.app.recording.recorder import Recorder
from station.app.running.event_time import EventTime
from station.app.settings_in_use import SettingsInUse
from station.core.events import SECOND_US, Command, CommandName, Heel, Knee, Side, Tick
from station.core.facts import Cue, CueEnded, CueName
from station.core.sensing.sensors import References, Wiring
from station.store import Store, StoreError
from tests.station.store.histories import HandClock

STANDING_US = 3 * SECOND_US


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def time(clock: HandClock) -> EventTime:
    return EventTime(clock)


@pytest.fixture
def store(tmp_path: Path, clock: HandClock) -> Iterator[Store]:
    with closing(Store.open(tmp_path / "parts.db", clock=clock)) as opened:
        yield opened


def test_event_time_never_goes_back(time: EventTime, clock: HandClock) -> None:
    """A late event does not change it; catching up sets it to the clock's time."""
    begin_us = time.now_us
    time.advance_to(begin_us + 5)
    time.advance_to(begin_us + 2)
    assert time.now_us == begin_us + 5
    clock.pass_by(seconds=1)
    assert time.now_us == begin_us + 5
    time.catch_up()
    assert time.now_us == time.clock_us() == begin_us + SECOND_US


def test_person_is_remembered_for_ten_minutes(time: EventTime, store: Store) -> None:
    """The last person is recent for ten minutes, or until nobody is chosen; of several people none is the only one."""
    ada, people = store.add_person("Ada").id, People(store, time)
    assert (people.recent_id, people.only_id, people.name_of(ada)) == (None, None, None)
    people.refresh()
    assert (people.only_id, people.name_of(ada), people.name_of(None)) == (ada, "Ada", None)
    people.remember(ada)
    recent = []
    for later_us in (0, PERSON_REMEMBERED_US, 1):
        time.advance_to(time.now_us + later_us)
        recent.append(people.recent_id)
    assert recent == [ada, ada, None]
    assert people.last_id == ada
    people.remember(ada)
    people.remember(None)
    assert people.recent_id is None
    store.add_person("Ben")
    people.refresh()
    assert people.only_id is None


@pytest.mark.parametrize(("plates", "first"), [((Side.LEFT, Side.RIGHT), Side.RIGHT), ((Side.RIGHT,), Side.LEFT)])
def test_idle_board_reports_step_on_and_loaded_side(time: EventTime, plates: tuple[Side, ...], first: Side) -> None:
    """Two seconds on a plate request a start, on the loaded side if each side has a plate; commands do not count."""
    board = IdleBoard(Wiring(analogue=False, plates=plates), time, {})
    board.feed(Heel(time.now_us, Side.RIGHT, False))
    time.advance_to(time.now_us + SECOND_US)
    assert board.is_empty_for(SECOND_US // 2, time.now_us)
    assert not board.feed(Heel(time.now_us, Side.RIGHT, True))
    assert not board.feed(Command(time.now_us + STANDING_US, CommandName.START))
    time.advance_to(time.now_us + STANDING_US)
    assert board.feed(Tick(time.now_us))
    assert board.first_side is first
    assert board.empty_since_us is None


def test_idle_board_gives_levels_at_current_time(time: EventTime) -> None:
    """A new wait, and the next run, start with the last levels; a heel that stays down long is a fault."""
    board = IdleBoard(Wiring(analogue=False), time, {})
    begin_us = time.now_us
    board.remember_level(Heel(begin_us, Side.LEFT, False))
    board.remember_level(Heel(begin_us, Side.LEFT, True))
    board.remember_level(Knee(begin_us, True))
    time.advance_to(begin_us + SECOND_US)
    assert board.current_levels() == [Heel(time.now_us, Side.LEFT, True), Knee(time.now_us, True)]
    assert board.knee_touching is True
    board.wait_for_person(is_occupied=True)
    time.advance_to(time.now_us + STUCK_HEEL_US + SECOND_US)
    board.feed(Tick(time.now_us))
    assert "left heel has been down for five minutes" in str(board.heel_fault(time.now_us))


def test_idle_board_learns_only_lower_shares_of_empty_plates(time: EventTime) -> None:
    """A run's empty share is adopted if the plate's was unknown or higher so far."""
    board = IdleBoard(Wiring(), time, {Side.LEFT: 0.10})
    assert board.learn_empty(References({Side.LEFT: 0.12, Side.RIGHT: 0.20})) == {Side.RIGHT: 0.20}
    assert board.learn_empty(References({Side.LEFT: 0.08, Side.RIGHT: 0.20})) == {Side.LEFT: 0.08}
    board.wait_for_person(is_occupied=False)
    assert board.references.empty == {Side.LEFT: 0.08, Side.RIGHT: 0.20}


def test_settings_are_stored_as_they_change(store: Store, clock: HandClock) -> None:
    """The volume rises to the loudest and no further, taps are turned off, and an invalid value changes nothing."""
    settings = SettingsInUse(
        store, Recorder(store, lambda _sentence: None), BoardOutputs(), People(store, EventTime(clock)), clock
    )
    settings.change({"volume": "low", "taps": "on"})
    volumes = []
    for _ in range(3):
        settings.raise_volume()
        volumes.append(settings.values.volume)
    settings.turn_taps_off()
    assert volumes == ["normal", "loud", "loud"]
    with pytest.raises(ValueError, match="volume"):
        settings.change({"volume": "deafening", "taps": "on"})
    assert settings.values.taps == "off"
    assert store.settings() == settings.values


def test_view_is_urgent_only_after_changes() -> None:
    """A new fault, note or sensor change is urgent; the same fault or change count again is not."""
    view = BoardView()

    changes: list[Callable[[], None]] = [
        partial(view.set_fault, "buzzer", "The buzzer is broken."),
        partial(view.set_fault, "buzzer", "The buzzer is broken."),
        partial(view.set_fault, "buzzer", None),
        partial(view.set_fault, "buzzer", None),
        partial(view.on_sensor_changes, 3),
        partial(view.on_sensor_changes, 3),
        partial(view.show_note, None),
    ]
    urgent = []
    for change in changes:
        view.is_urgent = False
        change()
        urgent.append(view.is_urgent)
    assert urgent == [True, False, True, False, True, False, True]
    assert view.faults("The left heel sensor is stuck.")[0].part == "heel sensors"


def test_fault_that_stops_a_measurement_comes_first() -> None:
    """The live page has room for one sentence: not the clock's while the sensor's cable is out."""
    view = BoardView()
    for part in ("LED", "backup", "clock", "distance sensor"):
        view.set_fault(part, f"The {part} is broken.")
    assert [one.part for one in view.faults(None)] == ["distance sensor", "LED", "backup", "clock"]


def test_cues_that_confirm_storage_wait_for_it(store: Store) -> None:
    """While writes are pending, an error sounds instead of COMPLETE; other cues do not change."""

    def fail() -> None:
        raise StoreError("The disk is full.")

    view, recorder = BoardView(), Recorder(store, lambda _sentence: None)
    cues = CuePublisher(BoardOutputs(), view, recorder)
    shown = []
    for write in (None, fail):
        if write is not None:
            recorder.write(write)
        for cue in (CueName.COMPLETE, CueName.YES):
            cues.play([Cue(0, cue)])
            assert view.cue is not None
            shown.append(view.cue.cue)
    assert shown == [CueName.COMPLETE, CueName.YES, CueName.ERROR, CueName.YES]
    cues.play([Cue(0, CueName.HEEL_UP), CueEnded(1, CueName.HEEL_UP)])
    assert view.cue is not None
    assert (view.cue.cue, view.cue.repeating, view.cue.number) == (CueName.HEEL_UP, False, 5)
