"""The Sounds pages: what each cue means, and the lessons; and the cue table, which the API also sends."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Blueprint, render_template

from station.core.events import Side
from station.core.facts import Cue, CueName
from station.core.sound.cues import CUES, Shape, cue_rhythm_ms, cue_tones
from web.context import Site
from web.pages.sound_lessons import (
    DRAWING_WIDTH_MS,
    MS_PER_UNIT,
    SHOWN_NUMBER,
    answers_by_taps,
    drawn_sound,
    grouped_sounds,
    sounds_needed_for,
)

RESONANCE_HZ = 2200
"""Near the resonance of the board's piezo; a browser has none."""
TAP_COUNTS = (2, 3)
"""The tap counts shown for ECHO; one tap is never an answer."""

GLYPHS = {
    Shape.DOT: "\u2022",
    Shape.DOTS: "\u2025",
    Shape.FEET: "\u263a",
    Shape.PLAY: "\u25b6",
    Shape.HALF_RING: "\u25d1",
    Shape.RING: "\u25cb",
    Shape.FULL_RING: "\u25cf",
    Shape.ARROWS: "\u21c4",
    Shape.DOWN_ARROW: "\u25bc",
    Shape.CHECK: "\u2713",
    Shape.CROSS: "\u2715",
    Shape.LOOP: "\u21bb",
    Shape.STAR: "\u2605",
    Shape.FLAG: "\u2691",
    Shape.SQUARE: "\u25a0",
    Shape.BARS: "\u2016",
    Shape.TRIANGLE: "\u25b2",
    Shape.HAND: "\u2026",
    Shape.QUESTION: "?",
}

MEANING_GROUPS: tuple[tuple[str, str, tuple[CueName, ...]], ...] = (
    ("Get ready", "Take your position; the clock is about to start.", (CueName.STEP_ON, CueName.READY, CueName.COUNT)),
    ("Go, and hold", "Lean in and keep the heel down. The clock runs.", (CueName.GO, CueName.HALFWAY)),
    ("Heel down!", "The clock waits until the heel is back.", (CueName.HEEL_UP, CueName.YES)),
    (
        "Done",
        "Relax. What you did is stored.",
        (CueName.HOLD_DONE, CueName.SET_DONE, CueName.TRIAL_OK, CueName.BEST, CueName.COMPLETE),
    ),
    ("Change legs", "The ticks tell the side: one for left, two for right.", (CueName.SWITCH,)),
    ("Once more", "Stand back and try again. Nothing is lost.", (CueName.NO, CueName.TRIAL_VOID)),
    ("A break", "There is no hurry.", (CueName.NUDGE, CueName.PAUSED, CueName.ENDED, CueName.ECHO)),
    ("Look at the page", "A question, or a fault of a sensor.", (CueName.ASK, CueName.ERROR)),
    ("Count the tones", "The browser must show the same two digits.", (CueName.NUMBER,)),
)
"""Every cue once, grouped by what it tells a person to do: title, what to do, cues."""


@cache
def table() -> tuple[dict[str, Any], ...]:
    """Each cue with its tones (`[Hz, from ms, to ms]`), and those of its sides or counts if they differ."""
    return tuple(
        {
            "name": name,
            "word": sound.word,
            "shape": GLYPHS[sound.shape],
            "means": sound.means,
            "tones": _tone_times(name),
            "variants": _variants(name),
            "rhythm_ms": cue_rhythm_ms(name),
            "every_ms": sound.every_ms,
            "times": sound.times,
            "soft": sound.soft,
        }
        for name, sound in CUES.items()
    )


def _drawn(names: tuple[CueName, ...]) -> list[dict[str, Any]]:
    """These cues from the table, each with the tones to play and draw."""
    known = {entry["name"]: entry for entry in table()}
    return [drawn_sound(known[name]) for name in names]


def _tone_times(name: CueName, count: int | None = None, side: Side | None = None) -> list[tuple[int, int, int]]:
    tones = cue_tones(Cue(0, name, count, side), RESONANCE_HZ)
    return [(tone.hz, tone.start_us // 1000, tone.end_us // 1000) for tone in tones]


def _variants(name: CueName) -> dict[str, list[tuple[int, int, int]]]:
    plain = _tone_times(name)
    sides = {str(side): _tone_times(name, side=side) for side in Side}
    shown = TAP_COUNTS if name is CueName.ECHO else (SHOWN_NUMBER,) if name is CueName.NUMBER else ()
    counts = {str(count): _tone_times(name, count=count) for count in shown}
    return {key: tones for key, tones in (sides | counts).items() if tones != plain}


def blueprint(site: Site) -> Blueprint:
    """`/sounds` and `/sounds/learn`."""
    pages = Blueprint("sounds", __name__)

    @pages.get("/sounds")
    def sounds() -> str:
        groups = [(title, what, _drawn(names)) for title, what, names in MEANING_GROUPS]
        return render_template("sounds.html", groups=groups, cues=table(), width=DRAWING_WIDTH_MS // MS_PER_UNIT)

    @pages.get("/sounds/learn")
    def learn() -> str:
        found = grouped_sounds(table())
        count = sum(len(group["sounds"]) for group in found)
        return render_template(
            "sound_lessons.html",
            groups=found,
            count=count,
            needed={title: len(sounds) for title, sounds in sounds_needed_for().items()},
            answers=answers_by_taps(),
            width=DRAWING_WIDTH_MS // MS_PER_UNIT,
        )

    return pages
