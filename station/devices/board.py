"""The board: every part that the configuration names, opened, and what they say put in one place.

A part that cannot be opened is a trouble with a sentence, and the station goes on without it. In real time each part
that has deadlines gets a `Pacer`; in virtual time whoever owns the time asks `timed` for them.
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
from station.devices.light import Light
from station.devices.pacer import Pacer, Timed
from station.devices.pins import PinFactory
from station.devices.range_parts import Bus, RangeTimes
from station.devices.range_sensor import RangeReader
from station.devices.ranging import open_range_reader
from station.devices.thermometer import Thermometer

Post = Callable[[Event], None]
Tell = Callable[[str, str | None], None]
"""Told of a part's trouble, in a sentence, or that there is none any more (`None`)."""

RANGE_PART = "distance sensor"


class DevicePart(Protocol):
    """What is given back at the end."""

    def close(self) -> None: ...


class RangingThread:
    """The distance sensor as something with deadlines: the interrupt line's edge makes one of now."""

    def __init__(self, reader: RangeReader, post: Post, tell: Tell) -> None:
        self.wake: Callable[[], None] = lambda: None
        self._reader = reader
        self._post = post
        self._tell = tell
        self._ready = False
        self._told: str | None = None
        reader.wake_with(self._edge)

    def _edge(self) -> None:
        self._ready = True
        self.wake()

    def next_us(self) -> int | None:
        return 0 if self._ready else self._reader.next_poll_us

    def settle(self, now_us: int) -> None:
        self._ready = False
        try:
            toe = self._reader.poll(now_us)
        except Exception as error:  # noqa: BLE001  whatever it is, the sensor is started anew and the person is told
            self._reader.mark_lost(now_us, f"The distance sensor cannot be read ({error!r}): it is started anew.")
            toe = None
        if toe is not None:
            self._post(toe)
        trouble = self._reader.trouble or self._reader.advice
        if trouble != self._told:
            self._told = trouble
            self._tell(RANGE_PART, trouble)

    def close(self) -> None:
        self._reader.close()


class Devices:
    """The parts of one board. `post` gets their events, `tell` their troubles, from any thread."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        post: Post,
        tell: Tell,
        *,
        pin_factory: PinFactory = None,
        open_bus: Callable[[], Bus] | None = None,
    ) -> None:
        self._config, self._clock, self._post, self._tell = config, clock, post, tell
        self._pin_factory = pin_factory
        self._parts: list[DevicePart] = []
        self._starts: list[Callable[[], None]] = []
        self._pacers: list[Pacer] = []
        self.timed: list[tuple[str, Timed]] = []
        self.player: CuePlayer | None = None
        self.light: Light | None = None
        self.thermometer: Thermometer | None = None
        self._open_bus = open_bus
        for open_part in (
            self._open_buzzer,
            self._open_light,
            self._open_heels,
            self._open_pad,
            self._open_button,
            self._open_range,
            self._open_thermometer,
        ):
            try:
                open_part()
            except DeviceError as error:
                tell(error.part, str(error))

    def _on_thread_error(self, part: str) -> Callable[[Exception], None]:
        def fail(error: Exception) -> None:
            sentence = str(error) if isinstance(error, DeviceError) else f"The {part} has failed ({error!r})."
            self._tell(part, sentence)

        return fail

    def _sides(self) -> tuple[Side, ...]:
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
        self.light = Light(lines, self._clock, self._on_thread_error("LED"), pin_factory=self._pin_factory)
        self._register("LED", self.light, self.light)

    def _open_heels(self) -> None:
        if self._config.board.heels == "analogue":
            given = self._config.analogue_heels
            channels = {Side.LEFT: given.channel_left, Side.RIGHT: given.channel_right}
            wired = {side: channels[side] for side in self._sides()}
            heels = AnalogueHeels(
                wired, self._post, self._on_thread_error("heel sensors"), pin_factory=self._pin_factory
            )
            self._register("heel sensors", heels, heels)
            return
        pins = self._config.pins
        lines = {Side.LEFT: pins.heel_left, Side.RIGHT: pins.heel_right}
        comparators = ComparatorHeels(
            {side: lines[side] for side in self._sides()},
            self._clock,
            self._post,
            self._on_thread_error("heel comparators"),
            pin_factory=self._pin_factory,
        )
        self._parts.append(comparators)
        self._starts.append(comparators.start)

    def _open_pad(self) -> None:
        if self._config.board.knee_pad:
            pin, fail = self._config.pins.knee_pad, self._on_thread_error("knee pad")
            pad = KneePad(pin, self._clock, self._post, fail, pin_factory=self._pin_factory)
            self._parts.append(pad)
            self._starts.append(pad.start)

    def _open_button(self) -> None:
        if self._config.board.button:
            pin, fail = self._config.pins.button, self._on_thread_error("button")
            button = PushButton(pin, self._clock, self._post, fail, pin_factory=self._pin_factory)
            self._parts.append(button)
            self._starts.append(button.start)

    def _open_range(self) -> None:
        pins, sensor = self._config.pins, self._config.range_sensor
        reader = open_range_reader(
            sensor.i2c_bus,
            interrupt_pin=pins.range_interrupt if sensor.interrupt else None,
            xshut_pin=pins.xshut if sensor.xshut else None,
            times=RangeTimes(budget_us=sensor.timing_budget_us),
            open_bus=self._open_bus,
            pin_factory=self._pin_factory,
        )
        ranging = RangingThread(reader, self._post, self._tell)
        self._register(RANGE_PART, ranging, ranging)

    def _open_thermometer(self) -> None:
        path = self._config.range_sensor.thermometer
        if path:
            self.thermometer = Thermometer(Path(path), partial(self._tell, "thermometer"))
            self._register("thermometer", self.thermometer, self.thermometer)

    def _register(self, name: str, timed: Timed, part: DevicePart) -> None:
        self.timed.append((name, timed))
        self._parts.append(part)

    def play_cues(self, facts: list[Fact]) -> None:
        """Sound and show the cues among these facts."""
        if self.player is not None:
            self.player.play(facts)
        if self.light is not None:
            self.light.show_cues(facts)

    def start(self, *, threads: bool) -> None:
        """Post the levels of now and every change from now on; `threads` is false in virtual time."""
        for start in self._starts:
            start()
        if not threads:
            return
        for name, timed in self.timed:
            pacer = Pacer(timed, self._clock, self._on_thread_error(name), name=name)
            if isinstance(timed, CuePlayer | Light | RangingThread):
                timed.wake = pacer.wake
            self._pacers.append(pacer)
            pacer.start()

    def close(self) -> None:
        """Be silent and dark, and give everything back; may be called more than once."""
        if self.player is not None:
            self.player.close()
        for pacer in self._pacers:
            pacer.close()
        for part in self._parts:
            part.close()
