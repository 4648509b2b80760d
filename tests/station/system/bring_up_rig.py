"""The real bring-up on a simulated board with a faulty wire, in virtual time, with a person who does what it asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from station.app.board.bring_up_records import Question, Result
from station.config import Config
from station.core.events import Event
from station.devices.board import Devices
from station.simulator.board import SimulatedBoard
from station.simulator.pins import PinOutput
from station.simulator.virtual import DeadlineQueue, VirtualClock, run_until
from station.simulator.wires import FaultKind, WireFault
from station.system.bring_up import Bench
from station.system.self_check import check_board
from station.system.wire_faults import COLOURS, Diagnosis, Fault, lines_of


@dataclass
class VirtualBench:
    """One board on one virtual clock."""

    config: Config
    fault: WireFault | None
    clock: VirtualClock = field(default_factory=VirtualClock)
    given: SimulatedBoard | None = None
    """The board on this clock; `None`: a new one is made."""
    events: list[Event] = field(default_factory=list)
    taken: int = 0
    """How many of the events `listen` has returned."""
    levels: dict[str, bool] = field(default_factory=dict)
    tones: int = 0
    asked: str | None = None

    def __post_init__(self) -> None:
        self.board = self.given or SimulatedBoard(self.config, self.clock, spend_us=self.clock.advance_by, seed=3)
        if self.fault is not None:
            self.board.put_fault(self.fault)
        lines = self.board.pin_factory
        for colour in COLOURS:
            lines.add_listener(getattr(self.config.pins, f"led_{colour}"), self._see(colour))
        lines.add_listener(self.config.pins.buzzer, self._count_tone)
        self.devices: Devices | None = None
        self.bench = Bench(
            self.config,
            self.clock,
            lines,
            lambda: self.board.open_bus(),
            self.events.append,
            False,
            self._pass,
            self._listen,
            lambda _sounds: nullcontext(),
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
        self.devices = devices
        part, self.asked = self.asked, None
        if part is not None:
            self.board.act("press", part)
        self._pass(us)
        begun, self.taken = self.taken, len(self.events)
        return self.events[begun:]

    def ask(self, question: Question) -> str:
        """Do what the bring-up asks, as soon as it listens, or answer truly."""
        if question.then:
            self.asked = question.part
            return "ready"
        if question.takes_volts:
            assert self.fault is not None
            line = lines_of(self.config)[question.part]
            is_far = "the far end" in question.text
            return f"{self.fault.meter_v(line.number, far=is_far):g}"
        if question.part == "buzzer":
            return "yes" if self.tones >= 2 else "no"
        lit = [colour for colour, on in self.levels.items() if on]
        return "none" if not lit else lit[0] if len(lit) == 1 else "several"


@dataclass(frozen=True, slots=True)
class Check:
    """What one check said, what it named, and the observations that no healthy board shows."""

    said: list[Result]
    faults: list[Fault]
    odd: list[str]
    measured: list[str]


def check(config: Config, fault: WireFault | None, *, asks: bool = True) -> Check:
    """Run the bring-up on this board; without questions if not `asks`."""
    rig, diagnosis = VirtualBench(config, fault), Diagnosis(config)
    said = list(check_board(rig.bench, diagnosis, {}, rig if asks else None))
    measured = [what for what in diagnosis.seen if what.startswith(("near ", "far "))]
    odd = [what for what in diagnosis.odd if what not in measured]
    return Check(said, diagnosis.faults, odd, measured)


def injected(fault: Fault) -> WireFault:
    """The simulator's fault for a row of the table."""
    first, second = fault.lines[0].number, fault.lines[1].number if len(fault.lines) > 1 else None
    return WireFault(FaultKind(fault.kind), first, second)
