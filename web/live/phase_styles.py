"""The style of each phase on the live page: one word, one shape, one tone and one sentence.

A person on the board reads the page from two metres away: they get a few words, `brief`, instead of the sentence.
Exercises appear under their catalogue names; what the board cannot sense is marked as not verified.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from station import units as lengths
from station.app.snapshot import MEASURING_PARTS, HeelView, Snapshot
from station.catalogue.read import exercises
from station.catalogue.records import Exercise, Feet, Group, Verification
from station.core.events import BOTH_LEGS, SECOND_US, BoardPosition, Legs, Side
from station.core.facts import CueName
from station.core.sound.cues import CUES
from station.core.state import (
    ENDED_PHASES,
    ExerciseState,
    HoldState,
    LessonState,
    RepsState,
    RestState,
    RhythmState,
    SetupState,
    TestState,
)
from station.units import SIDE_SYMBOLS

MIN_STEP_OFF_REST_US = 10 * SECOND_US
"""A shorter rest leaves no time to step off and back on."""
TEST_POSITION = "Barefoot, foot straight, arch up. The other foot stands behind, heel up."
NOT_VERIFIED = "Not verified: the board cannot sense this exercise."


class PhaseStyle(NamedTuple):
    """A phase in one word, shape and sentence. `tone` selects the screen style and never carries meaning on its own.

    `brief` is what a person on the board reads instead of the sentence, in two lines of about nine letters; empty if
    the word suffices, `None` in phases that are read with the page at hand: set-up, questions, calibration, faults.
    """

    word: str
    shape: str
    tone: str
    sentence: str
    brief: str | None = None


PHASE_STYLES = {
    "idle": PhaseStyle("STEP ON", "\u25b6", "calm", "Stand on the board, or choose what to do below."),
    "wait": PhaseStyle("STEP ON", "\u25b6", "calm", "Stand on the board, toes to the stop.", "Toes to the stop."),
    "lay": PhaseStyle("SET UP", "?", "calm", "Set the board up for the next step."),
    "settle": PhaseStyle("STAND STILL", "\u25a0", "calm", "Stand still, toes to the stop.", ""),
    "side": PhaseStyle("READY", "\u25b6", "prepare", "Get into position.", "Foot straight."),
    "count": PhaseStyle("READY", "\u25b6", "prepare", "Lunge when the long tone sounds.", ""),
    "attempt": PhaseStyle(
        "LUNGE", "\u25b2", "work", "Knee to the wall, heel down, wait for the sound.", "Knee to the wall."
    ),
    "move": PhaseStyle("MOVE", "\u2194", "calm", "Slide the board.", ""),
    "rest": PhaseStyle("REST", "\u25cb", "rest", "Relax. Step off if you like.", ""),
    "away": PhaseStyle("STEP ON", "\u25b6", "calm", "The rest is over. Step back on to continue.", "Rest is over."),
    "switch": PhaseStyle("OTHER SIDE", "\u21c4", "calm", "Change legs.", "Change legs."),
    "result": PhaseStyle("DONE", "\u2713", "done", "Saved.", "Saved."),
    "prepare": PhaseStyle("READY", "\u25b6", "prepare", "Lean in. The clock starts with the long tone.", "Lean in."),
    "hold": PhaseStyle("HOLD", "\u25a0", "work", "Hold. Keep the heel down and the arch up.", "Heel down."),
    "grace": PhaseStyle("HOLD", "\u25a0", "work", "Hold. Keep the heel down and the arch up.", "Heel down."),
    "lifted": PhaseStyle("HEEL DOWN", "\u25bc", "alarm", "Your heel is up. The clock is paused.", ""),
    "reps": PhaseStyle("UP, DOWN", "\u2195", "work", "Heel up, and down again.", ""),
    "paused": PhaseStyle(
        "PAUSED", "\u2016", "calm", "Press \u201cResume\u201d, or step off and back on.", "Press Resume."
    ),
    "fault": PhaseStyle("CHECK", "!", "fault", "A sensor is not working."),
    "done": PhaseStyle("DONE", "\u2713", "done", "Well done. Saved.", "Saved."),
    "finish": PhaseStyle("DONE", "\u2713", "done", "Well done. Saved.", "Saved."),
    "warm": PhaseStyle(
        "WARM UP",
        "\u25cb",
        "prepare",
        "The sensor is warming up: during its first minute it reads up to 2 mm too long.",
    ),
    "clear": PhaseStyle("CLEAR VIEW", "\u25a1", "calm", "Clear the sensor\u2019s view and step back."),
    "leave": PhaseStyle(
        "STEP OFF", "\u25bd", "calm", "Step off the board: blocks are read only while no one stands on it."
    ),
    "block": PhaseStyle("BLOCK", "\u25a4", "calm", "Hold the block upright and still against the toe stop."),
    "capture": PhaseStyle("HOLD STILL", "\u25a0", "work", "Reading the block. Hold it still until the sound."),
    "felt": PhaseStyle("WHERE?", "?", "calm", "Where did you feel the limit?"),
    "pain": PhaseStyle("PAIN?", "?", "calm", "How much did it hurt? 0 is no pain, 10 is the worst pain imaginable."),
    "volume": PhaseStyle("LISTEN", "\u266a", "calm", "Can you hear it? Lift a heel if you can.", "Lift a heel."),
    "listen": PhaseStyle("LISTEN", "\u266a", "calm", "The next sound is coming.", ""),
    "quiz": PhaseStyle("LISTEN", "\u266a", "calm", "Listen, then answer with your heel.", ""),
    "press": PhaseStyle("RHYTHM", "\u266a", "calm", "A browser is asking. Make the rhythm it shows.", ""),
    "wrong": PhaseStyle(
        "NOT YET", "\u2715", "calm", "That was a different rhythm. Look at the browser and try again.", "Try again."
    ),
    "number": PhaseStyle(
        "COUNT", "\u2025", "work", "Count the tones. The browser must show this number.", "The tones."
    ),
    "ended": PhaseStyle("ENDED", "\u25a1", "calm", "Ended early. Your work is saved.", "Saved."),
}

BOARD_STYLES = {
    BoardPosition.FLAT: ("FLAT", "\u25ac", "Lay the board flat, toe end to the wall, and step on."),
    BoardPosition.SLOPE: ("SLOPE", "\u25e2", "Set the slope, high end to the wall, and step on."),
    BoardPosition.TURNED: ("TURN ROUND", "\u21bb", "Turn the flat board round, heel plates to the wall, and step on."),
}
"""How the board must lie: a word, a shape and what to do."""
OTHER_SIDE = PHASE_STYLES["switch"]
NOT_BEGUN = PHASE_STYLES["ended"]._replace(sentence="Ended before it began. Nothing was measured.", brief="Not begun.")
NO_RESULT = PHASE_STYLES["ended"]._replace(sentence="Ended early, before the test had a result.", brief="No result.")
COME_BACK = PhaseStyle("COME BACK", "\u25b6", "calm", "Come back to the board when you are ready.", "")
SIT_DOWN = PhaseStyle("SIT DOWN", "\u25b6", "calm", "Sit down with one foot on its plate.", "Foot on a plate.")
BOTH_FEET = PhaseStyle("BOTH FEET", "\u25b6", "calm", "Stand on the board.", "")
SEATED = {
    "away": PhaseStyle(
        "FOOT ON", "\u25b6", "calm", "The rest is over. Put your foot back on its plate.", "Rest is over."
    ),
    "paused": PhaseStyle(
        "PAUSED", "\u2016", "calm", "Press \u201cResume\u201d, or lift your foot and put it back.", "Press Resume."
    ),
}
"""What a person on a chair does where others step on: nobody is called up to stand."""
NOT_READY_TO_RESUME = "The sensor must read steadily for two seconds. Then you can resume."
HEEL_UP = ("Step back on, or put the heel down, to continue.", "Heel down again.")
HEEL_UP_SEATED = ("Put your foot back on its plate.", "Foot back on.")
"""What a pause waits for while a heel is up: the sentence and the few words."""
SELF_PACED = PhaseStyle("YOUR PACE", "\u25cb", "work", "", "Then step on.")
KEEP_GOING = PhaseStyle("KEEP GOING", "\u25b6", "work", "", "")
TEMPO_PARTS = {
    Verification.CYCLE: (("UP", "\u25b2"), ("HOLD", "\u25a0"), ("DOWN", "\u25bc")),
    Verification.HOLD: (("OUT", "\u25b6"), ("HOLD", "\u25a0"), ("BACK", "\u25c0")),
}
"""The parts of a repetition: with rising heels, or with the heels down and the body moving over them."""
FOOT_PHASES = ("wait", "settle", "move")
"""Where a test waits for the foot on the plate. In a lunge a heel that is up has risen."""
WORKING_PHASES = ("hold", "grace", "reps")


def current_exercise(snapshot: Snapshot) -> Exercise | None:
    """The current exercise, or `None` between exercises and outside the catalogue."""
    key = snapshot.state.exercise if isinstance(snapshot.state, ExerciseState) else None
    return exercises().get(key) if key is not None else None


def is_active(snapshot: Snapshot) -> bool:
    """Whether a session's activity is running; one that has ended stays on display until the person steps off."""
    is_session = snapshot.activity != "idle" and not isinstance(snapshot.state, RhythmState)
    return is_session and snapshot.phase not in ENDED_PHASES


