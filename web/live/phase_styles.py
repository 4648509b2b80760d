"""How each phase looks on the live page: one word, one shape, one tone and one sentence.

What a person does by the catalogue has the catalogue's own names; what the board cannot feel is called so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from station import units as lengths
from station.app.snapshot import HeelSeen, Snapshot
from station.catalogue.read import exercises
from station.catalogue.records import Exercise, Feet, Group, Sense
from station.core.events import BOTH_LEGS, SECOND_US, Legs
from station.core.facts import CueName
from station.core.sound.cues import CUES
from station.units import SIDE_SHAPE

ON_TARGET_MM = 3.0
"""Within this the toes are where they should be (flows: target within 3 mm)."""
TIME_TO_STEP_OFF_US = 10 * SECOND_US
"""A rest shorter than this is no time to step off and on again."""
NOT_VERIFIED = "Not verified: the board cannot feel this."


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
    "away": Look("STEP ON", "\u25b6", "calm", "The rest is over. Step on again to go on."),
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
    "felt": Look("WHERE?", "?", "calm", "Where did you feel the limit?"),
    "pain": Look("PAIN?", "?", "calm", "How much did it hurt? 0 is not at all, 10 the worst."),
    "volume": Look("LISTEN", "\u266a", "calm", "Can you hear it? Lift a heel when you do."),
    "listen": Look("LISTEN", "\u266a", "calm", "The next sound is coming."),
    "quiz": Look("LISTEN", "\u266a", "calm", "Listen. Then say with your heel what it means."),
    "ended": Look("ENDED", "\u25a1", "calm", "Ended early. What was done is saved."),
}

OTHER_SIDE = LOOKS["switch"]
COME_BACK = Look("COME BACK", "\u25b6", "calm", "Come back to the board when you are ready.")
SIT_DOWN = Look("SIT DOWN", "\u25b6", "calm", "Sit down with one foot on its plate.")
BOTH_FEET = Look("BOTH FEET", "\u25b6", "calm", "Stand on the board.")
OWN_PACE = Look("YOUR PACE", "\u25cb", "work", "")
GO_ON = Look("GO ON", "\u25b6", "work", "")
PARTS = {
    Sense.CYCLE: (("UP", "\u25b2"), ("HOLD", "\u25a0"), ("DOWN", "\u25bc")),
    Sense.HOLD: (("OUT", "\u25b6"), ("HOLD", "\u25a0"), ("BACK", "\u25c0")),
}
"""The parts of a repetition: heels that rise, or a body that moves over heels that stay down."""
OVER = ("done", "ended", "finish")
WORKING = ("hold", "grace", "reps")


def exercise_of(now: Snapshot) -> Exercise | None:
    """What is done, where the catalogue has it; between exercises nothing is."""
    return exercises().get(now.exercise) if now.exercise is not None and now.activity in ("hold", "reps") else None


def goes_on(now: Snapshot) -> bool:
    """Whether something is being done on the board; what has ended is shown there until somebody steps off."""
    return now.activity != "idle" and now.phase not in OVER


def own_pace(now: Snapshot) -> bool:
    """Whether the person counts by themselves and says when they are done."""
    one = exercise_of(now)
    return now.activity == "reps" and one is not None and one.sense is Sense.TIMER and not one.dose.tempo_s


def count_of(now: Snapshot) -> int:
    """How many repetitions there are to do, each way where there are two."""
    one = exercise_of(now)
    if one is None:
        return now.target_count or 0
    return now.target_count // one.dose.ways if now.target_count else one.dose.count or 1


def look_of(now: Snapshot) -> Look:
    """How the moment looks."""
    phase = "reps" if now.activity == "reps" and now.phase == "hold" else now.phase
    if phase in ("paused", "done") and now.cue is not None and now.cue.cue is CueName.ENDED:
        phase = "ended"
    look = LOOKS.get(phase) or Look(phase.upper(), "", "calm", "")
    if now.activity == "lesson":
        return _of_lesson(now, look)
    if phase == "side" and now.side is not None:
        return look._replace(word=now.side.upper(), shape=SIDE_SHAPE[now.side])
    if phase == "move" and now.target_mm is not None and now.toe_mm is not None:
        off = now.target_mm - now.toe_mm
        if abs(off) <= ON_TARGET_MM:
            return look._replace(word="STAND STILL", shape="\u25a0", sentence="Right there. Stand still.")
        return look._replace(word="SLIDE BACK" if off > 0 else "NEARER", shape="\u25bc" if off > 0 else "\u25b2")
    if phase == "wait" and now.step:
        return _of_coming_back(now)
    if phase == "paused" and _stands(now):
        return look._replace(sentence="Press \u201cGo on\u201d, or step off and on again.")
    if phase == "lifted" and now.side is BOTH_LEGS:
        return look._replace(sentence=f"{_who_is_up(now.heels)} The clock waits for it.")
    one = exercise_of(now)
    return look if one is None else _of_exercise(now, one, phase, look)


def _of_coming_back(now: Snapshot) -> Look:
    """What the next step waits for: somebody at all, both feet, or the other leg; and for which exercise."""
    one = exercise_of(now)
    if one is not None and one.light:
        look = SIT_DOWN
    elif not any(heel.down for heel in now.heels):
        look = COME_BACK
    else:
        look = BOTH_FEET if now.side is BOTH_LEGS else OTHER_SIDE
    called = one.said if one is not None else "the test" if now.activity == "test" else ""
    if not called:
        return look
    where = "Come back to the board" if look is COME_BACK else look.sentence.rstrip(".")
    return look._replace(sentence=f"{where} for: {called}.")


def _of_exercise(now: Snapshot, one: Exercise, phase: str, look: Look) -> Look:
    if phase == "wait":
        look = SIT_DOWN if one.light else look._replace(sentence="Stand on the board.")
        return look._replace(sentence=f"{look.sentence.rstrip('.')} for: {one.said}.")
    if phase == "rest" and (one.light or now.verified is False or now.target_us < TIME_TO_STEP_OFF_US):
        return look._replace(sentence="Relax. Stay seated." if one.light else "Relax.")
    if phase == "prepare":
        what = "The clock starts" if now.activity == "hold" else "It begins"
        return look._replace(sentence=f"Get into position: {one.said}. {what} with the long tone.")
    if phase not in WORKING:
        return look
    if now.activity == "hold":
        return _of_hold(now, one, look)
    if own_pace(now):
        each_way = " each way" if one.dose.ways > 1 else ""
        return OWN_PACE._replace(sentence=f"Do {count_of(now)}{each_way}, then step on the board.")
    return _of_part(now, one, look)


def _of_hold(now: Snapshot, one: Exercise, look: Look) -> Look:
    if now.verified is False:
        doing = GO_ON if one.group is Group.RELEASE else look
        return doing._replace(sentence="Go on until the two long tones. The board cannot feel this one.")
    if one.light:
        return look._replace(sentence="Stay seated and hold. Keep the heel on its plate.")
    return look._replace(sentence="Hold. Keep both heels down.") if one.feet is Feet.BOTH else look


def _of_part(now: Snapshot, one: Exercise, look: Look) -> Look:
    """The part of the tempo that goes on."""
    both = one.feet is Feet.BOTH
    if one.sense is Sense.CYCLE:
        said = f"{'Both heels' if both else 'Heel'} up, hold, and slowly down again."
    else:
        said = f"With the ticks. Keep {'both heels' if both else 'the heel'} down."
    parts = PARTS.get(one.sense)
    if parts is None or not one.dose.tempo_s:
        return look._replace(sentence=said)
    word, shape = parts[min(now.part or 0, len(parts) - 1)]
    return look._replace(word=word, shape=shape, sentence=said)


def _stands(now: Snapshot) -> bool:
    """Whether every heel at work is down, so that nobody has to step on."""
    at_work = [heel for heel in now.heels if now.side in (heel.side, BOTH_LEGS)]
    return bool(at_work) and all(heel.down for heel in at_work)


def _who_is_up(heels: Sequence[HeelSeen]) -> str:
    up = [heel.side for heel in heels if heel.down is False]
    return f"Your {up[0]} heel is up." if len(up) == 1 else "Your heels are up." if up else "A heel is up."


def _of_lesson(now: Snapshot, look: Look) -> Look:
    """What a sound is called and means, or is said to mean."""
    if now.phase == "wait":
        return look._replace(sentence="Step on the board: you answer the sounds with a heel.")
    if now.phase == "away":
        return look._replace(sentence="Step on again to go on with the sounds.")
    if look is LOOKS["ended"]:
        return look._replace(sentence="Ended early. If you heard nothing, look at the volume in Settings.")
    if now.phase == "done" and now.asked:
        return look._replace(sentence=f"{now.right} of {now.asked} were right. The page of sounds has them all.")
    if now.phase == "quiz" and now.verdict is not None and now.about is not None:
        said = "Right" if now.verdict == "right" else "Not yet"
        return look._replace(word=CUES[now.about].word, sentence=f"{said}: this sound means: {_means(now.about)}.")
    if now.phase == "quiz" and now.claimed is not None:
        sound = CUES[now.claimed]
        return look._replace(
            word=sound.word, shape="?", sentence=f"Does this sound mean: {_means(now.claimed)}? Lift a heel if it does."
        )
    if now.about is not None:
        return look._replace(word=CUES[now.about].word, sentence=f"This sound means: {_means(now.about)}.")
    return look


def _means(cue: CueName) -> str:
    means = CUES[cue].means
    return means if means.startswith("I ") else means[:1].lower() + means[1:]


def legs_of(legs: Legs | None) -> str:
    """What stands beside the shape of the legs at work."""
    return "" if legs is None else "BOTH FEET" if legs is BOTH_LEGS else legs.upper()


def doing_of(now: Snapshot) -> dict[str, str] | None:
    """The exercise that goes on: its key and name, how much of it, and what the board verifies."""
    one = exercise_of(now)
    if one is None:
        return None
    return {
        "key": one.key,
        "name": one.name,
        "said": one.said,
        "dose": _dose(now, one),
        "verifies": NOT_VERIFIED if now.verified is False else one.verifies,
    }


def _dose(now: Snapshot, one: Exercise) -> str:
    legs = "both legs at once" if one.feet is Feet.BOTH else "each leg"
    if now.activity == "reps":
        each_way = " each way" if one.dose.ways > 1 else ""
        return f"{lengths.many(count_of(now), 'time')}{each_way}, {legs}"
    times = lengths.many(now.repetitions or one.dose.repetitions, "time")
    return f"{lengths.seconds(now.hold_us)}, {times}, {legs}" if now.hold_us else f"{times}, {legs}"
