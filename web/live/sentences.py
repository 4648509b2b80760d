"""What the live page says: a sentence, or a few words for a person on the board."""

from __future__ import annotations

from math import ceil

from station import units as lengths
from station.app.snapshot import MEASURING_PARTS, Snapshot, UnfinishedView
from station.catalogue.read import exercises
from station.core.activities.questions import FELT_QUESTION, PAIN_BY_TAPS, PAIN_QUESTION, PLACE_BY_TAPS
from station.core.events import BOTH_LEGS, Side
from station.core.facts import Contact
from station.core.state import (
    ActivityState,
    BlockState,
    ExerciseState,
    HoldState,
    QuestionState,
    TestState,
)
from web.live.phase_styles import PhaseStyle, is_active, is_on_wrong_foot

FELT_PLACES = {
    "front": "Front of the ankle",
    "achilles": "Achilles tendon",
    "calf": "Calf",
    "nowhere": "Nowhere",
}
"""The places where a limit can be felt, as choices."""
*_FIRST_TAPS, _LAST_TAPS = PLACE_BY_TAPS
_NO_PAIN, _SOME_PAIN, _STRONG_PAIN = PAIN_BY_TAPS.values()
TAP_HINTS = {
    FELT_QUESTION: f"Or tap your heel: {', '.join(map(str, _FIRST_TAPS))} or {_LAST_TAPS} times, in this order.",
    PAIN_QUESTION: f"Or tap your heel: once for none ({_NO_PAIN}), twice for some ({_SOME_PAIN}), "
    f"three times for strong ({_STRONG_PAIN}).",
}

VERDICTS = {
    "passed": ("That one counts.", "Good."),
    "heel": ("Your heel came up. Try again.", "Heel lifted."),
    "contact": ("Your knee did not reach. Try again.", "Knee too far."),
    "void": ("The board moved. Same distance again.", "Board moved."),
    "unclear": ("The sensor could not read the distance. Same distance again.", "Not read."),
}
"""How an attempt ended: in a sentence, and in a few words for a person on the board."""

STEP_NAMES = {"hold": "stretch", "test": "test", "reps": "repetitions", "rest": "rest", "ask": "two questions"}
"""The names of steps."""

BLOCK_OUTCOMES = {
    ("calibrate", "done"): "Calibrated and saved. The Calibration page shows how well the blocks fit.",
    ("check", "done"): "Checked and saved. See the result on the Calibration page.",
    ("calibrate", "ended"): "Nothing is saved; the previous calibration stays in use.",
    ("check", "ended"): "Nothing was checked.",
}
"""How a calibration or a check ended."""

CONFIRM_HINT = "When your knee touches: tap your heel twice, press the button, or press \u201cKnee touches\u201d below."
SENSOR_IS_BACK = "The sensor works again. The test continues in a moment."
RESUME_NOTE = "An interrupted hold or set starts over; what you did is saved."
"""What resuming does with the step in which the routine ended."""


def resume_label(unfinished: UnfinishedView) -> str:
    """The label of the resume button: the routine's name and its remaining minutes."""
    minutes = max(1, ceil(unfinished.seconds / 60))
    return f"Resume{f' {unfinished.title}' if unfinished.title else ''}: {minutes} min"


def is_self_confirmed(state: ActivityState) -> bool:
    """Whether the person confirms the knee's contact, because nothing senses it."""
    return isinstance(state, TestState) and state.phase == "attempt" and state.contact is Contact.SELF


def sentence_of(snapshot: Snapshot, style: PhaseStyle, units: str) -> str:
    """What to do now, in a sentence or two."""
    state = snapshot.state
    if state.phase == "fault":
        return _fault_sentence(snapshot, style)
    if isinstance(state, BlockState):
        return _block_sentence(state, style)
    if isinstance(state, TestState):
        if state.phase == "move" and not is_on_wrong_foot(snapshot):
            return _move_sentence(state, style, units)
        if state.phase == "result":
            return result_text(state, units) or style.sentence
        if is_self_confirmed(state):
            return f"Knee to the wall, heel down. {CONFIRM_HINT}"
    if state.phase in ("side", "switch", "prepare", "wait") and state.side is BOTH_LEGS:
        return f"Both feet. {style.sentence}"
    if state.phase == "switch" and isinstance(state.side, Side):
        done = f"{result} " if (result := result_text(state, units)) is not None else ""
        return f"{done}{state.side.capitalize()} leg. {style.sentence} Lift the {state.side.other} foot."
    if state.phase in ("side", "prepare") or (state.phase == "wait" and state.step):
        return f"{state.side.capitalize()} leg. {style.sentence}" if state.side is not None else style.sentence
    return style.sentence


