"""Bring-up of the board, in wiring order: each part is probed, exercised and witnessed, and a fault of a wire is named.

*Probed* is what the Pi detects on its own, *exercised* what it detects while a hand presses, *witnessed* what a person
hears, sees or measures. The decision table in `wire_faults.py` says what it all means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from statistics import median

from msgspec import Struct

from station.app.board.bring_up_records import SKIP, Result, Witness
from station.clock import Clock
from station.config import Config
from station.core.events import SECOND_US, Button, Event, Heel, Knee, Load
from station.core.facts import Cue, CueName
from station.devices.board import Devices
from station.devices.errors import DeviceError
from station.devices.pins import PinFactory
from station.devices.probe import (
    BOOT_US,
    held_high,
    interrupt_follows,
    lit,
    pulled_level,
    release_interrupt,
    sensor_answer,
    xshut_is_obeyed,
)
from station.devices.range_parts import I2cBus
from station.system.bring_up_questions import PRESS_S, colour_question, press_question, tones_question, volts_question
from station.system.wire_faults import ALIKE, COLOURS, HEELS, Diagnosis, lines_of, sentence, volts_class

PRESS_US = PRESS_S * SECOND_US
CUE_US = 2 * SECOND_US
FOLLOWS_SHARE = 0.05
"""A hand on a plate changes its load by more than this; the converter's noise is a hundredth of it."""
FULL_SHARE = 0.995


class Bench(Struct, frozen=True):
    """The board on the bench: its pins, its bus, and its time, real or virtual."""

    config: Config
    clock: Clock
    pin_factory: PinFactory
    open_bus: Callable[[], I2cBus]
    post: Callable[[Event], None]
    """Takes the events of the parts, for `listen`."""
    has_threads: bool
    """Whether the parts have threads; in virtual time `listen` runs them."""
    pause_us: Callable[[int], None]
    listen: Callable[[Devices, int], Sequence[Event]]
    """Let the parts run for this many µs, and return their events."""
    busy: Callable[[bool], AbstractContextManager[None]]
    """Keep the buses busy inside the block, and the buzzer too if true."""


def probe(bench: Bench, diagnosis: Diagnosis) -> Iterator[Result]:
    """Probe every line and the sensor before the drivers open them."""
    lines = lines_of(bench.config)
    release_interrupt(bench.open_bus, bench.config.range_sensor.kind, bench.pause_us)
    for line in lines.values():
        if line.number < 100 and line.name not in ("SDA", "SCL", "CS", "DOUT", "DIN", "CLK"):
            with suppress(DeviceError):  # the driver says it
                diagnosis.see(f"{line.name} pin", pulled_level(line.number, bench.pause_us, bench.pin_factory))
    _probe_sensor(bench, diagnosis)
    yield from _in_words("distance sensor", "probed", diagnosis, ("sensor", "xshut", "interrupt"))
    for line in lines.values():
        if f"{line.name} pin" in diagnosis.seen:
            yield from _in_words(line.name, "probed", diagnosis, (f"{line.name} pin",))


def _probe_sensor(bench: Bench, diagnosis: Diagnosis) -> None:
    sensor, pins = bench.config.range_sensor, bench.config.pins
    has_xshut = "XSHUT pin" in diagnosis.seen

    def powered() -> AbstractContextManager[object]:
        return held_high(pins.xshut, bench.pin_factory) if has_xshut else nullcontext()

    with powered():
        bench.pause_us(BOOT_US)
        answer = sensor_answer(bench.open_bus, sensor.kind)
        diagnosis.see("sensor", answer if answer != "other" else None)
        if answer == "answers" and "interrupt pin" in diagnosis.seen:
            follows = interrupt_follows(pins.range_interrupt, bench.open_bus, sensor, bench.pause_us, bench.pin_factory)
            diagnosis.see("interrupt", None if follows is None else "follows" if follows else "still")
    if answer == "answers" and has_xshut:
        obeyed = xshut_is_obeyed(pins.xshut, bench.open_bus, sensor.kind, bench.pause_us, bench.pin_factory)
        diagnosis.see("xshut", "obeys" if obeyed else "ignores")
    if diagnosis.seen.get("interrupt pin") == "low" and diagnosis.seen.get("interrupt") != "still":
        diagnosis.forget("interrupt pin")  # an idle chip that was never started drives its line low


