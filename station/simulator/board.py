"""The simulated board: pins, ADC, bus and sensor as the configuration wires them, and the person who stands on it.

Everything that the drivers talk to is emulated below them. The board has no thread: a `Pacer` in real time, or whoever
owns the time, calls `settle` at `next_us`. `act` may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import RLock
from typing import Any

from station.clock import Clock
from station.config import Config
from station.core.events import Side
from station.simulator.adc import AdcState, EmulatedMcp3008
from station.simulator.ankle import Character
from station.simulator.blocks import ROOM_MM
from station.simulator.ear import Ear, Heard
from station.simulator.eyes import Eyes, SnapshotLike
from station.simulator.i2c import SimulatedI2C
from station.simulator.person import USES_BLOCKS, PageView, Person, Script
from station.simulator.pins import Output, SimulatedPins
from station.simulator.range_error import RangeError
from station.simulator.virtual import NEVER_US, BoardClock
from station.simulator.vl53l0x import Vl53l0xModel
from station.simulator.world import World

ADC_NOISE_CODES = 0.6
"""SD of an MCP3008 on a quiet supply, in codes: its datasheet's typical error."""
LOOK_US = 2_000
"""How often a comparator looks at a heel that is moving."""
BOUNCES = 2
"""How often a pad's or comparator's contact opens again after it has closed."""
SENSOR_SEED = 7
"""Whose error the simulated sensor of a station has, in its history and in its demonstration alike: it is one sensor,
and a calibration is of it."""
SECOND_SEED, THIRD_SEED = 1, 2
"""Added to the seed, so that the parts do not err alike."""


