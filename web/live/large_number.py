"""The live page's large number, with its caption and unit; the page itself counts times."""

from __future__ import annotations

from station import units as lengths
from station.app.snapshot import Snapshot
from station.core.events import Side
from station.core.state import (
    ActivityState,
    BlockState,
    HoldState,
    IdleState,
    LessonState,
    QuestionState,
    RepsState,
    RhythmState,
    SetupState,
    TestState,
)
from station.core.steps import RHYTHM_LENGTH
from station.units import SIDE_SYMBOLS
from web.exercise_text import TIMES_SIGN
from web.live.phase_styles import PhaseStyle, is_on_wrong_foot, is_self_paced, repetition_goal

SOUND_PHASES = {"volume", "listen", "quiz"}
"""The lesson phases in which a sound plays."""
NO_NUMBER = "\u2013"
CLOCK_CAPTIONS = {
    "prepare": "go in",
    "rest": "rest",
    "warm": "warm-up",
}
"""What a clock counts down to."""
MOVE_CAPTIONS = {"SLIDE BACK": "slide back", "CLOSER": "closer"}
"""How far the board is to be moved, by the word beside it."""


def number_of(snapshot: Snapshot, units: str) -> str | None:
    """The number to show; `None` for none, or a time, which the page counts itself."""
    if snapshot.state.clock is not None:
        return None
    match snapshot.state:
        case QuestionState() | SetupState():
            return "?"
        case LessonState() as state:
            counted = (
                state.repetition if state.phase in SOUND_PHASES else state.right if state.phase == "done" else None
            )
            return NO_NUMBER if counted is None else str(counted)
        case RhythmState(phase="number"):
            return NO_NUMBER
        case RhythmState(presses=presses):
            return str(min(len(presses), RHYTHM_LENGTH))
        case RepsState(count=count) if count is not None or is_self_paced(snapshot):
            return str(repetition_goal(snapshot) if is_self_paced(snapshot) else count)
        case BlockState(phase="block", target_mm=float() as target_mm):
            return f"{target_mm:g}"
        case BlockState():
            return NO_NUMBER
        case HoldState(exercise=str(), repetition=int() as repetition):
            return str(repetition)
        case TestState(phase="count") if snapshot.cue is not None and snapshot.cue.count is not None:
            return str(snapshot.cue.count)
        case TestState(phase="wait" | "switch" | "ended"):
            return NO_NUMBER
        case TestState() if is_on_wrong_foot(snapshot):
            return NO_NUMBER
        case TestState(phase="result") as state:
            return "" if result_rows(state, units) else NO_NUMBER
        case TestState(is_on_target=False, off_mm=float() as off_mm):
            return lengths.number_text(abs(off_mm), units)
    return lengths.number_text(snapshot.toe_mm, units) if snapshot.toe_mm is not None else NO_NUMBER


def unit_of(snapshot: Snapshot, units: str) -> str:
    """What follows the number: its unit, or `of` a total; empty if it needs nothing."""
    clock = snapshot.state.clock
    if clock is not None:
        return "s" if clock.what in CLOCK_CAPTIONS else ""
    match snapshot.state:
        case QuestionState() | SetupState():
            return ""
        case LessonState() as state:
            of = state.repetitions if state.phase in SOUND_PHASES else state.asked if state.phase == "done" else None
            return f"of {of}" if of else ""
        case RepsState() if is_self_paced(snapshot):
            return TIMES_SIGN
        case RhythmState():
            return f"of {RHYTHM_LENGTH}"
        case RepsState(count=int(), target_count=target_count):
            return f"of {target_count}" if target_count else ""
        case HoldState(exercise=str(), repetition=int(), repetitions=repetitions):
            return f"of {repetitions}" if repetitions else ""
        case TestState(phase="count") if snapshot.cue is not None and snapshot.cue.count is not None:
            return ""
        case TestState(phase="result"):
            return ""
        case BlockState(phase=phase):
            return "mm" if phase == "block" else ""
    return lengths.UNIT_SYMBOLS[units] if number_of(snapshot, units) not in (None, NO_NUMBER) else ""


def caption_of(snapshot: Snapshot, style: PhaseStyle, units: str) -> str:
    """What the number means, in two or three words; empty if there is none."""
    state = snapshot.state
    if state.clock is not None:
        return CLOCK_CAPTIONS.get(state.clock.what, "seconds")
    if number_of(snapshot, units) in (None, NO_NUMBER):
        return ""
    match state:
        case SetupState() | QuestionState():
            return ""
        case LessonState(phase="done"):
            return "right answers"
        case LessonState():
            return "sound"
        case BlockState():
            return "block"
        case RhythmState():
            return "presses"
        case RepsState():
            return "to do" if is_self_paced(snapshot) else "times"
        case HoldState(exercise=str()):
            return "hold"
        case TestState(phase="count") if snapshot.cue is not None and snapshot.cue.count is not None:
            return "go in"
        case TestState(phase="result"):
            return "toes to wall"
        case TestState(phase="move") if style.word in MOVE_CAPTIONS:
            return MOVE_CAPTIONS[style.word]
        case IdleState() if not any(heel.down for heel in snapshot.heels):
            return "to wall"
    return "you are at"


def result_rows(state: ActivityState, units: str) -> list[dict[str, str]]:
    """The result of a test, a row for each side that has one, shown instead of the number."""
    if not isinstance(state, TestState) or state.phase != "result":
        return []
    results = ((Side.LEFT, state.result_left_mm), (Side.RIGHT, state.result_right_mm))
    return [
        {
            "side": side,
            "shape": SIDE_SYMBOLS[side],
            "name": side.capitalize(),
            "number": lengths.number_text(mm, units),
            "unit": lengths.UNIT_SYMBOLS[units],
        }
        for side, mm in results
        if mm is not None
    ]
