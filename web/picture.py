"""What the live page shows for a snapshot: one number, one word, one bar, and one sentence, ready to be drawn.

The words are made here, once, for the page that is rendered by the server and for the stream that keeps it true.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from station import units as lengths
from station.core.records import Contact, CueName, Side
from station.snapshot import HeelSeen, Snapshot
from station.units import SIDE_SHAPE

WITHOUT_SIDE = {"idle", "result"}
"""Phases that are about both legs, or none."""

ON_TARGET_MM = 3.0
"""Within this the toes are where they should be (flows: target within 3 mm)."""


class Look(NamedTuple):
    """A phase in one word, one shape, one sentence. `tone` chooses how the screen is drawn, and never says it alone."""

    word: str
    shape: str
    tone: str
    sentence: str


LOOKS = {
    "idle": Look("STEP ON", "\u25b6", "calm", "Stand on the board, or choose what to do below."),
    "wait": Look("STEP ON", "\u25b6", "calm", "Stand on the board, toes to the stop."),
    "settle": Look("STAND STILL", "\u25a0", "calm", "Stand still, both feet on the board."),
    "side": Look("READY", "\u25b6", "prepare", "Get into position."),
    "count": Look("READY", "\u25b6", "prepare", "The clock is about to start."),
    "attempt": Look("LUNGE", "\u25b2", "work", "Knee to the wall, heel down, wait for the sound."),
    "move": Look("MOVE", "\u2194", "calm", "Slide the board."),
    "rest": Look("REST", "\u25cb", "calm", "Relax. Step off if you like."),
    "switch": Look("OTHER SIDE", "\u21c4", "calm", "Change legs."),
    "result": Look("DONE", "\u2713", "done", "Saved."),
    "prepare": Look("READY", "\u25b6", "prepare", "Lean in. The clock starts with the long tone."),
    "hold": Look("HOLD", "\u25a0", "work", "Hold. Keep the heel down."),
    "grace": Look("HOLD", "\u25a0", "work", "Hold. Keep the heel down."),
    "lifted": Look("HEEL DOWN", "\u25bc", "alarm", "Your heel is up. The clock waits for it."),
    "reps": Look("UP, DOWN", "\u2195", "work", "Heel up, and down again."),
    "paused": Look("PAUSED", "\u2016", "calm", "Step on again to go on."),
    "fault": Look("CHECK", "!", "fault", "A sensor is at fault."),
    "done": Look("DONE", "\u2713", "done", "Well done. Saved."),
    "finish": Look("DONE", "\u2713", "done", "Well done. Saved."),
    "warm": Look(
        "WARM UP", "\u25cb", "prepare", "The sensor warms up: in its first minute it reads up to 2 mm too far."
    ),
    "clear": Look("CLEAR VIEW", "\u25a1", "calm", "Take everything out of the sensor\u2019s view and step back."),
    "leave": Look("STEP OFF", "\u25bd", "calm", "Step off the board: while somebody stands there, no block is read."),
    "block": Look("BLOCK", "\u25a4", "calm", "Hold the block against the toe stop, upright, and let it stand still."),
    "capture": Look("HOLD STILL", "\u25a0", "work", "The block is read. Hold it still until the sound."),
    "ended": Look("ENDED", "\u25a1", "calm", "Ended early. What was done is saved."),
}

VERDICTS = {
    "passed": "Passed.",
    "heel": "The heel came up. Try again.",
    "contact": "The knee did not reach. Try again.",
    "void": "The board slid. Same distance again.",
    "unclear": "The sensor could not tell the distance. Same distance again.",
}

NEXT = {"hold": "stretch", "test": "test", "reps": "heel raises", "rest": "rest"}
"""What a step is called by the person who does it."""

WITH_BLOCKS = {"calibrate", "check"}
BLOCKS_OVER = {
    ("calibrate", "done"): "Calibrated and saved. The calibration page shows how well the blocks fit.",
    ("check", "done"): "Checked and saved. The calibration page says what was found.",
    ("calibrate", "ended"): "Nothing of it is kept; the calibration from before goes on.",
    ("check", "ended"): "Nothing was checked.",
}

CONFIRM = "When the knee touches: two heel taps, the button, or \u201cIt touched\u201d below."


def picture(now: Snapshot, units: str) -> dict[str, Any]:
    """The live page's content as JSON-able words and numbers; times are microseconds, distances millimetres or text."""
    look = _look(now)
    side = now.side if now.phase not in WITHOUT_SIDE else None
    return {
        "activity": now.activity,
        "phase": now.phase,
        "side": side,
        "side_shape": SIDE_SHAPE[side] if side else "",
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
        "next": NEXT.get(now.next_step, now.next_step) if now.next_step else None,
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
    }


def _look(now: Snapshot) -> Look:
    phase = "reps" if now.activity == "reps" and now.phase == "hold" else now.phase
    if phase in ("paused", "done") and now.cue is not None and now.cue.cue is CueName.ENDED:
        phase = "ended"
    look = LOOKS.get(phase) or Look(phase.upper(), "", "calm", "")
    if phase == "side" and now.side is not None:
        return look._replace(word=now.side.upper(), shape=SIDE_SHAPE[now.side])
    if phase == "move" and now.target_mm is not None and now.toe_mm is not None:
        off = now.target_mm - now.toe_mm
        if abs(off) <= ON_TARGET_MM:
            return look._replace(word="STAND STILL", shape="\u25a0", sentence="Right there. Stand still.")
        return look._replace(word="SLIDE BACK" if off > 0 else "NEARER", shape="\u25bc" if off > 0 else "\u25b2")
    return look


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
    if now.phase in ("side", "switch", "prepare") and now.side is not None:
        return f"{now.side.capitalize()} leg. {look.sentence}"
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
    if now.activity == "reps" and now.count is not None:
        return str(now.count)
    if now.activity in WITH_BLOCKS:
        return f"{now.target_mm:g}" if now.phase == "block" and now.target_mm is not None else "\u2013"
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
    if now.activity == "reps" and now.count is not None:
        return f"of {now.target_count}" if now.target_count else ""
    if now.phase == "count" and now.cue is not None and now.cue.count is not None:
        return ""
    if now.activity in WITH_BLOCKS:
        return "mm" if now.phase == "block" else ""
    return lengths.SIGN[units] if _number(now, units) not in (None, "\u2013") else ""


def _share(now: Snapshot) -> float | None:
    """How full the bar is, when it does not follow the clock."""
    if LOOKS.get(now.phase, LOOKS["idle"]).tone == "done":
        return 1.0
    if now.counting is None and now.count is not None and now.target_count:
        return min(1.0, now.count / now.target_count)
    return None


def _where(now: Snapshot) -> str:
    """Where in the whole thing: step, repetition, trial, attempt."""
    parts = []
    if now.step is not None and now.steps and now.steps > 1:
        parts.append(f"step {now.step + 1} of {now.steps}")
    if now.repetition is not None:
        thing = "block" if now.activity in WITH_BLOCKS else "stretch"
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
