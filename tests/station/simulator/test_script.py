"""The script runner makes each movement at its time and owns the script's clock."""

from __future__ import annotations

import pytest

from station.core.events import SECOND_US
from station.simulator.script import Script, ScriptRunner

BEGIN_US = 5 * SECOND_US


class Moves:
    """A script's movements and the script times at which they were made."""

    def __init__(self, runner: ScriptRunner) -> None:
        self.made: list[tuple[str, int]] = []
        self._runner = runner

    def script(self, *moves: tuple[str, float]) -> Script:
        """Make each movement, and wait this many seconds after it."""
        for name, wait_s in moves:
            self.made.append((name, self._runner.time_us))
            yield wait_s


@pytest.fixture
def runner() -> ScriptRunner:
    return ScriptRunner(BEGIN_US)


def test_runner_makes_each_movement_at_its_time(runner: ScriptRunner) -> None:
    """Movements are made when they are due, several in one call if need be, and the clock stops at the script's end."""
    moves = Moves(runner)
    runner.run(moves.script(("lean", 1.2), ("lift", 0.12), ("lower", 0.5)), BEGIN_US)
    assert moves.made == [("lean", BEGIN_US)]
    assert runner.next_due_us() == BEGIN_US + 1_200_000
    runner.run_due(BEGIN_US + 1_199_999)
    assert len(moves.made) == 1
    runner.run_due(BEGIN_US + 10 * SECOND_US)
    assert moves.made[1:] == [("lift", BEGIN_US + 1_200_000), ("lower", BEGIN_US + 1_320_000)]
    assert not runner.is_running
    assert runner.next_due_us() is None
    assert runner.time_us == BEGIN_US + 1_820_000


def test_new_script_replaces_the_running_one(runner: ScriptRunner) -> None:
    """A new script begins at its own time, and the rest of the old one is not made."""
    moves = Moves(runner)
    runner.run(moves.script(("lean", 1.0), ("lift", 1.0)), BEGIN_US)
    runner.run(moves.script(("step off", 0.3)), BEGIN_US + 400_000)
    runner.run_due(BEGIN_US + 10 * SECOND_US)
    assert moves.made == [("lean", BEGIN_US), ("step off", BEGIN_US + 400_000)]


def test_runner_accepts_cues_only_when_they_are_followed_and_the_person_has_arrived(runner: ScriptRunner) -> None:
    """Cues are refused on the way to the board; a script that replaces the way there ends it."""
    accepted = [runner.accepts_cues]
    runner.follows_cues = True
    accepted.append(runner.accepts_cues)
    runner.is_arriving = True
    accepted.append(runner.accepts_cues)
    runner.run(iter(()), BEGIN_US)
    accepted.append(runner.accepts_cues)
    assert accepted == [False, True, False, True]