def is_self_paced(snapshot: Snapshot) -> bool:
    """Whether the person counts the repetitions and signals the end."""
    exercise = current_exercise(snapshot)
    return (
        isinstance(snapshot.state, RepsState)
        and exercise is not None
        and exercise.sense is Verification.TIMER
        and not exercise.dose.tempo_s
    )


def repetition_goal(snapshot: Snapshot) -> int:
    """The number of repetitions to do; for exercises with two directions, in each direction."""
    exercise = current_exercise(snapshot)
    target_count = snapshot.state.target_count if isinstance(snapshot.state, RepsState) else None
    if exercise is None:
        return target_count or 0
    return target_count // exercise.dose.ways if target_count else exercise.dose.count or 1


def phase_style(snapshot: Snapshot) -> PhaseStyle:
    """The style for this snapshot."""
    state = snapshot.state
    phase = "reps" if isinstance(state, RepsState) and state.phase == "hold" else state.phase
    if phase in ("paused", "done") and snapshot.cue is not None and snapshot.cue.cue is CueName.ENDED:
        phase = "ended"
    style = PHASE_STYLES.get(phase) or PhaseStyle(phase.upper(), "", "calm", "")
    if isinstance(state, LessonState):
        return _lesson_style(state, style)
    if isinstance(state, SetupState) and phase == "ended" and not state.step:
        return NOT_BEGUN
    if isinstance(state, TestState) and phase == "ended" and state.result_left_mm is state.result_right_mm is None:
        return NO_RESULT
    if isinstance(state, SetupState) and phase == "lay":
        return _setup_style(state, style)
    if phase == "side" and state.side is not None:
        sentence = TEST_POSITION if isinstance(state, TestState) else style.sentence
        return style._replace(word=state.side.upper(), shape=SIDE_SYMBOLS[state.side], sentence=sentence)
    if phase == "wait" and state.step:
        return _come_back_style(snapshot)
    if is_on_wrong_foot(snapshot):
        sentence = _step_on_sentence(snapshot)
        return style._replace(word=OTHER_SIDE.word, shape=OTHER_SIDE.shape, sentence=sentence, brief=OTHER_SIDE.brief)
    if phase == "settle" and any(heel.down is False and heel.side is snapshot.side for heel in snapshot.heels):
        raised = PHASE_STYLES["lifted"]
        return style._replace(word=raised.word, shape=raised.shape, sentence=_step_on_sentence(snapshot))
    if isinstance(state, TestState) and state.is_on_target:
        return style._replace(
            word="STAND STILL", shape="\u25a0", sentence="Right there. Stand still.", brief="Right there."
        )
    if isinstance(state, TestState) and state.off_mm is not None:
        is_near = state.off_mm < 0
        return style._replace(word="SLIDE BACK" if is_near else "CLOSER", shape="\u25bc" if is_near else "\u25b2")
    exercise = current_exercise(snapshot)
    is_seated = exercise is not None and exercise.is_light
    if is_seated and phase in SEATED:
        style = SEATED[phase]
    elif phase == "away" and _is_on_other_foot(snapshot):
        style = OTHER_SIDE._replace(sentence=f"The rest is over. Step on with your {snapshot.side} foot.")
    if phase == "paused":
        return _paused_style(snapshot, style, is_seated=is_seated)
    if phase in SEATED:
        return style
    if phase == "lifted" and state.side is BOTH_LEGS:
        up = [heel.side for heel in snapshot.heels if heel.down is False]
        sentence = f"{_raised_heel_sentence(up)} The clock is paused."
        if len(up) == 1:
            return style._replace(sentence=sentence, brief=f"{up[0].capitalize()} heel.")
        return style._replace(word="HEELS DOWN", sentence=sentence)
    if exercise is None or not isinstance(state, ExerciseState):
        return style
    return _exercise_style(snapshot, state, exercise, phase, style)


