"""The board: opens every part in the configuration, and passes on their events and faults.

A part that cannot be opened is reported as a fault, and the station runs without it until `open_missing` opens it. In
real time each part with deadlines gets a `DeadlineThread`; in virtual time the owner of the time calls `tasks`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from station.clock import Clock
from station.config import Config
from station.core.events import Event, Side
from station.core.facts import Fact
from station.devices.buzzer import ActiveBuzzer, Buzzer, PiezoBuzzer
from station.devices.contacts import KneePad, PushButton
from station.devices.cue_player import CuePlayer
from station.devices.errors import DeviceError
from station.devices.heels import AnalogueHeels, ComparatorHeels
from station.devices.light import CueLight
from station.devices.pacer import DeadlineTask, DeadlineThread
from station.devices.pins import PinFactory
from station.devices.range_parts import I2cBus, RangeTiming
from station.devices.range_sensor import RangeReader
from station.devices.ranging import open_range_reader
from station.devices.thermometer import Thermometer

PostEvent = Callable[[Event], None]
ReportFault = Callable[[str, str | None], None]
"""Called with a part and the sentence of its fault, or `None` once it works again."""

RANGE_SENSOR_PART = "distance sensor"
REST_READ_US = 400_000
"""The interval of distance readings while the board is empty: often enough for the page, and to notice drift and
failures of the sensor."""


class DevicePart(Protocol):
    """A part that is closed at the end."""

    def close(self) -> None: ...


class Resting(Protocol):
    """A part that may do less while the board is empty."""

    def rest(self, may: bool) -> None: ...


class RangeSensorTask:
    """The distance sensor as a task with deadlines; an edge of the interrupt line makes it due at once.

    While it may `rest`, it fetches a sample every `REST_READ_US`. If that sample is missing or repeats the last one, it
    reads at full speed again, so that a lost or frozen sensor is found as soon as at full speed.
    """

    def __init__(self, reader: RangeReader, post: PostEvent, report_fault: ReportFault) -> None:
        self.wake: Callable[[], None] = lambda: None
        self._reader = reader
        self._post = post
        self._report_fault = report_fault
        self._is_sample_ready = False
        self._may_rest = False
        self._rests_until_us = 0
        self._reported_fault: str | None = None
        reader.set_ready_callback(self._on_edge)

    def _on_edge(self) -> None:
        self._is_sample_ready = True
        if not self._rests_until_us:
            self.wake()

    def rest(self, may: bool) -> None:
        """Read slowly if the board is empty (`may`). Call from any thread."""
        self._may_rest = may
        if not may and self._rests_until_us:
            self._rests_until_us = 0
            self.wake()

    def next_due_us(self) -> int | None:
        return max(self._rests_until_us, 0 if self._is_sample_ready else self._reader.next_poll_us)

    def run_due(self, now_us: int) -> None:
        if now_us < self._rests_until_us:
            return
        self._is_sample_ready = False
        try:
            toe = self._reader.poll(now_us)
        except Exception as error:  # noqa: BLE001  any failure restarts the sensor and is reported
            self._reader.mark_lost(now_us, f"The distance sensor cannot be read ({error!r}): it is being restarted.")
            toe = None
        if toe is not None:
            self._post(toe)
        rests = self._may_rest and toe is not None and not self._reader.repeats
        self._rests_until_us = now_us + REST_READ_US if rests else 0
        fault = self._reader.fault or self._reader.warning
        if fault != self._reported_fault:
            self._reported_fault = fault
            self._report_fault(RANGE_SENSOR_PART, fault)

    def close(self) -> None:
        self._reader.close()


class Devices:
    """The parts of one board. They call `post` with events and `report_fault` with faults, from any thread."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        post: PostEvent,
        report_fault: ReportFault,
        *,
        pin_factory: PinFactory = None,
        open_bus: Callable[[], I2cBus] | None = None,
    ) -> None:
        self._config, self._clock, self._post, self._report_fault = config, clock, post, report_fault
        self._pin_factory = pin_factory
        self._parts: list[DevicePart] = []
        self._start_functions: list[Callable[[], None]] = []
        self._resting: list[Resting] = []
        self.threads: list[DeadlineThread] = []
        self.tasks: list[tuple[str, DeadlineTask]] = []
        self.player: CuePlayer | None = None
        self.light: CueLight | None = None
        self.thermometer: Thermometer | None = None
        self._open_bus = open_bus
        self._missing: dict[Callable[[], None], str | None] = {
            self._open_buzzer: None,
            self._open_light: None,
            self._open_heels: None,
            self._open_pad: None,
            self._open_button: None,
            self._open_range: None,
            self._open_thermometer: None,
        }
        """The functions that open the parts not open yet, each with the part named in its last fault, if any."""
        self.open_missing()

    def open_missing(self) -> bool:
        """Try to open the parts that are not open, and report those that cannot be; returns whether any was opened.

        `start` starts them.
        """
        count = len(self._missing)
        for open_part, reported in tuple(self._missing.items()):
            error: DeviceError | None = None
            try:
                open_part()
                del self._missing[open_part]
            except DeviceError as refused:
                error = refused
                self._missing[open_part] = error.part
            if reported is not None and (error is None or error.part != reported):
                self._report_fault(reported, None)
            if error is not None:
                self._report_fault(error.part, str(error))
        return len(self._missing) < count

    def _on_thread_error(self, part: str) -> Callable[[Exception], None]:
        def fail(error: Exception) -> None:
            sentence = str(error) if isinstance(error, DeviceError) else f"The {part} has failed ({error!r})."
            self._report_fault(part, sentence)

        return fail

    def _plate_sides(self) -> tuple[Side, ...]:
        plates = self._config.board.plates
        return tuple(Side) if plates == "two" else (Side(plates),)

    def _open_buzzer(self) -> None:
        pin, kind, hz = self._config.pins.buzzer, self._config.buzzer.kind, self._config.buzzer.frequency_hz
        buzzer: Buzzer
        if kind == "piezo":
            buzzer = PiezoBuzzer(pin, hz, pin_factory=self._pin_factory)
        else:
            buzzer = ActiveBuzzer(pin, pin_factory=self._pin_factory)
        self.player = CuePlayer(buzzer, self._clock, self._on_thread_error("buzzer"), resonance_hz=hz)
        self._register("buzzer", self.player, self.player)

    def _open_light(self) -> None:
        if not self._config.board.led:
            return
        pins = self._config.pins
        lines = (pins.led_red, pins.led_green, pins.led_blue)
        self.light = CueLight(lines, self._clock, self._on_thread_error("LED"), pin_factory=self._pin_factory)
        self._register("LED", self.light, self.light)

    def _open_heels(self) -> None:
        if self._config.board.heels == "analogue":
            wiring = self._config.analogue_heels
            channels = {Side.LEFT: wiring.channel_left, Side.RIGHT: wiring.channel_right}
            channel_by_side = {side: channels[side] for side in self._plate_sides()}
            heels = AnalogueHeels(
                channel_by_side, self._post, self._on_thread_error("heel sensors"), pin_factory=self._pin_factory
            )
            self._register("heel sensors", heels, heels)
            self._resting.append(heels)
            return
        pins = self._config.pins
        lines = {Side.LEFT: pins.heel_left, Side.RIGHT: pins.heel_right}
        comparators = ComparatorHeels(
            {side: lines[side] for side in self._plate_sides()},
            self._clock,
            self._post,
            self._on_thread_error("heel comparators"),
            pin_factory=self._pin_factory,
        )
        self._parts.append(comparators)
        self._start_functions.append(comparators.start)

    def _open_pad(self) -> None:
        if self._config.board.knee_pad:
            pin, fail = self._config.pins.knee_pad, self._on_thread_error("knee pad")
            pad = KneePad(pin, self._clock, self._post, fail, pin_factory=self._pin_factory)
            self._parts.append(pad)
            self._start_functions.append(pad.start)

    def _open_button(self) -> None:
        if self._config.board.button:
            pin, fail = self._config.pins.button, self._on_thread_error("button")
            button = PushButton(pin, self._clock, self._post, fail, pin_factory=self._pin_factory)
            self._parts.append(button)
            self._start_functions.append(button.start)

    def _open_range(self) -> None:
        pins, sensor = self._config.pins, self._config.range_sensor
        reader = open_range_reader(
            sensor.i2c_bus,
            interrupt_pin=pins.range_interrupt if sensor.interrupt else None,
            xshut_pin=pins.xshut if sensor.xshut else None,
            kind=sensor.kind,
            timing=RangeTiming(timing_budget_us=sensor.timing_budget_us),
            open_bus=self._open_bus,
            pin_factory=self._pin_factory,
        )
        ranging = RangeSensorTask(reader, self._post, self._report_fault)
        self._register(RANGE_SENSOR_PART, ranging, ranging)
        self._resting.append(ranging)

    def _open_thermometer(self) -> None:
        path = self._config.range_sensor.thermometer
        if path:
            self.thermometer = Thermometer(Path(path), partial(self._report_fault, "thermometer"))
            self._register("thermometer", self.thermometer, self.thermometer)

    def _register(self, name: str, task: DeadlineTask, part: DevicePart) -> None:
        self.tasks.append((name, task))
        self._parts.append(part)

    def rest(self, may: bool) -> None:
        """Read the sensors slowly if the board is empty (`may`), until something moves."""
        for part in self._resting:
            part.rest(may)

    def play_cues(self, facts: list[Fact]) -> None:
        """Play and show the cues among these facts."""
        if self.player is not None:
            self.player.play(facts)
        if self.light is not None:
            self.light.show_cues(facts)

    def start(self, *, threads: bool) -> None:
        """Start the parts that are open but not started: they post their levels and then every change.

        `threads` is false in virtual time.
        """
        while self._start_functions:
            self._start_functions.pop(0)()
        if not threads:
            return
        for name, timed in self.tasks[len(self.threads) :]:
            pacer = DeadlineThread(timed, self._clock, self._on_thread_error(name), name=name)
            if isinstance(timed, CuePlayer | CueLight | RangeSensorTask):
                timed.wake = pacer.wake
            self.threads.append(pacer)
            pacer.start()

    def close(self) -> None:
        """Switch sound and light off and close every part; may be called more than once."""
        if self.player is not None:
            self.player.close()
        for pacer in self.threads:
            pacer.close()
        for part in self._parts:
            part.close()
        self._missing.clear()
