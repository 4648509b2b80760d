"""Snapshots for tests of the pages, from plain fields: those of the snapshot, of its state and of the state's clock."""

from __future__ import annotations

from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any

from station.app.snapshot import Snapshot
from station.core.state import (
    ActivityState,
    CalibrationState,
    CheckState,
    HoldState,
    IdleState,
    LessonState,
    QuestionState,
    RepsState,
    RestState,
    RhythmState,
    SetupState,
    ShownClock,
    TestState,
)

STATES: dict[str, type[ActivityState]] = {
    kind.activity: kind
    for kind in (
        IdleState,
        SetupState,
        TestState,
        HoldState,
        RepsState,
        RestState,
        QuestionState,
        LessonState,
        RhythmState,
        CalibrationState,
        CheckState,
    )
}
OTHER_FIELDS = {field.name for kind in STATES.values() for field in fields_of(kind)}
CLOCK_FIELDS = {"counting": "what", "counted_us": "counted_us", "target_us": "target_us", "rate": "rate"}


def snapshot(now: Snapshot | None = None, **fields: Any) -> Snapshot:
    """A snapshot with these fields changed; another `activity` begins with an empty state.

    `None` for a field of another activity's state is ignored. A clock is given by `counting`, `counted_us`, `target_us`
    and `rate`; `counting=None` is no clock.
    """
    now = now or Snapshot(at_us=0)
    kind = STATES[fields.pop("activity", now.activity)]
    kept = {field.name: getattr(now.state, field.name) for field in fields_of(now.state)}
    if kind is not type(now.state):
        kept = {"phase": now.phase, "side": now.side}
    if fields.keys() & CLOCK_FIELDS.keys():
        kept["clock"] = _clock(kept.get("clock"), {old: fields.pop(old) for old in CLOCK_FIELDS if old in fields})
    for name in OTHER_FIELDS - kind.__dataclass_fields__.keys():
        if fields.get(name, 0) is None:
            del fields[name]
    known = {field.name: fields.pop(field.name) for field in fields_of(kind) if field.name in fields}
    return replace(now, state=kind(**kept | known), **fields)


def _clock(now: ShownClock | None, fields: dict[str, Any]) -> ShownClock | None:
    if fields.get("counting", now) is None:
        return None
    changed = {CLOCK_FIELDS[name]: value for name, value in fields.items()}
    return replace(now or ShownClock("hold", 0, 0, 0), **changed)