def _paused_style(snapshot: Snapshot, style: PhaseStyle, *, is_seated: bool) -> PhaseStyle:
    """How to go on, or what is in the way. A person who is called a second time may have their heel down, on a plate
    whose cable is out: nothing that the board measures tells that from a lifted heel."""
    need, state = snapshot.state.resume_needs, snapshot.state
    if need in MEASURING_PARTS:
        found = next((fault.sentence for fault in snapshot.faults if fault.part == need), None)
        return style._replace(sentence=found or NOT_READY_TO_RESUME, brief=None)
    if need is None and isinstance(state, RestState):
        return style._replace(sentence="The rest has stopped. Press \u201cResume\u201d.", brief="")
    if need is None and isinstance(state, ExerciseState) and state.verified is False and not is_seated:
        return style._replace(sentence="Press \u201cResume\u201d, or step on the board.")
    if need is None:
        return style
    sentence, brief = HEEL_UP_SEATED if is_seated else HEEL_UP
    style = style._replace(sentence=sentence, brief=brief)
    up = [heel.side for heel in _working_heels(snapshot) if heel.down is False]
    if not up or snapshot.cue is None or snapshot.cue.cue is not CueName.NUDGE:
        return style
    is_one, side = len(up) == 1, up[0] if snapshot.side is BOTH_LEGS else snapshot.side
    cable = (
        f"If your {side} heel is down, check the cable of its plate."
        if is_one
        else "If your heels are down, check the cables of their plates."
    )
    brief = "Heel down? Cable?" if is_one else "Heels down? Cables?"
    return style._replace(sentence=f"{style.sentence} {cable}", brief=brief)


