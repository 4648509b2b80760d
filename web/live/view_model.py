"""The live view of a snapshot: one number, one word, one bar and one sentence, ready to render.

The text is composed once, for both the server-rendered page and the stream that updates it.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import Any

from station import units as lengths
from station.app.snapshot import HeelView, Snapshot, UnfinishedView
from station.catalogue.read import exercises
from station.core.activities.questions import FELT_QUESTION, MIN_TAPS, PAIN_QUESTION
from station.core.events import BOTH_LEGS, FELT_PLACE_ANSWERS, PAIN_ANSWERS, Side
from station.core.facts import Contact
from station.units import SIDE_SYMBOLS
from web.exercise_text import LEG_TEXTS, TIMES_SIGN
from web.live.phase_styles import (
    PHASE_STYLES,
    PhaseStyle,
    exercise_details,
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
TAP_HINTS = {
    FELT_QUESTION: "Or tap your heel: {taps} times, in this order.",
    PAIN_QUESTION: f"Or tap your heel once for each point of pain ({MIN_TAPS} or more).",
}

VERDICTS = {
    "passed": "Passed.",
    "heel": "Your heel came up. Try again.",
    "contact": "Your knee did not reach. Try again.",
    "void": "The board moved. Same distance again.",
    "unclear": "The sensor could not read the distance. Same distance again.",
}

STEP_NAMES = {"hold": "stretch", "test": "test", "reps": "repetitions", "rest": "rest", "ask": "two questions"}
"""The names of steps."""

SOUND_PHASES = {"volume", "listen", "quiz"}
"""The phases of a lesson in which a sound plays."""
BLOCK_ACTIVITIES = {"calibrate", "check"}
BLOCK_OUTCOMES = {
    ("calibrate", "done"): "Calibrated and saved. The Calibration page shows how well the blocks fit.",
    ("check", "done"): "Checked and saved. See the result on the Calibration page.",
    ("calibrate", "ended"): "Nothing is saved; the previous calibration stays in use.",
    ("check", "ended"): "Nothing was checked.",
}

REPETITION_NOUNS = {"calibrate": "block", "check": "block", "lesson": "sound"}
"""What a repetition is called in activities other than stretches."""

CONFIRM_HINT = "When your knee touches: tap your heel twice, press the button, or press \u201cKnee touches\u201d below."


def live_view(snapshot: Snapshot, units: str) -> dict[str, Any]:
    """The live page's content as JSON-ready values; times in microseconds, distances in millimetres or as text.

    After the questions that follow a test, it shows the test's result.
    """
    if snapshot.activity == "ask" and snapshot.phase == "done":
        snapshot = replace(snapshot, activity="test", phase="result")
    style = phase_style(snapshot)
    side = snapshot.side if snapshot.phase not in PHASES_WITHOUT_SIDE else None
    return {
        "activity": snapshot.activity,
        "phase": snapshot.phase,
        "side": side,
        "side_word": legs_label(side),
        "word": style.word,
        "shape": style.shape,
        "tone": style.tone,
        "sentence": _sentence(snapshot, style, units),
        "counting": snapshot.counting,
        "counted_us": snapshot.counted_us,
        "target_us": snapshot.target_us,
        "rate": snapshot.rate,
        "number": _number(snapshot, units),
        "unit": _unit(snapshot, units),
        "bar_share": _bar_share(snapshot),
        "step_position": _position_text(snapshot),
        "next": _next_text(snapshot, units),
        "toe": lengths.length_text(snapshot.toe_mm, units)
        if snapshot.toe_mm is not None
        else snapshot.toe_why or "no reading",
        "toe_mm": snapshot.toe_mm,
        "target": lengths.length_text(snapshot.target_mm, units) if snapshot.target_mm is not None else None,
        "best": lengths.length_text(snapshot.best_mm, units) if snapshot.best_mm is not None else None,
        "heels": [_heel(heel) for heel in snapshot.heels],
        "knee": snapshot.knee,
        "can_confirm": snapshot.phase == "attempt" and snapshot.contact is Contact.SELF,
        "result": _result(snapshot, units),
        "cue": _cue(snapshot),
        "troubles": [{"part": trouble.part, "sentence": trouble.sentence} for trouble in snapshot.troubles],
        "person": snapshot.person_name,
        "session": snapshot.session_id,
        "simulated": snapshot.simulated,
        "exercise": exercise_details(snapshot),
        "question": _question(snapshot),
        "can_undo": snapshot.undo_us is not None,
        "note": snapshot.note,
        "resume": resume_label(snapshot.rest) if snapshot.rest is not None else None,
        "resume_person": (snapshot.rest.person_id if snapshot.rest is not None else None) or "",
    }


def _question(snapshot: Snapshot) -> dict[str, Any] | None:
    """The question after a test: its choices with button labels, and the heel taps for each."""
    if snapshot.activity != "ask" or snapshot.phase not in TAP_HINTS:
        return None
    if snapshot.phase == FELT_QUESTION:
        taps = [str(MIN_TAPS + place) for place in range(len(FELT_PLACE_ANSWERS))]
        said = TAP_HINTS[FELT_QUESTION].format(taps=f"{', '.join(taps[:-1])} or {taps[-1]}")
        return {"choices": [[place, FELT_PLACES[place]] for place in FELT_PLACE_ANSWERS], "taps": said}
    return {"choices": [[pain, pain] for pain in PAIN_ANSWERS], "taps": TAP_HINTS[PAIN_QUESTION]}


def resume_label(unfinished: UnfinishedView) -> str:
    """The label of the button that resumes an unfinished routine: its name and the minutes that remain."""
    minutes = max(1, ceil(unfinished.seconds / 60))
    return f"Resume{f' {unfinished.title}' if unfinished.title else ''}: {minutes} min"


def _next_text(snapshot: Snapshot, units: str) -> str | None:
    """The next step by name; during the questions, the test's result."""
    if snapshot.activity == "ask":
        return _result(snapshot, units)
    if snapshot.next_exercise is not None and snapshot.next_exercise in exercises():
        exercise = exercises()[snapshot.next_exercise]
        if snapshot.next_exercise == snapshot.exercise:
            return f"Next: {exercise.short_name} again"
        return f"Next exercise: {exercise.short_name}, {LEG_TEXTS[exercise.feet]}"
    return f"Next: {STEP_NAMES.get(snapshot.next_step, snapshot.next_step)}" if snapshot.next_step else None


