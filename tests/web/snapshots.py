"""Snapshots for page tests, from plain fields of the snapshot, its state and the state's clock."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from station.app.snapshot import Snapshot
from station.core.events import OPTIONAL_COMMANDS, CommandName
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
OTHER_FIELDS = {name for kind in STATES.values() for name in kind.__struct_fields__}
WAITING_PHASES = ("wait", "paused", "lay")
"""Phases in which there is nothing to pause."""
CLOCK_FIELDS = {"counting": "what", "counted_us": "counted_us", "target_us": "target_us", "rate": "rate"}


def snapshot(now: Snapshot | None = None, **fields: Any) -> Snapshot:
    """A snapshot with these fields changed; another `activity` begins with an empty state.

    `None` for a field of another activity's state is ignored. A clock is given by `counting`, `counted_us`, `target_us`
    and `rate`; `counting=None` is no clock. Without `commands`, all that fit the phase are obeyed.
    """
    now = now or Snapshot(at_us=0)
    kind = STATES[fields.pop("activity", now.activity)]
    kept = {name: getattr(now.state, name) for name in now.state.__struct_fields__}
    if kind is not type(now.state):
        kept = {"phase": now.phase, "side": now.side}
    if fields.keys() & CLOCK_FIELDS.keys():
        kept["clock"] = _clock(kept.get("clock"), {old: fields.pop(old) for old in CLOCK_FIELDS if old in fields})
    for name in OTHER_FIELDS.difference(kind.__struct_fields__):
        if fields.get(name, 0) is None:
            del fields[name]
    known = {name: fields.pop(name) for name in kind.__struct_fields__ if name in fields}
    is_waiting = {**kept, **known}.get("phase") in WAITING_PHASES
    kept["commands"] = OPTIONAL_COMMANDS - {CommandName.PAUSE} if is_waiting else OPTIONAL_COMMANDS
    return replace(now, state=kind(**kept | known), **fields)


def _clock(now: ShownClock | None, fields: dict[str, Any]) -> ShownClock | None:
    if fields.get("counting", now) is None:
        return None
    changed = {CLOCK_FIELDS[name]: value for name, value in fields.items()}
    return replace(now or ShownClock("hold", 0, 0, 0), **changed)