def _fault_sentence(snapshot: Snapshot, style: PhaseStyle) -> str:
    """Which part has a fault, or that it has just recovered: a test goes on after two good seconds."""
    is_well = not any(fault.part in MEASURING_PARTS for fault in snapshot.faults)
    if is_well and isinstance(snapshot.state, TestState) and snapshot.toe_mm is not None:
        return SENSOR_IS_BACK
    return snapshot.faults[0].sentence if snapshot.faults else style.sentence


def _move_sentence(state: TestState, style: PhaseStyle, units: str) -> str:
    """How the last attempt ended, and which way to slide the board."""
    where = style.sentence
    if state.target_mm is not None and style.word != "STAND STILL":
        target = lengths.length_text(state.target_mm, units)
        where = f"Slide to {target}: step off, or push with the free foot. Or stand still to try here."
    verdict, _ = VERDICTS.get(state.verdict or "", (state.verdict, ""))
    return f"{verdict} {where}" if verdict else where


def _block_sentence(state: BlockState, style: PhaseStyle) -> str:
    """What to do with the block, or what went wrong and how to fix it."""
    sentence = BLOCK_OUTCOMES.get((state.activity, state.phase), style.sentence)
    if state.target_mm is not None and state.phase in ("block", "capture"):
        block = f"the {state.target_mm:g} mm block"
        still = "still until the sound" if state.phase == "capture" else "against the toe stop, upright and still"
        sentence = f"Hold {block} {still}."
    if state.why is None:
        return sentence
    return f"{state.why}. {sentence}" if state.phase in ("done", "ended") else f"{state.why}."


def brief_of(snapshot: Snapshot, style: PhaseStyle, units: str) -> str | None:
    """The few words shown instead of the sentence while the person is on the board; `None` to show the sentence."""
    state = snapshot.state
    if isinstance(state, BlockState):
        return None
    if state.phase == "rest":
        return next_text(snapshot, units) or style.brief
    if state.phase == "switch" and isinstance(state.side, Side):
        return f"Lift the {state.side.other} foot."
    if is_self_confirmed(state):
        return "Tap heel twice."
    if isinstance(state, TestState) and state.phase == "move" and state.verdict and not style.brief:
        return VERDICTS.get(state.verdict, (state.verdict, state.verdict))[1]
    return style.brief


def next_text(snapshot: Snapshot, units: str) -> str | None:
    """What follows: a trial or repetition, the other leg, or the next step; during the questions, the test's result.

    `None` while a fault stops the current step.
    """
    state = snapshot.state
    if isinstance(state, QuestionState):
        return result_text(state, units)
    if not is_active(snapshot) or state.phase == "fault" or state.resume_needs in MEASURING_PARTS:
        return None
    if isinstance(state, TestState) and state.next_trial is not None:
        return f"Next: trial {state.next_trial}"
    if isinstance(state, HoldState) and state.next_repetition is not None:
        return f"Next: hold {state.next_repetition} of {state.repetitions}"
    if state.next_side is not None:
        return f"Next: {state.next_side} leg"
    if snapshot.next_exercise is not None and snapshot.next_exercise in exercises():
        exercise = exercises()[snapshot.next_exercise]
        if isinstance(state, ExerciseState) and snapshot.next_exercise == state.exercise:
            return f"Again: {exercise.name_in_sentence}"
        return f"Next: {exercise.name_in_sentence}"
    return f"Next: {STEP_NAMES.get(snapshot.next_step, snapshot.next_step)}" if snapshot.next_step else None


def result_text(state: ActivityState, units: str) -> str | None:
    """The result of a test, both sides in one sentence; `None` without one."""
    if not isinstance(state, TestState | QuestionState):
        return None
    parts = [
        f"{name} {lengths.length_text(mm, units)}"
        for name, mm in (("Left", state.result_left_mm), ("right", state.result_right_mm))
        if mm is not None
    ]
    return f"{', '.join(parts).capitalize()}. Saved." if parts else None
