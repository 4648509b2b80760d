"""What a person says about themselves, all of it optional, and what follows from it and the station's settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
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
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is not None:
                _check(name, value)
        if (self.quiet_from is None) is not (self.quiet_to is None):
            raise ValueError("Quiet hours need both times: enter both, or neither.")
        if self.hurt_since is not None and self.hurt_side is None:
            raise ValueError("The date of an injury needs its side: choose left or right.")


PROFILE_FIELDS = Profile.__struct_fields__
NOTHING_SAID = Profile()


def _check(name: str, value: Any) -> None:
    if name in PROFILE_CHOICES:
        if value not in PROFILE_CHOICES[name]:
            choices = ", ".join(PROFILE_CHOICES[name])
            raise ValueError(f"The entry {name} is {quoted(value)}, but may only be one of {choices}.")
    elif name in ("goal_left_mm", "goal_right_mm"):
        low, high = LIMITS["goal_mm"]
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"The entry {name} is {quoted(value)}, but must be a number from {low:g} to {high:g}.")
    elif name == "time_zone":
        if not _is_time_zone(value):
            raise ValueError(f"The entry {name} is {quoted(value)}, but must be a time zone such as Europe/Vienna.")
    elif name == "hurt_since":
        if not _is_partial_date(value):
            raise ValueError(f"The entry {name} is {quoted(value)}, but must be a date: 2026, 2026-03 or 2026-03-14.")
    elif name == "voice":
        if not isinstance(value, bool):
            raise ValueError(f"The entry {name} is {quoted(value)}, but must be true or false.")
    elif not isinstance(value, str) or not TIME_OF_DAY.fullmatch(value):
        raise ValueError(f"The entry {name} is {quoted(value)}, but must be a time of day such as 21:00.")


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
    kept: dict[str, Any] = {}
    for name in PROFILE_FIELDS:
        with suppress(ValueError):
            if values[name] is not None:
                _check(name, values[name])
                kept[name] = values[name]
    for name, needed in (("quiet_from", "quiet_to"), ("quiet_to", "quiet_from"), ("hurt_since", "hurt_side")):
        if needed not in kept:
            kept.pop(name, None)
    return Profile(**kept)


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, TypeError, ValueError, OSError):
        return False
    return True


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
