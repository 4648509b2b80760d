"""The station's own routines by name, as the settings have them."""

from __future__ import annotations

from station.core.records import SECOND_US, Side
from station.core.steps import BOTH, CalibrateStep, CheckStep, HoldStep, Routine, Step, TestStep
from station.settings import Settings

NAMES = ("test_and_stretch", "test", "full_test", "stretch", "calibrate", "check")


def routine_called(
    name: str,
    settings: Settings,
    first: Side = Side.LEFT,
    *,
    blocks_mm: tuple[float, ...] = CalibrateStep().blocks_mm,
) -> Routine:
    """The steps of one of `NAMES`; `first` is the side to begin with, `blocks_mm` what there is to calibrate with.

    Raises ValueError with a sentence for another name.
    """
    sides = BOTH if first is Side.LEFT else BOTH[::-1]
    test = TestStep(sides)
    steps: dict[str, tuple[Step, ...]] = {
        "test_and_stretch": (test, _stretch(settings, sides[::-1])),
        "test": (test,),
        "full_test": (TestStep(sides, full=True),),
        "stretch": (_stretch(settings, sides),),
        "calibrate": (CalibrateStep(blocks_mm),),
        "check": (CheckStep(sorted(blocks_mm)[len(blocks_mm) // 2]),),
    }
    if name not in steps:
        raise ValueError(f"There is no routine called {name!r}: choose one of {', '.join(NAMES)}.")
    return steps[name]


def _stretch(settings: Settings, sides: tuple[Side, ...]) -> HoldStep:
    """After a test the stretch begins on the side that the test has ended with: nobody has to change feet for it."""
    return HoldStep(
        sides=sides,
        hold_us=settings.hold_s * SECOND_US,
        repetitions=settings.repetitions,
        rest_us=settings.rest_s * SECOND_US,
        prepare_us=settings.prepare_s * SECOND_US,
    )
