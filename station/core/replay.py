"""Replays a trace through the rules: the same rows give the same lines, byte for byte, on every machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from msgspec.structs import asdict

from station.core.activities.engine import Engine
from station.core.activities.routine import RoutineRun
from station.core.facts import Fact, TestFinished
from station.core.measurement.curve import Curve
from station.core.measurement.estimate import Estimate
from station.core.sensing.sensors import BoardSensors
from station.core.steps import STEP_TYPES, Routine
from station.core.trace import AS_BUILT, DEFAULT_CALIBRATION, Trace


def merge_header(header: Mapping[str, Any], do: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """Merge a trace's header with the command line's options, which win. Raises ValueError if `do` is missing."""
    merged = dict(header)
    if do is not None and header.get("do") != do:
        merged = {key: value for key, value in header.items() if key in DEFAULT_CALIBRATION}
    if do is None and "do" not in header:
        raise ValueError(f"the trace does not say what was done: say it with --do {', --do '.join(STEP_TYPES)}")
    return {**merged, **({} if do is None else {"do": do}), **options}


def replay(trace: Trace, routine: Routine, curve: Curve = AS_BUILT) -> Iterator[Fact]:
    """Run a routine on the events of a trace, with the curve used at the time, and yield its facts."""
    begin_us = trace.events[0].at_us if trace.events else 0
    sensors = BoardSensors(trace.wiring, begin_us, trace.references, curve)
    taps = trace.header.get("taps") is True
    engine = Engine(RoutineRun(routine, sensors, tap_commands=taps), sensors, begin_us)
    for event in trace.events:
        yield from engine.feed(event)
    if trace.events:
        yield from engine.close(trace.events[-1].at_us)


def format_fact(fact: Fact) -> str:
    """Format a fact as one line of JSON: times in seconds, rounded to the millisecond, missing values omitted."""
    found: dict[str, Any] = {"at_s": _to_seconds(fact.at_us), "fact": type(fact).__name__}
    for name in fact.__struct_fields__:
        value = getattr(fact, name)
        if name == "at_us" or isinstance(value, Estimate):  # `toe_mm` and `uncertainty_mm` come from the estimate
            continue
        if value is None and not isinstance(fact, TestFinished):
            continue
        if name.endswith("_us"):
            found[name.removesuffix("_us") + "_s"] = _to_seconds(value)
        else:
            found[name] = str(value) if isinstance(value, StrEnum) else value
    return json.dumps(found, default=asdict)


def _to_seconds(us: int | tuple[int, ...]) -> float | list[float]:
    if isinstance(us, tuple):
        return [round(one / 1000) / 1000 for one in us]
    return round(us / 1000) / 1000
