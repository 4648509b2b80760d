"""The live view of a snapshot: one number, one word, one bar and one sentence, ready to render.

The text is composed once, for both the server-rendered page and the stream that updates it.
"""

from __future__ import annotations

from math import ceil
from typing import Any

from msgspec.structs import replace

from station import units as lengths
from station.app.snapshot import HeelView, Snapshot, UnfinishedView
from station.catalogue.read import exercises
from station.core.activities.questions import FELT_QUESTION, PAIN_BY_TAPS, PAIN_QUESTION, PLACE_BY_TAPS
from station.core.events import BOTH_LEGS, FELT_PLACE_ANSWERS, PAIN_ANSWERS, Side
from station.core.facts import Contact
from station.core.state import (
    ActivityState,
    BlockState,
    ExerciseState,
    HoldState,
    IdleState,
    LessonState,
    QuestionState,
    RepsState,
    RestState,
    RhythmState,
    SetupState,
    TestState,
)
from station.core.steps import RHYTHM_LENGTH
from station.units import SIDE_SYMBOLS
from web.exercise_text import TIMES_SIGN
from web.live.phase_styles import (
    PHASE_STYLES,
    PhaseStyle,
    current_exercise,
    exercise_details,
    is_active,
    is_self_paced,
    legs_label,
    phase_style,
    repetition_goal,
)

PHASES_WITHOUT_SIDE = {"idle", "result"}
"""Phases that concern both legs or none."""

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
"""How an attempt ended: in a sentence, and in the few words that are read from the board."""

STEP_NAMES = {"hold": "stretch", "test": "test", "reps": "repetitions", "rest": "rest", "ask": "two questions"}
"""The names of steps."""

SOUND_PHASES = {"volume", "listen", "quiz"}
"""The phases of a lesson in which a sound plays."""
NO_NUMBER = "\u2013"
BLOCK_OUTCOMES = {
    ("calibrate", "done"): "Calibrated and saved. The Calibration page shows how well the blocks fit.",
    ("check", "done"): "Checked and saved. See the result on the Calibration page.",
    ("calibrate", "ended"): "Nothing is saved; the previous calibration stays in use.",
    ("check", "ended"): "Nothing was checked.",
}

CLOCK_CAPTIONS = {
    "prepare": "go in",
    "rest": "rest",
    "warm": "warm-up",
}
"""What a clock counts down to."""
MOVE_CAPTIONS = {"SLIDE BACK": "slide back", "CLOSER": "closer", "STAND STILL": "off target"}
"""What the distance is while the board is moved, by the word beside it."""
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
REPETITION_NOUNS = {"calibrate": "block", "check": "block", "lesson": "sound"}
"""What a repetition is called in activities other than stretches."""

UNSAVED = {"Saved.": "Not saved.", "is saved": "is not saved yet", "and saved.": "but not saved yet."}
"""What stands in place of these words while the store cannot write."""

WITHOUT_BUTTONS = {
    ", or choose what to do below": "",
    ", press the button, or press \u201cKnee touches\u201d below": " or press the button",
    ", or press \u201cResume\u201d": "",
    "Press \u201cResume\u201d, or step off": "Step off",
    "Press Resume": "Step off and on",
    " Already so? Press \u201cNext\u201d.": "",
}
"""What stands in place of these words in a browser that was not let in: it has no buttons."""

CONFIRM_HINT = "When your knee touches: tap your heel twice, press the button, or press \u201cKnee touches\u201d below."


