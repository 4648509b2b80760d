"""A person proves that they are at the board: four heel presses, each short or long, in the rhythm they were shown.

A *press* is the time for which a heel is down, on the board or from beside it, or for which the button is held:

- **short**: 80 ms to 1.1 s; **long**: 1.1 to 4 s. COUNT ticks after 1.1 s: the press is long enough.
- Longer than 4 s is standing, not a press, so a person may stand on the board first and begin by lifting the heel.
- At most 3 s pass between two presses of a rhythm. Fewer than four presses followed by a pause are not an attempt.
- All presses come from one heel: a change of the other one, as in walking and shuffling, starts the rhythm over.
- Stepping on just before the rhythm adds a press. So if 3 s without a press came before, and the last three of four
  presses begin the rhythm, a fifth may follow and the last four count. Otherwise the rhythm is wrong: NO sounds, and
  the next press begins another attempt. A press within 1 s of NO still belongs to the wrong rhythm.

After the match NUMBER beeps the two digits, three times, until the command `confirm`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from station.core.activities.phases import PhasedActivity
from station.core.events import SECOND_US, Button, Command, CommandName, Load, Press, SensorEvent, Side
from station.core.facts import Cue, CueName, Ended, PressEnded, RhythmMatched, RhythmWrong
from station.core.sensing.debounce import DebouncedChange, Debouncer
from station.core.sensing.press_level import PressLevel
from station.core.sensing.sensors import BoardSensors, Change, HeelChange, SensorChange
from station.core.sound.cues import cue_length_us
from station.core.state import RhythmState
from station.core.steps import RHYTHM_LENGTH, RhythmStep

BUTTON = "button"
"""The source of presses that are not a heel's."""


class RhythmPhase(StrEnum):
    """The phases of a rhythm."""

    PRESS = "press"
    WRONG = "wrong"
    NUMBER = "number"
    DONE = "done"
    ENDED = "ended"


TRANSITIONS: dict[RhythmPhase, frozenset[RhythmPhase]] = {
    RhythmPhase.PRESS: frozenset({RhythmPhase.WRONG, RhythmPhase.NUMBER, RhythmPhase.ENDED}),
    RhythmPhase.WRONG: frozenset({RhythmPhase.PRESS, RhythmPhase.ENDED}),
    RhythmPhase.NUMBER: frozenset({RhythmPhase.DONE, RhythmPhase.ENDED}),
    RhythmPhase.DONE: frozenset(),
    RhythmPhase.ENDED: frozenset(),
}

NO_RHYTHM, NO_ANSWER = "nobody made the rhythm", "the number was not confirmed"
"""Why a rhythm ended early by time alone."""


class RhythmRules(Struct, frozen=True):
    """What is short, what is long, and how long each pause may be.

    Measured by `python -m tests.bench.rhythm`: of simulated people, slow and stiff ones among them, more than 97 in 100
    are recognised at the first attempt.
    """

    long_from_us: int = 1_100_000
    """Twice as long as a slow person's tap, and shorter than counting to two."""
    standing_from_us: int = 4 * SECOND_US
    max_gap_us: int = 3 * SECOND_US
    after_wrong_us: int = 1 * SECOND_US
    """A press that begins this soon after NO does not respond to it."""
    show_wrong_us: int = 2_500_000
    before_number_us: int = 800_000
    """Time to look up, or to listen."""
    between_numbers_us: int = 4 * SECOND_US
    max_numbers: int = 3
    max_settle_us: int = 150_000
    """How long an alarm waits for a press that may be beginning."""


