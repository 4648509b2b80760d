"""Reads blocks one after the other, hands-free and guided by sound: what a calibration and a check have in common.

The board detects a block automatically: something nearer than the empty lane that stays still for two seconds. It is
read for some seconds, HOLD_DONE sounds, and the next block is due. The rules that the table does not show:

- A sensor that has just been switched on warms up first: in its first minute it reads up to 2 mm too far.
- At the beginning only the empty lane may be in view, so the wall is never mistaken for a block. The lane must be
  longer than the longest block; pulling the board back during a calibration makes it longer.
- A loaded heel tips the board and brings toes into view: nothing is read while a person stands on it.
- A block that moved, or whose reading does not fit the blocks before it, is requested again, three times at most.
- A lost sensor may have lost its power, so it warms up again.
- A lane longer than the sensor's range is valid; a silent sensor is a fault.
- Two minutes without a block end the activity.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar, assert_never

from msgspec import Struct

from station.core.activities.phases import PhasedActivity
from station.core.events import SECOND_US, Command, CommandName, SensorEvent, Side, Toe
from station.core.facts import BlockShown, BlockUnclear, CalibrationRefused, CueName, Ended
from station.core.measurement.calibration import CalibrationError, DriftError, point_from_readings
from station.core.measurement.curve_fit import Point
from station.core.sensing.sensors import BoardSensors, Change, HeelChange, SensorChange
from station.core.state import CalibrationState, CheckState, ShownClock
from station.core.steps import WARM_UP_US

FINAL_CUE_US = 4 * SECOND_US
"""How long a repeating cue sounds at the end, after HOLD_DONE: nothing else would end it."""


class BlockPhase(StrEnum):
    """The phases of reading blocks."""

    WARM = "warm"
    CLEAR = "clear"
    LEAVE = "leave"
    BLOCK = "block"
    CAPTURE = "capture"
    FAULT = "fault"
    DONE = "done"
    ENDED = "ended"


TRANSITIONS: dict[BlockPhase, frozenset[BlockPhase]] = {
    BlockPhase.WARM: frozenset(
        {
            *(BlockPhase.WARM, BlockPhase.CLEAR, BlockPhase.LEAVE, BlockPhase.BLOCK, BlockPhase.FAULT),
            *(BlockPhase.DONE, BlockPhase.ENDED),
        }
    ),
    BlockPhase.CLEAR: frozenset(
        {BlockPhase.CLEAR, BlockPhase.LEAVE, BlockPhase.BLOCK, BlockPhase.FAULT, BlockPhase.ENDED}
    ),
    BlockPhase.LEAVE: frozenset(
        {BlockPhase.CLEAR, BlockPhase.LEAVE, BlockPhase.BLOCK, BlockPhase.FAULT, BlockPhase.DONE, BlockPhase.ENDED}
    ),
    BlockPhase.BLOCK: frozenset(
        {BlockPhase.LEAVE, BlockPhase.BLOCK, BlockPhase.CAPTURE, BlockPhase.FAULT, BlockPhase.DONE, BlockPhase.ENDED}
    ),
    BlockPhase.CAPTURE: frozenset(
        {BlockPhase.LEAVE, BlockPhase.BLOCK, BlockPhase.FAULT, BlockPhase.DONE, BlockPhase.ENDED}
    ),
    BlockPhase.FAULT: frozenset({BlockPhase.WARM, BlockPhase.DONE, BlockPhase.ENDED}),
    BlockPhase.DONE: frozenset(),
    BlockPhase.ENDED: frozenset(),
}
WAITING = frozenset({BlockPhase.CLEAR, BlockPhase.LEAVE, BlockPhase.BLOCK})
JUDGING = frozenset({BlockPhase.CLEAR, BlockPhase.BLOCK, BlockPhase.CAPTURE})


class RoundError(CalibrationError):
    """The blocks so far contradict each other, and any of them may be wrong."""


class BlockRules(Struct, frozen=True):
    """When a block counts as held still, how far it may be off, and how often it is requested."""

    still_us: int = 2 * SECOND_US
    """A block that stands still for this long is meant to be read."""
    min_lane_distance_mm: float = 8.0
    """A reading within this distance of the lane's is the lane itself."""
    another_block_mm: float = 15.0
    """A reading this far from the last block's is another block: blocks differ by 30 mm at least."""
    max_movement_mm: float = 4.0
    """A half-second median farther from the start of the reading means that the block moved."""
    lane_reading_error_mm: float = 45.0
    """An uncalibrated sensor may read the lane this much too short."""
    max_tries: int = 3
    nudge_after_us: int = 10 * SECOND_US
    timeout_us: int = 120 * SECOND_US


