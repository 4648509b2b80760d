"""Calibrating with blocks, hands-free and by ear; a check with one (`station.core.activities.check`) goes the same way.

The board sees a block arrive by itself: something nearer than the empty lane stands still for two seconds. It is read
for six, and the next one is asked for when HOLD_DONE has sounded. What the flows leave open is answered here so:

- A sensor that has just been switched on warms up first: it reads up to 2 mm too far in its first minute.
- Nothing but the lane may be in view at the beginning, so that the wall is never taken for a block. The blocks need a
  lane that is longer than the longest of them; a board that is pulled back meanwhile has a longer one.
- A loaded heel tips the board and brings toes into view: while somebody stands there, nothing is read.
- A block that moved, or read unlike what the blocks before it make likely, is asked for again, three times at most.
- Where the blocks of the first round do not go together, any of them may be the wrong one: it is begun again, three
  times at most, when what stands there has been taken away.
- A sensor that was lost may have been without power, and warms up again.
- A view that is empty as far as the sensor can see is a lane too, and no fault; a sensor that says nothing is one.
- Nothing is kept of what was not finished; two minutes in which no block is read end it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from station.core.activities.engine import Activity
from station.core.events import SECOND_US, Command, CommandName, Event, Side, Toe
from station.core.facts import BlockShown, BlockUnclear, Calibrated, CalibrationRefused, CueName, Ended
from station.core.measurement.calibration import CalibrationError, Point, fit, point_from_readings
from station.core.sensing.sensors import BoardSensors, Change, HeelChange, SensorChange
from station.core.state import ActivityState
from station.core.steps import WARM_UP_US, CalibrateStep

CAPTURE_US = 6 * SECOND_US
"""How long a block is read: another round gains more than longer readings (`station.core.measurement.calibration`)."""
SOUND_US = 4 * SECOND_US
"""How long a cue that repeats has at the end: it follows HOLD_DONE, sounds once, and nobody would end it later."""


class RoundError(CalibrationError):
    """The blocks so far do not go together, and none of them is known to be right."""


@dataclass(frozen=True, slots=True)
class BlockRules:
    still_us: int = 2 * SECOND_US
    """A block that stands still for so long is meant."""
    apart_mm: float = 8.0
    """Nearer to the lane than this, what is seen is the lane."""
    another_mm: float = 15.0
    """A block that reads so differently from the last one is another: they differ by 30 mm at least."""
    moved_mm: float = 4.0
    """A half-second median so far from where the block stood still has moved."""
    room_mm: float = 45.0
    """A sensor that nobody has calibrated may read the lane so much shorter than it is."""
    tries: int = 3
    nudge_us: int = 10 * SECOND_US
    end_us: int = 120 * SECOND_US


class BlockActivity(Activity):
    """Reads blocks one after the other; subclasses say what they make of the points."""

    name: ClassVar[str]

    def __init__(self, blocks_mm: Sequence[float], warm_us: int, senses: BoardSensors) -> None:
        super().__init__(senses)
        self.rules = BlockRules()
        self.phase = "warm"
        self.points: list[Point] = []
        self._blocks_mm = tuple(blocks_mm)
        self._warm_us = warm_us
        self._since_us = self._progress_us = 0
        self._nudge_us: int | None = None
        self._judge_us: int | None = None
        self._lane_mm: float | None = None
        self._stood_mm = 0.0
        self._heard_us = 0
        self._last_mm: float | None = None
        """What was read last, as long as it may still stand there."""
        self._tries = self._rounds_lost = 0
        self._why: str | None = None

    @abstractmethod
    def add_sample(self, now_us: int, found: Point) -> None:
        """A block has been read. Raises CalibrationError where it cannot be so, RoundError where any may be wrong."""

    @abstractmethod
    def finish(self, now_us: int) -> None:
        """All of them have."""

    @property
    def wanted_mm(self) -> float:
        """The block that is to be shown."""
        return self._blocks_mm[min(len(self.points), len(self._blocks_mm) - 1)]

    def configure_sensors(self) -> None:
        self.sensors.configure(is_measuring=True)

    def begin(self, at_us: int) -> None:
        self.configure_sensors()
        self._heard_us = self._progress_us = at_us
        self._enter("warm", at_us)
        self._set_due()

    def _enter(self, phase: str, at_us: int) -> None:
        self.phase, self._since_us, self._judge_us = phase, at_us, None
        self._nudge_us = at_us + self.rules.nudge_us if phase in ("clear", "leave", "block") else None

    def _wait(self, at_us: int) -> None:
        """For an empty lane first, then for the next block, unless somebody stands there."""
        self.stop_repeating_cue(at_us)
        if self.sensors.toe.lost_reason is not None and not self._is_sensor_live(at_us):
            self._fault(at_us)
        elif any(plate.is_known_down for plate in self.sensors.plates):
            self._enter("leave", at_us)
        else:
            self._enter("clear" if self._lane_mm is None else "block", at_us)

    def _is_sensor_live(self, at_us: int) -> bool:
        return (
            at_us - self._heard_us < self.sensors.toe.rules.max_silence_us
            and self.sensors.toe.last_invalid_reason != "frozen"
        )

    # What changes.

    def on_change(self, change: Change) -> None:
        now_us = change.at_us
        if isinstance(change, HeelChange):
            if self.phase == "capture" and change.down:
                self._ask_again(
                    now_us, "Somebody stood on the board while a block was read: step off, and show it again"
                )
            elif self.phase in ("clear", "leave", "block"):
                self._wait(now_us)
        elif isinstance(change, SensorChange) and change.sensor == "toe":
            if not change.is_lost and self.phase == "fault":
                self._warm_us = WARM_UP_US
                self._enter("warm", now_us)
                self.stop_repeating_cue(now_us)
            elif change.is_lost and self.phase == "capture" and self._is_sensor_live(now_us):
                self._ask_again(
                    now_us, "The block went out of view while it was read: hold it still, and show it again"
                )
            elif change.is_lost and self.phase not in ("fault", "done") and not self._is_sensor_live(now_us):
                self._fault(now_us)
        self._set_due()

    def on_sensor_event(self, event: Event) -> None:
        if isinstance(event, Toe):
            self._heard_us = self._judge_us = event.at_us
            self._set_due()

    def on_command(self, command: Command) -> None:
        if command.word is CommandName.STOP and self.outcome is None and self.phase != "done":
            self._end(command.at_us, "stop")
        self._set_due()

    def close(self, at_us: int) -> None:
        self.stop_repeating_cue(at_us)
        self.outcome = "complete" if self.phase == "done" else "ended"

    # Alarms.

    def _set_due(self) -> None:
        if self.outcome is not None:
            self.due_us = None
            return
        dues = [self._nudge_us, self._judge_us if self.phase in ("clear", "block", "capture") else None]
        if self.phase == "warm":
            dues.append(self._since_us + self._warm_us)
        elif self.phase == "capture":
            dues.append(self._since_us + CAPTURE_US)
        elif self.phase == "done":
            dues.append(self._since_us + SOUND_US)
        else:
            dues.append(self._ends_us)
            dues.append(None if self.phase == "fault" else self._silent_us)
        self.due_us = min(due for due in dues if due is not None)

    @property
    def _ends_us(self) -> int:
        return self._progress_us + self.rules.end_us

    @property
    def _silent_us(self) -> int:
        return self._heard_us + self.sensors.toe.rules.max_silence_us

    def on_alarm(self, at_us: int) -> None:
        waiting = self.phase not in ("warm", "capture", "done")
        if waiting and at_us >= self._ends_us:
            self._end(at_us, self._on_no_block())
        elif waiting and self.phase != "fault" and at_us >= self._silent_us:
            self._fault(at_us)
        elif self._nudge_us is not None and at_us >= self._nudge_us:
            self._nudge_us = None
            self.emit_cue(at_us, CueName.NUDGE)
        else:
            self._judge_us = None
            getattr(self, f"_alarm_{self.phase}")(at_us)
        self._set_due()

    def _alarm_warm(self, now_us: int) -> None:
        if now_us >= self._since_us + self._warm_us:
            self._progress_us = now_us
            self._wait(now_us)

    def _alarm_leave(self, now_us: int) -> None:
        """Somebody is still there: only time ends this."""

    def _alarm_fault(self, now_us: int) -> None:
        """The sensor is still silent: only time ends this."""

    def _alarm_done(self, now_us: int) -> None:
        self.stop_repeating_cue(now_us)
        self.outcome = "complete"

    def _still_mm(self, now_us: int) -> float | None:
        """Where what is seen has stood still since the phase began, for long enough."""
        from_us = now_us - self.rules.still_us
        if from_us < self._since_us or not self.sensors.toe.is_still(from_us, now_us):
            return None
        return self.sensors.toe.median(from_us, now_us)

    def _nothing_in_view(self, now_us: int) -> bool:
        toe = self.sensors.toe
        return now_us - max(self._since_us, toe.last_valid_us) >= self.rules.still_us and self._is_sensor_live(now_us)

    def _alarm_clear(self, now_us: int) -> None:
        still_mm = self._still_mm(now_us)
        if still_mm is None:
            if self._nothing_in_view(now_us):
                self._lane_is(now_us, float(self.sensors.toe.rules.max_mm))
            return
        if self.sensors.curve.toe_mm(still_mm) + self.rules.room_mm >= max(self._blocks_mm) + self.rules.apart_mm:
            self._lane_is(now_us, still_mm)
        else:
            self._why = (
                "Something stands in front of the sensor: take it away, and pull the board back from the wall by more "
                f"than {max(self._blocks_mm):g} mm"
            )

    def _lane_is(self, now_us: int, reading_mm: float) -> None:
        self._lane_mm, self._why = reading_mm, None
        self._enter("block", now_us)
        self.emit_cue(now_us, CueName.READY)

    def _alarm_block(self, now_us: int) -> None:
        still_mm = self._still_mm(now_us)
        if still_mm is None or self._lane_mm is None:
            if not self.points and self._nothing_in_view(now_us):
                self._last_mm = None
            return
        if still_mm > self._lane_mm - self.rules.apart_mm:
            self._lane_mm = max(self._lane_mm, still_mm)
            if not self.points:
                self._last_mm = None
        elif self._last_mm is None or abs(still_mm - self._last_mm) >= self.rules.another_mm:
            self._stood_mm, self._why = still_mm, None
            self._enter("capture", now_us)
            self.emit_cue(now_us, CueName.GO)

    def _alarm_capture(self, now_us: int) -> None:
        from_us = self._since_us
        now_mm = self.sensors.toe.latest_median(from_us)
        if now_mm is not None and abs(now_mm - self._stood_mm) > self.rules.moved_mm:
            self._ask_again(now_us, "The block moved while it was read: hold it still, and show it again")
        elif now_us >= from_us + CAPTURE_US:
            try:
                found = point_from_readings(self.wanted_mm, *self.sensors.toe.window(from_us, now_us))
                self.add_sample(now_us, found)
            except RoundError as error:
                self._begin_again(now_us, str(error))
            except CalibrationError as error:
                self._ask_again(now_us, str(error))
            else:
                self._captured(now_us, found, from_us)

    def _captured(self, now_us: int, found: Point, from_us: int) -> None:
        window_us = (from_us, now_us)
        self.emit(BlockShown(now_us, found.toe_mm, found.reading_mm, found.uncertainty_mm, found.n, window_us))
        self.points.append(found)
        self._last_mm = found.reading_mm
        self._tries, self._progress_us = self._rounds_lost, now_us
        self.emit_cue(now_us, CueName.HOLD_DONE)
        if len(self.points) == len(self._blocks_mm):
            self._enter("done", now_us)
            self.finish(now_us)
            self.outcome = "complete" if self._repeating is None else None
        else:
            self._wait(now_us)

    def _begin_again(self, now_us: int, why: str) -> None:
        """Forget the blocks so far, and ask for the first one when this one is gone. Lost rounds count as tries."""
        self._ask_again(now_us, f"{why}. Take it away, and begin again with the {self._blocks_mm[0]:g} mm block")
        self.points.clear()
        self._last_mm = self._stood_mm
        self._rounds_lost += 1

    def _ask_again(self, now_us: int, why: str) -> None:
        self._tries += 1
        self._why, self._progress_us = why, now_us
        self.emit(BlockUnclear(now_us, self.wanted_mm, why))
        self.emit_cue(now_us, CueName.NO)
        if self._tries >= self.rules.tries:
            self.emit(CalibrationRefused(now_us, why))
            self._end(now_us, "refused")
        else:
            self._wait(now_us)

    def _fault(self, now_us: int) -> None:
        self._enter("fault", now_us)
        self.emit_cue(now_us, CueName.ERROR)

    def _on_no_block(self) -> str:
        if self.phase == "fault":
            return "nobody waited for the sensor"
        if self.phase == "leave":
            return "somebody stayed on the board"
        if self.phase == "clear":
            return "the view did not become clear"
        return f"no block of {self.wanted_mm:g} mm was seen"

    def _end(self, now_us: int, why: str) -> None:
        if self._why is None and self.phase == "block":
            self._why = (
                f"The {self.wanted_mm:g} mm block was not seen. If it was there, the sensor sees something else as "
                "well, such as the floor or a skirting board: hold the block so that it fills the view"
            )
        self.emit_cue(now_us, CueName.ENDED)
        self.emit(Ended(now_us, why))
        self.phase, self.outcome = "ended", "ended"

    def watched_sides(self) -> Sequence[Side]:
        return tuple(Side)

    def state_at(self, at_us: int) -> ActivityState:
        counting = {"warm": self._warm_us, "capture": CAPTURE_US}.get(self.phase)
        return ActivityState(
            activity=self.name,
            phase=self.phase,
            counting=self.phase if counting is not None else None,
            counted_us=at_us - self._since_us if counting is not None else 0,
            target_us=counting or 0,
            rate=int(counting is not None),
            repetition=min(len(self.points) + 1, len(self._blocks_mm)),
            repetitions=len(self._blocks_mm),
            target_mm=None if self.phase in ("done", "ended") else self.wanted_mm,
            why=self._why,
        )


class Calibrate(BlockActivity):
    """A whole calibration by `step`."""

    name = "calibrate"

    def __init__(self, step: CalibrateStep, senses: BoardSensors) -> None:
        super().__init__(step.blocks_mm * step.rounds, step.warm_us, senses)
        self._round = len(step.blocks_mm)

    def add_sample(self, now_us: int, found: Point) -> None:
        points = [*self.points, found]
        if len({shown.toe_mm for shown in points}) < 2:
            return
        try:
            fit(points)
        except CalibrationError as error:
            if len(self.points) < self._round:
                raise RoundError(str(error)) from error
            raise
        if len(points) == self._round:
            self._rounds_lost = 0

    def finish(self, now_us: int) -> None:
        self.emit(Calibrated(now_us, fit(self.points)))
