"""Records of the board now: whether all is well, what is happening, what its cues sound like."""

from __future__ import annotations

import msgspec

from station.core.events import Side
from web.api.records import Legs, Record


class Fault(Record):
    """A fault of one part, in one sentence: what happened, where, what to do."""

    part: str
    sentence: str


class StatusDetails(Record):
    """Each part of the station in a sentence."""

    parts: dict[str, str]
    snapshot_age_s: float
    app_version: str
    rule_version: str


class Status(Record):
    """How the station is. `ok`: no action is needed. What is wrong, and `details`, need a paired browser or a token."""

    ok: bool
    title: str
    faults: list[Fault]
    is_simulated: bool
    details: StatusDetails | None


class Tone(msgspec.Struct, frozen=True, array_like=True):
    """One tone of a cue, as an array: hertz, start and end in milliseconds."""

    hz: int
    start_ms: int
    end_ms: int


class Sound(Record):
    """What a cue sounds like, and what it tells a person to do.

    `variants` are its tones for a side or a count, if they differ. `rhythm_ms` alternates on, off, on. A repeating cue
    plays every `every_ms`, `times` times (`null`: until another cue). `word` and `shape` are what the page shows with
    it.
    """

    name: str
    word: str
    shape: str
    means: str
    tones: list[Tone]
    variants: dict[str, list[Tone]]
    rhythm_ms: list[int]
    every_ms: int | None
    times: int | None
    soft: bool


class Sounds(Record):
    """All cues."""

    items: list[Sound]


class Clock(Record):
    """A running timer of the board: `counted_s` of `target_s` when the state was taken."""

    what: str
    counted_s: float
    target_s: float
    is_running: bool


class HeelState(Record):
    """A heel: `is_down` is `null` while unknown; `load_share` is its share of the person's standing load."""

    side: Side
    is_down: bool | None
    load_share: float | None


class CueState(Record):
    """The last cue; `number` grows with every cue."""

    number: int
    name: str
    count: int | None
    side: Side | None
    is_repeating: bool


class LivePerson(Record):
    """Who is on the board, and the session it records: only for those who may see this person's results."""

    person_id: str | None
    session_id: str | None
    routine_title: str | None
    note: str | None
    left_toe_distance_mm: float | None
    right_toe_distance_mm: float | None


class LiveState(Record):
    """What is happening on the board now: the state of the live page.

    `age_s` is its age; above 4 s the station is not responding. `legs` are the working legs. `step` (from 1) of `steps`
    is the place in the routine. `word` and `sentence` are the page's text.
    """

    age_s: float
    activity: str
    phase: str
    is_active: bool
    legs: Legs | None
    step: int | None
    steps: int | None
    clock: Clock | None
    repetition: int | None
    repetitions: int | None
    exercise: str | None
    word: str
    sentence: str
    toe_distance_mm: float | None
    toe_missing_reason: str | None
    target_toe_distance_mm: float | None
    heels: list[HeelState]
    is_knee_touching: bool | None
    cue: CueState | None
    faults: list[Fault]
    live_person: LivePerson | None