class BlockActivity(PhasedActivity[BlockPhase]):
    """Reads blocks one after the other; subclasses use the points."""

    name: ClassVar[str]
    shown_as: ClassVar[type[CalibrationState] | type[CheckState]]
    capture_us: ClassVar[int]
    """How long a block is read."""
    transitions = TRANSITIONS

    def __init__(self, blocks_mm: Sequence[float], warm_up_us: int, sensors: BoardSensors) -> None:
        super().__init__(sensors, BlockPhase.WARM)
        self.rules = BlockRules()
        self.points: list[Point] = []
        self._blocks_mm = tuple(blocks_mm)
        self._warm_up_us = warm_up_us
        self._phase_since_us = self._last_progress_us = 0
        self._nudge_us: int | None = None
        self._new_reading_us: int | None = None
        self._lane_reading_mm: float | None = None
        self._capture_start_mm = 0.0
        self._last_reading_us = 0
        self._last_block_mm: float | None = None
        """The reading of the last block, while that block may still be in view."""
        self._tries = self._restarted_rounds = 0
        self._problem: str | None = None

    @abstractmethod
    def validate_point(self, now_us: int, point: Point) -> None:
        """A block has been read. Raises CalibrationError if it must be wrong, RoundError if any block may be wrong, and
        DriftError if the sensor drifted.
        """

    @abstractmethod
    def on_all_blocks_read(self, now_us: int) -> None:
        """All blocks have been read."""

    def more_blocks_mm(self) -> tuple[float, ...]:
        """Further blocks to show once all have been read."""
        return ()

    def on_left(self, now_us: int, reason: str) -> None:
        """The person has stopped, or no longer shows a block."""
        self._end_early(now_us, reason)

    def on_unreadable(self, now_us: int, reason: str) -> None:
        """The last try to read a block failed."""
        self._refuse(now_us, reason)

    @property
    def wanted_block_mm(self) -> float:
        """The block to show next."""
        return self._blocks_mm[min(len(self.points), len(self._blocks_mm) - 1)]

    def configure_sensors(self) -> None:
        self.sensors.configure(is_measuring=True)

    def begin(self, at_us: int) -> None:
        self.configure_sensors()
        self._last_reading_us = self._last_progress_us = at_us
        self._enter_phase(BlockPhase.WARM, at_us)
        self._set_due()

    def _enter_phase(self, phase: BlockPhase, at_us: int) -> None:
        self.enter(phase)
        self._phase_since_us, self._new_reading_us = at_us, None
        self._nudge_us = at_us + self.rules.nudge_after_us if phase in WAITING else None

    def _enter_waiting_phase(self, at_us: int) -> None:
        """Wait until the board is free, then for an empty lane, then for the next block."""
        self.stop_repeating_cue(at_us)
        if self.sensors.toe.lost_reason is not None and not self._is_sensor_live(at_us):
            self._enter_fault(at_us)
        elif any(plate.is_known_down for plate in self.sensors.plates):
            self._enter_phase(BlockPhase.LEAVE, at_us)
        else:
            self._enter_phase(BlockPhase.CLEAR if self._lane_reading_mm is None else BlockPhase.BLOCK, at_us)

    def _is_sensor_live(self, at_us: int) -> bool:
        return (
            at_us - self._last_reading_us < self.sensors.toe.rules.max_silence_us
            and self.sensors.toe.last_invalid_reason != "frozen"
        )

    # Events.

    def on_change(self, change: Change) -> None:
        now_us = change.at_us
        if isinstance(change, HeelChange):
            if self.phase is BlockPhase.CAPTURE and change.down:
                self._ask_again(
                    now_us, "Somebody stood on the board while a block was read: step off, and show it again"
                )
            elif self.phase in WAITING:
                self._enter_waiting_phase(now_us)
        elif isinstance(change, SensorChange) and change.sensor == "toe":
            if not change.is_lost and self.phase is BlockPhase.FAULT:
                self._warm_up_us = WARM_UP_US
                self._enter_phase(BlockPhase.WARM, now_us)
                self.stop_repeating_cue(now_us)
            elif change.is_lost and self.phase is BlockPhase.CAPTURE and self._is_sensor_live(now_us):
                self._ask_again(
                    now_us, "The block went out of view while it was read: hold it still, and show it again"
                )
            elif (
                change.is_lost
                and self.phase not in (BlockPhase.FAULT, BlockPhase.DONE)
                and not self._is_sensor_live(now_us)
            ):
                self._enter_fault(now_us)
        self._set_due()

    def on_sensor_event(self, event: SensorEvent) -> None:
        if isinstance(event, Toe):
            self._last_reading_us = self._new_reading_us = event.at_us
            self._set_due()

    def on_command(self, command: Command) -> None:
        if command.word is CommandName.STOP and self.outcome is None and self.phase is not BlockPhase.DONE:
            self.on_left(command.at_us, "stop")
        self._set_due()

    def close(self, at_us: int) -> None:
        self.stop_repeating_cue(at_us)
        self.outcome = "complete" if self.phase is BlockPhase.DONE else "ended"

    # Alarms.

    def _set_due(self) -> None:
        if self.outcome is not None:
            self.due_us = None
            return
        dues = [self._nudge_us, self._new_reading_us if self.phase in JUDGING else None]
        if self.phase is BlockPhase.WARM:
            dues.append(self._phase_since_us + self._warm_up_us)
        elif self.phase is BlockPhase.CAPTURE:
            dues.append(self._phase_since_us + self.capture_us)
        elif self.phase is BlockPhase.DONE:
            dues.append(self._phase_since_us + FINAL_CUE_US)
        else:
            dues.append(self._deadline_us)
            dues.append(None if self.phase is BlockPhase.FAULT else self._silence_deadline_us)
        self.due_us = min(due for due in dues if due is not None)

    @property
    def _deadline_us(self) -> int:
        return self._last_progress_us + self.rules.timeout_us

    @property
    def _silence_deadline_us(self) -> int:
        return self._last_reading_us + self.sensors.toe.rules.max_silence_us

    def on_alarm(self, at_us: int) -> None:
        waiting = self.phase not in (BlockPhase.WARM, BlockPhase.CAPTURE, BlockPhase.DONE)
        if waiting and at_us >= self._deadline_us:
            self.on_left(at_us, self._timeout_reason())
        elif waiting and self.phase is not BlockPhase.FAULT and at_us >= self._silence_deadline_us:
            self._enter_fault(at_us)
        elif self._nudge_us is not None and at_us >= self._nudge_us:
            self._nudge_us = None
            self.emit_cue(at_us, CueName.NUDGE)
        else:
            self._new_reading_us = None
            self._on_phase_alarm(at_us)
        self._set_due()

    def _on_phase_alarm(self, at_us: int) -> None:
        match self.phase:
            case BlockPhase.WARM:
                self._on_warm_alarm(at_us)
            case BlockPhase.CLEAR:
                self._on_clear_alarm(at_us)
            case BlockPhase.BLOCK:
                self._on_block_alarm(at_us)
            case BlockPhase.CAPTURE:
                self._on_capture_alarm(at_us)
            case BlockPhase.DONE:
                self._on_done_alarm(at_us)
            case BlockPhase.LEAVE | BlockPhase.FAULT:
                pass  # only an event or the timeout ends these
            case BlockPhase.ENDED:
                pass
            case _:
                assert_never(self.phase)

    def _on_warm_alarm(self, now_us: int) -> None:
        if now_us >= self._phase_since_us + self._warm_up_us:
            self._last_progress_us = now_us
            self._enter_waiting_phase(now_us)

    def _on_done_alarm(self, now_us: int) -> None:
        self.stop_repeating_cue(now_us)
        self.outcome = "complete"

    def _still_reading_mm(self, now_us: int) -> float | None:
        """The reading of whatever has stood still for long enough since the phase began, `None` if nothing has."""
        from_us = now_us - self.rules.still_us
        if from_us < self._phase_since_us or not self.sensors.toe.is_still(from_us, now_us):
            return None
        return self.sensors.toe.median(from_us, now_us)

    def _is_view_empty(self, now_us: int) -> bool:
        toe = self.sensors.toe
        return now_us - max(self._phase_since_us, toe.last_valid_us) >= self.rules.still_us and self._is_sensor_live(
            now_us
        )

    def _on_clear_alarm(self, now_us: int) -> None:
        still_mm = self._still_reading_mm(now_us)
        if still_mm is None:
            if self._is_view_empty(now_us):
                self._set_lane(now_us, float(self.sensors.toe.rules.max_mm))
            return
        if (
            self.sensors.curve.toe_mm(still_mm) + self.rules.lane_reading_error_mm
            >= max(self._blocks_mm) + self.rules.min_lane_distance_mm
        ):
            self._set_lane(now_us, still_mm)
        else:
            self._problem = (
                "Something stands in front of the sensor: take it away, and pull the board back from the wall by more "
                f"than {max(self._blocks_mm):g} mm"
            )

    def _set_lane(self, now_us: int, reading_mm: float) -> None:
        self._lane_reading_mm, self._problem = reading_mm, None
        self._enter_phase(BlockPhase.BLOCK, now_us)
        self.emit_cue(now_us, CueName.READY)

    def _on_block_alarm(self, now_us: int) -> None:
        still_mm = self._still_reading_mm(now_us)
        if still_mm is None or self._lane_reading_mm is None:
            if not self.points and self._is_view_empty(now_us):
                self._last_block_mm = None
            return
        if still_mm > self._lane_reading_mm - self.rules.min_lane_distance_mm:
            self._lane_reading_mm = max(self._lane_reading_mm, still_mm)
            if not self.points:
                self._last_block_mm = None
        elif self._last_block_mm is None or abs(still_mm - self._last_block_mm) >= self.rules.another_block_mm:
            self._capture_start_mm, self._problem = still_mm, None
            self._enter_phase(BlockPhase.CAPTURE, now_us)
            self.emit_cue(now_us, CueName.GO)

    def _on_capture_alarm(self, now_us: int) -> None:
        from_us = self._phase_since_us
        now_mm = self.sensors.toe.latest_median(from_us)
        if now_mm is not None and abs(now_mm - self._capture_start_mm) > self.rules.max_movement_mm:
            self._ask_again(now_us, "The block moved while it was read: hold it still, and show it again")
        elif now_us >= from_us + self.capture_us:
            try:
                found = point_from_readings(self.wanted_block_mm, *self.sensors.toe.window(from_us, now_us))
            except CalibrationError as error:
                self._ask_again(now_us, str(error))
                return
            try:
                self.validate_point(now_us, found)
            except RoundError as error:
                self._restart_round(now_us, str(error))
            except DriftError as error:
                self._refuse(now_us, str(error))
            except CalibrationError as error:
                self._ask_again(now_us, str(error), contradicts=True)
            else:
                self._on_block_captured(now_us, found, from_us)

    def _on_block_captured(self, now_us: int, point: Point, from_us: int) -> None:
        window_us = (from_us, now_us)
        self.emit(BlockShown(now_us, point.toe_mm, point.reading_mm, point.uncertainty_mm, point.n, window_us))
        self.points.append(point)
        self._last_block_mm = point.reading_mm
        self._tries, self._last_progress_us = self._restarted_rounds, now_us
        self.emit_cue(now_us, CueName.HOLD_DONE)
        if len(self.points) == len(self._blocks_mm):
            self._blocks_mm += self.more_blocks_mm()
        if len(self.points) == len(self._blocks_mm):
            self._finish(now_us)
        else:
            self._enter_waiting_phase(now_us)

    def _finish(self, now_us: int) -> None:
        self._enter_phase(BlockPhase.DONE, now_us)
        self.on_all_blocks_read(now_us)
        self.outcome = "complete" if self._repeating is None else None

    def _restart_round(self, now_us: int, reason: str) -> None:
        """Forget the blocks so far and request the first one once this one is gone. A lost round counts as a try."""
        again = f"{reason}. Take it away, and begin again with the {self._blocks_mm[0]:g} mm block"
        self._ask_again(now_us, again, contradicts=True)
        self.points.clear()
        self._last_block_mm = self._capture_start_mm
        self._restarted_rounds += 1

    def _ask_again(self, now_us: int, reason: str, *, contradicts: bool = False) -> None:
        """Request the block again, or give up after the last try. `contradicts`: it was read, and does not fit."""
        self._tries += 1
        self._problem, self._last_progress_us = reason, now_us
        self.emit(BlockUnclear(now_us, self.wanted_block_mm, reason))
        self.emit_cue(now_us, CueName.NO)
        if self._tries >= self.rules.max_tries and contradicts:
            self._refuse(now_us, reason)
        elif self._tries >= self.rules.max_tries:
            self.on_unreadable(now_us, reason)
        else:
            self._enter_waiting_phase(now_us)

    def _refuse(self, now_us: int, reason: str) -> None:
        self._problem = reason
        self.emit(CalibrationRefused(now_us, reason))
        self._end_early(now_us, "refused")

    def _enter_fault(self, now_us: int) -> None:
        self._enter_phase(BlockPhase.FAULT, now_us)
        self.emit_cue(now_us, CueName.ERROR)

    def _timeout_reason(self) -> str:
        if self.phase is BlockPhase.FAULT:
            return "nobody waited for the sensor"
        if self.phase is BlockPhase.LEAVE:
            return "somebody stayed on the board"
        if self.phase is BlockPhase.CLEAR:
            return "the view did not become clear"
        return f"no block of {self.wanted_block_mm:g} mm was seen"

    def _end_early(self, now_us: int, reason: str) -> None:
        if self._problem is None and self.phase is BlockPhase.BLOCK:
            self._problem = (
                f"The {self.wanted_block_mm:g} mm block was not seen. If it was there, the sensor sees something "
                "else as well, such as the floor or a skirting board: hold the block so that it fills the view"
            )
        self.emit_cue(now_us, CueName.ENDED)
        self.emit(Ended(now_us, reason))
        self.enter(BlockPhase.ENDED)
        self.outcome = "ended"

    def watched_sides(self) -> Sequence[Side]:
        return tuple(Side)

    def state_at(self, at_us: int) -> CalibrationState | CheckState:
        target_us = {BlockPhase.WARM: self._warm_up_us, BlockPhase.CAPTURE: self.capture_us}.get(self.phase)
        return self.shown_as(
            phase=self.phase,
            clock=None
            if target_us is None
            else ShownClock(str(self.phase), at_us - self._phase_since_us, target_us, 1),
            repetition=min(len(self.points) + 1, len(self._blocks_mm)),
            repetitions=len(self._blocks_mm),
            target_mm=None if self.phase in (BlockPhase.DONE, BlockPhase.ENDED) else self.wanted_block_mm,
            why=self._problem,
        )
