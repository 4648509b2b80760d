"""What all activities have in common, and the engine that runs one.

An *activity* (hold, repetitions, test, rest, or a routine of them) is told what has changed and when, and says facts.
It has no clock: it only names the moment at which it wants to be called again (`due_us`).

The *engine* puts rows in order with the alarms that fall between them, and settles two questions for every activity:

- **Which comes first?** At equal times an alarm comes before a row, and what time alone settles comes before an alarm.
- **May this be decided now?** While a change of a channel that matters is under way and not yet believed, an alarm
  waits for it, 150 ms at most. What the person does counts from when they did it (a lift is back-dated); what the
  station does counts from when it did it (a GO that had to wait starts the clock when it sounds).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from station.core.events import Command, Event, Side, Tick
from station.core.facts import Cue, CueEnded, CueName, Fact, SensorBack, SensorLost
from station.core.sensing.sensors import NO_CHANGE, BoardSensors, Change, SensorChange
from station.core.state import ActivityState
from station.core.steps import Step

NEVER_US = 1 << 62
"""Later than any clock will say."""

REPEATING_CUES = frozenset({CueName.HEEL_UP, CueName.NUDGE, CueName.ERROR})
"""The cues that go on until what they say is over."""


class Activity:
    """Something that a person does on the board. `over` is `None` until it is `complete` or `ended` early.

    What it says piles up in `facts`; the engine takes it from there.
    """

    def __init__(self, sensors: BoardSensors) -> None:
        self.sensors = sensors
        self.facts: list[Fact] = []
        self.due_us: int | None = None
        self.outcome: str | None = None
        self._repeating: CueName | None = None

    def configure_sensors(self) -> None:
        """Tell the senses what is needed of them."""
        self.sensors.configure()

    @abstractmethod
    def begin(self, at_us: int) -> None:
        """Start, with the senses as they are."""

    def on_change(self, change: Change) -> None:
        """The senses say that something has changed."""

    def on_sensor_event(self, event: Event) -> None:
        """A sample or a reading has come in, after its changes."""

    def on_alarm(self, at_us: int) -> None:
        """`due_us` has come."""

    def on_command(self, command: Command) -> None:
        """A person says a word."""

    def close(self, at_us: int) -> None:
        """Nothing is known after this: keep what there is."""

    def remaining_steps(self) -> tuple[Step, ...] | None:
        """What of its step is still to be done, as steps; `None` for all of it."""
        return None

    def resync_heels(self, at_us: int) -> None:
        """This is again what goes on, as it was some seconds ago: take the heels as they are now."""

    @property
    def other_side(self) -> Side | None:
        """The side to which it can still be changed, `None` where it is too late for that."""
        return None

    def watched_sides(self) -> Sequence[Side]:
        """The sides whose heels matter now."""
        return ()

    @abstractmethod
    def state_at(self, at_us: int) -> ActivityState:
        """What to show at this moment."""

    def emit(self, fact: Fact) -> None:
        self.facts.append(fact)

    def emit_cue(self, at_us: int, name: CueName, *, count: int | None = None, side: Side | None = None) -> None:
        """Ask for a cue. Whatever was repeating is over with it."""
        self.stop_repeating_cue(at_us)
        self.emit(Cue(at_us, name, count, side))
        if name in REPEATING_CUES:
            self._repeating = name

    def stop_repeating_cue(self, at_us: int) -> None:
        """What made a repeating cue sound is over."""
        if self._repeating is not None:
            self.emit(CueEnded(at_us, self._repeating))
            self._repeating = None


@dataclass(frozen=True, slots=True)
class EngineRules:
    """How long the engine waits, and when it gives up."""

    max_settle_wait_us: int = 150_000
    """How long a decision waits for a change that is under way."""
    max_alarms_at_once: int = 100
    """So many alarms at one moment are a fault of the rules: better to end than to hang."""


class Engine:
    """Runs one activity on one set of senses. Feed it events in time order; it answers with facts."""

    def __init__(
        self, activity: Activity, sensors: BoardSensors, begin_us: int, rules: EngineRules | None = None
    ) -> None:
        self._activity = activity
        self._sensors = sensors
        self._rules = rules or EngineRules()
        self._now_us = begin_us
        self._next_check_us = begin_us
        self.change_count = 0
        """How many changes the senses have told so far."""
        activity.begin(begin_us)
        self._schedule_next_check()

    @property
    def outcome(self) -> str | None:
        """`None` while the activity goes on, then `complete` or `ended`."""
        return self._activity.outcome

    @property
    def wakes_at_us(self) -> int | None:
        """When the engine next wants an event, a Tick if there is nothing else. May lie early, never late."""
        return None if self._next_check_us == NEVER_US else max(self._next_check_us, self._now_us)

    def feed(self, event: Event) -> list[Fact]:
        """Take one event; give the facts that are known by it. Raises ValueError when time goes back."""
        at_us = event.at_us
        if at_us < self._now_us:
            raise ValueError(f"time goes back: {at_us} µs after {self._now_us} µs")
        activity = self._activity
        if at_us >= self._next_check_us:
            self._pass_time(at_us)
        self._now_us = at_us
        if activity.outcome is not None:
            return self._take_facts()
        if isinstance(event, Command):
            activity.on_command(event)
            self._pass_time(at_us)
        elif not isinstance(event, Tick):
            changes = self._sensors.update(event)
            if changes:
                self._dispatch_changes(changes)
            activity.on_sensor_event(event)
            due_us = activity.due_us
            if changes is not NO_CHANGE or (due_us is not None and due_us < self._next_check_us):
                self._pass_time(at_us)
        return self._take_facts()

    def close(self, at_us: int) -> list[Fact]:
        """Nothing is known after this: what is under way never happened, what was due is decided, the rest is kept."""
        self._pass_time(at_us)
        for plate in self._sensors.plates:
            plate.debouncer.cancel_pending()
        self._sensors.knee.cancel_pending()
        self._pass_time(at_us)
        if self._activity.outcome is None:
            self._activity.close(at_us)
        return self._take_facts()

    def state_at(self, at_us: int) -> ActivityState:
        """What to show at this moment."""
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
        """When the activity's alarm may go off: at once when it is due, later while something is not settled."""
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
                self._now_us = max(self._now_us, sensors_due_us)
                self._dispatch_changes(self._sensors.pass_time(sensors_due_us))
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
