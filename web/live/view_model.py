"""What the live page shows for a snapshot: one number, one word, one bar, and one sentence, ready to be drawn.

The words are made here, once, for the page that is rendered by the server and for the stream that keeps it true.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import Any

from station import units as lengths
from station.app.snapshot import HeelSeen, RestSeen, Snapshot
from station.catalogue.read import exercises
from station.core.activities.questions import FELT, FIRST_TAPS, PAIN, PAINS, PLACES
from station.core.events import BOTH_LEGS, Side
from station.core.facts import Contact
from station.units import SIDE_SHAPE
from web.exercise_text import LEGS, TIMES
from web.live.phase_styles import LOOKS, Look, count_of, doing_of, legs_of, look_of, own_pace

WITHOUT_SIDE = {"idle", "result"}
"""Phases that are about both legs, or none."""

FELT_PLACES = {
    "front": "Front of the ankle",
    "achilles": "Achilles tendon",
    "calf": "Calf",
    "nowhere": "Nowhere",
}
"""Where a limit may be felt, as a person chooses it."""
TAPS = {
    FELT: "Or tap your heel: {taps} times, in this order.",
    PAIN: f"Or tap your heel as often as it hurts, from {FIRST_TAPS} on.",
}

VERDICTS = {
    "passed": "Passed.",
    "heel": "The heel came up. Try again.",
    "contact": "The knee did not reach. Try again.",
    "void": "The board slid. Same distance again.",
    "unclear": "The sensor could not tell the distance. Same distance again.",
}

NEXT = {"hold": "stretch", "test": "test", "reps": "repetitions", "rest": "rest", "ask": "two questions"}
"""What a step is called by the person who does it."""

SOUNDS = {"volume", "listen", "quiz"}
"""The phases of a lesson in which a sound is heard."""
WITH_BLOCKS = {"calibrate", "check"}
BLOCKS_OVER = {
    ("calibrate", "done"): "Calibrated and saved. The calibration page shows how well the blocks fit.",
    ("check", "done"): "Checked and saved. The calibration page says what was found.",
    ("calibrate", "ended"): "Nothing of it is kept; the calibration from before goes on.",
    ("check", "ended"): "Nothing was checked.",
}

THINGS = {"calibrate": "block", "check": "block", "lesson": "sound"}
"""What a repetition is, where it is no stretch."""

CONFIRM = "When the knee touches: two heel taps, the button, or \u201cIt touched\u201d below."


def picture(now: Snapshot, units: str) -> dict[str, Any]:
    """The live page's content as JSON-able words and numbers; times are microseconds, distances millimetres or text.

    Once the questions after a test are answered, its result is what there is to see.
    """
    if now.activity == "ask" and now.phase == "done":
        now = replace(now, activity="test", phase="result")
    look = look_of(now)
    side = now.side if now.phase not in WITHOUT_SIDE else None
    return {
        "activity": now.activity,
        "phase": now.phase,
        "side": side,
        "side_word": legs_of(side),
        "word": look.word,
        "shape": look.shape,
        "tone": look.tone,
        "sentence": _sentence(now, look, units),
        "counting": now.counting,
        "counted_us": now.counted_us,
        "target_us": now.target_us,
        "rate": now.rate,
        "number": _number(now, units),
        "unit": _unit(now, units),
        "share": _share(now),
        "where": _where(now),
        "next": _next(now, units),
        "toe": lengths.length(now.toe_mm, units) if now.toe_mm is not None else now.toe_why or "no reading",
        "toe_mm": now.toe_mm,
        "target": lengths.length(now.target_mm, units) if now.target_mm is not None else None,
        "best": lengths.length(now.best_mm, units) if now.best_mm is not None else None,
        "heels": [_heel(heel) for heel in now.heels],
        "knee": now.knee,
        "can_confirm": now.phase == "attempt" and now.contact is Contact.SELF,
        "result": _result(now, units),
        "cue": _cue(now),
        "troubles": [{"part": trouble.part, "sentence": trouble.sentence} for trouble in now.troubles],
        "person": now.person_name,
        "sitting": now.sitting_id,
        "simulated": now.simulated,
        "exercise": doing_of(now),
        "question": _question(now),
        "undo": now.undo_us is not None,
        "note": now.note,
        "rest": rest_in_words(now.rest) if now.rest is not None else None,
    }


def _question(now: Snapshot) -> dict[str, Any] | None:
    """What is asked after a test: the answers with the words of their buttons, and the taps that say the same."""
    if now.activity != "ask" or now.phase not in TAPS:
        return None
    if now.phase == FELT:
        taps = [str(FIRST_TAPS + place) for place in range(len(PLACES))]
        said = TAPS[FELT].format(taps=f"{', '.join(taps[:-1])} or {taps[-1]}")
        return {"choices": [[place, FELT_PLACES[place]] for place in PLACES], "taps": said}
    return {"choices": [[pain, pain] for pain in PAINS], "taps": TAPS[PAIN]}


def rest_in_words(rest: RestSeen) -> str:
    """What is left of a routine, in minutes, for its button."""
    minutes = max(1, ceil(rest.seconds / 60))
    called = "" if rest.called is None else f" of {rest.called}"
    return f"Go on with the rest: {minutes} min{called}"


def _next(now: Snapshot, units: str) -> str | None:
    """What comes next, by name; while questions are asked, what the test has come to."""
    if now.activity == "ask":
        return _result(now, units)
    if now.next_exercise is not None and now.next_exercise in exercises():
        one = exercises()[now.next_exercise]
        if now.next_exercise == now.exercise:
            return f"Next: {one.said} again"
        return f"Next exercise: {one.said}, {LEGS[one.feet]}"
    return f"Next: {NEXT.get(now.next_step, now.next_step)}" if now.next_step else None


def _sentence(now: Snapshot, look: Look, units: str) -> str:
    if now.phase == "fault" and now.troubles:
        return now.troubles[0].sentence
    if now.activity in WITH_BLOCKS:
        return _of_blocks(now, look)
    said = VERDICTS.get(now.verdict, now.verdict) if now.verdict else None
    if now.phase == "move":
        where = look.sentence
        if now.target_mm is not None and look.word != "STAND STILL":
            where = f"Slide the board until the toes are {lengths.length(now.target_mm, units)} from the wall."
        return f"{said} {where}" if said else where
    if now.phase == "result":
        return _result(now, units) or look.sentence
    if now.phase == "attempt" and now.contact is Contact.SELF:
        return f"Knee to the wall, heel down. {CONFIRM}"
    if now.phase in ("side", "switch", "prepare", "wait") and now.side is BOTH_LEGS:
        return f"Both feet. {look.sentence}"
    if now.phase in ("side", "switch", "prepare") or (now.phase == "wait" and now.step):
        return f"{now.side.capitalize()} leg. {look.sentence}" if now.side is not None else look.sentence
    return look.sentence


def _of_blocks(now: Snapshot, look: Look) -> str:
    """What to do with which block, or what has just gone wrong and what to do about it."""
    said = BLOCKS_OVER.get((now.activity, now.phase), look.sentence)
    if now.target_mm is not None and now.phase in ("block", "capture"):
        block = f"the {now.target_mm:g} mm block"
        still = "still until the sound" if now.phase == "capture" else "against the toe stop, upright and still"
        said = f"Hold {block} {still}."
    if now.why is None:
        return said
    return f"{now.why}. {said}" if now.phase in ("done", "ended") else f"{now.why}."


def _number(now: Snapshot, units: str) -> str | None:
    """The number when it is not a time; a time is counted by the page itself."""
    if now.counting is not None:
        return None
    if now.activity == "ask":
        return "?"
    if now.activity == "lesson":
        counted = now.repetition if now.phase in SOUNDS else now.right if now.phase == "done" else None
        return "\u2013" if counted is None else str(counted)
    if own_pace(now):
        return str(count_of(now))
    if now.activity == "reps" and now.count is not None:
        return str(now.count)
    if now.activity in WITH_BLOCKS:
        return f"{now.target_mm:g}" if now.phase == "block" and now.target_mm is not None else "\u2013"
    if now.activity == "hold" and now.exercise is not None and now.repetition is not None:
        return str(now.repetition)
    if now.phase == "count" and now.cue is not None and now.cue.count is not None:
        return str(now.cue.count)
    if now.phase == "result":
        results = ((Side.LEFT, now.result_left_mm), (Side.RIGHT, now.result_right_mm))
        known = [f"{SIDE_SHAPE[side]} {lengths.number(mm, units)}" for side, mm in results if mm is not None]
        return "\n".join(known) or "\u2013"
    if now.phase == "move" and now.target_mm is not None and now.toe_mm is not None:
        return lengths.number(abs(now.target_mm - now.toe_mm), units)
    return lengths.number(now.toe_mm, units) if now.toe_mm is not None else "\u2013"


def _unit(now: Snapshot, units: str) -> str:
    if now.counting is not None:
        return "s"
    if now.activity in ("ask", "lesson") or own_pace(now):
        return _unit_of_words(now)
    if now.activity == "reps" and now.count is not None:
        return f"of {now.target_count}" if now.target_count else ""
    if now.activity == "hold" and now.exercise is not None and now.repetition is not None:
        return f"of {now.repetitions}" if now.repetitions else ""
    if now.phase == "count" and now.cue is not None and now.cue.count is not None:
        return ""
    if now.activity in WITH_BLOCKS:
        return "mm" if now.phase == "block" else ""
    return lengths.SIGN[units] if _number(now, units) not in (None, "\u2013") else ""


def _unit_of_words(now: Snapshot) -> str:
    if now.activity == "lesson":
        of = now.repetitions if now.phase in SOUNDS else now.asked if now.phase == "done" else None
        return f"of {of}" if of else ""
    return TIMES if own_pace(now) else ""


def _share(now: Snapshot) -> float | None:
    """How full the bar is, when it does not follow the clock."""
    if LOOKS.get(now.phase, LOOKS["idle"]).tone == "done":
        return 1.0
    if now.activity == "ask" and now.target_us:
        return min(1.0, now.counted_us / now.target_us)
    if now.counting is None and now.count is not None and now.target_count and not own_pace(now):
        return min(1.0, now.count / now.target_count)
    return None


def _where(now: Snapshot) -> str:
    """Where in the whole thing: step, repetition, trial, attempt."""
    parts = []
    if now.step is not None and now.steps and now.steps > 1:
        parts.append(f"step {now.step + 1} of {now.steps}")
    if now.repetition is not None:
        thing = THINGS.get(now.activity, "hold" if now.exercise else "stretch")
        if now.repetitions != 1:
            parts.append(f"{thing} {now.repetition}" + (f" of {now.repetitions}" if now.repetitions else ""))
    if now.trial and now.phase not in WITHOUT_SIDE:
        parts.append(f"trial {now.trial}")
    if now.attempt and now.phase not in WITHOUT_SIDE:
        parts.append(f"attempt {now.attempt}")
    return ", ".join(parts)


def _heel(heel: HeelSeen) -> dict[str, Any]:
    state = "not known" if heel.down is None else "down" if heel.down else "up"
    return {"side": heel.side, "shape": SIDE_SHAPE[heel.side], "down": heel.down, "share": heel.share, "state": state}


def _result(now: Snapshot, units: str) -> str | None:
    parts = [
        f"{name} {lengths.length(mm, units)}"
        for name, mm in (("Left", now.result_left_mm), ("right", now.result_right_mm))
        if mm is not None
    ]
    return f"{', '.join(parts).capitalize()}. Saved." if parts else None


def _cue(now: Snapshot) -> dict[str, Any] | None:
    if now.cue is None:
        return None
    cue = now.cue
    return {"number": cue.number, "name": cue.cue, "count": cue.count, "side": cue.side, "repeating": cue.repeating}
