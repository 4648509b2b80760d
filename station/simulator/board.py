"""The simulated board: pins, ADC, bus and sensor wired as configured, and the person who stands on it.

Everything that the drivers talk to is emulated below them. The board has no thread: a `DeadlineThread` in real time,
or the owner of virtual time, calls `run_due` at `next_due_us`. `act` may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from hardware.wiring import RAILS
from station.clock import Clock
from station.config import Config
from station.core.events import Press, Side
from station.core.facts import Cue
from station.simulator.adc import AdcState, EmulatedMcp3008
from station.simulator.ankle import PersonProfile
from station.simulator.blocks import BLOCK_PURPOSES, LANE_MARGIN_MM
from station.simulator.ear import CueRecogniser
from station.simulator.eyes import PageWatcher, SnapshotLike
from station.simulator.i2c import SimulatedI2C
from station.simulator.page import LOOK_S, PageView
from station.simulator.person import Person
from station.simulator.range_chip import EmulatedRangeSensor
from station.simulator.range_error import RangeError
from station.simulator.script import Script
from station.simulator.virtual import NEVER_US, SettableWallClock
from station.simulator.vl53l0x import EmulatedVl53l0x
from station.simulator.vl53l4cd import EmulatedVl53l4cd
from station.simulator.wires import (
    FIRST_RAIL,
    SCL,
    SDA,
    SPI,
    FaultyI2c,
    WireFault,
    channel_line,
    faulty_share,
    faulty_transfer,
)
from station.simulator.world import World

if TYPE_CHECKING:
    from station.simulator.pins import PinOutput, SimulatedPinFactory

ADC_NOISE_CODES = 0.6
"""Noise of an MCP3008 on a quiet supply, as an SD in codes: the datasheet's typical error."""
COMPARATOR_INTERVAL_US = 2_000
"""How often a comparator is evaluated while a heel moves."""
BOUNCE_COUNT = 2
"""How often a pad's or comparator's contact opens again after it has closed."""
PRESSED_PARTS = ("left heel", "right heel", "knee pad", "button")
"""The parts that a hand presses while the board is checked."""
HAND_N, HAND_S, HAND_MOVE_US = 150.0, 1.0, 200_000
"""How hard and for how long a hand presses, and how fast it moves."""
SENSOR_SEED = 7
"""The seed of the simulated sensor's error, the same in the simulated history and the demonstration, so that a
calibration from one holds in the other."""
ADC_SEED_OFFSET, SENSOR_SEED_OFFSET = 1, 2
"""Added to the seed, so that the errors of the parts are independent."""


CHIPS: dict[str, type[EmulatedRangeSensor]] = {"VL53L0X": EmulatedVl53l0x, "VL53L4CD": EmulatedVl53l4cd}


def delivered_error(config: Config, seed: int) -> RangeError:
    """The systematic error of a random sensor of the configured kind, as delivered."""
    return CHIPS[config.range_sensor.kind].delivered_error(seed)