def live_view(snapshot: Snapshot, units: str, *, has_buttons: bool = True) -> dict[str, Any]:
    """The live page's content as JSON-ready values; times in microseconds, distances in millimetres or as text.

    After the questions that follow a test, it shows the test's result. Without `has_buttons` nothing names one.
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
        "sentence": _if_stored(snapshot, _sentence(snapshot, style, units)),
        "brief": _if_stored(snapshot, _brief(snapshot, style, units)),
        "counting": clock.what if clock is not None else None,
        "counted_us": clock.counted_us if clock is not None else 0,
        "target_us": clock.target_us if clock is not None else 0,
        "rate": clock.rate if clock is not None else 0,
        "caption": _caption(snapshot, style, units),
        "picture": _picture(state, style),
        "number": _number(snapshot, units),
        "unit": _unit(snapshot, units),
        "results": _result_rows(state, units),
        "bar_share": _bar_share(snapshot),
        "step_position": _position_text(state),
        "next": _if_stored(snapshot, _next_text(snapshot, units)),
        "toe": _toe_text(snapshot, units),
        "toe_mm": snapshot.toe_mm,
        "target": lengths.length_text(snapshot.target_mm, units) if snapshot.target_mm is not None else None,
        "best": lengths.length_text(best_mm, units) if best_mm is not None else None,
        "heels": [_heel(heel) for heel in snapshot.heels],
        "knee": snapshot.knee,
        "can_confirm": _is_self_confirmed(state),
        "result": _if_stored(snapshot, _result(state, units)),
        "cue": _cue(snapshot),
        "troubles": [{"part": trouble.part, "sentence": trouble.sentence} for trouble in snapshot.troubles],
        "person": snapshot.person_name,
        "session": snapshot.session_id,
        "simulated": snapshot.simulated,
        "exercise": exercise_details(snapshot),
        "exercise_picture": _exercise_picture(snapshot),
        "next_exercise": snapshot.next_exercise,
        "question": _question(state),
        "is_active": is_active(snapshot),
        "awaits_next": isinstance(state, SetupState) and is_active(snapshot),
        "is_paused": state.phase == "paused" and is_active(snapshot),
        "can_undo": state.undo_us is not None,
        "note": _note(snapshot, style),
        "resume": resume_label(snapshot.rest) if snapshot.rest is not None else None,
        "presence": _presence(snapshot),
        "bring_up": None if snapshot.bring_up is None else snapshot.bring_up.number,
        "resume_person": (snapshot.rest.person_id if snapshot.rest is not None else None) or "",
    }
    return view if has_buttons else _without_buttons(view)


def _without_buttons(view: dict[str, Any]) -> dict[str, Any]:
    shown = view | {"can_undo": False, "question": None}
    for name in ("sentence", "brief"):
        for with_button, without in WITHOUT_BUTTONS.items():
            shown[name] = shown[name] and shown[name].replace(with_button, without)
    return shown


def _presence(snapshot: Snapshot) -> dict[str, Any] | None:
    """How far a request for presence is, for the page that asked: it loads its content again when this changes."""
    view = snapshot.presence
    if view is None:
        return None
    return {"serial": view.serial, "state": view.state, "presses": len(view.presses), "seconds": view.seconds_left}


def _if_stored(snapshot: Snapshot, text: str | None) -> str | None:
    """The text, which says that something is saved only where the store works."""
    if text is not None and any(trouble.part == "store" for trouble in snapshot.troubles):
        for saved, unsaved in UNSAVED.items():
            text = text.replace(saved, unsaved)
    return text


def _is_self_confirmed(state: ActivityState) -> bool:
    """Whether the person says that the knee touches, because nothing senses it."""
    return isinstance(state, TestState) and state.phase == "attempt" and state.contact is Contact.SELF


def _question(state: ActivityState) -> dict[str, Any] | None:
    """The question after a test: its choices with button labels, and the heel taps for each."""
    if not isinstance(state, QuestionState) or state.phase not in TAP_HINTS:
        return None
    if state.phase == FELT_QUESTION:
        choices = [[place, FELT_PLACES[place]] for place in FELT_PLACE_ANSWERS]
        return {"choices": choices, "taps": TAP_HINTS[FELT_QUESTION]}
    return {"choices": [[pain, pain] for pain in PAIN_ANSWERS], "taps": TAP_HINTS[PAIN_QUESTION]}


RESUME_NOTE = "A hold or set that was interrupted starts over; what you did is saved."
"""What resuming does with the step in which the routine ended."""


def resume_label(unfinished: UnfinishedView) -> str:
    """The label of the button that resumes an unfinished routine: its name and the minutes that remain."""
    minutes = max(1, ceil(unfinished.seconds / 60))
    return f"Resume{f' {unfinished.title}' if unfinished.title else ''}: {minutes} min"


def _next_text(snapshot: Snapshot, units: str) -> str | None:
    """The next step by name; during the questions, the test's result."""
    if isinstance(snapshot.state, QuestionState):
        return _result(snapshot.state, units)
    if snapshot.next_exercise is not None and snapshot.next_exercise in exercises():
        exercise = exercises()[snapshot.next_exercise]
        if isinstance(snapshot.state, ExerciseState) and snapshot.next_exercise == snapshot.state.exercise:
            return f"Again: {exercise.name_in_sentence}"
        return f"Next: {exercise.name_in_sentence}"
    return f"Next: {STEP_NAMES.get(snapshot.next_step, snapshot.next_step)}" if snapshot.next_step else None


