"""What a person says about themselves, all of it optional, and what follows from it and the station's settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from station.core.events import Side
from station.core.progress.records import Goals
from station.core.untrusted import quoted
from station.settings import CHOICES, LIMITS, TIME_OF_DAY, Settings

SIDES = tuple(str(side) for side in Side)
PROFILE_CHOICES: dict[str, tuple[str, ...]] = {
    "unit": CHOICES["units"],
    "dominant_side": SIDES,
    "hurt_side": (*SIDES, "both"),
}
FIRST_YEAR_HURT = 1900
"""No living person hurt an ankle earlier."""
_PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


class Profile(Struct, frozen=True):
    """One person's profile; `None` means not given, and follows the station's settings if they have a value.

    `goal_…_mm` are toe distances, `time_zone` is a name such as `Europe/Vienna`, `quiet_from` and `quiet_to` are times
    of day in it (both or neither). `voice`: the live page speaks with the recorded voice. `dominant_side`: the foot
    with which they kick a ball. `hurt_side` is `left`, `right` or `both`, and `hurt_since` the date of the injury, or
    the part of it that is known: `2026`, `2026-03` or `2026-03-14`.

    Raises `ValueError` with a sentence that names the field and what is allowed.
    """

    unit: str | None = None
    goal_left_mm: float | None = None
    goal_right_mm: float | None = None
    time_zone: str | None = None
    quiet_from: str | None = None
    quiet_to: str | None = None
    voice: bool | None = None
    dominant_side: str | None = None
    hurt_side: str | None = None
    hurt_since: str | None = None

    def __post_init__(self) -> None:
        errors = profile_errors({name: getattr(self, name) for name in PROFILE_FIELDS})
        if errors:
            raise ValueError(next(iter(errors.values())))


PROFILE_FIELDS = Profile.__struct_fields__


_NEEDS = (
    ("quiet_from", "quiet_to", "Quiet hours need both times: enter both, or neither."),
    ("quiet_to", "quiet_from", "Quiet hours need both times: enter both, or neither."),
    ("hurt_since", "hurt_side", "The date of an injury needs its side: choose left or right."),
)
"""Entries that mean nothing without another one, and what to say when that is missing."""


def profile_errors(values: Mapping[str, Any]) -> dict[str, str]:
    """A sentence for each wrong entry by its name, then for each that another one needs."""
    given = {name: value for name, value in values.items() if value is not None}
    errors = {
        name: f"The entry {name} is {quoted(value)}, but {allowed}."
        for name, value in given.items()
        if (allowed := _allowed_instead(name, value)) is not None
    }
    return errors | {needed: sentence for name, needed, sentence in _NEEDS if name in given and needed not in given}


def _allowed_instead(name: str, value: Any) -> str | None:
    """What the entry may or must be, if this value is wrong."""
    if name in PROFILE_CHOICES:
        is_right = value in PROFILE_CHOICES[name]
        allowed = f"may only be one of {', '.join(PROFILE_CHOICES[name])}"
    elif name in ("goal_left_mm", "goal_right_mm"):
        low, high = LIMITS["goal_mm"]
        is_right = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        allowed = f"must be a number from {low:g} to {high:g}"
    elif name == "time_zone":
        is_right, allowed = _is_time_zone(value), "must be a time zone such as Europe/Vienna"
    elif name == "hurt_since":
        is_right, allowed = _is_partial_date(value), "must be a date: 2026, 2026-03 or 2026-03-14"
    elif name == "voice":
        is_right, allowed = isinstance(value, bool), "must be true or false"
    else:
        is_right = isinstance(value, str) and TIME_OF_DAY.fullmatch(value) is not None
        allowed = "must be a time of day such as 21:00"
    return None if is_right else allowed


def _is_partial_date(text: Any) -> bool:
    found = _PARTIAL_DATE.fullmatch(text) if isinstance(text, str) else None
    if found is None or int(found[1]) < FIRST_YEAR_HURT:
        return False
    try:
        date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return False
    return True


def profile_from_values(values: Mapping[str, Any]) -> Profile:
    """The profile in stored values, without invalid ones: one of them must not hide the others."""
    kept = {name: values[name] for name in PROFILE_FIELDS if values[name] is not None}
    kept = {name: value for name, value in kept.items() if _allowed_instead(name, value) is None}
    for name, needed, _ in _NEEDS:
        if needed not in kept:
            kept.pop(name, None)
    return Profile(**kept)


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, TypeError, ValueError, OSError):
        return False
    return True


NOTHING_SAID = Profile()


class PersonSettings(Struct, frozen=True):
    """The settings for one person, from `settings_for`. `zone` and `voice` are `None` if the station's zone or the
    browser's choice applies. Quiet hours are times of day in `zone`; equal times mean none."""

    units: str
    goals: Goals
    quiet_from: str
    quiet_to: str
    zone: ZoneInfo | None = None
    voice: bool | None = None


def settings_for(settings: Settings, profile: Profile | None) -> PersonSettings:
    """The settings for a person with this profile (`None`: unknown person): theirs, else the station's.

    The only place that decides this: pages, start gate, reminders, sound, report, progress and calendar use it.
    """
    own = profile or NOTHING_SAID
    left_mm, right_mm = (
        settings.goal_mm if goal_mm is None else goal_mm for goal_mm in (own.goal_left_mm, own.goal_right_mm)
    )
    return PersonSettings(
        units=own.unit or settings.units,
        goals=Goals(left_mm, right_mm),
        quiet_from=own.quiet_from or settings.quiet_from,
        quiet_to=own.quiet_to or settings.quiet_to,
        zone=None if own.time_zone is None else ZoneInfo(own.time_zone),
        voice=own.voice,
    )
