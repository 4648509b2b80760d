"""The station's loop: one queue, one owner of everything that happens.

Pin edges, samples, readings, alarms and the page's wishes come through one queue; only the loop feeds the rules, writes
to the store and says what the buzzer plays. The page reads an immutable snapshot. The loop has no thread of its own: in
real time `run` turns it, in virtual time whoever owns the time calls `drain`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol

from station.advice.pain import STOP
from station.app.api import SimulatedBoard
from station.app.board_view import View, next_step
from station.app.budgets import Using
from station.app.calibration import Calibrating
from station.app.inbox import (
    Change,
    DatesHold,
    Inbox,
    Posted,
    Remind,
    Ring,
    Start,
    StartRequest,
    Told,
    Wish,
)
from station.app.outputs import Outlets
from station.app.personal_best import with_best_to_beat
from station.app.recorder import Keeper, is_result
from station.app.reminders import Reminders
from station.app.resume import ResumeManager, is_resumable
from station.app.run import Run, heel_trouble_of, heels_of, references_of, stuck_trouble_of
from station.app.snapshot import HeelSeen, Snapshot
from station.app.start_gate import TODAY, UNFINISHED, StartDecision, StartGate, is_only_test
from station.clock import Clock
from station.config import Config
from station.core.activities.engine import Engine
from station.core.activities.presence import Presence
from station.core.activities.questions import MUCH_PAIN, PAIN
from station.core.events import SECOND_US, Command, CommandName, Event, Heel, Knee, Load, Side, Tick, Toe
from station.core.facts import Answered, Cue, CueEnded, CueName, Eased, Ended, Fact, LouderAsked, TapsUndone
from station.core.sensing.sensors import BoardSensors, References, Wiring
from station.core.sound.cues import Volume
from station.core.state import ActivityState
from station.core.steps import Routine, TestStep, uses_blocks
from station.devices.board import Devices
from station.settings import Settings, changed
from station.store import Store, StoreError

log = logging.getLogger(__name__)

CHOSEN_US = 600 * SECOND_US
"""Whoever was chosen on a page, or was last on the board, is taken for who steps on within ten minutes."""
LEFT_US = 20 * SECOND_US
"""A board that was empty for so long after the last activity has been left: the sitting is over."""
TURN_US = 250_000
"""The longest wait of the loop: then it looks at the clock, whatever the alarm clock does."""
LATE_US = 2_000
"""How long past the activity's alarm the loop waits for the alarm clock to ring: a tick that is 10 ms late is late."""
SHOW_SOON_US = 100_000
"""What only moves, like the toe distance, is shown so often."""
SHOW_US = 500_000
"""A picture is never older than this while the station is well."""
UNHEARD = frozenset({CueName.COMPLETE, CueName.ENDED, CueName.TRIAL_OK, CueName.BEST})
"""Cues that say that something is stored: they are not sounded while it is not."""


QUIETER_TO_LOUDER = (Volume.OFF, Volume.LOW, Volume.NORMAL, Volume.LOUD)
FOLLOWS = "Step on the board, and today's routine follows."
EASED = "It hurt, so half of what follows is enough today. Stop if it hurts more."
TAPS_OFF = "Taken back, and heel taps are off again: Settings has them."


class Wakes(Protocol):
    """The alarm clock, as the loop uses it."""

    def move(self, at_us: int | None) -> None: ...

    def remind(self, at: Mapping[str, datetime], job: Callable[[str], None]) -> None: ...


