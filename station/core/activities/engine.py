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
from station.core.sensing.sensors import SAME, Change, Senses, SensorChange
from station.core.state import Picture
from station.core.steps import Step

NEVER_US = 1 << 62
"""Later than any clock will say."""

REPEATING = frozenset({CueName.HEEL_UP, CueName.NUDGE, CueName.ERROR})
"""The cues that go on until what they say is over."""


class Activity:
    """Something that a person does on the board. `over` is `None` until it is `complete` or `ended` early.

    What it says piles up in `facts`; the engine takes it from there.
    """

    def __init__(self, senses: Senses) -> None:
        self.senses = senses
        self.facts: list[Fact] = []
        self.due_us: int | None = None
        self.over: str | None = None
        self._repeating: CueName | None = None

    def sense(self) -> None:
        """Tell the senses what is needed of them."""
        self.senses.expect()

    @abstractmethod
    def begin(self, at_us: int) -> None:
        """Start, with the senses as they are."""

    def change(self, change: Change) -> None:
        """The senses say that something has changed."""

    def row(self, event: Event) -> None:
        """A sample or a reading has come in, after its changes."""

    def alarm(self, at_us: int) -> None:
        """`due_us` has come."""

    def command(self, command: Command) -> None:
        """A person says a word."""

    def close(self, at_us: int) -> None:
        """Nothing is known after this: keep what there is."""

    def left(self) -> tuple[Step, ...] | None:
        """What of its step is still to be done, as steps; `None` for all of it."""
        return None

    def catch_up(self, at_us: int) -> None:
        """This is again what goes on, as it was some seconds ago: take the heels as they are now."""

    @property
    def other_side(self) -> Side | None:
        """The side to which it can still be changed, `None` where it is too late for that."""
        return None

    def minds(self) -> Sequence[Side]:
        """The sides whose heels matter now."""
        return ()

    @abstractmethod
    def picture(self, at_us: int) -> Picture:
        """What to show at this moment."""

    def say(self, fact: Fact) -> None:
        self.facts.append(fact)

    def cue(self, at_us: int, name: CueName, *, count: int | None = None, side: Side | None = None) -> None:
        """Ask for a cue. Whatever was repeating is over with it."""
        self.hush(at_us)
        self.say(Cue(at_us, name, count, side))
        if name in REPEATING:
            self._repeating = name

    def hush(self, at_us: int) -> None:
        """What made a repeating cue sound is over."""
        if self._repeating is not None:
            self.say(CueEnded(at_us, self._repeating))
            self._repeating = None


@dataclass(frozen=True, slots=True)
class EngineRules:
    wait_us: int = 150_000
    """How long a decision waits for a change that is under way."""
    in_place: int = 100
    """So many alarms at one moment are a fault of the rules: better to end than to hang."""


class Engine:
    """Runs one activity on one set of senses. Feed it events in time order; it answers with facts."""

    def __init__(self, activity: Activity, senses: Senses, begin_us: int, rules: EngineRules | None = None) -> None:
        self._activity = activity
        self._senses = senses
        self._rules = rules or EngineRules()
        self._now_us = begin_us
        self._check_us = begin_us
        self.changes = 0
        """How many changes the senses have told so far."""
        activity.begin(begin_us)
        self._look_ahead()

    @property
    def over(self) -> str | None:
        """`None` while the activity goes on, then `complete` or `ended`."""
        return self._activity.over

    @property
    def wakes_at_us(self) -> int | None:
        """When the engine next wants an event, a Tick if there is nothing else. May lie early, never late."""
        return None if self._check_us == NEVER_US else max(self._check_us, self._now_us)

    def feed(self, event: Event) -> list[Fact]:
        """Take one event; give the facts that are known by it. Raises ValueError when time goes back."""
        at_us = event.at_us
        if at_us < self._now_us:
            raise ValueError(f"time goes back: {at_us} µs after {self._now_us} µs")
        activity = self._activity
        if at_us >= self._check_us:
            self._pass_time(at_us)
        self._now_us = at_us
        if activity.over is not None:
            return self._answer()
        if isinstance(event, Command):
            activity.command(event)
            self._pass_time(at_us)
        elif not isinstance(event, Tick):
            changes = self._senses.feel(event)
            if changes:
                self._tell(changes)
            activity.row(event)
            due_us = activity.due_us
            if changes is not SAME or (due_us is not None and due_us < self._check_us):
                self._pass_time(at_us)
        return self._answer()

    def close(self, at_us: int) -> list[Fact]:
        """Nothing is known after this: what is under way never happened, what was due is decided, the rest is kept."""
        self._pass_time(at_us)
        for plate in self._senses.plates:
            plate.belief.forget()
        self._senses.knee.forget()
        self._pass_time(at_us)
        if self._activity.over is None:
            self._activity.close(at_us)
        return self._answer()

    def picture(self, at_us: int) -> Picture:
        """What to show at this moment."""
        return self._activity.picture(max(at_us, self._now_us))

    def _answer(self) -> list[Fact]:
        facts = self._activity.facts
        if not facts:
            return []
        self._activity.facts = []
        return facts

    def _unsettled(self) -> bool:
        senses = self._senses
        if senses.toe.measuring and not senses.knee.settled:
            return True
        return any(not senses.heel(side).belief.settled for side in self._activity.minds())

    def _release_us(self) -> int | None:
        """When the activity's alarm may go off: at once when it is due, later while something is not settled."""
        due_us = self._activity.due_us
        if due_us is None or self._activity.over is not None:
            return None
        if self._unsettled():
            due_us += self._rules.wait_us
        return max(due_us, self._now_us)

    def _pass_time(self, to_us: int) -> None:
        in_place = 0
        while self._activity.over is None:
            senses_us, alarm_us = self._senses.due_us, self._release_us()
            if senses_us is not None and senses_us <= to_us and (alarm_us is None or senses_us <= alarm_us):
                self._now_us = max(self._now_us, senses_us)
                self._tell(self._senses.pass_time(senses_us))
            elif alarm_us is not None and alarm_us <= to_us:
                in_place = in_place + 1 if alarm_us == self._now_us else 0
                if in_place > self._rules.in_place:
                    phase = self._activity.picture(alarm_us).phase
                    raise RuntimeError(f"an activity wants the moment {alarm_us} µs for ever, in its phase {phase}")
                self._now_us = alarm_us
                self._activity.alarm(alarm_us)
            else:
                break
        self._look_ahead()

    def _look_ahead(self) -> None:
        dues = [due for due in (self._senses.due_us, self._release_us()) if due is not None]
        self._check_us = NEVER_US if self._activity.over is not None else min(dues, default=NEVER_US)

    def _tell(self, changes: Sequence[Change]) -> None:
        self.changes += len(changes)
        for change in changes:
            if isinstance(change, SensorChange):
                kind = SensorLost if change.lost else SensorBack
                self._activity.facts.append(kind(change.at_us, change.sensor, change.why))
            if self._activity.over is None:
                self._activity.change(change)
