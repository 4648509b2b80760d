"""Parts that could not be opened at the start, and are opened later."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest

from station.app.snapshot import IDLE
from station.core.events import SECOND_US, CommandName
from station.core.facts import Cue, CueName
from station.system.service import PART_RETRY_US
from tests.station.process import wait_until
from tests.station.system.watch_rig import BOARD, Watch, manager

__all__ = ["manager"]
BUZZER, BUTTON, LEFT_HEEL, RIGHT_HEEL = 18, 22, 27, 23
COMPARATORS = f'{BOARD}heels = "comparator"\n'


def faults(watch: Watch) -> list[str]:
    return [fault.part for fault in watch.service.station.snapshot().faults]


def free(watch: Watch, pin: int) -> None:
    """The other program ends."""
    watch.board.pin_factory.refuse_opening(pin, None)


def has_begun(watch: Watch) -> bool:
    """Whether something runs after a turn of the loop."""
    watch.turn(0)
    return watch.service.station.snapshot().state != IDLE


def are_down(watch: Watch) -> list[bool | None]:
    """Each heel, after a turn of the loop."""
    watch.turn(0)
    return [heel.down for heel in watch.service.station.snapshot().heels]


@pytest.mark.parametrize(("pin", "part"), [(BUZZER, "buzzer"), (BUTTON, "button"), (LEFT_HEEL, "left heel comparator")])
def test_part_is_opened_once_its_pin_is_free(tmp_path: Path, manager: socket.socket, pin: int, part: str) -> None:
    """Its fault is gone without a check of the board; the pin is tried every ten seconds."""
    with closing(Watch(tmp_path, manager, COMPARATORS, [pin])) as watch:
        watch.turn(PART_RETRY_US)
        assert part in faults(watch)
        free(watch, pin)
        watch.turn(PART_RETRY_US // 2)
        assert part in faults(watch)
        watch.turn(PART_RETRY_US)
        assert part not in faults(watch)


def test_fault_follows_the_pin_that_is_still_taken(tmp_path: Path, manager: socket.socket) -> None:
    """The heels are opened together: once the left one's pin is free, only the right one's is named."""
    with closing(Watch(tmp_path, manager, COMPARATORS, [LEFT_HEEL, RIGHT_HEEL])) as watch:
        watch.turn(0)
        assert "left heel comparator" in faults(watch)
        free(watch, LEFT_HEEL)
        watch.turn(PART_RETRY_US)
        assert [part for part in faults(watch) if "heel" in part] == ["right heel comparator"]


def test_buzzer_that_is_opened_later_plays_and_is_watched(tmp_path: Path, manager: socket.socket) -> None:
    with closing(Watch(tmp_path, manager, taken=[BUZZER])) as watch:
        free(watch, BUZZER)
        watch.turn(PART_RETRY_US)
        watched = [row.thread.name for row in watch.service._supervisor._rows]
        assert "buzzer" in watched
        assert len(watched) == len(set(watched)), "a thread has been started twice"
        assert watch.service.devices is not None
        watch.service.devices.play_cues([Cue(watch.clock.now_us(), CueName.YES)])
        wait_until(lambda: CueName.YES in [heard.cue for heard in watch.board.heard_cues], "nothing is heard")


def test_heels_that_are_opened_later_wait_for_a_step_on(tmp_path: Path, manager: socket.socket) -> None:
    """A person who stands there already has not stepped on."""
    with closing(Watch(tmp_path, manager, COMPARATORS, [LEFT_HEEL])) as watch:
        watch.board.act("step_on", "left")
        pins = watch.board.pin_factory
        wait_until(lambda: pins._driven.get(LEFT_HEEL) is True and not pins._bounces, "the person does not stand there")
        assert are_down(watch) == [None, None]
        free(watch, LEFT_HEEL)
        watch.turn(PART_RETRY_US)
        wait_until(lambda: are_down(watch) == [True, False], "the heels are not read")
        watch.turn(3 * SECOND_US)
        assert not has_begun(watch)
        watch.board.act("step_off")
        wait_until(lambda: are_down(watch) == [False, False], "the heel stays down")
        watch.board.act("step_on", "left")
        watch.turn(3 * SECOND_US)
        wait_until(lambda: has_begun(watch), "nothing starts")


def test_no_part_is_opened_while_a_person_stands_on_the_board(tmp_path: Path, manager: socket.socket) -> None:
    """Opening takes a moment, in which the loop does nothing else."""
    with closing(Watch(tmp_path, manager, COMPARATORS, [BUTTON])) as watch:
        watch.service.station.change_settings({"on_step": "nothing"})
        watch.board.act("step_on", "left")
        wait_until(lambda: True in are_down(watch), "the heel is not read")
        free(watch, BUTTON)
        watch.turn(PART_RETRY_US)
        assert "button" in faults(watch)
        watch.board.act("step_off")
        wait_until(lambda: True not in are_down(watch), "the heel stays down")
        watch.turn(PART_RETRY_US)
        assert "button" not in faults(watch)


def test_no_part_is_opened_while_something_runs(tmp_path: Path, manager: socket.socket) -> None:
    """The person may be beside the board, as between two steps; nobody has to stand on it."""
    with closing(Watch(tmp_path, manager, COMPARATORS, [BUTTON])) as watch:
        watch.service.station.request_start("test", None)
        wait_until(lambda: has_begun(watch), "nothing starts")
        assert True not in are_down(watch)
        free(watch, BUTTON)
        watch.turn(PART_RETRY_US)
        assert "button" in faults(watch)
        watch.service.station.command(CommandName.STOP)
        watch.turn(PART_RETRY_US)
        watch.turn(PART_RETRY_US)
        assert "button" not in faults(watch)