class SimulatedBoard:
    """One board with one person, on the clock `clock`, which is the given one with a wall clock that can be set wrong.

    `spend_us` is told of bus time in virtual time. `look` is what the person reads on the page. `ask` is called with
    the name of a routine when a visitor asks for one; it has the station begin it. `answer` gets what the person taps
    on when the page asks. `wake` is called when `next_us` may be earlier than it was.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        *,
        character: Character | None = None,
        seed: int = 0,
        error: RangeError | None = None,
        spend_us: Callable[[int], None] | None = None,
    ) -> None:
        """`error` is the distance sensor's own; without one it measures as if it had none."""
        self.snapshot: Callable[[], PageView | None] = lambda: None
        self.request_start: Callable[[str], object] = lambda _what: None
        self.answer_question: Callable[[str], None] = lambda _answer: None
        self.wake: Callable[[], None] = lambda: None
        self.clock = BoardClock(clock)
        self._config = config
        self._lock = RLock()
        board, sensor = config.board, config.range_sensor
        self._plates = tuple(Side) if board.plates == "two" else (Side(board.plates),)
        channels = {
            Side.LEFT: config.analogue_heels.channel_left,
            Side.RIGHT: config.analogue_heels.channel_right,
        }
        self._channels = {channels[side]: side for side in self._plates}
        self.world = World(
            plates=self._plates,
            setback_mm=board.setback_mm,
            skirting_mm=board.skirting_mm,
            divider_ohm=config.analogue_heels.divider_ohm,
            seed=seed,
        )
        self.adc = EmulatedMcp3008(self._share, self.clock.now_us, noise_codes=ADC_NOISE_CODES, seed=seed + SECOND_SEED)
        self.pin_factory = SimulatedPins(self.clock, self.adc if board.heels == "analogue" else None)
        self.sensor = Vl53l0xModel(
            self.clock.now_us, self.world.target_mm, seed=seed + THIRD_SEED, error=error or RangeError()
        )
        self.bus = SimulatedI2C([self.sensor], spend_us, seed)
        self.person = Person(
            self.world,
            character or Character(),
            self.clock.now_us(),
            taps=not board.knee_pad and board.heels == "comparator",
            seed=seed,
            look=lambda: self.snapshot(),
        )
        self.person.say = lambda answer: self.answer_question(answer)
        self.heard: list[Heard] = []
        """What the person has recognised of the buzzer so far, when and which cue."""
        self.seen: list[Heard] = []
        """The same for cues that were seen on the page."""
        self._ear = Ear()
        self._eyes = Eyes()
        self._closed = dict.fromkeys(self._plates, False)
        self._touching = False
        self._look_us: int | None = None
        self._ear_us: int | None = None
        self._wire(sensor.interrupt, sensor.xshut)

    def open_bus(self) -> Any:
        """The I2C bus; a test may put another one in its place."""
        return self.bus

    def _wire(self, interrupt: bool, xshut: bool) -> None:
        pins, lines = self._config.pins, self.pin_factory
        if interrupt:
            line = lines.pin(pins.range_interrupt)
            line.drive(self.sensor.interrupt_level)
            self.sensor.on_interrupt = line.drive
            self.sensor.wake = lambda: self.wake()
        if xshut:
            lines.listen(pins.xshut, lambda output: self.sensor.set_xshut(output.duty > 0))
        if self._config.board.heels == "comparator":
            for side in self._plates:
                lines.drive(self._heel_pin(side), False)
        lines.listen(pins.buzzer, self._on_tone)

    def _heel_pin(self, side: Side) -> int:
        pins = self._config.pins
        return pins.heel_left if side is Side.LEFT else pins.heel_right

    def _share(self, channel: int, at_us: int) -> float:
        """What lies at a channel of the ADC."""
        side = self._channels.get(channel)
        return 0.0 if side is None else self.world.share(side, at_us)

    # Time.

    def next_us(self) -> int | None:
        """When something happens here by itself."""
        next_us = NEVER_US
        for due_us in (
            self.sensor.next_us(),
            self.person.next_us(),
            self.pin_factory.next_us(),
            self._look_us,
            self._ear_us,
        ):
            if due_us is not None and due_us < next_us:
                next_us = due_us
        return None if next_us == NEVER_US else next_us

    def settle(self, now_us: int) -> None:
        """Let it happen."""
        self.sensor.settle(now_us)
        with self._lock:
            self.pin_factory.settle(now_us)
            if self._ear_us is not None and self._ear_us <= now_us:
                self._recognise(self._ear.settle(now_us))
            due_us = self.person.next_us()
            if due_us is not None and due_us <= now_us:
                self.person.settle(now_us)
                self._sample_heels(now_us)
            if self._look_us is not None and self._look_us <= now_us:
                self._compare(now_us)

    def _sample_heels(self, now_us: int) -> None:
        """The person has moved: let the switches follow."""
        if self._config.board.knee_pad and self.world.touching is not self._touching:
            self._touching = self.world.touching
            self.pin_factory.drive(self._config.pins.knee_pad, not self._touching, bounces=BOUNCES)
        if self._config.board.heels == "comparator":
            self._compare(now_us)

    def _compare(self, now_us: int) -> None:
        """The comparators look at the heels, again and again while these move."""
        for side in self._plates:
            closed = self.world.closes(side, now_us, self._closed[side])
            if closed is not self._closed[side]:
                self._closed[side] = closed
                self.pin_factory.drive(self._heel_pin(side), closed, bounces=BOUNCES)
        self._look_us = now_us + LOOK_US if self.world.moving(now_us) else None

    def _on_tone(self, output: Output) -> None:
        with self._lock:
            self._recognise(self._ear.on_tone(output.at_us, output.duty > 0))
        self.wake()

    def _recognise(self, heard: list[Heard]) -> None:
        for at_us, cue in heard:
            self.heard.append((at_us, cue))
            self.person.on_cue(cue, at_us)
        self._ear_us = self._ear.next_us()

    def update_view(self, shown: SnapshotLike) -> None:
        """The page shows this to a person who goes by the eye; only who is told so here looks at it."""
        at_us = self.clock.now_us()
        with self._lock:
            if (cue := self._eyes.look(shown)) is not None:
                self.seen.append((at_us, cue))
                self.person.on_cue(cue, at_us)
        self.wake()

    # A visitor's hand.

    def commands(self) -> tuple[str, ...]:
        """The words that `act` understands."""
        return tuple(self._command_table())

    def act(self, command: str, argument: str | None = None) -> None:
        """Do one of `words()` now. Raises ValueError with a sentence for an unknown word or a bad argument."""
        known = self._command_table()
        if command not in known:
            raise ValueError(f"The simulated board does not know {command!r}: say one of {', '.join(known)}.")
        with self._lock:
            known[command](argument)
            self._sample_heels(self.clock.now_us())
        self.wake()

    def _command_table(self) -> dict[str, Callable[[str | None], None]]:
        person = self.person
        words: dict[str, Callable[[str | None], None]] = {
            "test": lambda _: self._bring_person_for("test"),
            "stretch": lambda _: self._bring_person_for("stretch"),
            "calibrate": lambda _: self._bring_person_for("calibrate"),
            "check": lambda _: self._bring_person_for("check"),
            "auto": lambda _: self._bring_person_for(None),
            "take_over": lambda _: self._take_over(None),
            "step_on": lambda side: self._take_over(person.step_on(_side(side))),
            "step_off": lambda _: self._take_over(person.step_off()),
            "lift_heel": lambda _: self._person_do(person.lift()),
            "lower_heel": lambda _: self._person_do(person.lower()),
            "lean": lambda _: self._take_over(person.lean()),
            "lean_back": lambda _: self._take_over(person.lean_back()),
            "slide": lambda mm: self._person_do(person.slide(_millimetres(mm))),
            "block": lambda mm: self._hold_block(mm),
            "no_block": lambda _: self.world.take_block(),
            "cheat": lambda _: self._take_over(person.cheat()),
            "pull_cable": lambda _: self.sensor.power_off(),
            "return_cable": lambda _: self.sensor.power_on(),
            "freeze_sensor": lambda _: self._freeze(True),
            "thaw_sensor": lambda _: self._freeze(False),
            "pull_heels": lambda _: self._pull_heels(AdcState.ABSENT),
            "return_heels": lambda _: self._pull_heels(AdcState.OK),
            "wall_clock": lambda hours: self.clock.step_wall(timedelta(hours=_hours(hours))),
        }
        if self._config.board.heels == "comparator":
            del words["pull_heels"], words["return_heels"]
        return words

    def _bring_person_for(self, what: str | None) -> None:
        """The person comes and does it all by themselves."""
        if what is not None:
            self.request_start(what)
        self.person.only = what
        if what in USES_BLOCKS:
            self._person_do(self.person.come_with_blocks(max(self._config.range_sensor.blocks_mm)))
        elif self.person.standing and what is None:
            self.person.obeys = True
        else:
            self._person_do(self.person.come())

    def _hold_block(self, length_mm: str | None) -> None:
        """A visitor's hand holds a block; the board is pulled back for it where the wall is too near."""
        block_mm, now_us = _millimetres(length_mm), self.clock.now_us()
        if block_mm < 0:
            raise ValueError(f"A block of {block_mm:g} mm: give its length, from 0 mm on.")
        if self.world.toe_mm(now_us) < block_mm + ROOM_MM:
            self.world.slide(block_mm + ROOM_MM, now_us, 0)
        self.world.hold_block(block_mm, now_us)

    def _take_over(self, script: Script | None) -> None:
        """The visitor's hand moves the person; the cues do not."""
        self.person.obeys = False
        self._person_do(iter(()) if script is None else script)

    def _person_do(self, script: Script) -> None:
        self.person.do(script, self.clock.now_us())

    def _freeze(self, frozen: bool) -> None:
        self.sensor.faults.frozen = frozen

    def _pull_heels(self, state: AdcState) -> None:
        self.adc.state = state


def _side(argument: str | None) -> Side:
    if argument not in tuple(Side):
        raise ValueError(f"{argument!r} is no side: say left or right.")
    return Side(argument)


MOST_SLIDE_MM, MOST_HOURS = 500.0, 48.0


def _millimetres(argument: str | None) -> float:
    return _number(argument, MOST_SLIDE_MM, "millimetres")


def _hours(argument: str | None) -> float:
    return _number(argument, MOST_HOURS, "hours")


def _number(argument: str | None, most: float, unit: str) -> float:
    try:
        number = float(argument or "")
    except ValueError:
        number = float("nan")
    if not -most <= number <= most:
        raise ValueError(f"{argument!r} is no number of {unit}: give one from {-most:g} to {most:g}.")
    return number