def see_full_scale(events: Sequence[Event], diagnosis: Diagnosis) -> None:
    """Note plates at full scale, which a plate never shows with nobody on the board."""
    loads = _loads(events)
    full = [heel for heel, shares in loads.items() if min(shares) >= FULL_SHARE]
    if full and len(full) == len(loads):
        diagnosis.see("adc", "ones")
        return
    for heel in full:
        diagnosis.see(heel, "full")


def _loads(events: Sequence[Event]) -> dict[str, list[float]]:
    loads: dict[str, list[float]] = {}
    for load in (event for event in events if isinstance(event, Load)):
        loads.setdefault(f"{load.side} heel", []).append(load.share)
    return loads


def exercise(bench: Bench, devices: Devices, diagnosis: Diagnosis, witness: Witness) -> Iterator[Result]:
    """Ask a person to press every part that can be pressed, and note what the drivers report."""
    config, lines = bench.config, lines_of(bench.config)
    heel_events: list[Event] = []
    for name in (*HEELS, "knee pad", "button"):
        if name not in lines:
            continue
        if witness.ask(press_question(name)) == SKIP:
            continue
        events = bench.listen(devices, PRESS_US)
        heel_events += events if name in HEELS else ()
        diagnosis.see(name, _reaction(name, events))
        if name == "right heel" or (name in HEELS and config.board.plates != "two"):
            _judge_adc(diagnosis, _loads(heel_events))
        yield from _in_words(name, "exercised", diagnosis, (name,) if name in diagnosis.seen else ("adc",))


def _judge_adc(diagnosis: Diagnosis, loads: dict[str, list[float]]) -> None:
    """Note whether the MCP3008 answers: not if every plate reads nothing or full scale, even under a hand."""
    if not loads:
        return
    middle = [median(shares) for shares in loads.values()]
    value = "zeros" if not any(middle) else "ones" if min(middle) >= FULL_SHARE else "alive"
    diagnosis.see("adc", value)
    if value != "alive":
        for heel in loads:
            diagnosis.seen.pop(heel, None)


def _reaction(name: str, events: Sequence[Event]) -> str:
    """What a press on this part did: `follows`, `other` (another part reacted), `full` or `still`."""
    if name == "knee pad":
        return "follows" if {event.touching for event in events if isinstance(event, Knee)} >= {True} else "still"
    if name == "button":
        return "follows" if any(isinstance(event, Button) and event.pressed for event in events) else "still"
    moved, full = [], []
    for heel in HEELS:
        shares = [event.share for event in events if isinstance(event, Load) and f"{event.side} heel" == heel]
        levels = {event.down for event in events if isinstance(event, Heel) and f"{event.side} heel" == heel}
        if shares and min(shares) >= FULL_SHARE:
            full.append(heel)
        if (shares and max(shares) - min(shares) > FOLLOWS_SHARE) or True in levels:
            moved.append(heel)
    if name in full:
        return "full"
    return "follows" if name in moved else "other" if moved else "still"


def witness_outputs(bench: Bench, devices: Devices, diagnosis: Diagnosis, witness: Witness) -> Iterator[Result]:
    """Ask a person whether they hear the buzzer."""
    devices.play_cues([Cue(bench.clock.now_us(), CueName.YES)])
    bench.listen(devices, CUE_US)
    heard = witness.ask(tones_question())
    diagnosis.see("buzzer", None if heard == SKIP else heard)
    yield from _in_words("buzzer", "witnessed", diagnosis, ("buzzer",))


