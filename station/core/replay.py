"""What the rules make of a trace: the same rows give the same lines, byte for byte, on every machine."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any

from station.core.activity import Engine
from station.core.records import Fact, TestFinished
from station.core.routine import RoutineRun
from station.core.senses import Senses
from station.core.steps import Routine
from station.core.trace import Trace

AS_BUILT_OFFSET_MM = -70.0
"""The sensor sits 70 mm behind the toe line."""
CALIBRATION = {"gain": 1.0, "offset_mm": AS_BUILT_OFFSET_MM}


def header_of(header: Mapping[str, Any], do: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a trace's own header and the options say together; options win. Raises ValueError when nothing says `do`."""
    kept = dict(header)
    if do is not None and header.get("do") != do:
        kept = {key: value for key, value in header.items() if key in CALIBRATION}
    if do is None and "do" not in header:
        raise ValueError("the trace does not say what was done: say it with --do hold, --do reps or --do test")
    return {**kept, **({} if do is None else {"do": do}), **given}


def calibration_of(header: Mapping[str, Any]) -> tuple[float, float]:
    """Gain and offset in mm. Raises ValueError."""
    found = []
    for key, default in CALIBRATION.items():
        value = header.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"{key} is {value!r}; a number is needed")
        found.append(float(value))
    return found[0], found[1]


def replay(trace: Trace, routine: Routine, gain: float = 1.0, offset_mm: float = AS_BUILT_OFFSET_MM) -> Iterator[Fact]:
    """The facts of a routine on the events of a trace; `toe_mm = gain * reading_mm + offset_mm`."""
    begin_us = trace.events[0].at_us if trace.events else 0
    senses = Senses(trace.wiring, begin_us, trace.references, gain, offset_mm)
    engine = Engine(RoutineRun(routine, senses), senses, begin_us)
    for event in trace.events:
        yield from engine.feed(event)
    if trace.events:
        yield from engine.close(trace.events[-1].at_us)


def line_of(fact: Fact) -> str:
    """A fact as one line of JSON: times in seconds to the millisecond, what is not there left out."""
    found: dict[str, Any] = {"at_s": _seconds(fact.at_us), "fact": type(fact).__name__}
    for field in fields(fact):
        value = getattr(fact, field.name)
        if field.name == "at_us" or (value is None and not isinstance(fact, TestFinished)):
            continue
        if field.name.endswith("_us"):
            found[field.name.removesuffix("_us") + "_s"] = _seconds(value)
        else:
            found[field.name] = str(value) if isinstance(value, StrEnum) else value
    return json.dumps(found)


def _seconds(us: int | tuple[int, ...]) -> float | list[float]:
    if isinstance(us, tuple):
        return [round(one / 1000) / 1000 for one in us]
    return round(us / 1000) / 1000