def _setup_style(state: SetupState, style: PhaseStyle) -> PhaseStyle:
    """How the board must lie, and how to confirm it."""
    word, shape, what = BOARD_STYLES[state.board]
    step_off = "Step off. " if state.is_occupied else ""
    return style._replace(word=word, shape=shape, sentence=f"{step_off}{what} Already done? Press \u201cNext\u201d.")


def _come_back_style(snapshot: Snapshot) -> PhaseStyle:
    """What the next step waits for: a person, both feet or the other leg, and for which exercise."""
    exercise = current_exercise(snapshot)
    if exercise is not None and exercise.is_light:
        style = SIT_DOWN
    elif not any(heel.down for heel in snapshot.heels):
        style = COME_BACK
    else:
        style = BOTH_FEET if snapshot.side is BOTH_LEGS else OTHER_SIDE
    if exercise is not None:
        name = exercise.name_in_sentence
    elif isinstance(snapshot.state, TestState):
        name = "the test"
    else:
        return style
    where = "Come back to the board." if style is COME_BACK else style.sentence
    return style._replace(sentence=f"Next: {name}. {where}", brief=f"{name[:1].upper()}{name[1:]}.")


def _exercise_style(
    snapshot: Snapshot, state: ExerciseState, exercise: Exercise, phase: str, style: PhaseStyle
) -> PhaseStyle:
    if phase == "wait":
        if exercise.is_light:
            style = SIT_DOWN
        elif _is_on_other_foot(snapshot):
            style = OTHER_SIDE._replace(sentence=f"Step on with your {snapshot.side} foot.")
        else:
            style = style._replace(sentence="Stand on the board.")
        return style._replace(sentence=f"Next: {exercise.name_in_sentence}. {style.sentence}", brief=_named(exercise))
    rest_us = state.clock.target_us if state.clock is not None else 0
    if phase == "rest" and (exercise.is_light or state.verified is False or rest_us < MIN_STEP_OFF_REST_US):
        return style._replace(sentence="Relax. Stay seated." if exercise.is_light else "Relax.")
    if phase == "prepare":
        what = "The clock starts" if isinstance(state, HoldState) else "It begins"
        arch = " Barefoot, arch up." if exercise.on_board and exercise.group is Group.STRETCH else ""
        sentence = f"Get into position: {exercise.name_in_sentence}.{arch} {what} with the long tone."
        return style._replace(sentence=sentence, brief=_named(exercise))
    if phase not in WORKING_PHASES:
        return style
    if isinstance(state, HoldState):
        return _hold_style(state, exercise, style)
    if is_self_paced(snapshot):
        each_way = " each way" if exercise.dose.ways > 1 else ""
        return SELF_PACED._replace(sentence=f"Do {repetition_goal(snapshot)}{each_way}, then step on the board.")
    return _tempo_part_style(state, exercise, style)


