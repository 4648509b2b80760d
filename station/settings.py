"""The settings that people change while using the station, stored in the database."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from station.core.untrusted import quoted

INCH_MM = 25.4
DEFAULT_GOAL_MM = 4 * INCH_MM
"""Four inches."""

CHOICES = {
    "units": ("cm", "inch"),
    "volume": ("off", "low", "normal", "loud"),
    "on_step": ("nothing", "test", "stretch", "test_and_stretch", "today"),
    "ask_after_test": ("yes", "no"),
    "ask_setup": ("yes", "no"),
    "taps": ("off", "on"),
}
LIMITS = {
    "goal_mm": (10.0, 300.0),
    "hold_s": (5, 300),
    "repetitions": (1, 20),
    "rest_s": (0, 300),
    "prepare_s": (3, 60),
}
FIRST_START_STEPS = ("name", "board", "calibration")
"""The steps of the first start that a person settles, done or skipped; the store shows whether there is an owner."""
TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class Settings(Struct, frozen=True):
    """All settings. Quiet hours are times of day in the station's time zone; equal times mean none. `on_step` is what a
    step on starts: `today` follows the person's plan. `ask_setup`: a step that needs another board position asks for it
    first. `taps`: heel taps are commands. `first_start` has the settled steps of the first start, separated by commas.

    Raises `ValueError` with a sentence that names the field and what is allowed.
    """

    units: str = "cm"
    goal_mm: float = DEFAULT_GOAL_MM
    hold_s: int = 30
    repetitions: int = 3
    rest_s: int = 15
    prepare_s: int = 10
    volume: str = "normal"
    quiet_from: str = "21:00"
    quiet_to: str = "07:30"
    on_step: str = "today"
    ask_after_test: str = "yes"
    ask_setup: str = "yes"
    taps: str = "off"
    first_start: str = ""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            self._check(name, getattr(self, name))

    def _check(self, name: str, value: Any) -> None:
        if name in CHOICES:
            if value not in CHOICES[name]:
                choices = ", ".join(CHOICES[name])
                raise ValueError(f"The setting {name} is {quoted(value)}, but may only be one of {choices}.")
        elif name in LIMITS:
            low, high = LIMITS[name]
            is_whole = isinstance(low, int)
            is_number = isinstance(value, int if is_whole else int | float) and not isinstance(value, bool)
            if not is_number or not low <= value <= high:
                number = "a whole number" if is_whole else "a number"
                raise ValueError(f"The setting {name} is {quoted(value)}, but must be {number} from {low} to {high}.")
        elif name == "first_start":
            if not isinstance(value, str) or set(value.split(",")) - {"", *FIRST_START_STEPS}:
                steps = ", ".join(FIRST_START_STEPS)
                raise ValueError(f"The setting {name} is {quoted(value)}, but may only have {steps}, parted by commas.")
        elif not isinstance(value, str) or not TIME_OF_DAY.fullmatch(value):
            raise ValueError(f"The setting {name} is {quoted(value)}, but must be a time of day such as 21:00.")


def with_changes(settings: Settings, changes: dict[str, str]) -> Settings:
    """Settings with some fields changed, given as text. Raises `ValueError` with a sentence."""
    known = Settings.__struct_fields__
    values: dict[str, Any] = {}
    for name, text in changes.items():
        if name not in known:
            raise ValueError(f"There is no setting {name}; the settings are {', '.join(sorted(known))}.")
        values[name] = _parse_value(name, text)
    return replace(settings, **values)


def _parse_value(name: str, text: str) -> object:
    if name not in LIMITS:
        return text
    try:
        return type(LIMITS[name][0])(text)
    except ValueError:
        return text
