"""The sound lessons: the sounds a routine needs, in learning order, with what to do and a drawing for each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from station.app.board.position import with_setups
from station.app.starting.routines import routine_called
from station.core.activities.lesson import ECHOED_TAPS
from station.core.activities.needed_cues import needed_cues
from station.core.activities.questions import FELT_QUESTION, PAIN_BY_TAPS, PLACE_BY_TAPS
from station.core.facts import CueName
from station.settings import Settings
from web.live.phase_styles import PHASE_STYLES
from web.live.sentences import FELT_PLACES

Tones = Sequence[tuple[int, int, int]]
"""Tones as `[Hz, from ms, to ms]`."""

REPEAT_SHOWN_MS = 2_400
"""How much of a repeating sound is played and drawn, enough to show that it repeats."""
COUNT_EVERY_MS, COUNT_REPEATS = 1_000, 3
"""COUNT always counts 3, 2, 1."""
DRAWING_WIDTH_MS = 2_800
"""The width of every drawing, so that longer sounds look longer."""
MS_PER_UNIT = 10
HIGH_TONE_Y, LOW_TONE_Y, BASELINE_Y = 2, 9, 18
"""The tops of high and low tones in a drawing, and the bottom of both."""


SHOWN_NUMBER = 21
"""The number drawn and played as an example."""


class SoundLesson(NamedTuple):
    """A rhythm in words, and what to do when it plays."""

    rhythm: str
    action: str


SOUND_LESSONS = {
    CueName.COUNT: SoundLesson("one tick a second, three times", "The clock is about to start, or to end."),
    CueName.GO: SoundLesson("one long tone", "Lean in and keep the heel down. The clock runs."),
    CueName.HOLD_DONE: SoundLesson("two long tones", "Relax: you have held for the whole time."),
    CueName.HEEL_UP: SoundLesson("a fast triple, again and again", "Put the heel down. The clock is paused."),
    CueName.YES: SoundLesson(
        "short, long", "Carry on: the heel is back down. In a test, slide back until the ticks are quickest."
    ),
    CueName.NO: SoundLesson(
        "a rattle", "Stand back. In a test, slide nearer until the ticks are quickest, and try again."
    ),
    CueName.READY: SoundLesson(
        "two short tones; then one tick for left, two for right", "Get into position on that leg."
    ),
    CueName.SET_DONE: SoundLesson("three long tones", "Stand up straight: this leg is done."),
    CueName.SWITCH: SoundLesson("short and longer, twice; then one tick for left, two for right", "Change legs."),
    CueName.TRIAL_OK: SoundLesson(
        "short, short, long", "Step off and rest: this trial is saved. Put the board back to where you began."
    ),
    CueName.ASK: SoundLesson(
        "longer and two ticks, again after a while",
        "Lay the board for what comes next, and step on. After a test: answer by heel taps, as below.",
    ),
    CueName.ECHO: SoundLesson("as many quick ticks as you tapped", "Your answer is saved."),
    CueName.COMPLETE: SoundLesson(
        "four short tones and a long one", "That was all, and it is saved. Step off when you like."
    ),
    CueName.PAUSED: SoundLesson("three tones, far apart", "Step back on when you like. Your work is saved."),
    CueName.NUDGE: SoundLesson("a soft tick now and then", "The board waits for you. There is no hurry."),
}

GROUPS: tuple[tuple[str, tuple[CueName, ...]], ...] = (
    ("The clock", (CueName.COUNT, CueName.GO, CueName.HOLD_DONE)),
    ("The heel", (CueName.HEEL_UP, CueName.YES, CueName.NO)),
    ("What comes next", (CueName.READY, CueName.SET_DONE, CueName.SWITCH, CueName.TRIAL_OK, CueName.COMPLETE)),
    ("The board and the questions", (CueName.ASK, CueName.ECHO)),
    ("A break", (CueName.PAUSED, CueName.NUDGE)),
)
"""The first group suffices for a single stretch."""
TAP_WORDS = ("one tap", "two taps", "three taps", "four taps", "five taps")
PAIN_WORDS = ("None", "Some", "Strong")


@cache
def sounds_needed_for() -> dict[str, frozenset[CueName]]:
    """The sounds needed to do *Daily*, and a whole test with its questions, without looking."""
    routines = {"Daily": "daily", "a test": "full_test"}
    return {title: needed_cues(with_setups(routine_called(name, Settings()), None)) for title, name in routines.items()}


def answers_by_taps() -> list[tuple[str, list[tuple[str, str]]]]:
    """Each question after a test, with the number of heel taps for each of its answers, in words."""
    places = [(TAP_WORDS[count - 1], FELT_PLACES[place]) for count, place in PLACE_BY_TAPS.items()]
    pains = [(TAP_WORDS[count - 1], word) for count, word in zip(PAIN_BY_TAPS, PAIN_WORDS, strict=True)]
    return [(PHASE_STYLES[FELT_QUESTION].sentence, places), ("How much did it hurt?", pains)]


def grouped_sounds(table: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The groups with their sounds from the cue table, each with the tones to play and their drawing."""
    known = {entry["name"]: entry for entry in table}
    return [{"title": title, "sounds": [_sound(known[name]) for name in names]} for title, names in GROUPS]


def _sound(entry: dict[str, Any]) -> dict[str, Any]:
    name = entry["name"]
    lesson = SOUND_LESSONS[name]
    needed_for = [title for title, sounds in sounds_needed_for().items() if name in sounds]
    shown = {"rhythm": lesson.rhythm, "action": lesson.action, "needed_for": needed_for}
    return {**drawn_sound(entry), **shown}


def drawn_sound(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of the cue table with the tones its button plays and their drawing."""
    name = entry["name"]
    shown_counts = {CueName.ECHO: ECHOED_TAPS, CueName.NUMBER: SHOWN_NUMBER}
    tones = entry["variants"][str(shown_counts[name])] if name in shown_counts else entry["tones"]
    played = _played_tones(name, tones, entry["every_ms"])
    return {**entry, "played": played, "drawing": rhythm_path(played)}


def _played_tones(name: CueName, tones: Tones, every_ms: int | None) -> Tones:
    """The tones of a sound as heard; a frequent one is repeated to show that it repeats."""
    if name is CueName.COUNT:
        every_ms, turns = COUNT_EVERY_MS, COUNT_REPEATS
    elif every_ms is None or every_ms > DRAWING_WIDTH_MS:
        return tones
    else:
        turns = max(2, REPEAT_SHOWN_MS // every_ms)
    return [(hz, on + turn * every_ms, off + turn * every_ms) for turn in range(turns) for hz, on, off in tones]


def rhythm_path(tones: Tones) -> str:
    """The tones as an SVG path, one unit per `MS_PER_UNIT`: time runs right, lower tones are lower."""
    highest = max(hz for hz, _, _ in tones)
    tops = (
        (HIGH_TONE_Y if hz == highest else LOW_TONE_Y, on / MS_PER_UNIT, off / MS_PER_UNIT) for hz, on, off in tones
    )
    return "".join(f"M{on:g} {top}H{off:g}V{BASELINE_Y}H{on:g}Z" for top, on, off in tops)
