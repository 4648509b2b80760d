"""A thread that dies ends the process or is replaced."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from station.system.supervisor import ASK_US, HANG_US, ThreadEndedError
from tests.station.process import BOUND_S, ROOT, configured
from tests.station.system.watch_rig import THREADS, THREADS_END, Watch, end, manager, watch

__all__ = ["manager", "watch"]
pytestmark = THREADS_END


def test_every_thread_is_watched(watch: Watch) -> None:
    """The service starts no thread that these tests leave out."""
    started = {one.name for one in threading.enumerate() if one not in watch.others}
    assert {name for name in started if not name.startswith("ThreadPoolExecutor")} == set(THREADS)


@pytest.mark.parametrize("name", [one for one in THREADS if one != "APScheduler"])
def test_thread_that_dies_ends_the_loop(watch: Watch, name: str) -> None:
    """With a sentence that names it."""
    watch.turn()
    end(watch, name)
    with pytest.raises(ThreadEndedError, match=f"“{name}” has ended, so the station ends too"):
        watch.turn()


def test_reopened_parts_are_watched_again(watch: Watch) -> None:
    """The bring-up ends the parts' threads, which does not count as a death; reopened ones are watched."""
    watch.turn()
    parts = watch.service._parts
    assert parts is not None
    parts.bring_up(None, lambda result: None)
    watch.service._watch_threads()
    watch.service.station.attach(parts.reopen(), watch.scheduler)
    watch.service._watch_threads()
    end(watch, "heel sensors")
    with pytest.raises(ThreadEndedError, match="“heel sensors” has ended"):
        watch.turn()


def test_parts_that_are_not_reopened_end_the_loop(watch: Watch) -> None:
    """Otherwise the station would report a running check forever, and keep feeding the watchdog."""
    watch.turn()
    parts: Any = watch.service._parts
    config, parts._config = parts._config, None
    watch.service.station.start_bring_up(asks=False, is_empty=True)
    watch.service.station.drain()
    for one in threading.enumerate():  # it may have ended by now
        if one.name == "bring-up":
            one.join(BOUND_S)
    parts._config = config
    with pytest.raises(ThreadEndedError, match="“bring-up” has ended"):
        watch.turn()


def test_scheduler_that_dies_is_replaced_twice(watch: Watch) -> None:
    """A hold does not need it, so the process ends only when the third one has died."""
    for _ in range(2):
        end(watch, "APScheduler")
        watch.turn()
        assert watch.scheduler.is_alive
        watch.turn(ASK_US + HANG_US)
        assert watch.is_fed(), "the question to the dead one counts no more"
    end(watch, "APScheduler")
    with pytest.raises(ThreadEndedError, match="scheduler"):
        watch.turn()


DIES = """
import ctypes, sys, threading
from station.cli import main

def end(thread):
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))

class Watch(threading.Thread):
    def run(self):
        moment = threading.Event()
        while not (found := [one for one in threading.enumerate() if one.name == "heel sensors" and one.ident]):
            moment.wait(0.01)
        end(found[0])

Watch(daemon=True).start()
main(["run", "--no-page", "--config", sys.argv[1]])
"""
"""A station whose heels are read no more, as soon as they were. A thread that is only about to start has no `ident`."""


def test_thread_that_dies_ends_the_process(tmp_path: Path) -> None:
    """With status 1, after which systemd restarts it, and with only the sentence."""
    config = configured(tmp_path)
    config.write_text(config.read_text().replace('heels = "comparator"', ""))
    command = [sys.executable, "-c", DIES, str(config)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=BOUND_S)
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert "“heel sensors” has ended" in sentence