class Station(Inbox):
    """The station. Any thread may `post`, and use what the page may use; the rest belongs to the loop's thread."""

    def __init__(self, config: Config, store: Store, clock: Clock, *, board: SimulatedBoard | None = None) -> None:
        super().__init__(clock)
        self._config = config
        self._store = store
        self._board = board
        self._outlets = Outlets()
        self._alarms: Wakes | None = None
        self._stopping = False
        self._keeper = Keeper(store, lambda sentence: self._trouble("store", sentence))
        self._settings = store.settings()
        self._calibrating = Calibrating(config, store)
        plates = config.board.plates
        sides = tuple(Side) if plates == "two" else (Side(plates),)
        self._wiring = Wiring(config.board.heels == "analogue", sides, config.board.knee_pad)
        self._resume = ResumeManager()
        self._reminders = Reminders(store)
        self._called: str | None = None
        self._note: str | None = None
        self._decision: StartDecision | None = None
        self._rest_kept: Routine = ()
        self._dates_hold = False
        self._known_empty = store.empty_shares()
        self._levels: dict[tuple[type, Side | None], Event] = {}
        self._view = View()
        self._run: Run | None = None
        self._last_run: ActivityState | None = None
        self._person: tuple[str | None, int] = (None, 0)
        """Who was last on the board or chosen on a page, and when."""
        self._names: dict[str, str] = {}
        self._ended_why: str | None = None
        self._now_us = clock.now_us()
        self._shown_us = 0
        self._changed = self._urgent = True
        self._changes_seen = 0
        self._idle_senses = BoardSensors(self._wiring, self._now_us, References(dict(self._known_empty)))
        self._idle(somebody_there=True)
        self._trouble("calibration", self._calibrating.sentence)
        self._snapshot = self._picture_now()

    # What the page uses, from any thread, besides what it asks for (see `Inbox`).

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def change_settings(self, changes: dict[str, str]) -> None:
        changed(self._settings, changes)  # whoever asks is told at once what cannot be
        self.post(Change(changes))

    @property
    def board(self) -> SimulatedBoard | None:
        return self._board

    # The loop.

    def attach(self, devices: Devices | None, alarms: Wakes | None) -> None:
        """What the loop sounds cues on, and what wakes it."""
        self._outlets.attach(devices)
        self._alarms = alarms
        self._apply_volume()

    @property
    def wakes_at_us(self) -> int | None:
        """When the loop wants to be called if nothing comes."""
        activity_us = self._activity_wakes_at_us
        show_us = self._shown_us + SHOW_US
        return show_us if activity_us is None else min(activity_us, show_us)

    def stop(self) -> None:
        """End `run`, from any thread."""
        self._stopping = True
        self.ring()

    def run(self, alive: Callable[[], None]) -> None:
        """Turn until `stop`. `alive` is called at least once a second while all is well."""
        try:
            while not self._stopping:
                alive()
                self.drain(self._wait())
        finally:
            self.grant_no_more()

    def _wait(self) -> Posted | None:
        now_us = self._clock.now_us()
        wakes_at_us = self.wakes_at_us
        wait_us = TURN_US if wakes_at_us is None else max(0, min(TURN_US, wakes_at_us + LATE_US - now_us))
        return self.take(wait_us / SECOND_US)

    def drain(self, item: Posted | None = None) -> None:
        """Handle everything that has come in, and the time."""
        while True:
            if item is not None:
                self._try_handle(item)
            item = self.take()
            if item is None:
                break
        self._pass_time()

    def _handle(self, item: Posted) -> None:
        match item:
            case Start():
                self._start(item)
            case StartRequest():
                self._answer_start(item)
            case Change():
                self._change_settings(changed(self._settings, item.changes))
            case Wish():
                self._grant(item)
            case Remind():
                self._remind(item.person_id)
            case DatesHold():
                self._dates_hold = True
                self._arm()
            case Told():
                self._trouble(item.part, item.sentence)
            case Ring():
                pass
            case _:
                self._feel(item)

    def _grant(self, wish: Wish) -> None:
        try:
            wish.done.set_result(wish.act(self._store))
        except (ValueError, LookupError, StoreError) as error:
            wish.done.set_exception(error)
        except Exception as error:
            log.exception("What the page wished for could not be done; the board goes on.")
            wish.done.set_exception(error)
        self._mind_claim(wish)
        self._look_up()
        self._arm()

    def _mind_claim(self, wish: Wish) -> None:
        """Whose sitting it is has been said: from now on their answers count in what is gone on with."""
        kept = wish.done.exception() is None
        if kept and wish.claims is not None and wish.claims[0] == self._keeper.sitting_id:
            self._person = (wish.claims[1], self._now_us)
            self._resume.on_claim(wish.claims[1])

    def _try_handle(self, item: Posted) -> None:
        try:
            self._handle(item)
        except StoreError as error:
            self._trouble("store", str(error))

    def _pass_time(self) -> None:
        now_us = self._clock.now_us()
        wakes_at_us = self._activity_wakes_at_us
        if wakes_at_us is not None and now_us >= wakes_at_us:
            self._try_handle(Tick(now_us))
        waited = self._keeper.waiting
        self._keeper.flush(now_us)
        if waited and not self._keeper.waiting:
            self._look_up()
        if self._run is None:
            self._leave(now_us)
        if self._alarms is not None:
            self._alarms.move(self._activity_wakes_at_us)
        since_us = now_us - self._shown_us
        if self._urgent or since_us >= (SHOW_SOON_US if self._changed else SHOW_US):
            self._show()

    @property
    def _activity_wakes_at_us(self) -> int | None:
        return self._presence.wakes_at_us if self._run is None else self._run.wakes_at_us

    def _feel(self, event: Event) -> None:
        """Something has been felt or said. Threads may be a little late with it: time does not go back for them."""
        self._now_us = max(self._now_us, event.at_us)
        self._remember(event)
        self._react(event)
        changes = self._presence.change_count if self._run is None else self._run.changes
        if changes != self._changes_seen:
            self._changes_seen, self._urgent = changes, True

    def _react(self, event: Event) -> None:
        run = self._run
        if run is None:
            if not isinstance(event, Command):
                self._presence.feed(at(event, self._now_us))
                if self._presence.outcome is not None:
                    self._step_on()
            return
        at_us = self._now_us - run.begin_us
        self._say(run.feed(at(event, at_us)))
        self._keeper.tick(at_us)
        if run.over is not None:
            self._finish(run)

    def _remember(self, event: Event) -> None:
        match event:
            case Heel():
                self._levels[(Heel, event.side)] = event
                self._changed = True
            case Knee():
                self._levels[(Knee, None)] = event
                self._changed = True
            case Toe():
                self._view.read(event, self._now_us)
                self._changed = True
                self._watch(event)
            case _:
                pass

    def _watch(self, toe: Toe) -> None:
        """Whether the sensor shows by itself that its calibration is out."""
        empty = self._run is None and self._waiting.empty_since_us is not None
        seen = self._calibrating.read(toe, self._now_us, empty=empty)
        if seen is not None:
            self._keeper.temperature_c = self._outlets.celsius
            calibration_id = self._calibrating.current.id
            self._keeper.keep_check(calibration_id, seen.kind, None, seen.off_mm, seen.uncertainty_mm, passed=False)
            self._look_up()

    # Beginning and ending.

    def _idle(self, *, somebody_there: bool) -> None:
        """Wait for somebody to step on. Who is there keeps the standing that the heels have learnt."""
        references = References(dict(self._known_empty))
        if somebody_there:
            references = references_of(self._idle_senses) if self._run is None else self._run.references()
        self._idle_senses = BoardSensors(self._wiring, self._now_us, references)
        self._waiting = Presence(self._idle_senses, is_occupied=somebody_there)
        self._presence = Engine(self._waiting, self._idle_senses, self._now_us)
        self._run = None
        for level in self._levels.values():
            self._presence.feed(at(level, self._now_us))

    def _step_on(self) -> None:
        """Somebody means it. In a sitting that is not over, whoever shuffles their feet is still the same person, and
        nothing begins by itself but what they have left."""
        side = self._waiting.side or Side.LEFT
        first = side if len(self._wiring.plates) == len(Side) else Side.LEFT
        person_id = self._person[0] if self._keeper.in_sitting else self._who()
        unfinished = self._resume.resume_candidate(person_id, self._now_us)
        decision = (
            None if unfinished is None else self._gate(person_id).restricted(unfinished.routine, unfinished.title)
        )
        if decision is not None:
            self._begin_decided(decision, person_id)
        elif self._resume.continues_today:
            self._begin_named(TODAY, person_id, first, tested=True)
        elif self._settings.on_step == "nothing" or self._keeper.in_sitting:
            self._idle(somebody_there=True)
        else:
            self._begin_named(self._settings.on_step, person_id, first)

    def _gate(self, person_id: str | None, first: Side = Side.LEFT) -> StartGate:
        """The start gate for this person now."""
        return StartGate(
            self._store,
            self._settings,
            person_id,
            self._clock.wall(),
            first,
            analogue=self._wiring.analogue,
            blocks_mm=self._config.range_sensor.blocks_mm,
            seed=self._clock.now_us(),
        )

    def _begin_named(
        self, name: str, person_id: str | None, first: Side = Side.LEFT, *, tested: bool = False
    ) -> StartDecision:
        """Begin what the gate decides under this name."""
        try:
            decision = self._gate(person_id, first).decide(name, tested=tested)
        except ValueError as error:
            decision = StartDecision(notice=str(error))
        return self._begin_decided(decision, person_id, name, tested=tested)

    def _begin_decided(
        self, decision: StartDecision, person_id: str | None, name: str = "", *, tested: bool = False
    ) -> StartDecision:
        """Begin it, or show why nothing begins."""
        if decision.routine:
            self._begin(decision.routine, person_id, decision.title)
        else:
            self._resume.on_start()
            self._idle(somebody_there=True)
            self._hear([Cue(self._now_us, CueName.STEP_ON)])
        self._decision, self._note, self._urgent = decision, decision.note, True
        follows = name == TODAY and not tested and person_id is not None
        self._resume.continues_today = follows and is_only_test(decision.routine)
        return decision

    def _who(self) -> str | None:
        """Chosen on a page or last on the board in the last ten minutes, or the only person there is."""
        person_id, at_us = self._person
        if person_id is not None and self._now_us - at_us <= CHOSEN_US:
            return person_id
        self._look_up()
        return next(iter(self._names)) if len(self._names) == 1 else None

    def _look_up(self) -> None:
        """Ask the store who there is and how it is calibrated; while it cannot be read, what was known goes on."""
        try:
            self._names = {person.id: person.name for person in self._store.people()}
            self._calibrating.look_up()
            self._refresh_offer()
        except StoreError as error:
            self._trouble("history", str(error))
        else:
            self._trouble("history", None)
            self._trouble("calibration", self._calibrating.sentence)

    def _refresh_offer(self) -> None:
        """Offer the unfinished routine while some of it may begin, now or once questions are answered.

        Raises StoreError.
        """
        one = self._resume.unfinished
        if one is not None and one.person_id is not None:
            decision = self._gate(one.person_id).restricted(one.routine, one.title)
            self._resume.set_offered(bool(decision.routine) or decision.needs_health_questions)

    def _start(self, start: Start) -> None:
        self._end_run()
        person_id = start.person_id if start.person_id is not None else self._who()
        self._begin_decided(self._gate(person_id).restricted(start.routine, start.called), person_id)

    def _answer_start(self, request: StartRequest) -> None:
        """Decide, begin, and answer with the decision. What cannot begin ends nothing that is under way."""
        person_id = self._person_of(request)
        try:
            self._now_us = max(self._now_us, self._clock.now_us())
            decision = self._gate(person_id).decide(request.name)
            if decision.routine or self._run is None:
                self._end_run()
                self._begin_decided(decision, person_id, request.name)
        except (ValueError, StoreError) as error:
            request.done.set_exception(error)
        except Exception as error:
            log.exception("What the page asked to start could not be decided; the board goes on.")
            request.done.set_exception(error)
        else:
            request.done.set_result(decision)

    def _person_of(self, request: StartRequest) -> str | None:
        if request.person_id is not None:
            return request.person_id
        unfinished = self._resume.unfinished
        if request.name == UNFINISHED and unfinished is not None and self._resume.offer(self._now_us) is not None:
            return unfinished.person_id
        return self._who()

    def _end_run(self) -> None:
        """End what is under way, as `stop` does."""
        self._now_us = max(self._now_us, self._clock.now_us())
        while self._run is not None:
            self._feel(Command(self._now_us, CommandName.STOP))

    def _begin(self, routine: Routine, person_id: str | None, called: str | None = None) -> None:
        taught = references_of(self._idle_senses)
        wall = self._clock.wall()
        if self._keeper.in_sitting and self._person[0] != person_id:
            self._keeper.end_sitting(wall, "somebody else")
        if not self._keeper.in_sitting:
            self._keeper.begin_sitting(person_id, wall, simulated=self._config.board.simulated)
        self._person = (person_id, self._now_us)
        self._look_up()
        self._keeper.temperature_c = self._outlets.celsius
        routine = with_best_to_beat(self._store, routine, person_id, self._wiring.contact, wall)
        routine = self._calibrating.prepared(routine, self._now_us)
        curve = self._calibrating.curve_for(routine)
        # A comparator cannot tell a tap from a heel that hovers at its threshold: three false commands an hour.
        taps = self._settings.taps == "on" and self._wiring.analogue
        self._run = Run(routine, self._wiring, taught, curve, self._now_us, taps=taps)
        skirting_mm, temperature_c = self._config.board.skirting_mm, self._keeper.temperature_c
        using = Using(self._calibrating.current, wall, temperature_c, skirting_mm)
        self._keeper.begin_run(self._run, wall, using, called)
        self._resume.on_start()
        self._called, self._note, self._rest_kept = called, None, ()
        self._apply_volume()
        self._last_run = None
        self._say(self._run.start())
        for level in list(self._levels.values()):
            self._feel(at(level, self._now_us))

    def _finish(self, run: Run) -> None:
        self._keeper.end_run()
        if run.over == "ended":
            self._resume.continues_today = False
            self._resume.on_early_end(run.rest, self._called, self._person[0], self._now_us, self._ended_why)
        self._last_run = run.picture(self._now_us - run.begin_us)
        self._person = (self._person[0], self._now_us)
        self._idle(somebody_there=True)
        self._save_empty(run.references())
        if uses_blocks(run.routine):
            self._look_up()
        if self._keeper.only_blocks:
            # Whoever steps on after a check begins, at once: nobody has stood here yet.
            self._keeper.end_sitting(self._clock.wall(), "done")
            self._idle(somebody_there=False)
        elif self._resume.continues_today and any(down for _, down, _ in run.heels()):
            self._begin_named(TODAY, self._person[0], last_side(run.routine), tested=True)
        elif self._resume.continues_today:
            self._note = FOLLOWS
            self._hear([Cue(self._now_us, CueName.NUDGE)])
        self._urgent = True

    def _save_empty(self, references: References) -> None:
        for side, share in references.empty.items():
            known = self._known_empty.get(side)
            if known is None or share < known:
                self._known_empty[side] = share
                self._keeper.write(partial(self._store.save_empty_share, side, share))

    def _leave(self, now_us: int) -> None:
        empty_us = self._waiting.empty_since_us
        if self._keeper.in_sitting and empty_us is not None and now_us - empty_us >= LEFT_US:
            self._keeper.end_sitting(self._clock.wall(), "left")
            self._last_run = None
            if self._resume.continues_today:
                self._resume.continues_today, self._note = False, None
            self._idle(somebody_there=False)
            self._urgent = True

    def close(self) -> None:
        """Stop where everything stands: what is under way stays unfinished, and nothing sounds."""
        if self._run is not None:
            run = self._run
            at_us = max(self._now_us, self._clock.now_us()) - run.begin_us
            self._keeper.stop_run(at_us)
        if self._keeper.in_sitting:
            self._keeper.end_sitting(self._clock.wall(), "the station was stopped")
        self._keeper.flush(0)

    # What is said, and shown.

    def _say(self, facts: list[Fact]) -> None:
        """Store results, then sound their cues; everything else sounds first."""
        if not facts:
            return
        results = any(is_result(fact) for fact in facts)
        if results:
            self._keep(facts)
        self._hear(facts)
        if not results:
            self._keep(facts)
        self._mind(facts)
        self._urgent = True

    def _keep(self, facts: list[Fact]) -> None:
        for fact in facts:
            self._keeper.keep(fact)

    def _mind(self, facts: list[Fact]) -> None:
        """What the facts mean for the loop itself, and what they leave of the routine."""
        for fact in facts:
            match fact:
                case Ended():
                    self._ended_why = fact.why
                case Answered() if fact.question == PAIN and int(fact.answer) >= MUCH_PAIN:
                    self._resume.continues_today, self._note = False, STOP.sentence
                case LouderAsked():
                    place = QUIETER_TO_LOUDER.index(Volume(self._settings.volume))
                    louder = QUIETER_TO_LOUDER[min(place + 1, len(QUIETER_TO_LOUDER) - 1)]
                    self._change_settings(replace(self._settings, volume=str(louder)))
                case Eased():
                    self._note = EASED
                case TapsUndone():
                    self._change_settings(replace(self._settings, taps="off"))
                    self._note = TAPS_OFF
                case _:
                    pass
        run = self._run
        if run is not None and is_resumable(run.routine) and run.rest != self._rest_kept:
            self._rest_kept = run.rest
            self._keeper.keep_rest(run.rest, self._clock.wall())

    # Reminders.

    def _arm(self) -> None:
        """Set the alarm clock to everybody's next hour."""
        if self._alarms is None or not self._dates_hold:
            return
        try:
            self._alarms.remind(
                self._reminders.next_times(self._clock.wall()), lambda person_id: self.post(Remind(person_id))
            )
        except StoreError as error:
            self._trouble("history", str(error))

    def _remind(self, person_id: str) -> None:
        """It is somebody's hour: the board calls, unless it is in use, it is quiet, or all is done."""
        come = self._reminders.take(person_id, self._clock.wall())
        self._arm()
        if come and self._run is None and self._reminders.is_due(person_id, self._clock.wall()):
            self._look_up()
            self._apply_volume()
            name = self._names.get(person_id, "Somebody")
            self._note = f"{name}, your routine is ready when you are. Step on the board."
            self._hear([Cue(self._clock.now_us(), CueName.NUDGE)])
            self._urgent = True

    def _hear(self, facts: list[Fact]) -> None:
        run = self._run
        begin_us = 0 if run is None else run.begin_us
        heard: list[Fact] = []
        for fact in facts:
            if isinstance(fact, Cue | CueEnded):
                cue = replace(fact, at_us=fact.at_us + begin_us)
                if self._keeper.waiting and isinstance(cue, Cue) and cue.cue in UNHEARD:
                    cue = Cue(cue.at_us, CueName.ERROR)
                heard.append(cue)
                self._view.hear(cue)
        self._outlets.hear(heard)

    def _trouble(self, part: str, sentence: str | None) -> None:
        if self._view.trouble(part, sentence):
            self._urgent = True

    def _change_settings(self, settings: Settings) -> None:
        self._settings = settings
        self._keeper.write(lambda: self._store.save_settings(settings))
        self._apply_volume()

    def _apply_volume(self) -> None:
        self._outlets.set_volume(self._settings, self._clock.wall())

    def _show(self) -> None:
        self._shown_us = self._clock.now_us()
        self._changed = self._urgent = False
        self._snapshot = self._picture_now()
        self._outlets.follow(self._snapshot)
        self.wake_pages()

    def _picture_now(self) -> Snapshot:
        now_us = self._clock.now_us()
        run = self._run
        if run is not None:
            shown, heels = run.picture(now_us - run.begin_us), run.heels()
            heel_trouble = run.heel_trouble(now_us - run.begin_us)
        else:
            shown = self._last_run or ActivityState()
            heels = heels_of(self._idle_senses)
            heel_trouble = heel_trouble_of(self._idle_senses, now_us) or stuck_trouble_of(self._idle_senses, now_us)
        person_id = self._person[0] if self._keeper.in_sitting else None
        following = (None, None) if run is None else next_step(run.routine, shown)
        known = {name: getattr(shown, name) for name in SHOWN}
        return Snapshot(
            at_us=now_us,
            **known,
            called=self._called if run is not None else None,
            next_step=following[0],
            next_exercise=following[1],
            decision=self._decision,
            note=self._note,
            rest=None if run is not None else self._resume.offer(now_us),
            toe_mm=self._toe_mm(now_us),
            toe_why=self._view.toe_why,
            heels=tuple(HeelSeen(side, down, share) for side, down, share in heels),
            knee=self._knee(),
            cue=self._view.cue,
            troubles=self._view.troubles(heel_trouble),
            sitting_id=self._keeper.sitting_id,
            person_id=person_id,
            person_name=None if person_id is None else self._names.get(person_id),
            simulated=self._config.board.simulated,
            calibration=self._calibrating.state,
            check_due=self._calibrating.due_why(self._clock.wall(), self._outlets.celsius),
        )

    def _toe_mm(self, now_us: int) -> float | None:
        reading_mm = self._view.reading_mm(now_us)
        if reading_mm is None:
            return None
        curve = self._calibrating.curve if self._run is None else self._calibrating.curve_for(self._run.routine)
        return round(max(0.0, curve.toe_mm(reading_mm)), 1)

    def _knee(self) -> bool | None:
        level = self._levels.get((Knee, None))
        return level.touching if isinstance(level, Knee) else None


SHOWN = tuple(ActivityState.__dataclass_fields__)
"""What a snapshot takes over from the picture of an activity."""


def last_side(routine: Routine) -> Side:
    """Where a test has ended: the next exercise begins there."""
    tests = [step for step in routine if isinstance(step, TestStep)]
    return tests[-1].sides[-1] if tests else Side.LEFT


def at(event: Event, at_us: int) -> Event:
    """The event at another time. Loads come 200 times a second, and `replace` takes five times as long."""
    if isinstance(event, Load):
        return Load(at_us, event.side, event.share)
    return replace(event, at_us=at_us)