def _hold_style(state: HoldState, exercise: Exercise, style: PhaseStyle) -> PhaseStyle:
    if state.verified is False:
        doing = KEEP_GOING if exercise.group is Group.RELEASE else style
        sentence = "Keep going until the two long tones. The board cannot sense this exercise."
        return doing._replace(sentence=sentence, brief="")
    if exercise.is_light:
        return style._replace(sentence="Stay seated and hold. Keep the heel on its plate.")
    if exercise.feet is Feet.BOTH:
        return style._replace(sentence="Hold. Keep both heels down.", brief="Heels down.")
    return style


def _tempo_part_style(state: RepsState, exercise: Exercise, style: PhaseStyle) -> PhaseStyle:
    """The style for the current part of the tempo."""
    both = exercise.feet is Feet.BOTH
    if exercise.sense is Verification.CYCLE:
        sentence = f"{'Both heels' if both else 'Heel'} up, hold, and slowly down again."
    else:
        sentence = f"With the ticks. Keep {'both heels' if both else 'the heel'} down."
        style = style._replace(brief="Heels down." if both else "Heel down.")
    parts = TEMPO_PARTS.get(exercise.sense)
    if parts is None or not exercise.dose.tempo_s:
        return style._replace(sentence=sentence)
    word, shape = parts[min(state.part or 0, len(parts) - 1)]
    return style._replace(word=word, shape=shape, sentence=sentence)


def _named(exercise: Exercise) -> str:
    return f"{exercise.name}."


def _working_heels(snapshot: Snapshot) -> Sequence[HeelView]:
    """The heels of the working legs; a single plate serves either leg."""
    if len(snapshot.heels) == 1:
        return snapshot.heels
    return [heel for heel in snapshot.heels if snapshot.side in (heel.side, BOTH_LEGS)]


