"""The real bring-up on a simulated board with a faulty wire, in virtual time, beside somebody who does what it asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from station.config import Config
from station.core.events import SECOND_US, Event, Side
from station.devices.board import Devices
from station.simulator.board import SimulatedBoard
from station.simulator.pins import PinOutput
from station.simulator.virtual import DeadlineQueue, VirtualClock, run_until
from station.simulator.wires import FaultKind, WireFault
from station.system.bring_up import (
    Bench,
    Result,
    exercise,
    measure,
    named,
    probe,
    see_full_scale,
    witness_light,
    witness_outputs,
)
from station.system.wire_faults import COLOURS, Diagnosis, Fault, lines_of

HAND_N = 150.0


@dataclass
class VirtualBench:
    """One board on one virtual clock."""

    config: Config
    fault: WireFault | None
    clock: VirtualClock = field(default_factory=VirtualClock)
    events: list[Event] = field(default_factory=list)
    levels: dict[str, bool] = field(default_factory=dict)
    tones: int = 0
    asked: str | None = None

    def __post_init__(self) -> None:
        self.board = SimulatedBoard(self.config, self.clock, spend_us=self.clock.advance_by, seed=3)
        if self.fault is not None:
            self.board.put_fault(self.fault)
        lines = self.board.pin_factory
        for colour in COLOURS:
            lines.add_listener(getattr(self.config.pins, f"led_{colour}"), self._see(colour))
        lines.add_listener(self.config.pins.buzzer, self._count_tone)
        self.devices: Devices | None = None
        self.bench = Bench(
            self.config,
            lines,
            lambda: self.board.open_bus(),
            self.clock.now_us,
            self._pass,
            self._listen,
            nullcontext,
        )

    def _see(self, colour: str) -> Callable[[PinOutput], None]:
        def see(output: PinOutput) -> None:
            self.levels[colour] = output.duty > 0

        return see

    def _count_tone(self, output: PinOutput) -> None:
        self.tones += 0 < output.duty < 1

    def _pass(self, us: int) -> None:
        tasks = [] if self.devices is None else [task for _, task in self.devices.tasks]
        run_until(self.clock, DeadlineQueue([self.board, *tasks]), None, self.clock.now_us() + us)

    def _listen(self, devices: Devices, us: int) -> Sequence[Event]:
        begun, line, self.asked = len(self.events), self.asked, None
        if line is not None:
            self._press(line)
        self._pass(us // 2)
        self._release()
        self._pass(us - us // 2)
        return self.events[begun:]

    def press(self, line: str) -> None:
        """Press this part as soon as the check listens."""
        self.asked = line

    def _press(self, line: str) -> None:
        now_us, world, pins = self.clock.now_us(), self.board.world, self.config.pins
        if line.endswith("heel"):
            world.press(Side(line.split()[0]), HAND_N, now_us, SECOND_US // 5)
            self.board.watch_heels()
        else:
            self.board.pin_factory.drive(pins.knee_pad if line == "knee pad" else pins.button, False)

    def _release(self) -> None:
        now_us, pins = self.clock.now_us(), self.config.pins
        for side in Side:
            self.board.world.press(side, 0.0, now_us, SECOND_US // 5)
        self.board.watch_heels()
        for pin in (pins.knee_pad, pins.button):
            self.board.pin_factory.drive(pin, None)

    def heard_two_tones(self) -> bool | None:
        return self.tones >= 2

    def colour(self) -> str | None:
        lit = [colour for colour, on in self.levels.items() if on]
        return "none" if not lit else lit[0] if len(lit) == 1 else "several"

    def measured_v(self, near: bool, line: str, place: str) -> float | None:
        assert self.fault is not None
        return self.fault.meter_v(lines_of(self.config)[line].number, far=not near)


@dataclass(frozen=True, slots=True)
class Check:
    """What one check said, what it named, and what it had seen that no healthy board shows."""

    said: list[Result]
    faults: list[Fault]
    odd: list[str]
    measured: list[str]


def check(config: Config, fault: WireFault | None, *, asks: bool = True) -> Check:
    """Run the bring-up on this board; without questions if not `asks`."""
    rig, diagnosis = VirtualBench(config, fault), Diagnosis(config)
    said = list(probe(rig.bench, diagnosis))
    rig.devices = Devices(
        config,
        rig.clock,
        rig.events.append,
        lambda _part, _sentence: None,
        pin_factory=rig.board.pin_factory,
        open_bus=rig.board.open_bus,
    )
    rig.devices.start(threads=False)
    see_full_scale(rig.bench.listen(rig.devices, SECOND_US), diagnosis)
    if asks:
        said += exercise(rig.bench, rig.devices, diagnosis, rig)
        said += witness_outputs(rig.bench, rig.devices, diagnosis, rig)
    rig.devices.close()
    if asks:
        said += witness_light(rig.bench, diagnosis, rig)
        odd = list(diagnosis.odd)
        measure(rig.bench, diagnosis, rig)
    measured = [what for what in diagnosis.seen if what.startswith(("near ", "far "))]
    return Check([*said, named(diagnosis)], diagnosis.faults, odd if asks else diagnosis.odd, measured)


def injected(fault: Fault) -> WireFault:
    """The simulator's fault of a row of the table."""
    return WireFault(FaultKind(fault.kind), *(line.number for line in fault.lines))