def _sentence(snapshot: Snapshot, style: PhaseStyle, units: str) -> str:
    state = snapshot.state
    if state.phase == "fault" and snapshot.troubles:
        return snapshot.troubles[0].sentence
    if isinstance(state, BlockState):
        return _block_sentence(state, style)
    if isinstance(state, TestState):
        if state.phase == "move":
            return _move_sentence(state, style, units)
        if state.phase == "result":
            return _result(state, units) or style.sentence
        if _is_self_confirmed(state):
            return f"Knee to the wall, heel down. {CONFIRM_HINT}"
    if state.phase in ("side", "switch", "prepare", "wait") and state.side is BOTH_LEGS:
        return f"Both feet. {style.sentence}"
    if state.phase == "switch" and isinstance(state.side, Side):
        done = f"{result} " if (result := _result(state, units)) is not None else ""
        return f"{done}{state.side.capitalize()} leg. {style.sentence} Lift the {state.side.other} foot."
    if state.phase in ("side", "prepare") or (state.phase == "wait" and state.step):
        return f"{state.side.capitalize()} leg. {style.sentence}" if state.side is not None else style.sentence
    return style.sentence


def _move_sentence(state: TestState, style: PhaseStyle, units: str) -> str:
    """How the last attempt ended, and where to slide the board."""
    where = style.sentence
    if state.target_mm is not None and style.word != "STAND STILL":
        target = lengths.length_text(state.target_mm, units)
        where = f"Slide to {target}: step off, or push with the free foot. Or stand still to try here."
    verdict, _ = VERDICTS.get(state.verdict or "", (state.verdict, ""))
    return f"{verdict} {where}" if verdict else where


def _note(snapshot: Snapshot, style: PhaseStyle) -> str | None:
    """The board's note; a start's decision waits for the end, because a person on the board reads few words."""
    is_standing = style.brief is not None and is_active(snapshot)
    return None if is_standing and snapshot.is_note_a_decision else snapshot.note


def _brief(snapshot: Snapshot, style: PhaseStyle, units: str) -> str | None:
    """The few words that stand for the sentence while the person is on the board; `None` where the sentence is read."""
    state = snapshot.state
    if isinstance(state, RestState):
        return _next_text(snapshot, units) or style.brief
    if isinstance(state, BlockState):
        return None
    if isinstance(state, HoldState) and state.phase == "rest" and state.repetition and state.repetitions:
        return f"Next: {state.repetition} of {state.repetitions}."
    if isinstance(state, TestState) and state.phase == "rest" and state.trial:
        return f"Next: trial {state.trial}."
    if state.phase == "switch" and isinstance(state.side, Side):
        return f"Lift the {state.side.other} foot."
    if _is_self_confirmed(state):
        return "Tap heel twice."
    if isinstance(state, TestState) and state.phase == "move" and state.verdict and not style.brief:
        return VERDICTS.get(state.verdict, (state.verdict, state.verdict))[1]
    return style.brief