class HeelRhythm(PhasedActivity[RhythmPhase]):
    """Runs the rhythm of `step`."""

    transitions = TRANSITIONS

    def __init__(self, step: RhythmStep, sensors: BoardSensors, rules: RhythmRules | None = None) -> None:
        super().__init__(sensors, RhythmPhase.PRESS)
        self.rules = rules or RhythmRules()
        self._step = step
        self._levels = {plate.side: PressLevel() for plate in sensors.plates if plate.load is not None}
        self._button = Debouncer(sampled=False)
        self._source: str | None = None
        """The heel plate, or the button, that the current presses come from."""
        self._down_sources: set[str] = set()
        """The heel plates that have been down, and the button; the first report of an empty plate ends no press."""
        self._presses: list[Press] = []
        self._down_since_us: int | None = None
        self._up_since_us: int | None = None
        """When the last press or the last standing ended, from any source."""
        self._is_first_extra = False
        """Whether the first press may be a step on: nothing had been pressed for a while."""
        self._is_tick_due = False
        self._deadline_us = 0
        self._wrong_until_us = 0
        self._deaf_until_us = 0
        self._number_due_us: int | None = None
        self._numbers = 0

    def begin(self, at_us: int) -> None:
        self.configure_sensors()
        self._deadline_us = at_us + self._step.wait_us
        self.emit_cue(at_us, CueName.READY)
        self._set_due()

    def watched_sides(self) -> Sequence[Side]:
        return tuple(Side)

    @property
    def _is_listening(self) -> bool:
        return self.phase in (RhythmPhase.PRESS, RhythmPhase.WRONG)

    # The presses.

    def on_change(self, change: Change) -> None:
        if isinstance(change, HeelChange) and not self._levels:
            source = self.sensors.plate_for(change.side).side
            self._on_level(source, change.since_us, change.at_us, is_down=change.down)
        elif isinstance(change, SensorChange) and change.is_lost and self._source == change.side:
            self._clear()
        self._set_due()

    def on_sensor_event(self, event: SensorEvent) -> None:
        if isinstance(event, Load):
            plate = self.sensors.plate_for(event.side)
            if plate.load is None or plate.lost_reason is not None:
                return
            for change in self._levels[plate.side].add_sample(event.at_us, event.share, plate.load.empty):
                self._on_level(plate.side, change.since_us, event.at_us, is_down=change.value)
        elif isinstance(event, Button):
            self._on_button_changes(self._button.update(event.at_us, event.pressed))
        self._set_due()

    def _on_button_changes(self, changes: list[DebouncedChange]) -> None:
        for change in changes:
            self._on_level(BUTTON, change.since_us, change.at_us, is_down=change.value)

    def _on_level(self, source: str, since_us: int, at_us: int, *, is_down: bool) -> None:
        """A heel or the button is down, or up, since `since_us`."""
        if not self._is_listening:
            return
        if source != self._source:
            if self._source == BUTTON and self._is_in_attempt:
                return
            self._clear()
            if not is_down:
                self._up_since_us = since_us if source in self._down_sources else self._up_since_us
                self._down_sources.discard(source)
                return
            if since_us < self._deaf_until_us:
                self._down_sources.add(source)
                return
            self._source = source
        if is_down:
            self._down_sources.add(source)
            if not self._presses:
                self._is_first_extra = (
                    self._up_since_us is None or since_us - self._up_since_us >= self.rules.max_gap_us
                )
            if self.phase is RhythmPhase.WRONG:
                self.enter(RhythmPhase.PRESS)
            self._down_since_us, self._is_tick_due = since_us, True
        elif self._down_since_us is not None:
            self._on_press_end(self._down_since_us, since_us, at_us)

    @property
    def _is_in_attempt(self) -> bool:
        return bool(self._presses) or self._down_since_us is not None

    def _on_press_end(self, down_us: int, up_us: int, at_us: int) -> None:
        press = Press.LONG if up_us - down_us >= self.rules.long_from_us else Press.SHORT
        self._down_since_us, self._up_since_us = None, up_us
        self._presses.append(press)
        self.emit(PressEnded(at_us, down_us, press))
        if tuple(self._presses[-RHYTHM_LENGTH:]) == self._step.rhythm:
            self._clear()
            self.emit(RhythmMatched(at_us))
            self.enter(RhythmPhase.NUMBER)
            self._deadline_us = at_us + self._step.confirm_us
            self._number_due_us = at_us + self.rules.before_number_us
        elif len(self._presses) >= RHYTHM_LENGTH and not self._may_one_more_match:
            self._end_attempt(at_us)

    @property
    def _may_one_more_match(self) -> bool:
        """Whether the first press may have been the step on, so another one may complete the rhythm."""
        is_extra = self._is_first_extra and len(self._presses) == RHYTHM_LENGTH
        return is_extra and tuple(self._presses[1:]) == self._step.rhythm[:-1]

    def _end_attempt(self, at_us: int) -> None:
        """The presses so far are over: wrong if there are enough of them."""
        presses = tuple(self._presses)
        self._clear()
        if len(presses) >= RHYTHM_LENGTH:
            self.emit_cue(at_us, CueName.NO)
            self.emit(RhythmWrong(at_us, presses))
            self.enter(RhythmPhase.WRONG)
            self._wrong_until_us = at_us + self.rules.show_wrong_us
            self._deaf_until_us = at_us + self.rules.after_wrong_us

    def _clear(self) -> None:
        self._presses, self._down_since_us, self._source = [], None, None

    # Time.

    def _set_due(self) -> None:
        if self.outcome is not None:
            self.due_us = None
            return
        dues = [self._deadline_us]
        if self._button.due_us is not None:
            dues.append(self._button.due_us)
        if self.phase is RhythmPhase.WRONG:
            dues.append(self._wrong_until_us)
        if self._number_due_us is not None:
            dues.append(self._number_due_us)
        if self._is_listening and self._down_since_us is not None:
            wait_us = self.rules.long_from_us if self._is_tick_due else self.rules.standing_from_us
            dues.append(self._down_since_us + wait_us)
        elif self._is_listening and self._presses and self._up_since_us is not None:
            dues.append(self._up_since_us + self.rules.max_gap_us)
        due_us = min(dues)
        pending = [level.pending_since_us for level in self._levels.values() if level.pending_since_us is not None]
        if pending:
            due_us = max(due_us, min(pending) + self.rules.max_settle_us)
        self.due_us = due_us

    def on_alarm(self, at_us: int) -> None:
        rules = self.rules
        self._on_button_changes(self._button.pass_time(at_us))
        if at_us >= self._deadline_us:
            self._end_early(at_us, NO_ANSWER if self.phase is RhythmPhase.NUMBER else NO_RHYTHM)
        elif self._number_due_us is not None and at_us >= self._number_due_us:
            self._play_number(at_us)
        elif self._is_listening and self._down_since_us is not None:
            if self._is_tick_due and at_us >= self._down_since_us + rules.long_from_us:
                self._is_tick_due = False
                self.emit_cue(at_us, CueName.COUNT)
            elif at_us >= self._down_since_us + rules.standing_from_us:
                self._end_attempt(at_us)
        elif self._presses and self._up_since_us is not None and at_us >= self._up_since_us + rules.max_gap_us:
            self._end_attempt(at_us)
        elif self.phase is RhythmPhase.WRONG and at_us >= self._wrong_until_us:
            self.enter(RhythmPhase.PRESS)
        self._set_due()

    def _play_number(self, at_us: int) -> None:
        self._numbers += 1
        self.emit_cue(at_us, CueName.NUMBER, count=self._step.number)
        end_us = at_us + cue_length_us(Cue(at_us, CueName.NUMBER, self._step.number))
        self._number_due_us = None
        if self._numbers < self.rules.max_numbers:
            self._number_due_us = end_us + self.rules.between_numbers_us

    def on_command(self, command: Command) -> None:
        if self.outcome is None and command.word is CommandName.STOP:
            self._end_early(command.at_us, "stop")
        elif self.phase is RhythmPhase.NUMBER and command.word is CommandName.CONFIRM:
            self.enter(RhythmPhase.DONE)
            self.outcome = "complete"
        self._set_due()

    def _end_early(self, at_us: int, reason: str) -> None:
        self.emit_cue(at_us, CueName.ENDED)
        self.emit(Ended(at_us, reason))
        self.enter(RhythmPhase.ENDED)
        self.outcome = "ended"

    def close(self, at_us: int) -> None:
        self.stop_repeating_cue(at_us)
        self.enter(RhythmPhase.ENDED)
        self.outcome = "ended"

    def state_at(self, at_us: int) -> RhythmState:
        presses = self._step.rhythm if self.phase in (RhythmPhase.NUMBER, RhythmPhase.DONE) else tuple(self._presses)
        return RhythmState(phase=self.phase, presses=presses, is_down=self._down_since_us is not None)