def is_on_wrong_foot(snapshot: Snapshot) -> bool:
    """Whether a test waits for the other foot than the one that stands on the board."""
    is_waiting = isinstance(snapshot.state, TestState) and snapshot.phase in FOOT_PHASES
    return is_waiting and _is_on_other_foot(snapshot)


def _is_on_other_foot(snapshot: Snapshot) -> bool:
    """Whether the other foot is on its plate instead of the one that works next; a single plate cannot tell."""
    down = {heel.side: heel.down for heel in snapshot.heels}
    side = snapshot.side
    return isinstance(side, Side) and side in down and not down[side] and bool(down.get(side.other))


def _step_on_sentence(snapshot: Snapshot) -> str:
    return f"Step on with your {snapshot.side} foot, toes to the stop."


def _raised_heel_sentence(up: Sequence[Side]) -> str:
    return f"Your {up[0]} heel is up." if len(up) == 1 else "Your heels are up." if up else "A heel is up."


def _lesson_style(state: LessonState, style: PhaseStyle) -> PhaseStyle:
    """The style of a lesson: the sound's name and meaning, or the question about it."""
    if state.phase == "wait":
        return style._replace(sentence="Step on the board: you answer by lifting a heel.", brief="")
    if state.phase == "away":
        return style._replace(sentence="Step back on to continue the lesson.", brief="")
    if style is PHASE_STYLES["ended"]:
        return style._replace(sentence="Ended early. If you heard nothing, check the volume in Settings.", brief="")
    if state.phase == "done" and state.asked:
        return style._replace(
            sentence=f"{state.right} of {state.asked} correct. The Sounds page lists them all.", brief=""
        )
    if state.phase == "quiz" and state.verdict is not None and state.about is not None:
        verdict = "Right" if state.verdict == "right" else "Not yet"
        return style._replace(
            word=CUES[state.about].word,
            sentence=f"{verdict}: this sound means: {_meaning(state.about)}.",
            brief=f"{verdict}.",
        )
    if state.phase == "quiz" and state.claimed is not None:
        sound = CUES[state.claimed]
        return style._replace(
            word=sound.word,
            shape="?",
            sentence=f"Does this sound mean: {_meaning(state.claimed)}? Lift a heel if it does.",
            brief="Lift a heel if yes.",
        )
    if state.about is not None:
        return style._replace(word=CUES[state.about].word, sentence=f"This sound means: {_meaning(state.about)}.")
    return style


def _meaning(cue: CueName) -> str:
    means = CUES[cue].means
    return means if means.startswith("I ") else means[:1].lower() + means[1:]


def legs_label(legs: Legs | None) -> str:
    """The label of the working legs."""
    return "" if legs is None else "BOTH" if legs is BOTH_LEGS else legs.upper()


def exercise_details(snapshot: Snapshot) -> dict[str, str] | None:
    """The current exercise: its key, names, dose and what the board verifies."""
    state, exercise = snapshot.state, current_exercise(snapshot)
    if exercise is None or not isinstance(state, ExerciseState):
        return None
    return {
        "key": exercise.key,
        "name": exercise.name,
        "dose": _dose_text(snapshot, state, exercise),
        "verifies": NOT_VERIFIED if state.verified is False else exercise.verifies,
    }


def _dose_text(snapshot: Snapshot, state: ExerciseState, exercise: Exercise) -> str:
    legs = "both legs at once" if exercise.feet is Feet.BOTH else "each leg"
    if isinstance(state, RepsState):
        each_way = " each way" if exercise.dose.ways > 1 else ""
        return f"{lengths.count_text(repetition_goal(snapshot), 'time')}{each_way}, {legs}"
    times = lengths.count_text(state.repetitions or exercise.dose.repetitions, "time")
    return f"{lengths.duration_text(state.hold_us)}, {times}, {legs}" if state.hold_us else f"{times}, {legs}"
