"""The base of all activities, and the engine that runs one.

An *activity* (hold, repetitions, test, rest, or a routine of them) takes changes with their times and emits facts. It
has no clock: `due_us` names the moment of its next alarm.

The *engine* runs events and the alarms between them in order. It decides two things for every activity:

- **Which comes first?** At equal times an alarm comes before an event, and a change that time alone settles comes
  before an alarm.
- **Can the activity decide yet?** While a watched channel may be changing, an alarm waits until the change is settled,
  150 ms at most. What the person does counts from when they did it (a lift is back-dated); what the station does counts
  from when it did it (a GO that had to wait starts the clock when it sounds).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from msgspec import Struct

from station.core.events import SENSOR_EVENTS, Command, CommandName, Event, SensorEvent, Side
from station.core.facts import Cue, CueEnded, CueName, Fact, SensorBack, SensorLost
from station.core.sensing.sensors import NO_CHANGE, BoardSensors, Change, SensorChange
from station.core.state import ActivityState
from station.core.steps import Step

NEVER_US = 1 << 62
"""Later than any clock."""

REPEATING_CUES = frozenset({CueName.HEEL_UP, CueName.NUDGE, CueName.ERROR, CueName.ASK})
"""The cues that repeat until their cause is over."""


class Activity:
    """Something that a person does on the board. `outcome` is `None` until it is `complete` or `ended` early.

    It collects its facts in `facts`; the engine takes them from there.
    """

    def __init__(self, sensors: BoardSensors) -> None:
        self.sensors = sensors
        self.facts: list[Fact] = []
        self.due_us: int | None = None
        self.outcome: str | None = None
        self._repeating: CueName | None = None

    def configure_sensors(self) -> None:
        """Set the sensors up for this activity."""
        self.sensors.configure()

    @abstractmethod
    def begin(self, at_us: int) -> None:
        """Start with the sensors in their current state."""

    def on_change(self, change: Change) -> None:
        """A heel, the knee pad or the state of a sensor has changed."""

    def on_sensor_event(self, event: SensorEvent) -> None:
        """A sample or a reading has arrived; its changes have been handled before."""

    def on_alarm(self, at_us: int) -> None:
        """`due_us` has come."""

    @property
    def commands(self) -> frozenset[CommandName]:
        """Those of `OPTIONAL_COMMANDS` that it obeys now; no other of them reaches `on_command`."""
        return frozenset()

    def on_command(self, command: Command) -> None:
        """A command has come from the page, the button or heel taps."""

    def close(self, at_us: int) -> None:
        """The recording ends here: emit what is worth keeping."""

    def remaining_steps(self) -> tuple[Step, ...] | None:
        """The part of its step that is not done yet, as steps; `None` for all of it."""
        return None

    def resync_heels(self, at_us: int) -> None:
        """An undo has restored this activity as it was some seconds ago: take the heels in their current state."""

    @property
    def other_side(self) -> Side | None:
        """The side that can still be chosen instead, `None` if it is too late."""
        return None

    def watched_sides(self) -> Sequence[Side]:
        """The sides whose heels count at this moment."""
        return ()

    @abstractmethod
    def state_at(self, at_us: int) -> ActivityState:
        """The state to show at this moment."""

    def emit(self, fact: Fact) -> None:
        self.facts.append(fact)

    def emit_cue(self, at_us: int, name: CueName, *, count: int | None = None, side: Side | None = None) -> None:
        """Emit a cue. It ends a repeating cue."""
        self.stop_repeating_cue(at_us)
        self.emit(Cue(at_us, name, count, side))
        if name in REPEATING_CUES:
            self._repeating = name

    def stop_repeating_cue(self, at_us: int) -> None:
        """End the repeating cue, if any: its cause is over."""
        if self._repeating is not None:
            self.emit(CueEnded(at_us, self._repeating))
            self._repeating = None


class EngineRules(Struct, frozen=True):
    """How long the engine waits for a change, and when it gives up."""

    max_settle_wait_us: int = 150_000
    """How long an alarm waits for a change to settle."""
    max_alarms_at_once: int = 100
    """More alarms at one moment mean a bug in the rules: it is better to fail than to hang."""


class Engine:
    """Runs one activity on one set of sensors. Feed it events in time order; it answers with facts."""

    def __init__(
        self, activity: Activity, sensors: BoardSensors, begin_us: int, rules: EngineRules | None = None
    ) -> None:
        self._activity = activity
        self._sensors = sensors
        self._rules = rules or EngineRules()
        self._now_us = begin_us
        self._next_check_us = begin_us
        self.change_count = 0
        """How many changes the sensors have reported so far."""
        activity.begin(begin_us)
        self._schedule_next_check()

    @property
    def outcome(self) -> str | None:
        """`None` while the activity runs, then `complete` or `ended`."""
        return self._activity.outcome

    @property
    def wakes_at_us(self) -> int | None:
        """When the engine needs its next event, at least a Tick. May be early, never late."""
        return None if self._next_check_us == NEVER_US else max(self._next_check_us, self._now_us)

    def feed(self, event: Event) -> list[Fact]:
        """Take one event; return the facts that follow from it. Raises ValueError if time goes back."""
        at_us = event.at_us
        if at_us < self._now_us:
            raise ValueError(f"time goes back: {at_us} µs after {self._now_us} µs")
        activity = self._activity
        if at_us >= self._next_check_us:
            self._pass_time(at_us)
        self._now_us = at_us
        if activity.outcome is not None:
            return self._take_facts()
        if isinstance(event, SENSOR_EVENTS):
            changes = self._sensors.update(event)
            if changes:
                self._dispatch_changes(changes)
            activity.on_sensor_event(event)
            due_us = activity.due_us
            if changes is not NO_CHANGE or (due_us is not None and due_us < self._next_check_us):
                self._pass_time(at_us)
        elif isinstance(event, Command):
            activity.on_command(event)
            self._pass_time(at_us)
        return self._take_facts()

    def close(self, at_us: int) -> list[Fact]:
        """The recording ends: decide what is due, drop changes that have not settled, and close the activity."""
        self._pass_time(at_us)
        for plate in self._sensors.plates:
            plate.debouncer.cancel_pending()
        self._sensors.knee.cancel_pending()
        self._pass_time(at_us)
        if self._activity.outcome is None:
            self._activity.close(at_us)
        return self._take_facts()

    def state_at(self, at_us: int) -> ActivityState:
        """The state to show at this moment."""
        return self._activity.state_at(max(at_us, self._now_us))

    def _take_facts(self) -> list[Fact]:
        facts = self._activity.facts
        if not facts:
            return []
        self._activity.facts = []
        return facts

    def _is_change_pending(self) -> bool:
        sensors = self._sensors
        if sensors.toe.is_measuring and not sensors.knee.is_settled:
            return True
        return any(not sensors.plate_for(side).debouncer.is_settled for side in self._activity.watched_sides())

    def _alarm_due_us(self) -> int | None:
        """When the activity's alarm goes off: when it is due, or later while a change is not settled."""
        due_us = self._activity.due_us
        if due_us is None or self._activity.outcome is not None:
            return None
        if self._is_change_pending():
            due_us += self._rules.max_settle_wait_us
        return max(due_us, self._now_us)

    def _pass_time(self, to_us: int) -> None:
        alarms_at_once = 0
        while self._activity.outcome is None:
            sensors_due_us, alarm_due_us = self._sensors.due_us, self._alarm_due_us()
            if (
                sensors_due_us is not None
                and sensors_due_us <= to_us
                and (alarm_due_us is None or sensors_due_us <= alarm_due_us)
            ):
                # A sensor that fell silent while nothing needed it was due before the step that needs it began.
                self._now_us = max(self._now_us, sensors_due_us)
                self._dispatch_changes(self._sensors.pass_time(self._now_us))
            elif alarm_due_us is not None and alarm_due_us <= to_us:
                alarms_at_once = alarms_at_once + 1 if alarm_due_us == self._now_us else 0
                if alarms_at_once > self._rules.max_alarms_at_once:
                    phase = self._activity.state_at(alarm_due_us).phase
                    raise RuntimeError(f"an activity wants the moment {alarm_due_us} µs for ever, in its phase {phase}")
                self._now_us = alarm_due_us
                self._activity.on_alarm(alarm_due_us)
            else:
                break
        self._schedule_next_check()

    def _schedule_next_check(self) -> None:
        dues = [due for due in (self._sensors.due_us, self._alarm_due_us()) if due is not None]
        self._next_check_us = NEVER_US if self._activity.outcome is not None else min(dues, default=NEVER_US)

    def _dispatch_changes(self, changes: Sequence[Change]) -> None:
        self.change_count += len(changes)
        for change in changes:
            if isinstance(change, SensorChange):
                kind = SensorLost if change.is_lost else SensorBack
                self._activity.facts.append(kind(change.at_us, change.sensor, change.reason))
            if self._activity.outcome is None:
                self._activity.on_change(change)