def _sentence(snapshot: Snapshot, style: PhaseStyle, units: str) -> str:
    if snapshot.phase == "fault" and snapshot.troubles:
        return snapshot.troubles[0].sentence
    if snapshot.activity in BLOCK_ACTIVITIES:
        return _block_sentence(snapshot, style)
    verdict = VERDICTS.get(snapshot.verdict, snapshot.verdict) if snapshot.verdict else None
    if snapshot.phase == "move":
        where = style.sentence
        if snapshot.target_mm is not None and style.word != "STAND STILL":
            where = (
                f"Slide the board until your toes are {lengths.length_text(snapshot.target_mm, units)} from the wall."
            )
        return f"{verdict} {where}" if verdict else where
    if snapshot.phase == "result":
        return _result(snapshot, units) or style.sentence
    if snapshot.phase == "attempt" and snapshot.contact is Contact.SELF:
        return f"Knee to the wall, heel down. {CONFIRM_HINT}"
    if snapshot.phase in ("side", "switch", "prepare", "wait") and snapshot.side is BOTH_LEGS:
        return f"Both feet. {style.sentence}"
    if snapshot.phase in ("side", "switch", "prepare") or (snapshot.phase == "wait" and snapshot.step):
        return f"{snapshot.side.capitalize()} leg. {style.sentence}" if snapshot.side is not None else style.sentence
    return style.sentence


def _block_sentence(snapshot: Snapshot, style: PhaseStyle) -> str:
    """What to do with which block, or what went wrong and how to fix it."""
    sentence = BLOCK_OUTCOMES.get((snapshot.activity, snapshot.phase), style.sentence)
    if snapshot.target_mm is not None and snapshot.phase in ("block", "capture"):
        block = f"the {snapshot.target_mm:g} mm block"
        still = "still until the sound" if snapshot.phase == "capture" else "against the toe stop, upright and still"
        sentence = f"Hold {block} {still}."
    if snapshot.why is None:
        return sentence
    return f"{snapshot.why}. {sentence}" if snapshot.phase in ("done", "ended") else f"{snapshot.why}."


