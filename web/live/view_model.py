"""The live view of a snapshot: one number, one word, one bar and one sentence, ready to render.

The text is composed once, for both the server-rendered page and the stream that updates it: `phase_styles` has the
word, `sentences` the sentence, `large_number` the number.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from station import units as lengths
from station.app.snapshot import HeelView, Snapshot
from station.catalogue.read import exercises
from station.core.activities.questions import FELT_QUESTION, PAIN_QUESTION
from station.core.events import FELT_PLACE_ANSWERS, PAIN_ANSWERS, CommandName
from station.core.state import (
    ActivityState,
    BlockState,
    HoldState,
    LessonState,
    QuestionState,
    RepsState,
    RestState,
    SetupState,
    TestState,
)
from station.units import SIDE_SYMBOLS
from web.live.large_number import SOUND_PHASES, caption_of, number_of, result_rows, unit_of
from web.live.phase_styles import (
    PHASE_STYLES,
    PhaseStyle,
    current_exercise,
    exercise_details,
    is_active,
    is_on_wrong_foot,
    is_self_paced,
    legs_label,
    phase_style,
)
from web.live.sentences import (
    FELT_PLACES,
    TAP_HINTS,
    brief_of,
    is_self_confirmed,
    next_text,
    result_text,
    resume_label,
    sentence_of,
)

PHASES_WITHOUT_SIDE = {"idle", "result"}
"""Phases that concern both legs, or neither."""
TEST_PICTURES = {
    "wait": "test-step-on",
    "settle": "test-stand",
    "side": "test-ready",
    "count": "test-ready",
    "attempt": "test-lunge",
    "move": "test-move",
    "switch": "test-lift",
}
"""What a person does in a phase of a test, as a picture."""
MOVE_PICTURES = {"SLIDE BACK": "test-slide-back", "CLOSER": "test-closer", "STAND STILL": "test-stand"}
"""The picture while the board is moved, by the word beside it; without a reading, `TEST_PICTURES` has it."""
UNSTOOD_PHASES = {"idle", "wait"}
"""Nobody has to stand there, and a plate is unknown until somebody has: that is no news."""
REPETITION_NOUNS = {"calibrate": "block", "check": "block", "lesson": "sound"}
"""What a repetition is called in activities other than stretches."""

UNSAVED = {"Saved.": "Not saved.", "is saved": "is not saved yet", "and saved.": "but not saved yet."}
"""Replacements for these words while the store cannot write."""

WITHOUT_BUTTONS = {
    ", or choose what to do below": "",
    ", press the button, or press \u201cKnee touches\u201d below": " or press the button",
    "Press \u201cResume\u201d, or step": "Step",
    "Press \u201cResume\u201d, or lift": "Lift",
    " Press \u201cResume\u201d.": "",
    "Press Resume": "Step off and on",
    " Already done? Press \u201cNext\u201d.": "",
}
"""Replacements for these words in an unpaired browser, which has no buttons."""


def live_view(snapshot: Snapshot, units: str, *, has_buttons: bool = True) -> dict[str, Any]:
    """The live page's content as JSON-ready values; times in microseconds, distances in millimetres or as text.

    After the questions that follow a test, it shows the test's result. The stage does not list a fault that is already
    its sentence. Without `has_buttons` nothing names a button.
    """
    state = snapshot.state
    if isinstance(state, QuestionState) and state.phase == "done":
        state = TestState(
            phase="result",
            step=state.step,
            steps=state.steps,
            undo_us=state.undo_us,
            result_left_mm=state.result_left_mm,
            result_right_mm=state.result_right_mm,
        )
        snapshot = replace(snapshot, state=state)
    style, clock = phase_style(snapshot), state.clock
    side = state.side if state.phase not in PHASES_WITHOUT_SIDE else None
    best_mm = state.best_mm if isinstance(state, TestState) else None
    view = {
        "activity": state.activity,
        "phase": state.phase,
        "side": side,
        "side_word": legs_label(side),
        "word": style.word,
        "shape": style.shape,
        "tone": style.tone,
        "sentence": _if_stored(snapshot, sentence_of(snapshot, style, units)),
        "brief": _if_stored(snapshot, brief_of(snapshot, style, units)),
        "counting": clock.what if clock is not None else None,
        "counted_us": clock.counted_us if clock is not None else 0,
        "target_us": clock.target_us if clock is not None else 0,
        "rate": clock.rate if clock is not None else 0,
        "caption": caption_of(snapshot, style, units),
        "picture": _picture(snapshot, style),
        "number": number_of(snapshot, units),
        "unit": unit_of(snapshot, units),
        "results": result_rows(state, units),
        "bar_share": _bar_share(snapshot),
        "step_position": _position_text(state),
        "next": _if_stored(snapshot, next_text(snapshot, units)),
        "toe": _toe_text(snapshot, units),
        "toe_mm": snapshot.toe_mm,
        "target": lengths.length_text(snapshot.target_mm, units) if snapshot.target_mm is not None else None,
        "best": lengths.length_text(best_mm, units) if best_mm is not None else None,
        "heels": [_heel(heel) for heel in snapshot.heels if heel.down is not None or state.phase not in UNSTOOD_PHASES],
        "knee": snapshot.knee,
        "can_confirm": is_self_confirmed(state),
        "result": _if_stored(snapshot, result_text(state, units)),
        "cue": _cue(snapshot),
        "faults": [{"part": fault.part, "sentence": fault.sentence} for fault in snapshot.faults],
        "person": snapshot.person_name,
        "session": snapshot.session_id,
        "simulated": snapshot.simulated,
        "exercise": exercise_details(snapshot),
        "exercise_picture": _exercise_picture(snapshot),
        "next_exercise": snapshot.next_exercise,
        "question": _question(state),
        "is_active": is_active(snapshot),
        "awaits_next": isinstance(state, SetupState) and is_active(snapshot),
        "can_pause": CommandName.PAUSE in state.commands and is_active(snapshot),
        "can_resume": state.phase == "paused" and state.resume_needs is None and is_active(snapshot),
        "can_go_on": CommandName.NEXT in state.commands and not isinstance(state, SetupState),
        "can_choose_side": CommandName.SIDE in state.commands,
        "skip": _skip_label(state),
        "can_skip_exercise": CommandName.SKIP_EXERCISE in state.commands,
        "can_undo": state.undo_us is not None,
        "note": _note(snapshot, style),
        "resume": resume_label(snapshot.unfinished) if snapshot.unfinished is not None else None,
        "presence": _presence(snapshot),
        "bring_up": None if snapshot.bring_up is None else snapshot.bring_up.number,
        "resume_person": (snapshot.unfinished.person_id if snapshot.unfinished is not None else None) or "",
    }
    return view if has_buttons else _without_buttons(view)


def _skip_label(state: ActivityState) -> str | None:
    """The label of the button that skips; `None` where there is nothing to skip, or where *Next* does the same."""
    if CommandName.SKIP not in state.commands:
        return None
    match state:
        case TestState():
            return "Restart this attempt" if state.phase != "rest" else None
        case HoldState():
            return "Skip this hold"
        case RepsState():
            return "Skip this set"
    return None


def _without_buttons(view: dict[str, Any]) -> dict[str, Any]:
    shown = view | {"can_undo": False, "question": None}
    for name in ("sentence", "brief"):
        for with_button, without in WITHOUT_BUTTONS.items():
            shown[name] = shown[name] and shown[name].replace(with_button, without)
    return shown


def _presence(snapshot: Snapshot) -> dict[str, Any] | None:
    """The progress of a presence request, for the page that asked: it reloads its content when this changes."""
    view = snapshot.presence
    if view is None:
        return None
    return {"serial": view.serial, "state": view.state, "presses": len(view.presses), "seconds": view.seconds_left}


def _if_stored(snapshot: Snapshot, text: str | None) -> str | None:
    """The text, corrected to "not saved" while the store cannot write."""
    if text is not None and any(fault.part == "store" for fault in snapshot.faults):
        for saved, unsaved in UNSAVED.items():
            text = text.replace(saved, unsaved)
    return text


def _question(state: ActivityState) -> dict[str, Any] | None:
    """The question after a test: its choices with button labels, and the heel taps for each."""
    if not isinstance(state, QuestionState) or state.phase not in TAP_HINTS:
        return None
    if state.phase == FELT_QUESTION:
        choices = [[place, FELT_PLACES[place]] for place in FELT_PLACE_ANSWERS]
        return {"choices": choices, "taps": TAP_HINTS[FELT_QUESTION]}
    return {"choices": [[pain, pain] for pain in PAIN_ANSWERS], "taps": TAP_HINTS[PAIN_QUESTION]}


def _note(snapshot: Snapshot, style: PhaseStyle) -> str | None:
    """The board's note; a start's decision is shown after the run, because a person on the board reads few words."""
    is_standing = style.brief is not None and is_active(snapshot)
    return None if is_standing and snapshot.is_note_a_decision else snapshot.note


def _picture(snapshot: Snapshot, style: PhaseStyle) -> str | None:
    """The picture to show: how the board must lie, or what the person does in a test; it agrees with the words."""
    match snapshot.state:
        case SetupState(phase="lay") as state:
            return f"board-{state.board}"
        case TestState() if is_on_wrong_foot(snapshot):
            return TEST_PICTURES["wait"]
        case TestState(phase="move"):
            return MOVE_PICTURES.get(style.word, TEST_PICTURES["move"])
        case TestState() as state:
            return TEST_PICTURES.get(state.phase)
    return None


def _exercise_picture(snapshot: Snapshot) -> dict[str, str] | None:
    """The exercise to picture: the current one; during a rest, the next one if known."""
    if snapshot.phase != "rest":
        exercise = current_exercise(snapshot)
    else:
        is_between_steps = isinstance(snapshot.state, RestState)
        exercise = exercises().get(snapshot.next_exercise or "") if is_between_steps else None
    return {"key": exercise.key, "name": exercise.name} if exercise is not None else None


def _toe_text(snapshot: Snapshot, units: str) -> str | None:
    """The toe distance, or why there is none if one is needed; else `None`."""
    if snapshot.toe_mm is not None:
        return lengths.length_text(snapshot.toe_mm, units)
    if isinstance(snapshot.state, TestState | BlockState) and snapshot.phase != "wait" and is_active(snapshot):
        return snapshot.toe_missing_reason or "no reading"
    return None


def _bar_share(snapshot: Snapshot) -> float | None:
    """The bar's share, from 0 to 1, when it does not follow the clock."""
    state = snapshot.state
    if PHASE_STYLES.get(state.phase, PHASE_STYLES["idle"]).tone == "done":
        return 1.0
    if isinstance(state, QuestionState) and state.wait_us:
        return min(1.0, state.waited_us / state.wait_us)
    if not isinstance(state, RepsState) or state.clock is not None or is_self_paced(snapshot):
        return None
    return min(1.0, state.count / state.target_count) if state.count is not None and state.target_count else None