def _block_sentence(state: BlockState, style: PhaseStyle) -> str:
    """What to do with which block, or what went wrong and how to fix it."""
    sentence = BLOCK_OUTCOMES.get((state.activity, state.phase), style.sentence)
    if state.target_mm is not None and state.phase in ("block", "capture"):
        block = f"the {state.target_mm:g} mm block"
        still = "still until the sound" if state.phase == "capture" else "against the toe stop, upright and still"
        sentence = f"Hold {block} {still}."
    if state.why is None:
        return sentence
    return f"{state.why}. {sentence}" if state.phase in ("done", "ended") else f"{state.why}."


def _picture(state: ActivityState, style: PhaseStyle) -> str | None:
    """The picture to show: how the board must lie, or what the person does in a test; it agrees with the words."""
    match state:
        case SetupState(phase="lay"):
            return f"board-{state.board}"
        case TestState(phase="move"):
            return MOVE_PICTURES.get(style.word, TEST_PICTURES["move"])
        case TestState():
            return TEST_PICTURES.get(state.phase)
    return None


def _exercise_picture(snapshot: Snapshot) -> dict[str, str] | None:
    """The exercise to picture: the current one; while the person rests, the next one if it is known."""
    if snapshot.phase != "rest":
        exercise = current_exercise(snapshot)
    else:
        is_between_steps = isinstance(snapshot.state, RestState)
        exercise = exercises().get(snapshot.next_exercise or "") if is_between_steps else None
    return {"key": exercise.key, "name": exercise.name} if exercise is not None else None


def _toe_text(snapshot: Snapshot, units: str) -> str | None:
    """The distance of the toes, or why there is none where one is needed; else `None`."""
    if snapshot.toe_mm is not None:
        return lengths.length_text(snapshot.toe_mm, units)
    if isinstance(snapshot.state, TestState | BlockState) and snapshot.phase != "wait" and is_active(snapshot):
        return snapshot.toe_why or "no reading"
    return None


def _caption(snapshot: Snapshot, style: PhaseStyle, units: str) -> str:
    """What the number is, in two or three words; empty where there is none."""
    state = snapshot.state
    if state.clock is not None:
        return CLOCK_CAPTIONS.get(state.clock.what, "seconds")
    if _number(snapshot, units) in (None, NO_NUMBER):
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


def _number(snapshot: Snapshot, units: str) -> str | None:
    """The displayed number, unless it is a time, which the page counts itself."""
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
        case TestState(phase="result") as state:
            return "" if _result_rows(state, units) else NO_NUMBER
        case TestState(phase="move", target_mm=float() as target_mm) if snapshot.toe_mm is not None:
            return lengths.number_text(abs(target_mm - snapshot.toe_mm), units)
    return lengths.number_text(snapshot.toe_mm, units) if snapshot.toe_mm is not None else NO_NUMBER


def _unit(snapshot: Snapshot, units: str) -> str:
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
    return lengths.UNIT_SYMBOLS[units] if _number(snapshot, units) not in (None, NO_NUMBER) else ""


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
    """The position in the routine: step, repetition, trial, attempt; not what the large number shows already."""
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


def _result_rows(state: ActivityState, units: str) -> list[dict[str, str]]:
    """The result of a test, a row for each side that has one, shown in place of the number."""
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


def _result(state: ActivityState, units: str) -> str | None:
    if not isinstance(state, TestState | QuestionState):
        return None
    parts = [
        f"{name} {lengths.length_text(mm, units)}"
        for name, mm in (("Left", state.result_left_mm), ("right", state.result_right_mm))
        if mm is not None
    ]
    return f"{', '.join(parts).capitalize()}. Saved." if parts else None


def _cue(snapshot: Snapshot) -> dict[str, Any] | None:
    if snapshot.cue is None:
        return None
    cue = snapshot.cue
    return {"number": cue.number, "name": cue.cue, "count": cue.count, "side": cue.side, "repeating": cue.repeating}
