"""The sounds that a person must know to do a routine without looking.

The others confirm, reassure or report a fault: they help, but a person who does not know them still reaches the end. A
void attempt sounds like NO, twice, and is answered like it.
"""

from __future__ import annotations

from station.core.facts import CueName
from station.core.steps import AskStep, HoldStep, RepsStep, Routine, SetupStep, Step, TestStep, is_verified

WORK = frozenset({CueName.READY, CueName.GO, CueName.HOLD_DONE, CueName.SET_DONE})
"""What every exercise needs: get ready, begin, stop, leg done."""


def needed_cues(routine: Routine) -> frozenset[CueName]:
    """Return the cues that a person needs for these steps."""
    needed = frozenset({CueName.COMPLETE}).union(*(_needed_by(step) for step in routine))
    return needed | {CueName.SET_DONE} if is_test_in_the_middle(routine) else needed


def is_test_in_the_middle(routine: Routine) -> bool:
    """Return whether anything but questions follows a test, whose end then sounds SET_DONE."""
    return any(
        isinstance(step, TestStep) and not all(isinstance(later, AskStep) for later in routine[index + 1 :])
        for index, step in enumerate(routine)
    )


def _needed_by(step: Step) -> frozenset[CueName]:
    match step:
        case SetupStep():
            return frozenset({CueName.ASK})
        case AskStep():
            return frozenset({CueName.ASK, CueName.ECHO})
        case TestStep():
            return frozenset({CueName.READY, CueName.GO, CueName.YES, CueName.NO, CueName.TRIAL_OK}) | _between_sides(
                len(step.sides)
            )
        case HoldStep() | RepsStep():
            heel = frozenset({CueName.HEEL_UP}) if is_verified(step) else frozenset()
            return WORK | heel | _between_sides(len(step.turns))
        case _:
            return frozenset()


def _between_sides(turns: int) -> frozenset[CueName]:
    return frozenset({CueName.SWITCH}) if turns > 1 else frozenset()
