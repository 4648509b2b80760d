"""How long a routine takes, and how much verified hold it gives each leg, if done without a pause."""

from __future__ import annotations

from station.core.events import BOTH_LEGS, SECOND_US, Side
from station.core.steps import (
    MIN_SWITCH_US,
    AskStep,
    HoldStep,
    RepsStep,
    RestStep,
    Routine,
    SetupStep,
    Step,
    TestStep,
    is_verified,
)

UNPACED_REPETITION_US = 2 * SECOND_US
"""Estimate of one repetition without a tempo: one circle of the ankle, or one heel raise and return."""
QUICK_TEST_US, FULL_TEST_US = 180 * SECOND_US, 480 * SECOND_US
"""Estimates of a quick and a full test of both sides by a practised person."""
SETUP_US = 15 * SECOND_US
"""Estimate of stepping off, setting up the board and stepping on."""
ANSWER_US = 5 * SECOND_US
"""Estimate of both answers after a test: two taps on the page."""


def duration_us(routine: Routine) -> int:
    """Estimate the time from stepping on to COMPLETE, in microseconds. Lessons, calibrations and checks count 0."""
    return sum(_step_us(step) for step in routine)


def _step_us(step: Step) -> int:
    match step:
        case HoldStep():
            turn_us = step.repetitions * step.hold_us + (step.repetitions - 1) * step.rest_between_us
            return _exercise_us(step, turn_us)
        case RepsStep():
            one_us = sum(step.tempo_us) or UNPACED_REPETITION_US
            return _exercise_us(step, step.count * one_us)
        case TestStep():
            return (FULL_TEST_US if step.full else QUICK_TEST_US) * len(step.sides) // len(Side)
        case RestStep():
            return step.rest_us
        case SetupStep():
            return SETUP_US
        case AskStep():
            return ANSWER_US
        case _:
            return 0


def _exercise_us(step: HoldStep | RepsStep, turn_us: int) -> int:
    turns = len(step.turns)
    return step.prepare_us + turns * turn_us + (turns - 1) * MIN_SWITCH_US


def held_us_by_side(routine: Routine) -> dict[Side, int]:
    """Return the verified hold time of each leg in microseconds. A hold of both legs at once counts for each leg."""
    held = dict.fromkeys(Side, 0)
    for step in routine:
        if isinstance(step, HoldStep) and is_verified(step):
            for legs in step.turns:
                for side in Side if legs is BOTH_LEGS else (Side(legs),):
                    held[side] += step.repetitions * step.hold_us
    return held
