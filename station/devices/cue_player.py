"""The cue player: takes the core's facts and switches the buzzer when an edge is due.

It has no thread. A `DeadlineThread` calls it in real time, the owner of the time in virtual time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from threading import RLock

from msgspec import Struct

from station.clock import Clock
from station.core.facts import Cue, CueEnded, Fact
from station.core.sound.cues import Volume, duty_cycle, is_audible
from station.core.sound.sequencer import CueSequencer, Edge
from station.core.sound.target_ticks import TargetTicks
from station.devices.buzzer import PART, Buzzer
from station.devices.errors import DeviceError

MAX_LATENESS_US = 10_000
"""A cue that is later than this starts when it arrives and plays in full; a less late one keeps its planned times."""

MAX_PLAYED_EDGES = 4_096
"""About ten minutes of cues, for measurements of their timing."""


class PlayedEdge(Struct, frozen=True):
    """An edge: when it was planned and when the buzzer was switched; `hz` is 0 for silence."""

    planned_us: int
    actual_us: int
    hz: int


class CuePlayer:
    """Plays cues on one buzzer. Every method may be called from any thread and returns at once.

    When the buzzer fails, `on_error` is called once, and not again until it has worked; cues continue. `wake` is called
    when there may be an earlier deadline.
    """

    def __init__(
        self, buzzer: Buzzer, clock: Clock, on_error: Callable[[Exception], None], *, resonance_hz: int
    ) -> None:
        self.wake: Callable[[], None] = lambda: None
        self._buzzer = buzzer
        self._clock = clock
        self._on_error = on_error
        self._sequencer = CueSequencer(resonance_hz)
        self._target_ticks = TargetTicks(resonance_hz)
        self._volume = Volume.NORMAL
        self._is_quiet = False
        self._played: deque[PlayedEdge] = deque(maxlen=MAX_PLAYED_EDGES)
        self._is_faulty = False
        self._is_closed = False
        self._lock = RLock()

    def set_volume(self, volume: Volume, *, is_quiet: bool = False) -> None:
        """Set the loudness of the next tone, and whether these are quiet hours."""
        with self._lock:
            self._volume = volume
            self._is_quiet = is_quiet
            if volume is Volume.OFF:
                self._sequencer.silence(self._clock.now_us())
        self.wake()

    def play(self, facts: Iterable[Fact]) -> None:
        """Play the cues among these facts at their times, in order; ignore other facts."""
        with self._lock:
            now_us = self._clock.now_us()
            for fact in facts:
                begin_us = fact.at_us if now_us - fact.at_us <= MAX_LATENESS_US else now_us
                if isinstance(fact, CueEnded):
                    self._sequencer.stop_repeating(begin_us, fact.cue)
                elif isinstance(fact, Cue) and is_audible(fact.cue, self._volume, self._is_quiet):
                    self._sequencer.play(fact, begin_us)
        self.wake()

    def set_target_distance(self, distance_mm: float | None) -> None:
        """Tick between the cues, faster the nearer the target is, in mm; `None` stops the ticks."""
        with self._lock:
            self._target_ticks.set_distance(None if self._is_quiet else distance_mm)
        self.wake()

    def next_due_us(self) -> int | None:
        """When the next edge is due."""
        with self._lock:
            dues = [] if self._is_closed else [self._sequencer.next_due_us(), self._target_ticks.next_due_us()]
        return min((due_us for due_us in dues if due_us is not None), default=None)

    def run_due(self, now_us: int) -> None:
        """Switch the buzzer for the edges that are due; of several overdue ones, only the last is audible."""
        with self._lock:
            if self._is_closed:
                return
            due = self._sequencer.take_due(now_us)
            due += self._target_ticks.take_due(now_us, is_buzzer_free=not due and self._sequencer.is_free(now_us))
            if due:
                self._play_edge(due[-1])
                actual_us = self._clock.now_us()
                self._played.extend(PlayedEdge(edge.at_us, actual_us, edge.hz) for edge in due)

    def played_edges(self) -> list[PlayedEdge]:
        """The last edges played, oldest first."""
        with self._lock:
            return list(self._played)

    def close(self) -> None:
        """Silence and release the buzzer; may be called more than once."""
        with self._lock:
            self._is_closed = True
            self._drive_buzzer(self._buzzer.close)

    def _play_edge(self, edge: Edge) -> None:
        duty = duty_cycle(self._volume, edge.soft)
        if edge.hz and duty:
            self._drive_buzzer(lambda: self._buzzer.start_tone(edge.hz, duty))
        else:
            self._drive_buzzer(self._buzzer.stop_tone)

    def _drive_buzzer(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001  lgpio's own error class exists on a Pi only
            if not self._is_faulty:
                sentence = f"The buzzer cannot be switched ({error}): check its pin; the page still shows the cues."
                self._on_error(DeviceError(PART, sentence))
            self._is_faulty = True
        else:
            self._is_faulty = False