class SimulatedBoard:
    """One board with one person. Its `clock` is the given clock with a wall clock that can be set wrong.

    `spend_us` gets the bus time in virtual time. The owner sets the rest: `snapshot` returns what the person reads on
    the page, `request_start` starts the routine of this name, `answer_question` gets the answer that the person taps,
    `shown_rhythm` returns the rhythm that an unpaired browser shows, and `wake` is called when `next_due_us` may have
    become earlier.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        *,
        profile: PersonProfile | None = None,
        seed: int = 0,
        range_error: RangeError | None = None,
        spend_us: Callable[[int], None] | None = None,
    ) -> None:
        """`range_error` is the systematic error of the distance sensor, none by default."""
        self.snapshot: Callable[[], PageView | None] = lambda: None
        self.request_start: Callable[[str], object] = lambda _what: None
        self.answer_question: Callable[[str], None] = lambda _answer: None
        self.shown_rhythm: Callable[[], Sequence[Press] | None] = lambda: None
        self.wake: Callable[[], None] = lambda: None
        self.clock = SettableWallClock(clock)
        self._config = config
        self._lock = RLock()
        board = config.board
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
        self.adc = EmulatedMcp3008(
            self._channel_share, self.clock.now_us, noise_codes=ADC_NOISE_CODES, seed=seed + ADC_SEED_OFFSET
        )
        self._pin_factory: SimulatedPinFactory | None = None
        self._fault: WireFault | None = None
        self.sensor = CHIPS[config.range_sensor.kind](
            self.clock.now_us,
            self.world.target_mm,
            seed=seed + SENSOR_SEED_OFFSET,
            range_error=range_error or RangeError(),
        )
        self.bus = SimulatedI2C([self.sensor], spend_us, seed)
        self.person = Person(
            self.world,
            profile or PersonProfile(),
            self.clock.now_us(),
            confirms_by_taps=not board.knee_pad and board.heels == "comparator",
            seed=seed,
            read_page=lambda: self.snapshot(),
            submit_answer=lambda answer: self.answer_question(answer),
        )
        self.heard_cues: list[Cue] = []
        """The cues that the person has recognised by ear so far."""
        self.seen_cues: list[Cue] = []
        """The cues that the person has recognised on the page so far."""
        self._recogniser = CueRecogniser()
        self._page_watcher = PageWatcher()
        self._is_closed = dict.fromkeys(self._plates, False)
        self._is_touching = False
        self._compare_due_us: int | None = None
        self._recogniser_due_us: int | None = None

    @property
    def pin_factory(self) -> SimulatedPinFactory:
        """The board's pins, made at first use: gpiozero loads slowly, and the page needs none."""
        with self._lock:
            if self._pin_factory is None:
                from station.simulator.pins import SimulatedPinFactory

                adc = self.adc if self._config.board.heels == "analogue" else None
                self._pin_factory = SimulatedPinFactory(self.clock, adc)
                if self._fault is not None:
                    self._pin_factory.put_fault(self._fault)
                self._connect_lines(self._pin_factory)
            return self._pin_factory

    def put_fault(self, fault: WireFault) -> None:
        """Put a fault into the wires before anything uses them."""
        dead = self._lines_without(fault)
        fault = replace(fault, dead=dead)
        if fault.first < channel_line(0) or dead:
            self._fault = fault
        if {*fault.lines, *dead} & {SDA, SCL}:
            self.bus = FaultyI2c(self.bus.devices, None, fault)
        if {*fault.lines, *dead} & set(SPI):
            self.adc.transfer = faulty_transfer(self.adc, fault)  # type: ignore[method-assign, assignment]  # the ADC answers as over a broken wire
        self.adc.channel_share = faulty_share(self.adc.channel_share, fault)

    def _lines_without(self, fault: WireFault) -> frozenset[int]:
        """The lines of the part that this wire supplies with 3.3 V or ground."""
        if fault.first < FIRST_RAIL:
            return frozenset()
        pins, heels = self._config.pins, self._config.analogue_heels
        part = RAILS[fault.first - FIRST_RAIL].name.removesuffix(" 3.3 V").removesuffix(" ground")
        lines = {
            "sensor": (SDA, SCL, pins.xshut, pins.range_interrupt),
            "MCP3008": SPI,
            "left heel": (channel_line(heels.channel_left),),
            "right heel": (channel_line(heels.channel_right),),
            "knee pad": (pins.knee_pad,),
            "buzzer": (pins.buzzer,),
            "button": (pins.button, pins.led_red, pins.led_green, pins.led_blue),
        }
        return frozenset(lines[part])

    def open_bus(self) -> Any:
        """The I2C bus; a test may replace it."""
        return self.bus

    def _connect_lines(self, lines: SimulatedPinFactory) -> None:
        pins, sensor = self._config.pins, self._config.range_sensor
        if sensor.interrupt:
            lines.drive(pins.range_interrupt, self.sensor.interrupt_level)
            self.sensor.on_interrupt = partial(lines.drive, pins.range_interrupt)
            self.sensor.wake = lambda: self.wake()
        if sensor.xshut:
            lines.drive(pins.xshut, True)  # the sensor board pulls it up
            lines.add_listener(pins.xshut, lambda output: self.sensor.set_xshut(output.duty > 0))
        if self._config.board.heels == "comparator":
            for side in self._plates:
                lines.drive(self._heel_pin(side), False)
        lines.add_listener(pins.buzzer, self._on_tone)

    def _heel_pin(self, side: Side) -> int:
        pins = self._config.pins
        return pins.heel_left if side is Side.LEFT else pins.heel_right

    def _channel_share(self, channel: int, at_us: int) -> float:
        """The voltage at a channel of the ADC, as a share of the supply."""
        side = self._channels.get(channel)
        return 0.0 if side is None else self.world.share(side, at_us)

    def next_due_us(self) -> int | None:
        """When the next event on the board is due."""
        next_us = NEVER_US
        for due_us in (
            self.sensor.next_interrupt_us(),
            self.person.script.next_due_us(),
            self.pin_factory.next_due_us(),
            self._compare_due_us,
            self._recogniser_due_us,
        ):
            if due_us is not None and due_us < next_us:
                next_us = due_us
        return None if next_us == NEVER_US else next_us

    def run_due(self, now_us: int) -> None:
        """Run the events that are due."""
        self.sensor.run_due(now_us)
        with self._lock:
            self.pin_factory.run_due(now_us)
            if self._recogniser_due_us is not None and self._recogniser_due_us <= now_us:
                self._on_cues_recognised(self._recogniser.run_due(now_us))
            due_us = self.person.script.next_due_us()
            if due_us is not None and due_us <= now_us:
                self.person.script.run_due(now_us)
                self._update_switches(now_us)
            if self._compare_due_us is not None and self._compare_due_us <= now_us:
                self._update_comparators(now_us)

    def _update_switches(self, now_us: int) -> None:
        """Update the switches after the person has moved."""
        if self._config.board.knee_pad and self.world.is_knee_touching is not self._is_touching:
            self._is_touching = self.world.is_knee_touching
            self.pin_factory.drive(self._config.pins.knee_pad, not self._is_touching, bounces=BOUNCE_COUNT)
        if self._config.board.heels == "comparator":
            self._update_comparators(now_us)

    def watch_heels(self) -> None:
        """Update the comparators, if any, after the world's owner has moved the heels."""
        if self._config.board.heels == "comparator":
            self._update_comparators(self.clock.now_us())
        self.wake()

    def _update_comparators(self, now_us: int) -> None:
        """Update the comparators; while a heel moves, schedule the next update."""
        for side in self._plates:
            is_closed = self.world.is_comparator_high(side, now_us, self._is_closed[side])
            if is_closed is not self._is_closed[side]:
                self._is_closed[side] = is_closed
                self.pin_factory.drive(self._heel_pin(side), is_closed, bounces=BOUNCE_COUNT)
        self._compare_due_us = now_us + COMPARATOR_INTERVAL_US if self.world.is_heel_moving(now_us) else None

    def _on_tone(self, output: PinOutput) -> None:
        with self._lock:
            self._on_cues_recognised(self._recogniser.on_tone(output.at_us, output.duty > 0))
        self.wake()

    def _on_cues_recognised(self, cues: list[Cue]) -> None:
        for cue in cues:
            self.heard_cues.append(cue)
            self.person.on_cue(cue)
        self._recogniser_due_us = self._recogniser.next_due_us()

    def update_view(self, view: SnapshotLike) -> None:
        """Show this view to a person who follows the page instead of the buzzer."""
        at_us = self.clock.now_us()
        with self._lock:
            if (shown := self._page_watcher.look(view)) is not None:
                self.seen_cues.append(Cue(at_us, shown.cue, shown.count, shown.side))
                self.person.on_cue(self.seen_cues[-1])
        self.wake()

    def commands(self) -> tuple[str, ...]:
        """The commands of `act`."""
        return tuple(self._command_table())

    def act(self, command: str, argument: str | None = None) -> None:
        """Run one of `commands()`. Raises ValueError with a sentence for an unknown command or a bad argument."""
        known = self._command_table()
        if command not in known:
            raise ValueError(f"The simulated board does not know {command!r}: use one of {', '.join(known)}.")
        with self._lock:
            known[command](argument)
            self._update_switches(self.clock.now_us())
        self.wake()

    def _command_table(self) -> dict[str, Callable[[str | None], None]]:
        body = self.person.body
        commands: dict[str, Callable[[str | None], None]] = {
            "test": lambda _: self._bring_person_for("test"),
            "stretch": lambda _: self._bring_person_for("stretch"),
            "calibrate": lambda _: self._bring_person_for("calibrate"),
            "check": lambda _: self._bring_person_for("check"),
            "auto": lambda _: self._bring_person_for(None),
            "take_over": lambda _: self._take_over(None),
            "step_on": lambda side: self._take_over(body.step_on(_parse_side(side))),
            "step_off": lambda _: self._take_over(body.step_off()),
            "lift_heel": lambda _: self._person_do(body.lift_heel()),
            "lower_heel": lambda _: self._person_do(body.lower_heel()),
            "lean": lambda _: self._take_over(body.lean()),
            "lean_back": lambda _: self._take_over(body.lean_back()),
            "slide": lambda mm: self._person_do(body.slide_board(_parse_millimetres(mm))),
            "block": lambda mm: self._hold_block(mm),
            "no_block": lambda _: self.world.remove_block(),
            "rhythm": lambda presses: self._press_rhythm(presses),
            "cheat": lambda _: self._take_over(body.lunge_on_lifted_heel()),
            "press": lambda part: self._take_over(self._press_by_hand(part)),
            "pull_cable": lambda _: self.sensor.power_off(),
            "return_cable": lambda _: self.sensor.power_on(),
            "freeze_sensor": lambda _: self._set_frozen(True),
            "thaw_sensor": lambda _: self._set_frozen(False),
            "pull_heels": lambda _: self._set_adc_state(AdcState.ABSENT),
            "return_heels": lambda _: self._set_adc_state(AdcState.OK),
            "wall_clock": lambda hours: self.clock.step_wall(timedelta(hours=_parse_hours(hours))),
        }
        if self._config.board.heels == "comparator":
            del commands["pull_heels"], commands["return_heels"]
        return commands

    def _bring_person_for(self, purpose: str | None) -> None:
        """The person arrives and does what they came for by following the cues."""
        if purpose is not None:
            self.request_start(purpose)
        self.person.purpose = purpose
        if purpose in BLOCK_PURPOSES:
            self._person_do(self.person.arrive_with_blocks(max(self._config.range_sensor.blocks_mm)))
        elif self.person.body.is_standing and purpose is None:
            self.person.stay(self.clock.now_us())
        else:
            self._person_do(self.person.arrive())

    def _press_rhythm(self, presses: str | None) -> None:
        """The person makes the rhythm that a browser shows, or these presses, separated by commas."""
        rhythm = self.shown_rhythm() if presses is None else _parse_presses(presses)
        if rhythm is None:
            raise ValueError("No browser shows a rhythm now: open the page \u201cPair this browser\u201d in one first.")
        self._take_over(_after_a_look(self.person.body.press_rhythm(rhythm)))

    def _press_by_hand(self, part: str | None) -> Script:
        """A person beside the board presses a part by hand, and lets go."""
        if part not in PRESSED_PARTS:
            raise ValueError(f"{part!r} cannot be pressed: use one of {', '.join(PRESSED_PARTS)}.")
        return self._hand_script(part)

    def _hand_script(self, part: str) -> Script:
        self._hold_by_hand(part, is_held=True)
        yield HAND_S
        self._hold_by_hand(part, is_held=False)

    def _hold_by_hand(self, part: str, *, is_held: bool) -> None:
        if part.endswith("heel"):
            side, now_us = _parse_side(part.split()[0]), self.clock.now_us()
            self.world.press(side, HAND_N if is_held else 0.0, now_us, HAND_MOVE_US)
            self.watch_heels()
            return
        pins = self._config.pins
        self.pin_factory.drive(pins.knee_pad if part == "knee pad" else pins.button, False if is_held else None)

    def _hold_block(self, length_mm: str | None) -> None:
        """Hold a block at the toe stop for a visitor; the board is pulled back if the wall is too near."""
        block_mm, now_us = _parse_millimetres(length_mm), self.clock.now_us()
        if block_mm < 0:
            raise ValueError(f"A block cannot be {block_mm:g} mm long: use a length of 0 mm or more.")
        if self.world.toe_mm(now_us) < block_mm + LANE_MARGIN_MM:
            self.world.slide(block_mm + LANE_MARGIN_MM, now_us, 0)
        self.world.hold_block(block_mm, now_us)

    def _take_over(self, script: Script | None) -> None:
        """The visitor moves the person, who no longer follows the cues."""
        self.person.script.follows_cues = False
        self._person_do(iter(()) if script is None else script)

    def _person_do(self, script: Script) -> None:
        self.person.script.run(script, self.clock.now_us())

    def _set_frozen(self, frozen: bool) -> None:
        self.sensor.faults.frozen = frozen

    def _set_adc_state(self, state: AdcState) -> None:
        self.adc.state = state


def _after_a_look(script: Script) -> Script:
    yield LOOK_S
    yield from script


def _parse_presses(argument: str) -> list[Press]:
    words = argument.split(",")
    if any(word not in tuple(Press) for word in words):
        raise ValueError(f"{argument!r} is no rhythm: use short and long, parted by commas.")
    return [Press(word) for word in words]


def _parse_side(argument: str | None) -> Side:
    if argument not in tuple(Side):
        raise ValueError(f"{argument!r} is not a side: use left or right.")
    return Side(argument)


MAX_SLIDE_MM, MAX_HOURS = 500.0, 48.0


def _parse_millimetres(argument: str | None) -> float:
    return _parse_number(argument, MAX_SLIDE_MM, "millimetres")


def _parse_hours(argument: str | None) -> float:
    return _parse_number(argument, MAX_HOURS, "hours")


def _parse_number(argument: str | None, limit: float, unit: str) -> float:
    try:
        number = float(argument or "")
    except ValueError:
        number = float("nan")
    if not -limit <= number <= limit:
        raise ValueError(f"{argument!r} is not a number of {unit}: use one from {-limit:g} to {limit:g}.")
    return number
