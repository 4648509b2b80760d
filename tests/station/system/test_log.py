"""The log stays short: a recurring message is logged when it begins and ends, and counted in between."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import nullcontext
from io import StringIO
from pathlib import Path

import pytest

from station.app.board.view import BoardView
from station.app.recording.queue import WriteQueue
from station.core.events import SECOND_US
from station.store.errors import DiskFullError
from station.system.log import AGAIN_S, MOST_AN_HOUR, RepeatFilter
from tests.station.rig import Rig

DAY_S = 86_400
LOST = "The distance sensor does not answer: check its four wires."
LINES_OF_A_DAY = 100


class Written(logging.Handler):
    """The lines of the journal, with a clock that the test moves."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.lines: list[str] = []
        self.addFilter(RepeatFilter(lambda: self.now_s))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += self.format(record).splitlines()


@pytest.fixture
def written() -> Iterator[Written]:
    handler = Written()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_sensor_with_a_loose_wire_for_a_day(written: Written) -> None:
    """The sensor fails and recovers every two seconds: the log says so at once, and each hour how often."""
    view = BoardView()
    for second in range(DAY_S):
        written.now_s = float(second)
        view.set_fault("distance sensor", LOST if second % 2 == 0 else None)
    assert written.lines[:2] == [LOST, f"Good again: {LOST}"]
    assert f"{LOST} (1799 more times since it was last logged)" in written.lines
    assert len(written.lines) <= LINES_OF_A_DAY


def test_full_disk_for_a_day(written: Written) -> None:
    """A write retried every two seconds gives two lines: when the disk is full, and when there is room again."""
    view, is_full = BoardView(), True
    queue = WriteQueue(lambda sentence: view.set_fault("store", sentence), nullcontext)

    def write() -> None:
        if is_full:
            raise DiskFullError("The disk is full: free some space.")

    queue.write(write)
    for second in range(1, DAY_S):
        written.now_s = float(second)
        queue.flush(second * SECOND_US)
    assert len(written.lines) == 1
    is_full = False
    queue.flush((DAY_S + 2) * SECOND_US)
    assert [line.startswith("Good again: The disk is full") for line in written.lines] == [False, True]


def test_page_that_breaks_ten_thousand_times(written: Written) -> None:
    """A traceback is logged once; others from the same place are counted."""
    log = logging.getLogger("web.server.request_guard")
    for _ in range(10_000):
        try:
            raise ValueError("broken")
        except ValueError:
            log.exception("the page failed to answer %r", "/history")
    once = len(written.lines)
    assert once < LINES_OF_A_DAY
    written.now_s = AGAIN_S
    log.error("something else")
    assert len(written.lines) == once + 1


def test_messages_that_are_all_different_end_within_the_hour(written: Written) -> None:
    """Even varied messages of an attacker do not fill the log; the next hour is logged again."""
    log = logging.getLogger("asyncio")
    for number in range(10_000):
        log.warning("stranger %d", number)
    assert len(written.lines) == MOST_AN_HOUR
    assert "left out" in written.lines[-1]
    written.now_s = AGAIN_S
    log.warning("stranger 1")
    assert len(written.lines) == MOST_AN_HOUR + 1


def test_message_that_cannot_be_written_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """If a library passes too few values, `logging` itself reports that, and the thread continues."""
    handler, library = logging.StreamHandler(StringIO()), logging.Logger("library")
    handler.addFilter(RepeatFilter())
    library.addHandler(handler)
    library.warning("stranger %d of %d", 1)
    library.warning("stranger %d", 1)
    assert "not enough arguments" in capsys.readouterr().err
    assert handler.stream.getvalue() == "stranger 1\n"


def test_idle_hour_and_a_session_log_nothing(written: Written, tmp_path: Path) -> None:
    """Nothing is logged while nothing is wrong."""
    with Rig(tmp_path) as rig:
        rig.live(600.0)
        rig.step_on()
        rig.hold(5.0)
        rig.board.act("auto")
        rig.until_phase("done", "idle")
    assert written.lines == []