def witness_light(bench: Bench, diagnosis: Diagnosis, witness: Witness) -> Iterator[Result]:
    """Light one colour after the other, and ask which one it is."""
    for colour in COLOURS if bench.config.board.led else ():
        pin = getattr(bench.config.pins, f"led_{colour}")
        with suppress(DeviceError):  # the driver says it
            shown = lit(pin, bench.pin_factory, lambda: witness.ask(colour_question()))
            diagnosis.see(colour, None if shown == SKIP else shown)
        yield from _in_words(f"LED {colour}", "witnessed", diagnosis, (colour,))


def measure(bench: Bench, diagnosis: Diagnosis, witness: Witness) -> None:
    """Ask for voltages for as long as they narrow down the faults."""
    lines = lines_of(bench.config)
    with bench.busy(diagnosis.seen.get("buzzer") == "no"):
        while len(diagnosis.faults) > 1 and (asked := diagnosis.next_measurement()) is not None:
            end, name = asked
            answer = witness.ask(volts_question(lines[name], is_near=end == "near"))
            found = None if answer == SKIP else volts_class(float(answer))
            if found is None:
                return
            diagnosis.see(f"{end} {name}", found)


def named(diagnosis: Diagnosis) -> Result:
    """The fault in words; or the remaining candidates; or that there is more than one fault."""
    faults = diagnosis.faults
    if diagnosis.is_healthy:
        text = f"no wire is at fault as far as this check saw. {ALIKE}"
    elif not faults:
        text = f"no single wire explains {', '.join(diagnosis.odd)}: check the supply, then fix them one by one"
    elif len(faults) <= 2:
        text = "; or ".join(sentence(fault) for fault in faults)
    else:
        names = ", ".join(fault.name for fault in faults)
        rest = "the check with your hands tells them apart: answer all questions"
        text = f"one of {len(faults)} that look the same from here: {names}; {rest}"
    pictures = dict.fromkeys(line.picture for fault in faults[:2] for line in fault.lines)
    return Result("wiring", diagnosis.is_healthy, text, "named", tuple(pictures))


def _in_words(part: str, step: str, diagnosis: Diagnosis, looked: Sequence[str]) -> Iterator[Result]:
    """What was observed of a part, in words."""
    seen = [what for what in looked if what in diagnosis.seen]
    if seen:
        well = not any(what in diagnosis.odd for what in seen)
        words = (_WORDS.get((what, diagnosis.seen[what])) or _plain(what, diagnosis.seen[what]) for what in seen)
        yield Result(part, well, "; ".join(words), step)


def _plain(what: str, value: str) -> str:
    if what.endswith(" pin"):
        return {"floats": "held by nothing", "high": "held at 3.3 V", "low": "held at ground"}[value]
    if what in COLOURS:
        return "lights" if value == what else f"{value} instead of {what}"
    return value


_WORDS = {
    ("sensor", "answers"): "answers",
    ("sensor", "silent"): "does not answer",
    ("sensor", "zeros"): "every bit of its answer is 0",
    ("sensor", "stuck"): "the bus is stuck",
    ("xshut", "obeys"): "XSHUT switches it off and on",
    ("xshut", "ignores"): "XSHUT does not switch it off",
    ("interrupt", "follows"): "its interrupt follows",
    ("interrupt", "still"): "its interrupt does not follow",
    ("adc", "zeros"): "the MCP3008 answers 0 to everything",
    ("adc", "ones"): "the MCP3008 answers full scale to everything",
    ("adc", "alive"): "the MCP3008 answers",
    ("buzzer", "yes"): "two tones heard",
    ("buzzer", "no"): "not heard",
    **{(part, "follows"): "follows a press" for part in (*HEELS, "knee pad", "button")},
    **{(part, "still"): "does not follow a press" for part in (*HEELS, "knee pad", "button")},
    **{(heel, "other"): "another part follows its press" for heel in HEELS},
    **{(heel, "full"): "stays at full scale" for heel in HEELS},
}