def _position_text(state: ActivityState) -> str:
    """The position in the routine: step, repetition, trial, attempt; without what the large number already shows."""
    parts = []
    if state.step is not None and state.steps and state.steps > 1:
        parts.append(f"step {state.step + 1} of {state.steps}")
    is_number = isinstance(state, LessonState) and state.phase in SOUND_PHASES
    if isinstance(state, HoldState | LessonState | BlockState) and state.repetition is not None and not is_number:
        is_named = isinstance(state, HoldState) and state.exercise
        thing = REPETITION_NOUNS.get(state.activity, "hold" if is_named else "stretch")
        if state.repetitions != 1:
            parts.append(f"{thing} {state.repetition}" + (f" of {state.repetitions}" if state.repetitions else ""))
    if isinstance(state, TestState) and state.phase not in PHASES_WITHOUT_SIDE:
        if state.trial:
            parts.append(f"trial {state.trial}")
        if state.attempt:
            parts.append(f"attempt {state.attempt}")
    return ", ".join(parts)


def _heel(heel: HeelView) -> dict[str, Any]:
    state = "unknown" if heel.down is None else "down" if heel.down else "up"
    return {"side": heel.side, "shape": SIDE_SYMBOLS[heel.side], "down": heel.down, "share": heel.share, "state": state}


def _cue(snapshot: Snapshot) -> dict[str, Any] | None:
    if snapshot.cue is None:
        return None
    cue = snapshot.cue
    return {"number": cue.number, "name": cue.cue, "count": cue.count, "side": cue.side, "repeating": cue.repeating}