def _number(snapshot: Snapshot, units: str) -> str | None:
    """The displayed number, unless it is a time, which the page counts itself."""
    if snapshot.counting is not None:
        return None
    if snapshot.activity == "ask":
        return "?"
    if snapshot.activity == "lesson":
        counted = (
            snapshot.repetition
            if snapshot.phase in SOUND_PHASES
            else snapshot.right
            if snapshot.phase == "done"
            else None
        )
        return "\u2013" if counted is None else str(counted)
    if is_self_paced(snapshot):
        return str(repetition_goal(snapshot))
    if snapshot.activity == "reps" and snapshot.count is not None:
        return str(snapshot.count)
    if snapshot.activity in BLOCK_ACTIVITIES:
        return f"{snapshot.target_mm:g}" if snapshot.phase == "block" and snapshot.target_mm is not None else "\u2013"
    if snapshot.activity == "hold" and snapshot.exercise is not None and snapshot.repetition is not None:
        return str(snapshot.repetition)
    if snapshot.phase == "count" and snapshot.cue is not None and snapshot.cue.count is not None:
        return str(snapshot.cue.count)
    if snapshot.phase == "result":
        results = ((Side.LEFT, snapshot.result_left_mm), (Side.RIGHT, snapshot.result_right_mm))
        known = [f"{SIDE_SYMBOLS[side]} {lengths.number_text(mm, units)}" for side, mm in results if mm is not None]
        return "\n".join(known) or "\u2013"
    if snapshot.phase == "move" and snapshot.target_mm is not None and snapshot.toe_mm is not None:
        return lengths.number_text(abs(snapshot.target_mm - snapshot.toe_mm), units)
    return lengths.number_text(snapshot.toe_mm, units) if snapshot.toe_mm is not None else "\u2013"


def _unit(snapshot: Snapshot, units: str) -> str:
    if snapshot.counting is not None:
        return "s"
    if snapshot.activity in ("ask", "lesson") or is_self_paced(snapshot):
        return _count_unit(snapshot)
    if snapshot.activity == "reps" and snapshot.count is not None:
        return f"of {snapshot.target_count}" if snapshot.target_count else ""
    if snapshot.activity == "hold" and snapshot.exercise is not None and snapshot.repetition is not None:
        return f"of {snapshot.repetitions}" if snapshot.repetitions else ""
    if snapshot.phase == "count" and snapshot.cue is not None and snapshot.cue.count is not None:
        return ""
    if snapshot.activity in BLOCK_ACTIVITIES:
        return "mm" if snapshot.phase == "block" else ""
    return lengths.UNIT_SYMBOLS[units] if _number(snapshot, units) not in (None, "\u2013") else ""


def _count_unit(snapshot: Snapshot) -> str:
    if snapshot.activity == "lesson":
        of = (
            snapshot.repetitions
            if snapshot.phase in SOUND_PHASES
            else snapshot.asked
            if snapshot.phase == "done"
            else None
        )
        return f"of {of}" if of else ""
    return TIMES_SIGN if is_self_paced(snapshot) else ""


def _bar_share(snapshot: Snapshot) -> float | None:
    """The bar's share, from 0 to 1, when it does not follow the clock."""
    if PHASE_STYLES.get(snapshot.phase, PHASE_STYLES["idle"]).tone == "done":
        return 1.0
    if snapshot.activity == "ask" and snapshot.target_us:
        return min(1.0, snapshot.counted_us / snapshot.target_us)
    if (
        snapshot.counting is None
        and snapshot.count is not None
        and snapshot.target_count
        and not is_self_paced(snapshot)
    ):
        return min(1.0, snapshot.count / snapshot.target_count)
    return None


def _position_text(snapshot: Snapshot) -> str:
    """The position in the routine: step, repetition, trial, attempt."""
    parts = []
    if snapshot.step is not None and snapshot.steps and snapshot.steps > 1:
        parts.append(f"step {snapshot.step + 1} of {snapshot.steps}")
    if snapshot.repetition is not None:
        thing = REPETITION_NOUNS.get(snapshot.activity, "hold" if snapshot.exercise else "stretch")
        if snapshot.repetitions != 1:
            parts.append(
                f"{thing} {snapshot.repetition}" + (f" of {snapshot.repetitions}" if snapshot.repetitions else "")
            )
    if snapshot.trial and snapshot.phase not in PHASES_WITHOUT_SIDE:
        parts.append(f"trial {snapshot.trial}")
    if snapshot.attempt and snapshot.phase not in PHASES_WITHOUT_SIDE:
        parts.append(f"attempt {snapshot.attempt}")
    return ", ".join(parts)


def _heel(heel: HeelView) -> dict[str, Any]:
    state = "unknown" if heel.down is None else "down" if heel.down else "up"
    return {"side": heel.side, "shape": SIDE_SYMBOLS[heel.side], "down": heel.down, "share": heel.share, "state": state}


def _result(snapshot: Snapshot, units: str) -> str | None:
    parts = [
        f"{name} {lengths.length_text(mm, units)}"
        for name, mm in (("Left", snapshot.result_left_mm), ("right", snapshot.result_right_mm))
        if mm is not None
    ]
    return f"{', '.join(parts).capitalize()}. Saved." if parts else None


def _cue(snapshot: Snapshot) -> dict[str, Any] | None:
    if snapshot.cue is None:
        return None
    cue = snapshot.cue
    return {"number": cue.number, "name": cue.cue, "count": cue.count, "side": cue.side, "repeating": cue.repeating}
